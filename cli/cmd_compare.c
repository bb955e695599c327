/* cmd_compare.c - blinkctl compare: a trace against the file converted from it, or a
 * recording against what the program itself showed. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/compare_recorded.h"
#include "replay/compare.h"

enum { OPT_EVERY, OPT_ENGINE, OPT_OUTPUT, OPT_OFFSCREEN, OPT_PICTURE, OPT_RECORDED };

static const struct cli_option options[] = {
	[OPT_EVERY] = { 'k', "every", "K", "compare every K-th frame, and the last (1)" },
	[OPT_ENGINE] = { 'e', "engine", "jit|interp|both", "which engine runs the file (jit)" },
	[OPT_OUTPUT] = { 'o', "output", "DIR", "where pictures that differ go (./compare)" },
	[OPT_OFFSCREEN] = { 0, "offscreen", NULL, "draw off-screen, as replay does, not into a window" },
	[OPT_PICTURE] = { 'p', "picture", "N", "write the pictures of frame N even if they agree" },
	[OPT_RECORDED] = { 'r', "recorded", NULL, "against the hashes that the recorder took of the program" },
	{ 0 }
};

/* Pictures of so many frames are written; the others are only listed. */
#define PICTURES_MAX 20

struct comparison {
	const char *dir;
	int64_t shown;           /* frame whose pictures are written in any case, or -1 */
	uint32_t pictures;
	struct json_object *differences;
};

static const char *engine_name(enum player_engine e)
{
	return e == PLAYER_JIT ? "jit" : "interp";
}

static int picture_save(const struct comparison *c, const struct compare_frame *f,
			const char *which, const struct picture *p, struct error *err)
{
	return p ? picture_write_in(p, c->dir, err, "frame-%06u-%s-%s", f->frame,
				    engine_name(f->engine), which) : 0;
}

/* Both pictures and their difference. */
static int pictures_save(struct comparison *c, const struct compare_frame *f, struct error *err)
{
	struct picture diff = { 0 };
	int r;

	if (c->pictures++ >= PICTURES_MAX)
		return 0;
	if (mkdir(c->dir, 0777) && errno != EEXIST)
		return error_set(err, -errno, "%s: %s", c->dir, strerror(errno));
	r = picture_save(c, f, "trace", f->trace, err);
	if (r >= 0)
		r = picture_save(c, f, "blink", f->blink, err);
	if (r < 0 || !f->trace || !f->blink)
		return r;
	if (picture_difference_draw(f->trace, f->blink, &diff) < 0)
		return error_set(err, -ENOMEM, "compare: out of memory");
	r = picture_save(c, f, "difference", &diff, err);
	picture_finish(&diff);
	return r;
}

static int frame_seen(void *user, const struct compare_frame *f, struct error *err)
{
	struct comparison *c = user;
	struct json_object *j;
	char detail[48];

	snprintf(detail, sizeof(detail), "frame %u", f->frame);
	cli_progress("comparing", (double)(f->frame + 1) / (f->last + 1), detail);
	if (f->verdict == COMPARE_SAME || f->verdict == COMPARE_NEITHER)
		return f->frame == c->shown ? pictures_save(c, f, err) : 0;
	j = json_object_new_object();
	json_object_object_add(j, "frame", json_object_new_int64(f->frame));
	json_object_object_add(j, "call", json_object_new_int64((int64_t)f->call));
	json_object_object_add(j, "engine", json_object_new_string(engine_name(f->engine)));
	json_object_object_add(j, "verdict",
			       json_object_new_string(compare_verdict_names[f->verdict]));
	json_object_object_add(j, "pixels",
			       json_object_new_int64((int64_t)f->difference.pixels));
	json_object_object_add(j, "largest", json_object_new_int64(f->difference.most));
	json_object_array_add(c->differences, j);
	return pictures_save(c, f, err);
}

static struct json_object *result_json(const struct comparison *c, const char *trace,
				       const char *blink, const struct compare_result *r)
{
	struct json_object *j = json_object_new_object();
	const char *note = r->trace_longer ? "the trace has more frames than the file" :
			   r->trace_shorter ? "the file has more frames than the trace" : NULL;
	bool seen = r->compared > r->neither;

	json_object_object_add(j, "trace", json_object_new_string(trace));
	json_object_object_add(j, "blink", json_object_new_string(blink));
	json_object_object_add(j, "frames", json_object_new_int64(r->blink_frames));
	json_object_object_add(j, "compared", json_object_new_int64(r->compared));
	json_object_object_add(j, "identical", json_object_new_int64(r->same));
	json_object_object_add(j, "without_picture", json_object_new_int64(r->neither));
	json_object_object_add(j, "different", json_object_new_int64(r->different));
	if (note)
		json_object_object_add(j, "note", json_object_new_string(note));
	json_object_object_add(j, "verdict", json_object_new_string(
		r->different || r->trace_shorter ? "different" :
		seen ? "every compared frame is identical" : "there was no picture to compare"));
	if (json_object_array_length(c->differences)) {
		json_object_object_add(j, "differences", json_object_get(c->differences));
		json_object_object_add(j, "pictures", json_object_new_string(c->dir));
	}
	return j;
}

static int compare_main(const struct cli_args *args)
{
	const char *engine = args->opt[OPT_ENGINE] ? args->opt[OPT_ENGINE] : "jit";
	struct comparison c = { .dir = args->opt[OPT_OUTPUT] ? args->opt[OPT_OUTPUT] : "compare",
				.shown = -1 };
	struct compare_options opt = { .on_frame = frame_seen, .user = &c };
	struct compare_result result;
	struct error err = { 0 };
	unsigned long every = 1, shown;
	int r, status;

	opt.jit = !strcmp(engine, "jit") || !strcmp(engine, "both");
	opt.interp = !strcmp(engine, "interp") || !strcmp(engine, "both");
	if (!opt.jit && !opt.interp)
		return cli_usage("compare", "--engine is jit, interp or both");
	if (args->opt[OPT_EVERY] && !cli_uint("--every", args->opt[OPT_EVERY], UINT32_MAX, &every))
		return EXIT_USAGE;
	if (!every)
		return cli_usage("compare", "--every is at least 1");
	if (args->opt[OPT_PICTURE]) {
		if (!cli_uint("--picture", args->opt[OPT_PICTURE], UINT32_MAX, &shown))
			return EXIT_USAGE;
		c.shown = (int64_t)shown;
	}
	if (args->argc != (args->opt[OPT_RECORDED] ? 1 : 2))
		return cli_usage("compare",
				 args->opt[OPT_RECORDED] ? "--recorded wants one file, X.blink"
						     : "wants X.trace and X.blink");
	if (args->opt[OPT_RECORDED]) {
		struct recorded_options recorded = {
			.every = (uint32_t)every, .engine = opt.jit ? PLAYER_JIT : PLAYER_INTERP,
			.offscreen = args->opt[OPT_OFFSCREEN] != NULL
		};

		return compare_recorded(args, &recorded, c.dir);
	}
	opt.offscreen = args->opt[OPT_OFFSCREEN] != NULL;
	opt.every = (uint32_t)every;
	c.differences = json_object_new_array();
	r = compare_run(args->argv[0], args->argv[1], &opt, &result, &err);
	cli_progress(NULL, -1, NULL);
	if (r < 0) {
		status = cli_fail(r == -ENODEV ? EXIT_LACKING : EXIT_DIFFERENT, &err);
	} else {
		cli_print(args, result_json(&c, args->argv[0], args->argv[1], &result));
		status = result.different || result.trace_shorter ? EXIT_DIFFERENT :
			 result.compared > result.neither ? EXIT_GOOD : EXIT_INCONCLUSIVE;
	}
	json_object_put(c.differences);
	return status;
}

const struct cli_command cmd_compare = {
	.name = "compare",
	.synopsis = "X.trace X.blink [--every K] [--engine jit|interp|both] [-o DIR] "
		    "[--picture N] | --recorded X.blink",
	.summary = "replay a trace and the file made from it, and compare the pictures",
	.text =
		"The trace is replayed by apitrace's glretrace, the file by this program; the "
		"pictures before each K-th swap, and before the last, are compared byte for byte. "
		"Where one differs, both and their difference are written as PNG files into DIR "
		"(of the first 20 frames), and the exit status is 1. A frame in which neither side "
		"has anything to show counts as without_picture. The status is 3 when there was no "
		"picture to compare, and 1, too, when the file has more frames than the trace.\n\n"
		"Without $DISPLAY an Xvfb is started for glretrace, and both sides use the software "
		"driver. Both run with MALLOC_PERTURB_=170, so that what a program never cleared "
		"looks the same on both sides.\n\n"
		"Both draw into windows that are not shown, because glretrace enlarges its window "
		"while it replays, and a software driver looks at a window's size only when it "
		"swaps: the first frame of most traces comes out as a corner of 32 by 32 pixels in "
		"unwritten memory, on either side. --offscreen draws this side as replay does, "
		"where such a frame is whole and so differs; all others must be identical.\n\n"
		"When the file holds only the first frames of the trace, only those are compared, "
		"and a note says so.\n\n"
		"With --recorded there is no trace: the file's replay is held against the hashes "
		"that the recorder took of the program's own framebuffer before each swap (blinkctl "
		"capture --hash). Pixels can only be equal on the driver of the recording: Mesa's "
		"llvmpipe on a display of blinkctl's own. The status is 3 when the file holds no "
		"hashes.\n\n"
		"  blinkctl compare glxgears.trace glxgears.blink --every 10 --engine both",
	.options = options,
	.min_args = 1,
	.max_args = 2,
	.run = compare_main,
};
