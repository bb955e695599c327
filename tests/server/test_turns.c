/* test_turns.c - shares of a display frame, and what comes of stalls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "blink/server/painter.h"

#define PERIOD 20000000u
#define N 4u

struct rig { struct painter s; struct window w[N], *list[N]; };

static void rig_make(struct rig *r, uint32_t n)
{
	*r = (struct rig){ .s = { .windows = r->list, .n = n, .period_ns = PERIOD, .frames = 1000 } };
	for (uint32_t i = 0; i < n; i++)
		*(r->list[i] = &r->w[i]) = (struct window){ .id = i + 1 };
}

static void frame(struct rig *r)
{
	r->s.frames++;
	r->s.now_ns += PERIOD;
	turns_begin(&r->s);
}

/* w's turn takes so long; late: and the display frame with it. */
static void spend(struct rig *r, uint32_t i, uint64_t ns, bool late)
{
	struct window *w = &r->w[i];

	w->turn.given_ns = turns_budget(&r->s, w);
	if (late)
		r->s.turns.began_ns -= 2 * PERIOD;
	turns_spent(&r->s, w, ns, true);
}

static bool frame_of(struct rig *r, uint64_t ns, bool late)
{
	bool allowed;

	frame(r);
	for (uint32_t i = 1; i < r->s.n; i++)
		spend(r, i, 500000, false);
	allowed = turns_allow(&r->s, &r->w[0]);
	if (allowed)
		spend(r, 0, ns, late);
	return allowed;
}

/* Who wants more gets what the others leave, and comes after them; they have their shares. */
static void test_shares(void **state)
{
	struct rig r;
	uint32_t at = 0;

	(void)state;
	rig_make(&r, 3);
	for (int i = 0; i < 3; i++)
		frame_of(&r, 12000000, false);
	frame(&r);
	assert_true(r.w[0].turn.greedy);
	assert_ptr_equal(turns_next(&r.s, &at), &r.w[1]);
	assert_ptr_equal(turns_next(&r.s, &at), &r.w[2]);
	assert_ptr_equal(turns_next(&r.s, &at), &r.w[0]);
	assert_null(turns_next(&r.s, &at));
	assert_in_range(turns_budget(&r.s, &r.w[0]), PERIOD / 2, PERIOD - PERIOD / 8 - 1000000);
	/* nothing is left of the frame: shares are */
	r.s.turns.began_ns -= 2 * PERIOD;
	assert_in_range(turns_budget(&r.s, &r.w[1]), PERIOD / 4, PERIOD / 3);
	assert_in_range(turns_budget(&r.s, &r.w[0]), PERIOD / 4, PERIOD / 3);
}

/* Who has brought much, now and then, is prepared when the others have been drawn, also in frames
 * in which nothing comes; and each is drawn once in a frame, not before it has been prepared. */
static void test_behind(void **state)
{
	struct rig r;
	uint32_t at = 0;

	(void)state;
	rig_make(&r, 3);
	for (unsigned i = 0; i < 20; i++) {
		frame(&r);
		turns_spent(&r.s, &r.w[0], i ? 10000 : PERIOD / 8, false);
		for (uint32_t j = 1; j < 3; j++)
			turns_spent(&r.s, &r.w[j], 10000, false);
	}
	frame(&r);
	assert_ptr_equal(turns_next(&r.s, &at), &r.w[1]);
	assert_ptr_equal(turns_next(&r.s, &at), &r.w[2]);
	assert_ptr_equal(turns_next(&r.s, &at), &r.w[0]);
	assert_null(turns_next(&r.s, &at));
	assert_false(r.w[1].turn.behind);
	assert_true(r.w[0].turn.behind);
	assert_false(turns_draw(&r.s, &r.w[1]));
	r.w[1].turn.prepared_frame = r.s.frames;
	assert_true(turns_draw(&r.s, &r.w[1]));
	assert_false(turns_draw(&r.s, &r.w[1]));
	/* it is forgotten */
	for (unsigned i = 0; i < 100; i++) {
		frame(&r);
		turns_spent(&r.s, &r.w[0], 10000, false);
	}
	frame(&r);
	assert_false(r.w[0].turn.behind);
}

/* Frames that fail through one client are fewer than one in a hundred. */
static void test_stalls(void **state)
{
	struct rig r;
	unsigned turns = 0;

	(void)state;
	rig_make(&r, 3);
	for (unsigned i = 0; i < 10; i++)
		frame_of(&r, 1000000, false);
	for (unsigned i = 0; i < 13000; i++)
		turns += frame_of(&r, 60000000, true);
	assert_in_range(turns, 50, 13000 / 128 + 64);
	/* the good ones never missed theirs */
	assert_false(r.w[1].over_budget || r.w[2].over_budget);
}

/* Those who have worked steadily are disturbed once by whoever comes, and then so seldom that
 * the 99th percentile of their intervals does not show it. */
static void test_steady(void **state)
{
	unsigned stalls = 0;
	struct rig r;

	(void)state;
	rig_make(&r, 3);
	for (unsigned f = 0; f < 200; f++) {
		frame(&r);
		for (uint32_t i = 1; i < r.s.n; i++)
			spend(&r, i, 500000, false);
	}
	for (unsigned f = 0; f < 256; f++)
		stalls += frame_of(&r, 60000000, true);
	assert_in_range(stalls, 1, 2);
	for (unsigned f = 0; f < 2560; f++)
		stalls += frame_of(&r, 60000000, true);
	assert_in_range(stalls, 10, 2560 / 128 + 2);
}

/* Several take turns at it, and it is no more. */
static void test_many(void **state)
{
	struct rig r;
	unsigned turns[N] = { 0 }, all = 0;

	(void)state;
	rig_make(&r, N);
	for (unsigned f = 0; f < 13000; f++) {
		frame(&r);
		spend(&r, 0, 500000, false);
		for (uint32_t i = 1; i < N; i++) {
			if (!turns_allow(&r.s, &r.w[i]))
				continue;
			turns[i]++;
			spend(&r, i, 60000000, true);
		}
	}
	for (uint32_t i = 1; i < N; i++) {
		assert_true(turns[i] > 20);
		all += turns[i];
	}
	assert_in_range(all, 60, 13000 / 128 + 64 + N);
}

/* Several that begin slowly at once, with two stalls each, do not wait for each other. */
static void test_beginners(void **state)
{
	struct rig r;
	unsigned stalls[N] = { 0 }, f;

	(void)state;
	rig_make(&r, N);
	for (f = 0; f < 140; f++) {
		frame(&r);
		for (uint32_t i = 0; i < N; i++) {
			if (!turns_allow(&r.s, &r.w[i]))
				continue;
			stalls[i] += stalls[i] < 3;
			spend(&r, i, stalls[i] < 3 ? 60000000 : 1000000, stalls[i] < 3);
		}
	}
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(r.w[i].turn.last_frame, r.s.frames);
}

/* Good work ends probation; and nobody else there, there is none. */
static void test_forgiven(void **state)
{
	struct rig r;
	unsigned turns = 0;

	(void)state;
	rig_make(&r, 2);
	for (unsigned i = 0; i < 1000; i++)
		frame_of(&r, 60000000, i < 500);
	for (unsigned i = 0; i < 9000; i++)
		frame_of(&r, 1000000, false);
	for (unsigned i = 0; i < 100; i++)
		turns += frame_of(&r, 1000000, false);
	assert_int_equal(turns, 100);
	rig_make(&r, 1);
	for (unsigned i = 0; i < 100; i++)
		turns += frame_of(&r, 30000000, true);
	assert_true(turns > 150);
}

/* Whose preparing has used its share draws in the next frame, and in that one at any rate. */
static void test_postponed(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, 3);
	for (unsigned f = 0; f < 10; f++)
		frame_of(&r, 4000000, false);
	frame(&r);
	spend(&r, 1, 500000, false);
	spend(&r, 2, 500000, false);
	assert_true(turns_allow(&r.s, &r.w[0]));
	assert_false(turns_postpone(&r.s, &r.w[0]));
	turns_spent(&r.s, &r.w[0], 8000000, false);
	r.s.turns.began_ns -= PERIOD;
	assert_true(turns_postpone(&r.s, &r.w[0]));
	assert_true(r.w[0].over_budget);
	frame(&r);
	assert_true(turns_allow(&r.s, &r.w[0]));
	turns_spent(&r.s, &r.w[0], 8000000, false);
	r.s.turns.began_ns -= PERIOD;
	assert_false(turns_postpone(&r.s, &r.w[0]));
	assert_false(r.w[0].turn.stalls);
}

/* Two that bring something new in the same frame, for which there is no room: one of them waits,
 * and not for ever; who has not drawn yet does not. */
static void test_put_off(void **state)
{
	struct rig r;
	unsigned waits = 0;

	(void)state;
	rig_make(&r, 3);
	for (unsigned f = 0; f < 10; f++)
		frame_of(&r, 4000000, false);
	frame(&r);
	turns_spent(&r.s, &r.w[1], 6000000, false);
	assert_false(turns_put_off(&r.s, &r.w[0]));     /* it has never brought much */
	frame(&r);
	turns_spent(&r.s, &r.w[0], 6000000, false);
	turns_spent(&r.s, &r.w[0], 4000000, true);
	for (unsigned f = 0; f < 12; f++) {
		frame(&r);
		r.s.turns.began_ns -= 12000000;
		assert_true(turns_allow(&r.s, &r.w[0]));
		waits += turns_put_off(&r.s, &r.w[0]);
		turns_spent(&r.s, &r.w[0], 4000000, true);
	}
	assert_in_range(waits, 6, 10);
	frame(&r);
	r.s.turns.began_ns -= 12000000;
	r.w[0].turn.drew_frame = 0;
	assert_false(turns_put_off(&r.s, &r.w[0]));
}

/* A machine that is slow for a moment now and then costs nobody who works steadily more than
 * the frame. */
static void test_slow_machine(void **state)
{
	struct rig r;
	unsigned turns = 0;

	(void)state;
	rig_make(&r, 3);
	for (unsigned f = 1; f <= 1500; f++)
		turns += frame_of(&r, f % 150 ? 2000000 : 9000000, f % 150 == 0);
	assert_in_range(turns, 1500 - 2 * 10, 1500);
	assert_false(r.w[0].turn.proof);
}

/* Who works well for as long as that takes, and then makes a long frame fail, again and again, is
 * put on probation, and has no grace any more. */
static void test_patient(void **state)
{
	unsigned stalls = 0;
	struct rig r;

	(void)state;
	rig_make(&r, 3);
	for (unsigned f = 0; f < 13000; f++) {
		bool now = r.w[0].turn.good > 129;

		stalls += frame_of(&r, now ? 5 * PERIOD : 500000, now) && now;
	}
	assert_in_range(stalls, 2, 13000 / 128);
	assert_true(r.w[0].turn.proof >= 4096);
	assert_int_equal(turns_grace(&r.s, &r.w[0]), 0);
}

/* Who needs half of its share is taken in at once, whatever others have used. */
static void test_own_share(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, 2);
	for (unsigned f = 0; f < 10; f++)
		frame_of(&r, 1500000, false);
	for (unsigned f = 0; f < 12; f++) {
		frame(&r);
		r.s.turns.began_ns -= PERIOD;
		assert_true(turns_allow(&r.s, &r.w[0]));
		assert_false(turns_put_off(&r.s, &r.w[0]));
		turns_spent(&r.s, &r.w[0], f % 3 ? 20000 : 2500000, false);
		turns_spent(&r.s, &r.w[0], 1500000, true);
	}
}

/* A fixed budget knows none of this. */
static void test_fixed(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, 2);
	r.s.opt.limits.frame_ns = 5000000;
	assert_true(frame_of(&r, 5000000, true));
	assert_true(frame_of(&r, 9000000, true));
	assert_false(r.w[0].turn.stalls);
	assert_true(frame_of(&r, 6000000, true));
	assert_false(frame_of(&r, 0, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares), cmocka_unit_test(test_behind), cmocka_unit_test(test_stalls),
		cmocka_unit_test(test_steady), cmocka_unit_test(test_many), cmocka_unit_test(test_beginners),
		cmocka_unit_test(test_forgiven),
		cmocka_unit_test(test_postponed), cmocka_unit_test(test_slow_machine),
		cmocka_unit_test(test_put_off), cmocka_unit_test(test_patient),
		cmocka_unit_test(test_own_share),
		cmocka_unit_test(test_fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
