/* xvfb.c - starting and stopping an X server without a screen. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "replay/xvfb.h"

#define START_SECONDS 30

/* In the child: becomes Xvfb, or exits with 127. */
static void become_xvfb(int displayfd, unsigned w, unsigned h, pid_t parent)
{
	char fd[16], screen[48];
	int null;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	setpgid(0, 0);      /* a ^C is for blinkctl, which then stops us in order */
	null = open("/dev/null", O_RDWR);
	if (null >= 0) {
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
	}
	fcntl(displayfd, F_SETFD, 0);
	snprintf(fd, sizeof(fd), "%d", displayfd);
	snprintf(screen, sizeof(screen), "%ux%ux24", w, h);
	execlp("Xvfb", "Xvfb", "-displayfd", fd, "-screen", "0", screen, "+extension", "GLX",
	       "-nolisten", "tcp", "-noreset", (char *)NULL);
	_exit(127);
}

/* The server writes its number and a newline once it answers. */
static int number_read(int fd, char *out, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n = 0;

	while (n + 1 < size) {
		int r = poll(&p, 1, START_SECONDS * 1000);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0 || read(fd, out + n, 1) != 1)
			return -EIO;
		if (out[n] == '\n')
			break;
		n++;
	}
	out[n] = 0;
	return n ? 0 : -EIO;
}

/* Waits until the server is gone, up to so many steps of 20 ms; false if it is not. */
static bool gone_within(struct xvfb *x, int steps, int *status)
{
	const struct timespec step = { .tv_nsec = 20 * 1000 * 1000 };

	for (int i = 0; i < steps; i++) {
		if (waitpid(x->pid, status, WNOHANG) != 0) {
			x->pid = 0;
			return true;
		}
		nanosleep(&step, NULL);
	}
	return false;
}

void xvfb_stop(struct xvfb *x)
{
	int status;

	if (!x->pid)
		return;
	kill(x->pid, SIGTERM);
	if (gone_within(x, 150, &status))
		return;
	kill(x->pid, SIGKILL);
	waitpid(x->pid, &status, 0);
	x->pid = 0;
}

int xvfb_start(struct xvfb *x, unsigned w, unsigned h, struct error *err)
{
	pid_t parent = getpid(), pid;
	char number[12];
	int fds[2], status = 0, r;

	memset(x, 0, sizeof(*x));
	if (pipe2(fds, O_CLOEXEC))
		return error_set(err, -errno, "Xvfb: %s", strerror(errno));
	pid = fork();
	if (pid == 0)
		become_xvfb(fds[1], w, h, parent);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return error_set(err, -EAGAIN, "Xvfb: no process could be made");
	}
	x->pid = pid;
	r = number_read(fds[0], number, sizeof(number));
	close(fds[0]);
	if (r == 0) {
		snprintf(x->display, sizeof(x->display), ":%s", number);
		return 0;
	}
	if (!gone_within(x, 10, &status))
		xvfb_stop(x);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_set(err, -ENODEV, "Xvfb: it is not installed (apt install xvfb)");
	return error_set(err, -EIO, "Xvfb: it did not start");
}
