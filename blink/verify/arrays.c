/* arrays.c - vertex arrays in client memory, and whether a draw stays within them.
 *
 * Arrays in buffer objects are the driver's to guard: contexts are robust
 * (EGL_EXT_create_context_robustness), as docs/VERIFIER.md states. */
#include "blink/verify/verifier.h"

#include <GL/gl.h>
#include <GL/glext.h>

#define STRIDE_MAX 2048u             /* above, drivers of GL 4.4 refuse the call */

/* ---- formats ------------------------------------------------------------- */

enum {
	T_I8 = 1, T_U8 = 2, T_I16 = 4, T_U16 = 8, T_I32 = 16, T_U32 = 32, T_F32 = 64,
	T_F64 = 128, T_F16 = 256, T_PACKED = 512,
	T_INTS = T_I8 | T_U8 | T_I16 | T_U16 | T_I32 | T_U32, T_FLOATS = T_F32 | T_F64 | T_F16
};

static const struct { uint32_t type; uint16_t bit; uint8_t bytes; } types[] = {
	{ GL_FLOAT, T_F32, 4 }, { GL_UNSIGNED_BYTE, T_U8, 1 }, { GL_BYTE, T_I8, 1 },
	{ GL_SHORT, T_I16, 2 }, { GL_UNSIGNED_SHORT, T_U16, 2 }, { GL_INT, T_I32, 4 },
	{ GL_UNSIGNED_INT, T_U32, 4 }, { GL_DOUBLE, T_F64, 8 }, { GL_HALF_FLOAT, T_F16, 2 },
	{ GL_INT_2_10_10_10_REV, T_PACKED, 4 }, { GL_UNSIGNED_INT_2_10_10_10_REV, T_PACKED, 4 },
};

/* What GL 3.3 accepts: sizes, types, whether GL_BGRA may stand for a size. */
static const struct { uint8_t min, max; uint16_t types; bool bgra; } formats[] = {
	[VARRAY_VERTEX] = { 2, 4, T_I16 | T_I32 | T_FLOATS | T_PACKED, false },
	/* (packed ones Mesa refuses) */
	[VARRAY_NORMAL] = { 3, 3, T_I8 | T_I16 | T_I32 | T_FLOATS, false },
	[VARRAY_COLOR] = { 3, 4, T_INTS | T_FLOATS | T_PACKED, true },
	[VARRAY_SECONDARY] = { 3, 3, T_INTS | T_FLOATS | T_PACKED, true },
	[VARRAY_FOG] = { 1, 1, T_FLOATS, false },
	[VARRAY_INDEX] = { 1, 1, T_U8 | T_I16 | T_I32 | T_F32 | T_F64, false },
	[VARRAY_EDGE] = { 1, 1, T_U8, false },
	[VARRAY_TEXCOORD] = { 1, 4, T_I16 | T_I32 | T_FLOATS | T_PACKED, false },
	[VARRAY_TEXCOORD + 1] = { 1, 4, T_INTS | T_FLOATS | T_PACKED, true },  /* attributes */
	[VARRAY_TEXCOORD + 2] = { 1, 4, T_INTS, false },        /* integer attributes */
	[VARRAY_TEXCOORD + 3] = { 1, 4, T_F64, false },         /* attributes of doubles */
};

/* Bytes of one element; 0: GL refuses the call, or may. */
static unsigned element_bytes(const struct desc *d, const struct desc_layout *l,
			      const uint32_t *rec, bool integers)
{
	bool doubles = gl_ops[sp_opcode(*rec)].command == GL_CMD_glVertexAttribLPointer;
	unsigned f = d->arg != VARRAY_ATTRIB ? d->arg :
		     VARRAY_TEXCOORD + (doubles ? 3u : integers ? 2u : 1u);
	uint32_t size = l->size ? rec[l->size] : formats[f].min;
	uint32_t type = l->type ? rec[l->type] : GL_UNSIGNED_BYTE;
	bool bgra = size == GL_BGRA;

	if (bgra)
		size = 4;
	for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (types[i].type != type)
			continue;
		if (!(formats[f].types & types[i].bit))
			return 0;
		if (bgra && (!formats[f].bgra || !(types[i].bit & (T_U8 | T_PACKED)) ||
			     (l->normalized && rec[l->normalized] != GL_TRUE)))
			return 0;
		if (!bgra && (size < formats[f].min || size > formats[f].max))
			return 0;
		if (types[i].bit == T_PACKED)
			return size == 4 ? 4 : 0;
		return size * types[i].bytes;
	}
	return 0;
}

/* ---- pointers ------------------------------------------------------------ */

/* Vertices readable from the payload on; 0 when not one. */
static uint32_t payload_avail(const struct verifier *v, const uint32_t *words, unsigned bytes,
			      uint32_t stride)
{
	const struct sp_payload *p = &v->env->payloads.v[words[0]];
	uint64_t extent = p->size - words[1];

	if (!stride)
		stride = bytes;
	return extent < bytes ? 0 : (uint32_t)((extent - bytes) / stride + 1);
}

struct pointer_form arrays_pointer(const struct verifier *v, const struct desc *d,
				   const uint32_t *rec)
{
	const struct desc_layout *l = verifier_layout(v, d);
	unsigned a = d->arg;

	if (a == VARRAY_TEXCOORD)
		a += v->s->ctx->unit;
	if (a == VARRAY_ATTRIB)
		a += rec[l->index];
	return (struct pointer_form){
		a, element_bytes(d, l, rec, l->size && !l->normalized) };
}

static enum verify_reason pointer(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	const struct desc_layout *l = verifier_layout(v, d);
	struct context *c = v->s->ctx;
	uint32_t stride = l->stride ? rec[l->stride] : 0, bit;
	bool payload = !l->buf && rec[l->pointer] != 0;
	struct pointer_form form;
	unsigned a, bytes;
	struct vao *o;

	if (context_in_begin(c))
		return VERIFY_BEGIN_END;
	if (payload && c->array_buffer != 0)
		return VERIFY_BUFFER_BOUND;
	if (d->arg == VARRAY_ATTRIB && rec[l->index] >= VARRAYS - VARRAY_ATTRIB)
		return VERIFY_ARRAY_RANGE;
	form = arrays_pointer(v, d, rec);
	a = form.array;
	bytes = form.bytes;
	o = state_touch_vao(v->s);
	bit = 1u << a;
	o->client &= ~bit;
	o->bad |= bit;
	/* arrays in client memory are for vertex array object 0 only (2.10) */
	if (!bytes || stride > STRIDE_MAX || (payload && c->vao_name != 0))
		return VERIFY_OK;
	o->array[a].sp = v->s->serial;
	if (payload) {
		o->array[a].avail = payload_avail(v, rec + l->pointer, bytes, stride);
		o->array[a].buffer = 0;
		o->client |= bit;
		o->bad &= ~bit;
	} else if (c->array_buffer != 0 && c->array_buffer != NAME_UNKNOWN) {
		o->array[a].buffer = c->array_buffer;
		o->bad &= ~bit;
	}
	return VERIFY_OK;
}

unsigned arrays_find(const struct context *c, uint32_t cap)
{
	switch (cap) {
	case GL_VERTEX_ARRAY: return VARRAY_VERTEX;
	case GL_NORMAL_ARRAY: return VARRAY_NORMAL;
	case GL_COLOR_ARRAY: return VARRAY_COLOR;
	case GL_SECONDARY_COLOR_ARRAY: return VARRAY_SECONDARY;
	case GL_FOG_COORD_ARRAY: return VARRAY_FOG;
	case GL_INDEX_ARRAY: return VARRAY_INDEX;
	case GL_EDGE_FLAG_ARRAY: return VARRAY_EDGE;
	case GL_TEXTURE_COORD_ARRAY: return VARRAY_TEXCOORD + c->unit;
	default: return VARRAYS;
	}
}

void arrays_switch(struct verifier *v, unsigned array, bool on)
{
	uint32_t bit = 1u << array;
	struct vao *o = v->s->vao;

	if (!(o->maybe & bit) && !(o->enabled & bit) == !on)
		return;
	o = state_touch_vao(v->s);
	o->maybe &= ~bit;
	o->enabled = on ? o->enabled | bit : o->enabled & ~bit;
}

void arrays_maybe(struct verifier *v, unsigned array)
{
	state_touch_vao(v->s)->maybe |= 1u << array;
}

static enum verify_reason client_state(struct verifier *v, const struct desc *d,
				       const uint32_t *rec)
{
	struct context *c = v->s->ctx;
	unsigned a = arrays_find(c, rec[1]);

	if (context_in_begin(c))
		return VERIFY_BEGIN_END;
	if (rec[1] == GL_PRIMITIVE_RESTART_NV) {
		state_touch_context(v->s);
		/* an extension that the driver may lack */
		c->caps.cap[CAP_RESTART] = d->arg ? TRI_UNKNOWN : TRI_OFF;
		return VERIFY_OK;
	}
	if (a == VARRAYS)
		return VERIFY_ARRAY_RANGE;
	arrays_switch(v, a, d->arg);
	return VERIFY_OK;
}

static enum verify_reason attrib_state(struct verifier *v, const struct desc *d,
				       const uint32_t *rec)
{
	if (context_in_begin(v->s->ctx))
		return VERIFY_BEGIN_END;
	if (rec[1] >= VARRAYS - VARRAY_ATTRIB)
		return VERIFY_ARRAY_RANGE;
	arrays_switch(v, VARRAY_ATTRIB + rec[1], d->arg);
	return VERIFY_OK;
}

static enum verify_reason divisor(struct verifier *v, const uint32_t *rec)
{
	struct vao *o;

	if (context_in_begin(v->s->ctx))
		return VERIFY_BEGIN_END;
	if (rec[1] >= VARRAYS - VARRAY_ATTRIB)
		return VERIFY_ARRAY_RANGE;
	/* of all that is client state Mesa compiles this into the list, and does it when that
	 * is called */
	if (v->s->ctx->list)
		return VERIFY_LIST_STATE;
	o = state_touch_vao(v->s);
	o->array[VARRAY_ATTRIB + rec[1]].divisor = rec[2];
	o->undecided &= ~(1u << (VARRAY_ATTRIB + rec[1]));
	if (rec[2])
		o->instanced |= 1u << (VARRAY_ATTRIB + rec[1]);
	else
		o->instanced &= ~(1u << (VARRAY_ATTRIB + rec[1]));
	return VERIFY_OK;
}

/* ---- draws --------------------------------------------------------------- */

/* Vertices readable in every enabled array of client memory that steps per vertex. */
static enum verify_reason limit_find(struct verifier *v, struct vao *o)
{
	uint32_t used = (o->enabled | o->maybe) & o->client & ~o->instanced;

	o->limit = UINT32_MAX;
	for (; used; used &= used - 1) {
		const struct varray *a = &o->array[__builtin_ctz(used)];

		if (a->sp != v->s->serial)
			return VERIFY_ARRAY_STALE;
		if (a->avail < o->limit)
			o->limit = a->avail;
	}
	o->limit_known = true;
	return VERIFY_OK;
}

/* Arrays that step once per so many instances. */
static enum verify_reason instances_fit(struct verifier *v, const struct vao *o,
					uint32_t instances, uint32_t base)
{
	uint32_t used = (o->enabled | o->maybe) & o->client & o->instanced;

	for (; used; used &= used - 1) {
		const struct varray *a = &o->array[__builtin_ctz(used)];
		uint64_t need = a->divisor ? (instances - 1) / a->divisor : 0;

		if (a->sp != v->s->serial)
			return VERIFY_ARRAY_STALE;
		if (need + base >= a->avail)
			return VERIFY_ARRAY_SHORT;
	}
	return VERIFY_OK;
}

uint64_t arrays_restart(const struct context *c, uint32_t type)
{
	if (c->caps.cap[CAP_RESTART_FIXED] == TRI_ON)
		return UINT32_MAX >> (32 - 8 * index_bytes(type));
	if (c->caps.cap[CAP_RESTART_FIXED] == TRI_OFF && c->caps.cap[CAP_RESTART] == TRI_ON &&
	    c->restart_known)
		return c->restart_index;
	return INDEX_NO_RESTART;
}

/* Greatest and least index in the buffer bound, by what was uploaded to it. */
static enum verify_reason buffer_range(struct verifier *v, const struct desc_layout *l,
				       const uint32_t *rec, uint32_t count, uint32_t type,
				       uint32_t *min, uint32_t *max)
{
	uint64_t offset = rec[l->pointer] | (uint64_t)rec[l->pointer + 1] << 32;
	unsigned bytes = index_bytes(type), shift = bytes == 4 ? 2 : bytes - 1;
	const struct buffer *b = state_buffer(v->s, v->s->vao->element);

	/* of the same name, but made since */
	if (b && b->birth != v->s->vao->element_birth)
		return VERIFY_INDEX_UNKNOWN;
	if (!b || !bytes || v->s->feedback || b->epoch != v->s->contents || offset & (bytes - 1) ||
	    !range_ok(offset, (uint64_t)count * bytes, b->known))
		return VERIFY_INDEX_UNKNOWN;
	*min = 0;
	*max = b->max[shift];
	return VERIFY_OK;
}

static enum verify_reason elements_fit(struct verifier *v, const struct desc_layout *l,
				       const uint32_t *rec, uint32_t limit, uint64_t restart)
{
	int64_t base = l->basevertex ? (int32_t)rec[l->basevertex] : 0;
	uint32_t count = rec[l->count], type = rec[l->type], min, max;
	enum verify_reason r;

	if (l->start && rec[l->end] < rec[l->start])
		return VERIFY_DRAW_RANGE;
	/* drivers may trust the range that the call states */
	if (l->start && (rec[l->start] + base < 0 || rec[l->end] + base >= limit))
		return VERIFY_INDEX_RANGE;
	if (l->buf) {
		r = buffer_range(v, l, rec, count, type, &min, &max);
		if (r != VERIFY_OK)
			return r;
	} else if (!index_range(v, rec + l->pointer, count, type, restart, &min, &max)) {
		return VERIFY_OK;
	}
	return min + base >= 0 && max + base < limit ? VERIFY_OK : VERIFY_INDEX_RANGE;
}

enum verify_reason draw_within(struct verifier *v, const struct desc_layout *l,
			       const uint32_t *rec, uint32_t limit, uint64_t restart)
{
	if (v->s->ctx->locked > limit)
		return VERIFY_ARRAY_SHORT;
	if (l->type)
		return elements_fit(v, l, rec, limit, restart);
	if ((int32_t)rec[l->first] < 0)
		return VERIFY_DRAW_RANGE;
	return (uint64_t)rec[l->first] + rec[l->count] <= limit ? VERIFY_OK : VERIFY_ARRAY_SHORT;
}

/* Offsets need a buffer; payloads need that there is none. */
static enum verify_reason indices_source(const struct verifier *v, const struct desc_layout *l,
					 const uint32_t *rec)
{
	uint32_t element = v->s->vao->element;

	if (l->buf)
		return element == 0 || element == NAME_UNKNOWN ? VERIFY_BUFFER_UNBOUND
							       : VERIFY_OK;
	if (element != 0)
		return VERIFY_BUFFER_BOUND;
	return rec[l->pointer] && index_bytes(rec[l->type]) ? VERIFY_OK : VERIFY_PAYLOAD_NULL;
}

/* Compiling a list, drivers copy the vertices, and look at no buffer's size.  Of what one's
 * own programs draw the indices at least are known to be there; strangers do not. */
static enum verify_reason list_takes(struct verifier *v, const struct desc_layout *l,
				     const uint32_t *rec, uint32_t buffered)
{
	bool indices = l->type && (l->buf || v->s->vao->element);
	uint32_t min, max;

	if (!v->s->ctx->list || (!indices && !buffered))
		return VERIFY_OK;
	if (!v->env->limits.allow_opaque || (indices && !l->buf))
		return VERIFY_LIST_BUFFER;
	/* where there are no indices to read, a driver looks at the first */
	if (indices && ((int32_t)rec[l->count] <= 0 ||
			buffer_range(v, l, rec, rec[l->count], rec[l->type], &min, &max) !=
				VERIFY_OK))
		return VERIFY_LIST_BUFFER;
	return VERIFY_OK;
}

static enum verify_reason draw(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	const struct desc_layout *l = verifier_layout(v, d);
	struct vao *o = v->s->vao;
	int32_t count = (int32_t)rec[l->count];
	int32_t instances = l->instances ? (int32_t)rec[l->instances] : 1;
	enum verify_reason r;
	uint32_t used = o->enabled | o->maybe;

	caps_draw(v);
	r = list_takes(v, l, rec, used & ~(o->client | o->bad));
	if (r != VERIFY_OK)
		return r;
	if (count <= 0 || instances <= 0)
		return VERIFY_OK;
	if (l->type) {
		r = indices_source(v, l, rec);
		if (r != VERIFY_OK)
			return r;
	}
	v->facts->vertices += (uint64_t)count * (uint64_t)instances;
	if (used & (o->bad | (o->client & o->undecided)))
		return VERIFY_ARRAY_UNKNOWN;
	if (!(used & o->client))
		return VERIFY_OK;
	if (!o->limit_known) {
		r = limit_find(v, o);
		if (r != VERIFY_OK)
			return r;
	} else if (o->array[__builtin_ctz(used & o->client)].sp != v->s->serial) {
		return VERIFY_ARRAY_STALE;
	}
	if (used & o->client & o->instanced) {
		r = instances_fit(v, o, (uint32_t)instances,
				  l->baseinstance ? rec[l->baseinstance] : 0);
		if (r != VERIFY_OK)
			return r;
	}
	return draw_within(v, l, rec, o->limit,
			   l->type ? arrays_restart(v->s->ctx, rec[l->type]) : 0);
}

/* While arrays are locked a driver may fetch the whole range with any draw. */
static enum verify_reason lock(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	const struct desc_layout *l = verifier_layout(v, d);
	uint32_t first = l->first ? rec[l->first] : 0, count = l->count ? rec[l->count] : 0;
	struct context *c = v->s->ctx;

	state_touch_context(v->s);
	/* GL refuses both between Begin and End, and a lock while there is one: that stays */
	if (!d->arg && !context_in_begin(c))
		c->locked = 0;
	if (d->arg && (int32_t)first >= 0 && (int32_t)count > 0 && first + count > c->locked)
		c->locked = first + count;
	return VERIFY_OK;
}

enum verify_reason arrays_track(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	struct vao *o = v->s->vao;

	switch (d->hook) {
	case HOOK_DRAW: return draw(v, d, rec);
	case HOOK_POINTER: return pointer(v, d, rec);
	case HOOK_CLIENT_STATE: return client_state(v, d, rec);
	case HOOK_ATTRIB_STATE: return attrib_state(v, d, rec);
	case HOOK_DIVISOR: return divisor(v, rec);
	case HOOK_LOCK: return lock(v, d, rec);
	case HOOK_DRAW_UNKNOWN:
		caps_draw(v);
		if (v->s->ctx->list && !v->env->limits.allow_opaque &&
		    ((o->enabled | o->maybe) & ~(o->client | o->bad)))
			return VERIFY_LIST_BUFFER;
		return (o->enabled | o->maybe) & (o->client | o->bad) ? VERIFY_DRAW_UNKNOWN
								     : VERIFY_OK;
	default: return VERIFY_OK;
	}
}
