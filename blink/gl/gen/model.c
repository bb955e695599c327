/* model.c - from commands to instructions: what the registry implies, which commands
 * stand in the table, and the record layout of each instruction. */
#include "blink/gl/gen/gen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LAST_CORE 33            /* every command up to this version is named */

struct op *ops;
int nops;
static int nfile_ops;           /* core and window instructions come first */

char *upper(const char *s)
{
	char *u = text_copy(s);

	for (char *p = u; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return u;
}

/* ---- what the registry implies ------------------------------------------- */

static const char *class_space(const char *klass)
{
	static const char *const map[][2] = {
		{ "display list", "list" }, { "program pipeline", "pipeline" },
		{ "shader", "program" }, { "transform feedback", "xfb" },
		{ "vertex array", "vertexarray" },
	};

	for (size_t i = 0; klass && i < sizeof(map) / sizeof(*map); i++)
		if (strcmp(map[i][0], klass) == 0)
			return map[i][1];
	return klass ? space_known(klass) : NULL;
}

static const char *value_kind(const struct param *p)
{
	static const char *const map[][2] = {
		{ "GLenum", "enum" }, { "GLbitfield", "bits" }, { "GLboolean", "bool" },
		{ "I8", "int" }, { "I16", "int" }, { "I32", "int" },
		{ "U8", "uint" }, { "U16", "uint" }, { "U32", "uint" },
		{ "I64", "int64" }, { "U64", "uint64" }, { "PTR", "uint64" },
		{ "F32", "float" }, { "F64", "double" },
	};

	for (size_t i = 0; i < sizeof(map) / sizeof(*map); i++)
		if (strcmp(map[i][0], p->base) == 0 || strcmp(map[i][0], p->ctype) == 0)
			return map[i][1];
	return "int";
}

/* A registry len that is arithmetic over parameters; NULL if it is not. */
static char *len_size(const struct command *c, const struct param *p)
{
	int bytes = p->elem, i;
	char *ident, *star, *slash;

	if (!p->len)
		return p->constant && strcmp(p->ctype, "PTR") == 0 && p->depth == 1 &&
		       text_has_prefix(p->base, "GLchar") ? text_copy("string") : NULL;
	if (strchr(p->len, '('))
		return NULL;
	if (isdigit((unsigned char)p->len[0]))
		return text_printf("%d", atoi(p->len) * bytes);
	ident = text_copy(p->len);
	star = strchr(ident, '*');
	slash = strchr(ident, '/');
	if (slash) {            /* "bufSize / 4" counts elements of bufSize bytes */
		*slash = 0;
		bytes = 1;
	}
	if (star) {
		*star = 0;
		bytes *= atoi(star + 1);
	}
	ident = text_trim(ident);
	i = param_find(c, ident);
	if (i == NONE || c->params[i].depth || c->params[i].ctype[0] == 'F')
		return NULL;
	return bytes == 1 ? text_copy(ident) : text_printf("%d*%s", bytes, ident);
}

/* Gen*, Delete* and others that take object names in memory. */
static void names_default(struct command *c, const struct param *p)
{
	const char *form = "names";

	if (!p->constant && (text_has_prefix(c->name, "glGen") ||
			     text_has_prefix(c->name, "glCreate")))
		form = "gen";
	else if (p->constant && text_has_prefix(c->name, "glDelete"))
		form = "delete";
	else if (!p->constant)
		return;
	if (!c->form)
		c->form = form;
}

static void param_default(struct command *c, struct param *p)
{
	const char *space = class_space(p->klass);

	if (!space && strcmp(p->base, "GLsync") == 0 && !p->depth)
		space = "sync";
	if (!p->depth) {
		if (!p->kind) {
			p->kind = space ? "name" : value_kind(p);
			p->space = space;
		}
		if (!c->form && p->space && strcmp(p->space, "sync") == 0)
			c->form = "sync";
		return;
	}
	if (!p->kind)
		p->kind = p->constant ? "payload" : "answer";
	if (!p->size)
		p->size = len_size(c, p);
	if (!p->space && p->depth == 1)
		p->space = space;
	if (p->space)
		names_default(c, p);
}

static void command_default(struct command *c)
{
	for (int i = 0; i < c->nparams; i++)
		param_default(c, &c->params[i]);
	if (!c->replay)
		c->replay = "refuse";
	if (!c->has_row)
		c->opaque = true;
	if (!c->klass)
		c->klass = "innocuous";
	if (!c->answer)
		c->answer = "none";
	if (!c->form)
		c->form = "direct";
}

/* ---- which commands stand in the table ----------------------------------- */

static int command_order(const void *pa, const void *pb)
{
	const struct command *a = *(struct command *const *)pa, *b = *(struct command *const *)pb;
	int fa = text_has_prefix(a->name, "egl") ? 2 : text_has_prefix(a->name, "glX");
	int fb = text_has_prefix(b->name, "egl") ? 2 : text_has_prefix(b->name, "glX");
	int va = a->version ? a->version : 99, vb = b->version ? b->version : 99;

	if (fa != fb)
		return fa - fb;
	if (va != vb)
		return va - vb;
	return strcmp(a->name, b->name);
}

static bool is_core(const struct command *c)
{
	return c->version && c->version <= LAST_CORE && !text_has_prefix(c->name, "glX");
}

void model_choose(void)
{
	struct command **order = calloc((size_t)ncommands, sizeof(*order));
	int n = 0;

	for (int i = 0; i < ncommands; i++) {
		commands[i].chosen = is_core(&commands[i]) || commands[i].has_row;
		if (commands[i].chosen)
			order[n++] = &commands[i];
	}
	qsort(order, (size_t)n, sizeof(*order), command_order);
	for (int i = 0; i < n; i++)
		order[i]->index = i;
	for (int i = 0; i < ncommands; i++) {
		struct command *c = &commands[i], *to = c->alias ? command_find(c->alias) : NULL;

		/* chains are followed until a command of the table is met */
		for (int hops = 0; to && !to->chosen && hops < 8; hops++)
			to = to->alias ? command_find(to->alias) : NULL;
		if (to && to->chosen && !c->chosen)
			pool_add(&to->aliases, c->name);
	}
	free(order);
}

/* ---- instructions -------------------------------------------------------- */

static char *identifier(const char *name)
{
	char *id = text_copy(name);

	for (char *p = id; *p; p++)
		if (*p == '.')
			*p = '_';
	return id;
}

static struct op *op_new(const char *name)
{
	struct op *op;

	for (int i = 0; i < nops; i++)
		if (strcmp(ops[i].name, name) == 0)
			die("instruction %s stands here twice", name);
	ops = grow(ops, (size_t)nops, sizeof(*ops));
	op = &ops[nops++];
	*op = (struct op){ .name = text_copy(name), .ident = identifier(name), .words = 1 };
	return op;
}

static struct operand *operand_new(struct op *op, const char *name, const char *kind)
{
	struct operand *o = &op->operands[op->noperands];

	if (op->noperands++ == 16)
		die("%s: more than 16 operands", op->name);
	*o = (struct operand){ .name = text_copy(name), .kind = kind, .word = op->words,
			       .param = NONE };
	op->words += kind_words(kind);
	return o;
}

static void file_op(struct row *row, const char *form, bool registers)
{
	struct op *op = op_new(row->col[0]);
	char *s;

	op->form = form;
	op->doc = row->ncols > 2 ? row->col[2] : text_copy("");
	for (s = strtok(text_copy(row->ncols > 1 ? row->col[1] : ""), " "); s;
	     s = strtok(NULL, " ")) {
		char *colon = strchr(s, ':'), *kind, *paren;
		struct operand *o;
		bool immediate;

		if (!colon)
			row_die(row, "'%s': expected operand:kind", s);
		*colon = 0;
		kind = colon + 1;
		immediate = kind[strlen(kind) - 1] == '!';
		if (immediate)
			kind[strlen(kind) - 1] = 0;
		paren = strchr(kind, '(');
		if (paren)
			*paren = 0;
		if (!kind_known(kind))
			row_die(row, "'%s' is no operand kind", kind);
		o = operand_new(op, s, text_copy(kind));
		if (paren) {
			paren[strlen(paren + 1)] = 0;
			o->space = space_known(paren + 1);
			if (!o->space)
				row_die(row, "no name space '%s'", paren + 1);
		}
		o->reg_ok = registers && !immediate &&
			    text_word("int uint float", ' ', o->kind);
	}
	nfile_ops = nops;
}

void model_core_row(struct row *row)
{
	file_op(row, "core", true);
}

void model_window_row(struct row *row)
{
	file_op(row, "window", false);
}

/* Whether a register may stand for parameter p: only plain numbers on which neither a
 * size nor a slot depends, and integers only where no memory is described and no
 * resource made. */
static bool reg_allowed(const struct command *c, const struct param *p)
{
	bool number = strcmp(p->kind, "int") == 0 || strcmp(p->kind, "uint") == 0;
	bool placed = c->mediation && text_word("scissor viewport", ' ', c->mediation);

	if (strcmp(c->form, "direct") != 0 || p->fixed ||
	    !(number || strcmp(p->kind, "float") == 0))
		return false;
	if (number && strcmp(c->klass, "innocuous") != 0 && !placed)
		return false;
	for (int i = 0; i < c->nparams; i++) {
		if (number && c->params[i].depth)
			return false;
		if (size_uses(c->params[i].size, p->name))
			return false;
	}
	return !effects_use(c->reads, p->name) && !effects_use(c->writes, p->name);
}

static const char *const mode_binding[] = { NULL, "array", "element", "unpack", "pack" };

static void param_operand(struct op *op, const struct command *c, int i, bool buf)
{
	const struct param *p = &c->params[i];
	bool offset = buf && p->mode != MODE_PLAIN;
	const char *kind = p->kind;
	struct operand *o;

	if (p->drop)
		return;
	if (strcmp(c->form, "gen") == 0 && p->space && p->depth)
		kind = "payload";
	if (offset)
		kind = "offset";
	o = operand_new(op, p->name, kind);
	o->param = i;
	o->space = p->space;
	o->group = p->group;
	o->binding = offset ? mode_binding[p->mode] : NULL;
	o->size = offset ? NULL : p->size;
	o->nullable = p->nullable && !offset;
	o->terminated = p->terminated;
	o->reg_ok = reg_allowed(c, p);
}

static int build_op(struct command *c, bool buf)
{
	struct op *op = op_new(buf ? text_printf("%s.buf", c->name) : c->name);
	const char *layout = NULL;

	op->command = c;
	op->form = c->form;
	for (int i = 0; i < c->nparams; i++) {
		param_operand(op, c, i, buf);
		if (buf && c->params[i].mode == MODE_PIXELS)
			layout = "unpack_buf";
		if (buf && c->params[i].mode == MODE_PACKED)
			layout = "pack_buf";
	}
	for (int i = 0; i < c->nextras; i++) {
		const struct extra *e = &c->extras[i];
		struct operand *o = operand_new(op, e->name, e->kind);

		o->space = e->space;
		o->size = e->size;
		o->nullable = e->nullable;
	}
	if (layout) {
		op->form = layout;
		for (int i = 0; i < op->noperands; i++)
			op->operands[i].reg_ok = false;
		operand_new(op, "row_length", "int");
		operand_new(op, "image_height", "int");
		operand_new(op, "flags", "uint");
	}
	return nops - 1;
}

static void op_sizes(struct op *op)
{
	for (int i = 0; i < op->noperands; i++) {
		struct operand *o = &op->operands[i];
		bool memory = strcmp(o->kind, "payload") == 0 || strcmp(o->kind, "answer") == 0;

		if (!memory)
			continue;
		if (!o->size)
			die("%s: operand %s needs a size rule", op->command->label, o->name);
		o->rule = size_site(o->size, op->command, op);
		if (o->rule == NONE)
			die("%s: size \"%s\": an identifier is no integer operand",
			    op->command->label, o->size);
	}
}

static void command_build(struct command *c)
{
	bool run = strcmp(c->replay, "run") == 0, buf = false, packed = false;

	for (int i = 0; i < c->nparams; i++) {
		struct param *p = &c->params[i];

		buf |= p->mode != MODE_PLAIN;
		packed |= p->mode == MODE_PACKED;
		p->rule = p->depth ? size_site(p->size, c, NULL) : 0;
		if (p->rule == NONE)
			p->rule = 0;    /* known only in a record */
	}
	c->signature = signature_of(c);
	if (run && !packed) {
		c->op = build_op(c, false);
		op_sizes(&ops[c->op]);
	}
	if ((run && buf) || packed) {
		c->op_buf = build_op(c, true);
		op_sizes(&ops[c->op_buf]);
	}
	if (!c->opaque) {
		c->reads_at = effects_add(c, c->reads, &c->nreads);
		c->writes_at = effects_add(c, c->writes, &c->nwrites);
	}
}

void model_build(void)
{
	struct command **order = calloc((size_t)ncommands, sizeof(*order));
	int n = 0;

	for (int i = 0; i < ncommands; i++)
		if (commands[i].chosen) {
			order[commands[i].index] = &commands[i];
			n++;
		}
	for (int i = 0; i < n; i++) {
		command_default(order[i]);
		command_build(order[i]);
	}
	free(order);
}
