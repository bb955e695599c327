/* one.c - see one.h. */
#include "tests/server/one.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <GL/gl.h>

#include "blink/sp/asm.h"

struct sink *one_driver(void)
{
	struct sink_gl_options opt = { .back = true };
	struct error err = { 0 };
	struct sink *gl;

	if (sink_gl_create(&gl, &opt, &err) == 0)
		return gl;
	printf("# %s\n", err.text);
	return NULL;
}

static void check(int r, const struct error *err)
{
	if (r < 0)
		fail_msg("%s", err->text);
}

/* ---- clients ------------------------------------------------------------------------------ */

struct shader_judge *one_judge;

/* early: published, and an update asked for, before there is a server to look. */
static void open_with(struct one *o, struct sink *gl, uint32_t flags, uint32_t stream,
		      uint64_t memory, const char *early)
{
	struct vso_wishes w = { .name = "one", .objects = 256, .slots = 64, .flags = flags,
				.width = ONE_SIDE, .height = ONE_SIDE, .data_bytes = 8u << 20,
				.stream_bytes = stream };
	struct vso_loopback_options lo = { 0 };
	struct vso_link *link;
	struct vso_peer *peer;
	struct vso_server *v;
	struct error err = { 0 };

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		w.names[i] = 256;
	memset(o, 0, sizeof(*o));
	o->gl = gl;
	o->opt = (struct server_options){ .width = 256, .height = 256, .refresh = 50,
					  .clients = 4, .limits = server_limits_default,
					  .judge = one_judge };
	if (memory)
		o->opt.limits.memory = memory;
	o->opt.limits.quotas = vso_quotas_default;
	/* how long something takes here decides nothing */
	o->opt.limits.compile_ns = UINT64_MAX;
	o->tick = (struct served_tick){ .refresh = 50, .budget_ns = 10000000000ull };
	lo.pages = vso_client_pages(&w);
	check(vso_loopback_create(&link, &peer, &lo, &err), &err);
	check(vso_client_create(&o->client, link, &w, &err), &err);
	if (early) {
		one_publish(o, early);
		vso_client_update(o->client);
	}
	check(vso_server_create(&v, peer, &o->opt.limits.quotas, &err), &err);
	check(served_create(&o->served, gl, v, &o->opt, &err), &err);
	check(served_resize(o->served, ONE_SIDE, ONE_SIDE, &err), &err);
	check(vso_client_start(o->client, 0, &err), &err);
}

void one_open(struct one *o, struct sink *gl, uint32_t flags, uint32_t stream, uint64_t memory)
{
	open_with(o, gl, flags, stream, memory, NULL);
}

void one_open_late(struct one *o, struct sink *gl, const char *text)
{
	open_with(o, gl, 0, 0, 0, text);
}

void one_close(struct one *o)
{
	served_destroy(o->served, VSO_FAULT_OK);
	vso_client_destroy(o->client);
}

/* ---- texts -------------------------------------------------------------------------------- */

static struct blink_file *assemble(const char *text, char path[32])
{
	struct blink_file *f;
	struct error err = { 0 };
	int fd;

	snprintf(path, 32, "/tmp/blink-one-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	check(blink_assemble(text, strlen(text), "text", path, NULL, &err), &err);
	check(blink_open(&f, path, 0, &err), &err);
	return f;
}

struct text { struct blink_file *file; };

struct text *text_open(const char *source)
{
	struct text *t = calloc(1, sizeof(*t));
	char path[32];

	assert_non_null(t);
	t->file = assemble(source, path);
	unlink(path);
	return t;
}

enum engine_status text_run(struct text *t, uint32_t id, struct client *c)
{
	enum engine_status status;
	struct error err = { 0 };
	struct sp sp;

	check(blink_sp_load(t->file, id, &sp, &err), &err);
	c->payloads = *blink_payloads(t->file);
	c->budget = UINT64_MAX;
	status = interp_run(c, &sp, 0);
	blink_sp_release(t->file, id);
	return status;
}

void text_close(struct text *t)
{
	blink_close(t->file);
	free(t);
}

static void put(struct one *o, uint32_t object, const struct vso_desc *d, const void *data)
{
	struct error err = { 0 };

	check(vso_publish(o->client, object, d, data, &err), &err);
}

void one_put(struct one *o, uint32_t object, uint8_t type, const void *data, uint32_t size)
{
	vso_client_reclaim(o->client);
	put(o, object, &(struct vso_desc){ .type = type, .size = size }, data);
	vso_client_ring(o->client);
}

void one_put_sp(struct one *o, uint32_t object, enum sp_callback callback)
{
	const uint32_t code[] = { sp_header(OP_end, 0) };

	vso_client_reclaim(o->client);
	put(o, object, &(struct vso_desc){ .type = VSO_SP, .callback = (uint8_t)callback,
					   .size = sizeof(code) }, code);
	vso_client_ring(o->client);
}

void one_publish(struct one *o, const char *text)
{
	char path[32];
	struct blink_file *f = assemble(text, path);
	struct error err = { 0 };

	vso_client_reclaim(o->client);
	for (uint32_t i = 1; i < blink_payloads(f)->n; i++) {
		struct sp_payload p;

		check(blink_payload_load(f, i, &p, &err), &err);
		put(o, i, &(struct vso_desc){ .type = VSO_DATA, .size = p.size }, p.data);
	}
	for (uint32_t i = 0; i < blink_sp_count(f); i++) {
		struct sp sp;

		check(blink_sp_load(f, i, &sp, &err), &err);
		put(o, ONE_SPS + i, &(struct vso_desc){ .type = VSO_SP, .callback = sp.callback,
							.size = sp.nwords * 4,
							.context = sp.context,
							.drawable = sp.drawable }, sp.code);
		blink_sp_release(f, i);
	}
	vso_client_ring(o->client);
	blink_close(f);
	unlink(path);
}

void one_push(struct one *o, const char *text)
{
	char path[32];
	struct blink_file *f = assemble(text, path);
	struct error err = { 0 };

	for (uint32_t i = 0; i < blink_sp_count(f); i++) {
		struct vso_stream_sp s = { 0 };
		struct sp sp;

		check(blink_sp_load(f, i, &sp, &err), &err);
		s.callback = sp.callback;
		s.context = sp.context;
		s.drawable = sp.drawable;
		s.flags = VSO_STREAM_REPLY;
		s.code = sp.code;
		s.words = sp.nwords;
		s.payloads = blink_payloads(f)->v;
		s.npayloads = blink_payloads(f)->n;
		check(vso_stream_push(o->client, &s, 0, &err), &err);
		blink_sp_release(f, i);
	}
	blink_close(f);
	unlink(path);
}

enum vso_fault one_fault(const struct one *o, uint32_t object)
{
	uint64_t taken;

	return vso_client_fault(o->client, object, &taken);
}

/* ---- frames ------------------------------------------------------------------------------- */

struct served_look one_look(const struct one *o)
{
	struct served_look look;

	served_look(o->served, &look);
	return look;
}

static int frame(struct one *o, uint32_t screen, const struct place *at)
{
	struct error err = { 0 };
	int r = 1;

	o->tick.frame++;
	o->tick.now_ns += 20000000;
	o->tick.since_ns = o->tick.now_ns;
	served_take(o->served);
	assert_int_equal(served_prepare(o->served, &o->tick), VSO_FAULT_OK);
	if (one_look(o).has_redraw)
		r = served_redraw(o->served, &o->tick, screen, at, &err);
	check(r, &err);
	((void (*)(void))o->gl->entry[OP_glFlush])();
	return r;
}

int one_frame(struct one *o)
{
	return frame(o, 0, NULL);
}

int one_frame_direct(struct one *o, uint32_t screen, int x, int y)
{
	const struct place at = { x, y, ONE_SIDE, ONE_SIDE };

	return frame(o, screen, &at);
}

/* ---- pictures ------------------------------------------------------------------------------ */

static void server_context(struct sink *gl)
{
	static struct sink *made;
	struct error err = { 0 };

	if (made != gl)
		check(gl->ops->context_create(gl, SERVER_CONTEXT, 0, 0, 0, &err), &err);
	made = gl;
}

uint8_t *one_read(struct sink *gl, uint32_t drawable, uint32_t *w, uint32_t *h)
{
	struct error err = { 0 };
	uint8_t *rgb;

	server_context(gl);
	check(gl->ops->make_current(gl, SERVER_CONTEXT, drawable, drawable, &err), &err);
	check(sink_gl_read(gl, &rgb, w, h, &err), &err);
	return rgb;
}

uint8_t *one_picture(struct one *o)
{
	uint32_t w, h, d = served_retained(o->served, &w, &h);

	assert_int_not_equal(d, 0);
	return one_read(o->gl, d, &w, &h);
}

void one_screen(struct sink *gl, uint32_t w, uint32_t h, const uint8_t rgb[3])
{
	struct error err = { 0 };

	server_context(gl);
	gl->ops->drawable_destroy(gl, SERVER_SCREEN);
	check(gl->ops->drawable_create(gl, SERVER_SCREEN, w, h, 1, &err), &err);
	check(gl->ops->make_current(gl, SERVER_CONTEXT, SERVER_SCREEN, SERVER_SCREEN, &err), &err);
	((void (*)(float, float, float, float))gl->entry[OP_glClearColor])
		((float)rgb[0] / 255, (float)rgb[1] / 255, (float)rgb[2] / 255, 1);
	((void (*)(uint32_t))gl->entry[OP_glClear])(GL_COLOR_BUFFER_BIT);
	((void (*)(void))gl->entry[OP_glFlush])();
}

/* By a sink of its own: the client's numbers are the driver's there. */
uint8_t *one_unconfined(const char *text)
{
	struct client_limits l = { .slots = 64 };
	struct sink *gl = one_driver();
	char path[32];
	struct blink_file *f = assemble(text, path);
	struct error err = { 0 };
	struct client c;
	uint32_t w, h;
	uint8_t *rgb;

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		l.names[i] = 256;
	check(client_init(&c, gl, &l, &err), &err);
	for (uint32_t i = 0; i < blink_sp_count(f); i++) {
		struct sp sp;

		check(blink_sp_load(f, i, &sp, &err), &err);
		c.payloads = *blink_payloads(f);
		if (interp_run(&c, &sp, 0) != ENGINE_END)
			fail_msg("%s", c.error.text);
		blink_sp_release(f, i);
	}
	check(gl->ops->make_current(gl, 1, 1, 1, &err), &err);
	check(sink_gl_read(gl, &rgb, &w, &h, &err), &err);
	client_finish(&c);
	sink_destroy(gl);
	blink_close(f);
	unlink(path);
	return rgb;
}
