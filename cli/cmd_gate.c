/* cmd_gate.c - blinkctl gate: did it get worse? */
#include <errno.h>

#include "cli/command.h"
#include "reports/gate.h"

enum { OPT_POLICY, OPT_JUNIT };

static const struct cli_option options[] = {
	[OPT_POLICY] = { 'p', "policy", "FILE", "limits, as a JSON object (docs/RESULTS.md)" },
	[OPT_JUNIT] = { 0, "junit", "FILE", "write the verdicts as JUnit XML, for CI systems" },
	{ 0 }
};

static const int statuses[] = {
	[GATE_PASSED] = EXIT_GOOD,
	[GATE_REGRESSED] = EXIT_DIFFERENT,
	[GATE_INCONCLUSIVE] = EXIT_INCONCLUSIVE,
};

static int gate_files(const struct cli_args *args, const struct gate_policy *policy,
		      char *const *ignore, int *status, struct error *err)
{
	struct results base = { 0 }, now = { 0 };
	struct gate gate = { 0 };
	int r = results_open(&base, args->argv[0], err);

	if (r >= 0)
		r = results_open(&now, args->argv[1], err);
	if (r >= 0)
		r = gate_run(&gate, policy, ignore, &base, &now, err);
	for (int i = 0; r >= 0 && args->opt[OPT_JUNIT] && i < 2; i++)
		if (cli_replaces(args->argv[i], args->opt[OPT_JUNIT], err))
			r = -EINVAL;
	if (r >= 0 && args->opt[OPT_JUNIT])
		r = gate_junit(&gate, args->opt[OPT_JUNIT], err);
	if (r >= 0) {
		cli_print(args, gate_json(&gate));
		*status = statuses[gate.verdict];
	}
	gate_finish(&gate);
	results_close(&base);
	results_close(&now);
	return r;
}

static int gate_command(const struct cli_args *args)
{
	struct gate_policy policy = gate_policy_default;
	struct error err = { 0 };
	char **ignore = NULL;
	int status = EXIT_GOOD, r = 0;

	if (args->opt[OPT_POLICY])
		r = gate_policy_read(&policy, &ignore, args->opt[OPT_POLICY], &err);
	if (r >= 0)
		r = gate_files(args, &policy, ignore, &status, &err);
	gate_ignore_free(ignore);
	/* what cannot be judged has not passed, and has not regressed either */
	return r < 0 ? cli_fail(r == -EXDEV ? EXIT_INCONCLUSIVE : EXIT_USAGE, &err) : status;
}

const struct cli_command cmd_gate = {
	.name = "gate",
	.synopsis = "BASE.json NEW.json [--policy FILE] [--junit FILE]",
	.summary = "judge new results by those of a base: passed, regressed, inconclusive",
	.text =
		"Compares two results files (blinkctl bench ... -o FILE) metric by metric. Exit "
		"status 0: passed; 1: something regressed; 3: inconclusive, with the number of "
		"runs that would probably decide.\n\n"
		"Exact metrics (calls, bytes, instruction counts) must not change for the worse. "
		"Measurements are judged by how many times worse the new side is: regressed when "
		"that is more than chance (p below alpha after Holm's correction over all), its "
		"interval lies above 1, and it is at least the least change that counts; passed "
		"when the whole interval lies within the margin. Runs that were made in turns are "
		"compared as pairs. Frame times are also judged by their distribution's shape, so "
		"that a change with an equal median is found.\n\n"
		"Defaults: alpha 0.05, level 0.95, least 0.01 (1 %), margin 0.02, distance 0.1, "
		"runs 5. A policy is a JSON object with any of these, \"ignore\": a list of "
		"metrics, and \"unlike\": true to judge files of different machines or inputs.\n\n"
		"  blinkctl gate base.json new.json --junit gate.xml",
	.options = options,
	.min_args = 2,
	.max_args = 2,
	.run = gate_command,
};
