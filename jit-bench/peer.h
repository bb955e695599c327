/* peer.h - other people's code generators, beside ours on the same work.
 *
 * A peer turns a peer_program into machine code.  All of them are linked into a program of
 * their own, blink-peers, which `blinkctl bench jit --peers` runs, so that blinkctl does not
 * depend on their libraries; a library that is missing is a row without a peer.
 *
 * Everything that can be given to a peer for nothing is: the program is decoded already,
 * calls have their addresses, and code may be put into memory that is mapped, touched,
 * writable and executable, and within reach of direct calls.
 */
#ifndef JIT_BENCH_PEER_H
#define JIT_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_REGISTERS 32u
#define PEER_ARGUMENTS 16u

/* The last two occur in frames only, which no library is given. */
enum peer_type {
	PEER_I32, PEER_F32, PEER_I8, PEER_U8, PEER_I16, PEER_U16, PEER_I64, PEER_F64
};

/* A function that is called: returns nothing that anybody looks at. */
struct peer_call {
	const char *name;
	uint64_t address;
	uint8_t nparams, types[PEER_ARGUMENTS];      /* enum peer_type */
};

enum peer_op {
	PEER_CALL, PEER_ADD, PEER_SUB, PEER_MUL, PEER_XOR,
	PEER_ADDF, PEER_SUBF, PEER_MULF, PEER_MINF    /* min: a < b ? a : b */
};

/* PEER_CALL: the call of that number, whose arguments are the program's args from first
 * on, as bits.  Others: registers d = a op b. */
struct peer_insn {
	uint16_t op, call;
	uint8_t d, a, b;
	uint32_t first;
};

struct peer_program {
	const struct peer_insn *insns;
	uint32_t n;
	const struct peer_call *calls;
	uint32_t ncalls;
	const uint64_t *args;
};

typedef void (*peer_fn)(uint32_t *registers);

/* What blinkctl lends to peers. */
struct peer_host {
	/* Room for code near the functions called; valid until the next compile. */
	void *(*memory)(size_t size);
	/* Loads a relocatable ELF object there and finds its function `run`. */
	peer_fn (*object)(const struct peer_program *p, const void *data, size_t size);
	/* The program as C, whose function is run(unsigned *). Until the next call. */
	const char *(*c_text)(const struct peer_program *p);
};

struct peer {
	const char *name, *what, *package;
	bool library;              /* generates code in the process */
	bool slow;                 /* takes seconds: measured less often */
	/* NULL where it does not work. */
	void *(*open)(const struct peer_host *host);
	/* Code, or NULL.  What an earlier compile gave is gone. */
	peer_fn (*compile)(void *state, const struct peer_program *p);
	void (*close)(void *state);
};

/* One each in peers/tcc.c, gccjit.c, llvm.c, asmjit.cpp, where the library is installed and
 * of a release that they compile with. */
#define PEER_MAYBE __attribute__((weak))
extern const struct peer peer_tcc PEER_MAYBE, peer_gccjit PEER_MAYBE, peer_llvm PEER_MAYBE,
	peer_asmjit PEER_MAYBE;
/* peer_gcc.c: the compiler itself, -O3, run as a program; as it likes, and so that it can
 * neither fold nor leave out an operation. */
extern const struct peer peer_gcc, peer_gcc_kept;

#endif
