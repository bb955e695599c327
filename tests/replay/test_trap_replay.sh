#!/bin/sh
# test_trap_replay.sh - a replay stopped in the middle of a frame goes on in another
# process, with the other engine, to the same pictures; what does not fit is refused.  TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/ctl.sh
frame()
{
	echo "sp $(($1 + 1)) redraw frame $1 context 1 drawable 1 {"
	echo 'glClear GL_COLOR_BUFFER_BIT'
	echo 'ext r1, time'
	i=0
	while [ $i -lt 12 ]; do
		echo "glColor3f 0.$i, 0.$1, 0.5"
		echo 'glBegin GL_TRIANGLES'
		echo "glVertex3f -0.$i, -0.5, 0"
		echo "glVertex3f 0.$i, -0.$1, 0"
		echo "glVertex3f 0.$1, 0.$i, 0"
		echo 'glEnd'
		i=$((i + 1))
	done
	echo 'blinkSwap 1'
	echo 'end'
	echo '}'
}
{
	echo 'blink 1'
	echo 'names context 1'
	echo 'names drawable 1'
	echo 'sp 0 init {'
	echo 'blinkContext 1, 0, 0, 0'
	echo 'blinkDrawable 1, 48, 32, 1'
	echo 'blinkMakeCurrent 1, 1, 1'
	echo 'end'
	echo '}'
	frame 0; frame 1; frame 2
} >"$work/t.txt"
"$ctl" asm "$work/t.txt" -o "$work/t.blink" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$ctl" replay "$work/t.blink" --snapshot "$work/whole" >"$work/log" 2>&1
status=$?
[ $status -eq 77 ] && { tail -n 1 "$work/log"; exit 77; }
echo 1..6
report 'the whole is played' $status "$work/log"

# stop_and_resume ENGINE OTHER: at several records of frame 1
stop_and_resume()
{
	for at in 0 1 2 9 40 74; do
		rm -rf "$work/part"
		"$ctl" replay "$work/t.blink" --engine "$1" --stop 1:$at --trap "$work/trap" \
			>"$work/log" 2>&1 &&
		grep -q 'cause *limit' "$work/log" &&
		"$ctl" replay "$work/t.blink" --engine "$2" --resume "$work/trap" \
			--snapshot "$work/part" >"$work/log" 2>&1 &&
		for f in 000000 000001 000002; do
			cmp "$work/whole/frame-$f.png" "$work/part/frame-$f.png" >>"$work/log" 2>&1 ||
				return 1
		done || return 1
	done
}
stop_and_resume jit interp
report 'stopped in the JIT, resumed by the interpreter: same pictures' $? "$work/log"
stop_and_resume interp jit
report 'stopped in the interpreter, resumed by the JIT: same pictures' $? "$work/log"

"$ctl" replay "$work/t.blink" --stop 1:9999 >"$work/log" 2>&1
[ $? -eq 1 ] && [ "$(wc -l <"$work/log")" -eq 1 ] && grep -q 'ended before' "$work/log"
report 'a stop that never comes is an error' $? "$work/log"

sed 's/0\.5/0.25/' "$work/t.txt" >"$work/u.txt"
"$ctl" asm "$work/u.txt" -o "$work/u.blink" >"$work/log" 2>&1
"$ctl" replay "$work/u.blink" --resume "$work/trap" >"$work/log" 2>&1
[ $? -eq 1 ] && [ "$(wc -l <"$work/log")" -eq 1 ] && grep -q 'another version' "$work/log"
report 'a trap of another version is refused' $? "$work/log"

printf 'x' | dd of="$work/trap" bs=1 seek=60 conv=notrunc 2>/dev/null
"$ctl" replay "$work/t.blink" --resume "$work/trap" >"$work/log" 2>&1
[ $? -eq 1 ] && [ "$(wc -l <"$work/log")" -eq 1 ] && grep -q 'damaged' "$work/log"
report 'a damaged trap is refused' $? "$work/log"
