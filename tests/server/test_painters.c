/* test_painters.c - clients run by several threads, each with a sink of its own: the same
 * pictures, whoever draws; one that does not come to an end keeps its own clients waiting,
 * and nobody else. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "blink/server/painter.h"
#include "tests/server/many.h"

/* ---- the same pictures ---------------------------------------------------------------------- */

#define CLIENTS 10u

static void add_all(struct many *m)
{
	many_add(m, 90, 70, 0, "a", many_moving(1, 0, 0, 90, 70));
	many_add(m, 60, 60, VSO_HELLO_RESIZE, "b", many_moving(0, 0.5f, 1, 60, 60));
	many_add(m, 70, 50, 0, "c", many_plain(0, 1, 0, 70, 50));
	many_add(m, 50, 80, 0, "d", many_plain(1, 1, 0, 50, 80));
	many_add(m, 80, 40, VSO_HELLO_RESIZE, "e", many_moving(0.25f, 0, 0.75f, 80, 40));
	/* larger than it said: its window follows */
	many_add(m, 40, 40, 0, "f", many_moving(0.5f, 0.5f, 0.5f, 64, 48));
	/* of one size, and new at each frame: they take turns with drawables */
	for (unsigned i = 0; i < 4; i++)
		many_add(m, 50, 50, VSO_HELLO_DIRECT, "g", many_moving(0, 0.25f * (float)i, 1, 50, 50));
}

static void assert_spread(struct many *m, uint32_t painters)
{
	struct server_client_info info[MANY_CLIENTS];
	uint32_t n = server_clients(m->server, info, MANY_CLIENTS), got[4] = { 0 };

	for (uint32_t i = 0; i < n; i++)
		got[info[i].painter]++;
	for (uint32_t i = 0; i < painters; i++)
		assert_true(got[i] > 0);
}

#define SERVERS 5u

static void test_same_pictures(void **state)
{
	static const struct server_options opt[SERVERS] = {
		{ .no_direct = true },
		{ .no_direct = true, .nfurther = 1 },
		{ .no_direct = true, .nfurther = 2 },
		{ .no_direct = true, .nfurther = 2, .no_facts = true },
		{ .no_direct = true, .nfurther = 3 },
	};
	static struct many m[SERVERS];
	struct rng rng = { 23 };

	(void)state;
	for (unsigned k = 0; k < SERVERS; k++) {
		if (!many_open(&m[k], &opt[k]))
			skip();
		add_all(&m[k]);
		assert_spread(&m[k], 1 + opt[k].nfurther);
		many_frames(&m[k], 3);
	}
	for (unsigned round = 0; round < 90; round++) {
		uint32_t act = rng_below(&rng, round < 60 ? 8 : 80);

		many_round(m, SERVERS, act, CLIENTS, &rng);
	}
	for (unsigned k = 0; k < SERVERS; k++)
		many_close(&m[k]);
}

/* What nobody changes is neither drawn nor handed over. */
static void test_nothing_new(void **state)
{
	struct server_frame_stats s;
	struct many m;

	(void)state;
	if (!many_open(&m, &(struct server_options){ .nfurther = 1 }))
		skip();
	for (unsigned i = 0; i < 4; i++)
		many_add(&m, 50, 50, 0, "still", many_plain(1, 0, 0, 50, 50));
	many_frames(&m, 4);
	server_frame_stats_get(m.server, &s);
	assert_int_equal(s.redraws + s.copies, 0);
	assert_int_equal(s.skipped, 4);
	assert_true(server_idle(m.server));
	many_close(&m);
}

#define STREAM(rest, color) "blink 1\nnames context 8\nnames drawable 8\n" \
	"sp 0 init {\n" rest "end\n}\n" \
	"sp 1 redraw frame 0 context 1 drawable 1 {\n" \
	"glClearColor " color ", 1\nglClear GL_COLOR_BUFFER_BIT\nblinkSwap 1\nend\n}\n"
#define STREAM_BEGINS "blinkContext 1, 0, 0, 0\nblinkDrawable 1, 60, 50, 0x18000004\n" \
	"blinkMakeCurrent 1, 1, 1\n"

/* What a stream draws while its window is covered is there when it is uncovered. */
static void test_hidden_stream(void **state)
{
	static const uint8_t green[3] = { 0, 255, 0 };
	struct error err;
	struct many m;

	(void)state;
	if (!many_open(&m, &(struct server_options){ .no_direct = true, .nfurther = 1 }))
		skip();
	many_add(&m, 100, 100, 0, "above", many_plain(1, 0, 0, 100, 100));
	m.stream_bytes = 1u << 16;
	many_add(&m, 60, 50, 0, "stream", NULL);
	assert_int_equal(many_info(&m, 2).painter, 1);
	one_push(&m.c[1], STREAM(STREAM_BEGINS, "0, 0, 1"));
	many_frames(&m, 3);
	server_move(m.server, 1, 40, 40, &err);
	server_move(m.server, 2, 60, 60, &err);
	server_raise(m.server, 1, &err);
	many_frames(&m, 2);
	one_push(&m.c[1], STREAM("", "0, 1, 0"));
	many_frames(&m, 3);
	server_raise(m.server, 2, &err);
	many_frames(&m, 2);
	many_look(&m);
	assert_memory_equal(many_pixel(&m, 90, 85), green, 3);
	many_close(&m);
}

/* ---- one that is stuck ------------------------------------------------------------------------ */

/* A command of the further painter's driver that does not end while it is told so. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop, stopped;
	void (*real)(uint32_t);
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void gated_clear(uint32_t mask)
{
	pthread_mutex_lock(&gate.lock);
	gate.stopped = gate.stop;
	pthread_cond_broadcast(&gate.changed);
	while (gate.stop)
		pthread_cond_wait(&gate.changed, &gate.lock);
	gate.stopped = false;
	pthread_mutex_unlock(&gate.lock);
	gate.real(mask);
}

static void gate_set(bool stop)
{
	pthread_mutex_lock(&gate.lock);
	gate.stop = stop;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static void gate_reached(void)
{
	pthread_mutex_lock(&gate.lock);
	while (!gate.stopped)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

static _Atomic uint32_t turn[2];

static void turn_note(void *user, uint32_t painter, uint32_t id)
{
	(void)user;
	atomic_store(&turn[painter], id);
}

static uint32_t gone;

static void gone_note(void *user, uint32_t id, enum vso_fault why)
{
	(void)user;
	(void)id;
	gone += why == VSO_FAULT_DISMISSED;
}

static const uint8_t *area_pixel(struct many *m, uint32_t id)
{
	struct server_client_info i = many_info(m, id);

	return many_pixel(m, i.x + (int)i.width / 2, i.y + (int)i.height / 2);
}

static uint32_t of_painter(struct many *m, uint32_t painter)
{
	struct server_client_info info[MANY_CLIENTS];
	uint32_t n = server_clients(m->server, info, MANY_CLIENTS);

	for (uint32_t i = 0; i < n; i++)
		if (info[i].painter == painter)
			return info[i].id;
	fail();
	return 0;
}

/* A command of the composer's clients, in the midst of its display frame. */
static struct { bool on; _Atomic bool again; void (*real)(uint32_t); } between;

static void between_clear(uint32_t mask)
{
	if (between.on) {
		between.on = false;
		gate_set(false);
	}
	between.real(mask);
}

static bool stuck_open(struct many *m)
{
	static const struct server_options opt = { .no_direct = true, .nfurther = 1,
						   .patience_ns = 1, .turn = turn_note };

	if (!many_open(m, &opt))
		return false;
	gate.real = (void (*)(uint32_t))m->further[0]->entry[OP_glClear];
	m->further[0]->entry[OP_glClear] = (sink_fn)gated_clear;
	between.real = (void (*)(uint32_t))m->gl->entry[OP_glClear];
	m->gl->entry[OP_glClear] = (sink_fn)between_clear;
	for (unsigned i = 0; i < 4; i++)
		many_add(m, 60, 50, VSO_HELLO_RESIZE, "moving", many_moving(1, 0, 0, 60, 50));
	/* (late ones are not waited for) */
	do
		many_frame(m);
	while (many_info(m, of_painter(m, 1)).redraws < 3);
	return true;
}

static void stuck_release(struct many *m)
{
	struct server_frame_stats s;

	gate_set(false);
	do {
		many_frame(m);
		server_frame_stats_get(m->server, &s);
	} while (s.late);
}

static void test_stuck(void **state)
{
	struct server_client_info info[MANY_CLIENTS];
	struct server_frame_stats s;
	struct error err;
	struct many m;
	uint32_t good, bad;
	uint64_t drawn;

	(void)state;
	if (!stuck_open(&m))
		skip();
	good = of_painter(&m, 0);
	bad = of_painter(&m, 1);
	gate_set(true);
	many_frame(&m);
	gate_reached();
	assert_int_equal(many_info(&m, atomic_load(&turn[1])).painter, 1);
	drawn = many_info(&m, good).redraws;
	many_frames(&m, 10);
	server_frame_stats_get(m.server, &s);
	assert_int_equal(s.late, 1);
	assert_false(server_idle(m.server));
	assert_int_equal(many_info(&m, good).redraws, drawn + 10);
	/* it is where it was; and can be put elsewhere, looked at, and sent away */
	many_look(&m);
	assert_true(area_pixel(&m, bad)[0] + area_pixel(&m, bad)[1] > 0);
	assert_int_equal(server_move(m.server, bad, 200, 150, &err), 0);
	assert_int_equal(server_raise(m.server, bad, &err), 0);
	assert_int_equal(server_resize(m.server, bad, 70, 60, &err), 0);
	many_frame(&m);
	many_look(&m);
	assert_true(many_pixel(&m, 230, 175)[0] + many_pixel(&m, 230, 175)[1] > 0);
	/* (told at once: should the server begin anew, it does not come again) */
	m.server->opt.gone = gone_note;
	assert_int_equal(server_close_client(m.server, bad, &err), 0);
	assert_int_equal(gone, 1);
	many_frame(&m);
	/* who comes meanwhile comes to another */
	many_add(&m, 30, 30, 0, "new", many_plain(0, 0, 1, 30, 30));
	assert_int_equal(many_info(&m, 5).painter, 0);
	stuck_release(&m);
	many_frames(&m, 2);
	for (uint32_t i = server_clients(m.server, info, MANY_CLIENTS); i-- > 0;)
		assert_int_not_equal(info[i].id, bad);
	assert_int_equal(gone, 1);
	assert_int_equal(atomic_load(&turn[1]), SERVER_TURN_REST);
	many_close(&m);
}

/* ---- one that is always late ------------------------------------------------------------------ */

/* It comes to an end in there, and stops in its next frame. */
static void turn_note_late(void *user, uint32_t painter, uint32_t id)
{
	if (painter && id == SERVER_TURN_REST && atomic_load(&between.again))
		gate_set(true);
	turn_note(user, painter, id);
}

/* It rests in the midst of display frames alone: clients go all the same, and are seen. */
static void test_always_late(void **state)
{
	struct server_client_info info[MANY_CLIENTS];
	struct error err;
	struct many m;
	uint32_t bad, n;

	(void)state;
	if (!stuck_open(&m))
		skip();
	m.server->opt.turn = turn_note_late;
	bad = of_painter(&m, 1);
	gate_set(true);
	many_frame(&m);
	gate_reached();
	assert_int_equal(server_close_client(m.server, bad, &err), 0);
	atomic_store(&between.again, true);
	between.on = true;
	m.server->opt.patience_ns = 10000000000u;
	many_frame(&m);
	atomic_store(&between.again, false);
	m.server->opt.patience_ns = 1;
	n = server_clients(m.server, info, MANY_CLIENTS);
	assert_int_equal(n, 3);
	while (n-- > 0)
		assert_int_not_equal(info[n].id, bad);
	stuck_release(&m);
	many_close(&m);
}

/* What it did is counted, when it has ended. */
static void test_late_is_counted(void **state)
{
	struct server_frame_stats s;
	uint64_t told, counted = 0;
	struct many m;

	(void)state;
	if (!stuck_open(&m))
		skip();
	stuck_release(&m);
	told = m.events[SERVER_EVENT_REDRAW];
	gate_set(true);
	for (unsigned i = 0; i < 4 || s.late; i++) {
		if (i == 3)
			gate_set(false);
		many_frame(&m);
		server_frame_stats_get(m.server, &s);
		counted += s.redraws;
	}
	assert_int_equal(counted, m.events[SERVER_EVENT_REDRAW] - told);
	many_close(&m);
}

/* The server ends, and one does not: it says so, and frees nothing that is in use. */
static void test_stuck_at_the_end(void **state)
{
	struct many m;

	(void)state;
	if (!stuck_open(&m))
		skip();
	gate_set(true);
	many_frame(&m);
	gate_reached();
	assert_false(server_destroy(m.server));
	stuck_release(&m);
	many_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_pictures),
		cmocka_unit_test(test_nothing_new),
		cmocka_unit_test(test_hidden_stream),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_always_late),
		cmocka_unit_test(test_late_is_counted),
		cmocka_unit_test(test_stuck_at_the_end),
	};

	if (!many_possible())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
