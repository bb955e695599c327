/* campaign.c - many programs on several processes; what is found is cut down and kept.
 *
 * Program number i of a seed is the same on every machine and with any number of jobs.
 * A job writes which program it is at into memory that it shares with the parent, so
 * that a crash has a number too, and another process can go on behind it.  That memory
 * may be a file, the ledger: then a campaign that was cut short, by whatever, goes on
 * where it was.
 */
#include "tests/soundness/campaign.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 64u
#define CUT_SECONDS 20
#define TRIES 8u
#define FOUND_MAX 1000u                 /* then a job gives up */
#define KINDS 32u
#define KEPT_PER_KIND 2u

/* Of one kind of fault a few are kept. */
struct kinds {
	char fault[KINDS][64];
	unsigned n[KINDS];
};

struct job {
	uint64_t at;                    /* program being run */
	bool done;
	char fatal[64];                 /* why its process ended itself, or nothing */
	unsigned found, slow;
	uint64_t programs, sps, accepted, whole, records, draws, reused, left_out;
	unsigned paths;
	struct kinds kinds;
	struct coverage coverage;
};

/* What a campaign was when it was cut short. */
struct ledger {
	char magic[8];
	uint64_t build;                 /* which test_soundness */
	uint64_t programs, first, seed;
	unsigned jobs;
	bool hostile;
	char judge[15];
	double seconds;
};
#define LEDGER_MAGIC "blinkSC1"

struct campaign {
	const struct campaign_options *opt;
	struct ledger *ledger;          /* then the jobs */
	struct job *jobs;
	size_t size;
};

/* A process of its own for what may end it: signals are nobody else's affair there, and it
 * ends with its parent. */
pid_t campaign_fork(void)
{
	static const int ends[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	/* what drivers have to say about programs nobody reads, and some say it for good */
	if (!getenv("VERBOSE") && !freopen("/dev/null", "w", stderr))
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		signal(ends[i], SIG_DFL);
	return 0;
}

/* ---- making programs ------------------------------------------------------------ */

static void program_make(const struct campaign_options *opt, uint64_t i, struct program *p,
			 struct dice *d)
{
	d->state = opt->seed * UINT64_C(0x9e3779b97f4a7c15) + i;
	dice_u32(d);
	opt->judge->make(p, d);
	if (!opt->hostile)
		return;
	/* most start from what would be accepted, so that one change is all that is wrong */
	if (dice_below(d, 8))
		program_repair(p, opt->judge);
	mutate(p, d);
}

/* ---- cutting down --------------------------------------------------------------- */

/* In a process of its own, since it may crash.  The same kind of fault counts. */
static bool still_fails(const struct judge *judge, const struct program *p, char *why, size_t n)
{
	int pipes[2], status;
	ssize_t got = 0;
	pid_t pid;

	if (pipe(pipes) < 0)
		return false;
	pid = campaign_fork();
	if (pid == 0) {
		struct program copy = *p;
		struct outcome out;
		void *who;

		alarm(10);
		who = judge->create();
		/* where runs are stopped differs from try to try */
		for (uint64_t k = 0; k < (judge == &judge_engines ? TRIES : 1); k++)
			if (!judge->look(who, &copy, false, &(struct dice){ k }, &out))
				_exit(write(pipes[1], out.fault, strlen(out.fault)) < 0);
		_exit(0);
	}
	close(pipes[1]);
	if (pid > 0) {
		got = read(pipes[0], why, n - 1);
		waitpid(pid, &status, 0);
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
			got = 0;
		else if (!WIFEXITED(status) || WEXITSTATUS(status))
			got = snprintf(why, n, "ended by signal %d", WTERMSIG(status));
	}
	close(pipes[0]);
	why[got > 0 ? got : 0] = 0;
	return pid > 0 && got > 0;
}

static void try_smaller(const struct judge *judge, struct program *p,
			const struct program *smaller, const char *why)
{
	char now[160];

	if (still_fails(judge, smaller, now, sizeof(now)) && strcmp(now, why) == 0)
		*p = *smaller;
}

/* Words of up to n records from word `at`, which has to begin one; 0: it does not. */
static uint32_t group_words(const struct program_sp *sp, uint32_t at, uint32_t n)
{
	const uint32_t *r = sp->words, *end = sp->words + sp->n, *from = sp->words + at;
	bool bad;

	while (r < from && (r = sp_next(r, end, &bad)))
		r += sp_words(r);
	if (r != from)
		return 0;
	for (; n && (r = sp_next(r, end, &bad)) && sp_opcode(*r) != OP_end; n--) {
		from = r + sp_words(r);
		r = from;
	}
	return (uint32_t)(from - sp->words) - at;
}

/* Takes out as many records as can go, from the last to the first, in shrinking groups. */
static void program_shrink(const struct judge *judge, struct program *p, const char *why)
{
	static struct program smaller;
	time_t end = time(NULL) + CUT_SECONDS;

	for (uint32_t group = 16; group; group /= 2)
		for (uint32_t i = p->nsps; i-- > 0;)
			for (uint32_t at = p->sp[i].n; at-- > 0 && time(NULL) < end;) {
				uint32_t n = group_words(&p->sp[i], at, group);

				if (!n)
					continue;
				smaller = *p;
				program_cut(&smaller.sp[i], at, n);
				try_smaller(judge, p, &smaller, why);
			}
}

static void finding_keep(const struct campaign_options *opt, struct program *p, uint64_t number,
			 const char *seen)
{
	char why[160] = "", path[512], note[400];
	struct error err = { 0 };

	if (!still_fails(opt->judge, p, why, sizeof(why))) {
		snprintf(why, sizeof(why), "%s, but not again", seen);
	} else {
		program_shrink(opt->judge, p, why);
	}
	snprintf(path, sizeof(path), "%s/%s%s-%llx-%llu.txt", opt->findings,
		 opt->judge == &judge_engines ? "" : "driver-",
		 opt->hostile ? "hostile" : "grammar", (unsigned long long)opt->seed,
		 (unsigned long long)number);
	snprintf(note, sizeof(note), "%s (seed %llu, program %llu)", why,
		 (unsigned long long)opt->seed, (unsigned long long)number);
	if (program_save(p, path, note, &err) < 0)
		printf("  %s\n", err.text);
	printf("FOUND %s: %s\n", path, why);
	fflush(stdout);
}

static bool kind_is_new(struct kinds *k, const char *fault)
{
	for (unsigned i = 0; i < KINDS; i++) {
		if (!k->fault[i][0])
			snprintf(k->fault[i], sizeof(k->fault[i]), "%s", fault);
		if (strncmp(k->fault[i], fault, sizeof(k->fault[i]) - 1) == 0)
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
	j->left_out += out->left_out;
	/* (of a program that was stopped in the midst nobody knows how far it came) */
	for (uint32_t i = 0; i < (out->accepted == p->nsps ? p->nsps : out->ran); i++)
		coverage_add(&j->coverage, &p->sp[i]);
	coverage_outcome(&j->coverage, out);
}

/* From program j->at on. */
static void job_run(const struct campaign_options *opt, struct job *j, unsigned step, time_t end)
{
	void *judge = opt->judge->create();
	static struct program p;

	j->paths = opt->judge->paths(judge);
	for (; j->at < opt->programs && j->found < FOUND_MAX; j->at += step) {
		struct outcome out;
		struct dice d;
		bool good;

		if (opt->seconds && !(j->at / step % 64) && time(NULL) >= end)
			return;
		program_make(opt, j->at, &p, &d);
		good = opt->judge->look(judge, &p, !opt->hostile, &d, &out);
		outcome_count(j, &p, &out);
		if (good)
			continue;
		j->found++;
		if (out.fatal) {
			snprintf(j->fatal, sizeof(j->fatal), "%s", out.fault);
			_exit(0);
		}
		if (kind_is_new(&j->kinds, out.fault))
			finding_keep(opt, &p, j->at, out.fault);
	}
	opt->judge->destroy(judge);
	j->done = true;
}

/* The program at which a job died: made again, short of running it, in a process that no
 * driver has been loaded into. */
static void crash_keep(const struct campaign_options *opt, uint64_t number, const char *how)
{
	static struct program p;
	struct dice d;
	pid_t pid = campaign_fork();
	int status;

	if (pid == 0) {
		program_world_make();
		program_make(opt, number, &p, &d);
		if (!opt->hostile)
			program_repair(&p, opt->judge);
		finding_keep(opt, &p, number, how);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
}

static pid_t job_start(const struct campaign *c, unsigned k, time_t end)
{
	pid_t pid = campaign_fork();

	if (pid)
		return pid;
	job_run(c->opt, &c->jobs[k], c->opt->jobs, end);
	fflush(stdout);
	_exit(0);
}

/* The process of job k has ended: false when no other has to go on behind it. */
static bool job_ended(const struct campaign *c, unsigned k, int status)
{
	struct job *j = &c->jobs[k];
	char how[64] = "";

	if (WIFEXITED(status) && !j->fatal[0])
		return false;           /* all done, out of time, or nobody to judge */
	if (WIFEXITED(status)) {
		memcpy(how, j->fatal, sizeof(how));
	} else if (WTERMSIG(status) == SIGALRM) {
		j->slow++;
	} else {
		snprintf(how, sizeof(how), "ended by signal %d", WTERMSIG(status));
		j->found++;
	}
	if (how[0] && kind_is_new(&j->kinds, how))
		crash_keep(c->opt, j->at, how);
	j->fatal[0] = 0;
	j->at += c->opt->jobs;
	return true;
}

/* False where there is no judge. */
static bool jobs_run(const struct campaign *c)
{
	time_t end = time(NULL) + (time_t)c->opt->seconds;
	pid_t pids[JOBS_MAX];
	bool judged = true;
	unsigned left = 0;

	for (unsigned k = 0; k < c->opt->jobs; k++) {
		pids[k] = c->jobs[k].done ? 0 : job_start(c, k, end);
		left += pids[k] > 0;
	}
	while (left) {
		int status;
		pid_t pid = wait(&status);

		if (pid < 0)
			return false;
		for (unsigned k = 0; k < c->opt->jobs; k++) {
			if (pids[k] != pid)
				continue;
			judged &= !(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_LACKING);
			pids[k] = job_ended(c, k, status) ? job_start(c, k, end) : 0;
			left -= pids[k] <= 0;
		}
	}
	return judged;
}

static unsigned totals_print(const struct campaign *c, double seconds)
{
	const struct campaign_options *opt = c->opt;
	struct job *t = calloc(1, sizeof(*t));
	unsigned found;

	if (!t)
		return 1;
	for (unsigned k = 0; k < opt->jobs; k++) {
		const struct job *j = &c->jobs[k];

		t->programs += j->programs;
		t->sps += j->sps;
		t->accepted += j->accepted;
		t->whole += j->whole;
		t->records += j->records;
		t->draws += j->draws;
		t->reused += j->reused;
		t->left_out += j->left_out;
		t->found += j->found;
		t->slow += j->slow;
		t->paths = j->paths > t->paths ? j->paths : t->paths;
		coverage_merge(&t->coverage, &j->coverage);
	}
	printf("%s campaign%s, seed %llu: %llu programs, %llu procedures of which %llu accepted, "
	       "%llu records executed on each of %u paths, %llu procedures drew, "
	       "%llu records verified by what was known from before; %.0f s\n",
	       opt->hostile ? "hostile" : "grammar",
	       opt->judge == &judge_engines ? "" : " on the driver",
	       (unsigned long long)opt->seed, (unsigned long long)t->programs,
	       (unsigned long long)t->sps, (unsigned long long)t->accepted,
	       (unsigned long long)t->records, t->paths, (unsigned long long)t->draws,
	       (unsigned long long)t->reused, seconds);
	if (t->slow)
		printf("%u programs took too long to tell\n", t->slow);
	if (t->left_out)
		printf("%llu procedures were not run: too many vertices\n",
		       (unsigned long long)t->left_out);
	if (!opt->hostile)
		coverage_print(&t->coverage, opt->verbose && opt->judge != &judge_confined);
	if (opt->judge == &judge_confined)
		coverage_reasons_print(&t->coverage, opt->verbose);
	found = t->found;
	free(t);
	return found;
}

/* ---- the ledger ------------------------------------------------------------------- */

/* Which program this is: a ledger of another one tells of other code. */
static uint64_t build_of(void)
{
	struct stat st;

	return stat("/proc/self/exe", &st) < 0 ? 0
		: (uint64_t)st.st_mtim.tv_sec * 1000000007u + (uint64_t)st.st_mtim.tv_nsec +
		  (uint64_t)st.st_size;
}

static struct ledger ledger_of(const struct campaign_options *opt)
{
	struct ledger l;

	memset(&l, 0, sizeof(l));
	memcpy(l.magic, LEDGER_MAGIC, sizeof(l.magic));
	l.build = build_of();
	l.programs = opt->programs;
	l.first = opt->first;
	l.seed = opt->seed;
	l.jobs = opt->jobs;
	l.hostile = opt->hostile;
	snprintf(l.judge, sizeof(l.judge), "%s", opt->judge->name);
	return l;
}

/* Of this campaign, and cut short? */
static bool goes_on(const struct campaign *c, struct ledger *want)
{
	bool done = true;

	if (c->opt->go_on)
		want->build = c->ledger->build;
	want->seconds = c->ledger->seconds;
	for (unsigned k = 0; k < c->opt->jobs; k++)
		done &= c->jobs[k].done;
	return !done && memcmp(c->ledger, want, sizeof(*want)) == 0;
}

static bool campaign_open(struct campaign *c, const struct campaign_options *opt)
{
	struct ledger fresh = ledger_of(opt);
	int fd = opt->ledger ? open(opt->ledger, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
	struct stat st = { 0 };
	void *m;

	c->opt = opt;
	c->size = sizeof(struct ledger) + opt->jobs * sizeof(struct job);
	if (opt->jobs > JOBS_MAX || (opt->ledger && (fd < 0 || fstat(fd, &st) < 0 ||
						     ftruncate(fd, (off_t)c->size) < 0)))
		return false;
	m = mmap(NULL, c->size, PROT_READ | PROT_WRITE,
		 fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (m == MAP_FAILED)
		return false;
	c->ledger = m;
	c->jobs = (struct job *)(void *)(c->ledger + 1);
	if (fd >= 0 && (size_t)st.st_size == c->size && goes_on(c, &fresh)) {
		printf("going on with %s\n", opt->ledger);
		return true;
	}
	memset(m, 0, c->size);
	*c->ledger = fresh;
	for (unsigned k = 0; k < opt->jobs; k++)
		c->jobs[k].at = opt->first + k;
	return true;
}

/* ---- a campaign ------------------------------------------------------------------- */

int campaign_run(const struct campaign_options *opt)
{
	struct timespec from, to;
	struct campaign c;
	bool judged = true;
	unsigned found;

	if (!campaign_open(&c, opt)) {
		printf("%s: %s\n", opt->ledger ? opt->ledger : "memory", strerror(errno));
		return 1;
	}
	if (opt->judge->prepare)
		opt->judge->prepare();
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (opt->here)
		job_run(opt, &c.jobs[0], 1, 0);
	else
		judged = jobs_run(&c);
	clock_gettime(CLOCK_MONOTONIC, &to);
	c.ledger->seconds += (double)(to.tv_sec - from.tv_sec) +
			     (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	found = totals_print(&c, c.ledger->seconds);
	munmap(c.ledger, c.size);
	return judged ? (int)found : -1;
}
