/* cmd_prune.c - blinkctl prune: of a log, what the next frame needs. */
#include <stdio.h>
#include <string.h>

#include "blink/base/clock.h"
#include "blink/log/prune.h"
#include "cli/cli.h"

enum { OPT_OUTPUT, OPT_AT, OPT_FRAMES, OPT_BACK };

static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "FILE", "where the pruned log goes" },
	[OPT_AT] = { 'n', "at-frame", "N", "restore the state at the start of frame N (the number of frames: at the end)" },
	[OPT_FRAMES] = { 'f', "frames", "K", "then play K frames (all that follow)" },
	[OPT_BACK] = { 'b', "back-buffer", "RULE", "what a swap leaves: auto, undefined, preserved (auto)" },
	{ 0 }
};

static const char *const rules[] = { "auto", "undefined", "preserved" };

static int options_read(const struct cli_args *args, struct prune_file_options *o)
{
	const char *back = args->opt[OPT_BACK];
	unsigned long n = 0;

	if (!args->opt[OPT_OUTPUT] || !args->opt[OPT_AT])
		return cli_usage("prune", "say where to write, -o FILE, and for which frame, --at-frame N");
	if (!cli_uint("--at-frame", args->opt[OPT_AT], UINT32_MAX - 1, &n))
		return EXIT_USAGE;
	o->at_frame = (uint32_t)n;
	o->frames = PRUNE_ALL;
	if (args->opt[OPT_FRAMES]) {
		if (!cli_uint("--frames", args->opt[OPT_FRAMES], UINT32_MAX - 1, &n))
			return EXIT_USAGE;
		o->frames = (uint32_t)n;
	}
	for (unsigned i = 0; back && i <= PRUNE_PRESERVED; i++)
		if (strcmp(back, rules[i]) == 0) {
			o->back_buffer = (enum prune_back_buffer)i;
			return EXIT_GOOD;
		}
	return back ? cli_usage("prune", "--back-buffer is auto, undefined or preserved") : EXIT_GOOD;
}

static void number(struct json_object *j, const char *key, uint64_t n)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)n));
}

static struct json_object *kinds_json(const uint64_t *by_kind)
{
	struct json_object *j = json_object_new_object();

	for (unsigned i = 0; i < PRUNE_KINDS; i++)
		if (by_kind[i])
			number(j, prune_kind_names[i], by_kind[i]);
	return j;
}

static struct json_object *unjudged_json(const struct prune *p)
{
	struct json_object *list = json_object_new_array();
	const char *why;
	uint64_t count;
	unsigned op;

	for (unsigned i = 0; prune_unjudged(p, i, &op, &count, &why); i++) {
		struct json_object *j = json_object_new_object();

		json_object_object_add(j, "what", json_object_new_string(
			op < GL_OP_COUNT ? gl_ops[op].name : "stored procedures"));
		number(j, "count", count);
		json_object_object_add(j, "why", json_object_new_string(why));
		json_object_array_add(list, j);
	}
	return list;
}

static struct json_object *result_json(const struct prune_file_options *o,
				       const struct prune_stats *s, const struct prune *p,
				       const char *in, const char *out, double seconds)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "file", json_object_new_string(in));
	json_object_object_add(j, "output", json_object_new_string(out));
	number(j, "at_frame", o->at_frame);
	number(j, "records", s->records);
	number(j, "kept", s->kept_total);
	number(j, "kept_without_frame", s->kept_total - s->kept[PRUNE_FRAME]);
	json_object_object_add(j, "kept_by_kind", kinds_json(s->kept));
	number(j, "payload_bytes", s->payload_total);
	number(j, "payload_bytes_without_frame", s->payload_total - s->payload[PRUNE_FRAME]);
	json_object_object_add(j, "payload_by_kind", kinds_json(s->payload));
	json_object_object_add(j, "back_buffer", json_object_new_string(s->preserved ?
			       "preserved" : "undefined after swaps"));
	if (s->clear_age == UINT64_MAX)
		json_object_object_add(j, "last_clear", json_object_new_string("never"));
	else
		number(j, "frames_since_clear", s->clear_age);
	json_object_object_add(j, "unjudged", unjudged_json(p));
	json_object_object_add(j, "seconds", json_object_new_double(seconds));
	return j;
}

static int run(const struct cli_args *args)
{
	struct prune_file_options o = { .tool = "blinkctl " BLINKCTL_VERSION };
	struct prune_stats stats;
	struct blink_file *in = NULL;
	struct prune *p = NULL;
	struct error err = { 0 };
	double start = clock_seconds();
	int status = options_read(args, &o), ret;

	if (status != EXIT_GOOD)
		return status;
	if (cli_replaces(args->argv[0], args->opt[OPT_OUTPUT], &err))
		return cli_fail(EXIT_USAGE, &err);
	ret = blink_open(&in, args->argv[0], 0, &err);
	if (ret >= 0)
		ret = prune_file(in, args->opt[OPT_OUTPUT], &o, &stats, &p, &err);
	if (ret >= 0) {
		if (!stats.preserved)
			fprintf(stderr, "blinkctl: prune: what swaps leave in the back buffer is taken "
				"as undefined (--back-buffer preserved keeps it)\n");
		cli_print(args, result_json(&o, &stats, p, args->argv[0],
					    args->opt[OPT_OUTPUT], clock_seconds() - start));
	}
	prune_destroy(p);
	blink_close(in);
	return ret < 0 ? cli_fail(EXIT_DIFFERENT, &err) : EXIT_GOOD;
}

const struct cli_command cmd_prune = {
	.name = "prune",
	.synopsis = "X.blink --at-frame N [--frames K] [--back-buffer auto|undefined|preserved] "
		    "-o Y.blink",
	.summary = "keep of a log only what the next frame needs",
	.text =
		"Writes a log whose init procedures restore the state that frames 0 to N-1 of X.blink "
		"have made, and whose frames are X.blink's from N on. What is kept follows from the "
		"command table's effects: objects with their contents, state, display lists, "
		"bindings, saved state, and the pixels of framebuffers.\n\n"
		"The pixels of the window are those that the last frame drew: the commands that only "
		"they need are told apart, as the kind frame. A program that clears the window is "
		"followed back to its last clear. With one that never does, auto takes what a swap "
		"leaves in the back buffer as undefined, as GLX and EGL do, and says so; a program "
		"that paints over its old pictures needs preserved, which keeps all that was ever "
		"drawn since.\n\n"
		"unjudged lists what could not be judged and was therefore kept, with the reason: "
		"commands whose effects are not known, and conditional code.\n\n"
		"  blinkctl prune game.blink --at-frame 350 --frames 50 -o part.blink\n"
		"  blinkctl replay part.blink --snapshot pictures",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
