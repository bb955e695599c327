/* bench_server_suite.c - see bench_server_suite.h. */
#include "cli/bench_server_suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jit-bench/bench.h"

#define COUNTS 16u

static const char *const cases_all[] = { "gears-sp", "gears-switch", "gears-native" };

/* "1,2,4" into v; 0 or the number of them. */
static unsigned counts_parse(const char *text, unsigned v[COUNTS])
{
	unsigned n = 0;

	while (n < COUNTS) {
		char *end;
		unsigned long k = strtoul(text, &end, 10);

		if (end == text || !k || k > 120)
			return 0;
		v[n++] = (unsigned)k;
		if (!*end)
			return n;
		if (*end != ',')
			return 0;
		text = end + 1;
	}
	return 0;
}

static bool is_extension(const char *name)
{
	return !strncmp(name, "GL_", 3) && strlen(name) < 64 &&
	       !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")];
}

struct json_object *bench_server_suite(const struct bench_request *q, struct error *err)
{
	const char *const *o = q->args->opt;
	unsigned counts[COUNTS];
	struct bench_server_options opt = {
		.cases = (const char *const *)q->argv, .ncases = (unsigned)q->argc,
		.clients = counts, .self = q->self, .runs = q->runs,
		.rate = 50, .hold = o[OPT_HOLD],
		.seconds = 8, .null_gl = o[OPT_NULL], .without = o[OPT_WITHOUT],
	};
	unsigned long frames = 0;
	int ways = !!o[OPT_HOLD] + !!o[OPT_SWITCH] + !!o[OPT_LIVE] + !!o[OPT_ISOLATION];

	opt.nclients = counts_parse(o[OPT_COUNTS] ? o[OPT_COUNTS]
				    : o[OPT_SWITCH] ? "4" : "1,2,4,8,16", counts);
	if (o[OPT_HOLD] && !o[OPT_COUNTS])
		opt.nclients = 0;
	if (o[OPT_FRAME] && (!o[OPT_LIVE] ||
			     !cli_uint("--frame", o[OPT_FRAME], 1000000, &frames) || !frames)) {
		error_set(err, -EINVAL, "bench: server: --frame is for --live: files up to that frame");
		return NULL;
	}
	if (o[OPT_WITHOUT] && (!o[OPT_LIVE] || !is_extension(o[OPT_WITHOUT]))) {
		error_set(err, -EINVAL, "bench: server: --without is for --live: a GL extension's name");
		return NULL;
	}
	opt.frames = (uint32_t)frames;
	if (ways > 1)
		error_set(err, -EINVAL, "bench: one of --hold, --switch, --live, --isolation");
	else if (o[OPT_HOLD] && o[OPT_COUNTS] && (opt.nclients != 2 || counts[0] >= counts[1]))
		error_set(err, -EINVAL, "--counts: with --hold, the numbers between which the limit "
			  "is looked for: LOW,HIGH");
	else if (!opt.nclients && !o[OPT_HOLD])
		error_set(err, -EINVAL, "--counts: '%s' is no list of numbers from 1 to 120 "
			  "(16 at most)", o[OPT_COUNTS]);
	else if (!cli_number(o[OPT_RATE], 1, 1000, &opt.rate) ||
		 !cli_number(o[OPT_LENGTH], 0.5, 3600, &opt.seconds))
		error_set(err, -EINVAL, "bench: server: --rate is 1 to 1000 Hz, --length 0.5 to "
			  "3600 s");
	else if (o[OPT_SWITCH])
		return bench_server_switch(&opt, err);
	else if (o[OPT_LIVE])
		return bench_server_live(&opt, err);
	else if (o[OPT_ISOLATION])
		return bench_server_isolation(&opt, err);
	else {
		if (!opt.ncases) {
			opt.cases = cases_all;
			opt.ncases = sizeof(cases_all) / sizeof(cases_all[0]);
		}
		return bench_server(&opt, err);
	}
	return NULL;
}
