/* interp.c - the plain engine: one record at a time, no cleverness.  It is what the
 * JIT is compared with, and what the JIT falls back to in the middle of a block.
 */
#include "blink/engine/arith.h"
#include "blink/engine/client.h"
#include "blink/engine/interp.h"

/* Value of a one-word operand: immediate, or a register where the mask says so. */
static uint32_t value(const struct client *c, const uint32_t *rec, unsigned operand)
{
	uint32_t w = record_word(rec, operand);

	return sp_mask(*rec) >> operand & 1 ? c->regs[w] : w;
}

/* Core instructions but those that end or suspend a run; returns the next pc. */
static uint32_t core(struct client *c, const uint32_t *rec, uint32_t next)
{
	unsigned op = sp_opcode(*rec), n = gl_ops[op].noperands;

	if (op == OP_ext) {
		c->regs[record_word(rec, 0)] = c->ext.value[record_word(rec, 1)];
	} else if (op == OP_jump) {
		next += record_word(rec, 0);
	} else if (gl_ops[op].operands[0].kind == GL_KIND_DST) {
		uint32_t b = n > 2 ? value(c, rec, 2) : 0;

		c->regs[record_word(rec, 0)] = arith_fns[op](value(c, rec, 1), b);
	} else if (arith_fns[op](value(c, rec, 0), value(c, rec, 1))) {
		next += record_word(rec, 2);
	}
	return next;
}

static void direct(struct client *c, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	uint64_t argv[CLIENT_ARGUMENTS];

	client_arguments(c, rec, argv);
	gl_invoke(op->signature, c->sink->entry[sp_opcode(*rec)], argv);
}

/* Runs the record at c->pc; true when the run stops there, with *status. */
static bool step(struct client *c, const struct sp *sp, client_run_fn run_sp,
		 enum engine_status *status)
{
	const uint32_t *rec = sp->code + c->pc;
	unsigned op = sp_opcode(*rec);
	uint32_t pc = c->pc, next = pc + gl_ops[op].words;

	switch (op) {
	case OP_end:
		*status = ENGINE_END;
		return true;
	case OP_yield:
		c->pc = next;
		*status = ENGINE_YIELD;
		return true;
	case OP_call:
		*status = client_call(c, rec, run_sp);
		c->pc = *status == ENGINE_END ? next : pc;
		return *status != ENGINE_END;
	}
	if (gl_ops[op].form == GL_FORM_CORE) {
		next = core(c, rec, next);
	} else {
		c->calls++;
		if (gl_ops[op].form == GL_FORM_DIRECT) {
			direct(c, rec);
		} else if (client_command(c, rec) < 0) {
			*status = ENGINE_ERROR;
			return true;
		}
	}
	c->pc = next;
	return false;
}

enum engine_status interp_until(struct client *c, const struct sp *sp, uint32_t pc,
				client_run_fn run_sp, const struct interp_stops *stops)
{
	bool resuming = c->depth > c->level;    /* the call at pc is paid for */
	enum engine_status status;

	for (c->pc = pc;;) {
		if (stops && c->pc != pc && interp_stops_at(stops, c->pc))
			return INTERP_STOPPED;
		if (!resuming) {
			if (!c->budget)
				return ENGINE_LIMIT;
			c->budget--;
		}
		resuming = false;
		if (step(c, sp, run_sp, &status))
			return status;
	}
}

enum engine_status interp_run(struct client *c, const struct sp *sp, uint32_t pc)
{
	client_enter(c, pc);
	return interp_until(c, sp, pc, interp_run, NULL);
}
