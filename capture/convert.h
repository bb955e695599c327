/* convert.h - from an apitrace trace, or a recording of our own, to stored procedures. */
#ifndef CAPTURE_CONVERT_H
#define CAPTURE_CONVERT_H

#include <stdbool.h>
#include <stdint.h>

#include "blink/base/error.h"

struct convert_options {
	bool keep_going;            /* drop what cannot be converted, record the loss */
	bool unjudged;              /* redraw SPs are not judged (SP_RERUNNABLE, what to restore):
	                               the verifier finds that out, and it takes a tenth */
	int level;                  /* zstd, 0 default; BLINK_UNPACKED (blink/sp/file.h): none */
	uint64_t window;            /* payload dedup window, 0 default */
	uint32_t frames;            /* stop after so many, 0: all */
	bool whole_frames;          /* what follows the last swap is left out: of a recording
	                               that still grows, what there is at this moment */
	void (*progress)(void *user, double fraction, uint32_t frame);
	void *user;
};

struct convert_stats {
	uint64_t calls, records, skipped, lowered, lost;
	uint64_t payload_bytes, payload_unique;
	uint32_t frames, contexts, drawables, threads, rerunnable;
	bool truncated;
	uint64_t recorder_lost;     /* calls that the recorder itself could not record */
	char recorder_remarks[640]; /* that and other remarks of a recording, in sentences */
};

/* Writes out (temporary name, then rename).  Unsupported calls: -ENOTSUP with call
 * number, name and what is missing, unless keep_going. */
int convert_trace(const char *trace, const char *out, const struct convert_options *opt,
		  struct convert_stats *stats, struct error *err);

/* The same of a recording that grows, step by step.  The file is what convert_trace makes of
 * the whole. */
struct converting;
int convert_follow(struct converting **c, const char *recording, const char *out,
		   const struct convert_options *opt, struct error *err);
/* What was recorded since.  After an error there is only convert_destroy. */
int convert_more(struct converting *c, struct error *err);
/* Nothing more will be recorded: takes the rest, writes the file.  name: the recording's, for
 * the provenance. */
int convert_end(struct converting *c, const char *name, struct convert_stats *stats,
		struct error *err);
void convert_destroy(struct converting *c);      /* NULL ok; unless ended, there is no file */

#endif
