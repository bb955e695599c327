/* fuzz_trace.c - the trace reader on any bytes: as a file, or (first byte odd) as a
 * stream that is compressed first, in chunks, so that the grammar below is reached. */
#include <snappy-c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blink/base/buf.h"
#include "capture/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void pack(struct buf *out, const uint8_t *data, size_t size, size_t chunk)
{
	buf_append(out, "at", 2);
	for (size_t i = 0; i < size; i += chunk) {
		size_t n = size - i < chunk ? size - i : chunk;
		size_t packed = snappy_max_compressed_length(n);
		char *to = malloc(packed);

		if (to && snappy_compress((const char *)data + i, n, to, &packed) == SNAPPY_OK) {
			buf_u32(out, (uint32_t)packed);
			buf_append(out, to, packed);
		}
		free(to);
	}
}

/* Touches every byte that a value points to. */
static uint64_t visit(const struct trace_value *v)
{
	uint64_t sum = v->kind;
	int64_t i;

	if (v->kind == TRACE_STRING || v->kind == TRACE_BLOB || v->kind == TRACE_WSTRING)
		for (uint32_t k = 0; k < v->count; k++)
			sum += v->bytes[k];
	if (v->kind == TRACE_ARRAY || v->kind == TRACE_STRUCT || v->kind == TRACE_REPR)
		for (uint32_t k = 0; k < v->count; k++)
			sum += visit(&v->items[k]);
	if (trace_int(v, &i))
		sum += (uint64_t)i;
	return sum;
}

static void read_all(const char *path)
{
	struct error err = { 0 };
	struct trace_call call;
	struct trace *t;
	static volatile uint64_t sum;    /* the reads must happen */

	if (trace_open(&t, path, &err) < 0)
		return;
	while (trace_next(t, &call, &err) == 1) {
		for (uint32_t i = 0; i < call.sig->nargs; i++)
			sum = visit(&call.args[i]) + strlen(call.sig->args[i]);
		sum = visit(&call.ret);
	}
	trace_close(t);
	(void)sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	struct buf file;
	int fd = memfd_create("trace", MFD_CLOEXEC);

	if (fd < 0 || size == 0)
		return 0;
	buf_init(&file);
	if (data[0] & 1)
		pack(&file, data + 1, size - 1, (size_t)(data[0] >> 1) + 8);
	else
		buf_append(&file, data + 1, size - 1);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (write(fd, file.data, file.len) == (ssize_t)file.len)
		read_all(path);
	buf_finish(&file);
	close(fd);
	return 0;
}
