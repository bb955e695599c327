#!/bin/sh
# facts.sh [SECONDS] - what the server saves by the verifier's facts: eight gears, four of them
# wholly under the others, drawn with facts and with --no-facts, direct and off-screen; CPU time
# of the server by display frame, and what was left out.
set -eu
ctl=${BLINKCTL:-build/blinkctl}
bin=$(dirname "$ctl")
seconds=${1:-4}
work=$(mktemp -d)
server= clients=
finish()
{
	[ -z "$clients" ] || kill $clients 2>/dev/null || true
	[ -z "$server" ] || kill $server 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT
top() { "$ctl" top --server "$work/s" --json --count 1; }
# number KEY: of the server; sum KEY: of its clients
number() { sed 's/,"clients":.*//' "$1" | sed -n "s/.*\"$2\":\([0-9.]*\).*/\1/p"; }
each() { tr '{' '\n' <"$1" | grep '^"id"'; }
sum() { each "$1" | sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p" | awk '{ s += $1 } END { print s + 0 }'; }
run()
{
	clients=
	"$ctl" serve --listen "$work/s" --size 1024x768 "$@" >/dev/null 2>&1 &
	server=$!
	until top >"$work/a" 2>/dev/null; do sleep 0.1; done
	for i in 1 2 3 4 5 6 7 8; do
		"$bin/blink-gears-sp" --server "$work/s" --size 200x200 >/dev/null 2>&1 &
		clients="$clients $!"
	done
	until top >"$work/a" 2>/dev/null && [ "$(each "$work/a" | grep -c '"redraws":[1-9]')" = 8 ]; do
		sleep 0.1
	done
	for i in 1 2 3 4; do
		x=$((10 + 220 * (i - 1)))
		"$ctl" screen --server "$work/s" move $i $x 30 >/dev/null
		"$ctl" screen --server "$work/s" move $((i + 4)) $x 30 >/dev/null
		"$ctl" screen --server "$work/s" raise $((i + 4)) >/dev/null
	done
	sleep 1
	top >"$work/a"
	sleep "$seconds"
	top >"$work/b"
	frames=$(($(number "$work/b" frames) - $(number "$work/a" frames)))
	cpu=$(echo "$(number "$work/b" cpu_ms) $(number "$work/a" cpu_ms) $frames" | awk '{ printf "%.3f", ($1 - $2) / $3 }')
	printf '%-24s %8s ms %8d redraws %6d hidden %6d clears left out, of %d frames\n' "${*:-with facts}" \
		"$cpu" $(($(sum "$work/b" redraws) - $(sum "$work/a" redraws))) \
		$(($(sum "$work/b" hidden_frames) - $(sum "$work/a" hidden_frames))) \
		$(($(sum "$work/b" skipped_clears) - $(sum "$work/a" skipped_clears))) "$frames"
	kill $clients
	kill -INT $server
	wait 2>/dev/null || true
	server= clients=
}
run
run --no-facts
run --no-direct
run --no-direct --no-facts
