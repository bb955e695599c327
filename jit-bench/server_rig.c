/* server_rig.c - see server_rig.h. */
#include "jit-bench/server_rig.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "blink/server/broker.h"

#define LOOKS 20                        /* at a server that does not answer */

void rig_sleep(double seconds)
{
	struct timespec t = { .tv_sec = (time_t)seconds };

	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

double rig_number(struct json_object *j, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(j, key, &v) ? json_object_get_double(v) : 0;
}

double rig_process_cpu(int pid)
{
	struct timespec t;
	clockid_t clock;

	/* its own clock: /proc's times are in ticks of 10 ms, a short run's whole cost */
	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return 0;
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double rig_group_cpu(int group)
{
	DIR *d = opendir("/proc");
	struct dirent *entry;
	double sum = -1;

	while (d && (entry = readdir(d))) {
		int pid = atoi(entry->d_name);

		if (pid > 0 && getpgid(pid) == group)
			sum = (sum < 0 ? 0 : sum) + rig_process_cpu(pid);
	}
	if (d)
		closedir(d);
	return sum;
}

/* ---- the server ------------------------------------------------------------------------ */

int rig_ask(struct rig *r, const char *request, struct error *err)
{
	char *answer = NULL;
	int e = control_ask(r->socket, request, &answer, err);

	free(answer);
	return e;
}

/* While its executor hangs, the server answers nothing: it is asked again. */
int rig_look(struct rig *r, struct json_object **top, struct error *err)
{
	char *answer = NULL;
	int e = -EIO;

	for (int i = 0; i < LOOKS && e < 0; i++) {
		if (i)
			rig_sleep(0.5);
		e = control_ask(r->socket, "{\"verb\":\"top\"}", &answer, err);
	}
	*top = e >= 0 ? json_tokener_parse(answer) : NULL;
	free(answer);
	if (e >= 0 && !*top)
		e = error_set(err, -EIO, "bench: the server's answer cannot be read");
	return e < 0 ? e : 0;
}

/* It answers when clients may connect. */
static int server_wait(struct rig *r, struct error *err)
{
	struct stat st;

	for (int i = 0; i < 600; i++) {
		struct json_object *top = NULL;

		if (!stat(r->socket, &st) && rig_look(r, &top, err) == 0) {
			json_object_put(top);
			return 0;
		}
		rig_sleep(0.05);
	}
	return error_set(err, -EIO, "bench: the server does not answer in 30 s");
}

int rig_folder(struct rig *r, struct error *err)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->folder, sizeof(r->folder), "/tmp/blink-bench-XXXXXX");
	if (mkdtemp(r->folder))
		return 0;
	r->folder[0] = 0;
	return error_set(err, -errno, "/tmp: no folder can be made there: %s", strerror(errno));
}

int rig_open(struct rig *r, const struct rig_options *opt, struct error *err)
{
	const char *argv[32] = { opt->self, "serve", "--listen", r->socket, "--size", opt->size,
				 "--clients", "200" };
	struct process_place place = { 0 };
	char refresh[32], threads[16];
	unsigned n = 8;
	int e = rig_folder(r, err);

	if (e < 0)
		return e;
	snprintf(r->socket, sizeof(r->socket), "%s/server", r->folder);
	snprintf(r->env, sizeof(r->env), "BLINK_SERVER=%s", r->socket);
	snprintf(refresh, sizeof(refresh), "%g", opt->refresh);
	argv[n++] = "--refresh";
	argv[n++] = refresh;
	if (opt->null_gl) {
		argv[n++] = "--sink";
		argv[n++] = "null";
	}
	if (opt->threads) {
		snprintf(threads, sizeof(threads), "%u", opt->threads);
		argv[n++] = "--gl-threads";
		argv[n++] = threads;
	}
	if (opt->direct)
		argv[n++] = "--direct";
	if (opt->no_direct)
		argv[n++] = "--no-direct";
	if (opt->no_facts)
		argv[n++] = "--no-facts";
	if (opt->budget) {
		argv[n++] = "--budget";
		argv[n++] = opt->budget;
		/* a file's first frames may take a driver seconds */
		argv[n++] = "--watchdog";
		argv[n++] = "20000";
	}
	if (opt->bare)
		argv[n++] = "--bare";
	if (opt->trace) {
		argv[n++] = "--trace";
		argv[n++] = opt->trace;
	}
	if (opt->hash)
		argv[n++] = "--hash";
	argv[n] = NULL;
	e = process_start(&r->server, &place, argv, NULL, err);
	if (e == 0)
		e = server_wait(r, err);
	if (e < 0)
		rig_close(r);
	return e;
}

void rig_close(struct rig *r)
{
	double cpu;

	rig_clients_stop(r);
	process_stop(&r->server, &cpu);
	if (r->folder[0]) {
		char control[sizeof(r->socket) + 8];

		/* where it could not do so itself */
		snprintf(control, sizeof(control), "%s.ctl", r->socket);
		unlink(control);
		unlink(r->socket);
		rmdir(r->folder);
	}
	r->folder[0] = 0;
}

/* ---- clients --------------------------------------------------------------------------- */

int rig_client_start(struct rig *r, const char *self, const char *const *argv,
		     const char *const *env, struct error *err)
{
	struct rig_client *c = &r->client[r->clients];
	struct process_place place = { .output = c->output };
	const char *words[24], *settings[16] = { r->env };
	const char *slash = strrchr(self, '/');
	char program[512];
	unsigned n = 0;

	if (r->clients == RIG_CLIENTS)
		return error_set(err, -E2BIG, "bench: %u clients at most", RIG_CLIENTS);
	for (; argv[n] && n < 23; n++)
		words[n] = argv[n];
	words[n] = NULL;
	if (slash && !strncmp(argv[0], "blink-", 6)) {
		snprintf(program, sizeof(program), "%.*s/%s", (int)(slash - self), self, argv[0]);
		if (!access(program, X_OK))
			words[0] = program;
	}
	for (n = 0; env && env[n] && n < 14; n++)
		settings[n + 1] = env[n];
	snprintf(c->output, sizeof(c->output), "%s/client-%u", r->folder[0] ? r->folder : "/tmp",
		 r->clients);
	r->clients++;
	return process_start(&c->process, &place, words, settings, err);
}

void rig_clients_anew(struct rig *r)
{
	for (unsigned i = 0; i < r->clients; i++)
		if (r->client[i].process.pid > 0)
			kill(r->client[i].process.pid, SIGUSR1);
}

unsigned rig_clients_said(const struct rig *r)
{
	unsigned n = 0;
	struct stat st;

	for (unsigned i = 0; i < r->clients; i++)
		n += !stat(r->client[i].output, &st) && st.st_size;
	return n;
}

void rig_clients_stop(struct rig *r)
{
	double cpu;

	for (unsigned i = 0; i < r->clients; i++) {
		process_stop(&r->client[i].process, &cpu);
		unlink(r->client[i].output);
	}
	r->clients = 0;
}

/* A signal may come just before a program waits: it is sent until it was heard. */
static int client_end(int pid)
{
	int status = -1;

	for (int i = 0; i < 500 && pid > 0; i++) {
		kill(pid, i < 400 ? SIGTERM : SIGKILL);
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		rig_sleep(0.02);
	}
	return -1;
}

static int client_end_say(const struct rig_client *c, unsigned i, int status, struct error *err)
{
	if (status >= 0 && WIFSIGNALED(status))
		return error_set(err, -EIO, "bench: client %u: signal %d%s", i, WTERMSIG(status),
			  WTERMSIG(status) == SIGKILL ? ": it did not end when it was told to" : "");
	if (status > 0)
		return error_set(err, -EIO, "bench: client %u: exit status %d", i, WEXITSTATUS(status));
	return error_set(err, -EIO, "bench: client %u: no figures in %s", i, c->output);
}

int rig_clients_end(struct rig *r, struct json_object *said[RIG_CLIENTS], struct error *err)
{
	int e = 0;

	for (unsigned i = 0; i < r->clients; i++)
		if (r->client[i].process.pid > 0)
			kill(r->client[i].process.pid, SIGTERM);
	for (unsigned i = 0; i < r->clients; i++) {
		struct rig_client *c = &r->client[i];
		int status = client_end(c->process.pid);

		c->process.pid = 0;
		said[i] = status == 0 ? json_object_from_file(c->output) : NULL;
		if (!said[i] && e == 0)
			e = client_end_say(c, i, status, err);
		unlink(c->output);
	}
	r->clients = 0;
	return e;
}
