#!/bin/sh
# test_live_parts.sh - a file whose frames are larger than any ring is played as a live client:
# the same pictures as in-process.  TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
needs=
. tests/support/server.sh

# a frame of five textures of 64 MiB, one after the other under one name, each with a corner
# of its own, drawn one beside the other
{
	echo 'blink 1'
	for i in 1 2 3 4 5; do
		echo "payload t$i {"
		printf 'u8'
		for k in 0 1 2 3; do printf ' %d %d %d 255' $((i * 40)) $((250 - i * 40)) $((k * 60)); done
		printf '\nzero 67108848\n}\n'
	done
	printf 'payload name {\nu32 1\n}\n'
	echo 'sp 0 init {'
	echo 'blinkContext 1, 0, 0, 0x0'
	echo 'blinkDrawable 1, 80, 16, 0x1'
	echo 'blinkMakeCurrent 1, 1, 1'
	echo 'glGenTextures 1, @name'
	echo 'glBindTexture GL_TEXTURE_2D, 1'
	echo 'glTexParameteri GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, 0x2600'
	echo 'glTexParameteri GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, 0x2600'
	echo 'glEnable GL_TEXTURE_2D'
	echo 'end'
	echo '}'
	echo 'sp 1 redraw frame 0 context 1 drawable 1 {'
	for i in 1 2 3 4 5; do
		echo "glTexImage2D GL_TEXTURE_2D, 0, 0x8058, 4096, 4096, 0, GL_RGBA, GL_UNSIGNED_BYTE, @t$i"
		echo "glViewport $((i * 16 - 16)), 0, 16, 16"
		echo 'glBegin GL_TRIANGLES'
		for c in '-1 -1 0' '3 -1 0.002' '-1 3 0'; do
			set -- $c
			echo "glTexCoord2f $3, 0"
			echo "glVertex2f $1, $2"
		done
		echo 'glEnd'
	done
	echo 'blinkSwap 1'
	echo 'end'
	echo '}'
} >"$work/long.s"
"$ctl" asm "$work/long.s" -o "$work/long.blink" >"$work/asm" 2>&1 ||
	{ sed 's/^/# /' "$work/asm"; exit 1; }

echo 1..3
serve_or_skip --watchdog 20000 --memory 512 --bare --hash --trace "$work/trace" --size 200x100
"$ctl" replay --server "$work/s" "$work/long.blink" --json >"$work/live" 2>"$work/live.err"
report 'it is played' $? "$work/live.err"
stop
report_text 'its frame is larger than the ring, and than the rings that there are' \
	"$(tr ',{}' '\n\n\n' <"$work/live" | awk -F: '{ v[$1] = $2 }
	END { if (!(v["\"largest_entry\""] > 2^28 && v["\"ring_bytes\""] < 2^26)) print "largest",
		v["\"largest_entry\""], "ring", v["\"ring_bytes\""] }')"
"$ctl" replay "$work/long.blink" --hash --json 2>/dev/null | tr ',' '\n' |
	sed -n 's/.*"hash":"\([0-9a-f]*\)".*/\1/p' >"$work/here"
sed -n 's/.*"event":"picture".*"hash":"\([0-9a-f]*\)".*/\1/p' "$work/trace" >"$work/there"
report_text 'the same pictures' \
	"$(cmp "$work/here" "$work/there" 2>&1)$([ -s "$work/here" ] || echo none)"
