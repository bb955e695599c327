#!/bin/sh
# test_jit_gdb.sh - gdb shows a stored procedure by its name, and what called it.  TAP.
set -u
blinkctl=${BLINKCTL:-build/blinkctl}
command -v gdb >/dev/null || { echo "skipped: no gdb (apt install gdb)"; exit 77; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cat >"$dir/t.bgl" <<'END'
blink 1
sp 0 init {
    glBegin GL_TRIANGLES
    glVertex3f 0, 0, 0
    glEnd
    end
}
END
"$blinkctl" asm "$dir/t.bgl" -o "$dir/t.blink" >/dev/null || exit 1
timeout 60 gdb -batch -nx -ex 'set debuginfod enabled off' -ex 'set confirm off' \
	-ex 'break null_entry' -ex run -ex bt \
	--args "$blinkctl" replay --sink null --gdb "$dir/t.blink" >"$dir/log" 2>&1 </dev/null
if grep -q 'ptrace: \|Operation not permitted' "$dir/log"; then
	echo "skipped: gdb may not trace here"
	exit 77
fi
echo 1..2
report()
{
	[ "$2" -eq 0 ] && { echo "ok $1 - $3"; return; }
	echo "not ok $1 - $3"
	sed 's/^/# /' "$dir/log"
}
grep -q 'in sp0_init ()' "$dir/log"
report 1 $? 'the procedure has a frame and a name'
grep -q ' main (' "$dir/log"
report 2 $? 'the backtrace goes on beyond it'
