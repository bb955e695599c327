/* bench_replay.c - our replay of a .blink file beside glretrace's replay of the trace
 * it was made from, on the same null entry points, and on llvmpipe if asked for.
 *
 * Every run measures each quantity once, one after the other.  CPU time is what the
 * kernel accounts to the processes, user and system.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace.h"
#include "jit-bench/environment.h"
#include "jit-bench/frames.h"
#include "jit-bench/process.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"
#include "replay/xvfb.h"

/* CPU seconds of whole processes, and ns per call of frames alone. */
enum quantity {
	BLINK_NULL, GLRETRACE_NULL, INFO, BLINK_LLVMPIPE, GLRETRACE_LLVMPIPE,
	FRAMES_JIT, FRAMES_INTERP, QUANTITIES
};

struct bench {
	const struct bench_replay_options *opt;
	struct xvfb xvfb;
	struct sink *sink;
	char library_path[4200], display[64];
	struct sample samples[QUANTITIES], glretrace_ns;
	struct frames_cost frames;       /* of the last run */
	uint64_t trace_calls, peak_blink, peak_glretrace;
};

/* ---- processes ---------------------------------------------------------------------- */

static int measure(struct bench *b, enum quantity q, const char *const *argv,
		   const char *const *env, struct error *err)
{
	struct process_cost cost;
	int rc = process_run(argv, env, &cost, err);

	if (rc < 0)
		return rc;
	sample_add(&b->samples[q], cost.cpu);
	if (q == BLINK_NULL)
		b->peak_blink = cost.peak_bytes;
	if (q == GLRETRACE_NULL)
		b->peak_glretrace = cost.peak_bytes;
	return 0;
}

static int blink_run(struct bench *b, enum quantity q, const char *sink, struct error *err)
{
	const char *argv[] = { b->opt->self, "replay", "--sink", sink, b->opt->blink,
			       NULL };
	const char *env[] = { "LIBGL_ALWAYS_SOFTWARE=1", NULL };

	return measure(b, q, argv, env, err);
}

static int glretrace_run(struct bench *b, enum quantity q, const char *setting,
			 struct error *err)
{
	const char *argv[] = { "glretrace", "--benchmark", "--headless", b->opt->trace, NULL };
	const char *env[] = { b->display, setting, "vblank_mode=0", NULL };

	return measure(b, q, argv, env, err);
}

static int info_run(struct bench *b, struct error *err)
{
	const char *argv[] = { "apitrace", "info", b->opt->trace, NULL };

	return measure(b, INFO, argv, NULL, err);
}

static int frames_run(struct bench *b, enum quantity q, struct error *err)
{
	int rc = frames_measure(b->opt->blink, b->sink, q == FRAMES_JIT, &b->frames, err);

	if (rc == 0 && b->frames.calls)
		sample_add(&b->samples[q], b->frames.run * 1e9 / (double)b->frames.calls);
	return rc;
}

/* ---- runs ------------------------------------------------------------------------------ */

static int peer_null(struct bench *b, struct error *err)
{
	struct sample *peer = &b->samples[GLRETRACE_NULL], *info = &b->samples[INFO];
	int rc = glretrace_run(b, GLRETRACE_NULL, b->library_path, err);

	if (rc == 0)
		rc = info_run(b, err);
	if (rc == 0)
		sample_add(&b->glretrace_ns, (peer->v[peer->n - 1] - info->v[info->n - 1]) *
			   1e9 / (double)b->trace_calls);
	return rc;
}

static int run_once(struct bench *b, struct error *err)
{
	const char *trace = b->opt->trace;
	int rc = blink_run(b, BLINK_NULL, b->opt->nullgl, err);

	if (rc == 0 && trace)
		rc = peer_null(b, err);
	if (rc == 0)
		rc = frames_run(b, FRAMES_JIT, err);
	if (rc == 0)
		rc = frames_run(b, FRAMES_INTERP, err);
	if (rc == 0 && b->opt->llvmpipe)
		rc = blink_run(b, BLINK_LLVMPIPE, "gl", err);
	if (rc == 0 && b->opt->llvmpipe && trace)
		rc = glretrace_run(b, GLRETRACE_LLVMPIPE, "LIBGL_ALWAYS_SOFTWARE=1", err);
	return rc;
}

/* ---- results ---------------------------------------------------------------------------- */

static void add_sample(struct json_object *j, const char *key, struct sample *s)
{
	if (s->n)
		json_object_object_add(j, key, sample_json(s));
}

static void add_pair(struct json_object *j, const char *key, struct sample *ours,
		     struct sample *peer, const char *unit)
{
	struct json_object *p = json_object_new_object();
	struct json_object *ratio = ours->n && peer->n ? sample_ratio_json(ours, peer) : NULL;

	json_object_object_add(p, "unit", json_object_new_string(unit));
	if (ratio)
		json_object_object_add(p, "blink_to_glretrace", ratio);
	add_sample(p, "blinkctl", ours);
	add_sample(p, "glretrace", peer);
	json_object_object_add(j, key, p);
}

static struct json_object *frames_json(struct bench *b)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "unit", json_object_new_string("ns of CPU per GL call"));
	json_object_object_add(j, "frames", json_object_new_int64(b->frames.frames));
	json_object_object_add(j, "calls", json_object_new_int64((int64_t)b->frames.calls));
	if (b->glretrace_ns.n)
		json_object_object_add(j, "jit_to_glretrace", sample_ratio_json(
			&b->samples[FRAMES_JIT], &b->glretrace_ns));
	add_sample(j, "jit", &b->samples[FRAMES_JIT]);
	add_sample(j, "interp", &b->samples[FRAMES_INTERP]);
	add_sample(j, "glretrace_minus_info", &b->glretrace_ns);
	return j;
}

static struct json_object *results(void *suite)
{
	struct bench *b = suite;
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "suite", json_object_new_string("replay"));
	json_object_object_add(j, "direction", json_object_new_string("lower"));
	json_object_object_add(j, "blink", json_object_new_string(b->opt->blink));
	if (b->opt->trace) {
		json_object_object_add(j, "trace", json_object_new_string(b->opt->trace));
		json_object_object_add(j, "trace_calls",
				       json_object_new_int64((int64_t)b->trace_calls));
	}
	json_object_object_add(j, "environment", environment_json());
	add_pair(j, "process_null", &b->samples[BLINK_NULL], &b->samples[GLRETRACE_NULL],
		 "CPU seconds, whole process, null GL");
	json_object_object_add(j, "frames_null", frames_json(b));
	json_object_object_add(j, "unit", json_object_new_string("CPU seconds"));
	add_sample(j, "info_cpu", &b->samples[INFO]);
	json_object_object_add(j, "peak_bytes_blinkctl",
			       json_object_new_int64((int64_t)b->peak_blink));
	if (b->peak_glretrace)
		json_object_object_add(j, "peak_bytes_glretrace",
				       json_object_new_int64((int64_t)b->peak_glretrace));
	if (b->opt->llvmpipe)
		add_pair(j, "process_llvmpipe", &b->samples[BLINK_LLVMPIPE],
			 &b->samples[GLRETRACE_LLVMPIPE],
			 "CPU seconds, whole process, llvmpipe");
	return j;
}

/* ---- before and after --------------------------------------------------------------------- */

static int calls_count(const char *path, uint64_t *calls, struct error *err)
{
	struct trace_call call;
	struct trace *t;
	int rc = trace_open(&t, path, err);

	if (rc < 0)
		return rc;
	for (*calls = 0; (rc = trace_next(t, &call, err)) > 0;)
		++*calls;
	trace_close(t);
	return rc;
}

static int display_find(struct bench *b, struct error *err)
{
	const char *display = getenv("DISPLAY");
	int rc = 0;

	if (!display || !display[0]) {
		rc = xvfb_start(&b->xvfb, 1280, 1024, err);
		display = b->xvfb.display;
	}
	snprintf(b->display, sizeof(b->display), "DISPLAY=%s", display);
	return rc;
}

static int bench_open(struct bench *b, struct error *err)
{
	const char *slash = strrchr(b->opt->nullgl, '/');
	int rc = sink_nullgl_create(&b->sink, b->opt->nullgl, err);

	snprintf(b->library_path, sizeof(b->library_path), "LD_LIBRARY_PATH=%.*s",
		 (int)(slash - b->opt->nullgl), b->opt->nullgl);
	if (rc == 0 && b->opt->trace)
		rc = calls_count(b->opt->trace, &b->trace_calls, err);
	if (rc == 0 && b->opt->trace)
		rc = display_find(b, err);
	return rc;
}

struct json_object *bench_replay(const struct bench_replay_options *opt, struct error *err)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct json_object *j = NULL;
	int rc;

	if (!b) {
		error_set(err, -ENOMEM, "bench: out of memory");
		return NULL;
	}
	b->opt = opt;
	rc = bench_open(b, err);
	for (unsigned run = 0; rc == 0 && bench_more(run, opt->runs, results, b); run++)
		rc = run_once(b, err);
	if (rc == 0)
		j = results(b);
	xvfb_stop(&b->xvfb);
	sink_destroy(b->sink);
	free(b);
	return j;
}
