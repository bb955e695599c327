#!/bin/sh
# test_short.sh - results files with little in them, or with what does not belong together,
# through every command that reads them: a clear answer, never NaN, never a comparison of
# unlike things without a word.  Speaks TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/ctl.sh
. tests/reports/results_text.sh
# sane STATUS TEXT COMMAND...: as expected, and so are all numbers
sane()
{
	expect "$@"
	odd=$(grep -iowE 'nan|-nan|inf|-inf|infinity|[0-9]{16,}' "$work/said" | head -n 1)
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
	sane "$wanted" "$text" "$ctl" report "$@" -o "$work/page"
	[ "$wanted" != 0 ] || grep -iwE 'nan|inf' "$work"/page/*.csv "$work/page/index.html" | head -n 2
}
# m CASE NAME SAMPLES [MORE]: less of it is better
m() { metric "$1" "$2" "$3" ',"direction":"lower"'"${4:-}"; }
echo 1..8

report_text '1, 2, 3 frames' "$(for frames in 5 5,6 5,6,7 0 0,0,0; do
	file s "$(m c frames 1 "$(series "[$frames]")")" >"$work/short.json"
	sane 0 'median frame time' "$ctl" results frames "$work/short.json"
	sane 0 '99th percentile *- .*too few frames' "$ctl" results frames "$work/short.json"
	sane 0 suite "$ctl" results show "$work/short.json"
	sane 3 'shape.*too few runs' "$ctl" gate "$work/short.json" "$work/short.json"
	draw 0 page "$work/short.json"
done)"
report_text '1, 2, 3 runs' "$(for runs in 5 5,6 5,6,7 0,0; do
	file s "$(m c time $runs)" >"$work/short.json"
	sane 0 'level' "$ctl" results show "$work/short.json"
	sane 3 'too few runs' "$ctl" gate "$work/short.json" "$work/short.json"
	sane 0 'not told apart\|nothing can be said' "$ctl" results diff "$work/short.json" "$work/short.json"
	draw 0 page "$work/short.json"
done)"
report_text 'nothing at all' "$(file s >"$work/empty.json"
file s "$(m c time '')" >"$work/none.json"
file s "$(metric c frames '' "$(series '[]')")" >"$work/noframes.json"
printf '{"format":"blink-results","version":1,"invocations":[]}' >"$work/nothing.json"
: >"$work/blank.json"
for f in empty none noframes nothing; do
	sane 0 invocations "$ctl" results show "$work/$f.json"
done
sane 0 '^invocations *1$' "$ctl" results merge "$work/nothing.json" "$work/empty.json" -o "$work/m.json"
for f in empty nothing; do
	sane 2 'no metric in common' "$ctl" gate "$work/$f.json" "$work/$f.json"
	sane 1 'no metric in common' "$ctl" results diff "$work/$f.json" "$work/$f.json"
	draw 1 'no metric' "$work/$f.json"
done
sane 3 'too few runs\|no samples' "$ctl" gate "$work/none.json" "$work/none.json"
sane 0 'no frames' "$ctl" results frames "$work/noframes.json"
draw 0 page "$work/none.json"
for command in 'results show' 'results frames' report; do
	sane 1 'blank.json' "$ctl" $command "$work/blank.json" $([ "$command" != report ] || echo -o "$work/page")
done)"
report_text 'versions: old ones are read, later ones refused by number' "$(file s "$(m c time 5,6,7,8,9,10)" >"$work/new.json"
sed 's/"version":1/"version":2/' "$work/new.json" >"$work/later.json"
printf '{"suite":"s","environment":{"cpu":"a cpu"},"time":{"values":[5,6,7,8,9,10],"unit":"u"}}' >"$work/older.json"
for command in 'results show' 'results frames'; do
	sane 1 'version 2' "$ctl" $command "$work/later.json"
done
sane 1 'version 2' "$ctl" results merge "$work/new.json" "$work/later.json" -o "$work/m.json"
sane 1 'version 2' "$ctl" results diff "$work/new.json" "$work/later.json"
sane 2 'version 2' "$ctl" gate "$work/new.json" "$work/later.json"
draw 1 'version 2' "$work/new.json" "$work/later.json"
sane 0 'time' "$ctl" results show "$work/older.json"
sane 0 '^invocations *2$' "$ctl" results merge "$work/older.json" "$work/new.json" -o "$work/m.json"
draw 0 page "$work/older.json" "$work/new.json")"
report_text 'machines that differ are not compared without a word' "$(file s "$(m c time 5,6,7,8,9,10)" >"$work/a.json"
CPU='another cpu' file s "$(m c time 5,6,7,8,9,10)" >"$work/b.json"
sane 3 'cpu differs: a cpu and another cpu' "$ctl" gate "$work/a.json" "$work/b.json"
sane 0 'cpu differs' "$ctl" results diff "$work/a.json" "$work/b.json"
sane 0 '^invocations *2$' "$ctl" results merge "$work/a.json" "$work/b.json" -o "$work/m.json"
CPU='another cpu' file t "$(m c time 5,6)" >"$work/t.json"
draw 0 page "$work/a.json" "$work/t.json"
file s "$(m c time 5,6,7,8,9,10)" | sed 's/"cpu":"a cpu"//' >"$work/b.json"
sane 3 'cpu is not known of both' "$ctl" gate "$work/a.json" "$work/b.json"
[ $drawn = 0 ] || grep -q 'different machines' "$work/page/index.html" || echo 'the page says nothing')"
report_text 'units, and counts against measurements' "$(file s "$(m c time 5,6,7,8,9,10)" >"$work/a.json"
sed 's/"unit":"u"/"unit":"v"/' "$work/a.json" >"$work/b.json"
sane 2 'no metric in common' "$ctl" gate "$work/a.json" "$work/b.json"
sane 1 'no metric in common' "$ctl" results diff "$work/a.json" "$work/b.json"
file s "$(metric c time 5 ',"exact":true')" >"$work/b.json"
sane 2 'no metric in common' "$ctl" gate "$work/a.json" "$work/b.json")"
report_text 'numbers that are none' "$(for v in NaN Infinity -Infinity 1e999 '"1"' null '[1]'; do
	file s "$(metric c time "$v")" >"$work/odd.json"
	sane 1 odd.json "$ctl" results show "$work/odd.json"
	sane 2 odd.json "$ctl" gate "$work/a.json" "$work/odd.json"
done)"
report_text 'a zero, and the very large and small' "$(file s "$(m c time 0,0,0,0,0,0)" >"$work/zero.json"
file s "$(m c time 1e300,1e308,1e308,1e308,1e308,1e308)" >"$work/large.json"
file s "$(m c time 1e-300,1e-308,1e-308,1e-308,1e-308,1e-308)" >"$work/small.json"
for f in zero large small; do
	for g in zero large small; do
		"$ctl" gate "$work/$f.json" "$work/$g.json" >"$work/said" 2>&1
		[ $? -lt 4 ] || echo "$f, $g: status"
		grep -iowE 'nan|inf' "$work/said" | head -n 1
		"$ctl" results diff --json "$work/$f.json" "$work/$g.json" 2>&1 | grep -iowE 'nan|inf|infinity' | head -n 1
	done
done
sane 3 'no ratio' "$ctl" gate "$work/zero.json" "$work/zero.json")"
