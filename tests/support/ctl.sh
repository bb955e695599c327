# ctl.sh - what most test scripts begin with, who source it at the top of the tree: blinkctl
# as $ctl, a folder $work that goes with the script, tap.sh, and expect.

ctl=$(realpath "${BLINKCTL:-build/blinkctl}" 2>/dev/null)
[ -x "$ctl" ] || { echo "blinkctl is not built (${BLINKCTL:-build/blinkctl})"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/support/tap.sh

# expect STATUS TEXT COMMAND...: nothing to say when both are as expected; what the command
# said stays in $work/said
expect()
{
	wanted=$1 text=$2
	shift 2
	"$@" >"$work/said" 2>&1
	status=$?
	[ $status -eq "$wanted" ] || echo "status $status instead of $wanted: $*"
	grep -q -- "$text" "$work/said" || { echo "no '$text': $*"; head -n 5 "$work/said"; }
}
