/* buffers.c - buffer objects: which is bound where, and what is known of contents.
 *
 * Of contents only the greatest value in each width is kept, for index buffers that
 * are drawn with arrays in client memory. */
#include "blink/verify/verifier.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

/* The shadow of a binding point, NULL for those that decide nothing here. */
static uint32_t *binding(struct verify_state *s, uint32_t target)
{
	switch (target) {
	case GL_ARRAY_BUFFER: return &s->ctx->array_buffer;
	case GL_ELEMENT_ARRAY_BUFFER: return &s->vao->element;
	case GL_PIXEL_UNPACK_BUFFER: return &s->ctx->unpack;
	case GL_PIXEL_PACK_BUFFER: return &s->ctx->pack;
	default: return NULL;
	}
}

static void binding_touch(struct verify_state *s, uint32_t target)
{
	if (target == GL_ELEMENT_ARRAY_BUFFER)
		state_touch(s, &s->vao->o);
	else
		state_touch_context(s);
}

/* GL's own.  Others are extensions': GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD makes the memory
 * that BufferData is handed the buffer's, and reads and writes it when the payload is long
 * gone; Mesa's software driver has it. */
static bool target_copies(uint32_t target)
{
	switch (target) {
	case GL_ARRAY_BUFFER: case GL_ELEMENT_ARRAY_BUFFER: case GL_PIXEL_UNPACK_BUFFER:
	case GL_PIXEL_PACK_BUFFER: case GL_UNIFORM_BUFFER: case GL_TEXTURE_BUFFER:
	case GL_TRANSFORM_FEEDBACK_BUFFER: case GL_COPY_READ_BUFFER: case GL_COPY_WRITE_BUFFER:
	case GL_DRAW_INDIRECT_BUFFER: case GL_DISPATCH_INDIRECT_BUFFER:
	case GL_SHADER_STORAGE_BUFFER: case GL_ATOMIC_COUNTER_BUFFER: case GL_QUERY_BUFFER:
	case GL_PARAMETER_BUFFER:
		return true;
	default:
		return false;
	}
}

static enum verify_reason bind(struct verifier *v, uint32_t target, uint32_t name)
{
	uint32_t *at = binding(v->s, target);
	struct buffer *b = NULL;

	if (context_in_begin(v->s->ctx))
		return VERIFY_BEGIN_END;
	if (name && !target_copies(target))
		return VERIFY_BUFFER_TARGET;
	if (name) {
		b = state_buffer(v->s, name);
		if (!b)
			return VERIFY_OK;
		if (!b->group) {
			state_touch(v->s, &b->o);
			b->group = v->s->ctx->group;
		}
		if (b->group != v->s->ctx->group)
			return VERIFY_NAME_CONTEXT;
	}
	if (at && *at != name) {
		binding_touch(v->s, target);
		*at = name;
	}
	if (target == GL_ELEMENT_ARRAY_BUFFER && b &&
	    v->s->vao->element_birth != b->birth) {
		binding_touch(v->s, target);
		v->s->vao->element_birth = b->birth;
	}
	return VERIFY_OK;
}

/* Draws may write to buffers from here on: of none are indices known any more.  What was
 * verified before has to be looked at again. */
static void feedback_begins(struct verify_state *s)
{
	if (!s->feedback)
		s->contents++;
	s->feedback = true;
}

/* BindBufferBase and alike also bind to the target as such. */
static enum verify_reason bind_range(struct verifier *v, const struct desc *d,
				     const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	uint32_t target = rec[verifier_layout(v, d)->target];
	uint32_t *at = binding(v->s, target);

	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].kind == GL_KIND_NAME) {
			uint32_t name = rec[op->operands[i].word];
			enum verify_reason r = name && !target_copies(target)
				? VERIFY_BUFFER_TARGET : bind(v, GL_UNIFORM_BUFFER, name);

			if (r != VERIFY_OK)
				return r;
			/* shaders write there */
			if (name && (target == GL_SHADER_STORAGE_BUFFER ||
				     target == GL_ATOMIC_COUNTER_BUFFER))
				feedback_begins(v->s);
		}
	if (at) {       /* an error in GL: nothing is bound, but who knows */
		binding_touch(v->s, target);
		*at = NAME_UNKNOWN;
	}
	return VERIFY_OK;
}

/* The buffer whose contents change; NULL where it is not followed: then what is known
 * of any contents goes.  lasting: it is storage for good (glBufferStorage), which GL refuses
 * to replace. */
static struct buffer *written(struct verifier *v, uint32_t target, bool lasting)
{
	uint32_t *at = binding(v->s, target);
	struct buffer *b;

	if (!at || *at == NAME_UNKNOWN) {
		v->s->contents++;
		/* whichever that is */
		if (lasting)
			feedback_begins(v->s);
		return NULL;
	}
	if (!*at)
		return NULL;
	b = state_buffer(v->s, *at);
	if (b && lasting) {
		state_touch(v->s, &b->o);
		b->size = UINT64_MAX;
	}
	/* bound is an older one of this name, which another context still uses */
	if (b && target == GL_ELEMENT_ARRAY_BUFFER && b->birth != v->s->vao->element_birth)
		return NULL;
	if (b) {
		state_touch(v->s, &b->o);
		if (target != GL_ELEMENT_ARRAY_BUFFER)
			b->epoch = 0;
	}
	return b && target == GL_ELEMENT_ARRAY_BUFFER ? b : NULL;
}

/* Bytes that are not there to be looked at: others may be, when the driver copies them. */
static bool data_shared(const struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	uint32_t id = rec[verifier_layout(v, d)->data];

	return v->env->payloads.v[id].flags & SP_PAYLOAD_SHARED;
}

/* What GL refuses leaves the old contents: an upload counts where it surely happens. */
static bool data_certain(const struct verifier *v, const struct desc *d, const uint32_t *rec,
			 uint64_t size)
{
	uint32_t usage = rec[d->words - 1] - 0x88E0;   /* GL_STREAM_DRAW to GL_DYNAMIC_COPY */

	return !d->arg && usage <= 10 && usage % 4 < 3 && !data_shared(v, d, rec) &&
	       size <= SP_MAX_PAYLOAD && !context_in_begin(v->s->ctx) && !sp_mask(*rec);
}

static enum verify_reason data(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	const struct desc_layout *l = verifier_layout(v, d);
	struct buffer *b = written(v, rec[l->target], d->arg);
	uint64_t size;
	const uint8_t *p;

	if (!b)
		return VERIFY_OK;
	size = rec[l->bytes] | (uint64_t)rec[l->bytes + 1] << 32;
	/* immutable storage is for good: until it is deleted, nothing more is known */
	if (b->size == UINT64_MAX || !data_certain(v, d, rec, size)) {
		b->epoch = 0;
		return VERIFY_OK;
	}
	memset(b->max, 0, sizeof(b->max));
	b->epoch = v->s->contents;
	b->known = 0;
	b->size = size;
	p = check_payload_bytes(v, rec + l->data, &size);
	if (p) {
		b->known = b->size < size ? b->size : size;
		v->s->work += b->known;
		index_max(p, b->known, b->max);
	}
	return VERIFY_OK;
}

static enum verify_reason sub_data(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	const struct desc_layout *l = verifier_layout(v, d);
	struct buffer *b = written(v, rec[l->target], false);
	uint64_t offset = rec[l->offset] | (uint64_t)rec[l->offset + 1] << 32;
	uint64_t bytes = rec[l->bytes] | (uint64_t)rec[l->bytes + 1] << 32, size;
	const uint8_t *p;

	if (!b || b->epoch != v->s->contents)
		return VERIFY_OK;
	if (context_in_begin(v->s->ctx)) {      /* GL refuses it: what is there is not known */
		b->epoch = 0;
		return VERIFY_OK;
	}
	p = check_payload_bytes(v, rec + l->data, &size);
	if (!range_ok(offset, bytes, b->size))
		return VERIFY_OK;       /* GL refuses it */
	if (!p || bytes > size || offset % 4 || data_shared(v, d, rec)) {
		b->epoch = 0;
		return VERIFY_OK;
	}
	if (offset > b->known)
		return VERIFY_OK;
	v->s->work += bytes;
	index_max(p, bytes, b->max);
	/* a word across the old end is in neither scan: whole words only */
	if (b->known % 4 && offset + bytes > b->known && offset != 0)
		b->epoch = 0;
	if (offset + bytes > b->known)
		b->known = offset + bytes;
	return VERIFY_OK;
}

/* Names of a GEN or DELETE record, checked before. */
static const uint8_t *names(const struct verifier *v, const uint32_t *rec, uint32_t *count)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	*count = 0;
	for (unsigned i = 0; i < op->noperands; i++) {
		uint64_t size, have;
		const uint8_t *p;

		if (op->operands[i].kind != GL_KIND_PAYLOAD ||
		    !gl_payload_size(rec, i, &size))
			continue;
		p = check_payload_bytes(v, rec + op->operands[i].word, &have);
		*count = (uint32_t)(size / 4);
		return p;
	}
	return NULL;
}

static uint32_t name_at(const uint8_t *p, uint32_t i)
{
	uint32_t name;

	memcpy(&name, p + (uint64_t)i * 4, sizeof(name));
	return name;
}

/* A deleted buffer leaves the bindings of this context (then: 0) and of the vertex array
 * object bound; there its offsets stay behind as addresses, which nothing may read. */
static void buffer_unbind(struct verify_state *s, uint32_t name, uint32_t then)
{
	struct vao *o = state_touch_vao(s);

	state_touch_context(s);
	if (s->ctx->array_buffer == name)
		s->ctx->array_buffer = then;
	if (s->ctx->unpack == name)
		s->ctx->unpack = then;
	if (s->ctx->pack == name)
		s->ctx->pack = then;
	if (o->element == name)
		o->element = then;
	for (unsigned i = 0; i < VARRAYS; i++)
		if (o->array[i].buffer == name && !(o->client >> i & 1))
			o->bad |= 1u << i;
}

static enum verify_reason gen_delete(struct verifier *v, const uint32_t *rec, bool generate)
{
	uint32_t n;
	const uint8_t *p = names(v, rec, &n);

	v->s->work += p ? n * (uint64_t)VERIFY_WORK_BUFFER : 0;
	for (uint32_t i = 0; p && i < n; i++) {
		uint32_t name = name_at(p, i);
		struct buffer *b = name ? state_buffer(v->s, name) : NULL;

		if (!b)
			continue;
		/* GL would delete whatever has the driver's number in this group */
		if (!generate && b->group && b->group != v->s->ctx->group)
			return VERIFY_NAME_CONTEXT;
		state_touch(v->s, &b->o);
		b->group = generate ? v->s->ctx->group : 0;
		b->epoch = 0;
		b->birth++;
		b->known = b->size = 0;
		/* made anew, the name is another buffer than the one that stays bound */
		buffer_unbind(v->s, name, generate ? NAME_UNKNOWN : 0);
	}
	v->s->deletes++;
	return VERIFY_OK;
}

static enum verify_reason arrays_gen_delete(struct verifier *v, const uint32_t *rec,
					    bool generate)
{
	struct verify_state *s = v->s;
	uint32_t n;
	const uint8_t *p = names(v, rec, &n);

	s->work += p ? n * (uint64_t)VERIFY_WORK_VAO : 0;
	for (uint32_t i = 0; p && i < n; i++) {
		uint32_t name = name_at(p, i);
		struct vao *o = name ? state_vao(s, name) : NULL;

		if (!o)
			continue;
		if (o->owner && o->owner != s->ctx->birth)
			return VERIFY_NAME_CONTEXT;
		/* made anew, the name is another object than the one that stays bound */
		if (generate && s->ctx->vao_name == name)
			return VERIFY_NAME_IN_USE;
		if (s->ctx->vao_name == name) {
			state_touch_context(s);
			s->ctx->vao_name = 0;
		}
		state_touch(s, &o->o);
		vao_reset(o, generate ? s->ctx->birth : 0);
	}
	s->deletes++;
	state_follow(s);
	return VERIFY_OK;
}

static enum verify_reason bind_array(struct verifier *v, uint32_t name)
{
	struct verify_state *s = v->s;
	struct vao *o = state_vao(s, name);

	if (context_in_begin(s->ctx))
		return VERIFY_BEGIN_END;
	if (!o)
		return VERIFY_OK;
	if (name && !o->owner) {
		state_touch(s, &o->o);
		vao_reset(o, s->ctx->birth);
	}
	if (name && o->owner != s->ctx->birth)
		return VERIFY_NAME_CONTEXT;
	if (s->ctx->vao_name != name) {
		state_touch_context(s);
		s->ctx->vao_name = name;
		s->vao = o;
	}
	return VERIFY_OK;
}

enum verify_reason buffers_track(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	switch (d->hook) {
	case HOOK_BIND_BUFFER: return bind(v, rec[1], rec[2]);
	case HOOK_BIND_RANGE: return bind_range(v, d, rec);
	case HOOK_BUFFER_DATA: return data(v, d, rec);
	case HOOK_BUFFER_SUBDATA: return sub_data(v, d, rec);
	case HOOK_GEN_BUFFERS: return gen_delete(v, rec, true);
	case HOOK_DELETE_BUFFERS: return gen_delete(v, rec, false);
	case HOOK_GEN_ARRAYS: return arrays_gen_delete(v, rec, true);
	case HOOK_DELETE_ARRAYS: return arrays_gen_delete(v, rec, false);
	case HOOK_BIND_ARRAY:
		/* of an extension: where there is none, what was bound stays */
		if (d->arg && rec[1] != v->s->ctx->vao_name)
			return VERIFY_EXTENSION;
		return bind_array(v, rec[1]);
	case HOOK_CONTENTS: v->s->contents++; return VERIFY_OK;
	case HOOK_FEEDBACK: feedback_begins(v->s); return VERIFY_OK;
	default: return VERIFY_OK;
	}
}
