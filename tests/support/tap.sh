# tap.sh - one case's line, as tests/run counts it; sourced by the test scripts.

n=0
# report NAME STATUS [LOG]: LOG is shown where STATUS is not 0
report()
{
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		[ -z "${3:-}" ] || sed 's/^/# /' "$3" 2>/dev/null
	fi
}
# report_text NAME TEXT: good where there is nothing to say
report_text()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
	fi
}
