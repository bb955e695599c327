/* test_client.c - what a client's names and slots become: on a recorder whose driver
 * names count up from 1, and on sinks that lack entry points.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "blink/engine/engine.h"

struct world {
	struct buf log, code;
	struct sink *sink;
	struct client client;
	struct sp_payload payloads[4];
};

static const uint32_t names_payload[3] = { 5, 9, 7 };

static int setup(void **state)
{
	static struct world w;
	struct client_limits limits = { .slots = 4 };
	struct error err;

	memset(&w, 0, sizeof(w));
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		limits.names[s] = 16;
	buf_init(&w.log);
	buf_init(&w.code);
	w.sink = sink_recorder_create(&w.log);
	assert_int_equal(client_init(&w.client, w.sink, &limits, &err), 0);
	w.payloads[1] = (struct sp_payload){ (const uint8_t *)names_payload, 12, 0 };
	w.payloads[2] = (struct sp_payload){ (const uint8_t *)"light\0pos", 10, 0 };
	w.client.payloads = (struct sp_payloads){ w.payloads, 4 };
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	client_finish(&w->client);
	sink_destroy(w->sink);
	buf_finish(&w->log);
	buf_finish(&w->code);
	return 0;
}

static enum engine_status run(struct world *w)
{
	enum engine_status status;
	struct sp sp;

	sp_end(&w->code);
	sp = (struct sp){ .code = (const uint32_t *)(const void *)w->code.data,
			  .nwords = (uint32_t)(w->code.len / 4) };
	buf_clear(&w->log);
	status = interp_run(&w->client, &sp, 0);
	buf_clear(&w->code);
	return status;
}

/* Value v of call i in the log; the opcode where v is -1. */
static uint64_t logged(const struct world *w, unsigned i, int v)
{
	const uint32_t *p = (const uint32_t *)(const void *)w->log.data;
	const uint32_t *end = p + w->log.len / 4;
	uint64_t value;

	for (; p < end && i; i--)
		p += 2 + 2 * p[1];
	if (p == end)
		return UINT64_MAX;
	if (v < 0)
		return p[0];
	memcpy(&value, p + 2 + 2 * v, 8);
	return value;
}

static void generated_names(void **state)
{
	struct world *w = *state;

	sp_emit_words(&w->code, OP_glGenTextures, 3, 1, 0);
	sp_emit_words(&w->code, OP_glBindTexture, 0xde1, 9);
	sp_emit_words(&w->code, OP_glDeleteTextures, 1, 1, 4);
	sp_emit_words(&w->code, OP_glBindTexture, 0xde1, 9);
	assert_int_equal(run(w), ENGINE_END);
	assert_int_equal(w->client.calls, 4);
	assert_int_equal(w->client.names[GL_SPACE_TEXTURE][5], 1);
	assert_int_equal(w->client.names[GL_SPACE_TEXTURE][7], 3);
	assert_int_equal(logged(w, 1, 1), 2);
	/* deleted, and bound again: made again */
	assert_int_equal(logged(w, 3, -1), OP_glGenTextures);
	assert_int_equal(logged(w, 4, 1), 4);
}

static void names_made_at_bind(void **state)
{
	struct world *w = *state;

	sp_emit_words(&w->code, OP_glBindBuffer, 0x8892, 3);
	sp_emit_words(&w->code, OP_glBindBuffer, 0x8892, 0);
	sp_emit_words(&w->code, OP_glUseProgram, 11);
	assert_int_equal(run(w), ENGINE_END);
	assert_int_equal(logged(w, 0, -1), OP_glGenBuffers);
	assert_int_equal(logged(w, 1, 1), 1);
	assert_int_equal(logged(w, 2, 1), 0);
	/* programs are never made by using them: the driver is to find the error */
	assert_int_equal(logged(w, 3, -1), OP_glUseProgram);
	assert_int_equal(logged(w, 3, 0), CLIENT_NO_NAME);
}

static void locations_follow_links(void **state)
{
	struct world *w = *state;

	sp_emit_words(&w->code, OP_glCreateProgram, 4);
	sp_emit_words(&w->code, OP_glGetUniformLocation, 4, 2, 0, 0, 2);
	sp_emit_words(&w->code, OP_glGetUniformLocation, 4, 2, 0, 3, 3);
	sp_emit_words(&w->code, OP_glLinkProgram, 4);
	sp_emit_words(&w->code, OP_glUniform1i, 2, 77);
	assert_int_equal(run(w), ENGINE_END);
	assert_int_equal(w->client.names[GL_SPACE_PROGRAM][4], 1);
	assert_int_equal(logged(w, 3, -1), OP_glLinkProgram);
	assert_int_equal(logged(w, 4, -1), OP_glGetUniformLocation);
	assert_int_equal(logged(w, 5, -1), OP_glGetUniformLocation);
	/* "light[3]" is another question than "light" */
	assert_true(logged(w, 1, 1) != logged(w, 2, 1));
	assert_int_equal(logged(w, 6, 0), w->client.locations[2]);
	assert_int_equal(logged(w, 6, 1), 77);
	/* a slot may be given to another name: the old one is asked for no more */
	sp_emit_words(&w->code, OP_glGetUniformLocation, 4, 2, 6, 0, 2);
	sp_emit_words(&w->code, OP_glLinkProgram, 4);
	assert_int_equal(run(w), ENGINE_END);
	assert_int_equal(logged(w, 4, -1), UINT64_MAX);
}

static void attributes_are_moved(void **state)
{
	struct world *w = *state;

	sp_emit_words(&w->code, OP_glCreateProgram, 4);
	sp_emit_words(&w->code, OP_glGetAttribLocation, 4, 2, 6, 0, 0x10000);
	assert_int_equal(run(w), ENGINE_END);
	assert_int_equal(logged(w, 2, -1), OP_glBindAttribLocation);
	assert_int_equal(logged(w, 2, 1), 0x10000);
	assert_int_equal(logged(w, 3, -1), OP_glLinkProgram);
	/* a variable that the client's driver did not know stays unknown */
	sp_emit_words(&w->code, OP_glGetAttribLocation, 4, 2, 6, 0, 0xffffffff);
	assert_int_equal(run(w), ENGINE_END);
	assert_int_equal(w->log.len, 0);
}

/* Layouts are tight once, when a context is first current. */
static void contexts_are_tight(void **state)
{
	struct world *w = *state;

	sp_emit_words(&w->code, OP_blinkContext, 1, 0, 0, 0);
	sp_emit_words(&w->code, OP_blinkDrawable, 1, 64, 64, 1);
	sp_emit_words(&w->code, OP_blinkMakeCurrent, 1, 1, 1);
	sp_emit_words(&w->code, OP_blinkMakeCurrent, 1, 1, 1);
	sp_emit_words(&w->code, OP_blinkSwap, 1);
	assert_int_equal(run(w), ENGINE_END);
	assert_int_equal(logged(w, 3, -1), GL_OP_COUNT);
	assert_int_equal(logged(w, 3, 1), 1);
	assert_int_equal(logged(w, 5, -1), OP_blinkMakeCurrent);
	assert_int_equal(logged(w, 6, -1), OP_blinkSwap);
}

static void missing_entries_are_counted(void **state)
{
	struct world *w = *state;
	uint64_t calls = 0;

	w->sink->entry[OP_glUniform1i] = sink_missing_entry(OP_glUniform1i);
	for (unsigned i = 0; i < 3; i++)
		sp_emit_words(&w->code, OP_glUniform1i, 0, 1);
	assert_int_equal(run(w), ENGINE_END);
	assert_int_equal(w->log.len, 0);
	assert_string_equal(sink_missing(w->sink, 0, &calls), "glUniform1i");
	assert_int_equal(calls, 3);
	assert_null(sink_missing(w->sink, 1, &calls));
}

static void limits_stop_exactly(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 10; i++)
		sp_emit_words(&w->code, OP_glUniform1i, 0, i);
	w->client.budget = 4;
	assert_int_equal(run(w), ENGINE_LIMIT);
	assert_int_equal(w->client.calls, 4);
	assert_int_equal(w->client.pc, 12);
	assert_int_equal(logged(w, 3, 1), 3);
	assert_int_equal(logged(w, 4, -1), UINT64_MAX);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(generated_names),
		CASE(names_made_at_bind),
		CASE(locations_follow_links),
		CASE(attributes_are_moved),
		CASE(contexts_are_tight),
		CASE(missing_entries_are_counted),
		CASE(limits_stop_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
