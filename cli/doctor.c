/* doctor.c - see doctor.h. */
#include "cli/doctor.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- GL ---- */

static void text_copy(char *to, size_t size, const void *from)
{
	snprintf(to, size, "%s", from ? (const char *)from : "?");
}

static bool context_make(EGLDisplay *out, const char **why)
{
	static const EGLint wanted[] = { EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE,
					 EGL_OPENGL_BIT, EGL_NONE };
	static const EGLint size[] = { EGL_WIDTH, 16, EGL_HEIGHT, 16, EGL_NONE };
	EGLDisplay d = eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
	EGLConfig config;
	EGLint n = 0;
	EGLSurface s;
	EGLContext c;

	*why = "EGL has no surfaceless platform";
	if (d == EGL_NO_DISPLAY || !eglInitialize(d, NULL, NULL))
		return false;
	*why = "EGL has no desktop GL";
	if (!eglBindAPI(EGL_OPENGL_API) || !eglChooseConfig(d, wanted, &config, 1, &n) || n < 1)
		return false;
	*why = "EGL makes no context";
	s = eglCreatePbufferSurface(d, config, size);
	c = eglCreateContext(d, config, EGL_NO_CONTEXT, NULL);
	*out = d;
	return c != EGL_NO_CONTEXT && eglMakeCurrent(d, s, s, c);
}

static _Noreturn void gl_child(int out)
{
	struct doctor_gl gl = { 0 };
	EGLDisplay d = EGL_NO_DISPLAY;
	const char *why = "";
	int null = open("/dev/null", O_WRONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, STDERR_FILENO);               /* drivers chatter */
	gl.works = context_make(&d, &why);
	if (gl.works) {
		text_copy(gl.vendor, sizeof gl.vendor, glGetString(GL_VENDOR));
		text_copy(gl.renderer, sizeof gl.renderer, glGetString(GL_RENDERER));
		text_copy(gl.version, sizeof gl.version, glGetString(GL_VERSION));
	} else {
		text_copy(gl.why, sizeof gl.why, why);
	}
	_exit(write(out, &gl, sizeof gl) == (ssize_t)sizeof gl ? 0 : 1);
}

/* Reads n bytes within some seconds. */
static bool read_patiently(int fd, void *to, size_t n)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, 20000) > 0 && read(fd, to, n) == (ssize_t)n;
}

void doctor_gl(struct doctor_gl *gl)
{
	int fds[2], status = 0;
	pid_t pid;

	memset(gl, 0, sizeof *gl);
	if (pipe(fds) < 0)
		return;
	pid = fork();
	if (pid == 0)
		gl_child(fds[1]);
	close(fds[1]);
	if (pid > 0 && !read_patiently(fds[0], gl, sizeof *gl)) {
		memset(gl, 0, sizeof *gl);
		kill(pid, SIGKILL);
		snprintf(gl->why, sizeof gl->why, "the driver crashed or hung while making a context");
	}
	close(fds[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
}

/* ---- counters, Xen ---- */

bool doctor_counters(char *why, size_t size)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_HARDWARE, .size = sizeof a, .config = PERF_COUNT_HW_CPU_CYCLES,
		.exclude_kernel = 1, .exclude_hv = 1
	};
	int fd = (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);

	why[0] = 0;
	if (fd >= 0) {
		close(fd);
		return true;
	}
	if (errno == EACCES || errno == EPERM)
		snprintf(why, size, "not allowed (kernel.perf_event_paranoid, or the container)");
	else if (errno == ENOENT || errno == EOPNOTSUPP || errno == ENODEV)
		snprintf(why, size, "the processor shows none; the time stamp counter is used");
	else
		snprintf(why, size, "%s", strerror(errno));
	return false;
}

bool doctor_xen(char *why, size_t size)
{
	char type[16] = "";
	int fd = open("/sys/hypervisor/type", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, type, sizeof type - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0 || strncmp(type, "xen", 3) != 0) {
		snprintf(why, size, "this machine is no Xen domain");
		return false;
	}
	if (access("/dev/xen/evtchn", R_OK | W_OK) < 0) {
		snprintf(why, size, "a Xen domain, but /dev/xen/evtchn cannot be opened");
		return false;
	}
	why[0] = 0;
	return true;
}

/* ---- programs ---- */

bool doctor_ask(const char *const *argv, char *line, size_t size)
{
	int fds[2], status = 0;
	size_t n = 0;
	ssize_t k;
	pid_t pid;

	line[0] = 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDIN_FILENO);
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(fds[1]);
	while (pid > 0 && n < size - 1 && (k = read(fds[0], line + n, size - 1 - n)) > 0)
		n += (size_t)k;
	line[n] = 0;
	line[strcspn(line, "\r\n")] = 0;
	close(fds[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return pid > 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 127);
}
