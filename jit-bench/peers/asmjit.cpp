/* asmjit.cpp - AsmJit's Assembler: the instructions are chosen here, as simply as a
 * template compiler would, and AsmJit encodes them.  Registers stay in memory. */
#include <asmjit/asmjit.h>

extern "C" {
#include "jit-bench/peer.h"
}

using namespace asmjit;

namespace {

struct State {
	const struct peer_host *host;
	CodeHolder code;
};

void call_put(x86::Assembler &a, const struct peer_call &call, const uint64_t *args)
{
	static const x86::Gp ints[] = { x86::edi, x86::esi, x86::edx, x86::ecx, x86::r8d, x86::r9d };
	unsigned nints = 0, nfloats = 0;

	for (unsigned k = 0; k < call.nparams; k++) {
		if (call.types[k] == PEER_F32) {
			a.mov(x86::eax, static_cast<uint32_t>(args[k]));
			a.movd(x86::xmm(nfloats++), x86::eax);
		} else {
			a.mov(ints[nints++], static_cast<uint32_t>(args[k]));
		}
	}
	a.call(imm(call.address));
}

x86::Mem reg(unsigned n)
{
	return x86::dword_ptr(x86::rbx, static_cast<int>(n * 4));
}

void arith_put(x86::Assembler &a, const struct peer_insn &i)
{
	if (i.op < PEER_ADDF)
		a.mov(x86::eax, reg(i.a));
	else
		a.movss(x86::xmm0, reg(i.a));
	switch (i.op) {
	case PEER_ADD: a.add(x86::eax, reg(i.b)); break;
	case PEER_SUB: a.sub(x86::eax, reg(i.b)); break;
	case PEER_MUL: a.imul(x86::eax, reg(i.b)); break;
	case PEER_XOR: a.xor_(x86::eax, reg(i.b)); break;
	case PEER_ADDF: a.addss(x86::xmm0, reg(i.b)); break;
	case PEER_SUBF: a.subss(x86::xmm0, reg(i.b)); break;
	case PEER_MULF: a.mulss(x86::xmm0, reg(i.b)); break;
	default: a.minss(x86::xmm0, reg(i.b)); break;
	}
	if (i.op < PEER_ADDF)
		a.mov(reg(i.d), x86::eax);
	else
		a.movss(reg(i.d), x86::xmm0);
}

void *asmjit_open(const struct peer_host *host)
{
	static State s;

	s.host = host;
	return &s;
}

peer_fn asmjit_compile(void *state, const struct peer_program *p)
{
	State *s = static_cast<State *>(state);
	void *memory;

	s->code.reset();
	s->code.init(Environment::host());
	{
		x86::Assembler a(&s->code);

		a.push(x86::rbx);
		a.mov(x86::rbx, x86::rdi);
		for (uint32_t i = 0; i < p->n; i++) {
			if (p->insns[i].op == PEER_CALL)
				call_put(a, p->calls[p->insns[i].call],
					 p->args + p->insns[i].first);
			else
				arith_put(a, p->insns[i]);
		}
		a.pop(x86::rbx);
		a.ret();
	}
	if (s->code.flatten() || s->code.resolveUnresolvedLinks())
		return nullptr;
	memory = s->host->memory(s->code.codeSize());
	if (!memory || s->code.relocateToBase(reinterpret_cast<uint64_t>(memory)) ||
	    s->code.copyFlattenedData(memory, s->code.codeSize()))
		return nullptr;
	return reinterpret_cast<peer_fn>(memory);
}

void asmjit_close(void *state)
{
	static_cast<State *>(state)->code.reset();
}

} /* namespace */

const struct peer peer_asmjit = {
	"AsmJit", "templates, encoded by its Assembler", "libasmjit-dev", true, false,
	asmjit_open, asmjit_compile, asmjit_close,
};
