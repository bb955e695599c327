/* cmd_corpora.c - blinkctl corpora: the programs that are recorded. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/run.h"
#include "cli/capture_flow.h"
#include "cli/capture_say.h"
#include "cli/command.h"
#include "corpora/corpora.h"

enum { OPT_OUTPUT, OPT_RECORDER, OPT_HASH, OPT_FRAMES, OPT_DURATION, OPT_VERBOSE, OPT_KEEP, OPT_PACK };

static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "PATH", "record: the file, or the folder for NAME.trace or NAME.blink (.)" },
	[OPT_RECORDER] = { 'r', "recorder", "R", "record: auto, blink (ours, NAME.blink) or apitrace (NAME.trace)" },
	[OPT_HASH] = { 0, "hash", NULL, "record: hash the program's own picture at every swap" },
	[OPT_FRAMES] = { 'n', "frames", "N", "record: stop after N frames instead of the recipe's length" },
	[OPT_DURATION] = { 't', "duration", "S", "record: stop after S seconds instead of the recipe's" },
	[OPT_VERBOSE] = { 'v', "verbose", NULL, "record: let the program's own output through" },
	[OPT_KEEP] = { 0, "keep-recording", "FILE", "record: keep what a .blink was made of under this name" },
	[OPT_PACK] = { 'z', "pack", NULL, "record: pack the .blink with zstd" },
	{ 0 }
};

/* ---- list ---- */

static struct json_object *strings_json(const char *const *list)
{
	struct json_object *j = json_object_new_array();

	for (; list && *list; list++)
		json_object_array_add(j, json_object_new_string(*list));
	return j;
}

static struct json_object *recipe_json(const struct recipe *r)
{
	struct json_object *j = json_object_new_object();
	const char **packages = recipe_packages(r), **missing = recipe_missing(r);

	json_object_object_add(j, "name", json_object_new_string(r->name));
	json_object_object_add(j, "title", json_object_new_string(r->title));
	json_object_object_add(j, "packages", strings_json(packages));
	json_object_object_add(j, "missing", strings_json(missing));
	if (r->frames)
		json_object_object_add(j, "frames", json_object_new_int64((int64_t)r->frames));
	if (r->duration > 0)
		json_object_object_add(j, "duration", json_object_new_int64((int64_t)r->duration));
	free(packages);
	free(missing);
	return j;
}

static void recipe_print(struct json_object *j)
{
	struct json_object *missing = json_object_object_get(j, "missing");
	size_t n = json_object_array_length(missing);

	printf("%-16s %s\n", json_object_get_string(json_object_object_get(j, "name")),
	       json_object_get_string(json_object_object_get(j, "title")));
	for (size_t i = 0; i < n; i++)
		printf("%s%s", i ? " " : "                 needs ",
		       json_object_get_string(json_object_array_get_idx(missing, i)));
	if (n)
		putchar('\n');
}

static int corpora_list(const struct cli_args *args)
{
	struct json_object *all = json_object_new_array();
	struct error err = { 0 };
	char **names;
	int n = corpora_names(&names, &err), code = n < 0 ? n : 0;

	for (int i = 0; code == 0 && i < n; i++) {
		struct recipe r;

		code = recipe_load(&r, names[i], &err);
		if (code == 0) {
			json_object_array_add(all, recipe_json(&r));
			recipe_finish(&r);
		}
	}
	corpora_free_names(names);
	if (code == 0 && args->json) {
		cli_print(args, json_object_get(all));
	} else if (code == 0) {
		for (size_t i = 0; i < json_object_array_length(all); i++)
			recipe_print(json_object_array_get_idx(all, i));
	}
	json_object_put(all);
	return code < 0 ? cli_fail(EXIT_DIFFERENT, &err) : EXIT_GOOD;
}

/* ---- install ---- */

static int apt_get(const char *const *words, const char *const *packages, struct error *err)
{
	static const char *const quiet[] = { "DEBIAN_FRONTEND=noninteractive", NULL };
	const char *argv[64];
	char path[256];
	int n = 0;

	if (geteuid() != 0) {
		if (!run_find_program("sudo", path, sizeof path))
			return error_set(err, -EPERM, "corpora: packages can be installed by root only (or through sudo)");
		argv[n++] = "sudo";
	}
	argv[n++] = "apt-get";
	while (*words && n < 60)
		argv[n++] = *words++;
	while (packages && *packages && n < 62)
		argv[n++] = *packages++;
	argv[n] = NULL;
	return run_command((char *const *)(uintptr_t)argv, quiet, NULL, err);
}

static int packages_install(const char *const *missing, struct error *err)
{
	static const char *const update[] = { "-q", "update", NULL };
	static const char *const install[] = {
		"-q", "-y", "-o", "Dpkg::Use-Pty=0", "install", "--no-install-recommends", NULL
	};
	char path[256];
	int code;

	if (!run_find_program("apt-get", path, sizeof path))
		return error_set(err, -ENOPKG, "corpora: no apt-get here (install what Debian calls %s%s)", missing[0],
				 missing[1] ? " and others, see corpora list" : "");
	code = apt_get(update, NULL, err);
	return code < 0 ? code : apt_get(install, missing, err);
}

static int install_one(const char *name, struct json_object *done, struct error *err)
{
	struct recipe r;
	int code = recipe_load(&r, name, err);
	const char **missing;

	if (code < 0)
		return code;
	missing = recipe_missing(&r);
	if (missing && missing[0]) {
		cli_progress("installing", 0, name);
		code = packages_install(missing, err);
		cli_progress("installing", -1, NULL);
	}
	if (code == 0)
		json_object_object_add(done, name, strings_json(missing));
	free(missing);
	recipe_finish(&r);
	return code;
}

static int corpora_install(const struct cli_args *args)
{
	struct json_object *j = json_object_new_object(), *done = json_object_new_object();
	struct error err = { 0 };
	int code = 0;

	json_object_object_add(j, "installed", done);
	for (int i = 1; code == 0 && i < args->argc; i++)
		code = install_one(args->argv[i], done, &err);
	if (code == 0) {
		cli_print(args, j);
		return EXIT_GOOD;
	}
	json_object_put(j);
	return cli_fail(code == -ENOPKG || code == -EPERM ? EXIT_LACKING : EXIT_DIFFERENT, &err);
}

/* ---- record ---- */

/* The length: the recipe's, unless the command line has its own. */
static int length_choose(const struct cli_args *args, const struct recipe *r, struct run_options *opt)
{
	unsigned long frames = 0;

	opt->frames = r->frames;
	opt->duration = r->duration;
	if (args->opt[OPT_FRAMES]) {
		if (!cli_uint("--frames", args->opt[OPT_FRAMES], UINT32_MAX, &frames))
			return EXIT_USAGE;
		if (!frames)
			return cli_usage("corpora", "--frames wants at least 1");
		opt->frames = frames;
	}
	if (args->opt[OPT_DURATION]) {
		if (!cli_number(args->opt[OPT_DURATION], SECONDS_LEAST, SECONDS_MOST, &opt->duration))
			return cli_usage("corpora", "--duration wants seconds, such as 20 or 2.5");
		if (!args->opt[OPT_FRAMES])
			opt->frames = 0;
	}
	return 0;
}

/* PATH names a folder when it is one or ends in a slash. */
static void output_choose(const char *path, const char *name, bool ours, char *out, size_t size)
{
	const char *end = ours ? "blink" : "trace";
	struct stat st;
	size_t n = path ? strlen(path) : 0;

	if (!path)
		snprintf(out, size, "%s.%s", name, end);
	else if (n && path[n - 1] == '/')
		snprintf(out, size, "%s%s.%s", path, name, end);
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		snprintf(out, size, "%s/%s.%s", path, name, end);
	else
		snprintf(out, size, "%s", path);
}

static int record_recipe(const struct cli_args *args, const struct recipe *r, struct capture_flow *f,
			 struct json_object **summary, struct error *err)
{
	struct run_options *opt = &f->run;
	const char **missing = recipe_missing(r);
	struct recipe_run place;
	int code = 0;

	if (missing && missing[0])
		code = error_set(err, -ENOPKG, "%s: needs %s%s (blinkctl corpora install %s)", r->name, missing[0],
				 missing[1] ? " and more" : "", r->name);
	free(missing);
	if (code < 0)
		return code;
	code = recipe_prepare(&place, r, err);
	if (code < 0)
		return code;
	opt->argv = place.argv;
	opt->env = (const char *const *)place.env;
	opt->cwd = place.dir;
	opt->display = RUN_DISPLAY_OWN;
	opt->width = r->width;
	opt->height = r->height;
	opt->api = !r->api ? RUN_API_AUTO : !strcmp(r->api, "egl") ? RUN_API_EGL : RUN_API_GLX;
	opt->verbose = args->opt[OPT_VERBOSE] != NULL;
	opt->progress = capture_progress;
	opt->user = opt;
	code = capture_flow_run(f, summary, err);
	recipe_clean(&place);
	return code;
}

static int corpora_record(const struct cli_args *args)
{
	struct capture_flow f = { .keep = args->opt[OPT_KEEP], .pack = args->opt[OPT_PACK] != NULL };
	struct json_object *summary;
	struct recipe r;
	struct error err = { 0 };
	char out[4096];
	int code;

	if (args->argc != 2)
		return cli_usage("corpora", "record wants one NAME (blinkctl corpora list)");
	if (!capture_recorder_parse(args->opt[OPT_RECORDER], &f.recorder))
		return cli_usage("corpora", "--recorder wants auto, blink or apitrace");
	f.run.hash = args->opt[OPT_HASH] != NULL;
	if (recipe_load(&r, args->argv[1], &err) < 0)
		return cli_fail(EXIT_DIFFERENT, &err);
	code = length_choose(args, &r, &f.run);
	output_choose(args->opt[OPT_OUTPUT], r.name, f.recorder == CAPTURE_BLINK || f.run.hash, out,
		      sizeof out);
	f.output = out;
	f.program = r.name;
	if (!code && capture_flow_objection(&f))
		code = cli_usage("corpora", capture_flow_objection(&f));
	if (code) {
		recipe_finish(&r);
		return code;
	}
	code = record_recipe(args, &r, &f, &summary, &err);
	if (code == 0)
		cli_print(args, summary);
	recipe_finish(&r);
	return code < 0 ? cli_fail(code == -ENOPKG ? EXIT_LACKING : EXIT_DIFFERENT, &err) : EXIT_GOOD;
}

static int corpora_run(const struct cli_args *args)
{
	const char *verb = args->argv[0];

	if (!strcmp(verb, "list"))
		return args->argc == 1 ? corpora_list(args) : cli_usage("corpora", "list takes no name");
	if (!strcmp(verb, "install"))
		return args->argc > 1 ? corpora_install(args)
				      : cli_usage("corpora", "install wants a NAME (blinkctl corpora list)");
	if (!strcmp(verb, "record"))
		return corpora_record(args);
	return cli_usage("corpora", "the first word is list, install or record");
}

const struct cli_command cmd_corpora = {
	.name = "corpora",
	.synopsis = "list | install NAME... | record NAME [-o PATH] [--recorder R] [--frames N]",
	.summary = "list, install and record the programs with a recipe",
	.text =
		"A recipe (corpora/recipes/NAME.json) says which Debian packages a program needs, "
		"how it is started, and how long it is recorded.\n\n"
		"list shows them, with the packages that are missing here. install installs those, "
		"through apt-get, as root or with sudo. record runs the program as blinkctl capture "
		"does, on a display of its own and in a fresh home folder that is removed "
		"afterwards, and writes NAME.trace, or with --recorder blink NAME.blink.\n\n"
		"  blinkctl corpora install openarena\n"
		"  blinkctl corpora record openarena -o traces/",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.run = corpora_run,
};
