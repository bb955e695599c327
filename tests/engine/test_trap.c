/* test_trap.c - runs stopped at random records go on as if nobody had stopped them: with
 * the other engine, and in another process that is given the trap's bytes alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "tests/engine/trap_programs.h"

#define PROGRAMS 500u
#define POINTS 20u                /* of each program */

/* ---- the other process ---------------------------------------------------------- */

struct request { uint32_t seed, jit, names, size; };
struct reply {
	uint64_t log_hash, log_size, calls;
	uint32_t regs[SP_REGISTERS], status, depth;
};

static void reply_fill(struct reply *r, const struct runner *u, size_t from)
{
	memset(r, 0, sizeof(*r));
	r->log_size = u->log.len - from;
	r->log_hash = XXH3_64bits(u->log.data ? u->log.data + from : NULL, r->log_size);
	r->calls = u->client.calls;
	memcpy(r->regs, u->client.regs, sizeof(r->regs));
	r->status = u->status;
	r->depth = u->client.depth;
}

/* Resumes the blob on a client that knows nothing but it. */
static int resume(struct reply *reply, struct program *p, struct jit *jit, const void *blob,
		  size_t size, uint32_t names)
{
	struct error err = { 0 };
	struct trap t;
	struct runner u;
	int rc;

	runner_init(&u, p, 12345);
	sink_recorder_names_set(u.sink, names);
	rc = trap_read(&t, blob, size, &err);
	if (rc == 0)
		rc = trap_read_world(&u.client, blob, size, &err);
	if (rc == 0)
		rc = trap_restore(&t, &u.client, program_top(p), &err);
	if (rc == 0) {
		u.client.budget = UINT64_MAX;
		runner_go(&u, jit, p, u.client.pc);
		reply_fill(reply, &u, 0);
	} else {
		fprintf(stderr, "%s\n", err.text);
	}
	runner_finish(&u);
	return rc;
}

static bool read_all(int fd, void *to, size_t n)
{
	uint8_t *at = to;

	while (n) {
		ssize_t k = read(fd, at, n);

		if (k <= 0)
			return false;
		at += k;
		n -= (size_t)k;
	}
	return true;
}

static int worker(void)
{
	static struct program p;
	struct runner any;
	struct request q;
	struct reply r;
	struct jit *jit;
	uint32_t seed = UINT32_MAX;

	program_make(&p, 0);
	runner_init(&any, &p, 0);
	if (jit_create(&jit, any.sink, NULL) < 0)
		return 1;
	while (read_all(0, &q, sizeof(q))) {
		void *blob = malloc(q.size);

		if (!blob || !read_all(0, blob, q.size))
			return 1;
		if (q.seed != seed) {
			program_finish(&p);
			program_make(&p, q.seed);
			seed = q.seed;
		}
		if (resume(&r, &p, q.jit ? jit : NULL, blob, q.size, q.names) < 0)
			return 1;
		free(blob);
		if (write(1, &r, sizeof(r)) != (ssize_t)sizeof(r))
			return 1;
	}
	jit_destroy(jit);
	runner_finish(&any);
	program_finish(&p);
	return 0;
}

struct process { pid_t pid; int to, from; };

static void process_start(struct process *p)
{
	char *argv[] = { (char[]){ "test_trap" }, (char[]){ "worker" }, NULL };
	int in[2], out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	p->to = in[1];
	p->from = out[0];
}

static void process_end(struct process *p)
{
	int status;

	close(p->to);
	close(p->from);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void process_resume(struct process *p, struct reply *r, const struct request *q,
			   const void *blob)
{
	assert_int_equal(write(p->to, q, sizeof(*q)), sizeof(*q));
	assert_int_equal(write(p->to, blob, q->size), q->size);
	assert_true(read_all(p->from, r, sizeof(*r)));
}

/* ---- random points ------------------------------------------------------------------ */

struct campaign {
	struct program program;
	struct jit *jit;
	struct process process;
	uint32_t seed;
	struct runner whole;              /* the run that nobody stopped */
	uint64_t records;                 /* that it executed */
	unsigned points, in[SECTIONS], depths[SP_CALL_DEPTH + 1];
};

/* Runs n records and takes the trap. */
static void stop_at(struct campaign *c, struct runner *u, struct jit *jit, uint64_t n,
		    struct trap *t, struct buf *blob)
{
	struct error err = { 0 };

	runner_init(u, &c->program, c->seed);
	u->client.budget = n;
	assert_int_equal(runner_go(u, jit, &c->program, 0), ENGINE_LIMIT);
	if (trap_capture(t, TRAP_LIMIT, 0, &u->client, program_top(&c->program), &err) < 0)
		fail_msg("%s", err.text);
	buf_init(blob);
	trap_write(blob, t, &u->client);
	assert_false(buf_failed(blob));
}

static void replies_equal(const struct reply *a, const struct reply *b, const char *what,
			  const struct campaign *c, uint64_t n)
{
	if (memcmp(a, b, sizeof(*a)))
		fail_msg("program %u stopped after %llu records: %s goes on differently "
			 "(log %llu/%llu, calls %llu/%llu, status %u/%u)", c->seed,
			 (unsigned long long)n, what, (unsigned long long)a->log_size,
			 (unsigned long long)b->log_size, (unsigned long long)a->calls,
			 (unsigned long long)b->calls, a->status, b->status);
}

static void point(struct campaign *c, struct random *r)
{
	uint64_t n = random_below(r, (uint32_t)c->records);
	struct jit *first = random_below(r, 2) ? c->jit : NULL;
	struct jit *other = first ? NULL : c->jit;
	struct runner u, oracle;
	struct reply want, got;
	struct buf blob, same;
	struct trap t, again;
	struct request q;

	stop_at(c, &u, first, n, &t, &blob);
	stop_at(c, &oracle, other, n, &again, &same);
	/* the state is the other engine's, and all that came out is the beginning */
	assert_int_equal(blob.len, same.len);
	assert_memory_equal(blob.data, same.data, same.len);
	assert_true(u.log.len <= c->whole.log.len);
	if (u.log.len)
		assert_memory_equal(u.log.data, c->whole.log.data, u.log.len);
	reply_fill(&want, &c->whole, u.log.len);
	assert_int_equal(resume(&got, &c->program, other, blob.data, blob.len,
				sink_recorder_names(u.sink)), 0);
	replies_equal(&want, &got, "the other engine", c, n);
	q = (struct request){ c->seed, random_below(r, 2), sink_recorder_names(u.sink),
			      (uint32_t)blob.len };
	process_resume(&c->process, &got, &q, blob.data);
	replies_equal(&want, &got, "another process", c, n);
	c->points++;
	c->in[program_section_at(&c->program, &t)]++;
	c->depths[t.depth]++;
	buf_finish(&blob);
	buf_finish(&same);
	runner_finish(&u);
	runner_finish(&oracle);
}

static void random_points(void **state)
{
	static struct campaign c;
	struct random r = { .state = 77 };
	struct runner any;

	(void)state;
	process_start(&c.process);
	program_make(&c.program, 0);
	runner_init(&any, &c.program, 0);
	assert_int_equal(jit_create(&c.jit, any.sink, NULL), 0);
	for (c.seed = 0; c.points < PROGRAMS * POINTS; c.seed++) {
		program_finish(&c.program);
		program_make(&c.program, c.seed);
		runner_init(&c.whole, &c.program, c.seed);
		assert_int_equal(runner_go(&c.whole, NULL, &c.program, 0), ENGINE_END);
		c.records = UINT64_MAX - c.whole.client.budget;
		for (unsigned i = 0; i < POINTS; i++)
			point(&c, &r);
		runner_finish(&c.whole);
	}
	printf("%u stop points in %u programs:", c.points, c.seed);
	for (unsigned i = 0; i < SECTIONS; i++) {
		printf(" %s %u", section_names[i], c.in[i]);
		assert_true(c.in[i] >= 100);
	}
	for (unsigned i = 0; i < PROGRAM_SPS; i++) {
		printf(" depth%u %u", i, c.depths[i]);
		assert_true(c.depths[i] > 0);
	}
	printf("\n");
	jit_destroy(c.jit);
	runner_finish(&any);
	program_finish(&c.program);
	process_end(&c.process);
}

/* ---- yields, files, refusals --------------------------------------------------------- */

static uint32_t code_of(struct buf *b, uint32_t value)
{
	sp_emit_words(b, OP_mov, 3, value);
	sp_emit_words(b, OP_yield, 0);
	sp_emit_words(b, OP_mov, 4, value + 1);
	sp_end(b);
	return (uint32_t)(b->len / 4);
}

struct little {
	struct buf code, log;
	struct sp sp;
	struct sink *sink;
	struct client client;
};

static void little_init(struct little *l, uint32_t value)
{
	const struct client_limits limits = { .slots = 4 };

	memset(l, 0, sizeof(*l));
	buf_init(&l->code);
	buf_init(&l->log);
	l->sp = (struct sp){ .id = 5, .nwords = code_of(&l->code, value) };
	l->sp.code = (const uint32_t *)(const void *)l->code.data;
	l->sink = sink_recorder_create(&l->log);
	assert_int_equal(client_init(&l->client, l->sink, &limits, NULL), 0);
}

static void little_finish(struct little *l)
{
	client_finish(&l->client);
	sink_destroy(l->sink);
	buf_finish(&l->code);
	buf_finish(&l->log);
}

static void yields_are_traps(void **state)
{
	const struct trap_how how = { .poll = 1000 };
	struct error err = { 0 };
	struct little a, b;
	struct trap t;

	(void)state;
	little_init(&a, 7);
	little_init(&b, 7);
	assert_int_equal(trap_run(&a.client, NULL, &a.sp, 0, &how, &t), ENGINE_YIELD);
	assert_int_equal(t.cause, TRAP_YIELD);
	assert_int_equal(t.place[0].sp, 5);
	assert_int_equal(t.place[0].regs[3], 7);
	assert_int_equal(trap_restore(&t, &b.client, &b.sp, &err), 0);
	assert_int_equal(interp_run(&b.client, &b.sp, b.client.pc), ENGINE_END);
	assert_int_equal(b.client.regs[3], 7);
	assert_int_equal(b.client.regs[4], 8);
	little_finish(&a);
	little_finish(&b);
}

static void files(void **state)
{
	char path[] = "/tmp/blink-trap-XXXXXX";
	const struct trap_how how = { 0 };
	struct error err = { 0 };
	struct trap t, back;
	struct little a;
	struct buf data;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	buf_init(&data);
	little_init(&a, 7);
	assert_int_equal(trap_run(&a.client, NULL, &a.sp, 0, &how, &t), ENGINE_YIELD);
	assert_int_equal(trap_save(path, &t, &a.client, &err), 0);
	assert_int_equal(trap_load(path, &data, &err), 0);
	assert_int_equal(trap_read(&back, data.data, data.len, &err), 0);
	assert_memory_equal(&t, &back, sizeof(t));
	assert_int_equal(trap_read_world(&a.client, data.data, data.len, &err), 0);
	assert_int_equal(trap_load("/nonexistent/trap", &data, &err), -ENOENT);
	buf_finish(&data);
	little_finish(&a);
	unlink(path);
}

/* Every byte changed, every length short of the whole: refused, in words. */
static void damage(void **state)
{
	const struct trap_how how = { 0 };
	struct error err = { 0 };
	struct trap t, back;
	struct little a;
	struct buf blob;

	(void)state;
	buf_init(&blob);
	little_init(&a, 7);
	assert_int_equal(trap_run(&a.client, NULL, &a.sp, 0, &how, &t), ENGINE_YIELD);
	trap_write(&blob, &t, &a.client);
	for (size_t i = 0; i < blob.len; i++) {
		blob.data[i] ^= 0x41;
		err.text[0] = 0;
		assert_true(trap_read(&back, blob.data, blob.len, &err) < 0);
		assert_non_null(strstr(err.text, "trap: "));
		assert_true(trap_read_world(&a.client, blob.data, blob.len, &err) < 0);
		blob.data[i] ^= 0x41;
		assert_int_equal(trap_read(&back, blob.data, i, &err), -EBADMSG);
	}
	assert_int_equal(trap_read(&back, blob.data, blob.len, &err), 0);
	buf_finish(&blob);
	little_finish(&a);
}

static void what_does_not_fit(void **state)
{
	const struct trap_how how = { 0 };
	struct error err = { 0 };
	struct little a, other;
	struct trap t, bad;

	(void)state;
	little_init(&a, 7);
	little_init(&other, 9);
	assert_int_equal(trap_run(&a.client, NULL, &a.sp, 0, &how, &t), ENGINE_YIELD);
	assert_int_equal(trap_restore(&t, &other.client, &other.sp, &err), -EINVAL);
	assert_non_null(strstr(err.text, "another version"));
	other.sp.id = 6;
	assert_int_equal(trap_restore(&t, &other.client, &other.sp, &err), -EINVAL);
	bad = t;
	bad.place[0].pc = 1;
	assert_int_equal(trap_restore(&bad, &a.client, &a.sp, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no record"));
	bad = t;
	bad.place[0].pc = UINT32_MAX;
	assert_int_equal(trap_restore(&bad, &a.client, &a.sp, &err), -EINVAL);
	bad = t;
	bad.depth = 1;
	assert_int_equal(trap_restore(&bad, &a.client, &a.sp, &err), -EINVAL);
	assert_non_null(strstr(err.text, "calls nothing"));
	bad.depth = UINT32_MAX;
	assert_int_equal(trap_restore(&bad, &a.client, &a.sp, &err), -EINVAL);
	little_finish(&a);
	little_finish(&other);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yields_are_traps),
		cmocka_unit_test(files),
		cmocka_unit_test(damage),
		cmocka_unit_test(what_does_not_fit),
		cmocka_unit_test(random_points),
	};

	if (argc > 1 && !strcmp(argv[1], "worker"))
		return worker();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
