/* demo_page.c - see demo_page.h.  What is shown is data: the steps, the strip of the
 * path and the rows of the table name a step's JSON and a place in it. */
#include "reports/demo_page.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "reports/page.h"

enum { PROGRAM_MAX = 8 };

/* The steps of the demo, in order; each may be absent for a program. */
enum step { CAPTURE, CONVERT, INFO, VERIFY, COMPARE, JIT, INTERP, NULL_JIT, NULL_INTERP,
	    BENCH_REPLAY, BENCH_CONVERT, STEPS };
static const struct {
	const char *file, *title;
} steps[STEPS] = {
	[CAPTURE] = { "capture", "Capture the running program" },
	[CONVERT] = { "convert", "Convert the trace to stored procedures" },
	[INFO] = { "info", "Describe the file" },
	[VERIFY] = { "verify", "Verify every stored procedure" },
	[COMPARE] = { "compare", "Compare with apitrace's own replay" },
	[JIT] = { "replay-jit", "Replay through the JIT, on the driver" },
	[INTERP] = { "replay-interp", "Replay through the interpreter, on the driver" },
	[NULL_JIT] = { "null-jit", "Replay through the JIT, on nothing" },
	[NULL_INTERP] = { "null-interp", "Replay through the interpreter, on nothing" },
	[BENCH_REPLAY] = { "bench-replay", "Measure replay beside glretrace, on the same null GL" },
	[BENCH_CONVERT] = { "bench-convert", "Measure conversion beside apitrace pickle" },
};

struct program {
	const char *name;
	struct json_object *step[STEPS];
	char *command[STEPS];
};

struct demo {
	const char *dir;
	struct program program[PROGRAM_MAX];
	unsigned count;
};

enum format { COUNT, BYTES, NUMBER };

/* A row of the table: number at "path" of a step's result, divided by the one at
 * "per" (NULL: by one), times scale. */
struct figure {
	const char *label, *unit;
	enum step step;
	const char *path;
	const char *per;
	double scale;
	enum format format;
};

static const struct figure figures[] = {
	{ "What was captured", NULL, STEPS, NULL, NULL, 0, COUNT },
	{ "frames", "", CONVERT, "frames", NULL, 1, COUNT },
	{ "GL calls", "", CONVERT, "calls", NULL, 1, COUNT },
	{ "GL calls per frame", "", CONVERT, "calls", "frames", 1, COUNT },
	{ "trace (apitrace)", "", CONVERT, "trace_bytes", NULL, 1, BYTES },
	{ "What it became", NULL, STEPS, NULL, NULL, 0, COUNT },
	{ "stored procedures (.blink)", "", CONVERT, "output_bytes", NULL, 1, BYTES },
	{ "file against trace", "\u202f%", CONVERT, "output_bytes", "trace_bytes", 100, NUMBER },
	{ "payload as passed", "", INFO, "payload_bytes", NULL, 1, BYTES },
	{ "payload stored, each once", "", INFO, "payload_bytes_unique", NULL, 1, BYTES },
	{ "frames marked re-runnable", "", INFO, "rerunnable", NULL, 1, COUNT },
	{ "calls lost", "", CONVERT, "lost", NULL, 1, COUNT },
	{ "converting, CPU", "\u202fs", CONVERT, "cpu_seconds", NULL, 1, NUMBER },
	{ "What running it costs", NULL, STEPS, NULL, NULL, 0, COUNT },
	{ "verify, per call", "\u202fns", NULL_JIT, "cpu_seconds.verify", "calls", 1e9, NUMBER },
	{ "compile, per call", "\u202fns", NULL_JIT, "cpu_seconds.compile", "calls", 1e9, NUMBER },
	{ "run by the JIT, per call", "\u202fns", BENCH_REPLAY, "frames_null.jit.median", NULL, 1, NUMBER },
	{ "run by the interpreter, per call", "\u202fns", BENCH_REPLAY, "frames_null.interp.median", NULL, 1, NUMBER },
	{ "glretrace less reading, per call", "\u202fns", BENCH_REPLAY, "frames_null.glretrace_minus_info.median", NULL, 1, NUMBER },
	{ "file to exit, blinkctl replay", "\u202fms", BENCH_REPLAY, "process_null.blinkctl.median", NULL, 1e3, NUMBER },
	{ "file to exit, glretrace", "\u202fms", BENCH_REPLAY, "process_null.glretrace.median", NULL, 1e3, NUMBER },
	{ "blinkctl against glretrace", "\u202f%", BENCH_REPLAY, "process_null.blink_to_glretrace.median", NULL, 100, NUMBER },
	{ "convert against apitrace pickle", "\u202f%", BENCH_CONVERT, "cpu_ratio.median", NULL, 100, NUMBER },
	{ "frame on the driver, all threads", "\u202fms", JIT, "process_cpu_seconds", "frames", 1e3, NUMBER },
	{ "GL errors", "", JIT, "gl_errors", NULL, 1, COUNT },
	{ "Is it the same?", NULL, STEPS, NULL, NULL, 0, COUNT },
	{ "pictures compared", "", COMPARE, "compared", NULL, 1, COUNT },
	{ "identical, every pixel", "", COMPARE, "identical", NULL, 1, COUNT },
	{ "different", "", COMPARE, "different", NULL, 1, COUNT },
};

/* -- loading ----------------------------------------------------------------------- */

static int step_load(struct demo *d, struct program *p, enum step s, struct error *err)
{
	char path[4096];
	struct buf b;
	int r = 0;

	snprintf(path, sizeof(path), "%s/%s/%s.cmd", d->dir, p->name, steps[s].file);
	if (access(path, R_OK))
		return 0;                /* not a step of this program */
	buf_init(&b);
	r = file_append(&b, path, err);
	if (r >= 0) {
		buf_append(&b, "", 1);
		p->command[s] = buf_failed(&b) ? NULL : strdup((char *)b.data);
		buf_clear(&b);
		snprintf(path, sizeof(path), "%s/%s/%s.json", d->dir, p->name, steps[s].file);
		r = file_append(&b, path, err);
	}
	if (r >= 0) {
		buf_append(&b, "", 1);
		p->step[s] = buf_failed(&b) ? NULL : json_tokener_parse((char *)b.data);
		if (!p->step[s] || !p->command[s])
			r = error_set(err, -EINVAL, "%s: not a result in JSON", path);
	}
	buf_finish(&b);
	return r;
}

static void demo_finish(struct demo *d)
{
	for (unsigned i = 0; i < d->count; i++)
		for (unsigned s = 0; s < STEPS; s++) {
			json_object_put(d->program[i].step[s]);
			free(d->program[i].command[s]);
		}
}

/* -- pieces ------------------------------------------------------------------------ */

static bool figure_value(const struct program *p, const struct figure *f, double *v)
{
	double per = 1;

	if (!json_number(p->step[f->step], f->path, v))
		return false;
	if (f->per && (!json_number(p->step[f->step], f->per, &per) || per == 0))
		return false;
	*v *= f->scale / per;
	return true;
}

static void html_figure(struct buf *b, const struct program *p, const struct figure *f)
{
	double v;

	if (!figure_value(p, f, &v)) {
		buf_printf(b, "\u2013");
		return;
	}
	if (f->format == BYTES)
		html_bytes(b, v);
	else if (f->format == COUNT)
		html_count(b, v);
	else
		html_number(b, v);
	buf_printf(b, "%s", f->unit);
}

/* Do all compared pictures of a program agree? */
static bool program_same(const struct program *p, double *compared)
{
	double same, different;

	return json_number(p->step[COMPARE], "compared", compared) &&
	       json_number(p->step[COMPARE], "identical", &same) &&
	       json_number(p->step[COMPARE], "different", &different) &&
	       different == 0 && same > 0;
}

static void section_head(struct buf *b, const struct demo *d)
{
	const struct program *p = &d->program[0];
	double compared = 0;
	bool same = program_same(p, &compared);

	char title[64];

	snprintf(title, sizeof(title), "%s", p->name);
	title[0] = (char)toupper((unsigned char)title[0]);
	buf_printf(b, "<header><p class=brand>Blink</p><h1>");
	html_text(b, title);
	buf_printf(b, same ? ", pixel for pixel</h1>" : ": pictures differ</h1>");
	buf_printf(b, "<p class=lead>Its OpenGL was captured, turned into small verified programs, "
		   "compiled to machine code and replayed. ");
	html_count(b, compared);
	buf_printf(b, same ? " pictures were compared with apitrace\u2019s own replay; "
			     "<strong class=good>every one is identical</strong>."
			   : " pictures were compared with apitrace\u2019s own replay; "
			     "<strong class=bad>not all are identical</strong>.");
	buf_printf(b, "</p></header>\n");
}

static int section_pictures(struct buf *b, const struct demo *d, struct error *err)
{
	static const char *const which[2][2] = {
		{ "original.png", "The original: apitrace\u2019s replay of the trace" },
		{ "blink.png", "Blink: verified stored procedures, compiled by the JIT" },
	};
	int r = 0;

	buf_printf(b, "<section class=pair>");
	for (unsigned k = 0; k < 2 && r >= 0; k++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s/%s", d->dir, d->program[0].name, which[k][0]);
		buf_printf(b, "<figure>");
		r = html_picture(b, path, which[k][1], err);
		buf_printf(b, "<figcaption>");
		html_text(b, which[k][1]);
		buf_printf(b, "</figcaption></figure>");
	}
	buf_printf(b, "</section>\n");
	return r;
}

/* The path of the first program, one card per station. */
static void section_path(struct buf *b, const struct demo *d)
{
	static const struct {
		const char *title, *note;
		struct figure f;
	} cards[] = {
		{ "capture", "GL calls recorded", { .step = CONVERT, .path = "calls", .scale = 1, .unit = "" } },
		{ "convert", "of stored procedures", { .step = CONVERT, .path = "output_bytes", .scale = 1, .unit = "", .format = BYTES } },
		{ "verify", "per call, before anything runs", { .step = NULL_JIT, .path = "cpu_seconds.verify", .per = "calls", .scale = 1e9, .unit = "\u202fns", .format = NUMBER } },
		{ "compile", "per call, by the JIT", { .step = NULL_JIT, .path = "cpu_seconds.compile", .per = "calls", .scale = 1e9, .unit = "\u202fns", .format = NUMBER } },
		{ "run", "per call, frames alone", { .step = BENCH_REPLAY, .path = "frames_null.jit.median", .scale = 1, .unit = "\u202fns", .format = NUMBER } },
		{ "compare", "pictures identical", { .step = COMPARE, .path = "identical", .scale = 1, .unit = "" } },
	};

	buf_printf(b, "<ol class=path>");
	for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
		buf_printf(b, "<li><h2>%s</h2><p class=big>", cards[i].title);
		html_figure(b, &d->program[0], &cards[i].f);
		buf_printf(b, "</p><p>%s</p></li>", cards[i].note);
	}
	buf_printf(b, "</ol>\n");
}

static void section_table(struct buf *b, const struct demo *d)
{
	buf_printf(b, "<section><h2>Figures</h2><div class=scroll><table><thead><tr><th></th>");
	for (unsigned i = 0; i < d->count; i++) {
		buf_printf(b, "<th scope=col>");
		html_text(b, d->program[i].name);
		buf_printf(b, "</th>");
	}
	buf_printf(b, "</tr></thead><tbody>\n");
	for (size_t k = 0; k < sizeof(figures) / sizeof(figures[0]); k++) {
		const struct figure *f = &figures[k];

		if (f->step == STEPS) {
			buf_printf(b, "<tr class=group><th colspan=%u>%s</th></tr>\n",
				   d->count + 1, f->label);
			continue;
		}
		buf_printf(b, "<tr><th scope=row title=\"blinkctl %s\">%s</th>",
			   steps[f->step].file, f->label);
		for (unsigned i = 0; i < d->count; i++) {
			buf_printf(b, "<td>");
			html_figure(b, &d->program[i], f);
			buf_printf(b, "</td>");
		}
		buf_printf(b, "</tr>\n");
	}
	buf_printf(b, "</tbody></table></div>"
		   "<p class=note>CPU time, not wall time. Unless a row says \u201con the driver\u201d, "
		   "entry points do nothing, so that what is left is Blink\u2019s own share, or "
		   "glretrace\u2019s.</p></section>\n");
}

/* -- plots ------------------------------------------------------------------------- */

/* Milliseconds of one stage of every frame of a replay. */
static bool series_load(struct plot_series *s, struct json_object *replay, const char *stage)
{
	struct json_object *list = json_at(replay, "per_frame");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	s->x = calloc(n + 1, sizeof(double));
	s->y = calloc(n + 1, sizeof(double));
	if (!n || !s->x || !s->y)
		return false;
	for (s->n = 0; s->n < n; s->n++) {
		struct json_object *f = json_object_array_get_idx(list, s->n);

		if (!json_number(f, "frame", &s->x[s->n]) || !json_number(f, stage, &s->y[s->n]))
			return false;
		s->y[s->n] *= 1e3;
	}
	return true;
}

struct plot_row {
	enum step step;
	const char *stage, *title, *color;
};

static int html_plot(struct buf *b, const struct program *p, const struct plot_row *rows,
		     unsigned count, bool stacked, struct error *err)
{
	struct plot_series series[8] = { { 0 } };
	struct plot plot = { .x_label = "frame", .y_label = "CPU ms", .series = series,
			     .stacked = stacked };
	bool whole = true;
	int r = 0;

	for (unsigned i = 0; i < count && i < 8 && whole; i++) {
		series[i].title = rows[i].title;
		series[i].color = rows[i].color;
		plot.count++;
		whole = series_load(&series[i], p->step[rows[i].step], rows[i].stage);
	}
	r = whole ? plot_svg(b, &plot, err)
		  : error_set(err, -EINVAL, "%s: a replay has no per_frame times", p->name);
	for (unsigned i = 0; i < plot.count; i++) {
		free(series[i].x);
		free(series[i].y);
	}
	return r;
}

static int section_plots(struct buf *b, const struct demo *d, struct error *err)
{
	static const struct plot_row driver[] = {
		{ INTERP, "run", "interpreter", "#e8743b" },
		{ JIT, "run", "JIT", "#2f7fd8" },
	}, own[] = {
		{ NULL_JIT, "load", "load", "#8c9aa8" },
		{ NULL_JIT, "verify", "verify", "#e0a52c" },
		{ NULL_JIT, "compile", "compile", "#2fa37c" },
		{ NULL_JIT, "run", "run", "#2f7fd8" },
	};
	int r;

	buf_printf(b, "<section class=plots><h2>Frame by frame</h2><figure>");
	r = html_plot(b, &d->program[0], driver, 2, false, err);
	buf_printf(b, "<figcaption>Running each frame of %s on the GL driver (logarithmic): the thread that makes the calls.</figcaption></figure><figure>",
		   d->program[0].name);
	if (r >= 0)
		r = html_plot(b, &d->program[0], own, 4, true, err);
	buf_printf(b, "<figcaption>Blink\u2019s own share of each frame: the same stored procedures on "
		   "entry points that do nothing.</figcaption></figure></section>\n");
	return r;
}

/* -- commands and environment ------------------------------------------------------ */

static void section_commands(struct buf *b, const struct demo *d)
{
	buf_printf(b, "<section><h2>Do it yourself</h2><p>Every figure above was printed by one of "
		   "these commands.</p>");
	for (unsigned i = 0; i < d->count; i++) {
		const struct program *p = &d->program[i];

		buf_printf(b, "<details%s><summary>", i ? "" : " open");
		html_text(b, p->name);
		buf_printf(b, "</summary><dl>");
		for (unsigned s = 0; s < STEPS; s++) {
			if (!p->command[s])
				continue;
			buf_printf(b, "<dt>%s</dt><dd><code>", steps[s].title);
			html_text(b, p->command[s]);
			buf_printf(b, "</code></dd>");
		}
		buf_printf(b, "</dl></details>\n");
	}
	buf_printf(b, "</section>\n");
}

static void cpu_name(char name[128])
{
	char line[256];
	FILE *f = fopen("/proc/cpuinfo", "r");

	strcpy(name, "unknown processor");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "model name", 10) && strchr(line, ':')) {
			snprintf(name, 128, "%.120s", strchr(line, ':') + 2);
			name[strcspn(name, "\n")] = 0;
			break;
		}
	if (f)
		fclose(f);
}

static void section_foot(struct buf *b, const struct demo *d)
{
	struct json_object *renderer = json_at(d->program[0].step[JIT], "renderer");
	struct utsname u = { .release = "" };
	time_t now = time(NULL);
	char cpu[128], date[64];

	uname(&u);
	cpu_name(cpu);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", gmtime(&now));
	buf_printf(b, "<footer><p>");
	html_text(b, cpu);
	buf_printf(b, ", %ld processors \u00b7 %s %s \u00b7 ", sysconf(_SC_NPROCESSORS_ONLN),
		   u.sysname, u.release);
	html_text(b, renderer ? json_object_get_string(renderer) : "no GL renderer");
	buf_printf(b, " \u00b7 %s</p></footer>\n", date);
}

int demo_page_write(const char *dir, const char *const *programs, unsigned count,
		    const char *out, struct error *err)
{
	struct demo d = { .dir = dir };
	struct buf b;
	int r = 0;

	if (count > PROGRAM_MAX)
		return error_set(err, -E2BIG, "demo: more than %d programs", PROGRAM_MAX);
	for (unsigned i = 0; i < count && r >= 0; i++) {
		d.program[d.count].name = programs[i];
		d.count++;
		for (unsigned s = 0; s < STEPS && r >= 0; s++)
			r = step_load(&d, &d.program[i], (enum step)s, err);
	}
	buf_init(&b);
	if (r >= 0) {
		page_open(&b, "Blink: a real game, replayed");
		section_head(&b, &d);
		r = section_pictures(&b, &d, err);
	}
	if (r >= 0) {
		section_path(&b, &d);
		r = section_plots(&b, &d, err);
	}
	if (r >= 0) {
		section_table(&b, &d);
		section_commands(&b, &d);
		section_foot(&b, &d);
		page_close(&b);
		r = file_write(&b, out, err);
	}
	buf_finish(&b);
	demo_finish(&d);
	return r;
}
