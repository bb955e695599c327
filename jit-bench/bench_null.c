/* bench_null.c - what a recorder adds to a call of GL: a program that makes cheap calls
 * on the null libGL, bare, under our recorder and under apitrace, taking turns.
 *
 * What our recorder writes is taken from it as `blinkctl capture` does: by a thread of this
 * process, which converts it and empties its slots.  What that costs is not in these figures.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <pthread.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blink/sp/file.h"
#include "capture/convert.h"
#include "capture/record/format.h"
#include "capture/recording.h"
#include "capture/run.h"
#include "capture/run_record.h"
#include "jit-bench/environment.h"
#include "jit-bench/process.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"

#define CALLS "400000"           /* of each kind, in each run */
#define KINDS 5u

enum side { BARE, BLINK, APITRACE, SIDES };
static const char *const side_names[SIDES] = { "bare", "blink", "apitrace" };
static const char *const kind_names[KINDS] = { "vertex", "enable", "mix", "memory", "arrays" };

struct null_bench {
	const struct bench_null_options *opt;
	char folder[4096], preload[SIDES][4200], library[4200], said[4200], recording[4200];
	char trace[4200], blink[4200], where[4300], to[4300];
	struct sample ns[SIDES][KINDS], added[SIDES][KINDS];
};

/* ---- who takes what is recorded ------------------------------------------------------ */

#define TURN_MS 100

struct taker {
	pthread_t thread;
	const struct null_bench *b;
	struct record_header *header;
	struct recording_drain *drain;
	struct error error;
	atomic_bool over;
	bool runs;
};

static void *taker_main(void *user)
{
	static const struct convert_options opt = { .keep_going = true, .unjudged = true,
						    .level = BLINK_UNPACKED };
	struct taker *t = user;
	struct converting *v = NULL;
	int rc = 0;

	while (rc >= 0 && !atomic_load(&t->over)) {
		poll(NULL, 0, TURN_MS);
		if (atomic_load(&t->header->segments) <= t->header->slots)
			continue;
		recording_drain_look(t->drain);
		rc = v ? 0 : convert_follow(&v, t->b->recording, t->b->blink, &opt, &t->error);
		if (rc >= 0)
			rc = convert_more(v, &t->error);
		recording_drain_empty(t->drain);
	}
	convert_destroy(v);
	return NULL;
}

static int taker_start(struct taker *t, const struct null_bench *b, struct error *err)
{
	int rc;

	*t = (struct taker){ .b = b };
	rc = recording_create(b->recording, &t->header, err);
	if (rc < 0)
		return rc;
	recording_slots_make(b->recording, t->header);
	rc = recording_drain_create(&t->drain, b->recording, t->header, err);
	if (rc < 0)
		return rc;
	rc = pthread_create(&t->thread, NULL, taker_main, t);
	t->runs = rc == 0;
	return rc ? error_set(err, -rc, "bench: cannot start a thread: %s", strerror(rc)) : 0;
}

/* What went wrong there, too: unless somebody takes it, another thing is measured. */
static int taker_stop(struct taker *t, struct error *err)
{
	atomic_store(&t->over, true);
	if (t->runs)
		pthread_join(t->thread, NULL);
	recording_drain_destroy(t->drain);
	recording_header_unmap(t->header);
	if (t->error.code < 0 && err)
		*err = t->error;
	return t->error.code < 0 ? t->error.code : 0;
}

/* ---- runs ---------------------------------------------------------------------------- */

static int said_read(struct null_bench *b, enum side side, struct error *err)
{
	FILE *f = fopen(b->said, "r");
	unsigned found = 0;
	char name[32];
	double ns;

	while (f && fscanf(f, "%31s %lf", name, &ns) == 2)
		for (unsigned k = 0; k < KINDS; k++)
			if (!strcmp(name, kind_names[k])) {
				sample_add(&b->ns[side][k], ns);
				found++;
			}
	if (f)
		fclose(f);
	return found == KINDS ? 0 : error_set(err, -EIO, "%s: it did not measure all calls",
					      b->opt->program);
}

static int side_run(struct null_bench *b, enum side side, struct error *err)
{
	const char *argv[] = { b->opt->program, CALLS, NULL };
	const char *env[] = { b->library, b->preload[side], b->where, b->to, NULL };
	struct process_place place = { .folder = b->folder, .output = b->said, .limit = 300 };
	struct taker taker = { .b = b };
	struct process_cost cost;
	int rc = 0;

	if (side == BLINK)
		rc = taker_start(&taker, b, err);
	if (!rc)
		rc = process_run_in(&place, argv, env, &cost, err);
	if (side == BLINK && taker_stop(&taker, rc ? NULL : err) < 0 && !rc)
		rc = taker.error.code;
	if (!rc)
		rc = said_read(b, side, err);
	unlink(b->recording);
	unlink(b->trace);
	return rc;
}

static struct json_object *results(void *suite);

/* One file per run: every side takes its turn, the bare one first. */
static int all_run(struct null_bench *b, struct error *err)
{
	for (unsigned run = 0; bench_more(run, b->opt->runs, results, b); run++)
		for (unsigned s = 0; s < SIDES; s++) {
			int rc = side_run(b, s, err);

			if (rc < 0)
				return rc;
			for (unsigned k = 0; s != BARE && k < KINDS; k++)
				sample_add(&b->added[s][k], b->ns[s][k].v[run] -
							    b->ns[BARE][k].v[run]);
		}
	return 0;
}

static struct json_object *results(void *suite)
{
	const struct null_bench *b = suite;
	struct json_object *j = json_object_new_object(), *metrics = json_object_new_array();

	json_object_object_add(j, "suite", json_object_new_string("record-null"));
	json_object_object_add(j, "driver", json_object_new_string("null"));
	json_object_object_add(j, "calls", json_object_new_string(CALLS " of each kind"));
	json_object_object_add(j, "environment", environment_json());
	for (unsigned s = 0; s < SIDES; s++) {
		struct json_object *of = json_object_new_object();

		for (unsigned k = 0; k < KINDS; k++) {
			const struct sample *v = s == BARE ? &b->ns[s][k] : &b->added[s][k];
			char name[48], metric[64];

			snprintf(name, sizeof(name), "%s_%s", kind_names[k],
				 s == BARE ? "ns" : "added_ns");
			json_object_object_add(of, name, sample_json(v));
			snprintf(metric, sizeof(metric), "null_%s", name);
			json_object_array_add(metrics, metric_json(side_names[s], metric, "ns",
								   "lower", v));
		}
		json_object_object_add(j, side_names[s], of);
	}
	json_object_object_add(j, "metrics", metrics);
	return j;
}

static int places_make(struct null_bench *b, struct error *err)
{
	const char *tmp = getenv("TMPDIR");
	char wrapper[4096], ours[4096], *slash;

	if (!run_find_recorder(ours, sizeof(ours)))
		return error_set(err, -ENOPKG, "bench: libblink-record.so is not there (make builds it)");
	if (!run_find_wrapper("glxtrace.so", wrapper, sizeof(wrapper)))
		return error_set(err, -ENOPKG, "bench: apitrace is not installed (apt install apitrace)");
	snprintf(b->folder, sizeof(b->folder), "%s/blink-bench-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (!mkdtemp(b->folder))
		return error_set(err, -errno, "%s: cannot be made", b->folder);
	snprintf(b->library, sizeof(b->library), "LD_LIBRARY_PATH=%s", b->opt->nullgl);
	slash = strrchr(b->library, '/');
	if (slash)
		*slash = 0;
	snprintf(b->preload[BARE], sizeof(b->preload[0]), "LD_PRELOAD=");
	snprintf(b->preload[BLINK], sizeof(b->preload[0]), "LD_PRELOAD=%s", ours);
	snprintf(b->preload[APITRACE], sizeof(b->preload[0]), "LD_PRELOAD=%s", wrapper);
	snprintf(b->said, sizeof(b->said), "%s/said", b->folder);
	snprintf(b->recording, sizeof(b->recording), "%s/recording", b->folder);
	snprintf(b->trace, sizeof(b->trace), "%s/calls.trace", b->folder);
	snprintf(b->blink, sizeof(b->blink), "%s/calls.blink", b->folder);
	snprintf(b->where, sizeof(b->where), "BLINK_RECORD=%s", b->recording);
	snprintf(b->to, sizeof(b->to), "TRACE_FILE=%s", b->trace);
	return 0;
}

struct json_object *bench_null(const struct bench_null_options *opt, struct error *err)
{
	struct null_bench *b = calloc(1, sizeof(*b));
	struct json_object *j = NULL;

	if (!b) {
		error_set(err, -ENOMEM, "bench: out of memory");
		return NULL;
	}
	b->opt = opt;
	if (places_make(b, err) == 0) {
		if (all_run(b, err) == 0)
			j = results(b);
		unlink(b->said);
		rmdir(b->folder);
	}
	free(b);
	return j;
}
