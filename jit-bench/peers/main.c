/* main.c - blink-peers: what `blinkctl bench jit --peers` runs, so that the libraries
 * measured here are linked to nothing else.
 *
 *   blink-peers RUNS | --check
 *
 * Prints one line of JSON; status 1 with a sentence on stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit-bench/bench_peers.h"

int main(int argc, char **argv)
{
	static const struct peer_row rows[] = {
		{ "gcc -O3", "gcc", &peer_gcc },
		{ "gcc -O3 kept", "gcc", &peer_gcc_kept },
		{ "AsmJit", "libasmjit-dev g++", &peer_asmjit },
		{ "libtcc", "libtcc-dev", &peer_tcc },
		{ "LLVM", "llvm-dev", &peer_llvm },
		{ "libgccjit", "libgccjit-12-dev", &peer_gccjit },
	};
	const unsigned n = sizeof(rows) / sizeof(rows[0]);
	struct error err = { 0 };
	struct json_object *j;

	if (argc != 2) {
		fprintf(stderr, "blink-peers: how many runs?\n");
		return 2;
	}
	j = !strcmp(argv[1], "--check") ? bench_peers_check(rows, n, &err)
		: bench_peers(rows, n, (unsigned)strtoul(argv[1], NULL, 10), &err);
	if (!j) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	puts(json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN));
	json_object_put(j);
	return 0;
}
