/* run_watch.c - a thread that reads the trace while it grows: counts for the progress
 * line, the end at --frames, and the summary, all from one pass. */
#include "capture/run_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Calls that end a frame. */
static const char *const frame_ends[] = {
	"glXSwapBuffers", "glXSwapBuffersMscOML", "eglSwapBuffers", "eglSwapBuffersWithDamageKHR",
	"eglSwapBuffersWithDamageEXT", "glFrameTerminatorGREMEDY", NULL
};
static char mark_seen, mark_frame;

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
}

/* At the end of what is there: look again, until the program is gone and one more
 * look has found nothing. */
static bool watch_more(void *user)
{
	struct watch *w = user;

	if (!atomic_load(&w->over))
		nap();
	else if (w->last_look)
		return false;
	else
		w->last_look = true;
	return true;
}

/* The header is within the first chunk; is that whole? */
static bool first_chunk_whole(const char *path)
{
	uint8_t b[6];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	bool whole = size > 6 && pread(fd, b, sizeof b, 0) == sizeof b &&
		     size >= 6 + (off_t)((uint32_t)b[2] | (uint32_t)b[3] << 8 | (uint32_t)b[4] << 16 |
					 (uint32_t)b[5] << 24);

	if (fd >= 0)
		close(fd);
	return whole;
}

static bool sig_is_frame(struct trace_sig *sig)
{
	if (!sig->user) {
		sig->user = &mark_seen;
		for (int i = 0; frame_ends[i]; i++)
			if (!strcmp(sig->name, frame_ends[i]))
				sig->user = &mark_frame;
	}
	return sig->user == &mark_frame;
}

static uint64_t payload_of(const struct trace_value *v)
{
	uint64_t sum = 0;

	if (v->kind == TRACE_BLOB)
		return v->count;
	if (v->kind == TRACE_ARRAY)
		for (uint32_t i = 0; i < v->count; i++)
			sum += payload_of(&v->items[i]);
	return sum;
}

static void watch_read(struct watch *w, struct trace *t)
{
	struct trace_call call;
	uint64_t frames = 0, calls = 0;
	int r;

	while ((r = trace_next(t, &call, &w->error)) == 1) {
		bool end;

		w->functions += call.sig->user == NULL;
		end = sig_is_frame(call.sig);
		atomic_store_explicit(&w->calls, ++calls, memory_order_relaxed);
		for (uint32_t i = 0; i < call.sig->nargs; i++)
			w->payload += payload_of(&call.args[i]);
		if (!end)
			continue;
		atomic_store(&w->frames, ++frames);
		if (frames == w->frames_wanted) {
			w->mark = trace_mark(t);
			atomic_store(&w->reached, true);
			break;
		}
	}
	w->readable = r >= 0 && calls > 0;
	w->truncated = r != 1 && trace_truncated(t);
	w->drawn = frames;
	while (r == 1 && (r = trace_next(t, &call, NULL)) == 1)  /* what will be cut off: for the rate */
		w->drawn += sig_is_frame(call.sig);
}

static void *watch_main(void *user)
{
	struct watch *w = user;
	struct trace *t;

	while (!atomic_load(&w->over) && !first_chunk_whole(w->path))
		nap();
	if (trace_open(&t, w->path, &w->error) < 0)
		return NULL;
	trace_follow(t, watch_more, w);
	watch_read(w, t);
	trace_close(t);
	return NULL;
}

int watch_start(struct watch *w, struct error *err)
{
	sigset_t all, old;
	int e;

	sigfillset(&all);                        /* signals are for the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	e = pthread_create(&w->thread, NULL, watch_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return e ? error_set(err, -e, "capture: cannot start a thread: %s", strerror(e)) : 0;
}

void watch_finish(struct watch *w)
{
	atomic_store(&w->over, true);
	pthread_join(w->thread, NULL);
}

bool watch_usable(const char *path)
{
	struct trace_call call;
	struct trace *t;
	bool usable = false;

	if (trace_open(&t, path, NULL) == 0)
		usable = trace_next(t, &call, NULL) == 1;
	trace_close(t);
	return usable;
}
