/* format.h - the .blink container as it lies on disk, and the limits that reader
 * and writer share.  Private to blink/sp; the grammar is docs/BLINK-FORMAT.md.
 *
 * header | sections in order of offset | section table
 *
 * Objects (payloads, code, index entries) are numbered from 1 in order of arrival and
 * lie in *streams* of sections called blocks.  A block's raw form is its objects, each
 * starting at a multiple of BLINK_ALIGN, then one u32 size per object.  So neither a
 * position nor a table of objects has to be kept: the section table suffices.
 */
#ifndef BLINK_SP_FORMAT_H
#define BLINK_SP_FORMAT_H

#include <assert.h>
#include <stdint.h>

#include "blink/sp/file.h"

#define BLINK_MAGIC "\x89" "BLINK\r\n"         /* shows text-mode and 7-bit damage */
#define BLINK_ALIGN 16u                         /* of an object in its block */
#define BLINK_PAGE 4096u                        /* of a plain block in the file */
#define BLINK_BLOCK (4u << 20)                  /* raw bytes of a block of several objects */
#define BLINK_CODE_BLOCK (1u << 20)
#define BLINK_INDEX_BLOCK (64u << 10)
#define BLINK_LEVEL (-1)
#define BLINK_WINDOW (32ull << 20)
#define BLINK_WINDOW_MAX (4ull << 30)
/* a lone object, its alignment and its size word */
#define BLINK_RAW_MAX ((uint64_t)SP_MAX_PAYLOAD + BLINK_ALIGN + 4)
#define BLINK_OBJECTS_MAX (1u << 28)
#define BLINK_SECTIONS_MAX (1u << 22)
#define BLINK_TEXT_MAX (16u << 20)              /* provenance, op table */
#define BLINK_SHARED_MAX (64u << 20)            /* raw bytes of a block of several objects */

enum blink_stream { BLINK_DATA, BLINK_CODE, BLINK_INDEX, BLINK_STREAMS };

enum blink_section_kind {
	BLINK_SECTION_DATA = BLINK_DATA,        /* payloads */
	BLINK_SECTION_CODE = BLINK_CODE,        /* code of SPs */
	BLINK_SECTION_INDEX = BLINK_INDEX,      /* struct blink_entry; an SP's id is its
	                                           number less 1 */
	BLINK_SECTION_OPS,                      /* layouts of the ops that the code uses */
	BLINK_SECTION_INFO,                     /* struct blink_info, then name spaces */
	BLINK_SECTION_PROVENANCE,               /* JSON text, no final zero */
	BLINK_SECTION_FRAMES,                   /* struct blink_frame_data each; any number of
	                                           sections, from version 2 on */
	BLINK_SECTION_KINDS
};
extern const char *const blink_section_names[BLINK_SECTION_KINDS];

enum blink_packing { BLINK_PLAIN, BLINK_ZSTD, BLINK_PACKINGS };

struct blink_header {
	char magic[8];
	uint32_t version;
	uint32_t sections;              /* in the section table */
	uint64_t table_hash;            /* gl_table_hash() of the writer */
	uint64_t table_offset;          /* of the section table, which ends the file */
	uint64_t file_size;
	uint64_t table_checksum;        /* XXH3-64, as all checksums here */
	uint64_t reserved;              /* 0 */
	uint64_t checksum;              /* of the bytes before it */
};
static_assert(sizeof(struct blink_header) == 64, "on-disk layout");

struct blink_section {
	uint16_t kind, packing;
	uint32_t objects;               /* blocks only */
	uint64_t offset, stored, raw;   /* place and length in the file; length unpacked */
	uint64_t checksum;              /* of the stored bytes */
};
static_assert(sizeof(struct blink_section) == 40, "on-disk layout");

/* One SP in the index: this, then nblocks numbers of data blocks (u32, ascending),
 * then nrestore bytes of text, the final zero included (0: none). */
struct blink_entry {
	uint8_t callback, flags;
	uint16_t reserved;
	uint32_t frame, context, drawable;
	uint32_t code;                  /* number of the code object */
	uint32_t nblocks, nrestore;
};
static_assert(sizeof(struct blink_entry) == 28, "on-disk layout");

struct blink_info {
	uint64_t window;                /* the writer's */
	uint64_t records, code_words;   /* of all SPs, shared code counted each time */
	uint64_t payload_bytes;         /* given to the writer, equal ones included */
	int32_t level;
	uint32_t slots;                 /* location slots */
	uint32_t nspaces;               /* then: u32 highest name, u32 length, space's name */
	uint32_t reserved;
};
static_assert(sizeof(struct blink_info) == 48, "on-disk layout");

/* Frames whose data one section holds; only the last one may hold fewer. */
#define BLINK_FRAMES_SECTION 16384u
static_assert(sizeof(struct blink_frame_data) == 40, "on-disk layout");

/* One op in the op table: this, then noperands kinds, then the name. */
struct blink_op {
	uint16_t opcode;
	uint8_t words, noperands, name_length, reserved;
};
static_assert(sizeof(struct blink_op) == 6, "on-disk layout");

static inline uint64_t blink_align(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

#endif
