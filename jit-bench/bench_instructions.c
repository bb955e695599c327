/* bench_instructions.c - how many instructions blinkctl executes on files, counted by
 * callgrind: nearly without noise, however loaded the machine.
 *
 * Whole processes, start-up included; with the vector instructions that callgrind knows
 * (BLINK_CPU=sse2).  Hash tables begin with random seeds, so that counts of equal runs differ
 * in their sixth digit: measurements, not exact ones.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jit-bench/environment.h"
#include "jit-bench/process.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"

#define WORDS 10u

enum work { VERIFY, REPLAY_JIT, REPLAY_INTERP, PRUNE, WORKS };
static const struct { const char *name, *words[WORDS]; } works[WORKS] = {
	/* %f: the file, %o: a place for output */
	[VERIFY] = { "verify", { "verify", "%f" } },
	[REPLAY_JIT] = { "replay_jit", { "replay", "%f", "--engine", "jit", "--sink", "null" } },
	[REPLAY_INTERP] = { "replay_interpreter",
			    { "replay", "%f", "--engine", "interp", "--sink", "null" } },
	[PRUNE] = { "prune", { "prune", "%f", "--at-frame", "1", "--frames", "1", "-o", "%o" } },
};

struct file { const char *path; char of[80]; struct sample count[WORKS]; };
struct bench {
	const char *self;
	struct file *files;
	unsigned nfiles;
	char folder[4096], counts[4112], option[4160], made[4160];
};

/* The line "summary: N" of callgrind's file. */
static int counts_read(const struct bench *b, double *out, struct error *err)
{
	FILE *f = fopen(b->counts, "r");
	char line[256];
	uint64_t n = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "summary: %" SCNu64, &n) == 1)
			break;
	if (f)
		fclose(f);
	unlink(b->counts);
	if (!n)
		return error_set(err, -EIO, "bench: callgrind counted nothing");
	*out = (double)n;
	return 0;
}

static int work_count(struct bench *b, struct file *f, enum work w, struct error *err)
{
	const char *argv[WORDS + 8] = { "valgrind", "--tool=callgrind", b->option, b->self };
	static const char *const env[] = { "BLINK_CPU=sse2", NULL };
	struct process_cost cost;
	unsigned n = 4;
	double count = 0;
	int rc;

	for (unsigned i = 0; i < WORDS && works[w].words[i]; i++) {
		const char *word = works[w].words[i];

		argv[n++] = !strcmp(word, "%f") ? f->path : !strcmp(word, "%o") ? b->made : word;
	}
	argv[n] = NULL;
	rc = process_run(argv, env, &cost, err);
	if (rc == 0)
		rc = counts_read(b, &count, err);
	if (rc == 0)
		sample_add(&f->count[w], count);
	unlink(b->made);
	return rc;
}

static struct json_object *results(void *suite)
{
	struct bench *b = suite;
	struct json_object *j = json_object_new_object(), *rows = json_object_new_array();

	json_object_object_add(j, "suite", json_object_new_string("instructions"));
	json_object_object_add(j, "environment", environment_json());
	json_object_object_add(j, "counted_by", json_object_new_string("callgrind"));
	for (unsigned i = 0; i < b->nfiles; i++)
		for (unsigned w = 0; w < WORKS; w++)
			json_object_array_add(rows, metric_json(b->files[i].of, works[w].name,
				"instructions", "lower", &b->files[i].count[w]));
	json_object_object_add(j, "metrics", rows);
	return j;
}

static int bench_open(struct bench *b, const char *const *files, struct error *err)
{
	const char *tmp = getenv("TMPDIR");

	b->files = calloc(b->nfiles, sizeof(*b->files));
	if (!b->files)
		return error_set(err, -ENOMEM, "bench: out of memory");
	for (unsigned i = 0; i < b->nfiles; i++) {
		const char *slash = strrchr(files[i], '/');

		b->files[i].path = files[i];
		snprintf(b->files[i].of, sizeof(b->files[i].of), "%.70s",
			 slash ? slash + 1 : files[i]);
	}
	snprintf(b->folder, sizeof(b->folder), "%s/blink-bench-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (!mkdtemp(b->folder)) {
		b->folder[0] = 0;
		return error_set(err, -errno, "bench: no folder for temporary files");
	}
	snprintf(b->counts, sizeof(b->counts), "%s/counts", b->folder);
	snprintf(b->option, sizeof(b->option), "--callgrind-out-file=%s", b->counts);
	snprintf(b->made, sizeof(b->made), "%s/made.blink", b->folder);
	return 0;
}

struct json_object *bench_instructions(const char *self, const char *const *files,
				       unsigned nfiles, unsigned runs, struct error *err)
{
	struct bench b = { .self = self, .nfiles = nfiles };
	struct json_object *j = NULL;
	int rc = bench_open(&b, files, err);

	for (unsigned run = 0; rc == 0 && bench_more(run, runs, results, &b); run++)
		for (unsigned i = 0; i < nfiles && rc == 0; i++)
			for (unsigned w = 0; w < WORKS && rc == 0; w++)
				rc = work_count(&b, &b.files[i], w, err);
	if (rc == 0)
		j = results(&b);
	if (b.folder[0])
		rmdir(b.folder);
	free(b.files);
	return j;
}
