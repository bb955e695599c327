/* bench_peers.h - other code generators beside ours on the instruction mixes: compiling,
 * and running what was compiled, side by side in the same rounds.
 */
#ifndef JIT_BENCH_BENCH_PEERS_H
#define JIT_BENCH_BENCH_PEERS_H

#include <json-c/json.h>

#include "blink/base/error.h"
#include "jit-bench/peer.h"

struct peer_row {
	const char *name, *package;
	const struct peer *peer;           /* NULL: its library was not there */
};

/* NULL with err set. */
struct json_object *bench_peers(const struct peer_row *rows, unsigned n, unsigned runs,
				struct error *err);
/* Each peer's code for each mix makes the calls that the interpreter makes: an object of
 * names, "good", "differs", "fails" or "missing". */
struct json_object *bench_peers_check(const struct peer_row *rows, unsigned n,
				      struct error *err);

#endif
