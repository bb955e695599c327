/* live_side.h - plays of one file by several sides at once, of which one runs at a time: what
 * disturbs the machine for longer than a turn meets all of them alike.  Private to jit-bench.
 *
 * A side is a client (`blinkctl replay`) and the processes that serve it, if any.  While it is
 * not its turn all of these are stopped (SIGSTOP).
 */
#ifndef JIT_BENCH_LIVE_SIDE_H
#define JIT_BENCH_LIVE_SIDE_H

#include "jit-bench/server_stage.h"

struct live_side {
	const char *const *env;        /* its client's settings, NULL ends */
	const char *option, *value;    /* to replay, or NULL: "--server" and a path, "--window" */
	const struct process_beside *server;   /* with its children; NULL: nobody */
	struct stage *virgl;           /* a virgl_test_server for this play alone; NULL: none */
	/* ---- of the play ---- */
	struct process_beside client;
	double before;                 /* seconds that its server had taken */
	bool done;
	double cpu;                    /* seconds of client and servers */
};
/* Plays frames 0 to frames - 1 on each of n sides, that at `first` begins. */
int live_sides_play(struct live_side *side, unsigned n, unsigned first, const char *self,
		    const char *path, uint32_t frames, struct error *err);

#endif
