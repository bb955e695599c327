#!/bin/sh
# test_results_cli.sh - bench -o writes what results show, merge and diff read; exit
# statuses; nothing half-written.  Speaks TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/ctl.sh
echo 1..7

report_text 'bench -o writes a results file' "$(expect 0 all_lines "$ctl" bench -o "$work/a.json" lines
expect 0 '"format":"blink-results"' cat "$work/a.json"
expect 0 'revision' cat "$work/a.json")"
sed 's/"samples":\[\([0-9]\)/"samples":[9\1/; s/"id":"[0-9a-f]*"/"id":"other"/' "$work/a.json" >"$work/b.json"
report_text 'show lists it' "$(expect 0 'pruner' "$ctl" results show "$work/a.json"
expect 0 '"suite":"lines"' "$ctl" results show --json "$work/a.json" "$work/b.json")"
report_text 'diff tells' "$(expect 0 equal "$ctl" results diff "$work/a.json" "$work/a.json"
expect 1 worse "$ctl" results diff "$work/a.json" "$work/b.json"
expect 1 better "$ctl" results diff "$work/b.json" "$work/a.json")"
report_text 'merge joins' "$(expect 0 '^invocations *2$' "$ctl" results merge "$work/a.json" "$work/b.json" "$work/a.json" -o "$work/c.json"
expect 0 '^invocations *2$' "$ctl" results merge "$work/c.json" "$work/b.json" -o "$work/c.json"
expect 2 'needs -o' "$ctl" results merge "$work/a.json")"
report_text 'what is no results file is refused' "$(echo '{"invocations":[]}' >"$work/bad.json"
expect 1 'format is missing' "$ctl" results show "$work/bad.json"
expect 1 'bad.json' "$ctl" results diff "$work/a.json" "$work/bad.json"
expect 1 'not a regular file' "$ctl" results show /dev/null
expect 1 'bad.json' "$ctl" results merge "$work/a.json" "$work/bad.json" -o "$work/d.json"
[ ! -e "$work/d.json" ] || echo 'something was written')"
report_text 'a place that cannot be written' "$(expect 1 nowhere "$ctl" bench -o "$work/nowhere/x.json" lines)"
printf '%s' '{"format":"blink-results","version":1,"invocations":[{"suite":"s","environment":{},"metrics":[{"case":"c","metric":"m","unit":"u","samples":[1],"series":[{"name":"frame_time","unit":"ms","runs":[[10,10,40],[10]]}]}]}]}' >"$work/frames.json"
report_text 'frame times, with formulas' "$(expect 0 'missed deadlines *0.5 .*sum(max(0, ceil(t / T) - 1))' "$ctl" results frames "$work/frames.json" --refresh 50
expect 0 '1 % low *- .*too few frames' "$ctl" results frames "$work/frames.json"
expect 1 'no frame times' "$ctl" results frames "$work/a.json"
expect 2 'is for frames' "$ctl" results show "$work/frames.json" --refresh 50)"
