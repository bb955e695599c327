/* file.h - the .blink container.  Grammar and versions: docs/BLINK-FORMAT.md.
 *
 * Writing streams: code and payloads are gathered into blocks (SP_BLOCK_SIZE raw)
 * that go to disk as they fill, compressed with zstd where that pays; only the
 * block list, and a bounded window for finding equal payloads, stay in memory.
 * The file is written under a temporary name and renamed by blink_writer_commit;
 * finish without commit removes it.
 *
 * Reading maps the file.  Everything is bounds-checked at open or at first use of
 * a block, each block's checksum before its first use; a bad file gives one error
 * naming the section.  Blocks are decompressed on demand and kept in an LRU cache
 * bounded by cache_bytes; pinned blocks stay.  Not thread-safe per object.
 */
#ifndef BLINK_SP_FILE_H
#define BLINK_SP_FILE_H

#include "blink/sp/sp.h"

#define BLINK_VERSION 2u          /* 2: of files with frame data, 1: of all others */
#define BLINK_TEXT_VERSION 1u     /* of the assembly language */

/* ---- writer -------------------------------------------------------------- */
struct blink_writer;

#define BLINK_UNPACKED (-101)
struct blink_writer_options {
	int level;                /* zstd level, 0: default; negative ones are faster;
	                             BLINK_UNPACKED: nothing is packed */
	uint64_t window;          /* bytes of recent payload among which equal ones are
	                             found, 0: default; bounds memory here and at replay */
};

int blink_writer_create(struct blink_writer **w, const char *path,
			const struct blink_writer_options *opt, struct error *err);
/* Stores size bytes (or finds them stored already) and returns the payload's id,
 * 1 or more; 0 on failure (sticky: commit reports it).  The bytes are copied. */
uint32_t blink_writer_payload(struct blink_writer *w, const void *data, uint32_t size);
/* The same of bytes that are known by a number, such as their place in a file: with the
 * same number and size they are the same, and they are not compared with anything else.
 * 0 and numbers of more than 32 bits say nothing. */
uint32_t blink_writer_payload_placed(struct blink_writer *w, uint64_t place, const void *data,
				     uint32_t size);
/* Room of size bytes to fill in place (saves a copy); the next writer call must be
 * blink_writer_payload_end, which dedups.  size may shrink there. */
void *blink_writer_payload_begin(struct blink_writer *w, uint32_t size);
uint32_t blink_writer_payload_end(struct blink_writer *w, uint32_t size);
/* SPs come in order: init SPs, then those of frame 0, 1, 2... without a gap.
 * Adds an SP (code is copied; must be complete with `end`).  sp->id is ignored; the
 * new id is returned in *id if not NULL. */
int blink_writer_sp(struct blink_writer *w, const struct sp *sp, uint32_t *id);
/* Bytes of payload stored so far, equal ones once, before compression. */
uint64_t blink_writer_stored(const struct blink_writer *w);
/* Highest client name used per space, so that a reader can size its tables. */
void blink_writer_names(struct blink_writer *w, unsigned space, uint32_t max);
void blink_writer_slots(struct blink_writer *w, uint32_t nslots);  /* location slots */
/* What is known of the next frame (frames 0, 1, 2... in order, up to the last one of which
 * anything is known; all zero: nothing): kept in a section of its own, see blink_frame_data_get. */
struct blink_frame_data {
	uint64_t wall;            /* ns on a monotonic clock, at the swap that ended it */
	uint64_t cpu;             /* ns of CPU time of the whole program until then */
	uint64_t hash[2];         /* XXH3-128 of the framebuffer before the swap, low half
	                             first: RGB, 3 bytes a pixel, rows from the bottom up
	                             without padding */
	uint32_t width, height;   /* of what was hashed; 0: it was not */
};
void blink_writer_frame_data(struct blink_writer *w, const struct blink_frame_data *d);
/* provenance: JSON text. */
int blink_writer_commit(struct blink_writer *w, const char *provenance, struct error *err);
void blink_writer_destroy(struct blink_writer *w);   /* NULL ok; removes what is not committed */

/* ---- reader -------------------------------------------------------------- */
struct blink_file;

struct blink_stats {
	uint64_t file_bytes, code_words, records, payload_bytes, payload_stored;
	uint32_t sps, frames, payloads, blocks, version;
};

/* cache_bytes 0: enough for the writer's window.  The file must not be changed while
 * it is open (writers here replace files, they never change them). */
int blink_open(struct blink_file **f, const char *path, uint64_t cache_bytes, struct error *err);
void blink_close(struct blink_file *f);              /* NULL ok */
uint32_t blink_sp_count(const struct blink_file *f);
uint32_t blink_frame_count(const struct blink_file *f);
/* SP ids belonging to frame (0-based): [*first, *first + *count).  Init SPs come
 * before frame 0 and are [0, blink_init_count). */
uint32_t blink_init_count(const struct blink_file *f);
int blink_frame(struct blink_file *f, uint32_t frame, uint32_t *first, uint32_t *count);
/* Loads an SP: its code (translated if the file was written by another table) and
 * every payload it names become resident and pinned until blink_sp_release. */
int blink_sp_load(struct blink_file *f, uint32_t id, struct sp *out, struct error *err);
/* The SP without its code: code is NULL, nothing becomes resident. */
int blink_sp_header(struct blink_file *f, uint32_t id, struct sp *out, struct error *err);
void blink_sp_release(struct blink_file *f, uint32_t id);
/* The SP and its code alone, which stays until the next call of any load function: none
 * of its payloads is unpacked, and nothing is to be released. */
int blink_sp_code(struct blink_file *f, uint32_t id, struct sp *out, struct error *err);
/* The file's payload table; entries change as SPs are loaded and released. */
const struct sp_payloads *blink_payloads(const struct blink_file *f);
/* Makes one payload resident until the next call of any load function. */
int blink_payload_load(struct blink_file *f, uint32_t id, struct sp_payload *out,
		       struct error *err);
/* Frames that have data: all, from frame 0 on, or fewer, or none. */
uint32_t blink_frame_data_count(const struct blink_file *f);
/* In order they cost little: a section of them stays unpacked. */
int blink_frame_data_get(struct blink_file *f, uint32_t frame, struct blink_frame_data *out,
			 struct error *err);
uint32_t blink_names_max(const struct blink_file *f, unsigned space);
uint32_t blink_slots(const struct blink_file *f);
const char *blink_provenance(const struct blink_file *f);
/* How it was written: zstd level, dedup window. */
struct blink_coding { int level; uint64_t window; };
void blink_file_coding(const struct blink_file *f, struct blink_coding *out);
void blink_file_stats(const struct blink_file *f, struct blink_stats *out);

#endif
