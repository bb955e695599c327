#!/bin/sh
# test_whole.sh - blinkctl capture of a program that records a mebibyte a frame: through
# slots, converted while it runs, and whole, whoever is killed.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/record.sh
export SECONDS_LONG=2

echo 1..5

capture --hash -o "$work/a.blink" --keep-recording "$work/a.rec" -- "$client" session
status=$?
log
[ $status -eq 0 ] && [ "$(value frames <"$work/out")" = 100 ] && identical 100 "$work/a.blink"
report 'converted while it ran, each picture is the program'"'"'s' $? "$work/log"

"$ctl" convert "$work/a.rec" -o "$work/b.blink" --json >"$work/log" 2>&1 &&
	[ "$("$ctl" info --json "$work/a.blink" | value code_bytes)" = \
	  "$("$ctl" info --json "$work/b.blink" | value code_bytes)" ] && identical 100 "$work/b.blink"
report 'the recording converts to the same' $? "$work/log"
rm -f "$work"/a.* "$work"/b.*

# a launcher that draws, then the program: the conversion begins anew, with the other
capture --hash -o "$work/c.blink" -- sh -c '"$1" arrays; "$1" session' sh "$client"
log
[ "$(value frames <"$work/out")" = 100 ] && identical 100 "$work/c.blink"
report 'of two processes the one that draws more' $? "$work/log"
rm -f "$work"/c.*

# what cannot be followed to its end is there all the same: the first frames alone
capture --hash -o "$work/d.blink" --frames 20 -- "$client" session
log
[ "$(value frames <"$work/out")" = 20 ] && identical 20 "$work/d.blink"
report 'the frames that were asked for, and no more' $? "$work/log"

# blinkctl is killed, in the middle of it
"$ctl" capture -x --hash -o "$work/e.blink" -- "$client" session >"$work/out" 2>"$work/err" &
pid=$!
sleep 2
kill -9 $pid
wait $pid 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do
	[ -f "$work/e.blink.recording" ] && break
	sleep 0.5
done
log
"$ctl" convert "$work/e.blink.recording" -o "$work/e.blink" --json >>"$work/log" 2>&1
frames=$(tail -n 1 "$work/log" | value frames)
[ "${frames:-0}" -gt 10 ] && identical "$frames" "$work/e.blink"
report 'blinkctl killed: the recording is whole, slots and all' $? "$work/log"
