# server.sh - a display server and its clients for a test script, which sources it: what
# ctl.sh gives, the programs' folder $bin, serve and stop; the server's socket is $work/s.
# What was started is ended with the script: the server, and whatever stands in $clients.
# Before it, needs="PROGRAM..." says what besides blinkctl has to be built.

. tests/support/ctl.sh
bin=$(dirname "$ctl")
for program in $needs; do
	[ -x "$bin/$program" ] || { echo "$program is not built (in $bin)"; exit 77; }
done
server=
clients=
finish()
{
	# (one that was stopped does not end before it goes on)
	[ -z "$clients" ] || kill -CONT $clients 2>/dev/null
	[ -z "$clients" ] || kill -KILL $clients 2>/dev/null
	[ -z "$server" ] || kill $server 2>/dev/null
	wait 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT

# serve OPTION...: runs a server until it says that it serves; what it says is in
# $work/serve.log.  Else its exit status.
serve()
{
	: >"$work/serve.log"
	"$ctl" serve --listen "$work/s" "$@" >"$work/serve.out" 2>"$work/serve.log" &
	server=$!
	for i in $(seq 300); do
		! grep -q serving "$work/serve.log" || return 0
		if ! kill -0 $server 2>/dev/null; then
			wait $server
			ended=$?
			server=
			return $((ended ? ended : 1))
		fi
		sleep 0.1
	done
	return 1
}

# The same, the first time: without a driver there is nothing to test.
serve_or_skip()
{
	serve "$@"
	ended=$?
	[ $ended -eq 0 ] && return 0
	cat "$work/serve.log"
	exit $((ended == 77 ? 77 : 1))
}

# stop [-SIGNAL]: ends the server; its exit status
stop()
{
	kill "$@" $server 2>/dev/null
	wait $server 2>/dev/null
	ended=$?
	server=
	return $ended
}

# What blinkctl top says, in $work/top.json; number KEY: of the server; of KEY ID: of a client
top() { "$ctl" top --server "$work/s" --json --count 1 >"$work/top.json" 2>>"$work/log"; }
number() { sed "s/,\"clients\":.*//" "$work/top.json" | sed -n "s/.*\"$1\":\([0-9.-]*\).*/\1/p"; }
of() { tr '{' '\n' <"$work/top.json" | grep "^\"id\":$2," | sed -n "s/.*\"$1\":\([0-9.-]*\).*/\1/p"; }
# drawn ID [N]: it was, more than N times
drawn() { top && [ "$(of redraws "$1")" -gt "${2:-0}" ] 2>/dev/null; }
# until_true COMMAND...: within a minute; the machine may be busy
until_true()
{
	for i in $(seq 300); do
		"$@" && return 0
		sleep 0.2
	done
	return 1
}
