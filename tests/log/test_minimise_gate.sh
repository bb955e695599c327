#!/bin/sh
# test_minimise_gate.sh - the counts of calls that the pruner keeps needlessly are metrics of
# the gate: a golden of 200 programs is there, equal counts pass, and one call more is
# found.
set -u
cd "$(dirname "$0")/../.." || exit 1
blinkctl=${BLINKCTL:-build/blinkctl}
golden=tests/log/minimise/golden.json
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
. tests/support/tap.sh
echo "1..3"

[ "$(grep -o '"case":"program [0-9]*","metric":"needless"' $golden | sort -u | wc -l)" -eq 200 ]
report "the golden has 200 programs" $?

"$blinkctl" gate $golden $golden >"$dir/log" 2>&1
report "the golden passes by itself" $? "$dir/log"

# the first program that has any: the base allowed one less
awk '!done && /"metric":"needless"/ && match($0, /"samples":\[[1-9][0-9]*/) {
	n = substr($0, RSTART + 11, RLENGTH - 11)
	$0 = substr($0, 1, RSTART + 10) (n - 1) substr($0, RSTART + RLENGTH); done = 1
} { print }' $golden >"$dir/base.json"
"$blinkctl" gate "$dir/base.json" $golden >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q '^regressed *1$' "$dir/log"
report "one call more is a regression" $? "$dir/log"
