/* shadow.c - what records do to the verifier's shadow of a context, see shadow.h. */
#include "blink/verify/shadow.h"

#include <stdlib.h>
#include <string.h>

/* ---- contexts ---------------------------------------------------------------- */

struct shadow *shadow_find(struct verify_state *s, uint32_t context)
{
	for (struct shadow *x = s->contexts; x; x = x->next)
		if (x->live && x->context == context)
			return x;
	return NULL;
}

struct shadow *shadow_make(struct verify_state *s, uint32_t context)
{
	struct shadow *x = calloc(1, sizeof(*x));

	if (x)
		x->vaos = calloc(1, sizeof(*x->vaos));
	if (!x || !x->vaos) {
		free(x);
		return NULL;
	}
	x->context = context;
	x->live = true;
	x->nvaos = 1;
	x->vaos[0].live = true;
	x->next = s->contexts;
	s->contexts = x;
	return x;
}

void shadow_free(struct shadow *x)
{
	free(x->saved);
	free(x->vaos);
	free(x);
}

static enum verify_reason context_hook(struct run *r, const struct desc *d, const uint32_t *rec)
{
	struct verify_state *s = r->state;
	struct shadow *x = rec[1] ? shadow_find(s, rec[1]) : NULL;

	if (r->now && r->now->in_begin)
		return VERIFY_BEGIN_END;
	switch (d->hook) {
	case HOOK_CONTEXT:
		if (!rec[1] || x)
			return VERIFY_CONTEXT_UNKNOWN;
		return shadow_make(s, rec[1]) ? VERIFY_OK : VERIFY_CONTEXT_UNKNOWN;
	case HOOK_CONTEXT_DESTROY:
		if (!x)
			return VERIFY_CONTEXT_UNKNOWN;
		x->live = false;
		if (r->now == x)
			r->now = NULL;
		return VERIFY_OK;
	default:
		if (rec[1] && !x)
			return VERIFY_CONTEXT_UNKNOWN;
		r->verdict->facts.contexts++;
		r->now = x;
		return VERIFY_OK;
	}
}

/* ---- vertex array objects ------------------------------------------------------ */

static struct vao *vao_find(struct shadow *x, uint32_t name, uint32_t *index)
{
	for (uint32_t i = 0; i < x->nvaos; i++)
		if (x->vaos[i].live && x->vaos[i].name == name) {
			*index = i;
			return &x->vaos[i];
		}
	return NULL;
}

static bool vao_add(struct shadow *x, uint32_t name)
{
	uint32_t i;
	struct vao *v;

	if (vao_find(x, name, &i))
		return true;
	for (i = 1; i < x->nvaos && x->vaos[i].live; i++)
		;
	if (i == x->nvaos) {
		v = realloc(x->vaos, (x->nvaos + 1) * sizeof(*v));
		if (!v)
			return false;
		x->vaos = v;
		x->nvaos++;
	}
	memset(&x->vaos[i], 0, sizeof(x->vaos[i]));
	x->vaos[i].name = name;
	x->vaos[i].live = true;
	return true;
}

static void unbind_buffer(struct shadow *x, uint32_t name)
{
	struct vao *v = shadow_vao(x);

	if (x->array_buffer == name)
		x->array_buffer = 0;
	if (x->unpack_buffer == name)
		x->unpack_buffer = 0;
	if (x->pack_buffer == name)
		x->pack_buffer = 0;
	if (v->element_buffer == name)
		v->element_buffer = 0;
	/* an offset without its buffer would be an address */
	for (unsigned i = 0; i < VARRAYS; i++)
		if (v->arrays[i].source == VARRAY_BUFFER && v->arrays[i].buffer == name)
			v->arrays[i].source = VARRAY_UNSET;
}

/* Gen and Delete of buffers and vertex array objects: (n, payload of names). */
static enum verify_reason names_hook(struct run *r, const struct desc *d, const uint32_t *rec)
{
	const uint8_t *data = NULL;
	uint32_t n = rec[1], name, at;
	enum verify_reason why;

	if (!n || d->hook == HOOK_GEN_BUFFERS)
		return VERIFY_OK;
	why = operand_payload(r, rec + 2, (uint64_t)n * 4, &data);
	for (uint32_t i = 0; why == VERIFY_OK && i < n; i++) {
		memcpy(&name, data + 4ul * i, 4);
		if (!name)
			continue;
		if (d->hook == HOOK_GEN_ARRAYS) {
			why = vao_add(r->now, name) ? VERIFY_OK : VERIFY_NAME_RANGE;
		} else if (d->hook == HOOK_DELETE_BUFFERS) {
			unbind_buffer(r->now, name);
		} else if (vao_find(r->now, name, &at)) {
			r->now->vaos[at].live = false;
			if (r->now->vao == at)
				r->now->vao = 0;
		}
	}
	return why;
}

static enum verify_reason bind_array(struct run *r, uint32_t name)
{
	uint32_t at;

	if (!vao_find(r->now, name, &at))
		return VERIFY_NAME_CONTEXT;     /* GL would leave the old one bound */
	r->now->vao = at;
	return VERIFY_OK;
}

/* ---- buffers -------------------------------------------------------------------- */

static void bind_buffer(struct shadow *x, uint32_t target, uint32_t name)
{
	switch (target) {
	case 0x8892: x->array_buffer = name; break;
	case 0x8893: shadow_vao(x)->element_buffer = name; break;
	case 0x88EB: x->pack_buffer = name; break;
	case 0x88EC: x->unpack_buffer = name; break;
	}
}

/* ---- arrays ---------------------------------------------------------------------- */

static uint32_t element_bytes(unsigned array, uint32_t size, uint32_t type)
{
	unsigned bytes = 0;

	switch (type) {
	case 0x8D9F: case 0x8368: case 0x8C3B:  /* packed: all components in one word */
		return 4;
	}
	if (array == VARRAY_EDGE)
		return 1;
	if (!gl_type_size(type, &bytes))
		return 0;
	if (size == 0x80E1)                     /* GL_BGRA */
		size = 4;
	if (array == VARRAY_NORMAL)
		size = 3;
	else if (array == VARRAY_FOG || array == VARRAY_INDEX)
		size = 1;
	return size <= 4 ? size * bytes : 0;
}

static enum verify_reason pointer_hook(struct run *r, const struct desc *d, const uint32_t *rec)
{
	const struct desc_layout *l = &r->table->layout[d->layout];
	unsigned array = d->arg;
	uint32_t stride = rec[l->stride], index = l->index ? rec[l->index] : 0;
	struct varray *a, next = { .serial = r->state->serial };

	if (array == VARRAY_TEXCOORD)
		array += r->now->client_active;
	if (array >= VARRAY_ATTRIB && index >= 16)
		return VERIFY_ARRAY_RANGE;
	array += index;
	next.element = element_bytes(d->arg, l->size ? rec[l->size] : 4,
				     l->type ? rec[l->type] : 0x1401);
	if (!next.element || (int32_t)stride < 0)
		return VERIFY_ARRAY_RANGE;      /* GL would keep the old pointer */
	next.stride = stride ? stride : next.element;
	if (l->buf) {
		if (!r->now->array_buffer)
			return VERIFY_BUFFER_UNBOUND;
		next.source = VARRAY_BUFFER;
		next.buffer = r->now->array_buffer;
	} else {
		if (r->now->array_buffer)
			return VERIFY_BUFFER_BOUND;
		next.payload = rec[l->pointer];
		next.offset = rec[l->pointer + 1];
		next.source = next.payload ? VARRAY_PAYLOAD : VARRAY_UNSET;
	}
	a = &shadow_vao(r->now)->arrays[array];
	next.enabled = a->enabled;
	next.divisor = a->divisor;
	*a = next;
	return VERIFY_OK;
}

static enum verify_reason client_state(struct run *r, uint32_t cap, bool on)
{
	struct vao *v = shadow_vao(r->now);
	unsigned array;

	switch (cap) {
	case 0x8074: array = VARRAY_VERTEX; break;
	case 0x8075: array = VARRAY_NORMAL; break;
	case 0x8076: array = VARRAY_COLOR; break;
	case 0x8077: array = VARRAY_INDEX; break;
	case 0x8078: array = VARRAY_TEXCOORD + r->now->client_active; break;
	case 0x8079: array = VARRAY_EDGE; break;
	case 0x8457: array = VARRAY_FOG; break;
	case 0x845E: array = VARRAY_SECONDARY; break;
	case 0x8558: r->now->restart = on; return VERIFY_OK;    /* PRIMITIVE_RESTART_NV */
	default: return VERIFY_OK;                              /* an error */
	}
	v->arrays[array].enabled = on;
	return VERIFY_OK;
}

static enum verify_reason client_stack(struct run *r, const struct desc *d, const uint32_t *rec)
{
	struct shadow *x = r->now;
	struct client_saved *s;
	uint32_t at;

	if (d->hook == HOOK_PUSH_CLIENT) {
		if (!x->saved)
			x->saved = calloc(SHADOW_CLIENT_DEPTH, sizeof(*x->saved));
		if (!x->saved || x->depth >= SHADOW_CLIENT_DEPTH)
			return VERIFY_STACK_DEPTH;
		s = &x->saved[x->depth++];
		s->arrays = rec[1] & 2;
		s->array_buffer = x->array_buffer;
		s->client_active = x->client_active;
		s->copy = *shadow_vao(x);
		return VERIFY_OK;
	}
	if (!x->depth)
		return VERIFY_STACK_DEPTH;
	s = &x->saved[--x->depth];
	if (!s->arrays)
		return VERIFY_OK;
	if (!vao_find(x, s->copy.name, &at))
		return VERIFY_NAME_CONTEXT;
	x->vao = at;
	x->vaos[at] = s->copy;
	x->array_buffer = s->array_buffer;
	x->client_active = s->client_active;
	return VERIFY_OK;
}

/* ---- facts, Begin, lists ----------------------------------------------------------- */

static void note_draw(struct run *r)
{
	struct verify_facts *f = &r->verdict->facts;

	f->draws = true;
	f->uses_depth |= r->now->depth_test;
	f->uses_stencil |= r->now->stencil_test;
	f->uses_blend |= r->now->blend;
}

static void note_clear(struct run *r, uint32_t mask)
{
	struct verify_facts *f = &r->verdict->facts;

	if (f->draws || r->conditional || r->now->scissor || r->now->masked || r->now->in_list)
		return;
	f->clears_color |= mask & 0x4000;
	f->clears_depth |= mask & 0x100;
	f->clears_stencil |= mask & 0x400;
}

static void note_enable(struct shadow *x, uint32_t cap, bool on)
{
	switch (cap) {
	case 0x0B71: x->depth_test = on; break;
	case 0x0B90: x->stencil_test = on; break;
	case 0x0BE2: x->blend = on; break;
	case 0x0C11: x->scissor = on; break;
	case 0x8F9D: x->restart = on; break;
	case 0x8D69: x->restart_fixed = on; break;
	}
}

/* What a list or a popped attribute may have switched: everything. */
static void note_unknown(struct shadow *x)
{
	x->depth_test = x->stencil_test = x->blend = x->scissor = x->masked = true;
}

static enum verify_reason begin_list(struct run *r, const struct desc *d, const uint32_t *rec)
{
	struct shadow *x = r->now;

	switch (d->hook) {
	case HOOK_BEGIN:
		x->in_begin = true;     /* a second one is an error that changes nothing */
		note_draw(r);
		return VERIFY_OK;
	case HOOK_END_PRIMITIVE:
		x->in_begin = false;
		return VERIFY_OK;
	case HOOK_NEW_LIST:
		if (x->in_begin)
			return VERIFY_BEGIN_END;
		if (x->in_list || !rec[1])
			return VERIFY_LIST_STATE;
		x->in_list = true;
		return VERIFY_OK;
	case HOOK_END_LIST:
		if (x->in_begin)
			return VERIFY_LIST_BALANCE;
		x->in_list = false;
		return VERIFY_OK;
	default:                        /* lists hold whole primitives only: see END_LIST */
		note_unknown(x);
		note_draw(r);
		return VERIFY_OK;
	}
}

/* Hooks that change what later checks depend on. */
static bool changes_state(const struct desc *d)
{
	return d->hook >= HOOK_CONTEXT && d->hook <= HOOK_BIND_ARRAY;
}

static enum verify_reason state_hook(struct run *r, const struct desc *d, const uint32_t *rec)
{
	const struct desc_layout *l = &r->table->layout[d->layout];
	struct shadow *x = r->now;

	switch (d->hook) {
	case HOOK_POINTER: return pointer_hook(r, d, rec);
	case HOOK_CLIENT_STATE: return client_state(r, rec[1], d->arg);
	case HOOK_ATTRIB_STATE:
		if (rec[1] >= 16)
			return VERIFY_ARRAY_RANGE;
		shadow_vao(x)->arrays[VARRAY_ATTRIB + rec[1]].enabled = d->arg;
		return VERIFY_OK;
	case HOOK_CLIENT_ACTIVE:
		if (rec[1] - 0x84C0u >= 8)
			return VERIFY_ARRAY_RANGE;
		x->client_active = rec[1] - 0x84C0u;
		return VERIFY_OK;
	case HOOK_DIVISOR:
		if (rec[1] >= 16)
			return VERIFY_ARRAY_RANGE;
		shadow_vao(x)->arrays[VARRAY_ATTRIB + rec[1]].divisor = rec[2];
		return VERIFY_OK;
	case HOOK_RESTART_INDEX: x->restart_index = rec[1]; return VERIFY_OK;
	case HOOK_PUSH_CLIENT: case HOOK_POP_CLIENT: return client_stack(r, d, rec);
	case HOOK_BIND_BUFFER: bind_buffer(x, rec[1], rec[2]); return VERIFY_OK;
	case HOOK_BIND_RANGE: bind_buffer(x, rec[1], rec[3]); return VERIFY_OK;
	case HOOK_GEN_BUFFERS: case HOOK_DELETE_BUFFERS: case HOOK_GEN_ARRAYS:
	case HOOK_DELETE_ARRAYS: return names_hook(r, d, rec);
	case HOOK_BIND_ARRAY: return bind_array(r, rec[1]);
	default:
		(void)l;
		return VERIFY_OK;       /* buffer contents: indices in buffers are not known */
	}
}

enum verify_reason shadow_hook(struct run *r, const struct desc *d, const uint32_t *rec)
{
	struct shadow *x;
	bool regs = sp_mask(rec[0]) != 0;

	if (changes_state(d) && regs)
		return VERIFY_REGISTER_NOT_ALLOWED;
	if (changes_state(d) && r->conditional)
		return VERIFY_JOIN_STATE;
	if (d->hook >= HOOK_CONTEXT && d->hook <= HOOK_MAKE_CURRENT)
		return context_hook(r, d, rec);
	x = r->now;
	if (!x)
		return VERIFY_NO_CONTEXT;
	if (changes_state(d)) {
		if (x->in_begin)
			return VERIFY_BEGIN_END;
		return state_hook(r, d, rec);
	}
	switch (d->hook) {
	case HOOK_DRAW:
		note_draw(r);
		return draw_check(r, d, rec);
	case HOOK_DRAW_UNKNOWN:
		note_draw(r);
		return draw_client_arrays(x) ? VERIFY_DRAW_UNKNOWN : VERIFY_OK;
	case HOOK_FRAGMENTS: note_draw(r); return VERIFY_OK;
	case HOOK_CLEAR: note_clear(r, regs ? 0 : rec[1]); return VERIFY_OK;
	case HOOK_ENABLE:
		if (regs)
			note_unknown(x);
		else if (!r->conditional || d->arg)
			note_enable(x, rec[1], d->arg);
		return VERIFY_OK;
	case HOOK_MASK: x->masked = true; return VERIFY_OK;
	case HOOK_POP_ATTRIB: note_unknown(x); return VERIFY_OK;
	case HOOK_BEGIN: case HOOK_END_PRIMITIVE: case HOOK_NEW_LIST: case HOOK_END_LIST:
	case HOOK_CALL_LIST: return begin_list(r, d, rec);
	case HOOK_LOST:
		x->lost |= !(d->flags & DESC_OPAQUE);
		return VERIFY_OK;
	default: return VERIFY_OK;
	}
}
