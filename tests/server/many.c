/* many.c - see many.h. */
#include "tests/server/many.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(int r, const struct error *err)
{
	if (r < 0)
		fail_msg("%s", err->text);
}

static void count(void *user, const struct server_event *e)
{
	((struct many *)user)->events[e->kind]++;
}

static struct sink *further_sink(unsigned display)
{
	struct sink_gl_options opt = { .display = display };
	struct error err = { 0 };
	struct sink *gl;

	if (sink_gl_create(&gl, &opt, &err) == -ENODEV) {
		opt.display = 0;
		check(sink_gl_create(&gl, &opt, &err), &err);
	}
	return gl;
}

bool many_possible(void)
{
	struct sink *gl;

	setenv("LP_NUM_THREADS", "0", 1);
	gl = one_driver();
	sink_destroy(gl);
	return gl != NULL;
}

bool many_open(struct many *m, const struct server_options *opt)
{
	struct error err = { 0 };

	memset(m, 0, sizeof(*m));
	m->gl = one_driver();
	if (!m->gl)
		return false;
	m->opt = *opt;
	m->opt.width = MANY_W;
	m->opt.height = MANY_H;
	m->opt.refresh = 50;
	m->opt.clients = opt->clients ? opt->clients : MANY_CLIENTS;
	m->opt.limits = server_limits_default;
	m->opt.limits.quotas = vso_quotas_default;
	/* (on a loaded machine nobody is to be over his budget here) */
	m->opt.limits.frame_ns = 10000000000u;
	m->opt.limits.compile_ns = 10000000000u;
	m->opt.event = count;
	m->opt.user = m;
	m->now_ns = 1000000000000u;
	for (uint32_t i = 0; i < opt->nfurther; i++)
		m->further[i] = further_sink(i + 1);
	m->opt.further = m->further;
	/* (on a loaded machine all pictures are waited for) */
	m->opt.patience_ns = opt->patience_ns ? opt->patience_ns : 10000000000u;
	check(server_create(&m->server, m->gl, &m->opt, &err), &err);
	return true;
}

void many_close(struct many *m)
{
	server_destroy(m->server);
	for (uint32_t i = 0; i < m->n; i++)
		vso_client_destroy(m->c[i].client);
	for (uint32_t i = 0; i < m->opt.nfurther; i++)
		sink_destroy(m->further[i]);
	sink_destroy(m->gl);
	free(m->rgb);
}

uint32_t many_add(struct many *m, uint32_t w, uint32_t h, uint32_t flags, const char *name,
		  const char *text)
{
	struct vso_wishes wishes = { .name = name, .objects = 256, .slots = 64, .flags = flags,
				     .width = w, .height = h, .data_bytes = 1u << 20,
				     .stream_bytes = m->stream_bytes };
	const struct vso_loopback_options lo = { .pages = 0 };
	struct vso_loopback_options with = lo;
	struct one *c = &m->c[m->n];
	struct vso_link *link;
	struct vso_peer *peer;
	struct error err = { 0 };
	uint32_t id = 0;

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		wishes.names[i] = 64;
	with.pages = vso_client_pages(&wishes);
	check(vso_loopback_create(&link, &peer, &with, &err), &err);
	check(vso_client_create(&c->client, link, &wishes, &err), &err);
	m->link[m->n++] = link;
	check(server_attach(m->server, peer, &id, &err), &err);
	check(vso_client_start(c->client, 0, &err), &err);
	if (text)
		one_publish(c, text);
	return id;
}

void many_frame(struct many *m)
{
	struct error err = { 0 };

	m->now_ns += 20000000u;
	check(server_frame(m->server, m->now_ns, &err), &err);
}

void many_frames(struct many *m, unsigned n)
{
	while (n--)
		many_frame(m);
}

const uint8_t *many_look(struct many *m)
{
	struct error err = { 0 };
	uint32_t w, h;

	free(m->rgb);
	check(server_screenshot(m->server, &m->rgb, &w, &h, &err), &err);
	return m->rgb;
}

const uint8_t *many_pixel(const struct many *m, int x, int y)
{
	assert_in_range(x, 0, MANY_W - 1);
	assert_in_range(y, 0, MANY_H - 1);
	return m->rgb + ((size_t)y * MANY_W + (size_t)x) * 3;
}

struct server_client_info many_info(struct many *m, uint32_t id)
{
	struct server_client_info info[MANY_CLIENTS];
	uint32_t n = server_clients(m->server, info, MANY_CLIENTS);

	for (uint32_t i = 0; i < n; i++)
		if (info[i].id == id)
			return info[i];
	fail_msg("there is no client %u", id);
	return info[0];
}

/* ---- servers that are to show the same ----------------------------------------------------- */

static void window_act(struct many *m, uint32_t act, uint32_t id, uint32_t x, uint32_t y)
{
	struct error err;

	switch (act) {
	case MANY_MOVE: case MANY_MOVE + 1:
		server_move(m->server, id, (int)x - 40, (int)y, &err);
		break;
	case MANY_RAISE:
		server_raise(m->server, id, &err);
		break;
	case MANY_FOCUS:
		server_focus(m->server, id, &err);
		break;
	case MANY_RESIZE:
		server_resize(m->server, id, 30 + x / 4, 30 + y / 4, &err);
		break;
	case MANY_POINT:
		server_pointer(m->server, (int)x, (int)y, 0);
		break;
	default:
		break;
	}
}

void many_round(struct many *m, unsigned servers, uint32_t act, uint32_t clients, struct rng *rng)
{
	uint32_t id = 1 + rng_below(rng, clients);
	uint32_t x = rng_below(rng, MANY_W), y = rng_below(rng, MANY_H);

	for (unsigned k = 0; k < servers; k++) {
		window_act(&m[k], act, id, x, y);
		many_frame(&m[k]);
		many_look(&m[k]);
		if (memcmp(m[0].rgb, m[k].rgb, MANY_W * MANY_H * 3))
			fail_msg("server %u, act %u of client %u: another picture", k, act, id);
	}
}

/* ---- texts --------------------------------------------------------------------------------- */

/* A drawable with 24 bits of depth and 8 of stencil, without alpha. */
#define HEAD \
	"blink 1\nnames context 8\nnames drawable 8\n" \
	"sp 0 init {\nblinkContext 1, 0, 0, 0\nblinkDrawable 1, %u, %u, %u\n" \
	"blinkMakeCurrent 1, 1, 1\nglDisable GL_DITHER\nglEnable GL_DEPTH_TEST\nend\n}\n"
#define CONFIG (4u | 24u << 16 | 8u << 24)

const char *many_plain(float r, float g, float b, uint32_t w, uint32_t h)
{
	static char text[1024];

	snprintf(text, sizeof(text), HEAD
		 "sp 1 redraw frame 0 context 1 drawable 1 {\n"
		 "glViewport 0, 0, %u, %u\n"
		 "glClearColor %g, %g, %g, 1\nglClear GL_COLOR_BUFFER_BIT\nend\n}\n",
		 w, h, CONFIG, w, h, (double)r, (double)g, (double)b);
	return text;
}

const char *many_moving(float r, float g, float b, uint32_t w, uint32_t h)
{
	static char text[2048];

	snprintf(text, sizeof(text), HEAD
		 "sp 1 redraw frame 0 context 1 drawable 1 {\n"
		 "glViewport 0, 0, %u, %u\n"
		 "glClearColor %g, %g, %g, 1\nglClear GL_COLOR_BUFFER_BIT|GL_DEPTH_BUFFER_BIT\n"
		 "ext r0, time\nmul.f r1, r0, 90\n"
		 "glMatrixMode GL_MODELVIEW\nglLoadIdentity\nglRotatef r1, 0, 0, 1\n"
		 "glColor3f %g, %g, %g\n"
		 "glRectf -0.5, -0.5, 0.5, 0.5\nend\n}\n",
		 w, h, CONFIG, w, h, (double)r, (double)g, (double)b, (double)(1 - r),
		 (double)(1 - g), (double)(1 - b));
	return text;
}
