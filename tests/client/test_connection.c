/* test_connection.c - a client's connection over the local transport: what it publishes
 * arrives, is kept, and is published again when the server was lost and came back.
 *
 * The server here is a thread that takes objects and remembers them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "blink/client/blinkgl.h"
#include "blink/client/client.h"

#define OBJECTS 64
#define SECOND INT64_C(1000000000)

struct fake {
	char path[64];
	pthread_t thread;
	int listener;
	_Atomic bool stop, dismiss;
	/* of the object with that number, as taken last */
	struct vso_object object[OBJECTS];
	uint8_t bytes[OBJECTS][64];
	uint32_t taken;
	uint32_t regs[SP_REGISTERS];
	_Atomic uint64_t updates;
};

static void pause_a_little(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
}

static void take(struct fake *f, struct vso_server *s)
{
	struct vso_object o[4];
	uint32_t n;

	while ((n = vso_server_changes(s, o, 4)) > 0)
		for (uint32_t i = 0; i < n; i++) {
			uint32_t size = o[i].desc.size < 64 ? o[i].desc.size : 64;

			f->object[o[i].id] = o[i];
			if (o[i].data)
				memcpy(f->bytes[o[i].id], o[i].data, size);
			f->taken++;
			vso_server_taken(s, &o[i], 0, 0);
			vso_object_release(s, &o[i]);
		}
	vso_server_registers(s, f->regs);
	f->updates = vso_server_update(s);
}

static struct vso_server *accept_one(struct fake *f, int listener, int *connection)
{
	struct vso_local_grant grant;
	struct vso_server *s = NULL;
	struct vso_peer *p = NULL;
	int r;

	while ((*connection = accept(listener, NULL, NULL)) < 0) {
		if (f->stop)
			return NULL;
		pause_a_little();
	}
	while ((r = vso_local_receive(*connection, &grant, NULL)) == 0)
		pause_a_little();
	assert_int_equal(r, 1);
	assert_int_equal(vso_local_peer(&p, &grant, NULL), 0);
	/* it says hello before it rings */
	while (!p->ops->rung(p))
		pause_a_little();
	assert_int_equal(vso_server_create(&s, p, NULL, NULL), 0);
	return s;
}

static void *serve(void *user)
{
	struct fake *f = user;
	int connection = -1;
	struct vso_server *s = accept_one(f, f->listener, &connection);

	while (s && !f->stop) {
		take(f, s);
		pause_a_little();
	}
	if (s)
		vso_server_destroy(s, f->dismiss ? VSO_FAULT_DISMISSED : VSO_FAULT_ENDED, NULL);
	if (connection >= 0)
		close(connection);
	close(f->listener);
	unlink(f->path);
	return NULL;
}

static void fake_start(struct fake *f)
{
	f->stop = false;
	f->taken = 0;
	memset(f->bytes, 0, sizeof(f->bytes));
	/* (here: who connects between bind and listen is refused) */
	f->listener = vso_local_listen(f->path, NULL);
	assert_true(f->listener >= 0);
	assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

static void fake_stop(struct fake *f)
{
	f->stop = true;
	pthread_join(f->thread, NULL);
}

static void fake_init(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->path, sizeof(f->path), "/tmp/test-blink-%d", (int)getpid());
	unlink(f->path);
}

static struct blink_connection *publish(struct fake *f, const char *text)
{
	struct vso_wishes w = blink_wishes("test");
	struct blink_connection *c = NULL;
	uint32_t regs[SP_REGISTERS] = { [4] = 44 };
	struct error err = { 0 };
	void *at;

	if (blink_connect(&c, f->path, &w, &err) < 0)
		fail_msg("%s", err.text);
	blink_program_begin(c);
	blink_window(blink_program(c), 10, 10);
	assert_int_equal(blink_program_end(c, 1, SP_INIT, &err), 0);
	blink_program_begin(c);
	assert_int_equal(blink_program_end(c, 2, SP_REDRAW, &err), 0);
	assert_int_equal(blink_data(c, 3, false, "first", 6, &err), 0);
	assert_int_equal(blink_data(c, 3, false, text, (uint32_t)strlen(text) + 1, &err), 0);
	assert_int_equal(blink_data_begin(c, 4, true, 16, &at, &err), 0);
	memcpy(at, "in place", 9);
	assert_int_equal(blink_data_end(c, 4, &err), 0);
	assert_int_equal(blink_data(c, 5, false, "gone", 5, &err), 0);
	assert_int_equal(blink_delete(c, 5), 0);
	blink_registers(c, regs);
	if (blink_settle(c, 4, 5 * SECOND, &err) < 0)
		fail_msg("%s", err.text);
	return c;
}

static struct blink_connection *serve_and_publish(struct fake *f, const char *text)
{
	fake_init(f);
	fake_start(f);
	return publish(f, text);
}

static void check(struct fake *f, const char *text)
{
	assert_int_equal(f->object[1].desc.callback, SP_INIT);
	assert_int_equal(f->object[1].desc.context, 0);
	assert_int_equal(f->object[2].desc.callback, SP_REDRAW);
	assert_int_equal(f->object[2].desc.context, 1);
	assert_string_equal((char *)f->bytes[3], text);
	assert_string_equal((char *)f->bytes[4], "in place");
	assert_int_equal(f->object[4].desc.type, VSO_MAPPED);
	assert_int_equal(f->regs[4], 44);
}

static void test_published(void **state)
{
	struct error err = { 0 };
	struct blink_connection *c;
	struct fake f;

	(void)state;
	c = serve_and_publish(&f, "second");
	blink_request_update(c);
	blink_flush(c);
	/* (what was taken before may ring late) */
	for (int i = 0; i < 100 && !f.updates; i++)
		assert_true(blink_wait(c, SECOND / 20, &err) >= 0);
	fake_stop(&f);
	check(&f, "second");
	assert_int_equal(f.updates, 1);
	/* numbers that were not asked for */
	assert_int_equal(blink_data(c, 64, false, "x", 1, &err), -EINVAL);
	assert_int_equal(blink_data(c, 0, false, "x", 1, &err), -EINVAL);
	blink_disconnect(c);
}

/* The server ends, and another comes: everything is published anew. */
static void test_reconnects(void **state)
{
	struct error err = { 0 };
	struct blink_connection *c;
	struct fake f;

	(void)state;
	c = serve_and_publish(&f, "latest");
	fake_stop(&f);
	/* what is published meanwhile is kept */
	assert_true(blink_wait(c, SECOND / 10, &err) >= 0);
	assert_int_equal(blink_data(c, 3, false, "meanwhile", 10, &err), 0);
	memset(f.object, 0, sizeof(f.object));
	fake_start(&f);
	for (int i = 0; i < 100 && blink_reconnects(c) == 0; i++)
		assert_true(blink_wait(c, SECOND / 10, &err) >= 0);
	assert_int_equal(blink_reconnects(c), 1);
	assert_int_equal(blink_settle(c, 4, 5 * SECOND, &err), 0);
	blink_wait(c, SECOND / 20, &err);
	fake_stop(&f);
	check(&f, "meanwhile");
	assert_int_equal(f.object[5].version, 0);
	blink_disconnect(c);
}

/* A client that was dismissed does not come again. */
static void test_dismissed(void **state)
{
	struct error err = { 0 };
	struct blink_connection *c;
	struct fake f;
	int r = 0;

	(void)state;
	c = serve_and_publish(&f, "latest");
	f.dismiss = true;
	fake_stop(&f);
	for (int i = 0; i < 10 && r >= 0; i++)
		r = blink_wait(c, 5 * SECOND, &err);
	assert_int_equal(r, -ECONNRESET);
	assert_non_null(strstr(err.text, vso_fault_sentence(VSO_FAULT_DISMISSED)));
	blink_disconnect(c);
}

static void test_no_server(void **state)
{
	struct vso_wishes w = blink_wishes("test");
	struct blink_connection *c = NULL;
	struct error err = { 0 };

	(void)state;
	assert_true(blink_connect(&c, "/tmp/there-is-no-such-server", &w, &err) < 0);
	assert_null(c);
	assert_non_null(strstr(err.text, "there-is-no-such-server"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_reconnects),
		cmocka_unit_test(test_dismissed),
		cmocka_unit_test(test_no_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
