/* test_library.c - the recorder library inside small programs: what they did is in the
 * recording, whatever they did, and they cannot tell that it is there. */
#include <elf.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <xxhash.h>

#include "blink/gl/table.h"
#include "capture/record/format.h"
#include "tests/record/record.h"

static void run(struct record_run *r, const char *mode, unsigned flags)
{
	record_run(r, mode, flags);
	if (r->lacking) {
		record_finish(r);
		print_message("no surfaceless EGL with OpenGL here\n");
		skip();
	}
}

static void run_good(struct record_run *r, const char *mode)
{
	run(r, mode, 0);
	if (!WIFEXITED(r->status) || WEXITSTATUS(r->status))
		fail_msg("%s: status %x", mode, (unsigned)r->status);
	if (!r->recording)
		fail_msg("%s: %s", mode, r->err.text);
}

static int64_t number(const struct trace_call *c, unsigned arg)
{
	int64_t n = -12345;

	assert_true(arg < c->sig->nargs);
	trace_int(&c->args[arg], &n);
	return n;
}

static const float *floats(const struct trace_value *v, unsigned n)
{
	static float f[256];

	assert_int_equal(v->kind, TRACE_BLOB);
	assert_int_equal(v->count, n * 4);
	memcpy(f, v->bytes, n * 4ul);
	return f;
}

/* ---- entry points -------------------------------------------------------------------- */

static const char *library_map(const Elf64_Sym **symbols, size_t *n)
{
	int fd = open(record_library(), O_RDONLY);
	struct stat st;
	const char *base, *strings = NULL;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	assert_true(base != MAP_FAILED);
	const Elf64_Ehdr *e = (const void *)base;
	const Elf64_Shdr *s = (const void *)(base + e->e_shoff);

	for (unsigned i = 0; i < e->e_shnum; i++)
		if (s[i].sh_type == SHT_DYNSYM) {
			*symbols = (const void *)(base + s[i].sh_offset);
			*n = s[i].sh_size / sizeof(Elf64_Sym);
			strings = base + s[s[i].sh_link].sh_offset;
		}
	assert_non_null(strings);
	return strings;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void test_entry_points(void **state)
{
	const Elf64_Sym *symbol = NULL;
	size_t n = 0, count = 0;
	const char *strings = library_map(&symbol, &n);
	const char **names = calloc(n, sizeof(*names));

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const char *name = strings + symbol[i].st_name;

		if (symbol[i].st_shndx == SHN_UNDEF)
			continue;
		names[count++] = name;
		/* nothing of ours shows but what programs call */
		if (strncmp(name, "gl", 2) && strncmp(name, "egl", 3) && strcmp(name, "dlsym"))
			fail_msg("%s is exported", name);
	}
	qsort(names, count, sizeof(*names), compare);
	for (unsigned i = 0; i < gl_command_count; i++) {
		const struct gl_command *c = &gl_commands[i];

		if (!bsearch(&c->name, names, count, sizeof(*names), compare))
			fail_msg("%s has no entry point", c->name);
		for (const char *const *a = c->aliases; a && *a; a++)
			if (!bsearch(a, names, count, sizeof(*names), compare))
				fail_msg("%s has no entry point", *a);
	}
	free(names);
}

/* ---- client memory ---------------------------------------------------------------------- */

static void test_arrays(void **state)
{
	struct record_run r;
	struct trace_call c;
	const float *f;

	(void)state;
	run_good(&r, "arrays");
	/* the program's own call leaves no record; ours has vertices 3 to 9 */
	assert_true(record_call(&r, "glVertexPointer", &c));
	assert_int_equal(c.flags & TRACE_FAKE, TRACE_FAKE);
	f = floats(&c.args[3], 20);
	assert_true(f[0] == 0 && f[5] == 0 && f[6] == 3 && f[18] == 9 && f[19] == 4.5f);
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glDrawElements");
	assert_int_equal(c.args[3].kind, TRACE_BLOB);
	assert_memory_equal(c.args[3].bytes, ((const uint16_t[]){ 3, 5, 9, 4 }), 8);
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glDrawElements");     /* unchanged: nothing between */
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glVertexPointer");
	assert_true(floats(&c.args[3], 20)[18] == 90);
	assert_true(record_call(&r, "eglSwapBuffers", &c));
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glVertexPointer");    /* a new frame has its own */
	record_finish(&r);
}

static void test_array_beside_buffer(void **state)
{
	struct record_run r;
	struct trace_call c;

	(void)state;
	run_good(&r, "mixed");
	assert_true(record_call(&r, "glColorPointer", &c));
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glBindBuffer");
	assert_int_equal(number(&c, 1), 0);
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glVertexPointer");
	assert_true(floats(&c.args[3], 10)[8] == 4);
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glBindBuffer");
	assert_true(number(&c, 1) > 0);
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glDrawArrays");
	record_finish(&r);
}

static void test_index_range(void **state)
{
	struct record_run r;
	struct trace_call c;

	(void)state;
	run_good(&r, "base");            /* indices 3 to 9 of a buffer, plus 2 */
	assert_true(record_call(&r, "glVertexAttribPointer", &c));
	assert_true(floats(&c.args[5], 24)[22] == 11);
	record_finish(&r);
	run_good(&r, "restart");         /* 1, 4, 2 and restarts */
	assert_true(record_call(&r, "glVertexPointer", &c));
	assert_true(floats(&c.args[3], 10)[8] == 4);
	record_finish(&r);
}

static void test_other_draws(void **state)
{
	struct record_run r;
	struct trace_call c;

	(void)state;
	run_good(&r, "others");
	assert_true(record_call(&r, "glBegin", &c));
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glNormal3fv");
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glColor4fv");
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glVertex3fv");
	assert_true(floats(&c.args[0], 3)[2] == 9);
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glEnd");
	assert_true(record_call(&r, "glMultiDrawArrays", &c));
	assert_true(record_call(&r, "glMultiDrawElements", &c));
	assert_int_equal(c.args[3].kind, TRACE_ARRAY);
	assert_int_equal(c.args[3].count, 2);
	assert_int_equal(c.args[3].items[1].count, 2);
	record_finish(&r);
}

static void test_pixels(void **state)
{
	struct record_run r;
	struct trace_call c;

	(void)state;
	run_good(&r, "pixels");
	assert_true(record_call(&r, "glTexImage2D", &c));
	assert_int_equal(c.args[8].kind, TRACE_BLOB);
	/* two rows and three pixels in: 23 bytes; then two rows and four pixels */
	assert_int_equal(c.args[8].count, 23 + 24);
	assert_int_equal(c.args[8].bytes[23], 23);
	assert_int_equal(c.args[8].bytes[46], 46);
	assert_int_equal(c.args[8].bytes[0], 0);
	assert_true(record_call(&r, "glTexSubImage2D", &c));
	assert_int_equal(c.args[8].count, 24);  /* what was popped counts again */
	record_finish(&r);
}

static void test_strings(void **state)
{
	struct record_run r;
	struct trace_call c;
	unsigned shader = 0, program = 0;
	int location = 0;

	(void)state;
	run_good(&r, "shaders");
	assert_int_equal(sscanf(r.said, "%u %u %d", &shader, &program, &location), 3);
	assert_true(record_call(&r, "glCreateShader", &c));
	assert_true(c.has_ret);
	assert_int_equal(c.ret.u, shader);
	assert_true(record_call(&r, "glShaderSource", &c));
	assert_int_equal(c.args[2].kind, TRACE_ARRAY);
	assert_int_equal(c.args[2].count, 2);
	assert_int_equal(c.args[2].items[0].count, 11);
	assert_memory_equal(c.args[2].items[0].bytes, "void main()", 11);
	assert_int_equal(c.args[2].items[1].count, 24);
	assert_true(record_call(&r, "glBindAttribLocation", &c));
	assert_int_equal(c.args[2].kind, TRACE_STRING);
	assert_string_equal((const char *)c.args[2].bytes, "there");
	assert_true(record_call(&r, "glGetUniformLocation", &c));
	record_finish(&r);
}

static void test_maps(void **state)
{
	struct record_run r;
	struct trace_call c;
	uint64_t start;

	(void)state;
	run_good(&r, "maps");
	assert_true(record_call(&r, "memcpy", &c));
	assert_int_equal(c.args[1].count, 100);
	assert_int_equal(c.args[1].bytes[99], 'a');
	assert_true(record_call(&r, "glMapBufferRange", &c));
	start = c.ret.u;
	assert_true(record_call(&r, "memcpy", &c));
	assert_int_equal(c.args[0].u, start + 5);
	assert_int_equal(c.args[1].count, 7);
	assert_true(record_call(&r, "glMapBufferRange", &c));
	start = c.ret.u;
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "memcpy");     /* before the draw: the page */
	assert_int_equal(c.args[0].u, start + 8192);
	assert_int_equal(c.args[1].count, 4096);
	assert_int_equal(c.args[1].bytes[9000 - 8192], 'c');
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glDrawArrays");
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "glDrawArrays");       /* nothing new before it */
	assert_true(record_call(&r, NULL, &c));
	assert_string_equal(c.sig->name, "memcpy");
	assert_int_equal(c.args[0].u, start);
	record_finish(&r);
}

/* ---- processes ---------------------------------------------------------------------------- */

/* Line widths 1 to n, in order. */
static void assert_widths(struct record_run *r, unsigned n)
{
	struct trace_call c;
	double v = 0;

	for (unsigned i = 1; i <= n; i++) {
		if (!record_call(r, "glLineWidth", &c))
			fail_msg("only %u widths", i - 1);
		assert_true(trace_double(&c.args[0], &v));
		assert_true(fabs(v - i) < 0.5);
	}
	assert_false(record_call(r, "glLineWidth", &c));
}

static void test_threads(void **state)
{
	struct recording_summary s;
	struct record_run r;

	(void)state;
	run_good(&r, "threads");
	assert_widths(&r, 200);
	recording_summary(r.recording, &s);
	assert_int_equal(s.threads, 2);
	record_finish(&r);
}

/* A mebibyte for each thread that ever was would fill disks. */
static void test_many_threads(void **state)
{
	struct recording_summary s;
	struct record_run r;

	(void)state;
	run_good(&r, "many");
	assert_widths(&r, 200);
	recording_summary(r.recording, &s);
	assert_true(s.threads <= 2);
	record_finish(&r);
}

static void test_fork(void **state)
{
	struct record_run r;

	(void)state;
	run_good(&r, "fork");
	assert_widths(&r, 3);
	record_finish(&r);
}

static void test_exec(void **state)
{
	struct recording_summary s;
	struct record_run r;
	struct trace_call c;

	(void)state;
	run_good(&r, "exec");
	/* the one with the frame is read */
	assert_true(record_call(&r, "glLineWidth", &c));
	assert_true(record_call(&r, "eglSwapBuffers", &c));
	recording_summary(r.recording, &s);
	assert_int_equal(s.processes, 2);
	record_finish(&r);
}

static void test_bad_ends(void **state)
{
	static const struct { const char *mode; int signal; } ends[] = {
		{ "kill", SIGKILL }, { "crash", SIGSEGV },
	};
	struct record_run r;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		run(&r, ends[i].mode, 0);
		assert_true(WIFSIGNALED(r.status) && WTERMSIG(r.status) == ends[i].signal);
		assert_widths(&r, 3);
		record_finish(&r);
	}
}

static void test_lookup(void **state)
{
	struct record_run r;

	(void)state;
	run_good(&r, "lookup");
	assert_string_equal(r.said, "1 1\n");
	assert_widths(&r, 3);
	record_finish(&r);
}

static void test_foreign_names(void **state)
{
	struct recording_summary s;
	struct record_run r;
	struct trace_call c;

	(void)state;
	run_good(&r, "foreign");
	assert_string_equal(r.said, "1 1\n");
	while (record_call(&r, NULL, &c))
		;
	recording_summary(r.recording, &s);
	assert_int_equal(s.lost_calls, 1);      /* noted once */
	assert_memory_equal(s.lost[0].what, "glCreateBuffers", 15);
	assert_true(s.problems & RECORD_LOST_CALLS);
	record_finish(&r);
}

/* ---- being there or not makes no difference --------------------------------------------------- */

static void test_no_difference(void **state)
{
	static const char *const modes[] = { "errors", "unused", "edges", "picture", "shaders" };
	static const unsigned with[] = { 0, RECORD_NO_FILE, RECORD_FOREIGN, RECORD_SHORT,
					 RECORD_HASHED };
	struct record_run bare, r;

	(void)state;
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		run(&bare, modes[i], RECORD_BARE);
		record_finish(&bare);
		for (unsigned k = 0; k < sizeof(with) / sizeof(with[0]); k++) {
			run(&r, modes[i], with[k]);
			if (r.status != bare.status || strcmp(r.said, bare.said))
				fail_msg("%s, flags %x: status %x, said %s(bare: %x, %s)", modes[i],
					 with[k], (unsigned)r.status, r.said, (unsigned)bare.status,
					 bare.said);
			record_finish(&r);
		}
	}
}

static void test_hash(void **state)
{
	static uint8_t rgb[64 * 64 * 3];
	const struct blink_frame_data *frame = NULL;
	struct record_run r;
	struct trace_call c;
	XXH128_hash_t h;

	(void)state;
	for (unsigned i = 0; i < sizeof(rgb); i += 3) {
		rgb[i] = 64;
		rgb[i + 1] = 128;
		rgb[i + 2] = 191;
	}
	h = XXH3_128bits(rgb, sizeof(rgb));
	run(&r, "picture", RECORD_HASHED);
	assert_non_null(r.recording);
	assert_true(record_call(&r, "eglSwapBuffers", &c));
	frame = recording_frame(r.recording);
	assert_non_null(frame);
	assert_int_equal(frame->width, 64);
	assert_int_equal(frame->height, 64);
	assert_memory_equal(frame->hash, &h, sizeof(h));
	record_finish(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry_points),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_array_beside_buffer),
		cmocka_unit_test(test_index_range),
		cmocka_unit_test(test_other_draws),
		cmocka_unit_test(test_pixels),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_bad_ends),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_foreign_names),
		cmocka_unit_test(test_no_difference),
		cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
