/* bench_record.c - what recording costs a running program: Tables 1 and 2 and Figure 4 of
 * the record-prune-replay paper.
 *
 * A program of corpora/ runs to its end natively, under apitrace, under our recorder, and
 * under our recorder while what it recorded is pruned (capture --prune), one after the other,
 * at each size of its window.  In a run the program is drawn natively and under our recorder
 * twice each, in an order that what grows or shrinks with time falls on both alike.
 *
 * CPU time is what the kernel accounts to the program and to all that serves it (apitrace's
 * and blinkctl's own processes, to their end), not to the X server.  Making the .blink, or
 * pruning beside the program, is in it, and a column of its own; so is pruning a whole .blink
 * afterwards, which is not.  Of our recorder the two parts are told apart: what the program
 * took, whose own drawing varies from run to run, and what blinkctl took, which hardly does.
 *
 * Frame times come from the program itself where it logs them (frame_log.h): it is the
 * same unmodified program with the same clock on every side.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "corpora/corpora.h"
#include "jit-bench/environment.h"
#include "jit-bench/frame_log.h"
#include "jit-bench/process.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"
#include "replay/xvfb.h"

enum side { NATIVE, APITRACE, BLINK, PRUNED, SIDES };
static const char *const side_names[SIDES] = {
	[NATIVE] = "native", [APITRACE] = "apitrace", [BLINK] = "blink",
	[PRUNED] = "blink+prune",
};

/* Who takes its turn when, in even and in odd runs. */
#define TURNS 6u
static const enum side turns[2][TURNS] = {
	{ NATIVE, BLINK, APITRACE, BLINK, NATIVE, PRUNED },
	{ BLINK, NATIVE, PRUNED, NATIVE, BLINK, APITRACE },
};

enum quantity { CPU, PROGRAM, OWN, WALL, RATE, CONVERT, BESIDE, PRUNE, BYTES, DISK, QUANTITIES };
static const struct { const char *name, *unit, *better; } quantities[QUANTITIES] = {
	[CPU] = { "cpu_seconds", "CPU s", "lower" },
	[PROGRAM] = { "program_cpu_seconds", "CPU s", "lower" },
	[OWN] = { "blinkctl_cpu_seconds", "CPU s", "lower" },
	[WALL] = { "wall_seconds", "s", "lower" },
	[RATE] = { "frame_rate", "frames/s", "higher" },
	[CONVERT] = { "convert_cpu_seconds", "CPU s", "lower" },
	[BESIDE] = { "beside_cpu_seconds", "CPU s", "lower" },
	[PRUNE] = { "prune_cpu_seconds", "CPU s", "lower" },
	[BYTES] = { "recording_bytes", "bytes", "lower" },
	[DISK] = { "most_on_disk_bytes", "bytes", "lower" },
};

struct cell {
	struct sample of[QUANTITIES];            /* a run's value is the mean of its turns */
	struct { double sum; unsigned n; } now[QUANTITIES];
	struct json_object *frames;              /* a metric that holds the series */
};
struct row {
	const struct bench_size *size;
	char name[64];
	struct cell cell[SIDES];
};
struct bench {
	const struct bench_record_options *opt;
	struct recipe recipe;
	struct xvfb xvfb;
	char display[80];
	const char *where;               /* the display's name */
	struct row *rows;
	unsigned nrows;
};

/* ---- the program's command at a size ------------------------------------------------- */

/* Arguments behind which a width or height stands. */
static const struct { const char *word; bool height; } size_words[] = {
	{ "r_customwidth", false }, { "r_customheight", true }, { "-W", false }, { "-H", true },
};

static bool recipe_sizes(const struct recipe_run *run)
{
	for (char **a = run->argv; *a; a++)
		for (unsigned i = 0; i < sizeof(size_words) / sizeof(size_words[0]); i++)
			if (a[1] && !strcmp(*a, size_words[i].word))
				return true;
	return false;
}

static int size_set(struct recipe_run *run, const struct bench_size *size, struct error *err)
{
	for (char **a = run->argv; *a; a++)
		for (unsigned i = 0; i < sizeof(size_words) / sizeof(size_words[0]); i++) {
			char number[16], *copy;

			if (!a[1] || strcmp(*a, size_words[i].word))
				continue;
			snprintf(number, sizeof(number), "%u",
				 size_words[i].height ? size->height : size->width);
			copy = strdup(number);
			if (!copy)
				return error_set(err, -ENOMEM, "bench: out of memory");
			free(a[1]);
			a[1] = copy;
		}
	return 0;
}

/* ---- one run of one side ---------------------------------------------------------------- */

#define WORDS 160

struct job {
	struct recipe_run run;
	const char *argv[WORDS], *env[WORDS];
	char output[320], said[320];
};

static int words_put(const char **list, unsigned *n, char *const *more, struct error *err)
{
	for (; *more; more++) {
		if (*n + 1 >= WORDS)
			return error_set(err, -E2BIG, "bench: too many arguments");
		list[(*n)++] = *more;
	}
	list[*n] = NULL;
	return 0;
}

static int job_command(struct bench *b, struct job *j, enum side side, struct error *err)
{
	const char *const apitrace[] = { "apitrace", "trace", "-o", j->output, NULL };
	const char *const blink[] = { b->opt->self, "capture", "--json", "--recorder", "blink",
				      "-d", b->where, "-o", j->output, "--", NULL };
	const char *const pruned[] = { b->opt->self, "capture", "--json", "--recorder", "blink",
				       "--prune", "-d", b->where, "-o", j->output, "--", NULL };
	const char *const none[] = { NULL };
	const char *const *const starts[SIDES] = { none, apitrace, blink, pruned };
	static const char *const settings[] = { "LIBGL_ALWAYS_SOFTWARE=1", "GALLIUM_DRIVER=llvmpipe",
		"SDL_VIDEODRIVER=x11", "QT_QPA_PLATFORM=xcb", NULL };
	static const char *const always[] = { "vblank_mode=0", "SDL_AUDIODRIVER=dummy", NULL };
	unsigned argc = 0, envc = 0;
	int rc;

	j->env[envc++] = b->display;
	rc = words_put(j->env, &envc, (char *const *)(uintptr_t)always, err);
	if (rc == 0 && b->xvfb.pid)
		rc = words_put(j->env, &envc, (char *const *)(uintptr_t)settings, err);
	if (rc == 0)
		rc = words_put(j->env, &envc, j->run.env, err);
	if (rc == 0)
		rc = words_put(j->argv, &argc, (char *const *)(uintptr_t)starts[side], err);
	if (rc == 0)
		rc = words_put(j->argv, &argc, j->run.argv, err);
	return rc;
}

static double said_number(const char *path, const char *key)
{
	struct json_object *j = json_object_from_file(path), *v;
	double n = 0;

	if (json_object_is_type(j, json_type_object) && json_object_object_get_ex(j, key, &v))
		n = json_object_get_double(v);
	json_object_put(j);
	return n;
}

static void note(struct cell *c, enum quantity q, double v)
{
	c->now[q].sum += v;
	c->now[q].n++;
}

static void run_end(struct cell *c)
{
	for (unsigned q = 0; q < QUANTITIES; q++)
		if (c->now[q].n)
			sample_add(&c->of[q], c->now[q].sum / c->now[q].n);
	memset(c->now, 0, sizeof(c->now));
}

static int frames_note(struct cell *c, const char *of, const char *folder, struct error *err)
{
	double *ms, sum = 0;
	long n = frame_log_read(folder, &ms, err);

	if (n < 0)
		return (int)n;
	for (long i = 0; i < n; i++)
		sum += ms[i];
	if (n && sum > 0) {
		if (!c->frames)
			c->frames = metric_json(of, "frame_rate", "frames/s", "higher",
						&c->of[RATE]);
		note(c, RATE, 1000 * (double)n / sum);
		metric_series_add(c->frames, "frame_time", "ms", ms, (size_t)n);
	}
	free(ms);
	return 0;
}

/* The recording's end as a pruned log. */
static int prune_run(struct bench *b, struct job *j, struct cell *c, struct error *err)
{
	char frames[24], pruned[340];
	const char *argv[] = { b->opt->self, "prune", j->output, "--at-frame", frames, "-o", pruned,
			       NULL };
	struct process_place place = { .limit = 300 };
	struct process_cost cost;
	int rc;

	snprintf(frames, sizeof(frames), "%.0f", said_number(j->said, "frames"));
	snprintf(pruned, sizeof(pruned), "%s.pruned", j->output);
	rc = process_run_in(&place, argv, NULL, &cost, err);
	if (rc == 0)
		note(c, PRUNE, cost.cpu);
	return rc;
}

static void cost_note(struct cell *c, enum side side, const struct job *j,
		      const struct process_cost *cost)
{
	double program = side >= BLINK ? said_number(j->said, "program_cpu_seconds") : cost->cpu;
	struct stat st;

	note(c, CPU, cost->cpu);
	note(c, WALL, cost->wall);
	if (side != APITRACE)
		note(c, PROGRAM, program);
	if (side >= BLINK)
		note(c, OWN, cost->cpu - program);
	if (side == BLINK)
		note(c, CONVERT, said_number(j->said, "convert_cpu_seconds"));
	if (side == PRUNED) {
		note(c, BESIDE, said_number(j->said, "prune_cpu_seconds"));
		note(c, DISK, said_number(j->said, "most_on_disk_bytes"));
	}
	if (side != NATIVE && stat(j->output, &st) == 0)
		note(c, BYTES, (double)st.st_size);
}

static int side_run(struct bench *b, struct row *row, enum side side, struct error *err)
{
	struct cell *c = &row->cell[side];
	struct process_place place;
	struct process_cost cost;
	struct job j = { .output = "" };
	char of[96];
	int rc = recipe_prepare(&j.run, &b->recipe, err);

	if (rc < 0)
		return rc;
	snprintf(j.output, sizeof(j.output), "%s/out.%s", j.run.dir,
		 side >= BLINK ? "blink" : "trace");
	snprintf(j.said, sizeof(j.said), "%s/said.json", j.run.dir);
	snprintf(of, sizeof(of), "%s/%s", row->name, side_names[side]);
	place = (struct process_place){ .folder = j.run.dir, .output = j.said,
					.limit = b->recipe.duration > 0 ? b->recipe.duration : 900 };
	if (row->size)
		rc = size_set(&j.run, row->size, err);
	if (rc == 0)
		rc = job_command(b, &j, side, err);
	if (rc == 0)
		rc = process_run_in(&place, j.argv, j.env, &cost, err);
	if (rc == 0)
		rc = frames_note(c, of, j.run.dir, err);
	if (rc == 0)
		cost_note(c, side, &j, &cost);
	if (rc == 0 && side == BLINK && !c->now[PRUNE].n)
		rc = prune_run(b, &j, c, err);
	recipe_clean(&j.run);
	return rc < 0 ? error_prefix(err, "%s", of) : 0;
}

/* Not counted: the first to run finds the game's files on the disk. */
static int warm(struct bench *b, struct row *row, struct error *err)
{
	struct cell *c = &row->cell[NATIVE];
	int rc = side_run(b, row, NATIVE, err);

	json_object_put(c->frames);
	*c = (struct cell){ .frames = NULL };
	return rc;
}

static int row_run(struct bench *b, struct row *row, unsigned run, struct error *err)
{
	int rc = 0;

	for (unsigned i = 0; i < TURNS && rc == 0; i++)
		rc = side_run(b, row, turns[run % 2][i], err);
	for (unsigned side = 0; side < SIDES && rc == 0; side++)
		run_end(&row->cell[side]);
	return rc;
}

/* ---- results ------------------------------------------------------------------------------ */

static void put_median(struct json_object *j, const char *key, const struct sample *s,
		       double scale)
{
	json_object_object_add(j, key, s->n ? json_object_new_double(sample_median(s) * scale)
					    : NULL);
}

/* sample_total_ratio_json's { ratio, low, high } as percent above `above` in columns. */
static void put_percent(struct json_object *j, const char *const keys[3],
			const struct sample *a, const struct sample *base, double above)
{
	static const char *const parts[3] = { "ratio", "low", "high" };
	struct json_object *ratio = a->n ? sample_total_ratio_json(a, base) : NULL;

	for (unsigned i = 0; i < 3; i++) {
		double v = ratio ? json_object_get_double(json_object_object_get(ratio, parts[i]))
				 : 0;

		json_object_object_add(j, keys[i], ratio ? json_object_new_double(100 * (v - above))
							 : NULL);
	}
	json_object_put(ratio);
}

static struct json_object *cell_json(const struct row *row, enum side side)
{
	static const char *const all[3] = { "cpu_over_native_percent", "low", "high" };
	static const char *const program[3] = { "program_over_native_percent", "program_low",
						"program_high" };
	static const char *const own[3] = { "blinkctl_of_native_percent", "blinkctl_low",
					    "blinkctl_high" };
	const struct sample *s = row->cell[side].of, *native = row->cell[NATIVE].of;
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "size", json_object_new_string(row->name));
	json_object_object_add(j, "side", json_object_new_string(side_names[side]));
	put_median(j, "frames_per_second", &s[RATE], 1);
	put_median(j, "cpu_s", &s[CPU], 1);
	put_percent(j, all, &s[CPU], &native[CPU], 1);
	put_percent(j, program, &s[PROGRAM], &native[CPU], 1);
	put_percent(j, own, &s[OWN], &native[CPU], 0);
	put_median(j, "wall_s", &s[WALL], 1);
	put_median(j, "file_mb", &s[BYTES], 1e-6);
	put_median(j, "blinkctl_cpu_s", &s[OWN], 1);
	put_median(j, "convert_cpu_s", &s[CONVERT], 1);
	put_median(j, "beside_cpu_s", &s[BESIDE], 1);
	put_median(j, "most_on_disk_mb", &s[DISK], 1e-6);
	put_median(j, "prune_cpu_s", &s[PRUNE], 1);
	return j;
}

static void cell_metrics(struct json_object *list, struct row *row, enum side side)
{
	struct cell *c = &row->cell[side];
	char of[96];

	snprintf(of, sizeof(of), "%s/%s", row->name, side_names[side]);
	for (unsigned q = 0; q < QUANTITIES; q++) {
		struct json_object *m;

		if (!c->of[q].n)
			continue;
		m = metric_json(of, quantities[q].name, quantities[q].unit, quantities[q].better,
				&c->of[q]);
		if (q == RATE && c->frames)
			json_object_object_add(m, "series", json_object_get(
				json_object_object_get(c->frames, "series")));
		json_object_array_add(list, m);
	}
}

static struct json_object *results(void *suite)
{
	struct bench *b = suite;
	struct json_object *j = json_object_new_object(), *rows = json_object_new_array();
	struct json_object *metrics = json_object_new_array();

	json_object_object_add(j, "suite", json_object_new_string("record"));
	json_object_object_add(j, "program", json_object_new_string(b->recipe.name));
	json_object_object_add(j, "runs", json_object_new_int((int)b->opt->runs));
	json_object_object_add(j, "display", json_object_new_string(b->where));
	json_object_object_add(j, "environment", environment_json());
	for (unsigned i = 0; i < b->nrows; i++)
		for (unsigned side = 0; side < SIDES; side++) {
			json_object_array_add(rows, cell_json(&b->rows[i], side));
			cell_metrics(metrics, &b->rows[i], side);
		}
	json_object_object_add(j, "record", rows);
	json_object_object_add(j, "metrics", metrics);
	return j;
}

/* ---- before and after ----------------------------------------------------------------------- */

static int display_find(struct bench *b, struct error *err)
{
	const char *display = getenv("DISPLAY");
	unsigned w = 1280, h = 1024;
	int rc = 0;

	for (unsigned i = 0; i < b->opt->nsizes; i++) {
		w = b->opt->sizes[i].width > w ? b->opt->sizes[i].width : w;
		h = b->opt->sizes[i].height > h ? b->opt->sizes[i].height : h;
	}
	if (!display || !display[0])
		rc = xvfb_start(&b->xvfb, w, h, err);
	b->where = b->xvfb.pid ? b->xvfb.display : display;
	snprintf(b->display, sizeof(b->display), "DISPLAY=%.60s", b->where ? b->where : "");
	return rc;
}

static int packages_check(const struct bench *b, struct error *err)
{
	const char **missing = recipe_missing(&b->recipe);
	int rc = 0;

	if (!missing)
		return error_set(err, -ENOMEM, "bench: out of memory");
	if (missing[0])
		rc = error_set(err, -ENOPKG, "%s: package %s is missing (blinkctl corpora install "
			       "%s)", b->recipe.name, missing[0], b->recipe.name);
	free(missing);
	return rc;
}

/* The program's own size where its command has none to be changed. */
static int rows_make(struct bench *b, struct error *err)
{
	struct recipe_run run;
	bool sized;
	int rc = recipe_prepare(&run, &b->recipe, err);

	if (rc < 0)
		return rc;
	sized = b->opt->nsizes && recipe_sizes(&run);
	recipe_clean(&run);
	b->nrows = sized ? b->opt->nsizes : 1;
	b->rows = calloc(b->nrows, sizeof(*b->rows));
	if (!b->rows)
		return error_set(err, -ENOMEM, "bench: out of memory");
	for (unsigned i = 0; i < b->nrows; i++) {
		b->rows[i].size = sized ? &b->opt->sizes[i] : NULL;
		if (sized)
			snprintf(b->rows[i].name, sizeof(b->rows[i].name), "%ux%u",
				 b->opt->sizes[i].width, b->opt->sizes[i].height);
		else
			snprintf(b->rows[i].name, sizeof(b->rows[i].name), "%.60s",
				 b->recipe.name);
	}
	return 0;
}

static void bench_close(struct bench *b)
{
	for (unsigned i = 0; b->rows && i < b->nrows; i++)
		for (unsigned side = 0; side < SIDES; side++)
			json_object_put(b->rows[i].cell[side].frames);
	free(b->rows);
	xvfb_stop(&b->xvfb);
	recipe_finish(&b->recipe);
}

struct json_object *bench_record(const struct bench_record_options *opt, struct error *err)
{
	struct bench b = { .opt = opt };
	struct json_object *j = NULL;
	char length[16];
	int rc = recipe_load(&b.recipe, opt->program, err);

	if (rc == 0)
		rc = packages_check(&b, err);
	if (rc == 0 && opt->length) {
		snprintf(length, sizeof(length), "%u", opt->length);
		setenv("LENGTH", length, 1);
	}
	if (rc == 0)
		rc = rows_make(&b, err);
	if (rc == 0)
		rc = display_find(&b, err);
	for (unsigned i = 0; rc == 0 && i < b.nrows; i++)
		rc = warm(&b, &b.rows[i], err);
	for (unsigned run = 0; rc == 0 && bench_more(run, opt->runs, results, &b); run++)
		for (unsigned i = 0; i < b.nrows && rc == 0; i++)
			rc = row_run(&b, &b.rows[i], run, err);
	if (rc == 0)
		j = results(&b);
	bench_close(&b);
	return j;
}
