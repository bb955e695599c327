/* client.c - blinkgl.h: one inline function per instruction that a live client may use.
 *
 * What a client may use follows from the command's row: a server refuses what is opaque
 * (its effects are not stated, or not proved), and every sensitive command has a
 * mediation, or its row would not have been accepted.  Instructions without a command
 * behind them are all there.
 *
 *     glVertex3f            void blinkVertex3f(struct buf *code, float x, float y, float z)
 *                           void blinkVertex3f_r(struct buf *code, struct blink_arg x, ...)
 *     glTexImage2D.buf      void blinkTexImage2D_buf(...)
 *     add.f                 void blink_add_f(struct buf *code, unsigned d, struct blink_arg a, ...)
 */
#include "blink/gl/gen/gen.h"

#include <stdlib.h>
#include <string.h>

/* How an operand of each kind is declared, and what words it becomes ("@": its name). */
static const struct { const char *kind, *type, *words; } forms[] = {
	{ "int", "int32_t", "(uint32_t)@" }, { "uint", "uint32_t", "@" },
	{ "float", "float", "blink_float_word(@)" },
	{ "double", "double", "BLINK_WORDS(blink_double_words(@))" },
	{ "int64", "int64_t", "BLINK_WORDS((uint64_t)@)" },
	{ "uint64", "uint64_t", "BLINK_WORDS(@)" }, { "offset", "uint64_t", "BLINK_WORDS(@)" },
	{ "bool", "bool", "@" }, { "enum", "uint32_t", "@" }, { "bits", "uint32_t", "@" },
	{ "name", "uint32_t", "@" }, { "location", "uint32_t", "@" },
	{ "payload", "struct blink_at", "@.object, @.offset" },
	{ "dst", "unsigned", "@" }, { "label", "struct blink_label *", "0" },
	{ "sp", "uint32_t", "@" }, { "extern", "enum sp_extern", "(uint32_t)@" },
};

static size_t form_row(const struct op *op, const struct operand *o)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (strcmp(forms[i].kind, o->kind) == 0)
			return i;
	die("%s: no C type for operand %s (%s)", op->name, o->name, o->kind);
}

/* Answers take no words; they go nowhere. */
static bool is_operand(const struct operand *o)
{
	return strcmp(o->kind, "answer") != 0;
}

static bool may_use(const struct op *op)
{
	return !op->command || (op->command->effects_proved && !op->command->opaque);
}

static char *function_name(const struct op *op)
{
	if (text_has_prefix(op->ident, "gl"))
		return text_printf("blink%s", op->ident + 2);
	return text_has_prefix(op->ident, "blink") ? text_copy(op->ident)
						   : text_printf("blink_%s", op->ident);
}

/* "@.object, @.offset" with the operand's name put in. */
static void put_words(struct buf *out, const char *words, const char *name)
{
	for (; *words; words++)
		if (*words == '@')
			buf_printf(out, "%s", name);
		else
			buf_append(out, words, 1);
}

static void emit_parameters(struct buf *out, const struct op *op, bool registers)
{
	buf_printf(out, "(struct buf *code");
	for (int i = 0; i < op->noperands; i++) {
		const struct operand *o = &op->operands[i];
		const char *type;

		if (!is_operand(o))
			continue;
		if (strcmp(o->name, "code") == 0)
			die("%s: an operand has the name of the program's", op->name);
		type = registers && o->reg_ok ? "struct blink_arg" : forms[form_row(op, o)].type;
		buf_printf(out, ", %s%s%s", type, strchr(type, '*') ? "" : " ", o->name);
	}
	buf_printf(out, ")\n");
}

/* The mask of a record's header: which operands are registers. */
static void emit_mask(struct buf *out, const struct op *op, bool registers)
{
	bool any = false;

	for (int i = 0; registers && i < op->noperands; i++)
		if (op->operands[i].reg_ok) {
			buf_printf(out, "%s(unsigned)%s.reg << %d", any ? " | " : "",
				   op->operands[i].name, i);
			any = true;
		}
	if (!any)
		buf_printf(out, "0");
}

static void emit_words(struct buf *out, const struct op *op, bool registers)
{
	bool any = false;

	for (int i = 0; i < op->noperands; i++) {
		const struct operand *o = &op->operands[i];

		if (!is_operand(o))
			continue;
		buf_printf(out, "%s", any ? ", " : "(const uint32_t[]){ ");
		any = true;
		put_words(out, registers && o->reg_ok ? "@.word" : forms[form_row(op, o)].words,
			  o->name);
	}
	buf_printf(out, any ? " }" : "NULL");
}

/* What the types do not say: the core's meaning, and how large a payload is. */
static void emit_comment(struct buf *out, const struct op *op)
{
	const char *sep = "/* ";

	if (op->doc && *op->doc) {
		buf_printf(out, "%s%s", sep, op->doc);
		sep = "; ";
	}
	for (int i = 0; i < op->noperands; i++) {
		const struct operand *o = &op->operands[i];

		if (strcmp(o->kind, "payload") != 0 || !o->size)
			continue;
		/* (a size may hold "*" and "/" side by side, which ends a comment) */
		if (strstr(o->size, "*/") || strstr(o->size, "/*"))
			continue;
		buf_printf(out, "%s%s: %s%s", sep, o->name, o->size, o->nullable ? ", or none" : "");
		sep = "; ";
	}
	if (strcmp(sep, "; ") == 0)
		buf_printf(out, " */\n");
}

static void emit_function(struct buf *out, const struct op *op, bool registers)
{
	bool core = !op->command;

	if (core || !registers)
		emit_comment(out, op);
	buf_printf(out, "static inline void %s%s", function_name(op),
		   registers && !core ? "_r" : "");
	emit_parameters(out, op, registers);
	buf_printf(out, "{\n\tsp_emit(code, OP_%s, ", op->ident);
	emit_mask(out, op, registers);
	buf_printf(out, op->words > 1 ? ",\n\t\t" : ", ");
	emit_words(out, op, registers);
	buf_printf(out, ");\n");
	for (int i = 0; i < op->noperands; i++)
		if (strcmp(op->operands[i].kind, "label") == 0)
			buf_printf(out, "\tblink_jumps_to(code, %s);\n", op->operands[i].name);
	buf_printf(out, "}\n");
}

void client_emit(struct buf *out)
{
	buf_printf(out, "/* blinkgl.h - BlinkGL for clients: each function appends one record to code.\n"
		   " * See blink/client/program.h for arguments, payloads and labels, docs/ISA.md for\n"
		   " * what the instructions do. */\n"
		   "#ifndef BLINK_CLIENT_BLINKGL_H\n#define BLINK_CLIENT_BLINKGL_H\n\n"
		   "#include \"blink/client/program.h\"\n\n");
	for (int i = 0; i < nops; i++) {
		const struct op *op = &ops[i];
		bool registers = false;

		if (!may_use(op))
			continue;
		for (int k = 0; k < op->noperands; k++)
			registers |= op->operands[k].reg_ok;
		if (op->command || !registers)
			emit_function(out, op, false);
		if (registers)
			emit_function(out, op, true);
	}
	buf_printf(out, "\n#endif\n");
}
