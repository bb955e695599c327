/* test_code_memory.c - the JIT's memory: never writable and executable at once, nobody
 * else's, and without anything of the client's in it.
 *
 * Every request for memory goes through the functions below, which take the place of the
 * C library's, and a thread reads the process's own maps while procedures are compiled
 * and run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "blink/engine/jit.h"
#include "tests/soundness/program.h"

/* ---- every request ---------------------------------------------------------------- */

static atomic_uint requests, bad_requests, executable_requests;

static void request_look(int prot)
{
	atomic_fetch_add(&requests, 1);
	if (prot & PROT_EXEC)
		atomic_fetch_add(&executable_requests, 1);
	if ((prot & PROT_EXEC) && (prot & PROT_WRITE))
		atomic_fetch_add(&bad_requests, 1);
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	request_look(prot);
	return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}

void *mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	return mmap(at, n, prot, flags, fd, offset);
}

int mprotect(void *at, size_t n, int prot)
{
	request_look(prot);
	return (int)syscall(SYS_mprotect, at, n, prot);
}

/* ---- the maps ----------------------------------------------------------------------- */

struct look { unsigned readings, code_maps; char bad[256]; };

/* One reading of the process's maps, without memory of its own. */
static void maps_read(struct look *l)
{
	char line[512];
	FILE *f = fopen("/proc/self/maps", "r");

	if (!f)
		return;
	l->readings++;
	while (fgets(line, sizeof(line), f)) {
		const char *permissions = strchr(line, ' ');

		if (permissions && permissions[2] == 'w' && permissions[3] == 'x' && !l->bad[0])
			snprintf(l->bad, sizeof(l->bad), "%.200s", line);
		if (permissions && permissions[3] == 'x' && strstr(line, "blink-code"))
			l->code_maps++;
	}
	fclose(f);
}

static atomic_bool stop;

static void *watcher(void *user)
{
	while (!atomic_load(&stop))
		maps_read(user);
	return NULL;
}

/* ---- procedures to compile ------------------------------------------------------------ */

static struct sink *sink;
static struct buf calls;

static void client_make(struct client *c)
{
	struct client_limits limits = { .slots = PROGRAM_SLOTS };
	struct error err;

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		limits.names[i] = PROGRAM_NAMES;
	assert_int_equal(client_init(c, sink, &limits, &err), 0);
	c->payloads = program_payloads;
}

/* Programs by the grammar, as far as they are accepted; returns how many were run. */
static unsigned programs_run(struct jit *j, unsigned n, uint64_t seed)
{
	static struct program p;
	struct dice d = { seed };
	unsigned ran = 0;

	while (n--) {
		struct verify_env env = { .payloads = program_payloads };
		struct verify_state *s = verify_state_create();
		struct verify_verdict v;
		struct client c;

		generate(&p, &d);
		program_limits(&env.limits, false);
		client_make(&c);
		for (uint32_t i = 0; i < p.nsps; i++) {
			struct sp sp = program_get(&p, i);
			const struct jit_code *code;
			uint32_t pc = 0;

			if (verify_sp(s, &env, &sp, &v) < 0)
				continue;
			code = jit_compile(j, &sp, NULL);
			assert_non_null(code);
			buf_clear(&calls);
			while (jit_run(&c, code, &sp, pc) == ENGINE_YIELD)
				pc = c.pc;
			ran++;
		}
		client_finish(&c);
		verify_state_destroy(s);
	}
	return ran;
}

static int make(void **state)
{
	(void)state;
	program_world_make();
	buf_init(&calls);
	sink = sink_recorder_create(&calls);
	return sink ? 0 : -1;
}

static int unmake(void **state)
{
	(void)state;
	sink_destroy(sink);
	buf_finish(&calls);
	return 0;
}

/* ---- tests ---------------------------------------------------------------------------- */

static void test_never_both(void **state)
{
	static struct look l;
	struct error err;
	struct jit *j;
	pthread_t thread;
	unsigned ran = 0;

	(void)state;
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&thread, NULL, watcher, &l), 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(jit_create(&j, sink, &err), 0);
		ran += programs_run(j, 1000, i);
		jit_destroy(j);
	}
	while (l.readings < 5)
		;
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	print_message("%u procedures compiled and run, maps read %u times; %u requests for memory, "
		      "%u of them for code\n", ran, l.readings, atomic_load(&requests),
		      atomic_load(&executable_requests));
	if (l.bad[0])
		fail_msg("writable and executable: %s", l.bad);
	assert_int_equal(atomic_load(&bad_requests), 0);
	/* the test saw what it speaks of */
	assert_true(ran > 500 && l.code_maps > 0 && atomic_load(&executable_requests) >= 4);
}

/* Nobody else can map the code: no descriptor of it stays open. */
static void test_no_descriptor(void **state)
{
	struct error err;
	struct jit *j;
	DIR *d;
	struct dirent *e;

	(void)state;
	assert_int_equal(jit_create(&j, sink, &err), 0);
	programs_run(j, 100, 9);
	d = opendir("/proc/self/fd");
	assert_non_null(d);
	while ((e = readdir(d))) {
		char path[300], target[300];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%s", e->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = 0;
		assert_null(strstr(target, "blink-code"));
	}
	closedir(d);
	jit_destroy(j);
}

static bool arenas_overlap(const struct jit *a, const struct jit *b)
{
	for (unsigned i = 0; i < a->narenas; i++)
		for (unsigned k = 0; k < b->narenas; k++)
			if (a->arenas[i].rx < b->arenas[k].rx + b->arenas[k].size &&
			    b->arenas[k].rx < a->arenas[i].rx + a->arenas[i].size)
				return true;
	return false;
}

/* A code cache is a client's own: the same procedure of two clients is compiled twice, to
 * different places, and what one forgets the other keeps. */
static void test_clients_share_nothing(void **state)
{
	static const uint32_t code[] = { OP_glColor3f, 0, 0, 0, OP_glColor3f, 1, 1, 1, OP_end };
	struct sp sp = { .code = code, .nwords = sizeof(code) / 4 };
	const struct jit_code *k[2];
	struct jit_stats stats;
	struct error err;
	struct jit *j[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(jit_create(&j[i], sink, &err), 0);
		k[i] = jit_compile(j[i], &sp, &err);
		assert_non_null(k[i]);
		jit_stats_get(j[i], &stats);
		assert_int_equal(stats.compiles, 1);
		assert_int_equal(stats.hits, 0);
	}
	assert_ptr_not_equal(k[0], k[1]);
	assert_ptr_not_equal(k[0]->arena, k[1]->arena);
	assert_false(arenas_overlap(j[0], j[1]));
	/* nor do equal shapes hash alike: a client cannot aim at another's cache */
	assert_true(k[0]->hash[0] != k[1]->hash[0] || k[0]->hash[1] != k[1]->hash[1]);
	jit_destroy(j[0]);
	assert_ptr_equal(jit_compile(j[1], &sp, &err), k[1]);
	jit_destroy(j[1]);
}

/* ---- what code holds --------------------------------------------------------------------- */

static bool holds(const struct jit *j, const void *what, size_t n)
{
	for (unsigned i = 0; i < j->narenas; i++)
		for (uint32_t at = 0; at + n <= j->arenas[i].head; at++)
			if (memcmp(j->arenas[i].rx + at, what, n) == 0)
				return true;
	return false;
}

static void address_look(const struct jit *j, const void *p, const char *what)
{
	uint64_t whole = (uint64_t)(uintptr_t)p;

	if (holds(j, &whole, 8))
		fail_msg("code holds the address of %s", what);
}

/* No driver's names, no locations, no operands' values of names and payloads, and no
 * address of client, tables, records or payloads. */
static void test_nothing_of_the_client(void **state)
{
	static const uint32_t record[] = {
		OP_glBindTexture, 0x0de1, 3, OP_glUniform1f, 2, 0x3f800000, OP_glVertex3fv, 1, 4,
		OP_glBindBuffer, 0x8892, 5, OP_glColor3f, 0, 0, 0, OP_glUseProgram, 4,
		OP_glTexImage2D, 0x0de1, 0, 0x1908, 1, 1, 0, 0x1908, 0x1401, PAY_VERTICES, 4,
	};
	const uint32_t secret_name = 0x5ec2e701, secret_location = 0x5ec2e702;
	uint32_t *code = malloc(40 * sizeof(record));
	struct sp sp = { .code = code };
	struct client c;
	struct error err;
	struct jit *j;

	(void)state;
	assert_non_null(code);
	for (unsigned i = 0; i < 39; i++)       /* so that loops form as well */
		memcpy((uint8_t *)code + i * sizeof(record), record, sizeof(record));
	sp.nwords = 39 * sizeof(record) / 4 + 1;
	code[sp.nwords - 1] = OP_end;
	client_make(&c);
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		for (uint32_t i = 1; c.names[s] && i <= PROGRAM_NAMES; i++)
			c.names[s][i] = secret_name;
	for (uint32_t i = 1; i <= PROGRAM_SLOTS; i++)
		c.locations[i] = (int32_t)secret_location;
	assert_int_equal(jit_create(&j, sink, &err), 0);
	buf_clear(&calls);
	assert_int_equal(jit_run(&c, jit_compile(j, &sp, &err), &sp, 0), ENGINE_END);
	/* they were used */
	assert_true(memmem(calls.data, calls.len, &secret_name, 4) != NULL);
	assert_true(memmem(calls.data, calls.len, &secret_location, 4) != NULL);
	assert_false(holds(j, &secret_name, 4));
	assert_false(holds(j, &secret_location, 4));
	address_look(j, &c, "the client");
	address_look(j, c.regs, "the registers");
	address_look(j, code, "the records");
	address_look(j, c.locations, "the locations");
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		if (c.names[s])
			address_look(j, c.names[s], "names");
	address_look(j, program_payloads.v, "the payload table");
	for (unsigned i = 1; i < PAY_COUNT; i++)
		if (program_payloads.v[i].data)
			address_look(j, program_payloads.v[i].data, "a payload");
	jit_destroy(j);
	client_finish(&c);
	free(code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_both), cmocka_unit_test(test_no_descriptor),
		cmocka_unit_test(test_clients_share_nothing),
		cmocka_unit_test(test_nothing_of_the_client),
	};

	return cmocka_run_group_tests_name("code memory", tests, make, unmake);
}
