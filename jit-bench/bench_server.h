/* bench_server.h - one run of some clients of a case.  Private to jit-bench.
 *
 * A case is a client and how it is served: NAME[:FILE][/HOW...].  NAME: gears-sp,
 * gears-switch, video (FILE: a film), gears-native, video-native.  HOW: offscreen (never
 * drawn direct), nofacts, threads (of the driver's, as many as processors), null (GL that
 * does nothing); of native ones virgl, indirect (GLX, drawn by the X server).
 */
#ifndef JIT_BENCH_BENCH_SERVER_H
#define JIT_BENCH_BENCH_SERVER_H

#include "jit-bench/bench.h"
#include "jit-bench/server_rig.h"
#include "replay/xvfb.h"

struct server_case {
	const char *text;              /* as given */
	const char *program;           /* "blink-gears-sp" */
	char file[256];
	bool native, film, direct, offscreen, nofacts, null_gl, threads, virgl, indirect;
};
int server_case_parse(struct server_case *c, const char *text, bool null_gl, struct error *err);
/* What does natively what a served case does: the same gears, the same film. */
void server_case_twin(struct server_case *native, const struct server_case *served);

/* Of n clients, over one run.  Times are per display frame that was due (native: of the
 * clients' own pace). */
struct server_run {
	double interval_mean, interval_p99;    /* of redraws; ms; the mean over clients, and
	                                          the worst client's */
	double late;                   /* share of display periods without a client's redraw */
	double server_cpu, client_cpu; /* ms per frame shown, of all clients together */
	double cpu;                    /* their sum */
	double switches, wakeups;      /* per frame shown and client: of all processes; of the
	                                  clients.  Of a film: wake-ups per picture of it */
	double update_mean, update_p99;        /* of update SPs, ms; 0: there were none */
	double frames;                 /* display frames, or a native client's */
	double painters;               /* threads that draw for clients; 0: the clients do */
};
int server_run(const struct server_case *c, const struct bench_server_options *opt, unsigned n,
	       struct server_run *out, struct error *err);

/* ---- between server_run.c and server_native.c ---- */
#define SERVER_SETTLE 1.0              /* seconds after all have drawn */
int server_clients_start(struct rig *r, const struct server_case *c,
			 const struct bench_server_options *opt, unsigned n,
			 const char *const *env, struct error *err);
void server_said_put(struct json_object **said, unsigned n);
int server_run_native(const struct server_case *c, const struct bench_server_options *opt,
		      unsigned n, struct server_run *out, struct error *err);

/* ---- bench_server_hold.c: how many clients hold the rate ---- */
struct server_held {
	unsigned held;                 /* most that held by the definition; 0: none did */
	unsigned failed;               /* least above that did not, by a short run or by the
	                                  definition; 0: none was tried */
	unsigned trials;               /* of both kinds */
	unsigned predicted;            /* from the cost of few */
	double draw_ms, client_ms;     /* CPU time of few, per frame and client: of what serves
	                                  them, their own */
	double late, p99, cpu;         /* when so many held: of the better runs the worse one;
	                                  cpu: share of all processors */
};
int server_hold(const struct server_case *c, const struct bench_server_options *opt,
		struct server_held *out, struct error *err);

#endif
