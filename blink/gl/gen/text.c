/* text.c - strings for the generator; memory is never given back (see gen.h). */
#include "blink/gl/gen/gen.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	fputs("gengl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

char *text_printf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		die("out of memory");
	va_end(ap);
	return s;
}

char *text_copy(const char *s)
{
	char *t = s ? strdup(s) : NULL;

	if (s && !t)
		die("out of memory");
	return t;
}

char *text_trim(char *s)
{
	char *end = s + strlen(s);

	while (end > s && isspace((unsigned char)end[-1]))
		*--end = 0;
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

char *text_squeeze(const char *s)
{
	char *t = text_copy(s), *to = t;

	for (const char *p = s; *p; p++)
		if (!isspace((unsigned char)*p))
			*to++ = *p;
		else if (to > t && to[-1] != ' ')
			*to++ = ' ';
	*to = 0;
	return t;
}

bool text_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_word(const char *list, char sep, const char *word)
{
	size_t n = strlen(word);

	while (list && *list) {
		if (strncmp(list, word, n) == 0 && (list[n] == sep || !list[n]))
			return true;
		list = strchr(list, sep);
		if (list)
			list++;
	}
	return false;
}

void *grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	array = realloc(array, (n ? 2 * n : 1) * size);
	if (!array)
		die("out of memory");
	return array;
}

int pool_find(const struct pool *p, const char *s)
{
	for (int i = 0; i < p->n; i++)
		if (strcmp(p->v[i], s) == 0)
			return i;
	return NONE;
}

int pool_add(struct pool *p, const char *s)
{
	int i = pool_find(p, s);

	if (i != NONE)
		return i;
	p->v = grow(p->v, (size_t)p->n, sizeof(*p->v));
	p->v[p->n] = text_copy(s);
	return p->n++;
}
