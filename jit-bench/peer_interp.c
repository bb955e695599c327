/* peer_interp.c - see peer_interp.h.
 *
 * Commands are told apart by their signature: how many integers, then how many floats.
 */
#include "jit-bench/peer_interp.h"

#include <pthread.h>
#include <string.h>

#include "blink/sp/sp.h"

/* X(name, words of the record, what it does) */
#define CALLS(X) \
	X(I0, 1, CALL(void)()) \
	X(I1, 2, CALL(uint32_t)(w[1])) \
	X(I2, 3, CALL(uint32_t, uint32_t)(w[1], w[2])) \
	X(I3, 4, CALL(uint32_t, uint32_t, uint32_t)(w[1], w[2], w[3])) \
	X(I4, 5, CALL(uint32_t, uint32_t, uint32_t, uint32_t)(w[1], w[2], w[3], w[4])) \
	X(F1, 2, CALL(float)(f(w[1]))) \
	X(F2, 3, CALL(float, float)(f(w[1]), f(w[2]))) \
	X(F3, 4, CALL(float, float, float)(f(w[1]), f(w[2]), f(w[3]))) \
	X(F4, 5, CALL(float, float, float, float)(f(w[1]), f(w[2]), f(w[3]), f(w[4]))) \
	X(I1F2, 4, CALL(uint32_t, float, float)(w[1], f(w[2]), f(w[3]))) \
	X(I1F4, 6, CALL(uint32_t, float, float, float, float) \
		(w[1], f(w[2]), f(w[3]), f(w[4]), f(w[5])))
#define ARITHMETIC(X) \
	X(ADD_I, 4, r[w[1]] = r[w[2]] + r[w[3]]) \
	X(SUB_I, 4, r[w[1]] = r[w[2]] - r[w[3]]) \
	X(MUL_I, 4, r[w[1]] = r[w[2]] * r[w[3]]) \
	X(XOR, 4, r[w[1]] = r[w[2]] ^ r[w[3]]) \
	X(ADD_F, 4, r[w[1]] = u(f(r[w[2]]) + f(r[w[3]]))) \
	X(SUB_F, 4, r[w[1]] = u(f(r[w[2]]) - f(r[w[3]]))) \
	X(MUL_F, 4, r[w[1]] = u(f(r[w[2]]) * f(r[w[3]]))) \
	X(MIN_F, 4, r[w[1]] = f(r[w[2]]) < f(r[w[3]]) ? r[w[2]] : r[w[3]])

#define CALL(...) ((void (*)(__VA_ARGS__))entries[sp_opcode(w[0])])

enum class {
	CLASS_UNKNOWN, CLASS_END,
#define X(name, words, work) CLASS_##name,
	CALLS(X) ARITHMETIC(X)
#undef X
	CLASSES
};

static inline float f(uint32_t bits)
{
	union { uint32_t u; float f; } v = { .u = bits };

	return v.f;
}

static inline uint32_t u(float value)
{
	union { uint32_t u; float f; } v = { .f = value };

	return v.u;
}

/* ---- classes of instructions ------------------------------------------------------- */

static uint8_t classes[GL_OP_COUNT];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint8_t call_class(const struct gl_op *op)
{
	static const uint8_t by_counts[5][5] = {
		{ CLASS_I0, CLASS_F1, CLASS_F2, CLASS_F3, CLASS_F4 },
		{ CLASS_I1, 0, CLASS_I1F2, 0, CLASS_I1F4 },
		{ CLASS_I2 }, { CLASS_I3 }, { CLASS_I4 },
	};
	const struct gl_command *cmd = &gl_commands[op->command];
	unsigned ints = 0, floats = 0;

	for (unsigned i = 0; i < cmd->nparams; i++) {
		unsigned type = cmd->params[i].ctype;

		if (type == GL_C_F32)
			floats++;
		else if (cmd->params[i].pointer || type == GL_C_F64 || type == GL_C_I64 ||
			 type == GL_C_U64 || floats)
			return CLASS_UNKNOWN;
		else
			ints++;
	}
	return ints < 5 && floats < 5 ? by_counts[ints][floats] : CLASS_UNKNOWN;
}

static void classes_make(void)
{
	static const struct { uint16_t op; uint8_t class; } arithmetic[] = {
		{ OP_add_i, CLASS_ADD_I }, { OP_sub_i, CLASS_SUB_I }, { OP_mul_i, CLASS_MUL_I },
		{ OP_xor, CLASS_XOR }, { OP_add_f, CLASS_ADD_F }, { OP_sub_f, CLASS_SUB_F },
		{ OP_mul_f, CLASS_MUL_F }, { OP_min_f, CLASS_MIN_F }, { OP_end, CLASS_END },
	};

	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		if (gl_ops[op].form == GL_FORM_DIRECT)
			classes[op] = call_class(&gl_ops[op]);
	for (size_t i = 0; i < sizeof(arithmetic) / sizeof(arithmetic[0]); i++)
		classes[arithmetic[i].op] = arithmetic[i].class;
}

bool interp_peers_know(const uint32_t *code, uint32_t nwords)
{
	pthread_once(&once, classes_make);
	for (uint32_t pc = 0; pc < nwords; pc += sp_words(code + pc)) {
		unsigned class = classes[sp_opcode(code[pc])];

		if (class == CLASS_UNKNOWN || sp_mask(code[pc]) != (class >= CLASS_ADD_I ? 6u : 0u))
			return false;
	}
	return true;
}

/* ---- the interpreters ----------------------------------------------------------------- */

void interp_switch_run(const uint32_t *w, const sink_fn *entries, uint32_t *r)
{
	for (;;) {
		switch (classes[sp_opcode(*w)]) {
		case CLASS_END:
			return;
#define X(name, words, work) case CLASS_##name: work; w += words; break;
		CALLS(X) ARITHMETIC(X)
#undef X
		}
	}
}

void interp_threaded_run(const uint32_t *w, const sink_fn *entries, uint32_t *r)
{
	static const void *const labels[CLASSES] = {
		[CLASS_UNKNOWN] = &&end, [CLASS_END] = &&end,
#define X(name, words, work) [CLASS_##name] = &&name,
		CALLS(X) ARITHMETIC(X)
#undef X
	};
	uint32_t header = *w;

	goto *labels[classes[sp_opcode(header)]];
#define X(name, words, work) \
name: \
	do { \
		work; \
		w += words; \
	} while (*w == header); \
	header = *w; \
	goto *labels[classes[sp_opcode(header)]];
	CALLS(X) ARITHMETIC(X)
#undef X
end:
	return;
}
