/* run_record.c - a capture by our own recorder: finding it, whom it can serve, and
 * following the recording through its header. */
#include "capture/run_record.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/record/format.h"
#include "capture/recording.h"

#define LIBRARY "libblink-record.so"

bool run_find_recorder(char *path, unsigned long size)
{
	static const char *const places[] = { "", "/../lib/blink", "/../lib" };
	const char *given = getenv("BLINK_RECORDER");
	char self[PATH_MAX], real[PATH_MAX + 64];
	ssize_t n;

	if (given && *given)
		return (unsigned long)snprintf(path, size, "%s", given) < size && access(path, R_OK) == 0;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return false;
	self[n] = 0;
	*strrchr(self, '/') = 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char tried[2 * PATH_MAX];

		snprintf(tried, sizeof(tried), "%s%s/" LIBRARY, self, places[i]);
		if (realpath(tried, real) && access(real, R_OK) == 0)
			return (unsigned long)snprintf(path, size, "%s", real) < size;
	}
	return false;
}

/* ---- whom it can serve ----------------------------------------------------------- */

static bool has_interpreter(int fd, const Elf64_Ehdr *e)
{
	for (unsigned i = 0; i < e->e_phnum && i < 256; i++) {
		Elf64_Phdr p;
		off_t at = (off_t)(e->e_phoff + (uint64_t)i * e->e_phentsize);

		if (pread(fd, &p, sizeof(p), at) != (ssize_t)sizeof(p))
			return true;            /* not for us to judge */
		if (p.p_type == PT_INTERP)
			return true;
	}
	return false;
}

const char *run_recorder_refuses(const char *program)
{
	int fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *why = NULL;
	struct stat st;
	Elf64_Ehdr e;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && ((st.st_mode & S_ISUID && st.st_uid != geteuid()) ||
				    (st.st_mode & S_ISGID && st.st_gid != getegid())))
		why = "it is set-user-id or set-group-id, and the system preloads nothing into such programs";
	else if (pread(fd, &e, sizeof(e), 0) != (ssize_t)sizeof(e) ||
		 memcmp(e.e_ident, ELFMAG, SELFMAG) != 0)
		why = NULL;             /* a script: what it starts will show */
	else if (e.e_ident[EI_CLASS] != ELFCLASS64)
		why = "it is a 32-bit program";
	else if (e.e_machine != EM_X86_64)
		why = "it is a program for another processor";
	else if (!has_interpreter(fd, &e))
		why = "it is statically linked";
	close(fd);
	return why;
}

/* ---- following ------------------------------------------------------------------- */

bool run_recording_usable(const char *path)
{
	struct record_header *h = recording_header_map(path);
	bool whole = h && !atomic_load(&h->floor);
	struct recording *r;
	struct trace_call call;
	bool usable;

	recording_header_unmap(h);
	if (!whole)                      /* its beginning was given back */
		return false;
	/* nobody writes to it any more: what lies in slots is read there */
	usable = recording_follow(&r, path, NULL) == 0;

	if (usable)
		usable = recording_last(r, NULL) >= 0 && recording_next(r, &call, NULL) == 1;
	if (usable || r)
		recording_close(r);
	return usable;
}

void run_recording_counts(const struct record_header *h, uint64_t *frames, uint64_t *calls,
			  uint64_t *bytes)
{
	*frames = atomic_load(&h->frames);
	*calls = atomic_load(&h->calls);
	*bytes = RECORD_HEADER +
		 ((uint64_t)atomic_load(&h->segments) - h->slots) * RECORD_SEGMENT;
}

uint32_t run_recording_processes(const struct record_header *h)
{
	return atomic_load(&h->processes);
}

void run_recording_stop(struct record_header *h)
{
	atomic_store(&h->stop, 1);
}
