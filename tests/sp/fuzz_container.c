/* fuzz_container.c - any bytes as a .blink file: read whole, or refused in one sentence.
 *
 * Each input is tried as it is and with its checksums made right, so that mutations get
 * past them.  Seeds: tests/sp/fuzz_container/.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "blink/sp/asm.h"
#include "blink/sp/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const char *path)
{
	struct dump_options all = { .frame = -1, .sp = -1, .payloads = true };
	struct error err = { 0 };
	struct blink_file *f;
	FILE *out;

	if (blink_open(&f, path, 1 << 20, &err) < 0) {
		if (!err.text[0])
			abort();
		return;
	}
	for (uint32_t i = 0; i < blink_sp_count(f) && i < 1000; i++) {
		struct sp sp;

		if (blink_sp_load(f, i, &sp, &err) == 0)
			blink_sp_release(f, i);
	}
	for (uint32_t i = 1; i < blink_payloads(f)->n && i < 1000; i++) {
		struct sp_payload p;

		blink_payload_load(f, i, &p, &err);
	}
	out = fopen("/dev/null", "w");
	if (out) {
		if (blink_payloads(f)->n < 1000)
			blink_dump(f, &all, out, &err);
		fclose(out);
	}
	blink_close(f);
}

static void repair(uint8_t *p, size_t n)
{
	struct blink_header h;
	uint64_t length;

	memcpy(&h, p, sizeof(h));
	memcpy(h.magic, BLINK_MAGIC, sizeof(h.magic));
	h.version = BLINK_VERSION;
	h.reserved = 0;
	h.file_size = n;
	h.sections %= 64;
	length = h.sections * sizeof(struct blink_section);
	if (length <= n - sizeof(h)) {
		h.table_offset = n - length;
		for (uint32_t i = 0; i < h.sections; i++) {
			uint8_t *row = p + h.table_offset + i * sizeof(struct blink_section);
			struct blink_section s;

			memcpy(&s, row, sizeof(s));
			if (range_ok(s.offset, s.stored, n))
				s.checksum = XXH3_64bits(p + s.offset, s.stored);
			memcpy(row, &s, sizeof(s));
		}
		h.table_checksum = XXH3_64bits(p + h.table_offset, length);
	}
	h.checksum = XXH3_64bits(&h, offsetof(struct blink_header, checksum));
	memcpy(p, &h, sizeof(h));
}

static void try_bytes(const uint8_t *p, size_t n)
{
	char path[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_all(path);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	try_bytes(data, size);
	if (size < sizeof(struct blink_header))
		return 0;
	copy = malloc(size);
	memcpy(copy, data, size);
	repair(copy, size);
	try_bytes(copy, size);
	free(copy);
	return 0;
}
