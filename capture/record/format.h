/* format.h - a recording: what the recorder library writes inside the recorded program,
 * and blinkctl reads.
 *
 * A recording is one file, mapped shared by the program (writer) and by blinkctl
 * (reader, its parent).  Stores into the mapping are all that a GL call costs: no
 * system call, no allocation, no lock.  What was stored is in the file, however the
 * program or blinkctl ends.  The recording is a scratch file: `blinkctl capture`
 * makes the .blink of it.
 *
 *     header page | segment | segment | segment ...
 *
 * Segments (RECORD_SEGMENT bytes each, room reserved with posix_fallocate before use,
 * so that a full disk is an error and never a signal) are handed out by an atomic
 * counter in the header.  A segment belongs to one thread of one process, and holds
 * calls or payloads:
 *
 *  - calls: a stream of records of whole 32-bit words.  .used is stored, with release
 *    order, after a record is complete: bytes beyond it are garbage.  A record never
 *    spans segments; a thread goes on in a further segment (.serial one higher).
 *  - payloads: bytes, at multiples of 16; referenced by file offset and size.  A payload
 *    may run over following segments that were reserved together with its first
 *    (.span > 1).  Its bytes are complete before the record that names it is.
 *
 * Slots.  New pages of a file are dear: the kernel clears them, and a virtual machine has
 * to be given them first.  So the file may begin with some slots, of a segment's size, and
 * a segment that is handed out lies in one of them, if one is free, until it is full.
 * blinkctl then writes it to its place, past the page cache, and frees the slot: the
 * program stores to the same few pages over and over, and they stay in caches.  .slot says
 * which segment lies in which slot; one that lies in none is at its place.  Nobody waits
 * for blinkctl: where no slot is free, a segment is stored to at its place from the start.
 * The slots count as segments, numbered from 0, and none of these is handed out.
 *
 * Order between threads.  The header's .owner is the thread that made the last call.
 * A thread that finds another owner there takes .sequence + 1 (under .lock), becomes
 * owner and writes a RECORD_ORDER record.  Between two such records calls of a thread
 * are consecutive.  A reader merges the threads' stretches by ascending sequence.
 *
 * Giving back.  A reader that follows a recording need not keep what it has read.  Calls
 * it may free at once (by holes in the file: nothing moves).  Payloads are referred to
 * again and again, so it asks first, by .floor: a place in the file, at a segment's start.
 * A thread that sees a higher one stores what it next needs from below it anew, further
 * up, and says so by a RECORD_FLOOR record: none of its records from there on refers to
 * payloads below, and no other thread's ever did, for each finds only its own again.  A
 * recording with a .floor can be read by nobody but who follows it.
 *
 * Everything in the file is untrusted to the reader: the program may have scribbled
 * over its own mappings.
 */
#ifndef CAPTURE_RECORD_FORMAT_H
#define CAPTURE_RECORD_FORMAT_H

#include <stdatomic.h>
#include <stdint.h>

#define RECORD_MAGIC 0x6365526b6e696c42u     /* "BlinkRec" */
#define RECORD_VERSION 3u                    /* 2: payloads are given back; 3: slots.  No other is
                                                read: what is kept is the .blink */
/* Bytes before segment 0, and of each: multiples of 2 MiB, so that the kernel can map a
 * segment by large pages.  With those, storing to new memory of a file costs a quarter. */
#define RECORD_HEADER (2u << 20)
#define RECORD_SEGMENT (2u << 20)
#define RECORD_SLOTS 16u                     /* at most */

/* How the library finds the file: an inherited descriptor would not survive the
 * wrappers that many games are started by, so it is a path. */
#define RECORD_ENV "BLINK_RECORD"
/* "1": hash the framebuffer at every swap. */
#define RECORD_ENV_HASH "BLINK_RECORD_HASH"

enum record_problem {                        /* bits of .problems */
	RECORD_NO_SPACE = 1,                 /* the disk is full: recording ended there */
	RECORD_NO_MEMORY = 2,
	RECORD_FOREIGN_TABLE = 4,            /* library and header disagree on the table */
	RECORD_LOST_CALLS = 8                /* calls that the library could not record;
	                                        RECORD_LOST records name them */
};

struct record_header {
	uint64_t magic;
	uint32_t version, segment_size;
	uint64_t table;                      /* record_table_hash() of who made the file
	                                        (table_hash.h); call records hold indices
	                                        into gl_commands */
	_Atomic uint32_t segments;           /* handed out so far */
	_Atomic uint32_t processes;          /* that attached; their numbers start at 1 */
	_Atomic uint32_t threads;            /* numbers start at 1 */
	_Atomic uint32_t problems;
	_Atomic uint32_t stop;               /* blinkctl: record no further call */
	_Atomic uint32_t lock;               /* for owner and sequence: 0 free */
	_Atomic uint32_t owner;              /* thread */
	_Atomic uint32_t reserved;           /* segments that have room in the file */
	_Atomic uint64_t sequence;
	_Atomic uint64_t frames;             /* swaps so far, for progress and --frames */
	_Atomic uint64_t calls;              /* brought up to date at swaps */
	_Atomic uint64_t floor;              /* payloads below are to be forgotten; 0: none */
	uint32_t slots;                      /* that the file begins with; 0: none */
	uint32_t zero;
	_Atomic uint64_t slot[RECORD_SLOTS]; /* number of the segment in it << 2, and
	                                        enum record_slot */
};

enum record_slot {
	RECORD_SLOT_FREE,                    /* the head of what lies there is zeros */
	RECORD_SLOT_TAKEN,                   /* a thread stores to it */
	RECORD_SLOT_FULL                     /* nobody does any more */
};

enum record_segment_kind { RECORD_CALLS = 1, RECORD_PAYLOADS = 2 };

struct record_segment {                      /* at the start of each, 64 bytes */
	uint32_t kind;                       /* 0: not written yet */
	uint32_t process, thread;
	uint32_t serial;                     /* of the thread's call segments, from 0 */
	uint32_t span;                       /* segments reserved as one, from this on */
	uint32_t pid;
	_Atomic uint64_t used;               /* bytes valid, this head included */
	uint64_t padding[4];
};

/* ---- records ---------------------------------------------------------------
 *
 *   word 0      low 16: index of the command in gl_commands, or enum record_mark
 *               bits 16..31: length in words, this one included
 *               (0: length is in word 1, and everything shifts by one)
 *   then, per parameter in order, as its gl_ctype: 1 word (up to 32 bits; smaller
 *               integers extended; floats as bits) or 2 words (64 bits, pointers,
 *               doubles), no alignment
 *   then the result, likewise, if the command has one
 *   then, per payload, struct record_payload (6 words), the bytes following it inline
 *               when .size is small
 *
 * A call is recorded before it goes to the driver, so that it is there when the
 * driver crashes; one with a result or with memory that the driver fills, after it
 * has returned.
 */
#define RECORD_INLINE 0xffffffffffffffffull  /* .offset: bytes follow, padded to words */

#define RECORD_RESULT 0xffu
#define RECORD_POINTERS 0xffffffffu

enum record_content {
	RECORD_IN = 0,                       /* what the program passed */
	RECORD_OUT = 1                       /* what the driver answered (names, values) */
};

/* Strings are without their terminating zero, whether the program gave a length or not.
 * The bytes begin .lead bytes after the address that the call has: what lies between is
 * not read by the driver (vertices below the first that is drawn, skipped rows), and so
 * not by the recorder. */
struct record_payload {
	uint8_t param;                       /* index of the pointer parameter, or
	                                        RECORD_RESULT: what the result points to */
	uint8_t content;                     /* enum record_content */
	uint8_t zero[2];
	uint32_t item;                       /* of an array of pointers (shader sources);
	                                        RECORD_POINTERS: the pointers themselves,
	                                        8 bytes each (offsets in a bound buffer) */
	uint32_t size;                       /* bytes */
	uint32_t offset_low, offset_high;    /* in the file; or RECORD_INLINE */
	uint32_t lead;
};

/* What else stands in a call stream: word 0's low 16 bits count down from here. */
enum record_mark {
	RECORD_ORDER = 0xffff,    /* sequence (2 words): see above */
	RECORD_FAKE = 0xfffe,     /* the next call record was not made by the program: the
	                             contents of a client array before a draw (at least once
	                             per frame and context, then only when they changed);
	                             viewport and scissor of a context that is current for
	                             the first time; what a glArrayElement amounts to */
	RECORD_WRITE = 0xfffd,    /* mapped buffer memory: address (2 words), then one
	                             record_payload: bytes that the program stored there */
	RECORD_FRAME = 0xfffc,    /* a swap follows: wall (2 words, CLOCK_MONOTONIC ns), cpu
	                             (2, the process's, ns), flags (1: RECORD_FRAME_*), hash
	                             (4, XXH3-128 of the framebuffer), width, height */
	RECORD_LOST = 0xfffb,     /* a call that could not be recorded: one record_payload,
	                             its name and why */
	RECORD_DRAWABLE = 0xfffa, /* a drawable as the window system sees it: handle (2
	                             words, as in MakeCurrent), width, height, config
	                             (RECORD_CONFIG_*); before it is first drawn to, and
	                             when these change */
	RECORD_PROCESS = 0xfff9,  /* the first record of a process: one record_payload, the
	                             path of its program */
	RECORD_FLOOR = 0xfff8,    /* the thread has forgotten payloads below a place (2
	                             words) */
	RECORD_MARK_FIRST = 0xfff0
};
/* config of RECORD_DRAWABLE: samples per pixel in bits 0 to 7; with RECORD_CONFIG_SAID also
 * bits of depth (16 to 23) and of stencil (24 to 31) and whether there is alpha. */
#define RECORD_CONFIG_SAID 0x100u
#define RECORD_CONFIG_ALPHA 0x200u
#define RECORD_FRAME_HASHED 1u            /* RGB rows from the bottom, 3 bytes a pixel,
                                             tightly packed, read before the swap */

#endif
