/* llvm.c - LLVM by its C interface: IR is built, an object made of it in memory, at the
 * level that compiles fastest, and loaded near what it calls (its own JITs allocate where
 * they like, and pay for far calls).
 */
#include <llvm-c/Core.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <stdlib.h>

#include "jit-bench/peer.h"

struct state {
	const struct peer_host *host;
	LLVMTargetMachineRef machine;
	char *triple;
};

struct build {
	LLVMContextRef c;
	LLVMModuleRef module;
	LLVMBuilderRef at;
	LLVMTypeRef types[PEER_U16 + 1], call_types[64];
	LLVMValueRef calls[64], regs[PEER_REGISTERS];
};

static void types_make(struct build *b)
{
	b->types[PEER_I32] = LLVMInt32TypeInContext(b->c);
	b->types[PEER_F32] = LLVMFloatTypeInContext(b->c);
	b->types[PEER_I8] = b->types[PEER_U8] = LLVMInt8TypeInContext(b->c);
	b->types[PEER_I16] = b->types[PEER_U16] = LLVMInt16TypeInContext(b->c);
}

/* Narrow arguments come extended, as C compilers pass them. */
static void extend(struct build *b, LLVMValueRef fn, unsigned param, unsigned type)
{
	bool is_signed = type == PEER_I8 || type == PEER_I16;
	unsigned kind;

	if (type == PEER_I32 || type == PEER_F32)
		return;
	kind = LLVMGetEnumAttributeKindForName(is_signed ? "signext" : "zeroext", 7);
	LLVMAddAttributeAtIndex(fn, param + 1, LLVMCreateEnumAttribute(b->c, kind, 0));
}

static void calls_declare(struct build *b, const struct peer_program *p)
{
	for (uint32_t i = 0; i < p->ncalls; i++) {
		const struct peer_call *call = &p->calls[i];
		LLVMTypeRef params[PEER_ARGUMENTS];

		for (unsigned k = 0; k < call->nparams; k++)
			params[k] = b->types[call->types[k]];
		b->call_types[i] = LLVMFunctionType(LLVMVoidTypeInContext(b->c), params,
						    call->nparams, 0);
		b->calls[i] = LLVMAddFunction(b->module, call->name, b->call_types[i]);
		for (unsigned k = 0; k < call->nparams; k++)
			extend(b, b->calls[i], k, call->types[k]);
	}
}

static void call_add(struct build *b, const struct peer_program *p, const struct peer_insn *i)
{
	const struct peer_call *call = &p->calls[i->call];
	LLVMValueRef args[PEER_ARGUMENTS], made;

	for (unsigned k = 0; k < call->nparams; k++) {
		union { uint32_t u; float f; } v = { .u = (uint32_t)p->args[i->first + k] };

		args[k] = call->types[k] == PEER_F32
			? LLVMConstReal(b->types[PEER_F32], (double)v.f)
			: LLVMConstInt(b->types[call->types[k]], v.u, 0);
	}
	made = LLVMBuildCall2(b->at, b->call_types[i->call], b->calls[i->call], args,
			      call->nparams, "");
	(void)made;
}

static LLVMValueRef arith(struct build *b, const struct peer_insn *i)
{
	LLVMValueRef x = b->regs[i->a], y = b->regs[i->b], v;

	switch (i->op) {
	case PEER_ADD: return LLVMBuildAdd(b->at, x, y, "");
	case PEER_SUB: return LLVMBuildSub(b->at, x, y, "");
	case PEER_MUL: return LLVMBuildMul(b->at, x, y, "");
	case PEER_XOR: return LLVMBuildXor(b->at, x, y, "");
	}
	x = LLVMBuildBitCast(b->at, x, b->types[PEER_F32], "");
	y = LLVMBuildBitCast(b->at, y, b->types[PEER_F32], "");
	switch (i->op) {
	case PEER_ADDF: v = LLVMBuildFAdd(b->at, x, y, ""); break;
	case PEER_SUBF: v = LLVMBuildFSub(b->at, x, y, ""); break;
	case PEER_MULF: v = LLVMBuildFMul(b->at, x, y, ""); break;
	default:
		v = LLVMBuildSelect(b->at, LLVMBuildFCmp(b->at, LLVMRealOLT, x, y, ""), x, y, "");
	}
	return LLVMBuildBitCast(b->at, v, b->types[PEER_I32], "");
}

static void registers_move(struct build *b, LLVMValueRef at, bool in)
{
	for (unsigned i = 0; i < PEER_REGISTERS; i++) {
		LLVMValueRef n = LLVMConstInt(b->types[PEER_I32], i, 0);
		LLVMValueRef p = LLVMBuildGEP2(b->at, b->types[PEER_I32], at, &n, 1, "");

		if (in)
			b->regs[i] = LLVMBuildLoad2(b->at, b->types[PEER_I32], p, "");
		else
			LLVMBuildStore(b->at, b->regs[i], p);
	}
}

static void program_build(struct build *b, const struct peer_program *p)
{
	LLVMTypeRef pointer;
	LLVMValueRef run;

	types_make(b);
	calls_declare(b, p);
	pointer = LLVMPointerType(b->types[PEER_I32], 0);
	run = LLVMAddFunction(b->module, "run",
			      LLVMFunctionType(LLVMVoidTypeInContext(b->c), &pointer, 1, 0));
	LLVMPositionBuilderAtEnd(b->at, LLVMAppendBasicBlockInContext(b->c, run, ""));
	registers_move(b, LLVMGetParam(run, 0), true);
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->insns[i].op == PEER_CALL)
			call_add(b, p, &p->insns[i]);
		else
			b->regs[p->insns[i].d] = arith(b, &p->insns[i]);
	}
	registers_move(b, LLVMGetParam(run, 0), false);
	LLVMBuildRetVoid(b->at);
}

static void *llvm_open(const struct peer_host *host)
{
	static struct state s;
	LLVMTargetRef target;
	char *why = NULL;

	s.host = host;
	LLVMInitializeX86TargetInfo();
	LLVMInitializeX86Target();
	LLVMInitializeX86TargetMC();
	LLVMInitializeX86AsmPrinter();
	s.triple = LLVMGetDefaultTargetTriple();
	if (LLVMGetTargetFromTriple(s.triple, &target, &why)) {
		LLVMDisposeMessage(why);
		return NULL;
	}
	s.machine = LLVMCreateTargetMachine(target, s.triple, "generic", "", LLVMCodeGenLevelNone,
					    LLVMRelocPIC, LLVMCodeModelSmall);
	return s.machine ? &s : NULL;
}

static peer_fn llvm_compile(void *state, const struct peer_program *p)
{
	struct state *s = state;
	struct build b = { .c = LLVMContextCreate() };
	LLVMMemoryBufferRef object = NULL;
	peer_fn fn = NULL;
	char *why = NULL;

	if (p->ncalls > sizeof(b.calls) / sizeof(b.calls[0]))
		return NULL;
	b.module = LLVMModuleCreateWithNameInContext("program", b.c);
	b.at = LLVMCreateBuilderInContext(b.c);
	LLVMSetTarget(b.module, s->triple);
	program_build(&b, p);
	if (LLVMTargetMachineEmitToMemoryBuffer(s->machine, b.module, LLVMObjectFile, &why, &object))
		LLVMDisposeMessage(why);
	if (object) {
		fn = s->host->object(p, LLVMGetBufferStart(object), LLVMGetBufferSize(object));
		LLVMDisposeMemoryBuffer(object);
	}
	LLVMDisposeBuilder(b.at);
	LLVMDisposeModule(b.module);
	LLVMContextDispose(b.c);
	return fn;
}

static void llvm_close(void *state)
{
	struct state *s = state;

	LLVMDisposeTargetMachine(s->machine);
	LLVMDisposeMessage(s->triple);
}

const struct peer peer_llvm = {
	.name = "LLVM", .what = "IR by the C interface, code at -O0", .package = "llvm-dev",
	.library = true, .slow = true,
	.open = llvm_open, .compile = llvm_compile, .close = llvm_close,
};
