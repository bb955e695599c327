/* symbols.h - names to numbers, for the assembler.  Names are borrowed: they must
 * outlive the table.  embedded: init/finish.
 */
#ifndef BLINK_SP_SYMBOLS_H
#define BLINK_SP_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	const char *name;     /* NULL: free */
	uint32_t length, value;
};

struct symbols {
	struct symbol *v;
	size_t cap, n;        /* cap: a power of two, or 0 */
};

void symbols_init(struct symbols *s);
void symbols_finish(struct symbols *s);
void symbols_clear(struct symbols *s);
/* 1 added, 0 there already, -ENOMEM. */
int symbols_add(struct symbols *s, const char *name, size_t length, uint32_t value);
bool symbols_find(const struct symbols *s, const char *name, size_t length, uint32_t *value);

#endif
