#!/bin/sh
# test_bench_server.sh - what blinkctl bench server says of cases, and that its searches end;
# no figure is judged here.  TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/ctl.sh
bench() { "$ctl" bench --runs 1 --length 0.5 "$@"; }
# said NAME...: nothing to say when the results in $work/said have these members
said() { for m in "$@"; do grep -q "\"$m\"" "$work/said" || echo "no $m"; done; }
lacking() { command -v "$1" >/dev/null || echo "$1"; }

echo 1..8
report_text 'cases that cannot be are refused' "$(
	expect 1 'not for a served one' bench server gears-sp/virgl
	expect 1 'not for a native one' bench server gears-native/offscreen
	expect 1 'no case' bench server gears
	expect 1 'a film is needed' bench server video
	expect 1 'LOW,HIGH' bench --hold --counts 5 server gears-sp
	expect 1 'LOW,HIGH' bench --hold --counts 5,4 server gears-sp
	expect 1 'for --live' bench --frame 20 server gears-sp)"

report_text 'held clients of two cases, their ratio and what was predicted' "$(
	expect 0 clients_held bench --hold --counts 1,2 --null --json server gears-sp gears-switch
	said clients_predicted serving_cpu_ms client_cpu_ms not_held ratios 'gears-sp : gears-switch' held
	expect 0 clients_held bench --hold --counts 1,2 --null -o "$work/r.json" server gears-sp
	expect 0 clients_predicted "$ctl" results show "$work/r.json")"

report_text 'GearsSP is not woken' "$(
	expect 0 redraw_interval bench --null --counts 2 --json server gears-sp
	grep -q '"wakeups_per_frame":0\.0[,}]' "$work/said" || echo 'it was')"

game=corpora/cases/glxgears.blink
report_text 'a file played live and in-process; who else should play it does, or why not is said' "$(
	expect 0 live_ms env PATH="$work" "$ctl" bench -r 1 -w 0 --frame 60 --live --json server $game
	said in_process_ms ratio copy_ms ratio_less_copy
	[ "$(grep -o '"skipped":"[^"]*did not start' "$work/said" | wc -l)" -eq 2 ] || echo 'said nothing of Xvfb')"

missing=$(lacking Xvfb)
if [ -n "$missing" ]; then
	for t in '5 - natively' '6 - indirectly' '7 - through GLX' '8 - through virgl'; do
		echo "ok $t # SKIP $missing is not installed"
	done
	exit 0
fi
report_text 'natively drawn ones beside them' "$(
	expect 0 redraw_interval bench --counts 2 --json server gears-native
	said client_cpu_per_frame wakeups_per_frame)"
report_text 'through GLX'"'"'s protocol: what draws nothing is refused, Mesa draws' "$(
	expect 0 redraw_interval bench --counts 1 --json server gears-native/indirect
	said server_cpu_per_frame)"
# why PEER: it was left out, going by $work/said
why() { sed -n "s/.*\"$1\":{\"skipped\":\"\([^\"]*\).*/\1/p" "$work/said"; }
report_text 'a file through GLX'"'"'s protocol; one that needs more than that is not compared' "$(
	expect 0 live_below bench -w 0 --frame 60 --live -o "$work/r.json" server $game
	expect 0 indirect_cpu_per_frame "$ctl" results show "$work/r.json"
	expect 0 skipped bench -w 0 --frame 8 --live --json server corpora/cases/pymol.blink
	[ -n "$(why indirect)" ] || echo 'pymol was')"
missing=$(lacking virgl_test_server)
if [ -n "$missing" ]; then
	echo "ok 8 - through virgl # SKIP $missing is not installed"
	exit 0
fi
expect 0 live_ms bench -w 0 --frame 60 --live --json server $game >"$work/what"
if grep -q 'somebody else' "$work/said"; then
	echo "ok 8 - through virgl # SKIP somebody else's virgl_test_server listens"
	exit 0
fi
report_text 'a file through virgl' "$(cat "$work/what"; [ -z "$(why virgl)" ] || why virgl)"
