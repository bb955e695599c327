#!/bin/sh
# test_live.sh - captured programs played as live clients: the same pictures as in-process,
# through a server that is lost and comes back; clients that never wake; hostile ones.  TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
needs="blink-gears-sp blink-gears-switch blink-hostile"
. tests/support/server.sh
patient="--watchdog 20000"      # the machine may be busy

hashes() { sed -n 's/.*"event":"picture".*"hash":"\([0-9a-f]*\)".*/\1/p' "$1"; }

traced="$patient --bare --hash --trace $work/trace --size 1280x1024 --refresh 100"
serve_or_skip $traced
stop

# ---- the same pictures --------------------------------------------------------------------
for case in glxgears:8 glxheads:6 pymol:4 mplayer:2 queens:4; do
	name=${case%:*}
	frames=${case#*:}
	file=corpora/cases/$name.blink
	serve $traced
	"$ctl" replay --server "$work/s" "$file" --frames 0:$frames >"$work/live" 2>"$work/live.err"
	status=$?
	stop
	report "$name is played live" $status "$work/live.err"
	LP_NUM_THREADS=0 "$ctl" replay "$file" --frames 0:$frames --hash --json >"$work/here.json" 2>/dev/null
	tr ',' '\n' <"$work/here.json" | sed -n 's/.*"hash":"\([0-9a-f]*\)".*/\1/p' >"$work/here"
	hashes "$work/trace" >"$work/there"
	report_text "$name: the same pictures" "$(cmp "$work/here" "$work/there" 2>&1)$([ -s "$work/here" ] || echo none)"
done

# ---- what is refused, is named -----------------------------------------------------------------
cat >"$work/bad.s" <<'S'
blink 1
names context 1
names drawable 1

sp 0 init {
	blinkContext 1, 0, 0, 0x0
	blinkDrawable 1, 32, 32, 0x1
	blinkMakeCurrent 1, 1, 1
	end
}

sp 1 redraw frame 0 context 1 drawable 1 {
	glBegin GL_TRIANGLES
	glEnableClientState GL_VERTEX_ARRAY
	glEnd
	blinkSwap 1
	end
}
S
"$ctl" asm "$work/bad.s" -o "$work/bad.blink" >"$work/asm" 2>&1 || sed 's/^/# /' "$work/asm"
serve $patient
"$ctl" replay --server "$work/s" "$work/bad.blink" >"$work/bad" 2>"$work/bad.err"
status=$?
report_text "a refusal names the frame and the command" "$(
	[ $status -eq 1 ] || echo "status $status"
	grep -q 'frame 0.*glEnableClientState' "$work/bad.err" || cat "$work/bad.err")"

# ---- clients that sleep ------------------------------------------------------------------------
"$bin/blink-gears-sp" --server "$work/s" --seconds 3 >"$work/sp" 2>&1 &
sp=$!
"$bin/blink-gears-switch" --server "$work/s" --seconds 3 >"$work/switch" 2>&1 &
switch=$!
clients="$sp $switch"
wait $sp $switch
clients=
report_text "GearsSP is shown, and does not wake for it" "$(
	awk '{ v[$1] = $2 } END { if (!(v["frames"] > 5 && v["wakeups"] <= 2)) print v["frames"], v["wakeups"] }' "$work/sp"
	[ -s "$work/sp" ] || echo nothing)"
report_text "GearsSwitch wakes for each frame" "$(
	awk '{ v[$1] = $2 } END { if (!(v["frames"] > 5 && v["wakeups"] > 5)) print v["frames"], v["wakeups"] }' "$work/switch")"

# each new version of its redraw SP is shown
"$bin/blink-gears-switch" --publish --server "$work/s" --name publish >"$work/publish" 2>&1 &
clients=$!
seen=1
for i in $(seq 100); do
	"$ctl" top --server "$work/s" --json --count 1 2>/dev/null | tr '{' '\n' | grep '"name":"publish"' |
		sed -n 's/.*"redraws":\([0-9]*\).*/\1/p' | grep -q '[0-9][0-9]' && seen=0 && break
	sleep 0.1
done
report "new versions of a redraw SP are shown, one after the other" $seen "$work/publish"
kill -TERM $clients
wait $clients
clients=

# ---- a server that is killed, and another -------------------------------------------------------
"$bin/blink-gears-sp" --server "$work/s" --name back >"$work/back" 2>&1 &
clients=$!
back=$!
sleep 0.5
stop -KILL
rm -f "$work/s" "$work/s.ctl"
serve $patient
seen=1
for i in $(seq 100); do
	"$ctl" top --server "$work/s" --json --count 1 2>/dev/null | grep -q '"name":"back"' && seen=0 && break
	sleep 0.1
done
report "a client is back at a server that was killed and started anew" $seen "$work/back"
kill -TERM $back
wait $back
clients=
report_text "and knows that it came back" "$(awk '$1 == "reconnects" && $2 != 1' "$work/back")"

# ---- a stream goes on from its pruned log ----------------------------------------------------------
file=corpora/cases/glxgears.blink
stop
serve $patient --refresh 10 --size 640x480
"$ctl" replay --server "$work/s" "$file" --loop 20 >"$work/live" 2>"$work/live.err" &
clients=$!
sleep 2
stop -KILL
rm -f "$work/s" "$work/s.ctl"
serve $patient --refresh 100 --size 640x480
wait $clients
status=$?
clients=
report "a game is played to its end, through a server that was killed" $status "$work/live.err"
report_text "and says how it went on" "$(grep -q 'the server came back' "$work/live.err" || cat "$work/live.err" "$work/live")"
stop

# ---- hostile clients --------------------------------------------------------------------------------
serve $patient
"$bin/blink-gears-sp" --server "$work/s" --name good >"$work/good" 2>&1 &
clients=$!
"$bin/blink-hostile" --server "$work/s" --act all --seconds 0.4 --size 100x100 >"$work/hostile" 2>&1
status=$?
report "every hostile act is acted out" $status "$work/hostile"
"$ctl" top --server "$work/s" --json --count 1 >"$work/top.json" 2>"$work/top.err"
report_text "the server is there, and none of it was replaced" "$(
	grep -q '"ok":true\|"frames"' "$work/top.json" || cat "$work/top.err"
	[ "$(sed -n 's/.*"restarts":\([0-9]*\).*/\1/p' "$work/top.json")" = 0 ] ||
		cat "$work/serve.log")"
report_text "and so is the good client" "$(grep -q '"name":"good"' "$work/top.json" || echo it is gone)"
kill -TERM $clients
wait $clients
clients=
stop
echo "1..$n"
