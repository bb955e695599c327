/* prove_args.c - draws legal arguments from the choices of a case. */
#include "tests/prove/prove.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct draw {
	const struct gl_command *cmd;
	struct prove_args *a;
	uint32_t state;         /* xorshift */
	char *why;
	size_t why_size;
};

static uint32_t draw_u32(struct draw *d)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 17;
	d->state ^= d->state << 5;
	return d->state;
}

static double draw_unit(struct draw *d)
{
	return (double)(draw_u32(d) >> 8) / (double)(1u << 24);
}

static bool refuse(struct draw *d, const char *what, const char *text)
{
	snprintf(d->why, d->why_size, "%s: %.60s", what, text);
	return false;
}

/* ---- values -------------------------------------------------------------- */

static void store_number(struct draw *d, unsigned i, double number)
{
	float f = (float)number;
	uint32_t bits;

	switch (d->cmd->params[i].ctype) {
	case GL_C_F32:
		memcpy(&bits, &f, sizeof(bits));
		d->a->v[i] = bits;
		break;
	case GL_C_F64:
		memcpy(&d->a->v[i], &number, sizeof(number));
		break;
	default:
		d->a->v[i] = (uint64_t)(int64_t)number;
	}
}

static void draw_value(struct draw *d, unsigned i)
{
	switch (d->cmd->params[i].ctype) {
	case GL_C_F32: case GL_C_F64:
		store_number(d, i, draw_unit(d));
		break;
	case GL_C_I8:
		store_number(d, i, (double)(int8_t)draw_u32(d));
		break;
	case GL_C_U8:
		store_number(d, i, d->cmd->params[i].kind == GL_KIND_BOOL ? draw_u32(d) & 1
									   : (uint8_t)draw_u32(d));
		break;
	case GL_C_I16:
		store_number(d, i, (double)(int16_t)draw_u32(d));
		break;
	case GL_C_U16:
		store_number(d, i, (double)(uint16_t)draw_u32(d));
		break;
	case GL_C_I32:
		store_number(d, i, (double)(int32_t)draw_u32(d));
		break;
	default:
		store_number(d, i, (double)draw_u32(d));
	}
}

/* A number, an enum, or lo..hi; *end is left behind it. */
static bool parse_number(struct draw *d, const char *s, const char **end, double *out)
{
	char name[80];
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
	uint32_t value;
	double lo, hi;
	char *rest;

	if (isalpha((unsigned char)*s)) {
		if (n >= sizeof(name))
			return refuse(d, "too long", s);
		memcpy(name, s, n);
		name[n] = 0;
		if (!gl_enum_value(name, &value))
			return refuse(d, "no such enum", name);
		*end = s + n;
		*out = value;
		return true;
	}
	lo = strtod(s, &rest);
	/* "1..4" reads as 1. and .4 otherwise */
	n = strspn(s, "-0123456789");
	if (s[n] == '.' && s[n + 1] == '.') {
		lo = atof(s);
		hi = strtod(s + n + 2, &rest);
		*out = lo + (double)(int64_t)(draw_unit(d) * (hi - lo + 1.0));
	} else {
		*out = lo;
	}
	if (rest == s)
		return refuse(d, "no number", s);
	*end = rest;
	return true;
}

/* ---- memory -------------------------------------------------------------- */

static unsigned element_size(const char *type)
{
	static const struct { const char *name; unsigned size; } sizes[] = {
		{ "GLdouble", 8 }, { "GLuint64", 8 }, { "GLint64", 8 }, { "GLushort", 2 },
		{ "GLshort", 2 }, { "GLhalf", 2 }, { "GLubyte", 1 }, { "GLbyte", 1 },
		{ "GLboolean", 1 }, { "GLchar", 1 }, { "void", 1 },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (strstr(type, sizes[i].name))
			return sizes[i].size;
	return 4;
}

static void element_store(const char *type, void *at, double v)
{
	int64_t whole = (int64_t)v;
	float f = (float)v;

	if (strstr(type, "GLfloat"))
		memcpy(at, &f, sizeof(f));
	else if (strstr(type, "GLdouble"))
		memcpy(at, &v, sizeof(v));
	else
		memcpy(at, &whole, element_size(type));
}

static bool memory_new(struct draw *d, unsigned i, uint64_t size)
{
	free(d->a->data[i]);
	d->a->data[i] = calloc(1, size + 1);
	d->a->size[i] = size;
	return d->a->data[i] || refuse(d, "no memory for", d->cmd->params[i].name);
}

static void memory_random(struct draw *d, unsigned i)
{
	const char *type = d->cmd->params[i].type;
	unsigned each = element_size(type);
	uint8_t *at = d->a->data[i];

	for (uint64_t n = 0; n + each <= d->a->size[i]; n += each) {
		if (strstr(type, "GLfloat") || strstr(type, "GLdouble"))
			element_store(type, at + n, draw_unit(d));
		else if (strstr(type, "GLboolean"))
			at[n] = draw_u32(d) & 1;
		else
			element_store(type, at + n, (double)(draw_u32(d) >> 1));
	}
}

/* {1,2,GL_ENUM,0..3}: elements; what is left over of the size stays zero. */
static bool memory_list(struct draw *d, unsigned i, const char *s)
{
	const char *type = d->cmd->params[i].type;
	unsigned each = element_size(type), n = 0;
	double v[64];

	while (*s && *s != '}') {
		if (n == 64 || !parse_number(d, s, &s, &v[n]))
			return refuse(d, "bad list", s);
		n++;
		s += *s == ',';
	}
	if (!memory_new(d, i, (uint64_t)n * each))
		return false;
	for (unsigned k = 0; k < n; k++)
		element_store(type, (uint8_t *)d->a->data[i] + k * each, v[k]);
	return true;
}

static bool memory_choice(struct draw *d, unsigned i, const char *s)
{
	const char *end;
	double n;

	if (strncmp(s, "NULL", 4) == 0) {
		d->a->null[i] = true;
		return true;
	}
	if (*s == '{')
		return memory_list(d, i, s + 1);
	if (*s == '\'' || *s == '"') {
		end = strchr(s + 1, *s);
		if (!end || !memory_new(d, i, (uint64_t)(end - s - (*s == '"'))))
			return refuse(d, "bad text", s);
		memcpy(d->a->data[i], s + 1, (size_t)(end - s - 1));
		return d->a->given[i] = true;
	}
	if (*s == '[') {
		if (!parse_number(d, s + 1, &end, &n) || !memory_new(d, i, (uint64_t)n))
			return false;
		memory_random(d, i);
		return d->a->given[i] = true;
	}
	return refuse(d, "no memory choice", s);
}

/* ---- cases --------------------------------------------------------------- */

/* Behind a quoted text or a list that starts at s, else the next character. */
static const char *step(const char *s)
{
	const char *end = *s == '\'' || *s == '"' ? strchr(s + 1, *s) :
			  *s == '{' ? strchr(s, '}') : NULL;

	return (end ? end : s) + 1;
}

/* The choices of parameter name in the case's text, or NULL. */
static const char *choices_of(const char *args, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = args; s && *s;) {
		s += strspn(s, " ");
		if (strncmp(s, name, n) == 0 && s[n] == '=')
			return s + n + 1;
		while (*s && *s != ' ')
			s = step(s);
	}
	return NULL;
}

static const char *choice_end(const char *s)
{
	while (*s && *s != ',' && *s != ' ')
		s = step(s);
	return s;
}

static const char *choice_pick(struct draw *d, const char *s)
{
	unsigned n = 1, k;
	const char *e;

	for (e = choice_end(s); *e == ','; e = choice_end(e + 1))
		n++;
	for (k = draw_u32(d) % n; k; k--)
		s = choice_end(s) + 1;
	return s;
}

static bool draw_memory(struct draw *d, unsigned i, const char *choice)
{
	uint64_t size = 0;
	bool ruled = gl_param_size(d->cmd, d->a->v, i, &size);

	if (choice && !memory_choice(d, i, choice))
		return false;
	/* of pointers to pointers the rule sizes the array, the case a text */
	if (d->a->given[i] && ruled && d->cmd->params[i].size_rule > GL_SIZE_STRINGS &&
	    !strchr(strchr(d->cmd->params[i].type, '*') + 1, '*') && size != d->a->size[i])
		return refuse(d, "the rule gives another size than the case for",
			      d->cmd->params[i].name);
	if (d->a->null[i] || d->a->given[i])
		return true;
	if (!ruled)
		return refuse(d, "the table gives no size for", d->cmd->params[i].name);
	if (size > 1u << 24)
		return refuse(d, "size beyond reason", d->cmd->params[i].name);
	if (!d->a->data[i]) {
		if (!memory_new(d, i, size))
			return false;
		memory_random(d, i);
	} else if (d->a->size[i] != size) {
		void *more = calloc(1, size + 1);

		if (!more)
			return refuse(d, "no memory for", d->cmd->params[i].name);
		memcpy(more, d->a->data[i], size < d->a->size[i] ? size : d->a->size[i]);
		free(d->a->data[i]);
		d->a->data[i] = more;
		d->a->size[i] = size;
	}
	return true;
}

bool prove_args_draw(struct prove_args *a, const struct gl_command *cmd,
		     const struct prove_case *c, uint32_t seed, char *why, size_t size)
{
	struct draw d = { cmd, a, seed * 2654435761u | 1u, why, size };
	const char *choice[PROVE_PARAMS] = { NULL }, *end;
	double number;

	memset(a, 0, sizeof(*a));
	if (cmd->nparams > PROVE_PARAMS)
		return refuse(&d, "too many parameters", cmd->name);
	for (int i = 0; i < 8; i++)
		draw_u32(&d);
	for (unsigned i = 0; i < cmd->nparams; i++) {
		const char *s = choices_of(c->args, cmd->params[i].name);

		choice[i] = s ? choice_pick(&d, s) : NULL;
		if (cmd->params[i].pointer)
			continue;
		if (!choice[i]) {
			draw_value(&d, i);
			continue;
		}
		if (!parse_number(&d, choice[i], &end, &number))
			return false;
		store_number(&d, i, number);
	}
	/* memory last: its size follows from the values */
	for (unsigned i = 0; i < cmd->nparams; i++)
		if (cmd->params[i].pointer && !draw_memory(&d, i, choice[i]))
			return false;
	return true;
}

void prove_args_finish(struct prove_args *a)
{
	for (unsigned i = 0; i < PROVE_PARAMS; i++)
		free(a->data[i]);
	memset(a, 0, sizeof(*a));
}
