#!/bin/sh
# test_mesa_bugs.sh - the programs beside tests/log/minimise/known that show the driver's bugs:
# pruned, they may differ from the whole in the slot that is listed there, and in no other.
set -u
blinkctl=${BLINKCTL:-build/blinkctl}
here=$(dirname "$0")
. "$here/../support/tap.sh"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
unset DISPLAY
export LIBGL_ALWAYS_SOFTWARE=1 GALLIUM_DRIVER=softpipe

set -- $(awk '!/^#/ && NF { print $3 }' "$here/minimise/known" | sort -u)
echo "1..$#"
for bug; do
	slots=$(awk -v bug="$bug" '!/^#/ && $3 == bug { print $2 }' "$here/minimise/known" | sort -u)
	"$blinkctl" asm "$here/minimise/$bug.txt" -o "$dir/whole.blink" >"$dir/log" 2>&1 &&
		"$blinkctl" prune "$dir/whole.blink" --at-frame 1 -o "$dir/pruned.blink" >>"$dir/log" 2>&1
	status=$?
	"$blinkctl" state "$dir/whole.blink" "$dir/pruned.blink" --at-frame 1 --pruned >>"$dir/log" 2>&1
	[ $status -eq 0 ] && [ $? -le 1 ] && ! grep '\[.*->' "$dir/log" | grep -vqF "$slots"
	report "$bug: differs in $slots at most" $? "$dir/log"
done
