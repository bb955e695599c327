#!/bin/sh
# test_paper.sh - blinkctl report --paper draws from results files alone: everything that
# is asked for is there, in the page, as CSV, as figures; what is missing is named; names
# in results files are text and nothing else.
# (What it looks like: test_browser.sh.)  Speaks TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
blinkctl=${BLINKCTL:-build/blinkctl}
command -v gnuplot >/dev/null || { echo "gnuplot is missing (package gnuplot-nox)"; exit 77; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
. tests/support/tap.sh
. tests/reports/results_text.sh
echo 1..7

series=',"series":[{"name":"frame_time","unit":"ms","runs":[[10,20,30],[11,21,31]]}]'
file record "$(metric 640x480/native cpu_seconds 10,11,10)" "$(metric 640x480/blink cpu_seconds 10.2,11.2,10.2)" \
	"$(metric 640x480/apitrace cpu_seconds 12,13,12)" \
	"$(metric 640x480/native frame_rate 50,51 "$series")" "$(metric 640x480/blink frame_rate 49,50 "$series")" \
	"$(metric "a'b;c/native" frame_rate 5,6 "$series")" >"$dir/record.json"
file log "$(metric '5 s' full_bytes 100000000)" "$(metric '5 s' kept_bytes 150000)" "$(metric '5 s' last_frame_payload 50000)" \
	"$(metric '5 s' kept_calls 1234567)" "$(metric '120 s' full_bytes 400000000)" "$(metric '120 s' kept_bytes 160000)" \
	"$(metric '120 s' last_frame_payload 55000)" "$(metric '120 s' scratch_seconds 0.4,0.5)" \
	"$(metric '120 s' ns_per_new_call 33)" >"$dir/log.json"
file checkpoint "$(metric openarena restart_seconds 0.5)" "$(metric pymol image_bytes 1000)" \
	"$(metric '<script>alert(1)</script>' restart_seconds 1)" >"$dir/checkpoint.json"
file lines "$(metric pruner lines 4321)" >"$dir/lines.json"

"$blinkctl" report "$dir"/*.json -o "$dir/out" --paper prune --format svg,pdf,png >/dev/null 2>"$dir/errors"
report_text 'a page and every table and figure' "$(cat "$dir/errors"
for f in index.html table-1.csv table-2.csv table-3.csv table-4.csv lines.csv figure-4-640x480.svg figure-4-640x480.pdf \
	figure-4-640x480.png figure-4-640x480.csv figure-5.svg figure-5.csv figure-5-cost.svg; do
	[ -s "$dir/out/$f" ] || echo "$f is missing"
done)"
page=$dir/out/index.html
report_text "ours and the paper's figures" "$(for text in 1,234,567 433 34.3 78,000 4,321 'not at hand' '160 kB'; do
	grep -q ">[^<]*$text" "$page" || echo "$text is not in the page"
done
grep -q '^120 s,,400.*160' "$dir/out/table-3.csv" || cat "$dir/out/table-3.csv")"
report_text 'names are text' "$(grep -c '<script' "$page" | grep -v '^0$'
[ -s "$dir/out/figure-4-a'b;c.svg" ] || ls "$dir/out")"
report_text 'no network' "$(grep -o '\(src\|href\)="\?http[^ >]*' "$page")"
report_text 'figures hold what is measured' "$(for f in figure-5 figure-4-640x480; do
	grep -q '<path' "$dir/out/$f.svg" || echo "$f: nothing drawn"
done
grep -q 'pruned' "$dir/out/figure-5.svg" || echo 'figure-5: no legend'
grep -q '^blink,' "$dir/out/figure-4-640x480.csv" || echo 'figure-4: no series blink')"

rm -rf "$dir/out" "$dir/log.json"
"$blinkctl" report "$dir"/*.json -o "$dir/out" --paper prune >/dev/null 2>"$dir/errors"
status=$?
report_text 'missing results are named, and nothing is drawn' "$([ $status -eq 1 ] || echo "status $status"
grep -q 'Table 3' "$dir/errors" || cat "$dir/errors"
[ ! -e "$dir/out/index.html" ] || echo 'a page was written')"

cycles=mixes/core_cycles_per_instruction
file jit "$(metric opengl $cycles/compile 2,3,4)" "$(metric opengl $cycles/run_near 4.5)" >"$dir/jit.json"
file table3 "$(metric gears/gl/frame files/cases/native 0.000100,0.000102)" \
	"$(metric gears/gl/frame files/cases/jit 0.000101,0.000103)" >"$dir/table3.json"
report_text 'the Blink paper' "$("$blinkctl" report "$dir/jit.json" "$dir/table3.json" -o "$dir/blink" --paper blink 2>&1 >/dev/null
grep -q '^compile,.*41' "$dir/blink/table-2.csv" || cat "$dir/blink/table-2.csv"
grep -q '^gears/gl/frame,101,102,,"1.010' "$dir/blink/table-3.csv" || cat "$dir/blink/table-3.csv"
"$blinkctl" report "$dir/jit.json" -o "$dir/none" --paper blink 2>&1 | grep -q 'Table 3' || echo 'Table 3 is not said to be missing'
[ ! -e "$dir/none" ] || echo 'something was written')"
