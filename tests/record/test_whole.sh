#!/bin/sh
# test_whole.sh - blinkctl capture of a program that records a mebibyte a frame: through
# slots, converted while it runs, and whole, whoever is killed.
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
export LIBGL_ALWAYS_SOFTWARE=1 GALLIUM_DRIVER=llvmpipe SECONDS_LONG=2
# "key":value of JSON on one line
value() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }
capture() { timeout 120 "$blinkctl" capture -x --json --hash "$@" >"$dir/out" 2>"$dir/err"; }
log() { { cat "$dir/err" "$dir/out"; ls "$dir"; } >"$dir/log"; }
identical()   # FRAMES FILE
{
	timeout 120 "$blinkctl" compare --recorded --json "$2" >>"$dir/log" 2>&1 &&
		[ "$(tail -n 1 "$dir/log" | value identical)" = "$1" ]
}

echo 1..5

capture -o "$dir/a.blink" --keep-recording "$dir/a.rec" -- "$client" session
status=$?
log
[ $status -eq 0 ] && [ "$(value frames <"$dir/out")" = 100 ] && identical 100 "$dir/a.blink"
report 'converted while it ran, each picture is the program'"'"'s' $? "$dir/log"

"$blinkctl" convert "$dir/a.rec" -o "$dir/b.blink" --json >"$dir/log" 2>&1 &&
	[ "$("$blinkctl" info --json "$dir/a.blink" | value code_bytes)" = \
	  "$("$blinkctl" info --json "$dir/b.blink" | value code_bytes)" ] && identical 100 "$dir/b.blink"
report 'the recording converts to the same' $? "$dir/log"
rm -f "$dir"/a.* "$dir"/b.*

# a launcher that draws, then the program: the conversion begins anew, with the other
capture -o "$dir/c.blink" -- sh -c '"$1" arrays; "$1" session' sh "$client"
log
[ "$(value frames <"$dir/out")" = 100 ] && identical 100 "$dir/c.blink"
report 'of two processes the one that draws more' $? "$dir/log"
rm -f "$dir"/c.*

# what cannot be followed to its end is there all the same: the first frames alone
capture -o "$dir/d.blink" --frames 20 -- "$client" session
log
[ "$(value frames <"$dir/out")" = 20 ] && identical 20 "$dir/d.blink"
report 'the frames that were asked for, and no more' $? "$dir/log"

# blinkctl is killed, in the middle of it
"$blinkctl" capture -x --hash -o "$dir/e.blink" -- "$client" session >"$dir/out" 2>"$dir/err" &
pid=$!
sleep 2
kill -9 $pid
wait $pid 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do
	[ -f "$dir/e.blink.recording" ] && break
	sleep 0.5
done
log
"$blinkctl" convert "$dir/e.blink.recording" -o "$dir/e.blink" --json >>"$dir/log" 2>&1
frames=$(tail -n 1 "$dir/log" | value frames)
[ "${frames:-0}" -gt 10 ] && identical "$frames" "$dir/e.blink"
report 'blinkctl killed: the recording is whole, slots and all' $? "$dir/log"
