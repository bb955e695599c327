/* run_guard.c - the guardian: parent of the display and of the program, and of all that
 * they leave behind.  One thread, one poll loop; see run.h for the picture. */
#include "capture/run_impl.h"
#include "capture/run_record.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/record/format.h"

/* Seconds between being asked to end and being asked again, harder. */
static const double patience[] = { 4, 3 };
static const int insistence[] = { SIGINT, SIGTERM, SIGKILL };

struct guard {
	const struct guard_job *job;
	pid_t display, program;
	int children;            /* signalfd */
	bool orphaned;           /* blinkctl is gone */
	bool stopping, asked, ended, forked;
	double ended_at;
	int step;                /* of insistence, the last one sent */
	double next;             /* when to take the next */
	double cpu;              /* seconds that what has ended took, the display not */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

static void tell(struct guard *g, enum guard_news news, int value, const char *text)
{
	struct guard_message m = { .news = (int32_t)news, .value = value, .asked = g->asked };

	if (text)
		snprintf(m.text, sizeof m.text, "%s", text);
	while (write(g->job->status, &m, sizeof m) < 0 && errno == EINTR)
		;
}

/* ---- what children become before exec ---- */

static void child_begin(pid_t guard, int log)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != guard)                  /* it died before that took effect */
		_exit(127);
	setpgid(0, 0);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
}

static void environment_set(const struct guard_job *job, const char *display, bool own)
{
	const char *preload = getenv("LD_PRELOAD");
	char both[8192];

	if (preload && *preload)
		snprintf(both, sizeof both, "%s:%s", job->wrapper, preload);
	else
		snprintf(both, sizeof both, "%s", job->wrapper);
	setenv("DISPLAY", display, 1);
	if (own) {                               /* software rendering, unsynchronized, silent */
		setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
		setenv("GALLIUM_DRIVER", "llvmpipe", 0);
		setenv("vblank_mode", "0", 0);
		setenv("SDL_AUDIODRIVER", "dummy", 0);
		setenv("SDL_VIDEODRIVER", "x11", 1);
		setenv("GDK_BACKEND", "x11", 1);
		setenv("QT_QPA_PLATFORM", "xcb", 1);
		unsetenv("WAYLAND_DISPLAY");
		unsetenv("XAUTHORITY");
	}
	for (const char *const *e = job->opt->env; e && *e; e++)
		putenv((char *)(uintptr_t)*e);
	if (job->opt->recorder == RUN_BLINK) {
		setenv(RECORD_ENV, job->trace, 1);
		setenv(RECORD_ENV_HASH, job->opt->hash ? "1" : "0", 1);
	} else {
		setenv("TRACE_FILE", job->trace, 1);
	}
	setenv("LD_PRELOAD", both, 1);
}

/* ---- display ---- */

static _Noreturn void display_exec(const struct run_options *opt, int fd)
{
	unsigned w = opt->width ? opt->width : 1280, h = opt->height ? opt->height : 1024;
	char number[16], screen[32];

	snprintf(number, sizeof number, "%d", fd);
	snprintf(screen, sizeof screen, "%ux%ux24", w, h);
	execlp("Xvfb", "Xvfb", "-displayfd", number, "-screen", "0", screen, "+extension", "GLX",
	       "-nolisten", "tcp", "-noreset", (char *)NULL);
	_exit(127);
}

/* Blinkctl's orders, when there are any; sets stopping. */
static void orders_read(struct guard *g)
{
	char order[16];
	ssize_t n = read(g->job->control, order, sizeof order);

	if (n == 0)
		g->orphaned = true;
	for (ssize_t i = 0; i < n; i++) {
		g->asked = true;
		if (order[i] == ORDER_KILL) {
			g->step = 1;
			g->next = 0;
		}
	}
	if (g->orphaned || g->asked)
		g->stopping = true;
}

/* The number that the server writes when it can be used.  0: given up. */
static bool display_wait(struct guard *g, int fd, char *name, size_t size)
{
	double until = now() + 30;
	char text[16];
	size_t n = 0;

	while (n < sizeof text - 1 && now() < until && !g->stopping) {
		struct pollfd p[2] = { { fd, POLLIN, 0 }, { g->job->control, POLLIN, 0 } };
		ssize_t k;

		if (poll(p, 2, 200) <= 0)
			continue;
		if (p[1].revents)
			orders_read(g);
		if (!p[0].revents)
			continue;
		k = read(fd, text + n, sizeof text - 1 - n);
		if (k <= 0)
			return false;
		n += (size_t)k;
		if (text[n - 1] == '\n') {
			text[n - 1] = 0;
			snprintf(name, size, ":%s", text);
			return true;
		}
	}
	return false;
}

static bool display_start(struct guard *g, char *name, size_t size)
{
	pid_t self = getpid();
	int fds[2], status = -1;
	bool good;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	g->display = fork();
	if (g->display == 0) {
		child_begin(self, g->job->log);
		fcntl(fds[1], F_SETFD, 0);
		display_exec(g->job->opt, fds[1]);
	}
	close(fds[1]);
	good = g->display > 0 && display_wait(g, fds[0], name, size);
	close(fds[0]);
	if (good)
		return true;
	if (g->display > 0) {
		kill(g->display, SIGKILL);
		while (waitpid(g->display, &status, 0) < 0 && errno == EINTR)
			;
	}
	g->display = 0;
	if (!g->stopping)
		tell(g, NEWS_NO_DISPLAY, status, NULL);
	return false;
}

static void display_stop(struct guard *g)
{
	double until = now() + 3;

	if (g->display <= 0)
		return;
	kill(g->display, SIGTERM);
	while (g->display > 0) {
		if (waitpid(g->display, NULL, WNOHANG) != 0)
			g->display = 0;
		else if (now() > until)
			kill(g->display, SIGKILL);
		poll(NULL, 0, 5);
	}
}

/* ---- program ---- */

static bool program_start(struct guard *g, const char *display)
{
	const struct guard_job *job = g->job;
	pid_t self = getpid();
	int fds[2], e = 0;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	g->program = fork();
	if (g->program == 0) {
		child_begin(self, job->opt->verbose ? STDERR_FILENO : job->log);
		environment_set(job, display, g->display > 0);
		if (!job->opt->cwd || chdir(job->opt->cwd) == 0)
			execv(job->program, job->opt->argv);
		e = errno;
		if (write(fds[1], &e, sizeof e) < 0)
			_exit(126);
		_exit(127);
	}
	close(fds[1]);
	if (g->program < 0)
		e = errno;
	else if (read(fds[0], &e, sizeof e) <= 0)
		e = 0;
	close(fds[0]);
	if (e) {
		if (g->program > 0)
			waitpid(g->program, NULL, 0);
		g->program = 0;
		tell(g, NEWS_NOT_STARTED, e, NULL);
		return false;
	}
	tell(g, NEWS_STARTED, g->program, NULL);
	return true;
}

static void child_gone(struct guard *g, pid_t pid, int status)
{
	if (pid == g->display) {
		g->display = 0;
		if (!g->stopping) {              /* its clients end by themselves, mostly */
			tell(g, NEWS_DISPLAY_DIED, status, NULL);
			g->stopping = true;
			g->step = -1;
			g->next = now() + 2;
		}
	} else if (pid == g->program) {
		g->program = 0;
		g->ended = true;
		g->ended_at = now();
		tell(g, NEWS_ENDED, status, NULL);
	}
}

static void children_reap(struct guard *g)
{
	struct signalfd_siginfo info[8];
	struct rusage usage;
	int status;
	pid_t pid;

	while (read(g->children, info, sizeof info) > 0)
		;
	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		if (pid != g->display)
			g->cpu += seconds(usage.ru_utime) + seconds(usage.ru_stime);
		child_gone(g, pid, status);
	}
}

/* Takes the next step against whatever still runs; false when nothing does. */
static bool program_press(struct guard *g)
{
	pid_t self = getpid();
	pid_t one[1];

	if (family_list(self, g->display, one, 1) == 0)
		return false;
	if (now() < g->next)
		return true;
	if (g->step < 2)
		g->step++;
	family_signal(self, g->display, insistence[g->step]);
	g->next = now() + (g->step < 2 ? patience[g->step] : 0.05);
	if (g->orphaned && g->step < 2)          /* nobody waits for a fine end */
		g->next = now() + 1.5;
	return true;
}

/* What the program left behind when it ended: a child that draws on is the program now
 * (launchers do that) and gets a moment to begin; anything else is swept away. */
static bool program_goes_on(struct guard *g)
{
	pid_t self = getpid(), one[1];

	if (!g->ended)
		return true;
	if (g->stopping || family_list(self, g->display, one, 1) <= 0)
		return false;
	if (family_holds(self, g->display, g->job->trace)) {
		if (!g->forked)
			tell(g, NEWS_FORKED, one[0], NULL);
		g->forked = true;
		return true;
	}
	if (!g->forked && now() < g->ended_at + 2)
		return true;
	g->stopping = true;
	g->step = 0;
	return false;
}

static void program_watch(struct guard *g)
{
	struct pollfd p[2] = { { g->job->control, POLLIN, 0 }, { g->children, POLLIN, 0 } };

	g->step = -1;
	for (;;) {
		if (g->orphaned)
			p[0].fd = -1;
		poll(p, 2, g->stopping ? 20 : g->ended ? 100 : 500);
		if (p[0].fd >= 0 && p[0].revents)
			orders_read(g);
		children_reap(g);
		if ((!program_goes_on(g) || g->stopping) && !program_press(g))
			break;
	}
	children_reap(g);
}

/* ---- the end ---- */

static bool trace_usable(const struct guard_job *job)
{
	if (job->opt->recorder == RUN_BLINK)
		return run_recording_usable(job->trace);
	return watch_usable(job->trace) && trace_drop_echoes(job->trace, NULL) >= 0;
}

/* Blinkctl is gone and cannot keep the trace: do it here, and say so. */
static void trace_salvage(const struct guard_job *job)
{
	if (access(job->trace, F_OK) < 0)
		return;
	if (trace_usable(job) && rename(job->trace, job->output) == 0)
		dprintf(STDERR_FILENO, "blinkctl: capture: killed; what the program drew until then is in %s%s\n",
			job->output, job->opt->recorder == RUN_BLINK ?
			" (blinkctl convert makes a .blink of it)" : "");
	else if (unlink(job->trace) == 0)
		dprintf(STDERR_FILENO, job->opt->feed && !job->opt->whole ?
			"blinkctl: capture: killed; what the program drew since the last file was written is lost\n" :
			"blinkctl: capture: killed before the program drew anything; nothing is left\n");
}

/* Waits for blinkctl to have kept the trace, or to die. */
static void farewell(struct guard *g)
{
	char order, cpu[32];
	ssize_t n = 1;

	snprintf(cpu, sizeof cpu, "%.6f", g->cpu);
	tell(g, NEWS_DONE, 0, cpu);
	while (!g->orphaned && (n = read(g->job->control, &order, 1)) != 0) {
		if (n == 1 && order == ORDER_KEPT)
			_exit(0);
		if (n < 0 && errno != EINTR)
			break;
	}
	trace_salvage(g->job);
	_exit(0);
}

/* So that a kill of blinkctl by name does not take its guardian along.  Nothing of the
 * job may lie in the arguments' memory: run.c copies. */
static void rename_self(void)
{
	static const char name[] = "capture-guard";
	unsigned long start = 0, end = 0;
	char line[2048], *p;
	FILE *f = fopen("/proc/self/stat", "re");

	prctl(PR_SET_NAME, name);
	p = f && fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
	for (int field = 2; p && field < 48; field++)
		p = strchr(p + 1, ' ');
	if (p)
		sscanf(p, " %lu %lu", &start, &end);
	if (f)
		fclose(f);
	if (start && end > start && end - start > sizeof name) {
		char *argv = (char *)start;

		memset(argv, 0, end - start);
		memcpy(argv, name, sizeof name - 1);
	}
}

/* Descriptors that are not the guardian's: others wait for them to close. */
static void descriptors_close(const struct guard_job *job)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	for (int fd = 3; fd < 1024; fd++)
		if (fd != job->control && fd != job->status && fd != job->log)
			close(fd);
}

void guard_main(const struct guard_job *job)
{
	struct guard g = { .job = job, .step = -1 };
	const char *display = job->display;
	sigset_t set;
	char name[32];

	setsid();
	rename_self();
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGCHLD && sig != SIGSEGV && sig != SIGBUS && sig != SIGFPE && sig != SIGILL &&
		    sig != SIGABRT)
			signal(sig, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, 0);
	descriptors_close(job);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_SETMASK, &set, NULL);
	g.children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);

	if (!display && display_start(&g, name, sizeof name))
		display = name;
	if (display && !g.stopping) {
		tell(&g, NEWS_DISPLAY, 0, display);
		if (program_start(&g, display))
			program_watch(&g);
	}
	display_stop(&g);
	farewell(&g);
	_exit(0);
}
