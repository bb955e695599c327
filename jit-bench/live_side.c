/* live_side.c - see live_side.h. */
#include "jit-bench/live_side.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#define TURN 0.1                       /* s: long beside what filling caches takes */
#define LOOK 0.005
#define SETTLE 0.05                    /* for servers to put away what a client left */
#define LIMIT 600.0                    /* for all sides together */

static void side_signal(const struct live_side *s, int signal)
{
	if (s->server)
		process_signal(s->server, signal);
	if (s->virgl)
		process_signal(&s->virgl->virgl, signal);
	process_signal(&s->client, signal);
}

static int side_start(struct live_side *s, const char *self, const char *path,
		      const char *range, struct error *err)
{
	const char *argv[] = { self, "replay", path, "--frames", range, s->option, s->value, NULL };
	const struct process_place place = { .output = NULL };
	int e = 0;

	s->before = s->server ? process_cpu(s->server) : 0;
	s->cpu = 0;
	s->done = false;
	if (s->virgl)
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
	rig_sleep(SETTLE);
	s->cpu = cost.cpu + virgl + (s->server ? process_cpu(s->server) - s->before : 0);
	s->done = true;
	return e;
}

/* Its turn; it may end in it. */
static int side_turn(struct live_side *s, struct error *err)
{
	int e = 0;

	side_signal(s, SIGCONT);
	for (double t = 0; t < TURN && !s->done && e == 0; t += LOOK) {
		rig_sleep(LOOK);
		if (process_has_ended(&s->client))
			e = side_end(s, err);
	}
	side_signal(s, SIGSTOP);
	return e;
}

static void side_stop(struct live_side *s)
{
	double cpu;

	side_signal(s, SIGCONT);
	process_stop(&s->client, &cpu);
	if (s->virgl && s->virgl->virgl.pid > 0)
		stage_virgl_end(s->virgl, &cpu);
}

int live_sides_play(struct live_side *side, unsigned n, unsigned first, const char *self,
		    const char *path, uint32_t frames, struct error *err)
{
	unsigned left = n;
	char range[32];
	int e = 0;

	snprintf(range, sizeof(range), "0:%u", frames);
	for (unsigned i = 0; i < n && e == 0; i++)
		e = side_start(&side[i], self, path, range, err);
	for (double t = 0; left && e == 0; t += TURN) {
		left = 0;
		for (unsigned i = 0; i < n && e == 0; i++) {
			struct live_side *s = &side[(first + i) % n];

			if (!s->done)
				e = side_turn(s, err);
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
