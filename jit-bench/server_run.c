/* server_run.c - one run of some clients: see bench_server.h.
 *
 * A server for each run, so that nothing is left of the one before.  Clients start, have a
 * moment to settle, and then two looks at the server stand as many seconds apart as asked
 * for; CPU time of clients is theirs from beginning to end, divided by the frames of all
 * that time, which are more by that moment.
 */
#include "jit-bench/bench_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE 1.0                      /* seconds */

static const struct { const char *name, *program; bool native, film; } kinds[] = {
	{ "gears-sp", "blink-gears-sp", false, false },
	{ "gears-switch", "blink-gears-switch", false, false },
	{ "video", "blink-video", false, true },
	{ "gears-native", "blink-gears-native", true, false },
	{ "video-native", "blink-video-native", true, true },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool how_parse(struct server_case *c, const char *word, size_t n)
{
	const struct { const char *word; bool *flag; } hows[] = {
		{ "offscreen", &c->offscreen }, { "nofacts", &c->nofacts },
		{ "null", &c->null_gl }, { "virgl", &c->virgl },
	};

	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++)
		if (strlen(hows[i].word) == n && !strncmp(hows[i].word, word, n)) {
			*hows[i].flag = true;
			return true;
		}
	return false;
}

/* "video:some/film.mp4/offscreen": known words at the end are not the file's. */
static size_t hows_parse(struct server_case *c, const char *text)
{
	size_t n = strlen(text);

	for (;;) {
		size_t at = n;

		while (at && text[at - 1] != '/')
			at--;
		if (!at || !how_parse(c, text + at, n - at))
			return n;
		n = at - 1;
	}
}

int server_case_parse(struct server_case *c, const char *text, bool null_gl, struct error *err)
{
	size_t n, name;

	memset(c, 0, sizeof(*c));
	c->text = text;
	c->null_gl = null_gl;
	n = hows_parse(c, text);
	name = strcspn(text, ":");
	if (name < n && n - name - 1 < sizeof(c->file))
		snprintf(c->file, sizeof(c->file), "%.*s", (int)(n - name - 1), text + name + 1);
	name = name < n ? name : n;
	for (size_t i = 0; i < KINDS; i++) {
		if (strlen(kinds[i].name) != name || strncmp(kinds[i].name, text, name))
			continue;
		c->program = kinds[i].program;
		c->native = kinds[i].native;
		c->film = kinds[i].film;
		if (c->film != (c->file[0] != 0))
			return error_set(err, -EINVAL, "%s: %s", text, c->film
					 ? "a film is needed (video:FILE)" : "it takes no file");
		return 0;
	}
	return error_set(err, -EINVAL, "%s: no case (gears-sp, gears-switch, gears-native, "
			 "video:FILE, video-native:FILE; then /offscreen, /nofacts, /null, /virgl)",
			 text);
}

/* ---- clients ------------------------------------------------------------------------------ */

static int clients_start(struct rig *r, const struct server_case *c,
			 const struct bench_server_options *opt, unsigned n,
			 const char *const *env, struct error *err)
{
	const char *argv[12] = { c->program, "--json" };
	unsigned at = 2;
	char rate[32];
	int e = 0;

	snprintf(rate, sizeof(rate), "%g", opt->rate);
	if (c->native) {
		argv[at++] = "--rate";
		argv[at++] = rate;
	}
	if (c->film)
		argv[at++] = c->file;
	for (unsigned i = 0; i < n && e == 0; i++)
		e = rig_client_start(r, opt->self, argv, env, err);
	return e;
}

static void said_put(struct json_object **said, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		json_object_put(said[i]);
}

/* ---- served ------------------------------------------------------------------------------- */

struct looks {
	struct json_object *before, *after;
	unsigned clients;
	double redraws;                /* between the looks, of all clients */
};

static struct json_object *client_find(struct json_object *top, double id)
{
	struct json_object *list;

	if (!json_object_object_get_ex(top, "clients", &list))
		return NULL;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if ((int)rig_number(json_object_array_get_idx(list, i), "id") == (int)id)
			return json_object_array_get_idx(list, i);
	return NULL;
}

static double inner(struct json_object *client, const char *what, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(client, what, &v) ? rig_number(v, key) : 0;
}

static double grown(const struct looks *l, const char *key)
{
	return rig_number(l->after, key) - rig_number(l->before, key);
}

static void clients_sum(struct looks *l, struct server_run *out)
{
	struct json_object *list;
	double due = grown(l, "frames") + grown(l, "missed"), late = 0;

	if (!json_object_object_get_ex(l->after, "clients", &list))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *c = json_object_array_get_idx(list, i);
		struct json_object *was = client_find(l->before, rig_number(c, "id"));
		double redraws = rig_number(c, "redraws") - (was ? rig_number(was, "redraws") : 0);
		double p99 = inner(c, "redraw_interval", "p99_ms");
		double updates = inner(c, "update_interval", "p99_ms");

		l->clients++;
		l->redraws += redraws;
		late += due > redraws ? due - redraws : 0;
		out->interval_mean += redraws > 0 ? 1e3 * (grown(l, "seconds")) / redraws : 0;
		out->update_mean += inner(c, "update_interval", "mean_ms");
		out->interval_p99 = p99 > out->interval_p99 ? p99 : out->interval_p99;
		out->update_p99 = updates > out->update_p99 ? updates : out->update_p99;
	}
	if (!l->clients)
		return;
	out->interval_mean /= l->clients;
	out->update_mean /= l->clients;
	out->late = due > 0 ? late / (due * l->clients) : 1;
}

static int served_figures(struct looks *l, struct json_object **said, unsigned n,
			  struct server_run *out, struct error *err)
{
	double frames = grown(l, "frames"), cpu = 0, switches = 0, wakeups = 0, shown = 0;

	clients_sum(l, out);
	if (l->clients < n)
		return error_set(err, -EIO, "bench: only %u of %u clients are at the server",
				 l->clients, n);
	for (unsigned i = 0; i < n; i++) {
		cpu += rig_number(said[i], "cpu_seconds");
		switches += rig_number(said[i], "switches");
		/* a film's player is woken by its own clock as well */
		wakeups += rig_number(said[i], "wakeups") + rig_number(said[i], "wakes");
		shown += rig_number(said[i], "frames");
	}
	out->frames = frames;
	if (frames > 0)
		out->server_cpu = grown(l, "cpu_ms") / frames;
	if (shown > 0) {
		out->client_cpu = 1e3 * cpu / shown * n;
		out->switches = switches / shown;
		out->wakeups = wakeups / shown;
	}
	if (frames > 0)
		out->switches += (grown(l, "switches_voluntary") +
				  grown(l, "switches_involuntary")) / (frames * n);
	return 0;
}

/* All have drawn something, and a little longer. */
static int settle(struct rig *r, unsigned n, struct error *err)
{
	for (int i = 0; i < 600; i++) {
		struct json_object *top = NULL, *list;
		unsigned drawn = 0;
		int e = rig_look(r, &top, err);

		if (e < 0)
			return e;
		if (json_object_object_get_ex(top, "clients", &list))
			for (size_t k = 0; k < json_object_array_length(list); k++)
				drawn += rig_number(json_object_array_get_idx(list, k),
						    "redraws") > 0;
		json_object_put(top);
		if (drawn >= n) {
			rig_sleep(SETTLE);
			return 0;
		}
		rig_sleep(0.1);
	}
	return error_set(err, -ETIMEDOUT, "bench: %u clients have not come in a minute", n);
}

/* Large enough for n areas side by side with their frames: who is hidden is not drawn. */
static void screen_size(const struct server_case *c, unsigned n, char *out, size_t size)
{
	unsigned across = 1, wide = c->film ? 640 : 320, high = c->film ? 480 : 340;

	while (across * across < n)
		across++;
	wide *= across;
	high *= (n + across - 1) / across;
	snprintf(out, size, "%ux%u", wide < 1280 ? 1280 : wide, high < 1024 ? 1024 : high);
}

static int run_served(const struct server_case *c, const struct bench_server_options *opt,
		      unsigned n, struct server_run *out, struct error *err)
{
	char size[32];
	const struct rig_options ro = { .self = opt->self, .refresh = opt->rate,
					.size = size, .null_gl = c->null_gl,
					.no_direct = c->offscreen, .no_facts = c->nofacts };
	struct json_object *said[RIG_CLIENTS] = { 0 };
	struct looks l = { 0 };
	struct rig r;
	int e;

	screen_size(c, n, size, sizeof(size));
	e = rig_open(&r, &ro, err);
	if (e < 0)
		return e;
	e = clients_start(&r, c, opt, n, NULL, err);
	if (e == 0)
		e = settle(&r, n, err);
	if (e == 0)
		e = rig_look(&r, &l.before, err);
	if (e == 0) {
		rig_sleep(opt->seconds);
		e = rig_look(&r, &l.after, err);
	}
	if (e == 0 && rig_clients_end(&r, said))
		e = error_set(err, -EIO, "bench: a client failed (%s)", c->text);
	if (e == 0)
		e = served_figures(&l, said, n, out, err);
	said_put(said, n);
	json_object_put(l.before);
	json_object_put(l.after);
	rig_close(&r);
	return e;
}

/* ---- native ------------------------------------------------------------------------------- */

static void native_figures(struct json_object **said, unsigned n, double server_seconds,
			   struct server_run *out)
{
	double cpu = 0, switches = 0;

	for (unsigned i = 0; i < n; i++) {
		double p99 = 1e3 * rig_number(said[i], "interval_p99");

		out->frames += rig_number(said[i], "frames");
		out->interval_mean += 1e3 * rig_number(said[i], "interval_mean") / n;
		out->interval_p99 = p99 > out->interval_p99 ? p99 : out->interval_p99;
		out->late += rig_number(said[i], "late") / n;
		cpu += rig_number(said[i], "cpu_seconds");
		switches += rig_number(said[i], "switches");
	}
	if (out->frames <= 0)
		return;
	out->client_cpu = 1e3 * cpu / out->frames * n;
	out->server_cpu = 1e3 * server_seconds / out->frames * n;
	out->switches = switches / out->frames;
	out->wakeups = 1;               /* each frame is the program's own work */
	out->frames /= n;
}

static int run_native(const struct server_case *c, const struct bench_server_options *opt,
		      unsigned n, struct server_run *out, struct error *err)
{
	static const char *const virgl_server[] = { "virgl_test_server",
						    "--use-egl-surfaceless", NULL };
	struct json_object *said[RIG_CLIENTS] = { 0 };
	struct process_beside virgl = { 0 };
	struct process_place place = { 0 };
	struct rig r = { .env = "BLINK_SERVER=none" };
	struct xvfb x = { 0 };
	char display[32];
	const char *env[] = { display, "LIBGL_ALWAYS_SOFTWARE=1", "vblank_mode=0",
			      c->virgl ? "GALLIUM_DRIVER=virpipe" : "GALLIUM_DRIVER=llvmpipe",
			      "LP_NUM_THREADS=0", NULL };
	double cpu = 0, before;
	int e = xvfb_start(&x, 1280, 1024, err);

	if (e < 0)
		return e;
	snprintf(display, sizeof(display), "DISPLAY=%s", x.display);
	if (c->virgl)
		e = process_start(&virgl, &place, virgl_server, NULL, err);
	if (e == 0 && c->virgl)
		rig_sleep(0.5);
	before = rig_process_cpu(x.pid);
	if (e == 0)
		e = clients_start(&r, c, opt, n, env, err);
	rig_sleep(SETTLE + opt->seconds);
	if (e == 0 && rig_clients_end(&r, said))
		e = error_set(err, -EIO, "bench: a client failed (%s)", c->text);
	cpu = rig_process_cpu(x.pid) - before;
	if (c->virgl) {
		double more;

		process_stop(&virgl, &more);
		cpu += more;
	}
	if (e == 0)
		native_figures(said, n, cpu, out);
	said_put(said, n);
	rig_close(&r);
	xvfb_stop(&x);
	return e;
}

int server_run(const struct server_case *c, const struct bench_server_options *opt, unsigned n,
	       struct server_run *out, struct error *err)
{
	int e;

	memset(out, 0, sizeof(*out));
	e = c->native ? run_native(c, opt, n, out, err) : run_served(c, opt, n, out, err);
	out->cpu = out->server_cpu + out->client_cpu;
	return e;
}
