/* container.h - what the tests of .blink files share: files in a folder of their own, bytes,
 * and forging them as an attacker would.
 */
#ifndef TESTS_SP_CONTAINER_H
#define TESTS_SP_CONTAINER_H

#include "blink/sp/format.h"
#include "tests/support/spgen.h"

/* A folder for this run, and two names in it. */
extern char folder[64], path[96], damaged[96];
int container_setup(void **state);
int container_teardown(void **state);
unsigned folder_entries(void);

/* All bytes of a file, one more allocated. */
uint8_t *bytes_read(const char *name, size_t *n);
void bytes_write(const char *name, const void *p, size_t n);
/* Opens, loads every SP and every payload.  0 or the first error's code. */
int container_read(const char *name, struct error *err);
/* These bytes, as `damaged`, must be refused, in a sentence that names the file. */
void must_refuse(const void *p, size_t n, const char *what);

/* An SP that draws from an array in a payload; its code, of 16 words at most. */
uint32_t draw_code(uint32_t *words, uint32_t payload);
void add_sp(struct blink_writer *w, unsigned callback, uint32_t frame, uint32_t payload);
/* Bytes of a file with a bit of everything, made at `path`. */
uint8_t *sample(size_t *n);

/* Gives the header and the section table checksums that agree, as an attacker would. */
void container_forge(uint8_t *p, size_t n);
struct blink_section *sections_of(uint8_t *p);
void section_reseal(uint8_t *p, struct blink_section *s);

#endif
