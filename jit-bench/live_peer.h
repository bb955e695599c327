/* live_peer.h - a `.blink` file replayed by a client of virgl or of an X server's GL: what the
 * display server's cost is compared with.  Private to jit-bench.
 *
 * The client is `blinkctl replay --window` (live_side.h); where it draws is in server_stage.h.  What a peer
 * has no commands for it leaves out, and is cheaper for it: a file takes part where the peer
 * draws nearly the picture that is drawn in-process, and does what it says that it can.
 */
#ifndef JIT_BENCH_LIVE_PEER_H
#define JIT_BENCH_LIVE_PEER_H

#include "jit-bench/server_stage.h"

/* Mesa's, of the client's and the server's drivers: " -GL_..." takes an extension away. */
#define PEER_EXTENSIONS "MESA_EXTENSION_OVERRIDE"

enum live_peer_kind { LIVE_VIRGL, LIVE_INDIRECT, LIVE_PEERS };
extern const char *const live_peer_names[LIVE_PEERS];   /* "virgl", "indirect" */

struct live_peer {
	struct stage stage;
	bool tried, up;
	char lacking[480];             /* tried and not up: why */
};
/* Draws frames 0 to frames - 1 and looks at the last one's picture.  1: as in-process; 0: it
 * does not, and why is in reason; negative: what has nothing to do with the peer. */
int live_peer_draws(struct live_peer *p, enum live_peer_kind kind, const char *self,
		    const char *path, uint32_t frames, char *reason, size_t size,
		    struct error *err);
void live_peer_close(struct live_peer *p);

#endif
