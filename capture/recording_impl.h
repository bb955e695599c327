/* recording_impl.h - inside the reader of recordings.
 *
 *   recording.c         the file, its records, the order of its threads
 *   recording_processes.c  which process is read
 *   recording_segments.c   which segments belong to which thread; giving them back
 *   recording_slots.c   where segments are that lie in slots
 *   recording_drain.c   emptying slots
 *   recording_call.c    a call record into a struct trace_call
 */
#ifndef CAPTURE_RECORDING_IMPL_H
#define CAPTURE_RECORDING_IMPL_H

#include "blink/gl/table.h"
#include "capture/record/format.h"
#include "capture/recording.h"
#include "capture/trace_impl.h"

enum {
	RECORDING_MAX_THREADS = 4096,
	RECORDING_MAX_ITEMS = 1 << 20,       /* of an array of pointers */
	RECORDING_MAX_COPIES = 1 << 30,      /* bytes, for one call */
	RECORDING_WORDS = RECORD_SEGMENT / 4
};

struct recording_numbers {
	uint32_t *v, n, cap;
};

/* One thread of one process: its segments, and how far it has been read. */
struct recording_thread {
	uint32_t process, thread, pid;
	uint32_t *segments;                  /* numbers, by serial */
	uint32_t nsegments, cap;
	uint32_t serial;                     /* of the segment being read */
	const uint8_t *bytes;                /* of it; NULL: .used is 0 */
	uint64_t at;                         /* offset in it */
	uint64_t used;                       /* bytes of it that were written when last asked */
	uint64_t last_used;                  /* of the last segment, when the file was mapped */
	uint32_t released;                   /* segments given back, by serial */
	struct recording_numbers stores;     /* following: segments of payloads, by number */
	uint64_t floor;                      /* its calls to come refer to no payload below */
	uint64_t sequence;                   /* of the stretch being read */
	uint64_t pending;                    /* of the next one, if waiting */
	bool waiting;
	bool fake;                           /* the next call bears TRACE_FAKE */
	bool frame_pending;                  /* a RECORD_FRAME was read; its swap follows */
	struct blink_frame_data frame;
};

/* How a command's record is laid out and delivered; made at first sight. */
struct recording_shape {
	struct trace_sig sig;
	const struct gl_command *cmd;
	uint32_t words;                      /* parameters and result */
	const char **names;
	struct recording_param {
		uint8_t ctype;               /* enum gl_ctype */
		uint8_t element;             /* pointers: enum recording_element */
	} *params;                           /* sig.nargs, then the result */
	bool ends_frame;
	bool plain;                          /* parameters of one word, no result */
};

/* What a pointer's memory is delivered as. */
enum recording_element {
	RECORDING_BLOB, RECORDING_STRING, RECORDING_ITEMS,
	RECORDING_I32, RECORDING_U32, RECORDING_U64, RECORDING_POINTER,
	RECORDING_F32, RECORDING_F64
};

struct recording {
	char *path;
	int fd;
	const uint8_t *map;
	uint64_t size;                       /* mapped */
	uint64_t end;                        /* of the segments handed out */
	uint32_t handed;                     /* how many, when last looked at */
	uint32_t nslots;
	struct {
		uint64_t place;
		uint32_t index;              /* of the slot, or, unless following, of the copy */
	} slot[2 * RECORD_SLOTS];
	uint32_t slots_used;                 /* rows of slot */
	uint8_t *copies;                     /* of segments in slots; NULL: none yet */
	const struct record_header *header;
	uint64_t sequence;                   /* stretches beyond it are not complete yet */

	struct recording_thread *threads;    /* of all processes */
	uint32_t nthreads, threads_cap;
	struct recording_thread *current;
	uint32_t process;                    /* the one read */
	uint32_t processes;
	uint64_t processes_read;             /* bit by process number, modulo 64 */
	bool bounded;                        /* by .last_used: what was written since may refer
	                                        to what is not mapped */
	bool following;                      /* it grows, and what is read may be given back */
	uint64_t given_back;                 /* bytes */
	uint32_t scanned;                    /* segments looked at so far */
	struct recording_numbers unheaded;   /* of those, the ones without a head */
	bool broken;                         /* an error was given: nothing more comes */

	uint32_t *words;                     /* the record at hand, copied */
	uint64_t position, next_no;
	struct arena arena;
	uint64_t spent;                      /* of it, for the call at hand */
	struct trace_value *args;            /* of the call delivered last */
	struct recording_shape *shapes;      /* per command; .cmd NULL: not seen yet */
	struct trace_sig memcpy_sig, drawable_sig;

	const struct blink_frame_data *frame;    /* of the frame that the call delivered last
	                                            ends; NULL: of none */
	struct recording_summary summary;
	char program[512];
};

/* -EBADMSG, naming the place. */
int recording_bad(struct recording *r, struct error *err, const char *why);

/* recording.c: the thread's next record into *n words of *words (head: 1 or 2 of them),
 * without going past it.  1, 0: there is none yet, or an error. */
int recording_peek(struct recording *r, struct recording_thread *t, uint32_t *n, uint32_t *head,
		   struct error *err);
static inline void recording_skip(struct recording_thread *t, uint32_t n)
{
	t->at += n * 4ul;
}

/* recording_processes.c: the one with the most frames, and of those with the most calls. */
int recording_choose(struct recording *r, struct error *err);

/* recording_slots.c: what is in slots now, and how many segments were handed out. */
int recording_slots_look(struct recording *r, struct error *err);

/* Tells the kernel how the mapping, made anew, will be read. */
void recording_advise(const struct recording *r);

/* recording_segments.c */
const struct record_segment *recording_segment(const struct recording *r, uint64_t number);
int recording_scan(struct recording *r, struct error *err);
void recording_segments_free(struct recording *r);

/* recording_call.c */
int recording_shapes_create(struct recording *r);
void recording_shapes_destroy(struct recording *r);
/* words: the whole record, n of them, head words (1 or 2) included. */
int recording_call(struct recording *r, const uint32_t *words, uint32_t n, uint32_t head,
		   struct trace_call *call, struct error *err);
/* The same of a record of n words, at most, if the call is to be delivered as words. */
bool recording_words(struct recording *r, const uint32_t *words, uint32_t n,
		     struct trace_call *call);
/* RECORD_WRITE and RECORD_DRAWABLE as the calls that stand for them. */
int recording_write(struct recording *r, const uint32_t *words, uint32_t n, uint32_t head,
		    struct trace_call *call, struct error *err);
int recording_drawable(struct recording *r, const uint32_t *words, uint32_t n, uint32_t head,
		       struct trace_call *call, struct error *err);
/* The payload that stands at words[at]; *next: where the one after it would.  False:
 * it does not fit.  *bytes lies in the mapping or in words. */
bool recording_payload(const struct recording *r, const uint32_t *words, uint32_t n, uint32_t at,
		       struct record_payload *p, const uint8_t **bytes, uint32_t *next);

#endif
