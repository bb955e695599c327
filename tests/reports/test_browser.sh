#!/bin/sh
# test_browser.sh - what reports look like, in headless Chromium: every curve of every SVG
# lies where its values say, by the labels of its own axes; pages are readable in light and
# in dark, fit a phone, and fetch nothing.  Speaks TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
blinkctl=${BLINKCTL:-build/blinkctl}
command -v gnuplot >/dev/null || { echo "gnuplot is missing (package gnuplot-nox)"; exit 77; }
command -v chromium >/dev/null || { echo "chromium is missing (package chromium)"; exit 77; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
. tests/support/tap.sh
. tests/reports/results_text.sh

# ---- reports of everything, from results with known numbers
frames='[16,17,16,33,16,17],[16,16,17,34,16,18]'
file record "$(metric 640x480/native cpu_seconds 10,11,10)" "$(metric 640x480/blink cpu_seconds 10.2,11.2,10.2)" \
	"$(metric 640x480/native frame_rate 50,51 "$(series '[10,20,30],[11,21,31]')")" \
	"$(metric 640x480/blink frame_rate 49,50 "$(series '[10,25,30],[11,26,31]')")" >"$dir/record.json"
file log "$(metric '5 s' full_bytes 100000000)" "$(metric '5 s' kept_bytes 150000)" "$(metric '5 s' last_frame_payload 50000)" \
	"$(metric '5 s' ns_per_new_call 80)" "$(metric '60 s' full_bytes 200000000)" "$(metric '60 s' kept_bytes 155000)" \
	"$(metric '60 s' last_frame_payload 52000)" "$(metric '60 s' ns_per_new_call 95)" \
	"$(metric '120 s' full_bytes 400000000)" "$(metric '120 s' kept_bytes 160000)" \
	"$(metric '120 s' last_frame_payload 55000)" "$(metric '120 s' ns_per_new_call 90)" >"$dir/log.json"
file checkpoint "$(metric openarena restart_seconds 0.5)" >"$dir/checkpoint.json"
file lines "$(metric pruner lines 4321)" >"$dir/lines.json"
file quick "$(metric game frames 2,3,4 "$(series "$frames")")" >"$dir/quick.json"
file profile "$(metric glDrawElements ms 40)" "$(metric glVertex3f ms 20)" "$(metric glEnable ms 5)" >"$dir/profile.json"
cycles=mixes/core_cycles_per_instruction
file jit "$(metric opengl $cycles/compile 2,3,4)" "$(metric opengl $cycles/run_near 4.5)" >"$dir/jit.json"
file table3 "$(metric gears/gl/frame files/cases/native 0.000100,0.000102)" \
	"$(metric gears/gl/frame files/cases/jit 0.000101,0.000103)" >"$dir/table3.json"
{
	"$blinkctl" report "$dir"/*.json -o "$dir/prune" --paper prune --format svg
	"$blinkctl" report "$dir"/*.json -o "$dir/blink" --paper blink
	"$blinkctl" report "$dir"/*.json -o "$dir/all" --format svg
} >/dev/null 2>"$dir/errors"
[ -s "$dir/all/index.html" ] && [ -s "$dir/prune/index.html" ] && [ -s "$dir/blink/index.html" ] || {
	echo "1..1"
	echo "not ok 1 - reports are drawn"
	sed 's/^/# /' "$dir/errors"
	exit 1
}

# ---- looked at
cp tests/reports/browser_check.html "$dir/"
(cd "$dir" && ls */*.svg */index.html) | sed "s/.*/'&',/" | { echo 'const files = ['; cat; echo '];'; } >"$dir/files.js"
# look NAME FLAGS...: what the browser says, in NAME
look()
{
	name=$1
	shift
	timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$dir/profile-$name" \
		--allow-file-access-from-files --virtual-time-budget=20000 --window-size=1000,900 \
		--host-resolver-rules='MAP * ~NOTFOUND' "$@" --dump-dom "file://$dir/browser_check.html" \
		2>"$dir/$name.log" | sed -n '/<pre id="out">/,/<\/pre>/p' |
		sed 's/.*<pre id="out">//; s/<\/pre>.*//; s/&amp;/\&/g; s/&lt;/</g; s/&gt;/>/g' >"$dir/$name"
}
look light --blink-settings=preferredColorScheme=1
look dark --blink-settings=preferredColorScheme=0
grep -q '^done' "$dir/light" || {
	if [ ! -s "$dir/light" ]; then
		echo "chromium does not run here: $(tail -n 1 "$dir/light.log")"
		exit 77
	fi
}

echo 1..7
report_text 'everything was shown' "$(for look in light dark; do
	grep -q '^done' "$dir/$look" || tail -n 3 "$dir/$look"
	grep '	error	' "$dir/$look"
done)"

# The CSV beside each figure has its values; the picture must say the same.
report_text 'curves lie where their values say' "$(cd "$dir" && for svg in */*.svg; do
	tr -d '\r"' <"${svg%.svg}.csv" | sed '1d; s/,\([^,]*\),\([^,]*\)$/\t\1\t\2/' | sed "s|^|value	$svg	|" >"$dir/values"
	grep "^point	$svg	" "$dir/light" | cat "$dir/values" - | awk -F '\t' -v svg="$svg" '
	$1 == "value" { n[$3]++; x[$3, n[$3]] = $4; y[$3, n[$3]] = $5; values++
		if (values == 1 || $4 > right) right = $4
		if (values == 1 || $4 < left) left = $4
		if (values == 1 || $5 > top) top = $5 }
	$1 == "point" { seen++; k[$3]++; px[$3, k[$3]] = $4; py[$3, k[$3]] = $5 }
	function close_to(a, b, range) { return a - b < range / 100 && b - a < range / 100 || a / b > 0.97 && a / b < 1.03 }
	END {
		if (!values) print svg ": no values"
		for (s in n) {
			if (svg ~ /functions/) continue              # bars, looked at below
			if (n[s] < 2) continue                       # a mark, no line
			for (i = 1; i <= n[s]; i++) {
				for (j = 1; j <= k[s]; j++)
					if (close_to(px[s, j], x[s, i], right - left + 1e-9) && close_to(py[s, j], y[s, i], top)) break
				if (j > k[s]) { print svg ": " s ": " x[s, i] ", " y[s, i] " is not on its curve"; break }
			}
		}
	}'
done)"
report_text 'bars are as high as their values' "$(heights=$(awk -F '\t' '$1 == "point" && $2 ~ /functions/ && $5 > 0.5 { print int($5 + 0.5) }' "$dir/light" |
	sort -rnu | head -n 3 | tr '\n' ' ')
[ "$heights" = '40 20 5 ' ] || { echo "heights: $heights"; grep 'point.*functions' "$dir/light" | head -n 12; }
for name in glDrawElements glVertex3f glEnable; do
	grep -q ">$name<\| $name<" "$dir"/all/*functions.svg || echo "$name is not named"
done)"
report_text 'curves are named, and none is a dot' "$(for title in native blink 'whole log' pruned game; do
	grep -q "^legend	[^	]*	$title	" "$dir/light" || echo "no curve is called '$title'"
done
grep 'degenerate\|no labels' "$dir/light")"
report_text 'light and dark, readable in both' "$(for look in light dark; do
	awk -F '\t' -v look=$look '$3 == "ground" && (look == "light" ? $4 < 0.7 : $4 > 0.1) { print $2 ": the ground is " $4 " in " look }
		$3 == "contrast" && $4 < 7 { print $2 ": contrast " $4 " in " look }
		$3 == "pale" { print $2 ": " $4 " is hard to read in " look }' "$dir/$look"
done)"
report_text 'a phone shows it without scrolling sideways; everything is there' "$(awk -F '\t' '
	$3 == "width" { pages++; if ($4 > 390) print $2 ": " $4 " pixels wide" }
	$3 == "figure" { figures[$2]++; if ($5 < 1 || $6 != "shown") print $2 ": " $4 " shows nothing" }
	$3 == "how" { how[$2]++ }
	END {
		if (pages != 3) print pages " pages instead of 3"
		for (p in figures) if (figures[p] < 2) print p ": " figures[p] " figures"
		if (figures["prune/index.html"] < 8) print "prune: " figures["prune/index.html"] " tables and figures"
		for (p in figures) if (how[p] < figures[p]) print p ": " how[p] " commands for " figures[p] " figures"
	}' "$dir/light")"
report_text 'no network, no scripts' "$(awk -F '\t' '($3 == "fetched" || $3 == "scripts") && $4 > 0 { print $2 ": " $3 " " $4 }' "$dir/light"
grep -l '<script\|src="http\|url(http' "$dir"/*/index.html)"
