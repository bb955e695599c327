#!/bin/sh
# test_docs.sh - the documentation holds together: links lead somewhere, every page is
# in the index, every folder of sources is in the README's list of parts, and the
# subcommands that the README shows exist.  Speaks TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
echo 1..4

broken=$(find . -name '*.md' -not -path './build*' -not -path './out/*' | while read -r page; do
	grep -o '](\([^)#]*\)[^)]*)' "$page" | sed 's/^](//; s/[)#].*//' | grep -v '^[a-z]*:' |
	while read -r link; do
		[ -z "$link" ] || [ -e "$(dirname "$page")/$link" ] || echo "$page: $link"
	done
done)
report_text 'links lead somewhere' "$broken"

report_text 'every page is in the index' "$(for page in docs/*.md; do
	page=$(basename "$page")
	[ "$page" = README.md ] || grep -q "($page)" docs/README.md || echo "$page"
done)"

report_text 'every part is in the README' "$(find blink capture replay jit-bench reports corpora cli -name '*.c' |
	sed 's,^\(blink/[a-z]*\)/.*,\1,; t; s,/.*,,' | sort -u | while read -r folder; do
	case $folder in blink/base) continue ;; esac
	grep -q "^| \`$folder\` " README.md || echo "$folder"
done)"

report_text 'the commands shown exist' "$(grep -oh '[`/]blinkctl [a-z][a-z]*' README.md docs/*.md | sort -u |
	while read -r program command; do
	[ -f "cli/cmd_$command.c" ] || echo "$command"
	done)"
