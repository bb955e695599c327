/* scan.h - least and greatest of indices; included by index.c and, for AVX2, by
 * index_avx2.c. */
#ifndef CAPTURE_RECORD_LIB_SCAN_H
#define CAPTURE_RECORD_LIB_SCAN_H

#include "capture/record/lib/lib.h"

/* Least and greatest of v[n]; those equal to skip do not count (skip beyond the type's
 * values: all do).  Written so that compilers make vectors of it, at -O3. */
#define SCAN(name, type, top) \
static bool name(const type *v, uint64_t n, uint64_t skip, uint32_t *first, uint32_t *last) \
{ \
	type lo = top, hi = 0, s = (type)skip; \
\
	if (skip > top) { \
		for (uint64_t i = 0; i < n; i++) { \
			lo = v[i] < lo ? v[i] : lo; \
			hi = v[i] > hi ? v[i] : hi; \
		} \
	} else { \
		for (uint64_t i = 0; i < n; i++) { \
			type l = v[i] == s ? top : v[i], h = v[i] == s ? 0 : v[i]; \
\
			lo = l < lo ? l : lo; \
			hi = h > hi ? h : hi; \
		} \
	} \
	*first = lo; \
	*last = hi; \
	return lo <= hi; \
}
SCAN(scan8, uint8_t, UINT8_MAX)
SCAN(scan16, uint16_t, UINT16_MAX)
SCAN(scan32, uint32_t, UINT32_MAX)

/* type: GL_UNSIGNED_BYTE, SHORT or INT */
static inline bool scan(const void *indices, uint64_t n, uint32_t type, uint64_t skip,
			uint32_t *first, uint32_t *last)
{
	switch (type) {
	case 0x1401: return scan8(indices, n, skip, first, last);
	case 0x1403: return scan16(indices, n, skip, first, last);
	case 0x1405: return scan32(indices, n, skip, first, last);
	default: return false;
	}
}

bool rec_scan_avx2(const void *indices, uint64_t n, uint32_t type, uint64_t skip,
		   uint32_t *first, uint32_t *last);

#endif
