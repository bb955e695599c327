/* client.c - a client's tables: names, scratch memory, suspended calls. */
#include "blink/engine/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool space_has_table(unsigned space)
{
	return space != GL_SPACE_NONE && space != GL_SPACE_SYNC && !gl_spaces[space].identity;
}

static int tables_make(struct client *c, const struct client_limits *limits)
{
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++) {
		size_t n = (size_t)limits->names[s] + 1;

		c->names_cap[s] = (uint32_t)n;
		if (!space_has_table(s))
			continue;
		c->names[s] = malloc(n * sizeof(uint32_t));
		if (!c->names[s])
			return -ENOMEM;
		memset(c->names[s], 0xff, n * sizeof(uint32_t));
		c->names[s][0] = 0;
	}
	c->syncs = calloc((size_t)limits->names[GL_SPACE_SYNC] + 1, sizeof(void *));
	c->context_ready = calloc((size_t)limits->names[GL_SPACE_CONTEXT] + 1, 1);
	c->program_slots = calloc((size_t)limits->names[GL_SPACE_PROGRAM] + 1,
				  sizeof(uint32_t));
	c->nlocations = limits->slots + 1;
	c->locations = malloc((size_t)c->nlocations * sizeof(int32_t));
	if (!c->syncs || !c->context_ready || !c->program_slots || !c->locations)
		return -ENOMEM;
	memset(c->locations, 0xff, (size_t)c->nlocations * sizeof(int32_t));
	return 0;
}

int client_init(struct client *c, struct sink *sink, const struct client_limits *limits,
		struct error *err)
{
	memset(c, 0, sizeof(*c));
	c->sink = sink;
	c->budget = UINT64_MAX;
	if (limits->slots == UINT32_MAX)
		return error_set(err, -EOVERFLOW, "client: too many location slots");
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		if (limits->names[s] == UINT32_MAX)
			return error_set(err, -EOVERFLOW, "client: too many names of one kind");
	if (tables_make(c, limits) < 0) {
		client_finish(c);
		return error_set(err, -ENOMEM, "client: out of memory for its name tables");
	}
	return 0;
}

void client_finish(struct client *c)
{
	client_slots_finish(c);
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		free(c->names[s]);
	free(c->syncs);
	free(c->context_ready);
	free(c->program_slots);
	free(c->locations);
	free(c->scratch);
	memset(c, 0, sizeof(*c));
}

void *client_scratch(struct client *c, size_t size)
{
	uint8_t *p;

	if (size <= c->scratch_cap)
		return c->scratch;
	p = realloc(c->scratch, size);
	if (!p) {
		error_set(&c->error, -ENOMEM, "engine: out of memory (%zu bytes for one command)",
			  size);
		return NULL;
	}
	c->scratch = p;
	c->scratch_cap = size;
	return p;
}

/* ---- names ----------------------------------------------------------------- */

/* 0, which is no such instruction: none. */
static const uint16_t gen_ops[GL_SPACE_COUNT] = {
	[GL_SPACE_TEXTURE] = OP_glGenTextures,
	[GL_SPACE_BUFFER] = OP_glGenBuffers,
	[GL_SPACE_ARBPROGRAM] = OP_glGenProgramsARB,
	[GL_SPACE_FRAMEBUFFER] = OP_glGenFramebuffers,
	[GL_SPACE_RENDERBUFFER] = OP_glGenRenderbuffers,
	[GL_SPACE_QUERY] = OP_glGenQueries,
	[GL_SPACE_SAMPLER] = OP_glGenSamplers,
	[GL_SPACE_VERTEXARRAY] = OP_glGenVertexArrays,
	[GL_SPACE_XFB] = OP_glGenTransformFeedbacks,
	[GL_SPACE_PIPELINE] = OP_glGenProgramPipelines,
};

unsigned client_gen_op(unsigned space)
{
	return gen_ops[space] ? gen_ops[space] : GL_OP_COUNT;
}

uint32_t client_name(struct client *c, unsigned space, uint32_t id)
{
	uint32_t *name;
	unsigned op;

	if (!c->names[space])
		return id;
	name = &c->names[space][id];
	if (*name != CLIENT_NO_NAME)
		return *name;
	op = client_gen_op(space);
	if (op != GL_OP_COUNT) {
		uint32_t made = 0;
		uint64_t argv[2] = { 1, (uint64_t)(uintptr_t)&made };

		gl_invoke(gl_command_signature(&gl_commands[gl_ops[op].command]),
			  c->sink->entry[op], argv);
		*name = made;
	}
	return *name;
}

/* ---- calls ----------------------------------------------------------------- */

void client_abandon(struct client *c)
{
	c->depth = c->level = 0;
}

void client_enter(struct client *c, uint32_t pc)
{
	static const struct sp_payload none;

	if (!c->payloads.v)
		c->payloads = (struct sp_payloads){ &none, 1 };
	if (c->level == 0 && c->depth && pc != c->pc)
		client_abandon(c);
}

/* operands of `call`: the procedure, first register, how many */
enum { CALL_PROC, CALL_FIRST, CALL_COUNT };

enum engine_status client_call(struct client *c, const uint32_t *rec, client_run_fn run_sp)
{
	uint32_t first = record_word(rec, CALL_FIRST), count = record_word(rec, CALL_COUNT);
	const struct sp *callee = c->callee(c->user, record_word(rec, CALL_PROC));
	struct client_frame *f = &c->frames[c->level];
	enum engine_status status;
	uint32_t pc = 0;

	if (c->depth > c->level) {
		pc = f->pc;
	} else {
		memcpy(f->regs, c->regs, sizeof(f->regs));
		memset(c->regs, 0, sizeof(c->regs));
		memcpy(c->regs, f->regs + first, count * sizeof(uint32_t));
		c->depth = c->level + 1;
	}
	f->rec = rec;
	c->level++;
	status = run_sp(c, callee, pc);
	c->level--;
	if (status == ENGINE_ERROR) {
		c->depth = c->level;          /* not to be resumed */
		return status;
	}
	if (status != ENGINE_END) {
		f->pc = c->pc;
		return status;
	}
	memcpy(f->regs + first, c->regs, count * sizeof(uint32_t));
	memcpy(c->regs, f->regs, sizeof(f->regs));
	c->depth = c->level;
	return ENGINE_END;
}
