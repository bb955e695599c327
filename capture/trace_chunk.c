/* trace_chunk.c - apitrace's snappy container: "at", then chunks of a 32 bit length
 * and a snappy block.  Keeps the chunks that an open call still points into, and
 * never believes a length before the bytes are there. */
#include "capture/trace_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blink/base/buf.h"
#include "blink/sp/format.h"

/* The densest snappy element turns 3 bytes into 64. */
enum { SNAPPY_RATIO = 22 };

/* ---- arena ---- */

enum { ARENA_BLOCK = 16 * 1024 - 64 };

void *arena_alloc_slow(struct arena *a, size_t n)
{
	size_t size = n > ARENA_BLOCK / 2 ? n : ARENA_BLOCK;
	struct arena_block *b;

	if (n > SIZE_MAX - sizeof *b - 16)
		return NULL;
	size = (size + 15) & ~(size_t)15;
	b = malloc(sizeof *b + size);
	if (!b)
		return NULL;
	b->size = size;
	b->used = (n + 15) & ~(size_t)15;
	b->next = a->head;
	if (a->head && n > ARENA_BLOCK / 2) {    /* a big one does not end the current block */
		b->next = a->head->next;
		a->head->next = b;
	} else {
		a->head = b;
	}
	return b->data;
}

void arena_reset(struct arena *a)
{
	struct arena_block *b = a->head, *keep = NULL;

	if (b && !b->next && b->size <= ARENA_BLOCK) {
		b->used = 0;
		return;
	}
	while (b) {
		struct arena_block *next = b->next;

		if (!keep && b->size <= ARENA_BLOCK)
			keep = b;
		else
			free(b);
		b = next;
	}
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
	}
	a->head = keep;
}

void arena_finish(struct arena *a)
{
	while (a->head) {
		struct arena_block *next = a->head->next;

		free(a->head);
		a->head = next;
	}
}

/* ---- snappy, as far as it goes ---- */

static bool snappy_copy(uint8_t *out, size_t *at, size_t max, size_t offset, size_t len)
{
	if (offset == 0 || offset > *at)
		return false;
	for (; len && *at < max; len--, ++*at)
		out[*at] = out[*at - offset];
	return len == 0;
}

size_t snappy_partial(const uint8_t *in, size_t n, uint8_t *out, size_t max)
{
	size_t i = 0, at = 0;

	while (i < n && (in[i++] & 0x80))        /* the length: read by the caller */
		;
	while (i < n && at < max) {
		uint8_t tag = in[i++];
		size_t len = (tag >> 2) + 1u, extra, offset;

		if ((tag & 3) == 0) {
			extra = len > 60 ? len - 60 : 0;
			if (extra > n - i)
				break;
			if (extra) {
				len = 1;
				for (size_t k = 0; k < extra; k++)
					len += (size_t)in[i + k] << (8 * k);
				i += extra;
			}
			if (len > n - i)
				len = n - i;
			if (len > max - at)
				len = max - at;
			memcpy(out + at, in + i, len);
			at += len;
			i += len;
			continue;
		}
		extra = (tag & 3) == 1 ? 1 : (tag & 3) == 2 ? 2 : 4;
		if (extra > n - i)
			break;
		offset = 0;
		for (size_t k = 0; k < extra; k++)
			offset |= (size_t)in[i + k] << (8 * k);
		i += extra;
		if (extra == 1) {
			offset |= (size_t)(tag >> 5) << 8;
			len = ((tag >> 2) & 7) + 4u;
		}
		if (!snappy_copy(out, &at, max, offset, len))
			break;
	}
	return at;
}

/* ---- chunks ---- */

static void chunk_free(struct chunk *c)
{
	if (c)
		free(c->data);
	free(c);
}

static struct chunk *chunk_new(struct trace *t, size_t len)
{
	struct chunk *c = t->idle;

	t->idle = NULL;
	if (!c)
		c = calloc(1, sizeof *c);
	if (c && c->cap < len) {
		free(c->data);
		c->data = malloc(len);
		c->cap = c->data ? len : 0;
	}
	if (!c || !c->data) {
		chunk_free(c);
		trace_bad(t, -ENOMEM, "trace: no memory for a chunk of %zu bytes", len);
		return NULL;
	}
	c->len = len;
	c->serial = ++t->serial;
	return c;
}

/* Bytes of the file; fewer than n only at its end. */
static size_t file_read(struct trace *t, uint8_t *to, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = read(t->fd, to + got, n - got);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			trace_bad(t, -errno, "trace: cannot read at byte %llu: %s",
				  (unsigned long long)(t->position + got), strerror(errno));
			break;
		}
		if (k == 0 && !(t->more && t->more(t->more_user)))
			break;
		got += (size_t)k;
	}
	t->position += got;
	if (t->position > t->size)
		t->size = t->position;
	return got;
}

/* Values that stay behind while another call's event is read must not hold chunks:
 * a call that never returns would hold them for ever. */
static bool chunks_settle(struct trace *t)
{
	uint64_t oldest = t->active ? t->active->pin : UINT64_MAX;

	for (uint32_t i = 0; i < t->nopen; i++) {
		struct slot *s = t->open[i];

		if (s == t->active || s->pin == UINT64_MAX)
			continue;
		for (uint32_t k = 0; k < s->call.sig->nargs; k++)
			if (!value_settle(t, s, &s->args[k]))
				return false;
		if (!value_settle(t, s, &s->call.ret))
			return false;
		s->pin = UINT64_MAX;
	}
	for (struct chunk **link = &t->chunk; *link;) {
		struct chunk *c = *link;

		if (c->serial >= oldest) {
			link = &c->next;
			continue;
		}
		*link = c->next;
		if (t->idle)
			chunk_free(c);
		else
			t->idle = c;
	}
	return true;
}

/* Reads the n compressed bytes, growing as they come; how many there were. */
static size_t raw_read(struct trace *t, size_t n)
{
	size_t got = 0;

	while (got < n) {
		size_t want = n - got, k;

		if (want > (size_t)4 << 20)
			want = (size_t)4 << 20;
		if (t->raw_cap < got + want) {
			uint8_t *raw = realloc(t->raw, got + want);

			if (!raw) {
				trace_bad(t, -ENOMEM, "trace: no memory for a chunk of %zu bytes", n);
				return got;
			}
			t->raw = raw;
			t->raw_cap = got + want;
		}
		k = file_read(t, t->raw + got, want);
		got += k;
		if (k < want)
			break;
	}
	return got;
}

static bool chunk_end(struct trace *t, bool truncated)
{
	if (t->stop == TRACE_GOING)
		t->stop = TRACE_ENDED;
	t->truncated |= truncated;
	return false;
}

/* Fills a chunk from the got of need compressed bytes. */
static bool chunk_decode(struct trace *t, size_t got, size_t need)
{
	struct chunk *c;
	size_t len = 0;

	if (snappy_uncompressed_length((const char *)t->raw, got, &len) != SNAPPY_OK) {
		if (got < need)
			return chunk_end(t, true);
		trace_bad(t, -EBADMSG, "trace: the chunk at byte %llu is not snappy data (corrupt file)",
			  (unsigned long long)t->chunk_at);
		return false;
	}
	if (len > TRACE_MAX_CHUNK || len > (uint64_t)need * SNAPPY_RATIO) {
		trace_bad(t, -EBADMSG, "trace: the chunk at byte %llu claims %zu bytes from %zu (corrupt file)",
			  (unsigned long long)t->chunk_at, len, need);
		return false;
	}
	if (len > (uint64_t)got * SNAPPY_RATIO)  /* cut: no more than that can be had */
		len = got * SNAPPY_RATIO;
	c = chunk_new(t, len ? len : 1);
	if (!c)
		return false;
	c->len = len;
	if (got < need) {
		t->truncated = true;
		c->len = snappy_partial(t->raw, got, c->data, len);
	} else if (snappy_uncompress((const char *)t->raw, got, (char *)c->data, &len) != SNAPPY_OK ||
		   len != c->len) {
		chunk_free(c);
		trace_bad(t, -EBADMSG, "trace: the chunk at byte %llu does not decompress (corrupt file)",
			  (unsigned long long)t->chunk_at);
		return false;
	}
	c->at = t->chunk_at;
	c->next = t->chunk;
	t->chunk = c;
	t->p = c->data;
	t->end = c->data + c->len;
	return true;
}

bool chunk_next(struct trace *t)
{
	do {
		uint8_t head[4];
		size_t n, got;

		if (t->stop != TRACE_GOING)
			return false;
		if (t->truncated)                        /* that was the cut one */
			return chunk_end(t, true);
		if (!chunks_settle(t))
			return false;
		t->p = t->end = NULL;
		t->chunk_at = t->position;
		n = file_read(t, head, sizeof head);
		if (t->stop != TRACE_GOING)
			return false;
		if (n < sizeof head)
			return chunk_end(t, n != 0);
		n = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
		if (n == 0)                              /* a tail never written */
			return chunk_end(t, true);
		got = raw_read(t, n);
		if (t->stop != TRACE_GOING || !chunk_decode(t, got, n))
			return false;
		t->p += chunk_skip_echo(t, t->chunk->data, t->chunk->len);
	} while (t->p == t->end);
	return true;
}

/* ---- bytes ---- */

uint8_t read_byte_slow(struct trace *t)
{
	if (t->p == t->end && !chunk_next(t))
		return 0;
	return *t->p++;
}

uint64_t read_uint_slow(struct trace *t)
{
	uint64_t v = 0;
	unsigned shift = 0;
	uint8_t b;

	do {
		b = read_byte(t);
		if (shift > 63 || (shift == 63 && (b & 0x7e))) {
			trace_bad(t, -EBADMSG, "trace: a number of more than 64 bits near byte %llu (corrupt file)",
				  (unsigned long long)t->chunk_at);
			return 0;
		}
		v |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
	} while ((b & 0x80) && t->stop == TRACE_GOING);
	return v;
}

void chunk_read(struct trace *t, void *to, size_t n)
{
	uint8_t *out = to;

	if (n)
		memset(to, 0, n);
	while (n && (t->p < t->end || chunk_next(t))) {
		size_t k = (size_t)(t->end - t->p) < n ? (size_t)(t->end - t->p) : n;

		memcpy(out, t->p, k);
		t->p += k;
		out += k;
		n -= k;
	}
}

void chunk_skip(struct trace *t, uint64_t n)
{
	while (n && (t->p < t->end || chunk_next(t))) {
		size_t k = (size_t)(t->end - t->p);

		if (k > n)
			k = (size_t)n;
		t->p += k;
		n -= k;
	}
}

/* Straddling bytes: gathered as the chunks come, so that a false length costs no
 * more memory than the file has data. */
static const uint8_t *bytes_gather(struct trace *t, struct arena *a, uint64_t n)
{
	struct buf b;
	uint8_t *copy = NULL;

	buf_init(&b);
	while (b.len < n && (t->p < t->end || chunk_next(t))) {
		size_t k = (size_t)(t->end - t->p);

		if (k > n - b.len)
			k = (size_t)(n - b.len);
		buf_append(&b, t->p, k);
		if (buf_failed(&b))
			break;
		t->p += k;
	}
	if (b.len == n && !buf_failed(&b)) {
		copy = arena_alloc(a, b.len + 1);
		if (copy) {
			memcpy(copy, b.data, b.len);
			copy[b.len] = 0;
		}
	}
	if (!copy && t->stop == TRACE_GOING)
		trace_bad(t, -ENOMEM, "trace: no memory for %llu bytes", (unsigned long long)n);
	buf_finish(&b);
	return copy;
}

const uint8_t *chunk_bytes(struct trace *t, struct arena *a, uint64_t n, bool zero)
{
	const uint8_t *p = t->p;
	uint8_t *copy;

	if (n > (uint64_t)(t->end - p))
		return bytes_gather(t, a, n);
	if (n)
		t->p += n;                       /* the window may be empty, and NULL */
	if (!zero)
		return p;
	copy = arena_alloc(a, (size_t)n + 1);
	if (!copy) {
		trace_bad(t, -ENOMEM, "trace: no memory for %llu bytes", (unsigned long long)n);
		return NULL;
	}
	if (n)
		memcpy(copy, p, (size_t)n);
	copy[n] = 0;
	return copy;
}

/* ---- the file ---- */

/* What the first bytes say of a container that is not ours. */
static int container_check(struct trace *t, const char *path, const uint8_t *m, size_t n)
{
	static const uint8_t zstd[4] = { 0x28, 0xb5, 0x2f, 0xfd };

	if (n >= 2 && m[0] == 'a' && m[1] == 't')
		return 0;
	if (n == 0)
		trace_bad(t, -EBADMSG, "%s: empty file (the program made no GL call, or was not traced)", path);
	else if (n >= 4 && !memcmp(m, BLINK_MAGIC, 4))
		trace_bad(t, -EINVAL, "%s: is a .blink file, not a trace", path);
	else if (n >= 2 && m[0] == 0x1f && m[1] == 0x8b)
		trace_bad(t, -ENOTSUP, "%s: gzip container (repack it: apitrace repack %s OUT.trace)",
			  path, path);
	else if (n >= 4 && !memcmp(m, zstd, 4))
		trace_bad(t, -ENOTSUP, "%s: zstd container (repack it: apitrace repack %s OUT.trace)",
			  path, path);
	else
		trace_bad(t, -EBADMSG, "%s: not an apitrace file in its snappy container (if it is one "
			  "in brotli, which has no mark, repack it: apitrace repack %s OUT.trace)",
			  path, path);
	return t->error.code;
}

int chunk_open(struct trace *t, const char *path)
{
	uint8_t magic[4] = { 0 };
	struct stat st;
	ssize_t n;

	t->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);   /* of FIFOs */
	if (t->fd < 0 || fstat(t->fd, &st) < 0) {
		trace_bad(t, -errno, "%s: cannot open: %s", path, strerror(errno));
		return t->error.code;
	}
	if (!S_ISREG(st.st_mode)) {
		trace_bad(t, -EINVAL, "%s: not a regular file", path);
		return t->error.code;
	}
	t->size = (uint64_t)st.st_size;
	n = pread(t->fd, magic, sizeof magic, 0);
	if (n < 0) {
		trace_bad(t, -errno, "%s: cannot read: %s", path, strerror(errno));
		return t->error.code;
	}
	if (container_check(t, path, magic, (size_t)n) < 0)
		return t->error.code;
	if (lseek(t->fd, 2, SEEK_SET) != 2) {
		trace_bad(t, -errno, "%s: cannot seek: %s", path, strerror(errno));
		return t->error.code;
	}
	posix_fadvise(t->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	t->position = 2;
	return 0;
}

void chunk_close(struct trace *t)
{
	while (t->chunk) {
		struct chunk *next = t->chunk->next;

		chunk_free(t->chunk);
		t->chunk = next;
	}
	chunk_free(t->idle);
	free(t->raw);
	free(t->short_chunk);
	if (t->fd >= 0)
		close(t->fd);
}

void trace_follow(struct trace *t, bool (*more)(void *user), void *user)
{
	t->more = more;
	t->more_user = user;
}

struct trace_mark trace_mark(const struct trace *t)
{
	struct trace_mark m = { t->position, 0 };

	if (t->chunk) {
		m.chunk = t->chunk->at;
		m.offset = t->p ? (size_t)(t->p - t->chunk->data) : t->chunk->len;
	}
	return m;
}
