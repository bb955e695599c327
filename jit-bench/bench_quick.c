/* bench_quick.c - the suite that a gate can afford: what verifying, compiling and running
 * cost, in a few milliseconds a run.
 *
 * Made for two builds that take turns every few milliseconds (blinkctl bench --against): a
 * run measures each quantity some dozen times and keeps the least.  On a loaded machine
 * everything that disturbs makes things slower, never faster: the least is what the code
 * itself costs, and repeats within a per cent where medians move by ten.
 *
 * Of files, every frame is loaded, verified and compiled first and then played some times
 * on entry points that do nothing; the least time of each frame is its time, and together
 * they are the series of frame times.  Their sum is one metric, their median another: the
 * latter does not move when a few frames do, and leaves that to the series' shape.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "blink/engine/engine.h"
#include "blink/sp/file.h"
#include "blink/verify/verify.h"
#include "jit-bench/environment.h"
#include "jit-bench/mixes.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"
#include "reports/stats.h"

#define NAMES 16u
#define REPEATS 24u                /* of which the least counts */
#define WARM 8u                    /* runs that train branch predictors */
#define SPAN 10000.0               /* ns: a span is no shorter, for the clock costs some 25 */
#define PLAYS 12u                  /* of a file's frames, of which the least counts */
#define FRAMES_MOST 400u           /* of a file, from its beginning */

enum quantity { VERIFY, COMPILE, RUN, QUANTITIES };
static const char *const quantity_names[QUANTITIES] = { "verify", "compile", "run" };

struct mix {
	struct buf code;
	struct sp sp;
	double records;
	struct sample ns[QUANTITIES];      /* per instruction */
};

struct part { struct sp sp; const struct jit_code *code; };
struct film {
	struct blink_file *file;
	struct client client;
	struct jit *jit;
	struct verify_state *state;
	struct verify_env env;
	struct sp_index index;
	struct part *parts;                /* by SP id */
	uint32_t nparts, frames;
	double *least;                     /* ns of each frame, in this run */
	char name[80];
	struct sample ns, median;          /* of all frames, per GL call; of a frame, in ms */
	struct json_object *metric;        /* with the series of frame times */
};

struct bench {
	struct sink *sink;
	struct jit *jit;
	struct client client;
	struct verify_state *state;
	struct verify_env env;
	struct sp_index index;
	struct mix *mixes;
	struct film *films;
	unsigned nfilms;
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void least(double *v, double ns)
{
	if (*v <= 0 || ns < *v)
		*v = ns;
}

/* ---- mixes ------------------------------------------------------------------------- */

static const struct jit_code *mix_make_code(struct bench *b, struct mix *m, double best[QUANTITIES],
					    struct error *err)
{
	const struct jit_code *code;
	struct verify_verdict v;
	double since = now_ns(), middle;

	if (verify_sp(b->state, &b->env, &m->sp, &v) < 0) {
		error_set(err, -EACCES, "bench: a mix was refused: %s", verify_reason_sentence(v.reason));
		return NULL;
	}
	middle = now_ns();
	code = jit_compile_index(b->jit, &m->sp, &b->index, err);
	least(&best[COMPILE], now_ns() - middle);
	least(&best[VERIFY], middle - since);
	return code;
}

static void mix_run(struct bench *b, struct mix *m, const struct jit_code *code, double *best)
{
	unsigned per_span = 1;
	double since = 0, once;

	for (unsigned i = 0; i < WARM; i++) {
		since = now_ns();
		jit_run(&b->client, code, &m->sp, 0);
	}
	once = now_ns() - since;
	if (once < SPAN)
		per_span += (unsigned)(SPAN / once);
	for (unsigned i = 0; i < REPEATS; i++) {
		since = now_ns();
		for (unsigned k = 0; k < per_span; k++)
			jit_run(&b->client, code, &m->sp, 0);
		least(best, (now_ns() - since) / per_span);
	}
}

static int mix_measure(struct bench *b, struct mix *m, struct error *err)
{
	double best[QUANTITIES] = { 0 };

	for (unsigned i = 0; i < REPEATS; i++) {
		const struct jit_code *code = mix_make_code(b, m, best, err);

		if (!code)
			return err->code;
		if (i + 1 == REPEATS)
			mix_run(b, m, code, &best[RUN]);
		jit_forget(b->jit, code);
		index_forget(&b->index);
		verify_forget(b->state);
	}
	for (unsigned q = 0; q < QUANTITIES; q++)
		sample_add(&m->ns[q], best[q] / m->records);
	return 0;
}

static int mix_open(struct mix *m, const struct bench_mix *row, uint32_t id, struct error *err)
{
	const uint32_t *rec, *end;

	buf_init(&m->code);
	row->make(&m->code);
	if (buf_failed(&m->code))
		return error_set(err, -ENOMEM, "bench: out of memory");
	m->sp = (struct sp){ .id = id, .callback = SP_REDRAW, .context = 1, .drawable = 1,
			     .code = (const uint32_t *)(const void *)m->code.data,
			     .nwords = (uint32_t)(m->code.len / 4) };
	end = m->sp.code + m->sp.nwords;
	for (rec = m->sp.code; rec < end; rec += gl_ops[sp_opcode(*rec)].words)
		m->records++;
	return 0;
}

static int mixes_open(struct bench *b, struct error *err)
{
	struct client_limits limits = { .slots = NAMES };
	int rc = 0;

	for (unsigned i = 0; i < bench_mix_count && rc == 0; i++)
		rc = mix_open(&b->mixes[i], &bench_mixes[i], i, err);
	if (rc < 0)
		return rc;
	b->state = verify_state_create();
	if (!b->state || index_init(&b->index) < 0)
		return error_set(err, -ENOMEM, "bench: out of memory");
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		limits.names[s] = b->env.limits.names[s] = NAMES;
	b->env.limits.slots = NAMES;
	b->env.limits.words = SP_MAX_WORDS;
	b->env.index = &b->index;
	rc = bench_context_make(b->state, &b->env, err);
	if (rc == 0)
		rc = client_init(&b->client, b->sink, &limits, err);
	return rc == 0 ? jit_create(&b->jit, b->sink, err) : rc;
}

/* ---- files ------------------------------------------------------------------------- */

static const struct sp *callee(void *user, uint32_t id)
{
	struct film *f = user;

	return id < f->nparts ? &f->parts[id].sp : NULL;
}

static int part_run(struct film *f, uint32_t id, struct error *err)
{
	enum engine_status status;
	uint32_t pc = 0;

	do {
		status = jit_run(&f->client, f->parts[id].code, &f->parts[id].sp, pc);
		pc = f->client.pc;
	} while (status == ENGINE_YIELD);
	return status == ENGINE_END ? 0
		: error_set(err, -EIO, "bench: %s: SP %u: %s", f->name, id, f->client.error.text);
}

/* Loads, verifies, compiles, and runs once, in the file's order. */
static int part_make(struct film *f, uint32_t id, struct error *err)
{
	struct part *p = &f->parts[id];
	struct verify_verdict v;
	int rc = blink_sp_load(f->file, id, &p->sp, err);

	if (rc < 0)
		return rc;
	f->env.payloads = f->client.payloads = *blink_payloads(f->file);
	if (verify_sp(f->state, &f->env, &p->sp, &v) < 0)
		return error_set(err, -EACCES, "bench: %s: SP %u refused: %s", f->name, id,
				 verify_reason_sentence(v.reason));
	p->code = jit_compile_index(f->jit, &p->sp, &f->index, err);
	return p->code ? part_run(f, id, err) : err->code;
}

static void film_name(struct film *f, const char *path)
{
	const char *slash = strrchr(path, '/'), *from = slash ? slash + 1 : path;

	snprintf(f->name, sizeof(f->name), "%.*s", (int)strcspn(from, "."), from);
}

static int film_open(struct film *f, const char *path, struct sink *sink, struct error *err)
{
	struct client_limits limits;
	uint32_t first = 0, count = 0;
	struct jit_stats stats = { 0 };
	int rc = blink_open(&f->file, path, 0, err);

	if (rc < 0)
		return rc;
	film_name(f, path);
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		limits.names[s] = f->env.limits.names[s] = blink_names_max(f->file, s);
	limits.slots = f->env.limits.slots = blink_slots(f->file);
	f->env.limits.words = SP_MAX_WORDS;
	f->env.limits.allow_opaque = f->env.limits.allow_sensitive = true;
	f->env.callee = callee;
	f->env.user = f;
	f->env.index = &f->index;
	f->frames = blink_frame_count(f->file) < FRAMES_MOST ? blink_frame_count(f->file) : FRAMES_MOST;
	if (!f->frames)
		return error_set(err, -EINVAL, "%s: there is no frame in it", path);
	rc = blink_frame(f->file, f->frames - 1, &first, &count);
	if (rc < 0)
		return error_set(err, rc, "%s: no frame %u", path, f->frames - 1);
	f->nparts = first + count;
	f->parts = calloc((size_t)f->nparts + 1, sizeof(*f->parts));
	f->least = calloc(f->frames, sizeof(*f->least));
	f->state = verify_state_create();
	if (!f->parts || !f->least || !f->state || index_init(&f->index) < 0)
		return error_set(err, -ENOMEM, "bench: out of memory");
	rc = client_init(&f->client, sink, &limits, err);
	f->client.callee = callee;
	f->client.user = f;
	if (rc == 0)
		rc = jit_create(&f->jit, sink, err);
	for (uint32_t id = 0; id < f->nparts && rc == 0; id++)
		rc = part_make(f, id, err);
	jit_stats_get(f->jit, &stats);
	if (rc == 0 && stats.evicted)
		rc = error_set(err, -EFBIG, "%s: its first %u frames are too much code for the quick "
			       "suite (blinkctl bench frames, or prune it to fewer)", path, f->frames);
	return rc;
}

static int frame_play(struct film *f, uint32_t frame, struct error *err)
{
	uint32_t first = 0, count = 0;
	double since;
	int rc = blink_frame(f->file, frame, &first, &count);

	since = now_ns();
	for (uint32_t id = first; id < first + count && rc == 0; id++)
		rc = part_run(f, id, err);
	least(&f->least[frame], now_ns() - since);
	return rc;
}

static void film_note(struct film *f, double calls)
{
	double sum = 0;

	for (uint32_t i = 0; i < f->frames; i++)
		sum += f->least[i];
	sample_add(&f->ns, sum / calls);
	for (uint32_t i = 0; i < f->frames; i++)
		f->least[i] /= 1e6;
	sample_add(&f->median, stats_median(f->least, f->frames).v);
	if (!f->metric)
		f->metric = json_object_new_object();
	metric_series_add(f->metric, "frame_time", "ms", f->least, f->frames);
}

static int film_measure(struct film *f, struct error *err)
{
	uint64_t calls = f->client.calls;
	int rc = 0;

	memset(f->least, 0, f->frames * sizeof(*f->least));
	for (unsigned k = 0; k < PLAYS; k++)
		for (uint32_t i = 0; i < f->frames && rc == 0; i++)
			rc = frame_play(f, i, err);
	calls = (f->client.calls - calls) / PLAYS;
	if (rc == 0)
		film_note(f, calls ? (double)calls : 1);
	return rc;
}

static void film_close(struct film *f)
{
	jit_destroy(f->jit);
	if (f->file)
		client_finish(&f->client);
	verify_state_destroy(f->state);
	index_finish(&f->index);
	free(f->parts);
	free(f->least);
	json_object_put(f->metric);
	blink_close(f->file);
}

/* ---- results ------------------------------------------------------------------------- */

static struct json_object *results(void *suite)
{
	struct bench *b = suite;
	struct json_object *j = json_object_new_object(), *rows = json_object_new_array();

	json_object_object_add(j, "suite", json_object_new_string("quick"));
	json_object_object_add(j, "environment", environment_json());
	json_object_object_add(j, "unit", json_object_new_string("ns per instruction or GL call"));
	for (unsigned i = 0; i < bench_mix_count; i++)
		for (unsigned q = 0; q < QUANTITIES; q++)
			json_object_array_add(rows, metric_json(bench_mixes[i].name,
				quantity_names[q], "ns", "lower", &b->mixes[i].ns[q]));
	for (unsigned i = 0; i < b->nfilms; i++) {
		struct film *f = &b->films[i];
		struct json_object *series = NULL, *m = metric_json(f->name, "median_frame", "ms",
								    "lower", &f->median);

		json_object_array_add(rows, metric_json(f->name, "frames", "ns", "lower", &f->ns));
		/* a snapshot: the series goes on growing */
		json_object_object_get_ex(f->metric, "series", &series);
		if (series)
			json_object_object_add(m, "series", json_tokener_parse(
				json_object_to_json_string_ext(series, JSON_C_TO_STRING_PLAIN)));
		json_object_array_add(rows, m);
	}
	json_object_object_add(j, "metrics", rows);
	return j;
}

/* For people, who get no metrics: medians. */
static void told(struct bench *b, struct json_object *j)
{
	struct json_object *rows = json_object_new_array();

	for (unsigned i = 0; i < bench_mix_count + b->nfilms; i++) {
		bool mix = i < bench_mix_count;
		struct film *f = mix ? NULL : &b->films[i - bench_mix_count];
		struct json_object *row = json_object_new_object();

		json_object_object_add(row, "case", json_object_new_string(mix ? bench_mixes[i].name
									       : f->name));
		for (unsigned q = 0; q < QUANTITIES; q++) {
			const struct sample *s = mix ? &b->mixes[i].ns[q] : q == RUN ? &f->ns : NULL;

			json_object_object_add(row, quantity_names[q], !s ? NULL :
				json_object_new_double(sample_median(s)));
		}
		json_object_array_add(rows, row);
	}
	json_object_object_add(j, "medians", rows);
}

static int measure(struct bench *b, unsigned runs, struct error *err)
{
	int rc = 0;

	for (unsigned run = 0; rc == 0 && bench_more(run, runs, results, b); run++) {
		for (unsigned i = 0; i < bench_mix_count && rc == 0; i++)
			rc = mix_measure(b, &b->mixes[i], err);
		for (unsigned i = 0; i < b->nfilms && rc == 0; i++)
			rc = film_measure(&b->films[i], err);
	}
	return rc;
}

static void bench_close(struct bench *b)
{
	for (unsigned i = 0; b->films && i < b->nfilms; i++)
		film_close(&b->films[i]);
	for (unsigned i = 0; b->mixes && i < bench_mix_count; i++)
		buf_finish(&b->mixes[i].code);
	jit_destroy(b->jit);
	client_finish(&b->client);
	verify_state_destroy(b->state);
	index_finish(&b->index);
	sink_destroy(b->sink);
	free(b->films);
	free(b->mixes);
}

struct json_object *bench_quick(const char *const *files, unsigned nfiles, unsigned runs,
				struct error *err)
{
	struct bench b = { .sink = sink_null_create(), .nfilms = nfiles };
	struct json_object *j = NULL;
	int rc = 0;

	b.mixes = calloc(bench_mix_count, sizeof(*b.mixes));
	b.films = calloc((size_t)nfiles + 1, sizeof(*b.films));
	if (!b.sink || !b.mixes || !b.films)
		rc = error_set(err, -ENOMEM, "bench: out of memory");
	if (rc == 0)
		rc = mixes_open(&b, err);
	for (unsigned i = 0; i < nfiles && rc == 0; i++)
		rc = film_open(&b.films[i], files[i], b.sink, err);
	if (rc == 0)
		rc = measure(&b, runs, err);
	if (rc == 0) {
		j = results(&b);
		told(&b, j);
	}
	bench_close(&b);
	return j;
}
