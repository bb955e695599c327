/* shader.c - the text of shaders: tokens counted, brackets matched, macros measured. */
#include "blink/verify/shader.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct { const char *name, *sentence; } reasons[SHADER_REASONS] = {
	[SHADER_OK] = { "ok", "accepted" },
	[SHADER_TOO_LONG] = { "too-long", "the source is longer than its limit" },
	[SHADER_BYTES] = { "bytes", "the source holds bytes that are no text" },
	[SHADER_NESTING] = { "nesting", "brackets nest too deep" },
	[SHADER_EXPRESSION] = { "expression", "an expression or declaration is too long" },
	[SHADER_LOOPS] = { "loops", "there are too many loops, or they nest too deep" },
	[SHADER_ARRAYS] = { "arrays", "arrays have too many elements" },
	[SHADER_MACROS] = { "macros", "macros are too many, or expand to too much" },
	[SHADER_INCLUDE] = { "include", "other sources are included" },
	[SHADER_OPEN] = { "open", "a comment or bracket does not end" },
	[SHADER_INTERPOLATION] = { "interpolation", "it interpolates at places of its own, or "
		"joins words together so that nobody can tell" },
	[SHADER_CRASH] = { "crash", "the driver's compiler crashed on it" },
	[SHADER_TIME] = { "time", "compiling it took too long" },
	[SHADER_MEMORY] = { "memory", "compiling it took too much memory" },
	[SHADER_UNTRIED] = { "untried", "there is no driver that it could be tried on" },
};

const char *shader_reason_name(enum shader_reason r) { return reasons[r].name; }
const char *shader_reason_sentence(enum shader_reason r) { return reasons[r].sentence; }

const struct shader_limits shader_limits_default = {
	.bytes = 256 << 10, .nesting = 64, .expression = 8192, .loops = 256, .loop_nesting = 8,
	.arrays = 1 << 18, .macros = 2048, .expanded = 1 << 19,
	.cpu_seconds = 5, .wall_ms = 10000, .memory = UINT64_C(512) << 20,
};

/* ---- tokens ---------------------------------------------------------------- */

struct token { const char *at; uint32_t len, line; };

struct reader { const char *at, *end; uint32_t line; bool line_start, open; };

static bool skip_comment(struct reader *r)
{
	if (r->end - r->at < 2 || r->at[0] != '/' || (r->at[1] != '/' && r->at[1] != '*'))
		return false;
	if (r->at[1] == '/') {
		while (r->at < r->end && *r->at != '\n')
			r->at++;
		return true;
	}
	for (r->at += 2; r->end - r->at >= 2 && !(r->at[0] == '*' && r->at[1] == '/'); r->at++)
		r->line += *r->at == '\n';
	r->open |= r->end - r->at < 2;
	r->at = r->open ? r->end : r->at + 2;
	return true;
}

/* White space, comments, and the ends of continued lines. */
static void skip_space(struct reader *r, bool over_lines)
{
	while (r->at < r->end) {
		if (*r->at == '\\' && r->at + 1 < r->end && r->at[1] == '\n') {
			r->line++;
			r->at += 2;
		} else if (*r->at == '\n') {
			if (!over_lines)
				return;
			r->line++;
			r->at++;
			r->line_start = true;
		} else if (isspace((unsigned char)*r->at)) {
			r->at++;
		} else if (!skip_comment(r)) {
			return;
		}
	}
}

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_' || c == '.'; }

static bool token_next(struct reader *r, struct token *t, bool over_lines)
{
	skip_space(r, over_lines);
	if (r->at == r->end || *r->at == '\n')
		return false;
	*t = (struct token){ r->at, 1, r->line };
	if (is_word(*r->at))
		while (r->at + t->len < r->end && is_word(r->at[t->len]))
			t->len++;
	r->at += t->len;
	return true;
}

/* Words that are parts of one: drivers join lines first. */
static bool goes_on(const struct reader *r)
{
	const char *at = r->at;

	if (at == r->end || *at++ != '\\')
		return false;
	if (at < r->end && *at == '\r')
		at++;
	return r->end - at > 1 && *at == '\n' && is_word(at[1]);
}

/* What a fragment's place makes of an input that is the same everywhere (GL_FLAT, or one that
 * no vertex shader writes) a driver (Mesa) does not know, and crashes while it draws. */
static bool interpolates(const struct reader *r, const struct token *t)
{
	static const char word[] = "interpolateAt";
	size_t n = sizeof(word) - 1;

	return (t->len >= n && memcmp(t->at, word, n) == 0) || (is_word(*t->at) && goes_on(r)) ||
	       (*t->at == '#' && r->at < r->end && *r->at == '#');
}

static bool token_is(const struct token *t, const char *word)
{
	return strlen(word) == t->len && memcmp(t->at, word, t->len) == 0;
}

/* ---- macros ------------------------------------------------------------------ */

struct macro { struct token name; const char *body, *end; uint64_t size; bool busy; };

struct check {
	const struct shader_limits *l;
	struct reader r;
	struct macro *macro;
	uint32_t nmacros;
	uint32_t depth, expression, loops, arrays;
	uint32_t loop_depth[8 + 1], nloops_open;    /* bracket depths at which loops began */
	uint64_t expanded;
};

static struct macro *macro_find(struct check *c, const struct token *t)
{
	/* the last definition counts */
	for (uint32_t i = c->nmacros; i-- > 0;)
		if (c->macro[i].name.len == t->len &&
		    memcmp(c->macro[i].name.at, t->at, t->len) == 0)
			return &c->macro[i];
	return NULL;
}

static enum shader_reason directive(struct check *c)
{
	struct token t;

	if (!token_next(&c->r, &t, false))
		return SHADER_OK;
	if (interpolates(&c->r, &t))
		return SHADER_INTERPOLATION;
	if (token_is(&t, "include"))
		return SHADER_INCLUDE;
	if (token_is(&t, "define")) {
		if (c->nmacros == c->l->macros)
			return SHADER_MACROS;
		if (!token_next(&c->r, &t, false))
			return SHADER_OK;
		c->macro[c->nmacros] = (struct macro){ .name = t, .body = c->r.at };
		while (token_next(&c->r, &t, false)) {
			if (token_is(&t, "GL_ARB_shading_language_include"))
				return SHADER_INCLUDE;
			if (interpolates(&c->r, &t))
				return SHADER_INTERPOLATION;
		}
		c->macro[c->nmacros++].end = c->r.at;
		return SHADER_OK;
	}
	while (token_next(&c->r, &t, false))
		if (token_is(&t, "GL_ARB_shading_language_include"))
			return SHADER_INCLUDE;
	return SHADER_OK;
}

/* Tokens that a token becomes; itself is one.  Saturates at the limit. */
static uint64_t size_of(struct check *c, const struct token *t, unsigned depth)
{
	struct macro *m = isalpha((unsigned char)*t->at) || *t->at == '_' ? macro_find(c, t) : NULL;
	struct reader r;
	struct token inner;
	uint64_t size = 0;

	if (!m || m->busy)
		return 1;
	if (m->size)
		return m->size;
	if (depth == c->l->nesting)
		return c->l->expanded + 1;
	m->busy = true;
	r = (struct reader){ m->body, m->end, 0, false, false };
	while (size <= c->l->expanded && token_next(&r, &inner, true))
		size += size_of(c, &inner, depth + 1);
	m->busy = false;
	m->size = size + 1;
	return m->size;
}

/* ---- the text ----------------------------------------------------------------- */

static enum shader_reason bracket(struct check *c, char t)
{
	if (t == '(' || t == '[' || t == '{') {
		if (++c->depth > c->l->nesting)
			return SHADER_NESTING;
		return SHADER_OK;
	}
	if (!c->depth)
		return SHADER_OPEN;
	c->depth--;
	if (t == '}')
		while (c->nloops_open && c->loop_depth[c->nloops_open - 1] >= c->depth)
			c->nloops_open--;
	return SHADER_OK;
}

/* A loop is taken to last until the block that it stands in, or that it opens, ends. */
static enum shader_reason loop(struct check *c)
{
	if (++c->loops > c->l->loops)
		return SHADER_LOOPS;
	if (c->nloops_open >= c->l->loop_nesting || c->nloops_open == 8)
		return SHADER_LOOPS;
	c->loop_depth[c->nloops_open++] = c->depth;
	return SHADER_OK;
}

static enum shader_reason token_look(struct check *c, const struct token *t, char before)
{
	char first = *t->at;

	if (interpolates(&c->r, t))
		return SHADER_INTERPOLATION;
	c->expanded += size_of(c, t, 0);
	if (c->expanded > c->l->expanded)
		return SHADER_MACROS;
	if (strchr(";{}", first))
		c->expression = 0;
	else if (++c->expression > c->l->expression)
		return SHADER_EXPRESSION;
	/* a loop without a block ends with its statement */
	if (first == ';')
		while (c->nloops_open && c->loop_depth[c->nloops_open - 1] >= c->depth)
			c->nloops_open--;
	if (strchr("()[]{}", first))
		return bracket(c, first);
	if (token_is(t, "for") || token_is(t, "while") || token_is(t, "do"))
		return loop(c);
	if (before == '[' && isdigit((unsigned char)first)) {
		char digits[24] = "";
		unsigned long n;

		memcpy(digits, t->at, t->len < 23 ? t->len : 23);
		n = strtoul(digits, NULL, 0);
		if (n > c->l->arrays || (c->arrays += (uint32_t)n) > c->l->arrays)
			return SHADER_ARRAYS;
	}
	return SHADER_OK;
}

static enum shader_reason text_look(struct check *c)
{
	enum shader_reason reason = SHADER_OK;
	struct token t;
	char before = 0;

	while (reason == SHADER_OK && token_next(&c->r, &t, true)) {
		if (*t.at == '#') {
			reason = directive(c);
			continue;
		}
		reason = token_look(c, &t, before);
		before = *t.at;
	}
	if (reason == SHADER_OK && (c->r.open || c->depth))
		reason = SHADER_OPEN;
	return reason;
}

static bool is_text(const char *source, size_t n)
{
	/* ASCII and what editors leave; a final zero is none of the source's */
	for (size_t i = 0; i < n; i++) {
		unsigned char ch = (unsigned char)source[i];

		if (ch < 32 && ch != '\n' && ch != '\t' && ch != '\r' && ch != '\f' && ch != '\v')
			return false;
	}
	return true;
}

enum shader_reason shader_check(const struct shader_limits *l, const char *source, size_t n,
				struct shader_verdict *v)
{
	struct check c = { .l = l, .r = { source, source + n, 1, true, false } };

	memset(v, 0, sizeof(*v));
	while (n && !source[n - 1])
		c.r.end = source + --n;
	if (n > l->bytes)
		return v->reason = SHADER_TOO_LONG;
	if (!is_text(source, n))
		return v->reason = SHADER_BYTES;
	c.macro = calloc(l->macros + 1u, sizeof(*c.macro));
	if (!c.macro)
		return v->reason = SHADER_MEMORY;
	v->reason = text_look(&c);
	v->line = v->reason == SHADER_OK ? 0 : c.r.line;
	free(c.macro);
	return v->reason;
}
