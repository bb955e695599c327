/* bench.h - the suites of `blinkctl bench`.
 *
 * Each suite measures in one process invocation, its runs interleaved, and returns the
 * results as JSON (units and environment included), or NULL with err set.  Nothing is
 * printed.  See docs/MEASURING.md for what the figures mean and where they are weak.
 */
#ifndef JIT_BENCH_BENCH_H
#define JIT_BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "blink/base/error.h"

/* Cycles per instruction to verify, compile and run the instruction mixes. */
struct json_object *bench_jit(unsigned runs, struct error *err);

/* The same mixes by other code generators, beside ours: runs the program blink-peers at
 * that path, which has their libraries. */
struct json_object *bench_peers_run(const char *program, unsigned runs, struct error *err);

/* Verifying, compiling and running the mixes, and the frames of .blink files (none: the
 * mixes alone), in some milliseconds a run: what a gate compares. */
struct json_object *bench_quick(const char *const *files, unsigned nfiles, unsigned runs,
				struct error *err);
/* What .blink files hold and what becomes of it, in numbers without noise: what a gate
 * compares with goldens. */
struct json_object *bench_counts(const char *const *files, unsigned nfiles, struct error *err);
/* Instructions that blinkctl (at path self) executes on .blink files, by callgrind. */
struct json_object *bench_instructions(const char *self, const char *const *files,
				       unsigned nfiles, unsigned runs, struct error *err);

struct bench_table3_options {
	const char *const *files;    /* .blink */
	unsigned nfiles, runs;
	int64_t frame;               /* of each file; -1: one in the middle */
	const char *nullgl;
};
/* A frame compiled by gcc -O3 as straight C calls, beside the JIT, on a null GL and on
 * the driver. */
struct json_object *bench_table3(const struct bench_table3_options *opt, struct error *err);
/* Cycles per GL call to verify and compile the frames of a .blink file. */
struct json_object *bench_frames(const char *path, unsigned runs, struct error *err);

struct bench_replay_options {
	const char *blink, *trace;   /* trace NULL: our side alone */
	unsigned runs;
	bool llvmpipe;               /* both sides on llvmpipe as well */
	const char *self;            /* path of blinkctl */
	const char *nullgl;          /* path of the null libGL.so.1 */
};
/* Our replay beside glretrace: whole processes, and frames alone. */
struct json_object *bench_replay(const struct bench_replay_options *opt, struct error *err);

struct bench_convert_options {
	const char *trace, *self;
	unsigned runs;
};
/* Our converter beside `apitrace pickle`: CPU time, peak memory, sizes. */
struct json_object *bench_convert(const struct bench_convert_options *opt,
				  struct error *err);

struct bench_log_options {
	const char *blink;
	const double *times;         /* seconds of the recording's time */
	unsigned ntimes;             /* 1 or more; those beyond its end are left out */
	double rate;                 /* frames per second of that time; 0: by its time stamps */
	unsigned runs;
};
/* Size of the whole and of the pruned log against time, and the cost of pruning. */
struct json_object *bench_log(const struct bench_log_options *opt, struct error *err);

struct bench_size { unsigned width, height; };
struct bench_record_options {
	const char *program;         /* of corpora/; it must end by itself */
	const char *self;
	const struct bench_size *sizes;   /* for programs whose command has a size */
	unsigned nsizes;
	unsigned length;             /* $LENGTH for recipes that know it; 0: theirs */
	unsigned runs;
};
/* Frame rate and CPU time of a program natively, under apitrace, under our recorder. */
struct json_object *bench_record(const struct bench_record_options *opt, struct error *err);

struct bench_null_options {
	const char *program;         /* nullgl/calls.c */
	const char *nullgl;
	unsigned runs;
};
/* What recorders add to a cheap call on the null libGL. */
struct json_object *bench_null(const struct bench_null_options *opt, struct error *err);

struct bench_server_options {
	const char *const *cases;    /* "gears-sp", "gears-sp/offscreen", "video:FILE" ... */
	unsigned ncases;
	const unsigned *clients;     /* how many of each at a time */
	unsigned nclients;
	const char *self;
	double rate, seconds;        /* of the display; of a run */
	unsigned runs;
	uint32_t frames;             /* of a file, at most; 0: 3,000 */
	const char *without;         /* live: an extension that no side's GL has; NULL: none */
	bool null_gl;                /* the server's GL does nothing */
	bool hold;                   /* finds how many clients each case holds the rate of */
};
/* Redraw intervals, CPU time and context switches per frame of clients of a server of its
 * own, against their number; natively drawn ones in one Xvfb beside them. */
struct json_object *bench_server(const struct bench_server_options *opt, struct error *err);
/* What a switch to a client, and the hand-over of an off-screen picture, cost. */
struct json_object *bench_server_switch(const struct bench_server_options *opt,
					struct error *err);
/* Frames of .blink files (cases) played live against the same played in-process. */
struct json_object *bench_server_live(const struct bench_server_options *opt, struct error *err);
/* Well-behaved clients beside each act of blink-hostile (cases; none: all). */
struct json_object *bench_server_isolation(const struct bench_server_options *opt,
					   struct error *err);

/* Lines of code of each part, from the source tree. */
struct json_object *bench_lines(const char *tree, struct error *err);

#define BENCH_MIDDLE 0xffffffffu     /* the frame in the middle of the file */
struct bench_checkpoint_options {
	const char *blink, *trace;   /* trace NULL: our side alone */
	const char *self;
	unsigned frame;              /* the picture to be brought back; BENCH_MIDDLE */
	unsigned runs;
};
/* Checkpoint of a recording's frame and restart from it, beside gltrim and glretrace. */
struct json_object *bench_checkpoint(const struct bench_checkpoint_options *opt,
				     struct error *err);

#endif
