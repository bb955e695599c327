/* test_control.c - requests that no blinkctl makes, on the control socket of a server: it
 * answers each with an error, and goes on. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "blink/server/broker_priv.h"

static char folder[] = "/tmp/blink-control-XXXXXX", path[64];
static pid_t server;

static const char *const requests[] = {
	"{\"verb\":null}", "{\"verb\":[]}", "{\"verb\":1}", "{}", "[]", "null", "\"top\"", "{\"verb\"",
	"{\"verb\":\"screenshot\"}", "{\"verb\":\"screenshot\",\"file\":null}",
	"{\"verb\":\"move\",\"id\":null,\"x\":null,\"y\":null}",
	"{\"verb\":\"move\",\"id\":-1,\"x\":1e300,\"y\":99999999999999999999}",
	"{\"verb\":\"resize\",\"id\":{},\"width\":[],\"height\":\"\"}",
	"{\"verb\":\"close\",\"id\":4294967296}",
};

static bool answered(const char *request, bool *ok)
{
	struct error err = { 0 };
	char *line = NULL;
	bool r = control_ask(path, request, &line, &err) >= 0;

	*ok = r && strstr(line, "\"ok\":true");
	free(line);
	return r;
}

static int setup(void **state)
{
	struct broker_summary sum;
	struct error err = { 0 };
	bool ok = false;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/s", folder);
	server = fork();
	if (!server) {
		const struct broker_options opt = {
			.server = { .width = 64, .height = 64, .refresh = 50, .clients = 4 },
			.listen = path, .null_gl = true, .no_filter = true, .watchdog_ms = 10000,
		};

		_exit(broker_run(&opt, &sum, &err) < 0);
	}
	for (unsigned i = 0; i < 3000 && !ok && !waitpid(server, NULL, WNOHANG); i++) {
		answered("{\"verb\":\"top\"}", &ok);
		usleep(10000);
	}
	return ok ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	rmdir(folder);
	return 0;
}

static void test_requests(void **state)
{
	bool ok;

	(void)state;
	for (unsigned i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		if (!answered(requests[i], &ok) || ok)
			fail_msg("%s: %s", requests[i], ok ? "it was done" : "no answer");
		if (!answered("{\"verb\":\"top\"}", &ok) || !ok)
			fail_msg("%s: the server is gone", requests[i]);
	}
}

/* A film on a full disk: the server says so when it ends. */
static void test_film(void **state)
{
	struct broker_summary sum;
	struct error err = { 0 };
	char film[80], at[80];
	struct broker_options opt = {
		.server = { .width = 64, .height = 64, .refresh = 50, .clients = 4 },
		.listen = at, .record = film, .null_gl = true, .no_filter = true,
		.watchdog_ms = 10000, .duration = 0.2,
	};
	int r;

	(void)state;
	snprintf(film, sizeof(film), "%s/full.y4m", folder);
	snprintf(at, sizeof(at), "%s/film", folder);
	assert_int_equal(symlink("/dev/full", film), 0);
	r = broker_run(&opt, &sum, &err);
	unlink(film);
	assert_int_equal(r, -EIO);
	assert_non_null(strstr(err.text, "film"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_requests),
					    cmocka_unit_test(test_film) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
