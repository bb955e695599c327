/* server_stage.h - an X server where programs draw with a GL of their own, or another's: what
 * the display server is measured beside.  Private to jit-bench.
 *
 * One Xvfb of 1280 x 1024.  The driver has no threads of its own.
 *
 *   natively    each program draws by itself, with llvmpipe, and puts pictures
 *   virgl       virgl_test_server draws for all, each of them puts pictures
 *   indirect    GLX's protocol: the X server draws.  Stock Xvfb has the commands go nowhere;
 *               here its GL names are Mesa's, whose library is loaded before the others
 */
#ifndef JIT_BENCH_SERVER_STAGE_H
#define JIT_BENCH_SERVER_STAGE_H

#include "jit-bench/server_rig.h"

enum stage_kind { STAGE_NATIVE, STAGE_VIRGL, STAGE_INDIRECT };

struct stage {
	enum stage_kind kind;
	struct rig rig;                /* of its clients; no server of ours */
	struct process_beside x, virgl;
	char number[128], display[32];
	const char *env[8];            /* settings of its clients, NULL ends */
};
/* -ENODEV: there is no Xvfb.  To be closed in any case. */
int stage_open(struct stage *s, enum stage_kind kind, struct error *err);
/* virgl_test_server, which clients find at a path that Mesa fixes.  once: it serves one client
 * and ends, so that all that it took can be told; else it serves any number until the stage
 * is closed.  -ENODEV: there is none, or somebody else's is in its place. */
int stage_virgl_start(struct stage *s, bool once, struct error *err);
/* Waits for one that was to serve one client; *cpu: seconds that it took in all. */
void stage_virgl_end(struct stage *s, double *cpu);
void stage_close(struct stage *s);
/* User and system time of all that serves the programs and is alive. */
double stage_cpu(const struct stage *s);

#endif
