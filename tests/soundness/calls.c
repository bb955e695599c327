/* calls.c - what GL must be called with: every form of instruction written down once
 * more, from docs/ISA.md.
 */
#include <GL/gl.h>
#include <GL/glext.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "tests/soundness/oracle.h"

#define NO_NAME 0xffffffffu

void calls_reset(struct calls *c)
{
	struct buf log = c->log;
	uint32_t made = c->made;

	memset(c, 0, sizeof(*c));
	c->log = log;
	c->made = made;         /* recorders go on counting */
	buf_clear(&c->log);
	memset(c->names, 0xff, sizeof(c->names));
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		c->names[s][0] = 0;
	memset(c->location, 0xff, sizeof(c->location));
}

/* ---- the log -------------------------------------------------------------------- */

static void log_head(struct calls *c, unsigned op, unsigned n)
{
	buf_u32(&c->log, op);
	buf_u32(&c->log, n);
}

static void log_value(struct calls *c, uint64_t v)
{
	buf_u32(&c->log, (uint32_t)v);
	buf_u32(&c->log, (uint32_t)(v >> 32));
}

static uint64_t as_type(unsigned ctype, uint64_t v)
{
	switch (ctype) {
	case GL_C_I8: return (uint64_t)(int8_t)v;
	case GL_C_U8: return (uint8_t)v;
	case GL_C_I16: return (uint64_t)(int16_t)v;
	case GL_C_U16: return (uint16_t)v;
	case GL_C_I32: return (uint64_t)(int32_t)v;
	case GL_C_U32: case GL_C_F32: return (uint32_t)v;
	default: return v;
	}
}

static void log_pixel_store(struct calls *c, uint32_t pname, uint32_t value)
{
	log_head(c, GL_OP_COUNT, 2);
	log_value(c, pname);
	log_value(c, (uint64_t)(int32_t)value);
}

static const char *bytes_at(const uint32_t *w)
{
	if (!w[0] || w[0] >= program_payloads.n)
		return NULL;
	return (const char *)program_payloads.v[w[0]].data + w[1];
}

/* ---- names ---------------------------------------------------------------------- */

static unsigned generator_of(unsigned space)
{
	switch (space) {
	case GL_SPACE_TEXTURE: return OP_glGenTextures;
	case GL_SPACE_BUFFER: return OP_glGenBuffers;
	case GL_SPACE_ARBPROGRAM: return OP_glGenProgramsARB;
	case GL_SPACE_FRAMEBUFFER: return OP_glGenFramebuffers;
	case GL_SPACE_RENDERBUFFER: return OP_glGenRenderbuffers;
	case GL_SPACE_QUERY: return OP_glGenQueries;
	case GL_SPACE_SAMPLER: return OP_glGenSamplers;
	case GL_SPACE_VERTEXARRAY: return OP_glGenVertexArrays;
	case GL_SPACE_XFB: return OP_glGenTransformFeedbacks;
	case GL_SPACE_PIPELINE: return OP_glGenProgramPipelines;
	default: return GL_OP_COUNT;
	}
}

static bool is_mapped(unsigned space)
{
	return space != GL_SPACE_NONE && !gl_spaces[space].identity;
}

/* The driver's name; the object is made where names come from a glGen*. */
static uint32_t driver_name(struct calls *c, unsigned space, uint32_t id)
{
	if (!is_mapped(space))
		return id;
	if (c->names[space][id] == NO_NAME && space == GL_SPACE_SYNC)
		return 0;
	if (c->names[space][id] == NO_NAME && generator_of(space) != GL_OP_COUNT) {
		c->names[space][id] = ++c->made;
		log_head(c, generator_of(space), 2);
		log_value(c, 1);
		log_value(c, 1);
	}
	return c->names[space][id];
}

/* Names in a payload: how many, and the driver's of each. */
struct list { unsigned operand, n; uint32_t id[64], driver[64]; bool given; };

static void list_get(const uint32_t *rec, struct list *l)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	memset(l, 0, sizeof(*l));
	for (unsigned i = 0; i < op->noperands; i++) {
		const char *p = bytes_at(rec + op->operands[i].word);
		uint64_t size = 0;

		if (op->operands[i].kind != GL_KIND_PAYLOAD ||
		    op->operands[i].space == GL_SPACE_NONE)
			continue;
		l->operand = i;
		l->given = p != NULL;
		if (p && gl_payload_size(rec, i, &size))
			l->n = (unsigned)(size / 4 < 64 ? size / 4 : 64);
		if (l->n)
			memcpy(l->id, p, l->n * 4);
		return;
	}
}

/* ---- arguments ------------------------------------------------------------------ */

static uint64_t argument(struct calls *c, const struct gl_operand *o, const uint32_t *w)
{
	switch (o->kind) {
	case GL_KIND_INT: return (uint64_t)(int32_t)w[0];
	case GL_KIND_DOUBLE: case GL_KIND_INT64: case GL_KIND_UINT64: case GL_KIND_OFFSET:
		return w[0] | (uint64_t)w[1] << 32;
	case GL_KIND_NAME: return driver_name(c, o->space, w[0]);
	case GL_KIND_LOCATION: return (uint64_t)c->location[w[0]];
	case GL_KIND_PAYLOAD: return (uintptr_t)bytes_at(w);
	case GL_KIND_ANSWER: return 1;
	default: return w[0];
	}
}

/* What the recorder writes for memory: its content where a rule tells how much. */
static uint64_t pointer_shown(const uint32_t *rec, const struct gl_operand *o, unsigned i,
			      uint64_t arg)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const struct gl_param *param = &gl_commands[op->command].params[o->param];
	const void *p = (const void *)(uintptr_t)arg;
	uint64_t size;

	if (!arg)
		return 0;
	if (op->form == GL_FORM_ANSWER || !param->constant)
		return 1;
	if (o->kind == GL_KIND_OFFSET)
		return arg;
	if (gl_payload_size(rec, i, &size) && size)
		return XXH3_64bits(p, size);
	if (strstr(param->type, "GLchar"))
		return XXH3_64bits(p, strlen(p));
	return op->form == GL_FORM_NAMES ? 1 : arg;
}

static void values_get(struct calls *c, const uint32_t *rec, uint64_t *v)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const struct gl_command *cmd = &gl_commands[op->command];

	memset(v, 0, 24 * sizeof(*v));
	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];

		if (o->param == 0xff)
			continue;
		v[o->param] = argument(c, o, rec + o->word);
		if (cmd->params[o->param].pointer)
			v[o->param] = pointer_shown(rec, o, i, v[o->param]);
	}
}

static void log_call(struct calls *c, unsigned op, const uint64_t *v)
{
	const struct gl_command *cmd = &gl_commands[gl_ops[op].command];

	log_head(c, op, cmd->nparams);
	for (unsigned i = 0; i < cmd->nparams; i++)
		log_value(c, as_type(cmd->params[i].ctype, v[i]));
}

/* ---- forms ---------------------------------------------------------------------- */

static void plain(struct calls *c, const uint32_t *rec)
{
	uint64_t v[24];

	values_get(c, rec, v);
	log_call(c, sp_opcode(*rec), v);
}

static void gen(struct calls *c, const uint32_t *rec)
{
	struct list l;
	unsigned space;

	list_get(rec, &l);
	space = gl_ops[sp_opcode(*rec)].operands[l.operand].space;
	if (!l.n)
		return;
	log_call(c, sp_opcode(*rec), (const uint64_t[24]){ l.n, 1 });
	for (unsigned i = 0; i < l.n; i++) {
		uint32_t made = ++c->made;

		if (l.id[i] && is_mapped(space))
			c->names[space][l.id[i]] = made;
	}
}

static void delete(struct calls *c, const uint32_t *rec)
{
	struct list l;
	unsigned space;

	list_get(rec, &l);
	space = gl_ops[sp_opcode(*rec)].operands[l.operand].space;
	if (!l.n)
		return;
	for (unsigned i = 0; i < l.n; i++) {
		uint32_t *name = is_mapped(space) ? &c->names[space][l.id[i]] : &l.id[i];

		l.driver[i] = *name == NO_NAME ? 0 : *name;
		if (l.id[i])
			*name = NO_NAME;
	}
	log_call(c, sp_opcode(*rec), (const uint64_t[24]){ l.n, XXH3_64bits(l.driver, l.n * 4) });
}

static void create(struct calls *c, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	uint32_t made;

	plain(c, rec);
	made = ++c->made;
	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].param == 0xff && op->operands[i].kind == GL_KIND_NAME &&
		    is_mapped(op->operands[i].space) && rec[op->operands[i].word])
			c->names[op->operands[i].space][rec[op->operands[i].word]] = made;
}

static void delete_one(struct calls *c, const uint32_t *rec)
{
	const struct gl_operand *o = gl_ops[sp_opcode(*rec)].operands;

	plain(c, rec);
	if (o->space == GL_SPACE_SYNC)
		c->names[GL_SPACE_SYNC][rec[o->word]] = NO_NAME;
}

static void names(struct calls *c, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const struct gl_operand *o;
	struct list l;
	uint64_t v[24];

	list_get(rec, &l);
	values_get(c, rec, v);
	o = &op->operands[l.operand];
	for (unsigned i = 0; i < l.n; i++)
		l.driver[i] = driver_name(c, o->space, l.id[i]);
	v[o->param] = l.n ? XXH3_64bits(l.driver, l.n * 4) : 1;
	log_call(c, sp_opcode(*rec), v);
}

static void source(struct calls *c, const uint32_t *rec)
{
	const struct gl_operand *o = gl_ops[sp_opcode(*rec)].operands;
	uint32_t length = rec[o[1].word];
	uint64_t shader = driver_name(c, GL_SPACE_PROGRAM, rec[o[0].word]);

	log_call(c, sp_opcode(*rec), (const uint64_t[24]){ shader, 1,
		 XXH3_64bits_withSeed(bytes_at(rec + o[2].word), length, 0), 1 });
}

static void strings(struct calls *c, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	uint64_t v[24], h = 0;

	values_get(c, rec, v);
	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];
		const char *text = bytes_at(rec + o->word);

		if (o->kind != GL_KIND_PAYLOAD)
			continue;
		for (uint64_t k = 0; k < (uint32_t)v[1]; k++, text += strlen(text) + 1)
			h = XXH3_64bits_withSeed(text, strlen(text), h + k);
		v[o->param] = h;
	}
	log_call(c, sp_opcode(*rec), v);
}

static void pixels_in_buffer(struct calls *c, const uint32_t *rec)
{
	static const uint32_t unpack[5] = { GL_UNPACK_ROW_LENGTH, GL_UNPACK_IMAGE_HEIGHT,
		GL_UNPACK_ALIGNMENT, GL_UNPACK_SWAP_BYTES, GL_UNPACK_LSB_FIRST };
	static const uint32_t pack[5] = { GL_PACK_ROW_LENGTH, GL_PACK_IMAGE_HEIGHT,
		GL_PACK_ALIGNMENT, GL_PACK_SWAP_BYTES, GL_PACK_LSB_FIRST };
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const struct gl_operand *last = &op->operands[op->noperands - 1];
	const uint32_t *pname = op->form == GL_FORM_PACK_BUF ? pack : unpack;
	uint32_t flags = rec[last->word], align = flags & 15;
	uint32_t v[5] = { rec[last[-2].word], rec[last[-1].word], align ? align : 1,
			  flags >> 4 & 1, flags >> 5 & 1 };
	static const uint32_t tight[5] = { 0, 0, 1, 0, 0 };

	/* rows of what is read are said to be as long as they are, for what is cut off them */
	if (sp_opcode(*rec) == OP_glReadPixels_buf && !v[0] && (int32_t)rec[3] > 0)
		v[0] = rec[3];
	for (unsigned i = 0; i < 5; i++)
		log_pixel_store(c, pname[i], v[i]);
	plain(c, rec);
	for (unsigned i = 0; i < 5; i++)
		log_pixel_store(c, pname[i], tight[i]);
}

static void answer(struct calls *c, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	uint64_t size;

	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].kind == GL_KIND_ANSWER &&
		    (!gl_payload_size(rec, i, &size) || !size || size > SP_MAX_PAYLOAD))
			return;         /* not asked */
	plain(c, rec);
}

/* ---- locations ------------------------------------------------------------------ */

static int32_t ask(struct calls *c, unsigned op, uint32_t program, const char *text)
{
	uint64_t h = XXH3_64bits(text, strlen(text));

	log_call(c, op, (const uint64_t[24]){ driver_name(c, GL_SPACE_PROGRAM, program), h });
	return (int32_t)(h & 0xff);
}

/* The slots of a program are asked for anew, the one defined last first. */
static void resolve(struct calls *c, uint32_t program)
{
	for (uint32_t order = c->order; order; order--)
		for (uint32_t i = 1; i <= PROGRAM_SLOTS; i++)
			if (c->slot[i].order == order && c->slot[i].program == program)
				c->location[i] = ask(c, c->slot[i].op, program, c->text[i]);
}

static void locate(struct calls *c, const uint32_t *rec)
{
	const struct gl_operand *o = gl_ops[sp_opcode(*rec)].operands;
	uint32_t program = rec[o[0].word], element = rec[o[2].word], slot = rec[o[3].word];
	unsigned op = sp_opcode(*rec), bind;
	const char *base = bytes_at(rec + o[1].word);
	char text[CALLS_TEXT];

	if (element)
		snprintf(text, sizeof(text), "%s[%u]", base, element);
	else
		snprintf(text, sizeof(text), "%s", base);
	if (op == OP_glGetFragDataIndex)
		return;
	if (op == OP_glGetAttribLocation || op == OP_glGetFragDataLocation) {
		bind = op == OP_glGetAttribLocation ? OP_glBindAttribLocation
						    : OP_glBindFragDataLocation;
		if (slot == UINT32_MAX || (uint32_t)ask(c, op, program, text) == slot)
			return;
		log_call(c, bind, (const uint64_t[24]){ driver_name(c, GL_SPACE_PROGRAM, program),
							slot, XXH3_64bits(text, 1) });
		log_call(c, OP_glLinkProgram,
			 (const uint64_t[24]){ driver_name(c, GL_SPACE_PROGRAM, program) });
		resolve(c, program);
		return;
	}
	if (!slot)
		return;
	c->slot[slot] = (struct calls_slot){ program, ++c->order, 0, (uint16_t)op };
	strcpy(c->text[slot], text);
	c->location[slot] = ask(c, op, program, text);
}

/* ---- windows -------------------------------------------------------------------- */

static void window(struct calls *c, const uint32_t *rec)
{
	unsigned op = sp_opcode(*rec);

	if (op == OP_blinkContext || op == OP_blinkContextDestroy)
		c->ready[rec[1]] = false;
	log_head(c, op, gl_ops[op].words - 1u);
	for (unsigned i = 1; i < gl_ops[op].words; i++)
		log_value(c, rec[i]);
	if (op != OP_blinkMakeCurrent || !rec[1] || c->ready[rec[1]])
		return;
	log_pixel_store(c, GL_UNPACK_ALIGNMENT, 1);
	log_pixel_store(c, GL_PACK_ALIGNMENT, 1);
	c->ready[rec[1]] = true;
}

void calls_add(struct calls *c, const uint32_t *rec)
{
	switch (gl_ops[sp_opcode(*rec)].form) {
	case GL_FORM_WINDOW: window(c, rec); return;
	case GL_FORM_GEN: gen(c, rec); return;
	case GL_FORM_DELETE: delete(c, rec); return;
	case GL_FORM_CREATE: create(c, rec); return;
	case GL_FORM_DELETE1: delete_one(c, rec); return;
	case GL_FORM_NAMES: names(c, rec); return;
	case GL_FORM_SOURCE: source(c, rec); return;
	case GL_FORM_STRINGS: strings(c, rec); return;
	case GL_FORM_LOCATE: locate(c, rec); return;
	case GL_FORM_LINK: plain(c, rec); resolve(c, rec[gl_ops[sp_opcode(*rec)].operands[0].word]);
		return;
	case GL_FORM_UNPACK_BUF: case GL_FORM_PACK_BUF: pixels_in_buffer(c, rec); return;
	case GL_FORM_ANSWER: answer(c, rec); return;
	default: plain(c, rec);
	}
}
