/* recording_call.c - a call record into a struct trace_call, by the command table. */
#include "capture/recording_impl.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/source.h"

#define MAX_ARGS 64u
#define PAYLOAD_WORDS (sizeof(struct record_payload) / 4)
static_assert(sizeof(struct record_payload) == 24, "on-disk layout");

static const char *const memcpy_args[] = { "dest", "src", "n" };
static const char *const drawable_args[] = { "drawable", "width", "height", "config" };

/* ---- shapes -------------------------------------------------------------------- */

int recording_shapes_create(struct recording *r)
{
	r->shapes = calloc(gl_command_count, sizeof(*r->shapes));
	r->args = calloc(MAX_ARGS, sizeof(*r->args));
	r->memcpy_sig = (struct trace_sig){ .id = gl_command_count, .name = "memcpy", .nargs = 3,
					    .args = memcpy_args };
	r->drawable_sig = (struct trace_sig){ .id = gl_command_count + 1, .name = SOURCE_DRAWABLE,
					      .nargs = 4, .args = drawable_args };
	return r->shapes && r->args ? 0 : -ENOMEM;
}

void recording_shapes_destroy(struct recording *r)
{
	for (unsigned i = 0; r->shapes && i < gl_command_count; i++) {
		free(r->shapes[i].names);
		free(r->shapes[i].params);
	}
	free(r->shapes);
	free(r->args);
}

static unsigned ctype_words(unsigned ctype)
{
	switch (ctype) {
	case GL_C_VOID:
		return 0;
	case GL_C_I64: case GL_C_U64: case GL_C_F64: case GL_C_PTR:
		return 2;
	default:
		return 1;
	}
}

static bool is_window_system(const struct gl_command *c)
{
	return !strncmp(c->name, "glX", 3) || !strncmp(c->name, "egl", 3);
}

/* Numbers that somebody looks at one by one; the rest is bytes for the driver. */
static unsigned number_element(const char *type)
{
	static const struct {
		const char *word;
		uint8_t element;
	} words[] = {
		{ "GLintptr", RECORDING_U64 }, { "GLsizeiptr", RECORDING_U64 },
		{ "GLuint64", RECORDING_U64 }, { "EGLAttrib", RECORDING_U64 },
		{ "GLXFBConfig", RECORDING_POINTER }, { "GLuint", RECORDING_U32 },
		{ "unsigned", RECORDING_U32 }, { "GLfloat", RECORDING_F32 },
		{ "GLdouble", RECORDING_F64 }, { "int", RECORDING_I32 }, { "EGLint", RECORDING_I32 },
		{ "GLint", RECORDING_I32 }, { "GLsizei", RECORDING_I32 },
		{ "GLenum", RECORDING_U32 },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(type, words[i].word))
			return words[i].element;
	return RECORDING_BLOB;
}

/* Does the command's instruction take object names in this parameter? */
static bool holds_names(const struct gl_command *c, unsigned param)
{
	const struct gl_op *op;

	if (c->op == GL_OP_COUNT)
		return false;
	op = &gl_ops[c->op];
	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].param == param && op->operands[i].space != GL_SPACE_NONE)
			return true;
	return false;
}

static unsigned element_of(const struct gl_command *c, unsigned param)
{
	const struct gl_param *p = &c->params[param];
	const char *star = p->pointer ? strchr(p->type, '*') : NULL;

	if (!star)
		return RECORDING_BLOB;
	if (strchr(star + 1, '*'))
		return RECORDING_ITEMS;
	if (p->size_rule == GL_SIZE_STRING)
		return RECORDING_STRING;
	if (is_window_system(c) || holds_names(c, param) || c->replay == GL_REPLAY_LOWER ||
	    !strncmp(c->name, "glViewport", 10))
		return number_element(p->type);
	return RECORDING_BLOB;
}

static bool is_swap(const struct gl_command *c)
{
	return !strncmp(c->name, "glXSwapBuffers", 14) || !strncmp(c->name, "eglSwapBuffers", 14);
}

static struct recording_shape *shape_get(struct recording *r, unsigned command)
{
	struct recording_shape *s = &r->shapes[command];
	const struct gl_command *c = &gl_commands[command];

	if (s->cmd)
		return s;
	s->names = calloc(c->nparams + 1ul, sizeof(*s->names));
	s->params = calloc(c->nparams + 1ul, sizeof(*s->params));
	if (!s->names || !s->params)
		return NULL;
	for (unsigned i = 0; i < c->nparams; i++) {
		s->names[i] = c->params[i].name;
		s->params[i].ctype = c->params[i].ctype;
		s->params[i].element = (uint8_t)element_of(c, i);
		s->words += ctype_words(c->params[i].ctype);
	}
	s->params[c->nparams].ctype = c->ret;
	s->params[c->nparams].element = RECORDING_POINTER;
	s->words += ctype_words(c->ret);
	s->sig = (struct trace_sig){ .id = command, .name = c->name, .nargs = c->nparams,
				     .args = s->names };
	s->ends_frame = is_swap(c);
	s->plain = s->words == c->nparams && c->ret == GL_C_VOID;
	s->cmd = c;
	return s;
}

/* ---- values -------------------------------------------------------------------- */

static uint64_t low_high(const uint32_t *w)
{
	return w[0] | (uint64_t)w[1] << 32;
}

static inline void number_put(struct trace_value *v, int64_t i)
{
	v->kind = i < 0 ? TRACE_SINT : TRACE_UINT;
	v->i = i;
}

/* A parameter's words; how many they were. */
static inline unsigned value_put(struct trace_value *v, unsigned ctype, const uint32_t *w)
{
	uint64_t u;

	switch (ctype) {
	case GL_C_I8: case GL_C_I16: case GL_C_I32:
		number_put(v, (int32_t)w[0]);
		return 1;
	case GL_C_F32:
		v->kind = TRACE_FLOAT;
		memcpy(&v->f, w, 4);
		return 1;
	case GL_C_F64:
		v->kind = TRACE_DOUBLE;
		memcpy(&v->d, w, 8);
		return 2;
	case GL_C_I64:
		number_put(v, (int64_t)low_high(w));
		return 2;
	case GL_C_U64:
		v->kind = TRACE_UINT;
		v->u = low_high(w);
		return 2;
	case GL_C_PTR:
		u = low_high(w);
		v->kind = u ? TRACE_POINTER : TRACE_NULL;
		v->u = u;
		return 2;
	case GL_C_VOID:
		v->kind = TRACE_NULL;
		return 0;
	default:
		v->kind = TRACE_UINT;
		v->u = w[0];
		return 1;
	}
}

/* ---- payloads ------------------------------------------------------------------ */

bool recording_payload(const struct recording *r, const uint32_t *words, uint32_t n, uint32_t at,
		       struct record_payload *p, const uint8_t **bytes, uint32_t *next)
{
	uint64_t offset;

	if (at > n || n - at < PAYLOAD_WORDS)
		return false;
	memcpy(p, words + at, sizeof(*p));
	at += (uint32_t)PAYLOAD_WORDS;
	offset = p->offset_low | (uint64_t)p->offset_high << 32;
	if (offset == RECORD_INLINE) {
		uint64_t room = ((uint64_t)p->size + 3) / 4;

		if (room > n - at)
			return false;
		*bytes = (const uint8_t *)(words + at);
		at += (uint32_t)room;
	} else {
		*bytes = offset < RECORD_HEADER ? NULL : recording_at(r, offset, p->size);
		if (!*bytes)
			return false;
	}
	*next = at;
	return true;
}

/* Memory for the call at hand.  A record that names the same bytes again and again must
 * not fill all there is. */
static void *room(struct recording *r, uint64_t n)
{
	if (n > RECORDING_MAX_COPIES - r->spent)
		return NULL;
	r->spent += n;
	return arena_alloc(&r->arena, (size_t)n);
}

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 4;

	while (p < n)
		p *= 2;
	return p;
}

static unsigned element_bytes(unsigned element)
{
	return element == RECORDING_U64 || element == RECORDING_POINTER || element == RECORDING_F64
	       ? 8 : 4;
}

static void element_put(struct trace_value *v, unsigned element, const uint8_t *at)
{
	int32_t i;

	switch (element) {
	case RECORDING_I32:
		memcpy(&i, at, 4);
		number_put(v, i);
		break;
	case RECORDING_F32:
		v->kind = TRACE_FLOAT;
		memcpy(&v->f, at, 4);
		break;
	case RECORDING_F64:
		v->kind = TRACE_DOUBLE;
		memcpy(&v->d, at, 8);
		break;
	default:
		v->kind = element == RECORDING_POINTER ? TRACE_POINTER : TRACE_UINT;
		v->u = 0;
		memcpy(&v->u, at, element_bytes(element));
	}
}

static bool numbers_put(struct recording *r, struct trace_value *v, unsigned element,
			const uint8_t *bytes, uint32_t size)
{
	uint32_t step = element_bytes(element), n = size / step;
	struct trace_value *items;

	if (n > RECORDING_MAX_ITEMS || !(items = room(r, power_of_two(n) * sizeof(*items))))
		return false;
	memset(items, 0, power_of_two(n) * sizeof(*items));
	for (uint32_t i = 0; i < n; i++)
		element_put(&items[i], element, bytes + (size_t)i * step);
	v->kind = TRACE_ARRAY;
	v->count = n;
	v->items = items;
	return true;
}

/* Strings have a zero after them, whatever the program made of its memory since. */
static bool string_put(struct recording *r, struct trace_value *v, const uint8_t *bytes,
		       uint32_t size)
{
	const uint8_t *zero = memchr(bytes, 0, size);
	uint32_t n = zero ? (uint32_t)(zero - bytes) : size;
	uint8_t *copy = room(r, (uint64_t)n + 1);

	if (!copy)
		return false;
	memcpy(copy, bytes, n);
	copy[n] = 0;
	v->kind = TRACE_STRING;
	v->count = n;
	v->bytes = copy;
	return true;
}

/* One of an array of pointers: what it points to. */
static bool item_put(struct recording *r, struct trace_value *v, uint32_t item,
		     const uint8_t *bytes, uint32_t size)
{
	struct trace_value *items, *old;

	if (item >= RECORDING_MAX_ITEMS)
		return false;
	if (v->kind != TRACE_ARRAY || v->count <= item) {
		uint32_t n = item + 1, had = v->kind == TRACE_ARRAY ? v->count : 0;
		uint32_t cap = power_of_two(n);         /* they come one by one */

		if (!had || power_of_two(had) < n) {
			items = room(r, cap * sizeof(*items));
			if (!items)
				return false;
			memset(items, 0, cap * sizeof(*items));
			if (had)
				memcpy(items, v->items, had * sizeof(*items));
			v->items = items;
		}
		v->kind = TRACE_ARRAY;
		v->count = n;
	}
	old = (struct trace_value *)(uintptr_t)&v->items[item];
	*old = (struct trace_value){ .kind = TRACE_BLOB, .count = size, .bytes = bytes };
	return true;
}

/* Bytes that begin .lead bytes after the address: what lies before nobody reads. */
static const uint8_t *lead_put(struct recording *r, const struct record_payload *p,
			       const uint8_t *bytes)
{
	uint8_t *whole = room(r, (uint64_t)p->lead + p->size);

	if (whole) {
		memset(whole, 0, p->lead);
		memcpy(whole + p->lead, bytes, p->size);
	}
	return whole;
}

/* Where in the file it is, unless in the record, which is copied, or put together with what
 * leads it: 0. */
static uint64_t place_of(const struct record_payload *p)
{
	if (p->lead || (p->offset_low & p->offset_high) == 0xffffffffu)
		return 0;
	return p->offset_low | (uint64_t)p->offset_high << 32;
}

static bool payload_put(struct recording *r, struct trace_value *v, unsigned element,
			const struct record_payload *stored, const uint8_t *bytes)
{
	struct record_payload led, *p = &led;

	led = *stored;
	r->summary.payload_bytes += p->size;
	if (p->lead) {
		bytes = lead_put(r, p, bytes);
		if (!bytes)
			return false;
		led.size += led.lead;
	}
	switch (element) {
	case RECORDING_BLOB:
		*v = (struct trace_value){ .kind = TRACE_BLOB, .count = p->size, .bytes = bytes,
					   .place = place_of(p) };
		return true;
	case RECORDING_STRING:
		return string_put(r, v, bytes, p->size);
	case RECORDING_ITEMS:
		if (p->item == RECORD_POINTERS)
			return numbers_put(r, v, RECORDING_POINTER, bytes, p->size);
		return item_put(r, v, p->item, bytes, p->size);
	default:
		return numbers_put(r, v, element, bytes, p->size);
	}
}

/* ---- calls --------------------------------------------------------------------- */

static void call_begin(struct recording *r, struct trace_call *call, struct trace_sig *sig)
{
	*call = (struct trace_call){
		.no = r->next_no++, .sig = sig, .args = r->args,
		.thread = (uint32_t)(r->current - r->threads),
		.flags = r->current->fake ? TRACE_FAKE : 0,
	};
	r->current->fake = false;
}

bool recording_words(struct recording *r, const uint32_t *words, uint32_t n,
		     struct trace_call *call)
{
	unsigned command = words[0] & 0xffff;
	struct recording_shape *s;

	if (command >= gl_command_count)
		return false;
	s = &r->shapes[command];
	if (!s->plain || !s->sig.wants_words || n != s->words + 1)
		return false;
	call_begin(r, call, &s->sig);
	call->words = words + 1;
	return true;
}

int recording_call(struct recording *r, const uint32_t *words, uint32_t n, uint32_t head,
		   struct trace_call *call, struct error *err)
{
	unsigned command = words[0] & 0xffff;
	struct recording_shape *s;
	uint32_t at = head;

	if (command >= gl_command_count)
		return recording_bad(r, err, "a record is of unknown kind");
	s = shape_get(r, command);
	if (!s)
		return error_set(err, -ENOMEM, "%s: out of memory", r->path);
	if (n - head < s->words || s->sig.nargs > MAX_ARGS)
		return recording_bad(r, err, "a record is shorter than its command");
	call_begin(r, call, &s->sig);
	if (s->plain && s->sig.wants_words && n - head == s->words) {
		call->words = words + at;
		return 1;
	}
	for (uint32_t i = 0; i < s->sig.nargs; i++)
		at += value_put(&r->args[i], s->params[i].ctype, words + at);
	at += value_put(&call->ret, s->cmd->ret, words + at);
	call->has_ret = s->cmd->ret != GL_C_VOID;
	while (at < n) {
		struct record_payload p;
		const uint8_t *bytes;
		struct trace_value *v;

		if (!recording_payload(r, words, n, at, &p, &bytes, &at) ||
		    (p.param != RECORD_RESULT && p.param >= s->sig.nargs))
			return recording_bad(r, err, "a payload is out of place");
		v = p.param == RECORD_RESULT ? &call->ret : &r->args[p.param];
		if (!payload_put(r, v, s->params[p.param == RECORD_RESULT ? s->sig.nargs
							: p.param].element, &p, bytes))
			return recording_bad(r, err, "an array cannot be that long");
	}
	if (s->ends_frame) {
		r->summary.frames++;
		r->frame = r->current->frame_pending ? &r->current->frame : NULL;
		r->current->frame_pending = false;
	}
	return 1;
}

int recording_write(struct recording *r, const uint32_t *words, uint32_t n, uint32_t head,
		    struct trace_call *call, struct error *err)
{
	struct record_payload p;
	const uint8_t *bytes;
	uint32_t next;

	if (n < head + 2 || !recording_payload(r, words, n, head + 2, &p, &bytes, &next))
		return recording_bad(r, err, "a payload is out of place");
	call_begin(r, call, &r->memcpy_sig);
	call->flags |= TRACE_FAKE;
	r->summary.payload_bytes += p.size;
	r->args[0] = (struct trace_value){ .kind = TRACE_POINTER, .u = low_high(words + head) };
	r->args[1] = (struct trace_value){ .kind = TRACE_BLOB, .count = p.size, .bytes = bytes };
	r->args[2] = (struct trace_value){ .kind = TRACE_UINT, .u = p.size };
	return 1;
}

int recording_drawable(struct recording *r, const uint32_t *words, uint32_t n, uint32_t head,
		       struct trace_call *call, struct error *err)
{
	if (n < head + 5)
		return recording_bad(r, err, "a record is shorter than its kind");
	call_begin(r, call, &r->drawable_sig);
	call->flags |= TRACE_FAKE;
	r->args[0] = (struct trace_value){ .kind = TRACE_POINTER, .u = low_high(words + head) };
	for (uint32_t i = 1; i < 4; i++)
		r->args[i] = (struct trace_value){ .kind = TRACE_UINT, .u = words[head + 1 + i] };
	return 1;
}
