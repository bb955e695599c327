/* test_experiments.c - the experiments' own machinery: programs run in a place and a time
 * of their own, frame logs, lines counted, the growth of a small log.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <GL/gl.h>

#include "blink/engine/sink.h"
#include "blink/sp/file.h"
#include "jit-bench/bench.h"
#include "jit-bench/frame_log.h"
#include "jit-bench/process.h"

static char folder[64];

static int folder_make(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/blink-experiments-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int folder_remove(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void file_put(const char *name, const char *text)
{
	FILE *f = fopen(in_folder(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* ---- processes ----------------------------------------------------------------------- */

static void place(void **state)
{
	const char *argv[] = { "sh", "-c", "pwd; echo $WORD", NULL };
	const char *env[] = { "WORD=seven", NULL };
	char output[128], text[256] = "";
	struct process_place p = { .folder = folder, .limit = 60 };
	struct process_cost cost;
	struct error err = { 0 };
	FILE *f;

	(void)state;
	snprintf(output, sizeof(output), "%s", in_folder("said"));
	p.output = output;
	assert_int_equal(process_run_in(&p, argv, env, &cost, &err), 0);
	f = fopen(output, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_non_null(strstr(text, folder));
	assert_non_null(strstr(text, "seven"));
}

/* What the program started holds the pipe open, too: all of its group goes. */
static void limit(void **state)
{
	const char *argv[] = { "sh", "-c", "sleep 1000 & sleep 1000", NULL };
	struct process_place p = { .limit = 0.2 };
	struct process_cost cost;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(process_run_in(&p, argv, NULL, &cost, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "sh"));
}

static void beside(void **state)
{
	const char *argv[] = { "sh", "-c", "trap 'echo ended; exit 0' TERM; echo begun; "
			       "while :; do :; done", NULL };
	char output[128];
	struct process_place p = { .folder = folder, .output = output };
	struct process_beside b = { 0 };
	struct error err = { 0 };
	char text[32] = "";
	double cpu = -1;

	(void)state;
	snprintf(output, sizeof(output), "%s", in_folder("said"));
	process_stop(&b, &cpu);
	assert_true(cpu == 0);
	assert_int_equal(process_start(&b, &p, argv, NULL, &err), 0);
	for (unsigned i = 0; i < 600 && !text[0]; i++) {
		FILE *f = fopen(in_folder("said"), "r");

		usleep(50000);
		assert_true(!f || fread(text, 1, sizeof(text) - 1, f) < sizeof(text));
		if (f)
			fclose(f);
	}
	assert_string_equal(text, "begun\n");
	process_stop(&b, &cpu);
	assert_true(cpu > 0 && b.pid == 0);
}

/* ---- logs, lines ----------------------------------------------------------------------- */

static void frame_log(void **state)
{
	struct error err = { 0 };
	double *ms;

	(void)state;
	assert_int_equal(frame_log_read(folder, &ms, &err), 0);
	assert_null(ms);
	assert_int_equal(mkdir(in_folder("deep"), 0777), 0);
	file_put("deep/" FRAME_LOG_NAME, "# 3 frames\n16\n\n17.5\nnan\n-4\n0\ninf\n18\n");
	assert_int_equal(frame_log_read(folder, &ms, &err), 3);
	assert_true(ms[0] == 16 && ms[1] == 17.5 && ms[2] == 18);
	free(ms);
}

static int64_t lines_of(struct json_object *j, const char *part)
{
	struct json_object *rows = json_object_object_get(j, "parts");

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (!strcmp(json_object_get_string(json_object_object_get(row, "part")), part))
			return json_object_get_int64(json_object_object_get(row, "lines"));
	}
	return -1;
}

static void lines(void **state)
{
	struct error err = { 0 };
	struct json_object *j;

	(void)state;
	assert_null(bench_lines(folder, &err));
	assert_non_null(strstr(err.text, "not the source tree"));
	assert_int_equal(mkdir(in_folder("blink"), 0777) | mkdir(in_folder("blink/log"), 0777), 0);
	file_put("blink/log/prune.c", "/* a comment\n * of two lines */\n\nint a; /* tail */\n"
		 "\t// alone\nconst char *s = \"/* no comment */ // none\"; // one\n"
		 "char c = '\"'; /* \" */\n/* x */ int b;\nint last;");
	j = bench_lines(folder, &err);
	assert_non_null(j);
	assert_int_equal(lines_of(j, "pruner"), 5);
	assert_int_equal(lines_of(j, "replay"), 0);
	json_object_put(j);
}

/* ---- the log ------------------------------------------------------------------------------- */

static void put(struct blink_writer *w, struct buf *code, struct sp *sp)
{
	sp_end(code);
	assert_false(buf_failed(code));
	sp->code = (const uint32_t *)(const void *)code->data;
	sp->nwords = (uint32_t)(code->len / 4);
	blink_writer_sp(w, sp, NULL);
	buf_clear(code);
}

/* Frames of ten clears, a tenth of a second apart. */
static void recording_write(const char *path, uint32_t frames)
{
	struct sp init = { .callback = SP_INIT };
	struct error err = { 0 };
	struct blink_writer *w;
	struct buf code;

	buf_init(&code);
	assert_int_equal(blink_writer_create(&w, path, NULL, &err), 0);
	sp_emit_words(&code, OP_blinkContext, 1, 0, 0, 0);
	sp_emit_words(&code, OP_blinkDrawable, 1, 16, 16, SINK_CONFIG_DOUBLE);
	sp_emit_words(&code, OP_blinkMakeCurrent, 1, 1, 1);
	put(w, &code, &init);
	for (uint32_t i = 0; i < frames; i++) {
		struct blink_frame_data data = { .wall = 1000000000ull + i * 100000000ull };
		struct sp sp = { .callback = SP_REDRAW, .frame = i, .context = 1, .drawable = 1 };

		for (unsigned k = 0; k < 10; k++)
			sp_emit_words(&code, OP_glClear, GL_COLOR_BUFFER_BIT);
		sp_emit_words(&code, OP_blinkSwap, 1);
		put(w, &code, &sp);
		blink_writer_frame_data(w, &data);
	}
	blink_writer_names(w, GL_SPACE_CONTEXT, 1);
	blink_writer_names(w, GL_SPACE_DRAWABLE, 1);
	assert_int_equal(blink_writer_commit(w, "{}", &err), 0);
	blink_writer_destroy(w);
	buf_finish(&code);
}

static int64_t row_number(struct json_object *j, unsigned row, const char *key)
{
	return json_object_get_int64(json_object_object_get(json_object_array_get_idx(
		json_object_object_get(j, "log"), row), key));
}

static void log_growth(void **state)
{
	static const double times[] = { 4, 1, 2, 100 };
	char path[128];
	struct bench_log_options opt = { .blink = path, .times = times, .ntimes = 4, .runs = 2 };
	struct error err = { 0 };
	struct json_object *j;

	(void)state;
	snprintf(path, sizeof(path), "%s", in_folder("small.blink"));
	recording_write(path, 50);
	opt.rate = 20;                       /* 20 frames and 40; 80 and 2000 are not there */
	j = bench_log(&opt, &err);
	if (!j)
		fail_msg("%s", err.text);
	assert_int_equal(json_object_array_length(json_object_object_get(j, "log")), 2);
	assert_int_equal(row_number(j, 0, "frame"), 20);
	assert_int_equal(row_number(j, 1, "frame"), 40);
	assert_int_equal(row_number(j, 1, "full_calls") - row_number(j, 0, "full_calls"),
			 20 * 11);
	assert_int_equal(row_number(j, 0, "kept_calls"), row_number(j, 1, "kept_calls"));
	json_object_put(j);
	opt.rate = 0;                        /* by its time stamps: 10 frames a second */
	j = bench_log(&opt, &err);
	if (!j)
		fail_msg("%s", err.text);
	assert_int_equal(row_number(j, 0, "frame"), 10);
	assert_int_equal(row_number(j, 2, "frame"), 40);
	json_object_put(j);
	opt.times = &times[3];
	opt.ntimes = 1;
	assert_null(bench_log(&opt, &err));
	assert_int_equal(err.code, -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(place, folder_make, folder_remove),
		cmocka_unit_test(limit),
		cmocka_unit_test_setup_teardown(beside, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(frame_log, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(lines, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(log_growth, folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
