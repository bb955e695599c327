/* live_side.h - plays of one file by several sides at once, of which one runs at a time: what
 * disturbs the machine for longer than a turn meets all of them alike.  Private to jit-bench.
 *
 * A side is a client (`blinkctl replay`) and the processes that serve it, if any.  While it is
 * not its turn all of these are stopped (SIGSTOP).
 */
#ifndef JIT_BENCH_LIVE_SIDE_H
#define JIT_BENCH_LIVE_SIDE_H

#include "jit-bench/server_stage.h"

struct counted;

#define LIVE_POINTS 4096u
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
	uint64_t mark;                 /* where it stops, that it may be looked at */
	struct live_point {
		double frames, cpu;    /* seconds of client and servers until then */
	} point[LIVE_POINTS];          /* for each turn in which frames were played, and at half
	                                  of them and all */
	unsigned points;
};
/* Plays frames 0 to frames - 1 on each of n sides, that at `first` begins. */
int live_sides_play(struct live_side *side, unsigned n, unsigned first, const char *self,
		    const char *path, uint32_t frames, struct error *err);
/* Seconds that it took until it had played so many, between two points in proportion. */
double live_side_cpu(const struct live_side *s, double frames);
/* Into how many pieces frames from `first` on can be cut so that each side has two turns in
 * each, about; *last: where the last one ends at most. */
unsigned live_sides_pieces(const struct live_side *side, unsigned n, double first, double *last);

#endif
