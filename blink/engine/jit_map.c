/* jit_map.c - which record does a piece of compiled code belong to?
 *
 * Compiling is too fast to keep an account of it.  When a signal, a debugger or a
 * listing asks, the code is laid down once more in other memory, as if it lay where it
 * does, this time with an account; that both are the same byte by byte is checked.
 */
#include "blink/engine/jit.h"

#include <errno.h>
#include <stdlib.h>

void jit_map_finish(struct jit_map *map)
{
	free(map->v);
	memset(map, 0, sizeof(*map));
}

static void place_add(struct jit_map *map, const uint8_t *code, struct jit_place place)
{
	if (map->n == map->cap) {
		uint32_t cap = map->cap ? map->cap * 2 : 256;
		struct jit_place *v = realloc(map->v, cap * sizeof(*v));

		if (!v) {
			map->failed = true;
			return;
		}
		map->v = v;
		map->cap = cap;
	}
	place.code = (uint32_t)(code - map->start);
	map->v[map->n++] = place;
}

void jit_map_note(struct jit *j, const uint8_t *code, uint32_t pc)
{
	place_add(j->map, code, (struct jit_place){ .pc = pc, .rounds = 1 });
}

void jit_map_note_round(struct jit *j, uint32_t pc, uint32_t loop, uint32_t stride,
			uint32_t rounds)
{
	place_add(j->map, j->x.p, (struct jit_place){ .pc = pc, .loop = loop,
						      .stride = stride, .rounds = rounds });
}

/* ---- laying down again --------------------------------------------------------- */

/* What compiling changes in a JIT, but for its tables, which only grow. */
struct kept {
	struct jit_arena *arena;
	struct x86 x;
	uint8_t *limit;
	uint32_t start;
	uint64_t records;
	bool failed;
};

/* Stencils call stubs of the newest arena. */
static int arena_set(struct jit *j, struct jit_arena *a, struct error *err)
{
	if (j->arena == a)
		return 0;
	j->arena = a;
	return jit_stencils_make(j, err);
}

/* As jit.c's compile_at does, but where there is room. */
static bool lay(struct jit *j, const struct sp *sp)
{
	j->njumps = j->nstops = j->nloops = 0;
	j->held = j->dirty = j->done = 0;
	j->passes++;
	j->failed = false;
	jit_block_open(j, 0);
	if (jit_pass(j, sp, 0) < j->index->nsteps)
		return false;
	jit_block_close(j);
	return !j->failed && !j->map->failed;
}

static int lay_and_compare(struct jit *j, const struct sp *sp, const struct jit_code *k,
			   uint8_t *memory, size_t size, struct error *err)
{
	j->start = k->start;
	j->x = (struct x86){ .p = memory, .run_delta = k->arena->rx + k->start - memory };
	j->limit = memory + size - JIT_MARGIN;
	j->map->start = memory;
	if (!lay(j, sp))
		return error_set(err, -ENOMEM, "JIT: out of memory for a map of code");
	if (memcmp(memory, k->arena->rw + k->start, (size_t)(j->x.p - memory)))
		return error_set(err, -ESTALE, "JIT: SP %u is not what this code was made of",
				 sp->id);
	return 0;
}

int jit_map_make(struct jit_map *map, const struct jit_code *k, const struct sp *sp,
		 struct error *err)
{
	struct jit *j = k->jit;
	struct kept kept = { j->arena, j->x, j->limit, j->start, j->records, j->failed };
	size_t size = k->end - k->start + 2 * JIT_MARGIN;
	uint8_t *memory = malloc(size);
	int rc, back;

	memset(map, 0, sizeof(*map));
	if (!memory)
		return error_set(err, -ENOMEM, "JIT: out of memory for a map of code");
	j->map = map;
	rc = jit_index_again(j, sp, k) ? arena_set(j, k->arena, err)
		: error_set(err, -ESTALE, "JIT: SP %u is not what this code was made of", sp->id);
	if (rc == 0)
		rc = lay_and_compare(j, sp, k, memory, size, err);
	j->map = NULL;
	back = arena_set(j, kept.arena, err);
	j->x = kept.x;
	j->limit = kept.limit;
	j->start = kept.start;
	j->records = kept.records;
	j->failed = kept.failed;
	free(memory);
	if (rc == 0)
		rc = back;
	if (rc < 0)
		jit_map_finish(map);
	return rc;
}

/* ---- asking ---------------------------------------------------------------------- */

/* The record of place p in the round that begins at word `round`: its stretch need not be the
 * one that p was noted for, as several call the same rounds. */
static uint32_t round_find(const struct jit_code *k, const struct jit_place *p, uint64_t round)
{
	const struct jit_loop *l = NULL;

	for (uint32_t i = 0; i < k->nloops && k->loops[i].pc <= round; i++)
		l = &k->loops[i];
	if (!l || (round - l->pc) % p->stride || (round - l->pc) / p->stride >= l->rounds)
		return UINT32_MAX;
	return (uint32_t)round + (p->pc - p->loop);
}

uint32_t jit_map_find(const struct jit_map *map, const struct jit_code *k, const struct sp *sp,
		      uint64_t address, uint64_t round)
{
	uint64_t at = address - (uint64_t)(uintptr_t)(k->arena->rx + k->start);
	uint64_t base = (uint64_t)(uintptr_t)sp->code;
	const struct jit_place *p = NULL;

	if (!at || at > k->end - k->start)
		return UINT32_MAX;
	for (uint32_t i = 0; i < map->n && map->v[i].code < at; i++)
		p = &map->v[i];
	if (!p)
		return UINT32_MAX;
	if (p->rounds == 1)
		return p->pc;
	return round_find(k, p, (round - base) / sizeof(uint32_t));
}
