#!/bin/sh
# test_flat.sh - what clients took that are gone, the server gives back: its executor's memory
# and descriptors after hostile clients are what they were after the same ones before.  TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
needs="blink-hostile blink-gears-sp"
. tests/support/server.sh

value() { "$ctl" top --server "$work/s" --json --count 1 2>/dev/null | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
files() { ls "/proc/$(value executor_pid)/fd" 2>/dev/null | wc -l; }
# what is left when the last of them is gone
settled()
{
	for i in $(seq 100); do
		[ "$(value executor_pid)" ] && ! "$ctl" top --server "$work/s" --json --count 1 |
			grep -q '"name":"hostile"' && break
		sleep 0.1
	done
	sleep 0.3
}
acts="memory variants contexts compiles holes huge oversize grammar stream-entries vanish"
round()
{
	for act in $acts; do
		"$bin/blink-hostile" --server "$work/s" --act $act --seconds 1 >>"$work/log" 2>&1
	done
	settled
}

echo 1..4
serve_or_skip --size 320x240 --watchdog 20000
"$bin/blink-gears-sp" --server "$work/s" --size 100x100 >"$work/gears" 2>&1 &
clients=$!
round
pid=$(value executor_pid) once=$(value rss_kb) fds=$(files)
[ "$once" -gt 0 ] 2>/dev/null
report 'the memory of the executor is told' $? "$work/serve.log"
round
twice=$(value rss_kb)
report_text 'it is the same one still' "$([ "$(value executor_pid)" = "$pid" ] || cat "$work/serve.log")"
report_text 'its memory is what it was after as many hostile clients before' \
	"$([ "$twice" -le $((once + 16384)) ] || echo "$once KiB, then $twice")"
report_text 'and so are its descriptors' "$([ "$(files)" -le $((fds + 2)) ] || echo "$fds, then $(files)")"
