/* command.c - one `cmd` row applied to the commands that it names. */
#include "blink/gl/gen/gen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const space_names[] = {
	"texture", "buffer", "list", "program", "arbprogram", "framebuffer", "renderbuffer",
	"query", "sampler", "vertexarray", "sync", "xfb", "pipeline", "context", "drawable",
};

const char *space_known(const char *space)
{
	for (size_t i = 0; i < sizeof(space_names) / sizeof(*space_names); i++)
		if (strcmp(space_names[i], space) == 0)
			return space_names[i];
	return NULL;
}

static const struct { const char *kind; int words; } kinds[] = {
	{ "int", 1 }, { "uint", 1 }, { "float", 1 }, { "double", 2 }, { "int64", 2 },
	{ "uint64", 2 }, { "bool", 1 }, { "enum", 1 }, { "bits", 1 }, { "name", 1 },
	{ "location", 1 }, { "payload", 2 }, { "offset", 2 }, { "answer", 0 }, { "dst", 1 },
	{ "label", 1 }, { "sp", 1 }, { "extern", 1 },
};

int kind_words(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].words;
	return -1;
}

bool kind_known(const char *kind)
{
	return kind_words(kind) >= 0;
}

/* "in?(4*count)" -> word "in", nullable, args "4*count" */
struct spec { char *word, *args; bool nullable; };

static struct spec spec_parse(struct row *row, char *text)
{
	struct spec s = { .word = text };
	char *open = strchr(text, '(');
	size_t n;

	if (open) {
		n = strlen(open);
		if (open[n - 1] != ')')
			row_die(row, "'%s': missing ')'", text);
		open[n - 1] = *open = 0;
		s.args = text_trim(open + 1);
	}
	n = strlen(s.word);
	if (n && s.word[n - 1] == '?') {
		s.nullable = true;
		s.word[n - 1] = 0;
	}
	return s;
}

static const char *spec_space(struct row *row, char *args)
{
	const char *space = args ? space_known(text_trim(args)) : NULL;

	if (!space)
		row_die(row, "no name space '%s'", args ? args : "");
	return space;
}

/* Plain values, by the words of the row language. */
static const char *plain_kind(const char *word)
{
	static const char *const plain[][2] = {
		{ "int", "int" }, { "uint", "uint" }, { "float", "float" },
		{ "double", "double" }, { "enum", "enum" }, { "bits", "bits" },
		{ "bool", "bool" }, { "offset64", "int64" }, { "int64", "int64" },
		{ "uint64", "uint64" }, { "loc", "location" },
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (strcmp(plain[i][0], word) == 0)
			return plain[i][1];
	return NULL;
}

static void param_names(struct row *row, struct param *p, char *args)
{
	char *comma = args ? strchr(args, ',') : NULL;

	if (!comma)
		row_die(row, "names(SPACE,count)");
	*comma = 0;
	p->space = spec_space(row, args);
	p->size = text_printf("4*%s", text_trim(comma + 1));
	p->kind = p->constant ? "payload" : "answer";
}

static void param_memory(struct row *row, struct param *p, const struct spec *s)
{
	static const struct { const char *word, *kind; enum mode mode; } words[] = {
		{ "in", "payload", MODE_PLAIN }, { "text", "payload", MODE_PLAIN },
		{ "out", "answer", MODE_PLAIN },
		{ "array", "payload", MODE_ARRAY }, { "indices", "payload", MODE_INDICES },
		{ "pixels", "payload", MODE_PIXELS }, { "packed", "answer", MODE_PACKED },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(words[i].word, s->word) != 0)
			continue;
		if (!p->depth)
			row_die(row, "'%s' is no pointer", p->name);
		if (!s->args || !*s->args)
			row_die(row, "'%s': %s needs a size", p->name, s->word);
		p->kind = words[i].kind;
		p->mode = words[i].mode;
		p->size = words[i].mode >= MODE_PIXELS ? text_printf("image(%s)", s->args)
						       : s->args;
		p->nullable = s->nullable;
		p->terminated = strcmp(s->word, "text") == 0;
		return;
	}
	row_die(row, "'%s' is no operand kind", s->word);
}

static void param_override(struct row *row, struct param *p, char *text)
{
	struct spec s = spec_parse(row, text);

	if (strcmp(s.word, "drop") == 0) {
		p->drop = true;
	} else if (strcmp(s.word, "fixed") == 0) {
		p->fixed = true;
	} else if (strcmp(s.word, "name") == 0) {
		p->kind = "name";
		p->space = spec_space(row, s.args);
	} else if (strcmp(s.word, "names") == 0) {
		param_names(row, p, s.args);
	} else if (plain_kind(s.word)) {
		p->kind = plain_kind(s.word);
		p->space = NULL;
	} else {
		param_memory(row, p, &s);
	}
}

static void add_extra(struct row *row, struct command *c, const char *name, char *text)
{
	struct spec s = spec_parse(row, text);
	struct extra *e = &c->extras[c->nextras];

	if (c->nextras++ == (int)(sizeof(c->extras) / sizeof(*c->extras)))
		row_die(row, "too many appended operands");
	e->name = text_copy(name);
	if (strcmp(s.word, "name") == 0) {
		e->kind = "name";
		e->space = spec_space(row, s.args);
	} else if (strcmp(s.word, "in") == 0) {
		e->kind = "payload";
		e->size = s.args;
		e->nullable = s.nullable;
	} else if (plain_kind(s.word)) {
		e->kind = plain_kind(s.word);
	} else {
		row_die(row, "'%s' cannot be appended", s.word);
	}
}

/* Items are separated by spaces outside parentheses. */
static char *next_item(char **at)
{
	char *s = *at, *start;
	int depth = 0;

	while (isspace((unsigned char)*s))
		s++;
	start = s;
	while (*s && (depth || !isspace((unsigned char)*s))) {
		depth += (*s == '(') - (*s == ')');
		s++;
	}
	*at = s;
	return s > start ? text_printf("%.*s", (int)(s - start), start) : NULL;
}

/* Applies the operands column to c; *hit counts overrides that found a parameter,
 * item by item, since in a family not every member has every parameter. */
static void apply_operands(struct row *row, struct command *c, int *hit)
{
	char *at = row->col[1], *item;

	for (int i = 0; at && (item = next_item(&at)); i++) {
		char *eq = strchr(item, '=');
		int p;

		if (i == 64)
			row_die(row, "too many operands");
		if (!eq)
			row_die(row, "'%s': expected param=KIND", item);
		*eq = 0;
		if (*item == '+') {
			add_extra(row, c, item + 1, eq + 1);
			hit[i]++;
			continue;
		}
		p = param_find(c, item);
		if (p == NONE)
			continue;
		param_override(row, &c->params[p], eq + 1);
		hit[i]++;
	}
}

static void check_hits(struct row *row, const int *hit)
{
	char *at = row->col[1], *item;

	for (int i = 0; at && (item = next_item(&at)); i++)
		if (!hit[i])
			row_die(row, "'%.*s': no such parameter", (int)strcspn(item, "="), item);
}

static const char *one_of(struct row *row, const char *text, const char *words)
{
	if (!text_word(words, ' ', text))
		row_die(row, "'%s' is not one of: %s", text, words);
	return text;
}

#define FORMS "direct gen delete create delete1 source strings link locate sync unpack_buf " \
	      "pack_buf answer names"

/* WORD | what the mediator does */
static struct mediation { char *word, *text; } *mediations;
static size_t nmediations;

void model_mediation_row(struct row *row)
{
	if (row->ncols != 2)
		row_die(row, "a mediation has a word and a sentence");
	mediations = grow(mediations, nmediations, sizeof(*mediations));
	mediations[nmediations++] = (struct mediation){ row->col[0], row->col[1] };
}

static void check_mediation(struct row *row, const char *word)
{
	for (size_t i = 0; i < nmediations; i++)
		if (strcmp(mediations[i].word, word) == 0)
			return;
	row_die(row, "'%s' is no mediation (see mediation.tbl)", word);
}

void mediations_emit(struct buf *out)
{
	buf_printf(out, "const struct gl_text gl_mediations[] = {\n");
	for (size_t i = 0; i < nmediations; i++)
		buf_printf(out, "\t{ %s, %s },\n", quote(mediations[i].word),
			   quote(mediations[i].text));
	buf_printf(out, "\t{ 0 }\n};\n\n");
}

static void apply_columns(struct row *row, struct command *c)
{
	char *slash;

	c->opaque = strcmp(row->col[2] ? row->col[2] : "", "opaque") == 0;
	c->reads = c->opaque ? NULL : row->col[2];
	c->writes = row->col[3];
	if (row->col[4] && *row->col[4]) {
		c->klass = text_copy(row->col[4]);
		slash = strchr(c->klass, '/');
		if (slash) {
			*slash = 0;
			c->mediation = slash + 1;
			check_mediation(row, c->mediation);
		}
		one_of(row, c->klass, "innocuous control behaviour");
		if (!slash && strcmp(c->klass, "innocuous") != 0)
			row_die(row, "a sensitive command says how it is mediated: %s/HOW",
				c->klass);
	}
	if (row->col[5] && *row->col[5])
		c->answer = one_of(row, row->col[5], "none const shadow fence sync");
	if (row->col[6] && *row->col[6])
		c->replay = one_of(row, row->col[6], "run skip lower shadow refuse");
	if (row->col[7] && *row->col[7])
		c->form = one_of(row, row->col[7], FORMS);
}

/* proto | RESULT NAME(TYPE name, ...): a command that no registry file declares */
static void proto_row(struct row *row)
{
	struct param ret = { 0 };
	struct command *c;
	char *text = row->col[1], *open = text ? strchr(text, '(') : NULL, *name, *s;

	if (!open || text[strlen(text) - 1] != ')')
		row_die(row, "proto | RESULT NAME(TYPE name, ...)");
	text[strlen(text) - 1] = 0;
	*open = 0;
	for (name = open; name > text && !isspace((unsigned char)name[-1]) && name[-1] != '*';)
		name--;
	if (command_find(name))
		row_die(row, "%s is declared already", name);
	c = command_new(name);
	*name = 0;
	param_type(&ret, text);
	c->ret = ret.type;
	c->retc = ret.ctype;
	for (s = strtok(open + 1, ","); s; s = strtok(NULL, ",")) {
		struct param *p = &c->params[c->nparams];
		char *pname;

		s = text_trim(s);
		if (strcmp(s, "void") == 0)
			break;
		if (c->nparams++ == MAX_PARAMS)
			row_die(row, "too many parameters");
		for (pname = s + strlen(s); pname > s && (isalnum((unsigned char)pname[-1]) ||
							  pname[-1] == '_');)
			pname--;
		p->name = text_copy(pname);
		*pname = 0;
		param_type(p, s);
	}
}

void model_cmd_row(struct row *row)
{
	int hit[64] = { 0 };
	char **names;

	if (strcmp(row->col[0], "proto") == 0) {
		proto_row(row);
		return;
	}
	names = names_expand(row->col[0]);
	for (int i = 0; names[i]; i++) {
		bool full = text_has_prefix(names[i], "glX") || text_has_prefix(names[i], "egl");
		char *name = full ? names[i] : text_printf("gl%s", names[i]);
		struct command *c = command_find(name);

		if (!c)
			row_die(row, "the registry knows no %s", name);
		if (c->has_row)
			row_die(row, "%s has a row already", name);
		c->has_row = true;
		c->label = text_printf("%s:%d: %s", row->file, row->line, name);
		c->replay = "run";
		apply_operands(row, c, hit);
		apply_columns(row, c);
	}
	check_hits(row, hit);
}

/* NAME | sizes effects */
void model_proved_row(struct row *row)
{
	char **names = names_expand(row->col[0]);

	for (int i = 0; names[i]; i++) {
		bool full = text_has_prefix(names[i], "gl") || text_has_prefix(names[i], "egl");
		struct command *c = command_find(full ? names[i]
						      : text_printf("gl%s", names[i]));

		if (!c)
			row_die(row, "the registry knows no %s", names[i]);
		c->sizes_proved |= row->ncols > 1 && text_word(row->col[1], ' ', "sizes");
		c->effects_proved |= row->ncols > 1 && text_word(row->col[1], ' ', "effects");
	}
}
