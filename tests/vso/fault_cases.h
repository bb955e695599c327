/* fault_cases.h - what a client can say wrong, as tables: fields of its hello, descriptions
 * of objects, entries of a stream.  Rows of VSO_FAULT_OK look wrong, and are not. */
#ifndef TESTS_VSO_FAULT_CASES_H
#define TESTS_VSO_FAULT_CASES_H

#include <stddef.h>

#include "blink/vso/vso.h"

#define OBJECTS 200u
#define DATA (8u << 20)
#define STREAM 65536u

/* ---- hellos ------------------------------------------------------------------------- */

/* A field of the hello, and a value that it must not have. */
struct hello_case {
	const char *name;
	enum vso_fault fault;
	size_t at;
	uint32_t value;
};
#define FIELD(f) offsetof(struct vso_hello, f)

static const struct hello_case hellos[] = {
	{ "magic", VSO_FAULT_HELLO, FIELD(magic), 1 },
	{ "version", VSO_FAULT_HELLO, FIELD(version), VSO_VERSION + 1 },
	{ "command table", VSO_FAULT_HELLO, FIELD(table_hash), 1 },
	{ "more pages than granted", VSO_FAULT_HELLO, FIELD(pages), 200000 },
	{ "pages that do not hold the objects", VSO_FAULT_HELLO, FIELD(pages), 5 },
	{ "no pages", VSO_FAULT_HELLO, FIELD(pages), 0 },
	{ "no objects", VSO_FAULT_HELLO, FIELD(objects), 0 },
	{ "kinds of names", VSO_FAULT_HELLO, FIELD(spaces), 0 },
	{ "more kinds of names than there is room for", VSO_FAULT_HELLO, FIELD(spaces), 65 },
	{ "flags", VSO_FAULT_HELLO, FIELD(flags), VSO_HELLO_FLAGS + 1 },
	{ "reserved", VSO_FAULT_HELLO, FIELD(reserved), 1 },
	{ "width", VSO_FAULT_HELLO, FIELD(width), VSO_WINDOW_MAX + 1 },
	{ "height", VSO_FAULT_HELLO, FIELD(height), UINT32_MAX },
	{ "half a page of stream", VSO_FAULT_HELLO, FIELD(stream_bytes), 2048 },
	{ "a list without a stream", VSO_FAULT_HELLO, FIELD(stream_bytes), 0 },
	{ "a stream without a list", VSO_FAULT_HELLO, FIELD(stream_list), 0 },
	{ "a stream on pages that there are not", VSO_FAULT_HELLO, FIELD(stream_list), UINT32_MAX },
	{ "a stream on the server's page", VSO_FAULT_HELLO, FIELD(stream_list), VSO_PAGE_SERVER },
	{ "a stream whose list is longer", VSO_FAULT_HELLO, FIELD(stream_bytes), 5000 * VSO_PAGE },
	{ "pages", VSO_FAULT_QUOTA, FIELD(pages), UINT32_MAX },
	{ "objects", VSO_FAULT_QUOTA, FIELD(objects), VSO_OBJECTS_MAX + 1 },
	{ "slots", VSO_FAULT_QUOTA, FIELD(slots), UINT32_MAX },
	{ "names", VSO_FAULT_QUOTA, FIELD(names[GL_SPACE_TEXTURE]), UINT32_MAX },
	{ "bytes of stream", VSO_FAULT_QUOTA, FIELD(stream_bytes), 1u << 31 },
};

/* ---- objects ------------------------------------------------------------------------ */

#define HERE (1u << 31)                    /* added to a page: from the first free one */

struct object_case {
	const char *name;
	enum vso_fault fault;
	struct vso_desc d;
	/* written to list pages before: page, place, value */
	uint32_t list[4][3];
};

static const struct object_case objects[] = {
	{ "good", VSO_FAULT_OK, { .type = VSO_DATA, .size = 4096, .pages = HERE }, { { 0 } } },
	{ "good, listed", VSO_FAULT_OK, { .type = VSO_DATA, .size = 4097, .pages = HERE },
	  { { 0, 0, HERE + 1 }, { 0, 1, HERE + 2 } } },
	{ "one page twice", VSO_FAULT_OK, { .type = VSO_MAPPED, .size = 8192, .pages = HERE },
	  { { 0, 0, HERE + 1 }, { 0, 1, HERE + 1 } } },
	{ "its own list", VSO_FAULT_OK, { .type = VSO_DATA, .size = 8192, .pages = HERE },
	  { { 0, 0, HERE }, { 0, 1, HERE } } },
	{ "no page", VSO_FAULT_PAGE_OWN, { .type = VSO_DATA, .size = 1 }, { { 0 } } },
	{ "the root page", VSO_FAULT_PAGE_OWN, { .type = VSO_DATA, .size = 5000, .pages = HERE },
	  { { 0, 0, HERE + 1 }, { 0, 1, 0 } } },
	{ "the server's page", VSO_FAULT_PAGE_OWN,
	  { .type = VSO_MAPPED, .size = 64, .pages = VSO_PAGE_SERVER }, { { 0 } } },
	{ "a page of entries", VSO_FAULT_PAGE_OWN,
	  { .type = VSO_SP, .size = 64, .pages = VSO_PAGES_FIXED }, { { 0 } } },
	{ "a list on a page of states", VSO_FAULT_PAGE_OWN,
	  { .type = VSO_DATA, .size = 5000, .pages = HERE - 1 }, { { 0 } } },
	{ "the last page of states", VSO_FAULT_PAGE_OWN,
	  { .type = VSO_DATA, .size = 64, .pages = HERE - 1 }, { { 0 } } },
	{ "no such page", VSO_FAULT_PAGE_RANGE,
	  { .type = VSO_DATA, .size = 1, .pages = 1 << 30 }, { { 0 } } },
	{ "no such page in a list", VSO_FAULT_PAGE_RANGE,
	  { .type = VSO_MAPPED, .size = 8192, .pages = HERE },
	  { { 0, 0, HERE + 1 }, { 0, 1, UINT32_MAX } } },
	{ "no such list", VSO_FAULT_PAGE_RANGE,
	  { .type = VSO_DATA, .size = 8192, .pages = UINT32_MAX }, { { 0 } } },
	{ "a list that is longer", VSO_FAULT_LIST,
	  { .type = VSO_DATA, .size = 8192, .pages = HERE },
	  { { 0, 0, HERE + 1 }, { 0, 1, HERE + 1 }, { 0, VSO_LIST, HERE } } },
	{ "nothing", VSO_FAULT_SIZE, { .type = VSO_DATA, .pages = HERE }, { { 0 } } },
	{ "too much", VSO_FAULT_SIZE,
	  { .type = VSO_DATA, .size = (64u << 20) + 1, .pages = HERE }, { { 0 } } },
	{ "as much as there is", VSO_FAULT_SIZE,
	  { .type = VSO_MAPPED, .size = UINT32_MAX, .pages = HERE }, { { 0 } } },
	{ "half a word of code", VSO_FAULT_SIZE,
	  { .type = VSO_SP, .size = 6, .pages = HERE }, { { 0 } } },
	{ "type", VSO_FAULT_TYPE, { .type = VSO_TYPES, .size = 4, .pages = HERE }, { { 0 } } },
	{ "callback", VSO_FAULT_TYPE,
	  { .type = VSO_SP, .callback = SP_CALLBACKS, .size = 4, .pages = HERE }, { { 0 } } },
	{ "one that is only called", VSO_FAULT_OK,
	  { .type = VSO_SP, .callback = VSO_CALLEE, .size = 4, .pages = HERE }, { { 0 } } },
	{ "a callback for data", VSO_FAULT_TYPE,
	  { .type = VSO_DATA, .callback = 1, .size = 4, .pages = HERE }, { { 0 } } },
	{ "a context for pixels", VSO_FAULT_TYPE,
	  { .type = VSO_MAPPED, .context = 1, .size = 4, .pages = HERE }, { { 0 } } },
	{ "flags", VSO_FAULT_TYPE,
	  { .type = VSO_DATA, .flags = 1, .size = 4, .pages = HERE }, { { 0 } } },
	{ "reserved", VSO_FAULT_TYPE,
	  { .type = VSO_NONE, .reserved = 1 }, { { 0 } } },
	{ "deleted", VSO_FAULT_OK, { .type = VSO_NONE, .size = 99, .pages = 99 }, { { 0 } } },
};

/* ---- streams ------------------------------------------------------------------------ */

/* A good entry with one or two of its fields changed. */
struct stream_case {
	const char *name;
	enum vso_fault fault;
	uint64_t head;                      /* bytes said to be there */
	struct { size_t at; uint32_t value; } field[2];
	struct vso_stream_payload payload;
};
#define E(f, value) { offsetof(struct vso_stream_entry, f), value }
#define NONE { E(size, 96) }
static const struct vso_stream_entry good = { .size = 96, .code = 64, .words = 4, .payloads = 48 };

static const struct stream_case streams[] = {
	{ "good", VSO_FAULT_OK, 96, { E(npayloads, 1) }, { 80, 16 } },
	{ "an empty payload at its end", VSO_FAULT_OK, 96, { E(npayloads, 1) }, { 96, 0 } },
	{ "payloads over each other", VSO_FAULT_OK, 96, { E(npayloads, 1) }, { 0, 96 } },
	{ "head beyond its room", VSO_FAULT_STREAM_HEAD, STREAM + 16, NONE, { 0 } },
	{ "head far beyond", VSO_FAULT_STREAM_HEAD, UINT64_MAX - 15, NONE, { 0 } },
	{ "head within a word", VSO_FAULT_STREAM_HEAD, 97, NONE, { 0 } },
	{ "less than an entry", VSO_FAULT_STREAM_ENTRY, 32, NONE, { 0 } },
	{ "size 0", VSO_FAULT_STREAM_ENTRY, 96, { E(size, 0) }, { 0 } },
	{ "less than its head", VSO_FAULT_STREAM_ENTRY, 96, { E(size, 32) }, { 0 } },
	{ "size within a word", VSO_FAULT_STREAM_ENTRY, 96, { E(size, 90) }, { 0 } },
	{ "larger than what is there", VSO_FAULT_STREAM_ENTRY, 96, { E(size, 112) }, { 0 } },
	{ "larger than any", VSO_FAULT_QUOTA, 96, { E(size, 0xfffffff0) }, { 0 } },
	{ "larger than the ring, and damaged", VSO_FAULT_STREAM_ENTRY, 96,
	  { E(size, 2 * STREAM), E(flags, 2) }, { 0 } },
	{ "more payloads than memory for them", VSO_FAULT_QUOTA, 96,
	  { E(size, 192u << 20), E(npayloads, 16u << 20) }, { 0 } },
	{ "flags", VSO_FAULT_STREAM_ENTRY, 96, { E(flags, 2) }, { 0 } },
	{ "callback", VSO_FAULT_STREAM_ENTRY, 96, { E(callback, SP_CALLBACKS) }, { 0 } },
	{ "a callback of many bits", VSO_FAULT_STREAM_ENTRY, 96, { E(callback, 0x100) }, { 0 } },
	{ "only called", VSO_FAULT_STREAM_ENTRY, 96, { E(callback, VSO_CALLEE) }, { 0 } },
	{ "reserved", VSO_FAULT_STREAM_ENTRY, 96, { E(reserved[2], 1) }, { 0 } },
	{ "no code", VSO_FAULT_STREAM_ENTRY, 96, { E(words, 0) }, { 0 } },
	{ "code beyond its end", VSO_FAULT_STREAM_ENTRY, 96, { E(words, 9) }, { 0 } },
	{ "code in its head", VSO_FAULT_STREAM_ENTRY, 96, { E(code, 44) }, { 0 } },
	{ "code at an odd place", VSO_FAULT_STREAM_ENTRY, 96, { E(code, 66) }, { 0 } },
	{ "more code than can be", VSO_FAULT_STREAM_ENTRY, 96, { E(words, 0x40000001) }, { 0 } },
	{ "code far away", VSO_FAULT_STREAM_ENTRY, 96, { E(code, 0xfffffffc) }, { 0 } },
	{ "payloads beyond its end", VSO_FAULT_STREAM_ENTRY, 96,
	  { E(payloads, 92), E(npayloads, 1) }, { 0 } },
	{ "payloads at an odd place", VSO_FAULT_STREAM_ENTRY, 96,
	  { E(payloads, 50), E(npayloads, 1) }, { 0 } },
	{ "many payloads", VSO_FAULT_STREAM_ENTRY, 96, { E(npayloads, 0x20000001) }, { 0 } },
	{ "as many as numbers", VSO_FAULT_STREAM_ENTRY, 96, { E(npayloads, UINT32_MAX) }, { 0 } },
	{ "a payload beyond its end", VSO_FAULT_STREAM_ENTRY, 96, { E(npayloads, 1) }, { 80, 17 } },
	{ "a payload at an odd place", VSO_FAULT_STREAM_ENTRY, 96, { E(npayloads, 1) }, { 84, 1 } },
	{ "a payload around the end", VSO_FAULT_STREAM_ENTRY, 96,
	  { E(npayloads, 1) }, { 0xfffffff8, 8 } },
};

#endif
