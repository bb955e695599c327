/* process.c - see process.h. */
#include "jit-bench/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_NOT_FOUND 127

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

_Noreturn static void child(const char *const *argv, const char *const *env, int complaints)
{
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(complaints, STDERR_FILENO);
	for (; env && *env; env++)
		putenv((char *)(uintptr_t)*env);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_FOUND - 1);
}

/* The end of what came through the pipe until it closed. */
static void last_line(int fd, char *line, size_t size)
{
	char text[512];
	ssize_t n;
	size_t len = 0;
	char *start;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
		len += (size_t)n;
		if (len < sizeof(text) - 1)
			continue;
		memmove(text, text + len / 2, len - len / 2);
		len -= len / 2;
	}
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	text[len] = 0;
	start = strrchr(text, '\n');
	start = start ? start + 1 : text;
	snprintf(line, size, "%.*s", (int)size - 1, start);
}

static int judge(const char *program, int status, const char *line, struct error *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_FOUND)
		return error_set(err, -ENOPKG, "%s: not installed (blinkctl doctor says which "
				 "package brings it)", program);
	if (WIFSIGNALED(status))
		return error_set(err, -EIO, "%s: killed by signal %d%s%s", program,
				 WTERMSIG(status), line[0] ? ": " : "", line);
	return error_set(err, -EIO, "%s: exit status %d%s%s", program, WEXITSTATUS(status),
			 line[0] ? ": " : "", line);
}

int process_run(const char *const *argv, const char *const *env, struct process_cost *cost,
		struct error *err)
{
	struct rusage usage;
	int complaints[2], status;
	double start = now();
	char line[256];
	pid_t pid;

	if (pipe2(complaints, O_CLOEXEC) < 0)
		return error_set(err, -errno, "%s: %s", argv[0], strerror(errno));
	pid = fork();
	if (pid == 0)
		child(argv, env, complaints[1]);
	close(complaints[1]);
	if (pid > 0)
		last_line(complaints[0], line, sizeof(line));
	close(complaints[0]);
	if (pid < 0)
		return error_set(err, -errno, "%s: %s", argv[0], strerror(errno));
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return error_set(err, -errno, "%s: %s", argv[0], strerror(errno));
	cost->wall = now() - start;
	cost->cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
	cost->peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
	return judge(argv[0], status, line, err);
}
