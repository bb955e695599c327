# record.sh - what scripts begin with that record the tests' client, who source it at the top
# of the tree: what ctl.sh gives, the client as $client, a software driver, and helpers.

. tests/support/ctl.sh
build=$(dirname "$ctl")
client=$build/tests/record/client/client
[ -f "${BLINK_RECORDER:-$build/libblink-record.so}" ] ||
	{ echo "libblink-record.so is not built"; exit 77; }
[ -x "$client" ] || { echo "the tests' client is not built"; exit 77; }
command -v Xvfb >/dev/null || { echo "no Xvfb here (apt install xvfb)"; exit 77; }
unset DISPLAY
export LIBGL_ALWAYS_SOFTWARE=1 GALLIUM_DRIVER=llvmpipe
"$client" arrays >/dev/null 2>&1 || { echo "no EGL display without a screen here"; exit 77; }

# "key":value of JSON on one line
value() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }
# capture OPTION... -- PROGRAM...: what it says in $work/out, what it complains of in $work/err
capture() { timeout 120 "$ctl" capture -x --json "$@" >"$work/out" 2>"$work/err"; }
log() { { cat "$work/err" "$work/out"; ls "$work"; } >"$work/log"; }
identical()   # FRAMES FILE
{
	timeout 120 "$ctl" compare --recorded --json "$2" >>"$work/log" 2>&1 &&
		[ "$(tail -n 1 "$work/log" | value identical)" = "$1" ]
}
