/* trap_programs.h - programs to be stopped in the middle: random procedures that call
 * each other, with stretches between Begin and End, in lists, in queries, and between
 * the dirty ranges of a mapped buffer.  The same in every process for the same seed.
 */
#ifndef TESTS_ENGINE_TRAP_PROGRAMS_H
#define TESTS_ENGINE_TRAP_PROGRAMS_H

#include <stdio.h>
#include <sys/mman.h>

#include "blink/engine/trap.h"
#include "tests/engine/random_sp.h"

#define PROGRAM_SPS 4u
#define PROGRAM_SECTIONS 64u

enum section { SECTION_NONE, SECTION_BEGIN, SECTION_LIST, SECTION_QUERY, SECTION_MAP, SECTIONS };
static const char *const section_names[SECTIONS] = {
	"outside", "Begin/End", "list", "query", "mapped buffer",
};

struct program {
	struct sp_payload payloads[RANDOM_PAYLOADS];
	struct random_sp made[PROGRAM_SPS];
	struct sp sps[PROGRAM_SPS];          /* the last one is run */
	struct { uint32_t first, end, kind; } sections[PROGRAM_SPS][PROGRAM_SECTIONS];
	uint32_t nsections[PROGRAM_SPS];
};

/* Commands that stand between the first and the last of a section. */
static inline unsigned program_inner(struct random *r, unsigned kind)
{
	static const unsigned vertex[] = { OP_glVertex3f, OP_glColor4f, OP_glNormal3f,
					   OP_glTexCoord2f, OP_mov, OP_add_f };
	static const unsigned draw[] = { OP_glEnable, OP_glDisable, OP_glTranslatef,
					 OP_glBlendFunc, OP_glBindTexture, OP_glCallList };

	switch (kind) {
	case SECTION_BEGIN: return vertex[random_below(r, 6)];
	case SECTION_MAP: return random_below(r, 2) ? OP_glBufferSubData : OP_add_i;
	default: return draw[random_below(r, 6)];
	}
}

static inline void program_section(struct random *r, struct program *p, uint32_t k)
{
	static const unsigned ends[SECTIONS][2] = {
		[SECTION_BEGIN] = { OP_glBegin, OP_glEnd },
		[SECTION_LIST] = { OP_glNewList, OP_glEndList },
		[SECTION_QUERY] = { OP_glBeginQuery, OP_glEndQuery },
		[SECTION_MAP] = { OP_glBindBuffer, OP_glBufferSubData },
	};
	struct random_sp *s = &p->made[k];
	uint32_t n = p->nsections[k], kind = 1 + random_below(r, SECTIONS - 1);
	uint32_t rounds = 1 + random_below(r, 12);
	unsigned inner[2] = { program_inner(r, kind), program_inner(r, kind) };

	if (n == PROGRAM_SECTIONS)
		return;
	random_record(r, s, ends[kind][0], false);
	p->sections[k][n].kind = kind;
	p->sections[k][n].first = (uint32_t)(s->code.len / 4);
	for (uint32_t i = 0; i < rounds; i++)
		for (unsigned m = 0; m < 2; m++)
			random_record(r, s, random_below(r, 8) ? inner[m] : program_inner(r, kind),
				      !random_below(r, 6));
	p->sections[k][n].end = (uint32_t)(s->code.len / 4);
	p->nsections[k]++;
	random_record(r, s, ends[kind][1], false);
}

static inline void program_body(struct random *r, struct program *p, uint32_t k)
{
	uint32_t n = 10 + random_below(r, 60);

	while (p->made[k].nrecords < n) {
		unsigned op = random_op(r, &p->made[k]);

		if (random_below(r, 5) == 0)
			program_section(r, p, k);
		else if (op != OP_end)
			random_record(r, &p->made[k], op, random_below(r, 2));
	}
	if (k)
		random_record(r, &p->made[k], OP_call, false);
	random_sp_end(r, &p->made[k]);
}

/* The recorder logs some pointers as they are: payloads lie at the same address in every
 * process. */
#define PAYLOADS_AT ((void *)0x7b0000000000)

static inline void program_payloads(struct sp_payload *v)
{
	static uint8_t *memory;
	size_t size = (size_t)RANDOM_PAYLOADS * RANDOM_PAYLOAD_SIZE;

	random_payloads(v);
	if (!memory) {
		memory = mmap(PAYLOADS_AT, size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (memory != PAYLOADS_AT)
			abort();
		for (unsigned i = 1; i < RANDOM_PAYLOADS; i++)
			memcpy(memory + i * RANDOM_PAYLOAD_SIZE, v[i].data, v[i].size);
	}
	for (unsigned i = 1; i < RANDOM_PAYLOADS; i++)
		v[i].data = memory + i * RANDOM_PAYLOAD_SIZE;
}

static inline void program_make(struct program *p, uint32_t seed)
{
	struct random r = { .state = seed };

	memset(p, 0, sizeof(*p));
	program_payloads(p->payloads);
	for (uint32_t k = 0; k < PROGRAM_SPS; k++) {
		struct random_sp *s = &p->made[k];

		random_sp_init(s);
		s->suspends = true;
		s->callees = k;
		program_body(&r, p, k);
		p->sps[k] = (struct sp){ .id = k, .callback = SP_REDRAW,
					 .code = (const uint32_t *)(const void *)s->code.data,
					 .nwords = (uint32_t)(s->code.len / 4) };
	}
}

static inline void program_finish(struct program *p)
{
	for (uint32_t k = 0; k < PROGRAM_SPS; k++)
		random_sp_finish(&p->made[k]);
}

static inline const struct sp *program_callee(void *user, uint32_t id)
{
	const struct program *p = user;

	return id < PROGRAM_SPS ? &p->sps[id] : NULL;
}

static inline const struct sp *program_top(const struct program *p)
{
	return &p->sps[PROGRAM_SPS - 1];
}

/* What stands at the innermost place of a trap. */
static inline enum section program_section_at(const struct program *p, const struct trap *t)
{
	const struct trap_place *at = &t->place[t->depth];

	for (uint32_t i = 0; i < p->nsections[at->sp]; i++)
		if (at->pc >= p->sections[at->sp][i].first &&
		    at->pc <= p->sections[at->sp][i].end)
			return p->sections[at->sp][i].kind;
	return SECTION_NONE;
}

/* ---- a client that runs one ------------------------------------------------------ */

struct runner {
	struct buf log;
	struct sink *sink;
	struct client client;
	enum engine_status status;
};

static inline void runner_init(struct runner *u, struct program *p, uint32_t seed)
{
	struct client_limits limits = { .slots = RANDOM_SLOTS };
	struct random r = { .state = seed + 99 };

	memset(u, 0, sizeof(*u));
	buf_init(&u->log);
	u->sink = sink_recorder_create(&u->log);
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		limits.names[i] = RANDOM_NAMES;
	if (!u->sink || client_init(&u->client, u->sink, &limits, NULL) < 0)
		abort();
	u->client.payloads = (struct sp_payloads){ p->payloads, RANDOM_PAYLOADS };
	u->client.callee = program_callee;
	u->client.user = p;
	for (unsigned k = 0; k < SP_EXTERNS; k++)
		u->client.ext.value[k] = random_value(&r);
	for (unsigned k = 0; k < SP_REGISTERS; k++)
		u->client.regs[k] = random_value(&r);
}

static inline void runner_finish(struct runner *u)
{
	client_finish(&u->client);
	sink_destroy(u->sink);
	buf_finish(&u->log);
}

/* From pc until the budget is used up or the program ends: yields go on at once.
 * jit NULL: interpreted. */
static inline enum engine_status runner_go(struct runner *u, struct jit *jit,
					   const struct program *p, uint32_t pc)
{
	const struct sp *sp = program_top(p);
	struct error err = { 0 };

	sink_recorder_use(u->sink);
	do {
		const struct jit_code *code = jit ? jit_compile(jit, sp, &err) : NULL;

		if (jit && !code)
			abort();
		u->status = code ? jit_run(&u->client, code, sp, pc)
				 : interp_run(&u->client, sp, pc);
		pc = u->client.pc;
	} while (u->status == ENGINE_YIELD);
	return u->status;
}

#endif
