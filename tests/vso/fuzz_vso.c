/* fuzz_vso.c - any bytes as acts of a client and the server (acts.h). */
#include "tests/vso/acts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 << 14)
		return -1;
	acts_all(data, size);
	return 0;
}
