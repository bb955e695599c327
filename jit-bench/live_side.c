/* live_side.c - see live_side.h. */
#include "jit-bench/live_side.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/counted.h"

#define TURN 0.1                       /* s of work, at least: long beside what filling caches takes */
#define LOOK 0.002
#define LIMIT 300.0                    /* of a turn */

static uint64_t played(const struct live_side *s)
{
	return atomic_load_explicit(&s->count->frames, memory_order_relaxed);
}

/* The processes may be stopped, but not gone. */
static void point_take(struct live_side *s)
{
	struct live_point *p = &s->point[s->points++];

	p->frames = (double)played(s);
	p->cpu = process_cpu(&s->client) + (s->virgl ? process_cpu(&s->virgl->virgl) : 0) +
		 (s->server ? process_cpu(s->server) - s->before : 0);
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
	s->before = s->server ? process_cpu(s->server) : 0;
	e = count_make(s, err);
	if (e == 0)
		atomic_store(&s->count->stop, frames / 2);
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

/* Its turn: until it has played so many frames, and stopped. */
static int side_turn(struct live_side *s, uint32_t frames, struct error *err)
{
	int e = 0;

	atomic_store(&s->count->stop, frames);
	side_signal(s, SIGCONT);
	for (double t = 0; e == 0 && atomic_load(&s->count->stop); t += LOOK) {
		rig_sleep(LOOK);
		if (process_has_ended(&s->client))
			e = side_end(s, err);
		if (s->done && e == 0)
			e = error_set(err, -EIO, "blinkctl replay: it ended at frame %llu of %u",
				      (unsigned long long)played(s), frames);
		if (t > LIMIT && e == 0)
			e = error_set(err, -ETIMEDOUT, "blinkctl replay: no end after %.0f s", t);
	}
	if (e == 0)
		point_take(s);
	side_signal(s, SIGSTOP);
	return e;
}

/* All is played; it goes, while the others are stopped. */
static int side_finish(struct live_side *s, struct error *err)
{
	side_signal(s, SIGCONT);
	for (double t = 0; t < LIMIT && !process_has_ended(&s->client); t += LOOK)
		rig_sleep(LOOK);
	return side_end(s, err);
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

/* All sides play up to there, one after the other. */
static int turns(struct live_side *side, unsigned n, unsigned first, uint32_t frames,
		 struct error *err)
{
	int e = 0;

	for (unsigned i = 0; i < n && e == 0; i++)
		e = side_turn(&side[(first + i) % n], frames, err);
	return e;
}

/* Into how many pieces the second half is cut, so that none is shorter than a turn, by what
 * the first half took of the side that was fastest. */
static unsigned pieces_of(const struct live_side *side, unsigned n, uint32_t rest)
{
	double least = side[0].point[0].cpu;

	for (unsigned i = 1; i < n; i++)
		least = side[i].point[0].cpu < least ? side[i].point[0].cpu : least;
	least /= TURN;
	if (least > LIVE_PIECES)
		least = LIVE_PIECES;
	if (least > rest)
		least = rest;
	return least < 1 ? 1 : (unsigned)least;
}

int live_sides_play(struct live_side *side, unsigned n, unsigned first, const char *self,
		    const char *path, uint32_t frames, struct error *err)
{
	uint32_t half = frames / 2, rest = frames - half;
	unsigned pieces;
	int e = 0;

	for (unsigned i = 0; i < n && e == 0; i++)
		e = side_start(&side[i], self, path, frames, err);
	if (e == 0)
		e = turns(side, n, first, half, err);
	pieces = e == 0 ? pieces_of(side, n, rest) : 0;
	for (unsigned k = 1; k <= pieces && e == 0; k++)
		e = turns(side, n, first + k, half + (uint32_t)((uint64_t)rest * k / pieces), err);
	for (unsigned i = 0; i < n && e == 0; i++)
		e = side_finish(&side[i], err);
	for (unsigned i = 0; i < n; i++)
		side_stop(&side[i]);
	return e;
}
