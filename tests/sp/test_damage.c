/* test_damage.c - .blink files that this program did not write so: of another command
 * table, and hundreds of damaged and forged ones. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sp/container.h"

/* ---- another command table ----------------------------------------------- */

/* Swaps two opcodes throughout, as a table of another order would have them. */
static void test_other_table(void **state)
{
	struct error err = { 0 };
	struct blink_writer *w;
	struct blink_header *h;
	struct blink_file *f;
	struct sp sp;
	uint8_t *p;
	size_t n;

	(void)state;
	assert_int_equal(blink_writer_create(&w, path, NULL, &err), 0);
	add_sp(w, SP_REDRAW, 0, blink_writer_payload(w, "0123456789abcdef", 16));
	assert_int_equal(blink_writer_commit(w, "{}", &err), 0);
	blink_writer_destroy(w);
	p = bytes_read(path, &n);
	h = (void *)p;
	h->table_hash ^= 1;
	for (uint32_t i = 0; i < h->sections; i++) {
		struct blink_section *s = &sections_of(p)[i];

		if (s->packing != BLINK_PLAIN)
			continue;                        /* too small to be packed */
		for (uint64_t at = 0; s->kind == BLINK_SECTION_OPS && at < s->raw;) {
			struct blink_op e;

			memcpy(&e, p + s->offset + at, sizeof(e));
			if (e.opcode == OP_glDrawArrays)
				e.opcode = 60000;
			else if (e.opcode == OP_glVertexPointer)
				e.opcode = OP_glDrawArrays;
			memcpy(p + s->offset + at, &e, sizeof(e));
			at += sizeof(e) + e.noperands + e.name_length;
		}
		if (s->kind == BLINK_SECTION_CODE) {
			uint32_t *code = (void *)(p + s->offset);

			assert_int_equal(code[0], OP_glVertexPointer);
			code[0] = OP_glDrawArrays;
			code[6] = 60000;
		}
		section_reseal(p, s);
	}
	container_forge(p, n);
	bytes_write(damaged, p, n);
	assert_int_equal(blink_open(&f, damaged, 0, &err), 0);
	if (blink_sp_load(f, 0, &sp, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(sp.code[0], OP_glVertexPointer);
	assert_int_equal(sp.code[6], OP_glDrawArrays);
	assert_int_equal(sp.code[4], 1);
	assert_non_null(blink_payloads(f)->v[1].data);
	blink_sp_release(f, 0);
	blink_close(f);
	free(p);
}

/* An op that this table does not have is refused by name. */
static void test_unknown_op(void **state)
{
	struct error err = { 0 };
	struct blink_file *f;
	struct sp sp;
	uint8_t *p;
	size_t n;

	(void)state;
	p = bytes_read(damaged, &n);                     /* from the test before */
	for (size_t i = 0; i + 12 < n; i++)
		if (memcmp(p + i, "glDrawArrays", 12) == 0)
			memcpy(p + i, "glDrawSpiral", 12);
	for (uint32_t i = 0; i < ((struct blink_header *)(void *)p)->sections; i++)
		section_reseal(p, &sections_of(p)[i]);
	container_forge(p, n);
	bytes_write(damaged, p, n);
	assert_int_equal(blink_open(&f, damaged, 0, &err), 0);
	assert_true(blink_sp_load(f, 0, &sp, &err) < 0);
	assert_non_null(strstr(err.text, "glDrawSpiral"));
	blink_close(f);
	free(p);
}

/* ---- damage -------------------------------------------------------------- */

static void test_truncated(void **state)
{
	size_t n;
	uint8_t *p = sample(&n);
	struct blink_header *h = (void *)p;

	(void)state;
	for (uint32_t i = 0; i < h->sections; i++) {
		struct blink_section *s = &sections_of(p)[i];
		uint64_t edges[] = { s->offset, s->offset + s->stored };

		for (unsigned e = 0; e < 2; e++)
			for (int64_t d = -1; d <= 1; d++)
				must_refuse(p, (size_t)((int64_t)edges[e] + d), "truncated at an edge");
	}
	for (size_t at = 0; at < n; at += 1 + at / 20)
		must_refuse(p, at, "truncated");
	must_refuse(p, n - 1, "truncated by one");
	p[n] = 0;
	must_refuse(p, n + 1, "a byte more");
	free(p);
}

/* Every byte of the file is covered: any flip is found. */
static void test_flipped(void **state)
{
	struct rng rng = { 1234 };
	size_t n;
	uint8_t *p = sample(&n);

	(void)state;
	for (size_t at = 0; at < n; at += at < 64 || n - at < 300 ? 1 : 1 + rng_below(&rng, 40)) {
		uint8_t bit = (uint8_t)(1u << rng_below(&rng, 8));

		p[at] ^= bit;
		must_refuse(p, n, "a bit flipped");
		p[at] ^= bit;
	}
	free(p);
}

static void test_version(void **state)
{
	struct error err = { 0 };
	size_t n;
	uint8_t *p = sample(&n);

	(void)state;
	((struct blink_header *)(void *)p)->version = BLINK_VERSION + 1;
	bytes_write(damaged, p, n);
	assert_int_equal(container_read(damaged, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "use a newer one"));
	((struct blink_header *)(void *)p)->version = 0;
	container_forge(p, n);
	must_refuse(p, n, "version 0");
	free(p);
}

/* What checksums do not catch: a file made to deceive. */
static void test_forged_table(void **state)
{
	size_t n;
	uint8_t *p = sample(&n), *copy = malloc(n + 1);
	uint32_t count = ((struct blink_header *)(void *)p)->sections;
	static const uint64_t values[] = {
		0, 1, 8, 64, 4096, 0xffff, 0x7fffffff, 0xffffffff, 1ull << 32, 1ull << 40,
		UINT64_MAX / 2, UINT64_MAX - 15, UINT64_MAX,
	};
	enum { FIELDS = 5, VALUES = sizeof(values) / sizeof(*values) };
	unsigned refused = 0;

	(void)state;
	for (uint32_t i = 0; i < count; i++) {
		for (unsigned k = 0; k < FIELDS * VALUES; k++) {
			struct blink_section *s, before;
			struct error err = { 0 };
			uint64_t v = values[k / FIELDS];

			memcpy(copy, p, n);
			s = &sections_of(copy)[i];
			before = *s;
			switch (k % FIELDS) {
			case 0: s->offset = v; break;
			case 1: s->stored = v; break;
			case 2: s->raw = v; break;
			case 3: s->objects = (uint32_t)v; break;
			default: s->kind = (uint16_t)v; s->packing = (uint16_t)(v >> 8); break;
			}
			if (memcmp(s, &before, sizeof(before)) == 0)
				continue;
			container_forge(copy, n);
			bytes_write(damaged, copy, n);
			if (container_read(damaged, &err) < 0) {
				assert_non_null(strstr(err.text, damaged));
				refused++;
			}
		}
	}
	assert_true(refused > 200);
	free(copy);
	free(p);
}

static void test_forged_order(void **state)
{
	size_t n;
	uint8_t *p = sample(&n), *copy = malloc(n);
	uint32_t count = ((struct blink_header *)(void *)p)->sections;

	(void)state;
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < count; k++) {
			struct blink_section *s;

			if (i == k)
				continue;
			memcpy(copy, p, n);
			s = sections_of(copy);
			s[i].offset = s[k].offset;           /* overlap */
			s[i].stored = s[k].stored;
			s[i].checksum = s[k].checksum;
			container_forge(copy, n);
			must_refuse(copy, n, "sections overlap");
		}
	}
	memcpy(copy, p, n);
	((struct blink_header *)(void *)copy)->sections--;
	container_forge(copy, n);
	must_refuse(copy, n, "a section less");
	memcpy(copy, p, n);
	((struct blink_header *)(void *)copy)->sections = UINT32_MAX;
	container_forge(copy, n);
	must_refuse(copy, n, "too many sections");
	free(copy);
	free(p);
}

/* Random words within plain sections, resealed: whatever is read, it is in bounds (the
 * sanitizers watch), and errors are clean. */
static void test_forged_contents(void **state)
{
	struct rng rng = { 77 };
	unsigned refused = 0;
	uint8_t *p = NULL;
	size_t n;

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		struct blink_section *s;
		struct error err = { 0 };
		uint32_t count;

		if (round % 100 == 0) {
			assert_int_equal(spgen_file(&rng, path, 1, &err), 0);
			free(p);
			p = bytes_read(path, &n);
		}
		uint8_t *copy = malloc(n);

		memcpy(copy, p, n);
		count = ((struct blink_header *)(void *)copy)->sections;
		s = &sections_of(copy)[rng_below(&rng, count)];
		for (unsigned k = 1 + rng_below(&rng, 3); k && s->stored >= 4; k--) {
			uint32_t v = rng_below(&rng, 2) ? rng_next(&rng) : rng_below(&rng, 40);

			memcpy(copy + s->offset + rng_below(&rng, (uint32_t)s->stored - 3), &v, 4);
		}
		section_reseal(copy, s);
		if (rng_below(&rng, 2))
			((struct blink_header *)(void *)copy)->table_hash ^= 2;
		container_forge(copy, n);
		bytes_write(damaged, copy, n);
		refused += container_read(damaged, &err) < 0;
		free(copy);
	}
	free(p);
	assert_true(refused > 50);
}

static void test_not_a_file(void **state)
{
	struct error err = { 0 };
	struct blink_file *f;

	(void)state;
	must_refuse("", 0, "empty");
	must_refuse("at", 2, "short");
	must_refuse("\x89" "BLINK\r\n", 8, "magic only");
	assert_true(blink_open(&f, "/nonexistent.blink", 0, &err) < 0);
	assert_true(blink_open(&f, "/dev/null", 0, &err) < 0);
	assert_true(blink_open(&f, folder, 0, &err) < 0);
	assert_null(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_table), cmocka_unit_test(test_unknown_op),
		cmocka_unit_test(test_truncated), cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_version), cmocka_unit_test(test_forged_table),
		cmocka_unit_test(test_forged_order), cmocka_unit_test(test_forged_contents),
		cmocka_unit_test(test_not_a_file),
	};

	return cmocka_run_group_tests(tests, container_setup, container_teardown);
}
