/* fuzz_served.c - any bytes as acts of several clients and of whoever sits before the screen
 * (served_acts.h). */
#include "tests/server/served_acts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 << 13)
		return -1;
	served_all(data, size);
	return 0;
}
