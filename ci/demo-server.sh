#!/bin/sh
# demo-server.sh - a display server and its clients, live: two gears, a film, and a captured
# game, moving on one screen.
#
# Ends with DEMO_OUT/screen.png and a short film of the screen (screen.mp4, or screen.y4m
# where ffmpeg is not there), after looking at their pixels: every client's area shows
# something that moves, in a frame of its colour, and nothing is drawn beside.
#
#   VIDEO        the film (one is made by ffmpeg)
#   GAME         program of corpora/ and frames (neverball:100), or a .blink file
#   SECONDS_SHOWN  how long they are shown when all are there (8)
#   DEMO_OUT     where results go (out/demo-server)
#   BLINKCTL     the program (build/blinkctl); the clients are beside it
set -u
blinkctl=${BLINKCTL:-build/blinkctl}
out=${DEMO_OUT:-out/demo-server}
seconds=${SECONDS_SHOWN:-8}
game=${GAME:-neverball:100}
case $blinkctl in
/*) ;;
*) blinkctl=$PWD/$blinkctl ;;
esac
bin=$(dirname "$blinkctl")
export BLINK_CORPORA="${BLINK_CORPORA:-$(cd "$(dirname "$0")/../corpora/recipes" && pwd)}"
size=1280x960 width=1280
started=$(date +%s)
pids=

die()
{
	echo "demo-server: $*" >&2
	exit 1
}

stop()
{
	for p in $pids; do
		kill "$p" 2>/dev/null
	done
	[ -z "${server:-}" ] || kill "$server" 2>/dev/null
	wait 2>/dev/null
}
trap stop EXIT
trap 'exit 1' INT TERM

step()
{
	printf '  %-58s' "$1"
	shift
	"$@" >step.log 2>&1 || {
		echo failed
		cat step.log >&2
		exit 1
	}
	echo done
}

video_make()
{
	if [ -n "${VIDEO:-}" ]; then
		ln -sf "$VIDEO" film
	else
		[ -s film ] || ffmpeg -loglevel error -y -f lavfi -i testsrc2=s=320x240:r=25 -t 60 \
			-c:v mpeg4 -q:v 3 -f avi film
	fi
}

game_make()
{
	case $game in
	*.blink) cp "$game" game.blink ;;
	*)
		program=${game%:*}
		[ -s game.blink ] || {
			"$blinkctl" corpora install "$program" &&
			"$blinkctl" corpora record "$program" -o game.trace --frames "${game#*:}" &&
			"$blinkctl" convert game.trace -o game.blink
		} ;;
	esac
}

# pixel FILE X Y: "r g b"
pixel()
{
	header=$(head -n 3 "$1" | wc -c)
	tail -c +$((header + 1 + 3 * ($3 * width + $2))) "$1" | head -c 3 | od -An -tu1 | tr -s ' ' |
		sed 's/^ //; s/ $//'
}

# number of colours among some pixels of an area; their values, to see them move
samples()
{
	file=$1 x=$2 y=$3 w=$4 h=$5
	for j in 1 2 3 4 5 6 7; do
		for i in 1 2 3 4 5 6 7; do
			pixel "$file" $((x + w * i / 8)) $((y + h * j / 8))
		done
	done
}

field()
{
	printf '%s' "$1" | sed -n "s/.*\"$2\":\"\{0,1\}\([^,\"}]*\).*/\1/p"
}

# clients: all of them, a line each
clients_ask()
{
	"$blinkctl" top --server socket --json --count 1 >top.json || return 1
	tr '{' '\n' <top.json | grep '"label":' >clients
	[ "$(wc -l <clients)" -eq "$wanted" ]
}

# all clients are there, and none shows one colour only
shown()
{
	clients_ask || return 1
	"$blinkctl" screen --server socket screenshot first.ppm >/dev/null || return 1
	while read -r line; do
		samples first.ppm "$(field "$line" x)" "$(field "$line" y)" \
			"$(field "$line" width)" "$(field "$line" height)" >a
		[ "$(sort -u a | wc -l)" -gt 1 ] || return 1
	done <clients
}

# a driver's first pictures take their time, and the machine may be busy
shown_wait()
{
	for i in $(seq 60); do
		! shown || return 0
		sleep 2
	done
	echo "not all of $wanted clients are on the screen"
	return 1
}

look()
{
	bad=0
	clients_ask || {
		echo "$(wc -l <clients) clients are there, not $wanted"
		bad=1
	}
	while read -r line; do
		id=$(field "$line" id) name=$(field "$line" name)
		x=$(field "$line" x) y=$(field "$line" y)
		w=$(field "$line" width) h=$(field "$line" height)
		samples first.ppm "$x" "$y" "$w" "$h" >a
		samples second.ppm "$x" "$y" "$w" "$h" >b
		samples third.ppm "$x" "$y" "$w" "$h" >c
		[ "$(sort -u a | wc -l)" -gt 1 ] || { echo "client $id ($name) shows one colour"; bad=1; }
		! cmp -s a b || ! cmp -s a c || { echo "client $id ($name) does not move"; bad=1; }
		left=$(pixel second.ppm $((x - 2)) $((y + h / 2)))
		right=$(pixel second.ppm $((x + w + 1)) $((y + h / 2)))
		below=$(pixel second.ppm $((x + w / 2)) $((y + h + 1)))
		[ "$left" = "$right" ] && [ "$left" = "$below" ] || {
			echo "the frame of client $id is of several colours: $left, $right, $below"
			bad=1
		}
		echo "$left" >>frames
	done <clients
	[ "$(sort -u frames | wc -l)" -eq "$(wc -l <frames)" ] || { echo "two frames are alike"; bad=1; }
	[ "$(pixel second.ppm 1279 959)" = "32 36 44" ] || { echo "something is drawn beside"; bad=1; }
	return $bad
}

# client NAME COMMAND...: in the background, for as long as the server is there
client()
{
	name=$1
	shift
	"$@" >"$name.log" 2>&1 &
	pids="$pids $!"
	wanted=$((wanted + 1))
}

[ -x "$blinkctl" ] || die "$blinkctl is not built (make)"
mkdir -p "$out" && cd "$out" || exit 1
rm -f socket socket.ctl *.log frames a b c first.ppm second.ppm third.ppm screen.png screen.mp4 screen.y4m
echo "demo-server: results in $out"
film=screen.y4m
! command -v ffmpeg >/dev/null || film=screen.mp4
[ ! -x "$bin/blink-video" ] || step "a film${VIDEO:+ ($VIDEO)}" video_make
step "a captured game ($game)" game_make
"$blinkctl" serve --listen "$PWD/socket" --headless --size $size --refresh 25 --record $film \
	--trace trace.jsonl --json >serve.json 2>serve.log &
server=$!
touch serve.log
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	! grep -q serving serve.log 2>/dev/null || break
	kill -0 $server 2>/dev/null || die "$(cat serve.log)"
	sleep 0.5
done
wanted=0
client gears-sp "$bin/blink-gears-sp" --server "$PWD/socket"
client gears-switch "$bin/blink-gears-switch" --server "$PWD/socket"
if [ -x "$bin/blink-video" ]; then
	client video "$bin/blink-video" --server "$PWD/socket" film
else
	echo '  (no film: blink-video is not built: libavformat-dev and its kin are missing)'
fi
game_play()
{
	trap 'kill $! 2>/dev/null; exit' TERM
	while :; do
		"$blinkctl" replay --server "$PWD/socket" --loop 20 game.blink &
		wait $! || break
	done
}
client game game_play
step "all of them on the screen" shown_wait
sleep $seconds
"$blinkctl" screen --server socket screenshot second.ppm >/dev/null
# (gears look the same four times a second: a tooth further, and they are what they were)
sleep 0.1
"$blinkctl" screen --server socket screenshot third.ppm >/dev/null
"$blinkctl" screen --server socket screenshot screen.png >/dev/null
step "pixels inside and outside of every area" look
"$blinkctl" top --server socket --count 1 | tee top.txt
"$blinkctl" screen --server socket quit >/dev/null
wait $server
status=$?
server=
[ $status -eq 0 ] || die "the server ended with status $status: $(cat serve.log)"
[ -s screen.png ] || die "there is no screenshot"
[ -s $film ] || die "there is no film"
echo "demo-server: $(($(date +%s) - started)) s; $out/screen.png, $out/$film"
