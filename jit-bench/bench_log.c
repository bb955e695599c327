/* bench_log.c - how a log grows, whole and pruned, and what pruning costs.
 *
 * The experiment of the record-prune-replay paper's Table 3 and Figure 5: at given times
 * of a recording, calls and bytes of the whole log and of the pruned one, and the time of
 * pruning, each time from scratch and, going on from the time before, incrementally.
 *
 * Sizes.  Whole: the words of all records and every payload each time that a record
 * passes it, which is what the program handed to GL.  Pruned: the words and the distinct
 * payloads that are kept; file_bytes: the .blink that holds them.  What is kept only for
 * the last frame's own picture (its draws and their vertices) is a column of its own: it
 * depends on that frame and not on the length of the log.
 *
 * Times are CPU time of this thread.  Reading the file is counted apart from pruning.
 * A step's time has in it all of going backward over its new calls.  What a call costs
 * depends on what it is; whether the log behind it matters is told by a second pruner, which
 * is given nothing but the log that was kept at the time before, and then the same new calls:
 * ns_after_short_log beside ns_per_new_call.
 */
#include "jit-bench/bench.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blink/base/clock.h"
#include "jit-bench/bench_log.h"
#include "jit-bench/rounds.h"

/* Seconds spent, by what. */
struct spent { double read, prune, emit; };

static void lap(double *sum, double *since)
{
	double now = clock_thread_seconds();

	*sum += now - *since;
	*since = now;
}

/* ---- where the points lie ------------------------------------------------------------ */

/* The first frame that ends after `at` seconds; the recording's frames if none does. */
static int frame_at(struct log_bench *b, double at, uint32_t *frame, struct error *err)
{
	uint32_t frames = blink_frame_count(b->file);
	struct blink_frame_data first = { 0 }, d;
	int rc = 0;

	if (b->opt->rate > 0) {
		*frame = at * b->opt->rate < frames ? (uint32_t)(at * b->opt->rate + 0.5)
						    : frames + 1;
		return 0;
	}
	for (*frame = 0; *frame < frames && rc >= 0; ++*frame) {
		rc = blink_frame_data_get(b->file, *frame, &d, err);
		if (rc >= 0 && *frame == 0)
			first = d;
		if (rc >= 0 && (double)(d.wall - first.wall) * 1e-9 >= at)
			return 0;
	}
	++*frame;
	return rc < 0 ? rc : 0;
}

static int points_place(struct log_bench *b, struct error *err)
{
	uint32_t frames = blink_frame_count(b->file);
	unsigned kept = 0;
	int rc = 0;

	if (b->opt->rate <= 0 && blink_frame_data_count(b->file) < frames)
		return error_set(err, -EINVAL, "%s: has no time stamps (give the frame rate of its "
				 "time with --rate)", b->opt->blink);
	b->time_from = b->opt->rate > 0 ? "frame number by the given rate" : "recorded time stamps";
	for (unsigned i = 0; i < b->n && rc == 0; i++) {
		rc = frame_at(b, b->points[i].at, &b->points[kept].frame, err);
		b->points[kept].at = b->points[i].at;
		if (b->points[kept].frame && b->points[kept].frame <= frames)
			kept++;
	}
	b->n = kept;
	if (rc == 0 && !kept)
		return error_set(err, -ERANGE, "%s: its %u frames end before the first time asked "
				 "for", b->opt->blink, frames);
	return rc;
}

/* ---- the whole log ---------------------------------------------------------------------- */

static void sp_count(const struct sp *sp, const struct sp_payloads *payloads, uint64_t *calls,
		     uint64_t *bytes)
{
	const uint32_t *end = sp->code + sp->nwords, *rec;
	bool bad;

	*bytes += (uint64_t)sp->nwords * 4;
	for (rec = sp->code; (rec = sp_next(rec, end, &bad)); rec += sp_words(rec)) {
		const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

		*calls += op->form != GL_FORM_CORE;
		for (unsigned i = 0; i < op->noperands; i++) {
			uint32_t id = rec[op->operands[i].word];

			if (op->operands[i].kind == GL_KIND_PAYLOAD && id < payloads->n)
				*bytes += payloads->v[id].size;
		}
	}
}

/* SPs [first, end): what is to be done with each. */
typedef int sp_fn(void *user, const struct sp *sp, struct error *err);

static int sps_walk(struct blink_file *f, uint32_t first, uint32_t end, double *read,
		    sp_fn *fn, void *user, struct error *err)
{
	int rc = 0;

	for (uint32_t id = first; id < end && rc >= 0; id++) {
		double since = clock_thread_seconds();
		struct sp sp;

		rc = blink_sp_load(f, id, &sp, err);
		lap(read, &since);
		if (rc < 0)
			return rc;
		rc = fn(user, &sp, err);
		blink_sp_release(f, id);
	}
	return rc < 0 ? rc : 0;
}

struct counting { struct log_bench *b; uint64_t calls, bytes; };

static int count_fn(void *user, const struct sp *sp, struct error *err)
{
	struct counting *c = user;

	(void)err;
	sp_count(sp, blink_payloads(c->b->file), &c->calls, &c->bytes);
	return 0;
}

/* The SPs of frames before `frame`, init SPs with them. */
static uint32_t sps_before(struct log_bench *b, uint32_t frame)
{
	uint32_t first = 0, count = 0;

	if (frame == 0)
		return blink_init_count(b->file);
	blink_frame(b->file, frame - 1, &first, &count);
	return first + count;
}

static int whole_measure(struct log_bench *b, struct error *err)
{
	struct counting c = { .b = b };
	uint32_t done = 0;
	double read = 0;
	int rc = 0;

	for (unsigned i = 0; i < b->n && rc == 0; i++) {
		uint32_t end = sps_before(b, b->points[i].frame);

		rc = sps_walk(b->file, done, end, &read, count_fn, &c, err);
		done = end;
		b->points[i].calls = c.calls;
		b->points[i].bytes = c.bytes;
	}
	return rc;
}

/* ---- pruning ------------------------------------------------------------------------------- */

struct feeding { struct prune *p; double *spent; };

static int add_fn(void *user, const struct sp *sp, struct error *err)
{
	struct feeding *f = user;
	double since = clock_thread_seconds();
	int rc = prune_add(f->p, sp, err);

	lap(f->spent, &since);
	return rc;
}

/* Frames [*frame, end), before the first the init SPs. */
static int feed(struct log_bench *b, struct prune *p, uint32_t *frame, uint32_t end,
		struct spent *spent, struct error *err)
{
	struct feeding f = { .p = p, .spent = &spent->prune };
	int rc = 0;

	if (*frame == 0)
		rc = sps_walk(b->file, 0, blink_init_count(b->file), &spent->read, add_fn, &f, err);
	for (; *frame < end && rc == 0; ++*frame) {
		uint32_t first, count;
		double since;

		rc = blink_frame(b->file, *frame, &first, &count);
		if (rc >= 0)
			rc = sps_walk(b->file, first, first + count, &spent->read, add_fn, &f, err);
		since = clock_thread_seconds();
		if (rc == 0)
			rc = prune_frame(p, err);
		lap(&spent->prune, &since);
	}
	return rc;
}

static int emit(struct log_bench *b, struct prune *p, struct log_point *at, struct spent *spent,
		struct error *err)
{
	struct blink_writer *w;
	double since = clock_thread_seconds();
	int rc = blink_writer_create(&w, b->out, NULL, err);

	if (rc < 0)
		return rc;
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		blink_writer_names(w, s, blink_names_max(b->file, s));
	blink_writer_slots(w, blink_slots(b->file));
	rc = prune_emit(p, w, err);
	if (rc >= 0)
		rc = blink_writer_commit(w, "{}", err);
	blink_writer_destroy(w);
	lap(&spent->emit, &since);
	if (rc >= 0)
		prune_stats_get(p, &at->pruned);
	return rc < 0 ? rc : 0;
}

/* What was written, for its sizes, and as the short log of the next step. */
static int kept_open(struct log_bench *b, struct log_point *at, struct error *err)
{
	struct blink_stats s;
	int rc;

	blink_close(b->kept);
	b->kept = NULL;
	rc = blink_open(&b->kept, b->out, 0, err);
	if (rc < 0)
		return rc;
	blink_file_stats(b->kept, &s);
	at->file_bytes = s.file_bytes;
	at->kept_bytes = s.code_words * 4 + at->pruned.payload_total;
	return 0;
}

static int pruner_make(struct log_bench *b, struct prune **p, struct error *err)
{
	struct prune_options opt = { .payload = prune_file_payload, .callee = prune_file_callee,
				     .user = b->file };

	return prune_create(p, &opt, err);
}

static int scratch_measure(struct log_bench *b, struct log_point *at, struct error *err)
{
	struct spent spent = { 0 };
	struct prune *p = NULL;
	uint32_t frame = 0;
	int rc = pruner_make(b, &p, err);

	if (rc == 0)
		rc = feed(b, p, &frame, at->frame, &spent, err);
	if (rc == 0)
		rc = emit(b, p, at, &spent, err);
	prune_destroy(p);
	if (rc < 0)
		return rc;
	sample_add(&at->scratch, spent.prune + spent.emit);
	sample_add(&at->read, spent.read);
	return 0;
}

/* ---- the same calls behind a short log ------------------------------------------------------- */

/* Payload ids of the log that was kept, beside those of the whole one. */
#define OTHER 0x80000000u

static int either_payload(void *user, uint32_t id, struct sp_payload *out, struct error *err)
{
	struct log_bench *b = user;

	return prune_file_payload(id & OTHER ? b->kept : b->file, id & ~OTHER, out, err);
}

static const struct sp *whole_callee(void *user, uint32_t id)
{
	return prune_file_callee(((struct log_bench *)user)->file, id);
}

static int marked_add(void *user, const struct sp *sp, struct error *err)
{
	uint32_t *code = malloc((size_t)sp->nwords * 4 + 1);
	struct sp copy = *sp;
	bool bad;
	int rc;

	if (!code)
		return error_set(err, -ENOMEM, "bench: out of memory");
	memcpy(code, sp->code, (size_t)sp->nwords * 4);
	for (uint32_t *rec = code; sp_next(rec, code + sp->nwords, &bad); rec += sp_words(rec)) {
		const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

		for (unsigned i = 0; i < op->noperands; i++)
			if (op->operands[i].kind == GL_KIND_PAYLOAD && rec[op->operands[i].word])
				rec[op->operands[i].word] |= OTHER;
	}
	copy.code = code;
	rc = prune_add(user, &copy, err);
	free(code);
	return rc;
}

/* Goes backward over what is new: that, too, is the cost of the new calls. */
static int settle(struct prune *p, struct spent *spent, struct error *err)
{
	double since = clock_thread_seconds();
	int rc = prune_compact(p, err);

	lap(&spent->prune, &since);
	return rc;
}

static int short_measure(struct log_bench *b, uint32_t frame, struct log_point *at, uint64_t calls,
			 struct error *err)
{
	struct prune_options opt = { .payload = either_payload, .callee = whole_callee, .user = b };
	struct spent spent = { 0 };
	struct prune *p = NULL;
	double read = 0;
	int rc = prune_create(&p, &opt, err);

	if (rc == 0 && b->kept)
		rc = sps_walk(b->kept, 0, blink_init_count(b->kept), &read, marked_add, p, err);
	if (rc == 0)
		rc = prune_compact(p, err);
	if (rc == 0)
		rc = feed(b, p, &frame, at->frame, &spent, err);
	if (rc == 0)
		rc = settle(p, &spent, err);
	prune_destroy(p);
	if (rc == 0 && calls)
		sample_add(&at->ns_short, spent.prune * 1e9 / (double)calls);
	return rc;
}

static int steps_measure(struct log_bench *b, unsigned turn, struct error *err)
{
	struct prune *p = NULL;
	uint64_t calls = 0;
	uint32_t frame = 0;
	int rc = pruner_make(b, &p, err);

	for (unsigned i = 0; i < b->n && rc == 0; i++) {
		struct log_point *at = &b->points[i];
		struct spent spent = { 0 };

		/* the two sides take turns at who goes first */
		if (turn % 2)
			rc = short_measure(b, frame, at, at->calls - calls, err);
		if (rc == 0)
			rc = feed(b, p, &frame, at->frame, &spent, err);
		if (rc == 0)
			rc = settle(p, &spent, err);
		at->memory = prune_memory(p);
		if (rc == 0 && !(turn % 2))
			rc = short_measure(b, i ? b->points[i - 1].frame : 0, at,
					   at->calls - calls, err);
		if (rc == 0)
			rc = emit(b, p, at, &spent, err);
		if (rc == 0)
			rc = kept_open(b, at, err);
		if (rc < 0)
			break;
		sample_add(&at->step, spent.prune);
		sample_add(&at->emit, spent.emit);
		if (at->calls > calls)
			sample_add(&at->ns_per_call, spent.prune * 1e9 /
				   (double)(at->calls - calls));
		calls = at->calls;
	}
	prune_destroy(p);
	blink_close(b->kept);
	b->kept = NULL;
	return rc;
}

/* ---- the suite ---------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = ((const struct log_point *)a)->at, y = ((const struct log_point *)b)->at;

	return (x > y) - (x < y);
}

static int bench_open(struct log_bench *b, struct error *err)
{
	const char *tmp = getenv("TMPDIR");
	int rc = blink_open(&b->file, b->opt->blink, 0, err);

	if (rc < 0)
		return rc;
	b->n = b->opt->ntimes;
	b->points = calloc(b->n, sizeof(*b->points));
	if (!b->points)
		return error_set(err, -ENOMEM, "bench: out of memory");
	for (unsigned i = 0; i < b->n; i++)
		b->points[i].at = b->opt->times[i];
	qsort(b->points, b->n, sizeof(*b->points), compare);
	snprintf(b->folder, sizeof(b->folder), "%s/blink-bench-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (!mkdtemp(b->folder)) {
		b->folder[0] = 0;
		return error_set(err, -errno, "bench: no folder for temporary files");
	}
	snprintf(b->out, sizeof(b->out), "%s/out.blink", b->folder);
	return points_place(b, err);
}

struct json_object *bench_log(const struct bench_log_options *opt, struct error *err)
{
	struct log_bench b = { .opt = opt };
	struct json_object *j = NULL;
	int rc = bench_open(&b, err);

	/* memory that one pruner gave back serves the next: none pays for its first touch */
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	if (rc == 0)
		rc = whole_measure(&b, err);
	for (unsigned run = 0; rc == 0 && bench_more(run, opt->runs, bench_log_results, &b); run++) {
		for (unsigned i = 0; i < b.n && rc == 0; i++)
			rc = scratch_measure(&b, &b.points[i], err);
		if (rc == 0)
			rc = steps_measure(&b, run, err);
	}
	if (rc == 0)
		j = bench_log_results(&b);
	if (b.folder[0]) {
		unlink(b.out);
		rmdir(b.folder);
	}
	free(b.points);
	blink_close(b.file);
	return j;
}
