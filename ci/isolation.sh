#!/bin/sh
# isolation.sh [RUNS] - good clients beside every hostile act, also those that make all wait for
# the watchdog; ends with status 1 where a pixel was somewhere it does not belong, the server
# left descriptors or much memory behind, or its executor had to be replaced for an act that
# does not hang.
set -eu
ctl=${BLINKCTL:-build/blinkctl}
out=${OUT:-out}
runs=${1:-1}
mkdir -p "$out"
"$ctl" bench server --isolation --runs "$runs" -o "$out/isolation.json" --json >"$out/isolation.out"
"$ctl" bench server --isolation shader-endless draw-endless nested fresh --runs "$runs" \
	-o "$out/isolation-hang.json" --json >"$out/isolation-hang.out"
"$ctl" results show "$out/isolation.json"
# every member of that name, one a line
values() { tr ',{}' '\n\n\n' <"$2" | sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p"; }
bad=0
for f in "$out/isolation.out" "$out/isolation-hang.out"; do
	[ -z "$(values foreign_pixels "$f" | grep -v '^0$')" ] || { echo "$f: foreign pixels"; bad=1; }
	before=$(values descriptors_before "$f")
	after=$(values descriptors_after "$f")
	[ "$after" -le "$((before + 2))" ] || { echo "$f: $before descriptors, then $after"; bad=1; }
	before=$(values rss_kb_before "$f")
	after=$(values rss_kb_after "$f")
	[ "${after%.*}" -le "$((${before%.*} + 32768))" ] || { echo "$f: $before KiB, then $after"; bad=1; }
done
[ -z "$(values executor_restarts "$out/isolation.out" | grep -v '^0$')" ] ||
	{ echo "the executor was replaced"; bad=1; }
exit $bad
