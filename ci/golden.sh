#!/bin/sh
# golden.sh - the exact metrics of the files in corpora/cases against the goldens.
#
#   ci/golden.sh [--update]
#
# Exit status: that of blinkctl gate (0 passed, 1 something counts otherwise). With --update
# the goldens become what this tree counts.
set -u
cd "$(dirname "$0")/.." || exit 1
blinkctl=${BLINKCTL:-build/blinkctl}
golden=corpora/cases/golden.json
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"$blinkctl" bench counts corpora/cases/*.blink tests/capture/data/gears.trace -o "$work/new.json" >/dev/null || exit 1
if [ "${1:-}" = --update ]; then
	[ ! -f $golden ] || "$blinkctl" results diff $golden "$work/new.json"
	# a metric per line: differences can be read
	sed 's/},{/},\n{/g' "$work/new.json" >$golden
else
	"$blinkctl" gate $golden "$work/new.json"
fi
