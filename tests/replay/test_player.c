/* test_player.c - the player on the driver of this machine: known pixels through both
 * engines, loops, preparation, refusals. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "replay/player.h"
#include "tests/replay/scene.h"

#define FRAMES 20u

struct playing {
	char path[64];
	struct blink_file *file;
	struct sink *sink;
	struct player *player;
	uint32_t seen;          /* pictures checked */
};

static int check(void *user, struct sink *sink, uint32_t frame, struct error *err)
{
	struct picture want = scene_picture(frame, UINT32_MAX), got = { 0 };
	struct picture_difference d;
	struct playing *p = user;
	int r = sink_gl_read(sink, &got.rgb, &got.w, &got.h, err);

	if (r >= 0 && !picture_compare(&want, &got, &d))
		r = error_set(err, -EBADMSG, "frame %u: %u pixels differ", frame,
			      (unsigned)d.pixels);
	p->seen++;
	picture_finish(&want);
	picture_finish(&got);
	return r;
}

static void start(struct playing *p, enum player_engine engine, int bad)
{
	struct player_options opt = { .engine = engine, .check_errors = true,
				      .on_frame = check, .user = p };
	struct error err = { 0 };

	memset(p, 0, sizeof(*p));
	snprintf(p->path, sizeof(p->path), "/tmp/test_player.%d.blink", (int)getpid());
	assert_int_equal(scene_write(p->path, FRAMES, UINT32_MAX, bad), 0);
	if (blink_open(&p->file, p->path, 0, &err) < 0 || sink_gl_create(&p->sink, NULL, &err) < 0 ||
	    player_create(&p->player, p->file, p->sink, &opt, &err) < 0)
		fail_msg("%s", err.text);
}

static void stop(struct playing *p)
{
	player_destroy(p->player);
	blink_close(p->file);
	sink_destroy(p->sink);
	unlink(p->path);
}

static void play(struct playing *p, uint32_t frame, struct player_frame *f)
{
	struct error err = { 0 };

	if (player_play(p->player, frame, f, &err) < 0)
		fail_msg("%s", err.text);
}

static void test_known_pixels(void **state)
{
	for (int e = PLAYER_JIT; e <= PLAYER_INTERP; e++) {
		struct playing p;
		struct player_frame f;

		(void)state;
		start(&p, (enum player_engine)e, 0);
		for (uint32_t i = 0; i < FRAMES; i++) {
			play(&p, i, &f);
			assert_int_equal(f.frame, i);
			assert_int_equal(f.calls, 4);      /* the swap is one */
			assert_int_equal(f.gl_errors, 0);
		}
		assert_int_equal(p.seen, FRAMES);
		stop(&p);
	}
}

static void test_frames_before_are_played(void **state)
{
	struct error err = { 0 };
	struct playing p;

	(void)state;
	start(&p, PLAYER_JIT, 0);
	play(&p, FRAMES - 1, NULL);
	assert_int_equal(p.seen, FRAMES);
	assert_int_equal(player_play(p.player, 3, NULL, &err), -EINVAL);
	assert_int_equal(player_play(p.player, FRAMES, NULL, &err), -EINVAL);
	stop(&p);
}

static void test_loops_are_identical(void **state)
{
	struct error err = { 0 };
	struct playing p;

	(void)state;
	start(&p, PLAYER_JIT, 0);
	for (uint32_t loop = 0; loop < 4; loop++) {
		play(&p, FRAMES / 2 + loop, NULL);
		assert_int_equal(player_rewind(p.player, &err), 0);
	}
	assert_int_equal(p.seen, 4 * (FRAMES / 2 + 1) + 6);
	stop(&p);
}

static void test_prepared_frames_only_run(void **state)
{
	struct error err = { 0 };
	struct player_frame f;
	struct playing p;

	(void)state;
	for (int e = PLAYER_JIT; e <= PLAYER_INTERP; e++) {
		start(&p, (enum player_engine)e, 0);
		for (uint32_t i = 0; i < FRAMES; i++)
			assert_int_equal(player_prepare(p.player, i, NULL, &err), 0);
		assert_int_equal(p.seen, 0);
		for (uint32_t i = 0; i < FRAMES; i++)
			play(&p, i, &f);
		assert_int_equal(p.seen, FRAMES);
		stop(&p);
	}
}

static void test_refusal(void **state)
{
	struct error err = { 0 };
	struct playing p;

	(void)state;
	start(&p, PLAYER_JIT, 1);
	play(&p, FRAMES - 2, NULL);
	assert_null(player_refusal(p.player));
	assert_int_equal(player_play(p.player, FRAMES - 1, NULL, &err), -EACCES);
	assert_non_null(player_refusal(p.player));
	assert_non_null(strstr(err.text, "blinkMakeCurrent"));
	assert_int_equal(p.seen, FRAMES - 1);     /* nothing of it ran */
	stop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_pixels),
		cmocka_unit_test(test_frames_before_are_played),
		cmocka_unit_test(test_loops_are_identical),
		cmocka_unit_test(test_prepared_frames_only_run),
		cmocka_unit_test(test_refusal),
	};
	struct error err = { 0 };
	struct sink *s;
	int r = sink_gl_create(&s, NULL, &err);

	if (r == -ENODEV) {
		printf("skipped: %s\n", err.text);
		return 77;
	}
	if (r == 0)
		sink_destroy(s);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
