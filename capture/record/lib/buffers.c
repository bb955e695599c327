/* buffers.c - memory that buffers are mapped to, and what the program stored there.
 *
 *   glUnmapBuffer               the whole of a range that was mapped for writing
 *   glFlushMappedBufferRange    the range flushed
 *   persistent or coherent maps what changed, page by page, before every call that
 *                               makes it visible: draws, copies, flushes, fences, swaps
 *
 * Persistent maps without GL_MAP_COHERENT_BIT are compared as well: the barrier that
 * would make their contents visible has no row in the command table. */
#include "capture/record/lib/lib.h"

#include <stdlib.h>

#define READ_BIT 1u
#define WRITE_BIT 2u
#define FLUSH_EXPLICIT_BIT 0x10u
#define PERSISTENT_BIT 0x40u
#define COHERENT_BIT 0x80u
#define PAGE 4096u
#define PIECE (256u << 10)                /* bytes in one record: equal pieces are found */

static uint64_t page_hash(const struct rec_map *m, uint64_t page)
{
	uint64_t at = page * PAGE;

	return rec_hash(m->address + at, m->length - at < PAGE ? m->length - at : PAGE).low;
}

static uint64_t page_count(const struct rec_map *m)
{
	return (m->length + PAGE - 1) / PAGE;
}

static void write_range(const uint8_t *address, uint64_t size)
{
	while (size) {
		uint32_t piece = size < PIECE ? (uint32_t)size : PIECE, words[2];
		struct rec_part part = { .bytes = address, .size = piece };
		uint64_t at = (uint64_t)(uintptr_t)address;

		memcpy(words, &at, 8);
		rec_mark(RECORD_WRITE, words, 2, &part);
		address += piece;
		size -= piece;
	}
}

/* ---- the list of maps --------------------------------------------------------------------- */

static struct rec_map *map_find(struct rec_group *g, uint32_t buffer)
{
	struct rec_map *m;

	for (m = g->maps; m && m->buffer != buffer; m = m->next)
		;
	return m;
}

void rec_maps_drop(struct rec_group *g, uint32_t buffer)
{
	struct rec_map **p;

	rec_lock(&g->lock);
	for (p = &g->maps; *p; p = &(*p)->next)
		if ((*p)->buffer == buffer) {
			struct rec_map *m = *p;

			*p = m->next;
			if (m->pages)
				atomic_fetch_sub(&g->coherent, 1);
			free(m->pages);
			free(m);
			break;
		}
	rec_unlock(&g->lock);
}

void rec_maps_free(struct rec_group *g)
{
	while (g->maps)
		rec_maps_drop(g, g->maps->buffer);
}

static void map_new(uint32_t target, uint8_t *address, int64_t length, uint32_t access)
{
	struct rec_context *c = rec.context;
	uint32_t buffer = c ? rec_bound(c, target) : 0;
	struct rec_map *m;

	if (!buffer || !address || length <= 0 || !rec_active())
		return;
	rec_maps_drop(c->group, buffer);
	m = calloc(1, sizeof(*m));
	if (!m) {
		rec_problem(RECORD_NO_MEMORY);
		return;
	}
	*m = (struct rec_map){ address, (uint64_t)length, buffer, access, NULL, NULL };
	if ((access & WRITE_BIT) && (access & (PERSISTENT_BIT | COHERENT_BIT)) &&
	    !(access & FLUSH_EXPLICIT_BIT)) {
		m->pages = calloc(page_count(m), sizeof(*m->pages));
		for (uint64_t i = 0; m->pages && i < page_count(m); i++)
			m->pages[i] = page_hash(m, i);
	}
	rec_lock(&c->group->lock);
	m->next = c->group->maps;
	c->group->maps = m;
	if (m->pages)
		atomic_fetch_add(&c->group->coherent, 1);
	rec_unlock(&c->group->lock);
}

void rec_after_glMapBuffer(uint32_t target, uint32_t access, const void *address)
{
	int32_t size = 0;
	uint8_t *p;

	if (!address || !rec.context)
		return;
	memcpy(&p, &address, sizeof(p));
	rec_gl(glGetBufferParameteriv, void, uint32_t, uint32_t, int32_t *)
		(target, 0x8764 /* SIZE */, &size);
	map_new(target, p, size, access == 0x88B8 /* READ_ONLY */ ? READ_BIT : WRITE_BIT);
}

void rec_after_glMapBufferRange(uint32_t target, int64_t offset, int64_t length,
				uint32_t access, const void *address)
{
	uint8_t *p;

	(void)offset;
	memcpy(&p, &address, sizeof(p));
	map_new(target, p, length, access);
}

/* ---- what was stored ------------------------------------------------------------------------ */

static void compare(struct rec_map *m)
{
	uint64_t n = page_count(m), from = 0, i;
	bool open = false;

	for (i = 0; i <= n; i++) {
		uint64_t h = i < n ? page_hash(m, i) : 0;
		bool changed = i < n && h != m->pages[i];

		if (changed)
			m->pages[i] = h;
		if (changed && !open)
			from = i;
		if (!changed && open) {
			uint64_t end = i * PAGE < m->length ? i * PAGE : m->length;

			write_range(m->address + from * PAGE, end - from * PAGE);
		}
		open = changed;
	}
}

void rec_maps_compare(struct rec_context *c)
{
	rec_lock(&c->group->lock);
	for (struct rec_map *m = c->group->maps; m; m = m->next)
		if (m->pages)
			compare(m);
	rec_unlock(&c->group->lock);
}

static struct rec_map *map_at(uint32_t target)
{
	struct rec_context *c = rec.context;
	struct rec_map *m = NULL;

	if (c) {
		rec_lock(&c->group->lock);
		m = map_find(c->group, rec_bound(c, target));
		rec_unlock(&c->group->lock);
	}
	return m;
}

void rec_first_glUnmapBuffer(uint32_t target)
{
	struct rec_map *m = map_at(target);

	if (!m)
		return;
	if (m->pages)
		compare(m);
	else if ((m->access & WRITE_BIT) && !(m->access & FLUSH_EXPLICIT_BIT))
		write_range(m->address, m->length);
	rec_maps_drop(rec.context->group, m->buffer);
}

void rec_first_glFlushMappedBufferRange(uint32_t target, int64_t offset, int64_t length)
{
	struct rec_map *m = map_at(target);

	if (m && (m->access & WRITE_BIT) && offset >= 0 && length > 0 &&
	    (uint64_t)offset <= m->length && (uint64_t)length <= m->length - (uint64_t)offset)
		write_range(m->address + offset, (uint64_t)length);
}

/* New storage: what was mapped is no more. */
void rec_on_glBufferData(uint32_t target, int64_t size, const void *data, uint32_t usage)
{
	(void)size, (void)data, (void)usage;
	if (rec.context && unlikely(rec.context->group->maps))
		rec_maps_drop(rec.context->group, rec_bound(rec.context, target));
}

void rec_on_glBufferStorage(uint32_t target, int64_t size, const void *data, uint32_t flags)
{
	rec_on_glBufferData(target, size, data, flags);
}

void rec_first_glFlush(void) { rec_maps_visible(); }
void rec_first_glFinish(void) { rec_maps_visible(); }

void rec_first_glFenceSync(uint32_t condition, uint32_t flags)
{
	(void)condition, (void)flags;
	rec_maps_visible();
}

void rec_first_glCopyBufferSubData(uint32_t from, uint32_t to, int64_t at, int64_t offset,
				   int64_t size)
{
	(void)from, (void)to, (void)at, (void)offset, (void)size;
	rec_maps_visible();
}

/* Draws and work without vertices from client memory: buffers alone are looked at. */
void rec_first_glDrawTransformFeedback(uint32_t mode, uint32_t id)
{
	(void)mode, (void)id;
	rec_maps_visible();
}

void rec_first_glDrawTransformFeedbackStream(uint32_t mode, uint32_t id, uint32_t stream)
{
	(void)mode, (void)id, (void)stream;
	rec_maps_visible();
}

void rec_first_glDrawTransformFeedbackInstanced(uint32_t mode, uint32_t id, int32_t instances)
{
	(void)mode, (void)id, (void)instances;
	rec_maps_visible();
}

void rec_first_glDrawTransformFeedbackStreamInstanced(uint32_t mode, uint32_t id, uint32_t stream,
						      int32_t instances)
{
	(void)mode, (void)id, (void)stream, (void)instances;
	rec_maps_visible();
}

void rec_first_glDispatchCompute(uint32_t x, uint32_t y, uint32_t z)
{
	(void)x, (void)y, (void)z;
	rec_maps_visible();
}

void rec_first_glDispatchComputeIndirect(int64_t indirect)
{
	(void)indirect;
	rec_maps_visible();
}
