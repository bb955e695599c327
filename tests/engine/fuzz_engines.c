/* fuzz_engines.c - the fuzzer's bytes choose procedures by the grammar of random_sp.h,
 * which call each other and are run in slices; interpreter and JIT must agree.
 */
#include "tests/engine/two_engines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct random r = { .data = data, .size = size, .state = size };
	uint32_t n = 1 + random_below(&r, TWO_SPS);
	struct random_sp s[TWO_SPS];
	static struct two t;      /* making a JIT takes longer than a run */

	if (!t.jit)
		two_init(&t);
	two_clients_renew(&t);
	for (uint32_t k = 0; k < n; k++) {
		random_sp_init(&s[k]);
		s[k].suspends = true;
		s[k].callees = k;
		random_sp_fill(&r, &s[k], 1 + random_below(&r, 40));
		t.sps[k] = (struct sp){ .id = k,
					.code = (const uint32_t *)(const void *)s[k].code.data,
					.nwords = (uint32_t)(s[k].code.len / 4) };
	}
	for (uint32_t k = 0; k < n; k++) {
		const char *difference;

		two_registers(&t, &r);
		difference = two_run_all(&t, &t.sps[k], &r, random_below(&r, 40));
		if (difference) {
			fprintf(stderr, "procedure %u: engines differ in %s at word %u\n", k,
				difference, t.side[0].client.pc);
			abort();
		}
	}
	for (uint32_t k = 0; k < n; k++)
		random_sp_finish(&s[k]);
	return 0;
}
