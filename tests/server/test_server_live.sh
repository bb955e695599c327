#!/bin/sh
# test_server_live.sh - a display server and its clients as real processes, looked at by
# their pixels: killed, stopped, restarted.  TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
needs="blink-gears-sp blink-gears-switch"
. tests/support/server.sh
width=640
size="--size 640x480"

there() { top && [ -n "$(of frames "$1")" ]; }

shot() { "$ctl" screen --server "$work/s" screenshot "$work/$1.ppm" >>"$work/log" 2>&1; }
pixel()
{
	header=$(head -n 3 "$work/$1.ppm" | wc -c)
	tail -c +$((header + 1 + 3 * ($3 * width + $2))) "$work/$1.ppm" | head -c 3 | od -An -tu1 |
		tr -s ' ' | sed 's/^ //; s/ $//'
}
ground="32 36 44"
# gears ID SHOT: something red where the large gear is, in a frame
gears()
{
	x=$(of x "$1") y=$(of y "$1") w=$(of width "$1") h=$(of height "$1")
	set -- "$1" "$2" "$(pixel "$2" $((x + w / 5)) $((y + h * 5 / 8)))"
	red=${3%% *}
	[ -n "$red" ] && [ "$red" -gt 60 ] && [ "$(pixel "$2" $((x - 2)) $((y + h / 2)))" != "$ground" ]
}
settled() { shot "$2" && top && gears "$1" "$2"; }

echo 1..13
serve_or_skip $size --watchdog 1500
report 'the server starts' 0

"$bin/blink-gears-sp" --server "$work/s" --size 200x200 >"$work/a.log" 2>&1 &
a=$!
clients=$a
until_true drawn 1
"$bin/blink-gears-switch" --server "$work/s" --size 200x200 >"$work/b.log" 2>&1 &
b=$!
clients="$a $b"
until_true drawn 1 3 && until_true drawn 2 3
report 'two clients are on the screen' $? "$work/log"

until_true settled 1 one && settled 2 two && top && x=$(of x 2) && y=$(of y 2) &&
	[ "$(pixel two 639 479)" = "$ground" ] &&
	[ "$(pixel two $((x - 2)) $((y + 9)))" = "$(pixel two $((x + 201)) $((y + 190)))" ] &&
	! cmp -s "$work/one.ppm" "$work/two.ppm"
report 'gears in their areas, frames around, nothing beside, and they move' $? "$work/log"

"$ctl" screen --server "$work/s" rights >"$work/rights" 2>&1 && grep -q 'tried, .* refused' "$work/rights"
report 'the executor may open, connect, start and signal nothing' $? "$work/rights"

mode=$(stat -c %a "$work/s.ctl")
[ "$mode" = 600 ]
report 'the control socket is its owner'"'"'s alone' $?

"$ctl" screen --server "$work/s" move 1 300 200 >"$work/log" 2>&1 && until_true settled 1 moved &&
	[ "$(of x 1)" = 300 ] && [ "$(of y 1)" = 200 ]
report 'a window moves' $? "$work/log"

# the executor is killed: the clients are not asked, and have their places
top
kill -KILL "$(number executor_pid)"
restarted() { top && [ "$(number restarts)" -ge "$1" ] 2>/dev/null; }
until_true restarted 1 && until_true settled 1 again && until_true settled 2 again &&
	[ "$(of x 1)" = 300 ] && kill -0 $a && kill -0 $b
report 'killed, the executor comes back, and with it all clients in their places' $? "$work/serve.log"

# one that hangs is the watchdog's
top
kill -STOP "$(number executor_pid)"
hung() { top && [ "$(number hangs)" -ge 1 ] 2>/dev/null; }
until_true hung && until_true settled 1 hang && until_true settled 2 hang
report 'one that does not go on is replaced' $? "$work/serve.log"

# a client that stands still holds up nobody
kill -STOP $b
top
before=$(of redraws 1)
until_true drawn 1 $((before + 20)) && until_true there 2 && until_true settled 2 still
report 'a client that stands still holds up nobody, and its picture stays' $? "$work/log"
kill -CONT $b

top
left=$(of x 2) upper=$(of y 2)
kill -KILL $b
gone() { top && [ -z "$(of frames "$1")" ]; }
until_true gone 2 && until_true shot dead && until_true settled 1 dead && shot dead &&
	[ "$(pixel dead $((left + 40)) $((upper + 120)))" = "$ground" ] &&
	[ "$(pixel dead $((left - 2)) $((upper + 9)))" = "$ground" ]
report 'a killed client leaves the ground it stood on, and the others' $? "$work/log"

# clients that come and go leave nothing with the server
top
executor=$(number executor_pid)
fds() { echo $(($(ls /proc/$server/fd | wc -l) + $(ls /proc/$executor/fd | wc -l))); }
before=$(fds)
for i in $(seq 12); do
	"$bin/blink-gears-sp" --server "$work/s" --size 20x20 --seconds 0.2 >>"$work/log" 2>&1
done
alone() { top && [ "$(fds)" -le "$before" ]; }
until_true alone
report 'clients that came and went leave no descriptor open' $? "$work/log"

# all of the server is killed: its clients find its successor by themselves
kill -KILL $server
wait $server 2>/dev/null
serve $size && until_true drawn 1 3 && until_true settled 1 new && kill -0 $a
report 'a server that comes after a killed one has its clients again' $? "$work/serve.log"

stop -INT && grep -q '^frames' "$work/serve.out" && [ ! -e "$work/s" ] && [ ! -e "$work/s.ctl" ]
report 'it ends when it is told to, and leaves no socket' $? "$work/serve.out"
