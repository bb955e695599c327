/* cmd_screen.c - blinkctl screen: asks a running server to do something. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "blink/client/client.h"
#include "blink/server/broker.h"

enum { OPT_SERVER };

static const struct cli_option options[] = {
	[OPT_SERVER] = { 's', "server", "PATH", "its socket ($BLINK_SERVER, or the default of serve)" },
	{ 0 }
};

/* The words behind a verb, in order, as the control socket calls them. */
static const struct { const char *verb, *param[4]; } verbs[] = {
	{ "move", { "id", "x", "y" } },
	{ "resize", { "id", "width", "height" } },
	{ "raise", { "id" } },
	{ "focus", { "id" } },
	{ "close", { "id" } },
	{ "pointer", { "x", "y", "buttons" } },
	{ "key", { "keysym", "down" } },
	{ "screenshot", { "file" } },
	{ "rights", { 0 } },
	{ "quit", { 0 } },
};
#define VERBS (sizeof(verbs) / sizeof(*verbs))

/* The server may stand in another folder. */
static struct json_object *file_word(const char *name)
{
	char here[PATH_MAX], path[2 * PATH_MAX];

	if (*name == '/' || !getcwd(here, sizeof(here)))
		return json_object_new_string(name);
	snprintf(path, sizeof(path), "%s/%s", here, name);
	return json_object_new_string(path);
}

static bool word_add(struct json_object *request, const char *param, const char *word)
{
	char *end;
	long v;

	if (!strcmp(param, "file")) {
		json_object_object_add(request, param, file_word(word));
		return true;
	}
	errno = 0;
	v = strtol(word, &end, 0);
	if (end == word || *end || errno || v < INT_MIN || v > INT_MAX)
		return false;
	json_object_object_add(request, param, json_object_new_int((int)v));
	return true;
}

static struct json_object *request_make(const struct cli_args *args, const char **why)
{
	struct json_object *request = json_object_new_object();
	unsigned v = 0, n = 0;

	while (v < VERBS && strcmp(verbs[v].verb, args->argv[0]))
		v++;
	*why = v < VERBS ? NULL : "no such verb (blinkctl screen --help lists them)";
	for (; !*why && n < 4 && verbs[v].param[n]; n++)
		if ((int)n + 1 >= args->argc)
			*why = "a word is missing (blinkctl screen --help lists them)";
		else if (!word_add(request, verbs[v].param[n], args->argv[n + 1]))
			*why = "a number was expected";
	if (!*why && (int)n + 1 < args->argc)
		*why = "that is a word too many";
	if (*why) {
		json_object_put(request);
		return NULL;
	}
	json_object_object_add(request, "verb", json_object_new_string(args->argv[0]));
	return request;
}

static int screen_command(const struct cli_args *args)
{
	const char *path = blink_server_path(args->opt[OPT_SERVER]);
	struct json_object *request, *answer, *ok, *error;
	struct error err = { 0 };
	const char *why;
	char *line = NULL;
	int r;

	request = request_make(args, &why);
	if (!request)
		return cli_usage("screen", why);
	r = control_ask(path, json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN), &line,
			&err);
	json_object_put(request);
	if (r < 0)
		return cli_fail(EXIT_DIFFERENT, &err);
	answer = json_tokener_parse(line);
	free(line);
	if (!answer || !json_object_object_get_ex(answer, "ok", &ok) ||
	    !json_object_get_boolean(ok)) {
		error_set(&err, -EIO, "%s: %s", args->argv[0],
			  answer && json_object_object_get_ex(answer, "error", &error) ?
			  json_object_get_string(error) : "no answer that can be read");
		json_object_put(answer);
		return cli_fail(EXIT_DIFFERENT, &err);
	}
	cli_print(args, answer);
	return EXIT_GOOD;
}

const struct cli_command cmd_screen = {
	.name = "screen",
	.synopsis = "[--server PATH] VERB [WORD...]",
	.summary = "moves, raises, resizes, feeds and closes the clients of a running server",
	.text =
		"Verbs, with their words:\n\n"
		"  move ID X Y             the area's upper left corner goes there\n"
		"  resize ID WIDTH HEIGHT  if the client agrees to be resized\n"
		"  raise ID                before all others\n"
		"  focus ID                keys go to it\n"
		"  close ID                the client is disconnected\n"
		"  pointer X Y BUTTONS     as if the pointer were there (bit i: button i + 1 down)\n"
		"  key KEYSYM DOWN         X's key symbol; 1 down, 0 up\n"
		"  screenshot FILE         a PNG (or .ppm) of the screen\n"
		"  rights                  the executor tries what its filter forbids\n"
		"  quit                    the server ends\n\n"
		"blinkctl top lists the clients and their numbers.\n\n"
		"  blinkctl screen move 3 100 200",
	.options = options,
	.min_args = 1,
	.max_args = 5,
	.run = screen_command,
};
