/* table_hash.h - do two programs number the GL's commands alike?
 *
 * Recordings name commands by their index in gl_commands.  The hash is over all names
 * and argument types in order; gl_table_hash() is over instructions, which is something
 * else: a command without one may come or go without changing it. */
#ifndef CAPTURE_RECORD_TABLE_HASH_H
#define CAPTURE_RECORD_TABLE_HASH_H

#include "blink/gl/table.h"

static inline uint64_t record_table_hash(void)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (unsigned i = 0; i < gl_command_count; i++) {
		const struct gl_command *c = &gl_commands[i];

		for (const char *s = c->name; *s; s++)
			h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
		h = (h ^ c->ret ^ (uint64_t)c->nparams << 8) * UINT64_C(0x100000001b3);
		for (unsigned k = 0; k < c->nparams; k++)
			h = (h ^ c->params[k].ctype) * UINT64_C(0x100000001b3);
	}
	return h;
}

#endif
