/* memory.c - see memory.h. */
#include "jit-bench/peer_memory.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define REACH 0x70000000u             /* of a call, with room to spare */

int code_memory_init(struct code_memory *m, size_t size, uint64_t anchor)
{
	const uint64_t step = 16u << 20;

	memset(m, 0, sizeof(*m));
	for (uint64_t d = step; d < REACH && !m->at; d += step)
		for (int side = 0; side < 2 && !m->at; side++) {
			uint64_t want = (side ? anchor + d : anchor - d) & ~(uint64_t)0xffff;
			void *p = mmap((void *)(uintptr_t)want, size,
				       PROT_READ | PROT_WRITE | PROT_EXEC,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

			if (p != MAP_FAILED && (uint64_t)(uintptr_t)p != want)
				munmap(p, size);
			else if (p != MAP_FAILED)
				m->at = p;
		}
	if (!m->at)
		return -ENOMEM;
	memset(m->at, 0xcc, size);         /* touched: nobody pays for its pages later */
	m->size = size;
	return 0;
}

void code_memory_finish(struct code_memory *m)
{
	if (m->at)
		munmap(m->at, m->size);
}

void *code_memory_take(struct code_memory *m, size_t size)
{
	size_t from = (m->used + 63) & ~(size_t)63;

	if (from > m->size || size > m->size - from)
		return NULL;
	m->used = from + size;
	return m->at + from;
}

/* ---- objects --------------------------------------------------------------------- */

#define SECTIONS_MAX 64u
#define JUMP_SIZE 14u                 /* jmp [rip]; address */

struct object {
	const uint8_t *data;
	size_t size;
	const Elf64_Ehdr *header;
	const Elf64_Shdr *sections;
	uint8_t *at[SECTIONS_MAX];        /* where sections are loaded, NULL: not */
	const Elf64_Sym *symbols;
	size_t nsymbols;
	const char *strings;
	object_resolve resolve;
	void *user;
	struct code_memory *memory;
	uint64_t *jumps;                  /* per symbol: the jump made for it, 0 none */
};

static bool object_open(struct object *o)
{
	o->header = (const void *)o->data;
	if (o->size < sizeof(*o->header) || memcmp(o->data, ELFMAG, SELFMAG) ||
	    o->header->e_type != ET_REL || o->header->e_machine != EM_X86_64 ||
	    o->header->e_shnum > SECTIONS_MAX)
		return false;
	o->sections = (const void *)(o->data + o->header->e_shoff);
	for (unsigned i = 0; i < o->header->e_shnum; i++) {
		const Elf64_Shdr *s = &o->sections[i];

		if (s->sh_type != SHT_SYMTAB)
			continue;
		o->symbols = (const void *)(o->data + s->sh_offset);
		o->nsymbols = s->sh_size / sizeof(*o->symbols);
		o->strings = (const char *)o->data + o->sections[s->sh_link].sh_offset;
	}
	return o->symbols != NULL;
}

static bool sections_load(struct object *o)
{
	for (unsigned i = 0; i < o->header->e_shnum; i++) {
		const Elf64_Shdr *s = &o->sections[i];

		if (!(s->sh_flags & SHF_ALLOC) || !s->sh_size)
			continue;
		o->at[i] = code_memory_take(o->memory, s->sh_size);
		if (!o->at[i])
			return false;
		if (s->sh_type == SHT_NOBITS)
			memset(o->at[i], 0, s->sh_size);
		else
			memcpy(o->at[i], o->data + s->sh_offset, s->sh_size);
	}
	return true;
}

static uint64_t symbol_address(const struct object *o, const Elf64_Sym *s)
{
	if (s->st_shndx == SHN_UNDEF)
		return o->resolve(o->user, o->strings + s->st_name);
	if (s->st_shndx >= SECTIONS_MAX || !o->at[s->st_shndx])
		return 0;
	return (uint64_t)(uintptr_t)o->at[s->st_shndx] + s->st_value;
}

/* A jump to the symbol, within reach. */
static uint64_t jump_to(struct object *o, size_t symbol, uint64_t target)
{
	static const uint8_t code[6] = { 0xff, 0x25 };
	uint8_t *p;

	if (o->jumps[symbol])
		return o->jumps[symbol];
	p = code_memory_take(o->memory, JUMP_SIZE);
	if (!p)
		return 0;
	memcpy(p, code, sizeof(code));
	memcpy(p + sizeof(code), &target, sizeof(target));
	return o->jumps[symbol] = (uint64_t)(uintptr_t)p;
}

static bool fits(int64_t v)
{
	return v >= INT32_MIN && v <= INT32_MAX;
}

static bool relocate(struct object *o, uint8_t *base, const Elf64_Rela *r)
{
	size_t symbol = ELF64_R_SYM(r->r_info);
	uint8_t *place = base + r->r_offset;
	uint64_t target = symbol < o->nsymbols ? symbol_address(o, &o->symbols[symbol]) : 0;
	int64_t v;
	int32_t narrow;

	if (!target)
		return false;
	if (ELF64_R_TYPE(r->r_info) == R_X86_64_64) {
		target += (uint64_t)r->r_addend;
		memcpy(place, &target, sizeof(target));
		return true;
	}
	if (ELF64_R_TYPE(r->r_info) != R_X86_64_PC32 && ELF64_R_TYPE(r->r_info) != R_X86_64_PLT32)
		return false;
	v = (int64_t)(target + (uint64_t)r->r_addend - (uint64_t)(uintptr_t)place);
	if (!fits(v) && (target = jump_to(o, symbol, target)))
		v = (int64_t)(target + (uint64_t)r->r_addend - (uint64_t)(uintptr_t)place);
	narrow = (int32_t)v;
	memcpy(place, &narrow, sizeof(narrow));
	return fits(v);
}

static bool sections_relocate(struct object *o)
{
	for (unsigned i = 0; i < o->header->e_shnum; i++) {
		const Elf64_Shdr *s = &o->sections[i];
		const Elf64_Rela *r = (const void *)(o->data + s->sh_offset);

		if (s->sh_type != SHT_RELA || s->sh_info >= SECTIONS_MAX || !o->at[s->sh_info])
			continue;
		for (size_t k = 0; k < s->sh_size / sizeof(*r); k++)
			if (!relocate(o, o->at[s->sh_info], &r[k]))
				return false;
	}
	return true;
}

static void *run_find(const struct object *o)
{
	for (size_t i = 0; i < o->nsymbols; i++)
		if (!strcmp(o->strings + o->symbols[i].st_name, "run") &&
		    o->symbols[i].st_shndx != SHN_UNDEF)
			return (void *)(uintptr_t)symbol_address(o, &o->symbols[i]);
	return NULL;
}

void *object_load(struct code_memory *m, const void *data, size_t size, object_resolve resolve,
		  void *user)
{
	struct object o = { .data = data, .size = size, .resolve = resolve, .user = user,
			    .memory = m };
	void *run = NULL;

	if (!object_open(&o))
		return NULL;
	o.jumps = calloc(o.nsymbols, sizeof(*o.jumps));
	if (o.jumps && sections_load(&o) && sections_relocate(&o))
		run = run_find(&o);
	free(o.jumps);
	return run;
}
