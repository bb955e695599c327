/* served_shader.c - the sources that a procedure hands to the driver, tried before it runs.
 *
 * A trial takes a tenth of a second or more.  So it is asked for, and the procedure waits;
 * other clients, and the display, do not.  What is found here only saves that time: when
 * the command is executed the judge is asked again (confine_shader.c), and knows.  A stage
 * that was taken for another one, or a source in a procedure that is called, is tried
 * then. */
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
	return shader_judge_ahead(c->opt.judge, stage, (const char *)p->data + at[1], length);
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

bool served_shaders_ready(struct served *c, struct program *p, const struct sp_payloads *payloads)
{
	const uint32_t *r = p->sp.code + p->tried, *end = p->sp.code + p->sp.nwords;
	bool bad;

	if (!(p->uses & PROGRAM_SHADERS) || !c->opt.judge)
		return true;
	for (; (r = sp_next(r, end, &bad)); r += sp_words(r))
		if (!record_ready(c, r, payloads)) {
			p->tried = (uint32_t)(r - p->sp.code);
			return false;
		}
	p->tried = p->sp.nwords;
	return true;
}
