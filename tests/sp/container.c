/* container.c - see container.h. */
#include "tests/sp/container.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

char folder[64], path[96], damaged[96];

int container_setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_container.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/a.blink", folder);
	snprintf(damaged, sizeof(damaged), "%s/b.blink", folder);
	return 0;
}

int container_teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(damaged);
	return rmdir(folder);
}

unsigned folder_entries(void)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

uint8_t *bytes_read(const char *name, size_t *n)
{
	FILE *in = fopen(name, "rb");
	uint8_t *p;

	assert_non_null(in);
	fseek(in, 0, SEEK_END);
	*n = (size_t)ftell(in);
	rewind(in);
	p = malloc(*n + 1);
	assert_int_equal(fread(p, 1, *n, in), *n);
	fclose(in);
	return p;
}

void bytes_write(const char *name, const void *p, size_t n)
{
	FILE *out = fopen(name, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(p, 1, n, out), n);
	fclose(out);
}

/* Opens, loads every SP and every payload.  0 or the first error's code. */
int container_read(const char *name, struct error *err)
{
	struct blink_file *f;
	int ret = blink_open(&f, name, 1 << 20, err);

	for (uint32_t i = 0; ret == 0 && i < blink_sp_count(f); i++) {
		struct sp sp;

		ret = blink_sp_load(f, i, &sp, err);
		if (ret == 0)
			blink_sp_release(f, i);
	}
	for (uint32_t i = 1; ret == 0 && i < blink_payloads(f)->n; i++) {
		struct sp_payload p;

		ret = blink_payload_load(f, i, &p, err);
	}
	blink_close(f);
	return ret;
}

void must_refuse(const void *p, size_t n, const char *what)
{
	struct error err = { 0 };

	bytes_write(damaged, p, n);
	if (container_read(damaged, &err) >= 0)
		fail_msg("%s: accepted", what);
	assert_true(err.code < 0);
	assert_true(strncmp(err.text, damaged, strlen(damaged)) == 0);
	assert_null(strchr(err.text, '\n'));
}


/* ---- contents -------------------------------------------------------------- */

uint32_t draw_code(uint32_t *words, uint32_t payload)
{
	const uint32_t code[] = {
		OP_glVertexPointer, 3, 0x1406, 0, payload, 0, OP_glDrawArrays, 4, 0, 3, OP_end
	};

	memcpy(words, code, sizeof(code));
	return sizeof(code) / sizeof(*code);
}

void add_sp(struct blink_writer *w, unsigned callback, uint32_t frame, uint32_t payload)
{
	uint32_t words[16];
	struct sp sp = { .callback = (uint8_t)callback, .frame = frame, .code = words };

	sp.nwords = draw_code(words, payload);
	assert_int_equal(blink_writer_sp(w, &sp, NULL), 0);
}

uint8_t *sample(size_t *n)
{
	struct rng rng = { 99 };
	struct error err = { 0 };

	assert_int_equal(spgen_file(&rng, path, 3, &err), 0);
	assert_int_equal(container_read(path, &err), 0);
	return bytes_read(path, n);
}

/* ---- forging --------------------------------------------------------------- */

/* Gives the header and the section table checksums that agree, as an attacker would. */
void container_forge(uint8_t *p, size_t n)
{
	struct blink_header *h = (void *)p;

	h->file_size = n;
	if (range_ok(h->table_offset, (uint64_t)h->sections * sizeof(struct blink_section), n))
		h->table_checksum = XXH3_64bits(p + h->table_offset,
						h->sections * sizeof(struct blink_section));
	h->checksum = XXH3_64bits(h, offsetof(struct blink_header, checksum));
}

struct blink_section *sections_of(uint8_t *p)
{
	return (void *)(p + ((struct blink_header *)(void *)p)->table_offset);
}

void section_reseal(uint8_t *p, struct blink_section *s)
{
	s->checksum = XXH3_64bits(p + s->offset, s->stored);
}
