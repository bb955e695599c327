#!/bin/sh
# test_gl4.sh - what OpenGL 4 has beyond 3.3: recorded, replayed to the program's own
# pictures, and pruned at every frame to the same state and pictures.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/record.sh
for mode in gl4 compute; do
	[ "$("$client" $mode 2>&1)" = "error 0" ] || { echo "the driver has no OpenGL 4.4"; exit 77; }
done

echo 1..6
for mode in gl4 compute; do
	capture --hash -o "$work/$mode.blink" -- "$client" $mode
	status=$?
	log
	[ $status -eq 0 ] && [ "$(value frames <"$work/out")" = 4 ] &&
		[ "$(value not_recorded <"$work/out")" = 0 ] &&
		[ "$(value not_converted <"$work/out")" = 0 ]
	report "$mode: all is recorded" $? "$work/log"
	identical 4 "$work/$mode.blink"
	report "$mode: each picture is the program's" $? "$work/log"
	timeout 120 "$ctl" state "$work/$mode.blink" --prune-every 1 --frames 2 >"$work/log" 2>&1
	report "$mode: restarted at any frame the state and the pictures are the same" $? "$work/log"
done
