/* arrays.c - the contents of client arrays, before each draw that reads them, as the
 * pointer calls that they belong to.  What the stream has already in this frame and
 * context, unchanged, is not sent again. */
#include "capture/record/lib/lib.h"

#define TEXTURE0 0x84C0u

/* First and last element that a draw takes from an array. */
static bool elements(const struct rec_array *a, const struct rec_range *vertices,
		     uint64_t instances, uint64_t base_instance, uint64_t *first, uint64_t *last)
{
	if (!a->divisor) {
		*first = vertices->first;
		*last = vertices->last;
		return vertices->any;
	}
	*first = base_instance;
	*last = base_instance + (instances ? instances - 1 : 0) / a->divisor;
	return instances > 0;
}

static void send_pointer(struct rec_context *c, unsigned id, const struct rec_array *a,
			 struct rec_part *part)
{
	static const struct { uint16_t command; bool size, type; } legacy[8] = {
		[REC_VERTEX] = { GL_CMD_glVertexPointer, true, true },
		[REC_NORMAL] = { GL_CMD_glNormalPointer, false, true },
		[REC_COLOR] = { GL_CMD_glColorPointer, true, true },
		[REC_SECONDARY] = { GL_CMD_glSecondaryColorPointer, true, true },
		[REC_INDEX] = { GL_CMD_glIndexPointer, false, true },
		[REC_EDGE] = { GL_CMD_glEdgeFlagPointer, false, false },
		[REC_FOG] = { GL_CMD_glFogCoordPointer, false, true },
	};
	uint64_t args[8];
	unsigned n = 0, command;

	if (id >= REC_ATTRIB) {
		command = a->pure == REC_INTEGER ? GL_CMD_glVertexAttribIPointer :
			  a->pure == REC_LONG ? GL_CMD_glVertexAttribLPointer :
						GL_CMD_glVertexAttribPointer;
		args[n++] = id - REC_ATTRIB;
		args[n++] = (uint64_t)(int64_t)a->size;
		args[n++] = a->type;
		if (!a->pure)
			args[n++] = a->normalized;
	} else {
		bool texcoord = id >= REC_TEXCOORD;

		command = texcoord ? GL_CMD_glTexCoordPointer : legacy[id].command;
		if (texcoord || legacy[id].size)
			args[n++] = (uint64_t)(int64_t)a->size;
		if (texcoord || legacy[id].type)
			args[n++] = a->type;
		if (texcoord && id - REC_TEXCOORD != c->unit)
			rec_write(GL_CMD_glClientActiveTexture,
				  (const uint64_t[]){ TEXTURE0 + id - REC_TEXCOORD }, 0, true,
				  NULL, 0);
	}
	args[n++] = a->stride;
	part->param = (uint8_t)n;
	args[n] = (uint64_t)(uintptr_t)a->pointer;
	rec_write(command, args, 0, true, part, 1);
	if (id >= REC_TEXCOORD && id < REC_ATTRIB && id - REC_TEXCOORD != c->unit)
		rec_write(GL_CMD_glClientActiveTexture,
			  (const uint64_t[]){ TEXTURE0 + c->unit }, 0, true, NULL, 0);
}

static bool same(const struct rec_sent *s, const struct rec_array *a,
		 const struct rec_part *part, uint64_t stamp)
{
	return s->stamp == stamp && s->hash.low == part->hash.low &&
	       s->hash.high == part->hash.high && s->bytes == part->size &&
	       s->lead == part->lead && s->type == a->type && s->stride == a->stride &&
	       s->size == a->size && s->normalized == a->normalized &&
	       s->pure == a->pure;
}

/* The memory of elements first to last; false: it cannot be read. */
static bool array_part(const struct rec_array *a, uint64_t first, uint64_t last,
		       struct rec_part *part)
{
	uint64_t lead = first * a->stride, size;

	if (last < first || last > UINT32_MAX)
		return false;
	size = (last - first) * a->stride + a->bytes;
	if (lead > INT32_MAX || size > INT32_MAX || !rec_readable(a->pointer + lead, size))
		return false;
	part->bytes = a->pointer + lead;
	part->size = (uint32_t)size;
	part->lead = (uint32_t)lead;
	return true;
}

/* A driver may take all that is locked at any draw: a replay's arrays have to hold it. */
static bool locked_part(const struct rec_context *c, const struct rec_array *a,
			uint64_t first, uint64_t last, struct rec_part *part)
{
	struct rec_range r = { first, last, true };

	if (!c->locked || a->divisor)
		return false;
	rec_range_add(&r, c->locked_first, (uint64_t)c->locked_first + c->locked - 1);
	return array_part(a, r.first, r.last, part);
}

/* What a draw reads of an array, hashed. */
static bool array_look(const struct rec_context *c, const struct rec_array *a,
		       uint64_t first, uint64_t last, struct rec_part *part)
{
	*part = (struct rec_part){ .is_hashed = true };
	if (!a->pointer)
		return false;
	if (!locked_part(c, a, first, last, part) && !array_part(a, first, last, part)) {
		static atomic_bool told;

		if (!atomic_exchange(&told, true))
			rec_lost("client array", "a draw takes vertices that cannot be read");
		return false;
	}
	part->hash = rec_hash(part->bytes, part->size);
	rec_expect(part->hash);
	return true;
}

static void send_array(struct rec_context *c, unsigned id, struct rec_part *part)
{
	struct rec_array *a = &c->vao->array[id];
	uint64_t stamp = rec_stamp(c);

	if (same(&a->sent, a, part, stamp))
		return;
	send_pointer(c, id, a, part);
	a->sent = (struct rec_sent){
		.stamp = stamp, .type = a->type, .stride = a->stride, .bytes = part->size,
		.lead = part->lead, .size = a->size, .normalized = a->normalized,
		.pure = a->pure, .hash = part->hash,
	};
}

void rec_arrays(struct rec_context *c, const struct rec_range *vertices, uint64_t instances,
		uint64_t base_instance)
{
	uint64_t left = c->vao->enabled & c->vao->client, first, last;
	struct rec_part parts[REC_ARRAYS];
	uint8_t ids[REC_ARRAYS];
	unsigned n = 0;
	uint32_t bound;

	if (!rec_active())
		return;
	/* all are looked at before any is sent: look-ups of what is known overlap */
	for (; left; left &= left - 1) {
		unsigned id = (unsigned)__builtin_ctzll(left);
		const struct rec_array *a = &c->vao->array[id];

		if (elements(a, vertices, instances, base_instance, &first, &last) &&
		    array_look(c, a, first, last, &parts[n]))
			ids[n++] = (uint8_t)id;
	}
	/* an array that is left pointing to client memory while a buffer is bound: the
	 * pointer calls in the stream would take offsets */
	bound = n ? c->buffers[0] : 0;
	if (bound)
		rec_write(GL_CMD_glBindBuffer, (const uint64_t[]){ 0x8892, 0 }, 0, true, NULL, 0);
	for (unsigned i = 0; i < n; i++)
		send_array(c, ids[i], &parts[i]);
	if (bound)
		rec_write(GL_CMD_glBindBuffer, (const uint64_t[]){ 0x8892, bound }, 0, true,
			  NULL, 0);
}
