#!/bin/sh
# test_outputs.sh - what commands write replaces neither their input nor what is no regular
# file; FIFOs are not waited for; what is of another kind is said to be; options that would
# have no effect are refused; what could not be written whole is not left.  Speaks TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/ctl.sh
# refuses STATUS TEXT ARGUMENT...: one line on standard error, and in time
refuses()
{
	wanted=$1 text=$2
	shift 2
	timeout 60 "$ctl" "$@" >"$work/said" 2>"$work/error"
	status=$?
	[ $status -eq "$wanted" ] || echo "status $status instead of $wanted: $*"
	[ "$(wc -l <"$work/error")" -eq 1 ] || echo "more or less than one line: $*"
	grep -q -- "$text" "$work/error" || { echo "no '$text': $*"; head -n 3 "$work/error"; }
}
mkfifo "$work/fifo"
printf '%s' '{"format":"blink-results","version":1,"invocations":[{"suite":"s","environment":{},
"metrics":[{"case":"c","metric":"m","unit":"ms","direction":"lower","samples":[1,2,3,4,5,6]}]}]}' >"$work/r.json"
cp "$work/r.json" "$work/same.json"
printf 'blink 1\nnames context 1\nnames drawable 1\nsp 0 init {\nblinkContext 1, 0, 0, 0
blinkDrawable 1, 8, 8, 1\nblinkMakeCurrent 1, 1, 1\nend\n}
sp 1 redraw frame 0 context 1 drawable 1 {\nglClear GL_COLOR_BUFFER_BIT\nblinkSwap 1\nend\n}\n' >"$work/t.txt"
"$ctl" asm "$work/t.txt" -o "$work/t.blink" >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }
"$ctl" checkpoint "$work/t.blink" -o "$work/c.blink" >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }
cp "$work/t.blink" "$work/t2.blink"

echo 1..8
report_text 'what is no regular file is not replaced' "$(
refuses 1 'not a regular file' results merge "$work/r.json" -o "$work/fifo"
refuses 2 'not a regular file' gate "$work/r.json" "$work/r.json" --junit "$work/fifo"
refuses 1 'not a regular file' replay "$work/t.blink" --sink null --stop 0:1 --trap "$work/fifo"
refuses 1 'not a regular file' prune "$work/t.blink" --at-frame 1 -o "$work/fifo"
refuses 1 'not a regular file' checkpoint "$work/t.blink" -o "$work/fifo"
[ -p "$work/fifo" ] || echo 'the FIFO is gone')"
report_text 'nor is the input' "$(
refuses 2 'is the input, too' gate "$work/r.json" "$work/r.json" --junit "$work/r.json"
refuses 2 'is the input, too' prune "$work/t2.blink" --at-frame 1 -o "$work/t2.blink"
refuses 2 'is the input, too' checkpoint "$work/t2.blink" -o "$work/t2.blink"
refuses 2 'is the input, too' checkpoint --recording "$work/t2.blink" -o "$work/t2.blink"
cmp "$work/r.json" "$work/same.json"
cmp "$work/t.blink" "$work/t2.blink")"
report_text 'FIFOs are not waited for' "$(
refuses 1 'not a regular file' restart "$work/c.blink" "$work/fifo"
refuses 1 'not a regular file' restart "$work/fifo"
refuses 2 'not a regular file' gate "$work/r.json" "$work/r.json" --policy "$work/fifo"
refuses 1 'not a regular file' report show "$work/fifo")"
report_text 'what is not what was meant, is said' "$(
refuses 1 'not a regular file' asm "$work" -o "$work/x"
refuses 1 'not a regular file' asm "$work/fifo" -o "$work/x"
refuses 1 'is a .blink file, not a trace' convert "$work/t.blink" -o "$work/x"
refuses 1 'is a .blink file, not a trace' compare "$work/t.blink" "$work/t.blink"
refuses 1 'cannot be run: Permission denied' capture -o "$work/x.blink" -- "$work/t.txt"
refuses 1 'no such program' capture -o "$work/x.blink" -- "$work/none"
refuses 2 'its value is empty' asm "$work/t.txt" -o ''
refuses 2 'its value is empty' replay "$work/t.blink" --snapshot=)"
name='of what does not fit on the disk nothing stays'
mkdir "$work/small"
if unshare -m mount -t tmpfs -o size=8k none "$work/small" 2>/dev/null; then
	report_text "$name" "$(timeout 60 unshare -m sh -c 'mount -t tmpfs -o size=8k none "$1/small" &&
		"$2" replay corpora/cases/glxgears.blink --sink null --jitdump "$1/small/jit" >"$1/said" 2>"$1/error"
		[ $? -eq 1 ] && grep -q "No space left" "$1/error" || cat "$1/said" "$1/error"
		ls "$1/small/jit"' - "$work" "$ctl")"
else
	report "$name # SKIP no mounts of its own here" 0
fi
rmdir "$work/small"
report_text 'options without effect are refused' "$(
refuses 2 'jit or interp' state "$work/t.blink" --engine other
refuses 2 'pruned file' state "$work/t.blink" --pruned
refuses 2 'one file' state "$work/t.blink" "$work/t2.blink" --prune-every 1
refuses 2 'second file' state "$work/t.blink" --with-frame 1
refuses 2 'goes with' state "$work/t.blink" --until-frame 1
refuses 2 'goes with' state "$work/t.blink" --frames 1
refuses 2 'goes with' restart "$work/c.blink" --tolerance 1)"
report_text 'a checkpoint whose frame is no number is none' "$(
"$ctl" dump --payloads "$work/c.blink" | sed 's/frame\\":[0-9]*/frame\\":\\"x\\"/' >"$work/t.txt"
grep -q 'frame\\":\\"x' "$work/t.txt" || echo 'not forged'
"$ctl" asm "$work/t.txt" -o "$work/c.blink" >/dev/null 2>"$work/said" || cat "$work/said"
refuses 1 'no checkpoint' restart "$work/c.blink")"
report_text 'nothing stays behind' "$(ls "$work" | grep -v -E '^(c|t|t2).blink$|^(r|same).json$|^t.txt$|^fifo$|^said$|^error$')"
