/* corpora.c - finds the recipes, and makes a place for one to run. */
#include "corpora/corpora.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blink/base/buf.h"
#include "capture/run.h"

/* ---- where they are ---- */

static bool folder_try(char *path, unsigned long size, const char *base, const char *below)
{
	struct stat st;

	return base && *base && (unsigned long)snprintf(path, size, "%s%s", base, below) < size &&
	       stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int corpora_folder(char *path, unsigned long size, struct error *err)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	exe[n > 0 ? n : 0] = 0;
	for (int i = 0; i < 2 && strrchr(exe, '/'); i++)         /* build/blinkctl, bin/blinkctl */
		*strrchr(exe, '/') = 0;
	if (folder_try(path, size, getenv("BLINK_CORPORA"), "") ||
	    folder_try(path, size, exe, "/share/blink/corpora/recipes") ||
	    folder_try(path, size, exe, "/corpora/recipes") ||
	    folder_try(path, size, ".", "/corpora/recipes"))
		return 0;
	return error_set(err, -ENOENT, "corpora: the recipes are not found (set BLINK_CORPORA to their folder)");
}

static int is_recipe(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && e->d_name[0] != '.' && !strcmp(e->d_name + n - 5, ".json");
}

int corpora_names(char ***names, struct error *err)
{
	char folder[512];
	struct dirent **list;
	int code = corpora_folder(folder, sizeof folder, err), n;

	*names = NULL;
	if (code < 0)
		return code;
	n = scandir(folder, &list, is_recipe, alphasort);
	if (n < 0)
		return error_set(err, -errno, "%s: cannot be read: %s", folder, strerror(errno));
	*names = calloc((size_t)n + 1, sizeof **names);
	for (int i = 0; i < n; i++) {
		if (*names)
			(*names)[i] = strndup(list[i]->d_name, strlen(list[i]->d_name) - 5);
		free(list[i]);
	}
	free(list);
	return *names ? n : error_set(err, -ENOMEM, "corpora: no memory");
}

void corpora_free_names(char **names)
{
	for (int i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

/* ---- a place to run ---- */

/* text with "@DIR@" filled in; NULL: no memory. */
static char *filled(const char *text, const char *dir)
{
	static const char mark[] = "@DIR@";
	const char *at;
	struct buf b;

	buf_init(&b);
	for (; (at = strstr(text, mark)); text = at + sizeof mark - 1) {
		buf_append(&b, text, (size_t)(at - text));
		buf_append(&b, dir, strlen(dir));
	}
	buf_append(&b, text, strlen(text) + 1);
	if (!buf_failed(&b))
		return (char *)b.data;
	buf_finish(&b);
	return NULL;
}

static void strings_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

static char **strings_filled(struct json_object *j, const char *dir)
{
	size_t n = json_object_array_length(j);
	char **list = calloc(n + 1, sizeof *list);

	for (size_t i = 0; list && i < n; i++) {
		list[i] = filled(json_object_get_string(json_object_array_get_idx(j, i)), dir);
		if (!list[i]) {
			strings_free(list);
			return NULL;
		}
	}
	return list;
}

/* HOME first, then what the recipe says. */
static char **environment_filled(const struct recipe *r, const char *dir)
{
	struct json_object *j = json_object_object_get(r->json, "environment");
	size_t n = 1 + (j ? (size_t)json_object_object_length(j) : 0), i = 0;
	char **list = calloc(n + 1, sizeof *list), line[1024];

	if (!list)
		return NULL;
	snprintf(line, sizeof line, "HOME=%s", dir);
	list[i++] = strdup(line);
	if (!j)
		return list;
	json_object_object_foreach(j, key, value) {
		snprintf(line, sizeof line, "%s=%s", key, json_object_get_string(value));
		list[i++] = filled(line, dir);
	}
	return list;
}

static int file_write(const char *dir, const char *name, struct json_object *lines, struct error *err)
{
	char path[512];
	FILE *f;
	bool bad;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f)
		return error_set(err, -errno, "%s: cannot be written: %s", path, strerror(errno));
	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		char *line = filled(json_object_get_string(json_object_array_get_idx(lines, i)), dir);

		fprintf(f, "%s\n", line ? line : "");
		free(line);
	}
	bad = ferror(f);
	if (fclose(f) || bad)
		return error_set(err, -EIO, "%s: cannot be written", path);
	return 0;
}

static int files_write(const struct recipe *r, const char *dir, struct error *err)
{
	struct json_object *files = json_object_object_get(r->json, "files");

	if (!files)
		return 0;
	json_object_object_foreach(files, name, lines) {
		int code = file_write(dir, name, lines, err);

		if (code < 0)
			return code;
	}
	return 0;
}

static int setup_run(const struct recipe *r, struct recipe_run *run, struct error *err)
{
	struct json_object *setup = json_object_object_get(r->json, "setup");
	size_t n = setup ? json_object_array_length(setup) : 0;
	int code = 0;

	for (size_t i = 0; code == 0 && i < n; i++) {
		char **argv = strings_filled(json_object_array_get_idx(setup, i), run->dir);

		code = argv ? run_command(argv, (const char *const *)run->env, run->dir, err) :
			error_set(err, -ENOMEM, "corpora: no memory");
		strings_free(argv);
	}
	return code;
}

int recipe_prepare(struct recipe_run *run, const struct recipe *r, struct error *err)
{
	const char *tmp = getenv("TMPDIR");
	int code;

	memset(run, 0, sizeof *run);
	snprintf(run->dir, sizeof run->dir, "%.180s/blink-%.40s-XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp", r->name);
	if (!mkdtemp(run->dir)) {
		run->dir[0] = 0;
		return error_set(err, -errno, "corpora: cannot make a folder: %s", strerror(errno));
	}
	run->argv = strings_filled(json_object_object_get(r->json, "command"), run->dir);
	run->env = environment_filled(r, run->dir);
	code = run->argv && run->env ? files_write(r, run->dir, err) : error_set(err, -ENOMEM, "corpora: no memory");
	if (code == 0)
		code = setup_run(r, run, err);
	if (code < 0) {
		error_prefix(err, "%s", r->name);
		recipe_clean(run);
	}
	return code;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void recipe_clean(struct recipe_run *run)
{
	if (run->dir[0])
		nftw(run->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	strings_free(run->argv);
	strings_free(run->env);
	memset(run, 0, sizeof *run);
}
