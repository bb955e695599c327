/* prune_file.c - pruning .blink files. */
#include "blink/log/prune.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

int prune_file_payload(void *user, uint32_t id, struct sp_payload *out, struct error *err)
{
	return blink_payload_load(user, id, out, err);
}

const struct sp *prune_file_callee(void *user, uint32_t id)
{
	static _Thread_local struct sp sp;

	return blink_sp_code(user, id, &sp, NULL) < 0 ? NULL : &sp;
}

static int feed(struct prune *p, struct blink_file *in, uint32_t first, uint32_t count,
		struct error *err)
{
	int ret = 0;

	for (uint32_t i = first; i < first + count && ret >= 0; i++) {
		struct sp sp;

		ret = blink_sp_code(in, i, &sp, err);
		if (ret >= 0)
			ret = prune_add(p, &sp, err);
	}
	return ret;
}

int prune_feed(struct prune *p, struct blink_file *in, uint32_t end, struct error *err)
{
	int ret = feed(p, in, 0, blink_init_count(in), err);

	for (uint32_t frame = 0; frame < end && ret >= 0; frame++) {
		uint32_t first, count;

		ret = blink_frame(in, frame, &first, &count);
		if (ret < 0)
			return error_set(err, ret, "prune: there is no frame %u", frame);
		ret = feed(p, in, first, count, err);
		if (ret >= 0)
			ret = prune_frame(p, err);
	}
	return ret;
}

/* ---- the frames that follow ---------------------------------------------------------- */

struct copy {
	struct blink_file *in;
	struct blink_writer *w;
	struct error *err;
	uint32_t *payloads;          /* id there -> id here */
	uint32_t *sps;               /* by id there less first: id here */
	uint32_t first, count;
	uint32_t *words;
	uint32_t words_cap;
};

static int record_copy(struct copy *c, uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const struct sp_payloads *payloads = blink_payloads(c->in);

	for (unsigned i = 0; i < op->noperands; i++) {
		uint32_t *w = rec + op->operands[i].word;

		if (op->operands[i].kind == GL_KIND_SP) {
			if (!range_ok(*w, 1, (uint64_t)c->first + c->count) || *w < c->first)
				return error_set(c->err, -ENOTSUP, "prune: a frame calls SP %u, which "
						 "is not among the frames that are kept", *w);
			*w = c->sps[*w - c->first];
		}
		if (op->operands[i].kind != GL_KIND_PAYLOAD || !w[0])
			continue;
		if (w[0] >= payloads->n || !payloads->v[w[0]].data)
			return error_set(c->err, -EBADMSG, "prune: there is no payload %u", w[0]);
		if (!c->payloads[w[0]])
			c->payloads[w[0]] = blink_writer_payload(c->w, payloads->v[w[0]].data,
								 payloads->v[w[0]].size);
		w[0] = c->payloads[w[0]];
	}
	return 0;
}

static int words_room(struct copy *c, uint32_t n)
{
	uint32_t *v;

	if (n <= c->words_cap)
		return 0;
	v = realloc(c->words, (size_t)n * sizeof(*v));
	if (!v)
		return error_set(c->err, -ENOMEM, "prune: out of memory");
	c->words = v;
	c->words_cap = n;
	return 0;
}

static int sp_copy(struct copy *c, uint32_t id, uint32_t frame)
{
	struct sp sp;
	bool bad;
	int ret = blink_sp_load(c->in, id, &sp, c->err);

	if (ret < 0)
		return ret;
	ret = words_room(c, sp.nwords);
	if (ret >= 0)
		memcpy(c->words, sp.code, (size_t)sp.nwords * 4);
	for (uint32_t *rec = c->words; ret >= 0 && sp_next(rec, c->words + sp.nwords, &bad);
	     rec += sp_words(rec))
		ret = record_copy(c, rec);
	sp.code = c->words;
	sp.frame -= frame;
	if (ret >= 0) {
		ret = blink_writer_sp(c->w, &sp, &c->sps[id - c->first]);
		if (ret < 0)
			error_set(c->err, ret, "prune: SP %u could not be written", id);
	}
	blink_sp_release(c->in, id);
	return ret;
}

int prune_copy_frames(struct blink_file *in, uint32_t first, uint32_t count,
		      struct blink_writer *w, struct error *err)
{
	struct copy c = { .in = in, .w = w, .err = err };
	uint32_t last, n = 0;
	int ret;

	if (!count)
		return 0;
	if (!range_ok(first, count, blink_frame_count(in)) ||
	    blink_frame(in, first, &c.first, &n) < 0 ||
	    blink_frame(in, first + count - 1, &last, &n) < 0)
		return error_set(err, -ERANGE, "prune: the file has frames 0 to %u",
				 blink_frame_count(in));
	c.count = last + n - c.first;
	c.payloads = calloc((size_t)blink_payloads(in)->n + 1, sizeof(*c.payloads));
	c.sps = calloc((size_t)c.count + 1, sizeof(*c.sps));
	ret = c.payloads && c.sps ? 0 : error_set(err, -ENOMEM, "prune: out of memory");
	for (uint32_t i = 0; i < c.count && ret >= 0; i++)
		ret = sp_copy(&c, c.first + i, first);
	free(c.payloads);
	free(c.sps);
	free(c.words);
	return ret;
}

/* ---- whole files ------------------------------------------------------------------------ */

static void number(struct json_object *j, const char *key, uint64_t n)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)n));
}

static char *provenance_make(const struct blink_file *in, const struct prune_file_options *opt,
			     const struct prune_stats *s)
{
	struct json_object *j = json_object_new_object(), *of;
	const char *text = blink_provenance(in);
	char *out;

	if (opt->tool)
		json_object_object_add(j, "tool", json_object_new_string(opt->tool));
	number(j, "pruned_at_frame", opt->at_frame);
	number(j, "records_before", s->records);
	number(j, "records_kept", s->kept_total);
	json_object_object_add(j, "back_buffer", json_object_new_string(s->preserved ?
			       "preserved" : "undefined after swaps"));
	of = text && *text ? json_tokener_parse(text) : NULL;
	if (of)
		json_object_object_add(j, "of", of);
	out = strdup(json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN));
	json_object_put(j);
	return out;
}

static int write_all(struct prune *p, struct blink_file *in, const char *out,
		     const struct prune_file_options *opt, uint32_t frames, struct error *err)
{
	struct blink_coding coding;
	struct blink_writer_options wo = { 0 };
	struct blink_writer *w = NULL;
	struct prune_stats stats;
	char *text = NULL;
	int ret;

	blink_file_coding(in, &coding);
	wo.level = coding.level;
	wo.window = coding.window;
	ret = blink_writer_create(&w, out, &wo, err);
	if (ret < 0)
		return ret;
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		blink_writer_names(w, s, blink_names_max(in, s));
	blink_writer_slots(w, blink_slots(in));
	ret = prune_emit(p, w, err);
	if (ret >= 0)
		ret = prune_copy_frames(in, opt->at_frame, frames, w, err);
	prune_stats_get(p, &stats);
	text = ret < 0 ? NULL : provenance_make(in, opt, &stats);
	if (ret >= 0 && !text)
		ret = error_set(err, -ENOMEM, "prune: out of memory");
	if (ret >= 0)
		ret = blink_writer_commit(w, text, err);
	free(text);
	blink_writer_destroy(w);
	return ret;
}

int prune_file(struct blink_file *in, const char *out, const struct prune_file_options *opt,
	       struct prune_stats *stats, struct prune **left, struct error *err)
{
	const struct prune_options po = {
		.back_buffer = opt->back_buffer, .payload = prune_file_payload,
		.callee = prune_file_callee, .user = in,
	};
	uint32_t n = blink_frame_count(in), frames = opt->frames;
	struct prune *p = NULL;
	int ret;

	if (left)
		*left = NULL;
	if (opt->at_frame > n)
		return error_set(err, -ERANGE, "prune: frame %u: the file has %u frames",
				 opt->at_frame, n);
	if (frames > n - opt->at_frame)
		frames = n - opt->at_frame;
	ret = prune_create(&p, &po, err);
	if (ret >= 0)
		ret = prune_feed(p, in, opt->at_frame, err);
	if (ret >= 0)
		ret = write_all(p, in, out, opt, frames, err);
	if (ret >= 0 && stats)
		prune_stats_get(p, stats);
	if (ret >= 0 && left)
		*left = p;
	else
		prune_destroy(p);
	return ret;
}
