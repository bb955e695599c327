#!/bin/sh
# test_live.sh - blinkctl capture --prune: what is left of a long session is what pruning
# its whole recording would leave, and the disk never held all of it.
set -u
cd "$(dirname "$0")/../.." || exit 1
blinkctl=${BLINKCTL:-$(pwd)/build/blinkctl}
build=$(dirname "$blinkctl")
client=$build/tests/record/client/client
[ -f "${BLINK_RECORDER:-$build/libblink-record.so}" ] ||
	{ echo "libblink-record.so is not built"; exit 77; }
[ -x "$client" ] || { echo "the tests' client is not built"; exit 77; }
command -v Xvfb >/dev/null || { echo "no Xvfb here (apt install xvfb)"; exit 77; }
"$client" arrays >/dev/null 2>&1 || { echo "no EGL display without a screen here"; exit 77; }

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
. tests/support/tap.sh
unset DISPLAY
export LIBGL_ALWAYS_SOFTWARE=1 GALLIUM_DRIVER=llvmpipe SECONDS_LONG=4
# "key":value of JSON on one line
value() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }
capture() { timeout 120 "$blinkctl" capture -x --json --prune "$@" >"$dir/out" 2>"$dir/err"; }
log() { { cat "$dir/err" "$dir/out"; ls "$dir"; } >"$dir/log"; }
identical()   # FRAMES FILE
{
	timeout 120 "$blinkctl" compare --recorded --json "$2" >>"$dir/log" 2>&1 &&
		[ "$(tail -n 1 "$dir/log" | value identical)" = "$1" ]
}
pictures()    # FILE FOLDER
{
	timeout 120 "$blinkctl" replay "$1" --snapshot "$2" >>"$dir/log" 2>&1
}

echo 1..12

capture -o "$dir/a.blink" --hash --last 7 -- "$client" session
status=$?
log
[ $status -eq 0 ] && [ "$(value frames <"$dir/out")" = 100 ] &&
	[ "$(value frames_kept <"$dir/out")" = 7 ] && ! ls "$dir" | grep -q recording
report 'a session leaves its last frames, and nothing else' $? "$dir/log"

identical 7 "$dir/a.blink"
report 'each of their pictures is the program'"'"'s' $? "$dir/log"

log
[ "$(value recorded_bytes <"$dir/out")" -gt 100000000 ] &&
	[ "$(value most_on_disk_bytes <"$dir/out")" -lt "$(value recorded_bytes <"$dir/out")" ] &&
	[ "$(wc -c <"$dir/a.blink")" -lt 20000000 ]
report 'a mebibyte a frame was recorded, and the disk did not hold it all' $? "$dir/log"

# payloads of two threads are given back, each by itself
capture -o "$dir/t.blink" --hash --last 4 -- "$client" loader
status=$?
log
[ $status -eq 0 ] && [ "$(value threads <"$dir/out")" = 2 ] && identical 4 "$dir/t.blink" &&
	[ "$(value given_back_bytes <"$dir/out")" -gt 20000000 ]
report 'so with a thread that loads what another draws' $? "$dir/log"
rm -f "$dir/t.blink"

# a launcher that draws, then the program
capture -o "$dir/u.blink" --hash --last 3 -- sh -c '"$1" arrays; sleep 1; "$1" session' sh "$client"
log
[ "$(value frames <"$dir/out")" = 100 ] && identical 3 "$dir/u.blink" &&
	grep -q '2 processes recorded' "$dir/err"
report 'what a launcher starts is followed when it draws more' $? "$dir/log"
rm -f "$dir/u.blink"

# the recording is kept whole: pruned afterwards, it is the same
SECONDS_LONG=1 capture -o "$dir/b.blink" --last 7 --keep-recording "$dir/b.rec" -- "$client" session
log
"$blinkctl" convert "$dir/b.rec" -o "$dir/c.blink" >>"$dir/log" 2>&1 &&
	"$blinkctl" prune "$dir/c.blink" --at-frame 93 -o "$dir/d.blink" --json >"$dir/prune" 2>>"$dir/log" &&
	pictures "$dir/b.blink" "$dir/b" && pictures "$dir/d.blink" "$dir/d" &&
	[ "$(ls "$dir/b" | wc -l)" = 7 ] && diff -r "$dir/b" "$dir/d" >>"$dir/log" &&
	[ "$(value kept <"$dir/prune")" = "$(value records_kept <"$dir/out")" ]
report 'what is left is what pruning the whole recording leaves' $? "$dir/log"
rm -rf "$dir"/b* "$dir"/c* "$dir"/d*

SECONDS_LONG=0 capture -o "$dir/e.blink" --last 0 -- "$client" session
status=$?
log
[ $status -eq 0 ] && [ "$("$blinkctl" info --json "$dir/e.blink" | value sps)" = 1 ] &&
	"$blinkctl" verify "$dir/e.blink" >>"$dir/log" 2>&1
report 'no frame is kept: the state at the end alone' $? "$dir/log"

# the program is killed: the guardian's child, which is blinkctl's
timeout 120 "$blinkctl" capture -x --json --prune --hash --last 3 -o "$dir/f.blink" -- "$client" session \
	>"$dir/out" 2>"$dir/err" &
pid=$!
sleep 2.5
kill -9 $(pgrep -x -f "$client session") 2>/dev/null
wait $pid
log
[ "$(value ended <"$dir/out")" = crashed ] && identical 3 "$dir/f.blink"
report 'a killed program'"'"'s last frames are there' $? "$dir/log"

# blinkctl is killed, and with it what it had pruned, but for the file that it had written
killed()   # OPTIONS...
{
	"$blinkctl" capture -x --prune "$@" -o "$dir/g.blink" -- "$client" session >"$dir/log" 2>&1 &
	pid=$!
	sleep 3
	kill -9 $pid
	wait $pid 2>/dev/null
	for i in 1 2 3 4 5 6 7 8 9 10; do
		ls "$dir" | grep -q '^g.*recording' || break
		sleep 0.5
	done
	ls "$dir" >>"$dir/log"
	! ls "$dir" | grep -q '^g.*recording' && grep -q 'is lost' "$dir/log"
}
killed && ! [ -e "$dir/g.blink" ]
report 'blinkctl killed: what was pruned is lost, and said to be' $? "$dir/log"
killed --hash --last 2 --every 0.5 && identical 2 "$dir/g.blink"
report 'but for what was written in between' $? "$dir/log"

capture -o "$dir/h.blink" --recorder apitrace -- "$client" session
[ $? -eq 2 ] && ! timeout 60 "$blinkctl" capture --last 3 -o "$dir/h.blink" -- true 2>>"$dir/err" &&
	! timeout 60 "$blinkctl" capture --prune -o "$dir/h.trace" -- true 2>>"$dir/err" &&
	! ls "$dir" | grep -q '^h'
report 'it goes with our recorder alone' $? "$dir/err"

# room for one segment and not for two; in a mount of its own
mkdir "$dir/small"
name='a full disk is told when it happens, and ends a capture that waits for frames'
if unshare -m mount -t tmpfs -o size=7m none "$dir/small" 2>/dev/null; then
	timeout 60 unshare -m sh -c 'mount -t tmpfs -o size=7m none "$1/small" &&
		timeout 50 "$2" capture -x --frames 1000 -o "$1/small/i.blink" -- "$3" session' \
		sh "$dir" "$blinkctl" "$client" >"$dir/out" 2>"$dir/err"
	[ $? -lt 2 ] && grep -q 'the recording ends here, and so does the program' "$dir/err"
	report "$name" $? "$dir/err"
else
	n=$((n + 1))
	echo "ok $n - $name # SKIP no mounts of its own here"
fi
