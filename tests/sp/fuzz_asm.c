/* fuzz_asm.c - any text to the assembler: an error in one line, or a file whose dump is
 * a fixed point.  Seeds: tests/sp/fuzz_asm/. */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blink/sp/asm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *dump(const char *path, size_t *n)
{
	struct dump_options all = { .frame = -1, .sp = -1, .payloads = true };
	struct error err = { 0 };
	struct blink_file *f;
	char *text = NULL;
	FILE *out;

	if (blink_open(&f, path, 1 << 20, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	out = open_memstream(&text, n);
	if (!out || blink_dump(f, &all, out, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	fclose(out);
	blink_close(f);
	return text;
}

/* Large payloads of zeros are legal, and only slow. */
static int too_large(const char *text)
{
	for (const char *p = text; (p = strstr(p, "zero")); p += 4) {
		size_t digits = 0;

		for (const char *q = p + 4; *q && *q != '\n'; q++) {
			digits = isxdigit((unsigned char)*q) ? digits + 1 : 0;
			if (digits > 4)
				return 1;
		}
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], *text = malloc(size + 1), *first, *second;
	struct error err = { 0 };
	size_t n, m;

	memcpy(text, data, size);
	text[size] = 0;
	snprintf(path, sizeof(path), "/dev/shm/fuzz_asm.%d.blink", (int)getpid());
	if (size > 65536 || too_large(text)) {
		free(text);
		return 0;
	}
	if (blink_assemble(text, size, "fuzz", path, NULL, &err) < 0) {
		if (!err.text[0] || strchr(err.text, '\n') || access(path, F_OK) == 0)
			abort();
		free(text);
		return 0;
	}
	first = dump(path, &n);
	if (blink_assemble(first, n, "dump", path, NULL, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	second = dump(path, &m);
	if (n != m || memcmp(first, second, n))
		abort();
	unlink(path);
	free(first);
	free(second);
	free(text);
	return 0;
}
