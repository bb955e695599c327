/* live_side.h - plays of one file by several sides, piece by piece in turn: what disturbs the
 * machine for longer than a turn meets all of them alike.  Private to jit-bench.
 *
 * A side is a client (`blinkctl replay`, which stops itself where it is told to) and the processes that serve it, if any.  While it is
 * not its turn all of these are stopped (SIGSTOP).
 */
#ifndef JIT_BENCH_LIVE_SIDE_H
#define JIT_BENCH_LIVE_SIDE_H

#include "jit-bench/server_stage.h"

struct counted;

#define LIVE_PIECES 32u

struct live_side {
	const char *const *env;        /* its client's settings, NULL ends */
	const char *option, *value;    /* to replay, or NULL: "--server" and a path, "--window" */
	const struct process_beside *server;   /* with its children; NULL: nobody */
	struct stage *virgl;           /* a virgl_test_server for this play alone; NULL: none */
	/* ---- of the play ---- */
	struct process_beside client;
	double before;                 /* seconds that its server had taken */
	bool done;
	char counted[32];              /* file of the number of frames that it has played */
	struct counted *count;         /* that number */
	struct live_point {
		double frames, cpu;    /* seconds of client and servers until then */
	} point[LIVE_PIECES + 1];
	unsigned points;
};
/* Plays frames 0 to frames - 1 on each of n sides, that at `first` begins.  There is a point at
 * half of them, and further ones up to the end, the same frames for all sides. */
int live_sides_play(struct live_side *side, unsigned n, unsigned first, const char *self,
		    const char *path, uint32_t frames, struct error *err);

#endif
