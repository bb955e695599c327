/* blink-video.c - a film, decoded here and shown by stored procedures.
 *
 * The program is woken once for K pictures.  It decodes them straight into mapped objects,
 * and asks for the update SP, which copies them into one half of a texture while the other
 * half is shown.  The redraw SP finds by the time which two pictures the moment lies
 * between, and blends them: motion is even at whatever rate the display has (Hansen 2006,
 * section 2.4).
 *
 * Batch b, pictures bK to bK + K - 1, lies in half b modulo 2.  When its first one is on
 * the screen the other half is not needed any more, and batch b + 1 goes there.
 *
 * Registers: r0 the time at which the film began, r1 the last picture that is there.
 */
#include <GL/gl.h>
#include <GL/glext.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "blink/client/blinkgl.h"
#include "blink/client/programs/film.h"
#include "blink/client/programs/film_scene.h"
#include "blink/client/programs/program_main.h"

enum { OBJECT_INIT = 1, OBJECT_RESHAPE, OBJECT_UPDATE, OBJECT_REDRAW, OBJECT_PICTURES };
enum { BOTH_HALVES = 2 };

struct player {
	struct program program;
	struct blink_connection *c;
	struct film *film;
	struct atlas atlas;            /* of 2 * batch slots */
	uint32_t batch;                /* K */
	double rate;
	bool blend;
	float start;                   /* server's time at picture 0 */
	double ahead, refresh;         /* of the server's clock; between its frames */
	uint64_t compared;             /* reconnects when the clocks were compared first */
	uint64_t next;                 /* batch to be decoded */
	uint64_t reconnects;
	double wakes, pictures;
};

/* ---- procedures ------------------------------------------------------------------ */

static void code_init(struct player *p, struct buf *code)
{
	blink_window(code, p->atlas.width, p->atlas.height);
	blinkGenTextures(code, 1, blink_at(OBJECT_PICTURES + p->atlas.slots, 0));
	blinkBindTexture(code, GL_TEXTURE_2D, 1);
	blinkTexParameteri(code, GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
	blinkTexParameteri(code, GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
	blinkTexParameteri(code, GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
	blinkTexParameteri(code, GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
	blinkTexImage2D(code, GL_TEXTURE_2D, 0, GL_RGB8, (int)atlas_width(&p->atlas),
			(int)atlas_height(&p->atlas), 0, GL_BGRA, GL_UNSIGNED_BYTE, BLINK_NONE);
	blinkTexEnvi(code, GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE, GL_MODULATE);
	blinkEnable(code, GL_TEXTURE_2D);
	/* for good: a redraw SP that changes no state can run at any time */
	blinkBlendFunc(code, GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
	if (p->blend)
		blinkEnable(code, GL_BLEND);
}

static void code_reshape(struct buf *code)
{
	blink_ext(code, 0, SP_EXT_WIDTH);
	blink_ext(code, 1, SP_EXT_HEIGHT);
	blinkViewport_r(code, blink_i(0), blink_i(0), blink_r(0), blink_r(1));
}

static void code_half(struct player *p, struct buf *code, uint32_t half)
{
	for (uint32_t i = half * p->batch; i < (half + 1) * p->batch; i++)
		blinkTexSubImage2D(code, GL_TEXTURE_2D, 0, (int)atlas_x(&p->atlas, i),
				   (int)atlas_y(&p->atlas, i), (int)p->atlas.width,
				   (int)p->atlas.height, GL_BGRA, GL_UNSIGNED_BYTE,
				   blink_at(OBJECT_PICTURES + i, 0));
}

/* (Two procedures that take turns, not one that jumps: behind a jump less is known of the
 * state, and then the redraw SP could not be run at any time.  Neither does that jump.) */
static void code_update(struct player *p, struct buf *code, uint32_t halves)
{
	if (halves != 1)
		code_half(p, code, 0);
	if (halves != 0)
		code_half(p, code, 1);
}

/* Draws the picture of number r(index) over all of the area; uses r20 to r24. */
static void code_picture(struct player *p, struct buf *code, unsigned index)
{
	static const int8_t corners[4][2] = { { -1, -1 }, { 1, -1 }, { 1, 1 }, { -1, 1 } };
	float dx = 1.0f / (float)p->atlas.columns, dy = 1.0f / (float)p->atlas.rows;

	blink_mod_i(code, 20, blink_r(index), blink_i((int)p->atlas.slots));
	blink_mod_i(code, 21, blink_r(20), blink_i((int)p->atlas.columns));
	blink_div_i(code, 22, blink_r(20), blink_i((int)p->atlas.columns));
	blink_cvt_if(code, 21, blink_r(21));
	blink_cvt_if(code, 22, blink_r(22));
	blink_mul_f(code, 21, blink_r(21), blink_f(dx));
	blink_mul_f(code, 22, blink_r(22), blink_f(dy));
	blink_add_f(code, 23, blink_r(21), blink_f(dx));
	blink_add_f(code, 24, blink_r(22), blink_f(dy));
	blinkBegin(code, GL_QUADS);
	for (int i = 0; i < 4; i++) {
		blinkTexCoord2f_r(code, blink_r(corners[i][0] < 0 ? 21 : 23),
				  blink_r(corners[i][1] < 0 ? 24 : 22));
		blinkVertex2f(code, corners[i][0], corners[i][1]);
	}
	blinkEnd(code);
}

static void code_redraw(struct player *p, struct buf *code)
{
	/* r10 = where we are, in pictures; r11 = the one that has begun; r12 = how far */
	blink_ext(code, 10, SP_EXT_TIME);
	blink_sub_f(code, 10, blink_r(10), blink_r(0));
	blink_mul_f(code, 10, blink_r(10), blink_f((float)p->rate));
	blink_max_f(code, 10, blink_r(10), blink_f(0));
	blink_min_f(code, 10, blink_r(10), blink_r(1));
	blink_floor_f(code, 11, blink_r(10));
	blink_sub_f(code, 12, blink_r(10), blink_r(11));
	blink_cvt_fi(code, 13, blink_r(11));
	blinkClear(code, GL_COLOR_BUFFER_BIT);
	blinkColor4f(code, 1, 1, 1, 1);
	code_picture(p, code, 13);
	if (!p->blend)
		return;
	blink_add_i(code, 13, blink_r(13), blink_i(1));
	blinkColor4f_r(code, blink_f(1), blink_f(1), blink_f(1), blink_r(12));
	code_picture(p, code, 13);
}

static int publish(struct player *p, uint32_t object, uint8_t callback, struct error *err)
{
	int r = blink_program_end(p->c, object, callback, err);

	blink_program_begin(p->c);
	return r;
}

static int publish_procedures(struct player *p, struct error *err)
{
	struct buf *code = blink_program(p->c);
	const uint32_t name = 1;
	int r = blink_data(p->c, OBJECT_PICTURES + p->atlas.slots, false, &name, sizeof(name), err);

	blink_program_begin(p->c);
	if (r >= 0) {
		code_init(p, code);
		r = publish(p, OBJECT_INIT, SP_INIT, err);
	}
	if (r >= 0) {
		code_reshape(code);
		r = publish(p, OBJECT_RESHAPE, SP_RESHAPE, err);
	}
	if (r >= 0) {
		code_redraw(p, code);
		r = publish(p, OBJECT_REDRAW, SP_REDRAW, err);
	}
	return r;
}

/* ---- pictures -------------------------------------------------------------------- */

static int picture_publish(struct player *p, uint32_t slot, struct error *err)
{
	uint32_t size = 4 * p->atlas.width * p->atlas.height;
	int64_t frame = p->refresh > 0 ? (int64_t)(1e9 * (double)p->refresh) : INT64_C(2000000);
	void *at;
	int r;

	/* pages that the server has still to give back: it does so when it looks again, at a
	 * display frame */
	while ((r = blink_data_begin(p->c, OBJECT_PICTURES + slot, true, size, &at, err)) == -EAGAIN) {
		if (!program_left(&p->program))
			return -ECANCELED;
		blink_flush(p->c);
		r = blink_wait(p->c, frame, err);
		if (r < 0)
			return r;
	}
	if (r >= 0)
		r = film_read(p->film, at, err);
	return r >= 0 ? blink_data_end(p->c, OBJECT_PICTURES + slot, err) : r;
}

static int hand_over(struct player *p, uint32_t halves, struct error *err)
{
	uint32_t regs[SP_REGISTERS] = { 0 };
	int r;

	blink_program_begin(p->c);
	code_update(p, blink_program(p->c), halves);
	r = publish(p, OBJECT_UPDATE, SP_UPDATE, err);
	regs[0] = blink_float_word(p->start);
	regs[1] = blink_float_word((float)(p->next * p->batch) - (p->blend ? 1.0f : 0.5f));
	blink_registers(p->c, regs);
	blink_request_update(p->c);
	blink_flush(p->c);
	return r;
}

static int batch_decode(struct player *p, struct error *err)
{
	uint32_t first = (uint32_t)(p->next % 2) * p->batch;
	int r = 0;

	for (uint32_t i = 0; i < p->batch && r >= 0; i++)
		r = picture_publish(p, first + i, err);
	p->next++;
	p->pictures += p->batch;
	return r;
}

/* ---- time ------------------------------------------------------------------------ */

static float server_time(struct player *p, float *refresh)
{
	const struct vso_server_page *page = vso_client_server(blink_vso(p->c));
	uint32_t before, words[2];
	float seconds;

	do {
		before = atomic_load_explicit(&page->sequence, memory_order_acquire);
		words[0] = page->ext.value[SP_EXT_TIME];
		words[1] = page->ext.value[SP_EXT_REFRESH];
		atomic_thread_fence(memory_order_acquire);
	} while (before & 1 || before != atomic_load_explicit(&page->sequence,
							       memory_order_relaxed));
	memcpy(&seconds, &words[0], sizeof(seconds));
	memcpy(refresh, &words[1], sizeof(*refresh));
	return seconds;
}

/* How far the server's clock is ahead of ours: its page says what the time was at the last
 * frame, so that the largest difference seen is the best one known. */
static void clocks_compare(struct player *p)
{
	float refresh, seconds = server_time(p, &refresh);
	double ahead = seconds - (double)program_now() * 1e-9;

	if (blink_reconnects(p->c) != p->compared || ahead > p->ahead)
		p->ahead = ahead;
	p->compared = blink_reconnects(p->c);
	p->refresh = refresh;
}

/* How long until the latest batch's predecessor is no longer shown: two refreshes after
 * its last picture, lest a redraw at the very moment find it gone. */
static int64_t time_to_sleep(struct player *p)
{
	double due = p->start + (double)((p->next - 1) * p->batch) / p->rate + 2 * p->refresh;
	double left;

	clocks_compare(p);
	left = due - p->ahead - (double)program_now() * 1e-9;
	return left > 0 ? (int64_t)(left * 1e9) : 0;
}

/* The server came anew: its clock starts again, its textures are empty. */
static int resume(struct player *p, struct error *err)
{
	float refresh;

	p->reconnects = blink_reconnects(p->c);
	p->start = server_time(p, &refresh) -
		   (float)((double)((p->next - 2) * p->batch) / p->rate);
	return hand_over(p, BOTH_HALVES, err);
}

static int wait_for_turn(struct player *p, struct error *err)
{
	int64_t left, end;
	int r;

	while ((left = time_to_sleep(p)) > 0 && (end = program_left(&p->program)) != 0) {
		r = blink_wait(p->c, end > 0 && end < left ? end : left, err);
		p->wakes++;
		if (r >= 0 && blink_reconnects(p->c) != p->reconnects)
			r = resume(p, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int play(struct player *p, struct error *err)
{
	float refresh;
	int r = batch_decode(p, err);

	if (r >= 0)
		r = batch_decode(p, err);
	if (r >= 0)
		r = publish_procedures(p, err);
	if (r < 0)
		return r;
	p->start = server_time(p, &refresh);
	r = hand_over(p, BOTH_HALVES, err);
	if (r >= 0)
		r = blink_settle(p->c, OBJECT_REDRAW, INT64_C(10000000000), err);
	while (r >= 0 && program_left(&p->program)) {
		r = wait_for_turn(p, err);
		if (program_anew(p->c))
			p->wakes = p->pictures = 0;
		if (r < 0 || !program_left(&p->program))
			break;
		r = batch_decode(p, err);
		if (r >= 0)
			r = hand_over(p, (uint32_t)((p->next - 1) % 2), err);
	}
	return r == -ECANCELED ? 0 : r;
}

/* ---- main ------------------------------------------------------------------------- */

static int player_open(struct player *p, uint32_t k, struct error *err)
{
	struct vso_wishes w = blink_wishes(p->program.title ? p->program.title : "video");
	uint32_t width, height;
	int r = film_open(&p->film, p->program.argument, err);

	if (r < 0)
		return r;
	film_size(p->film, &width, &height);
	p->rate = film_rate(p->film);
	if (!atlas_plan(&p->atlas, width, height, 2 * k) || p->atlas.slots < 2)
		return error_set(err, -EINVAL, "%s: pictures of %u x %u are too large",
				 p->program.argument, width, height);
	p->batch = p->atlas.slots / 2;
	p->atlas.slots = 2 * p->batch;
	w.objects = OBJECT_PICTURES + p->atlas.slots + 1;
	w.width = width;
	w.height = height;
	w.flags = VSO_HELLO_DIRECT | VSO_HELLO_RESIZE;
	w.data_bytes = (uint64_t)4 * width * height * p->atlas.slots * 3 / 2 + (1 << 20);
	return blink_connect(&p->c, p->program.server, &w, err);
}

int main(int argc, char **argv)
{
	const char *k = NULL, *no_blend = NULL;
	const struct program_option options[] = {
		{ "batch", "K", "pictures decoded per wake-up (8)", &k },
		{ "no-blend", NULL, "show whole pictures, as they come due", &no_blend },
		{ 0 }
	};
	struct player p = { .compared = UINT64_MAX, .program = {
		.name = "blink-video", .operand = "FILE", .options = options,
		.summary = "plays a film: decodes here, shows it by stored procedures",
	} };
	struct program_count counts[2];
	struct error err = { 0 };
	int status = program_options(&p.program, argc, argv), r;
	double batch;

	if (status >= 0)
		return status;
	batch = program_number(k, 8);
	p.blend = !no_blend;
	if (batch < 1 || batch > 64) {
		fprintf(stderr, "blink-video: --batch is 1 to 64\n");
		return 2;
	}
	r = player_open(&p, (uint32_t)batch, &err);
	if (r >= 0)
		r = play(&p, &err);
	counts[0] = (struct program_count){ "wakes", p.wakes };
	counts[1] = (struct program_count){ "pictures", p.pictures };
	if (r >= 0)
		program_report(&p.program, p.c, counts, 2);
	blink_disconnect(p.c);
	film_close(p.film);
	return r < 0 ? program_fail(&p.program, &err) : 0;
}
