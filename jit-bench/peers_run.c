/* peers_run.c - runs blink-peers and takes its result. */
#include "jit-bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blink/base/buf.h"

static void all_read(int fd, struct buf *to)
{
	char part[65536];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0)
		buf_append(to, part, (size_t)n);
	buf_append(to, "", 1);
}

struct json_object *bench_peers_run(const char *program, unsigned runs, struct error *err)
{
	char number[16];
	struct json_object *j = NULL;
	struct buf out;
	int fds[2], status = -1;
	pid_t pid;

	snprintf(number, sizeof(number), "%u", runs);
	buf_init(&out);
	if (pipe(fds)) {
		error_set(err, -errno, "bench: %s", strerror(errno));
		return NULL;
	}
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		execl(program, "blink-peers", number, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	all_read(fds[0], &out);
	close(fds[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !buf_failed(&out))
		j = json_tokener_parse((const char *)out.data);
	buf_finish(&out);
	if (!j)
		error_set(err, -EIO, "%s: it failed", program);
	return j;
}
