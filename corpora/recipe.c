/* recipe.c - reads one recipe and checks it, see corpora.h. */
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "corpora/corpora.h"

static bool is_strings(struct json_object *j)
{
	if (!json_object_is_type(j, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(j); i++)
		if (!json_object_is_type(json_object_array_get_idx(j, i), json_type_string))
			return false;
	return true;
}

static bool is_commands(struct json_object *j)
{
	if (!json_object_is_type(j, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(j); i++) {
		struct json_object *c = json_object_array_get_idx(j, i);

		if (!is_strings(c) || json_object_array_length(c) == 0)
			return false;
	}
	return true;
}

static bool is_command(struct json_object *j)
{
	return is_strings(j) && json_object_array_length(j) > 0;
}

static bool is_string(struct json_object *j)
{
	return json_object_is_type(j, json_type_string);
}

static bool is_environment(struct json_object *j)
{
	if (!json_object_is_type(j, json_type_object))
		return false;
	json_object_object_foreach(j, key, value) {
		(void)key;
		if (!is_string(value))
			return false;
	}
	return true;
}

static bool is_files(struct json_object *j)
{
	if (!json_object_is_type(j, json_type_object))
		return false;
	json_object_object_foreach(j, key, value) {
		if (strchr(key, '/') || key[0] == '.' || !is_strings(value))
			return false;
	}
	return true;
}

static bool is_api(struct json_object *j)
{
	const char *s = is_string(j) ? json_object_get_string(j) : "";

	return !strcmp(s, "glx") || !strcmp(s, "egl");
}

static bool is_screen(struct json_object *j)
{
	unsigned w, h;
	char rest;

	return is_string(j) && sscanf(json_object_get_string(j), "%5ux%5u%c", &w, &h, &rest) == 2;
}

static bool is_frames(struct json_object *j)
{
	return json_object_is_type(j, json_type_int) && json_object_get_int64(j) > 0;
}

static bool is_duration(struct json_object *j)
{
	return (json_object_is_type(j, json_type_int) || json_object_is_type(j, json_type_double)) &&
	       json_object_get_double(j) > 0;
}

/* What a recipe may say. */
static const struct key {
	const char *name;
	bool required;
	bool (*good)(struct json_object *j);
} keys[] = {
	{ "title", true, is_string },
	{ "packages", true, is_strings },
	{ "files", false, is_files },
	{ "setup", false, is_commands },
	{ "command", true, is_command },
	{ "environment", false, is_environment },
	{ "screen", false, is_screen },
	{ "api", false, is_api },
	{ "frames", false, is_frames },
	{ "duration", false, is_duration },
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static int recipe_check(struct json_object *j, const char *path, struct error *err)
{
	struct json_object *value;

	if (!json_object_is_type(j, json_type_object))
		return error_set(err, -EINVAL, "%s: not a JSON object", path);
	for (int i = 0; i < KEYS; i++) {
		bool there = json_object_object_get_ex(j, keys[i].name, &value);

		if (there ? !keys[i].good(value) : keys[i].required)
			return error_set(err, -EINVAL, "%s: \"%s\" is %s (corpora/corpora.h has the form)", path,
					 keys[i].name, there ? "not of its form" : "missing");
	}
	json_object_object_foreach(j, key, ignored) {
		int i = 0;

		(void)ignored;
		while (i < KEYS && strcmp(keys[i].name, key))
			i++;
		if (i == KEYS)
			return error_set(err, -EINVAL, "%s: \"%s\" is no key of a recipe", path, key);
	}
	return 0;
}

static const char *recipe_string(const struct recipe *r, const char *key)
{
	struct json_object *j;

	return json_object_object_get_ex(r->json, key, &j) ? json_object_get_string(j) : NULL;
}

static void recipe_fill(struct recipe *r)
{
	const char *screen = recipe_string(r, "screen");
	struct json_object *j;

	r->title = recipe_string(r, "title");
	r->api = recipe_string(r, "api");
	if (screen)
		sscanf(screen, "%5ux%5u", &r->width, &r->height);
	if (json_object_object_get_ex(r->json, "frames", &j))
		r->frames = (uint64_t)json_object_get_int64(j);
	if (json_object_object_get_ex(r->json, "duration", &j))
		r->duration = json_object_get_double(j);
}

int recipe_load(struct recipe *r, const char *name, struct error *err)
{
	char folder[512], path[1024];
	int code = corpora_folder(folder, sizeof folder, err);

	memset(r, 0, sizeof *r);
	if (code < 0)
		return code;
	if (!*name || strchr(name, '/') || strlen(name) > 128)
		return error_set(err, -EINVAL, "corpora: '%s' is no recipe (blinkctl corpora list)", name);
	snprintf(path, sizeof path, "%s/%s.json", folder, name);
	if (access(path, R_OK) < 0)
		return error_set(err, -EINVAL, "corpora: there is no recipe '%s' (blinkctl corpora list)", name);
	r->json = json_object_from_file(path);
	if (!r->json)
		return error_set(err, -EINVAL, "%s: not valid JSON", path);
	r->name = strdup(name);
	code = r->name ? recipe_check(r->json, path, err) : error_set(err, -ENOMEM, "corpora: no memory");
	if (code < 0)
		recipe_finish(r);
	else
		recipe_fill(r);
	return code;
}

void recipe_finish(struct recipe *r)
{
	json_object_put(r->json);
	free(r->name);
	memset(r, 0, sizeof *r);
}

const char **recipe_packages(const struct recipe *r)
{
	struct json_object *j = json_object_object_get(r->json, "packages");
	size_t n = json_object_array_length(j);
	const char **list = calloc(n + 1, sizeof *list);

	for (size_t i = 0; list && i < n; i++)
		list[i] = json_object_get_string(json_object_array_get_idx(j, i));
	return list;
}

static bool package_installed(const char *name)
{
	char *argv[] = { (char[]){ "dpkg-query" }, (char[]){ "-W" }, (char[]){ "-f" },
			 (char[]){ "${db:Status-Status}" }, (char *)(uintptr_t)name, NULL };
	char answer[32] = "";
	int fds[2], status = -1;
	ssize_t n = 0;
	pid_t pid;

	if (pipe(fds) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		if (!freopen("/dev/null", "w", stderr))
			_exit(126);
		close(fds[0]);
		close(fds[1]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	if (pid > 0) {
		n = read(fds[0], answer, sizeof answer - 1);
		waitpid(pid, &status, 0);
	}
	close(fds[0]);
	return n > 0 && status == 0 && !strcmp(answer, "installed");
}

const char **recipe_missing(const struct recipe *r)
{
	const char **list = recipe_packages(r);
	size_t kept = 0;

	for (size_t i = 0; list && list[i]; i++)
		if (!package_installed(list[i]))
			list[kept++] = list[i];
	if (list)
		list[kept] = NULL;
	return list;
}
