/* trace.c - the events of a trace: calls entered, left and delivered. */
#include "capture/trace_impl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT_ENTER, EVENT_LEAVE };
enum { DETAIL_END, DETAIL_ARG, DETAIL_RET, DETAIL_THREAD, DETAIL_BACKTRACE, DETAIL_FLAGS };

void trace_bad(struct trace *t, int code, const char *fmt, ...)
{
	va_list ap;

	if (t->stop != TRACE_GOING)              /* after the end all reads give zero */
		return;
	t->stop = TRACE_BAD;
	t->error.code = code;
	va_start(ap, fmt);
	vsnprintf(t->error.text, sizeof t->error.text, fmt, ap);
	va_end(ap);
}

/* ---- slots ---- */

static void slot_destroy(struct trace *t, struct slot *s)
{
	if (s) {
		t->values -= s->values;
		arena_finish(&s->arena);
	}
	free(s);
}

static void slot_release(struct trace *t, struct slot *s)
{
	t->values -= s->values;
	s->values = 0;
	arena_reset(&s->arena);
	if (t->nspare < TRACE_MAX_SPARE)
		t->spare[t->nspare++] = s;
	else
		slot_destroy(t, s);
}

static struct slot *slot_take(struct trace *t)
{
	struct slot *s = t->nspare ? t->spare[--t->nspare] : calloc(1, sizeof *s);

	if (!s) {
		trace_bad(t, -ENOMEM, "trace: no memory for a call");
		return NULL;
	}
	s->pin = UINT64_MAX;
	s->args = NULL;
	s->call = (struct trace_call){ .ret = { .kind = TRACE_NULL } };
	return s;
}

static void open_remove(struct trace *t, uint32_t at)
{
	t->nopen--;
	memmove(&t->open[at], &t->open[at + 1], (t->nopen - at) * sizeof t->open[0]);
}

/* ---- events ---- */

static void detail_arg(struct trace *t, struct slot *s)
{
	uint64_t no = read_uint(t);

	if (no < s->call.sig->nargs) {
		value_read(t, s, &s->args[no], 0);
		return;
	}
	trace_bad(t, -EBADMSG, "trace: call %llu, %s, has %u arguments but gives number %llu (corrupt file)",
		  (unsigned long long)s->call.no, s->call.sig->name, s->call.sig->nargs,
		  (unsigned long long)no);
}

static void details_read(struct trace *t, struct slot *s)
{
	for (;;) {
		uint8_t detail = read_byte(t);

		switch (detail) {
		case DETAIL_END:
			return;
		case DETAIL_ARG:
			detail_arg(t, s);
			break;
		case DETAIL_RET:
			value_read(t, s, &s->call.ret, 0);
			s->call.has_ret = true;
			break;
		case DETAIL_BACKTRACE:
			sig_backtrace(t);
			break;
		case DETAIL_FLAGS:
			s->call.flags |= (uint32_t)(read_uint(t) & TRACE_FAKE);
			break;
		case DETAIL_THREAD:
			if (t->version < 4) {
				s->call.thread = (uint32_t)read_uint(t);
				break;
			}
			/* fall through */
		default:
			trace_bad(t, -EBADMSG, "trace: call %llu, %s: unknown detail %u (corrupt file)",
				  (unsigned long long)s->call.no, s->call.sig->name, detail);
		}
		if (t->stop != TRACE_GOING)
			return;
	}
}

/* Enters a call; one whose event is cut never happened. */
static void event_enter(struct trace *t)
{
	uint64_t thread = t->version >= 4 ? read_uint(t) : 0;
	struct trace_sig *sig = sig_function(t);
	struct slot *s;

	if (!sig)
		return;
	if (t->nopen == TRACE_MAX_OPEN) {
		trace_bad(t, -EMSGSIZE, "trace: more than %d calls open at once (corrupt file)", TRACE_MAX_OPEN);
		return;
	}
	s = slot_take(t);
	if (!s)
		return;
	s->call.no = t->next_no++;
	s->call.thread = (uint32_t)thread;
	s->call.sig = sig;
	s->args = arena_alloc(&s->arena, sig->nargs * sizeof *s->args + 1);
	if (!s->args) {
		trace_bad(t, -ENOMEM, "trace: no memory for a call");
		slot_destroy(t, s);
		return;
	}
	memset(s->args, 0, sig->nargs * sizeof *s->args);
	s->call.args = s->args;
	t->open[t->nopen++] = s;
	t->active = s;
	details_read(t, s);
	t->active = NULL;
	if (t->stop != TRACE_GOING) {
		t->nopen--;
		slot_destroy(t, s);
	}
}

static uint32_t open_find(const struct trace *t, uint64_t no)
{
	uint32_t i = t->nopen;

	while (i > 0 && t->open[i - 1]->call.no != no)
		i--;
	return i;
}

/* Leaves a call and delivers it; one whose event is cut is dropped, as what it gave
 * back is unknown. */
static struct slot *event_leave(struct trace *t)
{
	uint64_t no = read_uint(t);
	uint32_t at = open_find(t, no);
	struct slot *s;

	if (t->stop != TRACE_GOING)
		return NULL;
	if (at == 0) {
		trace_bad(t, -EBADMSG, "trace: the end of call %llu, which is not open (corrupt file)",
			  (unsigned long long)no);
		return NULL;
	}
	s = t->open[at - 1];
	t->active = s;
	details_read(t, s);
	t->active = NULL;
	open_remove(t, at - 1);
	if (t->stop == TRACE_GOING)
		return s;
	slot_destroy(t, s);
	return NULL;
}

static int trace_deliver(struct trace *t, struct slot *s, struct trace_call *call)
{
	t->delivered = s;
	*call = s->call;
	return 1;
}

static int trace_fail(const struct trace *t, struct error *err)
{
	return error_set(err, t->error.code, "%s", t->error.text);
}

int trace_next(struct trace *t, struct trace_call *call, struct error *err)
{
	if (t->delivered) {
		slot_release(t, t->delivered);
		t->delivered = NULL;
	}
	while (t->stop == TRACE_GOING) {
		struct slot *s;
		uint8_t event;

		if (t->p == t->end && !chunk_next(t))
			break;
		event = *t->p++;
		if (event == EVENT_ENTER) {
			event_enter(t);
		} else if (event == EVENT_LEAVE) {
			s = event_leave(t);
			if (s)
				return trace_deliver(t, s, call);
		} else {
			trace_bad(t, -EBADMSG, "trace: unknown event %u near byte %llu (corrupt file)",
				  event, (unsigned long long)t->chunk_at);
		}
		t->truncated |= t->stop == TRACE_ENDED;  /* within the event */
	}
	if (t->stop == TRACE_BAD)
		return trace_fail(t, err);
	if (t->nopen) {
		struct slot *s = t->open[0];

		open_remove(t, 0);
		s->call.incomplete = true;
		return trace_deliver(t, s, call);
	}
	return 0;
}

/* ---- the whole ---- */

static void header_read(struct trace *t)
{
	uint64_t version = read_uint(t), semantic;

	if (t->stop != TRACE_GOING)
		return;
	if (version > TRACE_VERSION_MAX) {
		trace_bad(t, -ENOTSUP, "trace: format version %llu (versions 0 to %d are understood)",
			  (unsigned long long)version, TRACE_VERSION_MAX);
		return;
	}
	t->version = (unsigned)version;
	t->semantic = t->version;
	if (version < 6)
		return;
	semantic = read_uint(t);
	if (semantic > version) {
		trace_bad(t, -ENOTSUP, "trace: semantic version %llu in format version %u (corrupt file)",
			  (unsigned long long)semantic, t->version);
		return;
	}
	t->semantic = (unsigned)semantic;
	sig_properties(t);
}

int trace_open(struct trace **out, const char *path, struct error *err)
{
	struct trace *t = calloc(1, sizeof *t);

	*out = NULL;
	if (!t)
		return error_set(err, -ENOMEM, "%s: no memory for a reader", path);
	t->fd = -1;
	if (chunk_open(t, path) == 0)
		header_read(t);
	if (t->stop == TRACE_ENDED && t->serial == 0) {
		t->stop = TRACE_GOING;
		trace_bad(t, -EBADMSG, "trace: nothing whole in it (the program was killed before its first calls were written)");
	}
	if (t->stop == TRACE_BAD) {
		int code = trace_fail(t, err);

		if (strncmp(t->error.text, path, strlen(path)) != 0)
			error_prefix(err, "%s", path);
		trace_close(t);
		return code;
	}
	if (t->stop == TRACE_ENDED)
		t->truncated = true;
	*out = t;
	return 0;
}

void trace_close(struct trace *t)
{
	if (!t)
		return;
	slot_destroy(t, t->delivered);
	while (t->nopen)
		slot_destroy(t, t->open[--t->nopen]);
	while (t->nspare)
		slot_destroy(t, t->spare[--t->nspare]);
	chunk_close(t);
	sig_finish(t);
	free(t);
}

bool trace_truncated(const struct trace *t)
{
	return t->truncated;
}

unsigned trace_version(const struct trace *t)
{
	return t->version;
}

const char *trace_property(const struct trace *t, const char *name)
{
	for (uint32_t i = 0; i < t->nprops; i++)
		if (!strcmp(t->props[i].name, name))
			return t->props[i].value;
	return NULL;
}

uint64_t trace_position(const struct trace *t)
{
	return t->position;
}

uint64_t trace_size(const struct trace *t)
{
	return t->size;
}
