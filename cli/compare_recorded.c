/* compare_recorded.c - a replay against the hashes that the recorder took of the
 * program's own pictures. */
#include "cli/compare_recorded.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* Frames that are listed, and whose pictures are written. */
#define LISTED 100
#define PICTURES 5u

struct outcome {
	const char *dir;
	uint32_t pictures;
	struct json_object *differences;
};

static int picture_save(struct outcome *o, const struct recorded_frame *f, struct error *err)
{
	if (!f->picture || o->pictures++ >= PICTURES)
		return 0;
	if (mkdir(o->dir, 0777) && errno != EEXIST)
		return error_set(err, -errno, "%s: cannot be made", o->dir);
	return picture_write_in(f->picture, o->dir, err, "frame-%06u-replay", f->frame);
}

static int frame_seen(void *user, const struct recorded_frame *f, struct error *err)
{
	struct outcome *o = user;
	struct json_object *j;
	char detail[48];

	snprintf(detail, sizeof(detail), "frame %u", f->frame);
	cli_progress("comparing", (double)(f->frame + 1) / (f->last + 1), detail);
	if (f->verdict == RECORDED_SAME)
		return 0;
	if (json_object_array_length(o->differences) < LISTED) {
		j = json_object_new_object();
		json_object_object_add(j, "frame", json_object_new_int64(f->frame));
		json_object_object_add(j, "verdict",
				       json_object_new_string(recorded_verdict_names[f->verdict]));
		snprintf(detail, sizeof(detail), "%ux%u", f->data->width, f->data->height);
		json_object_object_add(j, "program", json_object_new_string(detail));
		if (f->picture) {
			snprintf(detail, sizeof(detail), "%ux%u", f->picture->w, f->picture->h);
			json_object_object_add(j, "replay", json_object_new_string(detail));
		}
		json_object_array_add(o->differences, j);
	}
	return picture_save(o, f, err);
}

static struct json_object *result_json(const struct outcome *o, const char *blink,
				       const struct recorded_result *r)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "blink", json_object_new_string(blink));
	json_object_object_add(j, "frames", json_object_new_int64(r->frames));
	json_object_object_add(j, "hashed", json_object_new_int64(r->hashed));
	json_object_object_add(j, "compared", json_object_new_int64(r->compared));
	json_object_object_add(j, "identical", json_object_new_int64(r->same));
	json_object_object_add(j, "different", json_object_new_int64(r->different));
	json_object_object_add(j, "verdict", json_object_new_string(
		r->different ? "different" : "every compared frame is what the program showed"));
	if (r->different) {
		json_object_object_add(j, "first_difference", json_object_new_int64(r->first));
		json_object_object_add(j, "differences", json_object_get(o->differences));
		if (o->pictures)
			json_object_object_add(j, "pictures", json_object_new_string(o->dir));
	}
	return j;
}

int compare_recorded(const struct cli_args *args, struct recorded_options *opt, const char *dir)
{
	struct outcome o = { .dir = dir, .differences = json_object_new_array() };
	struct recorded_result result;
	struct error err = { 0 };
	int r, status;

	opt->on_frame = frame_seen;
	opt->user = &o;
	r = recorded_compare(args->argv[0], opt, &result, &err);
	cli_progress(NULL, -1, NULL);
	if (r == -ENODATA) {
		status = cli_fail(EXIT_INCONCLUSIVE, &err);
	} else if (r < 0) {
		status = cli_fail(r == -ENODEV ? EXIT_LACKING : EXIT_DIFFERENT, &err);
	} else {
		cli_print(args, result_json(&o, args->argv[0], &result));
		status = result.different ? EXIT_DIFFERENT : EXIT_GOOD;
	}
	json_object_put(o.differences);
	return status;
}
