/* attach.c - the recording's file: attaching to it, segments, threads and their order,
 * stored bytes, notes.  See ../format.h for what is where in the file. */
#include "capture/record/lib/lib.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/record/table_hash.h"

#define PATH_BYTES 4096u
/* Larger payloads are written, not stored, unless there is a slot; beyond half a segment they get some of their own. */
#define LARGE (256u << 10)
#define LOCK_PATIENCE 100000u
#ifndef MADV_HUGEPAGE
#define MADV_HUGEPAGE 14
#endif

__thread struct rec_thread rec;

static struct record_header nobody = { .owner = 0xffffffffu };
struct record_header *rec_header = &nobody;

enum { UNTRIED, ON, OFF };
static atomic_int state;
static struct rec_lock attaching;
static char path[PATH_BYTES];
static uint32_t process;
static char *slots;             /* mapped; NULL: there are none */
static uint32_t slots_mapped;

/* ---- locks ----------------------------------------------------------------------- */

bool rec_trylock(struct rec_lock *l)
{
	return !atomic_flag_test_and_set_explicit(&l->held, memory_order_acquire);
}

void rec_lock(struct rec_lock *l)
{
	while (!rec_trylock(l))
		sched_yield();
}

void rec_unlock(struct rec_lock *l)
{
	atomic_flag_clear_explicit(&l->held, memory_order_release);
}

/* The lock that processes share.  Whoever held it may have been killed with it: after
 * a while it counts as free. */
static void order_lock(void)
{
	uint32_t patience = LOCK_PATIENCE, free = 0;

	while (!atomic_compare_exchange_weak_explicit(&rec_header->lock, &free, 1u,
						      memory_order_acquire,
						      memory_order_relaxed) && --patience) {
		if (!(patience % 64))
			sched_yield();
		free = 0;
	}
}

static void order_unlock(void)
{
	atomic_store_explicit(&rec_header->lock, 0, memory_order_release);
}

/* ---- state ------------------------------------------------------------------------ */

void rec_problem(uint32_t bit)
{
	if (rec_header != &nobody)
		atomic_fetch_or(&rec_header->problems, bit);
}

bool rec_active(void)
{
	return atomic_load_explicit(&state, memory_order_relaxed) == ON;
}

/* Other threads notice when they find that it is not their turn. */
void rec_stop(void)
{
	atomic_store(&state, OFF);
	rec.at = rec.end = NULL;
	if (rec_header == &nobody)
		return;
	order_lock();
	atomic_store(&rec_header->owner, 0xffffffffu);
	order_unlock();
}

/* A forked child has the parent's segments mapped: it must not write into them. */
static void child_begins(void)
{
	int was = atomic_load(&state);

	rec_header = &nobody;
	rec.at = rec.end = NULL;
	atomic_store(&state, was == UNTRIED ? UNTRIED : OFF);
	atomic_flag_clear(&attaching.held);
}

/* Without them there is the rest of the file. */
static void slots_map(const struct record_header *h, int fd, off_t size)
{
	size_t bytes = (size_t)h->slots * RECORD_SEGMENT;
	void *p;

	if (!h->slots || h->slots > RECORD_SLOTS || size < (off_t)(RECORD_HEADER + bytes))
		return;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, RECORD_HEADER);
	if (p == MAP_FAILED)
		return;
	madvise(p, bytes, MADV_HUGEPAGE);
	slots = p;
	slots_mapped = h->slots;
}

static bool header_good(const struct record_header *h)
{
	return h->magic == RECORD_MAGIC && h->version == RECORD_VERSION &&
	       h->segment_size == RECORD_SEGMENT;
}

static struct record_header *header_map(const char *name)
{
	int fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct record_header *h;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < (off_t)RECORD_HEADER)
		h = MAP_FAILED;
	else
		h = mmap(NULL, RECORD_HEADER, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (h != MAP_FAILED && header_good(h))
		slots_map(h, fd, st.st_size);
	close(fd);
	if (h == MAP_FAILED)
		return NULL;
	if (header_good(h))
		return h;
	/* of another version: the place of .problems has not moved in any so far */
	if (h->magic == RECORD_MAGIC)
		atomic_fetch_or(&h->problems, RECORD_FOREIGN_TABLE);
	munmap(h, RECORD_HEADER);
	return NULL;
}

/* ---- threads that end --------------------------------------------------------------- */

/* Their segments have room left, and their numbers are few: the next thread goes on as
 * the one that ended, if that has left no context current. */
#define LEFT 64u
static struct rec_thread left[LEFT];
static unsigned nleft;
static struct rec_lock left_lock;
static pthread_key_t thread_key;
static bool has_key;

static void thread_ends(void *unused)
{
	(void)unused;
	if (!rec.number || rec.context || !rec_active())
		return;
	rec_lock(&left_lock);
	if (nleft < LEFT)
		left[nleft++] = rec;
	rec_unlock(&left_lock);
	memset(&rec, 0, sizeof(rec));
}

static void thread_begins(void)
{
	rec_lock(&left_lock);
	if (nleft)
		rec = left[--nleft];
	rec_unlock(&left_lock);
	if (!rec.number)
		rec.number = atomic_fetch_add(&rec_header->threads, 1) + 1;
	if (has_key)
		pthread_setspecific(thread_key, &rec);
}

static void process_note(void)
{
	char name[PATH_BYTES];
	ssize_t n = readlink("/proc/self/exe", name, sizeof(name));
	struct rec_part part = { .bytes = name, .size = n > 0 ? (uint32_t)n : 0 };

	rec_mark(RECORD_PROCESS, NULL, 0, &part);
}

static void attach(void)
{
	const char *name = getenv(RECORD_ENV);
	struct record_header *h;
	size_t n = name ? strlen(name) : 0;

	if (!n || n >= sizeof(path) || !(h = header_map(name))) {
		atomic_store(&state, OFF);
		return;
	}
	memcpy(path, name, n + 1);
	rec_header = h;
	if (h->table != record_table_hash()) {
		rec_problem(RECORD_FOREIGN_TABLE);
		rec_header = &nobody;
		munmap(h, RECORD_HEADER);
		atomic_store(&state, OFF);
		return;
	}
	pthread_atfork(NULL, NULL, child_begins);
	has_key = pthread_key_create(&thread_key, thread_ends) == 0;
	process = atomic_fetch_add(&h->processes, 1) + 1;
	atomic_store(&state, ON);
}

/* Is this program recorded?  The first question attaches it. */
static bool ready(void)
{
	bool first = false;
	int s = atomic_load_explicit(&state, memory_order_acquire);

	if (likely(s != UNTRIED))
		return s == ON;
	rec_lock(&attaching);
	if (atomic_load(&state) == UNTRIED) {
		attach();
		first = rec_active();
	}
	rec_unlock(&attaching);
	if (first)
		process_note();
	return rec_active();
}

/* ---- segments ---------------------------------------------------------------------- */

#define ROOM_AHEAD 31u         /* segments: 64 MiB at a time */

static uint64_t segment_offset(uint32_t number)
{
	return RECORD_HEADER + (uint64_t)number * RECORD_SEGMENT;
}

static int file_open(void)
{
	return open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
}

/* Room in the file up to segment `end`, and, where the disk has it, beyond: large extents
 * are what makes new pages cheap. */
static bool room_make(int fd, uint32_t end)
{
	uint32_t had = atomic_load(&rec_header->reserved);
	uint32_t ahead = end <= UINT32_MAX - ROOM_AHEAD ? end + ROOM_AHEAD : end;
	uint32_t now = ahead;

	if (had >= end)
		return true;
	if (posix_fallocate(fd, (off_t)segment_offset(had),
			    (off_t)(ahead - had) * RECORD_SEGMENT)) {
		now = end;
		if (posix_fallocate(fd, (off_t)segment_offset(had),
				    (off_t)(end - had) * RECORD_SEGMENT))
			return false;
	}
	while (had < now &&
	       !atomic_compare_exchange_weak(&rec_header->reserved, &had, now))
		;
	return true;
}

/* Room for n segments in the file; *fd is open then. */
static bool segments_reserve(uint32_t n, uint32_t *first, int *fd)
{
	*fd = file_open();
	if (*fd < 0) {
		rec_problem(RECORD_NO_SPACE);
		return false;
	}
	*first = atomic_fetch_add(&rec_header->segments, n);
	if (*first > UINT32_MAX - n || !room_make(*fd, *first + n)) {
		close(*fd);
		rec_problem(RECORD_NO_SPACE);
		return false;
	}
	return true;
}

static void segment_fill(struct record_segment *s, uint32_t kind, uint32_t span)
{
	s->process = process;
	s->thread = rec.number;
	s->serial = kind == RECORD_CALLS ? rec.serial++ : 0;
	s->span = span;
	s->pid = (uint32_t)getpid();
	atomic_store_explicit(&s->used, sizeof(*s), memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	*(volatile uint32_t *)&s->kind = kind;
}

/* A slot for the segment of that number; NULL: none is free. */
static struct record_segment *slot_take(uint32_t number)
{
	for (uint32_t i = 0; i < slots_mapped; i++) {
		uint64_t was = atomic_load_explicit(&rec_header->slot[i], memory_order_relaxed);

		if ((was & 3) == RECORD_SLOT_FREE &&
		    atomic_compare_exchange_strong(&rec_header->slot[i], &was,
						   (uint64_t)number << 2 | RECORD_SLOT_TAKEN))
			return (void *)(slots + (size_t)i * RECORD_SEGMENT);
	}
	return NULL;
}

/* RECORD_SLOTS: it lies at its place. */
static uint32_t slot_of(const struct record_segment *s)
{
	uintptr_t at = (uintptr_t)s - (uintptr_t)slots;

	return at < (uintptr_t)slots_mapped * RECORD_SEGMENT ? (uint32_t)(at / RECORD_SEGMENT)
							      : RECORD_SLOTS;
}

/* Nothing more is stored to it. */
static void segment_leave(struct record_segment *s)
{
	uint32_t slot = slot_of(s);

	if (slot < RECORD_SLOTS)
		atomic_fetch_add(&rec_header->slot[slot], RECORD_SLOT_FULL - RECORD_SLOT_TAKEN);
	else
		munmap(s, RECORD_SEGMENT);
}

/* A mapped segment.  Its pages come as they are first stored to, by 2 MiB where the kernel
 * has such: half the cost of coming by a few. */
static struct record_segment *segment_new(uint32_t kind, uint64_t *offset)
{
	struct record_segment *s;
	uint32_t first;
	int fd, e = errno;

	if (!segments_reserve(1, &first, &fd)) {
		errno = e;
		return NULL;
	}
	*offset = segment_offset(first);
	s = slot_take(first);
	if (!s)
		s = mmap(NULL, RECORD_SEGMENT, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 (off_t)*offset);
	close(fd);
	if (s == MAP_FAILED) {
		errno = e;
		rec_problem(RECORD_NO_MEMORY);
		return NULL;
	}
	if (slot_of(s) == RECORD_SLOTS)
		madvise(s, RECORD_SEGMENT, MADV_HUGEPAGE);
	errno = e;
	segment_fill(s, kind, 1);
	return s;
}

static bool calls_segment(void)
{
	uint64_t offset;
	struct record_segment *s = segment_new(RECORD_CALLS, &offset);

	if (!s)
		return false;
	if (rec.segment)
		segment_leave(rec.segment);
	rec.segment = s;
	rec.at = (uint32_t *)(void *)(s + 1);
	rec.end = (uint32_t *)(void *)s + RECORD_SEGMENT / 4;
	return true;
}

/* ---- turns --------------------------------------------------------------------------- */

#define ORDER_WORDS 3u

static void turn_take(void)
{
	uint64_t sequence;
	uint32_t *w = rec.at;

	order_lock();
	sequence = atomic_fetch_add(&rec_header->sequence, 1) + 1;
	atomic_store(&rec_header->owner, rec.number);
	order_unlock();
	w[0] = RECORD_ORDER | ORDER_WORDS << 16;
	memcpy(w + 1, &sequence, 8);
	rec_done(w + ORDER_WORDS);
	rec.calls--;
}

uint32_t *rec_prepare(size_t words)
{
	if (!ready()) {
		rec.at = rec.end = NULL;
		return NULL;
	}
	if (!rec.number)
		thread_begins();
	if (words > RECORD_SEGMENT / 4 - sizeof(struct record_segment) / 4 - ORDER_WORDS)
		return NULL;
	if ((size_t)(rec.end - rec.at) < words + ORDER_WORDS && !calls_segment()) {
		rec_stop();
		return NULL;
	}
	if (atomic_load_explicit(&rec_header->owner, memory_order_relaxed) != rec.number)
		turn_take();
	return rec.at;
}

/* ---- payloads -------------------------------------------------------------------------- */

static bool write_all(int fd, const void *bytes, size_t size, uint64_t offset)
{
	const char *p = bytes;

	while (size) {
		ssize_t n = pwrite(fd, p, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

static uint64_t store_large(const void *bytes, uint32_t size)
{
	struct record_segment head = { 0 };
	uint64_t need = sizeof(head) + (uint64_t)size, offset = 0;
	uint32_t span = (uint32_t)((need + RECORD_SEGMENT - 1) / RECORD_SEGMENT), first;
	int fd, e = errno;

	if (segments_reserve(span, &first, &fd)) {
		offset = segment_offset(first) + sizeof(head);
		segment_fill(&head, RECORD_PAYLOADS, span);
		atomic_store(&head.used, need);
		if (!write_all(fd, bytes, size, offset) ||
		    !write_all(fd, &head, sizeof(head), segment_offset(first)))
			offset = 0;
		close(fd);
	}
	errno = e;
	return offset;
}

/* Room in the thread's segment of payloads. */
static bool store_room(uint32_t size)
{
	uint64_t offset;
	struct record_segment *s;

	if (rec.store && RECORD_SEGMENT - rec.store_used >= size)
		return true;
	s = segment_new(RECORD_PAYLOADS, &offset);
	if (!s) {
		rec_stop();
		return false;
	}
	if (rec.store)
		segment_leave(rec.store);
	rec.store = s;
	rec.store_offset = offset;
	if (slots_mapped && rec.nstores >= REC_STORES) {
		uint64_t least = rec.stores[rec.nstores % REC_STORES];

		rec.least = rec.floor > least ? rec.floor : least;
	}
	rec.stores[rec.nstores++ % REC_STORES] = offset;
	rec.store_used = sizeof(*s);
	return true;
}

/* By the kernel: no page of the file needs to be mapped. */
static bool store_write(const void *bytes, uint32_t size, uint64_t offset)
{
	int e = errno, fd = file_open();
	bool good = fd >= 0 && write_all(fd, bytes, size, offset);

	if (fd >= 0)
		close(fd);
	errno = e;
	return good;
}

uint64_t rec_store(const void *bytes, uint32_t size)
{
	uint64_t offset;

	if (!ready())
		return 0;
	if (!rec.number)
		thread_begins();
	if (size > RECORD_SEGMENT / 2)
		return store_large(bytes, size);
	if (!store_room(size))
		return 0;
	offset = rec.store_offset + rec.store_used;
	if (size <= LARGE || slot_of(rec.store) < RECORD_SLOTS)
		memcpy((char *)rec.store + rec.store_used, bytes, size);
	else if (!store_write(bytes, size, offset))
		return 0;
	rec.store_used += size;
	/* at multiples of 16; the last bytes of a segment may be fewer */
	rec.store_used = (rec.store_used + 15u) & ~15u;
	if (rec.store_used > RECORD_SEGMENT)
		rec.store_used = RECORD_SEGMENT;
	atomic_store_explicit(&rec.store->used, rec.store_used, memory_order_release);
	return offset;
}

void rec_floor_follow(void)
{
	uint64_t floor = atomic_load(&rec_header->floor);
	uint32_t words[2];

	if (!rec_active() || floor <= rec.floor)
		return;
	if (rec.store && rec.store_offset < floor) {
		segment_leave(rec.store);
		rec.store = NULL;
	}
	rec.floor = floor;
	rec.least = rec.least > floor ? rec.least : floor;
	memcpy(words, &floor, 8);
	rec_mark(RECORD_FLOOR, words, 2, NULL);
}

/* ---- notes ------------------------------------------------------------------------------- */

void rec_lost(const char *name, const char *why)
{
	char text[256];
	size_t n = strlen(name), m = strlen(why);
	struct rec_part part = { .bytes = text };

	if (!ready())
		return;
	n = n < 128 ? n : 128;
	m = m < 120 ? m : 120;
	memcpy(text, name, n);
	memcpy(text + n, ": ", 2);
	memcpy(text + n + 2, why, m);
	part.size = (uint32_t)(n + 2 + m);
	rec_problem(RECORD_LOST_CALLS);
	rec_mark(RECORD_LOST, NULL, 0, &part);
}
