/* stream.c - glretrace and the player as sources of pictures. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay/stream.h"

/* Fresh memory is filled with a fixed pattern on both sides: with this byte's
 * complement.  glretrace shows it where a picture is larger than a window's buffers. */
#define PERTURB 170

/* ---- processes ----------------------------------------------------------- */

/* Forks; in the child stdout is the pipe, stderr a file that the parent reads when
 * the stream breaks off.  Returns 0 in the child, 1 in the parent. */
static int stream_fork(struct stream *s, struct error *err)
{
	pid_t parent = getpid();
	int fds[2], e;

	s->complaints = tmpfile();
	if (!s->complaints)
		return error_set(err, -errno, "%s: no temporary file: %s", s->what,
				 strerror(errno));
	if (pipe2(fds, O_CLOEXEC)) {
		e = errno;
		fclose(s->complaints);
		s->complaints = NULL;
		return error_set(err, -e, "%s: no pipe: %s", s->what, strerror(e));
	}
	fflush(NULL);
	s->pid = fork();
	if (s->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		dup2(fds[1], 1);
		dup2(fileno(s->complaints), 2);
		return 0;
	}
	close(fds[1]);
	s->in = s->pid < 0 ? NULL : fdopen(fds[0], "rb");
	if (!s->in) {
		close(fds[0]);
		stream_stop(s);
		return error_set(err, -EAGAIN, "%s: no process could be made", s->what);
	}
	return 1;
}

void stream_stop(struct stream *s)
{
	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	s->pid = 0;
	if (s->in)
		fclose(s->in);
	s->in = NULL;
	if (s->complaints)
		fclose(s->complaints);
	s->complaints = NULL;
	picture_finish(&s->picture);
	s->full = false;
	s->ended = true;
}

/* The last line that the process complained with, for the error. */
static void last_complaint(struct stream *s, char *out, size_t size)
{
	char line[256];

	out[0] = 0;
	rewind(s->complaints);
	while (fgets(line, sizeof(line), s->complaints)) {
		line[strcspn(line, "\n")] = 0;
		if (line[0])
			snprintf(out, size, "%.*s", (int)sizeof(line), line);
	}
}

/* The stream has ended: was that meant? */
static int stream_end(struct stream *s, struct error *err)
{
	char why[300];
	int status;

	s->ended = true;
	if (s->pid <= 0 || waitpid(s->pid, &status, 0) != s->pid)
		return 0;
	s->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	last_complaint(s, why, sizeof(why));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_set(err, -ENODEV, "%s: it is not installed (apt install apitrace)",
				 s->what);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return error_set(err, -ENODEV, "%s", why);
	if (WIFSIGNALED(status))
		return error_set(err, -EIO, "%s: it died of signal %d (%s)%s%s", s->what,
				 WTERMSIG(status), strsignal(WTERMSIG(status)),
				 why[0] ? ": " : "", why);
	return error_set(err, -EIO, "%s: it failed%s%s", s->what, why[0] ? ": " : "", why);
}

int stream_take(struct stream *s, uint64_t number, const struct picture **p, struct error *err)
{
	int r;

	if (s->full && s->number < number)
		s->full = false;
	while (!s->full && !s->ended) {
		r = picture_read_pnm(s->in, &s->picture, &s->number, err);
		if (r == 0 || r == -EPROTO) {
			int e = stream_end(s, err);

			return e < 0 ? e : r;
		}
		if (r < 0)
			return r;
		s->full = s->number >= number;
	}
	if (!s->full || s->number != number)
		return 0;
	*p = &s->picture;
	return 1;
}

/* ---- glretrace ----------------------------------------------------------- */

/* A file of call numbers, since a command line has not room for many. */
static int callset_write(const struct stream_frames *want, char *path, size_t size,
			 struct error *err)
{
	const char *dir = getenv("TMPDIR");
	FILE *f;
	int fd;

	snprintf(path, size, "%s/blink-calls-XXXXXX", dir && dir[0] ? dir : "/tmp");
	fd = mkstemp(path);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	for (uint32_t i = 0; i < want->n; i++)
		fprintf(f, "%" PRIu64 "\n", want->calls[i]);
	if (fclose(f)) {
		unlink(path);
		return error_set(err, -EIO, "%s: it could not be written", path);
	}
	return 0;
}

/* On an X server of our own there is no other driver, so both sides are told so. */
static void display_set(const char *display)
{
	if (!display)
		return;
	setenv("DISPLAY", display, 1);
	setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
}

static void become_glretrace(const char *program, const char *trace, const char *callset,
			     const char *display)
{
	char perturb[16];

	snprintf(perturb, sizeof(perturb), "%d", PERTURB);
	setenv("MALLOC_PERTURB_", perturb, 1);
	display_set(display);
	execlp(program, program, "--headless", "-s", "-", "-S", callset, trace,
	       (char *)NULL);
	_exit(127);
}

int stream_glretrace(struct stream *s, const char *trace, const struct stream_frames *want,
		     const char *display, struct error *err)
{
	char callset[512] = "@";
	const struct picture *unused;
	int r;

	memset(s, 0, sizeof(*s));
	s->what = want->egl ? "eglretrace" : "glretrace";
	r = callset_write(want, callset + 1, sizeof(callset) - 1, err);
	if (r < 0)
		return r;
	r = stream_fork(s, err);
	if (r == 0)
		become_glretrace(s->what, trace, callset, display);
	/* It has read the file when its first picture, or its end, is here. */
	if (r > 0)
		r = stream_take(s, want->n ? want->calls[0] : 0, &unused, err);
	unlink(callset + 1);
	return r < 0 ? r : 0;
}

/* ---- the player ---------------------------------------------------------- */

struct playing {
	const struct stream_frames *want;
	uint32_t at;
	FILE *out;
	bool offscreen;
};

static int picture_send(void *user, struct sink *sink, uint32_t frame, struct error *err)
{
	struct playing *p = user;
	struct picture picture = { 0 };
	int r;

	if (p->at >= p->want->n || p->want->frames[p->at] != frame)
		return 0;
	p->at++;
	/* Nothing to see is no failure: the other side has no picture then either. */
	if (sink_gl_read(sink, &picture.rgb, &picture.w, &picture.h, NULL) < 0)
		return 0;
	r = picture_write_pnm(p->out, &picture, frame, err);
	picture_finish(&picture);
	return r;
}

static int play_all(const char *blink, struct playing *p, enum player_engine engine,
		    struct error *err)
{
	struct player_options opt = { .engine = engine, .on_frame = picture_send, .user = p };
	struct blink_file *file = NULL;
	struct player *player = NULL;
	struct sink *sink = NULL;
	const struct sink_gl_options gl = { .window = !p->offscreen, .hidden = true,
					    .back = p->want->plain,
					    .unwritten = p->want->plain ? 0 : PERTURB ^ 0xff };
	int r = sink_gl_create(&sink, &gl, err);

	if (r >= 0)
		r = blink_open(&file, blink, 0, err);
	if (r >= 0)
		r = player_create(&player, file, sink, &opt, err);
	if (r >= 0 && p->want->n)
		r = player_play(player, p->want->frames[p->want->n - 1], NULL, err);
	player_destroy(player);
	blink_close(file);
	sink_destroy(sink);
	return r;
}

int stream_player(struct stream *s, const char *blink, const struct stream_frames *want,
		  enum player_engine engine, bool offscreen, const char *display,
		  struct error *err)
{
	struct playing p = { .want = want, .offscreen = offscreen };
	struct error e = { 0 };
	int r;

	memset(s, 0, sizeof(*s));
	s->what = engine == PLAYER_JIT ? "replay (jit)" : "replay (interp)";
	r = stream_fork(s, err);
	if (r != 0)
		return r < 0 ? r : 0;
	if (!want->plain)
		mallopt(M_PERTURB, PERTURB);
	display_set(display);
	/* Drivers may print on stdout; the pictures go their own way. */
	p.out = fdopen(dup(1), "wb");
	dup2(2, 1);
	r = p.out ? play_all(blink, &p, engine, &e) : -errno;
	if (r < 0)
		fprintf(stderr, "\n%s\n", e.text);
	fflush(NULL);
	_exit(r == -ENODEV ? 77 : r < 0);
}
