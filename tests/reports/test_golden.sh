#!/bin/sh
# test_golden.sh - the exact metrics of the committed files are what the goldens say; a golden
# that is off by one, either way, is found, and so is one that nothing measures.  Speaks TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/ctl.sh
golden=corpora/cases/golden.json
echo 1..4

"$ctl" bench counts corpora/cases/*.blink tests/capture/data/gears.trace -o "$work/new.json" >/dev/null 2>"$work/log" &&
	"$ctl" gate $golden "$work/new.json" >"$work/all" 2>&1
status=$?
{ cat "$work/all" 2>/dev/null | grep -v '^ *passed'; echo '(sh ci/golden.sh --update takes the new ones)'; } >>"$work/log"
(exit $status)
report 'the tree counts what the goldens say' $? "$work/log"

# changed BY: every golden in turn is another number; those that pass are told
changed()
{
	awk -v by="$1" -v dir="$work" '{ line[NR] = $0 } END {
		for (k = 1; k <= NR; k += 23) {
			if (!match(line[k], /"samples": *\[ *[0-9]+/)) continue
			value = substr(line[k], RSTART, RLENGTH); sub(/.*\[ */, "", value)
			if (value + by < 0) continue
			file = dir "/golden" by "-" k ".json"
			for (i = 1; i <= NR; i++)
				print i == k ? substr(line[k], 1, RSTART - 1) "\"samples\":[" value + by substr(line[k], RSTART + RLENGTH) : line[i] > file
			close(file)
		}
	}' $golden
	tried=0
	for file in "$work"/golden"$1"-*.json; do
		[ -e "$file" ] || continue
		tried=$((tried + 1))
		"$ctl" gate "$file" "$work/new.json" >"$work/log" 2>&1
		[ $? -eq 1 ] && grep -q '^regressed *1$' "$work/log" || echo "$file: passed"
	done
	[ $tried -gt 4 ] || echo "only $tried goldens were changed"
}
report_text 'one more is a regression' "$(changed 1)"
report_text 'and so is one less' "$(changed -1)"

sed 's/"metric":"records"/"metric":"records_of_old"/' $golden >"$work/old.json"
"$ctl" gate "$work/old.json" "$work/new.json" >"$work/log" 2>&1
[ $? -eq 3 ] && grep -q 'only in the base' "$work/log"
report 'a golden that nothing measures has not passed' $? "$work/log"
