/* size.c - size expressions become overflow-checked C functions.
 *
 *     expr   = term { "+" term | "-" term }
 *     term   = factor { "*" factor | "/" number }
 *     factor = number | identifier | GL_ENUM | function "(" expr {"," expr} ")"
 *            | "(" expr ")"
 *
 * Every value, intermediate ones included, is a non-negative number below 2^63;
 * whatever leaves that range makes the size unknown, so that a call with it is
 * refused.  Equal expressions over equal inputs share one function; a *site* says
 * where a function's inputs lie in a record or in a call's arguments.
 */
#include "blink/gl/gen/gen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static struct pool functions;                   /* bodies */
static struct pool record_sites, param_sites;   /* "return size_3(...);" */

struct family_row { char *family; uint32_t pname; unsigned count; const char *name; };
static struct family_row *family_rows;
static int nfamily_rows;
static struct pool families;

struct parse {
	const char *s, *whole, *owner;
	struct pool inputs;
	struct buf code;
	int temps;
};

static _Noreturn void bad(const struct parse *p, const char *why)
{
	die("%s: size \"%s\": %s", p->owner, p->whole, why);
}

static void skip_space(struct parse *p)
{
	while (isspace((unsigned char)*p->s))
		p->s++;
}

static bool eat(struct parse *p, char c)
{
	skip_space(p);
	if (*p->s != c)
		return false;
	p->s++;
	return true;
}

static char *word(struct parse *p)
{
	const char *start;

	skip_space(p);
	start = p->s;
	while (isalnum((unsigned char)*p->s) || *p->s == '_')
		p->s++;
	return text_printf("%.*s", (int)(p->s - start), start);
}

static char *parse_expr(struct parse *p);

static char *binary(struct parse *p, const char *fn, const char *a, const char *b)
{
	int t = p->temps++;

	buf_printf(&p->code, " &&\n\t       %s(%s, %s, &t[%d])", fn, a, b, t);
	return text_printf("t[%d]", t);
}

/* pname(family, x): the family is a word, not a value */
static char *parse_pname(struct parse *p)
{
	char *family = word(p), *x;
	int t = p->temps++;

	if (pool_find(&families, family) == NONE)
		bad(p, text_printf("no pname family '%s'", family));
	if (!eat(p, ','))
		bad(p, "pname takes a family and a value");
	x = parse_expr(p);
	if (!eat(p, ')'))
		bad(p, "missing ')'");
	buf_printf(&p->code, " &&\n\t       pname_%s(%s, &t[%d])", family, x, t);
	return text_printf("t[%d]", t);
}

static char *parse_call(struct parse *p, const char *name)
{
	static const struct { const char *name, *fn; int args; } calls[] = {
		{ "type", "size_of_type", 1 }, { "image", "size_of_image", 5 },
		{ "lists", "size_of_lists", 2 }, { "bytes", NULL, 1 },
	};
	char *args[5], *list = NULL;
	int n = 0, t;

	if (strcmp(name, "pname") == 0)
		return parse_pname(p);
	do {
		if (n == 5)
			bad(p, "too many arguments");
		args[n] = parse_expr(p);
		list = n ? text_printf("%s, %s", list, args[n]) : args[n];
		n++;
	} while (eat(p, ','));
	if (!eat(p, ')'))
		bad(p, "missing ')'");
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (strcmp(calls[i].name, name) != 0 || calls[i].args != n)
			continue;
		if (!calls[i].fn)
			return args[0];
		t = p->temps++;
		buf_printf(&p->code, " &&\n\t       %s(%s, &t[%d])", calls[i].fn, list, t);
		return text_printf("t[%d]", t);
	}
	bad(p, text_printf("no function %s of %d arguments", name, n));
}

static char *parse_factor(struct parse *p)
{
	uint32_t value;
	char *w, *e;

	if (eat(p, '(')) {
		e = parse_expr(p);
		if (!eat(p, ')'))
			bad(p, "missing ')'");
		return e;
	}
	w = word(p);
	if (!*w)
		bad(p, text_printf("unexpected '%c'", *p->s));
	if (isdigit((unsigned char)*w))
		return text_printf("UINT64_C(%s)", w);
	if (eat(p, '('))
		return parse_call(p, w);
	if (text_has_prefix(w, "GL_")) {
		if (!enum_value(w, &value))
			bad(p, text_printf("no such enum %s", w));
		return text_printf("UINT64_C(0x%x)", value);
	}
	return text_printf("v[%d]", pool_add(&p->inputs, w));
}

static char *parse_term(struct parse *p)
{
	char *a = parse_factor(p);

	for (;;) {
		if (eat(p, '*'))
			a = binary(p, "size_mul", a, parse_factor(p));
		else if (eat(p, '/'))
			a = binary(p, "size_div", a, parse_factor(p));
		else
			return a;
	}
}

static char *parse_expr(struct parse *p)
{
	char *a = parse_term(p);

	for (;;) {
		if (eat(p, '+'))
			a = binary(p, "size_add", a, parse_term(p));
		else if (eat(p, '-'))
			a = binary(p, "size_sub", a, parse_term(p));
		else
			return a;
	}
}

/* Compiles expr; returns the function's index, inputs in *inputs. */
static int compile(const char *expr, const char *owner, struct pool *inputs)
{
	struct parse p = { .s = expr, .whole = expr, .owner = owner };
	char *result, *body;

	buf_init(&p.code);
	result = parse_expr(&p);
	skip_space(&p);
	if (*p.s)
		bad(&p, "text after the end");
	buf_append(&p.code, "", 1);
	body = text_printf("\tuint64_t t[%d] = { 0 };\n\n\treturn size_inputs(v, %d)%s &&\n"
			   "\t       size_is(%s, t, out);\n",
			   p.temps ? p.temps : 1, p.inputs.n, (char *)p.code.data, result);
	buf_finish(&p.code);
	*inputs = p.inputs;
	return pool_add(&functions, body);
}

static char *record_input(const struct op *op, const char *name)
{
	for (int i = 0; i < op->noperands; i++) {
		const struct operand *o = &op->operands[i];

		if (strcmp(o->name, name) != 0)
			continue;
		if (strcmp(o->kind, "int") == 0)
			return text_printf("size_i32(r[%d])", o->word);
		if (strcmp(o->kind, "int64") == 0 || strcmp(o->kind, "uint64") == 0)
			return text_printf("size_i64(r + %d)", o->word);
		if (kind_words(o->kind) == 1 && strcmp(o->kind, "float") != 0)
			return text_printf("r[%d]", o->word);
	}
	return NULL;
}

static char *param_input(const struct command *c, const char *name)
{
	int i = param_find(c, name);
	const char *ctype = i == NONE ? "" : c->params[i].ctype;

	if (i == NONE || ctype[0] == 'F' || ctype[0] == 'P')
		return NULL;
	if (strcmp(ctype, "I64") == 0 || strcmp(ctype, "U64") == 0)
		return text_printf("a[%d]", i);
	if (ctype[0] == 'I')
		return text_printf("size_i32((uint32_t)a[%d])", i);
	return text_printf("(uint32_t)a[%d]", i);
}

int size_site(const char *expr, const struct command *c, const struct op *op)
{
	struct pool inputs, *sites = op ? &record_sites : &param_sites;
	struct buf site;
	int f;

	if (!expr)
		return 0;
	if (strcmp(expr, "any") == 0)
		return 1;
	if (strcmp(expr, "string") == 0)
		return 2;
	if (text_has_prefix(expr, "strings(") || strcmp(expr, "strings") == 0)
		return 3;
	f = compile(expr, c->label, &inputs);
	buf_init(&site);
	buf_printf(&site, "return size_%d((uint64_t[]){", f);
	for (int i = 0; i < inputs.n; i++) {
		char *in = op ? record_input(op, inputs.v[i]) : param_input(c, inputs.v[i]);

		if (!in)
			return NONE;
		buf_printf(&site, " %s,", in);
	}
	buf_printf(&site, "%s }, size);", inputs.n ? "" : " 0");
	buf_append(&site, "", 1);
	return RULE_FIXED + pool_add(sites, (char *)site.data);
}

bool size_uses(const char *expr, const char *ident)
{
	size_t n = strlen(ident);

	for (const char *s = expr; s && (s = strstr(s, ident)); s += n)
		if ((s == expr || !(isalnum((unsigned char)s[-1]) || s[-1] == '_')) &&
		    !isalnum((unsigned char)s[n]) && s[n] != '_')
			return true;
	return false;
}

/* ---- pname families ------------------------------------------------------ */

static bool family_has(const char *family, uint32_t pname)
{
	for (int i = 0; i < nfamily_rows; i++)
		if (family_rows[i].pname == pname && strcmp(family_rows[i].family, family) == 0)
			return true;
	return false;
}

static void family_add(const struct family_row *r)
{
	family_rows = grow(family_rows, (size_t)nfamily_rows, sizeof(*r));
	family_rows[nfamily_rows++] = *r;
}

/* The rest of a registry group: whatever no row of the family named before. */
static void family_rest(struct row *row, struct family_row r, const char *group)
{
	bool any = false;

	for (int i = 0; i < nenums; i++) {
		if (!enums[i].group || !text_word(enums[i].group, ',', group))
			continue;
		any = true;
		r.pname = enums[i].value;
		r.name = enums[i].name;
		if (!family_has(r.family, r.pname))
			family_add(&r);
	}
	if (!any)
		row_die(row, "the registry knows no group %s", group);
}

/* FAMILY | GL_PNAME ... | count; the count `?` is known to be unknown */
void size_pname_row(struct row *row)
{
	char *end = NULL, *count = row->ncols == 3 ? row->col[2] : NULL;
	struct family_row r = { .family = row->col[0] };

	if (!count || !*count)
		row_die(row, "a pname row has a family, names and a count");
	if (strcmp(count, "?") != 0) {
		r.count = (unsigned)strtoul(count, &end, 10);
		if (*end || !r.count)
			row_die(row, "'%s' is no count", count);
	}
	pool_add(&families, r.family);
	for (char *s = strtok(row->col[1], " "); s; s = strtok(NULL, " ")) {
		if (*s == '@') {
			family_rest(row, r, s + 1);
			continue;
		}
		r.name = s;
		if (!enum_value(s, &r.pname))
			row_die(row, "no such enum %s", s);
		if (family_has(r.family, r.pname))
			row_die(row, "%s stands in family %s twice", s, r.family);
		family_add(&r);
	}
}

static void emit_families(struct buf *out)
{
	for (int f = 0; f < families.n; f++) {
		buf_printf(out, "static bool pname_%s(uint64_t p, uint64_t *n)\n{\n"
			   "\tswitch (p) {\n", families.v[f]);
		for (int i = 0; i < nfamily_rows; i++)
			if (strcmp(family_rows[i].family, families.v[f]) == 0 && family_rows[i].count)
				buf_printf(out, "\tcase 0x%x: *n = %u; return true; /* %s */\n",
					   family_rows[i].pname, family_rows[i].count,
					   family_rows[i].name);
		buf_printf(out, "\tdefault: return false;\n\t}\n}\n\n");
	}
	buf_printf(out, "const struct gl_pname_family gl_pname_families[] = {\n");
	for (int f = 0; f < families.n; f++)
		buf_printf(out, "\t{ \"%s\", pname_%s },\n", families.v[f], families.v[f]);
	buf_printf(out, "\t{ 0 }\n};\n\n");
}

static void emit_sites(struct buf *out, const struct pool *sites, const char *head,
		       const char *unused)
{
	buf_printf(out, "%s\n{\n\t(void)%s;\n\tswitch (rule) {\n", head, unused);
	for (int i = 0; i < sites->n; i++)
		buf_printf(out, "\tcase %d: %s\n", RULE_FIXED + i, sites->v[i]);
	buf_printf(out, "\tdefault: return false;\n\t}\n}\n\n");
}

void size_emit(struct buf *out)
{
	emit_families(out);
	for (int i = 0; i < functions.n; i++)
		buf_printf(out, "static bool size_%d(const uint64_t *v, uint64_t *out)\n{\n%s}\n\n",
			   i, functions.v[i]);
	emit_sites(out, &record_sites,
		   "bool gl_record_rule(unsigned rule, const uint32_t *r, uint64_t *size)", "r");
	emit_sites(out, &param_sites,
		   "bool gl_param_rule(unsigned rule, const uint64_t *a, uint64_t *size)", "a");
}
