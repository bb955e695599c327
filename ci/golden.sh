#!/bin/sh
# golden.sh - exact metrics against the goldens: of the files in corpora/cases, and with
# --minimise the calls that the pruner keeps needlessly in generated programs (minutes).
#
#   ci/golden.sh [--minimise] [--update]
#
# Exit status: that of blinkctl gate (0 passed, 1 something counts otherwise). With --update
# the goldens become what this tree counts.
set -u
cd "$(dirname "$0")/.." || exit 1
blinkctl=${BLINKCTL:-build/blinkctl}
if [ "${1:-}" = --minimise ]; then
	golden=tests/log/minimise/golden.json
	# it judges as well, program by program: the gate has the last word
	count() { "$(dirname "$blinkctl")/tests/log/minimise/minimise" -n 200 -o "$1"; [ -s "$1" ]; }
	shift
else
	golden=corpora/cases/golden.json
	count() { "$blinkctl" bench counts corpora/cases/*.blink tests/capture/data/gears.trace -o "$1"; }
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count "$work/new.json" >/dev/null || exit 1
if [ "${1:-}" = --update ]; then
	[ ! -f $golden ] || "$blinkctl" results diff $golden "$work/new.json"
	# a metric per line: differences can be read
	sed 's/},{/},\n{/g' "$work/new.json" >$golden
else
	"$blinkctl" gate $golden "$work/new.json"
fi
