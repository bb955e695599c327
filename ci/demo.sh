#!/bin/sh
# demo.sh - programs of corpora/ down the whole path, ending with a page.
#
# For each: install its packages, capture, convert, describe, verify, compare with
# apitrace's replay through both engines, replay through each on the driver and on
# nothing, measure beside glretrace.  Every step leaves STEP.json (what it printed)
# and STEP.cmd (the command) in DEMO_OUT/PROGRAM; `blinkctl report` draws the page.
#
#   DEMO         programs and how many frames of each (neverball:150 glxgears:3000);
#                the first is shown large
#   DEMO_OUT     where results go (out/demo)
#   BLINKCTL     the program (build/blinkctl)
#
# Status 0 when every compared picture is identical.
set -u
blinkctl=${BLINKCTL:-build/blinkctl}
programs=${DEMO:-neverball:150 glxgears:3000}
out=${DEMO_OUT:-out/demo}
started=$(date +%s)

die()
{
	echo "demo: $*" >&2
	exit 1
}

# number FILE KEY: the number behind the first "KEY": of a result
number()
{
	sed -n "s/.*\"$2\":\([0-9][0-9.e+-]*\).*/\1/p" "$1" | head -n 1
}

# step NAME TEXT SUBCOMMAND ARGUMENTS...: in the program's folder
step()
{
	name=$1 text=$2 sub=$3
	shift 3
	echo "blinkctl $sub $*" >"$dir/$name.cmd"
	printf '  %-10s %-46s' "$program" "$text"
	begin=$(date +%s)
	"$blinkctl" "$sub" --json "$@" >"$dir/$name.json" 2>"$dir/$name.log"
	status=$?
	if [ $status -eq 0 ]; then
		echo "done ($(($(date +%s) - begin)) s)"
	else
		echo "status $status"
		cat "$dir/$name.log" >&2
	fi
	return $status
}

# demo_program PROGRAM FRAMES: the path of one; stands in the output folder
demo_program()
{
	program=$1 dir=$1 frames=$2
	rm -rf "$dir"
	mkdir -p "$dir" || exit 1
	trace=$dir/$program.trace file=$dir/$program.blink
	step install "install what it needs" corpora install "$program" &&
	step capture "capture $frames frames" corpora record "$program" -o "$trace" --frames "$frames" &&
	step convert "convert to stored procedures" convert "$trace" -o "$file" &&
	step info "describe" info "$file" &&
	step verify "verify" verify "$file" || return
	shown=$(($(number "$dir/convert.json" frames) * 3 / 4 / 10 * 10))
	step compare "compare with apitrace's replay, both engines" compare "$trace" "$file" \
		--every 10 --engine both --picture $shown -o "$dir/pictures" || return
	shown=$(printf '%s/pictures/frame-%06u-jit' "$dir" $shown)
	cp "$shown-trace.png" "$dir/original.png" && cp "$shown-blink.png" "$dir/blink.png" &&
	step replay-jit "replay through the JIT" replay "$file" --engine jit &&
	step replay-interp "replay through the interpreter" replay "$file" --engine interp &&
	step null-jit "the JIT on entry points that do nothing" replay "$file" --engine jit --sink null &&
	step null-interp "the interpreter on them" replay "$file" --engine interp --sink null &&
	step bench-replay "measure beside glretrace" bench replay "$file" "$trace" &&
	step bench-convert "measure beside apitrace pickle" bench convert "$trace"
}

case $blinkctl in
/*) ;;
*) blinkctl=$PWD/$blinkctl ;;
esac
[ -x "$blinkctl" ] || die "$blinkctl is not built (make)"
mkdir -p "$out" && cd "$out" || exit 1
echo "demo: $programs, results in $out"
names=
for program in $programs; do
	demo_program "${program%:*}" "${program#*:}" ||
		die "$program did not come through; its files are in $out/$program"
	names="$names $program"
done
"$blinkctl" report demo . $names >/dev/null || die "no page could be drawn"
for program in $names; do
	echo "  $program: $(number "$program/compare.json" identical) of $(number "$program/compare.json" compared) pictures identical"
done
echo "demo: $(($(date +%s) - started)) s; open $out/index.html"
