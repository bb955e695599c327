#!/bin/sh
# prune.sh - is pruning right? At every K-th frame of each file: the same state, and the
# same pictures after it. What was found in out/prune/*.json.
#
#   sh ci/prune.sh [X.blink|X.trace...]      (the programs of corpora/, recorded if need be)
#   EVERY=25 FRAMES=50                        boundaries, and frames after each
set -u
blinkctl=${BLINKCTL:-build/blinkctl}
programs=${CORPORA:-glxgears pymol mplayer neverball chromium-bsu extremetuxracer glmark2 openarena}
out=out/prune failed=0 done=0
mkdir -p "$out" || exit 1

if [ $# = 0 ]; then
	CORPORA=$programs sh ci/corpora.sh || exit 1
	for name in $programs; do
		set -- "$@" "out/corpora/$name.trace"
	done
fi
for file in "$@"; do
	name=$(basename "$file")
	case $file in
	*.trace)
		name=${name%.trace}
		"$blinkctl" convert "$file" -o "$out/$name.blink" >"$out/$name.log" 2>&1 || {
			echo "$name: not converted: $(tail -n 1 "$out/$name.log")"
			failed=$((failed + 1))
			continue
		}
		file=$out/$name.blink ;;
	*) name=${name%.blink} ;;
	esac
	"$blinkctl" state "$file" --prune-every "${EVERY:-25}" --frames "${FRAMES:-50}" --json \
		>"$out/$name.json" 2>"$out/$name.log"
	case $? in
	0) echo "$name: every state and picture is the same" ;;
	77) echo "$name: skipped: $(tail -n 1 "$out/$name.log")"; continue ;;
	*) echo "$name: FAILED ($out/$name.json) $(tail -n 1 "$out/$name.log")"
	   failed=$((failed + 1)) ;;
	esac
	done=$((done + 1))
done
echo "$done checked, $failed failed"
[ "$failed" = 0 ] && [ "$done" != 0 ]
