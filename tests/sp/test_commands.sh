#!/bin/sh
# test_commands.sh - blinkctl asm, dump and info on a small file: there and back to the
# byte, what they print, and that mistakes give one line, status 1 and no file.  TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/ctl.sh
echo 1..8
seed=tests/sp/fuzz_asm/language.txt

{ "$ctl" asm "$seed" -o "$work/a.blink" && "$ctl" dump --payloads "$work/a.blink" >"$work/a.txt" &&
  "$ctl" asm "$work/a.txt" -o "$work/b.blink" && "$ctl" dump --payloads "$work/b.blink" >"$work/b.txt" &&
  "$ctl" asm "$work/b.txt" -o "$work/c.blink"; } >"$work/log" 2>&1
report 'asm and dump work' $? "$work/log"
cmp "$work/a.txt" "$work/b.txt" >"$work/log" 2>&1
report 'the dump of what was assembled from a dump is the same' $? "$work/log"
cmp "$work/b.blink" "$work/c.blink" >"$work/log" 2>&1
report 'and so is the file' $? "$work/log"

# the example of the manual is assembled as it stands
awk '/^    blink 1/ { p = 1 } /^## Grammar/ { p = 0 } p' docs/ASSEMBLY.md | sed 's/^    //' >"$work/e.txt"
"$ctl" asm "$work/e.txt" -o "$work/e.blink" >"$work/log" 2>&1 &&
	"$ctl" dump --frame 0 "$work/e.blink" >"$work/log" 2>&1 &&
	grep -q 'glVertexPointer 2, GL_FLOAT, 0, @1 *# 24 bytes, f32 0 0 1 0' "$work/log"
report 'the example of docs/ASSEMBLY.md; payload summaries' $? "$work/log"

"$ctl" info --json "$work/e.blink" >"$work/log" 2>&1 &&
	grep -Eq '"frames": ?1,' "$work/log" && grep -Eq '"redraw": ?1' "$work/log"
report 'info --json of a .blink file' $? "$work/log"

printf 'blink 1\nprovenance "{\\"lost\\":3}"\nsp 0 init {\nend\n}\n' >"$work/l.txt"
"$ctl" asm "$work/l.txt" -o "$work/l.blink" >"$work/log" 2>&1 &&
	"$ctl" info "$work/l.blink" >"$work/log" 2>&1 &&
	grep -q '3 calls of the trace could not be converted' "$work/log"
report 'info says what is lost' $? "$work/log"

printf 'blink 1\nsp 0 init {\nglNothing\nend\n}\n' >"$work/m.txt"
"$ctl" asm "$work/m.txt" -o "$work/m.blink" >"$work/log" 2>&1
[ $? -eq 1 ] && [ "$(wc -l <"$work/log")" -eq 1 ] && grep -q 'm.txt:3: ' "$work/log" &&
	[ ! -e "$work/m.blink" ] && [ -z "$(find "$work" -name '*.tmp')" ]
report 'a mistake: its line, status 1, no file' $? "$work/log"

bad=0
head -c 300 "$work/e.blink" >"$work/t.blink"
for command in info dump verify; do
	"$ctl" $command "$work/t.blink" >"$work/log" 2>&1
	[ $? -eq 1 ] && [ "$(wc -l <"$work/log")" -eq 1 ] || bad=1
done
report 'a truncated file: one line, status 1' $bad "$work/log"
