/* recording_segments.c - which segments belong to which thread, found as the file grows,
 * and given back when nobody needs them any more. */
#include "capture/recording_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t place_of(uint64_t number)
{
	return RECORD_HEADER + number * RECORD_SEGMENT;
}

const struct record_segment *recording_segment(const struct recording *r, uint64_t number)
{
	return (const void *)recording_at(r, place_of(number), RECORD_SEGMENT);
}

static struct recording_thread *thread_get(struct recording *r, uint32_t process,
					   uint32_t thread, uint32_t pid)
{
	struct recording_thread *t;

	for (uint32_t i = r->nthreads; i-- > 0;)
		if (r->threads[i].thread == thread && r->threads[i].process == process)
			return &r->threads[i];
	if (r->nthreads == RECORDING_MAX_THREADS)
		return NULL;
	if (r->nthreads == r->threads_cap) {
		uint32_t cap = r->threads_cap ? 2 * r->threads_cap : 16;
		size_t at = r->current ? (size_t)(r->current - r->threads) : 0;

		t = realloc(r->threads, cap * sizeof(*t));
		if (!t)
			return NULL;
		r->current = r->current ? t + at : NULL;
		r->threads = t;
		r->threads_cap = cap;
	}
	t = &r->threads[r->nthreads++];
	*t = (struct recording_thread){ .process = process, .thread = thread, .pid = pid,
					.at = sizeof(struct record_segment) };
	return t;
}

static int segment_add(struct recording *r, const struct record_segment *s, uint32_t number,
		       struct error *err)
{
	struct recording_thread *t = thread_get(r, s->process, s->thread, s->pid);

	if (!t)
		return recording_bad(r, err, "too many threads");
	if (s->serial != t->nsegments)
		return recording_bad(r, err, "a thread's segments are out of order");
	if (t->nsegments == t->cap) {
		uint32_t cap = t->cap ? 2 * t->cap : 8;
		uint32_t *grown = realloc(t->segments, cap * sizeof(*grown));

		if (!grown)
			return error_set(err, -ENOMEM, "%s: out of memory", r->path);
		t->segments = grown;
		t->cap = cap;
	}
	t->segments[t->nsegments++] = number;
	return 0;
}

static int numbers_add(struct recording *r, struct recording_numbers *list, uint32_t number,
		       struct error *err)
{
	if (list->n == list->cap) {
		uint32_t cap = list->cap ? 2 * list->cap : 8, *v;

		v = realloc(list->v, cap * sizeof(*v));
		if (!v)
			return error_set(err, -ENOMEM, "%s: out of memory", r->path);
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n++] = number;
	return 0;
}

/* *span: 0 where there is no head yet. */
static int segment_look(struct recording *r, uint32_t number, uint32_t *span, struct error *err)
{
	const struct record_segment *s = recording_segment(r, number);
	struct record_segment head;
	struct recording_thread *t;

	*span = 0;
	if (!s)
		return 0;               /* handed out, but the disk was full */
	memcpy(&head, s, sizeof(head));
	if (head.kind == RECORD_CALLS) {
		*span = 1;
		return segment_add(r, &head, number, err);
	}
	if (head.kind != RECORD_PAYLOADS)
		return head.kind ? recording_bad(r, err, "a segment is of unknown kind") : 0;
	*span = head.span ? head.span : 1;
	if (!r->following)
		return 0;
	t = thread_get(r, head.process, head.thread, head.pid);
	return t ? numbers_add(r, &t->stores, number, err)
		 : recording_bad(r, err, "too many threads");
}

/* A segment that has no head yet was handed out and nothing more: its thread was killed, or
 * is about to write there.  How many follow that belong to it is not known: of a file that
 * grows, nothing beyond is looked at for now. */
int recording_scan(struct recording *r, struct error *err)
{
	uint32_t n = r->handed, kept = 0, span;
	int code = 0;

	for (uint32_t i = 0; i < r->unheaded.n && !code; i++) {
		code = segment_look(r, r->unheaded.v[i], &span, err);
		if (!span)
			r->unheaded.v[kept++] = r->unheaded.v[i];
	}
	r->unheaded.n = kept;
	while (r->scanned < n && !code) {
		code = segment_look(r, r->scanned, &span, err);
		if (!code && !span) {
			if (!recording_segment(r, r->scanned) ||
			    (r->following && r->sequence != UINT64_MAX))
				break;
			code = numbers_add(r, &r->unheaded, r->scanned, err);
			span = 1;
		}
		r->scanned = span > n - r->scanned ? n : r->scanned + span;
	}
	r->end = place_of(n);
	r->end = r->end < r->size ? r->end : r->size;
	return code;
}

void recording_segments_free(struct recording *r)
{
	for (uint32_t i = 0; i < r->nthreads; i++) {
		free(r->threads[i].segments);
		free(r->threads[i].stores.v);
	}
	free(r->threads);
	free(r->unheaded.v);
}

/* ---- giving back -------------------------------------------------------------------- */

uint64_t recording_floor(const struct recording *r)
{
	uint64_t floor = 0;

	for (uint32_t i = 0; i < r->nthreads; i++)
		if (r->threads[i].process == r->process && r->threads[i].floor > floor)
			floor = r->threads[i].floor;
	return floor;
}

static int hole(struct recording *r, uint64_t from, uint64_t size)
{
	if (fallocate(r->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
		      (off_t)size) < 0)
		return -errno;
	r->given_back += size;
	return 0;
}

/* Call segments that have been read to their end. */
static int calls_release(struct recording *r, struct recording_thread *t)
{
	int code = 0;

	for (; t->released < t->serial && !code; t->released++)
		code = hole(r, place_of(t->segments[t->released]), RECORD_SEGMENT);
	return code;
}

static int stores_release(struct recording *r, struct recording_thread *t)
{
	uint32_t kept = 0;
	int code = 0;

	for (uint32_t i = 0; i < t->stores.n; i++) {
		const struct record_segment *s = recording_segment(r, t->stores.v[i]);
		uint32_t span = s && s->span ? s->span : 1;
		uint64_t at = place_of(t->stores.v[i]), size = (uint64_t)span * RECORD_SEGMENT;

		if (code || !range_ok(at, size, t->floor))
			t->stores.v[kept++] = t->stores.v[i];
		else
			code = hole(r, at, size);
	}
	t->stores.n = kept;
	return code;
}

int recording_release(struct recording *r)
{
	int code = 0;

	for (uint32_t i = 0; i < r->nthreads && !code; i++) {
		struct recording_thread *t = &r->threads[i];

		if (t->process != r->process)
			continue;
		code = calls_release(r, t);
		if (!code)
			code = stores_release(r, t);
	}
	return code;
}

uint64_t recording_given_back(const struct recording *r)
{
	return r->given_back;
}

uint64_t recording_disk(const struct recording *r)
{
	struct stat st;

	return fstat(r->fd, &st) < 0 ? 0 : (uint64_t)st.st_blocks * 512;
}
