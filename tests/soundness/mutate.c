/* mutate.c - hostile programs: a generated one with words changed behind the grammar's
 * back, pieces of others in it, and its end missing.
 */
#include <GL/gl.h>
#include <string.h>

#include "tests/soundness/program.h"

static uint32_t word_choose(struct dice *d)
{
	static const uint32_t words[] = { 0, 1, 2, 3, 4, 5, 6, 8, 12, 16, 48, 64, 0xffff, 0x10000,
		0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, GL_VERTEX_ARRAY, 0x8892, 0x8893,
		GL_UNSIGNED_SHORT, GL_UNSIGNED_INT, GL_FLOAT, 0x3fffffff, 0x40000000,
		PAY_LARGE, PAY_EMPTY, PAY_ABSENT, PAY_COUNT, PAY_OPEN };

	return words[dice_below(d, sizeof(words) / sizeof(*words))];
}

/* The record that holds word `at`, as far as they are whole. */
static uint32_t record_at(const struct program_sp *sp, uint32_t at)
{
	const uint32_t *r, *end = sp->words + sp->n;
	uint32_t start = 0;
	bool bad;

	for (r = sp->words; (r = sp_next(r, end, &bad)) && r <= sp->words + at; r += sp_words(r))
		start = (uint32_t)(r - sp->words);
	return start;
}

/* One operand of one record, by its kind: sizes, payloads, labels and counts. */
static void operand_change(struct program_sp *sp, struct dice *d)
{
	uint32_t *rec = sp->words + record_at(sp, dice_below(d, sp->n));
	const struct gl_op *op;
	const struct gl_operand *o;

	if (sp_opcode(*rec) >= GL_OP_COUNT)
		return;
	op = &gl_ops[sp_opcode(*rec)];
	if (!op->noperands || rec + op->words > sp->words + sp->n)
		return;
	o = &op->operands[dice_below(d, op->noperands)];
	if (o->word >= op->words)
		return;
	switch (o->kind) {
	case GL_KIND_PAYLOAD:
		if (dice_below(d, 2))
			rec[o->word] = dice_below(d, PAY_COUNT + 1);
		else
			rec[o->word + 1] = word_choose(d);
		break;
	case GL_KIND_LABEL: rec[o->word] += dice_below(d, 9) - 4; break;
	case GL_KIND_NAME: rec[o->word] = dice_below(d, 2) ? dice_below(d, 12) : word_choose(d); break;
	default: rec[o->word] = word_choose(d);
	}
}

static void piece_copy(struct program_sp *to, const struct program_sp *from, struct dice *d)
{
	uint32_t at = dice_below(d, to->n), k = record_at(from, dice_below(d, from->n));
	uint32_t len = dice_below(d, 24);

	if (dice_below(d, 2))
		at = record_at(to, at);
	for (uint32_t i = 0; i < len && at + i < to->n && k + i < from->n; i++)
		to->words[at + i] = from->words[k + i];
}

static void piece_insert(struct program_sp *to, const struct program_sp *from, struct dice *d)
{
	uint32_t at = record_at(to, dice_below(d, to->n));
	uint32_t k = record_at(from, dice_below(d, from->n)), len = 1 + dice_below(d, 16);

	if (k + len > from->n)
		len = from->n - k;
	if (to->n + len > PROGRAM_WORDS)
		return;
	memmove(to->words + at + len, to->words + at, (to->n - at) * sizeof(uint32_t));
	memmove(to->words + at, from->words + k + (from == to && k >= at ? len : 0),
		len * sizeof(uint32_t));
	to->n += len;
}

static void change(struct program *p, struct dice *d)
{
	struct program_sp *sp = &p->sp[dice_below(d, p->nsps)];
	struct program_sp *other = &p->sp[dice_below(d, p->nsps)];
	uint32_t at;

	if (!sp->n || !other->n)
		return;
	at = dice_below(d, sp->n);
	switch (dice_below(d, 16)) {
	case 0: sp->words[at] ^= 1u << dice_below(d, 32); break;
	case 1: sp->words[at] += dice_below(d, 3) - 1; break;
	case 2: sp->words[at] = word_choose(d); break;
	case 3: sp->words[at] = sp->words[dice_below(d, sp->n)]; break;
	case 4: at = record_at(sp, at); sp->words[at] ^= 1u << (16 + dice_below(d, 8)); break;
	case 5: at = record_at(sp, at); sp->words[at] = sp_header(dice_below(d, GL_OP_COUNT), 0); break;
	case 6: sp->callback = (uint8_t)dice_below(d, SP_CALLBACKS + 2); break;
	case 7: if (!dice_below(d, 4)) sp->n -= dice_below(d, sp->n < 4 ? sp->n : 4); break;
	case 8: case 9: piece_copy(sp, other, d); break;
	case 10: piece_insert(sp, other, d); break;
	case 11: at = record_at(sp, at); program_cut(sp, at, 1); break;
	default: operand_change(sp, d);
	}
}

void mutate(struct program *p, struct dice *d)
{
	for (uint32_t n = 1 + dice_below(d, 4); n; n--)
		change(p, d);
}
