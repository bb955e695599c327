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

echo 1..5
report_text 'cases that cannot be are refused' "$(
	expect 1 'not for a served one' bench server gears-sp/virgl
	expect 1 'not for a native one' bench server gears-native/offscreen
	expect 1 'no case' bench server gears
	expect 1 'a film is needed' bench server video
	expect 1 'LOW,HIGH' bench --hold --counts 5 server gears-sp
	expect 1 'LOW,HIGH' bench --hold --counts 5,4 server gears-sp)"

report_text 'held clients of two cases, their ratio and what was predicted' "$(
	expect 0 clients_held bench --hold --counts 1,2 --null --json server gears-sp gears-switch
	said clients_predicted serving_cpu_ms client_cpu_ms not_held ratios 'gears-sp : gears-switch' held
	expect 0 clients_held bench --hold --counts 1,2 --null -o "$work/r.json" server gears-sp
	expect 0 clients_predicted "$ctl" results show "$work/r.json")"

report_text 'GearsSP is not woken' "$(
	expect 0 redraw_interval bench --null --counts 2 --json server gears-sp
	grep -q '"wakeups_per_frame":0\.0[,}]' "$work/said" || echo 'it was')"

missing=$(lacking Xvfb)
if [ -n "$missing" ]; then
	echo "ok 4 - natively # SKIP $missing is not installed"
	echo "ok 5 - indirectly # SKIP $missing is not installed"
	exit 0
fi
report_text 'natively drawn ones beside them' "$(
	expect 0 redraw_interval bench --counts 2 --json server gears-native
	said client_cpu_per_frame wakeups_per_frame)"
report_text 'through GLX'"'"'s protocol: what draws nothing is refused, Mesa draws' "$(
	expect 0 redraw_interval bench --counts 1 --json server gears-native/indirect
	said server_cpu_per_frame)"
