/* fuzz_recording.c - the reader of recordings on any bytes: as a file, or (first byte
 * odd) as the records of a thread, or (3 modulo 4) of two, in a file that is otherwise in
 * order; with 4 in it, as one that is followed, and given back. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/record/format.h"
#include "capture/record/table_hash.h"
#include "capture/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t visit(const struct trace_value *v)
{
	uint64_t sum = v->kind;

	if (v->kind == TRACE_STRING || v->kind == TRACE_BLOB)
		for (uint32_t k = 0; k < v->count; k++)
			sum += v->bytes[k];
	if (v->kind == TRACE_ARRAY)
		for (uint32_t k = 0; k < v->count; k++)
			sum += visit(&v->items[k]);
	return sum;
}

static void read_all(const char *path, bool follow)
{
	static volatile uint64_t sum;    /* the reads must happen */
	struct error err = { 0 };
	struct trace_call call;
	struct recording *r;
	char text[128];
	int again = 2;

	if ((follow ? recording_follow(&r, path, &err) : recording_open(&r, path, &err)) < 0)
		return;
	do {
		while (recording_next(r, &call, &err) == 1) {
			for (uint32_t i = 0; i < call.sig->nargs; i++)
				sum += visit(&call.args[i]) + strlen(call.sig->args[i]);
			sum += visit(&call.ret);
		}
		if (follow && recording_release(r) < 0)
			break;
	} while (again-- && (again ? recording_refresh(r, &err) : recording_last(r, &err)) >= 0);
	recording_remarks(r, text, sizeof(text));
	recording_close(r);
	(void)sum;
}

static void segment_put(int fd, unsigned number, unsigned kind, unsigned thread,
			const uint8_t *data, size_t size)
{
	off_t at = RECORD_HEADER + (off_t)number * RECORD_SEGMENT;
	struct record_segment s = {
		.kind = kind, .process = 1, .thread = thread, .span = 1,
		.used = sizeof(s) + size / 4 * 4
	};

	if (pwrite(fd, &s, sizeof(s), at) < 0 || pwrite(fd, data, size, at + (off_t)sizeof(s)) < 0)
		abort();
}

static bool whole_file(int fd, const uint8_t *data, size_t size, bool two)
{
	struct record_header h = {
		.magic = RECORD_MAGIC, .version = RECORD_VERSION, .segment_size = RECORD_SEGMENT,
		.table = record_table_hash(), .segments = two ? 3 : 2, .sequence = 1u << 30
	};
	size_t half = two ? size / 8 * 4 : size;

	if (size > RECORD_SEGMENT / 2 || ftruncate(fd, RECORD_HEADER + 3 * RECORD_SEGMENT) < 0 ||
	    pwrite(fd, &h, sizeof(h), 0) < 0)
		return false;
	segment_put(fd, 0, RECORD_CALLS, 1, data, half);
	segment_put(fd, 1, RECORD_PAYLOADS, 0, data, size);
	if (two)
		segment_put(fd, 2, RECORD_CALLS, 2, data + half, size - half);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("recording", MFD_CLOEXEC);
	bool good;

	if (fd < 0 || size == 0)
		return 0;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (data[0] & 1)
		good = whole_file(fd, data + 1, size - 1, data[0] & 2);
	else
		good = write(fd, data + 1, size - 1) == (ssize_t)(size - 1);
	if (good)
		read_all(path, data[0] & 4);
	close(fd);
	return 0;
}
