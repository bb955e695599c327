/* cache.c - which blocks of a .blink file are in memory.
 *
 * A pinned block stays; unpinned ones wait in a list, the least recently used going
 * first once cache_bytes are exceeded.  Plain data blocks are used in the mapping and
 * cost nothing, so they stay once checked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "blink/sp/reader.h"

#define HUGE (2u << 20)

struct block *block_of(struct stream *s, uint32_t number)
{
	uint32_t low = 0, high = s->nblocks;

	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (s->blocks[mid].first <= number)
			low = mid;
		else
			high = mid;
	}
	return &s->blocks[low];
}

/* ---- buffers ------------------------------------------------------------- */

/* Sizes that come again and again: their buffers are handed on, since clearing fresh
 * pages costs more than unpacking into warm ones. */
static const uint64_t spare_sizes[SPARES] = { BLINK_BLOCK, BLINK_CODE_BLOCK };

static int spare_class(uint64_t raw)
{
	for (int i = 0; i < SPARES; i++)
		if (raw <= spare_sizes[i] && raw > spare_sizes[i] / 2)
			return i;
	return -1;
}

static uint8_t *buffer_get(struct blink_file *f, uint64_t raw)
{
	int class = spare_class(raw + SP_PAYLOAD_SLACK);
	uint64_t size = class < 0 ? raw + SP_PAYLOAD_SLACK : spare_sizes[class];
	uint8_t *p;

	if (class >= 0 && f->spares[class]) {
		p = f->spares[class];
		f->spares[class] = NULL;
		return p;
	}
	if (size <= HUGE)
		return aligned_alloc(64, (size_t)blink_align(size ? size : 1, 64));
	p = aligned_alloc(HUGE, (size_t)blink_align(size, HUGE));
	if (p)
		madvise(p, (size_t)blink_align(size, HUGE), MADV_HUGEPAGE);
	return p;
}

static void buffer_put(struct blink_file *f, uint8_t *p, uint64_t raw)
{
	int class = spare_class(raw + SP_PAYLOAD_SLACK);

	if (class >= 0 && !f->spares[class])
		f->spares[class] = p;
	else
		free(p);
}

/* ---- LRU ----------------------------------------------------------------- */

static void lru_remove(struct blink_file *f, struct block *b)
{
	*(b->newer ? &b->newer->older : &f->newest) = b->older;
	*(b->older ? &b->older->newer : &f->oldest) = b->newer;
	b->newer = b->older = NULL;
}

static void lru_add(struct blink_file *f, struct block *b)
{
	b->older = f->newest;
	*(f->newest ? &f->newest->newer : &f->oldest) = b;
	f->newest = b;
}

static struct stream *stream_of(struct blink_file *f, const struct block *b)
{
	return &f->streams[b->section->kind];
}

static void block_drop(struct blink_file *f, struct block *b)
{
	struct stream *s = stream_of(f, b);

	memset(s->objects + b->first, 0, b->section->objects * sizeof(*s->objects));
	buffer_put(f, b->owned, b->section->raw);
	f->resident -= b->section->raw;
	b->owned = NULL;
	b->raw = NULL;
}

static void cache_trim(struct blink_file *f, uint64_t need)
{
	while (f->oldest && f->resident + need > f->cache_bytes) {
		struct block *b = f->oldest;

		lru_remove(f, b);
		block_drop(f, b);
	}
}

void cache_finish(struct blink_file *f)
{
	for (unsigned i = 0; i < BLINK_STREAMS; i++)
		for (uint32_t k = 0; f->streams[i].blocks && k < f->streams[i].nblocks; k++)
			free(f->streams[i].blocks[k].owned);
	for (unsigned i = 0; i < SPARES; i++)
		free(f->spares[i]);
}

/* ---- loading ------------------------------------------------------------- */

/* Enters a block's objects in its stream's table; their sizes close the block. */
static bool objects_enter(struct blink_file *f, struct block *b, const uint8_t *raw)
{
	struct sp_payload *to = stream_of(f, b)->objects + b->first;
	uint64_t n = b->section->objects, end = b->section->raw - 4 * n, at = 0;
	const uint8_t *sizes = raw + end;

	if (end % BLINK_ALIGN)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		uint32_t size;

		memcpy(&size, sizes + 4 * i, 4);
		if (size > SP_MAX_PAYLOAD || !range_ok(at, size, end))
			return false;
		to[i] = (struct sp_payload){ .data = raw + at, .size = size };
		at = blink_align(at + size, BLINK_ALIGN);
	}
	return at == end;
}

static int block_load(struct blink_file *f, struct block *b, struct error *err)
{
	const struct blink_section *s = b->section;
	bool in_place = s->packing == BLINK_PLAIN && s->kind == BLINK_SECTION_DATA;
	const uint8_t *raw = f->map + s->offset;
	int ret;

	if (in_place) {
		if (!section_intact(f, s))
			return section_fail(f, s, err, "its checksum does not agree");
	} else {
		cache_trim(f, s->raw);
		b->owned = buffer_get(f, s->raw);
		if (!b->owned)
			return error_set(err, -ENOMEM, "%s: out of memory", f->path);
		ret = section_unpack(f, s, b->owned, err);
		if (ret < 0)
			goto fail;
		raw = b->owned;
	}
	if (!objects_enter(f, b, raw)) {
		struct stream *t = stream_of(f, b);

		memset(t->objects + b->first, 0, s->objects * sizeof(*t->objects));
		ret = section_fail(f, s, err, "the sizes of its objects do not add up");
		goto fail;
	}
	b->raw = raw;
	if (b->owned)
		f->resident += s->raw;
	return 0;
fail:
	free(b->owned);
	b->owned = NULL;
	return ret;
}

int block_pin(struct blink_file *f, struct block *b, struct error *err)
{
	if (b->pins == 0) {
		bool fresh = !b->raw;
		int ret = fresh ? block_load(f, b, err) : 0;

		if (ret < 0)
			return ret;
		if (!fresh && b->owned)
			lru_remove(f, b);
	}
	b->pins++;
	return 0;
}

void block_unpin(struct blink_file *f, struct block *b)
{
	if (--b->pins == 0 && b->owned)
		lru_add(f, b);
}
