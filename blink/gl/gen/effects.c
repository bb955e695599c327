/* effects.c - slots of GL state, and the slots that a command reads and writes.
 *
 * A term is slot, slot[key], slot[key,key] or @group; a key is a parameter, a GL
 * enum, a number, `*` (any) or `=slot` (the value that slot has at the time).
 */
#include "blink/gl/gen/gen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct slot { char *name, *doc, *scope, *when; int nkeys; };
static struct slot *slots;
static int nslots;
struct group { char *name, *terms; };
static struct group *groups;
static int ngroups;
static char **effects;          /* initializers, one list after the other */
static int neffects;
static struct pool lists;       /* text of lists emitted already, to share them */
static int list_at[8192];

static int slot_find(const char *name)
{
	for (int i = 0; i < nslots; i++)
		if (strcmp(slots[i].name, name) == 0)
			return i;
	return NONE;
}

static void group_row(struct row *row)
{
	if (row->ncols < 2)
		row_die(row, "a group has a name and terms");
	groups = grow(groups, (size_t)ngroups, sizeof(*groups));
	groups[ngroups++] = (struct group){ row->col[0] + 1, row->col[1] };
}

void effects_slot_row(struct row *row)
{
	static const char *const scopes[] = { "context", "share", "drawable" };
	struct slot s = { .name = row->col[0] };

	if (row->col[0][0] == '@') {
		group_row(row);
		return;
	}
	if (row->ncols < 3)
		row_die(row, "a slot has a name, a scope and a number of keys");
	if (slot_find(s.name) != NONE)
		row_die(row, "slot %s stands here twice", s.name);
	s.nkeys = atoi(row->col[2]);
	s.doc = row->ncols > 3 ? row->col[3] : text_copy("");
	s.when = row->ncols > 4 && *row->col[4] ? row->col[4] : NULL;
	for (int i = 0; i < 3; i++)
		if (strcmp(row->col[1], scopes[i]) == 0)
			s.scope = upper(scopes[i]);
	if (!s.scope || s.nkeys < 0 || s.nkeys > 2)
		row_die(row, "scope is context, share or drawable; keys are 0 to 2");
	slots = grow(slots, (size_t)nslots, sizeof(*slots));
	slots[nslots++] = s;
}

/* The operand that an appended one becomes, after the parameters that are any. */
static int extra_operand(const struct command *c, const char *name)
{
	int at = 0;

	for (int i = 0; i < c->nparams; i++)
		at += !c->params[i].drop;
	for (int i = 0; i < c->nextras; i++)
		if (strcmp(c->extras[i].name, name) == 0)
			return at + i;
	return NONE;
}

static char *key_text(const struct command *c, char *key)
{
	uint32_t value;
	int p, s;

	key = text_trim(key);
	if (strcmp(key, "*") == 0)
		return text_copy("{ GL_KEY_ANY, 0 }");
	if (*key == '=') {
		s = slot_find(key + 1);
		if (s == NONE)
			die("%s: key: no slot '%s'", c->label, key + 1);
		return text_printf("{ GL_KEY_SELECTED, %d }", s);
	}
	if (isdigit((unsigned char)*key))
		return text_printf("{ GL_KEY_CONST, %s }", key);
	p = param_find(c, key);
	if (p != NONE) {
		if (c->params[p].depth)
			die("%s: key: '%s' is a pointer", c->label, key);
		return text_printf("{ GL_KEY_PARAM, %d }", p);
	}
	s = extra_operand(c, key);
	if (s != NONE)
		return text_printf("{ GL_KEY_OPERAND, %d }", s);
	if (enum_value(key, &value))
		return text_printf("{ GL_KEY_CONST, 0x%x }", value);
	die("%s: key '%s' is neither a parameter nor an enum", c->label, key);
}

/* One term without its group: "slot[a,b]" */
static void add_term(const struct command *c, char *term, struct pool *list)
{
	char *open = strchr(term, '['), *comma, *k[2] = { NULL, NULL };
	int s, n = 0;

	if (open) {
		char *close = strchr(open, ']');

		if (!close || close[1])
			die("%s: '%s': missing ']'", c->label, term);
		*open = *close = 0;
		comma = strchr(open + 1, ',');
		if (comma)
			*comma = 0;
		k[n++] = key_text(c, open + 1);
		if (comma)
			k[n++] = key_text(c, comma + 1);
	}
	s = slot_find(term);
	if (s == NONE)
		die("%s: no slot '%s'", c->label, term);
	/* a slot without keys written down means all of it */
	while (n < slots[s].nkeys && !open)
		k[n++] = text_copy("{ GL_KEY_ANY, 0 }");
	if (n != slots[s].nkeys)
		die("%s: slot %s has %d keys", c->label, term, slots[s].nkeys);
	pool_add(list, text_printf("{ %d, { %s, %s } }", s, k[0] ? k[0] : "{ 0, 0 }",
				   k[1] ? k[1] : "{ 0, 0 }"));
}

static const char *group_terms(const struct command *c, const char *name)
{
	for (int i = 0; i < ngroups; i++)
		if (strcmp(groups[i].name, name) == 0)
			return groups[i].terms;
	die("%s: no group '@%s'", c->label, name);
}

/* Terms are separated by spaces outside brackets. */
static char *next_term(const char **s)
{
	const char *start;
	int depth = 0;

	while (isspace((unsigned char)**s))
		++*s;
	start = *s;
	while (**s && (depth || !isspace((unsigned char)**s))) {
		depth += (**s == '[') - (**s == ']');
		++*s;
	}
	return *s > start ? text_printf("%.*s", (int)(*s - start), start) : NULL;
}

static void add_terms(const struct command *c, const char *terms, struct pool *list, int depth)
{
	char *term;

	if (depth > 8)
		die("%s: groups nest too deep", c->label);
	while (terms && (term = next_term(&terms))) {
		if (*term == '@')
			add_terms(c, group_terms(c, term + 1), list, depth + 1);
		else
			add_term(c, term, list);
	}
}

int effects_add(const struct command *c, const char *terms, int *count)
{
	struct pool list = { 0 };
	struct buf text;
	int known, id;

	add_terms(c, terms, &list, 0);
	*count = list.n;
	if (list.n > MAX_EFFECTS)
		die("%s: too many effects", c->label);
	if (!list.n)
		return 0;
	buf_init(&text);
	for (int i = 0; i < list.n; i++)
		buf_printf(&text, "%s,", list.v[i]);
	buf_append(&text, "", 1);
	known = lists.n;
	id = pool_add(&lists, (char *)text.data);
	buf_finish(&text);
	if (id < known)
		return list_at[id];
	list_at[id] = neffects;
	for (int i = 0; i < list.n; i++) {
		effects = grow(effects, (size_t)neffects, sizeof(*effects));
		effects[neffects++] = list.v[i];
	}
	return list_at[id];
}

/* Is ident a key in terms?  Slot names are words too, but never stand in brackets
 * without '='. */
bool effects_use(const char *terms, const char *ident)
{
	char *term;

	while (terms && (term = next_term(&terms))) {
		char *open = strchr(term, '[');

		if (open && size_uses(open, ident))
			return true;
	}
	return false;
}

/* The condition of a slot: "slot" or "slot[GL_ENUM]". */
static int when_slot(const struct slot *s, uint32_t *key)
{
	char *text = text_copy(s->when), *open, *close;
	int when;

	if (!text)
		return NONE;
	open = strchr(text, '[');
	if (open) {
		*open = 0;
		close = strchr(open + 1, ']');
		if (!close)
			die("slot %s: when: missing ']'", s->name);
		*close = 0;
		if (!enum_value(open + 1, key))
			die("slot %s: when: no such enum %s", s->name, open + 1);
	}
	when = slot_find(text);
	if (when == NONE)
		die("slot %s: when: no slot '%s'", s->name, text);
	return when;
}

void effects_emit(struct buf *out)
{
	buf_printf(out, "const struct gl_slot gl_slots[] = {\n");
	for (int i = 0; i < nslots; i++) {
		const struct slot *s = &slots[i];
		uint32_t key = 0;
		int when = when_slot(s, &key);

		buf_printf(out, "\t{ \"%s\", \"%s\", GL_SCOPE_%s, %d, %d, 0x%x },\n", s->name,
			   s->doc, s->scope, s->nkeys, when, key);
	}
	buf_printf(out, "\t{ 0 }\n};\nconst unsigned gl_slot_count = %d;\n\n", nslots);
	buf_printf(out, "const struct gl_text gl_slot_groups[] = {\n");
	for (int i = 0; i < ngroups; i++)
		buf_printf(out, "\t{ \"%s\", %s },\n", groups[i].name,
			   quote(text_squeeze(groups[i].terms)));
	buf_printf(out, "\t{ 0 }\n};\n\nstatic const struct gl_effect effects[] = {\n");
	for (int i = 0; i < neffects; i++)
		buf_printf(out, "\t%s,\n", effects[i]);
	buf_printf(out, "\t{ 0 }\n};\n\n");
}

void effects_emit_enum(struct buf *out)
{
	buf_printf(out, "/* Indices in gl_slots. */\nenum gl_slot_index {\n");
	for (int i = 0; i < nslots; i++)
		buf_printf(out, "\tGL_SLOT_%s,\n", slots[i].name);
	buf_printf(out, "\tGL_SLOT_COUNT\n};\n\n");
}
