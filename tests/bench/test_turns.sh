#!/bin/sh
# test_turns.sh - a suite in turns with another build: verdicts, and what a kill leaves.
# Speaks TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/ctl.sh
turns()
{
	"$ctl" bench "$@" --against "$ctl" -o "$work/new.json" \
		--base-output "$work/base.json" --json > "$work/log" 2>&1
}
echo 1..6

turns lines . --turns 5
[ $? = 0 ] && grep -q '"verdict":"passed","turns":5' "$work/log"
report 'counts of one build against itself pass' $? "$work/log"

"$ctl" gate "$work/base.json" "$work/new.json" > "$work/log" 2>&1
report 'the gate says the same of the files' $? "$work/log"

# A build that counts otherwise: the files' counts are changed behind its back.
sed 's/"samples": *\[ *\([0-9]\)/"samples":[9\1/' "$work/new.json" > "$work/worse.json"
"$ctl" gate "$work/base.json" "$work/worse.json" > "$work/log" 2>&1
[ $? = 1 ]
report 'another count is a regression' $? "$work/log"

# Killed in the middle: what was finished is there, and is gone on with.
rm -f "$work"/*.json
turns jit --runs 1 --turns 500 --time-budget 600 &
pid=$!
tries=0
while [ ! -s "$work/new.json" ] && [ $tries -lt 600 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
kill -9 $(cat "/proc/$pid/task/$pid/children" 2> /dev/null) 2> /dev/null
kill -9 $pid 2> /dev/null
wait $pid 2> /dev/null
"$ctl" results show "$work/new.json" > "$work/log" 2>&1
report 'a killed benchmark leaves whole results' $? "$work/log"

count()
{
	"$ctl" results show "$1" --json | tr ',' '\n' | sed -n 's/.*"runs":\([0-9]*\).*/\1/p' |
		sort -n | head -n 1
}
before=$(count "$work/new.json")
turns jit --runs 1 --turns $((before + 1)) --resume
[ "$(count "$work/new.json")" -ge "$before" ] && [ "$(count "$work/base.json")" -ge "$before" ]
report 'and loses no finished turn when resumed' $? "$work/log"

sed -i 's/"turns": *"[^"]*"/"turns":"other"/' "$work/base.json"
turns jit --runs 1 --turns 3 --resume
[ $? = 1 ] && grep -q 'not made together' "$work/log"
report 'files that do not belong together are not resumed' $? "$work/log"
