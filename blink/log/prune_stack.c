/* prune_stack.c - going forward: matrices, pushes and pops.  A push is held together with
 * its pop; what the shadow was at the push it is again after the pop.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <stdlib.h>
#include <string.h>

/* what drivers allow at least, and Mesa at most */
#define MATRIX_DEPTH 31u
#define TEXTURE_DEPTH 9u
#define ATTRIB_DEPTH 16u

uint32_t pair_make(struct prune *p, unsigned kind)
{
	uint32_t i = p->free_pair;

	if (i) {
		p->free_pair = p->pair[i].pop;
	} else {
		i = p->npairs ? p->npairs : 1;
		p->pair = prune_grow(p, p->pair, &p->pairs_cap, i, sizeof(*p->pair));
		if (p->error.code)
			return 0;
		if (i == 1)
			memset(&p->pair[0], 0, sizeof(p->pair[0]));
		p->npairs = i + 1;
	}
	memset(&p->pair[i], 0, sizeof(p->pair[i]));
	p->pair[i].kind = (uint8_t)kind;
	p->pair[i].ctx = p->ctx;
	return i;
}

static void stack_push(struct prune *p, struct entry *e, uint32_t *reg, unsigned which, uint32_t pair)
{
	uint32_t *depth = &reg[R_MATRIX_DEPTH + which];

	if (!pair)
		return;
	if (*depth == PRUNE_STACK) {
		e->flags |= E_VOID;
		return;
	}
	e->aux = pair;
	shadow_set(p, &reg[R_MATRIX_STACK + which * PRUNE_STACK + *depth], pair);
	shadow_set(p, depth, *depth + 1);
}

static void stack_take(struct prune *p, uint32_t *reg, unsigned which, uint32_t at)
{
	uint32_t *stack = &reg[R_MATRIX_STACK + which * PRUNE_STACK];
	uint32_t *depth = &reg[R_MATRIX_DEPTH + which];

	for (; at + 1 < *depth; at++)
		shadow_set(p, &stack[at], stack[at + 1]);
	shadow_set(p, depth, *depth - 1);
}

static uint32_t matrix_cell(struct prune *p, const uint32_t *reg)
{
	uint32_t unit = reg[R_MATRIX_MODE] == GL_TEXTURE ? reg[R_ACTIVE] : 0;

	return cell_at(p, p->ctx, GL_SLOT_matrix, reg[R_MATRIX_MODE], unit);
}

uint32_t *matrix_sorts(struct prune *p)
{
	uint32_t *reg = ctx_reg(p);

	switch (reg[R_MATRIX_MODE]) {
	case GL_MODELVIEW: return &reg[R_SORTS];
	case GL_PROJECTION: return &reg[R_SORTS + 1];
	case GL_TEXTURE: return &reg[R_SORTS + 3 + reg[R_ACTIVE] - GL_TEXTURE0];
	default: return &reg[R_SORTS + 2];
	}
}

unsigned matrix_sort(const uint32_t *rec)
{
	unsigned sort = row_of(rec)->sort;
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	unsigned n;

	if (sort != SORT_SCALE || sp_mask(*rec))
		return sort;
	n = sp_words(rec) > 4 ? 2 : 1;           /* doubles or floats */
	for (unsigned i = 1; i < 3; i++)
		for (unsigned k = 0; k < n; k++)
			if (rec[op->operands[i].word + k] != rec[op->operands[0].word + k])
				return SORT_SCALE;
	return SORT_SCALE_EVEN;
}

void matrix_step(struct prune *p, const uint32_t *rec)
{
	uint32_t *sorts = matrix_sorts(p), sort = 1u << matrix_sort(rec);

	shadow_set(p, sorts, sort == 1u << SORT_LOAD ? sort : *sorts | sort);
}

void matrix_push(struct prune *p, struct entry *e, uint32_t *reg)
{
	uint32_t cell = matrix_cell(p, reg), pair, depth = 0;
	const uint32_t *stack = &reg[R_MATRIX_STACK];

	for (uint32_t i = 0; i < reg[R_MATRIX_DEPTH]; i++)
		depth += p->pair[stack[i]].cell == cell;
	if (depth >= (reg[R_MATRIX_MODE] == GL_TEXTURE ? TEXTURE_DEPTH : MATRIX_DEPTH)) {
		e->flags |= E_VOID;
		return;
	}
	pair = pair_make(p, PAIR_MATRIX);
	if (pair) {
		p->pair[pair].cell = cell;
		p->pair[pair].sorts = *matrix_sorts(p);
	}
	stack_push(p, e, reg, 0, pair);
}

void matrix_pop(struct prune *p, struct entry *e, uint32_t *reg)
{
	uint32_t cell = matrix_cell(p, reg), i = reg[R_MATRIX_DEPTH];
	const uint32_t *stack = &reg[R_MATRIX_STACK];

	while (i > 0 && p->pair[stack[i - 1]].cell != cell)
		i--;
	if (!i) {
		e->flags |= E_VOID;
		return;
	}
	e->aux = stack[i - 1];
	shadow_set(p, matrix_sorts(p), p->pair[e->aux].sorts);
	stack_take(p, reg, 0, i - 1);
}

/* The shadow's words up to the texture bindings in use. */
static uint32_t words_used(const uint32_t *reg)
{
	return R_TEX + reg[R_USED] * PRUNE_TEX_TARGETS;
}

void attrib_push(struct prune *p, struct entry *e, uint32_t *reg, const uint32_t *rec,
		 bool client)
{
	uint32_t n = words_used(reg), pair, used = reg[R_USED];
	struct pair *q;

	if (reg[client ? R_CLIENT_DEPTH : R_ATTRIB_DEPTH] >= ATTRIB_DEPTH) {
		e->flags |= E_VOID;
		return;
	}
	pair = pair_make(p, client ? PAIR_CLIENT : PAIR_ATTRIB);
	if (!pair)
		return;
	q = &p->pair[pair];
	q->vao = vao_bound(p);
	q->mask = operand(rec, 0);
	if (client)
		q->mask = q->mask & GL_CLIENT_VERTEX_ARRAY_BIT ? GROUP_CLIENT : 0;
	q->outer = 0;
	for (uint32_t i = 0; !client && i < reg[R_ATTRIB_DEPTH]; i++)
		q->outer |= p->pair[reg[R_ATTRIB_STACK + i]].mask;
	q->nsaved = n + PRUNE_ARRAYS;
	q->saved = calloc(q->nsaved, sizeof(*q->saved));
	q->textures = calloc((size_t)used * PRUNE_TEX_TARGETS + 1, sizeof(*q->textures));
	if (!q->saved || !q->textures) {
		error_set(&p->error, -12, "prune: out of memory");
		return;
	}
	p->saved += q->nsaved;
	memcpy(q->saved, reg, n * sizeof(*reg));
	memcpy(q->saved + n, p->object[q->vao]->reg, PRUNE_ARRAYS * sizeof(*reg));
	for (uint32_t i = 0; q->mask & GL_TEXTURE_BIT && i < used * PRUNE_TEX_TARGETS; i++)
		if (reg[R_TEX + i])
			q->textures[q->ntextures++] = reg[R_TEX + i];
	stack_push(p, e, reg, client ? 2 : 1, pair);
}

static void words_restore(struct prune *p, uint32_t *reg, const uint32_t *saved, unsigned from,
			  unsigned count)
{
	for (unsigned i = from; i < from + count; i++)
		shadow_set(p, &reg[i], saved[i]);
}

static uint32_t flags_of(uint32_t mask)
{
	static const struct { uint32_t flag, groups; } flags[] = {
		{ F_DEPTH_TEST, GL_DEPTH_BUFFER_BIT | GL_ENABLE_BIT },
		{ F_STENCIL_TEST, GL_STENCIL_BUFFER_BIT | GL_ENABLE_BIT },
		{ F_SCISSOR, GL_SCISSOR_BIT | GL_ENABLE_BIT },
		{ F_COLOR_MATERIAL, GL_LIGHTING_BIT | GL_ENABLE_BIT },
		{ F_COLOR_PART | F_DRAW_BUFFER, GL_COLOR_BUFFER_BIT },
		{ F_DEPTH_OFF, GL_DEPTH_BUFFER_BIT }, { F_STENCIL_PART, GL_STENCIL_BUFFER_BIT },
	};
	uint32_t out = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (mask & flags[i].groups)
			out |= flags[i].flag;
	return out;
}

static void attrib_restore(struct prune *p, uint32_t *reg, const struct pair *q)
{
	uint32_t flags = flags_of(q->mask);

	shadow_set(p, &reg[R_FLAGS], (reg[R_FLAGS] & ~flags) | (q->saved[R_FLAGS] & flags));
	if (q->mask & GL_TRANSFORM_BIT)
		words_restore(p, reg, q->saved, R_MATRIX_MODE, 1);
	if (q->mask & GL_LIGHTING_BIT)
		words_restore(p, reg, q->saved, R_COLOR_MATERIAL, 1);
	if (q->mask & GL_LIST_BIT)
		words_restore(p, reg, q->saved, R_LIST_BASE, 1);
	if (!(q->mask & GL_TEXTURE_BIT))
		return;
	words_restore(p, reg, q->saved, R_ACTIVE, 1);
	words_restore(p, reg, q->saved, R_TEX, q->nsaved - PRUNE_ARRAYS - R_TEX);
	for (uint32_t i = q->nsaved - PRUNE_ARRAYS; i < words_used(reg); i++)
		shadow_set(p, &reg[i], 0);
}

static void client_restore(struct prune *p, uint32_t *reg, const struct pair *q)
{
	if (!(q->mask & GROUP_CLIENT))
		return;
	words_restore(p, reg, q->saved, R_VAO, 1);
	words_restore(p, reg, q->saved, R_CLIENT_ACTIVE, 1);
	words_restore(p, reg, q->saved, R_BUF, 1);
	if (p->object[q->vao])
		words_restore(p, p->object[q->vao]->reg, q->saved + q->nsaved - PRUNE_ARRAYS, 0,
			      PRUNE_ARRAYS);
}

void attrib_pop(struct prune *p, struct entry *e, uint32_t *reg, bool client)
{
	unsigned which = client ? 2 : 1;
	uint32_t depth = reg[R_MATRIX_DEPTH + which];
	const struct pair *q;

	if (!depth) {
		e->flags |= E_VOID;
		return;
	}
	e->aux = reg[R_MATRIX_STACK + which * PRUNE_STACK + depth - 1];
	q = &p->pair[e->aux];
	stack_take(p, reg, which, depth - 1);
	if (client)
		client_restore(p, reg, q);
	else
		attrib_restore(p, reg, q);
}
