#!/bin/sh
# test_bench_kill.sh - a benchmark that is killed at random moments loses no run that it had
# finished, leaves nothing but a whole results file, and is completed by --resume.
# Speaks TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/ctl.sh
echo 1..4
cases=$PWD/corpora/cases
cd "$work" || exit 1
printf '{ "runs": 12 }\n' >policy.json

# samples FILE: of every metric, one line each
samples()
{
	tr '\n' ' ' <"$1" | sed 's/"case"/\n"case"/g' |
		sed -n 's/.*"case": *"\([^"]*\)".*"metric": *"\([^"]*\)".*"samples": *\[\([^]]*\)\].*/\1 \2 \3/p' | tr -d ' ' | sed 's/$/,/'
}
# kept OLD NEW: every line of OLD begins one of NEW
kept()
{
	awk 'NR == FNR { old[FNR] = $0; n = FNR; next } { new[FNR] = $0 } END {
		for (i = 1; i <= n; i++) if (index(new[i], old[i]) != 1) { print "lost: " substr(old[i], 1, 80); exit }
		if (!n) print "no samples" }' "$1" "$2"
}
# random N: 0 to N-1
seed=$$
random()
{
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	echo $((seed / 65536 % $1))
}
# milliseconds
now()
{
	echo $(($(date +%s%N) / 1000000))
}
# tried MOMENTS COMMAND...: killed at so many moments of the time that it takes here, the
# first in its middle, each time gone on with
tried()
{
	moments=$1 i=0 killed=0
	shift
	start=$(now)
	"$@" >said 2>&1
	whole=$(($(now) - start + 1))
	rm -f new.json base.json
	: >before
	while [ $i -lt "$moments" ]; do
		i=$((i + 1))
		"$@" --resume >said 2>&1 &
		pid=$!
		ms=$(random $whole)
		[ $i -gt 1 ] || ms=$((whole / 2))
		sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"
		if kill -9 $pid 2>/dev/null; then
			killed=$((killed + 1))
		fi
		wait $pid 2>/dev/null
		[ -e new.json ] || continue
		"$ctl" results show new.json >/dev/null 2>said || { echo "moment $i: $(cat said)"; return; }
		samples new.json >after
		[ ! -s before ] || kept before after
		mv after before
	done
	[ $killed -gt 0 ] || echo 'it was never killed in time'
	"$@" --resume >said 2>&1
	status=$?
	case " $good " in *" $status "*) ;; *) echo "completing it: status $status"; tail -n 2 said ;; esac
	samples new.json >after
	[ ! -s before ] || kept before after
}
# wrong N: files whose metrics have not N samples
wrong()
{
	samples new.json | awk -F, -v n="$1" '{ if (NF - 1 != n) { print $1 ": " NF - 1 " samples"; exit } }'
}

good=0
report_text 'one suite' "$(tried 8 "$ctl" bench quick --runs 40 --warm-up 0 -o new.json
wrong 40)"
report_text 'nothing else is left' "$(ls | grep -vx 'new.json\|policy.json\|said\|before\|after')"
rm -f new.json
report_text 'several suites' "$(tried 6 "$ctl" bench quick "$cases/glxgears.blink" frames "$cases/boing.blink" --runs 12 --warm-up 0 -o new.json
grep -o '"suite":"[a-z]*"' new.json | tr '\n' ' ' | grep -qx '"suite":"quick" "suite":"frames" ' || grep -o '"suite":"[a-z]*"' new.json)"
rm -f new.json
good='0 1 3'
report_text 'two builds in turns' "$(tried 6 "$ctl" bench quick --runs 2 --warm-up 0 --turns 12 --policy "$work/policy.json" \
	--against "$ctl" -o new.json --base-output base.json
[ "$(samples base.json | wc -l)" = "$(samples new.json | wc -l)" ] || echo 'the sides differ'
ls | grep 'turn$')"
