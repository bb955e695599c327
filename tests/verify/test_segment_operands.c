/* test_segment_operands.c - pieces known from before whose operands are at the edges of what
 * passes: arrays of any stride and length, drawn up to their last vertex and beyond; indices;
 * more payloads than are looked at together; numbers in and out of range; pieces of many
 * words.  A verifier that remembers and one that forgets agree, on every level of vector
 * instructions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "blink/base/cpu.h"
#include "tests/engine/random_sp.h"
#include "tests/verify/cases.h"

#include <GL/gl.h>
#include <GL/glext.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define WORDS 16000u
#define PIECES 90u              /* of a frame: more than are looked at together */
#define FRAMES 24u              /* of one shape */
#define INDICES 64u

/* Payloads: none, those that vertices come from, and indices of each size. */
static const uint32_t sizes[] = { 0, 1, 11, 12, 48, 49, 1000, 4099, 1u << 20, 0x3fffffff,
	SP_MAX_PAYLOAD, 0x7ffffff0, 0x80000010, 0xfffffff0 };
#define LONG 8u                 /* one of some length */
#define THOUSAND 7u
#define VERTEX_PAYLOADS (sizeof(sizes) / sizeof(*sizes))
#define PAYLOAD_COUNT (1 + VERTEX_PAYLOADS + 3)
static const uint32_t strides[] = { 0, 1, 2, 3, 5, 7, 12, 13, 16, 24, 36, 100, 255, 1000, 1023, 2047, 2048 };
static const uint32_t index_types[] = { GL_UNSIGNED_BYTE, GL_UNSIGNED_SHORT, GL_UNSIGNED_INT };

struct bench {
	struct random r;
	struct sp_payload payload[PAYLOAD_COUNT];
	uint32_t indices[3][INDICES];           /* bytes, shorts, words */
	uint32_t shape[PIECES][8];              /* what is the same in all frames of a shape */
	uint32_t code[WORDS], words;
	uint32_t drawn;                         /* vertices of the array that is set */
	unsigned bad;                           /* one operand in so many is anything */
	struct verify_state *state[2];          /* remembers; forgets */
	struct verify_env env[2];
	uint64_t accepted, refused;
};

static uint32_t below(struct bench *b, uint32_t n) { return random_below(&b->r, n); }

static void add(struct bench *b, const struct record *piece)
{
	uint32_t n = case_code(piece, b->code + b->words, WORDS - b->words);

	assert_true(n);
	b->words += n - 1;
}

/* ---- operands ------------------------------------------------------------------------ */

static uint32_t odd(struct bench *b, uint32_t good)
{
	static const uint32_t values[] = { 0, 1, PAYLOAD_COUNT, UINT32_MAX, 0x7fffffff, 0x80000000 };

	return below(b, b->bad) ? good : values[below(b, sizeof(values) / sizeof(*values))];
}

/* Vertices of an array that there are, and now and then one more. */
static uint32_t vertices(struct bench *b, uint32_t id, uint32_t offset, uint32_t stride,
			 uint32_t bytes)
{
	uint64_t have = (uint64_t)b->payload[id].size - offset;
	uint64_t n = have < bytes ? 0 : (have - bytes) / (stride ? stride : bytes) + 1;

	b->drawn = n > INT32_MAX ? INT32_MAX : (uint32_t)n;
	n -= n > 1 && below(b, 2);
	n += !below(b, b->bad);
	return n > INT32_MAX ? INT32_MAX : (uint32_t)n;
}

struct array { uint32_t id, offset, stride; };

static struct array array_any(struct bench *b, uint32_t stride)
{
	struct array a = { .id = 1 + below(b, VERTEX_PAYLOADS), .stride = stride };

	/* mostly those that are long enough for something */
	a.id = below(b, b->bad) && b->payload[a.id].size < 1000 ? LONG : a.id;
	a.offset = below(b, b->payload[a.id].size < 40 ? b->payload[a.id].size + 1 : 13);
	return a;
}

/* ---- pieces ---------------------------------------------------------------------------- */

static void draw_arrays(struct bench *b, const uint32_t *shape)
{
	struct array a = array_any(b, strides[shape[1] % (sizeof(strides) / sizeof(*strides))]);
	uint32_t n = vertices(b, a.id, a.offset, a.stride, 12), first = n ? below(b, 2) : 0;
	const struct record piece[] = {
		{ "glVertexPointer", { 3, GL_FLOAT, a.stride, odd(b, a.id), odd(b, a.offset) } },
		{ "glLockArraysEXT", { 0, shape[2] & 1 ? n : 1 } },
		{ "glDrawArrays", { GL_POINTS, odd(b, first), odd(b, n - first) } },
		{ "glUnlockArraysEXT", { 0 } }, { 0 } };

	add(b, piece);
}

/* What was set before is drawn again, with other colours and textures. */
static void draw_again(struct bench *b, const uint32_t *shape)
{
	struct array a = array_any(b, 4 * (shape[1] & 3));
	uint32_t n = b->drawn < 4 ? b->drawn : 1 + below(b, 4);
	const struct record piece[] = {
		{ "glBindTexture", { GL_TEXTURE_2D, odd(b, below(b, CASE_NAMES + 1)) } },
		{ "glBindTexture", { GL_TEXTURE_3D, odd(b, below(b, CASE_NAMES + 1)) } },
		{ "glBindTexture", { GL_TEXTURE_1D, odd(b, below(b, CASE_NAMES + 1)) } },
		{ "glColorPointer", { 4, GL_UNSIGNED_BYTE, a.stride, odd(b, a.id), a.offset } },
		{ "glEnableClientState", { shape[2] & 1 ? GL_COLOR_ARRAY : GL_VERTEX_ARRAY } },
		{ "glDrawArrays", { GL_POINTS, 0, odd(b, n) } },
		{ "glDisableClientState", { GL_COLOR_ARRAY } }, { 0 } };

	add(b, piece);
}

/* Of the vertices there are one too few for the last indices. */
static void draw_elements(struct bench *b, const uint32_t *shape)
{
	uint32_t type = shape[2] % 3, most = below(b, b->bad) ? INDICES - 4 : INDICES;
	uint32_t n = 1 + below(b, most), from = most == INDICES ? most - n : below(b, most - n + 1);
	const struct record piece[] = {
		{ "glColor4f", { b->words, 2, 3, 4 } },
		{ "glVertexPointer", { 2, GL_FLOAT, shape[1] & 1 ? 66 : 67, THOUSAND, 3 } },
		{ "glDrawElements", { GL_POINTS, odd(b, n), index_types[type],
				      odd(b, 1 + VERTEX_PAYLOADS + type), from << type } }, { 0 } };

	b->drawn = 15;
	add(b, piece);
}

/* Payload operands by the dozen, in no pattern. */
static void many_payloads(struct bench *b, const uint32_t *shape)
{
	static const char *const ops[] = { "glVertex3fv", "glTexCoord2fv", "glColor3fv",
					   "glNormal3fv", "glVertex2fv", "glColor4fv" };
	struct record piece[48] = { { "glBegin", { GL_QUADS } } };
	unsigned n = 1, count = 9 + shape[1] % 33;
	struct random r = { .state = shape[2] };

	for (; n <= count; n++) {
		piece[n].op = ops[random_below(&r, sizeof(ops) / sizeof(*ops))];
		piece[n].word[0] = odd(b, LONG - 1 + below(b, 3));
		piece[n].word[1] = below(b, 33);
	}
	piece[n].op = "glEnd";
	add(b, piece);
}

/* Arrays, and what they are drawn with, lie far behind the piece's first words. */
static void many_words(struct bench *b, const uint32_t *shape)
{
	static const char *const ops[] = { "glColor4f", "glTranslatef", "glNormal3f",
					   "glTexCoord4f", "glScalef" };
	struct array a = array_any(b, 20);
	struct record piece[48] = { 0 };
	struct random r = { .state = shape[2] };
	unsigned n = 0, count = 8 + shape[1] % 30, stride = below(b, b->bad) ? 20 : 24;

	for (; n < count; n++) {
		piece[n].op = ops[random_below(&r, sizeof(ops) / sizeof(*ops))];
		piece[n].word[0] = below(b, 100);
	}
	piece[n++] = (struct record){ "glVertexPointer", { 3, GL_FLOAT, stride, odd(b, a.id),
						       a.offset } };
	piece[n++] = (struct record){ "glDrawArrays", { GL_POINTS, 0,
					odd(b, vertices(b, a.id, a.offset, 20, 12)) } };
	add(b, piece);
}

static void (*const kinds[])(struct bench *, const uint32_t *) = {
	draw_arrays, draw_arrays, draw_again, draw_elements, many_payloads, many_words
};

/* ---- frames ------------------------------------------------------------------------------ */

static void payloads_make(struct bench *b)
{
	static const uint8_t anything[64];

	for (unsigned i = 0; i < VERTEX_PAYLOADS; i++)
		b->payload[1 + i] = (struct sp_payload){ .data = anything, .size = sizes[i] };
	for (unsigned t = 0; t < 3; t++) {
		for (unsigned i = 0; i < INDICES; i++) {
			uint32_t x = i / 4;

			memcpy((uint8_t *)b->indices[t] + (i << t), &x, 1u << t);
		}
		b->payload[1 + VERTEX_PAYLOADS + t] = (struct sp_payload){
			.data = (const uint8_t *)b->indices[t], .size = INDICES << t };
	}
}

static void bench_open(struct bench *b, uint64_t seed)
{
	static const struct record make[] = { MAKE, { "glEnableClientState", { GL_VERTEX_ARRAY } },
					      { 0 } };
	struct sp sp = { .callback = SP_INIT, .code = b->code };

	memset(b, 0, sizeof(*b));
	b->r.state = seed;
	payloads_make(b);
	add(b, make);
	sp.nwords = b->words + 1;
	for (unsigned i = 0; i < 2; i++) {
		struct verify_verdict d;

		b->state[i] = verify_state_create();
		assert_non_null(b->state[i]);
		case_env(&b->env[i]);
		b->env[i].limits.words = WORDS;
		b->env[i].payloads = (struct sp_payloads){ b->payload, PAYLOAD_COUNT };
		b->env[i].payloads_stable = i == 0;
		assert_int_equal(verify_sp(b->state[i], &b->env[i], &sp, &d), 0);
	}
}

static void frame_look(struct bench *b, unsigned frame)
{
	static const struct record on[] = { { "glEnableClientState", { GL_VERTEX_ARRAY } }, { 0 } };
	struct sp sp = { .callback = SP_REDRAW, .code = b->code };
	struct verify_verdict d[2];
	int rc[2];

	b->words = b->drawn = 0;
	add(b, on);
	for (unsigned i = 0; i < PIECES; i++)
		kinds[b->shape[i][0] % (sizeof(kinds) / sizeof(*kinds))](b, b->shape[i]);
	sp.nwords = b->words + 1;
	b->payload[LONG].flags = below(b, 40) ? 0 : SP_PAYLOAD_SHARED;
	for (unsigned i = 0; i < 2; i++) {
		if (i)
			verify_forget(b->state[1]);
		memset(&d[i], 0, sizeof(d[i]));
		rc[i] = verify_sp(b->state[i], &b->env[i], &sp, &d[i]);
	}
	if (rc[0] != rc[1] || d[0].reason != d[1].reason || d[0].record != d[1].record ||
	    d[0].word != d[1].word || (!rc[0] && (d[0].facts.vertices != d[1].facts.vertices ||
						  d[0].facts.commands != d[1].facts.commands)))
		fail_msg("frame %u: %s at %u, %llu vertices; from nothing: %s at %u, %llu", frame,
			 verify_reason_name(d[0].reason), d[0].record,
			 (unsigned long long)d[0].facts.vertices, verify_reason_name(d[1].reason),
			 d[1].record, (unsigned long long)d[1].facts.vertices);
	b->accepted += !rc[0];
	b->refused += rc[0] != 0;
}

static void operands(uint64_t seed)
{
	static struct bench b;
	struct verify_reuse reuse;

	bench_open(&b, seed);
	for (unsigned frame = 0; frame < 20 * FRAMES; frame++) {
		for (unsigned i = 0; i < PIECES && frame % FRAMES == 0; i++)
			for (unsigned w = 0; w < 8; w++)
				b.shape[i][w] = random_u32(&b.r);
		/* the first ones are learned, and many after that are right but for one */
		b.bad = frame % FRAMES < 4 ? 1u << 30 : 200u << below(&b, 4);
		frame_look(&b, frame);
	}
	verify_reuse_get(b.state[0], &reuse);
	print_message("%s: %llu frames accepted, %llu refused, %llu records known, %llu pieces "
		      "failed a check\n", cpu_level_names[cpu_level()],
		      (unsigned long long)b.accepted, (unsigned long long)b.refused,
		      (unsigned long long)reuse.hits, (unsigned long long)reuse.failed);
	assert_true(b.accepted > 50 && b.refused > 50);
	assert_true(reuse.hits > 100000 && reuse.failed > 50);
	for (unsigned i = 0; i < 2; i++)
		verify_state_destroy(b.state[i]);
}

static void levels(void **state)
{
	enum cpu_level best = cpu_level();

	(void)state;
	for (unsigned level = 0; level <= best; level++) {
		assert_true(cpu_level_set((enum cpu_level)level));
		for (uint64_t seed = 1; seed < 4; seed++)
			operands(seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(levels) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
