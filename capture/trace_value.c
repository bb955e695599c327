/* trace_value.c - the values of a call, into its slot's arena. */
#include "capture/trace_impl.h"

#include <errno.h>
#include <string.h>

enum {
	T_NULL, T_FALSE, T_TRUE, T_SINT, T_UINT, T_FLOAT, T_DOUBLE, T_STRING,
	T_BLOB, T_ENUM, T_BITMASK, T_ARRAY, T_STRUCT, T_OPAQUE, T_REPR, T_WSTRING
};

static void value_unknown(struct trace *t, unsigned type)
{
	trace_bad(t, -EBADMSG, "trace: unknown value type %u near byte %llu (corrupt file)",
		  type, (unsigned long long)t->chunk_at);
}

int64_t value_sint(struct trace *t)
{
	uint8_t type = read_byte(t);
	uint64_t u = read_uint(t);

	if (type == T_SINT)
		return (int64_t)(0 - u);
	if (type != T_UINT)
		value_unknown(t, type);
	return (int64_t)u;
}

/* The length of something whose bytes are in the file; 32 bits are enough for any. */
static uint32_t value_length(struct trace *t)
{
	uint64_t n = read_uint(t);

	if (n > UINT32_MAX - 1) {
		trace_bad(t, -EBADMSG, "trace: a length of %llu near byte %llu (corrupt file)",
			  (unsigned long long)n, (unsigned long long)t->chunk_at);
		return 0;
	}
	return (uint32_t)n;
}

static void value_blob(struct trace *t, struct slot *s, struct trace_value *v)
{
	uint32_t n = value_length(t);

	v->kind = TRACE_BLOB;
	v->place = 0;
	v->bytes = chunk_bytes(t, &s->arena, n, false);
	v->count = t->stop == TRACE_GOING ? n : 0;
	if (s->pin == UINT64_MAX && t->chunk)
		s->pin = t->chunk->serial;
}

static void value_string(struct trace *t, struct slot *s, struct trace_value *v)
{
	uint32_t n = value_length(t);

	v->kind = TRACE_STRING;
	v->bytes = chunk_bytes(t, &s->arena, n, true);
	v->count = t->stop == TRACE_GOING ? n : 0;
}

static size_t utf8_put(uint8_t *out, uint64_t c)
{
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* An arena's bytes, doubled; the old ones are left to the arena. */
static void *arena_grow(struct trace *t, struct arena *a, const void *old, size_t used, size_t want)
{
	void *p = arena_alloc(a, want);

	if (p && used)
		memcpy(p, old, used);
	if (!p)
		trace_bad(t, -ENOMEM, "trace: no memory for a call's values");
	return p;
}

static void value_wstring(struct trace *t, struct slot *s, struct trace_value *v)
{
	uint64_t n = read_uint(t);
	size_t len = 0, cap = 0;
	uint8_t *out = NULL;

	for (uint64_t i = 0; i <= n && t->stop == TRACE_GOING; i++) {
		if (len + 5 > cap) {
			if (len > TRACE_MAX_VALUES) {
				trace_bad(t, -EMSGSIZE, "trace: a wide string of %llu characters", (unsigned long long)n);
				break;
			}
			cap = cap ? 2 * cap : 64;
			out = arena_grow(t, &s->arena, out, len, cap);
			if (!out)
				break;
		}
		if (i < n)
			len += utf8_put(out + len, read_uint(t));
		else
			out[len] = 0;
	}
	v->kind = TRACE_WSTRING;
	v->bytes = out;
	v->count = t->stop == TRACE_GOING ? (uint32_t)len : 0;
}

static void value_enum(struct trace *t, struct trace_value *v)
{
	const struct trace_enum_sig *sig = t->version >= 3 ? sig_enum(t) : sig_old_enum(t);

	if (!sig)
		return;
	v->kind = TRACE_ENUM;
	v->i = t->version >= 3 ? value_sint(t) : sig->values[0].value;
	v->name = enum_name(sig, v->i);
}

/* Room for the values from have on: as many as announced, but never far more than
 * have been seen. */
static struct trace_value *items_room(struct trace *t, struct slot *s, struct trace_value *old,
				      uint32_t have, uint32_t announced, uint32_t *cap)
{
	uint32_t want = have < 32 ? 64 : 2 * have;

	if (want > announced)
		want = announced;
	if (t->values + (want - have) > TRACE_MAX_VALUES) {
		trace_bad(t, -EMSGSIZE, "trace: more than %d values in the calls open at once (corrupt file)",
			  TRACE_MAX_VALUES);
		return NULL;
	}
	s->values += want - have;
	t->values += want - have;
	*cap = want;
	return arena_grow(t, &s->arena, old, have * sizeof *old, want * sizeof *old);
}

static void value_items(struct trace *t, struct slot *s, struct trace_value *v, uint32_t n,
			unsigned depth)
{
	struct trace_value *items = NULL;
	uint32_t i, cap = 0;

	for (i = 0; i < n; i++) {
		if (i == cap) {
			items = items_room(t, s, items, i, n, &cap);
			if (!items)
				break;
		}
		value_read(t, s, &items[i], depth + 1);
		if (t->stop != TRACE_GOING)
			break;
	}
	v->items = items;
	v->count = items ? i : 0;
}

static void value_struct(struct trace *t, struct slot *s, struct trace_value *v, unsigned depth)
{
	const struct trace_struct_sig *sig = sig_struct(t);

	if (!sig)
		return;
	value_items(t, s, v, sig->count, depth);
	v->kind = TRACE_STRUCT;
	v->name = sig->name;
	v->members = sig->members;
}

/* The rare ones, out of the way of the hot switch. */
static __attribute__((noinline))
void value_rare(struct trace *t, struct slot *s, struct trace_value *v, unsigned type, unsigned depth)
{
	if (depth >= TRACE_MAX_DEPTH) {
		trace_bad(t, -EBADMSG, "trace: values nested more than %d deep near byte %llu (corrupt file)",
			  TRACE_MAX_DEPTH, (unsigned long long)t->chunk_at);
		return;
	}
	switch (type) {
	case T_STRING:
		value_string(t, s, v);
		break;
	case T_STRUCT:
		value_struct(t, s, v, depth);
		break;
	case T_REPR:
		value_items(t, s, v, 2, depth);
		v->kind = TRACE_REPR;
		break;
	case T_WSTRING:
		value_wstring(t, s, v);
		break;
	case T_ARRAY:
		value_items(t, s, v, value_length(t), depth);
		v->kind = TRACE_ARRAY;
		break;
	default:
		value_unknown(t, type);
	}
}

void value_read(struct trace *t, struct slot *s, struct trace_value *v, unsigned depth)
{
	uint8_t type = read_byte(t);

	*v = (struct trace_value){ .kind = TRACE_NULL };
	switch (type) {
	case T_NULL:
		break;
	case T_FALSE:
	case T_TRUE:
		v->kind = TRACE_BOOL;
		v->i = type == T_TRUE;
		break;
	case T_SINT:
		v->kind = TRACE_SINT;
		v->i = (int64_t)(0 - read_uint(t));
		break;
	case T_UINT:
		v->kind = TRACE_UINT;
		v->u = read_uint(t);
		break;
	case T_FLOAT:
		v->kind = TRACE_FLOAT;
		if (__builtin_expect(t->end - t->p >= 4, 1)) {
			memcpy(&v->f, t->p, 4);
			t->p += 4;
		} else {
			chunk_read(t, &v->f, sizeof v->f);
		}
		break;
	case T_DOUBLE:
		v->kind = TRACE_DOUBLE;
		chunk_read(t, &v->d, sizeof v->d);
		break;
	case T_BLOB:
		value_blob(t, s, v);
		break;
	case T_ENUM:
		value_enum(t, v);
		break;
	case T_BITMASK:
		sig_bitmask(t);
		v->kind = TRACE_BITMASK;
		v->u = read_uint(t);
		break;
	case T_OPAQUE:
		v->kind = TRACE_POINTER;
		v->u = read_uint(t);
		break;
	default:
		value_rare(t, s, v, type, depth);
	}
}

bool value_settle(struct trace *t, struct slot *s, struct trace_value *v)
{
	uint8_t *copy;

	if (v->kind == TRACE_ARRAY || v->kind == TRACE_STRUCT || v->kind == TRACE_REPR) {
		for (uint32_t i = 0; i < v->count; i++)
			if (!value_settle(t, s, (struct trace_value *)(uintptr_t)&v->items[i]))
				return false;
		return true;
	}
	if (v->kind != TRACE_BLOB || !v->count)
		return true;
	copy = arena_alloc(&s->arena, v->count + (size_t)1);
	if (!copy) {
		trace_bad(t, -ENOMEM, "trace: no memory for %u bytes", v->count);
		return false;
	}
	memcpy(copy, v->bytes, v->count);
	v->bytes = copy;
	return true;
}

/* ---- numeric views ---- */

bool trace_int(const struct trace_value *v, int64_t *out)
{
	switch (v->kind) {
	case TRACE_NULL:
		*out = 0;
		return true;
	case TRACE_BOOL:
	case TRACE_SINT:
	case TRACE_ENUM:
		*out = v->i;
		return true;
	case TRACE_UINT:
	case TRACE_BITMASK:
	case TRACE_POINTER:
		*out = (int64_t)v->u;
		return true;
	case TRACE_FLOAT:
	case TRACE_DOUBLE: {
		double d = v->kind == TRACE_FLOAT ? (double)v->f : v->d;

		if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0))
			return false;
		*out = (int64_t)d;
		return true;
	}
	case TRACE_REPR:
		return v->count == 2 && trace_int(&v->items[1], out);
	default:
		return false;
	}
}

bool trace_double(const struct trace_value *v, double *out)
{
	int64_t i;

	switch (v->kind) {
	case TRACE_FLOAT:
		*out = (double)v->f;
		return true;
	case TRACE_DOUBLE:
		*out = v->d;
		return true;
	case TRACE_UINT:
	case TRACE_BITMASK:
	case TRACE_POINTER:
		*out = (double)v->u;
		return true;
	case TRACE_REPR:
		return v->count == 2 && trace_double(&v->items[1], out);
	default:
		if (!trace_int(v, &i))
			return false;
		*out = (double)i;
		return true;
	}
}
