/* process.c - see process.h. */
#include "jit-bench/process.h"
#include "blink/base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_NOT_FOUND 127

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

_Noreturn static void child(const struct process_place *place, const char *const *argv,
			    const char *const *env, int complaints)
{
	int null = open("/dev/null", O_RDWR);
	int out = place->output ? open(place->output, O_WRONLY | O_CREAT | O_TRUNC, 0666) : null;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (place->limit > 0)
		setpgid(0, 0);
	if (place->folder && chdir(place->folder) < 0)
		_exit(EXIT_NOT_FOUND - 1);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(complaints, STDERR_FILENO);
	for (; env && *env; env++)
		putenv((char *)(uintptr_t)*env);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_FOUND - 1);
}

/* Something to be read before the time `until`, 0: no limit. */
static bool in_time(int fd, double until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	double left = until - clock_seconds();
	int rc;

	do
		rc = poll(&p, 1, until <= 0 ? -1 : left <= 0 ? 0 : left < 1e6 ? (int)(left * 1e3) + 1
							       : -1);
	while (rc < 0 && errno == EINTR);
	return rc != 0;
}

/* The end of what came through the pipe until it closed; false: the time is up. */
static bool last_line(int fd, double until, char *line, size_t size)
{
	char text[512];
	ssize_t n = 1;
	size_t len = 0;
	char *start;
	bool alive;

	while ((alive = in_time(fd, until)) &&
	       (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
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
	return alive;
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

static void cost_fill(struct process_cost *cost, const struct rusage *usage)
{
	cost->cpu = seconds(usage->ru_utime) + seconds(usage->ru_stime);
	cost->peak_bytes = (uint64_t)usage->ru_maxrss * 1024;
}

int process_run_in(const struct process_place *place, const char *const *argv,
		   const char *const *env, struct process_cost *cost, struct error *err)
{
	struct rusage usage;
	int complaints[2], status;
	double start = clock_seconds();
	bool alive = true;
	char line[256];
	pid_t pid;

	if (pipe2(complaints, O_CLOEXEC) < 0)
		return error_set(err, -errno, "%s: %s", argv[0], strerror(errno));
	pid = fork();
	if (pid == 0)
		child(place, argv, env, complaints[1]);
	close(complaints[1]);
	if (pid > 0)
		alive = last_line(complaints[0], place->limit > 0 ? start + place->limit : 0, line,
				  sizeof(line));
	close(complaints[0]);
	if (pid < 0)
		return error_set(err, -errno, "%s: %s", argv[0], strerror(errno));
	if (!alive)
		kill(-pid, SIGKILL);
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return error_set(err, -errno, "%s: %s", argv[0], strerror(errno));
	if (!alive)
		return error_set(err, -ETIMEDOUT, "%s: still running after %.0f s, killed", argv[0],
				 place->limit);
	cost->wall = clock_seconds() - start;
	cost_fill(cost, &usage);
	return judge(argv[0], status, line, err);
}

int process_run(const char *const *argv, const char *const *env, struct process_cost *cost,
		struct error *err)
{
	return process_run_in(&(struct process_place){ .limit = 0 }, argv, env, cost, err);
}

int process_start(struct process_beside *p, const struct process_place *place,
		  const char *const *argv, const char *const *env, struct error *err)
{
	struct process_place own_group = *place;
	pid_t pid = fork();

	if (pid < 0)
		return error_set(err, -errno, "%s: %s", argv[0], strerror(errno));
	if (own_group.limit <= 0)
		own_group.limit = 1;
	if (pid == 0)
		child(&own_group, argv, env, open("/dev/null", O_WRONLY));
	setpgid(pid, pid);                       /* on both sides: whoever comes first */
	p->pid = pid;
	return 0;
}

/* ---- those that run beside us ---------------------------------------------------------- */

#define FAMILY 64u

static int parent_of(int pid)
{
	char path[32], text[512];
	const char *end;
	int parent = 0;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	end = strrchr(text, ')');       /* its name may hold anything */
	return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

/* It and its descendants; children have higher numbers than parents, but for some that are
 * found at the next look. */
static unsigned family(const struct process_beside *p, int pid[FAMILY])
{
	unsigned n = 0, before;

	if (p->pid <= 0)
		return 0;
	pid[n++] = p->pid;
	do {
		DIR *d = opendir("/proc");
		struct dirent *entry;

		before = n;
		while (d && n < FAMILY && (entry = readdir(d))) {
			int one = atoi(entry->d_name), parent = one > 0 ? parent_of(one) : 0;
			bool child = false, known = false;

			for (unsigned i = 0; i < n; i++) {
				child |= pid[i] == parent;
				known |= pid[i] == one;
			}
			if (child && !known)
				pid[n++] = one;
		}
		if (d)
			closedir(d);
	} while (n > before);
	return n;
}

void process_signal(const struct process_beside *p, int signal)
{
	int pid[FAMILY];
	unsigned n = family(p, pid);

	for (unsigned i = 0; i < n; i++)
		kill(pid[i], signal);
}

double process_cpu(const struct process_beside *p)
{
	int pid[FAMILY];
	unsigned n = family(p, pid);
	double sum = 0;

	for (unsigned i = 0; i < n; i++) {
		struct timespec t;
		clockid_t clock;

		if (!clock_getcpuclockid(pid[i], &clock) && !clock_gettime(clock, &t))
			sum += (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
	}
	return sum;
}

bool process_has_ended(const struct process_beside *p)
{
	siginfo_t info = { .si_pid = 0 };

	return p->pid <= 0 || waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
	       info.si_pid;
}

int process_end(struct process_beside *p, const char *program, struct process_cost *cost,
		struct error *err)
{
	struct rusage usage;
	int status, pid = p->pid;

	p->pid = 0;
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return error_set(err, -errno, "%s: %s", program, strerror(errno));
	cost_fill(cost, &usage);
	return judge(program, status, "", err);
}

void process_stop(struct process_beside *p, double *cpu)
{
	struct rusage usage;
	int status;

	*cpu = 0;
	if (p->pid <= 0)
		return;
	kill(-p->pid, SIGTERM);
	while (wait4(p->pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return;
	*cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
	p->pid = 0;
}
