#!/bin/sh
# test_instructions.sh - counted instructions: the same, but for a few, in every run.
# Speaks TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/ctl.sh
command -v valgrind >/dev/null || { echo "valgrind is missing (package valgrind)"; exit 77; }
[ "$(nm -D "$ctl" 2>/dev/null | grep -c __asan_init)" = 0 ] || { echo "valgrind and sanitizers exclude each other"; exit 77; }
echo 1..2

"$ctl" bench instructions corpora/cases/glxheads.blink --runs 2 --warm-up 0 -o "$work/a.json" >/dev/null 2>"$work/log"
report 'four works are counted' $? "$work/log"
"$ctl" results show --json "$work/a.json" | sed 's/"case"/\n"case"/g' | awk '
	/"metric":"(verify|replay_jit|replay_interpreter|prune)"/ {
		match($0, /"low":[0-9.]+/); low = substr($0, RSTART + 6, RLENGTH - 6)
		match($0, /"high":[0-9.]+/); high = substr($0, RSTART + 7, RLENGTH - 7)
		seen++
		if (low + 0 < 100000 || high + 0 > low * 1.001) print low " to " high
	}
	END { if (seen != 4) print seen + 0 " works" }' >"$work/log"
[ ! -s "$work/log" ]
report 'and differ by less than a thousandth' $? "$work/log"
