/* mixes.c - generated procedures: OpenGL calls as programs make them, OpenGL calls
 * without any pattern, arithmetic.
 *
 * Counts are those of the mixes that the first measurements of such engines were made
 * with: 8,034 OpenGL instructions, and 8,192 arithmetic ones, eight operations over
 * all pairs of the 32 registers.
 */
#include "jit-bench/mixes.h"

#include "blink/sp/sp.h"

#define GL_COUNT 8034u
#define GL_TRIANGLES 4u

/* ---- pseudo-random, the same on every machine --------------------------------- */

static uint32_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 32);
}

/* Bits of a float in [0, 1). */
static uint32_t fraction(uint64_t *state)
{
	union { float f; uint32_t u; } v = { .f = (float)(next(state) >> 8) / 16777216.0f };

	return v.u;
}

/* A record whose operands are all plain numbers. */
static void plain(struct buf *code, unsigned op, uint64_t *state)
{
	uint32_t words[GL_OP_MAX_OPERANDS];

	for (unsigned i = 0; i < gl_ops[op].noperands; i++)
		words[i] = gl_ops[op].operands[i].kind == GL_KIND_FLOAT ? fraction(state)
									: next(state) & 0xff;
	sp_emit(code, op, 0, words);
}

/* ---- OpenGL as programs make it ------------------------------------------------ */

/* Meshes of Begin/End: state, then vertices with one or two attributes each. */
static void make_gl(struct buf *code)
{
	static const unsigned attributes[3][2] = {
		{ OP_glNormal3f, GL_OP_COUNT }, { OP_glColor3f, OP_glTexCoord2f },
		{ GL_OP_COUNT, GL_OP_COUNT },
	};
	uint64_t state = 1;
	unsigned n = 0;

	while (n < GL_COUNT - 1) {
		const unsigned *a = attributes[next(&state) % 3];
		unsigned vertices = 8 + next(&state) % 56;

		plain(code, OP_glColor4f, &state);
		plain(code, OP_glTranslatef, &state);
		sp_emit_words(code, OP_glBegin, GL_TRIANGLES);
		n += 4;
		for (unsigned v = 0; v < vertices && n < GL_COUNT - 3; v++) {
			for (unsigned k = 0; k < 2 && a[k] != GL_OP_COUNT; k++, n++)
				plain(code, a[k], &state);
			plain(code, OP_glVertex3f, &state);
			n++;
		}
		sp_emit_words(code, OP_glEnd, 0);
		if (n >= GL_COUNT - 5)
			break;
	}
	for (; n < GL_COUNT - 1; n++)
		plain(code, OP_glColor4f, &state);
	sp_end(code);
}

/* ---- and without a pattern -------------------------------------------------------- */

static void make_irregular(struct buf *code)
{
	static const unsigned ops[] = {
		OP_glColor3f, OP_glColor4f, OP_glColor4ub, OP_glNormal3f, OP_glTexCoord2f,
		OP_glTexCoord4f, OP_glVertexAttrib4f, OP_glSecondaryColor3f, OP_glFogCoordf,
		OP_glTranslatef, OP_glRotatef, OP_glScalef, OP_glLoadIdentity, OP_glClearColor,
		OP_glClearStencil, OP_glPointSize, OP_glLineWidth, OP_glPolygonOffset,
		OP_glMultiTexCoord2f, OP_glTexCoord1f, OP_glColor3ub, OP_glNormal3b,
		OP_glTexCoord3s, OP_glVertexAttrib2f,
	};
	uint64_t state = 2;

	for (unsigned n = 0; n < GL_COUNT - 1; n++) {
		unsigned op = ops[next(&state) % (sizeof(ops) / sizeof(ops[0]))];

		if (op == OP_glMultiTexCoord2f)
			sp_emit_words(code, op, 0x84c0 + next(&state) % 8, fraction(&state),
				      fraction(&state));
		else if (op == OP_glVertexAttrib4f)
			sp_emit_words(code, op, next(&state) % 16, fraction(&state),
				      fraction(&state), fraction(&state), fraction(&state));
		else if (op == OP_glVertexAttrib2f)
			sp_emit_words(code, op, next(&state) % 16, fraction(&state),
				      fraction(&state));
		else
			plain(code, op, &state);
	}
	sp_end(code);
}

/* ---- arithmetic --------------------------------------------------------------------- */

static void make_arithmetic(struct buf *code)
{
	static const unsigned ops[] = {
		OP_add_i, OP_sub_i, OP_mul_i, OP_xor, OP_add_f, OP_sub_f, OP_mul_f, OP_min_f,
	};

	for (unsigned k = 0; k < sizeof(ops) / sizeof(ops[0]); k++)
		for (uint32_t a = 0; a < SP_REGISTERS; a++)
			for (uint32_t b = 0; b < SP_REGISTERS; b++) {
				uint32_t words[3] = { (a + b) % SP_REGISTERS, a, b };

				sp_emit(code, ops[k], 6, words);
			}
	sp_end(code);
}

const struct bench_mix bench_mixes[] = {
	{ "opengl", "Begin/End meshes with state between them, as programs make them",
	  make_gl },
	{ "irregular", "24 OpenGL commands in random order: nothing repeats", make_irregular },
	{ "arithmetic", "8 operations over all pairs of registers", make_arithmetic },
};
const unsigned bench_mix_count = sizeof(bench_mixes) / sizeof(bench_mixes[0]);

int bench_context_make(struct verify_state *state, const struct verify_env *env,
		       struct error *err)
{
	struct sp sp = { .callback = SP_INIT };
	struct verify_verdict v;
	struct buf code;
	int rc;

	buf_init(&code);
	sp_emit_words(&code, OP_blinkContext, 1, 0, 0, 0);
	sp_emit_words(&code, OP_blinkMakeCurrent, 1, 1, 1);
	sp_end(&code);
	sp.code = (const uint32_t *)(const void *)code.data;
	sp.nwords = (uint32_t)(code.len / 4);
	rc = verify_sp(state, env, &sp, &v);
	buf_finish(&code);
	return rc < 0 ? error_set(err, rc, "bench: the context: %s",
				  verify_reason_sentence(v.reason)) : 0;
}
