#!/bin/sh
# test_nullgl.sh - a recorded program replays to its end on the null libGL, through
# glretrace and through blinkctl, and the benchmarks that compare them give figures.
# Speaks TAP; BLINKCTL names the built program, beside which the library lies.
set -u
blinkctl=${BLINKCTL:-build/blinkctl}
library=$(dirname "$blinkctl")/jit-bench/libGL.so.1
for tool in glretrace apitrace Xvfb glxgears; do
	command -v $tool >/dev/null || {
		echo "$tool is not installed (sh ci/install.sh run)"
		exit 77
	}
done
dir=$(mktemp -d) || exit 1
xvfb=
trap '[ -z "$xvfb" ] || kill $xvfb; rm -rf "$dir"' EXIT
n=0
check()
{
	n=$((n + 1))
	if eval "$2" >"$dir/log" 2>&1; then echo "ok $n - $1"; else
		echo "not ok $n - $1"
		sed 's/^/# /' "$dir/log"
	fi
}
echo 1..7
check 'a program is recorded' '"$blinkctl" capture -o "$dir/x.trace" --xvfb --frames 30 -- glxgears'
check 'and converted' '"$blinkctl" convert "$dir/x.trace" -o "$dir/x.blink"'

Xvfb -displayfd 3 -screen 0 640x480x24 -nolisten tcp -noreset 3>"$dir/display" 2>/dev/null &
xvfb=$!
for i in 1 2 3 4 5 6 7 8 9 10; do [ -s "$dir/display" ] && break; sleep 0.5; done
DISPLAY=:$(cat "$dir/display")
export DISPLAY
check 'glretrace reaches the end on the null library' '
	LD_LIBRARY_PATH=$(dirname "$library") glretrace --benchmark --headless "$dir/x.trace" \
		>"$dir/out" 2>&1; status=$?; cat "$dir/out"
	[ $status -eq 0 ] && [ "$(sed -n "s/^Rendered \([0-9]*\) frames.*/\1/p" "$dir/out")" -ge 30 ]'
check 'so does blinkctl' '"$blinkctl" replay --sink "$library" "$dir/x.blink"'
check 'replays are compared' '
	"$blinkctl" bench replay --runs 2 --json "$dir/x.blink" "$dir/x.trace" >"$dir/json" &&
	grep -q "\"process_null\".*\"blink_to_glretrace\"" "$dir/json" &&
	grep -q "\"frames_null\".*\"jit_to_glretrace\"" "$dir/json"'
check 'conversions are compared' '
	"$blinkctl" bench convert --runs 2 --json "$dir/x.trace" >"$dir/json" &&
	grep -q "\"cpu_ratio\"" "$dir/json"'
check 'what recorders add to a call is measured, each beside the other' '
	"$blinkctl" bench record --null --runs 1 --json >"$dir/json" &&
	grep -q "\"blink\".*\"vertex_added_ns\".*\"apitrace\".*\"arrays_added_ns\"" "$dir/json"'
