/* bench_convert.c - our converter beside `apitrace pickle`, the peer that reads every
 * call of a trace and writes it out again in another form.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit-bench/environment.h"
#include "jit-bench/process.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"

struct side {
	const char *name;
	struct sample cpu, peak;      /* seconds, MiB */
};

static int measure(struct side *s, const char *const *argv, struct error *err)
{
	struct process_cost cost;
	int rc = process_run(argv, NULL, &cost, err);

	if (rc < 0)
		return rc;
	sample_add(&s->cpu, cost.cpu);
	sample_add(&s->peak, (double)cost.peak_bytes / 1048576);
	return 0;
}

static struct json_object *measured(const struct sample *s, const char *unit)
{
	struct json_object *j = sample_json(s);

	json_object_object_add(j, "unit", json_object_new_string(unit));
	json_object_object_add(j, "direction", json_object_new_string("lower"));
	return j;
}

static struct json_object *side_json(struct side *s)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "cpu_seconds", measured(&s->cpu, "s"));
	json_object_object_add(j, "peak_mib", measured(&s->peak, "MiB"));
	return j;
}

static int64_t file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_size;
}

/* Both sides, and where ours writes. */
struct bench {
	const struct bench_convert_options *opt;
	struct side side[2];
	char folder[4096], path[4112];
};

static struct json_object *results(void *suite)
{
	struct bench *b = suite;
	const struct bench_convert_options *opt = b->opt;
	struct side *ours = &b->side[0], *peer = &b->side[1];
	struct json_object *j = json_object_new_object();
	int64_t trace = file_bytes(opt->trace), bytes = file_bytes(b->path);

	json_object_object_add(j, "suite", json_object_new_string("convert"));
	json_object_object_add(j, "trace", json_object_new_string(opt->trace));
	json_object_object_add(j, "environment", environment_json());
	json_object_object_add(j, "cpu_ratio", sample_ratio_json(&ours->cpu, &peer->cpu));
	json_object_object_add(j, ours->name, side_json(ours));
	json_object_object_add(j, peer->name, side_json(peer));
	json_object_object_add(j, "trace_bytes", json_object_new_int64(trace));
	json_object_object_add(j, "blink_bytes", json_object_new_int64(bytes));
	json_object_object_add(j, "size_ratio", json_object_new_double(
		trace ? (double)bytes / (double)trace : 0));
	return j;
}

/* A place for the output: a folder of its own, so that nothing is left behind. */
static int output_make(char *folder, char *path, size_t size, struct error *err)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(folder, size, "%s/blink-bench-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return error_set(err, -errno, "%s: cannot be made", folder);
	snprintf(path, size + 16, "%s/out.blink", folder);
	return 0;
}

struct json_object *bench_convert(const struct bench_convert_options *opt, struct error *err)
{
	struct bench *b = calloc(1, sizeof(*b));
	const char *convert[] = { opt->self, "convert", opt->trace, "-o", b ? b->path : "", NULL };
	const char *pickle[] = { "apitrace", "pickle", opt->trace, NULL };
	struct json_object *j = NULL;
	int rc;

	if (!b) {
		error_set(err, -ENOMEM, "bench: out of memory");
		return NULL;
	}
	b->opt = opt;
	b->side[0].name = "blinkctl_convert";
	b->side[1].name = "apitrace_pickle";
	rc = output_make(b->folder, b->path, sizeof(b->folder), err);
	for (unsigned run = 0; rc == 0 && bench_more(run, opt->runs, results, b); run++) {
		rc = measure(&b->side[0], convert, err);
		if (rc == 0)
			rc = measure(&b->side[1], pickle, err);
	}
	if (rc == 0)
		j = results(b);
	unlink(b->path);
	rmdir(b->folder);
	free(b);
	return j;
}
