/* served_acts.h - bytes as what several clients do and what is done with their windows: the
 * whole server above loopback clients, over a driver that looks (served_witness.h), by a clock
 * that goes on whenever it is asked for, so that the same bytes are the same run.
 *
 * The first bytes say what kind of server it is: budgets, memory, a judge that takes its time,
 * a further painter.  Then act after act.  Static functions, for a fuzzer and a test
 * (fuzz_served.c, test_served_acts.c). */
#ifndef TESTS_SERVER_SERVED_ACTS_H
#define TESTS_SERVER_SERVED_ACTS_H

#include "tests/server/served_judge.h"
#include "tests/server/served_words.h"
#include "tests/server/served_witness.h"

#define SERVED_CLIENTS 3u
#define SERVED_STREAM (2u * VSO_PAGE)
#define SERVED_DATA (40u * VSO_PAGE)
#define SERVED_W 160u
#define SERVED_H 120u

struct served_acts {
	struct words_in in;
	struct sink *gl, *further;
	struct server *server;
	struct shader_judge judge;
	struct server_options opt;
	struct vso_client *client[SERVED_CLIENTS];     /* NULL: it has gone */
	struct vso_link *link[SERVED_CLIENTS];
	uint32_t id[SERVED_CLIENTS];
	uint32_t free_page, pages;
	uint64_t now_ns;
};

static uint32_t served_byte(struct served_acts *a) { return words_byte(&a->in); }

/* ---- time ------------------------------------------------------------------------------- */

static _Thread_local uint64_t served_now = 1000000;
static uint64_t served_step = 1000;

static uint64_t served_time(void)
{
	return served_now += served_step;
}

static void served_told(void *user, const struct server_event *e)
{
	(void)user;
	WITNESS_HOLD(e->kind < SERVER_EVENT_KINDS);
}

/* ---- clients ------------------------------------------------------------------------------ */

static struct window *served_window(struct served_acts *a, uint32_t i)
{
	for (uint32_t k = 0; k < a->server->n; k++)
		if (a->server->windows[k]->id == a->id[i])
			return a->server->windows[k];
	return NULL;
}

static bool served_publish(struct served_acts *a, uint32_t i, uint32_t object,
			   const struct vso_desc *d, const void *data)
{
	bool ok;

	vso_client_reclaim(a->client[i]);
	ok = vso_publish(a->client[i], object, d, data, NULL) == 0;
	vso_client_ring(a->client[i]);
	return ok;
}

static void served_furnish(struct served_acts *a, uint32_t i)
{
	static uint8_t data[256];
	uint32_t code[WORDS_MAX], n = words_init(code);
	struct vso_desc d = { .type = VSO_SP, .callback = SP_INIT, .size = n * 4 };

	served_publish(a, i, 1, &d, code);
	for (uint32_t k = WORDS_NAMES; k <= WORDS_PIXELS; k++) {
		words_data(k, 0, data, sizeof(data));
		served_publish(a, i, k, &(struct vso_desc){ .type = VSO_DATA, .size = sizeof(data) },
			       data);
	}
}

static void served_go(struct served_acts *a, uint32_t i, bool killed)
{
	if (killed)
		vso_loopback_kill(a->link[i]);
	vso_client_destroy(a->client[i]);
	a->client[i] = NULL;
}

static void served_come(struct served_acts *a, uint32_t i)
{
	uint32_t b = served_byte(a);
	struct vso_wishes w = { .name = "acts", .objects = WORDS_OBJECTS, .slots = 8,
				.flags = b & 7, .width = 40, .height = 30,
				.data_bytes = SERVED_DATA,
				.stream_bytes = b & 8 ? SERVED_STREAM : 0 };
	struct vso_loopback_options lo = { .no_map = b & 16 };
	struct vso_peer *peer;
	struct error err = { 0 };

	if (a->client[i])
		return;
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		w.names[s] = 8;
	lo.pages = a->pages = vso_client_pages(&w);
	a->free_page = vso_free_page(WORDS_OBJECTS);
	WITNESS_HOLD(!vso_loopback_create(&a->link[i], &peer, &lo, &err));
	WITNESS_HOLD(!vso_client_create(&a->client[i], a->link[i], &w, &err));
	if (server_attach(a->server, peer, &a->id[i], &err) < 0 ||
	    vso_client_start(a->client[i], 0, &err) < 0) {
		served_go(a, i, false);
		return;
	}
	if (b & 32)
		served_furnish(a, i);
}

/* ---- what a client does ------------------------------------------------------------------- */

static void served_sp(struct served_acts *a, uint32_t i)
{
	uint32_t code[WORDS_MAX], object = served_byte(a), b = served_byte(a), n;
	struct vso_desc d = { .type = VSO_SP, .callback = (uint8_t)(b & 7),
			      .context = b >> 3 & 3, .drawable = b >> 5 & 3 };

	if (d.callback >= SP_CALLBACKS)
		d.callback = d.callback == 7 ? SP_REDRAW : VSO_CALLEE;
	if (b & 128)
		d.context = d.drawable = 1;
	n = words_procedure(&a->in, served_byte(a) % 48, code);
	d.size = n * 4;
	/* seldom no whole procedure, or none of a known callback */
	if (object >= 250)
		d.size -= 4 * (object - 249) < d.size ? 4 * (object - 249) : 0;
	if (object >= 248 && object < 250)
		d.callback = 77;
	served_publish(a, i, 1 + object % (WORDS_OBJECTS - 1), &d, code);
}

static void served_data(struct served_acts *a, uint32_t i, uint8_t type)
{
	static uint8_t data[80000];
	static const uint32_t sizes[8] = { 256, 4, 25, 256, 4096, 5000, 256, 80000 };
	uint32_t object = 1 + served_byte(a) % (WORDS_OBJECTS - 1), b = served_byte(a);
	struct vso_desc d = { .type = type, .size = sizes[b & 7] };

	words_data(b & 8 ? WORDS_NAMES + (b >> 4) % 6 : object, b >> 4, data, d.size);
	served_publish(a, i, object, &d, data);
}

static void served_push(struct served_acts *a, uint32_t i)
{
	static uint8_t data[256];
	uint32_t code[WORDS_MAX], b = served_byte(a);
	struct sp_payload p[WORDS_OBJECTS] = { { 0 } };
	struct vso_stream_sp s = { .callback = (uint8_t)(b % SP_CALLBACKS), .code = code,
				   .context = b >> 3 & 3, .drawable = b >> 5 & 3,
				   .flags = b >> 7, .payloads = p, .npayloads = WORDS_OBJECTS };

	if (!(vso_server_hello(served_vso(served_window(a, i)->client))->stream_bytes))
		return;
	words_data(served_byte(a), 0, data, sizeof(data));
	for (uint32_t k = 1; k < WORDS_OBJECTS; k++)
		p[k] = (struct sp_payload){ data, 64, 0 };
	s.words = words_procedure(&a->in, served_byte(a) % 48, code);
	vso_stream_push(a->client[i], &s, 0, NULL);
	vso_client_ring(a->client[i]);
}

static void served_registers(struct served_acts *a, uint32_t i)
{
	uint32_t regs[SP_REGISTERS] = { 0 };

	for (unsigned k = 0; k < 4; k++)
		regs[k] = served_byte(a);
	vso_client_registers(a->client[i], regs);
}

/* What a mapped object holds may become something else at any time; and lists of pages. */
static void served_scribble(struct served_acts *a, uint32_t i)
{
	uint32_t n = a->free_page + served_byte(a) % (a->pages - a->free_page);
	uint32_t *page = n < a->pages ? a->link[i]->ops->page(a->link[i], n) : NULL;
	uint32_t at = served_byte(a) * 4;

	if (page)
		page[at] = served_byte(a);
}

/* ---- what is done with it ----------------------------------------------------------------- */

static void served_screen(struct served_acts *a, uint32_t act, uint32_t id)
{
	int x = (int)served_byte(a) - 40, y = (int)served_byte(a) - 40;
	struct error err;

	switch (act % 7) {
	case 0: server_move(a->server, id, x, y, &err); break;
	case 1: server_resize(a->server, id, (uint32_t)x & 127, (uint32_t)y & 127, &err); break;
	case 2: server_raise(a->server, id, &err); break;
	case 3: server_focus(a->server, id, &err); break;
	case 4: server_key(a->server, (uint32_t)x & 3, y & 1); break;
	default: server_pointer(a->server, x, y, (uint32_t)(x ^ y) & 1); break;
	}
}

/* What becomes of contexts and drawables is the driver's affair. */
static void served_driver(struct served_acts *a, uint32_t i)
{
	struct window *w = served_window(a, i);
	uint32_t b = served_byte(a);

	if (b & 1) {
		witness.fails = 1 + (b >> 1) % 8;
		return;
	}
	witness.lost = true;
	/* (it is asked now and then) */
	if (w && !w->painter)
		w->client->turns |= 15;
}

static void served_gone(struct served_acts *a)
{
	for (uint32_t i = 0; i < SERVED_CLIENTS; i++)
		if (a->client[i] && !served_window(a, i))
			served_go(a, i, false);
}

/* What the server has said of its objects; each field has one writer. */
static void served_states(struct served_acts *a, uint32_t i)
{
	const struct vso_entry *e = a->link[i]->ops->page(a->link[i], vso_entries_page());
	const struct vso_state *s = a->link[i]->ops->page(a->link[i],
							   vso_states_page(WORDS_OBJECTS));

	for (uint32_t k = 1; k < WORDS_OBJECTS; k++) {
		WITNESS_HOLD(s[k].released <= s[k].taken && s[k].taken <= e[k].version);
		WITNESS_HOLD(s[k].fault < VSO_FAULTS);
	}
}

static void served_frame(struct served_acts *a)
{
	struct error err = { 0 };
	int r;

	a->now_ns += 20000000;
	r = server_frame(a->server, a->now_ns, &err);
	WITNESS_HOLD(r >= 0);
	witness_server(a->server);
	server_idle(a->server);
	served_gone(a);
	for (uint32_t i = 0; i < SERVED_CLIENTS; i++)
		if (a->client[i])
			served_states(a, i);
}

/* (who is drawn so often is drawn elsewhere at last) */
static void served_frames(struct served_acts *a, uint32_t n)
{
	while (n--)
		served_frame(a);
}

static void served_look_at(struct served_acts *a)
{
	struct server_client_info info[SERVED_CLIENTS];
	uint32_t w, h, n = server_clients(a->server, info, SERVED_CLIENTS);
	uint8_t *rgb = NULL;
	struct error err;

	WITNESS_HOLD(n <= SERVED_CLIENTS);
	if (server_screenshot(a->server, &rgb, &w, &h, &err) == 0)
		free(rgb);
}

static void served_one(struct served_acts *a)
{
	uint32_t b = served_byte(a), i = b / 32 % SERVED_CLIENTS, act = b % 32;
	struct error err;

	/* who is not there comes, or somebody else does something */
	if (act < 22 && !a->client[i]) {
		served_come(a, i);
		return;
	}
	switch (act) {
	case 0: case 1: case 2: case 3: case 4: case 5: case 6: served_sp(a, i); break;
	case 7: case 8: served_data(a, i, VSO_DATA); break;
	case 9: served_data(a, i, VSO_MAPPED); break;
	case 10: case 11:
		vso_delete(a->client[i], 1 + served_byte(a) % (WORDS_OBJECTS - 1));
		break;
	case 12: case 13: case 14: served_push(a, i); break;
	case 15: served_registers(a, i); break;
	case 16: case 17: vso_client_update(a->client[i]); break;
	case 18: served_scribble(a, i); break;
	case 19: served_go(a, i, served_byte(a) & 1); break;
	case 20: served_driver(a, i); break;
	case 21: server_close_client(a->server, a->id[i], &err); served_gone(a); break;
	case 22: case 23: case 24: served_screen(a, served_byte(a), a->id[i]); break;
	case 25: served_look_at(a); break;
	case 26: case 27: served_frames(a, 2 + served_byte(a) % 16); break;
	default: served_frame(a); break;
	}
}

/* Nobody does anything any more, and there is time for all: who has nothing under way comes to
 * rest. */
static void served_rest(struct served_acts *a)
{
	if (a->opt.limits.frame_ns < 1000000000 || a->opt.limits.compile_ns != UINT64_MAX)
		return;
	for (unsigned i = 0; i < 40 && !server_idle(a->server); i++)
		served_frame(a);
	for (uint32_t i = 0; i < a->server->n; i++) {
		struct served *c = a->server->windows[i]->client;

		WITNESS_HOLD(c->run.on || c->waiting || c->item_taken || !served_busy(c));
		WITNESS_HOLD(c->run.on || c->waiting || c->owed ||
			     c->updated == vso_server_update(c->vso));
		WITNESS_HOLD(!c->item_taken || c->run.on || (c->item_program.uses & PROGRAM_SHADERS));
	}
}

/* ---- one run --------------------------------------------------------------------------------- */

static void served_limits(struct served_acts *a)
{
	static const uint64_t frames[8] = { 1000000000, 1000000000, 3000, 12000, 30000, 100000, 0,
					    1000000000 };
	static const uint64_t memory[4] = { 256u << 20, 64u << 20, 4u << 20, 1u << 20 };
	static const uint32_t slices[4] = { 256, 1, 3, 16 };
	uint32_t b = served_byte(a), m = served_byte(a), c = served_byte(a);
	struct server_limits *l = &a->opt.limits;

	a->opt = (struct server_options){ .width = SERVED_W, .height = SERVED_H, .refresh = 50,
					  .clients = SERVED_CLIENTS, .patience_ns = UINT64_MAX / 8 };
	*l = server_limits_default;
	l->quotas = vso_quotas_default;
	l->quotas.object_bytes = 64u << 10;
	l->quotas.round_bytes = c & 1 ? 5000 : 1u << 20;
	l->frame_ns = frames[b & 7];
	l->compile_ns = b & 8 ? 2000 : UINT64_MAX;
	l->slice = slices[b >> 4 & 3];
	l->memory = memory[m & 3];
	l->contexts = m & 4 ? 1 : 3;
	l->drawables = m & 8 ? 1 : 3;
	a->opt.no_facts = c & 2;
	a->opt.no_direct = c & 4;
	a->opt.no_decoration = c & 8;
	a->opt.event = c & 128 ? served_told : NULL;
	a->judge.patience = c >> 4 & 3;
	a->opt.judge = c & 64 ? NULL : &a->judge;
	/* making what compiles takes longer than a run */
	a->opt.no_jit = (m & 48) != 48;
	/* it costs a thread */
	a->opt.nfurther = (m & 0xe0) == 0xe0;
	served_step = m & 32 ? 100 : 1000;
}

static void served_all(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct served_acts a;

	memset(&a, 0, sizeof(a));
	a.in = (struct words_in){ data, data + size };
	served_now = 1000000;
	server_clock = served_time;
	served_limits(&a);
	a.gl = witness_open();
	a.further = a.opt.nfurther ? sink_null_create() : NULL;
	a.opt.further = &a.further;
	a.now_ns = 1000000000;
	WITNESS_HOLD(!server_create(&a.server, a.gl, &a.opt, &err));
	served_come(&a, 0);
	while (a.in.at < a.in.end)
		served_one(&a);
	served_frames(&a, 3);
	served_rest(&a);
	WITNESS_HOLD(server_destroy(a.server));
	for (uint32_t i = 0; i < SERVED_CLIENTS; i++)
		if (a.client[i])
			served_go(&a, i, false);
	witness_close();
	sink_destroy(a.further);
	confined_enter(NULL);
	server_clock = NULL;
}

#endif
