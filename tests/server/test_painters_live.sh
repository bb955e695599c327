#!/bin/sh
# test_painters_live.sh - a server with two painters, one of which gets a draw that does not
# end: who is drawn by the other is drawn on, and the watchdog strikes the right one.  TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
needs="blink-gears-sp blink-hostile"
. tests/support/server.sh

late() { top && [ "$(number late_painters)" -ge 1 ] 2>/dev/null; }
restarted() { top && [ "$(number restarts)" -ge 1 ] 2>/dev/null; }

echo 1..5
serve_or_skip --size 640x480 --painters 2 --watchdog 8000
if grep -q 'painters: the driver' "$work/serve.log"; then
	echo 'the driver has one display'
	exit 77
fi
"$bin/blink-gears-sp" --server "$work/s" --size 200x200 >"$work/a.log" 2>&1 &
clients=$!
until_true drawn 1 3
report 'a client is drawn' $? "$work/log"

"$bin/blink-hostile" --server "$work/s" --act draw-endless --seconds 60 >"$work/b.log" 2>&1 &
clients="$clients $!"
until_true late && [ "$(of painter 1)" = 0 ] && [ "$(of painter 2)" = 1 ]
report 'another one, by another painter, which is late' $? "$work/top.json"

# (frames are not missed by whoever composes: the count would stand still otherwise)
before=$(of redraws 1)
until_true drawn 1 $((before + 50)) && late && [ "$(number restarts)" = 0 ]
report 'the first is drawn on meanwhile' $? "$work/top.json"

until_true restarted && grep -q 'the turn of client 2 did not end' "$work/serve.log"
report 'the watchdog ends the turn, and knows whose it was' $? "$work/serve.log"

until_true drawn 1 3 && [ -z "$(of frames 2)" ]
report 'the first is back, the other is not' $? "$work/top.json"
