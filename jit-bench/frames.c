/* frames.c - see frames.h. */
#include "jit-bench/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blink/base/clock.h"
#include "blink/engine/engine.h"
#include "blink/sp/file.h"
#include "blink/verify/verify.h"

/* A batch is small enough for its code to stay in the JIT's first arena, and large
 * enough for two looks at the clock to vanish beside it. */
#define BATCH_WORDS 100000u
#define BATCH_SPS 4096u

struct batch_sp {
	struct sp sp;
	const struct jit_code *code;
};

struct frames {
	struct blink_file *file;
	struct client client;
	struct jit *jit;
	struct verify_state *state;
	struct verify_env env;
	struct batch_sp *batch;
	uint32_t first, count;          /* SP ids of the batch */
	struct frames_cost *cost;
};

static void lap(double *sum, double *since)
{
	double now = clock_thread_seconds();

	*sum += now - *since;
	*since = now;
}

/* SPs of the batch and those which they call; the latter stay resident. */
static const struct sp *callee(void *user, uint32_t id)
{
	static _Thread_local struct sp loaded;
	struct frames *f = user;

	if (id >= f->first && id < f->first + f->count)
		return &f->batch[id - f->first].sp;
	return blink_sp_load(f->file, id, &loaded, NULL) < 0 ? NULL : &loaded;
}

/* ---- a batch ---------------------------------------------------------------------- */

static int batch_load(struct frames *f, uint32_t first, uint32_t end, struct error *err)
{
	double since = clock_thread_seconds();
	uint32_t words = 0;
	int rc = 0;

	f->first = first;
	f->count = 0;
	while (first + f->count < end && f->count < BATCH_SPS && words < BATCH_WORDS) {
		struct batch_sp *b = &f->batch[f->count];

		rc = blink_sp_load(f->file, first + f->count, &b->sp, err);
		if (rc < 0)
			return rc;
		words += b->sp.nwords;
		f->count++;
	}
	f->client.payloads = f->env.payloads = *blink_payloads(f->file);
	lap(&f->cost->load, &since);
	return 0;
}

static int batch_verify(struct frames *f, struct error *err)
{
	double since = clock_thread_seconds();
	struct verify_verdict v;

	for (uint32_t i = 0; i < f->count; i++) {
		int rc = verify_sp(f->state, &f->env, &f->batch[i].sp, &v);

		if (rc < 0)
			return error_set(err, rc, "bench: SP %u refused: %s (record %u: %s)",
					 f->first + i, verify_reason_sentence(v.reason),
					 v.record, v.line);
	}
	lap(&f->cost->verify, &since);
	return 0;
}

static int compile_all(struct frames *f, struct error *err)
{
	for (uint32_t i = 0; i < f->count; i++) {
		f->batch[i].code = jit_compile(f->jit, &f->batch[i].sp, err);
		if (!f->batch[i].code)
			return err->code;
	}
	return 0;
}

/* *fits: all of the batch's code is there at once.  (Where later code displaced
 * earlier, a run has to compile again, within the measured time.) */
static int batch_compile(struct frames *f, bool *fits, struct error *err)
{
	struct jit_stats before, after;
	double since = clock_thread_seconds();
	int rc;

	*fits = true;
	if (!f->jit)
		return 0;
	rc = compile_all(f, err);
	lap(&f->cost->compile, &since);
	if (rc < 0)
		return rc;
	jit_stats_get(f->jit, &before);
	rc = compile_all(f, err);
	jit_stats_get(f->jit, &after);
	*fits = before.compiles == after.compiles;
	return rc;
}

static int batch_run(struct frames *f, bool fits, struct error *err)
{
	enum engine_status status = ENGINE_END;
	uint64_t calls = f->client.calls;
	double since = clock_thread_seconds();
	uint32_t i;

	for (i = 0; i < f->count && status == ENGINE_END; i++) {
		struct batch_sp *b = &f->batch[i];
		uint32_t pc = 0;

		if (!fits)
			b->code = jit_compile(f->jit, &b->sp, err);
		do {
			status = f->jit ? jit_run(&f->client, b->code, &b->sp, pc)
					: interp_run(&f->client, &b->sp, pc);
			pc = f->client.pc;
		} while (status == ENGINE_YIELD);
	}
	lap(&f->cost->run, &since);
	f->cost->calls += f->client.calls - calls;
	if (status == ENGINE_END)
		return 0;
	*err = f->client.error;
	error_prefix(err, "bench: SP %u", f->first + i - 1);
	return err->code ? err->code : error_set(err, -EIO, "bench: a run did not end");
}

static int batch_play(struct frames *f, uint32_t first, uint32_t end, struct error *err)
{
	int rc = batch_load(f, first, end, err);
	bool fits = true;

	if (rc == 0)
		rc = batch_verify(f, err);
	if (rc == 0)
		rc = batch_compile(f, &fits, err);
	if (rc == 0)
		rc = batch_run(f, fits, err);
	for (uint32_t i = 0; i < f->count; i++)
		blink_sp_release(f->file, f->first + i);
	return rc;
}

/* ---- the file --------------------------------------------------------------------- */

static int frames_open(struct frames *f, const char *path, struct sink *sink, bool jit,
		       struct error *err)
{
	struct client_limits limits;
	int rc = blink_open(&f->file, path, 0, err);

	if (rc < 0)
		return rc;
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		limits.names[s] = f->env.limits.names[s] = blink_names_max(f->file, s);
	limits.slots = f->env.limits.slots = blink_slots(f->file);
	f->env.limits.words = SP_MAX_WORDS;
	f->env.limits.allow_opaque = f->env.limits.allow_sensitive = true;
	f->env.callee = callee;
	f->env.user = f;
	f->batch = calloc(BATCH_SPS, sizeof(*f->batch));
	f->state = verify_state_create();
	if (!f->batch || !f->state)
		return error_set(err, -ENOMEM, "bench: out of memory");
	rc = client_init(&f->client, sink, &limits, err);
	if (rc < 0)
		return rc;
	f->client.callee = callee;
	f->client.user = f;
	return jit ? jit_create(&f->jit, sink, err) : 0;
}

static void frames_close(struct frames *f)
{
	jit_destroy(f->jit);
	client_finish(&f->client);
	verify_state_destroy(f->state);
	free(f->batch);
	blink_close(f->file);
}

int frames_measure(const char *path, struct sink *sink, bool jit, struct frames_cost *cost,
		   struct error *err)
{
	struct frames f = { .cost = cost };
	struct frames_cost init;
	int rc = frames_open(&f, path, sink, jit, err);

	memset(cost, 0, sizeof(*cost));
	if (rc == 0) {
		uint32_t next = 0, end = blink_init_count(f.file);

		for (; rc == 0 && next < end; next += f.count)
			rc = batch_play(&f, next, end, err);
		init = *cost;
		memset(cost, 0, sizeof(*cost));
		cost->load = init.load;
		cost->verify = init.verify;
		cost->compile = init.compile;
		end = blink_sp_count(f.file);
		for (; rc == 0 && next < end; next += f.count)
			rc = batch_play(&f, next, end, err);
		cost->frames = blink_frame_count(f.file);
	}
	frames_close(&f);
	return rc;
}
