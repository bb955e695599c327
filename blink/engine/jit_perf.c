/* jit_perf.c - perf sees compiled procedures: its map of symbols, and its jitdump format,
 * which has the code itself and a line for each record.
 */
#include "blink/engine/jit_tools.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "blink/engine/jit.h"
#include "blink/sp/asm.h"

/* ---- the map of symbols -------------------------------------------------------- */

struct perf_map {
	struct jit_watch watch;
	FILE *out;
};

static const uint8_t *code_place(const struct jit_code *k, uint32_t *size)
{
	*size = (uint32_t)((const uint8_t *)k->stops.v - (k->arena->rw + k->start));
	return k->arena->rx + k->start;
}

static void map_made(struct jit_watch *w, const struct jit_code *k, const struct sp *sp)
{
	struct perf_map *m = (struct perf_map *)w;
	char name[JIT_SYMBOL_SIZE];
	uint32_t size;
	const uint8_t *at = code_place(k, &size);

	jit_symbol(sp, name);
	fprintf(m->out, "%llx %x %s\n", (unsigned long long)(uintptr_t)at, size, name);
	fflush(m->out);
}

static void map_finish(struct jit_watch *w)
{
	struct perf_map *m = (struct perf_map *)w;

	fclose(m->out);
	free(m);
}

int jit_perf_map(struct jit *j, struct error *err)
{
	struct perf_map *m = calloc(1, sizeof(*m));
	char path[64];
	int fd;

	if (!m)
		return error_set(err, -ENOMEM, "perf map: out of memory");
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	/* a name that others can guess: nothing of theirs is followed or written to */
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
	m->out = fd < 0 ? NULL : fdopen(fd, "a");
	if (!m->out) {
		int rc = error_set(err, -errno, "%s: %s", path, strerror(errno));

		if (fd >= 0)
			close(fd);
		free(m);
		return rc;
	}
	m->watch.made = map_made;
	m->watch.finish = map_finish;
	jit_watch(j, &m->watch);
	return 0;
}

/* ---- jitdump -------------------------------------------------------------------- */

/* As tools/perf/Documentation/jitdump-specification.txt of Linux has them. */
struct dump_header {
	uint32_t magic, version, size, machine, pad, pid;
	uint64_t time, flags;
};
struct dump_prefix {
	uint32_t id, size;
	uint64_t time;
};
struct dump_load {
	struct dump_prefix prefix;
	uint32_t pid, tid;
	uint64_t vma, address, size, index;
};
struct dump_debug {
	struct dump_prefix prefix;
	uint64_t address, entries;
};
struct dump_line {
	uint64_t address;
	uint32_t line, discriminator;
};
#define DUMP_MAGIC 0x4a695444u
enum { DUMP_LOAD = 0, DUMP_DEBUG = 2 };

struct perf_dump {
	struct jit_watch watch;
	FILE *out;
	struct buf written;       /* paths, each with its end: all go if one fails */
	int failed;               /* of which one was not written */
	char *dir;
	void *marker;             /* mapped so that perf finds the file */
	size_t page;
	uint64_t index;
};

/* perf record -k mono */
static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* One record a line; true if it is there. */
static bool listing_write(const char *path, const struct sp *sp)
{
	const uint32_t *rec = sp->code, *end = rec + sp->nwords;
	FILE *out = fopen(path, "we");
	struct buf line;
	bool bad, good;

	if (!out)
		return false;
	buf_init(&line);
	for (; (rec = sp_next(rec, end, &bad)) != NULL; rec += sp_words(rec)) {
		buf_clear(&line);
		sp_disassemble_record(rec, &line);
		fprintf(out, "%.*s\n", (int)line.len, (const char *)line.data);
	}
	good = !ferror(out);
	buf_finish(&line);
	return fclose(out) == 0 && good;
}

/* The first failure counts; from then on nothing is written. */
static void dump_fail(struct perf_dump *d)
{
	if (!d->failed)
		d->failed = errno ? errno : EIO;
}

static void debug_write(struct perf_dump *d, const struct jit_lines *l, const char *path)
{
	size_t name = strlen(path) + 1;
	struct dump_debug head = {
		.prefix = { DUMP_DEBUG, (uint32_t)(sizeof(head) +
				l->n * (sizeof(struct dump_line) + name)), now() },
		.address = (uint64_t)(uintptr_t)l->code, .entries = l->n,
	};

	fwrite(&head, sizeof(head), 1, d->out);
	for (uint32_t i = 0; i < l->n; i++) {
		struct dump_line line = { .address = (uint64_t)(uintptr_t)l->code + l->v[i].code,
					  .line = l->v[i].record + 1 };

		fwrite(&line, sizeof(line), 1, d->out);
		fwrite(path, name, 1, d->out);
	}
}

static void load_write(struct perf_dump *d, const struct jit_code *k, const char *name)
{
	uint32_t size;
	const uint8_t *at = code_place(k, &size);
	struct dump_load load = {
		.prefix = { DUMP_LOAD, (uint32_t)(sizeof(load) + strlen(name) + 1 + size), now() },
		.pid = (uint32_t)getpid(), .tid = (uint32_t)syscall(SYS_gettid),
		.vma = (uint64_t)(uintptr_t)at, .address = (uint64_t)(uintptr_t)at,
		.size = size, .index = d->index,
	};

	fwrite(&load, sizeof(load), 1, d->out);
	fwrite(name, strlen(name) + 1, 1, d->out);
	fwrite(at, size, 1, d->out);
}

static void dump_made(struct jit_watch *w, const struct jit_code *k, const struct sp *sp)
{
	struct perf_dump *d = (struct perf_dump *)w;
	char name[JIT_SYMBOL_SIZE], *path;
	struct jit_lines lines;

	if (d->failed)
		return;
	jit_symbol(sp, name);
	if (asprintf(&path, "%s/%s-%llu.bgl", d->dir, name, (unsigned long long)d->index) < 0)
		return;
	if (jit_lines_make(&lines, k, sp, NULL) == 0) {
		if (lines.n) {
			buf_append(&d->written, path, strlen(path) + 1);
			if (listing_write(path, sp))
				debug_write(d, &lines, path);
			else
				dump_fail(d);
		}
		jit_lines_finish(&lines);
	}
	load_write(d, k, name);
	if (ferror(d->out))
		dump_fail(d);
	d->index++;
	free(path);
}

static int dump_check(struct jit_watch *w, struct error *err)
{
	struct perf_dump *d = (struct perf_dump *)w;
	const char *path = (const char *)d->written.data, *end = path + d->written.len;

	if (fflush(d->out))
		dump_fail(d);
	if (!d->failed)
		return 0;
	error_set(err, -d->failed, "%s: %s", path, strerror(d->failed));
	for (; path < end; path += strlen(path) + 1)
		unlink(path);
	return -d->failed;
}

static void dump_finish(struct jit_watch *w)
{
	struct perf_dump *d = (struct perf_dump *)w;

	buf_finish(&d->written);
	if (d->out)
		fclose(d->out);
	if (d->marker && d->marker != MAP_FAILED)
		munmap(d->marker, d->page);
	free(d->dir);
	free(d);
}

static int dump_open(struct perf_dump *d, const char *path, struct error *err)
{
	struct dump_header head = {
		.magic = DUMP_MAGIC, .version = 1, .size = sizeof(head), .machine = EM_X86_64,
		.pid = (uint32_t)getpid(), .time = now(),
	};

	buf_append(&d->written, path, strlen(path) + 1);
	if (buf_failed(&d->written))
		return error_set(err, -ENOMEM, "jitdump: out of memory");
	d->out = fopen(path, "w+e");
	if (!d->out || fwrite(&head, sizeof(head), 1, d->out) != 1 || fflush(d->out)) {
		error_set(err, -errno, "%s: %s", path, strerror(errno));
		if (d->out)
			unlink(path);
		return err->code;
	}
	d->page = (size_t)sysconf(_SC_PAGESIZE);
	d->marker = mmap(NULL, d->page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(d->out), 0);
	if (d->marker == MAP_FAILED)
		return error_set(err, -errno, "%s: cannot be mapped for perf to see it: %s "
				 "(is %s mounted noexec?)", path, strerror(errno), d->dir);
	return 0;
}

int jit_perf_dump(struct jit *j, const char *dir, struct error *err)
{
	struct perf_dump *d = calloc(1, sizeof(*d));
	char *path = NULL;
	int rc;

	if (mkdir(dir, 0777) && errno != EEXIST)
		rc = error_set(err, -errno, "%s: %s", dir, strerror(errno));
	else if (!d || !(d->dir = realpath(dir, NULL)) ||
		 asprintf(&path, "%s/jit-%d.dump", d->dir, (int)getpid()) < 0)
		rc = error_set(err, -ENOMEM, "jitdump: out of memory");
	else
		rc = dump_open(d, path, err);
	free(path);
	if (rc < 0) {
		if (d)
			dump_finish(&d->watch);
		return rc;
	}
	d->watch.made = dump_made;
	d->watch.check = dump_check;
	d->watch.finish = dump_finish;
	jit_watch(j, &d->watch);
	return 0;
}
