/* record.c - see record.h. */
#include "tests/record/record.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/record/format.h"

static const char *beside(const char *name)
{
	static char path[2][PATH_MAX + 64];
	static unsigned turn;
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = 0;
	*strrchr(self, '/') = 0;
	turn ^= 1;
	snprintf(path[turn], sizeof(path[0]), "%s/%s", self, name);
	return path[turn];
}

const char *record_library(void)
{
	return beside("../../libblink-record.so");
}

static void child(const struct record_run *r, const char *mode, unsigned flags, int out)
{
	dup2(out, STDOUT_FILENO);
	if (!(flags & RECORD_BARE)) {
		setenv("LD_PRELOAD", record_library(), 1);
		setenv(RECORD_ENV, r->path, 1);
	}
	if (flags & RECORD_HASHED)
		setenv(RECORD_ENV_HASH, "1", 1);
	/* sanitizers of the test are none of the program's */
	unsetenv("ASAN_OPTIONS");
	unsetenv("LSAN_OPTIONS");
	execl(beside("client/client"), beside("client/client"), mode, (char *)NULL);
	_exit(127);
}

static void file_make(struct record_run *r, unsigned flags)
{
	struct record_header *h = NULL;

	snprintf(r->path, sizeof(r->path), "/tmp/blink-test-record-XXXXXX");
	close(mkstemp(r->path));
	if (flags & RECORD_NO_FILE) {
		unlink(r->path);
		return;
	}
	if (!(flags & RECORD_SHORT)) {
		recording_create(r->path, &h, &r->err);
		if (h && (flags & RECORD_FOREIGN))
			h->table++;
		if (h && flags & RECORD_SLOTTED)
			recording_slots_make(r->path, h);
		recording_header_unmap(h);
	}
}

static atomic_bool over;

static void *drain(void *path)
{
	struct record_header *h = recording_header_map(path);
	struct recording_drain *d;
	struct error err;

	if (!h || recording_drain_create(&d, path, h, &err) < 0)
		abort();
	while (!atomic_load(&over)) {
		recording_drain_look(d);
		recording_drain_empty(d);
		usleep(1000);
	}
	recording_drain_destroy(d);
	recording_header_unmap(h);
	return NULL;
}

void record_run(struct record_run *r, const char *mode, unsigned flags)
{
	pthread_t drainer;
	int out[2];
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	memset(r, 0, sizeof(*r));
	file_make(r, flags);
	if (pipe(out) < 0)
		abort();
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(out[0]);
		child(r, mode, flags, out[1]);
	}
	close(out[1]);
	atomic_store(&over, false);
	if (flags & RECORD_DRAINED && pthread_create(&drainer, NULL, drain, r->path))
		abort();
	while ((got = read(out[0], r->said + n, sizeof(r->said) - 1 - n)) > 0)
		n += (size_t)got;
	close(out[0]);
	waitpid(pid, &r->status, 0);
	atomic_store(&over, true);
	if (flags & RECORD_DRAINED)
		pthread_join(drainer, NULL);
	r->lacking = WIFEXITED(r->status) && WEXITSTATUS(r->status) == 77;
	if (!(flags & (RECORD_BARE | RECORD_NO_FILE | RECORD_FOREIGN | RECORD_SHORT)) &&
	    recording_open(&r->recording, r->path, &r->err) < 0)
		r->recording = NULL;
}

void record_finish(struct record_run *r)
{
	recording_close(r->recording);
	r->recording = NULL;
	unlink(r->path);
}

bool record_call(struct record_run *r, const char *name, struct trace_call *call)
{
	while (r->recording && recording_next(r->recording, call, &r->err) > 0)
		if (!name || !strcmp(call->sig->name, name))
			return true;
	return false;
}
