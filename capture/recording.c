/* recording.c - the file, its records, and the order of the calls of its threads. */
#include "capture/record/table_hash.h"
#include "capture/recording_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int recording_bad(struct recording *r, struct error *err, const char *why)
{
	const struct recording_thread *t = r->current;

	r->broken = true;
	if (!t)
		return error_set(err, -EBADMSG, "%s: %s (the recording is damaged)", r->path, why);
	return error_set(err, -EBADMSG, "%s: thread %u, byte %llu: %s (the recording is damaged)",
			 r->path, t->thread, (unsigned long long)r->position, why);
}

/* ---- the file ---------------------------------------------------------------- */

bool recording_is(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint64_t magic = 0;
	bool is = fd >= 0 && pread(fd, &magic, sizeof(magic), 0) == sizeof(magic) &&
		  magic == RECORD_MAGIC;

	if (fd >= 0)
		close(fd);
	return is;
}

static int file_map(struct recording *r, struct error *err)
{
	struct stat st;
	void *map;

	if (fstat(r->fd, &st) < 0)
		return error_set(err, -errno, "%s: %s", r->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "%s: not a regular file", r->path);
	if (r->map && (uint64_t)st.st_size == r->size)
		return 0;
	if ((uint64_t)st.st_size < RECORD_HEADER || (uint64_t)st.st_size < r->size)
		return error_set(err, -EBADMSG, "%s: is no recording (too short)", r->path);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, r->fd, 0);
	if (map == MAP_FAILED)
		return error_set(err, -errno, "%s: cannot be mapped: %s", r->path, strerror(errno));
	if (r->map)
		munmap((void *)(uintptr_t)r->map, r->size);
	r->map = map;
	r->size = (uint64_t)st.st_size;
	r->header = map;
	recording_advise(r);
	return 0;
}

static int header_check(struct recording *r, struct error *err)
{
	const struct record_header *h = r->header;

	if (h->magic != RECORD_MAGIC)
		return error_set(err, -EBADMSG, "%s: is no recording", r->path);
	if (h->version != RECORD_VERSION)
		return error_set(err, -ENOTSUP, "%s: is a recording of version %u, and this program "
				 "reads version %u (convert it with the blinkctl that recorded it)",
				 r->path, h->version, RECORD_VERSION);
	if (h->segment_size != RECORD_SEGMENT)
		return error_set(err, -EBADMSG, "%s: has segments of %u bytes instead of %u (the "
				 "recording is damaged)", r->path, h->segment_size, RECORD_SEGMENT);
	if (h->table != record_table_hash())
		return error_set(err, -ENOTSUP, "%s: was recorded with another command table "
				 "(convert it with the blinkctl that recorded it)", r->path);
	if (!r->following && atomic_load(&h->floor))
		return error_set(err, -ENOTSUP, "%s: its beginning was given back while it grew "
				 "(blinkctl capture --prune has what is left of it)", r->path);
	return 0;
}

/* ---- records ------------------------------------------------------------------- */

/* Bytes of a segment that are records, its head included. */
static int segment_used(struct recording *r, uint32_t number, uint64_t *used, struct error *err)
{
	const struct record_segment *s = recording_segment(r, number);

	*used = s ? atomic_load_explicit(&s->used, memory_order_acquire) : 0;
	if (*used <= RECORD_SEGMENT && *used % 4 == 0)
		return 0;
	*used = 0;
	return recording_bad(r, err, "a segment says that it is fuller than it can be");
}

/* Everything that there is now, and all that it refers to: what a record refers to was in
 * the file before it, so the file is mapped once more after the records were counted. */
static int bound(struct recording *r, struct error *err)
{
	for (uint32_t i = 0; i < r->nthreads; i++) {
		struct recording_thread *t = &r->threads[i];
		int code;

		if (!t->nsegments)
			continue;
		code = segment_used(r, t->segments[t->nsegments - 1], &t->last_used, err);
		if (code < 0)
			return code;
	}
	r->bounded = true;
	return file_map(r, err);
}

/* The segments at hand may be elsewhere now. */
static int look_again(struct recording *r, struct error *err)
{
	int code = bound(r, err);

	for (uint32_t i = 0; i < r->nthreads && !code; i++) {
		struct recording_thread *t = &r->threads[i];

		t->bytes = t->serial < t->nsegments
			   ? (const void *)recording_segment(r, t->segments[t->serial]) : NULL;
		t->used = t->bytes ? t->used : t->at;
	}
	return code;
}

/* Is there something to read in the thread's segments?  1, 0, or an error. */
static int segment_find(struct recording *r, struct recording_thread *t, struct error *err)
{
	while (t->serial < t->nsegments) {
		/* looked at before: its thread wrote all of a segment before it went on */
		bool last = t->serial + 1 == t->nsegments;
		int code = 0;

		if (last && r->bounded)
			t->used = t->last_used;
		else
			code = segment_used(r, t->segments[t->serial], &t->used, err);
		if (code < 0)
			return code;
		t->bytes = (const void *)recording_segment(r, t->segments[t->serial]);
		if (t->at < t->used)
			return 1;
		if (last)
			return 0;
		t->serial++;
		t->at = sizeof(struct record_segment);
		t->used = 0;
	}
	return 0;
}

#define SHORT_RECORD 16u                     /* words: most are no longer */

int recording_peek(struct recording *r, struct recording_thread *t, uint32_t *n, uint32_t *head,
		   struct error *err)
{
	const uint32_t *from;
	uint64_t left;

	if (t->at >= t->used) {
		int code = segment_find(r, t, err);

		if (code <= 0)
			return code;
	}
	r->position = RECORD_HEADER + (uint64_t)t->segments[t->serial] * RECORD_SEGMENT + t->at;
	from = (const void *)(t->bytes + t->at);
	left = (t->used - t->at) / 4;
	*n = from[0] >> 16;
	*head = 1;
	if (!*n) {
		*n = left > 1 ? from[1] : 0;
		*head = 2;
	}
	if (*n < *head || *n > left)
		return recording_bad(r, err, "a record is longer than what was written");
	if (*n <= SHORT_RECORD && left >= SHORT_RECORD)
		memcpy(r->words, from, SHORT_RECORD * 4);
	else
		memcpy(r->words, from, *n * 4ul);
	return 1;
}

static uint64_t two_words(const uint32_t *w)
{
	return w[0] | (uint64_t)w[1] << 32;
}

/* ---- order --------------------------------------------------------------------- */

/* Finds out where a thread goes on: in a stretch that has begun, or with the next. */
static int thread_wait(struct recording *r, struct recording_thread *t, struct error *err)
{
	uint32_t n, head;
	int code = recording_peek(r, t, &n, &head, err);

	if (code <= 0)
		return code;
	t->waiting = true;
	t->pending = t->sequence;
	if ((r->words[0] & 0xffff) != RECORD_ORDER)
		return 1;
	if (n < head + 2)
		return recording_bad(r, err, "a record is shorter than its kind");
	t->pending = two_words(r->words + head);
	if (t->sequence && t->pending <= t->sequence)
		return recording_bad(r, err, "the order of the threads runs backwards");
	recording_skip(t, n);
	return 1;
}

/* The thread whose stretch comes next; 0: all has been read. */
static int thread_choose(struct recording *r, struct error *err)
{
	struct recording_thread *best = NULL;

	for (uint32_t i = 0; i < r->nthreads; i++) {
		struct recording_thread *t = &r->threads[i];
		int code;

		if (t->process != r->process)
			continue;
		if (!t->waiting) {
			r->current = t;                 /* for messages */
			code = thread_wait(r, t, err);
			if (code < 0)
				return code;
		}
		if (t->waiting && t->pending <= r->sequence && (!best || t->pending < best->pending))
			best = t;
	}
	r->current = best;
	if (!best)
		return 0;
	best->sequence = best->pending;
	best->waiting = false;
	return 1;
}

/* ---- marks --------------------------------------------------------------------- */

/* Kept with the thread: another's swap may come before this one's. */
static int mark_frame(struct recording *r, const uint32_t *w, uint32_t n, struct error *err)
{
	struct blink_frame_data *d = &r->current->frame;

	if (n < 11)
		return recording_bad(r, err, "a record is shorter than its kind");
	*d = (struct blink_frame_data){ .wall = two_words(w), .cpu = two_words(w + 2) };
	if (w[4] & RECORD_FRAME_HASHED) {
		d->hash[0] = two_words(w + 5);
		d->hash[1] = two_words(w + 7);
		d->width = w[9];
		d->height = w[10];
	}
	r->current->frame_pending = true;
	return 0;
}

/* The one payload of a mark as text fit for a terminal; false if it has none. */
static bool mark_text(const struct recording *r, const uint32_t *words, uint32_t n, uint32_t head,
		      char *text, uint32_t size)
{
	struct record_payload p;
	const uint8_t *bytes;
	uint32_t next;

	if (!recording_payload(r, words, n, head, &p, &bytes, &next))
		return false;
	size = p.size < size - 1 ? p.size : size - 1;
	for (uint32_t i = 0; i < size; i++)
		text[i] = bytes[i] < ' ' || bytes[i] > 126 ? '?' : (char)bytes[i];
	text[size] = 0;
	return true;
}

static void mark_lost(struct recording *r, const uint32_t *words, uint32_t n, uint32_t head)
{
	struct recording_summary *s = &r->summary;
	char what[sizeof(s->lost[0].what)];

	s->lost_calls++;
	if (!mark_text(r, words, n, head, what, sizeof(what)))
		return;
	for (uint32_t i = 0; i < s->nlost; i++)
		if (!strcmp(s->lost[i].what, what)) {
			s->lost[i].calls++;
			return;
		}
	if (s->nlost == RECORDING_LOST_NAMES)
		return;
	memcpy(s->lost[s->nlost].what, what, sizeof(what));
	s->lost[s->nlost++].calls = 1;
}

/* 1: *call is filled; 0: the mark says nothing to the reader of calls. */
static int mark_read(struct recording *r, uint32_t n, uint32_t head, struct trace_call *call,
		     struct error *err)
{
	const uint32_t *w = r->words;

	switch (w[0] & 0xffff) {
	case RECORD_FAKE:
		r->current->fake = true;
		return 0;
	case RECORD_WRITE:
		return recording_write(r, w, n, head, call, err);
	case RECORD_DRAWABLE:
		return recording_drawable(r, w, n, head, call, err);
	case RECORD_FRAME:
		return mark_frame(r, w + head, n - head, err);
	case RECORD_FLOOR:
		if (n < head + 2)
			return recording_bad(r, err, "a record is shorter than its kind");
		r->current->floor = two_words(w + head);
		return 0;
	case RECORD_LOST:
		mark_lost(r, w, n, head);
		return 0;
	case RECORD_PROCESS:
		mark_text(r, w, n, head, r->program, sizeof(r->program));
		return 0;
	default:
		return recording_bad(r, err, "a record is of unknown kind");
	}
}

/* Most calls: of words alone, in the middle of a stretch.  False: it is another. */
static bool words_next(struct recording *r, struct trace_call *call)
{
	struct recording_thread *t = r->current;
	uint32_t *words = r->words, n;

	if (!t || t->at >= t->used || t->used - t->at < SHORT_RECORD * 4 || t->fake)
		return false;
	memcpy(words, t->bytes + t->at, SHORT_RECORD * 4);
	if (words[0] == (RECORD_FAKE | 1u << 16)) {
		t->fake = true;
		recording_skip(t, 1);
		return false;
	}
	n = words[0] >> 16;
	if (n > SHORT_RECORD || !recording_words(r, words, n, call))
		return false;
	r->frame = NULL;
	r->summary.calls++;
	recording_skip(t, n);
	return true;
}

int recording_next(struct recording *r, struct trace_call *call, struct error *err)
{
	if (!r->broken && words_next(r, call))
		return 1;
	arena_reset(&r->arena);
	r->spent = 0;
	r->frame = NULL;
	if (r->broken)
		return error_set(err, -EBADMSG, "%s: the recording is damaged", r->path);
	for (;;) {
		uint32_t n, head;
		int code = r->current ? recording_peek(r, r->current, &n, &head, err) : 0;

		if (code < 0)
			return code;
		if (code == 0 || (r->words[0] & 0xffff) == RECORD_ORDER) {
			code = thread_choose(r, err);
			if (code <= 0)
				return code;
			continue;
		}
		recording_skip(r->current, n);
		if ((r->words[0] & 0xffff) >= RECORD_MARK_FIRST)
			code = mark_read(r, n, head, call, err);
		else
			code = recording_call(r, r->words, n, head, call, err);
		if (code) {
			r->summary.calls += code > 0;
			return code;
		}
	}
}

/* ---- the whole ----------------------------------------------------------------- */

static int open_as(struct recording **out, const char *path, bool following, struct error *err)
{
	struct recording *r = calloc(1, sizeof(*r));
	int code = 0;

	*out = NULL;
	if (!r || !(r->path = strdup(path)) || !(r->words = malloc(RECORD_SEGMENT)) ||
	    recording_shapes_create(r) < 0) {
		recording_close(r);
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	}
	r->following = following;
	r->fd = open(path, (following ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
	if (r->fd < 0)
		code = error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (!code)
		code = file_map(r, err);
	if (!code)
		code = header_check(r, err);
	if (!code) {
		/* it is whole, until somebody refreshes it */
		r->sequence = following ? atomic_load(&r->header->sequence) : UINT64_MAX;
		code = recording_slots_look(r, err);
	}
	if (!code)
		code = recording_scan(r, err);
	if (!code)
		code = recording_choose(r, err);
	if (code < 0) {
		recording_close(r);
		return code;
	}
	*out = r;
	return 0;
}

int recording_open(struct recording **out, const char *path, struct error *err)
{
	return open_as(out, path, false, err);
}

int recording_follow(struct recording **out, const char *path, struct error *err)
{
	return open_as(out, path, true, err);
}

int recording_refresh(struct recording *r, struct error *err)
{
	int code;

	if (r->broken)
		return error_set(err, -EBADMSG, "%s: the recording is damaged", r->path);
	code = file_map(r, err);
	if (code < 0)
		return code;
	/* taken before the segments are looked at: what is ordered up to here is there */
	r->sequence = atomic_load(&r->header->sequence);
	code = recording_slots_look(r, err);
	if (!code)
		code = recording_scan(r, err);
	if (!code)
		code = look_again(r, err);
	if (!code && !r->processes)
		code = recording_choose(r, err);
	return code < 0 ? code : 1;
}

int recording_last(struct recording *r, struct error *err)
{
	int code = file_map(r, err);

	r->sequence = UINT64_MAX;
	if (code >= 0)
		code = recording_slots_look(r, err);
	if (!code)
		code = recording_scan(r, err);
	if (!code)
		code = look_again(r, err);
	if (!code && !r->processes)
		code = recording_choose(r, err);
	return code;
}

void recording_close(struct recording *r)
{
	if (!r)
		return;
	recording_segments_free(r);
	free(r->copies);
	if (r->map)
		munmap((void *)(uintptr_t)r->map, r->size);
	if (r->fd > 0)
		close(r->fd);
	recording_shapes_destroy(r);
	arena_finish(&r->arena);
	free(r->words);
	free(r->path);
	free(r);
}

const struct blink_frame_data *recording_frame(const struct recording *r)
{
	return r->frame;
}

bool recording_truncated(const struct recording *r)
{
	uint32_t problems = atomic_load(&r->header->problems);

	return problems & (RECORD_NO_SPACE | RECORD_NO_MEMORY);
}

unsigned recording_version(const struct recording *r)
{
	return r->header->version;
}

uint64_t recording_position(const struct recording *r)
{
	return r->position;
}

uint64_t recording_size(const struct recording *r)
{
	return r->end;
}

const char *recording_property(const struct recording *r, const char *name)
{
	return r->program[0] && !strcmp(name, "process.name") ? r->program : NULL;
}
