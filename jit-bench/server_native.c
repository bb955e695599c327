/* server_native.c - one run of some programs that draw natively: see bench_server.h.
 *
 * All in one Xvfb of 1280 x 1024, their windows at its upper left, one on top of the other.
 *
 *   natively    each program draws by itself, with llvmpipe, and puts pictures
 *   virgl       virgl_test_server draws for all, each of them puts pictures
 *   indirect    GLX's protocol: the X server draws.  Stock Xvfb has the commands go nowhere;
 *               here its GL names are Mesa's, whose library is loaded before the others
 *
 * The driver has no threads of its own.  How far each is behind is no secret: every 8 frames
 * a program waits until all is on the display (--drain).
 */
#include "jit-bench/bench_server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DRAWS_SECONDS 40.0             /* for all to have drawn something */

struct stage {
	struct rig rig;
	struct process_beside x, virgl;
	char number[128], display[32];
};

/* ---- the X server ------------------------------------------------------------------------ */

/* It writes its number and a newline into that file when it answers. */
static int number_wait(struct stage *s, struct error *err)
{
	for (int i = 0; i < 300; i++) {
		char text[16] = "";
		FILE *f = fopen(s->number, "r");
		size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

		if (f)
			fclose(f);
		if (n && text[n - 1] == '\n') {
			snprintf(s->display, sizeof(s->display), "DISPLAY=:%.*s", (int)n - 1, text);
			return 0;
		}
		if (kill(s->x.pid, 0))
			break;
		rig_sleep(0.1);
	}
	return error_set(err, -ENODEV, "Xvfb: it did not start (install xvfb)");
}

static int x_start(struct stage *s, bool indirect, struct error *err)
{
	static const char *const settings[] = { "LD_PRELOAD=libGLX_mesa.so.0", NULL };
	static const char *const own[] = { "LP_NUM_THREADS=0", "LIBGL_ALWAYS_SOFTWARE=1", NULL };
	const char *env[] = { own[0], own[1], indirect ? settings[0] : NULL, NULL };
	const char *const argv[] = { "Xvfb", "-displayfd", "1", "-screen", "0", "1280x1024x24",
				     "+extension", "GLX", "-nolisten", "tcp", "-noreset",
				     indirect ? "+iglx" : NULL, NULL };
	const struct process_place place = { .output = s->number };
	int e;

	snprintf(s->number, sizeof(s->number), "%s/display", s->rig.folder);
	e = process_start(&s->x, &place, argv, env, err);
	return e == 0 ? number_wait(s, err) : e;
}

static int virgl_start(struct stage *s, struct error *err)
{
	static const char *const argv[] = { "virgl_test_server", "--use-egl-surfaceless", NULL };
	static const char *const env[] = { "LP_NUM_THREADS=0", NULL };
	const struct process_place place = { 0 };
	int e = process_start(&s->virgl, &place, argv, env, err);

	rig_sleep(0.5);
	if (e == 0 && rig_group_cpu(s->virgl.pid) < 0)
		return error_set(err, -ENODEV, "virgl_test_server: it did not start (install "
				 "virgl-server)");
	return e;
}

static int stage_open(struct stage *s, const struct server_case *c, struct error *err)
{
	int e = rig_folder(&s->rig, err);

	snprintf(s->rig.env, sizeof(s->rig.env), "BLINK_SERVER=none");
	if (e == 0)
		e = x_start(s, c->indirect, err);
	if (e == 0 && c->virgl)
		e = virgl_start(s, err);
	return e;
}

static void stage_close(struct stage *s)
{
	double cpu;

	rig_clients_stop(&s->rig);
	process_stop(&s->virgl, &cpu);
	process_stop(&s->x, &cpu);
	unlink(s->number);
	rig_close(&s->rig);
}

/* User and system time of all that serves the programs. */
static double stage_cpu(const struct stage *s)
{
	double x = rig_group_cpu(s->x.pid), virgl = s->virgl.pid ? rig_group_cpu(s->virgl.pid) : 0;

	return (x > 0 ? x : 0) + (virgl > 0 ? virgl : 0);
}

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
	int e = 0;

	rig_sleep(SERVER_SETTLE);
	rig_clients_anew(&s->rig);
	before = stage_cpu(s);
	rig_sleep(seconds);
	cpu = stage_cpu(s) - before;
	if (rig_clients_end(&s->rig, said))
		e = error_set(err, -EIO, "bench: a client failed (%s)", c->text);
	else
		figures(said, n, cpu, out);
	server_said_put(said, n);
	return e;
}

int server_run_native(const struct server_case *c, const struct bench_server_options *opt,
		      unsigned n, struct server_run *out, struct error *err)
{
	struct stage s = { 0 };
	const char *const env[] = { s.display, "LIBGL_ALWAYS_SOFTWARE=1", "vblank_mode=0",
				    c->virgl ? "GALLIUM_DRIVER=virpipe" : "GALLIUM_DRIVER=llvmpipe",
				    c->indirect ? "LIBGL_ALWAYS_INDIRECT=1" : "LP_NUM_THREADS=0",
				    NULL };
	int e = stage_open(&s, c, err);

	if (e == 0)
		e = server_clients_start(&s.rig, c, opt, n, env, err);
	if (e == 0)
		e = all_draw(&s, err);
	if (e == 0)
		e = measure(&s, c, n, opt->seconds, out, err);
	stage_close(&s);
	return e;
}
