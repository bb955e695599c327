/* random_sp.h - stored procedures at random, by the grammar: every record is one that
 * a verifier could accept as far as engines care (operands in range, payloads long
 * enough, forward jumps to record boundaries, acyclic calls).
 *
 * Choices come from a string of bytes while there are any (a fuzzer's input), then
 * from a generator seeded by it.  Included by the engine tests and their fuzzer.
 */
#ifndef TESTS_ENGINE_RANDOM_SP_H
#define TESTS_ENGINE_RANDOM_SP_H

#include <stdlib.h>
#include <string.h>

#include "blink/sp/sp.h"

#define RANDOM_NAMES 15u          /* highest name of each space */
#define RANDOM_SLOTS 9u
#define RANDOM_PAYLOADS 5u        /* the null payload included */
#define RANDOM_PAYLOAD_SIZE 65536u

struct random {
	const uint8_t *data;
	size_t size;
	uint64_t state;
};

static inline uint32_t random_u32(struct random *r)
{
	uint32_t v = 0;

	if (r->size) {
		size_t n = r->size < 4 ? r->size : 4;

		memcpy(&v, r->data, n);
		r->data += n;
		r->size -= n;
		r->state += v;
		return v;
	}
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(r->state >> 32);
}

static inline uint32_t random_below(struct random *r, uint32_t n)
{
	return random_u32(r) % n;
}

/* Payloads of short zero-terminated words: text and numbers alike. */
static inline void random_payloads(struct sp_payload *v)
{
	static uint8_t memory[RANDOM_PAYLOADS][RANDOM_PAYLOAD_SIZE]
		__attribute__((aligned(8)));
	struct random r = { .state = 7 };

	v[0] = (struct sp_payload){ 0 };
	for (unsigned i = 1; i < RANDOM_PAYLOADS; i++) {
		for (unsigned k = 0; k < RANDOM_PAYLOAD_SIZE; k++)
			memory[i][k] = random_below(&r, 8) ? (uint8_t)random_below(&r, 24) : 0;
		memory[i][RANDOM_PAYLOAD_SIZE - 1] = 0;
		v[i] = (struct sp_payload){ .data = memory[i], .size = RANDOM_PAYLOAD_SIZE };
	}
}

/* Values of an enum group, found once. */
#define RANDOM_GROUPS 512u
#define RANDOM_GROUP_VALUES 64u

struct random_group {
	const char *name;
	uint32_t v[RANDOM_GROUP_VALUES], n;
};

static inline struct random_group *random_group(const char *name)
{
	static struct random_group groups[RANDOM_GROUPS];
	struct random_group *g = groups;

	for (; g->name; g++)
		if (g->name == name)      /* the table's own string */
			return g;
	if (g == groups + RANDOM_GROUPS - 1)
		return g;
	g->name = name;
	for (uint32_t v = 0; v < 0x9400 && g->n < RANDOM_GROUP_VALUES; v++) {
		if (gl_enum_name(name, v))
			g->v[g->n++] = v;
		if (v == 0x4fff)
			v = 0x7fff;               /* nothing lies between */
	}
	return g;
}

static inline uint32_t random_enum(struct random *r, const char *group)
{
	static const uint32_t common[] = {
		0x1401, 0x1402, 0x1403, 0x1404, 0x1405, 0x1406,  /* GL_UNSIGNED_BYTE... */
		0x1907, 0x1908, 0x80e1, 0x1909, 0x0de1, 0x8892, 0, 1, 4,
	};
	struct random_group *g = group ? random_group(group) : NULL;

	if (g && g->n && random_below(r, 8))
		return g->v[random_below(r, g->n)];
	return common[random_below(r, sizeof(common) / sizeof(common[0]))];
}

static inline uint32_t random_value(struct random *r)
{
	static const uint32_t odd[] = {
		0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x3f800000, 0xbf800000,
		0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 0xff923456,
		0x00000001, 0x80000000, 0x007fffff, 0x4f000000, 0xcf000000, 0xcf000001,
		0x4effffff, 0x4b800000, 0x42480000,
	};

	return random_below(r, 3) ? odd[random_below(r, sizeof(odd) / sizeof(odd[0]))]
				  : random_u32(r);
}

/* A number that may measure payloads: mostly small. */
static inline uint32_t random_count(struct random *r)
{
	return random_below(r, 16) ? random_below(r, 5) : random_below(r, 300);
}

/* ---- one record ------------------------------------------------------------------ */

struct random_sp {
	struct buf code;
	uint32_t *starts;         /* word index of each record */
	uint32_t nrecords;
	uint32_t callees;         /* SPs with ids below may be called */
	bool suspends;            /* yield and call are allowed */
};

static inline void random_operand(struct random *r, const struct random_sp *s,
				  const struct gl_operand *o, uint32_t *w, bool is_register)
{
	bool core = o->param == 0xff;

	w[0] = 0;
	if (is_register) {
		w[0] = random_below(r, SP_REGISTERS);
		return;
	}
	switch (o->kind) {
	case GL_KIND_INT: case GL_KIND_UINT:
		w[0] = core ? random_value(r) : random_count(r);
		return;
	case GL_KIND_FLOAT: w[0] = random_value(r); return;
	case GL_KIND_DOUBLE: w[0] = random_value(r); w[1] = random_value(r); return;
	case GL_KIND_INT64: case GL_KIND_UINT64: w[0] = random_count(r); w[1] = 0; return;
	case GL_KIND_OFFSET: w[0] = random_count(r); w[1] = random_below(r, 2); return;
	case GL_KIND_BOOL: w[0] = random_below(r, 2); return;
	case GL_KIND_ENUM: w[0] = random_enum(r, o->group); return;
	case GL_KIND_BITS: w[0] = random_u32(r); return;
	case GL_KIND_NAME: w[0] = random_below(r, RANDOM_NAMES + 1); return;
	case GL_KIND_LOCATION: w[0] = random_below(r, RANDOM_SLOTS + 1); return;
	case GL_KIND_PAYLOAD:
		w[0] = o->nullable ? random_below(r, RANDOM_PAYLOADS)
				   : 1 + random_below(r, RANDOM_PAYLOADS - 1);
		w[1] = w[0] ? 8 * random_below(r, 64) : 0;
		return;
	case GL_KIND_DST: w[0] = random_below(r, SP_REGISTERS); return;
	case GL_KIND_SP: w[0] = s->callees ? random_below(r, s->callees) : 0; return;
	case GL_KIND_EXTERN: w[0] = random_below(r, SP_EXTERNS); return;
	}
}

/* Operands that a form reads in its own way, brought into its range. */
static inline void random_form(struct random *r, unsigned op, uint32_t *rec)
{
	const struct gl_operand *o = gl_ops[op].operands;
	unsigned n = gl_ops[op].noperands;

	if (gl_ops[op].form == GL_FORM_LOCATE) {
		rec[o[2].word] = random_below(r, 3);
		rec[o[3].word] = random_below(r, RANDOM_SLOTS + 1);
	} else if (op == OP_call) {
		rec[o[1].word] = random_below(r, SP_REGISTERS);
		rec[o[2].word] = random_below(r, SP_REGISTERS - rec[o[1].word] + 1);
	} else if (gl_ops[op].form == GL_FORM_UNPACK_BUF) {
		rec[o[n - 1].word] = 1u << random_below(r, 4);
	}
}

static inline bool random_payloads_fit(const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];
		uint64_t size;

		if (o->kind != GL_KIND_PAYLOAD && o->kind != GL_KIND_ANSWER)
			continue;
		if (!gl_payload_size(rec, i, &size) || size > RANDOM_PAYLOAD_SIZE / 2)
			return false;
	}
	return true;
}

/* Appends a record of op; false if no operands were found that it accepts. */
static inline bool random_record(struct random *r, struct random_sp *s, unsigned op,
				 bool registers)
{
	const struct gl_op *g = &gl_ops[op];
	uint32_t rec[64];

	for (unsigned tries = 0; tries < 200; tries++) {
		unsigned mask = 0;

		for (unsigned i = 0; i < g->noperands; i++) {
			const struct gl_operand *o = &g->operands[i];

			if (registers && o->reg_ok && random_below(r, 2))
				mask |= 1u << i;
			random_operand(r, s, o, rec + o->word, mask >> i & 1);
		}
		rec[0] = sp_header(op, mask);
		random_form(r, op, rec);
		if (!random_payloads_fit(rec))
			continue;
		s->starts = realloc(s->starts, (s->nrecords + 1) * sizeof(*s->starts));
		s->starts[s->nrecords++] = (uint32_t)(s->code.len / 4);
		buf_append(&s->code, rec, g->words * 4u);
		return true;
	}
	return false;
}

/* ---- a procedure ------------------------------------------------------------------- */

static inline void random_sp_init(struct random_sp *s)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->code);
}

static inline void random_sp_finish(struct random_sp *s)
{
	buf_finish(&s->code);
	free(s->starts);
}

/* The last record, and every label: most jumps are short. */
static inline void random_sp_end(struct random *r, struct random_sp *s)
{
	uint32_t *code;

	random_record(r, s, OP_end, false);
	code = (uint32_t *)(void *)s->code.data;
	for (uint32_t i = 0; i < s->nrecords; i++) {
		const struct gl_op *g = &gl_ops[sp_opcode(code[s->starts[i]])];
		uint32_t left = s->nrecords - 1 - i, next = s->starts[i] + g->words;

		for (unsigned k = 0; k < g->noperands; k++) {
			uint32_t skip = random_below(r, 4) && left > 6 ? 6 : left;

			if (g->operands[k].kind == GL_KIND_LABEL)
				code[s->starts[i] + g->operands[k].word] =
					s->starts[i + 1 + random_below(r, skip)] - next;
		}
	}
}

static inline unsigned random_op(struct random *r, const struct random_sp *s)
{
	for (;;) {
		unsigned op = random_below(r, 3) ? random_below(r, OP_ext + 1u)
						 : random_below(r, GL_OP_COUNT);

		if (op == OP_end && random_below(r, 20))
			continue;
		if ((op == OP_yield || op == OP_call) && !s->suspends)
			continue;
		if (op == OP_call && !s->callees)
			continue;
		return op;
	}
}

/* About n records: singles, runs of one instruction, and repeated short patterns. */
static inline void random_sp_fill(struct random *r, struct random_sp *s, uint32_t n)
{
	while (s->nrecords < n) {
		unsigned ops[5], period = 1 + random_below(r, 5);
		uint32_t rounds = random_below(r, 3) ? 1 : 1 + random_below(r, 12);
		bool registers = random_below(r, 2);

		for (unsigned i = 0; i < period; i++)
			ops[i] = random_op(r, s);
		for (uint32_t k = 0; k < rounds; k++)
			for (unsigned i = 0; i < period; i++)
				random_record(r, s, ops[i], registers && rounds == 1);
	}
	random_sp_end(r, s);
}

#endif
