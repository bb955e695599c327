/* test_run.c - captures: their lengths, the programs that disappoint, and killing each
 * party at random moments.
 *
 * This process is the subreaper of all that a capture starts: when nothing is left to
 * wait for, nothing has strayed.  TEST_SEED repeats the moments of a run. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "capture/run.h"
#include "capture/run_impl.h"

enum { ROUNDS = 5 };

static char folder[64], output[128];

/* ---- what a capture left ---- */

static bool nobody_left(void)
{
	for (int i = 0; i < 1500; i++) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0 && errno == ECHILD)
			return true;
		if (pid == 0)
			poll(NULL, 0, 10);
	}
	return false;
}

/* Names in the folder other than the output. */
static int litter(void)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.' && strcmp(e->d_name, "x.trace") != 0;
	closedir(d);
	return n;
}

static uint64_t swaps_in(const char *path)
{
	struct error err = { 0 };
	struct trace_call c;
	struct trace *t;
	uint64_t swaps = 0;
	int r;

	assert_int_equal(trace_open(&t, path, &err), 0);
	while ((r = trace_next(t, &c, &err)) == 1)
		swaps += !strcmp(c.sig->name, "glXSwapBuffers");
	assert_int_equal(r, 0);
	trace_close(t);
	return swaps;
}

/* ---- lengths ---- */

static int capture(char *const *argv, double duration, uint64_t frames, struct run_result *res, struct error *err)
{
	struct run_options opt = {
		.output = output, .argv = argv, .display = RUN_DISPLAY_OWN, .duration = duration, .frames = frames,
		.width = 640, .height = 480
	};
	int r;

	unlink(output);
	err->text[0] = 0;
	r = run_capture(&opt, res, err);
	assert_true(nobody_left());
	assert_int_equal(litter(), 0);
	assert_true((r == 0) == (access(output, F_OK) == 0));
	return r;
}

#define ARGV(...) (char *const[]){ __VA_ARGS__, NULL }

static void test_frames(void **state)
{
	struct run_result res;
	struct error err;

	(void)state;
	assert_int_equal(capture(ARGV("glxgears"), 60, 20, &res, &err), 0);
	assert_int_equal(res.frames, 20);
	assert_int_equal(swaps_in(output), 20);
	assert_int_equal(res.end, RUN_STOPPED);
	assert_false(res.truncated);
	assert_true(res.calls > 400 && res.functions > 10);
}

static void test_duration(void **state)
{
	struct run_result res;
	struct error err;

	(void)state;
	assert_int_equal(capture(ARGV("glxgears"), 5, 0, &res, &err), 0);
	assert_true(res.frames > 0 && res.seconds >= 4.9);
	assert_int_equal(swaps_in(output), res.frames);
	assert_int_equal(res.end, RUN_STOPPED);
}

static void test_disappointments(void **state)
{
	struct run_result res;
	struct error err;

	(void)state;
	assert_true(capture(ARGV("no-such-program-anywhere"), 5, 0, &res, &err) < 0);
	assert_non_null(strstr(err.text, "no such program"));
	assert_true(capture(ARGV("sh", "-c", "echo alas; exit 3"), 5, 0, &res, &err) < 0);
	assert_non_null(strstr(err.text, "status 3"));
	assert_non_null(strstr(err.text, "alas"));
	assert_true(capture(ARGV("true"), 5, 0, &res, &err) < 0);
	assert_non_null(strstr(err.text, "without a GL call"));
	assert_true(capture(ARGV("sh", "-c", "kill -SEGV $$"), 5, 0, &res, &err) < 0);
	assert_non_null(strstr(err.text, "crashed"));
	assert_true(capture(ARGV("sleep", "60"), 0.3, 0, &res, &err) < 0);
	assert_non_null(strstr(err.text, "stopped before"));
	assert_int_equal(capture(ARGV("glxinfo", "-B"), 30, 0, &res, &err), 0);
	assert_int_equal(res.frames, 0);
}

/* A launcher that ends at once; a child that ignores being asked. */
static void test_forks(void **state)
{
	struct run_result res;
	struct error err;

	(void)state;
	assert_int_equal(capture(ARGV("sh", "-c", "glxgears & exit 0"), 2, 0, &res, &err), 0);
	assert_true(res.frames > 0 && res.seconds > 1.5);
	assert_int_equal(capture(ARGV("sh", "-c", "trap '' INT TERM; glxgears & setsid sleep 100 & wait"), 1, 0,
				 &res, &err), 0);
	assert_true(res.frames > 0);
}

static void test_bad_places(void **state)
{
	struct run_options opt = { .argv = ARGV("glxgears"), .display = RUN_DISPLAY_OWN, .duration = 1 };
	struct run_result res;
	struct error err;

	(void)state;
	opt.output = "/nonexistent/folder/x.trace";
	assert_true(run_capture(&opt, &res, &err) < 0);
	opt.output = "/tmp/";
	assert_true(run_capture(&opt, &res, &err) < 0);
	opt.output = output;
	opt.display = RUN_DISPLAY_GIVEN;
	opt.display_name = ":32100";
	assert_true(run_capture(&opt, &res, &err) < 0);
	assert_non_null(strstr(err.text, "does not answer"));
	assert_true(nobody_left());
}

/* ---- killing ---- */

/* A descendant called name; 0 if there is none (yet). */
static pid_t find(const char *name)
{
	pid_t pids[256], found = 0;
	int n = family_list(getpid(), 0, pids, 256);

	for (int i = 0; i < n && !found; i++) {
		char path[64], comm[32] = "";
		FILE *f;

		snprintf(path, sizeof path, "/proc/%d/comm", pids[i]);
		f = fopen(path, "r");
		if (f && fscanf(f, "%31s", comm) == 1 && !strcmp(comm, name))
			found = pids[i];
		if (f)
			fclose(f);
	}
	return found;
}

static pid_t capture_apart(double duration)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct run_options opt = {
			.output = output, .argv = ARGV("glxgears"), .display = RUN_DISPLAY_OWN,
			.duration = duration
		};
		struct run_result res;
		struct error err;
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		_exit(run_capture(&opt, &res, &err) == 0 ? 0 : 1);
	}
	return pid;
}

/* Kills the named party (NULL: the capturing process) some time after the start of a capture
 * of so many seconds. */
static void kill_in(const char *name, int sig, long ms, double duration)
{
	pid_t blinkctl, victim;
	int status = -1, r = 0;

	unlink(output);
	blinkctl = capture_apart(duration);
	poll(NULL, 0, (int)ms);
	victim = name ? find(name) : blinkctl;
	if (victim > 0)
		kill(victim, sig);
	for (int i = 0; i < 2500 && (r = waitpid(blinkctl, &status, WNOHANG)) == 0; i++)
		poll(NULL, 0, 10);
	if (r != blinkctl)
		fail_msg("killing %s after %ld ms: the capture hangs", name ? name : "blinkctl", ms);
	if (!nobody_left())
		fail_msg("killing %s after %ld ms: something strays", name ? name : "blinkctl", ms);
	assert_int_equal(litter(), 0);
	if (access(output, F_OK) == 0)
		assert_true(watch_usable(output));
	else if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 1);
}

static void kill_at_random(const char *name, int sig)
{
	for (int i = 0; i < ROUNDS; i++)
		kill_in(name, sig, (i == 0 ? 1500 : random() % 1200), 4);
}

static void test_kill_program(void **state)
{
	(void)state;
	kill_at_random("glxgears", SIGKILL);
	kill_at_random("glxgears", SIGSEGV);
}

static void test_kill_display(void **state)
{
	(void)state;
	kill_at_random("Xvfb", SIGKILL);
}

static void test_kill_blinkctl(void **state)
{
	(void)state;
	kill_at_random(NULL, SIGKILL);
}

static void test_kill_guardian(void **state)
{
	(void)state;
	kill_at_random("capture-guard", SIGKILL);
}

static void test_interrupt(void **state)
{
	(void)state;
	kill_at_random(NULL, SIGINT);
	/* (on a busy machine the first frame takes its time) */
	for (long ms = 1500; ms <= 24000; ms *= 2) {
		kill_in(NULL, SIGTERM, ms, 60);
		if (access(output, F_OK) == 0 && swaps_in(output) > 0)
			return;
	}
	fail_msg("nothing was kept of what was drawn before the interrupt");
}

/* ---- */

static int begin(void **state)
{
	const char *text = getenv("TEST_SEED");
	unsigned seed = text ? (unsigned)strtoul(text, NULL, 10) : (unsigned)time(NULL);

	(void)state;
	print_message("TEST_SEED=%u\n", seed);
	srandom(seed);
	snprintf(folder, sizeof folder, "/tmp/test_run.%d", getpid());
	snprintf(output, sizeof output, "%s/x.trace", folder);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return mkdir(folder, 0700);
}

static int end(void **state)
{
	(void)state;
	unlink(output);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_disappointments),
		cmocka_unit_test(test_forks),
		cmocka_unit_test(test_bad_places),
		cmocka_unit_test(test_kill_program),
		cmocka_unit_test(test_kill_display),
		cmocka_unit_test(test_kill_blinkctl),
		cmocka_unit_test(test_kill_guardian),
		cmocka_unit_test(test_interrupt),
	};
	static const char *const needed[] = { "Xvfb", "glxgears", "glxinfo", NULL };
	char path[4096];

	for (int i = 0; needed[i]; i++)
		if (!run_find_program(needed[i], path, sizeof path)) {
			printf("no %s here (apt install xvfb mesa-utils)\n", needed[i]);
			return 77;
		}
	if (!run_find_wrapper("glxtrace.so", path, sizeof path)) {
		printf("no apitrace here (apt install apitrace)\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, begin, end);
}
