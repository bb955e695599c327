/* context.c - shadows of contexts: what the recorder must know to tell which memory a
 * call reads.  Followed from the calls alone; the driver is never asked. */
#include "capture/record/lib/lib.h"

#include <stdlib.h>

static struct rec_context *contexts;
static struct rec_lock lock;
atomic_uint_fast64_t rec_frames;

/* Buffer targets; the element array's binding is the vertex array object's. */
static const uint16_t targets[REC_TARGETS] = {
	0x8892 /* ARRAY */, 0x88EB /* PIXEL_PACK */, 0x88EC /* PIXEL_UNPACK */,
	0x8A11 /* UNIFORM */, 0x8C2A /* TEXTURE */, 0x8C8E /* TRANSFORM_FEEDBACK */,
	0x8F36 /* COPY_READ */, 0x8F37 /* COPY_WRITE */, 0x8F3F /* DRAW_INDIRECT */,
	0x90D2 /* SHADER_STORAGE */, 0x92C0 /* ATOMIC_COUNTER */,
	0x90EE /* DISPATCH_INDIRECT */, 0x9192 /* QUERY */,
};
#define ARRAY_BUFFER 0x8892u
#define ELEMENT_ARRAY_BUFFER 0x8893u

unsigned rec_target(uint32_t target)
{
	for (unsigned i = 0; i < REC_TARGETS; i++)
		if (targets[i] && targets[i] == target)
			return i;
	return REC_TARGETS;
}

uint32_t rec_bound(const struct rec_context *c, uint32_t target)
{
	unsigned t = rec_target(target);

	if (target == ELEMENT_ARRAY_BUFFER)
		return c->vao->element;
	return t < REC_TARGETS ? c->buffers[t] : 0;
}

uint64_t rec_stamp(const struct rec_context *c)
{
	/* epoch begins at 1: no stamp is 0 */
	return (atomic_load_explicit(&rec_frames, memory_order_relaxed) << 32) + c->epoch;
}

/* ---- contexts ------------------------------------------------------------------------ */

/* Initial values that are not zero: OpenGL 3.3 compatibility, tables 6.6 to 6.11. */
static void vao_init(struct rec_vao *v, uint32_t name)
{
	static const uint8_t sizes[8] = { 4, 3, 4, 3, 1, 1, 1, 4 };

	memset(v, 0, sizeof(*v));
	v->name = name;
	for (unsigned i = 0; i < REC_ARRAYS; i++) {
		struct rec_array *a = &v->array[i];

		a->size = i < 8 ? sizes[i] : 4;
		a->type = i == REC_EDGE ? 0x1401 : 0x1406;      /* bytes; else floats */
		a->bytes = i == REC_EDGE ? 1 : (uint32_t)a->size * 4;
	}
	v->client = (UINT64_C(1) << REC_ARRAYS) - 1;
}

struct rec_context *rec_context_find(uint64_t handle)
{
	struct rec_context *c;

	if (!handle)
		return NULL;
	rec_lock(&lock);
	for (c = contexts; c && (c->handle != handle || c->dead); c = c->next)
		;
	rec_unlock(&lock);
	return c;
}

struct rec_context *rec_context_new(uint64_t handle, uint64_t share, bool egl)
{
	struct rec_context *other = rec_context_find(share);
	struct rec_context *c = calloc(1, sizeof(*c));

	if (!c || (!other && !(c->group = calloc(1, sizeof(*c->group))))) {
		free(c);
		rec_problem(RECORD_NO_MEMORY);
		return NULL;
	}
	if (other)
		c->group = other->group;
	c->handle = handle;
	c->egl = egl;
	c->epoch = 1;
	c->unpack.alignment = 4;
	vao_init(&c->base, 0);
	c->vao = &c->base;
	rec_lock(&lock);
	c->group->contexts++;
	c->next = contexts;
	contexts = c;
	rec_unlock(&lock);
	return c;
}

static void context_free(struct rec_context *c)
{
	while (c->vaos) {
		struct rec_vao *v = c->vaos;

		c->vaos = v->next;
		free(v);
	}
	for (unsigned i = 0; i < REC_CLIENT_DEPTH; i++)
		free(c->client_stack[i]);
	if (!c->group->contexts) {
		rec_maps_free(c->group);
		free(c->group);
	}
	free(c);
}

/* A destroyed context goes when no thread has it current. */
static void context_sweep(struct rec_context *c)
{
	struct rec_context **p = &contexts;
	bool goes;

	rec_lock(&lock);
	goes = c->dead && !c->current;
	while (goes && *p && *p != c)
		p = &(*p)->next;
	if (goes && *p) {
		*p = c->next;
		c->group->contexts--;
	}
	rec_unlock(&lock);
	if (goes)
		context_free(c);
}

void rec_context_destroy(uint64_t handle)
{
	struct rec_context *c = rec_context_find(handle);

	if (!c)
		return;
	c->dead = true;
	context_sweep(c);
}

void rec_context_current(struct rec_context *c)
{
	struct rec_context *before = rec.context;

	if (before == c)
		return;
	rec_lock(&lock);
	if (c)
		c->current++;
	if (before)
		before->current--;
	rec_unlock(&lock);
	rec.context = c;
	if (before)
		context_sweep(before);
}

/* ---- bindings ----------------------------------------------------------------------------- */

void rec_on_glBindBuffer(uint32_t target, uint32_t buffer)
{
	struct rec_context *c = rec.context;
	unsigned t;

	if (!c)
		return;
	if (target == ARRAY_BUFFER) {
		c->buffers[0] = buffer;
	} else if (target == ELEMENT_ARRAY_BUFFER) {
		c->vao->element = buffer;
	} else {
		t = rec_target(target);
		if (t < REC_TARGETS)
			c->buffers[t] = buffer;
	}
}

void rec_on_glBindBufferBase(uint32_t target, uint32_t index, uint32_t buffer)
{
	(void)index;
	rec_on_glBindBuffer(target, buffer);
}

void rec_on_glBindBufferRange(uint32_t target, uint32_t index, uint32_t buffer, int64_t offset,
			      int64_t size)
{
	(void)index, (void)offset, (void)size;
	rec_on_glBindBuffer(target, buffer);
}

void rec_on_glBindBufferOffsetEXT(uint32_t target, uint32_t index, uint32_t buffer,
				  int64_t offset)
{
	(void)index, (void)offset;
	rec_on_glBindBuffer(target, buffer);
}

void rec_on_glDeleteBuffers(int32_t n, const void *names)
{
	const uint32_t *v = names;
	struct rec_context *c = rec.context;

	if (!c || n <= 0 || !rec_readable(v, (uint64_t)n * 4))
		return;
	for (int32_t i = 0; i < n; i++) {
		if (!v[i])
			continue;
		for (unsigned t = 0; t < REC_TARGETS; t++)
			if (c->buffers[t] == v[i])
				c->buffers[t] = 0;
		if (c->vao->element == v[i])
			c->vao->element = 0;
		rec_maps_drop(c->group, v[i]);
	}
}

/* ---- vertex array objects ------------------------------------------------------------------- */

void rec_on_glBindVertexArray(uint32_t name)
{
	struct rec_context *c = rec.context;
	struct rec_vao *v;

	if (!c)
		return;
	if (!name) {
		c->vao = &c->base;
		return;
	}
	for (v = c->vaos; v && v->name != name; v = v->next)
		;
	if (!v && (v = malloc(sizeof(*v)))) {
		vao_init(v, name);
		v->next = c->vaos;
		c->vaos = v;
	}
	if (v)
		c->vao = v;
	else
		rec_problem(RECORD_NO_MEMORY);
}

void rec_on_glBindVertexArrayAPPLE(uint32_t name)
{
	rec_on_glBindVertexArray(name);
}

void rec_on_glDeleteVertexArrays(int32_t n, const void *names)
{
	const uint32_t *v = names;
	struct rec_context *c = rec.context;

	if (!c || n <= 0 || !rec_readable(v, (uint64_t)n * 4))
		return;
	for (int32_t i = 0; i < n; i++)
		for (struct rec_vao **p = &c->vaos; *p; p = &(*p)->next)
			if ((*p)->name == v[i]) {
				struct rec_vao *gone = *p;

				*p = gone->next;
				if (c->vao == gone)
					c->vao = &c->base;
				free(gone);
				break;
			}
}

/* ---- client attributes ------------------------------------------------------------------------ */

#define PIXEL_STORE_BIT 1u
#define VERTEX_ARRAY_BIT 2u

void rec_on_glPushClientAttrib(uint32_t mask)
{
	struct rec_context *c = rec.context;
	struct rec_client_attrib *a;

	if (!c || c->client_depth >= REC_CLIENT_DEPTH)
		return;
	a = c->client_stack[c->client_depth];
	if (!a)
		a = c->client_stack[c->client_depth] = malloc(sizeof(*a));
	if (!a) {
		rec_problem(RECORD_NO_MEMORY);
		return;
	}
	c->client_depth++;
	a->mask = mask;
	a->unpack = c->unpack;
	if (mask & VERTEX_ARRAY_BIT) {
		a->array_buffer = c->buffers[0];
		a->unit = c->unit;
		a->object = c->vao;
		a->saved = *c->vao;
	}
}

void rec_on_glPopClientAttrib(void)
{
	struct rec_context *c = rec.context;
	struct rec_client_attrib *a;
	struct rec_vao *next;

	if (!c || !c->client_depth)
		return;
	a = c->client_stack[--c->client_depth];
	if (a->mask & PIXEL_STORE_BIT)
		c->unpack = a->unpack;
	if (!(a->mask & VERTEX_ARRAY_BIT))
		return;
	/* the object may have been deleted since */
	rec_on_glBindVertexArray(a->saved.name);
	next = c->vao->next;
	*c->vao = a->saved;
	c->vao->next = next;
	c->buffers[0] = a->array_buffer;
	c->unit = a->unit;
	c->epoch++;             /* a replay restores its own pointers, too */
}

/* What is compiled into a list has its arrays beside it, and leaves none behind. */
void rec_on_glNewList(uint32_t list, uint32_t mode)
{
	(void)list, (void)mode;
	if (rec.context)
		rec.context->epoch++;
}

void rec_on_glEndList(void)
{
	if (rec.context)
		rec.context->epoch++;
}

/* ---- pixel store, primitive restart --------------------------------------------------------------- */

void rec_on_glPixelStorei(uint32_t pname, int32_t v)
{
	struct rec_context *c = rec.context;

	if (!c || v < 0)
		return;
	switch (pname) {
	case 0x0CF2: c->unpack.row_length = v; break;
	case 0x0CF3: c->unpack.skip_rows = v; break;
	case 0x0CF4: c->unpack.skip_pixels = v; break;
	case 0x0CF5: c->unpack.alignment = v; break;
	case 0x806D: c->unpack.skip_images = v; break;
	case 0x806E: c->unpack.image_height = v; break;
	}
}

void rec_on_glPixelStoref(uint32_t pname, float v)
{
	if (v > -1e9f && v < 1e9f)
		rec_on_glPixelStorei(pname, (int32_t)v);
}

static void enable(uint32_t capability, bool on)
{
	struct rec_context *c = rec.context;

	if (capability == 0x8F9D && c)          /* PRIMITIVE_RESTART */
		c->restart = on;
	else if (capability == 0x8D69 && c)     /* PRIMITIVE_RESTART_FIXED_INDEX */
		c->restart_fixed = on;
}

void rec_on_glEnable(uint32_t capability) { enable(capability, true); }
void rec_on_glDisable(uint32_t capability) { enable(capability, false); }

void rec_on_glPrimitiveRestartIndex(uint32_t index)
{
	if (rec.context)
		rec.context->restart_index = index;
}

void rec_on_glPrimitiveRestartIndexNV(uint32_t index)
{
	rec_on_glPrimitiveRestartIndex(index);
}
