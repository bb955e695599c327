/* compare.c - a trace's replay against a .blink file's, frame by frame. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blink/sp/file.h"
#include "capture/trace.h"
#include "replay/compare.h"
#include "replay/stream.h"
#include "replay/xvfb.h"

const char *const compare_verdict_names[] = {
	"same", "different", "size", "missing", "neither",
};

/* ---- which calls end frames ---------------------------------------------- */

/* The window-system calls that apitrace counts frames by. */
static bool call_ends_frame(const char *name)
{
	static const char *const ends[] = {
		"glXSwapBuffers", "glXSwapBuffersMscOML", "eglSwapBuffers",
		"eglSwapBuffersWithDamageEXT", "eglSwapBuffersWithDamageKHR",
		"glFrameTerminatorGREMEDY",
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		if (!strcmp(name, ends[i]))
			return true;
	}
	return false;
}

struct swaps {
	uint64_t *calls;
	uint32_t n, cap;
	bool egl;
};

static int swaps_add(struct swaps *s, uint64_t call, struct error *err)
{
	uint32_t cap = s->cap ? s->cap * 2 : 1024;
	uint64_t *p;

	if (s->n == s->cap) {
		p = realloc(s->calls, cap * sizeof(*p));
		if (!p)
			return error_set(err, -ENOMEM, "compare: out of memory");
		s->calls = p;
		s->cap = cap;
	}
	s->calls[s->n++] = call;
	return 0;
}

/* The first max frame ends of the trace; *longer when there is another. */
static int swaps_find(const char *path, uint32_t max, struct swaps *s, bool *longer,
		      struct error *err)
{
	static const char yes, no;      /* what a signature's .user points to */
	struct trace_call call;
	struct trace *t;
	int r = trace_open(&t, path, err);

	if (r < 0)
		return r;
	*longer = false;
	while (!*longer && (r = trace_next(t, &call, err)) > 0) {
		if (!call.sig->user)
			call.sig->user = (void *)(call_ends_frame(call.sig->name) ? &yes : &no);
		if (call.sig->user != &yes || call.incomplete)
			continue;
		s->egl = call.sig->name[0] == 'e';
		if (s->n == max)
			*longer = true;
		else if ((r = swaps_add(s, call.no, err)) < 0)
			break;
	}
	trace_close(t);
	return r < 0 ? r : 0;
}

/* ---- choosing frames ----------------------------------------------------- */

struct chosen {
	uint32_t *frames;
	uint64_t *calls;
	uint32_t n;
	bool egl;
};

static int frames_choose(struct chosen *c, const struct swaps *s, uint32_t every,
			 struct error *err)
{
	c->frames = calloc(s->n ? s->n : 1, sizeof(*c->frames));
	c->calls = calloc(s->n ? s->n : 1, sizeof(*c->calls));
	if (!c->frames || !c->calls)
		return error_set(err, -ENOMEM, "compare: out of memory");
	c->egl = s->egl;
	for (uint32_t i = 0; i < s->n; i++) {
		if (i % every && i + 1 != s->n)
			continue;
		c->frames[c->n] = i;
		c->calls[c->n++] = s->calls[i];
	}
	return 0;
}

/* ---- comparing ----------------------------------------------------------- */

static void frame_judge(struct compare_frame *f)
{
	if (!f->trace && !f->blink)
		f->verdict = COMPARE_NEITHER;
	else if (!f->trace || !f->blink)
		f->verdict = COMPARE_MISSING;
	else if (picture_compare(f->trace, f->blink, &f->difference))
		f->verdict = COMPARE_SAME;
	else
		f->verdict = f->difference.same_size ? COMPARE_DIFFERENT : COMPARE_SIZE;
}

static int frame_compare(struct stream *blink, const struct picture *reference,
			 struct compare_frame *f, const struct compare_options *opt,
			 struct compare_result *out, struct error *err)
{
	const struct picture *picture = NULL;
	int r = stream_take(blink, f->frame, &picture, err);

	if (r < 0)
		return r;
	f->trace = reference;
	f->blink = picture;
	frame_judge(f);
	out->compared++;
	out->same += f->verdict == COMPARE_SAME;
	out->neither += f->verdict == COMPARE_NEITHER;
	out->different += f->verdict != COMPARE_SAME && f->verdict != COMPARE_NEITHER;
	return opt->on_frame ? opt->on_frame(opt->user, f, err) : 0;
}

/* streams[0] is glretrace, streams[1 + engine] the players (not started: no .in). */
static int streams_compare(struct stream streams[3], const struct stream_frames *want,
			   const struct compare_options *opt, struct compare_result *out,
			   struct error *err)
{
	int r = 0;

	for (uint32_t i = 0; i < want->n && r >= 0; i++) {
		const struct picture *reference = NULL;

		r = stream_take(&streams[0], want->calls[i], &reference, err);
		for (unsigned e = PLAYER_JIT; e <= PLAYER_INTERP && r >= 0; e++) {
			struct compare_frame f = { .frame = want->frames[i],
						   .last = want->frames[want->n - 1],
						   .call = want->calls[i],
						   .engine = (enum player_engine)e };
			if (streams[1 + e].what)
				r = frame_compare(&streams[1 + e], reference, &f, opt, out, err);
		}
	}
	return r;
}

static int streams_run(const char *trace, const char *blink, const struct stream_frames *want,
		       const char *display, const struct compare_options *opt,
		       struct compare_result *out, struct error *err)
{
	struct stream streams[3] = { 0 };
	int r = 0;

	if (opt->jit)
		r = stream_player(&streams[1 + PLAYER_JIT], blink, want, PLAYER_JIT,
				  opt->offscreen, display, err);
	if (r >= 0 && opt->interp)
		r = stream_player(&streams[1 + PLAYER_INTERP], blink, want, PLAYER_INTERP,
				  opt->offscreen, display, err);
	if (r >= 0)
		r = stream_glretrace(&streams[0], trace, want, display, err);
	if (r >= 0)
		r = streams_compare(streams, want, opt, out, err);
	for (unsigned i = 0; i < 3; i++)
		stream_stop(&streams[i]);
	return r;
}

static int compare_chosen(const char *trace, const char *blink, const struct chosen *c,
			  const struct compare_options *opt, struct compare_result *out,
			  struct error *err)
{
	const struct stream_frames want = { c->frames, c->calls, c->n, c->egl, false };
	const char *display = getenv("DISPLAY");
	struct xvfb xvfb = { 0 };
	int r;

	if (display && display[0])
		return streams_run(trace, blink, &want, NULL, opt, out, err);
	r = xvfb_start(&xvfb, 1280, 1024, err);
	if (r < 0)
		return r;
	r = streams_run(trace, blink, &want, xvfb.display, opt, out, err);
	xvfb_stop(&xvfb);
	return r;
}

int compare_run(const char *trace, const char *blink, const struct compare_options *opt,
		struct compare_result *out, struct error *err)
{
	struct swaps swaps = { 0 };
	struct chosen chosen = { 0 };
	struct blink_file *file;
	int r;

	memset(out, 0, sizeof(*out));
	r = blink_open(&file, blink, 0, err);
	if (r < 0)
		return r;
	out->blink_frames = blink_frame_count(file);
	blink_close(file);
	r = swaps_find(trace, out->blink_frames, &swaps, &out->trace_longer, err);
	out->trace_frames = swaps.n + out->trace_longer;
	out->trace_shorter = swaps.n < out->blink_frames;
	if (r >= 0)
		r = frames_choose(&chosen, &swaps, opt->every ? opt->every : 1, err);
	if (r >= 0 && chosen.n)
		r = compare_chosen(trace, blink, &chosen, opt, out, err);
	free(swaps.calls);
	free(chosen.frames);
	free(chosen.calls);
	return r;
}
