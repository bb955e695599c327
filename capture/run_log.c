/* run_log.c - see run_log.h; and running plain commands. */
#include "capture/run_log.h"

#include <X11/Xlib.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/run.h"

enum { LOG_TAIL = 64 * 1024 };

int run_log_open(void)
{
	char name[] = "/tmp/blinkctl-log-XXXXXX";
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	fd = mkostemp(name, O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(name);
	return fd;
}

/* The end of the log, zero-terminated; to be freed. */
static char *log_end(int log, off_t most)
{
	off_t size = lseek(log, 0, SEEK_END), from = size > most ? size - most : 0;
	char *text = size > 0 ? malloc((size_t)(size - from) + 1) : NULL;
	ssize_t n = text ? pread(log, text, (size_t)(size - from), from) : 0;

	if (text)
		text[n > 0 ? n : 0] = 0;
	return text;
}

void run_log_tail(int log, char *text, size_t size)
{
	char *all = log_end(log, LOG_TAIL), *save = NULL;
	char last[2][160] = { "", "" };

	for (char *line = all ? strtok_r(all, "\r\n", &save) : NULL; line; line = strtok_r(NULL, "\r\n", &save)) {
		if (!strncmp(line, "apitrace: ", 10) || strspn(line, " \t") == strlen(line))
			continue;
		memcpy(last[0], last[1], sizeof last[0]);
		snprintf(last[1], sizeof last[1], "%s", line + strspn(line, " \t"));
	}
	snprintf(text, size, "%s%s%s", last[0], last[0][0] ? " / " : "", last[1]);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = ' ';
	free(all);
}

void run_log_other_trace(int log, const char *ours, char *name, size_t size)
{
	static const char words[] = "apitrace: tracing to ";
	char *all = log_end(log, (off_t)16 << 20);

	name[0] = 0;
	for (char *p = all; p && (p = strstr(p, words)); ) {
		p += sizeof words - 1;
		size_t n = strcspn(p, "\n");

		if (strlen(ours) != n || memcmp(p, ours, n))
			snprintf(name, size, "%.*s", (int)n, p);
	}
	free(all);
}

bool run_display_answers(const char *name)
{
	Display *d = XOpenDisplay(name);

	if (d)
		XCloseDisplay(d);
	return d != NULL;
}

bool run_find_program(const char *name, char *path, unsigned long size)
{
	const char *dirs = getenv("PATH");

	if (strchr(name, '/')) {
		char here[PATH_MAX];
		bool relative = name[0] != '/' && getcwd(here, sizeof here);

		return (unsigned long)snprintf(path, size, "%s%s%s", relative ? here : "", relative ? "/" : "",
					       name) < size && access(path, X_OK) == 0;
	}
	if (!dirs || !*dirs)
		dirs = "/usr/local/bin:/usr/bin:/bin";
	for (;;) {
		size_t n = strcspn(dirs, ":");
		struct stat st;

		if ((unsigned long)snprintf(path, size, "%.*s/%s", n ? (int)n : 1, n ? dirs : ".", name) < size &&
		    access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode))
			return true;
		if (!dirs[n])
			break;
		dirs += n + 1;
	}
	/* Debian's games are not on everyone's PATH */
	return (unsigned long)snprintf(path, size, "/usr/games/%s", name) < size && access(path, X_OK) == 0;
}

/* Beside the apitrace on PATH, then in the usual places. */
bool run_find_wrapper(const char *file, char *path, unsigned long size)
{
	char tool[PATH_MAX], real[PATH_MAX], pattern[PATH_MAX + 64];
	const char *const where[] = {
		real, "/usr", "/usr/local", NULL
	};
	bool found = false;

	real[0] = 0;
	if (run_find_program("apitrace", tool, sizeof tool) && realpath(tool, real))
		for (int i = 0; i < 2 && strrchr(real, '/'); i++)
			*strrchr(real, '/') = 0;
	for (int i = 0; where[i] && !found; i++) {
		glob_t g;

		snprintf(pattern, sizeof pattern, "%s/{lib,lib/*}/apitrace/wrappers/%s", where[i], file);
		if (glob(pattern, GLOB_BRACE, NULL, &g) == 0 && g.gl_pathc > 0)
			found = (unsigned long)snprintf(path, size, "%s", g.gl_pathv[0]) < size;
		globfree(&g);
	}
	return found;
}

int run_command(char *const *argv, const char *const *env, const char *cwd, struct error *err)
{
	int log = run_log_open(), status = 0;
	char tail[300];
	pid_t pid = fork();

	if (pid == 0) {
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
		for (; env && *env; env++)
			putenv((char *)(uintptr_t)*env);
		if (!cwd || chdir(cwd) == 0)
			execvp(argv[0], argv);
		dprintf(STDERR_FILENO, "%s\n", strerror(errno));
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	run_log_tail(log, tail, sizeof tail);
	if (log >= 0)
		close(log);
	if (pid < 0)
		return error_set(err, -errno, "%s: cannot fork: %s", argv[0], strerror(errno));
	if (status == 0)
		return 0;
	if (WIFSIGNALED(status))
		return error_set(err, -EINTR, "%s: ended by a signal (%s)", argv[0], strsignal(WTERMSIG(status)));
	return error_set(err, -EIO, "%s: failed with status %d: %s", argv[0], WEXITSTATUS(status), tail);
}
