/* jit_gdb.c - gdb sees compiled procedures: each is told to it as an object file in
 * memory, with one symbol and with the rule by which its frame is unwound, which is the
 * same at every instruction (jit.h: the frame is made by the arena's entry stub).
 */
#include "blink/engine/jit_tools.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "blink/engine/jit.h"

/* ---- the interface: names and layout are gdb's ------------------------------------ */

struct jit_code_entry {
	struct jit_code_entry *next, *prev;
	const void *file;
	uint64_t size;
};

struct jit_descriptor {
	uint32_t version, action;
	struct jit_code_entry *relevant, *first;
};
enum { GDB_NOTHING, GDB_REGISTER, GDB_UNREGISTER };

#define SEEN_BY_GDB __attribute__((visibility("default"), used))

void __jit_debug_register_code(void);
SEEN_BY_GDB __attribute__((noinline)) void __jit_debug_register_code(void)
{
	__asm__ volatile("" : : : "memory");      /* gdb has a breakpoint here */
}

extern struct jit_descriptor __jit_debug_descriptor;
SEEN_BY_GDB struct jit_descriptor __jit_debug_descriptor = { .version = 1 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void tell(uint32_t action, struct jit_code_entry *e)
{
	__jit_debug_descriptor.action = action;
	__jit_debug_descriptor.relevant = e;
	__jit_debug_register_code();
	__jit_debug_descriptor.action = GDB_NOTHING;
}

static void entry_register(struct jit_code_entry *e)
{
	pthread_mutex_lock(&lock);
	e->prev = NULL;
	e->next = __jit_debug_descriptor.first;
	if (e->next)
		e->next->prev = e;
	__jit_debug_descriptor.first = e;
	tell(GDB_REGISTER, e);
	pthread_mutex_unlock(&lock);
}

static void entry_unregister(struct jit_code_entry *e)
{
	pthread_mutex_lock(&lock);
	*(e->prev ? &e->prev->next : &__jit_debug_descriptor.first) = e->next;
	if (e->next)
		e->next->prev = e->prev;
	tell(GDB_UNREGISTER, e);
	pthread_mutex_unlock(&lock);
}

/* ---- the object file ---------------------------------------------------------------- */

/* .debug_frame: one common part, one for the code. */
#define FRAME_BYTES (JIT_STACK_ARGS * 8 + 8)
#define SAVED 6                           /* rbx rbp r12 r13 r14 r15, pushed in this order */
#define CFA_OFFSET (FRAME_BYTES + SAVED * 8 + 8)
static_assert(CFA_OFFSET == 192, "the offset is written as two bytes, 0xc0 0x01");

struct frame_info {
	struct {
		uint32_t length, id;
		uint8_t rest[24];
	} __attribute__((packed)) common;
	struct {
		uint32_t length, common;
		uint64_t address, size;
	} __attribute__((packed)) code;
} __attribute__((packed));

/* version 1, no augmentation, code 1, data -8, return address column 16; the frame lies
 * CFA_OFFSET above rsp; column 16 at CFA - 8, registers below; padding. */
static const uint8_t frame_rules[24] = {
	1, 0, 1, 0x78, 16,
	0x0c, 7, 0xc0, 0x01,
	0x80 | 16, 1, 0x80 | 3, 2, 0x80 | 6, 3, 0x80 | 12, 4, 0x80 | 13, 5, 0x80 | 14, 6,
	0x80 | 15, 7, 0,
};

enum { SECTION_NULL, SECTION_TEXT, SECTION_FRAME, SECTION_SYMBOLS, SECTION_STRINGS, SECTIONS };
static const char section_names[] = "\0.text\0.debug_frame\0.symtab\0.strtab";

struct object {
	struct jit_code_entry entry;
	struct object *next;
	const struct jit_code *code;
	Elf64_Ehdr header;
	Elf64_Shdr sections[SECTIONS];
	Elf64_Sym symbols[2];
	struct frame_info frame;
	char strings[sizeof(section_names) + JIT_SYMBOL_SIZE];
};

struct gdb_watch {
	struct jit_watch watch;
	struct object *objects;
};

static uint64_t place_of(const struct object *o, const void *part)
{
	return (uint64_t)((const uint8_t *)part - (const uint8_t *)&o->header);
}

static void header_fill(struct object *o)
{
	o->header = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT, ELFOSABI_SYSV },
		.e_type = ET_REL, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_shoff = place_of(o, o->sections), .e_ehsize = sizeof(o->header),
		.e_shentsize = sizeof(o->sections[0]), .e_shnum = SECTIONS,
		.e_shstrndx = SECTION_STRINGS,
	};
}

static void sections_fill(struct object *o, uint64_t address, uint32_t size)
{
	o->sections[SECTION_TEXT] = (Elf64_Shdr){
		.sh_name = 1, .sh_type = SHT_NOBITS, .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
		.sh_addr = address, .sh_size = size, .sh_addralign = 1,
	};
	o->sections[SECTION_FRAME] = (Elf64_Shdr){
		.sh_name = 7, .sh_type = SHT_PROGBITS, .sh_offset = place_of(o, &o->frame),
		.sh_size = sizeof(o->frame), .sh_addralign = 8,
	};
	o->sections[SECTION_SYMBOLS] = (Elf64_Shdr){
		.sh_name = 20, .sh_type = SHT_SYMTAB, .sh_offset = place_of(o, o->symbols),
		.sh_size = sizeof(o->symbols), .sh_link = SECTION_STRINGS, .sh_info = 1,
		.sh_entsize = sizeof(o->symbols[0]), .sh_addralign = 8,
	};
	o->sections[SECTION_STRINGS] = (Elf64_Shdr){
		.sh_name = 28, .sh_type = SHT_STRTAB, .sh_offset = place_of(o, o->strings),
		.sh_size = sizeof(o->strings), .sh_addralign = 1,
	};
}

static void frame_fill(struct object *o, uint64_t address, uint32_t size)
{
	o->frame.common.length = sizeof(o->frame.common) - 4;
	o->frame.common.id = 0xffffffffu;
	memcpy(o->frame.common.rest, frame_rules, sizeof(frame_rules));
	o->frame.code.length = sizeof(o->frame.code) - 4;
	o->frame.code.common = 0;
	o->frame.code.address = address;
	o->frame.code.size = size;
}

static void object_fill(struct object *o, const struct jit_code *k, const struct sp *sp)
{
	uint64_t address = (uint64_t)(uintptr_t)(k->arena->rx + k->start);
	uint32_t size = (uint32_t)((const uint8_t *)k->stops.v - (k->arena->rw + k->start));

	header_fill(o);
	sections_fill(o, address, size);
	frame_fill(o, address, size);
	memcpy(o->strings, section_names, sizeof(section_names));
	jit_symbol(sp, o->strings + sizeof(section_names));
	/* of an object that is not linked, symbols count from their section */
	o->symbols[1] = (Elf64_Sym){
		.st_name = sizeof(section_names), .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
		.st_shndx = SECTION_TEXT, .st_value = 0, .st_size = size,
	};
	o->code = k;
	o->entry.file = &o->header;
	o->entry.size = sizeof(*o) - offsetof(struct object, header);
}

/* ---- watching ------------------------------------------------------------------------- */

static void gdb_made(struct jit_watch *w, const struct jit_code *k, const struct sp *sp)
{
	struct gdb_watch *g = (struct gdb_watch *)w;
	struct object *o = calloc(1, sizeof(*o));

	if (!o)
		return;                   /* a symbol less */
	object_fill(o, k, sp);
	o->next = g->objects;
	g->objects = o;
	entry_register(&o->entry);
}

static void gdb_gone(struct jit_watch *w, const struct jit_code *k)
{
	struct gdb_watch *g = (struct gdb_watch *)w;

	for (struct object **at = &g->objects; *at; at = &(*at)->next) {
		struct object *o = *at;

		if (o->code != k)
			continue;
		*at = o->next;
		entry_unregister(&o->entry);
		free(o);
		return;
	}
}

static void gdb_finish(struct jit_watch *w)
{
	struct gdb_watch *g = (struct gdb_watch *)w;

	while (g->objects)
		gdb_gone(w, g->objects->code);
	free(g);
}

int jit_gdb(struct jit *j, struct error *err)
{
	struct gdb_watch *g = calloc(1, sizeof(*g));

	if (!g)
		return error_set(err, -ENOMEM, "gdb: out of memory");
	g->watch.made = gdb_made;
	g->watch.gone = gdb_gone;
	g->watch.finish = gdb_finish;
	jit_watch(j, &g->watch);
	return 0;
}
