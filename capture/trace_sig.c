/* trace_sig.c - signatures: each is spelled out where its number first occurs and
 * only numbered afterwards.  Kept in tables by number for the life of the reader. */
#include "capture/trace_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *names_alloc(struct trace *t, size_t n)
{
	void *p = arena_alloc(&t->names, n);

	if (!p)
		trace_bad(t, -ENOMEM, "trace: no memory for signatures");
	return p;
}

static const char *name_read(struct trace *t)
{
	uint64_t n = read_uint(t);

	if (n > TRACE_MAX_NAME) {
		trace_bad(t, -EBADMSG, "trace: a name of %llu bytes near byte %llu (corrupt file)",
			  (unsigned long long)n, (unsigned long long)t->chunk_at);
		return "";
	}
	const uint8_t *s = chunk_bytes(t, &t->names, n, true);

	return s ? (const char *)s : "";
}

/* The place of signature id; NULL when it is out of bounds. */
static void **table_at(struct trace *t, struct trace_table *tab, const char *kind)
{
	uint64_t id = read_uint(t);

	if (id < tab->count)
		return &tab->item[id];
	if (t->stop != TRACE_GOING)
		return NULL;
	if (id >= TRACE_MAX_ID) {
		trace_bad(t, -EBADMSG, "trace: %s signature %llu is out of range (corrupt file)",
			  kind, (unsigned long long)id);
		return NULL;
	}
	uint32_t want = tab->count ? tab->count : 64;

	while (want <= id)
		want *= 2;
	void **item = realloc(tab->item, want * sizeof *item);

	if (!item) {
		trace_bad(t, -ENOMEM, "trace: no memory for signatures");
		return NULL;
	}
	memset(item + tab->count, 0, (want - tab->count) * sizeof *item);
	tab->item = item;
	tab->count = want;
	return &item[id];
}

/* count strings, gathered as they come. */
static const char *const *names_read(struct trace *t, uint32_t *count, const char *kind)
{
	uint64_t n = read_uint(t);
	const char **list;

	*count = 0;
	if (n > TRACE_MAX_ARGS) {
		trace_bad(t, -EBADMSG, "trace: a %s signature with %llu names (corrupt file)",
			  kind, (unsigned long long)n);
		return NULL;
	}
	list = names_alloc(t, (size_t)n * sizeof *list + 1);
	for (uint64_t i = 0; list && i < n && t->stop == TRACE_GOING; i++)
		list[i] = name_read(t);
	if (t->stop != TRACE_GOING)
		return NULL;
	*count = (uint32_t)n;
	return list;
}

struct trace_sig *sig_function(struct trace *t)
{
	void **at = table_at(t, &t->funcs, "function");
	struct trace_sig *sig;

	if (!at || *at)
		return at ? *at : NULL;
	sig = names_alloc(t, sizeof *sig);
	if (!sig)
		return NULL;
	memset(sig, 0, sizeof *sig);
	sig->id = (uint32_t)(at - t->funcs.item);
	sig->name = name_read(t);
	sig->args = names_read(t, &sig->nargs, "function");
	if (t->stop != TRACE_GOING)
		return NULL;
	return *at = sig;
}

const struct trace_struct_sig *sig_struct(struct trace *t)
{
	void **at = table_at(t, &t->structs, "struct");
	struct trace_struct_sig *sig;

	if (!at || *at)
		return at ? *at : NULL;
	sig = names_alloc(t, sizeof *sig);
	if (!sig)
		return NULL;
	sig->name = name_read(t);
	sig->members = names_read(t, &sig->count, "struct");
	if (t->stop != TRACE_GOING)
		return NULL;
	return *at = sig;
}

/* ---- enumerations ---- */

struct enum_row {
	int64_t value;
	uint32_t order;
	const char *name;
};

static int enum_row_order(const void *a, const void *b)
{
	const struct enum_row *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* GLenum has thousands of values in a small range: a table by value, never more
 * than a fixed multiple of the signature's own bytes. */
static void enum_make_dense(struct trace *t, struct trace_enum_sig *sig)
{
	int64_t last;

	if (sig->count < 64)
		return;
	last = sig->values[sig->count - 1].value;
	if (sig->values[0].value < 0 || last >= (int64_t)sig->count * 32 ||
	    last >= TRACE_MAX_DENSE - (int64_t)t->dense)
		return;
	sig->dense = names_alloc(t, ((size_t)last + 1) * sizeof *sig->dense);
	if (!sig->dense)
		return;
	sig->dense_count = (uint32_t)last + 1;
	t->dense += sig->dense_count;
	memset(sig->dense, 0, sig->dense_count * sizeof *sig->dense);
	for (uint32_t i = 0; i < sig->count; i++)
		sig->dense[sig->values[i].value] = sig->values[i].name;
}

static bool enum_build(struct trace *t, struct trace_enum_sig *sig, struct enum_row *rows, uint32_t n)
{
	qsort(rows, n, sizeof *rows, enum_row_order);
	sig->values = names_alloc(t, n * sizeof *sig->values + 1);
	if (!sig->values)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (i && rows[i].value == rows[i - 1].value)
			continue;                /* an alias: the first name stays */
		sig->values[sig->count++] = (struct trace_enum_value){ rows[i].value, rows[i].name };
	}
	enum_make_dense(t, sig);
	return t->stop == TRACE_GOING;
}

static struct trace_enum_sig *enum_read(struct trace *t, uint64_t n)
{
	struct trace_enum_sig *sig = names_alloc(t, sizeof *sig);
	struct enum_row *rows = NULL;
	uint32_t cap = 0;
	bool good = false;

	if (!sig)
		return NULL;
	memset(sig, 0, sizeof *sig);
	if (n > TRACE_MAX_ID) {
		trace_bad(t, -EBADMSG, "trace: an enumeration of %llu values (corrupt file)",
			  (unsigned long long)n);
		return NULL;
	}
	for (uint32_t i = 0; i < n && t->stop == TRACE_GOING; i++) {
		if (i == cap) {
			struct enum_row *more;

			cap = cap ? 2 * cap : 64;
			more = realloc(rows, cap * sizeof *rows);
			if (!more) {
				trace_bad(t, -ENOMEM, "trace: no memory for signatures");
				break;
			}
			rows = more;
		}
		rows[i].order = i;
		rows[i].name = name_read(t);
		rows[i].value = value_sint(t);
	}
	if (t->stop == TRACE_GOING)
		good = n == 0 || enum_build(t, sig, rows, (uint32_t)n);
	free(rows);
	return good ? sig : NULL;
}

const struct trace_enum_sig *sig_enum(struct trace *t)
{
	void **at = table_at(t, &t->enums, "enum");

	if (!at || *at)
		return at ? *at : NULL;
	return *at = enum_read(t, read_uint(t));
}

/* Before version 3 a signature held the one value. */
const struct trace_enum_sig *sig_old_enum(struct trace *t)
{
	void **at = table_at(t, &t->enums, "enum");

	if (!at || *at)
		return at ? *at : NULL;
	return *at = enum_read(t, 1);
}

const char *enum_name(const struct trace_enum_sig *sig, int64_t value)
{
	uint32_t lo = 0, hi = sig->count;

	if (sig->dense)
		return value >= 0 && value < sig->dense_count ? sig->dense[value] : NULL;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (sig->values[mid].value == value)
			return sig->values[mid].name;
		if (sig->values[mid].value < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* ---- what is only read past ---- */

/* A mask's value says it all: its flags' names are not kept. */
void sig_bitmask(struct trace *t)
{
	static const char seen;
	void **at = table_at(t, &t->masks, "bitmask");

	if (!at || *at)
		return;
	for (uint64_t n = read_uint(t); n && t->stop == TRACE_GOING; n--) {
		chunk_skip(t, read_uint(t));
		read_uint(t);
	}
	if (t->stop == TRACE_GOING)
		*at = (void *)(uintptr_t)&seen;
}

enum { FRAME_END, FRAME_MODULE, FRAME_FUNCTION, FRAME_FILE, FRAME_LINE, FRAME_OFFSET };

static bool frame_first(struct trace *t, uint64_t id)
{
	uint32_t at = (uint32_t)(id / 8);
	uint8_t bit = (uint8_t)(1u << (id % 8));

	if (at >= t->frames_bytes) {
		uint32_t want = (at | 1023u) + 1;
		uint8_t *seen = realloc(t->frames_seen, want);

		if (!seen) {
			trace_bad(t, -ENOMEM, "trace: no memory for backtraces");
			return false;
		}
		memset(seen + t->frames_bytes, 0, want - t->frames_bytes);
		t->frames_seen = seen;
		t->frames_bytes = want;
	}
	if (t->frames_seen[at] & bit)
		return false;
	t->frames_seen[at] |= bit;
	return true;
}

static void frame_skip(struct trace *t)
{
	uint64_t id = read_uint(t);

	if (id >= TRACE_MAX_FRAME_ID) {
		trace_bad(t, -EBADMSG, "trace: stack frame %llu is out of range (corrupt file)",
			  (unsigned long long)id);
		return;
	}
	if (t->stop != TRACE_GOING || !frame_first(t, id))
		return;
	for (;;) {
		uint8_t detail = read_byte(t);

		if (t->stop != TRACE_GOING || detail == FRAME_END)
			return;
		if (detail <= FRAME_FILE) {
			chunk_skip(t, read_uint(t));
		} else if (detail <= FRAME_OFFSET) {
			read_uint(t);
		} else {
			trace_bad(t, -EBADMSG, "trace: unknown backtrace detail %u near byte %llu (corrupt file)",
				  detail, (unsigned long long)t->chunk_at);
			return;
		}
	}
}

void sig_backtrace(struct trace *t)
{
	for (uint64_t n = read_uint(t); n && t->stop == TRACE_GOING; n--)
		frame_skip(t);
}

/* ---- properties ---- */

void sig_properties(struct trace *t)
{
	while (t->stop == TRACE_GOING) {
		const char *name = name_read(t);
		struct trace_property *props;

		if (t->stop != TRACE_GOING || !*name)
			return;
		if (t->nprops == TRACE_MAX_ARGS) {
			trace_bad(t, -EBADMSG, "trace: more than %d properties (corrupt file)", TRACE_MAX_ARGS);
			return;
		}
		props = realloc(t->props, (t->nprops + 1) * sizeof *props);
		if (!props) {
			trace_bad(t, -ENOMEM, "trace: no memory for properties");
			return;
		}
		t->props = props;
		props[t->nprops].name = name;
		props[t->nprops].value = name_read(t);
		t->nprops += t->stop == TRACE_GOING;
	}
}

void sig_finish(struct trace *t)
{
	free(t->funcs.item);
	free(t->structs.item);
	free(t->enums.item);
	free(t->masks.item);
	free(t->frames_seen);
	free(t->props);
	arena_finish(&t->names);
}
