#!/bin/sh
# gate.sh - is the current tree slower than a base revision?
#
#   ci/gate.sh [BASE]        BASE: a revision, default HEAD~1
#
# Builds BASE in a work tree of its own, beside the current tree as it is, and lets both
# take turns at the quick suite.  Leaves base.json, new.json and gate.xml in out/gate.
# Exit status: 0 passed, 1 regressed, 3 inconclusive, 77 the base cannot be built or
# cannot be measured in turns.  GATE_SECONDS limits the time (300).
set -u
cd "$(dirname "$0")/.." || exit 1
base=${1:-HEAD~1}
out=out/gate
revision=$(git rev-parse --short "$base^{commit}") || exit 2
tree=$PWD/$out/tree-$revision
mkdir -p "$out"

if [ ! -x "$tree/build/blinkctl" ]; then
	git worktree prune
	git worktree add --quiet --force --detach "$tree" "$revision" || exit 77
	make -s -C "$tree" -j"$(nproc)" build/blinkctl >"$out/base.log" 2>&1 || {
		echo "gate: $base does not build (see $out/base.log)" >&2
		exit 77
	}
fi
make -s -j"$(nproc)" build/blinkctl || exit 1
help=$("$tree/build/blinkctl" bench --help 2>/dev/null)
printf '%s\n' "$help" | grep -q -- --output || {
	echo "gate: $base has no results files to compare with" >&2
	exit 77
}
# the quick suite where the base has it, else the long one
if printf '%s\n' "$help" | grep -q '^ *quick:'; then
	set -- quick corpora/cases/boing.blink corpora/cases/lockward.blink corpora/cases/pymol.blink
else
	set -- jit
fi
build/blinkctl bench "$@" --against "$tree/build/blinkctl" --policy ci/gate-policy.json \
	--time-budget "${GATE_SECONDS:-300}" --turns 160 \
	--output "$out/new.json" --base-output "$out/base.json"
status=$?
build/blinkctl gate "$out/base.json" "$out/new.json" --policy ci/gate-policy.json \
	--junit "$out/gate.xml" >/dev/null
exit $status
