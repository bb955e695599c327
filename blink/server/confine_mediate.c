/* confine_mediate.c - which entry of a client's sink is the driver's own, which a mediation. */
#include "blink/server/confine.h"

#include <string.h>

/* Polygons are stippled by the window's coordinates, and all work is on the client's own
 * account: who reads `offscreen` is the compositor (facts), `time` the clock. */
static uint64_t mediate_plain(struct confined *k, unsigned op, const uint64_t *argv)
{
	return confine_invoke(k, op, argv);
}

/* Who carries out what the table calls by these words. */
static const struct { const char *name; confine_fn fn; } mediations[] = {
	{ "scissor", confine_view_call },
	{ "viewport", confine_view_call },
	{ "framebuffer", confine_view_call },
	{ "list", confine_view_call },
	{ "restore", confine_view_call },
	{ "memory", confine_memory_call },
	{ "shader", confine_shader_call },
	{ "offscreen", mediate_plain },
	{ "time", mediate_plain },
};
#define MEDIATIONS (sizeof(mediations) / sizeof(*mediations))

static confine_fn mediation_find(const char *name)
{
	for (unsigned i = 0; name && i < MEDIATIONS; i++)
		if (strcmp(mediations[i].name, name) == 0)
			return mediations[i].fn;
	return NULL;
}

uint32_t confined_unmediated(void)
{
	uint32_t set = 0;

	for (unsigned i = 0; gl_mediations[i].name; i++)
		if (!mediation_find(gl_mediations[i].name))
			set |= 1u << i;
	return set;
}

/* A row without a mediation that is carried out here: the driver's own entry does all there
 * is to do. */
static confine_fn fn_of(unsigned op)
{
	confine_fn fn = mediation_find(gl_commands[gl_ops[op].command].mediation);

	return confine_accounts(op) ? confine_memory_call : fn ? fn : mediate_plain;
}

/* Drivers (Mesa) make as many vertices as the range stated has, and look for all that the
 * indices name among these.  So nobody states any. */
static void APIENTRY draw_range(GLenum mode, GLuint start, GLuint end, GLsizei count, GLenum type,
				const void *indices)
{
	if (start <= end)
		CONFINE_REAL(confine_self, OP_glDrawElements,
			     void (APIENTRY *)(GLenum, GLsizei, GLenum, const void *))
			(mode, count, type, indices);
}

static void APIENTRY draw_range_base(GLenum mode, GLuint start, GLuint end, GLsizei count,
				     GLenum type, const void *indices, GLint base)
{
	if (start <= end)
		CONFINE_REAL(confine_self, OP_glDrawElementsBaseVertex,
			     void (APIENTRY *)(GLenum, GLsizei, GLenum, const void *, GLint))
			(mode, count, type, indices, base);
}

static sink_fn range_entry(unsigned op)
{
	switch (op) {
	case OP_glDrawRangeElements: case OP_glDrawRangeElements_buf:
		return (sink_fn)draw_range;
	case OP_glDrawRangeElementsBaseVertex: case OP_glDrawRangeElementsBaseVertex_buf:
		return (sink_fn)draw_range_base;
	default:
		return NULL;
	}
}

/* What touches neither the window nor an account is the driver's own. */
static sink_fn entry_of(const struct confined *k, unsigned op)
{
	sink_fn own = confine_view_entry(k, op);

	if (!own)
		own = confine_hold_entry(op);
	if (!own)
		own = range_entry(op);
	if (own)
		return own;
	return k->call[op] == mediate_plain ? k->gl->entry[op] : confine_thunk(op);
}

void confine_entries(struct confined *k)
{
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		k->call[op] = mediate_plain;
		if (gl_ops[op].command == GL_OP_NO_COMMAND)
			continue;
		k->call[op] = fn_of(op);
		k->sink.entry[op] = entry_of(k, op);
	}
}

uint64_t confine_call(unsigned op, const uint64_t *argv)
{
	return confine_self ? confine_self->call[op](confine_self, op, argv) : 0;
}
