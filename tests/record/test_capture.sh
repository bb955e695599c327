#!/bin/sh
# test_capture.sh - blinkctl capture with our own recorder: lengths, hashes and their
# comparison, what is kept and what is removed, whoever is killed.
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
n=0
result()   # status, name, log
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$3"
	fi
}
# "key":value of JSON on one line
value() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }
capture() { timeout 60 "$blinkctl" capture -x --json "$@" >"$dir/out" 2>"$dir/err"; }
files() { ls "$dir" | grep -v '^out$\|^err$\|^log$' | tr '\n' ' '; }

echo "1..10"

capture -o "$dir/a.blink" --hash --frames 30 -- glxgears
status=$?
{ cat "$dir/err"; cat "$dir/out"; files; } >"$dir/log"
[ $status -eq 0 ] && [ "$(value frames <"$dir/out")" = 30 ] && [ "$(files)" = "a.blink " ] &&
	[ "$(value program_cpu_seconds <"$dir/out" | awk '{ print ($1 > 0) }')" = 1 ] &&
	[ "$("$blinkctl" info --json "$dir/a.blink" | value recorded_frames)" = 30 ]
result $? "thirty frames, and nothing else is left" "$dir/log"

timeout 60 "$blinkctl" compare --recorded --json "$dir/a.blink" >"$dir/log" 2>&1
[ $? -eq 0 ] && [ "$(value identical <"$dir/log")" = 30 ]
result $? "each replayed picture is the program's" "$dir/log"

# one bit of a picture's hash is another, in the recording: that frame differs
capture -o "$dir/h.blink" --hash --frames 10 --keep-recording "$dir/h.rec" -- glxgears
hash=$("$blinkctl" info --frames --json "$dir/h.blink" | tr '}' '\n' |
	sed -n 's/.*"frame":7,.*"hash":"\([0-9a-f]*\)".*/\1/p')
perl -0777 -i -pe '
	BEGIN { $h = join "", map { scalar reverse pack "H*", $_ } (substr("'"$hash"'", 16), substr("'"$hash"'", 0, 16)) }
	$f = $h; substr($f, 0, 1) ^= "\1"; s/\Q$h\E/$f/' "$dir/h.rec"
"$blinkctl" convert "$dir/h.rec" -o "$dir/h.blink" >"$dir/log" 2>&1
timeout 60 "$blinkctl" compare --recorded --json -o "$dir/pictures" "$dir/h.blink" >"$dir/log" 2>&1
[ $? -eq 1 ] && [ "$(value different <"$dir/log")" = 1 ] && [ "$(value first_difference <"$dir/log")" = 7 ] &&
	[ -s "$dir/pictures/frame-000007-replay.png" ]
result $? "a picture that is not the program's is found" "$dir/log"
rm -rf "$dir"/h.* "$dir/pictures"

capture -o "$dir/b.blink" --frames 5 --keep-recording "$dir/b.rec" -- glxgears
"$blinkctl" convert "$dir/b.rec" -o "$dir/c.blink" --frames 5 --json >"$dir/log" 2>&1
[ "$(value frames <"$dir/log")" = 5 ] && "$blinkctl" info "$dir/b.rec" >>"$dir/log" 2>&1 &&
	[ "$("$blinkctl" compare --recorded "$dir/b.blink" >>"$dir/log" 2>&1; echo $?)" = 3 ]
result $? "a recording that is kept converts again; without hashes there is no verdict" "$dir/log"
rm -f "$dir"/b.* "$dir"/c.*

# the program is killed: the guardian's child, which is blinkctl's
"$blinkctl" capture -x --json -o "$dir/d.blink" --duration 20 -- glxgears >"$dir/out" 2>"$dir/err" &
pid=$!
sleep 1.5
guard=$(pgrep -P $pid | head -n 1)
kill -9 $(pgrep -P "${guard:-$pid}" -x glxgears) 2>/dev/null
wait $pid
status=$?
{ cat "$dir/err"; cat "$dir/out"; files; } >"$dir/log"
[ $status -eq 0 ] && [ "$(value ended <"$dir/out")" = crashed ] && grep -q crashed "$dir/err" &&
	[ "$(files)" = "a.blink d.blink " ]
result $? "a killed program's frames are there" "$dir/log"

# while it grows
"$blinkctl" capture -x -o "$dir/l.blink" --duration 20 -- glxgears >/dev/null 2>&1 &
pid=$!
sleep 1.5
"$blinkctl" convert --whole-frames "$dir"/l.blink.recording.part-* -o "$dir/m.blink" --json >"$dir/log" 2>&1
kill $pid
wait $pid
[ "$(value frames <"$dir/log")" -gt 0 ] && timeout 60 "$blinkctl" verify "$dir/m.blink" >>"$dir/log" 2>&1 &&
	[ "$("$blinkctl" info --json "$dir/l.blink" | value frames)" -gt "$(value frames <"$dir/log")" ]
result $? "a recording that still grows converts, up to its last whole frame" "$dir/log"
rm -f "$dir"/l.* "$dir"/m.*

# blinkctl is killed
"$blinkctl" capture -x -o "$dir/e.blink" --duration 20 -- glxgears >"$dir/log" 2>&1 &
pid=$!
sleep 2
kill -9 $pid
wait $pid 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do
	[ -f "$dir/e.blink.recording" ] && break
	sleep 0.5
done
"$blinkctl" convert "$dir/e.blink.recording" -o "$dir/e.blink" --json >>"$dir/log" 2>&1 &&
	[ "$(tail -n 1 "$dir/log" | value frames)" -gt 0 ]
result $? "blinkctl killed: the recording is kept" "$dir/log"

capture -o "$dir/f.blink" -- true
[ $? -eq 1 ] && grep -q "without a GL call" "$dir/err" && ! [ -e "$dir/f.blink" ] &&
	! [ -e "$dir/f.blink.recording" ]
result $? "a program without GL leaves nothing" "$dir/err"

capture -o "$dir/g.trace" --hash -- glxgears
[ $? -eq 2 ] && ! capture -o "$dir/g.trace" --recorder blink -- glxgears && ! [ -e "$dir/g.trace" ]
result $? "our recorder writes no traces" "$dir/err"

# room for the header and for no segment; in a mount of its own
mkdir "$dir/small"
name="a disk that is full from the start ends a capture at once"
if unshare -m mount -t tmpfs -o size=3m none "$dir/small" 2>/dev/null; then
	timeout 60 unshare -m sh -c 'mount -t tmpfs -o size=3m none "$1/small" &&
		timeout 50 "$2" capture -x -o "$1/small/i.blink" -- glxgears' \
		sh "$dir" "$blinkctl" >"$dir/out" 2>"$dir/err"
	[ $? -eq 1 ] && [ "$(grep -c blinkctl: "$dir/err")" = 1 ] && grep -q "no space left" "$dir/err"
	result $? "$name" "$dir/err"
else
	n=$((n + 1))
	echo "ok $n - $name # SKIP no mounts of its own here"
fi
