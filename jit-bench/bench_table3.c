/* bench_table3.c - the paper's Table 3: a frame compiled natively, as straight C calls with
 * the same arguments, beside the same frame through the JIT.
 *
 * Both call the same entry points from code at about the same distance.  A frame's SPs are
 * put together into one; what is no plain call (a swap, say) runs through the interpreter
 * on both sides' behalf.  Sides take turns, and each goes first every other time.  Time is
 * the CPU's for this thread; llvmpipe draws in it too (LP_NUM_THREADS=0), so that a frame
 * is all of its work.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/base/clock.h"
#include "blink/engine/jit_tools.h"
#include "blink/sp/file.h"
#include "blink/sp/index.h"
#include "blink/verify/verify.h"
#include "jit-bench/counters.h"
#include "jit-bench/environment.h"
#include "jit-bench/peer_gcc.h"
#include "jit-bench/peer_memory.h"
#include "jit-bench/peer_program.h"
#include "jit-bench/sample.h"

#define CODE_SIZE (16u << 20)
#define SHORT_RUN 10e-3           /* seconds: shorter work is repeated within a sample */

enum side { NATIVE, JIT, JIT_COMPILED, SIDES };
static const char *const side_names[SIDES] = { "native", "jit", "jit_with_compilation" };

struct table {
	struct blink_file *file;
	struct sink *sink;
	struct client client;
	struct jit *jit;
	struct verify_state *state;
	struct verify_env env;
	struct sp_index index;
	struct counters counters;
	/* the case at hand */
	struct buf code;
	struct sp sp;
	struct decoded decoded;
	struct code_memory memory;
	peer_fn native;
	const struct jit_code *compiled;
	unsigned repeats;
	struct sample seconds[SIDES];
	struct json_object *counts[SIDES];
};

/* ---- files --------------------------------------------------------------------- */

static const struct sp *callee(void *user, uint32_t id)
{
	static struct sp loaded;
	struct table *t = user;

	return blink_sp_load(t->file, id, &loaded, NULL) < 0 ? NULL : &loaded;
}

static int table_open(struct table *t, const char *path, struct sink *sink, struct error *err)
{
	struct client_limits limits;
	int rc;

	t->sink = sink;
	rc = blink_open(&t->file, path, 0, err);
	if (rc < 0)
		return rc;
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		limits.names[s] = t->env.limits.names[s] = blink_names_max(t->file, s);
	limits.slots = t->env.limits.slots = blink_slots(t->file);
	t->env.limits.words = SP_MAX_WORDS;
	t->env.limits.allow_opaque = t->env.limits.allow_sensitive = true;
	t->env.callee = callee;
	t->env.user = t;
	t->env.index = &t->index;
	t->state = verify_state_create();
	if (!t->state || index_init(&t->index) < 0)
		return error_set(err, -ENOMEM, "bench: out of memory");
	rc = client_init(&t->client, sink, &limits, err);
	if (rc < 0)
		return rc;
	t->client.callee = callee;
	t->client.user = t;
	counters_open(&t->counters);
	return jit_create(&t->jit, sink, err);
}

static void table_close(struct table *t)
{
	uint32_t contexts = t->file ? blink_names_max(t->file, GL_SPACE_CONTEXT) : 0;
	uint32_t drawables = t->file ? blink_names_max(t->file, GL_SPACE_DRAWABLE) : 0;

	t->sink->ops->make_current(t->sink, 0, 0, 0, NULL);
	for (uint32_t i = 1; i <= contexts; i++)
		t->sink->ops->context_destroy(t->sink, i);
	for (uint32_t i = 1; i <= drawables; i++)
		t->sink->ops->drawable_destroy(t->sink, i);
	jit_destroy(t->jit);
	client_finish(&t->client);
	verify_state_destroy(t->state);
	index_finish(&t->index);
	counters_close(&t->counters);
	blink_close(t->file);
}

static const struct jit_code *compile(struct table *t, struct error *err)
{
	struct verify_verdict v;

	t->client.payloads = t->env.payloads = *blink_payloads(t->file);
	if (verify_sp(t->state, &t->env, &t->sp, &v) < 0) {
		error_set(err, -EACCES, "bench: refused: %s (record %u: %s)",
			  verify_reason_sentence(v.reason), v.record, v.line);
		return NULL;
	}
	return jit_compile_index(t->jit, &t->sp, &t->index, err);
}

static int jit_go(struct table *t, const struct jit_code *code, struct error *err)
{
	enum engine_status status = ENGINE_YIELD;

	for (uint32_t pc = 0; status == ENGINE_YIELD; pc = t->client.pc)
		status = jit_run(&t->client, code, &t->sp, pc);
	if (status == ENGINE_END)
		return 0;
	if (err)
		*err = t->client.error;
	return error_set(err, -EIO, "bench: a frame did not end");
}

/* Everything before SP `end`, once. */
static int prefix_play(struct table *t, uint32_t end, struct error *err)
{
	int rc = 0;

	for (uint32_t id = 0; id < end && rc == 0; id++) {
		const struct jit_code *code;

		rc = blink_sp_load(t->file, id, &t->sp, err);
		if (rc < 0)
			break;
		code = compile(t, err);
		rc = code ? jit_go(t, code, err) : err->code;
		blink_sp_release(t->file, id);
	}
	return rc;
}

/* ---- a case: SPs put together ------------------------------------------------------ */

/* Their records but for `end`, and, of a set-up, but for contexts and drawables. */
static int case_gather(struct table *t, uint32_t first, uint32_t count, bool set_up,
		       struct error *err)
{
	struct sp sp = { 0 };
	bool bad;

	buf_init(&t->code);
	for (uint32_t id = first; id < first + count; id++) {
		int rc = blink_sp_load(t->file, id, &sp, err);
		const uint32_t *rec = sp.code;

		if (rc < 0)
			return rc;
		for (; (rec = sp_next(rec, sp.code + sp.nwords, &bad)); rec += sp_words(rec))
			if (sp_opcode(*rec) != OP_end &&
			    !(set_up && gl_ops[sp_opcode(*rec)].form == GL_FORM_WINDOW))
				buf_append(&t->code, rec, sp_words(rec) * sizeof(*rec));
	}
	sp_end(&t->code);
	sp.code = (const uint32_t *)(const void *)t->code.data;
	sp.nwords = (uint32_t)(t->code.len / sizeof(uint32_t));
	t->sp = sp;
	return buf_failed(&t->code) ? error_set(err, -ENOMEM, "bench: out of memory") : 0;
}

/* ---- natively ------------------------------------------------------------------------ */

static struct table *running;      /* whose records `other` runs */

static void other(uint32_t pc)
{
	uint32_t code[64];
	const uint32_t *rec = running->sp.code + pc;
	struct sp one = running->sp;

	memcpy(code, rec, sp_words(rec) * sizeof(*rec));
	code[sp_words(rec)] = sp_header(OP_end, 0);
	one.code = code;
	one.nwords = sp_words(rec) + 1;
	interp_run(&running->client, &one, 0);
}

static uint64_t resolve(void *user, const char *name)
{
	const struct peer_program *p = user;

	for (uint32_t i = 0; i < p->ncalls; i++)
		if (!strcmp(p->calls[i].name, name))
			return p->calls[i].address;
	return 0;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Where the JIT wants its arena, too. */
static uint64_t entries_middle(const struct sink *s)
{
	static uint64_t v[GL_OP_COUNT];
	size_t n = 0;

	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		if (s->entry[op])
			v[n++] = (uint64_t)(uintptr_t)s->entry[op];
	qsort(v, n, sizeof(v[0]), compare_u64);
	return n ? v[n / 2] : 0;
}

static int native_make(struct table *t, struct error *err)
{
	struct buf text, object;
	void *run = NULL;
	int rc = decoded_make(&t->decoded, &t->sp, &t->client, (uint64_t)(uintptr_t)other, err);

	buf_init(&text);
	buf_init(&object);
	if (rc == 0)
		program_c(&t->decoded.program, &text);
	if (rc == 0 && buf_failed(&text))
		rc = error_set(err, -ENOMEM, "bench: out of memory");
	if (rc == 0)
		rc = gcc_compile((const char *)text.data, false, &object, err);
	if (rc == 0 && code_memory_init(&t->memory, CODE_SIZE, entries_middle(t->sink)) < 0)
		rc = error_set(err, -ENOMEM, "bench: no memory near the entry points");
	if (rc == 0)
		run = object_load(&t->memory, object.data, object.len, resolve,
				  &t->decoded.program);
	if (rc == 0 && !run)
		rc = error_set(err, -EIO, "bench: what gcc compiled could not be loaded");
	t->native = (peer_fn)(uintptr_t)run;
	buf_finish(&text);
	buf_finish(&object);
	return rc;
}

/* ---- measuring ------------------------------------------------------------------------- */

static void settle(const struct table *t)
{
	((void (*)(void))t->sink->entry[OP_glFinish])();
}

static int side_once(struct table *t, enum side side, struct error *err)
{
	uint32_t registers[SP_REGISTERS] = { 0 };

	if (side == NATIVE) {
		running = t;
		t->native(registers);
		return 0;
	}
	if (side == JIT_COMPILED) {
		jit_forget(t->jit, t->compiled);
		t->compiled = compile(t, err);
		if (!t->compiled)
			return err->code;
	}
	return jit_go(t, t->compiled, err);
}

static int side_measure(struct table *t, enum side side, struct error *err)
{
	double since;
	int rc = 0;

	settle(t);
	since = clock_thread_seconds();
	for (unsigned i = 0; i < t->repeats && rc == 0; i++)
		rc = side_once(t, side, err);
	settle(t);
	sample_add(&t->seconds[side], (clock_thread_seconds() - since) / t->repeats);
	return rc;
}

/* Counted apart from the time: reading counters costs some. */
static int side_count(struct table *t, enum side side, struct error *err)
{
	int rc;

	t->counts[side] = json_object_new_object();
	counters_begin(&t->counters);
	rc = side_once(t, side, err);
	settle(t);
	counters_end(&t->counters, 1, t->counts[side]);
	return rc;
}

static int case_measure(struct table *t, unsigned runs, struct error *err)
{
	double since;
	int rc = 0;

	t->repeats = 1;
	for (unsigned i = 0; i < SIDES && rc == 0; i++)
		rc = side_once(t, (enum side)i, err);
	since = clock_thread_seconds();
	if (rc == 0)
		rc = side_once(t, JIT, err);
	settle(t);
	if (clock_thread_seconds() - since < SHORT_RUN)
		t->repeats = 1 + (unsigned)(SHORT_RUN / (clock_thread_seconds() - since));
	for (unsigned run = 0; run < runs; run++)
		for (unsigned i = 0; i < SIDES && rc == 0; i++)
			rc = side_measure(t, (enum side)(run % 2 ? SIDES - 1 - i : i), err);
	for (unsigned i = 0; i < SIDES && rc == 0; i++)
		rc = side_count(t, (enum side)i, err);
	return rc;
}

/* ---- pictures ------------------------------------------------------------------------------ */

/* 1 same, 0 different, -1 there are none. */
static int pictures_same(struct table *t)
{
	uint8_t *a = NULL, *b = NULL;
	uint32_t w[2], h[2];
	int same = -1;

	if (strcmp(t->sink->name, "null") && strcmp(t->sink->name, "nullgl") &&
	    side_once(t, JIT, NULL) == 0 && sink_gl_read(t->sink, &a, &w[0], &h[0], NULL) == 0 &&
	    side_once(t, NATIVE, NULL) == 0 && sink_gl_read(t->sink, &b, &w[1], &h[1], NULL) == 0)
		same = w[0] == w[1] && h[0] == h[1] && !memcmp(a, b, (size_t)w[0] * h[0] * 3);
	free(a);
	free(b);
	return same;
}

/* ---- results --------------------------------------------------------------------------------- */

static void text_add(struct json_object *j, const char *key, const char *value)
{
	json_object_object_add(j, key, json_object_new_string(value));
}

/* Of each side's code from the middle of the entry points. */
static void distances_add(struct table *t, struct json_object *j)
{
	int64_t middle = (int64_t)entries_middle(t->sink);
	struct jit_lines lines;

	json_object_object_add(j, "native_distance_mib", json_object_new_int64(
		((int64_t)(uintptr_t)t->memory.at - middle) / (1 << 20)));
	if (jit_lines_make(&lines, t->compiled, &t->sp, NULL) < 0)
		return;
	json_object_object_add(j, "jit_distance_mib", json_object_new_int64(
		((int64_t)(uintptr_t)lines.code - middle) / (1 << 20)));
	jit_lines_finish(&lines);
}

static struct json_object *case_json(struct table *t, const char *what)
{
	struct json_object *j = json_object_new_object();
	int same = pictures_same(t);

	text_add(j, "what", what);
	text_add(j, "sink", t->sink->name);
	json_object_object_add(j, "calls", json_object_new_int64(t->decoded.program.n));
	json_object_object_add(j, "not_plain", json_object_new_int64(t->decoded.others));
	json_object_object_add(j, "frames_per_sample", json_object_new_int64(t->repeats));
	json_object_object_add(j, "native_code_bytes", json_object_new_int64((int64_t)t->memory.used));
	distances_add(t, j);
	if (same >= 0)
		json_object_object_add(j, "pictures_same", json_object_new_boolean(same));
	json_object_object_add(j, "jit_over_native",
			       sample_ratio_json(&t->seconds[JIT], &t->seconds[NATIVE]));
	json_object_object_add(j, "with_compilation_over_native",
			       sample_ratio_json(&t->seconds[JIT_COMPILED], &t->seconds[NATIVE]));
	for (unsigned i = 0; i < SIDES; i++) {
		struct json_object *side = sample_json(&t->seconds[i]);

		if (t->counts[i] && json_object_object_length(t->counts[i]))
			json_object_object_add(side, "counters", json_object_get(t->counts[i]));
		json_object_object_add(j, side_names[i], side);
	}
	return j;
}

static void case_finish(struct table *t)
{
	buf_finish(&t->code);
	decoded_finish(&t->decoded);
	code_memory_finish(&t->memory);
	for (unsigned i = 0; i < SIDES; i++) {
		json_object_put(t->counts[i]);
		t->counts[i] = NULL;
		t->seconds[i].n = 0;
	}
	memset(&t->memory, 0, sizeof(t->memory));
}

/* Runs it once, so that it has all its names; then both sides. */
static int case_run(struct table *t, uint32_t first, uint32_t count, bool set_up, unsigned runs,
		    const char *what, struct json_object *list, struct error *err)
{
	int rc = case_gather(t, first, count, set_up, err);

	if (rc == 0) {
		t->compiled = compile(t, err);
		rc = t->compiled ? jit_go(t, t->compiled, err) : err->code;
	}
	if (rc == 0)
		rc = native_make(t, err);
	if (rc == 0)
		rc = case_measure(t, runs, err);
	if (rc == 0)
		json_object_array_add(list, case_json(t, what));
	case_finish(t);
	return rc;
}

static bool makes_lists(struct table *t)
{
	bool found = false, bad;
	struct sp sp;

	for (uint32_t id = 0; id < blink_init_count(t->file) && !found; id++) {
		const uint32_t *rec;

		if (blink_sp_load(t->file, id, &sp, NULL) < 0)
			return false;
		for (rec = sp.code; (rec = sp_next(rec, sp.code + sp.nwords, &bad)); rec += sp_words(rec))
			found = found || sp_opcode(*rec) == OP_glNewList;
		blink_sp_release(t->file, id);
	}
	return found;
}

static int file_measure(const struct bench_table3_options *opt, const char *path,
			struct sink *sink, struct json_object *list, struct error *err)
{
	struct table t = { .sink = sink };
	uint32_t frame = 0, first = 0, count = 0;
	char what[64];
	int rc = table_open(&t, path, sink, err);

	if (rc == 0 && !blink_frame_count(t.file))
		rc = error_set(err, -EINVAL, "%s: there is no frame in it", path);
	if (rc == 0) {
		uint32_t half = blink_frame_count(t.file) / 2;

		frame = opt->frame >= 0 ? (uint32_t)opt->frame : half < 100 ? half : 100;
		rc = blink_frame(t.file, frame, &first, &count);
		if (rc < 0)
			error_set(err, rc, "%s: there is no frame %u", path, frame);
	}
	if (rc == 0)
		rc = prefix_play(&t, first, err);
	if (rc == 0) {
		snprintf(what, sizeof(what), "frame %u", frame);
		rc = case_run(&t, first, count, false, opt->runs, what, list, err);
	}
	if (rc == 0 && makes_lists(&t))
		rc = case_run(&t, 0, blink_init_count(t.file), true, opt->runs, "set-up", list, err);
	table_close(&t);
	return rc < 0 ? error_prefix(err, "%s on %s", path, sink->name) : 0;
}

static int sink_measure(const struct bench_table3_options *opt, struct sink *sink,
			struct json_object *files, struct error *err)
{
	int rc = 0;

	for (unsigned i = 0; i < opt->nfiles && rc == 0; i++) {
		struct json_object *j = json_object_new_object(), *list = json_object_new_array();

		text_add(j, "file", opt->files[i]);
		text_add(j, "on", sink->name);
		rc = file_measure(opt, opt->files[i], sink, list, err);
		json_object_object_add(j, "cases", list);
		json_object_array_add(files, j);
	}
	sink_destroy(sink);
	return rc;
}

struct json_object *bench_table3(const struct bench_table3_options *opt, struct error *err)
{
	const struct sink_gl_options gl = { 0 };
	struct json_object *j = json_object_new_object(), *files = json_object_new_array();
	struct counters counters;
	struct error no_driver = { 0 };
	struct sink *sink;
	int rc;

	/* all of the driver's work in this thread; before it is loaded */
	setenv("LP_NUM_THREADS", "0", 1);
	setenv("LIBGL_ALWAYS_SOFTWARE", "1", 0);
	text_add(j, "suite", "table3");
	json_object_object_add(j, "environment", environment_json());
	text_add(j, "unit", "CPU seconds of the thread, per frame");
	text_add(j, "direction", "lower");
	counters_open(&counters);
	text_add(j, "counters_from", counters_source(&counters));
	counters_close(&counters);
	rc = sink_nullgl_create(&sink, opt->nullgl, err);
	if (rc == 0)
		rc = sink_measure(opt, sink, files, err);
	if (rc == 0 && sink_gl_create(&sink, &gl, &no_driver) == 0) {
		text_add(j, "renderer", sink_gl_renderer(sink));
		rc = sink_measure(opt, sink, files, err);
	} else if (rc == 0) {
		text_add(j, "no_driver", no_driver.text);
	}
	json_object_object_add(j, "files", files);
	if (rc == 0)
		return j;
	json_object_put(j);
	return NULL;
}
