# ctl.sh - what most test scripts begin with, who source it at the top of the tree: blinkctl
# as $ctl, a folder $work that goes with the script, and tap.sh.

ctl=$(realpath "${BLINKCTL:-build/blinkctl}" 2>/dev/null)
[ -x "$ctl" ] || { echo "blinkctl is not built (${BLINKCTL:-build/blinkctl})"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/support/tap.sh
