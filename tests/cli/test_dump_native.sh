#!/bin/sh
# test_dump_native.sh - blinkctl dump --native: every instruction of a procedure and the
# code that it became, loops as loops.  TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/ctl.sh
{
	echo 'blink 1'
	echo 'sp 0 init {'
	echo 'glBegin GL_TRIANGLES'
	for i in 0 1 2 3 4 5 6 7 8 9; do
		echo "glColor3f 0.$i, 0, 1"
		echo "glVertex3f 0, 0.$i, 0"
	done
	echo 'glEnd'
	echo 'ext r1, time'
	echo 'jump.lt.f r1, 10.5, early'
	echo 'glDisable GL_DITHER'
	echo 'early:'
	echo 'end'
	echo '}'
	echo 'sp 1 redraw frame 0 {'
	echo 'glFlush'
	echo 'end'
	echo '}'
} >"$work/t.txt"
"$ctl" asm "$work/t.txt" -o "$work/t.blink" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$ctl" dump --native --sp 0 "$work/t.blink" >"$work/log" 2>&1
status=$?
[ $status -eq 77 ] && { tail -n 1 "$work/log"; exit 77; }
echo 1..6
report 'it lists' $status "$work/log"
bad=0
for i in 0 21 22 23 24 25; do
	grep -q "^  $i: " "$work/log" || bad=1
done
report 'every instruction outside of loops stands there by its number' $bad "$work/log"
grep -q 'call .*; glBegin' "$work/log" && grep -q 'call .*; glDisable' "$work/log"
report 'calls have names' $? "$work/log"
grep -q 'and [1-9]* more, every 8 words: glVertex3f' "$work/log" && ! grep -q '^  20: ' "$work/log"
report 'rounds of a loop share their code' $? "$work/log"
"$ctl" dump --native --frame 0 --json "$work/t.blink" >"$work/log" 2>&1 &&
	grep -q '"text":"sp1_redraw' "$work/log" && ! grep -q sp0_init "$work/log"
report 'one frame, as JSON' $? "$work/log"
"$ctl" dump --native --sp 7 "$work/t.blink" >"$work/log" 2>&1
[ $? -eq 1 ] && [ "$(wc -l <"$work/log")" -eq 1 ] && grep -q 'no SP 7' "$work/log"
report 'an SP that is not there is one error' $? "$work/log"
