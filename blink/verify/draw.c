/* draw.c - every vertex that a draw reads lies in memory that is there.
 *
 * Arrays in buffer objects are the driver's to bound (contexts are robust where the
 * driver offers it, and Mesa's software drivers clamp); arrays in payloads are bounded
 * here, indices included. */
#include "blink/verify/shadow.h"

#include <string.h>

bool draw_client_arrays(const struct shadow *x)
{
	const struct vao *v = &x->vaos[x->vao];

	for (unsigned i = 0; i < VARRAYS; i++)
		if (v->arrays[i].enabled && v->arrays[i].source != VARRAY_BUFFER)
			return true;
	return false;
}

/* ---- indices --------------------------------------------------------------- */

typedef uint32_t u32x8 __attribute__((vector_size(32)));
typedef uint16_t u16x16 __attribute__((vector_size(32)));

/* Largest and smallest, where no index is special: the common case, and vectors. */
static void extent32(const uint8_t *p, uint32_t n, uint32_t *min, uint32_t *max)
{
	u32x8 hi = { 0 }, lo = hi - 1, v;
	uint32_t i = 0, one;

	for (; i + 8 <= n; i += 8) {
		memcpy(&v, p + 4ul * i, sizeof(v));
		hi = (v & (u32x8)(v > hi)) | (hi & ~(u32x8)(v > hi));
		lo = (v & (u32x8)(v < lo)) | (lo & ~(u32x8)(v < lo));
	}
	for (unsigned k = 0; k < 8; k++) {
		*max = hi[k] > *max ? hi[k] : *max;
		*min = lo[k] < *min ? lo[k] : *min;
	}
	for (; i < n; i++) {
		memcpy(&one, p + 4ul * i, 4);
		*max = one > *max ? one : *max;
		*min = one < *min ? one : *min;
	}
}

static void extent16(const uint8_t *p, uint32_t n, uint32_t *min, uint32_t *max)
{
	u16x16 hi = { 0 }, lo = hi - 1, v;
	uint32_t i = 0;
	uint16_t one;

	for (; i + 16 <= n; i += 16) {
		memcpy(&v, p + 2ul * i, sizeof(v));
		hi = (v & (u16x16)(v > hi)) | (hi & ~(u16x16)(v > hi));
		lo = (v & (u16x16)(v < lo)) | (lo & ~(u16x16)(v < lo));
	}
	if (i)
		for (unsigned k = 0; k < 16; k++) {
			*max = hi[k] > *max ? hi[k] : *max;
			*min = lo[k] < *min ? lo[k] : *min;
		}
	for (; i < n; i++) {
		memcpy(&one, p + 2ul * i, 2);
		*max = one > *max ? one : *max;
		*min = one < *min ? one : *min;
	}
}

/* Any size, leaving out one value (primitive restart, 2.8.1). */
static void extent_slow(const uint8_t *p, uint32_t n, unsigned bytes, bool skip, uint32_t special,
			uint32_t *min, uint32_t *max)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t v = 0;

		memcpy(&v, p + (size_t)i * bytes, bytes);
		if (skip && v == special)
			continue;
		*max = v > *max ? v : *max;
		*min = v < *min ? v : *min;
	}
}

static void index_extent(struct run *r, const uint32_t *words, const uint8_t *data,
			 uint32_t count, uint32_t type, unsigned bytes, uint32_t *min,
			 uint32_t *max)
{
	const struct shadow *x = r->now;
	uint32_t special = x->restart_fixed ? 0xffffffffu >> (32 - 8 * bytes) : x->restart_index;
	struct index_max *c = &r->state->cache[(words[0] * 31u + words[1]) % INDEX_CACHE];

	*min = UINT32_MAX;
	*max = 0;
	if (x->restart || x->restart_fixed || bytes == 1) {
		extent_slow(data, count, bytes, x->restart || x->restart_fixed, special, min, max);
		return;
	}
	/* the passes of one frame draw the same indices again */
	if (c->serial != r->state->serial || c->payload != words[0] || c->offset != words[1] ||
	    c->count != count || c->type != type) {
		*c = (struct index_max){ r->state->serial, words[0], words[1], count, type,
					 0, UINT32_MAX };
		if (bytes == 4)
			extent32(data, count, &c->min, &c->max);
		else
			extent16(data, count, &c->min, &c->max);
	}
	*min = c->min;
	*max = c->max;
}

/* ---- extents ---------------------------------------------------------------- */

/* All enabled arrays hold vertices up to max; instanced ones up to instance. */
static enum verify_reason arrays_hold(const struct run *r, uint64_t max, uint64_t instances,
				      uint64_t base_instance)
{
	const struct vao *v = shadow_vao(r->now);

	for (unsigned i = 0; i < VARRAYS; i++) {
		const struct varray *a = &v->arrays[i];
		uint64_t last = max;

		if (!a->enabled || a->source == VARRAY_BUFFER)
			continue;
		if (a->source == VARRAY_UNSET)
			return VERIFY_ARRAY_UNKNOWN;
		if (a->serial != r->state->serial)
			return VERIFY_ARRAY_STALE;
		if (a->divisor)
			last = base_instance + (instances - 1) / a->divisor;
		if (last > UINT32_MAX ||
		    !range_ok(last * a->stride, a->element,
			      r->env->payloads.v[a->payload].size - a->offset))
			return VERIFY_ARRAY_SHORT;
	}
	return VERIFY_OK;
}

/* The indices of an element draw; false in *any where it draws nothing. */
static enum verify_reason draw_indices(struct run *r, const struct desc_layout *l,
				       const uint32_t *rec, bool clients, uint64_t *max, bool *any)
{
	uint32_t count = rec[l->count], type = rec[l->type], lo, hi;
	const uint8_t *data = NULL;
	enum verify_reason why;
	unsigned bytes;
	int64_t base = l->basevertex ? (int32_t)rec[l->basevertex] : 0;

	*any = false;
	if (l->buf) {
		if (!shadow_vao(r->now)->element_buffer)
			return VERIFY_BUFFER_UNBOUND;
		return clients && (int32_t)count > 0 ? VERIFY_INDEX_UNKNOWN : VERIFY_OK;
	}
	if (shadow_vao(r->now)->element_buffer)
		return VERIFY_BUFFER_BOUND;
	if ((int32_t)count <= 0 || !clients)
		return VERIFY_OK;       /* the payload itself was checked */
	bytes = type == 0x1401 ? 1 : type == 0x1403 ? 2 : type == 0x1405 ? 4 : 0;
	if (!bytes)
		return VERIFY_OK;       /* an error: nothing is drawn */
	why = operand_payload(r, rec + l->pointer, (uint64_t)count * bytes, &data);
	if (why != VERIFY_OK)
		return why;
	index_extent(r, rec + l->pointer, data, count, type, bytes, &lo, &hi);
	if (lo > hi)
		return VERIFY_OK;       /* restarts only */
	if (lo + base < 0 || hi + base > UINT32_MAX)
		return VERIFY_INDEX_RANGE;
	*max = (uint64_t)(hi + base);
	*any = true;
	return VERIFY_OK;
}

static enum verify_reason draw_vertices(const struct desc_layout *l, const uint32_t *rec,
					uint64_t *max, bool *any)
{
	int32_t first = (int32_t)rec[l->first], count = (int32_t)rec[l->count];

	*any = false;
	if (count <= 0)
		return VERIFY_OK;
	if (first < 0)
		return VERIFY_DRAW_RANGE;
	*max = (uint64_t)first + (uint64_t)count - 1;
	*any = true;
	return VERIFY_OK;
}

enum verify_reason draw_check(struct run *r, const struct desc *d, const uint32_t *rec)
{
	const struct desc_layout *l = &r->table->layout[d->layout];
	bool clients = draw_client_arrays(r->now), any = false;
	uint64_t max = 0, instances = 1, base = 0;
	enum verify_reason why;

	if (sp_mask(rec[0]) || (r->now->lost && clients))
		return clients ? VERIFY_DRAW_UNKNOWN : VERIFY_OK;
	if (r->now->in_begin)
		return VERIFY_OK;       /* an error: nothing is drawn */
	if (l->instances) {
		if ((int32_t)rec[l->instances] <= 0)
			return VERIFY_OK;
		instances = rec[l->instances];
	}
	if (l->baseinstance)
		base = rec[l->baseinstance];
	why = l->type ? draw_indices(r, l, rec, clients, &max, &any)
		      : draw_vertices(l, rec, &max, &any);
	if (why == VERIFY_OK && any && clients) {
		why = arrays_hold(r, max, instances, base);
		if (why == VERIFY_ARRAY_SHORT && l->type)
			why = VERIFY_INDEX_RANGE;
	}
	if ((int32_t)rec[l->count] > 0)
		r->verdict->facts.vertices += rec[l->count] * instances;
	return why;
}
