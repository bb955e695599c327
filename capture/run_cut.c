/* run_cut.c - shortens a trace in place: whole chunks stay as they are, the chunk that
 * holds the cut is compressed anew up to it. */
#include "capture/run_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool pread_whole(int fd, void *to, size_t n, off_t at)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = pread(fd, (char *)to + got, n - got, at + (off_t)got);

		if (k <= 0) {
			errno = k == 0 ? EIO : errno;
			return false;
		}
		got += (size_t)k;
	}
	return true;
}

static bool pwrite_whole(int fd, const void *from, size_t n, off_t at)
{
	size_t put = 0;

	while (put < n) {
		ssize_t k = pwrite(fd, (const char *)from + put, n - put, at + (off_t)put);

		if (k < 0)
			return false;
		put += (size_t)k;
	}
	return true;
}

/* The chunk at `at`, decompressed; NULL with errno set. */
static char *chunk_load(int fd, off_t at, size_t *len)
{
	uint8_t head[4];
	char *in, *out = NULL;
	size_t n;

	if (!pread_whole(fd, head, sizeof head, at))
		return NULL;
	n = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
	in = malloc(n + 1);
	errno = in ? EBADMSG : ENOMEM;
	if (in && pread_whole(fd, in, n, at + 4) &&
	    snappy_uncompressed_length(in, n, len) == SNAPPY_OK && *len <= TRACE_MAX_CHUNK)
		out = malloc(*len + 1);
	if (out && snappy_uncompress(in, n, out, len) != SNAPPY_OK) {
		free(out);
		out = NULL;
		errno = EBADMSG;
	}
	free(in);
	return out;
}

static bool cut_at(int fd, struct trace_mark mark)
{
	off_t at = (off_t)mark.chunk;
	size_t len = 0, n = snappy_max_compressed_length(mark.offset);
	uint8_t head[4];
	char *out = malloc(n + 1), *raw;
	bool good;

	errno = ENOMEM;
	raw = out ? chunk_load(fd, at, &len) : NULL;
	good = raw && mark.offset <= len && snappy_compress(raw, mark.offset, out, &n) == SNAPPY_OK;
	for (unsigned i = 0; i < 4; i++)
		head[i] = (uint8_t)(n >> (8 * i));
	good = good && pwrite_whole(fd, head, sizeof head, at) && pwrite_whole(fd, out, n, at + 4) &&
	       ftruncate(fd, at + 4 + (off_t)n) == 0;
	free(raw);
	free(out);
	return good;
}

int trace_cut(const char *path, struct trace_mark mark, struct error *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), code = 0;

	if (fd < 0 || !cut_at(fd, mark))
		code = error_set(err, errno ? -errno : -EIO, "%s: cannot shorten the trace: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return code;
}
