/* test_profile.c - timing thunks change nothing that passes through them; commands that
 * set what is set already are found; a profile's sums agree with the replay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "blink/engine/sink_profile.h"
#include "replay/profile.h"
#include "replay/redundant.h"
#include "tests/replay/scene.h"
#include "tests/support/spgen.h"

/* ---- thunks ------------------------------------------------------------------------ */

static bool takes_pointer(const struct gl_command *cmd)
{
	for (unsigned i = 0; i < cmd->nparams; i++)
		if (cmd->params[i].pointer)
			return true;
	return false;
}

static uint64_t call(struct sink *s, const struct gl_command *cmd, unsigned op, struct rng *r)
{
	uint64_t argv[24];

	for (unsigned i = 0; i < cmd->nparams; i++)
		argv[i] = (uint64_t)rng_next(r) << 32 | rng_next(r);
	return gl_invoke(gl_command_signature(cmd), s->entry[op], argv);
}

/* Every op without pointers, with the same random arguments: same log, same answer. */
static void test_thunks_pass_everything_on(void **state)
{
	struct buf log[2];
	struct sink_profile profile;
	struct rng r[2] = { { 7 }, { 7 } };
	struct error err = { 0 };
	unsigned ops = 0;

	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		struct sink *s;

		buf_init(&log[side]);
		s = sink_recorder_create(&log[side]);
		assert_non_null(s);
		if (side)
			assert_int_equal(sink_profile_attach(&profile, s, &err), 0);
		for (unsigned op = 0; op < GL_OP_COUNT; op++) {
			const struct gl_command *cmd;
			uint64_t answer;

			if (gl_ops[op].command == GL_OP_NO_COMMAND)
				continue;
			cmd = &gl_commands[gl_ops[op].command];
			if (takes_pointer(cmd) || !s->entry[op])
				continue;
			answer = call(s, cmd, op, &r[side]);
			buf_append(&log[side], &answer, sizeof(answer));
			ops++;
			if (side)
				assert_int_equal(profile.calls[op], 1);
		}
		if (side)
			sink_profile_detach(&profile);
		sink_destroy(s);
	}
	assert_true(ops > 600);
	assert_int_equal(log[0].len, log[1].len);
	assert_memory_equal(log[0].data, log[1].data, log[0].len);
	buf_finish(&log[0]);
	buf_finish(&log[1]);
}

static void test_one_profile_at_a_time(void **state)
{
	struct sink *s = sink_null_create();
	struct sink_profile a, b;
	struct error err = { 0 };
	sink_fn before = s->entry[OP_glVertex3f];

	(void)state;
	assert_int_equal(sink_profile_attach(&a, s, &err), 0);
	assert_ptr_not_equal(s->entry[OP_glVertex3f], before);
	assert_true(sink_profile_attach(&b, s, &err) < 0);
	sink_profile_detach(&a);
	assert_ptr_equal(s->entry[OP_glVertex3f], before);
	assert_int_equal(sink_profile_attach(&b, s, &err), 0);
	sink_profile_detach(&b);
	sink_destroy(s);
}

/* ---- redundant ---------------------------------------------------------------------- */

#define TEX_2D 0x0de1
#define UNIT(n) (0x84c0 + (n))

struct step { unsigned op; uint32_t words[4]; bool redundant; };

static const struct step steps_enable[] = {
	{ OP_glEnable, { 0x0be2 }, false },          /* initial values are not assumed */
	{ OP_glEnable, { 0x0be2 }, true },
	{ OP_glEnable, { 0x0b71 }, false },
	{ OP_glEnable, { 0x0be2 }, true },
	{ OP_glDisable, { 0x0be2 }, false },
	{ OP_glDisable, { 0x0be2 }, true },
	{ OP_glEnable, { 0x0be2 }, false },
};
static const struct step steps_units[] = {
	{ OP_glActiveTexture, { UNIT(0) }, false },
	{ OP_glBindTexture, { TEX_2D, 3 }, false },
	{ OP_glBindTexture, { TEX_2D, 3 }, true },
	{ OP_glActiveTexture, { UNIT(1) }, false },
	{ OP_glBindTexture, { TEX_2D, 3 }, false },  /* another unit's */
	{ OP_glActiveTexture, { UNIT(0) }, false },
	{ OP_glBindTexture, { TEX_2D, 3 }, true },   /* still there */
	{ OP_glActiveTexture, { UNIT(0) }, true },
};
static const struct step steps_objects[] = {
	{ OP_glBindTexture, { TEX_2D, 3 }, false },
	{ OP_glTexParameteri, { TEX_2D, 0x2801, 0x2600 }, false },
	{ OP_glTexParameteri, { TEX_2D, 0x2801, 0x2600 }, true },
	{ OP_glBindTexture, { TEX_2D, 4 }, false },
	{ OP_glTexParameteri, { TEX_2D, 0x2801, 0x2600 }, false },   /* another texture's */
};
static const struct step steps_relative[] = {
	{ OP_glTranslatef, { 0, 0, 0 }, false },     /* builds on what was there */
	{ OP_glTranslatef, { 0, 0, 0 }, false },
	{ OP_glLoadIdentity, { 0 }, false },
	{ OP_glLoadIdentity, { 0 }, true },
	{ OP_glTranslatef, { 0, 0, 0 }, false },
	{ OP_glLoadIdentity, { 0 }, false },
	{ OP_glPushMatrix, { 0 }, false },
	{ OP_glPushMatrix, { 0 }, false },
};
static const struct step steps_drawing[] = {
	{ OP_glColor3f, { 1, 2, 3 }, false },
	{ OP_glBegin, { 4 }, false },
	{ OP_glColor3f, { 1, 2, 3 }, true },
	{ OP_glVertex3f, { 1, 2, 3 }, false },
	{ OP_glVertex3f, { 1, 2, 3 }, false },
	{ OP_glEnd, { 0 }, false },
	{ OP_glClear, { 0x4000 }, false },
	{ OP_glClear, { 0x4000 }, false },
};
static const struct step steps_lists[] = {
	{ OP_glNewList, { 1, 0x1300 }, false },
	{ OP_glEnable, { 0x0be2 }, false },
	{ OP_glEnable, { 0x0be2 }, false },          /* compiled, not executed */
	{ OP_glEndList, { 0 }, false },
	{ OP_glEnable, { 0x0be2 }, false },
	{ OP_glCallList, { 1 }, false },
	{ OP_glEnable, { 0x0be2 }, false },          /* who knows what the list did */
};
static const struct step steps_contexts[] = {
	{ OP_blinkMakeCurrent, { 1, 1, 1 }, false },
	{ OP_glEnable, { 0x0be2 }, false },
	{ OP_blinkMakeCurrent, { 2, 1, 1 }, false },
	{ OP_glEnable, { 0x0be2 }, false },
	{ OP_blinkMakeCurrent, { 1, 1, 1 }, false },
	{ OP_glEnable, { 0x0be2 }, true },
};

#define STEPS(s) { #s, s, sizeof(s) / sizeof((s)[0]) }
static const struct { const char *name; const struct step *v; unsigned n; } sequences[] = {
	STEPS(steps_enable), STEPS(steps_units), STEPS(steps_objects), STEPS(steps_relative),
	STEPS(steps_drawing), STEPS(steps_lists), STEPS(steps_contexts),
};

static void test_redundant(void **state)
{
	(void)state;
	for (unsigned k = 0; k < sizeof(sequences) / sizeof(sequences[0]); k++) {
		struct redundant *r = redundant_create();

		assert_non_null(r);
		for (unsigned i = 0; i < sequences[k].n; i++) {
			const struct step *s = &sequences[k].v[i];
			uint32_t rec[5] = { sp_header(s->op, 0) };

			memcpy(rec + 1, s->words, sizeof(s->words));
			if (redundant_record(r, rec) != s->redundant)
				fail_msg("%s, step %u: %s", sequences[k].name, i,
					 gl_ops[s->op].name);
		}
		redundant_destroy(r);
	}
}

/* ---- the whole ------------------------------------------------------------------------ */

#define FRAMES 12u

static void test_profile_of_a_scene(void **state)
{
	const struct profile_options opt = { .engine = PLAYER_JIT, .first = 2, .end = FRAMES };
	struct profile p;
	struct error err = { 0 };
	struct sink *sink;
	uint64_t calls = 0, sum = 0;
	uint32_t *slowest;
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_profile.%d.blink", (int)getpid());
	assert_int_equal(scene_write(path, FRAMES, UINT32_MAX, 0), 0);
	if (sink_gl_create(&sink, NULL, &err) < 0) {
		print_message("%s\n", err.text);
		unlink(path);
		skip();
	}
	if (profile_run(&p, path, sink, &opt, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(p.first, 2);
	assert_int_equal(p.count, FRAMES - 2);
	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		calls += p.op[op].calls;
	for (uint32_t i = 0; i < p.count; i++) {
		const struct profile_frame *f = &p.frames[i];

		assert_int_equal(f->frame, i + 2);
		assert_true(f->wall > 0 && f->waiting >= 0 && f->sum.seconds >= 0);
		assert_true(f->sum.seconds + f->waiting <= f->wall * 1.0001);
		sum += f->sum.calls;
	}
	assert_int_equal(calls, sum);
	assert_int_equal(p.op[OP_blinkSwap].calls, FRAMES - 2);
	slowest = profile_slowest(&p);
	assert_non_null(slowest);
	for (uint32_t i = 1; i < p.count; i++)
		assert_true(p.frames[slowest[i - 1]].wall >= p.frames[slowest[i]].wall);
	free(slowest);
	profile_finish(&p);
	sink_destroy(sink);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thunks_pass_everything_on),
		cmocka_unit_test(test_one_profile_at_a_time),
		cmocka_unit_test(test_redundant),
		cmocka_unit_test(test_profile_of_a_scene),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
