/* bench_worker.c - see bench_worker.h. */
#include "cli/bench_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define VARIABLE "BLINK_BENCH_TURNS"
#define PROGRAM "BLINK_BENCH_PROGRAM"      /* the path of which this is a copy */

/* ---- in the parent ------------------------------------------------------------------ */

/* A copy of the file in memory, or -1. */
static int copy_make(const char *path)
{
	int from = open(path, O_RDONLY | O_CLOEXEC), to = -1;
	struct stat st;
	off_t at = 0;

	if (from < 0)
		return -1;
	if (fstat(from, &st) == 0 && S_ISREG(st.st_mode))
		to = memfd_create("blinkctl", MFD_CLOEXEC);
	while (to >= 0 && at < st.st_size)
		if (sendfile(to, from, &at, (size_t)(st.st_size - at)) <= 0) {
			close(to);
			to = -1;
		}
	close(from);
	return to;
}

_Noreturn static void child(const char *const *argv, int copy, int word, int ready, int said)
{
	int null = open("/dev/null", O_RDWR);
	char text[32];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(said, STDERR_FILENO);
	fcntl(word, F_SETFD, 0);
	fcntl(ready, F_SETFD, 0);
	snprintf(text, sizeof(text), "%d,%d", word, ready);
	setenv(VARIABLE, text, 1);
	if (copy >= 0) {
		setenv(PROGRAM, argv[0], 1);
		fexecve(copy, (char *const *)(uintptr_t)argv, environ);
		unsetenv(PROGRAM);
	}
	execv(argv[0], (char *const *)(uintptr_t)argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static bool byte_read(int fd)
{
	ssize_t n;
	char c;

	do
		n = read(fd, &c, 1);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

static void byte_write(int fd)
{
	ssize_t n;

	do
		n = write(fd, "", 1);
	while (n < 0 && errno == EINTR);
}

int worker_start(struct worker *w, const char *const *argv, bool fresh, struct error *err)
{
	int word[2], ready[2], copy = -1;

	*w = (struct worker){ .pid = -1, .said = memfd_create("said", MFD_CLOEXEC) };
	signal(SIGPIPE, SIG_IGN);         /* a worker may have ended */
	if (w->said < 0 || pipe2(word, O_CLOEXEC) < 0) {
		if (w->said >= 0)
			close(w->said);
		return error_set(err, -errno, "%s: %s", argv[0], strerror(errno));
	}
	if (pipe2(ready, O_CLOEXEC) < 0) {
		error_set(err, -errno, "%s: %s", argv[0], strerror(errno));
		close(word[0]);
		close(word[1]);
		close(w->said);
		return err->code;
	}
	if (fresh)
		copy = copy_make(argv[0]);
	w->pid = fork();
	if (w->pid == 0)
		child(argv, copy, word[0], ready[1], w->said);
	if (copy >= 0)
		close(copy);
	close(word[0]);
	close(ready[1]);
	w->word = word[1];
	w->ready = ready[0];
	if (w->pid > 0) {
		w->waits = byte_read(w->ready);
		return 0;
	}
	error_set(err, -errno, "%s: %s", argv[0], strerror(errno));
	worker_finish(w, &(struct error){ 0 });
	return err->code;
}

void worker_go(struct worker *w)
{
	if (!w->waits)
		return;
	byte_write(w->word);
	w->waits = byte_read(w->ready);
}

static void last_line(int fd, char *line, size_t size)
{
	off_t end = lseek(fd, 0, SEEK_END), from = end > (off_t)size ? end - (off_t)size + 1 : 0;
	ssize_t n = pread(fd, line, size - 1, from);
	char *start;

	line[n > 0 ? n : 0] = 0;
	while (n > 0 && line[n - 1] == '\n')
		line[--n] = 0;
	start = strrchr(line, '\n');
	if (start)
		memmove(line, start + 1, strlen(start + 1) + 1);
}

int worker_finish(struct worker *w, struct error *err)
{
	char line[256];
	int status = -1;

	while (w->waits)
		worker_go(w);
	close(w->word);
	while (w->pid > 0 && waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(w->ready);
	last_line(w->said, line, sizeof(line));
	close(w->said);
	if (w->pid < 0)
		return -ECHILD;
	w->pid = -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return error_set(err, -EIO, "the other turn: killed by signal %d", WTERMSIG(status));
	return error_set(err, WEXITSTATUS(status) == 77 ? -ENOPKG : -EIO, "%s", line[0] ? line
			 : "a turn failed and said nothing");
}

/* ---- in the worker ------------------------------------------------------------------- */

static bool fds_find(int *word, int *ready)
{
	const char *text = getenv(VARIABLE);

	return text && sscanf(text, "%d,%d", word, ready) == 2 && *word > 2 && *ready > 2 &&
	       fcntl(*word, F_GETFD) >= 0 && fcntl(*ready, F_GETFD) >= 0;
}

bool worker_is(void)
{
	int word, ready;
	bool is = fds_find(&word, &ready);

	/* programs that are run from here have no part in this */
	if (is) {
		fcntl(word, F_SETFD, FD_CLOEXEC);
		fcntl(ready, F_SETFD, FD_CLOEXEC);
	}
	return is;
}

void worker_wait(void)
{
	int word, ready;

	if (!fds_find(&word, &ready))
		return;
	byte_write(ready);
	byte_read(word);
}

const char *worker_path(void)
{
	const char *path = getenv(PROGRAM);

	return worker_is() && path && path[0] == '/' ? path : NULL;
}
