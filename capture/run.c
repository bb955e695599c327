/* run.c - blinkctl's side of a capture: sets the guardian to work, follows the trace,
 * decides when to stop, keeps or drops the file. */
#include "capture/run_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/record/format.h"
#include "capture/recording.h"
#include "capture/run_log.h"
#include "capture/run_record.h"

struct run {
	struct run_options opt;          /* copies: the guardian wipes its arguments */
	char output[PATH_MAX], part[PATH_MAX], wrapper[PATH_MAX], program[PATH_MAX];
	char display[64];
	int control, news;               /* pipe ends */
	int log;
	pid_t guard;
	struct watch watch;              /* of a trace */
	bool watching;
	struct record_header *header;    /* of a recording */
	struct recording_drain *drain;   /* of its slots; NULL: it has none */

	bool started, ended, forked, crashed_display, done, asked_length, no_display;
	int status, not_started, display_status;
	bool full, any;                  /* the disk: nothing more is recorded; something was */
	double begin, end, fed, program_cpu;
	struct error feed_error;
	unsigned orders;                 /* given */
};

static volatile sig_atomic_t interrupts;

static void on_interrupt(int sig)
{
	(void)sig;
	interrupts++;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *run_end_name(enum run_end end)
{
	static const char *const names[] = {
		[RUN_EXITED] = "exited", [RUN_STOPPED] = "stopped", [RUN_INTERRUPTED] = "interrupted",
		[RUN_CRASHED] = "crashed", [RUN_DISPLAY_DIED] = "display died",
		[RUN_GUARD_DIED] = "guardian died"
	};

	return names[end];
}

/* ---- before ---- */

static int output_names(struct run *r, struct error *err)
{
	const char *out = r->opt.output, *slash = strrchr(out, '/');
	char dir[PATH_MAX], real[PATH_MAX];
	struct stat st;

	snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - out) + 1 : 1, slash ? out : ".");
	if (strlen(out) > PATH_MAX - 64 || !realpath(dir, real) || access(real, W_OK) < 0)
		return error_set(err, errno ? -errno : -ENAMETOOLONG, "%s: cannot write there: %s", out,
				 strerror(errno ? errno : ENAMETOOLONG));
	if (stat(out, &st) == 0 && !S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "%s: is there and not a file (give another -o)", out);
	if (slash && !slash[1])
		return error_set(err, -EISDIR, "%s: names a folder (give a file with -o)", out);
	if (snprintf(r->output, sizeof r->output, "%s/%s", real, slash ? slash + 1 : out) >= PATH_MAX - 32)
		return error_set(err, -ENAMETOOLONG, "%s: name too long", out);
	snprintf(r->part, sizeof r->part, "%.*s.part-%d", PATH_MAX - 32, r->output, getpid());
	unlink(r->part);
	return 0;
}

/* A program that makes its contexts through EGL and not GLX, as far as its file tells. */
static bool program_wants_egl(const char *path)
{
	FILE *f = fopen(path, "rbe");
	char *text = malloc(64u << 20);
	size_t n = f && text ? fread(text, 1, 64u << 20, f) : 0;
	bool egl = n && memmem(text, n, "eglCreateContext", 16) &&
		   !memmem(text, n, "glXCreate", 9);

	free(text);
	if (f)
		fclose(f);
	return egl;
}

static int recording_begin(struct run *r, struct error *err)
{
	int code = recording_create(r->part, &r->header, err);

	if (code < 0 || !r->opt.whole)
		return code;
	recording_slots_make(r->part, r->header);
	return recording_drain_create(&r->drain, r->part, r->header, err);
}

static int tools_find(struct run *r, struct run_result *res, struct error *err)
{
	const char *name = r->opt.argv[0], *why;

	if (!run_find_program(name, r->program, sizeof r->program))
		return strchr(name, '/') && access(name, F_OK) == 0 ?
		       error_set(err, -EACCES, "%s: cannot be run: %s", name, strerror(EACCES)) :
		       error_set(err, -EINVAL, "%s: no such program (is it installed, and in PATH?)", name);
	if (r->opt.recorder == RUN_BLINK) {
		why = run_recorder_refuses(r->program);
		if (why)
			return error_set(err, -ENOTSUP, "%s: our recorder cannot serve it: %s "
					 "(--recorder apitrace)", name, why);
		snprintf(res->wrapper, sizeof res->wrapper, "glx and egl");
		if (!run_find_recorder(r->wrapper, sizeof r->wrapper))
			return error_set(err, -ENOPKG, "libblink-record.so: not found beside blinkctl "
					 "(make builds it)");
		return recording_begin(r, err);
	}
	if (r->opt.api == RUN_API_AUTO)
		r->opt.api = program_wants_egl(r->program) ? RUN_API_EGL : RUN_API_GLX;
	snprintf(res->wrapper, sizeof res->wrapper, "%s", r->opt.api == RUN_API_EGL ? "egl" : "glx");
	if (!run_find_wrapper(r->opt.api == RUN_API_EGL ? "egltrace.so" : "glxtrace.so", r->wrapper,
			      sizeof r->wrapper))
		return error_set(err, -ENOPKG, "apitrace: not found (apt install apitrace)");
	return 0;
}

static int display_choose(struct run *r, struct error *err)
{
	const char *name = r->opt.display_name;
	char xvfb[PATH_MAX];

	if (r->opt.display == RUN_DISPLAY_AUTO)
		name = getenv("DISPLAY");
	if (r->opt.display != RUN_DISPLAY_OWN && name && *name && run_display_answers(name)) {
		snprintf(r->display, sizeof r->display, "%s", name);
		return 0;
	}
	if (r->opt.display == RUN_DISPLAY_GIVEN)
		return error_set(err, -ECONNREFUSED, "display %s: does not answer (or use --xvfb)", name);
	if (!run_find_program("Xvfb", xvfb, sizeof xvfb))
		return error_set(err, -ENOPKG, "Xvfb: not found and no display answers (apt install xvfb)");
	return 0;
}

static int guard_start(struct run *r, struct error *err)
{
	struct guard_job job = {
		.opt = &r->opt, .wrapper = r->wrapper, .program = r->program, .trace = r->part,
		.output = r->output, .display = r->display[0] ? r->display : NULL, .log = r->log
	};
	int down[2] = { -1, -1 }, up[2] = { -1, -1 };

	if (pipe2(down, O_CLOEXEC) < 0 || pipe2(up, O_CLOEXEC) < 0)
		return error_set(err, -errno, "capture: cannot make a pipe: %s", strerror(errno));
	job.control = down[0];
	job.status = up[1];
	r->guard = fork();
	if (r->guard == 0)
		guard_main(&job);
	close(down[0]);
	close(up[1]);
	r->control = down[1];
	r->news = up[0];
	if (r->guard < 0)
		return error_set(err, -errno, "capture: cannot fork: %s", strerror(errno));
	return 0;
}

/* ---- during ---- */

static void order(struct run *r, char what)
{
	while (write(r->control, &what, 1) < 0 && errno == EINTR)
		;
	r->orders++;
}

static void news_take(struct run *r, const struct guard_message *m)
{
	switch ((enum guard_news)m->news) {
	case NEWS_DISPLAY:
		snprintf(r->display, sizeof r->display, "%s", m->text);
		break;
	case NEWS_NO_DISPLAY:
		r->no_display = true;
		r->display_status = m->value;
		break;
	case NEWS_STARTED:
		r->started = true;
		r->begin = now();
		break;
	case NEWS_NOT_STARTED:
		r->not_started = m->value;
		break;
	case NEWS_DISPLAY_DIED:
		r->crashed_display = true;
		break;
	case NEWS_ENDED:
		r->ended = true;
		r->status = m->value;
		r->end = now();
		break;
	case NEWS_FORKED:
		r->forked = true;
		break;
	case NEWS_DONE:
		r->done = true;
		r->program_cpu = atof(m->text);
		if (r->forked || !r->ended)
			r->end = now();
		break;
	}
}

static bool frames_reached(struct run *r)
{
	uint64_t frames, calls, bytes;

	if (!r->header)
		return atomic_load(&r->watch.reached);
	run_recording_counts(r->header, &frames, &calls, &bytes);
	return r->opt.frames && frames >= r->opt.frames;
}

/* A full disk ends the recording.  Frames that are asked for will not come any more then,
 * and where there is no room at all there is nothing to wait for; otherwise a program that
 * somebody uses goes on. */
static void space_look(struct run *r)
{
	if (!r->header || r->full || !(atomic_load(&r->header->problems) & RECORD_NO_SPACE))
		return;
	r->full = true;
	r->any = atomic_load(&r->header->reserved) > r->header->slots;
	if (r->any && r->started && !r->ended)
		fprintf(stderr, "blinkctl: %s: no space left: the recording ends here, %s\n",
			r->opt.output, r->opt.frames ? "and so does the program"
			: "the program goes on without it");
}

/* Stops the program when it is time; gives each order once. */
static void orders_give(struct run *r)
{
	bool reached = frames_reached(r) || (r->full && (r->opt.frames || !r->any)) ||
		(r->opt.duration > 0 && r->started && now() - r->begin >= r->opt.duration);

	if (reached && r->orders == 0) {
		r->asked_length = !r->ended || r->forked;
		if (r->header)
			run_recording_stop(r->header);
		order(r, ORDER_STOP);
	}
	if (interrupts > 0 && r->orders == 0)
		order(r, ORDER_STOP);
	if (interrupts > 1 && r->orders < 2)
		order(r, ORDER_KILL);
}

/* Between two times of giving what was recorded so far to who wants it: seldom, since each
 * time takes the processor's caches from the program.  But a slot that is full is emptied
 * soon: the program takes it again then, instead of one whose pages are to be made. */
#define FEED_SECONDS 0.2
#define EMPTY_SECONDS 0.04
#define LOOK_MS 50

static double feed_interval(const struct record_header *h)
{
	uint32_t n = h->slots < RECORD_SLOTS ? h->slots : RECORD_SLOTS;

	for (uint32_t i = 0; i < n; i++)
		if ((atomic_load(&h->slot[i]) & 3) == RECORD_SLOT_FULL)
			return EMPTY_SECONDS;
	return FEED_SECONDS;
}

static bool feed_due(const struct run *r)
{
	if (!r->header || now() - r->fed < feed_interval(r->header))
		return false;
	return r->opt.whole ? atomic_load(&r->header->segments) > r->header->slots
			    : atomic_load(&r->header->frames) > 0;
}

static void feed(struct run *r, bool last)
{
	if (!r->header || (!last && !feed_due(r)))
		return;
	r->fed = now();
	if (r->drain)
		recording_drain_look(r->drain);
	if (r->opt.feed && !r->feed_error.code &&
	    r->opt.feed(r->opt.feed_user, r->part, r->header, last, &r->feed_error) < 0 &&
	    r->orders == 0)
		order(r, ORDER_STOP);
	/* at the end they are read where they are */
	if (r->drain && !last)
		recording_drain_empty(r->drain);
}

static void progress_say(struct run *r)
{
	struct run_progress p = {
		.frames = atomic_load(&r->watch.frames), .calls = atomic_load(&r->watch.calls),
		.seconds = r->started ? now() - r->begin : 0
	};
	struct stat st;

	if (!r->opt.progress)
		return;
	if (r->header)
		run_recording_counts(r->header, &p.frames, &p.calls, &p.bytes);
	else
		p.bytes = stat(r->part, &st) == 0 ? (uint64_t)st.st_size : 0;
	r->opt.progress(r->opt.user, &p);
}

/* Until the guardian says that nothing runs any more, or dies. */
static void follow(struct run *r)
{
	while (!r->done) {
		struct pollfd p = { r->news, POLLIN, 0 };
		struct guard_message m;

		/* the processor is the program's: as seldom as slots and who looks on allow */
		if (poll(&p, 1, r->opt.progress || r->drain ? LOOK_MS : 2 * LOOK_MS) > 0) {
			ssize_t n = read(r->news, &m, sizeof m);

			if (n == 0)
				break;
			if (n == (ssize_t)sizeof m)
				news_take(r, &m);
		}
		space_look(r);
		orders_give(r);
		feed(r, false);
		progress_say(r);
	}
}

/* The guardian was killed: what it watched over has come to us. */
static void sweep(void)
{
	for (int i = 0; i < 200 && family_signal(getpid(), 0, SIGKILL) > 0; i++)
		poll(NULL, 0, 10);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* ---- after ---- */

static int fail_with_log(const struct run *r, struct error *err, int code, const char *why)
{
	char tail[200];

	run_log_tail(r->log, tail, sizeof tail);
	return error_set(err, code, "%s: %s%s%s", r->opt.argv[0], why, tail[0] ? "; its last words: " : "", tail);
}

/* Why there is no trace. */
static int explain_nothing(struct run *r, struct error *err)
{
	bool egl = r->opt.api == RUN_API_EGL;
	char why[256], hint[64];

	snprintf(hint, sizeof hint, "%s", r->header ? "through GLX or EGL" : egl ?
		 "if it draws through GLX: --api glx" : "if it draws through EGL: --api egl");
	if (r->no_display)
		return error_set(err, -EIO, "Xvfb: did not start (run it by hand to see why: Xvfb -displayfd 1 +extension GLX)");
	if (r->not_started)
		return error_set(err, -r->not_started, "%s: cannot be run: %s", r->opt.argv[0],
				 strerror(r->not_started));
	if (!r->started && interrupts)
		return error_set(err, -EINTR, "capture: interrupted before the program started");
	if (!r->done)
		return error_set(err, -ECHILD, "capture: its guardian was killed before anything was traced");
	if (r->header && atomic_load(&r->header->problems) & RECORD_NO_SPACE)
		return error_set(err, -ENOSPC, "%s: no space left for the recording (it needs some MiB at least)",
				 r->output);
	if (r->crashed_display)
		snprintf(why, sizeof why, "its display died before it drew anything");
	else if (r->asked_length || interrupts)
		return error_set(err, -ENODATA, "%s: stopped before its first GL call (give it longer; "
				 "%s)", r->opt.argv[0], r->header ? "or is there none?" : hint);
	else if (WIFSIGNALED(r->status))
		snprintf(why, sizeof why, "crashed (%s) before its first GL call", strsignal(WTERMSIG(r->status)));
	else if (WEXITSTATUS(r->status))
		snprintf(why, sizeof why, "ended with status %d before its first GL call", WEXITSTATUS(r->status));
	else
		snprintf(why, sizeof why, "ended without a GL call that %s sees (%s)",
			 r->header ? "our recorder" : "apitrace", hint);
	return fail_with_log(r, err, -ENODATA, why);
}

static enum run_end end_of(const struct run *r)
{
	if (!r->done)
		return RUN_GUARD_DIED;
	if (r->crashed_display)
		return RUN_DISPLAY_DIED;
	if (r->asked_length)
		return RUN_STOPPED;
	if (interrupts)
		return RUN_INTERRUPTED;
	return r->ended && WIFSIGNALED(r->status) ? RUN_CRASHED : RUN_EXITED;
}

static void summarize(struct run *r, struct run_result *res)
{
	struct stat st;

	res->frames = atomic_load(&r->watch.frames);
	res->drawn = r->watch.drawn;
	res->calls = atomic_load(&r->watch.calls);
	res->functions = r->watch.functions;
	res->payload_bytes = r->watch.payload;
	res->truncated = r->watch.truncated;
	res->trace_bytes = stat(r->part, &st) == 0 ? (uint64_t)st.st_size : 0;
	if (r->header) {
		run_recording_counts(r->header, &res->frames, &res->calls, &res->trace_bytes);
		res->drawn = res->frames;
	}
	res->seconds = r->end > r->begin ? r->end - r->begin : 0;
	res->program_cpu = r->program_cpu;
	res->end = end_of(r);
	res->status = r->ended && WIFEXITED(r->status) ? WEXITSTATUS(r->status) : 0;
	res->signal = r->ended && WIFSIGNALED(r->status) ? WTERMSIG(r->status) : 0;
	snprintf(res->display, sizeof res->display, "%s", r->display);
	run_log_other_trace(r->log, r->part, res->other, sizeof res->other);
}

static int keep(struct run *r, struct error *err)
{
	if (rename(r->part, r->output) == 0)
		return 0;
	return error_set(err, -errno, "%s: cannot rename the %s: %s", r->output,
			 r->header ? "recording" : "trace", strerror(errno));
}

/* Keeps the trace or explains why there is none. */
static int conclude(struct run *r, struct run_result *res, struct error *err)
{
	int code = 0;

	if (r->header) {
		if (atomic_load(&r->header->problems) & RECORD_FOREIGN_TABLE)
			return error_set(err, -ENOTSUP, "%s: is not of this blinkctl's build: nothing was "
					 "recorded (make builds both)", r->wrapper);
		/* one that was given back in part is read by who gave it back, and one with
		 * frames has calls: its segments need not be read for that */
		if (!atomic_load(&r->header->floor) && !atomic_load(&r->header->frames) &&
		    !run_recording_usable(r->part))
			return explain_nothing(r, err);
		feed(r, true);
		if (r->feed_error.code) {
			*err = r->feed_error;
			return err->code;
		}
		summarize(r, res);
		return keep(r, err);
	}

	if (!r->watching || access(r->part, F_OK) < 0)
		return explain_nothing(r, err);
	if (!r->watch.readable) {
		if (r->watch.error.code && !r->watch.truncated && atomic_load(&r->watch.calls))
			return error_set(err, r->watch.error.code, "%s", r->watch.error.text);
		return explain_nothing(r, err);
	}
	if (atomic_load(&r->watch.reached))
		code = trace_cut(r->part, r->watch.mark, err);
	if (code == 0)
		code = trace_drop_echoes(r->part, err) < 0 ? err->code : 0;
	summarize(r, res);
	return code == 0 ? keep(r, err) : code;
}

static int run_through(struct run *r, struct run_result *res, struct error *err)
{
	int code = guard_start(r, err);

	/* of a recording its header tells */
	if (code == 0 && !r->header) {
		r->watching = watch_start(&r->watch, err) == 0;
		if (!r->watching)
			order(r, ORDER_KILL);
	}
	if (code == 0)
		follow(r);
	if (!r->done)
		sweep();
	if (r->watching)
		watch_finish(&r->watch);
	if (code == 0)
		code = conclude(r, res, err);
	if (code < 0)
		unlink(r->part);
	if (r->control >= 0) {
		order(r, ORDER_KEPT);
		close(r->control);
	}
	if (r->news >= 0)
		close(r->news);
	while (r->guard > 0 && waitpid(r->guard, NULL, 0) < 0 && errno == EINTR)
		;
	return code;
}

static char **strings_copy(char *const *from)
{
	size_t n = 0;
	char **to;

	while (from[n])
		n++;
	to = calloc(n + 1, sizeof *to);
	for (size_t i = 0; to && i < n; i++)
		to[i] = strdup(from[i]);
	return to;
}

static void strings_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

int run_capture(const struct run_options *opt, struct run_result *res, struct error *err)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction act = { .sa_handler = on_interrupt }, old[4];
	struct run *r = calloc(1, sizeof *r);
	char **argv = strings_copy(opt->argv);
	int code, reaper = 0;

	memset(res, 0, sizeof *res);
	res->recorder = opt->recorder;
	if (!r || !argv) {
		free(r);
		strings_free(argv);
		return error_set(err, -ENOMEM, "capture: no memory");
	}
	r->opt = *opt;
	r->opt.argv = argv;
	r->control = r->news = -1;
	r->watch.path = r->part;
	r->watch.frames_wanted = opt->frames;
	interrupts = 0;
	for (int i = 0; i < 4; i++) {
		act.sa_handler = caught[i] == SIGPIPE ? SIG_IGN : on_interrupt;
		sigaction(caught[i], &act, &old[i]);
	}
	prctl(PR_GET_CHILD_SUBREAPER, &reaper);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	r->log = run_log_open();
	code = r->log < 0 ? error_set(err, r->log, "capture: cannot make a temporary file: %s", strerror(-r->log)) : 0;
	if (code == 0)
		code = output_names(r, err);
	if (code == 0)
		code = tools_find(r, res, err);
	if (code == 0)
		code = display_choose(r, err);
	if (code == 0)
		code = run_through(r, res, err);
	if (code < 0 && r->header)
		unlink(r->part);
	recording_drain_destroy(r->drain);
	recording_header_unmap(r->header);
	if (r->log >= 0)
		close(r->log);
	prctl(PR_SET_CHILD_SUBREAPER, reaper);
	for (int i = 0; i < 4; i++)
		sigaction(caught[i], &old[i], NULL);
	strings_free(argv);
	free(r);
	return code;
}
