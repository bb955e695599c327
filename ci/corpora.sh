#!/bin/sh
# corpora.sh - installs and records programs of corpora/, those that are not recorded yet.
#
#   CORPORA      their names (all with a recorded length below a minute or so)
#   CORPORA_OUT  where NAME.trace goes (out/corpora)
set -u
blinkctl=${BLINKCTL:-build/blinkctl}
names=${CORPORA:-glxgears pymol mplayer glmark2 neverball chromium-bsu extremetuxracer openarena}
out=${CORPORA_OUT:-out/corpora}
mkdir -p "$out" || exit 1
failed=0
for name in $names; do
	[ -f "$out/$name.trace" ] && continue
	echo "$name"
	"$blinkctl" corpora install "$name" >/dev/null &&
	"$blinkctl" corpora record "$name" -o "$out/$name.trace" || failed=1
done
exit $failed
