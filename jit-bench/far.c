/* far.c - see far.h.  A JIT anchors its code to the middle one of all entry points, so
 * those that the mixes call are moved away and the rest, more than half, stay. */
#include "jit-bench/far.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DISTANCE (16ull << 30)
#define PAGE 4096u

static const uint8_t code[] = { 0x31, 0xc0, 0xc3 };      /* xor eax, eax; ret */

/* A page with an entry in it, far above or below `from`. */
static void *page_map(uint64_t from)
{
	for (uint64_t d = DISTANCE; d < DISTANCE * 64; d += DISTANCE) {
		for (int below = 0; below < 2; below++) {
			uint64_t at = (below ? from - d : from + d) & ~(uint64_t)(PAGE - 1);
			void *p;

			if (below && from < d + (1u << 20))
				continue;
			p = mmap((void *)(uintptr_t)at, PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
			if (p == MAP_FAILED)
				continue;
			memcpy(p, code, sizeof(code));
			if (mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0)
				return p;
			munmap(p, PAGE);
		}
	}
	return NULL;
}

struct sink_far { struct sink sink; struct sink *null; void *page; };

int sink_far_create(struct sink **s, struct error *err)
{
	struct sink_far *f = calloc(1, sizeof(*f));
	uint64_t near;
	unsigned moved = 0, commands = 0;

	if (!f)
		return error_set(err, -ENOMEM, "bench: out of memory");
	f->null = sink_null_create();
	near = f->null ? (uint64_t)(uintptr_t)f->null->entry[OP_glVertex3f] : 0;
	f->page = f->null ? page_map(near) : NULL;
	if (!f->page) {
		sink_destroy(f->null);
		free(f);
		return error_set(err, -ENOMEM, "bench: no memory far from the entry points");
	}
	f->sink = *f->null;
	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		commands += gl_ops[op].command != GL_OP_NO_COMMAND;
	/* what the mixes call is plain: without any payload or name */
	for (unsigned op = 0; op < GL_OP_COUNT && moved < commands / 3; op++) {
		bool plain = gl_ops[op].command != GL_OP_NO_COMMAND &&
			     gl_ops[op].form == GL_FORM_DIRECT;

		for (unsigned i = 0; i < gl_ops[op].noperands; i++)
			plain &= gl_ops[op].operands[i].kind < GL_KIND_NAME;
		if (!plain)
			continue;
		memcpy(&f->sink.entry[op], &f->page, sizeof(f->page));
		moved++;
	}
	*s = &f->sink;
	return 0;
}

void sink_far_destroy(struct sink *s)
{
	struct sink_far *f = (struct sink_far *)s;

	if (!f)
		return;
	munmap(f->page, PAGE);
	sink_destroy(f->null);
	free(f);
}
