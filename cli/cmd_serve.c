/* cmd_serve.c - blinkctl serve: the display server. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/serve_series.h"
#include "blink/client/client.h"
#include "blink/server/broker.h"
#include "replay/picture.h"

enum { OPT_LISTEN, OPT_HEADLESS, OPT_WINDOW, OPT_SIZE, OPT_REFRESH, OPT_CLIENTS,
       OPT_SCREENSHOT, OPT_RECORD, OPT_TRACE, OPT_DURATION, OPT_NO_DIRECT, OPT_NO_FACTS,
       OPT_WATCHDOG, OPT_BUDGET, OPT_MEMORY, OPT_GL_THREADS, OPT_SINK, OPT_NO_FILTER, OPT_RESULTS,
       OPT_BARE, OPT_HASH, OPT_DIRECT, OPT_PAINTERS };

static const struct cli_option options[] = {
	[OPT_LISTEN] = { 'l', "listen", "PATH", "the socket ($BLINK_SERVER, else $XDG_RUNTIME_DIR/blink-0)" },
	[OPT_HEADLESS] = { 0, "headless", NULL, "the screen is in memory only (the default)" },
	[OPT_WINDOW] = { 'w', "window", NULL, "the screen is a window on $DISPLAY, with its input" },
	[OPT_SIZE] = { 's', "size", "WxH", "of the screen (1024x768)" },
	[OPT_REFRESH] = { 'r', "refresh", "HZ", "display frames per second (50)" },
	[OPT_CLIENTS] = { 'n', "clients", "N", "so many are served (64)" },
	[OPT_SCREENSHOT] = { 0, "screenshot", "FILE", "a PNG (or .ppm) of the screen, when it ends" },
	[OPT_RECORD] = { 0, "record", "FILE", "a film of the screen: .y4m, or what ffmpeg makes (.mp4)" },
	[OPT_TRACE] = { 0, "trace", "FILE", "what happened, as lines of JSON" },
	[OPT_DURATION] = { 'd', "duration", "S", "end after so many seconds" },
	[OPT_NO_DIRECT] = { 0, "no-direct", NULL, "every client draws into a drawable of its own" },
	[OPT_NO_FACTS] = { 0, "no-facts", NULL, "clear, draw and copy everything at every frame" },
	[OPT_WATCHDOG] = { 0, "watchdog", "MS", "a client's turn may last so long (1000)" },
	[OPT_BUDGET] = { 0, "budget", "MS", "CPU time of a client per display frame (what the period allows)" },
	[OPT_MEMORY] = { 0, "memory", "MIB", "of a client's textures, buffers and drawables (256)" },
	[OPT_GL_THREADS] = { 0, "gl-threads", "N", "of the software driver, beside the server's own (0)" },
	[OPT_SINK] = { 0, "sink", "gl|null", "null: GL commands do nothing, to measure the rest" },
	[OPT_NO_FILTER] = { 0, "no-filter", NULL, "no system call filter (for debuggers)" },
	[OPT_RESULTS] = { 'o', "results", "FILE", "each frame's times as a results file, for blinkctl report" },
	[OPT_BARE] = { 0, "bare", NULL, "no frames and labels (to compare pictures)" },
	[OPT_HASH] = { 0, "hash", NULL, "with --trace: the hash of each picture of a stream" },
	[OPT_DIRECT] = { 0, "direct", NULL, "clients that may be are drawn straight into the screen, without a trial" },
	[OPT_PAINTERS] = { 0, "painters", "N", "threads that draw clients, of as many as the driver can have (one per processor, 4 at most)" },
	{ 0 }
};

static bool size_parse(const char *text, uint32_t *w, uint32_t *h)
{
	char rest;

	return !text || (sscanf(text, "%ux%u%c", w, h, &rest) == 2 && *w && *h &&
			 *w <= VSO_WINDOW_MAX && *h <= VSO_WINDOW_MAX &&
			 (uint64_t)*w * *h <= 1u << 26);
}

/* A .ppm is plain: for programs that look at pixels. */
static int picture_save(const char *path, const uint8_t *rgb, uint32_t w, uint32_t h,
			struct error *err)
{
	struct picture p = { .w = w, .h = h, .rgb = (uint8_t *)(uintptr_t)rgb };
	size_t n = strlen(path);
	FILE *out;
	bool bad;

	if (n < 4 || strcmp(path + n - 4, ".ppm"))
		return picture_write_png(&p, path, err);
	out = fopen(path, "we");
	if (!out)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	fprintf(out, "P6\n%u %u\n255\n", w, h);
	bad = fwrite(rgb, 3, (size_t)w * h, out) != (size_t)w * h;
	bad |= fclose(out) != 0;
	return bad ? error_set(err, -EIO, "%s: not everything could be written", path) : 0;
}

/* What the broker's callbacks are told. */
struct serving { struct broker_options *b; struct serve_series *series; };

static void event_tell(void *user, const struct server_event *e)
{
	const struct serving *s = user;

	serve_series_event(s->series, e);
}

static void ready_tell(void *user, const char *renderer)
{
	const struct broker_options *b = ((const struct serving *)user)->b;

	fprintf(stderr, "blinkctl: serving %ux%u at %g Hz on %s (%s)\n", b->server.width,
		b->server.height, b->server.refresh, b->listen, renderer);
}

static void add_n(struct json_object *j, const char *key, uint64_t v)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)v));
}

static struct json_object *summary_json(const struct broker_options *b,
					const struct broker_summary *s)
{
	struct json_object *j = json_object_new_object();
	double made = (double)(s->frames + s->missed);

	json_object_object_add(j, "socket", json_object_new_string(b->listen));
	json_object_object_add(j, "renderer", json_object_new_string(s->renderer));
	json_object_object_add(j, "seconds", json_object_new_double(s->seconds));
	add_n(j, "frames", s->frames);
	add_n(j, "missed", s->missed);
	json_object_object_add(j, "missed_percent",
			       json_object_new_double(made > 0 ? 100 * (double)s->missed / made : 0));
	add_n(j, "clients", s->attached);
	add_n(j, "clients_at_once", s->at_once);
	add_n(j, "restarts", s->restarts);
	add_n(j, "hangs", s->hangs);
	json_object_object_add(j, "executor_cpu_seconds",
			       json_object_new_double((double)s->cpu_ns * 1e-9));
	add_n(j, "switches_voluntary", s->switches[0]);
	add_n(j, "switches_involuntary", s->switches[1]);
	if (b->screenshot)
		json_object_object_add(j, "screenshot", json_object_new_string(b->screenshot));
	if (b->record) {
		json_object_object_add(j, "record", json_object_new_string(b->record));
		add_n(j, "recorded_frames", s->recorded);
	}
	if (b->trace) {
		json_object_object_add(j, "trace", json_object_new_string(b->trace));
		add_n(j, "events", s->events);
		add_n(j, "events_lost", s->events_lost);
	}
	return j;
}

/* What the options say; a sentence where they say nothing sensible. */
static const char *options_read(const struct cli_args *args, struct broker_options *b)
{
	const char *const *o = args->opt;
	double watchdog = 1000, budget = 0, memory = 256, clients = 64, threads = 0, painters = 0;

	if (o[OPT_HEADLESS] && o[OPT_WINDOW])
		return "--headless or --window, not both";
	if (o[OPT_SINK] && strcmp(o[OPT_SINK], "gl") && strcmp(o[OPT_SINK], "null"))
		return "--sink is gl or null";
	if (!size_parse(o[OPT_SIZE], &b->server.width, &b->server.height))
		return "--size is WIDTHxHEIGHT, at most 16384 a side and 64 Mpixels in all";
	if (!cli_number(o[OPT_REFRESH], 1, 1000000, &b->server.refresh))
		return "--refresh is 1 to 1000000";
	if (!cli_number(o[OPT_CLIENTS], 1, 1000, &clients))
		return "--clients is 1 to 1000";
	if (!cli_number(o[OPT_DURATION], 0, 1e9, &b->duration))
		return "--duration is a number of seconds";
	if (!cli_number(o[OPT_WATCHDOG], 20, 1e6, &watchdog))
		return "--watchdog is 20 to 1000000";
	if (!cli_number(o[OPT_BUDGET], 0.1, 1e6, &budget))
		return "--budget is 0.1 to 1000000";
	if (!cli_number(o[OPT_MEMORY], 1, 65536, &memory))
		return "--memory is 1 to 65536";
	if (!cli_number(o[OPT_GL_THREADS], 0, 16, &threads))
		return "--gl-threads is 0 to 16";
	if (!cli_number(o[OPT_PAINTERS], 1, 8, &painters))
		return "--painters is 1 to 8";
	b->server.clients = (uint32_t)clients;
	b->server.limits.frame_ns = (uint64_t)(budget * 1e6);
	b->server.limits.memory = (uint64_t)memory << 20;
	b->watchdog_ms = (uint32_t)watchdog;
	b->gl_threads = (uint32_t)threads;
	b->painters = (uint32_t)painters;
	return NULL;
}

static int serve_command(const struct cli_args *args)
{
	const char *const *o = args->opt;
	struct broker_options b = {
		.listen = blink_server_path(o[OPT_LISTEN]),
		.server = { .width = 1024, .height = 768, .refresh = 50,
			    .limits = server_limits_default,
			    .no_direct = o[OPT_NO_DIRECT], .direct = o[OPT_DIRECT], .no_facts = o[OPT_NO_FACTS],
			    .no_decoration = o[OPT_BARE], .hash = o[OPT_HASH] },
		.null_gl = o[OPT_SINK] && !strcmp(o[OPT_SINK], "null"),
		.window = o[OPT_WINDOW], .no_filter = o[OPT_NO_FILTER],
		.screenshot = o[OPT_SCREENSHOT], .record = o[OPT_RECORD], .trace = o[OPT_TRACE],
		.picture = picture_save, .ready = ready_tell,
	};
	const char *why = options_read(args, &b);
	struct broker_summary sum;
	struct serving s = { .b = &b };
	struct error err = { 0 };
	int r;

	if (why)
		return cli_usage("serve", why);
	b.server.limits.quotas = vso_quotas_default;
	b.user = &s;
	if (o[OPT_RESULTS]) {
		s.series = serve_series_create();
		b.event = s.series ? event_tell : NULL;
	}
	r = broker_run(&b, &sum, &err);
	if (r >= 0 && s.series)
		r = serve_series_save(s.series, o[OPT_RESULTS], &sum, &err);
	serve_series_destroy(s.series);
	if (r < 0)
		return cli_fail(r == -ENODEV || r == -ENOTSUP ? EXIT_LACKING : EXIT_DIFFERENT, &err);
	cli_print(args, summary_json(&b, &sum));
	return EXIT_GOOD;
}

const struct cli_command cmd_serve = {
	.name = "serve",
	.synopsis = "[--listen PATH] [--headless|--window] [--size WxH] [--refresh HZ]",
	.summary = "the display server: many clients, one screen",
	.text =
		"Serves clients that share memory pages with it and ring: stored procedures are "
		"verified, compiled and run at each display refresh, and all clients composed on "
		"one screen, each in a frame with its number, its process and its name, which no "
		"client can draw. It ends at SIGINT or SIGTERM, after --duration, or by blinkctl "
		"screen quit, and says what it did.\n\n"
		"Two processes do it: a broker that owns sockets and files, and an executor that "
		"owns GL and may ask next to nothing of the kernel (blinkctl screen rights tries). "
		"A client whose turn lasts longer than --watchdog has the executor replaced: all "
		"clients are back on the screen without having been asked, and after the second "
		"time that one is disconnected. A client that uses more than --budget waits until "
		"it has made up for it; the others do not.\n\n"
		"blinkctl top shows what clients do; --trace writes it down, a line of JSON per "
		"event: t_ms, frame, event, client, cpu_us, commands, detail (docs/SERVER.md).\n\n"
		"  blinkctl serve --window --size 1280x720 --refresh 60",
	.options = options,
	.min_args = 0,
	.max_args = 0,
	.run = serve_command,
};
