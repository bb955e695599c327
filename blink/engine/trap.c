/* trap.c - traps taken from a client and given to one. */
#include "blink/engine/trap.h"

#include <errno.h>
#include <string.h>
#include <xxhash.h>

#include "blink/engine/client.h"

const char *const trap_cause_names[TRAP_CAUSES] = {
	[TRAP_LIMIT] = "limit", [TRAP_YIELD] = "yield", [TRAP_RESET] = "reset",
	[TRAP_SIGNAL] = "signal",
};

void trap_version(const struct sp *sp, uint64_t version[2])
{
	XXH128_hash_t h = XXH3_128bits(sp->code, (size_t)sp->nwords * sizeof(uint32_t));

	version[0] = h.low64;
	version[1] = h.high64;
}

/* Is pc the first word of a record? */
static bool is_record(const struct sp *sp, uint32_t pc)
{
	const uint32_t *rec = sp->code, *end = rec + sp->nwords;
	bool bad;

	for (; (rec = sp_next(rec, end, &bad)) && rec <= sp->code + pc; rec += sp_words(rec))
		if (rec == sp->code + pc)
			return true;
	return false;
}

/* The SP that the suspended `call` at pc calls; NULL: there is none. */
static const struct sp *callee_at(const struct client *c, const struct sp *sp, uint32_t pc)
{
	const uint32_t *rec = sp->code + pc;

	if (!is_record(sp, pc) || sp_opcode(*rec) != OP_call || !c->callee)
		return NULL;
	return c->callee(c->user, record_word(rec, 0));
}

static void place_fill(struct trap_place *p, const struct sp *sp, uint32_t pc,
		       const uint32_t *regs)
{
	p->sp = sp->id;
	p->pc = pc;
	trap_version(sp, p->version);
	memcpy(p->regs, regs, sizeof(p->regs));
}

int trap_capture(struct trap *t, enum trap_cause cause, uint32_t detail,
		 const struct client *c, const struct sp *sp, struct error *err)
{
	uint32_t pc = c->pc;

	memset(t, 0, sizeof(*t));
	t->cause = cause;
	t->detail = detail;
	t->calls = c->calls;
	t->budget = c->budget;
	t->ext = c->ext;
	t->depth = c->depth;
	for (uint32_t k = 0; k < c->depth; k++) {
		place_fill(&t->place[k], sp, pc, c->frames[k].regs);
		sp = callee_at(c, sp, pc);
		if (!sp)
			return error_set(err, -EINVAL, "trap: SP %u is not suspended at word %u",
					 t->place[k].sp, pc);
		pc = c->frames[k].pc;
	}
	if (!is_record(sp, pc))
		return error_set(err, -EINVAL, "trap: SP %u has no record at word %u", sp->id, pc);
	place_fill(&t->place[c->depth], sp, pc, c->regs);
	return 0;
}

static int place_check(const struct trap_place *p, const struct sp *sp, struct error *err)
{
	uint64_t version[2];

	if (!sp || p->sp != sp->id)
		return error_set(err, -EINVAL, "trap: it is of SP %u (give it that one)", p->sp);
	trap_version(sp, version);
	if (memcmp(version, p->version, sizeof(version)))
		return error_set(err, -EINVAL, "trap: SP %u is another version now "
				 "(give the one that was stopped)", p->sp);
	if (!is_record(sp, p->pc))
		return error_set(err, -EINVAL, "trap: SP %u has no record at word %u", p->sp,
				 p->pc);
	return 0;
}

static int trap_check(const struct trap *t, const struct client *c, const struct sp *sp,
		      struct error *err)
{
	if (t->depth > SP_CALL_DEPTH)
		return error_set(err, -EINVAL, "trap: %u calls cannot be suspended", t->depth);
	for (uint32_t k = 0;; k++) {
		int rc = place_check(&t->place[k], sp, err);

		if (rc < 0 || k == t->depth)
			return rc;
		sp = callee_at(c, sp, t->place[k].pc);
		if (!sp)
			return error_set(err, -EINVAL, "trap: SP %u calls nothing at word %u",
					 t->place[k].sp, t->place[k].pc);
	}
}

int trap_restore(const struct trap *t, struct client *c, const struct sp *sp,
		 struct error *err)
{
	int rc = trap_check(t, c, sp, err);

	if (rc < 0)
		return rc;
	c->calls = t->calls;
	c->budget = t->budget;
	c->ext = t->ext;
	c->pc = t->place[0].pc;
	c->level = 0;
	c->depth = t->depth;
	for (uint32_t k = 0; k < t->depth; k++) {
		memcpy(c->frames[k].regs, t->place[k].regs, sizeof(c->frames[k].regs));
		c->frames[k].pc = t->place[k + 1].pc;
	}
	memcpy(c->regs, t->place[t->depth].regs, sizeof(c->regs));
	return 0;
}

int trap_replay(const struct trap *t, uint64_t budget, struct client *c, const struct sp *sp,
		struct error *err)
{
	enum engine_status status = ENGINE_YIELD;
	struct trap now;
	int rc = trap_check(t, c, sp, err);

	if (rc < 0)
		return rc;
	c->budget = budget - t->budget;
	client_abandon(c);
	c->pc = 0;
	for (uint32_t pc = 0; status == ENGINE_YIELD && c->budget; pc = c->pc)
		status = interp_run(c, sp, pc);
	if (status != ENGINE_LIMIT && status != ENGINE_YIELD)
		return error_set(err, -EIO, "trap: SP %u does not come by there", sp->id);
	rc = trap_capture(&now, t->cause, t->detail, c, sp, err);
	if (rc < 0)
		return rc;
	if (now.depth != t->depth ||
	    memcmp(now.place, t->place, (t->depth + 1) * sizeof(t->place[0])))
		return error_set(err, -EIO, "trap: SP %u comes by elsewhere "
				 "(registers and external state as they were?)", sp->id);
	return trap_restore(t, c, sp, err);
}
