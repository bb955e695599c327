/* jit_arena.c - code memory: one memfd mapped twice, never writable and executable
 * through the same mapping, within reach of the sink's entry points where the address
 * space allows it.
 *
 * An arena begins with the table of call targets (for those that are out of reach)
 * and the stubs by which code is entered and left.
 */
#include "blink/engine/arith.h"
#include "blink/engine/jit.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define REACH 0x7fff0000ll             /* of a 32-bit displacement, some left over */
#define FRAME_SIZE (JIT_STACK_ARGS * 8 + 8)

/* ---- placement ------------------------------------------------------------- */

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The address most worth being near: the middle one of the entry points. */
static uint64_t entry_median(const struct sink *sink)
{
	static_assert(GL_OP_COUNT > 0, "the table has instructions");
	uint64_t v[GL_OP_COUNT];
	size_t n = 0;

	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		if (gl_ops[op].command != GL_OP_NO_COMMAND && sink->entry[op])
			v[n++] = (uint64_t)(uintptr_t)sink->entry[op];
	qsort(v, n, sizeof(v[0]), compare_u64);
	return n ? v[n / 2] : 0;
}

static void *map_code(int fd, size_t size, uint64_t at)
{
	void *p = mmap((void *)(uintptr_t)at, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* At that address, or nowhere. */
static void *map_at(int fd, size_t size, uint64_t at)
{
	void *p = map_code(fd, size, at);

	if (!p || (uint64_t)(uintptr_t)p == at)
		return p;
	munmap(p, size);
	return NULL;
}

/* Processors keep the targets of near branches in a shorter form: calls within one and
 * the same 16 MiB were seen to take 4.1 cycles instead of 5.1. */
#define WINDOW_BITS 24

static bool same_window(uint64_t a, uint64_t b)
{
	return a >> WINDOW_BITS == b >> WINDOW_BITS;
}

/* Tries addresses around the anchor, ever farther: in its window, within reach, and any
 * place if none is free. */
static void *map_near(int fd, size_t size, uint64_t anchor)
{
	uint64_t step = 1u << 18, limit = 1u << WINDOW_BITS;

	for (unsigned pass = 0; pass < 2 && anchor; pass++) {
		for (uint64_t d = step; d + size < limit; d += step) {
			for (int side = 0; side < 2; side++) {
				uint64_t at = (side ? anchor + d : anchor - d) & ~(uint64_t)0xffff;
				void *p;

				if (!side && anchor < d + 0x10000)
					continue;
				if (!pass && (!same_window(at, anchor) ||
					      !same_window(at + size - 1, anchor)))
					continue;
				p = map_at(fd, size, at);
				if (p)
					return p;
			}
		}
		step = 32u << 20;
		limit = (uint64_t)REACH;
	}
	return map_code(fd, size, 0);
}

/* Pages are made and mapped at once where the arena is one that most clients fill: a fault
 * takes as long as compiling some thousand instructions.  Kernels that do not know this make
 * them as they are touched. */
static void populate(const struct jit_arena *a)
{
	if (a->size > JIT_ARENA_SIZE)
		return;
	madvise(a->rw, a->size, MADV_POPULATE_WRITE);
	madvise(a->rx, a->size, MADV_POPULATE_READ);
}

static int arena_map(struct jit *j, struct jit_arena *a, uint32_t size, struct error *err)
{
	int fd = memfd_create("blink-code", MFD_CLOEXEC);
	void *rw = MAP_FAILED, *rx = NULL;

	if (fd < 0 || ftruncate(fd, size) < 0)
		goto fail;
	rw = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (rw == MAP_FAILED)
		goto fail;
	rx = map_near(fd, size, entry_median(j->sink));
	if (!rx)
		goto fail;
	close(fd);
	a->rw = rw;
	a->rx = rx;
	a->size = size;
	populate(a);
	return 0;
fail:
	if (rw != MAP_FAILED)
		munmap(rw, size);
	if (fd >= 0)
		close(fd);
	return error_set(err, -ENOMEM, "JIT: no memory for code could be mapped "
			 "(use the interpreter)");
}

/* ---- targets and stubs ----------------------------------------------------- */

static uint64_t *targets(const struct jit_arena *a)
{
	return (uint64_t *)(void *)a->rw;
}

static void targets_fill(const struct jit *j, struct jit_arena *a)
{
	uint64_t *t = targets(a);

	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		t[op] = arith_fns[op] ? (uint64_t)(uintptr_t)arith_fns[op]
				      : (uint64_t)(uintptr_t)j->sink->entry[op];
	t[JIT_TARGET_NAME] = (uint64_t)(uintptr_t)client_name;
	t[JIT_TARGET_COMMAND] = (uint64_t)(uintptr_t)client_command;
	t[JIT_TARGET_CALL] = (uint64_t)(uintptr_t)jit_call;
}

static bool reachable(const struct jit_arena *a, uint64_t target)
{
	int64_t low = (int64_t)(target - (uint64_t)(uintptr_t)a->rx);
	int64_t high = low - (int64_t)a->size;

	return low < REACH && low > -REACH && high < REACH && high > -REACH;
}

bool jit_near(const struct jit *j, sink_fn entry)
{
	return reachable(j->arena, (uint64_t)(uintptr_t)entry);
}

void jit_emit_call(struct jit *j, struct x86 *x, unsigned target)
{
	uint64_t address = targets(j->arena)[target];

	if (reachable(j->arena, address)) {
		x86_byte(x, 0xe8);
	} else {
		x86_byte(x, 0xff);
		x86_byte(x, 0x15);
		address = (uint64_t)(uintptr_t)j->arena->rx + target * sizeof(uint64_t);
	}
	x86_target(x, address);
}

static const uint8_t saved[] = { RBX, RBP, R12, R13, R14, R15 };
#define NSAVED (sizeof(saved) / sizeof(saved[0]))

static void push_pop(struct x86 *x, unsigned opcode, unsigned reg)
{
	if (reg > 7)
		x86_byte(x, 0x41);
	x86_byte(x, opcode | (reg & 7));
}

/* add or sub rsp, FRAME_SIZE */
static void frame(struct x86 *x, bool leave)
{
	x86_byte(x, 0x48);
	x86_byte(x, 0x81);
	x86_byte(x, leave ? 0xc4 : 0xec);
	x86_u32(x, FRAME_SIZE);
}

/* With upper halves of vector registers in use, every SSE instruction would wait for
 * what was in them. */
static void enter_stub(struct x86 *x, enum cpu_level level)
{
	static const uint8_t vzeroupper[] = { 0xc5, 0xf8, 0x77 };

	for (unsigned i = 0; i < sizeof(vzeroupper) && level >= CPU_AVX2; i++)
		x86_byte(x, vzeroupper[i]);
	for (unsigned i = 0; i < NSAVED; i++)
		push_pop(x, 0x50, saved[i]);
	frame(x, false);
	x86_reg_op(x, 0, true, 0x8b, R12, RDI);
	x86_reg_op(x, 0, true, 0x8b, RBX, RSI);
	x86_reg_op(x, 0, true, 0x8b, R13, RSI);
	x86_reg_op(x, 0, true, 0x8b, R15, RDX);
	x86_lea(x, RBP, mem_at(RDI, offsetof(struct client, regs)));
	x86_store64(x, RSP, mem_at(RDI, offsetof(struct client, native.stack)));
	x86_byte(x, 0xff);                            /* jmp rcx */
	x86_byte(x, 0xe1);
}

/* eax: status, edx: pc */
static void exit_stub(struct x86 *x)
{
	x86_store32(x, RDX, mem_at(R12, offsetof(struct client, pc)));
	frame(x, true);
	for (unsigned i = NSAVED; i-- > 0;)
		push_pop(x, 0x58, saved[i]);
	x86_byte(x, 0xc3);
}

/* Called with esi: space, edx: id; the stack is as at any function's entry. */
static void name_stub(struct jit *j, struct x86 *x)
{
	push_pop(x, 0x50, RAX);                       /* aligns the stack */
	x86_reg_op(x, 0, true, 0x8b, RDI, R12);
	jit_emit_call(j, x, JIT_TARGET_NAME);
	push_pop(x, 0x58, RCX);
	x86_byte(x, 0xc3);
}

static void stubs_make(struct jit *j, struct jit_arena *a)
{
	struct x86 x = { .p = a->rw + JIT_TARGETS * sizeof(uint64_t),
			 .run_delta = a->rx - a->rw };

	*(uint64_t *)(void *)&a->enter = x86_here(&x);
	enter_stub(&x, j->level);
	a->deopt = x86_here(&x);
	x86_mov_imm(&x, RAX, JIT_DEOPT);
	a->exit = x86_here(&x);
	exit_stub(&x);
	a->name_stub = x86_here(&x);
	name_stub(j, &x);
	a->first = a->head = (uint32_t)(x.p - a->rw + 63) & ~63u;
}

int jit_arena_create(struct jit *j, uint32_t size, struct error *err)
{
	struct jit_arena *a = &j->arenas[j->narenas];
	int rc = arena_map(j, a, size, err);

	if (rc < 0)
		return rc;
	j->narenas++;
	j->arena = a;
	targets_fill(j, a);
	stubs_make(j, a);
	return jit_stencils_make(j, err);
}

void jit_arena_destroy(struct jit_arena *a)
{
	munmap(a->rw, a->size);
	munmap(a->rx, a->size);
}
