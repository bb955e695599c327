/* server_run.c - one run of some clients: see bench_server.h.
 *
 * A server for each run, so that nothing is left of the one before.  Clients start, have a
 * moment to settle, are told to count anew, and then two looks at the server stand as many
 * seconds apart as asked for.
 */
#include "jit-bench/bench_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- clients ------------------------------------------------------------------------------ */

int server_clients_start(struct rig *r, const struct server_case *c,
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
		argv[at++] = "--drain";
		argv[at++] = "8";
	}
	if (c->film)
		argv[at++] = c->file;
	for (unsigned i = 0; i < n && e == 0; i++) {
		e = rig_client_start(r, opt->self, argv, env, err);
		/* (its server listens for few at a time, and refuses the others) */
		if (c->virgl)
			rig_sleep(0.15);
	}
	return e;
}

void server_said_put(struct json_object **said, unsigned n)
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
	double pictures = 0;

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
		pictures += rig_number(said[i], "pictures");
	}
	out->frames = frames;
	out->painters = rig_number(l->after, "painters");
	if (frames > 0)
		out->server_cpu = grown(l, "cpu_ms") / frames;
	if (shown > 0) {
		out->client_cpu = 1e3 * cpu / shown * n;
		out->switches = switches / shown;
		out->wakeups = wakeups / (pictures > 0 ? pictures : shown);
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
			rig_sleep(SERVER_SETTLE);
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
					.direct = c->direct, .no_direct = c->offscreen, .no_facts = c->nofacts,
					.threads = c->threads ? (unsigned)sysconf(_SC_NPROCESSORS_ONLN) : 0 };
	struct json_object *said[RIG_CLIENTS] = { 0 };
	struct looks l = { 0 };
	struct rig r;
	int e;

	screen_size(c, n, size, sizeof(size));
	e = rig_open(&r, &ro, err);
	if (e < 0)
		return e;
	e = server_clients_start(&r, c, opt, n, NULL, err);
	if (e == 0)
		e = settle(&r, n, err);
	if (e == 0)
		e = rig_look(&r, &l.before, err);
	if (e == 0) {
		rig_clients_anew(&r);
		rig_sleep(opt->seconds);
		e = rig_look(&r, &l.after, err);
	}
	if (e == 0)
		e = rig_clients_end(&r, said, err);
	if (e < 0)
		error_prefix(err, "%s", c->text);
	if (e == 0)
		e = served_figures(&l, said, n, out, err);
	server_said_put(said, n);
	json_object_put(l.before);
	json_object_put(l.after);
	rig_close(&r);
	return e;
}

int server_run(const struct server_case *c, const struct bench_server_options *opt, unsigned n,
	       struct server_run *out, struct error *err)
{
	int e;

	memset(out, 0, sizeof(*out));
	e = c->native ? server_run_native(c, opt, n, out, err)
		      : run_served(c, opt, n, out, err);
	out->cpu = out->server_cpu + out->client_cpu;
	return e;
}
