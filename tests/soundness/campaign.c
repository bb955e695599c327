/* campaign.c - many programs on several processes; what is found is cut down and kept.
 *
 * Program number i of a seed is the same on every machine and with any number of jobs.
 * A job writes which program it is at into memory that it shares with the parent, so
 * that a crash has a number too.
 */
#include "tests/soundness/campaign.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 64u
#define CUT_SECONDS 20
#define TRIES 8u
#define FOUND_MAX 1000u                 /* then a job gives up */
#define KINDS 32u
#define KEPT_PER_KIND 2u

struct job {
	uint64_t at;                    /* program being run */
	bool running;
	unsigned found;
	uint64_t programs, sps, accepted, whole, records, draws, reused;
	unsigned paths;
	struct coverage coverage;
};

/* ---- making programs ------------------------------------------------------------ */

static void program_make(const struct campaign_options *opt, struct check *c, uint64_t i,
			 struct program *p, struct dice *d)
{
	struct outcome out;

	d->state = opt->seed * UINT64_C(0x9e3779b97f4a7c15) + i;
	dice_u32(d);
	generate(p, d);
	if (!opt->hostile)
		return;
	/* most start from what would be accepted, so that one change is all that is wrong */
	if (dice_below(d, 8))
		check_program(c, p, true, &(struct dice){ i }, &out);
	mutate(p, d);
}

/* ---- cutting down --------------------------------------------------------------- */

/* In a process of its own, since it may crash.  The same kind of fault counts. */
static bool still_fails(const struct program *p, char *why, size_t n)
{
	int pipes[2], status;
	ssize_t got = 0;
	pid_t pid;

	if (pipe(pipes) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		struct program copy = *p;
		struct check *c = check_create();
		struct outcome out;

		alarm(10);
		/* where runs are stopped differs from try to try */
		for (uint64_t k = 0; k < TRIES; k++)
			if (!check_program(c, &copy, false, &(struct dice){ k }, &out))
				_exit(write(pipes[1], out.fault, strlen(out.fault)) < 0);
		_exit(0);
	}
	close(pipes[1]);
	if (pid > 0) {
		got = read(pipes[0], why, n - 1);
		waitpid(pid, &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			got = snprintf(why, n, "ended by signal %d", WTERMSIG(status));
	}
	close(pipes[0]);
	why[got > 0 ? got : 0] = 0;
	return pid > 0 && got > 0;
}

static bool try_smaller(struct program *p, const struct program *smaller, const char *why)
{
	char now[160];

	if (!still_fails(smaller, now, sizeof(now)) || strcmp(now, why))
		return false;
	*p = *smaller;
	return true;
}

/* Takes out as many records as can go, from the last to the first, in shrinking groups. */
static void program_shrink(struct program *p, const char *why)
{
	static struct program smaller;
	time_t end = time(NULL) + CUT_SECONDS;

	for (uint32_t group = 16; group; group /= 2)
		for (uint32_t i = p->nsps; i-- > 0;)
			for (uint32_t at = p->sp[i].n; at-- > 0 && time(NULL) < end;) {
				struct program_sp *sp = &smaller.sp[i];
				const uint32_t *r = p->sp[i].words;
				uint32_t end_at = at;
				bool bad;

				/* only where a record starts */
				while (r < p->sp[i].words + at &&
				       (r = sp_next(r, p->sp[i].words + p->sp[i].n, &bad)))
					r += sp_words(r);
				if (r != p->sp[i].words + at)
					continue;
				for (uint32_t k = 0; k < group; k++) {
					r = sp_next(p->sp[i].words + end_at,
						    p->sp[i].words + p->sp[i].n, &bad);
					if (!r || sp_opcode(*r) == OP_end)
						break;
					end_at += sp_words(r);
				}
				if (end_at == at)
					continue;
				smaller = *p;
				program_cut(sp, at, end_at - at);
				try_smaller(p, &smaller, why);
			}
}

static void finding_keep(const struct campaign_options *opt, struct program *p, uint64_t number,
			 const char *seen)
{
	char why[160] = "", path[512], note[400];
	struct error err = { 0 };

	if (!still_fails(p, why, sizeof(why))) {
		snprintf(why, sizeof(why), "%s, but not again", seen);
	} else {
		program_shrink(p, why);
	}
	snprintf(path, sizeof(path), "%s/%s-%llx-%llu.txt", opt->findings,
		 opt->hostile ? "hostile" : "grammar", (unsigned long long)opt->seed,
		 (unsigned long long)number);
	snprintf(note, sizeof(note), "%s (seed %llu, program %llu)", why,
		 (unsigned long long)opt->seed, (unsigned long long)number);
	if (program_save(p, path, note, &err) < 0)
		printf("  %s\n", err.text);
	printf("FOUND %s: %s\n", path, why);
	fflush(stdout);
}

/* Of one kind of fault a few are kept. */
struct kinds { const char *fault[KINDS]; unsigned n[KINDS]; };

static bool kind_is_new(struct kinds *k, const char *fault)
{
	for (unsigned i = 0; i < KINDS; i++) {
		if (!k->fault[i])
			k->fault[i] = fault;
		if (strcmp(k->fault[i], fault) == 0)
			return k->n[i]++ < KEPT_PER_KIND;
	}
	return false;
}

/* ---- jobs ----------------------------------------------------------------------- */

static void outcome_count(struct job *j, const struct program *p, const struct outcome *out)
{
	j->programs++;
	j->sps += out->sps;
	j->accepted += out->accepted;
	j->whole += out->accepted == p->nsps;
	j->records += out->records;
	j->draws += out->draws;
	j->reused += out->reused;
	if (out->accepted == p->nsps)
		for (uint32_t i = 0; i < p->nsps; i++)
			coverage_add(&j->coverage, &p->sp[i]);
}

static void job_run(const struct campaign_options *opt, struct job *j, uint64_t first,
		    unsigned step, time_t end)
{
	struct check *c = check_create();
	static struct program p;
	struct kinds kinds = { 0 };

	j->paths = check_paths(c);
	for (j->at = first; j->at < opt->programs && j->found < FOUND_MAX; j->at += step) {
		struct outcome out;
		struct dice d;

		if (opt->seconds && !(j->at / step % 64) && time(NULL) >= end)
			break;
		program_make(opt, c, j->at, &p, &d);
		if (!check_program(c, &p, !opt->hostile, &d, &out)) {
			if (kind_is_new(&kinds, out.fault))
				finding_keep(opt, &p, j->at, out.fault);
			j->found++;
		}
		outcome_count(j, &p, &out);
	}
	check_destroy(c);
	j->running = false;
}

/* The program at which a job died: made again, short of running it. */
static void crash_keep(const struct campaign_options *opt, uint64_t number)
{
	static struct program p;
	struct dice d;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct check *c = check_create();

		program_make(opt, c, number, &p, &d);
		finding_keep(opt, &p, number, "a crash");
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
}

static unsigned jobs_wait(const struct campaign_options *opt, struct job *jobs, const pid_t *pids)
{
	unsigned found = 0;

	for (unsigned k = 0; k < opt->jobs; k++) {
		int status = 0;

		if (pids[k] > 0)
			waitpid(pids[k], &status, 0);
		found += jobs[k].found;
		if (!jobs[k].running)
			continue;
		printf("program %llu: the process ended (status %#x)\n",
		       (unsigned long long)jobs[k].at, (unsigned)status);
		fflush(stdout);
		crash_keep(opt, jobs[k].at);
		found++;
	}
	return found;
}

static void totals_print(const struct campaign_options *opt, struct job *jobs, double seconds)
{
	struct job *t = &jobs[0];

	for (unsigned k = 1; k < opt->jobs; k++) {
		t->programs += jobs[k].programs;
		t->sps += jobs[k].sps;
		t->accepted += jobs[k].accepted;
		t->whole += jobs[k].whole;
		t->records += jobs[k].records;
		t->draws += jobs[k].draws;
		t->reused += jobs[k].reused;
		coverage_merge(&t->coverage, &jobs[k].coverage);
	}
	printf("%s campaign, seed %llu: %llu programs, %llu procedures of which %llu accepted, "
	       "%llu records executed on each of %u paths, %llu procedures drew, "
	       "%llu records verified by what was known from before; %.0f s\n",
	       opt->hostile ? "hostile" : "grammar", (unsigned long long)opt->seed,
	       (unsigned long long)t->programs, (unsigned long long)t->sps,
	       (unsigned long long)t->accepted, (unsigned long long)t->records, t->paths,
	       (unsigned long long)t->draws, (unsigned long long)t->reused, seconds);
	if (!opt->hostile)
		coverage_print(&t->coverage, opt->verbose);
}

unsigned campaign_run(const struct campaign_options *opt)
{
	size_t size = opt->jobs * sizeof(struct job);
	struct job *jobs = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				-1, 0);
	pid_t pids[JOBS_MAX] = { 0 };
	struct timespec from, to;
	unsigned found;

	if (jobs == MAP_FAILED || opt->jobs > JOBS_MAX)
		return 1;
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (opt->here)
		job_run(opt, &jobs[0], opt->first, 1, 0);
	for (unsigned k = 0; k < opt->jobs && !opt->here; k++) {
		jobs[k].running = true;
		pids[k] = fork();
		if (pids[k] == 0) {
			job_run(opt, &jobs[k], opt->first + k, opt->jobs, time(NULL) + (time_t)opt->seconds);
			fflush(stdout);
			_exit(0);
		}
	}
	found = jobs_wait(opt, jobs, pids);
	clock_gettime(CLOCK_MONOTONIC, &to);
	totals_print(opt, jobs, (double)(to.tv_sec - from.tv_sec) +
		     (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	munmap(jobs, size);
	return found;
}
