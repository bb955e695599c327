/* trace_text.h - a whole trace as text, one line per call, for tests. */
#ifndef TESTS_CAPTURE_TRACE_TEXT_H
#define TESTS_CAPTURE_TRACE_TEXT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/trace.h"

struct trace_text_end {
	int status;              /* trace_next's last answer */
	bool truncated;
	char error[480];
};

static inline void trace_text_value(FILE *f, const struct trace_value *v)
{
	bool structure = v->kind == TRACE_STRUCT;

	switch ((enum trace_kind)v->kind) {
	case TRACE_NULL: fputs("null", f); break;
	case TRACE_BOOL: fputs(v->i ? "true" : "false", f); break;
	case TRACE_SINT: fprintf(f, "%lld", (long long)v->i); break;
	case TRACE_UINT: fprintf(f, "%llu", (unsigned long long)v->u); break;
	case TRACE_FLOAT: fprintf(f, "%.9g", (double)v->f); break;
	case TRACE_DOUBLE: fprintf(f, "%.17g", v->d); break;
	case TRACE_STRING: fprintf(f, "\"%s\"", (const char *)v->bytes); break;
	case TRACE_WSTRING: fprintf(f, "L\"%s\"", (const char *)v->bytes); break;
	case TRACE_ENUM: fprintf(f, "%s=%lld", v->name ? v->name : "?", (long long)v->i); break;
	case TRACE_BITMASK:
	case TRACE_POINTER: fprintf(f, "0x%llx", (unsigned long long)v->u); break;
	case TRACE_BLOB:
		fprintf(f, "blob(%u:", v->count);
		for (unsigned i = 0; i < v->count; i++)
			fprintf(f, "%02x", v->bytes[i]);
		fputc(')', f);
		break;
	case TRACE_ARRAY:
	case TRACE_STRUCT:
	case TRACE_REPR:
		fputs(structure ? v->name : v->kind == TRACE_REPR ? "repr" : "", f);
		fputc(v->kind == TRACE_REPR ? '(' : '{', f);
		for (unsigned i = 0; i < v->count; i++) {
			fprintf(f, "%s%s%s", i ? ", " : "", structure ? v->members[i] : "", structure ? "=" : "");
			trace_text_value(f, &v->items[i]);
		}
		fputc(v->kind == TRACE_REPR ? ')' : '}', f);
		break;
	}
}

/* To be freed; "" and a negative status when it cannot be opened. */
static inline char *trace_text(const char *path, struct trace_text_end *end)
{
	struct error err = { 0 };
	struct trace_call c;
	struct trace *t;
	char *text = NULL;
	size_t size;
	FILE *f;

	end->status = trace_open(&t, path, &err);
	snprintf(end->error, sizeof end->error, "%s", err.text);
	f = open_memstream(&text, &size);
	while (t && (end->status = trace_next(t, &c, &err)) == 1) {
		fprintf(f, "%llu @%u %s(", (unsigned long long)c.no, c.thread, c.sig->name);
		for (unsigned i = 0; i < c.sig->nargs; i++) {
			fputs(i ? ", " : "", f);
			trace_text_value(f, &c.args[i]);
		}
		fputs(")", f);
		if (c.has_ret) {
			fputs(" = ", f);
			trace_text_value(f, &c.ret);
		}
		fprintf(f, "%s%s\n", c.flags & TRACE_FAKE ? " fake" : "", c.incomplete ? " incomplete" : "");
	}
	fclose(f);
	end->truncated = t && trace_truncated(t);
	if (t)
		snprintf(end->error, sizeof end->error, "%s", err.text);
	trace_close(t);
	return text;
}

#endif
