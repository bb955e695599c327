/* protocol.h - what a client and the display server share: pages, and nothing else.
 *
 * A client grants the server pages of VSO_PAGE bytes, numbered from 0.  How a number
 * becomes memory is the transport's affair (transport.h); this file says what stands in
 * the pages.  docs/PROTOCOL.md is the same for people, with every way of being wrong.
 *
 *   page 0                root: the client's hello, written before it connects
 *   page 1                the server's: its answer, external state; the client reads
 *   page 2                the client's registers, and what it asks for
 *   page 3                dirty bits: the client sets, the server takes
 *   then                  entries: struct vso_entry, 64 to a page; the client writes
 *   then                  states: struct vso_state, 128 to a page; the server writes
 *   the rest              the client's own: lists of pages, objects' pages, the stream
 *
 * Who writes what: every field has one writer, but for dirty bits.  The server copies the
 * hello once.  It never reads a field twice to decide twice, never trusts a number that
 * it has not range-checked in its own copy, and never waits for a client.
 *
 * Objects are numbered from 1 (0 is "none", as the null payload).  An object is a stored
 * procedure, or a payload that SPs name by the object's number.  Its latest version wins:
 *
 *     client                                    server
 *     fill pages, list, desc[(v + 1) & 1]
 *     version = v + 1 (release)
 *     set dirty bit, then summary bit; doorbell
 *                                               take summary, then bits (acquire)
 *                                               v = version (acquire); copy desc[v & 1];
 *                                               version still v?  else again later
 *                                               copy, or map, the pages
 *                                               taken = v, released = v - 1 (release)
 *
 * The pages and the list of version v may be written again when released >= v, or when
 * v was taken with a fault; its desc (for version v + 2) when taken >= v.  Pages of a
 * *mapped* object are the server's until a later version is shown; all others it has
 * copied by the time it says `taken`, and then released = v.  Always
 * released <= taken <= version.
 *
 * A stream is a ring of bytes on pages of the client's: entries, each an SP with the
 * payloads that it names, run exactly once and in order.  The server copies an entry
 * whole before it looks at it; `tail` gives its room back, `done` says that it has run.
 */
#ifndef BLINK_VSO_PROTOCOL_H
#define BLINK_VSO_PROTOCOL_H

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

#include "blink/gl/table.h"
#include "blink/sp/sp.h"

#define VSO_MAGIC 0x4b4e4c42u              /* "BLNK", little-endian */
#define VSO_VERSION 2u
#define VSO_PAGE 4096u
#define VSO_NAME 64u                       /* bytes of a client's name, final zero included */
#define VSO_OBJECTS_MAX 4096u              /* what the dirty page has bits for */
#define VSO_SPACES_MAX 64u
#define VSO_WINDOW_MAX 16384u

enum vso_page { VSO_PAGE_ROOT, VSO_PAGE_SERVER, VSO_PAGE_CLIENT, VSO_PAGE_DIRTY, VSO_PAGES_FIXED };

/* What a client asks for, page 0.  One that asks for more than it is given is refused
 * (fault QUOTA). */
struct vso_hello {
	uint32_t magic, version;
	uint64_t table_hash;               /* gl_table_hash(): both must have the same */
	uint32_t pages;                    /* granted: 0 to pages - 1 */
	uint32_t objects;                  /* numbers 1 to objects - 1 */
	uint32_t slots;                    /* location slots */
	uint32_t flags;                    /* VSO_HELLO_* */
	uint32_t width, height;            /* of the area wished for, 0: the server's choice */
	uint32_t stream_list;              /* list page of the stream's ring, 0: no stream */
	uint32_t stream_bytes;             /* a multiple of VSO_PAGE */
	uint32_t spaces;                   /* entries of names that follow: GL_SPACE_COUNT */
	uint32_t reserved;
	uint32_t names[VSO_SPACES_MAX];    /* highest name per space */
	char name[VSO_NAME];               /* shown on the client's frame */
};
static_assert(sizeof(struct vso_hello) <= VSO_PAGE && GL_SPACE_COUNT <= VSO_SPACES_MAX, "page 0");

#define VSO_HELLO_DIRECT 1u     /* may be drawn straight into the shared drawable */
#define VSO_HELLO_FRAMES 2u     /* wants to be woken at every display frame */
#define VSO_HELLO_RESIZE 4u     /* its area may be resized (else it is shown at its size) */
#define VSO_HELLO_FLAGS 7u      /* all of them */

enum vso_phase { VSO_PHASE_NEW, VSO_PHASE_RUNNING, VSO_PHASE_REFUSED, VSO_PHASE_CLOSED };

/* Page 1, written by the server alone. */
struct vso_server_page {
	_Atomic uint32_t phase;            /* release: what follows is set */
	uint32_t id;                       /* of the client, in `blinkctl top` */
	uint32_t objects, slots;           /* given */
	uint32_t width, height;            /* of the area, now */
	uint32_t refusal;                  /* enum vso_fault, when refused or closed */
	char why[180];                     /* the sentence */
	/* the display; sequence is odd while the rest is being written */
	_Atomic uint32_t sequence;
	struct { uint32_t value[16]; } ext;   /* enum sp_extern, as `ext` reads them */
	/* what became of the registers at the end of the last input or update SP */
	uint32_t regs[SP_REGISTERS];
	_Atomic uint64_t frames;           /* display frames with this client on them */
	_Atomic uint64_t updated;          /* last update request that has been served */
	/* the stream */
	_Atomic uint64_t tail;             /* bytes whose room is given back */
	_Atomic uint64_t done;             /* entries run */
	_Atomic uint32_t stream_fault;     /* enum vso_fault of the entry done + 1; it stops there */
	_Atomic uint32_t generation;       /* contexts were lost so often: everything is run anew */
	uint32_t reply[SP_REGISTERS];      /* registers after the entry `done`, if it asked */
};
static_assert(sizeof(struct vso_server_page) <= VSO_PAGE, "page 1");

/* Page 2, written by the client alone. */
struct vso_client_page {
	_Atomic uint64_t update;           /* update SPs asked for so far, counted */
	_Atomic uint64_t head;             /* bytes put into the stream so far */
	_Atomic uint64_t wake_done;        /* ring me when done reaches this; 0 never */
	_Atomic uint64_t wake_room;        /* ring me when tail reaches this; 0 never */
	_Atomic uint32_t wake_taken;       /* not 0: ring me when an object was taken, or pages
	                                      released */
	_Atomic uint32_t wake_updated;     /* not 0: ring me when `updated` rose */
	_Atomic uint32_t sequence;         /* odd while registers are being written */
	uint32_t regs[SP_REGISTERS];       /* loaded when redraw, update, reshape SPs begin */
};
static_assert(sizeof(struct vso_client_page) <= VSO_PAGE, "page 2");

/* Page 3: bit i of bits says that object i has a new version; bit j of summary that
 * bits[j] is not 0.  A client sets bits first, then the summary; the server takes
 * (exchanges with 0) in the opposite order. */
struct vso_dirty {
	_Atomic uint64_t summary;
	uint64_t reserved[7];
	_Atomic uint64_t bits[VSO_OBJECTS_MAX / 64];
};
static_assert(VSO_OBJECTS_MAX / 64 <= 64 && sizeof(struct vso_dirty) <= VSO_PAGE, "page 3");

enum vso_type {
	VSO_NONE,               /* deleted */
	VSO_SP,                 /* code words; .callback */
	VSO_DATA,               /* payload, copied: indices, strings, sources, anything */
	VSO_MAPPED,             /* payload of pixels or vertices, read in place: may change
	                           under the reader, so that the verifier lets no content
	                           that decides safety come from it */
	VSO_TYPES
};

/* One version of an object. */
struct vso_desc {
	uint8_t type;           /* enum vso_type */
	uint8_t callback;       /* enum sp_callback of an SP that is an entry point, or
	                           VSO_CALLEE for one that is only called */
	uint16_t flags;         /* 0 */
	uint32_t size;          /* bytes */
	uint32_t pages;         /* size <= VSO_PAGE: the page; else the first list page */
	uint32_t context, drawable;     /* of an SP: current at entry, 0 none */
	uint32_t reserved;
};
#define VSO_CALLEE 0xffu

struct vso_entry {
	_Atomic uint64_t version;
	struct vso_desc desc[2];
	uint64_t reserved;
};
static_assert(sizeof(struct vso_entry) == 64, "64 to a page");

/* By the server, per object. */
struct vso_state {
	_Atomic uint64_t taken;        /* version that is shown, or was looked at last */
	_Atomic uint64_t released;     /* versions up to this one are the client's again */
	_Atomic uint32_t fault;        /* enum vso_fault of version taken */
	uint32_t detail;               /* verify_reason of a refusal */
	uint32_t record;               /* of the refused SP */
	uint32_t reserved;
};
static_assert(sizeof(struct vso_state) == 32, "128 to a page");

/* A list of pages: numbers in order, then the next list page.  The number of pages is
 * known from the object's size; entries behind it are not read. */
#define VSO_LIST (VSO_PAGE / 4 - 1)
struct vso_list { uint32_t page[VSO_LIST]; uint32_t next; };
static_assert(sizeof(struct vso_list) == VSO_PAGE, "one page");

/* An entry of the stream lies in the ring at head modulo stream_bytes (it may wrap), at
 * a multiple of 16, and takes size bytes, a multiple of 16.  Places are bytes from the
 * entry's beginning.  Payload operands of its code are numbers of its own table: id i is
 * payload i - 1. */
struct vso_stream_entry {
	uint32_t size;                 /* of all of it, this included */
	uint32_t flags;                /* VSO_STREAM_* */
	uint32_t callback, context, drawable;
	uint32_t code, words;          /* place; how many */
	uint32_t payloads, npayloads;  /* place of struct vso_stream_payload[npayloads] */
	uint32_t reserved[3];
};
static_assert(sizeof(struct vso_stream_entry) == 48, "shared layout");
#define VSO_STREAM_REPLY 1u     /* registers go to the server page's reply afterwards */
struct vso_stream_payload { uint32_t place, size; };

/* First page of each area, from the number of objects. */
static inline uint32_t vso_entries_page(void) { return VSO_PAGES_FIXED; }
static inline uint32_t vso_entries_pages(uint32_t objects) { return (objects + 63) / 64; }
static inline uint32_t vso_states_page(uint32_t objects)
{
	return vso_entries_page() + vso_entries_pages(objects);
}
static inline uint32_t vso_states_pages(uint32_t objects) { return (objects + 127) / 128; }
static inline uint32_t vso_free_page(uint32_t objects)
{
	return vso_states_page(objects) + vso_states_pages(objects);
}

/* Every way a client can be wrong, and every reason for which it is left out: a row each
 * (name, sentence, what is done). */
enum vso_fault {
#define FAULT(id, act, sentence) VSO_FAULT_##id,
#include "blink/vso/faults.def"
#undef FAULT
	VSO_FAULTS
};
const char *vso_fault_name(enum vso_fault f);           /* "page-range" */
const char *vso_fault_sentence(enum vso_fault f);
enum vso_act { VSO_ACT_NONE, VSO_ACT_OBJECT, VSO_ACT_STREAM, VSO_ACT_CLIENT };
enum vso_act vso_fault_act(enum vso_fault f);

#endif
