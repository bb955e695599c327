#!/bin/sh
# test_glx.sh - GLX programs under the recorder library, on a display of their own: what
# is replayed from the recording is what they showed.  Speaks TAP.
set -u
blinkctl=${BLINKCTL:?}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
status=77 n=0
failed()
{
	echo "not ok $((n + 1)) - $program: $1"
	sed 's/^/# /' "$dir/said"
	exit 1
}

command -v Xvfb >/dev/null || { echo "no Xvfb (apt install xvfb)"; exit 77; }
for program in glxgears glxheads; do
	command -v "$program" >/dev/null || continue
	"$blinkctl" capture --recorder blink --xvfb --hash --frames 10 -o "$dir/$program.blink" \
		-- "$program" >"$dir/said" 2>&1
	case $? in
	0) ;;
	77) cat "$dir/said"; continue ;;
	*) failed 'recorded' ;;
	esac
	"$blinkctl" compare "$dir/$program.blink" --recorded --offscreen -o "$dir/pictures" \
		>"$dir/said" 2>&1
	case $? in
	0) status=0 n=$((n + 1)); echo "ok $n - $program: as it was shown" ;;
	77) cat "$dir/said" ;;
	*) failed 'as it was shown' ;;
	esac
done
[ "$status" = 77 ] && echo "no program was there to record (apt install mesa-utils)"
exit "$status"
