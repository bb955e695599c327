/* emit.c - the C text of commands, instructions and calls. */
#include "blink/gl/gen/gen.h"

#include <stdlib.h>
#include <string.h>

static struct pool signatures;

char *quote(const char *s)
{
	struct buf b;

	if (!s)
		return text_copy("NULL");
	buf_init(&b);
	buf_append(&b, "\"", 1);
	for (; *s; s++)
		buf_printf(&b, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	buf_append(&b, "\"", 2);
	return (char *)b.data;
}

static const char *truth(bool b)
{
	return b ? "true" : "false";
}

static char *space_text(const char *space)
{
	return space ? text_printf("GL_SPACE_%s", upper(space)) : text_copy("GL_SPACE_NONE");
}

/* Chosen commands in table order. */
static struct command **table(int *count)
{
	struct command **v = calloc((size_t)ncommands + 1, sizeof(*v));

	*count = 0;
	for (int i = 0; i < ncommands; i++)
		if (commands[i].chosen) {
			v[commands[i].index] = &commands[i];
			++*count;
		}
	return v;
}

void emit_header(struct buf *out)
{
	int n;
	struct command **v = table(&n);

	buf_printf(out, "/* Instructions, in opcode order. */\nenum gl_opcode {\n");
	for (int i = 0; i < nops; i++)
		buf_printf(out, "\tOP_%s,\n", ops[i].ident);
	buf_printf(out, "\tGL_OP_COUNT\n};\n\n/* Indices in gl_commands. */\n"
		   "enum gl_command_index {\n");
	for (int i = 0; i < n; i++)
		buf_printf(out, "\tGL_CMD_%s,\n", v[i]->name);
	buf_printf(out, "\tGL_CMD_COUNT\n};\n\n");
	effects_emit_enum(out);
}

/* ---- commands ------------------------------------------------------------ */

static void emit_params(struct buf *out, struct command **v, int n)
{
	buf_printf(out, "static const struct gl_param params[] = {\n");
	for (int i = 0; i < n; i++)
		for (int k = 0; k < v[i]->nparams; k++) {
			const struct param *p = &v[i]->params[k];

			buf_printf(out, "\t{ %s, %s, GL_C_%s, GL_KIND_%s, %s, %s, %s, %d, %s, %s },\n",
				   quote(p->name), quote(p->type), p->ctype, upper(p->kind),
				   space_text(p->space), truth(p->depth > 0),
				   truth(p->constant), p->rule, quote(p->group),
				   quote(p->depth ? p->size : NULL));
		}
	buf_printf(out, "\t{ 0 }\n};\n\nstatic const char *const aliases[] = {\n\tNULL,\n");
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < v[i]->aliases.n; k++)
			buf_printf(out, "\t\"%s\",\n", v[i]->aliases.v[k]);
		if (v[i]->aliases.n)
			buf_printf(out, "\tNULL,\n");
	}
	buf_printf(out, "};\n\n");
}

static void emit_command(struct buf *out, const struct command *c, int param, int alias)
{
	/* of a core version: the extension that brought it is history */
	bool core = c->version > 0;
	char *op = c->op == NONE ? text_copy("GL_OP_COUNT")
				 : text_printf("OP_%s", ops[c->op].ident);
	char *op_buf = c->op_buf == NONE ? text_copy("GL_OP_COUNT")
					 : text_printf("OP_%s", ops[c->op_buf].ident);

	buf_printf(out, "\t{ .name = \"%s\", .extension = %s, .version = %d, .nparams = %d,\n",
		   c->name, core ? "NULL" : quote(c->extension), c->version, c->nparams);
	buf_printf(out, "\t  .ret = GL_C_%s, .klass = GL_CLASS_%s, .answer = GL_ANSWER_%s,\n",
		   c->retc, upper(c->klass), upper(c->answer));
	buf_printf(out, "\t  .replay = GL_REPLAY_%s, .form = GL_FORM_%s, .opaque = %s,\n",
		   upper(c->replay), upper(c->op == NONE ? c->form : ops[c->op].form),
		   truth(c->opaque || !c->effects_proved));
	buf_printf(out, "\t  .stated = %s,\n", truth(!c->opaque));
	buf_printf(out, "\t  .sizes_proved = %s, .effects_proved = %s, .op = %s, .op_buf = %s,\n",
		   truth(c->sizes_proved), truth(c->effects_proved), op, op_buf);
	buf_printf(out, "\t  .mediation = %s, .params = params + %d, .reads = effects + %d,\n",
		   quote(c->mediation), param, c->reads_at);
	buf_printf(out, "\t  .writes = effects + %d, .nreads = %d, .nwrites = %d,\n",
		   c->writes_at, c->nreads, c->nwrites);
	buf_printf(out, "\t  .aliases = aliases + %d, .row = %s,\n", alias, truth(c->has_row));
	buf_printf(out, "\t  .reads_text = %s, .writes_text = %s },\n",
		   quote(c->reads && *c->reads ? c->reads : NULL),
		   quote(c->writes && *c->writes ? c->writes : NULL));
}

struct named { const char *name; int index; };

static int named_order(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static void emit_names(struct buf *out, const char *what, struct named *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), named_order);
	buf_printf(out, "const struct gl_name %s[] = {\n", what);
	for (int i = 0; i < n; i++)
		buf_printf(out, "\t{ \"%s\", %d },\n", v[i].name, v[i].index);
	buf_printf(out, "};\nconst unsigned %s_count = %d;\n\n", what, n);
}

void emit_commands(struct buf *out)
{
	int n, param = 0, alias = 1, nnames = 0;
	struct command **v = table(&n);
	struct named *names = calloc((size_t)ncommands + 1, sizeof(*names));

	emit_params(out, v, n);
	buf_printf(out, "const struct gl_command gl_commands[] = {\n");
	for (int i = 0; i < n; i++) {
		const struct pool *a = &v[i]->aliases;

		emit_command(out, v[i], param, a->n ? alias : 0);
		param += v[i]->nparams;
		alias += a->n ? a->n + 1 : 0;
		names[nnames++] = (struct named){ v[i]->name, i };
		for (int k = 0; k < a->n; k++)
			names[nnames++] = (struct named){ a->v[k], i };
	}
	buf_printf(out, "};\nconst unsigned gl_command_count = GL_CMD_COUNT;\n\n");
	emit_names(out, "gl_command_names", names, nnames);
}

/* ---- instructions -------------------------------------------------------- */

static uint64_t hash_text(uint64_t h, const char *s)
{
	do {
		h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
	} while (*s++);
	return h;
}

static uint64_t layout_hash(void)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (int i = 0; i < nops; i++) {
		h = hash_text(h, ops[i].name);
		for (int k = 0; k < ops[i].noperands; k++) {
			h = hash_text(h, ops[i].operands[k].kind);
			h = hash_text(h, ops[i].operands[k].space ? ops[i].operands[k].space : "");
		}
	}
	return h;
}

static void emit_operand(struct buf *out, const struct operand *o)
{
	buf_printf(out, "\t{ %s, GL_KIND_%s, %s, %d, %s, %s, ", quote(o->name), upper(o->kind),
		   space_text(o->space), o->word, truth(o->reg_ok), truth(o->nullable));
	if (o->param == NONE)
		buf_printf(out, "0xff, ");
	else
		buf_printf(out, "%d, ", o->param);
	buf_printf(out, "%d, %s, GL_BINDING_%s, %s, %s },\n", o->rule, quote(o->group),
		   o->binding ? upper(o->binding) : "NONE", quote(o->size),
		   truth(o->terminated));
}

void emit_ops(struct buf *out)
{
	struct named *names = calloc((size_t)nops + 1, sizeof(*names));
	int at = 0;

	buf_printf(out, "static const struct gl_operand operands[] = {\n");
	for (int i = 0; i < nops; i++)
		for (int k = 0; k < ops[i].noperands; k++)
			emit_operand(out, &ops[i].operands[k]);
	buf_printf(out, "\t{ 0 }\n};\n\nconst struct gl_op gl_ops[GL_OP_COUNT] = {\n");
	for (int i = 0; i < nops; i++) {
		const struct op *op = &ops[i];
		char *command = op->command ? text_printf("GL_CMD_%s", op->command->name)
					    : text_copy("GL_OP_NO_COMMAND");

		buf_printf(out, "\t{ \"%s\", %s, GL_FORM_%s, %d, %d, %d, operands + %d },\n",
			   op->name, command, upper(op->form), op->words, op->noperands,
			   op->command ? op->command->signature : 0, at);
		names[i] = (struct named){ op->name, i };
		at += op->noperands;
	}
	buf_printf(out, "};\n\nconst char *const gl_op_docs[GL_OP_COUNT] = {\n");
	for (int i = 0; i < nops; i++)
		if (ops[i].doc)
			buf_printf(out, "\t[%d] = %s,\n", i, quote(ops[i].doc));
	buf_printf(out, "};\n\nconst uint64_t gl_layout_hash = UINT64_C(0x%016llx);\n\n",
		   (unsigned long long)layout_hash());
	emit_names(out, "gl_op_names", names, nops);
}

/* ---- calls --------------------------------------------------------------- */

/* One letter per value: what the calling convention tells apart. */
static const struct { const char *ctype, *letter, *type, *arg; } calls[] = {
	{ "VOID", "v", "void", "" },
	{ "I8", "b", "int8_t", "(int8_t)a[%d]" }, { "U8", "B", "uint8_t", "(uint8_t)a[%d]" },
	{ "I16", "s", "int16_t", "(int16_t)a[%d]" },
	{ "U16", "S", "uint16_t", "(uint16_t)a[%d]" },
	{ "I32", "i", "uint32_t", "(uint32_t)a[%d]" },
	{ "U32", "i", "uint32_t", "(uint32_t)a[%d]" },
	{ "I64", "l", "uint64_t", "a[%d]" }, { "U64", "l", "uint64_t", "a[%d]" },
	{ "PTR", "l", "uint64_t", "a[%d]" },
	{ "F32", "f", "float", "call_float(a[%d])" },
	{ "F64", "d", "double", "call_double(a[%d])" },
};
#define NCALLS (sizeof(calls) / sizeof(*calls))

static size_t call_row(const char *ctype)
{
	for (size_t i = 0; i < NCALLS; i++)
		if (strcmp(calls[i].ctype, ctype) == 0)
			return i;
	die("no calling convention for %s", ctype);
}

static size_t letter_row(char letter)
{
	for (size_t i = 0; i < NCALLS; i++)
		if (calls[i].letter[0] == letter)
			return i;
	die("no letter %c", letter);
}

int signature_of(const struct command *c)
{
	char text[MAX_PARAMS + 2] = { 0 };
	int s;

	text[0] = calls[call_row(c->retc)].letter[0];
	for (int i = 0; i < c->nparams; i++)
		text[i + 1] = calls[call_row(c->params[i].ctype)].letter[0];
	s = pool_add(&signatures, text);
	if (s > 255)
		die("more than 256 signatures");
	return s;
}

static void emit_call(struct buf *out, const char *sig)
{
	struct buf types, args;
	char *call;

	buf_init(&types);
	buf_init(&args);
	for (int i = 1; sig[i]; i++) {
		size_t r = letter_row(sig[i]);

		buf_printf(&types, "%s%s", i > 1 ? ", " : "", calls[r].type);
		buf_printf(&args, i > 1 ? ", " : "%s", "");
		for (const char *f = calls[r].arg; *f; f++)
			if (*f == '%' && f[1] == 'd')
				buf_printf(&args, "%d", i - 1), f++;
			else
				buf_append(&args, f, 1);
	}
	buf_append(&types, "", 1);
	buf_append(&args, "", 1);
	call = text_printf("((%s (*)(%s))fn)(%s)", calls[letter_row(sig[0])].type,
			   sig[1] ? (char *)types.data : "void", (char *)args.data);
	if (sig[0] == 'v')
		buf_printf(out, "%s; return 0;", call);
	else if (sig[0] == 'f')
		buf_printf(out, "return call_float_bits(%s);", call);
	else if (sig[0] == 'd')
		buf_printf(out, "return call_double_bits(%s);", call);
	else
		buf_printf(out, "return (uint64_t)%s;", call);
	buf_finish(&types);
	buf_finish(&args);
}

void emit_calls(struct buf *out)
{
	int n;
	struct command **v = table(&n);

	buf_printf(out, "uint64_t gl_invoke(unsigned signature, void (*fn)(void), "
		   "const uint64_t *a)\n{\n\tswitch (signature) {\n");
	for (int i = 0; i < signatures.n; i++) {
		buf_printf(out, "\tcase %d: ", i);
		emit_call(out, signatures.v[i]);
		buf_printf(out, "\n");
	}
	buf_printf(out, "\tdefault: return 0;\n\t}\n}\n\n"
		   "const char *const gl_signatures[] = {\n");
	for (int i = 0; i < signatures.n; i++)
		buf_printf(out, "\t\"%s\",\n", signatures.v[i]);
	buf_printf(out, "\tNULL\n};\n\nconst uint8_t gl_command_signatures[GL_CMD_COUNT] = {\n");
	for (int i = 0; i < n; i++)
		buf_printf(out, "\t%d,%s", v[i]->signature, i % 16 == 15 ? "\n" : "");
	buf_printf(out, "\n};\n\n");
}
