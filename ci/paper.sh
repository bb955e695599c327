#!/bin/sh
# paper.sh - the experiments of the record-prune-replay paper, and their report:
# out/paper/index.html.
#
#   RUNS    how often everything is measured (3)
#   LENGTH  messages of the demo that are played while recording is measured (400)
#   SIZES   of the window (bench record's five)
#   PROGRAMS  checkpointed (openarena pymol); recorded first if need be
#
# The growth of the log is that of openarena-full, the whole demo: some 2 GB on disk.
set -u
blinkctl=${BLINKCTL:-build/blinkctl}
runs=${RUNS:-3}
programs=${PROGRAMS:-openarena pymol}
out=out/paper
mkdir -p "$out" || exit 1
CORPORA="openarena-full $programs" sh ci/corpora.sh || exit 1
"$blinkctl" corpora install openarena-timed >/dev/null || exit 1

# made NAME: NAME.blink from the recording
made()
{
	[ -f "$out/$1.blink" ] || "$blinkctl" convert "out/corpora/$1.trace" -o "$out/$1.blink" >/dev/null
}

results=
# measure NAME ARGUMENTS...: into NAME.json
measure()
{
	name=$1
	shift
	echo "== blinkctl bench $*"
	"$blinkctl" bench -o "$out/$name.json" "$@" || exit 1
	results="$results $out/$name.json"
}

made openarena-full || exit 1
measure record -r "$runs" --length "${LENGTH:-400}" ${SIZES:+--sizes "$SIZES"} record openarena-timed
measure log -r "$runs" --rate 20 log "$out/openarena-full.blink"
for name in $programs; do
	made "$name" || exit 1
	measure "checkpoint-$name" -r "$runs" checkpoint "$out/$name.blink" "out/corpora/$name.trace"
done
measure lines lines
# shellcheck disable=SC2086
"$blinkctl" report $results -o "$out/report" --paper prune --format svg,pdf,png
