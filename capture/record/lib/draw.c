/* draw.c - draws: the client arrays that they read, then the call with its indices. */
#include "capture/record/lib/lib.h"

#include <stdlib.h>

#define ELEMENT_ARRAY_BUFFER 0x8893u
#define MODES 0xFu                        /* GL_POINTS to GL_PATCHES */
#define MULTI_MAX 65536                   /* draws in one call */

#define ARGS(...) (const uint64_t[]){ __VA_ARGS__ }
#define I(v) (uint64_t)(int64_t)(v)
#define P(v) (uint64_t)(uintptr_t)(v)

/* What one call draws. */
struct draw {
	int32_t count, base;
	uint32_t type;
	const void *indices;
	uint64_t instances, base_instance;
};

static uint64_t index_bytes(uint32_t type)
{
	switch (type) {
	case 0x1401: return 1;
	case 0x1403: return 2;
	case 0x1405: return 4;
	default: return 0;
	}
}

/* Does a context record and follow this thread's draws? */
static struct rec_context *drawing(uint32_t mode)
{
	struct rec_context *c;

	/* the first call of all attaches */
	if (!rec.number && !rec_prepare(1))
		return NULL;
	c = rec.context;
	rec_maps_visible();
	return c && mode < MODES ? c : NULL;
}

/* ---- without indices ------------------------------------------------------------------ */

static void arrays(uint32_t mode, int32_t first, int32_t count, uint64_t instances,
		   uint64_t base_instance)
{
	struct rec_context *c = drawing(mode);
	struct rec_range r = { 0 };

	if (!c || !rec_has_client_arrays(c) || first < 0 || count <= 0)
		return;
	rec_range_add(&r, (uint64_t)first, (uint64_t)first + (uint64_t)count - 1);
	rec_arrays(c, &r, instances, base_instance);
}

static uint64_t times(int32_t instances)
{
	return instances > 0 ? (uint64_t)instances : 0;
}

void rec_own_glDrawArrays(uint32_t mode, int32_t first, int32_t count)
{
	arrays(mode, first, count, 1, 0);
	rec_write(GL_CMD_glDrawArrays, ARGS(mode, I(first), I(count)), 0, false, NULL, 0);
}

void rec_own_glDrawArraysInstanced(uint32_t mode, int32_t first, int32_t count,
				   int32_t instances)
{
	arrays(mode, first, count, times(instances), 0);
	rec_write(GL_CMD_glDrawArraysInstanced, ARGS(mode, I(first), I(count), I(instances)), 0,
		  false, NULL, 0);
}

void rec_own_glDrawArraysInstancedBaseInstance(uint32_t mode, int32_t first, int32_t count,
					       int32_t instances, uint32_t base_instance)
{
	arrays(mode, first, count, times(instances), base_instance);
	rec_write(GL_CMD_glDrawArraysInstancedBaseInstance,
		  ARGS(mode, I(first), I(count), I(instances), base_instance), 0, false, NULL, 0);
}

/* ---- indices ---------------------------------------------------------------------------- */

/* Client arrays with indices in a buffer object: the driver is asked for them. */
static void range_of_buffer(struct rec_context *c, const struct draw *d, uint64_t bytes,
			    struct rec_range *r)
{
	void *copy = malloc(bytes);
	int32_t size = 0;

	if (!copy) {
		rec_problem(RECORD_NO_MEMORY);
		return;
	}
	rec_gl(glGetBufferParameteriv, void, uint32_t, uint32_t, int32_t *)
		(ELEMENT_ARRAY_BUFFER, 0x8764 /* SIZE */, &size);
	if (size >= 0 && P(d->indices) <= (uint64_t)size &&
	    bytes <= (uint64_t)size - P(d->indices)) {
		rec_gl(glGetBufferSubData, void, uint32_t, int64_t, int64_t, void *)
			(ELEMENT_ARRAY_BUFFER, (int64_t)(uintptr_t)d->indices, (int64_t)bytes,
			 copy);
		rec_index_range(copy, (uint64_t)d->count, d->type, c, d->base, r);
	}
	free(copy);
}

static void range_of_indices(struct rec_context *c, const struct draw *d, struct rec_range *r)
{
	uint64_t bytes = d->count > 0 ? (uint64_t)d->count * index_bytes(d->type) : 0;

	if (!bytes)
		return;
	if (c->vao->element)
		range_of_buffer(c, d, bytes, r);
	else if (rec_readable(d->indices, bytes))
		rec_index_range(d->indices, (uint64_t)d->count, d->type, c, d->base, r);
}

/* Sends arrays; *part becomes the call's indices, and 1 is returned, where there are
 * any in client memory. */
static unsigned elements(uint32_t mode, const struct draw *d, unsigned param,
			 struct rec_part *part)
{
	struct rec_context *c = drawing(mode);
	uint64_t bytes = d->count > 0 ? (uint64_t)d->count * index_bytes(d->type) : 0;
	struct rec_range r = { 0 };
	unsigned n = 0;

	if (!c)
		return 0;
	if (!c->vao->element && bytes && bytes <= INT32_MAX && rec_readable(d->indices, bytes)) {
		*part = (struct rec_part){ .bytes = d->indices, .size = (uint32_t)bytes,
					   .param = (uint8_t)param };
		if (bytes > REC_INLINE_MAX) {
			part->hash = rec_hash(part->bytes, part->size);
			part->is_hashed = true;
			rec_expect(part->hash);
		}
		n = 1;
	}
	if (rec_has_client_arrays(c)) {
		range_of_indices(c, d, &r);
		if (r.any)
			rec_arrays(c, &r, d->instances, d->base_instance);
	}
	return n;
}

void rec_own_glDrawElements(uint32_t mode, int32_t count, uint32_t type, const void *indices)
{
	struct rec_part part;
	unsigned n = elements(mode, &(struct draw){ count, 0, type, indices, 1, 0 }, 3, &part);

	rec_write(GL_CMD_glDrawElements, ARGS(mode, I(count), type, P(indices)), 0, false, &part,
		  n);
}

void rec_own_glDrawRangeElements(uint32_t mode, uint32_t start, uint32_t end, int32_t count,
				 uint32_t type, const void *indices)
{
	struct rec_part part;
	unsigned n = elements(mode, &(struct draw){ count, 0, type, indices, 1, 0 }, 5, &part);

	rec_write(GL_CMD_glDrawRangeElements, ARGS(mode, start, end, I(count), type, P(indices)),
		  0, false, &part, n);
}

void rec_own_glDrawElementsInstanced(uint32_t mode, int32_t count, uint32_t type,
				     const void *indices, int32_t instances)
{
	struct draw d = { count, 0, type, indices, times(instances), 0 };
	struct rec_part part;
	unsigned n = elements(mode, &d, 3, &part);

	rec_write(GL_CMD_glDrawElementsInstanced,
		  ARGS(mode, I(count), type, P(indices), I(instances)), 0, false, &part, n);
}

void rec_own_glDrawElementsBaseVertex(uint32_t mode, int32_t count, uint32_t type,
				      const void *indices, int32_t base)
{
	struct draw d = { count, base, type, indices, 1, 0 };
	struct rec_part part;
	unsigned n = elements(mode, &d, 3, &part);

	rec_write(GL_CMD_glDrawElementsBaseVertex,
		  ARGS(mode, I(count), type, P(indices), I(base)), 0, false, &part, n);
}

void rec_own_glDrawRangeElementsBaseVertex(uint32_t mode, uint32_t start, uint32_t end,
					   int32_t count, uint32_t type, const void *indices,
					   int32_t base)
{
	struct draw d = { count, base, type, indices, 1, 0 };
	struct rec_part part;
	unsigned n = elements(mode, &d, 5, &part);

	rec_write(GL_CMD_glDrawRangeElementsBaseVertex,
		  ARGS(mode, start, end, I(count), type, P(indices), I(base)), 0, false, &part, n);
}

void rec_own_glDrawElementsInstancedBaseVertex(uint32_t mode, int32_t count, uint32_t type,
					       const void *indices, int32_t instances,
					       int32_t base)
{
	struct draw d = { count, base, type, indices, times(instances), 0 };
	struct rec_part part;
	unsigned n = elements(mode, &d, 3, &part);

	rec_write(GL_CMD_glDrawElementsInstancedBaseVertex,
		  ARGS(mode, I(count), type, P(indices), I(instances), I(base)), 0, false, &part,
		  n);
}

void rec_own_glDrawElementsInstancedBaseInstance(uint32_t mode, int32_t count, uint32_t type,
						 const void *indices, int32_t instances,
						 uint32_t base_instance)
{
	struct draw d = { count, 0, type, indices, times(instances), base_instance };
	struct rec_part part;
	unsigned n = elements(mode, &d, 3, &part);

	rec_write(GL_CMD_glDrawElementsInstancedBaseInstance,
		  ARGS(mode, I(count), type, P(indices), I(instances), base_instance), 0, false,
		  &part, n);
}

void rec_own_glDrawElementsInstancedBaseVertexBaseInstance(uint32_t mode, int32_t count,
							   uint32_t type, const void *indices,
							   int32_t instances, int32_t base,
							   uint32_t base_instance)
{
	struct draw d = { count, base, type, indices, times(instances), base_instance };
	struct rec_part part;
	unsigned n = elements(mode, &d, 3, &part);

	rec_write(GL_CMD_glDrawElementsInstancedBaseVertexBaseInstance,
		  ARGS(mode, I(count), type, P(indices), I(instances), I(base), base_instance), 0,
		  false, &part, n);
}

/* ---- several draws in one ------------------------------------------------------------------ */

static bool multi_good(int32_t n)
{
	return n > 0 && n <= MULTI_MAX;
}

void rec_own_glMultiDrawArrays(uint32_t mode, const void *firsts, const void *counts, int32_t n)
{
	struct rec_context *c = drawing(mode);
	const int32_t *first = firsts, *count = counts;
	struct rec_range r = { 0 };

	if (c && rec_has_client_arrays(c) && multi_good(n) &&
	    rec_readable(first, (uint64_t)n * 4) && rec_readable(count, (uint64_t)n * 4)) {
		for (int32_t i = 0; i < n; i++)
			if (first[i] >= 0 && count[i] > 0)
				rec_range_add(&r, (uint64_t)first[i],
					      (uint64_t)first[i] + (uint64_t)count[i] - 1);
		if (r.any)
			rec_arrays(c, &r, 1, 0);
	}
	rec_call(GL_CMD_glMultiDrawArrays, ARGS(mode, P(firsts), P(counts), I(n)));
}

struct multi {
	uint32_t mode, type;
	const int32_t *count, *base;
	const void *const *indices;
	int32_t n;
};

/* Parts: counts, base vertices, and the indices or their places in the buffer. */
static unsigned multi_parts(const struct multi *m, const struct rec_context *c,
			    struct rec_part *parts)
{
	unsigned n = 0;

	parts[n++] = (struct rec_part){ .bytes = m->count, .size = (uint32_t)m->n * 4, .param = 1 };
	if (m->base)
		parts[n++] = (struct rec_part){ .bytes = m->base, .size = (uint32_t)m->n * 4,
						.param = 5 };
	if (c->vao->element) {
		parts[n++] = (struct rec_part){ .bytes = m->indices, .size = (uint32_t)m->n * 8,
						.param = 3, .item = RECORD_POINTERS };
		return n;
	}
	for (int32_t i = 0; i < m->n; i++) {
		uint64_t bytes = m->count[i] > 0 ? (uint64_t)m->count[i] * index_bytes(m->type) : 0;

		if (bytes && bytes < INT32_MAX && rec_readable(m->indices[i], bytes))
			parts[n++] = (struct rec_part){ .bytes = m->indices[i],
							.size = (uint32_t)bytes, .param = 3,
							.item = (uint32_t)i };
	}
	return n;
}

static void multi_elements(unsigned command, const struct multi *m, const uint64_t *args)
{
	struct rec_context *c = drawing(m->mode);
	struct rec_range r = { 0 };
	struct rec_part *parts;

	if (!c || !multi_good(m->n) || !rec_readable(m->count, (uint64_t)m->n * 4) ||
	    !rec_readable(m->indices, (uint64_t)m->n * 8) ||
	    (m->base && !rec_readable(m->base, (uint64_t)m->n * 4)) ||
	    !(parts = malloc(((size_t)m->n + 3) * sizeof(*parts)))) {
		rec_write(command, args, 0, false, NULL, 0);
		return;
	}
	for (int32_t i = 0; rec_has_client_arrays(c) && i < m->n; i++)
		range_of_indices(c, &(struct draw){ m->count[i], m->base ? m->base[i] : 0,
						    m->type, m->indices[i], 1, 0 }, &r);
	if (r.any)
		rec_arrays(c, &r, 1, 0);
	rec_write(command, args, 0, false, parts, multi_parts(m, c, parts));
	free(parts);
}

void rec_own_glMultiDrawElements(uint32_t mode, const void *count, uint32_t type,
				 const void *indices, int32_t n)
{
	multi_elements(GL_CMD_glMultiDrawElements,
		       &(struct multi){ mode, type, count, NULL, indices, n },
		       ARGS(mode, P(count), type, P(indices), I(n)));
}

void rec_own_glMultiDrawElementsBaseVertex(uint32_t mode, const void *count, uint32_t type,
					   const void *indices, int32_t n, const void *base)
{
	multi_elements(GL_CMD_glMultiDrawElementsBaseVertex,
		       &(struct multi){ mode, type, count, base, indices, n },
		       ARGS(mode, P(count), type, P(indices), I(n), P(base)));
}
