#!/bin/sh
# test_install.sh - make install into an empty root: everything is there and works.
# Speaks TAP; BLINKCTL names the built program, from whose folder it is installed.
set -u
build=$(dirname "${BLINKCTL:-build/blinkctl}")
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
n=0
check()
{
	n=$((n + 1))
	if eval "$2"; then echo "ok $n - $1"; else echo "not ok $n - $1"; fi
}
echo 1..6
make -s B="$build" PREFIX=/usr DESTDIR="$root" install >"$root/log" 2>&1 || {
	sed 's/^/# /' "$root/log"
	exit 1
}
usr=$root/usr
check 'the program runs' '"$usr/bin/blinkctl" --version | grep -q "^blinkctl "'
check 'each command has its man page' '
	for page in $("$usr/bin/blinkctl" help --json | tr "{" "\n" |
	              sed -n "s/^\"name\":\"\([a-z]*\)\",\"synopsis.*/\1/p"); do
		grep -q "SH SYNOPSIS" "$usr/share/man/man1/blinkctl-$page.1" || break
		pages=$((${pages:-0} + 1))
	done
	[ "${pages:-0}" -eq "$(ls "$usr"/share/man/man1/blinkctl-*.1 | wc -l)" ]'
check 'the completion is valid bash' 'bash -n "$usr/share/bash-completion/completions/blinkctl"'
check 'the recipes are there' '[ -n "$(ls "$usr/share/blink/corpora/recipes")" ]'
cat >"$root/use.c" <<'C'
#include "blink/base/error.h"
#include "blink/sp/file.h"
#include "blink/verify/verify.h"
#include "blink/engine/engine.h"
#include "capture/convert.h"
int main(void)
{
	struct error err;
	return error_set(&err, -1, "made to fail") == -1 ? 0 : 1;
}
C
check 'a program builds against header and library' '
	${CC:-cc} -std=c17 -D_GNU_SOURCE ${SAN:-} -I"$usr/include" "$root/use.c" -o "$root/use" \
		-L"$usr/lib" -lblink $(pkg-config --libs libzstd libxxhash) -lsnappy -ldl -lm -lpthread &&
	"$root/use"'
check 'nothing lies outside the prefix' '[ "$(ls "$root" | grep -vxE "usr|log|use|use.c" | wc -l)" -eq 0 ]'
