/* check.c - operands: registers, names, slots, payloads. */
#include "blink/verify/verifier.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

#define UNITS_MAX 32u                   /* of textures, that have matrices (Mesa) */

const uint8_t *check_payload_bytes(const struct verifier *v, const uint32_t *words,
				   uint64_t *size)
{
	const struct sp_payload *p;

	*size = 0;
	if (!words[0])
		return NULL;
	p = &v->env->payloads.v[words[0]];
	*size = p->size - words[1];
	return p->data + words[1];
}

/* The payload exists, is here, and holds `need` bytes from its offset on.  shared: they may
 * change later; what is looked at now, or by the driver to decide, may not. */
static enum verify_reason payload_holds(const struct verifier *v, const uint32_t *words,
					uint64_t need, bool shared)
{
	const struct sp_payload *p;

	if (words[0] >= v->env->payloads.n)
		return VERIFY_PAYLOAD_RANGE;
	p = &v->env->payloads.v[words[0]];
	if (words[1] > p->size)
		return VERIFY_PAYLOAD_RANGE;
	if (!p->data)
		return VERIFY_PAYLOAD_ABSENT;
	if (p->flags & SP_PAYLOAD_SHARED && !shared)
		return VERIFY_PAYLOAD_SHARED;
	return range_ok(words[1], need, p->size) ? VERIFY_OK : VERIFY_PAYLOAD_SHORT;
}

static bool binding_free(const struct context *c, unsigned binding)
{
	return (binding != GL_BINDING_UNPACK || c->unpack == 0) &&
	       (binding != GL_BINDING_PACK || c->pack == 0);
}

static enum verify_reason payload(const struct verifier *v, const struct desc_check *c,
				  const uint32_t *rec)
{
	const uint32_t *words = rec + c->word;
	uint64_t need;

	/* engines add offset to address, and NULL has none to be added to */
	if (!words[0] && words[1])
		return VERIFY_PAYLOAD_RANGE;
	/* while a buffer is bound NULL is its beginning */
	if (!words[0] && c->nullable)
		return binding_free(v->s->ctx, c->binding) ? VERIFY_OK : VERIFY_BUFFER_BOUND;
	if (!gl_payload_size(rec, c->operand, &need))
		return VERIFY_PAYLOAD_SIZE_UNKNOWN;
	if (!words[0])
		return need ? VERIFY_PAYLOAD_NULL : VERIFY_OK;
	if (!binding_free(v->s->ctx, c->binding))
		return VERIFY_BUFFER_BOUND;
	return payload_holds(v, words, need, c->shared);
}

/* Drivers look for the end of a text, whatever length they are told. */
static enum verify_reason text(const struct verifier *v, const struct desc_check *c,
			       const uint32_t *rec)
{
	enum verify_reason r = payload(v, c, rec);
	uint64_t need, have;
	const uint8_t *p;

	if (r != VERIFY_OK || !rec[c->word] || !gl_payload_size(rec, c->operand, &need))
		return r;
	p = check_payload_bytes(v, rec + c->word, &have);
	return need && need <= have && p[need - 1] == 0 ? VERIFY_OK : VERIFY_STRING_UNTERMINATED;
}

static enum verify_reason name(const struct verifier *v, unsigned space, uint32_t id)
{
	/* names that are the driver's own index no table */
	if (id > v->env->limits.names[space] && !gl_spaces[space].identity)
		return VERIFY_NAME_RANGE;
	/* binding a name makes its object: there must be something to make it in */
	if (id && !v->s->ctx->name && space != GL_SPACE_CONTEXT && space != GL_SPACE_DRAWABLE)
		return VERIFY_NO_CONTEXT;
	/* GL makes no objects between Begin and End: the driver's name would be 0 */
	if (id && (space == GL_SPACE_BUFFER || space == GL_SPACE_VERTEXARRAY) &&
	    context_in_begin(v->s->ctx))
		return VERIFY_BEGIN_END;
	return VERIFY_OK;
}

static enum verify_reason names(const struct verifier *v, const struct desc_check *c,
				const uint32_t *rec)
{
	enum verify_reason r = payload(v, c, rec);
	const uint8_t *p;
	uint64_t size, have;

	if (r != VERIFY_OK || !rec[c->word])
		return r;
	gl_payload_size(rec, c->operand, &size);
	p = check_payload_bytes(v, rec + c->word, &have);
	v->s->work += size / 4 * VERIFY_WORK_NAME;
	for (uint64_t i = 0; r == VERIFY_OK && i + 4 <= size; i += 4) {
		uint32_t id;

		memcpy(&id, p + i, sizeof(id));
		r = name(v, c->space, id);
	}
	return r;
}

static enum verify_reason strings(const struct verifier *v, const struct desc_check *c,
				  const uint32_t *rec, int64_t count)
{
	const uint32_t *words = rec + c->word;
	enum verify_reason r;
	const uint8_t *p;
	uint64_t size;

	if (!words[0])
		return VERIFY_PAYLOAD_NULL;
	r = payload_holds(v, words, 1, false);
	if (r != VERIFY_OK)
		return r == VERIFY_PAYLOAD_SHORT ? VERIFY_STRING_UNTERMINATED : r;
	if (count < 0)
		return VERIFY_PAYLOAD_SIZE_UNKNOWN;
	p = check_payload_bytes(v, words, &size);
	for (; count > 0; count--) {
		const uint8_t *zero = memchr(p, 0, size);

		if (!zero)
			return VERIFY_STRING_UNTERMINATED;
		v->s->work += (uint64_t)(zero - p) + VERIFY_WORK_NAME;
		size -= (uint64_t)(zero - p) + 1;
		p = zero + 1;
	}
	return VERIFY_OK;
}

/* Memory lent for an answer; while a pack buffer is bound the driver would take the
 * address of pixels for an offset. */
static enum verify_reason answer(const struct verifier *v, const struct desc_check *c,
				 const uint32_t *rec)
{
	uint64_t size;
	unsigned rule = gl_ops[sp_opcode(*rec)].operands[c->operand].size_rule;

	if (rule == GL_SIZE_NONE)
		return VERIFY_OK;       /* not asked for */
	if (!binding_free(v->s->ctx, c->binding))
		return VERIFY_BUFFER_BOUND;
	if (rule <= GL_SIZE_STRINGS || !gl_payload_size(rec, c->operand, &size) ||
	    size > SP_MAX_PAYLOAD)
		return VERIFY_PAYLOAD_SIZE_UNKNOWN;
	return VERIFY_OK;
}

static enum verify_reason offset(const struct verifier *v, const struct desc_check *c)
{
	const struct context *x = v->s->ctx;
	uint32_t bound = c->binding == GL_BINDING_UNPACK ? x->unpack : x->pack;

	if (bound == 0 || bound == NAME_UNKNOWN)
		return VERIFY_BUFFER_UNBOUND;
	/* a list takes bitmaps out of buffers that have no memory, too */
	return x->list && c->binding == GL_BINDING_UNPACK && !v->env->limits.allow_opaque
		? VERIFY_LIST_BUFFER : VERIFY_OK;
}

/* Row length, image height, flags: the last operands of pixels in a buffer. */
static enum verify_reason layout(const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const struct gl_operand *last = &op->operands[op->noperands - 1];
	uint32_t align = rec[last->word] & SP_UNPACK_ALIGN_MASK;

	if (op->form != GL_FORM_UNPACK_BUF && op->form != GL_FORM_PACK_BUF)
		return VERIFY_OK;
	if (align > 8 || (align & (align - 1)) || (int32_t)rec[last[-1].word] < 0 ||
	    (int32_t)rec[last[-2].word] < 0)
		return VERIFY_UNPACK_LAYOUT;
	return VERIFY_OK;
}

/* ---- for the driver's sake (desc_driver.c) ----------------------------------- */

/* Both not negative: GL refuses those by themselves. */
static enum verify_reason span(const uint32_t *rec, const struct desc_check *c)
{
	int32_t sum;

	return (int32_t)rec[c->word] >= 0 && __builtin_add_overflow(
		(int32_t)rec[c->word], (int32_t)rec[c->count], &sum) ? VERIFY_RANGE_WRAPS : VERIFY_OK;
}

static enum verify_reason span64(const uint32_t *rec, const struct desc_check *c)
{
	int64_t start, length, sum;

	memcpy(&start, rec + c->word, sizeof(start));
	memcpy(&length, rec + c->count, sizeof(length));
	return start >= 0 && __builtin_add_overflow(start, length, &sum) ? VERIFY_RANGE_WRAPS
									  : VERIFY_OK;
}

/* A stranger has mipmaps made unasked, or images that cannot be drawn to.  (What was once said
 * stays so: state.h.) */
static enum verify_reason mipmaps(const struct verifier *v, uint32_t target)
{
	struct verify_state *s = v->s;

	if (v->env->limits.allow_opaque)
		return VERIFY_OK;
	s->mipmaps |= !s->undrawable && target != GL_TEXTURE_CUBE_MAP;
	return s->undrawable || target == GL_TEXTURE_CUBE_MAP ? VERIFY_MIPMAPS : VERIFY_OK;
}

static bool can_be_drawn_to(uint32_t format)
{
	const char *name = gl_enum_name(NULL, format);

	/* (S3's first names do not say so) */
	return format != GL_RGB9_E5 && !(format >= GL_RGB_S3TC && format <= GL_RGBA4_S3TC) &&
	       !(name && strstr(name, "COMPRESSED"));
}

static enum verify_reason format(const struct verifier *v, uint32_t internal)
{
	struct verify_state *s = v->s;

	if (v->env->limits.allow_opaque || s->undrawable || can_be_drawn_to(internal))
		return VERIFY_OK;
	s->undrawable = !s->mipmaps;
	return s->mipmaps ? VERIFY_MIPMAPS : VERIFY_OK;
}

/* GL_TEXTURE_MAX_LEVEL is 1000 in a new texture. */
#define LEVEL_MAX 1000

static enum verify_reason level(const struct verifier *v, const struct desc_check *c,
				const uint32_t *rec, uint32_t value)
{
	float f;

	if (rec[c->count] == GL_GENERATE_MIPMAP && value)
		return mipmaps(v, rec[1]);
	if (rec[c->count] != GL_TEXTURE_BASE_LEVEL && rec[c->count] != GL_TEXTURE_MAX_LEVEL)
		return VERIFY_OK;
	if (!c->space)
		return value <= LEVEL_MAX ? VERIFY_OK : VERIFY_PARAMETER_RANGE;
	memcpy(&f, &value, sizeof(f));
	return f >= 0 && f <= LEVEL_MAX ? VERIFY_OK : VERIFY_PARAMETER_RANGE;
}

/* That the payload holds it was looked at before. */
static enum verify_reason levels(const struct verifier *v, const struct desc_check *c,
				 const uint32_t *rec)
{
	uint64_t have;
	const uint8_t *p = check_payload_bytes(v, rec + c->word, &have);
	uint32_t value;

	if (!p || have < sizeof(value))
		return VERIFY_OK;
	memcpy(&value, p, sizeof(value));
	return level(v, c, rec, value);
}

static enum verify_reason stage(const struct verifier *v, uint32_t type)
{
	bool wild = type == GL_TESS_CONTROL_SHADER || type == GL_TESS_EVALUATION_SHADER ||
		    type == GL_COMPUTE_SHADER;

	return wild && !v->env->limits.allow_opaque ? VERIFY_STAGE : VERIFY_OK;
}

static enum verify_reason check_one(const struct verifier *v, const struct desc_check *c,
				    const uint32_t *rec)
{
	const struct verify_limits *limits = &v->env->limits;
	uint32_t w = rec[c->word];
	enum verify_reason r;

	switch (c->kind) {
	case CHECK_DST: return w < SP_REGISTERS ? VERIFY_OK : VERIFY_REGISTER_RANGE;
	case CHECK_EXTERN: return w < SP_EXTERNS ? VERIFY_OK : VERIFY_EXTERN_RANGE;
	case CHECK_NAME: return name(v, c->space, w);
	case CHECK_NAME_NEW: return w ? name(v, c->space, w) : VERIFY_NAME_RANGE;
	case CHECK_SLOT: return w <= limits->slots ? VERIFY_OK : VERIFY_SLOT_RANGE;
	case CHECK_PAYLOAD: return payload(v, c, rec);
	case CHECK_NAMES: return names(v, c, rec);
	case CHECK_STRING: return strings(v, c, rec, 1);
	case CHECK_STRINGS: return strings(v, c, rec, (int32_t)rec[c->count]);
	case CHECK_ANSWER: return answer(v, c, rec);
	case CHECK_TEXT: return text(v, c, rec);
	case CHECK_SPAN: return span(rec, c);
	case CHECK_SPAN64: return span64(rec, c);
	case CHECK_MOST: return w <= c->most ? VERIFY_OK : VERIFY_PARAMETER_RANGE;
	case CHECK_LEVEL: return level(v, c, rec, w);
	case CHECK_LEVELS: return levels(v, c, rec);
	case CHECK_PIXEL_TYPE:
		return w == GL_BITMAP && rec[c->count] != GL_COLOR_INDEX ? VERIFY_PIXEL_TYPE
									  : VERIFY_OK;
	case CHECK_STAGE: return stage(v, w);
	case CHECK_FORMAT: return format(v, w);
	case CHECK_UNIT:
		return w - GL_TEXTURE0 >= UNITS_MAX && !limits->allow_opaque ? VERIFY_PARAMETER_RANGE
									      : VERIFY_OK;
	default:
		r = offset(v, c);
		return r == VERIFY_OK ? layout(rec) : r;
	}
}

enum verify_reason check_operands(const struct verifier *v, const struct desc *d,
				  const uint32_t *rec)
{
	const struct desc_check *c = v->s->desc->check + d->check;
	enum verify_reason r = VERIFY_OK;

	for (unsigned i = 0; i < d->nchecks && r == VERIFY_OK; i++)
		r = check_one(v, &c[i], rec);
	return r;
}
