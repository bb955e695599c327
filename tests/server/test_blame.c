/* test_blame.c - whose doing it was that the executor was lost, and who pays for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "blink/server/broker_priv.h"

#define N 8u

/* Programs 0 to 5 are run by one, 6 and 7 by another. */
static void rig_make(struct broker *b, struct broker_client *c)
{
	memset(c, 0, N * sizeof(*c));
	*b = (struct broker){ .clients = c, .places = N };
	for (uint32_t i = 0; i < N; i++)
		c[i] = (struct broker_client){ .id = i + 1, .program = 100 + 2 * i + 1,
					       .principal = i < 6 ? 2 : 4 };
}

static void test_program(void **state)
{
	struct broker_client c[N];
	static struct broker b;

	(void)state;
	rig_make(&b, c);
	broker_blame(&b, 0, true);
	broker_blame(&b, 77, true);
	for (uint32_t i = 0; i < N; i++)
		assert_false(broker_condemned(&b, &c[i]) || broker_waits(&b, &c[i], true));
	/* a death may be bad luck, two are not; a turn without end is none */
	broker_blame(&b, 1, false);
	assert_false(broker_condemned(&b, &c[0]));
	broker_blame(&b, 1, false);
	assert_true(broker_condemned(&b, &c[0]));
	broker_blame(&b, 7, true);
	assert_true(broker_condemned(&b, &c[6]));
	assert_false(broker_condemned(&b, &c[1]) || broker_condemned(&b, &c[7]));
}

/* A new program for each harm: each waits longer, and those of others do not. */
static void test_principal(void **state)
{
	struct broker_client c[N];
	static struct broker b;

	(void)state;
	rig_make(&b, c);
	broker_blame(&b, 1, true);
	assert_true(broker_waits(&b, &c[1], true));
	assert_false(broker_waits(&b, &c[1], false) || broker_waits(&b, &c[6], true));
	broker_blame(&b, 2, false);
	broker_blame(&b, 3, false);
	/* by now once is enough */
	assert_true(broker_condemned(&b, &c[1]) && broker_condemned(&b, &c[2]));
	assert_false(broker_condemned(&b, &c[4]) || broker_waits(&b, &c[4], false));
	broker_blame(&b, 4, false);
	assert_true(broker_waits(&b, &c[4], false));
	/* its time comes: one comes in, the next one waits */
	for (uint32_t i = 0; i < BROKER_NOTES; i++)
		b.notes[i].next_ns = 0;
	assert_false(broker_waits(&b, &c[4], true));
	assert_true(broker_waits(&b, &c[5], true));
	assert_false(broker_waits(&b, &c[7], true));
}

/* More notes than there is room for: the newest stay. */
static void test_notes(void **state)
{
	struct broker_client c[N];
	static struct broker b;

	(void)state;
	rig_make(&b, c);
	for (uint32_t i = 0; i < 3 * BROKER_NOTES; i++) {
		c[0].program = 1001 + 2 * i;
		broker_blame(&b, 1, true);
	}
	assert_true(broker_condemned(&b, &c[0]));
	assert_true(broker_waits(&b, &c[1], true));
}

/* A process, as the system tells it. */
static void test_who(void **state)
{
	struct broker_client a = { .pid = getpid() }, other = { .pid = getppid() };
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	a.socket = other.socket = pair[0];
	broker_who(&a);
	broker_who(&other);
	assert_true(a.program != other.program);
	assert_int_equal(a.program & 1, 1);
	assert_int_equal(a.principal & 1, 0);
	close(pair[0]);
	close(pair[1]);
}

static void test_largest(void **state)
{
	static struct board_status known = { .nclients = 2, .clients = { { .id = 3, .memory = 5 },
									 { .id = 9, .memory = 7 } } };
	struct broker b = { .known = &known };

	(void)state;
	assert_int_equal(broker_largest(&b), 9);
	known.nclients = 0;
	assert_int_equal(broker_largest(&b), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program), cmocka_unit_test(test_principal),
		cmocka_unit_test(test_notes), cmocka_unit_test(test_who),
		cmocka_unit_test(test_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
