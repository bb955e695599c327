/* cmd_top.c - blinkctl top: what the clients of a server do. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "blink/client/client.h"
#include "blink/server/broker.h"

enum { OPT_SERVER, OPT_INTERVAL, OPT_COUNT };

static const struct cli_option options[] = {
	[OPT_SERVER] = { 's', "server", "PATH", "its socket ($BLINK_SERVER, or the default of serve)" },
	[OPT_INTERVAL] = { 'i', "interval", "S", "seconds from one look to the next (1)" },
	[OPT_COUNT] = { 'n', "count", "N", "so many looks (until interrupted; 1 where stdout is no terminal)" },
	{ 0 }
};

#define CLIENTS_KEPT 1024

struct seen { uint32_t id; double frames, redraws, updates, cpu_ms; };
struct watch { struct seen seen[CLIENTS_KEPT]; unsigned n; double seconds, cpu_ms, switches; };

static double number(struct json_object *j, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(j, key, &v) ? json_object_get_double(v) : 0;
}

static const char *text(struct json_object *j, const char *key)
{
	struct json_object *v;
	const char *s = json_object_object_get_ex(j, key, &v) ? json_object_get_string(v) : NULL;

	return s ? s : "";
}

static bool truth(struct json_object *j, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(j, key, &v) && json_object_get_boolean(v);
}

static double inner(struct json_object *j, const char *key, const char *sub)
{
	struct json_object *v;

	return json_object_object_get_ex(j, key, &v) ? number(v, sub) : 0;
}

static const struct seen *seen_find(const struct watch *w, uint32_t id)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->seen[i].id == id)
			return &w->seen[i];
	return NULL;
}

/* Per second since the look before; since it came, at the first. */
static double rate(double now, double before, double seconds)
{
	return seconds > 0 && now >= before ? (now - before) / seconds : 0;
}

/* What a client's name may do to a terminal: nothing. */
static void name_print(const char *name)
{
	char shown[21];
	unsigned i = 0;

	for (; name[i] && i < sizeof(shown) - 1; i++)
		shown[i] = name[i] >= 0x20 && name[i] < 0x7f ? name[i] : '?';
	shown[i] = 0;
	printf(" %-20s", shown);
}

static void client_print(const struct watch *w, struct json_object *c, double seconds)
{
	const struct seen *b = seen_find(w, (uint32_t)number(c, "id"));
	const struct seen none = { 0 };
	double passed = b ? seconds - w->seconds : 0;

	b = b ? b : &none;
	printf("%4.0f %2.0f", number(c, "id"), number(c, "painter"));
	name_print(text(c, "name"));
	printf(" %6.1f %6.1f %6.2f/%-6.2f %6.2f/%-6.2f %6.1f %7.1f %5.0f %5.0f %5.0f %7.0f  %s%s%s%s\n",
	       rate(number(c, "redraws"), b->redraws, passed),
	       rate(number(c, "updates"), b->updates, passed),
	       inner(c, "redraw_interval", "mean_ms"), inner(c, "redraw_interval", "p99_ms"),
	       inner(c, "update_interval", "mean_ms"), inner(c, "update_interval", "p99_ms"),
	       passed > 0 ? rate(number(c, "cpu_ms"), b->cpu_ms, passed) / 10 : 0,
	       number(c, "memory_bytes") / 1048576, number(c, "compiles"), number(c, "refusals"),
	       number(c, "wakeups"), number(c, "hidden_frames"),
	       truth(c, "direct") ? "direct" : truth(c, "stream") ? "stream" : "copied",
	       truth(c, "over_budget") ? ", over budget" : "",
	       strcmp(text(c, "fault"), "ok") ? ", " : "",
	       strcmp(text(c, "fault"), "ok") ? text(c, "fault") : "");
}

static void watch_note(struct watch *w, struct json_object *top, struct json_object *list)
{
	size_t n = json_object_array_length(list);

	w->n = 0;
	for (size_t i = 0; i < n && i < CLIENTS_KEPT; i++) {
		struct json_object *c = json_object_array_get_idx(list, i);

		w->seen[w->n++] = (struct seen){
			(uint32_t)number(c, "id"), number(c, "frames"), number(c, "redraws"),
			number(c, "updates"), number(c, "cpu_ms"),
		};
	}
	w->seconds = number(top, "seconds");
	w->cpu_ms = number(top, "cpu_ms");
	w->switches = number(top, "switches_voluntary") + number(top, "switches_involuntary");
}

static void top_print(struct watch *w, struct json_object *top, bool quiet)
{
	double seconds = number(top, "seconds"), passed = w->seconds > 0 ? seconds - w->seconds : 0;
	double switches = number(top, "switches_voluntary") + number(top, "switches_involuntary");
	struct json_object *list;

	if (!json_object_object_get_ex(top, "clients", &list) ||
	    !json_object_is_type(list, json_type_array))
		return;
	if (quiet) {
		watch_note(w, top, list);
		return;
	}
	if (isatty(1))
		printf("\033[H\033[J");
	printf("%.0fx%.0f at %g Hz, up %.1f s: %.0f frames, %.0f missed, %.2f ms CPU each "
	       "(99%%: %.2f), %.1f%% CPU, %.0f switches/s, %.0f restarts; %s\n",
	       number(top, "width"), number(top, "height"), number(top, "refresh_hz"), seconds,
	       number(top, "frames"), number(top, "missed"), number(top, "frame_cpu_ms_mean"),
	       number(top, "frame_cpu_ms_p99"), rate(number(top, "cpu_ms"), w->cpu_ms, passed) / 10,
	       rate(switches, w->switches, passed), number(top, "restarts"), text(top, "renderer"));
	printf("  id by %-20s %6s %6s %13s %13s %6s %7s %5s %5s %5s %7s  %s\n", "name", "draw/s",
	       "upd/s", "redraw ms/99%", "update ms/99%", "CPU%", "MiB", "comp", "refus", "wake",
	       "hidden", "how");
	for (size_t i = 0; i < json_object_array_length(list); i++)
		client_print(w, json_object_array_get_idx(list, i), seconds);
	fflush(stdout);
	watch_note(w, top, list);
}

/* One look; 0, or an exit status.  quiet: only noted. */
static int look(const char *path, struct watch *w, bool json, bool quiet)
{
	struct json_object *top;
	struct error err = { 0 };
	char *line = NULL;

	if (control_ask(path, "{\"verb\":\"top\"}", &line, &err) < 0)
		return quiet ? EXIT_DIFFERENT : cli_fail(EXIT_DIFFERENT, &err);
	if (json) {
		puts(line);
		fflush(stdout);
		free(line);
		return EXIT_GOOD;
	}
	top = json_tokener_parse(line);
	free(line);
	if (!top || !truth(top, "ok")) {
		error_set(&err, -EIO, "top: %s", top ? text(top, "error") : "no answer that can be read");
		json_object_put(top);
		return quiet ? EXIT_DIFFERENT : cli_fail(EXIT_DIFFERENT, &err);
	}
	top_print(w, top, quiet);
	json_object_put(top);
	return EXIT_GOOD;
}

static int top_command(const struct cli_args *args)
{
	const char *path = blink_server_path(args->opt[OPT_SERVER]);
	unsigned long count = isatty(1) ? 0 : 1;
	double interval = 1;
	struct watch *w;
	int status = EXIT_GOOD;

	if (args->opt[OPT_COUNT] && !cli_uint("--count", args->opt[OPT_COUNT], 1000000000, &count))
		return EXIT_USAGE;
	if (!cli_number(args->opt[OPT_INTERVAL], 0.01, 1e6, &interval))
		return cli_usage("top", "--interval is 0.01 or more seconds");
	w = calloc(1, sizeof(*w));
	/* rates need a look before */
	if (w && !args->json && look(path, w, false, true) == EXIT_GOOD)
		nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
	for (unsigned long i = 0; w && status == EXIT_GOOD && (!count || i < count); i++) {
		struct timespec t = { .tv_sec = (time_t)interval,
				      .tv_nsec = (long)((interval - (double)(time_t)interval) * 1e9) };

		if (i)
			nanosleep(&t, NULL);
		status = look(path, w, args->json, false);
	}
	free(w);
	return status;
}

const struct cli_command cmd_top = {
	.name = "top",
	.synopsis = "[--server PATH] [--interval S] [--count N]",
	.summary = "what the clients of a running server do",
	.text =
		"A table that refreshes: per client the painter that runs it (0: the one that also "
		"composes), redraws and updates per second, the intervals "
		"between them (mean and 99th percentile), its share of the executor's CPU time, "
		"memory of its textures and buffers, stored procedures compiled and refused, bells "
		"rung for it, frames in which it was hidden, and how it is drawn: direct into the "
		"screen, copied from a drawable of its own, or from a stream. Above it the "
		"server's frames, those missed, CPU time and context switches.\n\n"
		"With --json each look is a line of JSON, with all that is counted.\n\n"
		"  blinkctl top --interval 0.5\n"
		"  blinkctl top --json --count 1",
	.options = options,
	.min_args = 0,
	.max_args = 0,
	.run = top_command,
};
