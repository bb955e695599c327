#!/bin/sh
# test_results_cli.sh - bench -o writes what results show, merge and diff read; exit
# statuses; nothing half-written.  Speaks TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
blinkctl=${BLINKCTL:-build/blinkctl}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
. tests/support/tap.sh
# expect STATUS TEXT COMMAND...: nothing to say when both are as expected
expect()
{
	wanted=$1 text=$2
	shift 2
	"$@" >"$dir/said" 2>&1
	status=$?
	[ $status -eq "$wanted" ] || echo "status $status instead of $wanted: $*"
	grep -q -- "$text" "$dir/said" || { echo "no '$text':"; head -n 5 "$dir/said"; }
}
echo 1..7

report_text 'bench -o writes a results file' "$(expect 0 all_lines "$blinkctl" bench -o "$dir/a.json" lines
expect 0 '"format":"blink-results"' cat "$dir/a.json"
expect 0 'revision' cat "$dir/a.json")"
sed 's/"samples":\[\([0-9]\)/"samples":[9\1/; s/"id":"[0-9a-f]*"/"id":"other"/' "$dir/a.json" >"$dir/b.json"
report_text 'show lists it' "$(expect 0 'pruner' "$blinkctl" results show "$dir/a.json"
expect 0 '"suite":"lines"' "$blinkctl" results show --json "$dir/a.json" "$dir/b.json")"
report_text 'diff tells' "$(expect 0 equal "$blinkctl" results diff "$dir/a.json" "$dir/a.json"
expect 1 worse "$blinkctl" results diff "$dir/a.json" "$dir/b.json"
expect 1 better "$blinkctl" results diff "$dir/b.json" "$dir/a.json")"
report_text 'merge joins' "$(expect 0 '^invocations *2$' "$blinkctl" results merge "$dir/a.json" "$dir/b.json" "$dir/a.json" -o "$dir/c.json"
expect 0 '^invocations *2$' "$blinkctl" results merge "$dir/c.json" "$dir/b.json" -o "$dir/c.json"
expect 2 'needs -o' "$blinkctl" results merge "$dir/a.json")"
report_text 'what is no results file is refused' "$(echo '{"invocations":[]}' >"$dir/bad.json"
expect 1 'format is missing' "$blinkctl" results show "$dir/bad.json"
expect 1 'bad.json' "$blinkctl" results diff "$dir/a.json" "$dir/bad.json"
expect 1 'not a regular file' "$blinkctl" results show /dev/null
expect 1 'bad.json' "$blinkctl" results merge "$dir/a.json" "$dir/bad.json" -o "$dir/d.json"
[ ! -e "$dir/d.json" ] || echo 'something was written')"
report_text 'a place that cannot be written' "$(expect 1 nowhere "$blinkctl" bench -o "$dir/nowhere/x.json" lines)"
printf '%s' '{"format":"blink-results","version":1,"invocations":[{"suite":"s","environment":{},"metrics":[{"case":"c","metric":"m","unit":"u","samples":[1],"series":[{"name":"frame_time","unit":"ms","runs":[[10,10,40],[10]]}]}]}]}' >"$dir/frames.json"
report_text 'frame times, with formulas' "$(expect 0 'missed deadlines *0.5 .*sum(max(0, ceil(t / T) - 1))' "$blinkctl" results frames "$dir/frames.json" --refresh 50
expect 0 '1 % low *- .*too few frames' "$blinkctl" results frames "$dir/frames.json"
expect 1 'no frame times' "$blinkctl" results frames "$dir/a.json"
expect 2 'is for frames' "$blinkctl" results show "$dir/frames.json" --refresh 50)"
