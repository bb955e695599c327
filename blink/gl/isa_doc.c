/* isa_doc.c - the reference manual, written from the table: docs/ISA.md. */
#include "blink/gl/coverage.h"

#include <string.h>

static const char intro[] =
"# The BlinkGL instruction set\n"
"\n"
"Written by `blinkctl isa --markdown -o docs/ISA.md` from the command table; do not edit.\n"
"\n"
"A stored procedure is a sequence of records of little-endian 32-bit words. A record is a\n"
"header, then its operands' words in the order given here:\n"
"\n"
"    header = opcode (bits 0..15) | register mask (bits 16..31)\n"
"\n"
"Bit *i* of the mask says that operand *i* is not the value but the number of the register\n"
"that holds it; it may be set only for operands marked `*` below. The opcode alone decides\n"
"the record's length. Opcodes are positions in this table and may differ between builds: a\n"
"`.blink` file says which table it was written by, and is translated by instruction names\n"
"where that is another one. What the table covers, and how much of it is proved against a\n"
"driver, `blinkctl isa` tells.\n"
"\n"
"There is no pixel-store state (a payload is tight, a buffer's layout is in its record) and\n"
"there are no client pointers: an instruction that takes memory reads a *payload*, its\n"
"`.buf` twin an *offset* into the bound buffer.\n"
"\n";

static const struct { uint8_t kind, words; const char *text; } kinds[] = {
	{ GL_KIND_INT, 1, "a signed integer" }, { GL_KIND_UINT, 1, "an unsigned integer" },
	{ GL_KIND_FLOAT, 1, "an IEEE single" }, { GL_KIND_DOUBLE, 2, "an IEEE double, low word first" },
	{ GL_KIND_INT64, 2, "64 bits: a byte count or an offset" },
	{ GL_KIND_UINT64, 2, "64 bits" }, { GL_KIND_BOOL, 1, "0 or 1" },
	{ GL_KIND_ENUM, 1, "a GL enum" }, { GL_KIND_BITS, 1, "a GL bitfield" },
	{ GL_KIND_NAME, 1, "the client's name of an object, 0 for none" },
	{ GL_KIND_LOCATION, 1, "a location slot, as a *locate* instruction defined it; 0 is location -1" },
	{ GL_KIND_PAYLOAD, 2, "payload id and byte offset; id 0 is NULL where marked `?`" },
	{ GL_KIND_OFFSET, 2, "byte offset in the bound buffer" },
	{ GL_KIND_ANSWER, 0, "memory that the driver writes; the engine lends it" },
	{ GL_KIND_DST, 1, "the register that is written" },
	{ GL_KIND_LABEL, 1, "words to skip forward from the record's end" },
	{ GL_KIND_SP, 1, "another stored procedure" },
	{ GL_KIND_EXTERN, 1, "which external state is read" },
};

static const struct { uint8_t form; const char *text; } forms[] = {
	{ GL_FORM_DIRECT, "operands are translated one by one and the command is called" },
	{ GL_FORM_GEN, "makes objects under the names that the client chose" },
	{ GL_FORM_DELETE, "deletes those objects" },
	{ GL_FORM_CREATE, "makes one object; its name is the last operand" },
	{ GL_FORM_DELETE1, "deletes one object" },
	{ GL_FORM_NAMES, "direct, with a payload of names that are translated first" },
	{ GL_FORM_SOURCE, "hands over one string of `length` bytes" },
	{ GL_FORM_STRINGS, "hands over zero-terminated strings, one after the other" },
	{ GL_FORM_LINK, "links, then finds the program's location slots anew" },
	{ GL_FORM_LOCATE, "defines a location slot: program, name, element of an array, slot" },
	{ GL_FORM_SYNC, "takes a sync object" },
	{ GL_FORM_UNPACK_BUF, "pixels from the bound unpack buffer; the layout follows" },
	{ GL_FORM_PACK_BUF, "pixels into the bound pack buffer; the layout follows" },
	{ GL_FORM_ANSWER, "called, its answer thrown away" },
};

/* Text in a cell of a table. */
static void cell(struct buf *out, const char *s)
{
	for (; s && *s; s++)
		buf_printf(out, *s == '|' ? "\\%c" : "%c", *s);
}

static void operand(struct buf *out, const struct gl_operand *o)
{
	buf_printf(out, "%s:%s", o->name, gl_kind_name(o->kind));
	if (o->kind == GL_KIND_NAME || (o->kind == GL_KIND_PAYLOAD && o->space))
		buf_printf(out, "(%s)", gl_spaces[o->space].name);
	if (o->size) {
		buf_printf(out, "[");
		cell(out, o->size);
		buf_printf(out, "]");
	}
	buf_printf(out, "%s%s%s", o->terminated ? "z" : "", o->nullable ? "?" : "", o->reg_ok ? "*" : "");
}

static void operands(struct buf *out, const struct gl_op *op)
{
	for (unsigned i = 0; i < op->noperands; i++) {
		buf_printf(out, i ? ", " : "");
		operand(out, &op->operands[i]);
	}
}

static void write_kinds(struct buf *out)
{
	buf_printf(out, "## Operands\n\n| kind | words | what |\n|---|---|---|\n");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		buf_printf(out, "| %s | %u | %s |\n", gl_kind_name(kinds[i].kind), kinds[i].words,
			   kinds[i].text);
	buf_printf(out, "\nBrackets hold a payload's size in bytes: an overflow-checked "
		   "expression over the operands\n(`any`: decided by later draws; `string`: "
		   "zero-terminated). `z`: the last byte must be zero.\n\n| name space | shared in a share group |\n|---|---|\n");
	for (unsigned i = 1; i < GL_SPACE_COUNT; i++)
		buf_printf(out, "| %s | %s |\n", gl_spaces[i].name,
			   gl_spaces[i].shared ? "yes" : "no");
	buf_printf(out, "\n| form | how it runs |\n|---|---|\n");
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		buf_printf(out, "| %s | %s |\n", gl_form_name(forms[i].form), forms[i].text);
	buf_printf(out, "\n");
}

/* Instructions of one of our own forms. */
static void write_own(struct buf *out, const char *title, unsigned form)
{
	buf_printf(out, "## %s\n\n| instruction | operands | what it does |\n|---|---|---|\n", title);
	for (unsigned i = 0; i < GL_OP_COUNT; i++) {
		if (gl_ops[i].form != form)
			continue;
		buf_printf(out, "| `%s` | ", gl_ops[i].name);
		operands(out, &gl_ops[i]);
		buf_printf(out, " | ");
		cell(out, gl_op_doc(i));
		buf_printf(out, " |\n");
	}
	buf_printf(out, "\n");
}

static void class_text(struct buf *out, const struct gl_command *c)
{
	if (c->klass == GL_CLASS_INNOCUOUS)
		buf_printf(out, "-");
	else
		buf_printf(out, "%s/%s", gl_class_name(c->klass), c->mediation);
}

static void effects(struct buf *out, const struct gl_command *c)
{
	if (!c->stated) {
		buf_printf(out, "everything | everything");
		return;
	}
	cell(out, c->reads_text ? c->reads_text : "-");
	buf_printf(out, " | ");
	cell(out, c->writes_text ? c->writes_text : "-");
}

static void write_op(struct buf *out, unsigned op, const struct gl_command *c)
{
	buf_printf(out, "| `%s` | ", gl_ops[op].name);
	operands(out, &gl_ops[op]);
	buf_printf(out, " | %s | ", gl_form_name(gl_ops[op].form));
	class_text(out, c);
	buf_printf(out, " | ");
	effects(out, c);
	buf_printf(out, " |\n");
}

static void write_instructions(struct buf *out)
{
	buf_printf(out, "## OpenGL instructions\n\nReads and writes are slots of state (below); "
		   "a key in brackets is an operand, a constant,\n`=slot` (that slot's value at the "
		   "time) or `*` (any).\n\n| instruction | operands | form | class | reads | writes |\n"
		   "|---|---|---|---|---|---|\n");
	for (unsigned i = 0; i < gl_command_count; i++) {
		const struct gl_command *c = &gl_commands[i];

		if (c->op != GL_OP_COUNT)
			write_op(out, c->op, c);
		if (c->op_buf != GL_OP_COUNT)
			write_op(out, c->op_buf, c);
	}
	buf_printf(out, "\n");
}

static void write_rest(struct buf *out)
{
	static const struct { unsigned replay; const char *text; } why[] = {
		{ GL_REPLAY_LOWER, "become other instructions" },
		{ GL_REPLAY_SHADOW, "are absorbed while converting (pixel store, mapped buffers)" },
		{ GL_REPLAY_SKIP, "only ask, and are dropped" },
		{ GL_REPLAY_REFUSE, "are known, but refused by name" },
	};

	buf_printf(out, "## Commands without an instruction\n\n");
	for (size_t k = 0; k < sizeof(why) / sizeof(*why); k++) {
		buf_printf(out, "These %s:\n\n", why[k].text);
		for (unsigned i = 0, n = 0; i < gl_command_count; i++)
			if (gl_commands[i].replay == why[k].replay)
				buf_printf(out, "%s`%s`", n++ ? ", " : "", gl_commands[i].name);
		buf_printf(out, ".\n\n");
	}
}

static void write_answers(struct buf *out)
{
	buf_printf(out, "## Answers\n\nHow a live client gets the result of a command that has "
		   "one: *const* is known since the\nhandshake, *shadow* kept by the client, *fence* "
		   "comes with a fence, *sync* is a round trip.\n\n| command | answer |\n|---|---|\n");
	for (unsigned i = 0; i < gl_command_count; i++)
		if (gl_commands[i].answer != GL_ANSWER_NONE)
			buf_printf(out, "| `%s` | %s |\n", gl_commands[i].name,
				   gl_answer_name(gl_commands[i].answer));
	buf_printf(out, "\n");
}

static void write_slots(struct buf *out)
{
	static const char *const scopes[] = { "context", "share group", "drawable" };

	buf_printf(out, "## State\n\n| slot | owned by | keys | what it is | only while |\n"
		   "|---|---|---|---|---|\n");
	for (unsigned i = 0; i < gl_slot_count; i++) {
		const struct gl_slot *s = &gl_slots[i];

		buf_printf(out, "| %s | %s | %u | ", s->name, scopes[s->scope], s->nkeys);
		cell(out, s->doc);
		buf_printf(out, " | %s |\n", s->when < 0 ? "" : gl_slots[s->when].name);
	}
	buf_printf(out, "\n| group | slots |\n|---|---|\n");
	for (const struct gl_text *g = gl_slot_groups; g->name; g++)
		buf_printf(out, "| @%s | %s |\n", g->name, g->text);
	buf_printf(out, "\n");
}

static void write_mediations(struct buf *out)
{
	buf_printf(out, "## Sensitive commands\n\n*control* commands change resources or "
		   "confinement, the result of *behaviour* commands depends\non placement or on "
		   "other clients. A server mediates them:\n\n| word | the server |\n|---|---|\n");
	for (const struct gl_text *m = gl_mediations; m->name; m++)
		buf_printf(out, "| %s | %s |\n", m->name, m->text);
	buf_printf(out, "\n");
}

void gl_isa_markdown(struct buf *out)
{
	buf_append(out, intro, sizeof(intro) - 1);
	write_kinds(out);
	write_own(out, "BlinkGL's own instructions", GL_FORM_CORE);
	write_own(out, "Window-system instructions", GL_FORM_WINDOW);
	write_instructions(out);
	write_rest(out);
	write_answers(out);
	write_mediations(out);
	write_slots(out);
}
