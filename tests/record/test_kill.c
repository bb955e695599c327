/* test_kill.c - the recorded program is killed (SIGKILL) at random moments: what it
 * recorded until then opens, converts, passes the verifier and plays, and lacks at most
 * the frame that was in progress.
 *
 * KILL_ROUNDS (5) says how often, TEST_SEED repeats the moments, KILL_PROGRAM is another
 * program than glxgears (given to sh -c "exec ..."), KILL_KEEP a folder where the files
 * of all rounds stay. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "blink/engine/sink.h"
#include "capture/convert.h"
#include "capture/record/format.h"
#include "capture/recording.h"
#include "capture/run.h"
#include "replay/player.h"
#include "replay/xvfb.h"

static char library[PATH_MAX], rec[PATH_MAX], blink[PATH_MAX];
static struct xvfb xvfb;

/* In the build folder, two above the test's own. */
static bool library_find(void)
{
	const char *given = getenv("BLINK_RECORDER");
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (given && *given)
		return snprintf(library, sizeof(library), "%s", given) > 0 && !access(library, R_OK);
	if (n <= 0)
		return false;
	self[n] = 0;
	for (int i = 0; i < 3 && strrchr(self, '/'); i++)
		*strrchr(self, '/') = 0;
	snprintf(library, sizeof(library), "%.4000s/libblink-record.so", self);
	return access(library, R_OK) == 0;
}

static uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void become_program(const char *program)
{
	char command[PATH_MAX];
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("DISPLAY", xvfb.display, 1);
	setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
	setenv("vblank_mode", "0", 1);
	setenv("LD_PRELOAD", library, 1);
	setenv(RECORD_ENV, rec, 1);
	setenv(RECORD_ENV_HASH, "1", 1);
	dup2(null, 1);
	dup2(null, 2);
	snprintf(command, sizeof(command), "exec %s", program);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* So long; slots are emptied meanwhile, now and then. */
static void wait_for(struct record_header *header, unsigned microseconds)
{
	struct recording_drain *d = NULL;
	struct error err = { 0 };

	if (header->slots && recording_drain_create(&d, rec, header, &err) < 0)
		fail_msg("%s", err.text);
	for (unsigned slept = 0; slept < microseconds; slept += 3000) {
		usleep(microseconds - slept < 3000 ? microseconds - slept : 3000);
		if (d)
			recording_drain_look(d);
		if (d)
			recording_drain_empty(d);
	}
	recording_drain_destroy(d);
}

/* Runs the program for so long and kills it; false if it ended by itself. */
static bool run_and_kill(const char *program, unsigned microseconds, bool slots)
{
	struct record_header *header;
	struct error err = { 0 };
	int status = 0;
	pid_t pid;

	if (recording_create(rec, &header, &err) < 0)
		fail_msg("%s", err.text);
	if (slots)
		recording_slots_make(rec, header);
	pid = fork();
	if (pid == 0)
		become_program(program);
	assert_true(pid > 0);
	/* from the first calls on, sooner or later */
	for (int i = 0; i < 3000 && atomic_load(&header->segments) == header->slots; i++)
		usleep(1000);
	wait_for(header, microseconds);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	recording_header_unmap(header);
	return WIFSIGNALED(status);
}

/* The frames that can be read, which must be as many as were completed. */
static uint64_t recording_check(void)
{
	struct recording_summary s;
	struct error err = { 0 };
	struct trace_call call;
	struct recording *r;
	int code;

	if (recording_open(&r, rec, &err) < 0)
		fail_msg("%s", err.text);
	while ((code = recording_next(r, &call, &err)) > 0)
		;
	if (code < 0)
		fail_msg("%s", err.text);
	recording_summary(r, &s);
	recording_close(r);
	assert_int_equal(s.problems, 0);
	assert_int_equal(s.lost_calls, 0);
	/* the library counts a frame when its swap begins: each thread may be in one */
	assert_true(s.frames <= s.header_frames);
	assert_true(s.frames + (s.threads ? s.threads : 1) >= s.header_frames);
	return s.frames;
}

static void blink_check(uint64_t frames)
{
	const struct player_options opt = { .engine = PLAYER_JIT };
	struct convert_options how = { 0 };
	struct convert_stats stats;
	struct error err = { 0 };
	struct blink_file *f;
	struct player *p;
	struct sink *sink = sink_null_create();

	if (convert_trace(rec, blink, &how, &stats, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(stats.frames, frames);
	assert_int_equal(stats.lost, 0);
	if (blink_open(&f, blink, 0, &err) < 0)
		fail_msg("%s", err.text);
	/* what was drawn before the first swap stands as a frame of its own */
	assert_true(blink_frame_count(f) == frames || (!frames && blink_frame_count(f) == 1));
	assert_int_equal(blink_frame_data_count(f), frames);
	if (player_create(&p, f, sink, &opt, &err) < 0)
		fail_msg("%s", err.text);
	if (frames && player_play(p, (uint32_t)frames - 1, NULL, &err) < 0)
		fail_msg("%s", err.text);
	player_destroy(p);
	blink_close(f);
	sink_destroy(sink);
}

static void files_name(int round)
{
	const char *folder = getenv("KILL_KEEP");

	snprintf(rec, sizeof(rec), "%s/test_kill.%d.%d.recording", folder ? folder : "/tmp", (int)getpid(), round);
	snprintf(blink, sizeof(blink), "%s/test_kill.%d.%d.blink", folder ? folder : "/tmp", (int)getpid(), round);
}

static void test_kill(void **state)
{
	const char *rounds = getenv("KILL_ROUNDS"), *given = getenv("TEST_SEED");
	const char *program = getenv("KILL_PROGRAM");
	uint32_t seed = given ? (uint32_t)strtoul(given, NULL, 10) : (uint32_t)time(NULL);
	int n = rounds ? atoi(rounds) : 5, killed = 0;
	uint64_t frames = 0;

	(void)state;
	print_message("TEST_SEED=%u\n", seed);
	for (int i = 0; i < n; i++) {
		uint64_t seen;

		files_name(i);
		killed += run_and_kill(program ? program : "glxgears", random_next(&seed) % 400000,
				       i % 2 == 0);
		seen = recording_check();
		blink_check(seen);
		frames += seen;
		if (!getenv("KILL_KEEP")) {
			unlink(rec);
			unlink(blink);
		}
	}
	print_message("%d rounds, %d killed, %llu frames kept\n", n, killed,
		      (unsigned long long)frames);
	assert_int_equal(killed, n);
	assert_true(frames > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill),
	};
	struct error err = { 0 };
	char path[PATH_MAX];
	int failed;

	if (!library_find()) {
		printf("skipped: libblink-record.so is not built\n");
		return 77;
	}
	if (!getenv("KILL_PROGRAM") && !run_find_program("glxgears", path, sizeof(path))) {
		printf("skipped: glxgears is not installed (apt install mesa-utils)\n");
		return 77;
	}
	if (xvfb_start(&xvfb, 1280, 1024, &err) < 0) {
		printf("skipped: %s\n", err.text);
		return 77;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	xvfb_stop(&xvfb);
	return failed;
}
