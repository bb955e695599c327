# results_text.sh - results files written by hand, for tests; sourced.

# file SUITE METRIC...: a results file of one invocation
file()
{
	suite=$1
	shift
	printf '{"format":"blink-results","version":1,"invocations":[{"suite":"%s","environment":{"cpu":"%s"},"command":["blinkctl","bench","%s"],"metrics":[' \
		"$suite" "${CPU:-a cpu}" "$suite"
	comma=
	for m in "$@"; do
		printf '%s%s' "$comma" "$m"
		comma=,
	done
	printf ']}]}\n'
}
# metric CASE NAME SAMPLES [MORE]
metric()
{
	printf '{"case":"%s","metric":"%s","unit":"u","samples":[%s]%s}' "$1" "$2" "$3" "${4:-}"
}
# series RUNS: [1,2,3],[2,3,4]
series()
{
	printf ',"series":[{"name":"frame_time","unit":"ms","runs":[%s]}]' "$1"
}
