#!/bin/sh
# test_live.sh - blinkctl capture --prune: what is left of a long session is what pruning
# its whole recording would leave, and the disk never held all of it.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/record.sh
export SECONDS_LONG=4
pruned() { capture --prune "$@"; }
pictures()    # FILE FOLDER
{
	timeout 120 "$ctl" replay "$1" --snapshot "$2" >>"$work/log" 2>&1
}

echo 1..12

pruned -o "$work/a.blink" --hash --last 7 -- "$client" session
status=$?
log
[ $status -eq 0 ] && [ "$(value frames <"$work/out")" = 100 ] &&
	[ "$(value frames_kept <"$work/out")" = 7 ] && ! ls "$work" | grep -q recording
report 'a session leaves its last frames, and nothing else' $? "$work/log"

identical 7 "$work/a.blink"
report 'each of their pictures is the program'"'"'s' $? "$work/log"

log
[ "$(value recorded_bytes <"$work/out")" -gt 100000000 ] &&
	[ "$(value most_on_disk_bytes <"$work/out")" -lt "$(value recorded_bytes <"$work/out")" ] &&
	[ "$(wc -c <"$work/a.blink")" -lt 20000000 ]
report 'a mebibyte a frame was recorded, and the disk did not hold it all' $? "$work/log"

# payloads of two threads are given back, each by itself
pruned -o "$work/t.blink" --hash --last 4 -- "$client" loader
status=$?
log
[ $status -eq 0 ] && [ "$(value threads <"$work/out")" = 2 ] && identical 4 "$work/t.blink" &&
	[ "$(value given_back_bytes <"$work/out")" -gt 20000000 ]
report 'so with a thread that loads what another draws' $? "$work/log"
rm -f "$work/t.blink"

# a launcher that draws, then the program
pruned -o "$work/u.blink" --hash --last 3 -- sh -c '"$1" arrays; sleep 1; "$1" session' sh "$client"
log
[ "$(value frames <"$work/out")" = 100 ] && identical 3 "$work/u.blink" &&
	grep -q '2 processes recorded' "$work/err"
report 'what a launcher starts is followed when it draws more' $? "$work/log"
rm -f "$work/u.blink"

# the recording is kept whole: pruned afterwards, it is the same
SECONDS_LONG=1 pruned -o "$work/b.blink" --last 7 --keep-recording "$work/b.rec" -- "$client" session
log
"$ctl" convert "$work/b.rec" -o "$work/c.blink" >>"$work/log" 2>&1 &&
	"$ctl" prune "$work/c.blink" --at-frame 93 -o "$work/d.blink" --json >"$work/prune" \
		2>>"$work/log" &&
	pictures "$work/b.blink" "$work/b" && pictures "$work/d.blink" "$work/d" &&
	[ "$(ls "$work/b" | wc -l)" = 7 ] && diff -r "$work/b" "$work/d" >>"$work/log" &&
	[ "$(value kept <"$work/prune")" = "$(value records_kept <"$work/out")" ]
report 'what is left is what pruning the whole recording leaves' $? "$work/log"
rm -rf "$work"/b* "$work"/c* "$work"/d*

SECONDS_LONG=0 pruned -o "$work/e.blink" --last 0 -- "$client" session
status=$?
log
[ $status -eq 0 ] && [ "$("$ctl" info --json "$work/e.blink" | value sps)" = 1 ] &&
	"$ctl" verify "$work/e.blink" >>"$work/log" 2>&1
report 'no frame is kept: the state at the end alone' $? "$work/log"

# the program is killed: the guardian's child, which is blinkctl's
timeout 120 "$ctl" capture -x --json --prune --hash --last 3 -o "$work/f.blink" -- \
	"$client" session \
	>"$work/out" 2>"$work/err" &
pid=$!
sleep 2.5
kill -9 $(pgrep -x -f "$client session") 2>/dev/null
wait $pid
log
[ "$(value ended <"$work/out")" = crashed ] && identical 3 "$work/f.blink"
report 'a killed program'"'"'s last frames are there' $? "$work/log"

# blinkctl is killed, and with it what it had pruned, but for the file that it had written
killed()   # OPTIONS...
{
	"$ctl" capture -x --prune "$@" -o "$work/g.blink" -- "$client" session >"$work/log" 2>&1 &
	pid=$!
	sleep 3
	kill -9 $pid
	wait $pid 2>/dev/null
	for i in 1 2 3 4 5 6 7 8 9 10; do
		ls "$work" | grep -q '^g.*recording' || break
		sleep 0.5
	done
	ls "$work" >>"$work/log"
	! ls "$work" | grep -q '^g.*recording' && grep -q 'is lost' "$work/log"
}
killed && ! [ -e "$work/g.blink" ]
report 'blinkctl killed: what was pruned is lost, and said to be' $? "$work/log"
killed --hash --last 2 --every 0.5 && identical 2 "$work/g.blink"
report 'but for what was written in between' $? "$work/log"

pruned -o "$work/h.blink" --recorder apitrace -- "$client" session
[ $? -eq 2 ] && ! timeout 60 "$ctl" capture --last 3 -o "$work/h.blink" -- true 2>>"$work/err" &&
	! timeout 60 "$ctl" pruned -o "$work/h.trace" -- true 2>>"$work/err" &&
	! ls "$work" | grep -q '^h'
report 'it goes with our recorder alone' $? "$work/err"

# room for one segment and not for two; in a mount of its own
mkdir "$work/small"
name='a full disk is told when it happens, and ends a capture that waits for frames'
if unshare -m mount -t tmpfs -o size=7m none "$work/small" 2>/dev/null; then
	timeout 60 unshare -m sh -c 'mount -t tmpfs -o size=7m none "$1/small" &&
		timeout 50 "$2" capture -x --frames 1000 -o "$1/small/i.blink" -- "$3" session' \
		sh "$work" "$ctl" "$client" >"$work/out" 2>"$work/err"
	[ $? -lt 2 ] && grep -q 'the recording ends here, and so does the program' "$work/err"
	report "$name" $? "$work/err"
else
	n=$((n + 1))
	echo "ok $n - $name # SKIP no mounts of its own here"
fi
