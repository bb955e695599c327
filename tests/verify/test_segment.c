/* test_segment.c - what a verifier remembers must make no difference: frames of pieces in
 * random order and with random words changed are verified by one that remembers, and by
 * one that forgets everything before each; verdicts, places and facts agree.  What is
 * accepted is compiled from the steps that the former found, and does what the
 * interpreter does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/engine/two_engines.h"
#include "tests/verify/cases.h"

#include <GL/gl.h>
#include <GL/glext.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define WORDS 4000u
#define PIECE 12u

/* Pieces of frames as programs draw them; op NULL ends one. */
static const struct record pieces[][PIECE] = {
	{ { "glBindTexture", { GL_TEXTURE_2D, 3 } }, { "glEnableClientState", { GL_VERTEX_ARRAY } },
	  { "glVertexPointer", { 3, GL_FLOAT, 0, PAY_VERTICES, 0 } },
	  { "glDrawArrays", { GL_TRIANGLES, 0, 4 } } },
	{ { "glVertexPointer", { 3, GL_FLOAT, 0, PAY_TWO, 0 } }, { "glLockArraysEXT", { 0, 2 } },
	  { "glDrawArrays", { GL_POINTS, 0, 2 } }, { "glUnlockArraysEXT", { 0 } } },
	{ { "glVertexPointer", { 2, GL_FLOAT, 8, PAY_VERTICES, 4 } },
	  { "glColorPointer", { 3, GL_UNSIGNED_BYTE, 1, PAY_VERTICES, 0 } },
	  { "glEnableClientState", { GL_COLOR_ARRAY } },
	  { "glDrawElements", { GL_TRIANGLES, 4, GL_UNSIGNED_SHORT, PAY_INDICES, 0 } } },
	{ { "glDisableClientState", { GL_COLOR_ARRAY } }, { "glColor4f", { 1, 2, 3, 4 } },
	  { "glVertexPointer", { 3, GL_FLOAT, 0, PAY_VERTICES, 0 } },
	  { "glDrawRangeElements", { 4, 0, 3, 4, GL_UNSIGNED_SHORT, PAY_INDICES, 0 } } },
	{ { "glClientActiveTexture", { GL_TEXTURE1 } },
	  { "glTexCoordPointer", { 2, GL_FLOAT, 0, PAY_VERTICES, 0 } },
	  { "glEnableClientState", { GL_TEXTURE_COORD_ARRAY } },
	  { "glDrawArrays", { GL_LINES, 1, 2 } },
	  { "glDisableClientState", { GL_TEXTURE_COORD_ARRAY } },
	  { "glClientActiveTexture", { GL_TEXTURE0 } } },
	{ { "glBegin", { GL_QUADS } }, { "glVertex3fv", { PAY_VERTICES, 0 } },
	  { "glTexCoord2fv", { PAY_VERTICES, 8 } }, { "glVertex3fv", { PAY_VERTICES, 12 } },
	  { "glVertex3fv", { PAY_VERTICES, 36 } }, { "glEnd", { 0 } } },
	{ { "glBegin", { GL_QUADS } }, { "glVertex3f", { 1, 2, 3 } }, { "glVertex3f", { 1, 2, 4 } },
	  { "glVertex3f", { 1, 2, 3 } }, { "glVertex3f", { 1, 2, 4 } },
	  { "glVertex3f", { 1, 2, 3 } }, { "glVertex3f", { 1, 2, 4 } }, { "glEnd", { 0 } } },
	{ { "glEnable", { GL_DEPTH_TEST } }, { "glClear", { 0x4100 } },
	  { "glPushAttrib", { 0xfffff } }, { "glDisable", { GL_BLEND } },
	  { "glEnable", { GL_PRIMITIVE_RESTART } }, { "glPrimitiveRestartIndex", { 0xffff } },
	  { "glPopAttrib", { 0 } } },
	{ { "glVertexPointer", { 3, GL_FLOAT, 0, PAY_VERTICES, 0 } },
	  { "glDrawElements", { 4, 4, GL_UNSIGNED_SHORT, PAY_RESTART, 0 } } },
	{ { "glBindBuffer", { GL_ARRAY_BUFFER, 1 } },
	  { "glVertexPointer.buf", { 3, GL_FLOAT, 0, 16, 0 } },
	  { "glDrawArrays", { 4, 0, 400 } }, { "glBindBuffer", { GL_ARRAY_BUFFER, 0 } } },
	{ { "glBindBuffer", { GL_ELEMENT_ARRAY_BUFFER, 1 } },
	  { "glBufferData", { GL_ELEMENT_ARRAY_BUFFER, 8, 0, PAY_INDICES, 0, GL_STATIC_DRAW } },
	  { "glVertexPointer", { 3, GL_FLOAT, 0, PAY_VERTICES, 0 } },
	  { "glDrawElements.buf", { 4, 4, GL_UNSIGNED_SHORT, 0, 0 } },
	  { "glBindBuffer", { GL_ELEMENT_ARRAY_BUFFER, 0 } } },
	{ { "glNewList", { 1, GL_COMPILE } }, { "glColor4f", { 1, 0, 0, 1 } }, { "glEndList", { 0 } },
	  { "glCallList", { 1 } } },
	{ { "glCallList", { 1 } }, { "glCallList", { 2 } } },
	{ { "mov", { 3, 9 } }, { "add.i", { 4, 3, 5 }, 2 }, { "glVertex2i", { 3, 4 }, 3 } },
	{ { "jump.lt.i", { 1, 2, 5 }, 0 }, { "glColor4f", { 1, 2, 3, 4 } } },
	{ { "glVertexAttribPointer", { 1, 3, GL_FLOAT, 0, 0, PAY_TWO, 0 } },
	  { "glEnableVertexAttribArray", { 1 } }, { "glVertexAttribDivisor", { 1, 2 } },
	  { "glDrawArraysInstanced", { 4, 0, 2, 4 } }, { "glDisableVertexAttribArray", { 1 } },
	  { "glVertexAttribDivisor", { 1, 0 } } },
	{ { "glPushClientAttrib", { 2 } }, { "glPopClientAttrib", { 0 } } },
	{ { "glGenBuffers", { 1, PAY_NAMES, 0 } }, { "glDeleteBuffers", { 1, PAY_NAMES, 0 } } },
	{ { "glUniform4f", { 2, 1, 2, 3, 4 } }, { "glLoadMatrixf", { 0, 0 } } },
	{ { "glDrawElementsBaseVertex", { 4, 2, GL_UNSIGNED_SHORT, PAY_INDICES, 0, 2 } } },
	{ { "glTexImage2D", { GL_TEXTURE_2D, 0, GL_RGBA, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE,
			      PAY_VERTICES, 0 } } },
	{ { "glDrawArrays", { 4, 0, 4 } } }, { { "glDrawArrays", { 4, 1, 2 } } },
};
#define COMMON 8u          /* of them are what most frames consist of */
#define PIECES (sizeof(pieces) / sizeof(*pieces))

static const uint32_t values[] = { 0, 1, 2, 3, 4, 5, 8, 12, 24, 48, 0xffff, 0x7fffffff,
	0xffffffff, GL_UNSIGNED_INT, GL_UNSIGNED_BYTE, GL_TEXTURE_COORD_ARRAY, GL_DOUBLE,
	PAY_TWO, PAY_ABSENT, PAY_INDICES_BAD, PAY_SHARED, PAY_SHARED_INDICES, 999 };

/* A frame: changed per cent of pieces have a word that is not as it was. */
static uint32_t frame_make(struct random *r, uint32_t *code, unsigned n, unsigned changed)
{
	uint32_t words = 0;

	while (n--) {
		struct record one[2] = { 0 };
		const struct record *piece = pieces[random_below(r, random_below(r, 6) ? COMMON
										       : PIECES)];
		unsigned i, change = random_below(r, 100) < changed ? random_below(r, 4) : PIECE;

		for (i = 0; i < PIECE && piece[i].op; i++) {
			unsigned size = gl_ops[gl_op_find(piece[i].op)].words;

			one[0] = piece[i];
			if (i == change && size > 1)
				one[0].word[random_below(r, size - 1)] =
					values[random_below(r, sizeof(values) / sizeof(*values))];
			if (words + size + 2 > WORDS)
				break;
			words += case_code(one, code + words, WORDS - words) - 1;
		}
	}
	return words + 1;
}

struct pair {
	struct verify_state *state[2];          /* remembers; forgets */
	struct verify_env env[2];
	struct sp_index index;
	struct two two;
};

static void pair_verify(struct pair *p, const struct sp *sp, struct verify_verdict *d, int *rc)
{
	for (unsigned i = 0; i < 2; i++) {
		if (i)
			verify_forget(p->state[1]);
		memset(&d[i], 0, sizeof(d[i]));
		rc[i] = verify_sp(p->state[i], &p->env[i], sp, &d[i]);
	}
}

static void pair_open(struct pair *p)
{
	static const struct record make[] = {
		{ "blinkContext", { 1, 0, 0, 0 } }, { "blinkMakeCurrent", { 1, 1, 1 } }, { 0 } };
	struct verify_verdict d[2];
	struct sp sp = { .callback = SP_INIT };
	uint32_t code[32];
	int rc[2];

	memset(p, 0, sizeof(*p));
	two_init(&p->two);
	assert_int_equal(index_init(&p->index), 0);
	for (unsigned i = 0; i < 2; i++) {
		p->state[i] = verify_state_create();
		assert_non_null(p->state[i]);
		case_env(&p->env[i]);
		p->two.side[i].client.payloads = case_payloads;
	}
	p->env[0].index = &p->index;
	p->env[0].payloads_stable = true;
	sp.code = code;
	sp.nwords = case_code(make, code, 32);
	pair_verify(p, &sp, d, rc);
	assert_int_equal(rc[0] | rc[1], 0);
}

static void pair_close(struct pair *p)
{
	for (unsigned i = 0; i < 2; i++)
		verify_state_destroy(p->state[i]);
	index_finish(&p->index);
	two_finish(&p->two);
}

/* Where the two differ, NULL if they agree. */
static const char *verdicts_differ(const struct verify_verdict *d, const int *rc)
{
	const struct verify_facts *a = &d[0].facts, *b = &d[1].facts;

	if (rc[0] != rc[1] || d[0].reason != d[1].reason)
		return "verdict";
	if (d[0].record != d[1].record || d[0].word != d[1].word ||
	    strcmp(d[0].line, d[1].line) != 0)
		return "place";
	if (rc[0])
		return NULL;
	if (a->clears_color != b->clears_color || a->clears_depth != b->clears_depth ||
	    a->clears_stencil != b->clears_stencil || a->uses_depth != b->uses_depth ||
	    a->uses_stencil != b->uses_stencil || a->uses_blend != b->uses_blend ||
	    a->reads_framebuffer != b->reads_framebuffer || a->draws != b->draws ||
	    a->clamps != b->clamps || a->relative != b->relative)
		return "what is used";
	if (a->commands != b->commands || a->vertices != b->vertices ||
	    a->unknown_lists != b->unknown_lists || a->contexts != b->contexts ||
	    a->opaque != b->opaque || a->mediations != b->mediations ||
	    a->list_words != b->list_words)
		return "counts";
	return NULL;
}

/* The steps that the verifier found, compiled, against the interpreter. */
static const char *engines_differ(struct pair *p, const struct sp *sp)
{
	struct two *t = &p->two;
	enum engine_status status[2];
	const struct jit_code *code;
	struct error err;

	code = jit_compile_index(t->jit, sp, &p->index, &err);
	if (!code)
		return "JIT refused";
	for (unsigned i = 0; i < 2; i++) {
		buf_clear(&t->side[i].log);
		sink_recorder_use(t->side[i].sink);
		t->side[i].client.budget = UINT64_MAX;
		status[i] = i ? jit_run(&t->side[1].client, code, sp, 0)
			      : interp_run(&t->side[0].client, sp, 0);
	}
	return status[0] != status[1] ? "status" : two_difference(t);
}

static void frames(unsigned changed, uint64_t seed, unsigned rounds)
{
	struct random r = { .state = seed };
	struct sp_payload payload[PAYLOADS];
	uint32_t code[WORDS], accepted = 0;
	struct verify_reuse reuse;
	struct pair p;

	pair_open(&p);
	memcpy(payload, case_payloads.v, sizeof(payload));
	p.env[0].payloads.v = p.env[1].payloads.v = payload;
	for (unsigned i = 0; i < rounds; i++) {
		struct sp sp = { .callback = i % 50 ? SP_REDRAW : SP_UPDATE, .code = code };
		struct verify_verdict d[2];
		const char *difference;
		int rc[2];

		sp.nwords = frame_make(&r, code, 1 + random_below(&r, 40), changed);
		/* limits and payloads change in between, as they do for real clients */
		p.env[0].limits.names[GL_SPACE_TEXTURE] =
			p.env[1].limits.names[GL_SPACE_TEXTURE] = i % 1000 < 900 ? CASE_NAMES : 2;
		/* a payload that was a copy is mapped instead, for a while */
		payload[PAY_VERTICES].flags = i % 700 > 600 ? SP_PAYLOAD_SHARED : 0;
		payload[PAY_INDICES].flags = i % 500 > 450 ? SP_PAYLOAD_SHARED : 0;
		pair_verify(&p, &sp, d, rc);
		difference = verdicts_differ(d, rc);
		if (!difference && rc[0] == 0)
			difference = engines_differ(&p, &sp);
		if (difference)
			fail_msg("seed %llu, frame %u: %s differs (%s %u, %s %u)",
				 (unsigned long long)seed, i, difference,
				 verify_reason_name(d[0].reason), d[0].record,
				 verify_reason_name(d[1].reason), d[1].record);
		accepted += rc[0] == 0;
	}
	verify_reuse_get(p.state[0], &reuse);
	print_message("%u of %u frames accepted, %llu records known, %llu segments learned, "
		      "%llu failed a check\n", accepted, rounds,
		      (unsigned long long)reuse.hits, (unsigned long long)reuse.learned,
		      (unsigned long long)reuse.failed);
	assert_true(accepted > rounds / 50);
	assert_true(reuse.hits > rounds);
	pair_close(&p);
}

/* Verified by both, and run; NULL where nothing differs. */
static const char *look(struct pair *p, const struct sp *sp, bool *accepted)
{
	struct verify_verdict d[2];
	const char *difference;
	int rc[2];

	pair_verify(p, sp, d, rc);
	difference = verdicts_differ(d, rc);
	*accepted = rc[0] == 0;
	if (difference)
		print_message("reason %d at %u: %s; from nothing: %d at %u: %s\n",
			      (int)d[0].reason, d[0].record, d[0].line,
			      (int)d[1].reason, d[1].record, d[1].line);
	return difference || rc[0] ? difference : engines_differ(p, sp);
}

/* What lists and buffers pieces call and bind becomes something else. */
static uint32_t meanwhile_make(struct random *r, uint32_t *code)
{
	static const struct record changes[][4] = {
		{ { "glNewList", { 1, GL_COMPILE } }, { "glEnable", { GL_BLEND } },
		  { "glEndList", { 0 } } },
		{ { "glNewList", { 1, GL_COMPILE } }, { "glVertex3f", { 0 } }, { "glEndList", { 0 } } },
		{ { "glDeleteLists", { 1, 2 } } },
		{ { "glGenBuffers", { 1, PAY_NAMES, 0 } } },
		{ { "glDeleteBuffers", { 1, PAY_NAMES, 0 } } },
		{ { "glEnable", { GL_PRIMITIVE_RESTART } } },
		{ { "glVertexPointer", { 3, GL_FLOAT, 0, PAY_TWO, 0 } },
		  { "glLockArraysEXT", { 0, 2 } } },
	};

	return case_code(changes[random_below(r, sizeof(changes) / sizeof(*changes))], code, 100);
}

/* Frames of the same length, of which a word or none is another each time, while payloads,
 * lists and buffers change: what was is taken for what is only where it is. */
static void frames_again(void **state)
{
	struct random r = { .state = 77 };
	struct sp_payload payload[PAYLOADS];
	uint32_t base[WORDS], code[WORDS], other[100], words = 0, accepted = 0;
	struct verify_reuse reuse;
	struct pair p;

	(void)state;
	pair_open(&p);
	memcpy(payload, case_payloads.v, sizeof(payload));
	p.env[0].payloads.v = p.env[1].payloads.v = payload;
	for (unsigned i = 0; i < 12000; i++) {
		struct sp sp = { .callback = SP_REDRAW, .code = code };
		bool good;
		const char *difference;

		/* until there is one that is accepted */
		good = i % 24 != 0;
		for (unsigned n = 0; !good && n < 100; n++) {
			sp.code = base;
			words = sp.nwords = frame_make(&r, base, 20 + random_below(&r, 20), 0);
			difference = look(&p, &sp, &good);
			if (difference)
				fail_msg("base of frame %u: %s", i, difference);
		}
		sp.code = code;
		memcpy(code, base, sizeof(code));
		for (unsigned n = random_below(&r, 3); n; n--)
			code[random_below(&r, words)] = random_below(&r, 2) ? random_below(&r, 12)
				: values[random_below(&r, sizeof(values) / sizeof(*values))];
		payload[PAY_VERTICES].flags = random_below(&r, 40) ? 0 : SP_PAYLOAD_SHARED;
		payload[PAY_TWO].data = random_below(&r, 40) ? case_payloads.v[PAY_TWO].data : NULL;
		if (!random_below(&r, 4)) {
			struct sp between = { .callback = SP_UPDATE, .code = other };

			between.nwords = meanwhile_make(&r, other);
			difference = look(&p, &between, &good);
			if (difference)
				fail_msg("between, %u: %s", i, difference);
		}
		sp.nwords = words;
		difference = look(&p, &sp, &good);
		if (difference)
			fail_msg("frame %u: %s", i, difference);
		accepted += good;
	}
	verify_reuse_get(p.state[0], &reuse);
	print_message("%u accepted, %llu records known\n", accepted, (unsigned long long)reuse.hits);
	assert_true(accepted > 1000 && reuse.hits > 50000);
	pair_close(&p);
}

/* Between Begin and End no buffer can be made, so that only the name 0 passes: not any
 * name, when the piece is met again. */
static void name_in_begin(void **state)
{
	uint32_t code[WORDS], at = 0;
	struct sp sp = { .callback = SP_REDRAW, .code = code };
	struct pair p;
	bool good;

	(void)state;
	pair_open(&p);
	for (unsigned i = 0; i < 30; i++) {
		const struct record piece[] = { { "glBegin", { GL_QUADS } },
			{ "glTexBuffer", { GL_TEXTURE_BUFFER, GL_R8, 0 } }, { "glVertex3f", { 0 } },
			{ "glEnd", { 0 } }, { 0 } };

		at += case_code(piece, code + at, WORDS - at) - 1;
	}
	sp.nwords = at + 1;
	for (unsigned i = 0; i < 4; i++) {
		assert_null(look(&p, &sp, &good));
		assert_true(good);
	}
	/* the last one's name: before the vertex (4), End (1) and `end` */
	code[at - gl_ops[OP_glVertex3f].words - gl_ops[OP_glEnd].words - 1] = 3;
	assert_null(look(&p, &sp, &good));
	assert_false(good);
	pair_close(&p);
}

/* A frame that comes again is parted alike each time, and all of it is known: small
 * primitives, commands that begin as a pattern does, as many pieces that begin alike as there
 * are lists, and client attributes saved in between. */
static void parted_alike(void **state)
{
	static const struct record primitive[] = { { "glNormal3f", { 0, 0, 1 } },
		{ "glBegin", { GL_QUADS } }, { "glVertex3f", { 1 } }, { "glVertex3f", { 2 } },
		{ "glVertex3f", { 3 } }, { "glVertex3f", { 4 } }, { "glEnd", { 0 } }, { 0 } };
	static const struct record letter[] = { { "glTranslatef", { 1 } }, { "glTranslatef", { 2 } },
		{ "glTranslatef", { 3 } }, { "glNormal3f", { 0, 0, 1 } },
		{ "glDrawArrays", { GL_QUADS, 0, 4 } }, { 0 } };
	static const struct record push[] = { { "glPushClientAttrib", { 2 } },
		{ "glVertexPointer", { 3, GL_FLOAT, 0, PAY_VERTICES, 0 } },
		{ "glEnableClientState", { GL_VERTEX_ARRAY } }, { 0 } };
	static const struct record pop[] = { { "glPopClientAttrib", { 0 } }, { 0 } };
	uint32_t code[WORDS], at = 0, steps = 0;
	struct sp sp = { .callback = SP_REDRAW, .code = code };
	struct verify_reuse before, after;
	struct verify_verdict d;
	struct pair p;

	(void)state;
	pair_open(&p);
	for (unsigned i = 0; i < 60; i++) {
		const struct record list[] = { { "glCallList", { 1 + i } }, { 0 } };

		at += case_code(primitive, code + at, WORDS - at) - 1;
		at += case_code(letter, code + at, WORDS - at) - 1;
		at += case_code(list, code + at, WORDS - at) - 1;
		if (i % 20 == 3)
			at += case_code(push, code + at, WORDS - at) - 1;
		if (i % 20 == 13)
			at += case_code(pop, code + at, WORDS - at) - 1;
	}
	sp.nwords = at + 1;
	for (unsigned i = 0; i < 12; i++) {
		verify_reuse_get(p.state[0], &before);
		assert_int_equal(verify_sp(p.state[0], &p.env[0], &sp, &d), 0);
		verify_reuse_get(p.state[0], &after);
		if (i >= 6) {
			assert_int_equal(p.index.nsteps, steps);
			assert_int_equal(after.learned, before.learned);
			/* but for what saves and restores, and the end */
			assert_true(after.hits - before.hits + 7 >= d.facts.commands);
		}
		steps = p.index.nsteps;
		assert_null(engines_differ(&p, &sp));
	}
	pair_close(&p);
}

static void frames_as_they_are(void **state)
{
	(void)state;
	frames(0, 1, 4000);
}

static void frames_changed(void **state)
{
	(void)state;
	for (uint64_t seed = 2; seed < 6; seed++)
		frames((unsigned)seed, seed, 3000);
}

/* Every level of the processor comes to the same. */
static void levels(void **state)
{
	enum cpu_level best = cpu_level();

	(void)state;
	for (unsigned level = 0; level <= best; level++) {
		assert_true(cpu_level_set((enum cpu_level)level));
		frames(3, 10, 1500);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_as_they_are),
		cmocka_unit_test(frames_changed),
		cmocka_unit_test(frames_again),
		cmocka_unit_test(name_in_begin),
		cmocka_unit_test(parted_alike),
		cmocka_unit_test(levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
