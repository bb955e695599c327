/* client_forms.c - arguments, and one function per form of instruction (enum gl_form)
 * that is not plain: objects made and deleted, sources, answers, pixels from buffers.
 */
#include "blink/engine/client.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <errno.h>
#include <string.h>

static uint64_t command_call(struct client *c, unsigned op, const uint64_t *argv)
{
	return gl_invoke(gl_command_signature(&gl_commands[gl_ops[op].command]),
			 c->sink->entry[op], argv);
}

/* ---- arguments ------------------------------------------------------------- */

static uint64_t two_words(const uint32_t *w)
{
	return w[0] | (uint64_t)w[1] << 32;
}

static uint64_t sync_handle(const struct client *c, uint32_t id)
{
	return (uint64_t)(uintptr_t)c->syncs[id];
}

static uint64_t argument(struct client *c, const struct gl_operand *o, const uint32_t *w,
			 bool is_register)
{
	uint32_t v = is_register ? c->regs[*w] : *w;

	switch (o->kind) {
	case GL_KIND_INT:
		return (uint64_t)(int64_t)(int32_t)v;
	case GL_KIND_DOUBLE: case GL_KIND_INT64: case GL_KIND_UINT64: case GL_KIND_OFFSET:
		return two_words(w);
	case GL_KIND_NAME:
		return o->space == GL_SPACE_SYNC ? sync_handle(c, v) : client_name(c, o->space, v);
	case GL_KIND_LOCATION:
		return (uint64_t)(int64_t)c->locations[v];
	case GL_KIND_PAYLOAD:
		return (uint64_t)(uintptr_t)client_payload(c, w);
	default:
		return v;
	}
}

void client_arguments(struct client *c, const uint32_t *rec, uint64_t *argv)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	unsigned mask = sp_mask(*rec);

	for (unsigned i = 0; i < gl_commands[op->command].nparams; i++)
		argv[i] = 0;
	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];

		if (o->param != 0xff && o->kind != GL_KIND_ANSWER)
			argv[o->param] = argument(c, o, rec + o->word, mask >> i & 1);
	}
}

/* ---- objects --------------------------------------------------------------- */

/* The operand that holds names, and how many: n comes from the size rule. */
struct name_list {
	unsigned param, space;
	const uint32_t *ids;
	uint32_t count;
	uint32_t *driver;         /* room for count names of the driver */
};

static int name_list_get(struct client *c, const uint32_t *rec, struct name_list *l)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	memset(l, 0, sizeof(*l));
	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];
		uint64_t size;

		if (o->kind != GL_KIND_PAYLOAD || o->space == GL_SPACE_NONE)
			continue;
		l->param = o->param;
		l->space = o->space;
		l->ids = (const uint32_t *)(const void *)client_payload(c, rec + o->word);
		if (l->ids && gl_payload_size(rec, i, &size))
			l->count = (uint32_t)(size / sizeof(uint32_t));
		l->driver = client_scratch(c, l->count * sizeof(uint32_t) + 1);
		return l->driver ? 0 : c->error.code;
	}
	return 0;
}

static uint32_t list_id(const struct client *c, const struct name_list *l, uint32_t i)
{
	uint32_t id;

	memcpy(&id, l->ids + i, sizeof(id));    /* payloads may lie at odd offsets */
	return id < c->names_cap[l->space] ? id : 0;
}

static int command_gen(struct client *c, const uint32_t *rec)
{
	uint64_t argv[2];
	struct name_list l;
	int rc = name_list_get(c, rec, &l);

	if (rc < 0 || !l.count)
		return rc;
	memset(l.driver, 0, l.count * sizeof(uint32_t));
	argv[0] = l.count;
	argv[1] = (uint64_t)(uintptr_t)l.driver;
	command_call(c, sp_opcode(*rec), argv);
	for (uint32_t i = 0; i < l.count; i++) {
		uint32_t id = list_id(c, &l, i);

		if (id && c->names[l.space])
			c->names[l.space][id] = l.driver[i];
	}
	return 0;
}

static int command_delete(struct client *c, const uint32_t *rec)
{
	uint64_t argv[2];
	struct name_list l;
	int rc = name_list_get(c, rec, &l);

	if (rc < 0 || !l.count)
		return rc;
	for (uint32_t i = 0; i < l.count; i++) {
		uint32_t id = list_id(c, &l, i);
		uint32_t *name = c->names[l.space] ? &c->names[l.space][id] : &id;

		l.driver[i] = *name == CLIENT_NO_NAME ? 0 : *name;
		if (id)
			*name = CLIENT_NO_NAME;
	}
	argv[0] = l.count;
	argv[1] = (uint64_t)(uintptr_t)l.driver;
	command_call(c, sp_opcode(*rec), argv);
	return 0;
}

/* The result's name is the operand that feeds no parameter. */
static int command_create(struct client *c, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	uint64_t argv[CLIENT_ARGUMENTS], made;

	client_arguments(c, rec, argv);
	made = command_call(c, sp_opcode(*rec), argv);
	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];
		uint32_t id = rec[o->word];

		if (o->param != 0xff || o->kind != GL_KIND_NAME || !id)
			continue;
		if (o->space == GL_SPACE_SYNC)
			c->syncs[id] = (void *)(uintptr_t)made;
		else if (c->names[o->space])
			c->names[o->space][id] = (uint32_t)made;
	}
	return 0;
}

/* A deleted program lives on while it is in use, and so does its name; a sync
 * object does not. */
static int command_delete1(struct client *c, const uint32_t *rec)
{
	const struct gl_operand *o = gl_ops[sp_opcode(*rec)].operands;
	uint64_t argv[CLIENT_ARGUMENTS];

	client_arguments(c, rec, argv);
	command_call(c, sp_opcode(*rec), argv);
	if (o->space == GL_SPACE_SYNC)
		c->syncs[rec[o->word]] = NULL;
	return 0;
}

static int command_plain(struct client *c, const uint32_t *rec)
{
	uint64_t argv[CLIENT_ARGUMENTS];

	client_arguments(c, rec, argv);
	command_call(c, sp_opcode(*rec), argv);
	return 0;
}

static int command_names(struct client *c, const uint32_t *rec)
{
	uint64_t argv[CLIENT_ARGUMENTS];
	struct name_list l;
	int rc = name_list_get(c, rec, &l);

	if (rc < 0)
		return rc;
	client_arguments(c, rec, argv);
	for (uint32_t i = 0; i < l.count; i++)
		l.driver[i] = client_name(c, l.space, list_id(c, &l, i));
	argv[l.param] = (uint64_t)(uintptr_t)l.driver;
	command_call(c, sp_opcode(*rec), argv);
	return 0;
}

/* ---- text ------------------------------------------------------------------ */

/* operands: shader, length, source */
static int command_source(struct client *c, const uint32_t *rec)
{
	const struct gl_operand *o = gl_ops[sp_opcode(*rec)].operands;
	int32_t length = (int32_t)rec[o[1].word];
	const uint8_t *source = client_payload(c, rec + o[2].word);
	uint64_t argv[4] = { client_name(c, GL_SPACE_PROGRAM, rec[o[0].word]), 1,
			     (uint64_t)(uintptr_t)&source, (uint64_t)(uintptr_t)&length };

	command_call(c, sp_opcode(*rec), argv);
	return 0;
}

/* operands: program, count, strings, mode: the API wants a pointer per string */
static int command_strings(struct client *c, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	uint64_t argv[CLIENT_ARGUMENTS];

	client_arguments(c, rec, argv);
	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];
		uint32_t count = (uint32_t)argv[1];
		const char *text, **list;

		if (o->kind != GL_KIND_PAYLOAD)
			continue;
		text = (const char *)client_payload(c, rec + o->word);
		list = client_scratch(c, (count + 1) * sizeof(*list));
		if (!list)
			return c->error.code;
		for (uint32_t k = 0; k < count; k++) {
			list[k] = text;
			text += strlen(text) + 1;
		}
		argv[o->param] = (uint64_t)(uintptr_t)list;
	}
	command_call(c, sp_opcode(*rec), argv);
	return 0;
}

/* ---- pixels from a buffer, and answers ------------------------------------- */

static void pixel_store(struct client *c, uint32_t pname, uint32_t value)
{
	if (c->sink->pixel_storei)
		((void (*)(uint32_t, int32_t))c->sink->pixel_storei)(pname, (int32_t)value);
}

struct layout_pnames { uint32_t row_length, image_height, alignment, swap, lsb; };

static void set_layout(struct client *c, const struct layout_pnames *p, uint32_t row_length,
		       uint32_t image_height, uint32_t flags)
{
	uint32_t align = flags & SP_UNPACK_ALIGN_MASK;

	pixel_store(c, p->row_length, row_length);
	pixel_store(c, p->image_height, image_height);
	pixel_store(c, p->alignment, align ? align : 1);
	pixel_store(c, p->swap, !!(flags & SP_UNPACK_SWAP));
	pixel_store(c, p->lsb, !!(flags & SP_UNPACK_LSB));
}

/* Of a rectangle that is cut to the framebuffer drivers (Mesa) hold what is left against the
 * pack buffer, and write it in rows of the whole's length: so that is said. */
static uint32_t pack_row(const struct gl_op *op, const uint32_t *rec)
{
	for (unsigned i = 0; i < op->noperands; i++)
		if (strcmp(op->operands[i].name, "width") == 0 && (int32_t)rec[op->operands[i].word] > 0)
			return rec[op->operands[i].word];
	return 0;
}

/* Pixels from the bound unpack buffer or into the bound pack buffer; last operands: row
 * length, image height, flags. */
static int command_pixel_buf(struct client *c, const uint32_t *rec)
{
	static const struct layout_pnames unpack = {
		GL_UNPACK_ROW_LENGTH, GL_UNPACK_IMAGE_HEIGHT, GL_UNPACK_ALIGNMENT,
		GL_UNPACK_SWAP_BYTES, GL_UNPACK_LSB_FIRST,
	}, pack = {
		GL_PACK_ROW_LENGTH, GL_PACK_IMAGE_HEIGHT, GL_PACK_ALIGNMENT,
		GL_PACK_SWAP_BYTES, GL_PACK_LSB_FIRST,
	};
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const struct gl_operand *last = &op->operands[op->noperands - 1];
	const struct layout_pnames *p = op->form == GL_FORM_PACK_BUF ? &pack : &unpack;
	uint32_t row = rec[last[-2].word];

	if (!row && op->form == GL_FORM_PACK_BUF)
		row = pack_row(op, rec);
	set_layout(c, p, row, rec[last[-1].word], rec[last->word]);
	command_plain(c, rec);
	set_layout(c, p, 0, 0, 1);
	return 0;
}

/* The answer goes to scratch memory and is forgotten.  One whose size no rule tells
 * is not asked for. */
static int command_answer(struct client *c, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	uint64_t argv[CLIENT_ARGUMENTS], at[GL_OP_MAX_OPERANDS], total = 0;
	uint8_t *scratch;

	for (unsigned i = 0; i < op->noperands; i++) {
		uint64_t size;

		if (op->operands[i].kind != GL_KIND_ANSWER)
			continue;
		if (!gl_payload_size(rec, i, &size) || !size || size > SP_MAX_PAYLOAD)
			return 0;
		at[i] = total;
		total += (size + 15) & ~(uint64_t)15;
	}
	scratch = client_scratch(c, total + 16);
	if (!scratch)
		return c->error.code;
	client_arguments(c, rec, argv);
	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].kind == GL_KIND_ANSWER)
			argv[op->operands[i].param] = (uint64_t)(uintptr_t)(scratch + at[i]);
	command_call(c, sp_opcode(*rec), argv);
	return 0;
}

int client_command(struct client *c, const uint32_t *rec)
{
	switch (gl_ops[sp_opcode(*rec)].form) {
	case GL_FORM_WINDOW: return client_window(c, rec);
	case GL_FORM_GEN: return command_gen(c, rec);
	case GL_FORM_DELETE: return command_delete(c, rec);
	case GL_FORM_CREATE: return command_create(c, rec);
	case GL_FORM_DELETE1: return command_delete1(c, rec);
	case GL_FORM_SOURCE: return command_source(c, rec);
	case GL_FORM_STRINGS: return command_strings(c, rec);
	case GL_FORM_LINK: client_link(c, rec); return 0;
	case GL_FORM_LOCATE: return client_locate(c, rec);
	case GL_FORM_SYNC:
	case GL_FORM_DIRECT: return command_plain(c, rec);
	case GL_FORM_UNPACK_BUF:
	case GL_FORM_PACK_BUF: return command_pixel_buf(c, rec);
	case GL_FORM_ANSWER: return command_answer(c, rec);
	case GL_FORM_NAMES: return command_names(c, rec);
	default:
		return error_set(&c->error, -EINVAL, "engine: %s is no command",
				 gl_ops[sp_opcode(*rec)].name);
	}
}
