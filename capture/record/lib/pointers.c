/* pointers.c - the shadow of vertex arrays, as glVertexPointer and the like set it. */
#include "capture/record/lib/lib.h"

#define BGRA 0x80E1

uint32_t rec_element_bytes(int32_t size, uint32_t type)
{
	unsigned bytes;

	if (size == BGRA)
		size = 4;
	if (size < 1 || size > 4)
		return 0;
	switch (type) {
	case 0x8368: case 0x8D9F: case 0x8C3B:  /* packed: a word for all */
		return 4;
	}
	return gl_type_size(type, &bytes) && bytes != 3 ? (uint32_t)size * bytes : 0;
}

struct layout { int32_t size, stride; uint32_t type; uint8_t normalized, pure; };

static void array_set(unsigned id, struct layout l, const void *pointer)
{
	struct rec_context *c = rec.context;
	struct rec_array *a;
	uint32_t bytes = rec_element_bytes(l.size, l.type);

	/* what GL refuses changes nothing */
	if (!c || id >= REC_ARRAYS || !bytes || l.stride < 0)
		return;
	a = &c->vao->array[id];
	a->pointer = pointer;
	a->size = l.size;
	a->type = l.type;
	a->bytes = bytes;
	a->stride = l.stride ? (uint32_t)l.stride : bytes;
	a->normalized = l.normalized;
	a->pure = l.pure;
	a->buffer = c->buffers[0];
	if (a->buffer) {
		c->vao->client &= ~(UINT64_C(1) << id);
		a->sent.stamp = 0;      /* the stream has the buffer's offset now */
	} else {
		c->vao->client |= UINT64_C(1) << id;
	}
}

static unsigned texcoord(void)
{
	struct rec_context *c = rec.context;

	return c && c->unit < 8 ? REC_TEXCOORD + c->unit : REC_ARRAYS;
}

#define FLOAT 0x1406u
#define LAYOUT(size, stride, type) (struct layout){ size, stride, type, 0, 0 }

void rec_on_glVertexPointer(int32_t size, uint32_t type, int32_t stride, const void *p)
{
	array_set(REC_VERTEX, LAYOUT(size, stride, type), p);
}

void rec_on_glNormalPointer(uint32_t type, int32_t stride, const void *p)
{
	array_set(REC_NORMAL, LAYOUT(3, stride, type), p);
}

void rec_on_glColorPointer(int32_t size, uint32_t type, int32_t stride, const void *p)
{
	array_set(REC_COLOR, LAYOUT(size, stride, type), p);
}

void rec_on_glSecondaryColorPointer(int32_t size, uint32_t type, int32_t stride, const void *p)
{
	array_set(REC_SECONDARY, LAYOUT(size, stride, type), p);
}

void rec_on_glIndexPointer(uint32_t type, int32_t stride, const void *p)
{
	array_set(REC_INDEX, LAYOUT(1, stride, type), p);
}

void rec_on_glEdgeFlagPointer(int32_t stride, const void *p)
{
	array_set(REC_EDGE, LAYOUT(1, stride, 0x1401), p);
}

void rec_on_glFogCoordPointer(uint32_t type, int32_t stride, const void *p)
{
	array_set(REC_FOG, LAYOUT(1, stride, type), p);
}

void rec_on_glTexCoordPointer(int32_t size, uint32_t type, int32_t stride, const void *p)
{
	array_set(texcoord(), LAYOUT(size, stride, type), p);
}

void rec_on_glVertexAttribPointer(uint32_t index, int32_t size, uint32_t type,
				  uint8_t normalized, int32_t stride, const void *p)
{
	if (index < REC_ARRAYS - REC_ATTRIB)
		array_set(REC_ATTRIB + index, (struct layout){ size, stride, type, normalized,
						      0 }, p);
}

void rec_on_glVertexAttribIPointer(uint32_t index, int32_t size, uint32_t type, int32_t stride,
				   const void *p)
{
	if (index < REC_ARRAYS - REC_ATTRIB)
		array_set(REC_ATTRIB + index, (struct layout){ size, stride, type, 0, REC_INTEGER }, p);
}

void rec_on_glVertexAttribLPointer(uint32_t index, int32_t size, uint32_t type, int32_t stride,
				   const void *p)
{
	if (index < REC_ARRAYS - REC_ATTRIB)
		array_set(REC_ATTRIB + index, (struct layout){ size, stride, type, 0, REC_LONG }, p);
}

/* EXT_vertex_array: the count says nothing that the draws do not. */
void rec_on_glVertexPointerEXT(int32_t size, uint32_t type, int32_t stride, int32_t count,
			       const void *p)
{
	(void)count;
	rec_on_glVertexPointer(size, type, stride, p);
}

void rec_on_glNormalPointerEXT(uint32_t type, int32_t stride, int32_t count, const void *p)
{
	(void)count;
	rec_on_glNormalPointer(type, stride, p);
}

void rec_on_glColorPointerEXT(int32_t size, uint32_t type, int32_t stride, int32_t count,
			      const void *p)
{
	(void)count;
	rec_on_glColorPointer(size, type, stride, p);
}

void rec_on_glIndexPointerEXT(uint32_t type, int32_t stride, int32_t count, const void *p)
{
	(void)count;
	rec_on_glIndexPointer(type, stride, p);
}

void rec_on_glEdgeFlagPointerEXT(int32_t stride, int32_t count, const void *p)
{
	(void)count;
	rec_on_glEdgeFlagPointer(stride, p);
}

void rec_on_glTexCoordPointerEXT(int32_t size, uint32_t type, int32_t stride, int32_t count,
				 const void *p)
{
	(void)count;
	rec_on_glTexCoordPointer(size, type, stride, p);
}

/* ---- ARB_vertex_attrib_binding: always a buffer's ------------------------------------- */

static void attrib_from_buffer(uint32_t index)
{
	struct rec_context *c = rec.context;

	if (!c || index >= REC_ARRAYS - REC_ATTRIB)
		return;
	c->vao->client &= ~(UINT64_C(1) << (REC_ATTRIB + index));
	c->vao->array[REC_ATTRIB + index].sent.stamp = 0;
}

void rec_on_glVertexAttribFormat(uint32_t index, int32_t size, uint32_t type,
				 uint8_t normalized, uint32_t offset)
{
	(void)size, (void)type, (void)normalized, (void)offset;
	attrib_from_buffer(index);
}

void rec_on_glVertexAttribIFormat(uint32_t index, int32_t size, uint32_t type, uint32_t offset)
{
	(void)size, (void)type, (void)offset;
	attrib_from_buffer(index);
}

void rec_on_glVertexAttribLFormat(uint32_t index, int32_t size, uint32_t type, uint32_t offset)
{
	(void)size, (void)type, (void)offset;
	attrib_from_buffer(index);
}

void rec_on_glVertexAttribBinding(uint32_t index, uint32_t binding)
{
	(void)binding;
	attrib_from_buffer(index);
}

void rec_on_glVertexAttribDivisor(uint32_t index, uint32_t divisor)
{
	if (rec.context && index < REC_ARRAYS - REC_ATTRIB)
		rec.context->vao->array[REC_ATTRIB + index].divisor = divisor;
}

/* ---- enables ------------------------------------------------------------------------------ */

void rec_on_glClientActiveTexture(uint32_t texture)
{
	if (rec.context && texture - 0x84C0u < 32)
		rec.context->unit = texture - 0x84C0u;
}

static unsigned array_of(uint32_t name)
{
	switch (name) {
	case 0x8074: return REC_VERTEX;
	case 0x8075: return REC_NORMAL;
	case 0x8076: return REC_COLOR;
	case 0x8077: return REC_INDEX;
	case 0x8078: return texcoord();
	case 0x8079: return REC_EDGE;
	case 0x8457: return REC_FOG;
	case 0x845E: return REC_SECONDARY;
	default: return REC_ARRAYS;
	}
}

static void array_enable(unsigned id, bool on)
{
	struct rec_context *c = rec.context;

	if (!c || id >= REC_ARRAYS)
		return;
	if (on)
		c->vao->enabled |= UINT64_C(1) << id;
	else
		c->vao->enabled &= ~(UINT64_C(1) << id);
}

static void client_state(uint32_t name, bool on)
{
	if (name == 0x8558 && rec.context)              /* PRIMITIVE_RESTART_NV */
		rec.context->restart = on;
	else
		array_enable(array_of(name), on);
}

void rec_on_glEnableClientState(uint32_t name) { client_state(name, true); }
void rec_on_glDisableClientState(uint32_t name) { client_state(name, false); }

void rec_on_glEnableVertexAttribArray(uint32_t index)
{
	if (index < REC_ARRAYS - REC_ATTRIB)
		array_enable(REC_ATTRIB + index, true);
}

void rec_on_glDisableVertexAttribArray(uint32_t index)
{
	if (index < REC_ARRAYS - REC_ATTRIB)
		array_enable(REC_ATTRIB + index, false);
}

void rec_on_glLockArraysEXT(int32_t first, int32_t count)
{
	if (!rec.context || rec.context->locked || first < 0 || count <= 0)
		return;
	rec.context->locked_first = (uint32_t)first;
	rec.context->locked = (uint32_t)count;
}

void rec_on_glUnlockArraysEXT(void)
{
	if (rec.context)
		rec.context->locked = 0;
}

/* ---- glInterleavedArrays -------------------------------------------------------------------- */

/* OpenGL 3.3 compatibility, table 2.5, from GL_V2F: components of texture coordinate,
 * colour, normal and vertex, which follow one another in this order. */
static const struct { uint8_t texture, colour, normal, vertex; bool bytes; } interleaved[14] = {
	{ 0, 0, 0, 2, false }, { 0, 0, 0, 3, false }, { 0, 4, 0, 2, true },
	{ 0, 4, 0, 3, true }, { 0, 3, 0, 3, false }, { 0, 0, 3, 3, false },
	{ 0, 4, 3, 3, false }, { 2, 0, 0, 3, false }, { 4, 0, 0, 4, false },
	{ 2, 4, 0, 3, true }, { 2, 3, 0, 3, false }, { 2, 0, 3, 3, false },
	{ 2, 4, 3, 3, false }, { 4, 4, 3, 4, false },
};

void rec_on_glInterleavedArrays(uint32_t format, int32_t stride, const void *pointer)
{
	uint32_t f = format - 0x2A20u;
	const uint8_t *p = pointer;
	int32_t t, k, n, v, colour;

	if (f >= 14 || stride < 0)
		return;
	t = interleaved[f].texture;
	k = interleaved[f].colour;
	n = interleaved[f].normal;
	v = interleaved[f].vertex;
	colour = interleaved[f].bytes ? 4 : 4 * k;
	if (!stride)
		stride = 4 * (t + n + v) + colour;
	array_enable(REC_EDGE, false);
	array_enable(REC_INDEX, false);
	array_enable(texcoord(), t);
	array_enable(REC_COLOR, k);
	array_enable(REC_NORMAL, n);
	array_enable(REC_VERTEX, true);
	/* pointers are offsets where a buffer is bound: never looked at here */
	if (t)
		rec_on_glTexCoordPointer(t, FLOAT, stride, p);
	if (k)
		rec_on_glColorPointer(k, interleaved[f].bytes ? 0x1401 : FLOAT, stride, p + 4 * t);
	if (n)
		rec_on_glNormalPointer(FLOAT, stride, p + 4 * t + colour);
	rec_on_glVertexPointer(v, FLOAT, stride, p + 4 * t + colour + 4 * n);
}
