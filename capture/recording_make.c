/* recording_make.c - an empty recording for the library to fill, and its header as
 * blinkctl watches it. */
#include "capture/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "capture/record/format.h"
#include "capture/record/table_hash.h"

static struct record_header *header_map(int fd)
{
	struct stat st;
	void *map;

	if (fstat(fd, &st) < 0 || st.st_size < RECORD_HEADER)
		return NULL;
	map = mmap(NULL, RECORD_HEADER, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return map == MAP_FAILED ? NULL : map;
}

int recording_create(const char *path, struct record_header **out, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct record_header *h = NULL;
	int e = 0;

	*out = NULL;
	/* room for the header too is reserved: stores must not find the disk full */
	if (fd < 0)
		e = errno;
	else
		e = posix_fallocate(fd, 0, RECORD_HEADER);
	if (!e && !(h = header_map(fd)))
		e = errno ? errno : EIO;
	if (fd >= 0)
		close(fd);
	if (e) {
		if (fd >= 0)
			unlink(path);
		return error_set(err, -e, "%s: %s", path, strerror(e));
	}
	h->version = RECORD_VERSION;
	h->segment_size = RECORD_SEGMENT;
	h->table = record_table_hash();
	h->magic = RECORD_MAGIC;
	*out = h;
	return 0;
}

/* On a file system in memory the places are memory, too. */
static bool in_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 || fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
}

void recording_slots_make(const char *path, struct record_header *h)
{
	uint32_t slots = RECORD_SLOTS;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!in_memory(fd) &&
	    !posix_fallocate(fd, RECORD_HEADER, (off_t)slots * RECORD_SEGMENT)) {
		h->slots = slots;
		atomic_store(&h->reserved, slots);
		atomic_store(&h->segments, slots);
	}
	close(fd);
}

struct record_header *recording_header_map(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	struct record_header *h = fd < 0 ? NULL : header_map(fd);

	if (fd >= 0)
		close(fd);
	if (h && (h->magic != RECORD_MAGIC || h->version != RECORD_VERSION)) {
		munmap(h, RECORD_HEADER);
		h = NULL;
	}
	return h;
}

void recording_header_unmap(struct record_header *header)
{
	if (header)
		munmap(header, RECORD_HEADER);
}
