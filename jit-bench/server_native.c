/* server_native.c - one run of some programs that draw natively: see bench_server.h.
 *
 * All on one stage (server_stage.h), their windows at its upper left, one on top of the
 * other.  How far each is behind is no secret: every 8 frames
 * a program waits until all is on the display (--drain).
 */
#include "jit-bench/bench_server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "jit-bench/server_stage.h"

#define DRAWS_SECONDS 40.0             /* for all to have drawn something */

/* ---- the programs ------------------------------------------------------------------------- */

/* Each begins a line when its first frame is out. */
static int all_draw(struct stage *s, struct error *err)
{
	unsigned drawn = 0;

	for (double waited = 0; waited < DRAWS_SECONDS; waited += 0.1) {
		drawn = rig_clients_said(&s->rig);
		if (drawn == s->rig.clients)
			return 0;
		rig_sleep(0.1);
	}
	return error_set(err, -ETIMEDOUT, "bench: %u of %u programs have drawn nothing in %.0f s",
			 s->rig.clients - drawn, s->rig.clients, DRAWS_SECONDS);
}

static void figures(struct json_object **said, unsigned n, double server_seconds,
		    struct server_run *out)
{
	double cpu = 0, switches = 0, pictures = 0;

	for (unsigned i = 0; i < n; i++) {
		double p99 = 1e3 * rig_number(said[i], "interval_p99");

		out->frames += rig_number(said[i], "frames");
		out->interval_mean += 1e3 * rig_number(said[i], "interval_mean") / n;
		out->interval_p99 = p99 > out->interval_p99 ? p99 : out->interval_p99;
		out->late += rig_number(said[i], "late") / n;
		cpu += rig_number(said[i], "cpu_seconds");
		switches += rig_number(said[i], "switches");
		pictures += rig_number(said[i], "pictures");
	}
	if (out->frames <= 0) {
		out->late = 1;
		return;
	}
	out->client_cpu = 1e3 * cpu / out->frames * n;
	out->server_cpu = 1e3 * server_seconds / out->frames * n;
	out->switches = switches / out->frames;
	/* each frame is the program's own work */
	out->wakeups = pictures > 0 ? out->frames / pictures : 1;
	out->frames /= n;
}

static int measure(struct stage *s, const struct server_case *c, unsigned n, double seconds,
		   struct server_run *out, struct error *err)
{
	struct json_object *said[RIG_CLIENTS] = { 0 };
	double before, cpu;
	int e;

	rig_sleep(SERVER_SETTLE);
	rig_clients_anew(&s->rig);
	before = stage_cpu(s);
	rig_sleep(seconds);
	cpu = stage_cpu(s) - before;
	e = rig_clients_end(&s->rig, said, err);
	if (e < 0)
		error_prefix(err, "%s", c->text);
	else
		figures(said, n, cpu, out);
	server_said_put(said, n);
	return e;
}

int server_run_native(const struct server_case *c, const struct bench_server_options *opt,
		      unsigned n, struct server_run *out, struct error *err)
{
	struct stage s = { 0 };
	int e = stage_open(&s, c->virgl ? STAGE_VIRGL : c->indirect ? STAGE_INDIRECT : STAGE_NATIVE,
			   err);

	if (e == 0 && c->virgl)
		e = stage_virgl_start(&s, false, err);
	if (e == 0)
		e = server_clients_start(&s.rig, c, opt, n, s.env, err);
	if (e == 0)
		e = all_draw(&s, err);
	if (e == 0)
		e = measure(&s, c, n, opt->seconds, out, err);
	stage_close(&s);
	return e;
}
