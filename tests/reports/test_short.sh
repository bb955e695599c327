#!/bin/sh
# test_short.sh - results files with little in them, or with what does not belong together,
# through every command that reads them: a clear answer, never NaN, never a comparison of
# unlike things without a word.  Speaks TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
blinkctl=${BLINKCTL:-build/blinkctl}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
. tests/support/tap.sh
. tests/reports/results_text.sh
# expect STATUS TEXT COMMAND...: nothing to say when both are as expected, and all numbers are
expect()
{
	wanted=$1 text=$2
	shift 2
	"$@" >"$dir/said" 2>&1
	status=$?
	[ $status -eq "$wanted" ] || { echo "status $status instead of $wanted: $*"; head -n 3 "$dir/said"; }
	grep -q -- "$text" "$dir/said" || { echo "no '$text': $*"; head -n 5 "$dir/said"; }
	odd=$(grep -iowE 'nan|-nan|inf|-inf|infinity|[0-9]{16,}' "$dir/said" | head -n 1)
	[ -z "$odd" ] || echo "it says $odd: $*"
}
drawn=0
command -v gnuplot >/dev/null && drawn=1
# draw STATUS TEXT FILE...: the report of files
draw()
{
	[ $drawn = 1 ] || return 0
	wanted=$1 text=$2
	shift 2
	expect "$wanted" "$text" "$blinkctl" report "$@" -o "$dir/page"
	[ "$wanted" != 0 ] || grep -iwE 'nan|inf' "$dir"/page/*.csv "$dir/page/index.html" | head -n 2
}
# m CASE NAME SAMPLES [MORE]: less of it is better
m() { metric "$1" "$2" "$3" ',"direction":"lower"'"${4:-}"; }
echo 1..8

report_text '1, 2, 3 frames' "$(for frames in 5 5,6 5,6,7 0 0,0,0; do
	file s "$(m c frames 1 "$(series "[$frames]")")" >"$dir/short.json"
	expect 0 'median frame time' "$blinkctl" results frames "$dir/short.json"
	expect 0 '99th percentile *- .*too few frames' "$blinkctl" results frames "$dir/short.json"
	expect 0 suite "$blinkctl" results show "$dir/short.json"
	expect 3 'shape.*too few runs' "$blinkctl" gate "$dir/short.json" "$dir/short.json"
	draw 0 page "$dir/short.json"
done)"
report_text '1, 2, 3 runs' "$(for runs in 5 5,6 5,6,7 0,0; do
	file s "$(m c time $runs)" >"$dir/short.json"
	expect 0 'level' "$blinkctl" results show "$dir/short.json"
	expect 3 'too few runs' "$blinkctl" gate "$dir/short.json" "$dir/short.json"
	expect 0 'not told apart\|nothing can be said' "$blinkctl" results diff "$dir/short.json" "$dir/short.json"
	draw 0 page "$dir/short.json"
done)"
report_text 'nothing at all' "$(file s >"$dir/empty.json"
file s "$(m c time '')" >"$dir/none.json"
file s "$(metric c frames '' "$(series '[]')")" >"$dir/noframes.json"
printf '{"format":"blink-results","version":1,"invocations":[]}' >"$dir/nothing.json"
: >"$dir/blank.json"
for f in empty none noframes nothing; do
	expect 0 invocations "$blinkctl" results show "$dir/$f.json"
done
expect 0 '^invocations *1$' "$blinkctl" results merge "$dir/nothing.json" "$dir/empty.json" -o "$dir/m.json"
for f in empty nothing; do
	expect 2 'no metric in common' "$blinkctl" gate "$dir/$f.json" "$dir/$f.json"
	expect 1 'no metric in common' "$blinkctl" results diff "$dir/$f.json" "$dir/$f.json"
	draw 1 'no metric' "$dir/$f.json"
done
expect 3 'too few runs\|no samples' "$blinkctl" gate "$dir/none.json" "$dir/none.json"
expect 0 'no frames' "$blinkctl" results frames "$dir/noframes.json"
draw 0 page "$dir/none.json"
for command in 'results show' 'results frames' report; do
	expect 1 'blank.json' "$blinkctl" $command "$dir/blank.json" $([ "$command" != report ] || echo -o "$dir/page")
done)"
report_text 'versions: old ones are read, later ones refused by number' "$(file s "$(m c time 5,6,7,8,9,10)" >"$dir/new.json"
sed 's/"version":1/"version":2/' "$dir/new.json" >"$dir/later.json"
printf '{"suite":"s","environment":{"cpu":"a cpu"},"time":{"values":[5,6,7,8,9,10],"unit":"u"}}' >"$dir/older.json"
for command in 'results show' 'results frames'; do
	expect 1 'version 2' "$blinkctl" $command "$dir/later.json"
done
expect 1 'version 2' "$blinkctl" results merge "$dir/new.json" "$dir/later.json" -o "$dir/m.json"
expect 1 'version 2' "$blinkctl" results diff "$dir/new.json" "$dir/later.json"
expect 2 'version 2' "$blinkctl" gate "$dir/new.json" "$dir/later.json"
draw 1 'version 2' "$dir/new.json" "$dir/later.json"
expect 0 'time' "$blinkctl" results show "$dir/older.json"
expect 0 '^invocations *2$' "$blinkctl" results merge "$dir/older.json" "$dir/new.json" -o "$dir/m.json"
draw 0 page "$dir/older.json" "$dir/new.json")"
report_text 'machines that differ are not compared without a word' "$(file s "$(m c time 5,6,7,8,9,10)" >"$dir/a.json"
CPU='another cpu' file s "$(m c time 5,6,7,8,9,10)" >"$dir/b.json"
expect 3 'cpu differs: a cpu and another cpu' "$blinkctl" gate "$dir/a.json" "$dir/b.json"
expect 0 'cpu differs' "$blinkctl" results diff "$dir/a.json" "$dir/b.json"
expect 0 '^invocations *2$' "$blinkctl" results merge "$dir/a.json" "$dir/b.json" -o "$dir/m.json"
CPU='another cpu' file t "$(m c time 5,6)" >"$dir/t.json"
draw 0 page "$dir/a.json" "$dir/t.json"
file s "$(m c time 5,6,7,8,9,10)" | sed 's/"cpu":"a cpu"//' >"$dir/b.json"
expect 3 'cpu is not known of both' "$blinkctl" gate "$dir/a.json" "$dir/b.json"
[ $drawn = 0 ] || grep -q 'different machines' "$dir/page/index.html" || echo 'the page says nothing')"
report_text 'units, and counts against measurements' "$(file s "$(m c time 5,6,7,8,9,10)" >"$dir/a.json"
sed 's/"unit":"u"/"unit":"v"/' "$dir/a.json" >"$dir/b.json"
expect 2 'no metric in common' "$blinkctl" gate "$dir/a.json" "$dir/b.json"
expect 1 'no metric in common' "$blinkctl" results diff "$dir/a.json" "$dir/b.json"
file s "$(metric c time 5 ',"exact":true')" >"$dir/b.json"
expect 2 'no metric in common' "$blinkctl" gate "$dir/a.json" "$dir/b.json")"
report_text 'numbers that are none' "$(for v in NaN Infinity -Infinity 1e999 '"1"' null '[1]'; do
	file s "$(metric c time "$v")" >"$dir/odd.json"
	expect 1 odd.json "$blinkctl" results show "$dir/odd.json"
	expect 2 odd.json "$blinkctl" gate "$dir/a.json" "$dir/odd.json"
done)"
report_text 'a zero, and the very large and small' "$(file s "$(m c time 0,0,0,0,0,0)" >"$dir/zero.json"
file s "$(m c time 1e300,1e308,1e308,1e308,1e308,1e308)" >"$dir/large.json"
file s "$(m c time 1e-300,1e-308,1e-308,1e-308,1e-308,1e-308)" >"$dir/small.json"
for f in zero large small; do
	for g in zero large small; do
		"$blinkctl" gate "$dir/$f.json" "$dir/$g.json" >"$dir/said" 2>&1
		[ $? -lt 4 ] || echo "$f, $g: status"
		grep -iowE 'nan|inf' "$dir/said" | head -n 1
		"$blinkctl" results diff --json "$dir/$f.json" "$dir/$g.json" 2>&1 | grep -iowE 'nan|inf|infinity' | head -n 1
	done
done
expect 3 'no ratio' "$blinkctl" gate "$dir/zero.json" "$dir/zero.json")"
