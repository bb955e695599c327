/* run_family.c - the processes below one: read from /proc, because a program may fork,
 * change its process group and outlive its parent. */
#include "capture/run_impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { FAMILY_MAX = 1 << 15 };

struct process {
	pid_t pid, parent;
	bool below;
};

/* "pid (name) state ppid ...", where the name may hold anything. */
static bool process_read(const char *dir, struct process *p)
{
	char path[64], line[512], state, *end;
	ssize_t n;
	int fd, parent;

	snprintf(path, sizeof path, "/proc/%.20s/stat", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, line, sizeof line - 1);
	close(fd);
	if (n <= 0)
		return false;
	line[n] = 0;
	end = strrchr(line, ')');
	if (!end || sscanf(end + 1, " %c %d", &state, &parent) != 2 || state == 'Z' || state == 'X')
		return false;
	*p = (struct process){ (pid_t)atoi(dir), parent, false };
	return true;
}

static int processes_read(struct process *all)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	if (!d)
		return -1;
	while (n < FAMILY_MAX && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && process_read(e->d_name, &all[n]))
			n++;
	closedir(d);
	return n;
}

int family_list(pid_t above, pid_t except, pid_t *pids, int max)
{
	struct process *all = malloc(FAMILY_MAX * sizeof *all);
	int n = all ? processes_read(all) : -1, found = 0;
	bool more = n > 0;

	while (more) {
		more = false;
		for (int i = 0; i < n; i++) {
			if (all[i].below || all[i].pid == except || all[i].pid == above)
				continue;
			all[i].below = all[i].parent == above;
			for (int k = 0; k < n && !all[i].below; k++)
				all[i].below = all[k].below && all[k].pid == all[i].parent;
			more |= all[i].below;
		}
	}
	for (int i = 0; i < n && found < max; i++)
		if (all[i].below)
			pids[found++] = all[i].pid;
	free(all);
	return n < 0 ? -1 : found;
}

int family_signal(pid_t above, pid_t except, int sig)
{
	pid_t pids[1024];
	int n = family_list(above, except, pids, 1024);

	for (int i = 0; i < n; i++)
		kill(pids[i], sig);
	return n;
}

/* A file may be mapped and its descriptor closed. */
static bool process_maps(pid_t pid, const struct stat *want)
{
	char path[64], line[PATH_MAX + 128];
	unsigned major, minor;
	unsigned long inode;
	bool maps = false;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	f = fopen(path, "re");
	while (f && !maps && fgets(line, sizeof line, f))
		maps = sscanf(line, "%*s %*s %*s %x:%x %lu", &major, &minor, &inode) == 3 &&
		       inode == want->st_ino && makedev(major, minor) == want->st_dev;
	if (f)
		fclose(f);
	return maps;
}

static bool process_holds(pid_t pid, const struct stat *want)
{
	char path[PATH_MAX];
	struct dirent *e;
	bool holds = false;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	d = opendir(path);
	while (d && !holds && (e = readdir(d))) {
		struct stat st;

		holds = fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
			st.st_dev == want->st_dev && st.st_ino == want->st_ino;
	}
	if (d)
		closedir(d);
	return holds;
}

bool family_holds(pid_t above, pid_t except, const char *path)
{
	pid_t pids[1024];
	struct stat st;
	int n;

	if (stat(path, &st) < 0)
		return false;
	n = family_list(above, except, pids, 1024);
	for (int i = 0; i < n; i++)
		if (process_holds(pids[i], &st) || process_maps(pids[i], &st))
			return true;
	return false;
}
