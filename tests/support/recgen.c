/* recgen.c - see recgen.h. */
#include "tests/support/recgen.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blink/base/buf.h"
#include "blink/gl/table.h"

#define ROOM (64ull << 30)              /* of addresses; the file is as long as it must be */
#define INLINE_MOST 64u

struct recgen_thread {
	uint32_t process, thread, serial;
	struct record_segment *calls;
};

struct recgen {
	int fd;
	uint8_t *map;
	struct record_header *header;
	uint64_t length;
	struct recgen_thread threads[64];
	uint32_t nthreads, process;
	struct recgen_thread *owner;
	struct record_segment *payloads;
	uint64_t payloads_at;                /* offset in the file of its next payload */
	struct buf words;
	struct recgen_stored {
		uint64_t at;
		uint32_t size;
	} stored[1 << 16];
};

/* ---- segments ------------------------------------------------------------------ */

struct recgen *recgen_create(const char *path)
{
	struct recgen *g = calloc(1, sizeof(*g));
	struct record_header *h;

	if (!g || recording_create(path, &h, NULL) < 0)
		abort();
	recording_header_unmap(h);
	g->fd = open(path, O_RDWR | O_CLOEXEC);
	g->map = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, g->fd, 0);
	if (g->map == MAP_FAILED)
		abort();
	g->header = (void *)g->map;
	g->length = RECORD_HEADER;
	g->process = 1;
	buf_init(&g->words);
	return g;
}

void recgen_process(struct recgen *g, uint32_t process)
{
	g->process = process;
}

static struct record_segment *segment_take(struct recgen *g, uint32_t span)
{
	struct record_segment *s = (void *)(g->map + g->length);

	g->length += (uint64_t)span * RECORD_SEGMENT;
	if (ftruncate(g->fd, (off_t)g->length) < 0)
		abort();
	g->header->segments += span;
	g->header->reserved = g->header->segments;
	s->span = span;
	s->used = sizeof(*s);
	return s;
}

static struct recgen_thread *thread_of(struct recgen *g, uint32_t thread)
{
	struct recgen_thread *t;

	for (uint32_t i = 0; i < g->nthreads; i++)
		if (g->threads[i].thread == thread + 1 && g->threads[i].process == g->process)
			return &g->threads[i];
	if (g->nthreads == 64)
		abort();
	t = &g->threads[g->nthreads++];
	*t = (struct recgen_thread){ .thread = thread + 1, .process = g->process };
	g->header->threads = g->nthreads;
	return t;
}

/* Room for n words of the thread, at once valid. */
static void thread_put(struct recgen *g, struct recgen_thread *t, const void *words, uint32_t n)
{
	struct record_segment *s = t->calls;

	if (!s || s->used + n * 4ull > RECORD_SEGMENT) {
		t->calls = s = segment_take(g, 1);
		s->process = t->process;
		s->thread = t->thread;
		s->pid = 1000 + t->process;
		s->serial = t->serial++;
		s->kind = RECORD_CALLS;
	}
	memcpy((uint8_t *)s + s->used, words, n * 4ull);
	s->used += n * 4ull;
}

void recgen_words(struct recgen *g, uint32_t thread, const uint32_t *words, uint32_t n)
{
	struct recgen_thread *t = thread_of(g, thread);

	if (g->owner != t) {
		uint32_t order[3] = { RECORD_ORDER | 3u << 16 };
		uint64_t sequence = ++g->header->sequence;

		memcpy(order + 1, &sequence, 8);
		g->owner = t;
		g->header->owner = t->thread;
		thread_put(g, t, order, 3);
	}
	thread_put(g, t, words, n);
}

/* ---- records ------------------------------------------------------------------- */

static void record_begin(struct recgen *g, uint32_t kind)
{
	buf_clear(&g->words);
	buf_u32(&g->words, kind);
}

static void put64(struct recgen *g, uint64_t v)
{
	buf_append(&g->words, &v, 8);
}

static void record_end(struct recgen *g, uint32_t thread)
{
	uint32_t n = (uint32_t)(g->words.len / 4), *w = (void *)g->words.data;

	if (n <= 0xffff) {
		w[0] |= n << 16;
	} else {
		buf_u32(&g->words, 0);
		w = (void *)g->words.data;
		memmove(w + 2, w + 1, (n - 1) * 4ul);
		w[1] = ++n;
	}
	recgen_words(g, thread, w, n);
}

/* Where an equal one lies, if it has been stored lately. */
static struct recgen_stored *payload_find(struct recgen *g, const void *bytes, uint32_t size)
{
	uint64_t h = 0;

	for (uint32_t i = 0; i + 8 <= size; i += size > 4096 ? 40 : 8) {
		uint64_t word;

		memcpy(&word, (const uint8_t *)bytes + i, 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15ull;
	}
	return &g->stored[(h ^ size) >> 16 & 0xffff];
}

static uint64_t payload_store(struct recgen *g, const void *bytes, uint32_t size)
{
	struct recgen_stored *known = payload_find(g, bytes, size);
	uint64_t need = ((uint64_t)size + 15) & ~15ull, at;
	uint64_t whole = sizeof(struct record_segment) + need;

	if (known->at && known->size == size && !memcmp(g->map + known->at, bytes, size))
		return known->at;
	if (!g->payloads || g->payloads->used + need > (uint64_t)g->payloads->span * RECORD_SEGMENT) {
		g->payloads_at = g->length + sizeof(struct record_segment);
		g->payloads = segment_take(g, (uint32_t)((whole + RECORD_SEGMENT - 1) / RECORD_SEGMENT));
		g->payloads->kind = RECORD_PAYLOADS;
		g->payloads->process = g->process;
	}
	at = g->payloads_at;
	memcpy(g->map + at, bytes, size);
	g->payloads_at += need;
	g->payloads->used += need;
	*known = (struct recgen_stored){ at, size };
	return at;
}

static void payload_put(struct recgen *g, unsigned param, uint32_t item, const void *bytes,
			uint32_t size)
{
	struct record_payload p = { .param = (uint8_t)param, .item = item, .size = size,
				    .offset_low = 0xffffffff, .offset_high = 0xffffffff };
	uint64_t at;

	if (size > INLINE_MOST) {
		at = payload_store(g, bytes, size);
		p.offset_low = (uint32_t)at;
		p.offset_high = (uint32_t)(at >> 32);
	}
	buf_append(&g->words, &p, sizeof(p));
	if (size <= INLINE_MOST) {
		buf_append(&g->words, bytes, size);
		buf_append(&g->words, "\0\0\0", (4 - size % 4) % 4);
	}
}

/* ---- calls of a trace ------------------------------------------------------------ */

static uint32_t type_bytes(const char *type)
{
	static const struct { const char *word; uint32_t n; } words[] = {
		{ "64", 8 }, { "GLdouble", 8 }, { "GLclampd", 8 }, { "ptr", 8 }, { "GLshort", 2 },
		{ "GLushort", 2 }, { "GLhalf", 2 }, { "GLbyte", 1 }, { "GLubyte", 1 },
		{ "GLboolean", 1 }, { "GLchar", 1 }, { "GLXFBConfig", 8 }, { "EGLAttrib", 8 },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(type, words[i].word))
			return words[i].n;
	return 4;
}

static void number_put(struct buf *b, const struct trace_value *v, const char *type)
{
	uint32_t n = type_bytes(type);
	double d = 0;
	float f;
	int64_t i = 0;

	if (v->kind == TRACE_UINT || v->kind == TRACE_POINTER || v->kind == TRACE_BITMASK)
		i = v->i;
	else
		trace_int(v, &i);
	trace_double(v, &d);
	f = v->kind == TRACE_FLOAT ? v->f : (float)d;
	if (strstr(type, "GLdouble") || strstr(type, "GLclampd"))
		buf_append(b, &d, 8);
	else if (strstr(type, "GLfloat") || strstr(type, "GLclampf"))
		buf_append(b, &f, 4);
	else
		buf_append(b, &i, n);
}

static void pointer_put(struct recgen *g, unsigned param, const struct trace_value *v,
			const char *type)
{
	struct buf bytes;

	buf_init(&bytes);
	switch (v->kind) {
	case TRACE_BLOB:
		payload_put(g, param, 0, v->bytes, v->count);
		break;
	case TRACE_STRING:
		/* of a counted string the trace has what comes before the first zero */
		payload_put(g, param, 0, v->bytes, v->count + (strstr(type, "void") != NULL));
		break;
	case TRACE_ARRAY:
		if (strchr(type, '*') != strrchr(type, '*') && v->count &&
		    (v->items[0].kind == TRACE_STRING || v->items[0].kind == TRACE_BLOB)) {
			for (uint32_t i = 0; i < v->count; i++)
				payload_put(g, param, i, v->items[i].bytes,
					    v->items[i].count);
			break;
		}
		if (strchr(type, '*') != strrchr(type, '*'))
			type = "ptr";
		for (uint32_t i = 0; i < v->count && v->items[i].kind != TRACE_STRUCT; i++)
			number_put(&bytes, &v->items[i], type);
		payload_put(g, param, !strcmp(type, "ptr") ? RECORD_POINTERS : 0, bytes.data,
			    (uint32_t)bytes.len);
		break;
	case TRACE_SINT: case TRACE_UINT: case TRACE_ENUM: case TRACE_FLOAT: case TRACE_DOUBLE:
		if (param == RECORD_RESULT)
			break;
		number_put(&bytes, v, type);
		/* an offset in a buffer is traced so as well */
		if (!strstr(type, "void"))
			payload_put(g, param, 0, bytes.data, (uint32_t)bytes.len);
		break;
	}
	buf_finish(&bytes);
}

static void value_put(struct recgen *g, const struct trace_value *v, unsigned ctype)
{
	double d = 0;
	float f;
	int64_t i = 0;

	if (v->kind == TRACE_UINT || v->kind == TRACE_POINTER || v->kind == TRACE_BITMASK)
		i = v->i;
	else if (ctype == GL_C_PTR && v->kind != TRACE_NULL && v->kind != TRACE_SINT)
		i = 1;
	else
		trace_int(v, &i);
	switch (ctype) {
	case GL_C_VOID:
		break;
	case GL_C_F32:
		trace_double(v, &d);
		f = v->kind == TRACE_FLOAT ? v->f : (float)d;
		buf_append(&g->words, &f, 4);
		break;
	case GL_C_F64:
		trace_double(v, &d);
		buf_append(&g->words, &d, 8);
		break;
	case GL_C_I64: case GL_C_U64: case GL_C_PTR:
		put64(g, (uint64_t)i);
		break;
	default:
		buf_u32(&g->words, (uint32_t)i);
	}
}

static void write_put(struct recgen *g, const struct trace_call *call)
{
	int64_t address = 0;

	if (call->args[1].kind != TRACE_BLOB)
		return;
	trace_int(&call->args[0], &address);
	record_begin(g, RECORD_WRITE);
	put64(g, call->args[0].kind == TRACE_POINTER ? call->args[0].u : (uint64_t)address);
	payload_put(g, 0, 0, call->args[1].bytes, call->args[1].count);
	record_end(g, call->thread);
}

void recgen_call(struct recgen *g, const struct trace_call *call)
{
	const struct gl_command *c = gl_command_find(call->sig->name);
	static const struct trace_value none;

	if (!c && !strcmp(call->sig->name, "memcpy"))
		write_put(g, call);
	if (!c)
		return;
	if (call->flags & TRACE_FAKE) {
		record_begin(g, RECORD_FAKE);
		record_end(g, call->thread);
	}
	record_begin(g, (uint32_t)(c - gl_commands));
	for (unsigned i = 0; i < c->nparams; i++)
		value_put(g, i < call->sig->nargs ? &call->args[i] : &none, c->params[i].ctype);
	value_put(g, call->has_ret ? &call->ret : &none, c->ret);
	for (unsigned i = 0; i < c->nparams && i < call->sig->nargs; i++)
		if (c->params[i].pointer)
			pointer_put(g, i, &call->args[i], c->params[i].type);
	if (call->has_ret && c->ret == GL_C_PTR && call->ret.kind == TRACE_ARRAY)
		pointer_put(g, RECORD_RESULT, &call->ret, "ptr");
	record_end(g, call->thread);
	g->header->calls++;
}

/* ---- marks ----------------------------------------------------------------------- */

void recgen_frame(struct recgen *g, uint32_t thread, const struct blink_frame_data *d)
{
	record_begin(g, RECORD_FRAME);
	put64(g, d->wall);
	put64(g, d->cpu);
	buf_u32(&g->words, d->width ? RECORD_FRAME_HASHED : 0);
	put64(g, d->hash[0]);
	put64(g, d->hash[1]);
	buf_u32(&g->words, d->width);
	buf_u32(&g->words, d->height);
	record_end(g, thread);
	g->header->frames++;
}

void recgen_drawable(struct recgen *g, uint32_t thread, uint64_t handle, uint32_t w, uint32_t h,
		     uint32_t samples)
{
	record_begin(g, RECORD_DRAWABLE);
	put64(g, handle);
	buf_u32(&g->words, w);
	buf_u32(&g->words, h);
	buf_u32(&g->words, samples);
	record_end(g, thread);
}

void recgen_lost(struct recgen *g, uint32_t thread, const char *what)
{
	record_begin(g, RECORD_LOST);
	payload_put(g, 0, 0, what, (uint32_t)strlen(what));
	record_end(g, thread);
	g->header->problems |= RECORD_LOST_CALLS;
}

uint8_t *recgen_map(struct recgen *g, size_t *size)
{
	*size = g->length;
	return g->map;
}

struct record_header *recgen_header(struct recgen *g)
{
	return g->header;
}

void recgen_close(struct recgen *g)
{
	munmap(g->map, ROOM);
	close(g->fd);
	buf_finish(&g->words);
	free(g);
}

int recgen_transcribe(const char *trace, const char *recording, struct error *err)
{
	struct blink_frame_data d = { .wall = 1000, .cpu = 500 };
	struct trace_call call;
	struct recgen *g;
	struct trace *t;
	int r = trace_open(&t, trace, err);

	if (r < 0)
		return r;
	g = recgen_create(recording);
	while ((r = trace_next(t, &call, err)) > 0) {
		if (call.incomplete)
			continue;
		if (!strncmp(call.sig->name, "glXSwapBuffers", 14) ||
		    !strncmp(call.sig->name, "eglSwapBuffers", 14)) {
			recgen_frame(g, call.thread, &d);
			d.wall += 1000;
			d.cpu += 500;
		}
		recgen_call(g, &call);
	}
	recgen_close(g);
	trace_close(t);
	return r;
}
