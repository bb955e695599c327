/* fuzz_trap.c - any bytes as a trap: refused with one sentence, or resumed within the
 * procedures that are there.  The checksum is made right, so that what lies behind it is
 * reached.
 */
#include <stdlib.h>
#include <xxhash.h>

#include "tests/engine/trap_programs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The header's size and checksum for what follows it. */
static void header_mend(uint8_t *data, size_t size)
{
	uint64_t n = size - 24, sum = XXH3_64bits(data + 24, n);
	const uint32_t head[2] = { 0x52544c42u, TRAP_FORMAT };

	memcpy(data, head, sizeof(head));
	memcpy(data + 8, &n, 8);
	memcpy(data + 16, &sum, 8);
}

static void attempt(struct program *p, const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct runner u;
	struct trap t;

	runner_init(&u, p, 1);
	if (trap_read(&t, data, size, &err) < 0) {
		if (!err.text[0])
			abort();
	} else {
		trap_read_world(&u.client, data, size, &err);
		if (trap_restore(&t, &u.client, program_top(p), &err) == 0) {
			u.client.budget = 1000;
			runner_go(&u, NULL, p, u.client.pc);
		}
	}
	runner_finish(&u);
}

/* A trap whose bytes the input changes: the fuzzer need not guess hashes. */
static void attempt_changed(struct program *p, const uint8_t *data, size_t size)
{
	struct runner u;
	struct trap t;
	struct buf b;

	runner_init(&u, p, 1);
	u.client.budget = size ? data[0] : 0;
	buf_init(&b);
	if (runner_go(&u, NULL, p, 0) == ENGINE_LIMIT &&
	    trap_capture(&t, TRAP_LIMIT, 0, &u.client, program_top(p), NULL) == 0) {
		trap_write(&b, &t, size > 1 && data[1] & 1 ? &u.client : NULL);
		for (size_t i = 2; i + 3 <= size; i += 3) {
			size_t at = (data[i] | (size_t)data[i + 1] << 8) % b.len;

			b.data[at] ^= data[i + 2];
		}
		header_mend(b.data, b.len);
		attempt(p, b.data, b.len);
	}
	buf_finish(&b);
	runner_finish(&u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct program program;
	static bool made;
	uint8_t *copy;

	if (!made)
		program_make(&program, 3);
	made = true;
	attempt(&program, data, size);
	attempt_changed(&program, data, size);
	copy = malloc(size + 1);
	if (copy && size >= 24) {
		memcpy(copy, data, size);
		header_mend(copy, size);
		attempt(&program, copy, size);
	}
	free(copy);
	return 0;
}
