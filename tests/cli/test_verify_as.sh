#!/bin/sh
# test_verify_as.sh - blinkctl verify judges as a server does, unless told that the file is
# one's own; what only a server refuses is refused, by name.  TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/ctl.sh

# text NAME COMMAND: a file with a procedure that runs COMMAND
text()
{
	printf 'blink 1\nsp 0 init {\nblinkContext 1, 0, 0, 0\nblinkDrawable 1, 64, 64, 1\nend\n}\n'
	printf 'sp 1 redraw frame 0 context 1 drawable 1 {\nblinkMakeCurrent 1, 1, 1\n%s\nend\n}\n' "$2"
} >"$work/$1.txt"
made() { "$ctl" asm "$work/$1.txt" -o "$work/$1.blink" >"$work/log" 2>&1 || cat "$work/log"; }

echo 1..5
text plain 'glClear GL_COLOR_BUFFER_BIT'
made plain
report_text 'what a server takes is accepted, and how it was judged is said' \
	"$(expect 0 '"verified_as":"client"' "$ctl" verify --json "$work/plain.blink")"

text viewports 'glViewportIndexedf 1, 0, 0, 64, 64'
text compute 'glMemoryBarrier 0'
made viewports
made compute
report_text 'what nobody mediates is refused' \
	"$(for f in viewports compute; do
		expect 1 '"reason":"\(sensitive\|opaque\)"' "$ctl" verify --json "$work/$f.blink"
	done)"
report_text 'a file of its own may hold it' \
	"$(for f in viewports compute; do
		expect 0 '"verified_as":"own"' "$ctl" verify --own --json "$work/$f.blink"
	done)"

text names 'glBindTexture GL_TEXTURE_2D, 100000'
made names
report_text 'a name beyond those that a server gives is refused' \
	"$(expect 1 'glBindTexture' "$ctl" verify --json "$work/names.blink")"
report_text 'and is one of its own' \
	"$(expect 0 accepted "$ctl" verify --own --json "$work/names.blink")"
