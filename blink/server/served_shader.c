/* served_shader.c - the sources that a procedure hands to the driver, tried before it runs.
 *
 * A trial takes a tenth of a second or more.  So it is asked for, and the procedure waits;
 * other clients, and the display, do not.  When the command is executed the judge is asked
 * again (confine_shader.c), and knows.  What it does not know then it refuses: that is a
 * stage that was taken for another one, since a jump left out what made the shader. */
#include "blink/server/served.h"

#include <stdlib.h>

/* Words of the records. */
enum { SOURCE_SHADER = 1, SOURCE_LENGTH, SOURCE_PAYLOAD };
enum { STRING_TARGET = 1, STRING_LENGTH = 3, STRING_PAYLOAD };
enum { CREATE_TYPE = 1, CREATE_NAME };

static uint32_t *stage_of(struct served *c, uint32_t shader)
{
	if (!c->stages)
		c->stages = calloc((size_t)c->limits.names[GL_SPACE_PROGRAM] + 1,
				   sizeof(*c->stages));
	return c->stages && shader <= c->limits.names[GL_SPACE_PROGRAM] ? &c->stages[shader] : NULL;
}

/* False: its trial is under way, or that of another. */
static bool tried(struct served *c, uint32_t stage, const uint32_t *at, uint32_t length,
		  const struct sp_payloads *payloads)
{
	const struct sp_payload *p = at[0] && at[0] < payloads->n ? &payloads->v[at[0]] : NULL;

	/* the verifier will say what is wrong with it */
	if (!p || !p->data || !range_ok(at[1], length, p->size))
		return true;
	return shader_judge_ahead(c->opt.judge, c, stage, (const char *)p->data + at[1], length);
}

static bool record_ready(struct served *c, const uint32_t *r, const struct sp_payloads *payloads)
{
	uint32_t *stage;

	switch (sp_opcode(*r)) {
	case OP_glCreateShader:
		stage = stage_of(c, r[CREATE_NAME]);
		if (stage)
			*stage = r[CREATE_TYPE];
		return true;
	case OP_glShaderSource:
		stage = stage_of(c, r[SOURCE_SHADER]);
		return !stage || tried(c, *stage, r + SOURCE_PAYLOAD, r[SOURCE_LENGTH], payloads);
	case OP_glProgramStringARB:
		return tried(c, r[STRING_TARGET], r + STRING_PAYLOAD, r[STRING_LENGTH], payloads);
	default:
		return true;
	}
}

static bool own_ready(struct served *c, struct program *p, const struct sp_payloads *payloads)
{
	const uint32_t *r, *end = p->sp.code + p->sp.nwords;
	bool bad;

	if (!(p->uses & PROGRAM_SHADERS))
		return true;
	if (p->tried_for != c->epoch + 1)
		p->tried = 0;
	p->tried_for = c->epoch + 1;
	for (r = p->sp.code + p->tried; (r = sp_next(r, end, &bad)); r += sp_words(r))
		if (!record_ready(c, r, payloads)) {
			p->tried = (uint32_t)(r - p->sp.code);
			return false;
		}
	p->tried = p->sp.nwords;
	return true;
}

/* The procedure's, and those of all that it calls, each once. */
static bool all_ready(struct served *c, struct program *p, const struct sp_payloads *payloads)
{
	if (!own_ready(c, p, payloads))
		return false;
	for (uint32_t i = 0; i < p->nnamed; i++) {
		struct slot *s = p->named[i] < c->nslots ? &c->slot[p->named[i]] : NULL;

		if (!s || !s->program || s->seen == c->visit)
			continue;
		s->seen = c->visit;
		if (!all_ready(c, s->program, payloads))
			return false;
	}
	return true;
}

bool served_shaders_ready(struct served *c, struct program *p, const struct sp_payloads *payloads)
{
	if (!c->opt.judge || p->ready_for == c->epoch + 1)
		return true;
	c->visit++;
	if (!all_ready(c, p, payloads))
		return false;
	p->ready_for = c->epoch + 1;
	return true;
}
