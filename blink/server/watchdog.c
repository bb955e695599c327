/* watchdog.c - how long has the executor been in the turn that it is in?
 *
 * Not by the clock on the wall: on a busy machine a process may wait for a processor
 * longer than it is allowed to work.  The kernel counts that waiting, per thread, and it
 * is taken off.  What is left is time in which the executor ran, or stood still by itself:
 * waited for a device, or was stopped. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/server/broker_priv.h"

/* ns that a thread was able to run, and did not. */
static uint64_t waited_one(const char *path)
{
	uint64_t ran, waited = 0;
	FILE *in = fopen(path, "re");

	if (!in)
		return 0;
	if (fscanf(in, "%" SCNu64 " %" SCNu64, &ran, &waited) != 2)
		waited = 0;
	fclose(in);
	return waited;
}

/* Of the thread that waited longest: the others may be waiting for it. */
static uint64_t waited_most(pid_t pid)
{
	char path[320];
	uint64_t most = 0, one;
	struct dirent *d;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && (d = readdir(tasks))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid, d->d_name);
		one = waited_one(path);
		most = one > most ? one : most;
	}
	if (tasks)
		closedir(tasks);
	return most;
}

static uint64_t waited_by(pid_t pid, pid_t thread)
{
	char path[64];

	if (!thread)
		return waited_most(pid);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)pid, (int)thread);
	return waited_one(path);
}

uint64_t watchdog_turn(struct watchdog *w, pid_t pid, pid_t thread, uint64_t busy_ns,
		       uint64_t now_ns)
{
	uint64_t waited, lasted;

	if (!busy_ns || now_ns < busy_ns)
		return 0;
	if (w->busy_ns != busy_ns) {
		w->busy_ns = busy_ns;
		w->waited_ns = waited_by(pid, thread);
	}
	lasted = now_ns - busy_ns;
	waited = waited_by(pid, thread) - w->waited_ns;
	return waited < lasted ? lasted - waited : 0;
}

bool watchdog_stopped(pid_t pid)
{
	char path[40], text[512], *after;
	FILE *in;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	in = fopen(path, "re");
	n = in ? fread(text, 1, sizeof(text) - 1, in) : 0;
	if (in)
		fclose(in);
	text[n] = 0;
	after = strrchr(text, ')');
	return after && (strncmp(after, ") T", 3) == 0 || strncmp(after, ") t", 3) == 0);
}
