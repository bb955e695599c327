/* confine_shader.c - mediation of shaders: what the driver's compiler is given.
 *
 * The source is copied first: where it lies in pages that a client maps, it might be
 * another one by the time the driver reads it.  Then its text is checked, then it is
 * tried in a process that is thrown away; only then the driver gets the copy.  The trial was
 * before (served_shader.c): nobody waits for one here. */
#include "blink/server/confine.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_TIMES 8u                  /* what becomes of a text at least, for which there has to
                                          be room */

static bool fit(struct confined *k, uint32_t stage, const char *source, size_t n)
{
	struct shader_verdict v = { 0 };
	enum shader_reason r;

	r = k->judge ? shader_judge_known(k->judge, stage, source, n, &v)
		     : shader_check(&shader_limits_default, source, n, &v);
	if (r == SHADER_OK)
		return true;
	confine_fault(k, VSO_FAULT_SHADER);
	return false;
}

static char *copy_of(struct confined *k, const char *source, size_t n)
{
	char *text;

	/* as much again, and more, for what becomes of it */
	if (n > shader_limits_default.bytes || !source) {
		confine_fault(k, VSO_FAULT_SHADER);
		return NULL;
	}
	text = malloc(n + 1);
	if (!text) {
		confine_fault(k, VSO_FAULT_MEMORY);
		return NULL;
	}
	memcpy(text, source, n);
	text[n] = 0;
	return text;
}

/* glShaderSource(shader, 1, &source, &length), as the engine calls it. */
static uint64_t shader_source(struct confined *k, const uint64_t *argv)
{
	const char *const *source = (const char *const *)(uintptr_t)argv[2];
	const GLint *length = (const GLint *)(uintptr_t)argv[3];
	uint32_t stage = confine_shader_stage(k, (uint32_t)argv[0]);
	size_t n = (size_t)*length;
	uint64_t mine[4] = { argv[0], 1 };
	const char *text = copy_of(k, *source, n);
	GLint bytes = (GLint)n;

	if (text && fit(k, stage, text, n)) {
		mine[2] = (uint64_t)(uintptr_t)&text;
		mine[3] = (uint64_t)(uintptr_t)&bytes;
		confine_invoke(k, OP_glShaderSource, mine);
	}
	free((void *)(uintptr_t)text);
	return 0;
}

/* glProgramStringARB(target, format, length, string) */
static uint64_t program_string(struct confined *k, const uint64_t *argv)
{
	size_t n = (size_t)(int32_t)argv[2];
	uint64_t mine[4] = { argv[0], argv[1], argv[2] };
	char *text = copy_of(k, (const char *)(uintptr_t)argv[3], n);

	if (text && fit(k, (uint32_t)argv[0], text, n)) {
		mine[3] = (uint64_t)(uintptr_t)text;
		confine_invoke(k, OP_glProgramStringARB, mine);
	}
	free(text);
	return 0;
}

/* What becomes of a source takes more memory than its text, and how much only the driver
 * knows: so it is measured, as a list's body is. */
static uint64_t measured(struct confined *k, unsigned op, const uint64_t *argv,
			 uint64_t (*fn)(struct confined *k, const uint64_t *argv))
{
	uint64_t before, r;

	if (!confine_room(k, 0))
		return 0;
	before = heap_bytes();
	r = fn ? fn(k, argv) : confine_invoke(k, op, argv);
	confine_grow(k, GL_SPACE_PROGRAM, (uint32_t)argv[0], 0,
		     (int64_t)(heap_bytes() - before));
	return r;
}

/* ARB programs are on one account together: which of them is bound nobody need know then. */
static uint64_t program_measured(struct confined *k, const uint64_t *argv)
{
	uint64_t before, least = (uint64_t)(uint32_t)argv[2] * TEXT_TIMES;

	if (!confine_room(k, least))
		return 0;
	before = heap_bytes();
	program_string(k, argv);
	confine_programs_grow(k, before);
	return 0;
}

/* Where a program that is current is linked again and that fails, GL goes on with what it was;
 * but of that a driver (Mesa) has thrown away which samplers are of what kind, and makes code of
 * wrong ones at the next draw, of which its compiler dies.  So it is made current again only
 * after: which fails as well then, and none is.  A list would keep that: there nothing is done. */
static uint64_t link_program(struct confined *k, const uint64_t *argv)
{
	uint32_t program = (uint32_t)argv[0];
	uint64_t r;

	if (!program || confine_ask(k, GL_CURRENT_PROGRAM, 0, 0) != program)
		return confine_invoke(k, OP_glLinkProgram, argv);
	if (confine_ask(k, GL_LIST_INDEX, 0, 0))
		return 0;
	CONFINE_REAL(k, OP_glUseProgram, void (APIENTRY *)(GLuint))(0);
	r = confine_invoke(k, OP_glLinkProgram, argv);
	CONFINE_REAL(k, OP_glUseProgram, void (APIENTRY *)(GLuint))(program);
	return r;
}

/* Compiling and linking are done of sources that were tried. */
uint64_t confine_shader_call(struct confined *k, unsigned op, const uint64_t *argv)
{
	switch (op) {
	case OP_glShaderSource: return measured(k, op, argv, shader_source);
	case OP_glCompileShader: return measured(k, op, argv, NULL);
	case OP_glLinkProgram: return measured(k, op, argv, link_program);
	case OP_glProgramStringARB: return program_measured(k, argv);
	/* nobody has tried it, and drivers believe what they have written */
	case OP_glProgramBinary:
		confine_fault(k, VSO_FAULT_SHADER);
		return 0;
	default: return confine_invoke(k, op, argv);
	}
}
