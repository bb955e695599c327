/* index_avx2.c - the same scan with AVX2 vectors; compiled with -mavx2, and called only
 * where the processor has them. */
#include "capture/record/lib/scan.h"

bool rec_scan_avx2(const void *indices, uint64_t n, uint32_t type, uint64_t skip,
		   uint32_t *first, uint32_t *last)
{
	return scan(indices, n, type, skip, first, last);
}
