/* jit.c - the code cache, room for code, and running.
 *
 * Code is laid down in a ring (see jit_arena.c): what is oldest makes room.  Where
 * the ring is too small for one procedure a larger one takes its place.
 */
#include "blink/engine/jit.h"
#include "blink/engine/jit_tools.h"
#include "blink/engine/slow.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>

/* ---- codes: cache and ring ---------------------------------------------------- */

static struct jit_code **bucket(const struct jit *j, const uint64_t *hash)
{
	return &j->buckets[hash[0] & (j->nbuckets - 1)];
}

static struct jit_code *cache_find(const struct jit *j, const uint64_t *hash, uint32_t records)
{
	struct jit_code *k;

	for (k = *bucket(j, hash); k; k = k->chain)
		if (k->hash[0] == hash[0] && k->hash[1] == hash[1] && k->records == records)
			return k;
	return NULL;
}

/* Twice the buckets; with no memory for them chains just grow longer. */
static void cache_grow(struct jit *j)
{
	uint32_t old = j->nbuckets;
	struct jit_code **was = j->buckets, **v = calloc((size_t)old * 2, sizeof(*v));

	if (!v)
		return;
	j->buckets = v;
	j->nbuckets = old * 2;
	for (uint32_t i = 0; i < old; i++) {
		for (struct jit_code *k = was[i], *next; k; k = next) {
			struct jit_code **at = bucket(j, k->hash);

			next = k->chain;
			k->chain = *at;
			*at = k;
		}
	}
	free(was);
}

static void code_remove(struct jit *j, struct jit_code *k)
{
	struct jit_arena *a = k->arena;
	struct jit_code **at;

	if (j->watches)
		jit_watch_gone(j->watches, k);
	for (at = bucket(j, k->hash); *at != k; at = &(*at)->chain)
		;
	*at = k->chain;
	*(k->older ? &k->older->newer : &a->oldest) = k->newer;
	*(k->newer ? &k->newer->older : &a->newest) = k->older;
	j->ncodes--;
	k->chain = j->free_codes;
	j->free_codes = k;
}

static struct jit_code *code_new(struct jit *j)
{
	struct jit_code *k = j->free_codes;

	if (!k)
		return calloc(1, sizeof(*k));
	j->free_codes = k->chain;
	return k;
}

static void code_add(struct jit *j, struct jit_code *k)
{
	struct jit_arena *a = j->arena;
	struct jit_code **at;

	if (j->ncodes >= j->nbuckets)
		cache_grow(j);
	at = bucket(j, k->hash);
	k->chain = *at;
	*at = k;
	k->newer = NULL;
	k->older = a->newest;
	*(a->newest ? &a->newest->newer : &a->oldest) = k;
	a->newest = k;
	j->ncodes++;
}

/* ---- room ------------------------------------------------------------------------ */

enum room { ROOM_MADE, ROOM_WRAP, ROOM_NONE };

/* Where code that begins at start must end: at the oldest ahead, or the arena's end. */
static uint32_t region_end(const struct jit_arena *a, uint32_t start)
{
	return a->oldest && a->oldest->start >= start ? a->oldest->start : a->size;
}

static void limit_set(struct jit *j)
{
	j->limit = j->arena->rw + region_end(j->arena, j->start) - JIT_MARGIN;
}

/* x.p is beyond the limit: lets go of the oldest code ahead until it is not. */
static enum room room_make(struct jit *j)
{
	struct jit_arena *a = j->arena;

	while (j->x.p > j->limit) {
		struct jit_code *k = a->oldest;

		if (region_end(a, j->start) == a->size)
			return j->start == a->first ? ROOM_NONE : ROOM_WRAP;
		if (k->pins)
			return ROOM_NONE;
		code_remove(j, k);
		j->stats.evicted++;
		limit_set(j);
	}
	return ROOM_MADE;
}

/* Back to the arena's beginning; what lies between here and its end is the oldest. */
static bool wrap(struct jit *j)
{
	struct jit_arena *a = j->arena;

	while (a->oldest && a->oldest->start >= a->head) {
		if (a->oldest->pins)
			return false;
		code_remove(j, a->oldest);
		j->stats.evicted++;
	}
	a->head = a->first;
	return true;
}

/* A larger arena; code in the smaller ones stays where it is. */
static int arena_grow(struct jit *j, uint32_t nwords, struct error *err)
{
	if (j->narenas == JIT_ARENAS)
		return error_set(err, -E2BIG, "JIT: a procedure of %u words needs more than "
				 "%u MiB of code (use the interpreter)", nwords,
				 j->arena->size >> 20);
	return jit_arena_create(j, j->arena->size * 4, err);
}

/* ---- compiling --------------------------------------------------------------------- */

/* Stops and loops come after the code, so that they live as long as it does. */
static enum room stops_put(struct jit *j, struct jit_code *k)
{
	size_t stops = j->nstops * sizeof(*j->stops), loops = j->nloops * sizeof(*j->loops);
	size_t size = stops + loops;
	uint8_t *at = (uint8_t *)(((uintptr_t)j->x.p + 15) & ~(uintptr_t)15);

	if ((size_t)(j->arena->rw + j->arena->size - at) < size + JIT_MARGIN)
		return j->start == j->arena->first ? ROOM_NONE : ROOM_WRAP;
	j->x.p = at + size;
	if (j->x.p > j->limit) {
		enum room room = room_make(j);

		if (room != ROOM_MADE)
			return room;
	}
	memcpy(at, j->stops, stops);
	if (loops)
		memcpy(at + stops, j->loops, loops);
	k->stops.v = (const struct interp_stop *)(void *)at;
	k->stops.n = j->nstops;
	k->loops = (const struct jit_loop *)(void *)(at + stops);
	k->nloops = j->nloops;
	return ROOM_MADE;
}

static enum room compile_at(struct jit *j, const struct sp *sp, struct jit_code *k,
			    uint32_t start)
{
	uint32_t next = 0;

	j->start = start;
	j->x = (struct x86){ .p = j->arena->rw + start,
			     .run_delta = j->arena->rx - j->arena->rw };
	j->njumps = j->nstops = j->nloops = 0;
	j->held = j->dirty = j->done = 0;
	j->records = 0;
	j->passes++;
	j->failed = false;
	limit_set(j);
	if (j->x.p > j->limit) {
		enum room room = room_make(j);

		if (room != ROOM_MADE)
			return room;
	}
	jit_block_open(j, 0);
	while ((next = jit_pass(j, sp, next)) < j->index->nsteps && !j->failed) {
		enum room room = room_make(j);

		if (room != ROOM_MADE)
			return room;
	}
	jit_block_close(j);
	return stops_put(j, k);
}

static int compile(struct jit *j, const struct sp *sp, struct jit_code *k, struct error *err)
{
	enum room room;

	while ((room = compile_at(j, sp, k, j->arena->head)) != ROOM_MADE) {
		int rc = room == ROOM_WRAP && wrap(j) ? 0 : arena_grow(j, sp->nwords, err);

		if (rc < 0)
			return rc;
	}
	if (j->failed)
		return error_set(err, -ENOMEM, "JIT: out of memory for jumps");
	k->jit = j;
	k->arena = j->arena;
	k->start = j->start;
	k->end = (uint32_t)(j->x.p - j->arena->rw);
	k->pins = 0;
	j->arena->head = (k->end + 63) & ~63u;
	j->stats.compiles++;
	j->stats.records += j->records;
	j->stats.bytes += k->end - k->start;
	return 0;
}

/* ---- fetching ahead ------------------------------------------------------------------ */

#define FETCH_LEAST 64u            /* records that are worth it */
#define FETCH_CODE 1024u           /* of the code that will be written */
#define FETCH_BODIES 3u
#define FETCH_STEPS 16u

/* The code of what is repeated, and of what comes first. */
static void stencils_fetch(const struct jit *j, const struct sp_index *x)
{
	for (unsigned i = 1; i <= x->npatterns; i++) {
		const struct sp_pattern *p = &x->pattern[i];

		for (unsigned k = 0; k < p->records; k++)
			fetch_line(&j->stencils[sp_opcode(p->header[k])]);
	}
	for (unsigned i = 0; i < FETCH_STEPS && i < x->nsteps; i++)
		if (!x->step[i].rounds)
			fetch_line(&j->stencils[sp_opcode(x->step[i].what)]);
	fetch_line(&j->stencils[OP_end]);
}

/* What every compile needs, where the caches may have lost it.  (Its code came with the
 * verifier's.) */
static HOT_NEXT void tables_fetch(struct jit *j, const struct sp_index *x)
{
	const struct jit_arena *a = j->arena;

	if (!x || x->records < FETCH_LEAST || !hot_away(&j->looked))
		return;
	fetch_lines(a, sizeof(*a));
	fetch_lines(&j->large_memory,
		    offsetof(struct jit, regular) - offsetof(struct jit, large_memory));
	fetch_lines(&j->vector_d,
		    offsetof(struct jit, once) - offsetof(struct jit, vector_d));
	fetch_lines(&j->bodies[1], FETCH_BODIES * sizeof(*j->bodies));
	fetch_lines(&j->seed, sizeof(*j) - offsetof(struct jit, seed));
	fetch_lines(a->newest, sizeof(*a->newest));
	fetch_lines(a->oldest, sizeof(*a->oldest));
	fetch_lines(j->free_codes, sizeof(*j->free_codes));
	fetch_lines_write(j->stops, 1);
	jit_hash_fetch();
	if (a->size - a->head >= FETCH_CODE)
		fetch_lines_write(a->rw + a->head, FETCH_CODE);
	stencils_fetch(j, x);
}

/* ---- the interface ------------------------------------------------------------------- */

/* Small procedures of a shape that was not met lately: noted, and true. */
static bool wait_for_next(struct jit *j, const uint64_t *hash)
{
	uint64_t *once = &j->once[hash[0] % JIT_ONCE];

	if (j->index->records >= JIT_WORTH || *once == hash[1])
		return false;
	*once = hash[1];
	j->stats.waits++;
	return true;
}

static HOT_NEXT const struct jit_code *find_or_compile(struct jit *j, const struct sp *sp, bool may_wait,
					      struct error *err)
{
	struct jit_code *k;
	uint64_t hash[2];

	jit_hash(j, j->words, j->nwords * sizeof(*j->words), hash);
	k = cache_find(j, hash, j->index->records);
	if (k) {
		j->stats.hits++;
		return k;
	}
	if (may_wait && wait_for_next(j, hash))
		return NULL;
	k = code_new(j);
	if (!k) {
		error_set(err, -ENOMEM, "JIT: out of memory");
		return NULL;
	}
	if (compile(j, sp, k, err) < 0) {
		k->chain = j->free_codes;
		j->free_codes = k;
		return NULL;
	}
	memcpy(k->hash, hash, sizeof(hash));
	k->records = j->index->records;
	code_add(j, k);
	if (j->watches)
		jit_watch_made(j->watches, k, sp);
	return k;
}

static HOT_NEXT const struct jit_code *compile_index(struct jit *j, const struct sp *sp,
					    struct sp_index *index, bool may_wait,
					    struct error *err)
{
	const struct jit_code *k = NULL;

	tables_fetch(j, index);
	if (jit_index_make(j, sp, index, err) == 0)
		k = find_or_compile(j, sp, may_wait, err);
	/* other words may lie there later */
	if (index)
		index->code = NULL;
	return k;
}

HOT_NEXT const struct jit_code *jit_compile_index(struct jit *j, const struct sp *sp,
					 struct sp_index *index, struct error *err)
{
	return compile_index(j, sp, index, false, err);
}

HOT_NEXT const struct jit_code *jit_tier(struct jit *j, const struct sp *sp, struct sp_index *index,
				struct error *err)
{
	if (err)
		*err = (struct error){ 0 };
	return compile_index(j, sp, index, true, err);
}

const struct jit_code *jit_compile(struct jit *j, const struct sp *sp, struct error *err)
{
	return jit_compile_index(j, sp, NULL, err);
}

void jit_forget(struct jit *j, const struct jit_code *code)
{
	code_remove(j, (struct jit_code *)(uintptr_t)code);
}

int jit_create(struct jit **out, const struct sink *sink, struct error *err)
{
	struct jit *j = aligned_alloc(alignof(struct jit), sizeof(*j));
	int rc;

	if (!j)
		return error_set(err, -ENOMEM, "JIT: out of memory");
	memset(j, 0, sizeof(*j));
	j->sink = sink;
	j->level = cpu_level();
	jit_vectors_make(j);
	j->nbuckets = 1024;
	j->buckets = calloc(j->nbuckets, sizeof(*j->buckets));
	/* Clients must not be able to make shapes whose hashes agree: the seed is secret. */
	if (!j->buckets || jit_index_init(j) < 0)
		rc = error_set(err, -ENOMEM, "JIT: out of memory");
	else if (getrandom(&j->seed, sizeof(j->seed), 0) != sizeof(j->seed))
		rc = error_set(err, -EIO, "JIT: no random numbers from the system");
	else
		rc = jit_arena_create(j, JIT_ARENA_SIZE, err);
	if (rc < 0) {
		jit_destroy(j);
		return rc;
	}
	*out = j;
	return 0;
}

void jit_destroy(struct jit *j)
{
	if (!j)
		return;
	for (uint32_t i = 0; j->buckets && i < j->nbuckets; i++)
		while (j->buckets[i])
			code_remove(j, j->buckets[i]);
	jit_watch_finish(j->watches);
	for (struct jit_code *k = j->free_codes, *next; k; k = next) {
		next = k->chain;
		free(k);
	}
	for (unsigned i = 0; i < j->narenas; i++)
		jit_arena_destroy(&j->arenas[i]);
	free(j->buckets);
	free(j->jumps);
	free(j->stops);
	free(j->loops);
	free(j->large_memory);
	jit_index_finish(j);
	free(j);
}

void jit_stats_get(const struct jit *j, struct jit_stats *out)
{
	*out = j->stats;
}

/* ---- running --------------------------------------------------------------------------- */

static enum engine_status run_code(struct client *c, struct jit_code *k, const struct sp *sp,
				   uint32_t pc);

/* A callee: compiled, or interpreted where that is not possible. */
static enum engine_status run_callee(struct client *c, const struct sp *sp, uint32_t pc)
{
	const struct jit_code *code = jit_compile(c->jit, sp, NULL);

	if (!code)
		return interp_until(c, sp, pc, run_callee, NULL);
	return run_code(c, (struct jit_code *)(uintptr_t)code, sp, pc);
}

enum engine_status jit_call(struct client *c, const uint32_t *rec)
{
	return client_call(c, rec, run_callee);
}

static enum engine_status enter(struct client *c, const struct jit_code *k,
				const struct sp *sp, const struct interp_stop *stop)
{
	struct client_native *n = &c->native;
	const void *stack = n->stack;
	uint32_t level = n->level;
	enum engine_status status;

	n->level = c->level + 1;
	status = k->arena->enter(c, sp->code, c->payloads.v, k->arena->rx + stop->code);
	n->stack = stack;
	n->level = level;
	return status;
}

/* Enters at pc, through the interpreter where code cannot be entered there. */
static enum engine_status run_from(struct client *c, const struct jit_code *k,
				   const struct sp *sp, uint32_t pc)
{
	const struct interp_stop *stop = NULL;
	enum engine_status status;

	if (c->depth == c->level)
		stop = pc ? interp_stops_at(&k->stops, pc) : k->stops.v;
	if (!stop) {
		status = interp_until(c, sp, pc, run_callee, &k->stops);
		if (status != INTERP_STOPPED)
			return status;
		stop = interp_stops_at(&k->stops, c->pc);
	}
	status = enter(c, k, sp, stop);
	if ((unsigned)status == JIT_DEOPT)
		status = interp_until(c, sp, c->pc, run_callee, NULL);
	return status;
}

static enum engine_status run_code(struct client *c, struct jit_code *k, const struct sp *sp,
				   uint32_t pc)
{
	enum engine_status status;

	k->pins++;
	c->native.code[c->level] = k;
	status = run_from(c, k, sp, pc);
	c->native.code[c->level] = NULL;
	k->pins--;
	return status;
}

void jit_unpin(struct jit_code *k)
{
	k->pins--;
}

enum engine_status jit_run(struct client *c, const struct jit_code *code, const struct sp *sp,
			   uint32_t pc)
{
	struct jit_code *k = (struct jit_code *)(uintptr_t)code;
	uint64_t since = slow_begin();
	enum engine_status status;

	client_enter(c, pc);
	c->jit = k->jit;
	status = run_code(c, k, sp, pc);
	slow_end(since, sp);
	return status;
}
