/* output.h - a file that appears whole or not at all.
 *
 * Written without a name where the file system can (nothing stays behind even when
 * the process is killed), else under a temporary one beside it; output_commit syncs
 * it and puts it in its place, output_finish without commit leaves nothing.  What a process
 * left that was killed between the last two steps of that goes with the next output there.
 * Large pieces that lie in whole pages, in memory and in the file, go to disk past the
 * page cache where the file system can: filling new pages of it costs more CPU time than
 * everything else that writing plain data consists of.
 * embedded: create/finish.
 */
#ifndef BLINK_SP_OUTPUT_H
#define BLINK_SP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blink/base/error.h"

struct output {
	char *path, *temporary;
	int fd;
	int direct;                   /* the same file past the page cache; -1: cannot be */
	bool open, named;
	uint64_t offset;              /* where the next byte goes */
};

int output_create(struct output *o, const char *path, struct error *err);
void output_finish(struct output *o);
/* The gap is zeros. */
void output_align(struct output *o, uint64_t to);
int output_write(struct output *o, const void *data, size_t n, struct error *err);
int output_rewrite(struct output *o, const void *data, size_t n, struct error *err); /* at 0 */
int output_commit(struct output *o, struct error *err);

#endif
