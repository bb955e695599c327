#!/bin/sh
# bench.sh - the measurements of docs/MEASURING.md; what was printed in
# out/bench/*.json, results files beside it (*.results.json).
#
#   BENCH  the programs measured (glxgears openarena); recorded first if need be
set -u
blinkctl=${BLINKCTL:-build/blinkctl}
programs=${BENCH:-glxgears openarena}
out=out/bench
mkdir -p "$out" || exit 1
CORPORA=$programs sh ci/corpora.sh || exit 1

# measure RESULT SUITE ARGUMENTS...
measure()
{
	result=$out/$1.json
	shift
	echo "== blinkctl bench $*"
	"$blinkctl" bench --json -o "${result%.json}.results.json" "$@" >"$result" && "$blinkctl" report show "$result"
}

measure jit jit || exit 1
measure jit-peers jit --peers || exit 1
for name in $programs; do
	trace=out/corpora/$name.trace file=$out/$name.blink
	"$blinkctl" convert "$trace" -o "$file" >/dev/null &&
	measure "$name-convert" convert "$trace" &&
	measure "$name-table3" table3 "$file" &&
	measure "$name-replay" --llvmpipe replay "$file" "$trace" || exit 1
done
