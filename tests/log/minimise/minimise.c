/* minimise.c - generated programs against the pruner, by brute force.
 *
 * Each program is run in full and pruned; the states at the boundary and the pictures of
 * the frames after it must be equal.  Programs that are known to differ, for a bug of the
 * driver, are listed in tests/log/minimise/known with the slot in which they do, and the
 * reason: they must differ there, and nowhere else.  Then, in the first ones, every kept call
 * is left out in turn: one whose absence changes neither is listed with the pruner's reason
 * for keeping it, and counted.  No program's count may exceed that in
 * tests/log/minimise/golden.json, which --update writes anew.
 *
 *     minimise [--update] [-o RESULTS.json] [-n PROGRAMS] [-s FIRST] [-c COUNTED]
 *              [-f FAMILY,...] [-v]
 *
 * -o writes the counts as a results file, for blinkctl gate.  -c says up to which program
 * calls are left out (0: only the first comparison, in seconds).  -f generates from those
 * families only, -v lists the needless calls, and prints the records of programs that fail.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/log/minimise/minimise.h"

#define SKIP 77
#define COUNTED PROGRAMS
#define COMPARED 1000u

struct options {
	unsigned long count, first;
	uint32_t families;
	bool update;
	const char *output;
};

static uint32_t families_of(const char *text)
{
	uint32_t mask = 0;

	for (unsigned i = 0; gen_families[i]; i++) {
		const char *at = strstr(text, gen_families[i]);
		size_t n = strlen(gen_families[i]);

		if (at && (at == text || at[-1] == ',') && (!at[n] || at[n] == ','))
			mask |= 1u << i;
	}
	return mask;
}

static bool options_read(int argc, char **argv, struct options *o, struct totals *t)
{
	for (int c = 1; c < argc; c++) {
		const char *value = c + 1 < argc ? argv[c + 1] : NULL;

		if (!strcmp(argv[c], "--update")) {
			o->update = true;
			continue;
		}
		if (!strcmp(argv[c], "-v")) {
			t->verbose = true;
			continue;
		}
		if (!value)
			return false;
		if (!strcmp(argv[c], "-c"))
			t->counted = strtoul(value, NULL, 10);
		else if (!strcmp(argv[c], "-n"))
			o->count = strtoul(value, NULL, 10);
		else if (!strcmp(argv[c], "-s"))
			o->first = strtoul(value, NULL, 10);
		else if (!strcmp(argv[c], "-f"))
			o->families = families_of(value);
		else if (!strcmp(argv[c], "-o"))
			o->output = value;
		else
			return false;
		c++;
	}
	return true;
}

static int judge_all(const struct options *o, struct totals *t)
{
	char path[] = "/tmp/blink-minimise-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || !fates_make()) {
		fprintf(stderr, "minimise: %s\n", strerror(errno));
		return 1;
	}
	for (unsigned long i = 0; i < o->count; i++)
		program_judge(o->first + i, o->families, path, t);
	close(fd);
	unlink(path);
	return 0;
}

int main(int argc, char **argv)
{
	static struct totals t = { .counted = COUNTED };
	struct options o = { .count = COMPARED, .first = 1, .families = UINT32_MAX };
	int status = 0;

	if (!options_read(argc, argv, &o, &t)) {
		fprintf(stderr, "usage: minimise [--update] [-o RESULTS.json] [-n PROGRAMS] [-s FIRST] "
			"[-c COUNTED] [-f FAMILY,...] [-v]\n");
		return 2;
	}
	if (run_open() < 0) {
		fprintf(stderr, "minimise: no GL driver off-screen: skipped\n");
		return SKIP;
	}
	if (!known_read(&t) || judge_all(&o, &t))
		return 1;
	run_close();
	totals_print(&t);
	if (o.output)
		status |= totals_save(&t, o.output);
	/* the golden is of all families */
	if (o.update)
		status |= totals_save(&t, GOLDEN);
	else if (o.families == UINT32_MAX)
		status |= golden_judge(&t);
	printf("1..3\n%s 1 - generated programs raise no error\n"
	       "%s 2 - pruned they are in the same state and show the same pictures\n"
	       "%s 3 - no more calls are kept needlessly than the golden allows\n",
	       t.errors ? "not ok" : "ok", t.failed ? "not ok" : "ok", status ? "not ok" : "ok");
	return status || t.failed || t.errors;
}
