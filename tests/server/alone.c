/* alone.c - see alone.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/server/alone.h"

void alone_open(struct alone *m, struct sink *gl, const char *text, uint64_t memory)
{
	const struct confine_limits l = { .memory = memory, .contexts = 4, .drawables = 4 };
	struct client_limits names = { .slots = 64 };
	struct error err = { 0 };

	m->gl = gl;
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		names.names[i] = 256;
	assert_int_equal(confined_create(&m->k, gl, &l, NULL, &err), 0);
	assert_int_equal(client_init(&m->client, confined_sink(m->k), &names, &err), 0);
	m->text = text_open(text);
}

void alone_run(struct alone *m, uint32_t sp, uint32_t screen, const struct place *at)
{
	struct error err = { 0 };

	confined_enter(m->k);
	assert_int_equal(confined_target(m->k, screen, at, &err), 0);
	confined_resume(m->k, &err);
	m->status = text_run(m->text, sp, &m->client);
	((void (*)(void))m->gl->entry[OP_glFlush])();
}

void alone_close(struct alone *m)
{
	text_close(m->text);
	confined_enter(m->k);
	client_finish(&m->client);
	confined_destroy(m->k);
}
