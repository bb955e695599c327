/* prune_settled.c - of what is written, the records that set what is set already.
 *
 * Records are kept for what they set, be it new or not; where a new context has that value
 * already, or a kept record before has set it, they can be left out.  That is seen only
 * when what is kept is written, forward: what is followed here is the state of the client
 * that will run it, as far as single records set it.  Every other record makes this forget
 * the slots that the command table says it writes.
 *
 * Nothing is left out between pushes and pops of attributes: whether these are kept follows
 * from what lies between.  A push that is state, for no pop is there yet, does not count.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 8u                         /* of a record that is followed */
#define PLACES 512u                      /* cells that are followed at once */

/* What a cell was set to: the record, and the units that it was for. */
struct place { uint32_t slot, key[2], n, words[WORDS + 3]; };

struct settled {
	struct place place[PLACES];
	uint32_t nplaces;
	bool touched[GL_SLOT_COUNT];     /* no longer as in a new context */
	uint32_t saved;                  /* pushes of attributes whose pops are to come */
	bool off;                        /* several contexts: objects may change elsewhere */
};

/* What a new context has, as the records that would set it. */
static const struct { uint16_t op; uint32_t operands[4]; } initial[] = {
	{ OP_glDepthFunc, { GL_LESS } }, { OP_glDepthMask, { 1 } },
	{ OP_glShadeModel, { GL_SMOOTH } }, { OP_glCullFace, { GL_BACK } },
	{ OP_glFrontFace, { GL_CCW } }, { OP_glLogicOp, { GL_COPY } },
	{ OP_glBlendFunc, { GL_ONE, GL_ZERO } }, { OP_glBlendEquation, { GL_FUNC_ADD } },
	{ OP_glAlphaFunc, { GL_ALWAYS, 0 } }, { OP_glLineWidth, { 0x3f800000 } },
	{ OP_glPointSize, { 0x3f800000 } }, { OP_glClearStencil, { 0 } },
	{ OP_glClearColor, { 0, 0, 0, 0 } }, { OP_glPolygonMode, { GL_FRONT_AND_BACK, GL_FILL } },
	{ OP_glPolygonOffset, { 0, 0 } }, { OP_glStencilFunc, { GL_ALWAYS, 0, ~0u } },
	{ OP_glStencilOp, { GL_KEEP, GL_KEEP, GL_KEEP } }, { OP_glStencilMask, { ~0u } },
	{ OP_glColorMask, { 1, 1, 1, 1 } }, { OP_glUseProgram, { 0 } },
	{ OP_glBindVertexArray, { 0 } }, { OP_glBindRenderbuffer, { GL_RENDERBUFFER, 0 } },
	{ OP_glBindFramebuffer, { GL_FRAMEBUFFER, 0 } },
};

struct settled *settled_create(bool off)
{
	struct settled *s = calloc(1, sizeof(*s));

	if (s)
		s->off = off;
	return s;
}

static void forget_all(struct settled *s)
{
	s->nplaces = 0;
	memset(s->touched, 1, sizeof(s->touched));
}

static void forget(struct settled *s, unsigned slot)
{
	s->touched[slot] = true;
	for (uint32_t i = s->nplaces; i-- > 0;)
		if (s->place[i].slot == slot)
			s->place[i] = s->place[--s->nplaces];
}

/* ---- which records are followed ------------------------------------------------------ */

/* All that it says stands in its words. */
static bool is_plain(const struct gl_op *op)
{
	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].kind > GL_KIND_NAME)
			return false;
	return op->command != GL_OP_NO_COMMAND;
}

/* The slot that a record of that special sets: NONE, it is not followed. */
static uint32_t slot_of(const struct op_row *row, const struct gl_command *c)
{
	switch (row->special) {
	case S_ENABLE: return GL_SLOT_enable;
	case S_ARRAY_ENABLE: return GL_SLOT_bound_array_enable;
	case S_ATTRIB_ENABLE: return GL_SLOT_bound_attrib_enable;
	case S_BIND_TEXTURE: return GL_SLOT_texture_binding;
	case S_BIND_BUFFER: return GL_SLOT_buffer_binding;
	case S_BIND_FBO: return GL_SLOT_framebuffer_binding;
	case S_BIND_VAO: return GL_SLOT_array_object;
	case S_BIND_RBO: return GL_SLOT_renderbuffer_binding;
	case S_USE_PROGRAM: return GL_SLOT_current_program;
	case S_NONE: case S_DEPTH_MASK: case S_STENCIL_MASK: case S_COLOR_MASK:
		/* what follows from other state as well may be new each time */
		return c->nwrites == 1 && row->nw == 1 && !row->nr && !row->in_begin && !row->reads_all ?
		       c->writes[0].slot : NONE;
	default: return NONE;
	}
}

/* What in the slot: those of one cell for each first operand, some for each unit. */
static void keys_of(const struct kept *k, const uint32_t *rec, struct place *at)
{
	bool numbered = gl_ops[sp_opcode(*rec)].noperands > 1;

	switch (at->slot) {
	case GL_SLOT_enable:
		at->key[0] = rec[1];
		at->key[1] = k->select[1];
		if (numbered && prune_cap_of_unit(rec[1]))
			at->key[1] = GL_TEXTURE0 + operand(rec, 1);
		break;
	case GL_SLOT_texture_binding:
		at->key[0] = rec[1];
		at->key[1] = k->select[1];
		break;
	case GL_SLOT_bound_array_enable:
		at->key[0] = rec[1];
		at->key[1] = rec[1] == GL_TEXTURE_COORD_ARRAY ? k->select[2] : 0;
		break;
	case GL_SLOT_bound_attrib_enable: case GL_SLOT_buffer_binding: at->key[0] = rec[1]; break;
	default:
		memcpy(at->words + at->n, k->select, sizeof(k->select));
		at->n += 3;
		break;
	}
}

static bool place_of(const struct kept *k, const uint32_t *rec, struct place *at)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	if (!is_plain(op) || sp_mask(*rec) || k->nwords != sp_words(rec) || k->nwords > WORDS ||
	    k->role != ROLE_PLAIN)
		return false;
	memset(at, 0, sizeof(*at));
	at->slot = slot_of(row_of(rec), &gl_commands[op->command]);
	if (at->slot == NONE)
		return false;
	at->n = k->nwords;
	memcpy(at->words, rec, k->nwords * sizeof(*rec));
	keys_of(k, rec, at);
	return true;
}

static struct place *place_find(struct settled *s, const struct place *at)
{
	for (uint32_t i = 0; i < s->nplaces; i++)
		if (s->place[i].slot == at->slot && s->place[i].key[0] == at->key[0] &&
		    s->place[i].key[1] == at->key[1])
			return &s->place[i];
	return NULL;
}

/* One switch of two names in two slots: neither tells what it is. */
static bool is_twofold(const uint32_t *rec)
{
	unsigned special = row_of(rec)->special;

	return (special == S_ENABLE && operand(rec, 0) == GL_PRIMITIVE_RESTART) ||
	       (special == S_ARRAY_ENABLE && operand(rec, 0) == GL_PRIMITIVE_RESTART_NV);
}

/* Switches that are on in some new contexts: with debugging, of OpenGL ES. */
static bool is_context_dependent(uint32_t cap)
{
	return cap == GL_DEBUG_OUTPUT || cap == GL_FRAMEBUFFER_SRGB;
}

/* Whether a new context is as the record makes it. */
static bool is_initial(const uint32_t *rec)
{
	const struct op_row *row = row_of(rec);
	uint32_t cap = operand(rec, 0);

	switch (row->special) {
	case S_ENABLE:
		return gl_ops[sp_opcode(*rec)].noperands == 1 && !is_context_dependent(cap) &&
		       row->enables == (cap == GL_DITHER || cap == GL_MULTISAMPLE);
	case S_ARRAY_ENABLE: case S_ATTRIB_ENABLE: return !row->enables;
	case S_BIND_TEXTURE: case S_BIND_BUFFER: return operand(rec, 1) == 0;
	default: break;
	}
	for (size_t i = 0; i < sizeof(initial) / sizeof(initial[0]); i++) {
		const struct gl_op *op = &gl_ops[initial[i].op];
		bool same = initial[i].op == sp_opcode(*rec);

		for (unsigned k = 0; same && k < op->noperands && k < 4; k++)
			same = rec[op->operands[k].word] == initial[i].operands[k];
		if (same)
			return true;
	}
	return false;
}

/* ---- one record ------------------------------------------------------------------------- */

/* Of an array object that is bound now. */
static void arrays_forget(struct settled *s)
{
	forget(s, GL_SLOT_bound_array_enable);
	forget(s, GL_SLOT_bound_attrib_enable);
	forget(s, GL_SLOT_buffer_binding);
}

/* What is bound may be, or mean, something else; where nothing was, nothing is. */
static void names_forget(struct settled *s, unsigned slot)
{
	bool bound = false;

	for (uint32_t i = 0; i < s->nplaces; i++)
		bound |= s->place[i].slot == slot && operand(s->place[i].words, 1) |
			 (gl_ops[sp_opcode(s->place[i].words[0])].noperands == 1 &&
			  operand(s->place[i].words, 0));
	if (bound)
		forget(s, slot);
}

/* Names are made or deleted. */
static void bindings_forget(struct settled *s, const struct gl_op *op)
{
	static const uint16_t slots[] = {
		GL_SLOT_texture_binding, GL_SLOT_buffer_binding, GL_SLOT_framebuffer_binding,
		GL_SLOT_renderbuffer_binding, GL_SLOT_array_object, GL_SLOT_current_program,
	};

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		names_forget(s, slots[i]);
	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].space == GL_SPACE_VERTEXARRAY)
			arrays_forget(s);
}

static void others_forget(struct settled *s, const struct kept *k, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	unsigned special = row_of(rec)->special;
	const struct gl_command *c;

	if (k->nwords != sp_words(rec)) {        /* code with jumps */
		forget_all(s);
		return;
	}
	if (op->command == GL_OP_NO_COMMAND)
		return;                          /* windows, registers */
	switch (special) {
	case S_OPAQUE: case S_CALL_LIST: case S_CALL_LISTS: forget_all(s); return;
	case S_NEW_LIST:                 /* compiled; executed as well? */
		if (operand(rec, 1) != GL_COMPILE)
			forget_all(s);
		return;
	case S_END_LIST: return;
	case S_GEN: case S_CREATE: case S_DELETE: case S_DELETE1: bindings_forget(s, op); return;
	case S_LINK: forget(s, GL_SLOT_current_program); break;     /* it can be used now */
	default: break;
	}
	c = &gl_commands[op->command];
	for (unsigned i = 0; i < c->nwrites; i++)
		forget(s, c->writes[i].slot);
}

bool settled_meet(struct settled *s, const struct kept *k, const uint32_t *rec, bool paired)
{
	unsigned special = row_of(rec)->special;
	struct place at, *was;
	bool same;

	if (paired && (special == S_PUSH_ATTRIB || special == S_PUSH_CLIENT))
		s->saved++;
	else if (paired && (special == S_POP_ATTRIB || special == S_POP_CLIENT) && s->saved)
		s->saved--;

	if (k->role == ROLE_LISTED)
		return false;            /* compiled */
	if (!sp_mask(*rec) && is_twofold(rec))
		return false;            /* neither followed nor ever left out */
	if (s->off || !place_of(k, rec, &at)) {
		others_forget(s, k, rec);
		return false;
	}
	was = place_find(s, &at);
	same = was ? was->n == at.n && !memcmp(was->words, at.words, at.n * sizeof(*at.words))
		   : !s->touched[at.slot] && is_initial(rec);
	if (same)
		return !s->saved;
	if (special == S_BIND_VAO)
		arrays_forget(s);
	if (!was && s->nplaces == PLACES)
		forget_all(s);
	if (was)
		*was = at;
	else
		s->place[s->nplaces++] = at;
	return false;
}
