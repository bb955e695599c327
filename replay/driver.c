/* driver.c - GL drivers by name, and the server that one of them needs. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "replay/driver.h"

#define SERVER "virgl_test_server"
#define SOCKET "/tmp/.virgl_test"        /* where Mesa looks */
#define SERVER_SECONDS 10

const struct driver drivers[] = {
	{ "llvmpipe", "Mesa's software driver that compiles shaders", "llvmpipe", false },
	{ "softpipe", "Mesa's software driver that interprets them", "softpipe", false },
	{ "virgl", "Mesa's driver of virtual machines, drawn by virgl_test_server", "virpipe", true },
	{ "hardware", "the machine's GPU", NULL, false },
	{ 0 }
};

static const char *const variables[2] = { "GALLIUM_DRIVER", "LIBGL_ALWAYS_SOFTWARE" };

/* ---- virgl_test_server ------------------------------------------------------------ */

/* One of our own user's: whoever listens there is told all that is drawn. */
static bool server_listens(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;
	bool good = fd >= 0 && lstat(SOCKET, &st) == 0 && st.st_uid == geteuid() && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static void server_become(pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* not with Ctrl-C, but with us */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	/* it draws with llvmpipe where there is no GPU */
	unsetenv("GALLIUM_DRIVER");
	execlp(SERVER, SERVER, "--use-egl-surfaceless", (char *)NULL);
	_exit(127);
}

static int server_start(struct driver_use *u, struct error *err)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	pid_t parent = getpid();
	int status;

	fflush(NULL);
	u->server = fork();
	if (u->server < 0) {
		u->server = 0;
		return error_set(err, -errno, "virgl: no process could be made: %s", strerror(errno));
	}
	if (u->server == 0)
		server_become(parent);
	for (unsigned i = 0; i < SERVER_SECONDS * 50; i++) {
		if (waitpid(u->server, &status, WNOHANG) == u->server) {
			u->server = 0;
			if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
				return error_set(err, -ENOTSUP, "virgl: " SERVER " is not installed "
						 "(apt install virgl-server)");
			return error_set(err, -ENOTSUP, "virgl: " SERVER " ended at once");
		}
		if (server_listens())
			return 0;
		nanosleep(&nap, NULL);
	}
	driver_end(u);
	return error_set(err, -ENOTSUP, "virgl: " SERVER " does not answer at " SOCKET);
}

/* ---- a GPU --------------------------------------------------------------------------- */

static bool gpu_there(void)
{
	char path[32];

	for (unsigned i = 128; i < 144; i++) {
		snprintf(path, sizeof(path), "/dev/dri/renderD%u", i);
		if (access(path, R_OK | W_OK) == 0)
			return true;
	}
	return access("/dev/nvidia0", R_OK | W_OK) == 0;
}

/* ---- use -------------------------------------------------------------------------------- */

static int unknown(const char *name, struct error *err)
{
	char names[256] = "";

	for (const struct driver *d = drivers; d->name; d++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 d == drivers ? "" : ", ", d->name);
	return error_set(err, -EINVAL, "%s: no such driver (there are %s)", name, names);
}

int driver_begin(struct driver_use *u, const char *name, struct error *err)
{
	const struct driver *d = drivers;

	memset(u, 0, sizeof(*u));
	if (!name)
		return 0;
	while (d->name && strcmp(d->name, name))
		d++;
	if (!d->name)
		return unknown(name, err);
	if (!d->gallium && !gpu_there())
		return error_set(err, -ENOTSUP, "hardware: this machine has no GPU that can be "
				 "reached (/dev/dri/renderD128)");
	u->driver = d;
	return d->served && !server_listens() ? server_start(u, err) : 0;
}

static void variable_set(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

void driver_enter(struct driver_use *u)
{
	if (!u->driver || u->entered)
		return;
	for (unsigned i = 0; i < 2; i++) {
		const char *now = getenv(variables[i]);

		u->was[i] = now ? strdup(now) : NULL;
	}
	variable_set(variables[0], u->driver->gallium);
	variable_set(variables[1], u->driver->gallium ? "1" : NULL);
	u->entered = true;
}

void driver_leave(struct driver_use *u)
{
	for (unsigned i = 0; i < 2 && u->entered; i++) {
		variable_set(variables[i], u->was[i]);
		free(u->was[i]);
		u->was[i] = NULL;
	}
	u->entered = false;
}

void driver_end(struct driver_use *u)
{
	driver_leave(u);
	if (u->server > 0) {
		/* its children, one for each client, end with their clients */
		kill(u->server, SIGTERM);
		waitpid(u->server, NULL, 0);
		unlink(SOCKET);
	}
	u->server = 0;
	u->driver = NULL;
}
