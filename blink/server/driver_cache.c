/* driver_cache.c - see driver_cache.h. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

#include "blink/server/driver_cache.h"

void driver_cache_begin(char *path, unsigned size)
{
	const char *folder = getenv("TMPDIR");
	int n = snprintf(path, size, "%s/blink-cache.XXXXXX", folder && *folder ? folder : P_tmpdir);

	setenv("MESA_GLSL_CACHE_DISABLE", "true", 1);           /* its older name */
	setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
	if (n < 0 || (unsigned)n >= size || !mkdtemp(path)) {
		path[0] = '\0';
		return;
	}
	unsetenv("MESA_GLSL_CACHE_DISABLE");
	unsetenv("MESA_SHADER_CACHE_DISABLE");
	/* by one file that stays open: nothing can be opened later */
	setenv("MESA_DISK_CACHE_SINGLE_FILE", "true", 1);
	setenv("MESA_SHADER_CACHE_DIR", path, 1);
	setenv("MESA_GLSL_CACHE_DIR", path, 1);
	/* a full file (RLIMIT_FSIZE) is an error, not an end */
	signal(SIGXFSZ, SIG_IGN);
}

/* The folder and what Mesa made in it: folders, a few deep, with plain files. */
static void folder_remove(int parent, const char *name, unsigned depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (unlinkat(dirfd(dir), e->d_name, 0) && depth)
			folder_remove(dirfd(dir), e->d_name, depth - 1);
	}
	closedir(dir);
	unlinkat(parent, name, AT_REMOVEDIR);
}

void driver_cache_hide(const char *path)
{
	if (path[0])
		folder_remove(AT_FDCWD, path, 8);
}
