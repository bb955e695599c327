/* jit_index.c - a procedure's steps, from the verifier or found here, and its shape: the
 * words on which its code depends.
 *
 * Code depends on headers, and on operands where they are numbers of registers, distances
 * of jumps, or read by the compiler otherwise; operands of plain commands are read when
 * the code runs.  So frames which differ in numbers alone share their code.
 */
#include "blink/engine/jit.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

int jit_index_init(struct jit *j)
{
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		const struct gl_op *o = &gl_ops[op];
		bool value = o->form == GL_FORM_CORE && o->noperands &&
			     o->operands[0].kind == GL_KIND_DST;

		j->stencils[op].plain = o->form == GL_FORM_DIRECT;
		j->regular[op] = j->stencils[op].plain || value;
	}
	return index_init(&j->own);
}

void jit_index_finish(struct jit *j)
{
	index_finish(&j->own);
	free(j->words);
}

/* ---- the shape ------------------------------------------------------------------- */

#define STRETCH 0xffffffffu        /* no headers: there are no such opcodes */
#define SEGMENT 0xfffffffeu

static inline bool header_plain(const struct jit *j, uint32_t header)
{
	return j->stencils[sp_opcode(header)].plain && !sp_mask(header);
}

static void hash_sse2(const void *data, size_t size, uint64_t seed, uint64_t *hash)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(data, size, seed);

	hash[0] = h.low64;
	hash[1] = h.high64;
}

void jit_hash(const struct jit *j, const void *data, size_t size, uint64_t *hash)
{
	(j->level >= CPU_AVX2 ? jit_hash_avx2 : hash_sse2)(data, size, j->seed, hash);
}

/* A stretch: its length and headers; the hash of its words, where operands matter. */
static uint32_t *shape_stretch(const struct jit *j, const struct sp_step *s, uint32_t *to)
{
	const struct sp_pattern *p = &j->index->pattern[s->what];
	uint64_t hash[2];
	bool plain = true;

	*to++ = STRETCH;
	*to++ = s->rounds;
	*to++ = p->records;
	for (unsigned i = 0; i < p->records; i++) {
		*to++ = p->header[i];
		plain &= header_plain(j, p->header[i]);
	}
	if (plain)
		return to;
	jit_hash(j, j->index->code + s->pc, (size_t)s->rounds * p->words * sizeof(*to), hash);
	memcpy(to, hash, sizeof(hash));
	return to + 4;
}

/* Stretches have at least INDEX_ROUNDS words, and need at most 11. */
#define SHAPE_WORDS(nwords) ((size_t)(nwords) * 3 + 16)
static_assert(3 + INDEX_PERIOD + 4 <= 3 * INDEX_ROUNDS, "a stretch's shape has room");

static int shape_make(struct jit *j, const struct sp *sp)
{
	const struct sp_index *x = j->index;
	uint32_t *to;

	if (sp->nwords > j->words_cap || !j->words) {
		to = malloc(SHAPE_WORDS(sp->nwords) * sizeof(*to));
		if (!to)
			return -ENOMEM;
		free(j->words);
		j->words = to;
		j->words_cap = sp->nwords;
	}
	to = j->words;
	for (uint32_t i = 0; i < x->nsteps; i++) {
		const struct sp_step *s = &x->step[i];

		if (s->rounds == INDEX_SEGMENT) {
			*to++ = SEGMENT;
			memcpy(to, &x->segment[s->what]->serial, sizeof(uint64_t));
			to += 2;
			continue;
		}
		if (s->rounds) {
			to = shape_stretch(j, s, to);
			continue;
		}
		*to++ = s->what;
		if (!header_plain(j, s->what))
			for (uint32_t k = 1; k < gl_ops[sp_opcode(s->what)].words; k++)
				*to++ = sp->code[s->pc + k];
	}
	j->nwords = (uint32_t)(to - j->words);
	return 0;
}

/* ---- steps ------------------------------------------------------------------------ */

int jit_index_make(struct jit *j, const struct sp *sp, const struct sp_index *given,
		   struct error *err)
{
	j->index = &j->own;
	if (given && given->code == sp->code && given->nwords == sp->nwords)
		j->index = given;
	else if (index_walk(&j->own, sp, j->regular) < 0)
		return error_set(err, -ENOMEM, "JIT: out of memory");
	if (shape_make(j, sp) < 0)
		return error_set(err, -ENOMEM, "JIT: out of memory");
	return 0;
}

/* The stretch at pc that became a loop. */
static bool loop_again(struct sp_index *x, const struct sp *sp, uint32_t *pc,
		       const struct jit_loop *loop)
{
	uint32_t headers[INDEX_PERIOD], at = *pc;
	const struct sp_pattern *p;

	for (unsigned i = 0; i < loop->records; i++) {
		if (at >= sp->nwords || sp_opcode(sp->code[at]) >= GL_OP_COUNT)
			return false;
		headers[i] = sp->code[at];
		at += gl_ops[sp_opcode(headers[i])].words;
	}
	p = index_learn(x, headers, loop->records, index_slack_any);
	if (!p || x->rounds(p, sp->code + *pc, sp->nwords - *pc) < loop->rounds)
		return false;
	index_add_stretch(x, *pc, p, loop->rounds);
	x->records += loop->rounds * p->records;
	*pc += loop->rounds * p->words;
	return true;
}

bool jit_index_again(struct jit *j, const struct sp *sp, const struct jit_code *k)
{
	struct sp_index *x = &j->own;
	uint32_t pc = 0, loop = 0;

	if (index_begin(x, sp->code, sp->nwords) < 0)
		return false;
	index_forget(x);
	while (pc < sp->nwords) {
		if (loop < k->nloops && k->loops[loop].pc == pc) {
			if (!loop_again(x, sp, &pc, &k->loops[loop++]))
				return false;
			continue;
		}
		if (sp_opcode(sp->code[pc]) >= GL_OP_COUNT)
			return false;
		index_add(x, pc, sp->code[pc]);
		x->records++;
		pc += gl_ops[sp_opcode(sp->code[pc])].words;
	}
	j->index = x;
	return x->records == k->records && loop == k->nloops;
}
