/* tracegen.c - see tracegen.h; grammar: docs/TRACE-FORMAT.md. */
#include "tests/support/tracegen.h"

#include <snappy-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/base/buf.h"

#define MAX_SIGS 256

struct tracegen {
	struct buf raw;
	char *sigs[MAX_SIGS];
	unsigned nsigs;
	uint32_t call;
};

static void put(struct tracegen *g, unsigned byte)
{
	uint8_t b = (uint8_t)byte;

	buf_append(&g->raw, &b, 1);
}

static void put_uint(struct tracegen *g, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		put(g, (unsigned)(v & 0x7f) | 0x80);
	put(g, (unsigned)v);
}

static void put_string(struct tracegen *g, const char *s, size_t n)
{
	put_uint(g, n);
	buf_append(&g->raw, s, n);
}

static void put_int(struct tracegen *g, int64_t v)
{
	put(g, v < 0 ? 3 : 4);
	put_uint(g, v < 0 ? (uint64_t)-v : (uint64_t)v);
}

static void put_float(struct tracegen *g, float f)
{
	put(g, 5);
	buf_append(&g->raw, &f, 4);
}

struct tracegen *tracegen_create(void)
{
	struct tracegen *g = calloc(1, sizeof(*g));

	buf_init(&g->raw);
	put_uint(g, 6);         /* container version */
	put_uint(g, 6);         /* semantic version */
	put_string(g, "process.name", 12);
	put_string(g, "tracegen", 8);
	put_string(g, "", 0);
	return g;
}

/* One value; fmt stands at its kind and is moved past it. */
static const char *put_value(struct tracegen *g, const char *fmt, va_list *ap)
{
	unsigned kind = (unsigned char)*fmt++, count = 1;
	const int *ints;
	const double *floats;
	const char *s;
	const void *p;

	if (*fmt == '[') {
		count = (unsigned)strtoul(fmt + 1, NULL, 10);
		fmt = strchr(fmt, ']') + 1;
	}
	switch (kind) {
	case 'n': put(g, 0); break;
	case 'i': put_int(g, va_arg(*ap, int)); break;
	case 'e': put_int(g, va_arg(*ap, int)); break;
	case 'u': put(g, 4); put_uint(g, va_arg(*ap, uint64_t)); break;
	case 'f': put_float(g, (float)va_arg(*ap, double)); break;
	case 'p': put(g, 0x0d); put_uint(g, va_arg(*ap, uint64_t)); break;
	case 's':
		s = va_arg(*ap, const char *);
		put(g, 7);
		put_string(g, s, strlen(s));
		break;
	case 'S':
		s = va_arg(*ap, const char *);
		put(g, 0x0b);
		put_uint(g, 1);
		put(g, 7);
		put_string(g, s, strlen(s));
		break;
	case 'b':
		p = va_arg(*ap, const void *);
		put(g, 8);
		put_string(g, p, va_arg(*ap, size_t));
		break;
	case 'I':
		ints = va_arg(*ap, const int *);
		put(g, 0x0b);
		put_uint(g, count);
		for (unsigned i = 0; i < count; i++)
			put_int(g, ints[i]);
		break;
	case 'F':
		floats = va_arg(*ap, const double *);
		put(g, 0x0b);
		put_uint(g, count);
		for (unsigned i = 0; i < count; i++)
			put_float(g, (float)floats[i]);
		break;
	default:
		abort();
	}
	return fmt;
}

/* The signature, in full at its first use. */
static void put_sig(struct tracegen *g, const char *name, const char *fmt)
{
	char key[512];
	unsigned id, nargs = 0;

	snprintf(key, sizeof(key), "%s(%s)", name, fmt);
	for (id = 0; id < g->nsigs; id++)
		if (!strcmp(g->sigs[id], key))
			break;
	put_uint(g, id);
	if (id < g->nsigs)
		return;
	if (g->nsigs == MAX_SIGS)
		abort();
	g->sigs[g->nsigs++] = strdup(key);
	put_string(g, name, strlen(name));
	for (const char *p = fmt; *p; p++)
		nargs += *p == '=' && p != fmt && p[-1] != ',';   /* not the result's */
	put_uint(g, nargs);
	for (const char *p = fmt; *p && *p != '=';) {
		const char *eq = strchr(p, '='), *comma = strchr(p, ',');

		put_string(g, p, (size_t)(eq - p));
		if (!comma)
			break;
		p = comma + 1;
	}
}

void tracegen_call(struct tracegen *g, unsigned thread, const char *name, const char *fmt, ...)
{
	const char *p = fmt;
	unsigned arg = 0;
	va_list ap;

	put(g, 0);              /* enter */
	put_uint(g, thread);
	put_sig(g, name, fmt);
	va_start(ap, fmt);
	while (*p && *p != '=') {
		put(g, 1);
		put_uint(g, arg++);
		p = put_value(g, strchr(p, '=') + 1, &ap);
		if (*p == ',')
			p++;
	}
	put(g, 0);
	put(g, 1);              /* leave */
	put_uint(g, g->call++);
	if (*p == '=') {
		put(g, 2);
		put_value(g, p + 1, &ap);
	}
	put(g, 0);
	va_end(ap);
}

void tracegen_window(struct tracegen *g)
{
	tracegen_call(g, 0, "glXCreateContext", "dpy=p,vis=n,shareList=n,direct=i,=p",
		      UINT64_C(0x1000), 1, UINT64_C(0xc0de));
	tracegen_call(g, 0, "glXMakeCurrent", "dpy=p,drawable=u,ctx=p,=i", UINT64_C(0x1000),
		      UINT64_C(77), UINT64_C(0xc0de), 1);
	tracegen_call(g, 0, "glViewport", "x=i,y=i,width=i,height=i", 0, 0, 64, 48);
	tracegen_call(g, 0, "glScissor", "x=i,y=i,width=i,height=i", 0, 0, 64, 48);
}

void tracegen_swap(struct tracegen *g)
{
	tracegen_call(g, 0, "glXSwapBuffers", "dpy=p,drawable=u", UINT64_C(0x1000), UINT64_C(77));
}

const uint8_t *tracegen_raw(const struct tracegen *g, size_t *size)
{
	*size = g->raw.len;
	return g->raw.data;
}

int tracegen_save(const struct tracegen *g, const char *path, size_t limit)
{
	return tracegen_save_raw(g->raw.data, limit && limit < g->raw.len ? limit : g->raw.len,
				 path);
}

int tracegen_save_raw(const uint8_t *raw, size_t left, const char *path)
{
	size_t at = 0;
	FILE *f = fopen(path, "wb");

	if (!f)
		return -1;
	fwrite("at", 1, 2, f);
	while (left) {
		size_t n = left < 1u << 20 ? left : 1u << 20;
		size_t max = snappy_max_compressed_length(n);
		char *out = malloc(max);
		uint32_t len;

		snappy_compress((const char *)raw + at, n, out, &max);
		len = (uint32_t)max;
		fwrite(&len, 1, 4, f);
		fwrite(out, 1, max, f);
		free(out);
		at += n;
		left -= n;
	}
	return fclose(f) ? -1 : 0;
}

void tracegen_destroy(struct tracegen *g)
{
	if (!g)
		return;
	for (unsigned i = 0; i < g->nsigs; i++)
		free(g->sigs[i]);
	buf_finish(&g->raw);
	free(g);
}
