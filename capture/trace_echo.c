/* trace_echo.c - chunks that a forked child of the traced program left behind.
 *
 * apitrace gathers a mebibyte of calls before it writes a chunk.  A child made by
 * fork without exec inherits what was gathered so far, and writes it when it exits;
 * the parent later writes a chunk that begins with the same bytes.  Such a chunk is
 * an echo: shorter than a mebibyte, and what the next chunk starts with.  apitrace
 * itself cannot read a trace that has one. */
#include "capture/trace_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <snappy-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WHOLE_CHUNK (1u << 20)
/* Fewer bytes may begin two chunks by chance; more hold a call's number. */
#define LEAST_ECHO 64u
#define MAX_COMPRESSED (2u << 20)        /* of a chunk that apitrace writes, amply */

/* n bytes at `at`; false where the file has fewer. */
static bool peek(int fd, void *to, size_t n, uint64_t at)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = pread(fd, (char *)to + got, n - got, (off_t)(at + got));

		if (k <= 0)
			return false;
		got += (size_t)k;
	}
	return true;
}

/* The chunk at `at` decompressed, *stored bytes long in the file with its length. */
static uint8_t *chunk_peek(int fd, uint64_t at, size_t *len, uint64_t *stored)
{
	uint8_t head[4], *out = NULL;
	char *in;
	size_t n;

	if (!peek(fd, head, sizeof(head), at))
		return NULL;
	n = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
	*stored = n + sizeof(head);
	if (!n || n > MAX_COMPRESSED || !(in = malloc(n)))
		return NULL;
	if (peek(fd, in, n, at + sizeof(head)) &&
	    snappy_uncompressed_length(in, n, len) == SNAPPY_OK && *len <= 2 * WHOLE_CHUNK &&
	    (out = malloc(*len + 1)) &&
	    snappy_uncompress(in, n, (char *)out, len) != SNAPPY_OK) {
		free(out);
		out = NULL;
	}
	free(in);
	return out;
}

size_t chunk_skip_echo(struct trace *t, const uint8_t *data, size_t len)
{
	size_t skip = 0;

	if (t->short_len && len >= t->short_len && !memcmp(data, t->short_chunk, t->short_len))
		skip = t->short_len;
	t->short_len = 0;
	if (len >= LEAST_ECHO && len < WHOLE_CHUNK) {
		if (!t->short_chunk)
			t->short_chunk = malloc(WHOLE_CHUNK);
		if (t->short_chunk) {
			memcpy(t->short_chunk, data, len);
			t->short_len = len;
		}
	}
	return skip;
}

/* Copies a chunk as it is stored. */
static bool chunk_copy(int from, int to, uint64_t at, uint64_t n)
{
	char buf[1 << 16];

	while (n) {
		size_t k = n < sizeof(buf) ? (size_t)n : sizeof(buf);

		if (!peek(from, buf, k, at) || write(to, buf, k) != (ssize_t)k)
			return false;
		at += k;
		n -= k;
	}
	return true;
}

/* Where the echoes are; their number.  to >= 0: all else is copied there. */
static int echoes(int fd, uint64_t size, int to)
{
	uint64_t at = 2, stored = 0, next_stored;
	size_t len = 0, next_len;
	uint8_t *data = chunk_peek(fd, at, &len, &stored), *next;
	int found = 0;

	if (to >= 0 && !chunk_copy(fd, to, 0, 2))
		found = -EIO;
	while (data && found >= 0) {
		bool echo;

		next_len = 0;
		next = chunk_peek(fd, at + stored, &next_len, &next_stored);
		echo = len >= LEAST_ECHO && len < WHOLE_CHUNK && next && next_len >= len && !memcmp(next, data, len);
		found += echo;
		if (to >= 0 && !echo && !chunk_copy(fd, to, at, stored))
			found = -EIO;
		free(data);
		at += stored;
		data = next;
		len = next_len;
		stored = next_stored;
	}
	free(data);
	if (to >= 0 && found >= 0 && at < size && !chunk_copy(fd, to, at, size - at))
		found = -EIO;
	return found;
}

int trace_drop_echoes(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), to = -1, found = 0;
	char name[4096];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		found = error_set(err, -errno, "%s: %s", path, strerror(errno));
	else
		found = echoes(fd, (uint64_t)st.st_size, -1);
	if (found > 0) {
		snprintf(name, sizeof(name), "%s.whole", path);
		to = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		found = to < 0 ? -errno : echoes(fd, (uint64_t)st.st_size, to);
		if (found >= 0 && rename(name, path) < 0)
			found = -errno;
		if (found < 0) {
			unlink(name);
			error_set(err, found, "%s: cannot drop what forked children wrote into it: %s",
				  path, strerror(-found));
		}
	}
	if (to >= 0)
		close(to);
	if (fd >= 0)
		close(fd);
	return found;
}
