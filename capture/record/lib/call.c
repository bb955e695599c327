/* call.c - records: a call as its row in the command table says, with the memory that
 * it refers to, and marks. */
#include "capture/record/lib/lib.h"

#include <stdlib.h>

#define PAYLOAD_WORDS (sizeof(struct record_payload) / 4)
#define PARTS 24u
#define ATTRIBUTES_MAX 256u               /* pairs in a list; lists are shorter */
#define STRING_MAX (16u << 20)
#define PACK_UNPACK_BUFFER 0x88ECu

_Static_assert(sizeof(struct record_payload) == 24, "on-disk layout");

/* Parts of a record, more than PARTS of them in memory of their own. */
struct parts {
	struct rec_part *v, few[PARTS];
	unsigned n, cap;
	bool failed;
};

static struct rec_part *part_add(struct parts *p)
{
	if (p->n == p->cap) {
		unsigned cap = p->cap * 4;
		struct rec_part *v = malloc(cap * sizeof(*v));

		if (!v) {
			p->failed = true;
			return NULL;
		}
		memcpy(v, p->v, p->n * sizeof(*v));
		if (p->v != p->few)
			free(p->v);
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n] = (struct rec_part){ 0 };
	return &p->v[p->n++];
}

static void part_set(struct parts *p, unsigned param, const void *bytes, uint64_t size)
{
	struct rec_part *part;

	if (size > UINT32_MAX || !(part = part_add(p)))
		return;
	part->param = (uint8_t)param;
	part->bytes = bytes;
	part->size = (uint32_t)size;
}

/* ---- writing ----------------------------------------------------------------------- */

static bool is_inline(const struct rec_part *part)
{
	return part->size <= REC_INLINE_MAX;
}

static size_t part_words(const struct rec_part *part)
{
	return PAYLOAD_WORDS + (is_inline(part) ? (part->size + 3u) / 4 : 0);
}

/* Where the bytes are in the file: there already, or stored now.  0: nowhere. */
static uint64_t part_offset(struct rec_part *part)
{
	uint64_t offset;

	if (!part->is_hashed)
		part->hash = rec_hash(part->bytes, part->size);
	offset = rec_known(part->hash, part->size);
	if (!offset) {
		offset = rec_store(part->bytes, part->size);
		if (offset)
			rec_remember(part->hash, part->size, offset);
	}
	return offset;
}

static uint32_t *put_part(uint32_t *w, const struct rec_part *part, uint64_t offset)
{
	const struct record_payload p = {
		.param = part->param,
		.content = part->content,
		.item = part->item,
		.size = part->size,
		.offset_low = (uint32_t)offset,
		.offset_high = (uint32_t)(offset >> 32),
		.lead = part->lead,
	};
	uint32_t words = (part->size + 3u) / 4;

	memcpy(w, &p, sizeof(p));
	w += PAYLOAD_WORDS;
	if (!is_inline(part))
		return w;
	if (words)
		w[words - 1] = 0;
	memcpy(w, part->bytes, part->size);
	return w + words;
}

static uint32_t *put_value(uint32_t *w, unsigned ctype, uint64_t v)
{
	switch (ctype) {
	case GL_C_VOID:
		return w;
	case GL_C_I64: case GL_C_U64: case GL_C_F64: case GL_C_PTR:
		memcpy(w, &v, 8);
		return w + 2;
	default:
		*w = (uint32_t)v;
		return w + 1;
	}
}

/* Word 0, and word 1 of a record whose length word 0 cannot hold. */
static uint32_t *put_head(uint32_t *w, unsigned what, size_t words)
{
	if (words <= 0xffff) {
		*w = what | (uint32_t)words << 16;
		return w + 1;
	}
	w[0] = what;
	w[1] = (uint32_t)words;
	return w + 2;
}

/* Offsets of the parts that are stored elsewhere; then room for the record. */
static uint32_t *record_begin(size_t *words, struct rec_part *parts, unsigned nparts,
			      uint64_t *offsets)
{
	for (unsigned i = 0; i < nparts; i++) {
		offsets[i] = RECORD_INLINE;
		if (!is_inline(&parts[i]) && !(offsets[i] = part_offset(&parts[i])))
			return NULL;
		*words += part_words(&parts[i]);
	}
	*words += *words > 0xffff;
	return rec_prepare(*words + 1);
}

void rec_write(unsigned command, const uint64_t *args, uint64_t result, bool fake,
	       struct rec_part *parts, unsigned nparts)
{
	const struct rec_shape *s = &rec_shapes[command];
	uint64_t few[PARTS], *offsets = few;
	size_t words = s->words;
	uint32_t *w;

	if (nparts > PARTS && !(offsets = malloc(nparts * sizeof(*offsets))))
		return;
	w = record_begin(&words, parts, nparts, offsets);
	if (w) {
		if (fake)
			*w++ = RECORD_FAKE | 1u << 16;
		w = put_head(w, command, words);
		for (unsigned i = 0; i < s->nparams; i++)
			w = put_value(w, s->ctype[i], args[i]);
		w = put_value(w, s->ret, result);
		for (unsigned i = 0; i < nparts; i++)
			w = put_part(w, &parts[i], offsets[i]);
		rec_done(w);
	} else if (rec_active() && words > RECORD_SEGMENT / 8) {
		rec_lost(gl_commands[command].name, "too large for a record");
	}
	if (offsets != few)
		free(offsets);
}

void rec_mark(unsigned mark, const uint32_t *values, unsigned nvalues, struct rec_part *part)
{
	uint64_t offset = RECORD_INLINE;
	size_t words = 1 + nvalues;
	uint32_t *w = record_begin(&words, part, part ? 1 : 0, &offset);

	if (!w)
		return;
	w = put_head(w, mark, words);
	for (unsigned i = 0; i < nvalues; i++)
		*w++ = values[i];
	if (part)
		w = put_part(w, part, offset);
	rec_done(w);
	rec.calls--;            /* marks are no calls */
}

/* ---- memory of calls ----------------------------------------------------------------- */

static const void *pointer(uint64_t arg)
{
	return (const void *)(uintptr_t)arg;
}

static int param_index(const struct gl_command *c, const char *name)
{
	for (unsigned i = 0; i < c->nparams; i++)
		if (!strcmp(c->params[i].name, name))
			return (int)i;
	return -1;
}

static bool reads_unpack_buffer(unsigned command)
{
	unsigned op = gl_commands[command].op_buf;

	return op != GL_OP_COUNT && gl_ops[op].form == GL_FORM_UNPACK_BUF && rec.context &&
	       rec_bound(rec.context, PACK_UNPACK_BUFFER);
}

static void add_string(struct parts *p, unsigned param, uint32_t item, const char *s,
		       int32_t given)
{
	size_t n = given >= 0 ? (size_t)given : rec_string(s, STRING_MAX);

	if ((given >= 0 && !rec_readable(s, n)) || (given < 0 && n >= STRING_MAX))
		return;
	part_set(p, param, s, n);
	if (p->n)
		p->v[p->n - 1].item = item;
}

/* count strings, with lengths or without (negative: up to the zero). */
static void add_strings(struct parts *p, unsigned command, const uint64_t *args,
			unsigned param)
{
	const struct gl_command *c = &gl_commands[command];
	const char *const *v = pointer(args[param]);
	int count = param_index(c, "count"), length = param_index(c, "length");
	const int32_t *lengths = length >= 0 ? pointer(args[length]) : NULL;
	int32_t n = count >= 0 ? (int32_t)args[count] : 0;

	if (n <= 0 || !rec_readable(v, (uint64_t)n * sizeof(*v)) ||
	    (lengths && !rec_readable(lengths, (uint64_t)n * 4)))
		return;
	for (int32_t i = 0; i < n && !p->failed; i++)
		if (v[i])
			add_string(p, param, (uint32_t)i, v[i], lengths ? lengths[i] : -1);
}

/* Pairs up to a key of 0 (GLX) or EGL_NONE, that key included. */
static void add_attributes(struct parts *p, unsigned param, const char *list, size_t width,
			   bool egl)
{
	uint64_t end = egl ? 0x3038 : 0, key;

	for (size_t i = 0; i < ATTRIBUTES_MAX; i++) {
		const char *at = list + 2 * i * width;

		if (!rec_readable(at, width))
			return;
		key = 0;
		memcpy(&key, at, width);
		if (key == end) {
			part_set(p, param, list, (2 * i + 1) * width);
			return;
		}
	}
}

static void add_sized(struct parts *p, unsigned command, const uint64_t *args, unsigned param,
		      bool out)
{
	uint64_t size;

	if (!gl_param_size(&gl_commands[command], args, param, &size) || !size ||
	    size > INT32_MAX || (!out && reads_unpack_buffer(command)) ||
	    !rec_readable(pointer(args[param]), size))
		return;
	part_set(p, param, pointer(args[param]), size);
	if (out && p->n)
		p->v[p->n - 1].content = RECORD_OUT;
}

static void add_memory(struct parts *p, unsigned command, const uint64_t *args,
		       unsigned param, unsigned memory)
{
	const void *bytes = pointer(args[param]);
	struct rec_part part = { 0 };

	if (!bytes && memory != REC_PIXELS)
		return;
	switch (memory) {
	case REC_SIZED:
		add_sized(p, command, args, param, false);
		break;
	case REC_STRING:
		add_string(p, param, 0, bytes, -1);
		break;
	case REC_STRINGS:
		add_strings(p, command, args, param);
		break;
	case REC_PIXELS:
		if (!reads_unpack_buffer(command) && rec_pixels(command, args, param, &part)) {
			struct rec_part *to = part_add(p);

			if (to)
				*to = part;
		}
		break;
	case REC_ATTRIBUTES: case REC_ATTRIBUTES64:
		add_attributes(p, param, bytes, memory == REC_ATTRIBUTES ? 4 : 8,
			       gl_commands[command].name[0] == 'e');
		break;
	}
}

void rec_call(unsigned command, const uint64_t *args)
{
	const struct rec_shape *s = &rec_shapes[command];
	struct parts p = { .cap = PARTS };

	/* the first call asks for the file; without one there is nothing to look at */
	if (!rec_prepare(1))
		return;
	rec_floor_look();
	p.v = p.few;
	for (unsigned i = 0; i < s->nparams; i++)
		if (s->memory[i])
			add_memory(&p, command, args, i, s->memory[i]);
	rec_write(command, args, 0, false, p.v, p.n);
	if (p.v != p.few)
		free(p.v);
}

/* ---- answers ---------------------------------------------------------------------------- */

static void add_answer(struct parts *p, unsigned command, const uint64_t *args,
		       unsigned param, unsigned memory)
{
	if (memory == REC_OUT) {
		add_sized(p, command, args, param, true);
	} else if (memory == REC_OUT_INT && rec_readable(pointer(args[param]), 4)) {
		part_set(p, param, pointer(args[param]), 4);
		if (p->n)
			p->v[p->n - 1].content = RECORD_OUT;
	}
}

/* glXChooseFBConfig: as many configurations as its last parameter says. */
static void add_result(struct parts *p, unsigned command, const uint64_t *args,
		       uint64_t result)
{
	const int32_t *n = pointer(args[3]);

	if (command != GL_CMD_glXChooseFBConfig || !result || !n || *n <= 0)
		return;
	part_set(p, RECORD_RESULT, pointer(result), (uint64_t)*n * 8);
	if (p->n)
		p->v[p->n - 1].content = RECORD_OUT;
}

void rec_answer(unsigned command, const uint64_t *args, uint64_t result)
{
	const struct rec_shape *s = &rec_shapes[command];
	struct parts p = { .cap = PARTS };

	if (!rec_prepare(1))
		return;
	p.v = p.few;
	for (unsigned i = 0; i < s->nparams; i++) {
		if (s->memory[i] == REC_OUT || s->memory[i] == REC_OUT_INT)
			add_answer(&p, command, args, i, s->memory[i]);
		else if (s->memory[i])
			add_memory(&p, command, args, i, s->memory[i]);
	}
	if (command == GL_CMD_glXChooseFBConfig)
		add_result(&p, command, args, result);
	rec_write(command, args, result, false, p.v, p.n);
	if (p.v != p.few)
		free(p.v);
}
