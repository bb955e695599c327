/* test_container.c - .blink files: there and back, equal things once, blocks coming and
 * going, and what is left of a writer that fails. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "blink/sp/output.h"
#include "tests/sp/container.h"

/* ---- there and back ------------------------------------------------------ */

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

/* A temporary name whose owner is gone goes with the next output; one that somebody holds,
 * and a name that only looks alike, stay. */
static void test_strays(void **state)
{
	static const struct { const char *end; bool held, stays; } names[] = {
		{ ".4194303.tmp", false, false }, { ".4194302.tmp", true, true },
		{ ".x.tmp", false, true }, { ".12.tmp2", false, true },
	};
	enum { N = sizeof(names) / sizeof(*names) };
	char name[N][600];
	struct output o;
	struct error err = { 0 };
	int fd[N];

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		snprintf(name[i], sizeof(name[i]), "%s%s", path, names[i].end);
		fd[i] = open(name[i], O_CREAT | O_RDWR | O_CLOEXEC, 0600);
		assert_true(fd[i] >= 0);
		if (names[i].held)
			assert_int_equal(flock(fd[i], LOCK_EX), 0);
	}
	assert_int_equal(output_create(&o, path, &err), 0);
	output_finish(&o);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(access(name[i], F_OK) == 0, names[i].stays);
		unlink(name[i]);
		close(fd[i]);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_payloads), cmocka_unit_test(test_equal_once),
		cmocka_unit_test(test_pins), cmocka_unit_test(test_nothing_left),
		cmocka_unit_test(test_strays),
		cmocka_unit_test(test_killed), cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, container_setup, container_teardown);
}
