/* recording.h - reads what our recorder wrote (record/format.h), as the calls that a
 * trace of the same program would hold.
 *
 * The file is mapped.  Threads are merged by the sequence of their stretches.  When
 * several processes recorded into it (a launcher and the game), the one with the most
 * frames is read, and recording_summary tells.
 *
 * Everything in the file is checked before it is used, and each record is copied before
 * it is looked at: the program may be scribbling still.  Memory is one record and what
 * it refers to, and a number per mebibyte of the file.  (A program that shortens the
 * file while it is read kills the reader, as with any mapped file.)
 *
 * A recording may be read while it grows: recording_next then gives what is complete,
 * and 0 at the end; recording_refresh looks for more.
 */
#ifndef CAPTURE_RECORDING_H
#define CAPTURE_RECORDING_H

#include "blink/sp/file.h"
#include "capture/trace.h"

struct recording;

#define RECORDING_LOST_NAMES 32u

struct recording_lost {
	uint64_t calls;
	char what[160];                  /* name and why, as the library gave it */
};

struct recording_summary {
	uint64_t frames, calls;          /* delivered so far */
	uint64_t payload_bytes;          /* that they referred to, repeats included */
	uint64_t header_frames;          /* completed swaps, as the library counted them */
	uint64_t used_bytes;             /* of the file: segments handed out */
	uint32_t problems;               /* enum record_problem */
	uint32_t processes, process, pid;/* with calls in it; the one read */
	uint32_t threads;
	uint64_t lost_calls;
	struct recording_lost lost[RECORDING_LOST_NAMES];
	uint32_t nlost;                  /* rows of lost; further names are only counted */
};

/* Does the file begin like one?  (False, too, if it cannot be read.) */
bool recording_is(const char *path);

/* -EBADMSG: no recording, or damaged; -ENOTSUP: of another version, or written with
 * another command table. */
int recording_open(struct recording **r, const char *path, struct error *err);
/* As trace_next.  Calls, strings and blobs are valid until the next call of it. */
int recording_next(struct recording *r, struct trace_call *call, struct error *err);
/* The times and hash of the frame which the call just delivered ends; else NULL. */
const struct blink_frame_data *recording_frame(const struct recording *r);
/* Looks for what was written since.  1: there may be more to read. */
int recording_refresh(struct recording *r, struct error *err);
/* Nothing more will be written: all that is there is read, in whatever state. */
int recording_last(struct recording *r, struct error *err);
/* The program ended, or ran out of space, within a frame or a record. */
bool recording_truncated(const struct recording *r);
unsigned recording_version(const struct recording *r);
uint64_t recording_position(const struct recording *r);
uint64_t recording_size(const struct recording *r);
const char *recording_property(const struct recording *r, const char *name);
void recording_summary(const struct recording *r, struct recording_summary *s);
/* The same in sentences ("": nothing to say); the number of lost calls. */
uint64_t recording_remarks(const struct recording *r, char *text, size_t size);
void recording_close(struct recording *r);       /* NULL ok */

/* ---- following one, and giving back what was read (format.h) ------------------- */

/* As recording_open, of a recording that grows: what is there now. */
int recording_follow(struct recording **r, const char *path, struct error *err);
/* Reads another process from its beginning, the one with the most frames of those that were
 * not read yet.  1; 0: there is none with more than `frames`. */
int recording_switch(struct recording *r, uint64_t frames, struct error *err);
/* Payloads below this place are referred to by no call that is still to come; 0: all may
 * be.  It rises some time after the header's .floor was set. */
uint64_t recording_floor(const struct recording *r);
/* Frees the disk space of all calls delivered so far and of payloads below the floor, whose
 * bytes are zeros then.  -EOPNOTSUPP: this file system cannot. */
int recording_release(struct recording *r);
uint64_t recording_given_back(const struct recording *r);        /* bytes */
uint64_t recording_disk(const struct recording *r);              /* bytes that it takes now */
/* Bytes at a place, until the next refresh; NULL: there is no such place. */
const uint8_t *recording_at(const struct recording *r, uint64_t place, uint64_t size);

/* ---- making one, for the library to fill ------------------------------------- */

/* An empty recording at path (created anew), whose header stays mapped. */
struct record_header;
int recording_create(const char *path, struct record_header **header, struct error *err);
/* Maps the header of one; NULL if that cannot be. */
struct record_header *recording_header_map(const char *path);
void recording_header_unmap(struct record_header *header);
/* Lets it begin with slots (format.h), for a recorder that is still to come and somebody who
 * empties them; nothing, where they would gain nothing or there is no room. */
void recording_slots_make(const char *path, struct record_header *header);

/* ---- emptying slots ------------------------------------------------------------ */

/* One for each recording: who empties slots is who may read what lies there as it grows. */
struct recording_drain;
int recording_drain_create(struct recording_drain **d, const char *path,
			   struct record_header *header, struct error *err);
/* Which slots are full now.  A reader that is refreshed after that finds in them all that
 * it will; then they may be emptied. */
void recording_drain_look(struct recording_drain *d);
/* Writes what lies in these slots to its place, and frees them; what cannot be written
 * stays where it is. */
void recording_drain_empty(struct recording_drain *d);
void recording_drain_destroy(struct recording_drain *d);         /* NULL ok */

#endif
