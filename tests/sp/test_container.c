/* test_container.c - .blink files: there and back, equal things once, blocks coming and
 * going, another command table, and hundreds of damaged and forged files. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "blink/sp/format.h"
#include "tests/support/spgen.h"

static char folder[64], path[96], damaged[96];

/* ---- helpers ------------------------------------------------------------- */

static uint8_t *bytes_read(const char *name, size_t *n)
{
	FILE *in = fopen(name, "rb");
	uint8_t *p;

	assert_non_null(in);
	fseek(in, 0, SEEK_END);
	*n = (size_t)ftell(in);
	rewind(in);
	p = malloc(*n + 1);
	assert_int_equal(fread(p, 1, *n, in), *n);
	fclose(in);
	return p;
}

static void bytes_write(const char *name, const void *p, size_t n)
{
	FILE *out = fopen(name, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(p, 1, n, out), n);
	fclose(out);
}

/* Opens, loads every SP and every payload.  0 or the first error's code. */
static int read_all(const char *name, struct error *err)
{
	struct blink_file *f;
	int ret = blink_open(&f, name, 1 << 20, err);

	for (uint32_t i = 0; ret == 0 && i < blink_sp_count(f); i++) {
		struct sp sp;

		ret = blink_sp_load(f, i, &sp, err);
		if (ret == 0)
			blink_sp_release(f, i);
	}
	for (uint32_t i = 1; ret == 0 && i < blink_payloads(f)->n; i++) {
		struct sp_payload p;

		ret = blink_payload_load(f, i, &p, err);
	}
	blink_close(f);
	return ret;
}

static void must_refuse(const void *p, size_t n, const char *what)
{
	struct error err = { 0 };

	bytes_write(damaged, p, n);
	if (read_all(damaged, &err) >= 0)
		fail_msg("%s: accepted", what);
	assert_true(err.code < 0);
	assert_true(strncmp(err.text, damaged, strlen(damaged)) == 0);
	assert_null(strchr(err.text, '\n'));
}

static unsigned folder_entries(void)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* Gives the header and the section table checksums that agree, as an attacker would. */
static void forge(uint8_t *p, size_t n)
{
	struct blink_header *h = (void *)p;

	h->file_size = n;
	if (range_ok(h->table_offset, (uint64_t)h->sections * sizeof(struct blink_section), n))
		h->table_checksum = XXH3_64bits(p + h->table_offset,
						h->sections * sizeof(struct blink_section));
	h->checksum = XXH3_64bits(h, offsetof(struct blink_header, checksum));
}

static struct blink_section *sections_of(uint8_t *p)
{
	return (void *)(p + ((struct blink_header *)(void *)p)->table_offset);
}

static void section_reseal(uint8_t *p, struct blink_section *s)
{
	s->checksum = XXH3_64bits(p + s->offset, s->stored);
}

/* ---- there and back ------------------------------------------------------ */

static uint32_t draw_code(uint32_t *words, uint32_t payload)
{
	const uint32_t code[] = {
		OP_glVertexPointer, 3, 0x1406, 0, payload, 0, OP_glDrawArrays, 4, 0, 3, OP_end
	};

	memcpy(words, code, sizeof(code));
	return sizeof(code) / sizeof(*code);
}

static void add_sp(struct blink_writer *w, unsigned callback, uint32_t frame, uint32_t payload)
{
	uint32_t words[16];
	struct sp sp = { .callback = (uint8_t)callback, .frame = frame, .code = words };

	sp.nwords = draw_code(words, payload);
	assert_int_equal(blink_writer_sp(w, &sp, NULL), 0);
}

static void pattern_fill(uint8_t *p, size_t n, uint32_t seed)
{
	struct rng r = { seed };

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(seed & 1 ? rng_next(&r) : seed + i / 64);
}

/* Payloads of all sizes, one larger than a block; what is read is what was written. */
static void test_payloads(void **state)
{
	static const uint32_t sizes[] = { 1, 0, 15, 16, 17, 70000, 5u << 20, 3, 4u << 20, 1000000 };
	enum { N = 60, SIZES = sizeof(sizes) / sizeof(*sizes) };
	uint8_t *p = malloc(5u << 20);
	struct error err = { 0 };
	struct blink_writer *w;
	struct blink_file *f;
	struct blink_stats s;

	(void)state;
	assert_int_equal(blink_writer_create(&w, path, NULL, &err), 0);
	add_sp(w, SP_INIT, 0, 0);
	for (uint32_t i = 0; i < N; i++) {
		uint32_t size = sizes[i % SIZES];

		pattern_fill(p, size, i);
		if (size)
			p[0] = (uint8_t)i;
		add_sp(w, SP_REDRAW, i, blink_writer_payload(w, p, size));   /* never 0 */
	}
	assert_int_equal(blink_writer_commit(w, "{}", &err), 0);
	blink_writer_destroy(w);
	/* a cache far too small: everything is loaded again and again */
	assert_int_equal(blink_open(&f, path, 1, &err), 0);
	blink_file_stats(f, &s);
	assert_true(s.blocks > 10);
	assert_int_equal(s.frames, N);
	for (uint32_t k = 0; k < 2 * N; k++) {
		uint32_t i = k * 7 % N, first, count;
		struct sp_payload got;
		struct sp sp;

		assert_int_equal(blink_frame(f, i, &first, &count), 0);
		assert_int_equal(first, i + 1);
		assert_int_equal(count, 1);
		if (blink_sp_load(f, first, &sp, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_not_equal(sp.code[4], 0);
		got = blink_payloads(f)->v[sp.code[4]];
		if (sizes[i % SIZES]) {
			assert_int_equal(got.size, sizes[i % SIZES]);
			assert_int_equal((uintptr_t)got.data % 16, 0);
			pattern_fill(p, got.size, i);
			p[0] = (uint8_t)i;
			assert_memory_equal(got.data, p, got.size);
		}
		blink_sp_release(f, first);
	}
	assert_true(blink_frame(f, N, &(uint32_t){ 0 }, &(uint32_t){ 0 }) < 0);
	blink_close(f);
	free(p);
}

static void test_equal_once(void **state)
{
	struct blink_writer_options opt = { .window = 64 << 10 };
	struct error err = { 0 };
	struct blink_writer *w;
	struct blink_file *f;
	struct blink_stats s;
	uint8_t noise[1000];
	uint32_t id, other;
	void *room;

	(void)state;
	assert_int_equal(blink_writer_create(&w, path, &opt, &err), 0);
	id = blink_writer_payload(w, "same", 4);
	assert_int_equal(blink_writer_payload(w, "same", 4), id);
	assert_int_not_equal(blink_writer_payload(w, "same", 5), id);
	room = blink_writer_payload_begin(w, 1000);
	memcpy(room, "same", 4);
	assert_int_equal(blink_writer_payload_end(w, 4), id);
	for (unsigned i = 0; i < 1000; i++)
		add_sp(w, SP_REDRAW, i, id);
	for (uint32_t i = 0; i < 80; i++) {
		pattern_fill(noise, sizeof(noise), 2 * i + 1);
		blink_writer_payload(w, noise, sizeof(noise));
	}
	other = blink_writer_payload(w, "same", 4);      /* out of the window by now */
	assert_int_not_equal(other, id);
	assert_int_equal(blink_writer_payload(w, "same", 4), other);
	assert_int_equal(blink_writer_commit(w, "{}", &err), 0);
	blink_writer_destroy(w);
	assert_int_equal(blink_open(&f, path, 0, &err), 0);
	blink_file_stats(f, &s);
	assert_int_equal(s.sps, 1000);
	assert_int_equal(s.payloads, 83);
	assert_int_equal(s.payload_bytes, 4 * 5 + 5 + 80 * 1000);
	assert_int_equal(s.records, 3000);
	assert_true(s.file_bytes < 100000);
	blink_close(f);
}

/* Memory of a pinned block stays while others come and go. */
static void test_pins(void **state)
{
	struct error err = { 0 };
	struct sp_payload first;
	struct blink_writer *w;
	struct blink_file *f;
	uint8_t *p = malloc(1 << 20);
	struct sp sp;

	(void)state;
	assert_int_equal(blink_writer_create(&w, path, NULL, &err), 0);
	for (uint32_t i = 0; i < 40; i++) {
		memset(p, (int)i, 1 << 20);              /* compresses: not used in place */
		add_sp(w, SP_REDRAW, i, blink_writer_payload(w, p, 1 << 20));
	}
	assert_int_equal(blink_writer_commit(w, "{}", &err), 0);
	blink_writer_destroy(w);
	assert_int_equal(blink_open(&f, path, 6 << 20, &err), 0);
	assert_int_equal(blink_sp_load(f, 0, &sp, &err), 0);
	first = blink_payloads(f)->v[1];
	for (uint32_t i = 1; i < 40; i++) {
		assert_int_equal(blink_sp_load(f, i, &(struct sp){ 0 }, &err), 0);
		blink_sp_release(f, i);
	}
	assert_ptr_equal(blink_payloads(f)->v[1].data, first.data);
	assert_int_equal(first.data[12345], 0);
	assert_null(blink_payloads(f)->v[20].data);      /* long gone */
	blink_sp_release(f, 0);
	blink_sp_release(f, 0);                          /* once too often: no harm */
	assert_true(blink_sp_load(f, 40, &sp, &err) < 0);
	assert_true(blink_payload_load(f, 0, &first, &err) < 0);
	assert_true(blink_payload_load(f, 41, &first, &err) < 0);
	blink_close(f);
	free(p);
}

/* ---- writer's errors ----------------------------------------------------- */

static void test_nothing_left(void **state)
{
	static const uint32_t no_end[] = { OP_mov, 1, 2 }, unknown[] = { 0xffff, OP_end };
	struct sp bad[] = {
		{ .code = no_end, .nwords = 3 }, { .code = unknown, .nwords = 2 },
		{ .code = no_end, .nwords = 0 }, { .code = no_end, .nwords = 2 },
	};
	struct error err = { 0 };
	struct blink_writer *w;

	(void)state;
	unlink(path);
	unlink(damaged);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(blink_writer_create(&w, path, NULL, &err), 0);
		blink_writer_payload(w, "x", 1);
		assert_true(blink_writer_sp(w, &bad[i], NULL) < 0);
		assert_int_equal(blink_writer_payload(w, "y", 1), 0);
		assert_true(blink_writer_commit(w, "{}", &err) < 0);
		assert_non_null(strstr(err.text, "not whole records"));
		blink_writer_destroy(w);
	}
	assert_int_equal(blink_writer_create(&w, path, NULL, &err), 0);
	blink_writer_destroy(w);                         /* given up */
	assert_int_equal(folder_entries(), 0);
	assert_true(blink_writer_create(&w, "/nonexistent/x.blink", NULL, &err) < 0);
	assert_true(blink_writer_create(&w, "/dev/null", NULL, &err) < 0);
	blink_writer_destroy(NULL);
	blink_close(NULL);
}

/* Killed in the middle: nothing of the file stays, not even under a temporary name. */
static void test_killed(void **state)
{
	struct error err = { 0 };
	struct blink_writer *w;
	uint8_t noise[4096];
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		if (blink_writer_create(&w, path, NULL, &err) < 0)
			_exit(1);
		for (uint32_t i = 0; i < 3000; i++) {
			pattern_fill(noise, sizeof(noise), 2 * i + 1);
			blink_writer_payload(w, noise, sizeof(noise));
		}
		raise(SIGKILL);
	}
	int status = 0;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(folder_entries(), 0);
}

static void test_order(void **state)
{
	struct error err = { 0 };
	struct blink_writer *w;
	uint32_t words[16];
	struct sp sp = { .callback = SP_REDRAW, .frame = 1, .code = words };

	(void)state;
	sp.nwords = draw_code(words, 0);
	assert_int_equal(blink_writer_create(&w, path, NULL, &err), 0);
	assert_true(blink_writer_sp(w, &sp, NULL) < 0);  /* frame 0 is missing */
	blink_writer_destroy(w);
	assert_int_equal(blink_writer_create(&w, path, NULL, &err), 0);
	add_sp(w, SP_UPDATE, 0, 0);
	add_sp(w, SP_REDRAW, 0, 0);
	sp.callback = SP_INIT;
	sp.frame = 0;
	assert_true(blink_writer_sp(w, &sp, NULL) < 0);  /* init comes first */
	blink_writer_destroy(w);
}

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
	forge(p, n);
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
	forge(p, n);
	bytes_write(damaged, p, n);
	assert_int_equal(blink_open(&f, damaged, 0, &err), 0);
	assert_true(blink_sp_load(f, 0, &sp, &err) < 0);
	assert_non_null(strstr(err.text, "glDrawSpiral"));
	blink_close(f);
	free(p);
}

/* ---- damage -------------------------------------------------------------- */

static uint8_t *sample(size_t *n)
{
	struct rng rng = { 99 };
	struct error err = { 0 };

	assert_int_equal(spgen_file(&rng, path, 3, &err), 0);
	assert_int_equal(read_all(path, &err), 0);
	return bytes_read(path, n);
}

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
	assert_int_equal(read_all(damaged, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "use a newer one"));
	((struct blink_header *)(void *)p)->version = 0;
	forge(p, n);
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
			forge(copy, n);
			bytes_write(damaged, copy, n);
			if (read_all(damaged, &err) < 0) {
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
			forge(copy, n);
			must_refuse(copy, n, "sections overlap");
		}
	}
	memcpy(copy, p, n);
	((struct blink_header *)(void *)copy)->sections--;
	forge(copy, n);
	must_refuse(copy, n, "a section less");
	memcpy(copy, p, n);
	((struct blink_header *)(void *)copy)->sections = UINT32_MAX;
	forge(copy, n);
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
		forge(copy, n);
		bytes_write(damaged, copy, n);
		refused += read_all(damaged, &err) < 0;
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

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_container.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/a.blink", folder);
	snprintf(damaged, sizeof(damaged), "%s/b.blink", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(damaged);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_payloads), cmocka_unit_test(test_equal_once),
		cmocka_unit_test(test_pins), cmocka_unit_test(test_nothing_left),
		cmocka_unit_test(test_killed), cmocka_unit_test(test_order),
		cmocka_unit_test(test_other_table),
		cmocka_unit_test(test_unknown_op), cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped), cmocka_unit_test(test_version),
		cmocka_unit_test(test_forged_table), cmocka_unit_test(test_forged_order),
		cmocka_unit_test(test_forged_contents), cmocka_unit_test(test_not_a_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
