#!/bin/sh
# test_gl4.sh - what OpenGL 4 has beyond 3.3: recorded, replayed to the program's own
# pictures, and pruned at every frame to the same state and pictures.
set -u
cd "$(dirname "$0")/../.." || exit 1
blinkctl=${BLINKCTL:-$(pwd)/build/blinkctl}
build=$(dirname "$blinkctl")
client=$build/tests/record/client/client
[ -f "${BLINK_RECORDER:-$build/libblink-record.so}" ] ||
	{ echo "libblink-record.so is not built"; exit 77; }
[ -x "$client" ] || { echo "the tests' client is not built"; exit 77; }
command -v Xvfb >/dev/null || { echo "no Xvfb here (apt install xvfb)"; exit 77; }
unset DISPLAY
export LIBGL_ALWAYS_SOFTWARE=1 GALLIUM_DRIVER=llvmpipe
"$client" arrays >/dev/null 2>&1 || { echo "no EGL display without a screen here"; exit 77; }
for mode in gl4 compute; do
	[ "$("$client" $mode 2>&1)" = "error 0" ] || { echo "the driver has no OpenGL 4.4"; exit 77; }
done

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
. tests/support/tap.sh
# "key":value of JSON on one line
value() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }

echo 1..6
for mode in gl4 compute; do
	timeout 120 "$blinkctl" capture -x --json --hash -o "$dir/$mode.blink" -- "$client" $mode \
		>"$dir/out" 2>"$dir/log"
	status=$?
	cat "$dir/out" >>"$dir/log"
	[ $status -eq 0 ] && [ "$(value frames <"$dir/out")" = 4 ] &&
		[ "$(value not_recorded <"$dir/out")" = 0 ] &&
		[ "$(value not_converted <"$dir/out")" = 0 ]
	report "$mode: all is recorded" $? "$dir/log"
	timeout 120 "$blinkctl" compare --recorded --json "$dir/$mode.blink" >"$dir/log" 2>&1 &&
		[ "$(tail -n 1 "$dir/log" | value identical)" = 4 ]
	report "$mode: each picture is the program's" $? "$dir/log"
	timeout 120 "$blinkctl" state "$dir/$mode.blink" --prune-every 1 --frames 2 >"$dir/log" 2>&1
	report "$mode: restarted at any frame the state and the pictures are the same" $? "$dir/log"
done
