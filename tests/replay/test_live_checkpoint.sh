#!/bin/sh
# test_live_checkpoint.sh - a checkpoint of a program that is being recorded: it is not
# disturbed, and its finished recording goes on from there with the pictures of a full replay.
set -u
blinkctl=${BLINKCTL:-build/blinkctl}
for tool in Xvfb glxgears; do
	command -v $tool >/dev/null || { echo "no $tool here (apt install xvfb mesa-utils)"; exit 77; }
done
[ -f "${BLINK_RECORDER:-$(dirname "$blinkctl")/libblink-record.so}" ] ||
	{ echo "libblink-record.so is not built"; exit 77; }

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
unset DISPLAY
export LIBGL_ALWAYS_SOFTWARE=1 GALLIUM_DRIVER=llvmpipe
n=0
result()   # status, name
{
	n=$((n + 1))
	[ "$1" -eq 0 ] && echo "ok $n - $2" || { echo "not ok $n - $2"; sed 's/^/# /' "$dir/log"; }
}
value() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }

echo "1..4"
"$blinkctl" checkpoint --pid $$ -o "$dir/c.blink" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "not being recorded" "$dir/log" && [ ! -e "$dir/c.blink" ]
result $? "a process that is not recorded is refused"

timeout 120 "$blinkctl" capture --recorder blink -o "$dir/a.blink" --keep-recording "$dir/a.rec" \
	--duration 3 -- glxgears >"$dir/capture" 2>&1 &
# as soon as there is a frame
tries=0 recording= status=1
while [ $status -ne 0 ] && [ $tries -lt 600 ] && kill -0 $! 2>/dev/null; do
	sleep 0.05
	tries=$((tries + 1))
	recording=$(ls "$dir"/a.rec* 2>/dev/null | head -n 1)
	[ -n "$recording" ] || continue
	"$blinkctl" checkpoint --json --recording "$recording" -o "$dir/c.blink" >"$dir/log" 2>&1
	status=$?
done
result $status "a recording that grows has a checkpoint"
frame=$(value frame <"$dir/log")
wait
cat "$dir/capture" >>"$dir/log"
[ "$("$blinkctl" info --json "$dir/a.blink" | value frames)" -ge "${frame:-999999}" ]
result $? "the program went on"

timeout 120 "$blinkctl" restart --json "$dir/c.blink" "$dir/a.blink" --frames 10 --against llvmpipe \
	>"$dir/log" 2>&1
[ $? -eq 0 ] && [ "$(value largest_difference <"$dir/log")" = 0 ] &&
	[ "$(value on_one_side_only <"$dir/log")" = 0 ]
result $? "and from there its pictures are those of a full replay"
