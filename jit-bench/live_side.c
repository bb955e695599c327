/* live_side.c - see live_side.h. */
#include "jit-bench/live_side.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/counted.h"

#define TURN 0.1                       /* s: long beside what filling caches takes */
#define LOOK 0.005
#define LIMIT 600.0                    /* s, for all sides together */
#define TURNS_A_PIECE 2u

/* ---- what it took ------------------------------------------------------------------------ */

static uint64_t played(const struct live_side *s)
{
	return atomic_load_explicit(&s->count->frames, memory_order_relaxed);
}

/* The processes may be stopped, but not gone. */
static void point_take(struct live_side *s)
{
	double frames = (double)played(s);
	struct live_point *p = &s->point[s->points];

	if (s->points == LIVE_POINTS || (s->points && p[-1].frames >= frames))
		return;
	p->frames = frames;
	p->cpu = process_cpu(&s->client) + (s->virgl ? process_cpu(&s->virgl->virgl) : 0) +
		 (s->server ? process_cpu(s->server) - s->before : 0);
	s->points++;
}

double live_side_cpu(const struct live_side *s, double frames)
{
	unsigned i = 1;

	if (s->points < 2)
		return 0;
	while (i < s->points - 1 && s->point[i].frames < frames)
		i++;
	return s->point[i - 1].cpu + (s->point[i].cpu - s->point[i - 1].cpu) *
	       (frames - s->point[i - 1].frames) / (s->point[i].frames - s->point[i - 1].frames);
}

unsigned live_sides_pieces(const struct live_side *side, unsigned n, double first, double *last)
{
	unsigned least = LIVE_PIECES * TURNS_A_PIECE;

	for (unsigned i = 0; i < n; i++) {
		const struct live_side *s = &side[i];
		unsigned turns = 0;

		for (unsigned k = 0; k < s->points; k++)
			turns += s->point[k].frames > first;
		least = turns < least ? turns : least;
		if (s->points && s->point[s->points - 1].frames < *last)
			*last = s->point[s->points - 1].frames;
	}
	return least < TURNS_A_PIECE ? 1 : least / TURNS_A_PIECE;
}

/* ---- playing ----------------------------------------------------------------------------- */

static void side_signal(const struct live_side *s, int signal)
{
	if (s->server)
		process_signal(s->server, signal);
	if (s->virgl)
		process_signal(&s->virgl->virgl, signal);
	process_signal(&s->client, signal);
}

static int count_make(struct live_side *s, struct error *err)
{
	int fd;

	snprintf(s->counted, sizeof(s->counted), "/tmp/blink-count-XXXXXX");
	fd = mkstemp(s->counted);
	if (fd < 0) {
		s->counted[0] = 0;
		return error_set(err, -errno, "/tmp: no file can be made there: %s",
				 strerror(errno));
	}
	close(fd);
	s->count = counted_open(s->counted, err);
	if (s->count)
		atomic_store(&s->count->stop, s->mark);
	return s->count ? 0 : -EIO;
}

static int side_start(struct live_side *s, const char *self, const char *path, uint32_t frames,
		      struct error *err)
{
	char range[32];
	const char *argv[] = { self, "replay", path, "--frames", range, "--count", s->counted,
			       s->option, s->value, NULL };
	const struct process_place place = { .output = NULL };
	int e;

	snprintf(range, sizeof(range), "0:%u", frames);
	s->points = 0;
	s->done = false;
	s->mark = frames / 2;
	s->before = s->server ? process_cpu(s->server) : 0;
	e = count_make(s, err);
	if (e == 0 && s->virgl)
		e = stage_virgl_start(s->virgl, true, err);
	if (e == 0)
		e = process_start(&s->client, &place, argv, s->env, err);
	side_signal(s, SIGSTOP);
	return e;
}

static int side_end(struct live_side *s, struct error *err)
{
	struct process_cost cost = { 0 };
	double virgl = 0;
	int e = process_end(&s->client, "blinkctl replay", &cost, err);

	if (s->virgl)
		stage_virgl_end(s->virgl, &virgl);
	s->done = true;
	return e;
}

/* Its turn; it may end in it. */
static int side_turn(struct live_side *s, uint32_t frames, struct error *err)
{
	int e = 0;

	side_signal(s, SIGCONT);
	for (double t = 0; t < TURN && !s->done && e == 0; t += LOOK) {
		rig_sleep(LOOK);
		if (played(s) >= s->mark && atomic_load(&s->count->stop) == 0) {
			point_take(s);
			s->mark = played(s) >= frames ? UINT64_MAX : frames;
			atomic_store(&s->count->stop, s->mark);
			rig_sleep(0.001);       /* it may be about to stop */
			process_signal(&s->client, SIGCONT);
		}
		if (process_has_ended(&s->client))
			e = side_end(s, err);
	}
	side_signal(s, SIGSTOP);
	if (!s->done)
		point_take(s);
	return e;
}

static void side_stop(struct live_side *s)
{
	double cpu;

	side_signal(s, SIGCONT);
	process_stop(&s->client, &cpu);
	if (s->virgl && s->virgl->virgl.pid > 0)
		stage_virgl_end(s->virgl, &cpu);
	counted_close(s->count);
	s->count = NULL;
	if (s->counted[0])
		unlink(s->counted);
	s->counted[0] = 0;
}

int live_sides_play(struct live_side *side, unsigned n, unsigned first, const char *self,
		    const char *path, uint32_t frames, struct error *err)
{
	unsigned left = n;
	int e = 0;

	for (unsigned i = 0; i < n && e == 0; i++)
		e = side_start(&side[i], self, path, frames, err);
	for (double t = 0; left && e == 0; t += TURN) {
		left = 0;
		for (unsigned i = 0; i < n && e == 0; i++) {
			struct live_side *s = &side[(first + i) % n];

			if (!s->done)
				e = side_turn(s, frames, err);
			left += !s->done;
		}
		if (t * n > LIMIT && e == 0)
			e = error_set(err, -ETIMEDOUT, "%s: still playing after %.0f s", path,
				      LIMIT);
	}
	for (unsigned i = 0; i < n; i++)
		side_stop(&side[i]);
	return e;
}
