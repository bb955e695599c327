/* recorded.c - a replay against the hashes that the recorder took. */
#include "replay/recorded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "blink/sp/file.h"
#include "replay/stream.h"
#include "replay/xvfb.h"

const char *const recorded_verdict_names[] = { "same", "different", "size", "missing" };

struct hashed {
	uint32_t *frames;
	struct blink_frame_data *data;
	uint32_t n;
};

/* The frames with a hash, every so manieth, and the last. */
static int frames_choose(const char *path, uint32_t every, struct hashed *h,
			 struct recorded_result *out, struct error *err)
{
	struct blink_file *f;
	uint32_t known, last = 0;
	int r = blink_open(&f, path, 0, err);

	if (r < 0)
		return r;
	out->frames = blink_frame_count(f);
	known = blink_frame_data_count(f);
	h->frames = calloc((size_t)known + 1, sizeof(*h->frames));
	h->data = calloc((size_t)known + 1, sizeof(*h->data));
	if (!h->frames || !h->data)
		r = error_set(err, -ENOMEM, "compare: out of memory");
	for (uint32_t i = 0; i < known && r >= 0; i++) {
		struct blink_frame_data d;

		r = blink_frame_data_get(f, i, &d, err);
		if (r < 0 || !d.width)
			continue;
		last = out->hashed++;
		/* the last one takes the place of the one that was not due */
		if (h->n && (last - 1) % every)
			h->n--;
		h->frames[h->n] = i;
		h->data[h->n++] = d;
	}
	if (r >= 0 && !h->n)
		r = error_set(err, -ENODATA, "%s: holds no pictures' hashes (record it with "
			      "blinkctl capture --hash)", path);
	blink_close(f);
	return r;
}

/* As the recorder does: rows from the bottom up; of a larger picture, the lower left. */
static XXH128_hash_t picture_hash(const struct picture *p, uint32_t w, uint32_t h)
{
	XXH3_state_t *s = XXH3_createState();
	XXH128_hash_t hash = { 0, 0 };

	if (!s)
		return hash;
	XXH3_128bits_reset(s);
	for (uint32_t y = 0; y < h; y++)
		XXH3_128bits_update(s, p->rgb + (size_t)(p->h - 1 - y) * p->w * 3, (size_t)w * 3);
	hash = XXH3_128bits_digest(s);
	XXH3_freeState(s);
	return hash;
}

static void frame_judge(struct recorded_frame *f)
{
	XXH128_hash_t h;

	if (!f->picture) {
		f->verdict = RECORDED_MISSING;
		return;
	}
	/* a program's buffers may be smaller than its window until the next swap */
	if (f->picture->w < f->data->width || f->picture->h < f->data->height) {
		f->verdict = RECORDED_SIZE;
		return;
	}
	h = picture_hash(f->picture, f->data->width, f->data->height);
	f->verdict = h.low64 == f->data->hash[0] && h.high64 == f->data->hash[1]
		   ? RECORDED_SAME : RECORDED_DIFFERENT;
}

static int stream_compare(struct stream *s, const struct hashed *h,
			  const struct recorded_options *opt, struct recorded_result *out,
			  struct error *err)
{
	int r = 0;

	for (uint32_t i = 0; i < h->n && r >= 0; i++) {
		struct recorded_frame f = { .frame = h->frames[i], .data = &h->data[i],
					    .last = h->frames[h->n - 1] };

		r = stream_take(s, f.frame, &f.picture, err);
		if (r < 0)
			break;
		frame_judge(&f);
		out->compared++;
		if (f.verdict == RECORDED_SAME)
			out->same++;
		else if (!out->different++)
			out->first = f.frame;
		if (opt->on_frame)
			r = opt->on_frame(opt->user, &f, err);
	}
	return r;
}

static int hashes_compare(const char *blink, const struct hashed *h, const char *display,
			  const struct recorded_options *opt, struct recorded_result *out,
			  struct error *err)
{
	const struct stream_frames want = { .frames = h->frames, .n = h->n, .plain = true };
	struct stream s = { 0 };
	int r = stream_player(&s, blink, &want, opt->engine, opt->offscreen, display, err);

	if (r >= 0)
		r = stream_compare(&s, h, opt, out, err);
	stream_stop(&s);
	return r;
}

int recorded_compare(const char *blink, const struct recorded_options *opt,
		     struct recorded_result *out, struct error *err)
{
	const char *display = getenv("DISPLAY");
	struct hashed h = { 0 };
	struct xvfb xvfb = { 0 };
	int r;

	memset(out, 0, sizeof(*out));
	r = frames_choose(blink, opt->every ? opt->every : 1, &h, out, err);
	if (r >= 0 && display && display[0]) {
		r = hashes_compare(blink, &h, NULL, opt, out, err);
	} else if (r >= 0) {
		r = xvfb_start(&xvfb, 1280, 1024, err);
		if (r >= 0)
			r = hashes_compare(blink, &h, xvfb.display, opt, out, err);
		xvfb_stop(&xvfb);
	}
	free(h.frames);
	free(h.data);
	return r;
}
