/* bench_checkpoint.c - checkpoint and restart: Table 4 and section 8.4 of the
 * record-prune-replay paper, of the GL state alone.
 *
 * Every run makes the image of a frame from the recording and brings that frame back from
 * the image, each a whole process, reading and writing of files included.  Beside it, in
 * the same run, glretrace replays what gltrim made of the trace for that frame; gltrim
 * itself, whose result never changes, runs once.  Both sides draw by the same driver.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blink/sp/file.h"
#include "jit-bench/environment.h"
#include "jit-bench/process.h"
#include "jit-bench/rounds.h"
#include "jit-bench/sample.h"
#include "replay/xvfb.h"

/* One command of the experiment. */
enum step { CHECKPOINT, RESTART, GLTRIM, GLRETRACE, STEPS };
static const char *const step_names[STEPS] = {
	[CHECKPOINT] = "checkpoint", [RESTART] = "restart", [GLTRIM] = "gltrim",
	[GLRETRACE] = "gltrim_replay",
};

/* What a restart consists of, as the command says it; wall-clock seconds. */
enum { PARTS = 4 };
static const char *const part_names[PARTS] = {
	"check_seconds", "driver_seconds", "restore_seconds", "first_frame_seconds",
};

struct bench {
	const struct bench_checkpoint_options *opt;
	struct xvfb xvfb;
	char display[80], frame[16];
	char folder[4000], image[4096], trimmed[4096], said[4096];
	struct sample wall[STEPS], cpu[STEPS], part[PARTS];
	double image_bytes, trimmed_bytes, kept_calls;
	char program[64];
};

static int64_t file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_size;
}

/* What the command said of itself. */
static void said_read(struct bench *b, enum step step)
{
	struct json_object *j = json_object_from_file(b->said), *v;

	if (json_object_is_type(j, json_type_object) && step == CHECKPOINT &&
	    json_object_object_get_ex(j, "records_kept", &v))
		b->kept_calls = json_object_get_double(v);
	for (unsigned i = 0; i < PARTS && json_object_is_type(j, json_type_object); i++)
		if (step == RESTART && json_object_object_get_ex(j, part_names[i], &v))
			sample_add(&b->part[i], json_object_get_double(v));
	json_object_put(j);
}

static int step_run(struct bench *b, enum step step, struct error *err)
{
	const char *const commands[STEPS][12] = {
		[CHECKPOINT] = { b->opt->self, "checkpoint", "--json", b->opt->blink, "--at-frame",
				 b->frame, "-o", b->image, NULL },
		[RESTART] = { b->opt->self, "restart", "--json", b->image, "--frames", "1", NULL },
		[GLTRIM] = { "gltrim", "-f", b->frame, "-o", b->trimmed, b->opt->trace, NULL },
		[GLRETRACE] = { "glretrace", "--benchmark", "--headless", b->trimmed, NULL },
	};
	const char *env[] = { b->display, "LIBGL_ALWAYS_SOFTWARE=1", "vblank_mode=0", NULL };
	struct process_place place = { .output = step <= RESTART ? b->said : NULL,
				       .limit = 900 };
	struct process_cost cost;
	int rc = process_run_in(&place, commands[step], env, &cost, err);

	if (rc < 0)
		return rc;
	sample_add(&b->wall[step], cost.wall);
	sample_add(&b->cpu[step], cost.cpu);
	if (step == CHECKPOINT && !file_bytes(b->image))
		return error_set(err, -EIO, "bench: the checkpoint is empty");
	if (step <= RESTART)
		said_read(b, step);
	if (step == GLTRIM && !file_bytes(b->trimmed))
		return error_set(err, -EIO, "gltrim: wrote nothing");
	return 0;
}

static int run_once(struct bench *b, unsigned run, struct error *err)
{
	int rc = step_run(b, CHECKPOINT, err);

	if (rc == 0)
		rc = step_run(b, RESTART, err);
	if (rc == 0 && b->opt->trace && run == 0)
		rc = step_run(b, GLTRIM, err);
	if (rc == 0 && b->opt->trace)
		rc = step_run(b, GLRETRACE, err);
	return rc;
}

/* ---- results ------------------------------------------------------------------------- */

static void sizes_read(struct bench *b)
{
	b->image_bytes = (double)file_bytes(b->image);
	b->trimmed_bytes = (double)file_bytes(b->trimmed);
}

static void add_counts(const struct bench *b, struct json_object *j, struct json_object *list)
{
	const struct { const char *name, *unit; double v; } counts[] = {
		{ "image_bytes", "bytes", b->image_bytes },
		{ "kept_calls", "calls", b->kept_calls },
		{ "gltrim_bytes", "bytes", b->trimmed_bytes },
	};

	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (counts[i].v > 0) {
			json_object_object_add(j, counts[i].name, json_object_new_int64(
				(int64_t)counts[i].v));
			json_object_array_add(list, metric_count_json(b->program, counts[i].name,
						counts[i].unit, "lower", counts[i].v));
		}
}

static void add_times(const struct bench *b, struct json_object *j, struct json_object *list)
{
	for (unsigned step = 0; step < STEPS; step++) {
		const struct { const char *ends, *unit; const struct sample *s; } times[] = {
			{ "seconds", "s", &b->wall[step] }, { "cpu_seconds", "CPU s", &b->cpu[step] },
		};

		for (unsigned i = 0; i < 2 && b->wall[step].n; i++) {
			char name[64];

			snprintf(name, sizeof(name), "%s_%s", step_names[step], times[i].ends);
			json_object_object_add(j, name, sample_json(times[i].s));
			json_object_array_add(list, metric_json(b->program, name, times[i].unit,
								"lower", times[i].s));
		}
	}
}

static void add_parts(const struct bench *b, struct json_object *j, struct json_object *list)
{
	for (unsigned i = 0; i < PARTS; i++) {
		json_object_object_add(j, part_names[i], sample_json(&b->part[i]));
		json_object_array_add(list, metric_json(b->program, part_names[i], "s", "lower",
							&b->part[i]));
	}
}

/* Our restart to glretrace's replay of what gltrim made, run by run. */
static void add_ratio(const struct bench *b, const struct sample *of, const char *name,
		      struct json_object *j, struct json_object *list)
{
	const struct sample *ours = &of[RESTART], *peer = &of[GLRETRACE];
	struct sample ratio = { .n = 0 };

	for (unsigned i = 0; i < ours->n && i < peer->n; i++)
		if (peer->v[i] > 0)
			sample_add(&ratio, ours->v[i] / peer->v[i]);
	if (!ratio.n)
		return;
	json_object_object_add(j, name, sample_ratio_json(ours, peer));
	json_object_array_add(list, metric_json(b->program, name, "ratio", "lower", &ratio));
}

static struct json_object *results(void *suite)
{
	struct bench *b = suite;
	struct json_object *j = json_object_new_object(), *list = json_object_new_array();

	json_object_object_add(j, "suite", json_object_new_string("checkpoint"));
	json_object_object_add(j, "blink", json_object_new_string(b->opt->blink));
	json_object_object_add(j, "frame", json_object_new_int64(strtol(b->frame, NULL, 10)));
	json_object_object_add(j, "environment", environment_json());
	sizes_read(b);
	add_counts(b, j, list);
	add_times(b, j, list);
	add_parts(b, j, list);
	add_ratio(b, b->wall, "restart_to_gltrim", j, list);
	add_ratio(b, b->cpu, "restart_to_gltrim_cpu", j, list);
	json_object_object_add(j, "metrics", list);
	return j;
}

/* ---- before and after -------------------------------------------------------------------- */

/* "openarena" of ".../openarena.blink" */
static void program_name(struct bench *b)
{
	const char *slash = strrchr(b->opt->blink, '/');
	const char *from = slash ? slash + 1 : b->opt->blink, *dot = strrchr(from, '.');

	snprintf(b->program, sizeof(b->program), "%.*s",
		 dot ? (int)(dot - from) : (int)strlen(from), from);
}

static int frame_choose(struct bench *b, struct error *err)
{
	struct blink_file *f;
	uint32_t frames, frame = b->opt->frame;
	int rc = blink_open(&f, b->opt->blink, 0, err);

	if (rc < 0)
		return rc;
	frames = blink_frame_count(f);
	blink_close(f);
	if (frame == BENCH_MIDDLE)
		frame = frames / 2;
	if (frame >= frames)
		return error_set(err, -ERANGE, "%s: has %u frames, no number %u", b->opt->blink,
				 frames, frame);
	snprintf(b->frame, sizeof(b->frame), "%u", frame);
	return 0;
}

static int bench_open(struct bench *b, struct error *err)
{
	const char *tmp = getenv("TMPDIR"), *display = getenv("DISPLAY");
	int rc = 0;

	program_name(b);
	rc = frame_choose(b, err);
	if (rc < 0)
		return rc;
	snprintf(b->folder, sizeof(b->folder), "%s/blink-bench-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (!mkdtemp(b->folder)) {
		b->folder[0] = 0;
		return error_set(err, -errno, "bench: no folder for temporary files");
	}
	snprintf(b->image, sizeof(b->image), "%s/image", b->folder);
	snprintf(b->trimmed, sizeof(b->trimmed), "%s/trimmed.trace", b->folder);
	snprintf(b->said, sizeof(b->said), "%s/said.json", b->folder);
	if (!display || !display[0]) {
		rc = xvfb_start(&b->xvfb, 1280, 1024, err);
		display = b->xvfb.display;
	}
	snprintf(b->display, sizeof(b->display), "DISPLAY=%.60s", display);
	return rc;
}

static void bench_close(struct bench *b)
{
	xvfb_stop(&b->xvfb);
	if (!b->folder[0])
		return;
	unlink(b->image);
	unlink(b->trimmed);
	unlink(b->said);
	rmdir(b->folder);
}

struct json_object *bench_checkpoint(const struct bench_checkpoint_options *opt,
				     struct error *err)
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
		rc = run_once(b, run, err);
	if (rc == 0)
		j = results(b);
	bench_close(b);
	free(b);
	return j;
}
