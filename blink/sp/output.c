/* output.c - a file that appears whole or not at all, see output.h. */
#include "blink/sp/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blink/sp/format.h"

#define DIRECT_LEAST (256u << 10)

static int output_fail(const struct output *o, struct error *err)
{
	int code = errno ? -errno : -EIO;

	return error_set(err, code, "%s: %s", o->path, strerror(-code));
}

/* An unnamed file in the same directory, so that it can be linked there. */
static int open_unnamed(const char *path)
{
	char *copy = strdup(path);
	int fd;

	if (!copy || access("/proc/self/fd", X_OK) < 0) {
		free(copy);
		return -1;
	}
	fd = open(dirname(copy), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
	free(copy);
	return fd;
}

/* A second descriptor of the same file, or -1. */
static int open_direct(int fd)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return open(link, O_WRONLY | O_DIRECT | O_CLOEXEC);
}

/* "NAME.1234.tmp" of the file NAME */
static bool is_temporary(const char *entry, const char *name)
{
	size_t n = strlen(name), digits;

	if (strncmp(entry, name, n) || entry[n] != '.')
		return false;
	digits = strspn(entry + n + 1, "0123456789");
	return digits && !strcmp(entry + n + 1 + digits, ".tmp");
}

/* Whoever is killed between linking and renaming leaves a temporary name.  Its file was
 * locked by him: who gets the lock knows that he is gone. */
static void strays_remove(const char *path)
{
	char *copy = strdup(path), *other = strdup(path);
	DIR *d = copy && other ? opendir(dirname(copy)) : NULL;
	const char *name = other ? basename(other) : "";
	struct dirent *e;

	while (d && (e = readdir(d))) {
		int fd;

		if (!is_temporary(e->d_name, name))
			continue;
		fd = openat(dirfd(d), e->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(dirfd(d), e->d_name, 0);
		close(fd);
	}
	if (d)
		closedir(d);
	free(copy);
	free(other);
}

int output_create(struct output *o, const char *path, struct error *err)
{
	struct stat st;

	memset(o, 0, sizeof(*o));
	o->direct = -1;
	o->path = strdup(path);
	if (!o->path || asprintf(&o->temporary, "%s.%ld.tmp", path, (long)getpid()) < 0) {
		o->temporary = NULL;
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "%s: exists and is not a regular file", path);
	strays_remove(path);
	o->fd = open_unnamed(path);
	if (o->fd < 0) {
		o->fd = open(o->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (o->fd < 0)
			return output_fail(o, err);
		o->named = true;
	}
	o->open = true;
	flock(o->fd, LOCK_EX | LOCK_NB);        /* best effort: strays_remove */
	o->direct = open_direct(o->fd);
	return 0;
}

void output_finish(struct output *o)
{
	if (o->open)
		close(o->fd);
	if (o->open && o->direct >= 0)
		close(o->direct);
	if (o->named)
		unlink(o->temporary);
	free(o->path);
	free(o->temporary);
	memset(o, 0, sizeof(*o));
}

void output_align(struct output *o, uint64_t to)
{
	o->offset = blink_align(o->offset, to);   /* a hole reads as zeros */
}

static int write_at(struct output *o, const uint8_t *data, size_t n, uint64_t at,
		    struct error *err)
{
	while (n) {
		ssize_t done = pwrite(o->fd, data, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return output_fail(o, err);
		data += done;
		at += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}

/* How many of the n bytes were written past the page cache; all others remain. */
static size_t write_direct(struct output *o, const uint8_t *data, size_t n)
{
	size_t whole = n - n % BLINK_PAGE, at = 0;

	if (o->direct < 0 || whole < DIRECT_LEAST || o->offset % BLINK_PAGE ||
	    (uintptr_t)data % BLINK_PAGE)
		return 0;
	while (at < whole) {
		ssize_t done = pwrite(o->direct, data + at, whole - at, (off_t)(o->offset + at));

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0 || done % BLINK_PAGE) {
			/* not here, or no more: the usual way tells why */
			close(o->direct);
			o->direct = -1;
			break;
		}
		at += (size_t)done;
	}
	return at;
}

int output_write(struct output *o, const void *data, size_t n, struct error *err)
{
	size_t direct;
	int ret;

	if (!n)
		return 0;            /* data may be NULL then */
	direct = write_direct(o, data, n);
	ret = write_at(o, (const uint8_t *)data + direct, n - direct, o->offset + direct, err);
	if (ret == 0)
		o->offset += n;
	return ret;
}

int output_rewrite(struct output *o, const void *data, size_t n, struct error *err)
{
	return write_at(o, data, n, 0, err);
}

static void directory_sync(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);   /* best effort: the file itself is safe */
		close(fd);
	}
	free(copy);
}

int output_commit(struct output *o, struct error *err)
{
	char link[64];

	if (fsync(o->fd) < 0)
		return output_fail(o, err);
	if (!o->named) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", o->fd);
		unlink(o->temporary);   /* left by a process of the same number */
		if (linkat(AT_FDCWD, link, AT_FDCWD, o->temporary, AT_SYMLINK_FOLLOW) < 0)
			return output_fail(o, err);
		o->named = true;
	}
	if (rename(o->temporary, o->path) < 0)
		return output_fail(o, err);
	o->named = false;
	directory_sync(o->path);
	return 0;
}
