/* gccjit.c - libgccjit: all of gcc in a library.  It writes an object file, which is
 * loaded near what it calls; its own way, a shared library, would lie far away.
 */
#include <fcntl.h>
#include <libgccjit.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit-bench/peer.h"

struct state {
	const struct peer_host *host;
	char path[64];
};

/* The program while it is built. */
struct build {
	gcc_jit_context *c;
	gcc_jit_type *types[PEER_U16 + 1], *uint, *flt, *uint_pointer, *none;
	gcc_jit_function *run, *calls[64];
	gcc_jit_block *block;
	gcc_jit_lvalue *regs[PEER_REGISTERS];
	gcc_jit_function *to_float, *to_uint;
};

static void types_make(struct build *b)
{
	static const int kinds[] = {
		[PEER_I32] = GCC_JIT_TYPE_INT, [PEER_F32] = GCC_JIT_TYPE_FLOAT,
		[PEER_I8] = GCC_JIT_TYPE_SIGNED_CHAR, [PEER_U8] = GCC_JIT_TYPE_UNSIGNED_CHAR,
		[PEER_I16] = GCC_JIT_TYPE_SHORT, [PEER_U16] = GCC_JIT_TYPE_UNSIGNED_SHORT,
	};

	for (unsigned i = 0; i <= PEER_U16; i++)
		b->types[i] = gcc_jit_context_get_type(b->c, (enum gcc_jit_types)kinds[i]);
	b->uint = gcc_jit_context_get_type(b->c, GCC_JIT_TYPE_UNSIGNED_INT);
	b->flt = b->types[PEER_F32];
	b->uint_pointer = gcc_jit_type_get_pointer(b->uint);
	b->none = gcc_jit_context_get_type(b->c, GCC_JIT_TYPE_VOID);
}

static void calls_declare(struct build *b, const struct peer_program *p)
{
	for (uint32_t i = 0; i < p->ncalls; i++) {
		const struct peer_call *call = &p->calls[i];
		gcc_jit_param *params[PEER_ARGUMENTS];

		for (unsigned k = 0; k < call->nparams; k++)
			params[k] = gcc_jit_context_new_param(b->c, NULL, b->types[call->types[k]],
							      "a");
		b->calls[i] = gcc_jit_context_new_function(b->c, NULL, GCC_JIT_FUNCTION_IMPORTED,
			b->none, call->name, call->nparams, params, 0);
	}
}

static gcc_jit_rvalue *constant(struct build *b, unsigned type, uint32_t bits)
{
	union { uint32_t u; float f; } v = { .u = bits };

	if (type == PEER_F32)
		return gcc_jit_context_new_rvalue_from_double(b->c, b->flt, (double)v.f);
	return gcc_jit_context_new_rvalue_from_int(b->c, b->types[type], (int)bits);
}

static void call_add(struct build *b, const struct peer_program *p, const struct peer_insn *i)
{
	const struct peer_call *call = &p->calls[i->call];
	gcc_jit_rvalue *args[PEER_ARGUMENTS];

	for (unsigned k = 0; k < call->nparams; k++)
		args[k] = constant(b, call->types[k], (uint32_t)p->args[i->first + k]);
	gcc_jit_block_add_eval(b->block, NULL,
		gcc_jit_context_new_call(b->c, NULL, b->calls[i->call], call->nparams, args));
}

/* The same bits as another type: through memory, which gcc sees through. */
static gcc_jit_rvalue *as(struct build *b, gcc_jit_type *type, gcc_jit_lvalue *v)
{
	gcc_jit_rvalue *p = gcc_jit_context_new_cast(b->c, NULL,
		gcc_jit_lvalue_get_address(v, NULL), gcc_jit_type_get_pointer(type));

	return gcc_jit_lvalue_as_rvalue(gcc_jit_rvalue_dereference(p, NULL));
}

static void arith_int(struct build *b, const struct peer_insn *i)
{
	static const enum gcc_jit_binary_op ops[] = {
		[PEER_ADD] = GCC_JIT_BINARY_OP_PLUS, [PEER_SUB] = GCC_JIT_BINARY_OP_MINUS,
		[PEER_MUL] = GCC_JIT_BINARY_OP_MULT, [PEER_XOR] = GCC_JIT_BINARY_OP_BITWISE_XOR,
	};

	gcc_jit_block_add_assignment(b->block, NULL, b->regs[i->d],
		gcc_jit_context_new_binary_op(b->c, NULL, ops[i->op], b->uint,
			gcc_jit_lvalue_as_rvalue(b->regs[i->a]),
			gcc_jit_lvalue_as_rvalue(b->regs[i->b])));
}

static void arith_float(struct build *b, const struct peer_insn *i, gcc_jit_lvalue *scratch)
{
	static const enum gcc_jit_binary_op ops[] = {
		[PEER_ADDF] = GCC_JIT_BINARY_OP_PLUS, [PEER_SUBF] = GCC_JIT_BINARY_OP_MINUS,
		[PEER_MULF] = GCC_JIT_BINARY_OP_MULT,
	};
	gcc_jit_rvalue *x = as(b, b->flt, b->regs[i->a]), *y = as(b, b->flt, b->regs[i->b]);

	if (i->op != PEER_MINF) {
		gcc_jit_block_add_assignment(b->block, NULL, scratch,
			gcc_jit_context_new_binary_op(b->c, NULL, ops[i->op], b->flt, x, y));
		gcc_jit_block_add_assignment(b->block, NULL, b->regs[i->d],
					     as(b, b->uint, scratch));
		return;
	}
	{
		gcc_jit_block *less = gcc_jit_function_new_block(b->run, NULL);
		gcc_jit_block *other = gcc_jit_function_new_block(b->run, NULL);
		gcc_jit_block *after = gcc_jit_function_new_block(b->run, NULL);

		gcc_jit_block_end_with_conditional(b->block, NULL,
			gcc_jit_context_new_comparison(b->c, NULL, GCC_JIT_COMPARISON_LT, x, y),
			less, other);
		gcc_jit_block_add_assignment(less, NULL, b->regs[i->d],
					     gcc_jit_lvalue_as_rvalue(b->regs[i->a]));
		gcc_jit_block_end_with_jump(less, NULL, after);
		gcc_jit_block_add_assignment(other, NULL, b->regs[i->d],
					     gcc_jit_lvalue_as_rvalue(b->regs[i->b]));
		gcc_jit_block_end_with_jump(other, NULL, after);
		b->block = after;
	}
}

static void registers_move(struct build *b, gcc_jit_param *at, bool in)
{
	for (int i = 0; i < (int)PEER_REGISTERS; i++) {
		gcc_jit_lvalue *memory = gcc_jit_context_new_array_access(b->c, NULL,
			gcc_jit_param_as_rvalue(at),
			gcc_jit_context_new_rvalue_from_int(b->c, b->types[PEER_I32], i));

		if (in)
			gcc_jit_block_add_assignment(b->block, NULL, b->regs[i],
						     gcc_jit_lvalue_as_rvalue(memory));
		else
			gcc_jit_block_add_assignment(b->block, NULL, memory,
						     gcc_jit_lvalue_as_rvalue(b->regs[i]));
	}
}

static void program_build(struct build *b, const struct peer_program *p)
{
	gcc_jit_param *at;
	gcc_jit_lvalue *scratch;
	bool registers = false;

	types_make(b);
	calls_declare(b, p);
	at = gcc_jit_context_new_param(b->c, NULL, b->uint_pointer, "registers");
	b->run = gcc_jit_context_new_function(b->c, NULL, GCC_JIT_FUNCTION_EXPORTED, b->none,
					      "run", 1, &at, 0);
	b->block = gcc_jit_function_new_block(b->run, "all");
	scratch = gcc_jit_function_new_local(b->run, NULL, b->flt, "scratch");
	for (unsigned i = 0; i < PEER_REGISTERS; i++)
		b->regs[i] = gcc_jit_function_new_local(b->run, NULL, b->uint, "r");
	for (uint32_t i = 0; i < p->n; i++)
		registers = registers || p->insns[i].op != PEER_CALL;
	if (registers)
		registers_move(b, at, true);
	for (uint32_t i = 0; i < p->n; i++) {
		const struct peer_insn *insn = &p->insns[i];

		if (insn->op == PEER_CALL)
			call_add(b, p, insn);
		else if (insn->op < PEER_ADDF)
			arith_int(b, insn);
		else
			arith_float(b, insn, scratch);
	}
	if (registers)
		registers_move(b, at, false);
	gcc_jit_block_end_with_void_return(b->block, NULL);
}

static peer_fn object_load(struct state *s, const struct peer_program *p)
{
	int fd = open(s->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	peer_fn fn = NULL;
	void *data;

	if (fd < 0 || fstat(fd, &st) || !(data = malloc((size_t)st.st_size))) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (read(fd, data, (size_t)st.st_size) == st.st_size)
		fn = s->host->object(p, data, (size_t)st.st_size);
	free(data);
	close(fd);
	return fn;
}

static void *gccjit_open(const struct peer_host *host)
{
	static struct state s;
	int fd;

	s.host = host;
	snprintf(s.path, sizeof(s.path), "/tmp/blink-peer-XXXXXX");
	fd = mkstemp(s.path);
	if (fd < 0)
		return NULL;
	close(fd);
	return &s;
}

static peer_fn gccjit_compile(void *state, const struct peer_program *p)
{
	struct build b = { .c = gcc_jit_context_acquire() };
	struct state *s = state;
	peer_fn fn = NULL;

	if (!b.c || p->ncalls > sizeof(b.calls) / sizeof(b.calls[0]))
		return NULL;
	gcc_jit_context_set_int_option(b.c, GCC_JIT_INT_OPTION_OPTIMIZATION_LEVEL, 0);
	gcc_jit_context_add_command_line_option(b.c, "-fpie");
	gcc_jit_context_add_command_line_option(b.c, "-fno-strict-aliasing");
	gcc_jit_context_add_command_line_option(b.c, "-fno-asynchronous-unwind-tables");
	program_build(&b, p);
	gcc_jit_context_compile_to_file(b.c, GCC_JIT_OUTPUT_KIND_OBJECT_FILE, s->path);
	if (!gcc_jit_context_get_first_error(b.c))
		fn = object_load(s, p);
	gcc_jit_context_release(b.c);
	return fn;
}

static void gccjit_close(void *state)
{
	struct state *s = state;

	unlink(s->path);
}

const struct peer peer_gccjit = {
	.name = "libgccjit", .what = "gcc as a library, -O0", .package = "libgccjit-12-dev",
	.library = true, .slow = true,
	.open = gccjit_open, .compile = gccjit_compile, .close = gccjit_close,
};
