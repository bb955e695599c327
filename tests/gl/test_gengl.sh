#!/bin/sh
# test_gengl.sh - the table's generator: rows alone add a later command, the same input
# gives the same text, and a wrong row stops it with its file and line.  Speaks TAP.
set -u

gengl=$(dirname "${BLINKCTL:-build/blinkctl}")/gen/gengl
registry=${KHRONOS:-/usr/share/khronos-api}
here=$(cd "$(dirname "$0")/../.." && pwd)

[ -x "$gengl" ] || { echo "SKIP: $gengl is not built"; exit 77; }
[ -r "$registry/gl.xml" ] || { echo "SKIP: no registry (install khronos-api)"; exit 77; }

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0 failed=0

# report WHAT 'what is wrong, nothing if all is well'
report() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "# $2"
		failed=1
	fi
}
fresh() {
	rm -rf "$dir/t" "$dir/o"
	mkdir -p "$dir/t" "$dir/o/blink/client"
	cp "$here"/blink/gl/tables/*.tbl "$dir/t"
}
generate() { "$gengl" -r "$registry" -t "$dir/t" -o "$dir/o" 2>"$dir/err"; }

# refused NAME 'row' 'words of the message' [FILE]: the row is line 1 of a file of its own
refused() {
	fresh
	wrong=
	printf '%s\n' "$2" >"$dir/t/${4:-zz}.tbl"
	if generate; then
		wrong=accepted
	elif ! grep -q "$3" "$dir/err"; then
		wrong="it says: $(cat "$dir/err")"
	elif [ -e "$dir/o/gl_table.gen.c" ]; then
		wrong='output is left behind'
	fi
	report "refused: $1" "$wrong"
}

echo 1..25

fresh
generate
report 'the tables as they are' "$(cat "$dir/err")"
report 'the first line names the generator' \
	"$(head -n 1 "$dir/o/gl_table.gen.c" | grep -q gengl || echo 'it does not')"
cp -r "$dir/o" "$dir/first"
generate
report 'the same input gives the same text' "$(diff -rq "$dir/o" "$dir/first")"

# a compute dispatch is of OpenGL 4.3
report 'a later command is not there' "$(grep OP_glDispatchComputeGroupSizeARB, "$dir/first/gl_ops.gen.h")"
fresh
echo 'DispatchComputeGroupSizeARB | - | opaque' >"$dir/t/zz.tbl"
generate
report 'one row adds it' "$(grep -q OP_glDispatchComputeGroupSizeARB, "$dir/o/gl_ops.gen.h" || cat "$dir/err")"

refused 'unknown command'   'NoSuchCommand | -' 'zz.tbl:1: .*no glNoSuchCommand'
refused 'row twice'         'Vertex3f | -' 'zz.tbl:1: .*already'
refused 'unknown parameter' 'DispatchComputeGroupSizeARB | nothing=int' "zz.tbl:1: 'nothing'"
refused 'unknown kind'      'DispatchComputeGroupSizeARB | num_groups_x=colour' "zz.tbl:1: 'colour'"
refused 'unknown space'     'DispatchComputeGroupSizeARB | num_groups_x=name(house)' "zz.tbl:1: .*'house'"
refused 'unknown slot'      'DispatchComputeGroupSizeARB | - | nowhere' "zz.tbl:1: .*no slot 'nowhere'"
refused 'unknown group'     'DispatchComputeGroupSizeARB | - | @nowhere' "zz.tbl:1: .*no group '@nowhere'"
refused 'unknown key'       'DispatchComputeGroupSizeARB | - | enable[what,*]' "zz.tbl:1: .*key 'what'"
refused 'missing key'       'DispatchComputeGroupSizeARB | - | enable[GL_BLEND]' 'zz.tbl:1: .*has 2 keys'
refused 'unknown class'     'DispatchComputeGroupSizeARB | - | - | - | odd' "zz.tbl:1: 'odd'"
refused 'no mediation'      'DispatchComputeGroupSizeARB | - | - | - | control' 'zz.tbl:1: .*mediated'
refused 'unknown mediation' 'DispatchComputeGroupSizeARB | - | - | - | control/magic' "zz.tbl:1: 'magic'"
refused 'unknown replay'    'DispatchComputeGroupSizeARB | - | - | - | - | - | later' "zz.tbl:1: 'later'"
refused 'too many columns'  'a|b|c|d|e|f|g|h|i|j' 'zz.tbl:1: too many columns'
refused 'no size'           'ObjectPtrLabelKHR | ptr=in()' 'zz.tbl:1: .*size'
refused 'bad size'          'GetPathSpacingNV | paths=in(4*)' 'zz.tbl:1: .*size'
refused 'unknown family'    'GetPathSpacingNV | paths=in(pname(nobody,listMode))' 'zz.tbl:1: .*nobody'
refused 'unknown enum'      'light | GL_NO_SUCH_ENUM | 4' 'pnames9.tbl:1: .*GL_NO_SUCH_ENUM' pnames9
refused 'slot twice'        'enable | context | 2 | again' 'slots9.tbl:1: .*twice' slots9
refused 'bad scope'         'newslot | planet | 0 | x' 'slots9.tbl:1: scope' slots9

exit $failed
