/* bench_counts.c - what .blink files hold and what becomes of them, in numbers without
 * noise: the metrics that a gate compares with goldens.
 *
 * Each number is a fact of this tree's code, the same on every machine: what the converter
 * makes of a trace, what the file holds, what the engines call, what the pruner keeps.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blink/log/prune.h"
#include "blink/sp/file.h"
#include "capture/convert.h"
#include "jit-bench/environment.h"
#include "jit-bench/sample.h"
#include "replay/player.h"

struct counting {
	struct json_object *metrics;
	char of[80];                       /* the case: the file's stem */
	char folder[4096], made[4160];     /* for what is written on the way */
};

/* No direction is good: a golden is what it is, until somebody looks and changes it. */
static void count(const struct counting *c, const char *name, const char *unit, uint64_t v)
{
	json_object_array_add(c->metrics, metric_count_json(c->of, name, unit, "none", (double)v));
}

/* ---- what the file holds ------------------------------------------------------------- */

static void file_count(const struct counting *c, struct blink_file *f)
{
	struct blink_stats s;

	blink_file_stats(f, &s);
	count(c, "frames", "frames", s.frames);
	count(c, "procedures", "procedures", s.sps);
	count(c, "records", "records", s.records);
	count(c, "code_words", "words", s.code_words);
	count(c, "payload_bytes", "bytes", s.payload_bytes);
	count(c, "payload_stored_bytes", "bytes", s.payload_stored);
}

/* ---- what the engines call ------------------------------------------------------------- */

static int calls_count(const struct counting *c, const char *path, enum player_engine engine,
		       struct error *err)
{
	const struct player_options opt = { .engine = engine };
	struct sink *sink = sink_null_create();
	struct blink_file *f = NULL;
	struct player *p = NULL;
	uint64_t calls = 0;
	int rc = sink ? blink_open(&f, path, 0, err) : error_set(err, -ENOMEM, "bench: out of memory");

	if (rc >= 0)
		rc = player_create(&p, f, sink, &opt, err);
	for (uint32_t i = 0; rc >= 0 && i < blink_frame_count(f); i++) {
		struct player_frame stats = { 0 };

		rc = player_play(p, i, &stats, err);
		calls += stats.calls;
	}
	if (rc >= 0)
		count(c, engine == PLAYER_JIT ? "jit_calls" : "interpreter_calls", "calls",
		      calls);
	player_destroy(p);
	blink_close(f);
	sink_destroy(sink);
	return rc;
}

/* ---- what the pruner keeps --------------------------------------------------------------- */

static int pruned_count(struct counting *c, const char *path, uint32_t frame, const char *where,
			struct error *err)
{
	struct prune_file_options opt = { .at_frame = frame, .frames = 1, .tool = "blinkctl" };
	struct prune_stats stats;
	struct blink_file *f = NULL;
	char name[64];
	int rc = blink_open(&f, path, 0, err);

	if (rc >= 0)
		rc = prune_file(f, c->made, &opt, &stats, NULL, err);
	blink_close(f);
	unlink(c->made);
	if (rc < 0)
		return rc;
	snprintf(name, sizeof(name), "pruned_%s_kept_calls", where);
	count(c, name, "calls", stats.kept_total);
	snprintf(name, sizeof(name), "pruned_%s_kept_bytes", where);
	count(c, name, "bytes", stats.payload_total);
	return 0;
}

static int pruned_both(struct counting *c, const char *path, struct error *err)
{
	struct blink_file *f = NULL;
	uint32_t frames = 0;
	int rc = blink_open(&f, path, 0, err);

	if (rc >= 0)
		frames = blink_frame_count(f);
	blink_close(f);
	if (rc >= 0 && frames > 1)
		rc = pruned_count(c, path, frames / 2, "middle", err);
	if (rc >= 0 && frames)
		rc = pruned_count(c, path, frames - 1, "last", err);
	return rc;
}

/* ---- a file --------------------------------------------------------------------------------- */

static int blink_count(struct counting *c, const char *path, struct error *err)
{
	struct blink_file *f = NULL;
	int rc = blink_open(&f, path, 0, err);

	if (rc >= 0)
		file_count(c, f);
	blink_close(f);
	if (rc >= 0)
		rc = calls_count(c, path, PLAYER_JIT, err);
	if (rc >= 0)
		rc = calls_count(c, path, PLAYER_INTERP, err);
	return rc >= 0 ? pruned_both(c, path, err) : rc;
}

/* Converted first. */
static int trace_count(struct counting *c, const char *path, struct error *err)
{
	const struct convert_options opt = { .keep_going = true };
	struct convert_stats stats;
	char blink[4200];
	int rc;

	snprintf(blink, sizeof(blink), "%s/converted.blink", c->folder);
	rc = convert_trace(path, blink, &opt, &stats, err);
	if (rc >= 0) {
		count(c, "trace_calls", "calls", stats.calls);
		count(c, "trace_skipped_calls", "calls", stats.skipped);
		count(c, "trace_lowered_calls", "calls", stats.lowered);
		count(c, "trace_lost_calls", "calls", stats.lost);
		count(c, "rerunnable_frames", "frames", stats.rerunnable);
		rc = blink_count(c, blink, err);
	}
	unlink(blink);
	return rc;
}

static bool is_trace(const char *path)
{
	size_t n = strlen(path);

	return n > 6 && !strcmp(path + n - 6, ".trace");
}

static int path_count(struct counting *c, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/'), *from = slash ? slash + 1 : path;
	int rc;

	/* a trace and the file made of it are two cases */
	snprintf(c->of, sizeof(c->of), "%.70s", from);
	rc = is_trace(path) ? trace_count(c, path, err) : blink_count(c, path, err);
	return rc < 0 ? error_prefix(err, "%s", path) : 0;
}

struct json_object *bench_counts(const char *const *files, unsigned nfiles, struct error *err)
{
	const char *tmp = getenv("TMPDIR");
	struct counting c = { .metrics = json_object_new_array() };
	struct json_object *j = NULL;
	int rc = 0;

	snprintf(c.folder, sizeof(c.folder), "%s/blink-bench-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (!mkdtemp(c.folder)) {
		json_object_put(c.metrics);
		error_set(err, -errno, "bench: no folder for temporary files");
		return NULL;
	}
	snprintf(c.made, sizeof(c.made), "%s/pruned.blink", c.folder);
	for (unsigned i = 0; i < nfiles && rc == 0; i++)
		rc = path_count(&c, files[i], err);
	rmdir(c.folder);
	if (rc == 0) {
		j = json_object_new_object();
		json_object_object_add(j, "suite", json_object_new_string("counts"));
		json_object_object_add(j, "environment", environment_json());
		json_object_object_add(j, "metrics", json_object_get(c.metrics));
	}
	json_object_put(c.metrics);
	return j;
}
