/* bench_record.c - what recording costs a running program: Tables 1 and 2 and Figure 4 of
 * the record-prune-replay paper.
 *
 * A program of corpora/ runs to its end natively, under apitrace, under our recorder, and
 * under our recorder while what it recorded is pruned (capture --prune), one after the other
 * in every run, another one first each time, at each size of its window.  CPU time is what the
 * kernel accounts to the program and to all that serves it (apitrace's and blinkctl's own
 * processes, to their end), not to the X server.  Making the .blink, or pruning beside the
 * program, is in it, and a column of its own; so is pruning a whole .blink afterwards, which
 * is not.
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

struct cell {
	struct sample cpu, wall, rate, convert, beside, prune, bytes, disk;
	struct json_object *frames;      /* the metric that holds the series */
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
			c->frames = metric_json(of, "frame_rate", "frames/s", "higher", &c->rate);
		sample_add(&c->rate, 1000 * (double)n / sum);
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
		sample_add(&c->prune, cost.cpu);
	return rc;
}

static int side_run(struct bench *b, struct row *row, enum side side, struct error *err)
{
	struct cell *c = &row->cell[side];
	struct process_place place;
	struct process_cost cost;
	struct job j = { .output = "" };
	char of[96];
	struct stat st;
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
	if (rc == 0) {
		sample_add(&c->cpu, cost.cpu);
		sample_add(&c->wall, cost.wall);
		if (side == BLINK)
			sample_add(&c->convert, said_number(j.said, "convert_cpu_seconds"));
		if (side == PRUNED) {
			sample_add(&c->beside, said_number(j.said, "prune_cpu_seconds"));
			sample_add(&c->disk, said_number(j.said, "most_on_disk_bytes"));
		}
		if (side != NATIVE && stat(j.output, &st) == 0)
			sample_add(&c->bytes, (double)st.st_size);
	}
	if (rc == 0 && side == BLINK)
		rc = prune_run(b, &j, c, err);
	recipe_clean(&j.run);
	return rc < 0 ? error_prefix(err, "%s", of) : 0;
}

/* ---- results ------------------------------------------------------------------------------ */

static struct json_object *median(const struct sample *s)
{
	return s->n ? json_object_new_double(sample_median(s)) : NULL;
}

/* sample_total_ratio_json's { ratio, low, high } as percent above 1 in columns. */
static void put_over(struct json_object *j, const struct sample *a, const struct sample *base)
{
	static const char *const keys[][2] = {
		{ "cpu_over_native_percent", "ratio" }, { "low", "low" }, { "high", "high" },
	};
	struct json_object *ratio = a->n ? sample_total_ratio_json(a, base) : NULL;

	for (unsigned i = 0; i < 3; i++) {
		double v = ratio ? json_object_get_double(json_object_object_get(ratio, keys[i][1]))
				 : 0;

		json_object_object_add(j, keys[i][0], ratio ? json_object_new_double(100 * (v - 1))
							    : NULL);
	}
	json_object_put(ratio);
}

static struct json_object *cell_json(const struct row *row, enum side side)
{
	const struct cell *c = &row->cell[side], *native = &row->cell[NATIVE];
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "size", json_object_new_string(row->name));
	json_object_object_add(j, "side", json_object_new_string(side_names[side]));
	json_object_object_add(j, "frames_per_second", median(&c->rate));
	json_object_object_add(j, "cpu_s", median(&c->cpu));
	put_over(j, &c->cpu, &native->cpu);
	json_object_object_add(j, "wall_s", median(&c->wall));
	json_object_object_add(j, "file_mb", c->bytes.n ? json_object_new_double(
				sample_median(&c->bytes) / 1e6) : NULL);
	json_object_object_add(j, "convert_cpu_s", median(&c->convert));
	json_object_object_add(j, "beside_cpu_s", median(&c->beside));
	json_object_object_add(j, "most_on_disk_mb", c->disk.n ? json_object_new_double(
				sample_median(&c->disk) / 1e6) : NULL);
	json_object_object_add(j, "prune_cpu_s", median(&c->prune));
	return j;
}

static void cell_metrics(struct json_object *list, struct row *row, enum side side)
{
	struct cell *c = &row->cell[side];
	const struct { const char *name, *unit, *better; const struct sample *s; } m[] = {
		{ "cpu_seconds", "CPU s", "lower", &c->cpu },
		{ "wall_seconds", "s", "lower", &c->wall },
		{ "convert_cpu_seconds", "CPU s", "lower", &c->convert },
		{ "prune_cpu_seconds", "CPU s", "lower", &c->prune },
		{ "beside_cpu_seconds", "CPU s", "lower", &c->beside },
		{ "most_on_disk_bytes", "bytes", "lower", &c->disk },
		{ "recording_bytes", "bytes", "lower", &c->bytes },
	};
	char of[96];

	snprintf(of, sizeof(of), "%s/%s", row->name, side_names[side]);
	for (unsigned i = 0; i < sizeof(m) / sizeof(m[0]); i++)
		if (m[i].s->n)
			json_object_array_add(list, metric_json(of, m[i].name, m[i].unit,
								m[i].better, m[i].s));
	if (c->frames) {
		/* its samples were not there yet when it was made */
		struct json_object *full = metric_json(of, "frame_rate", "frames/s", "higher",
						       &c->rate);

		json_object_object_add(full, "series", json_object_get(
			json_object_object_get(c->frames, "series")));
		json_object_array_add(list, full);
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
	for (unsigned run = 0; rc == 0 && bench_more(run, opt->runs, results, &b); run++)
		for (unsigned i = 0; i < b.nrows && rc == 0; i++)
			for (unsigned side = 0; side < SIDES && rc == 0; side++)
				rc = side_run(&b, &b.rows[i], (side + run) % SIDES, err);
	if (rc == 0)
		j = results(&b);
	bench_close(&b);
	return j;
}
