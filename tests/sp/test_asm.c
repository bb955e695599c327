/* test_asm.c - the text form: every op there and back, floats to the bit, whole files,
 * and what the assembler says of mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "blink/sp/asm.h"
#include "blink/sp/text.h"
#include "tests/support/spgen.h"

static char path_a[64], path_b[64];

static char *file_dump(const char *path, size_t *n)
{
	struct dump_options all = { .frame = -1, .sp = -1, .payloads = true };
	struct error err = { 0 };
	struct blink_file *f;
	char *text = NULL;
	FILE *out;

	if (blink_open(&f, path, 0, &err) < 0)
		fail_msg("%s", err.text);
	out = open_memstream(&text, n);
	if (blink_dump(f, &all, out, &err) < 0)
		fail_msg("%s", err.text);
	fclose(out);
	blink_close(f);
	return text;
}

static void assemble(const char *text, size_t n, const char *path)
{
	struct error err = { 0 };

	if (blink_assemble(text, n, "test", path, NULL, &err) < 0)
		fail_msg("%s", err.text);
}

static void sps_equal(struct blink_file *a, struct blink_file *b)
{
	struct error err = { 0 };

	assert_int_equal(blink_sp_count(a), blink_sp_count(b));
	for (uint32_t i = 0; i < blink_sp_count(a); i++) {
		struct sp x, y;

		assert_int_equal(blink_sp_load(a, i, &x, &err), 0);
		assert_int_equal(blink_sp_load(b, i, &y, &err), 0);
		assert_int_equal(x.callback, y.callback);
		assert_int_equal(x.flags, y.flags);
		assert_int_equal(x.frame, y.frame);
		assert_int_equal(x.context, y.context);
		assert_int_equal(x.drawable, y.drawable);
		assert_int_equal(!x.restore, !y.restore);
		if (x.restore)
			assert_string_equal(x.restore, y.restore);
		assert_int_equal(x.nwords, y.nwords);
		assert_memory_equal(x.code, y.code, 4 * (size_t)x.nwords);
		blink_sp_release(a, i);
		blink_sp_release(b, i);
	}
}

static void files_equal(const char *one, const char *other)
{
	struct error err = { 0 };
	struct blink_file *a, *b;

	assert_int_equal(blink_open(&a, one, 0, &err), 0);
	assert_int_equal(blink_open(&b, other, 0, &err), 0);
	assert_int_equal(blink_payloads(a)->n, blink_payloads(b)->n);
	for (uint32_t i = 1; i < blink_payloads(a)->n; i++) {
		struct sp_payload x, y;

		assert_int_equal(blink_payload_load(a, i, &x, &err), 0);
		assert_int_equal(blink_payload_load(b, i, &y, &err), 0);
		assert_int_equal(x.size, y.size);
		assert_memory_equal(x.data, y.data, x.size);
	}
	sps_equal(a, b);
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		assert_int_equal(blink_names_max(a, i), blink_names_max(b, i));
	assert_int_equal(blink_slots(a), blink_slots(b));
	assert_string_equal(blink_provenance(a), blink_provenance(b));
	blink_close(a);
	blink_close(b);
}

/* Every op many times, operands of every sort, those that no verifier would take too. */
static void test_every_op(void **state)
{
	struct spgen g = { .rng = { 7 }, .payloads = 1, .sps = 2 };
	struct error err = { 0 };
	struct blink_writer *w;

	(void)state;
	assert_int_equal(blink_writer_create(&w, path_a, NULL, &err), 0);
	blink_writer_payload(w, "abc", 3);
	for (unsigned wild = 0; wild < 2; wild++) {
		struct sp sp = { .callback = wild ? SP_REDRAW : SP_INIT };
		struct buf code;

		buf_init(&code);
		g.wild = wild;
		for (unsigned i = 0; i < 40; i++)
			for (unsigned op = 0; op < GL_OP_COUNT; op++)
				spgen_record(&g, op, &code);
		sp_end(&code);
		spgen_labels(&g, &code);
		sp.code = (const void *)code.data;
		sp.nwords = (uint32_t)(code.len / 4);
		assert_int_equal(blink_writer_sp(w, &sp, NULL), 0);
		buf_finish(&code);
	}
	assert_int_equal(blink_writer_commit(w, "{}", &err), 0);
	blink_writer_destroy(w);

	size_t n;
	char *text = file_dump(path_a, &n);

	assemble(text, n, path_b);
	files_equal(path_a, path_b);
	free(text);
}

/* Text is a fixed point, and so is the file made of it, to the byte. */
static void test_whole_files(void **state)
{
	struct rng rng = { 42 };

	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		struct error err = { 0 };
		size_t n, m;
		char *text, *again;

		if (spgen_file(&rng, path_a, i % 5, &err) < 0)
			fail_msg("%s", err.text);
		text = file_dump(path_a, &n);
		assemble(text, n, path_b);
		files_equal(path_a, path_b);
		again = file_dump(path_b, &m);
		assert_int_equal(n, m);
		assert_memory_equal(text, again, n);
		free(text);
		free(again);
	}
}

static void test_partial_dump(void **state)
{
	struct dump_options part = { .frame = 1, .sp = -1, .payloads = true };
	struct rng rng = { 5 };
	struct error err = { 0 };
	struct blink_file *f;
	char *text = NULL;
	size_t n;
	FILE *out;

	(void)state;
	assert_int_equal(spgen_file(&rng, path_a, 3, &err), 0);
	assert_int_equal(blink_open(&f, path_a, 0, &err), 0);
	out = open_memstream(&text, &n);
	assert_int_equal(blink_dump(f, &part, out, &err), 0);
	fclose(out);
	assert_non_null(strstr(text, "redraw frame 1"));
	assert_null(strstr(text, "frame 2"));
	free(text);
	out = open_memstream(&text, &n);
	part.frame = 3;
	assert_true(blink_dump(f, &part, out, &err) < 0);
	part = (struct dump_options){ .frame = -1, .sp = 7 };
	assert_true(blink_dump(f, &part, out, &err) < 0);
	fclose(out);
	free(text);
	blink_close(f);
}

static void test_floats(void **state)
{
	struct rng rng = { 3 };
	struct buf b;

	(void)state;
	buf_init(&b);
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t bits = rng_next(&rng), back = 0;
		uint64_t wide = bits | (uint64_t)rng_next(&rng) << 32, wide_back = 0;

		if (i % 8 == 0) {
			bits |= 0x7f800000;             /* NaNs and infinities */
			wide |= 0x7ffull << 52;
		}
		buf_clear(&b);
		text_float(&b, bits);
		assert_true(text_read_float((char *)b.data, b.len, &back));
		assert_int_equal(back, bits);
		buf_clear(&b);
		text_double(&b, wide);
		assert_true(text_read_double((char *)b.data, b.len, &wide_back));
		assert_true(wide_back == wide);
	}
	buf_finish(&b);
}

static void test_integers(void **state)
{
	static const struct { const char *text; int64_t min; uint64_t max; bool ok; } rows[] = {
		{ "0", 0, 0, true }, { "-1", 0, 9, false }, { "255", 0, 255, true },
		{ "256", 0, 255, false }, { "0xff", 0, 255, true }, { "0x", 0, 255, false },
		{ "", 0, 255, false }, { "-", -9, 9, false }, { "1a", 0, 255, false },
		{ "-128", -128, 127, true }, { "-129", -128, 127, false },
		{ "18446744073709551615", 0, UINT64_MAX, true },
		{ "18446744073709551616", 0, UINT64_MAX, false },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, true },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t v;

		assert_int_equal(text_read_int(rows[i].text, strlen(rows[i].text), rows[i].min,
					       rows[i].max, &v), rows[i].ok);
	}
}

static void test_record_line(void **state)
{
	static const struct { const char *text; uint32_t words[8]; } rows[] = {
		{ "end", { OP_end } },
		{ "add.f r3, r4, 0.5", { OP_add_f | 2u << 16, 3, 4, 0x3f000000 } },
		{ "jump +7", { OP_jump, 7 } },
		{ "ext r0, pointer_x", { OP_ext, 0, SP_EXT_POINTER_X } },
		{ "glClear GL_DEPTH_BUFFER_BIT|GL_COLOR_BUFFER_BIT", { OP_glClear, 0x4100 } },
		{ "glBegin GL_TRIANGLES", { OP_glBegin, 4 } },
		{ "glVertexPointer 3, GL_FLOAT, 16, @12+64",
		  { OP_glVertexPointer, 3, 0x1406, 16, 12, 64 } },
		{ "? 0x0000ffff", { 0xffff } },
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_clear(&b);
		sp_disassemble_record(rows[i].words, &b);
		buf_append(&b, "", 1);
		assert_string_equal((char *)b.data, rows[i].text);
	}
	buf_finish(&b);
}

static const char good[] =
	"blink 1   # a comment\n"
	"level 3\n"
	"window 1048576\n"
	"names texture 4\n"
	"slots 2\n"
	"provenance \"{}\"\n"
	"payload corner {\n"
	"\tf32 0 0.5 -1e10 inf nan(0x7fc00001)\n"
	"\ttext \"a#b\" \"\\x00\\n\"   # strings may hold a #\n"
	"\thex 00ff 10\n"
	"\tu16 65535 0x10\n"
	"\ti8 -128\n"
	"\tzero 3\n"
	"}\n"
	"sp start init { \n"
	"\tend\n"
	"}\n"
	"sp main redraw frame 0 context 1 drawable 1 restore \"matrix\" flags 0x2 {\n"
	"\tcall helper, 0, 4\n"
	"\tjump.lt.i r1, 5, past\n"
	"\tglVertexPointer 3, GL_FLOAT, 0, @corner+4\n"
	"past: glClear GL_COLOR_BUFFER_BIT|0x8000\n"
	"\tend\n"
	"}\n"
	"sp helper input frame 0 {\n"
	"\text r5, time\n"
	"\tend\n"
	"}\n";

static void test_language(void **state)
{
	struct error err = { 0 };
	struct sp_payload p;
	struct blink_file *f;
	struct sp sp;

	(void)state;
	assemble(good, sizeof(good) - 1, path_a);
	assert_int_equal(blink_open(&f, path_a, 0, &err), 0);
	assert_int_equal(blink_payload_load(f, 1, &p, &err), 0);
	assert_int_equal(p.size, 20 + 5 + 3 + 4 + 1 + 3);
	assert_memory_equal(p.data + 20, "a#b\0\n\x00\xff\x10\xff\xff\x10\0\x80\0\0\0", 16);
	assert_int_equal(blink_sp_load(f, 1, &sp, &err), 0);
	assert_int_equal(sp.code[1], 2);                 /* helper is SP 2 */
	assert_int_equal(sp.code[7], 6);                 /* over glVertexPointer */
	assert_int_equal(sp.flags, 2);
	assert_int_equal(blink_init_count(f), 1);
	assert_int_equal(blink_frame_count(f), 1);
	blink_close(f);
}

/* Limits that are not given are those of the records. */
static void test_limits(void **state)
{
	static const char text[] = "blink 1\nsp 0 init {\n\tglBindTexture GL_TEXTURE_2D, 9\n"
				   "\tglUniform1f 4, 0.5\n\tend\n}\n";
	struct error err = { 0 };
	struct blink_file *f;

	(void)state;
	assemble(text, sizeof(text) - 1, path_a);
	assert_int_equal(blink_open(&f, path_a, 0, &err), 0);
	assert_int_equal(blink_names_max(f, GL_SPACE_TEXTURE), 9);
	assert_int_equal(blink_names_max(f, GL_SPACE_BUFFER), 0);
	assert_int_equal(blink_slots(f), 4);
	blink_close(f);
}

#define HEAD "blink 1\nsp 0 init {\n"
static void test_mistakes(void **state)
{
	static const struct { const char *text, *why; } rows[] = {
		{ "", ":0: the text starts with `blink 1`" },
		{ "blink 2\n", ":1: is of version 2" },
		{ "blink 1\nfoo\n", ":2: a statement is" },
		{ HEAD "frobnicate 1\nend\n}\n", ":3: `frobnicate` is no instruction" },
		{ HEAD "mov r1\nend\n}\n", ":3: the line ends where `,` should stand" },
		{ HEAD "mov r1, 2, 3\nend\n}\n", ":3: mov: more than its operands" },
		{ HEAD "mov r32, 2\nend\n}\n", "`r32` is no register" },
		{ HEAD "mov 5, 2\nend\n}\n", "`5` is no register" },
		{ HEAD "add.i r1, 99999999999, 0\nend\n}\n", "no integer of 32 bits" },
		{ HEAD "glBegin GL_NONSENSE\nend\n}\n", "no enum that is known" },
		{ HEAD "glBegin r1\nend\n}\n", "a register, and it takes none" },
		{ HEAD "L: jump L\nend\n}\n", "lies behind" },
		{ HEAD "jump L\nend\n}\n", ":3: label `L` is not defined" },
		{ HEAD "L:\nL:\nend\n}\n", ":4: label `L` is there twice" },
		{ HEAD "glVertexPointer 3, GL_FLOAT, 0, @9\nend\n}\n", "not defined above" },
		{ HEAD "call 4, 0, 0\nend\n}\n", "no SP of this text" },
		{ HEAD "mov r1, 2\n}\n", ":2: the SP does not finish with `end`" },
		{ HEAD "end\n", ":2: the SP is not closed" },
		{ "blink 1\nsp 0 init {\nend\n}\nsp 0 init {\nend\n}\n", ":5: SP `0` is there twice" },
		{ "blink 1\nsp 0 paint {\nend\n}\n", "an SP is init, update" },
		{ "blink 1\nsp 0 redraw frame 3 {\nend\n}\n", "out of order" },
		{ "blink 1\npayload 1 {\nhex 0\n}\n", "odd number" },
		{ "blink 1\npayload 1 {\nhex 0g\n}\n", "not two hex digits" },
		{ "blink 1\npayload 1 {\nu8 256\n}\n", "`256` is no u8" },
		{ "blink 1\npayload 1 {\nf32 nan(0)\n}\n", "is no f32" },
		{ "blink 1\npayload 1 {\nzero 99999999999\n}\n", "1 GiB" },
		{ "blink 1\npayload 1 {\ntext \"abc\n}\n", "not closed" },
		{ "blink 1\npayload 1 {\ntext \"\\q\"\n}\n", "unknown escape" },
		{ "blink 1\npayload 1 {\n", ":2: the payload is not closed" },
		{ "blink 1\npayload 1 {\n}\npayload 1 {\n}\n", ":5: payload `1` is there twice" },
		{ "blink 1\nnames cheese 1\n", "names takes a name space" },
		{ "blink 1\nslots -1\n", "slots takes a number" },
	};

	(void)state;
	unlink(path_a);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct error err = { 0 };

		assert_true(blink_assemble(rows[i].text, strlen(rows[i].text), "test", path_a,
					   NULL, &err) < 0);
		if (!strstr(err.text, rows[i].why))
			fail_msg("`%s` instead of `%s`", err.text, rows[i].why);
		assert_true(strncmp(err.text, "test:", 5) == 0);
		assert_int_not_equal(access(path_a, F_OK), 0);
	}
}

/* Damaged text: an error or a file, nothing else. */
static void test_damaged_text(void **state)
{
	struct rng rng = { 11 };

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		char text[sizeof(good)];
		size_t n = i % 2 ? sizeof(good) - 1 : rng_below(&rng, sizeof(good));
		struct error err = { 0 };

		memcpy(text, good, sizeof(good));
		for (unsigned k = rng_below(&rng, 4); k; k--)
			text[rng_below(&rng, sizeof(good) - 1)] = (char)rng_next(&rng);
		if (blink_assemble(text, n, "test", path_a, NULL, &err) < 0) {
			assert_true(err.text[0]);
			assert_null(strchr(err.text, '\n'));
		}
	}
}

static int setup(void **state)
{
	(void)state;
	snprintf(path_a, sizeof(path_a), "/tmp/test_asm.%d.a.blink", (int)getpid());
	snprintf(path_b, sizeof(path_b), "/tmp/test_asm.%d.b.blink", (int)getpid());
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path_a);
	unlink(path_b);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_op), cmocka_unit_test(test_whole_files),
		cmocka_unit_test(test_partial_dump), cmocka_unit_test(test_floats),
		cmocka_unit_test(test_integers), cmocka_unit_test(test_record_line),
		cmocka_unit_test(test_language), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_damaged_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
