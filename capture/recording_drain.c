/* recording_drain.c - segments from their slots to their places (record/format.h), past the
 * page cache: pages of the slots are what the disk reads, and nothing is copied. */
#include "capture/recording_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096u                  /* what direct writes are multiples of */

struct recording_drain {
	struct record_header *header;
	uint8_t *slots;              /* mapped */
	uint32_t nslots;
	int fd, direct;              /* direct: -1 where the file system has no such writes */
	uint64_t full[RECORD_SLOTS]; /* .slot of those that are, when looked at; 0: the others */
};

static struct record_segment *segment_in(const struct recording_drain *d, uint32_t i)
{
	return (void *)(d->slots + (size_t)i * RECORD_SEGMENT);
}

void recording_drain_destroy(struct recording_drain *d)
{
	if (!d)
		return;
	if (d->slots)
		munmap(d->slots, (size_t)d->nslots * RECORD_SEGMENT);
	if (d->fd >= 0)
		close(d->fd);
	if (d->direct >= 0)
		close(d->direct);
	free(d);
}

int recording_drain_create(struct recording_drain **out, const char *path,
			   struct record_header *header, struct error *err)
{
	struct recording_drain *d = calloc(1, sizeof(*d));
	void *map = MAP_FAILED;

	*out = NULL;
	if (!d)
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	d->header = header;
	d->nslots = header->slots < RECORD_SLOTS ? header->slots : RECORD_SLOTS;
	d->fd = open(path, O_RDWR | O_CLOEXEC);
	d->direct = open(path, O_WRONLY | O_CLOEXEC | O_DIRECT);
	if (d->fd >= 0 && d->nslots)
		map = mmap(NULL, (size_t)d->nslots * RECORD_SEGMENT, PROT_READ | PROT_WRITE,
			   MAP_SHARED, d->fd, RECORD_HEADER);
	if (d->fd < 0 || (d->nslots && map == MAP_FAILED)) {
		int e = errno;

		recording_drain_destroy(d);
		return error_set(err, -e, "%s: %s", path, strerror(e));
	}
	d->slots = d->nslots ? map : NULL;
	*out = d;
	return 0;
}

void recording_drain_look(struct recording_drain *d)
{
	for (uint32_t i = 0; i < d->nslots; i++) {
		uint64_t slot = atomic_load_explicit(&d->header->slot[i], memory_order_acquire);

		d->full[i] = (slot & 3) == RECORD_SLOT_FULL ? slot : 0;
	}
}

static bool write_to(int fd, const uint8_t *bytes, uint64_t size, uint64_t at)
{
	while (size) {
		ssize_t n = pwrite(fd, bytes, size, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		size -= (uint64_t)n;
		at += (uint64_t)n;
	}
	return true;
}

/* The program may have scribbled over the header: what lies outside of what was handed out
 * is written nowhere. */
static bool place_find(const struct recording_drain *d, uint64_t number, uint64_t *place)
{
	uint32_t handed = atomic_load(&d->header->segments);
	struct stat st;

	if (number < d->nslots || number >= handed || fstat(d->fd, &st) < 0)
		return false;
	*place = RECORD_HEADER + number * RECORD_SEGMENT;
	return range_ok(*place, RECORD_SEGMENT, (uint64_t)st.st_size);
}

static void slot_empty(struct recording_drain *d, uint32_t i)
{
	struct record_segment *s = segment_in(d, i);
	const uint8_t *from = (const void *)s;
	uint64_t used = atomic_load(&s->used), place;

	if (!place_find(d, d->full[i] >> 2, &place))
		return;
	used = used < RECORD_SEGMENT ? (used + BLOCK - 1) / BLOCK * BLOCK : RECORD_SEGMENT;
	if (d->direct < 0 || !write_to(d->direct, from, used, place)) {
		if (d->direct >= 0)
			close(d->direct);
		d->direct = -1;
		if (!write_to(d->fd, from, used, place))
			return;
	}
	memset(s, 0, sizeof(*s));
	atomic_store_explicit(&d->header->slot[i], RECORD_SLOT_FREE, memory_order_release);
}

void recording_drain_empty(struct recording_drain *d)
{
	for (uint32_t i = 0; i < d->nslots; i++)
		if (d->full[i])
			slot_empty(d, i);
}
