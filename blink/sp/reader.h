/* reader.h - an open .blink file, and the residency of its blocks.  Private to
 * blink/sp; see file.h for what it promises and format.h for the layout.
 */
#ifndef BLINK_SP_READER_H
#define BLINK_SP_READER_H

#include <zstd.h>

#include "blink/sp/format.h"

#define SPARES 2

/* A section that holds objects.  Resident while raw is not NULL. */
struct block {
	const struct blink_section *section;
	uint32_t first;                   /* number of its first object */
	uint32_t pins;
	const uint8_t *raw;               /* in the mapping, or owned */
	uint8_t *owned;
	struct block *newer, *older;      /* unpinned and owned: in the LRU list */
};

struct stream {
	struct block *blocks;
	uint32_t nblocks, nobjects;
	struct sp_payload *objects;       /* 1 + nobjects; untouched pages cost nothing */
};

/* An op of the file's table, as this program knows it. */
struct op_map {
	uint16_t op;                      /* here; GL_OP_COUNT: unknown here */
	uint8_t words;                    /* 0: not listed */
	const char *name;                 /* not terminated */
	uint8_t name_length;
};

struct sp_state {
	uint32_t loads;
	uint32_t *translated;             /* its code in this program's opcodes */
};

struct blink_file {
	char *path;
	const uint8_t *map;
	uint64_t size, mapped;            /* of the file; with what lies behind it */
	struct blink_header header;
	const struct blink_section *sections;   /* in the mapping */
	struct stream streams[BLINK_STREAMS];
	struct sp_state *states;          /* per SP */
	struct sp_payloads payloads;
	uint32_t init_count, frames;
	uint32_t hint_frame, hint_sp;     /* where the frame after the last one asked starts */

	uint8_t *ops;                     /* the op table */
	struct op_map *op_map;            /* 65,536 rows, or NULL: opcodes are ours */
	struct blink_info info;
	uint32_t names[GL_SPACE_COUNT];
	char *provenance;
	struct frame_data {               /* see frames.c */
		const struct blink_section **sections;
		uint32_t nsections, count;
		struct blink_frame_data *at_hand;   /* of section number .open */
		uint32_t open;
	} frame_data;

	ZSTD_DCtx *zstd;
	struct block *newest, *oldest;
	uint8_t *spares[SPARES];          /* buffers for the next blocks */
	uint64_t cache_bytes, resident;
};

/* ---- sections (section.c) ------------------------------------------------ */
/* Maps nothing, checks everything that the section table says. */
int sections_check(struct blink_file *f, struct error *err);
int section_fail(const struct blink_file *f, const struct blink_section *s,
		 struct error *err, const char *why);
/* Unpacks s into room of s->raw bytes, its checksum checked. */
int section_unpack(struct blink_file *f, const struct blink_section *s, uint8_t *room,
		   struct error *err);
bool section_intact(const struct blink_file *f, const struct blink_section *s);

/* ---- residency (cache.c) ------------------------------------------------- */
int block_pin(struct blink_file *f, struct block *b, struct error *err);
void block_unpin(struct blink_file *f, struct block *b);
/* The block of the stream that holds object number, 1 to nobjects. */
struct block *block_of(struct stream *s, uint32_t number);
void cache_finish(struct blink_file *f);

/* ---- frame data (frames.c) ------------------------------------------------ */
int frame_data_read(struct blink_file *f, struct error *err);
void frame_data_finish(struct blink_file *f);

/* ---- op tables (translate.c) --------------------------------------------- */
int ops_read(struct blink_file *f, const struct blink_section *s, struct error *err);
/* code in the file's opcodes to code in ours, or the reason why not. */
int code_translate(struct blink_file *f, uint32_t id, const uint32_t *code, uint32_t nwords,
		   uint32_t **out, struct error *err);

#endif
