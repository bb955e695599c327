/* blink-hostile.c - clients that mean harm: one act, or all in turn.  See hostile.h. */
#include "blink/client/programs/hostile.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "blink/client/programs/program_main.h"

#define ANSWER_NS INT64_C(2000000000)
#define NAMES 65536u                    /* of each kind: as many as a server gives */
#define BUSY_NS 10000000

static const struct hostile_act *const tables[] = { hostile_protocol, hostile_sockets,
						    hostile_commands, hostile_more, hostile_code };
#define TABLES (sizeof(tables) / sizeof(*tables))

/* ---- what acts use --------------------------------------------------------------------- */

uint32_t hostile_random(struct hostile *h)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 7;
	h->random ^= h->random << 17;
	return (uint32_t)(h->random * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

uint32_t hostile_odd(struct hostile *h)
{
	static const uint32_t odd[] = {
		0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 4095, 4096, 4097,
		0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffe,
		0xffffffff, 0x7f800000, 0xff800000, 0x7fc00000,
	};
	uint32_t k = hostile_below(h, sizeof(odd) / sizeof(*odd) + 8);

	return k < sizeof(odd) / sizeof(*odd) ? odd[k] : hostile_random(h);
}

void *hostile_page(struct hostile *h, uint32_t n)
{
	struct vso_link *l = vso_client_link(h->c);

	return l->ops->page(l, n);
}

uint32_t hostile_pages(const struct hostile *h)
{
	return vso_client_link(h->c)->pages;
}

void hostile_pause(uint32_t us)
{
	const struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	if (us)
		nanosleep(&t, NULL);
}

void hostile_publish(struct hostile *h, uint32_t object, uint8_t callback)
{
	struct vso_desc d = { .type = VSO_SP, .callback = callback };

	sp_end(&h->code);
	d.size = (uint32_t)h->code.len;
	if (callback != SP_INIT)
		d.context = d.drawable = 1;
	vso_client_reclaim(h->c);
	if (!buf_failed(&h->code))
		vso_publish(h->c, object, &d, h->code.data, NULL);
	buf_clear(&h->code);
}

void hostile_data(struct hostile *h, uint32_t object, const void *data, uint32_t size)
{
	const struct vso_desc d = { .type = VSO_DATA, .size = size };

	vso_client_reclaim(h->c);
	vso_publish(h->c, object, &d, data, NULL);
}

/* ---- acting ------------------------------------------------------------------------------ */

static void let_go(struct hostile *h)
{
	vso_client_destroy(h->c);
	h->c = NULL;
}

/* False: there is no server, or it does not want another. */
static bool come(struct hostile *h)
{
	struct vso_wishes w = blink_wishes("hostile");
	struct vso_link *l = NULL;

	w.width = w.height = 120;
	w.stream_bytes = 16 * VSO_PAGE;
	w.data_bytes = 32 << 20;
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		w.names[i] = i == GL_SPACE_CONTEXT || i == GL_SPACE_DRAWABLE ? 64 : NAMES;
	h->step = 0;
	if (vso_local_connect(&l, h->path, vso_client_pages(&w), NULL) < 0)
		return false;
	if (vso_client_create(&h->c, l, &w, NULL) < 0) {
		l->ops->close(l);
		h->c = NULL;
		return false;
	}
	h->connections++;
	if (vso_client_start(h->c, ANSWER_NS, NULL) >= 0)
		return true;
	h->turned_away++;
	let_go(h);
	return false;
}

/* Thrown out, or the server is gone? */
static bool is_over(struct hostile *h)
{
	struct vso_link *l = vso_client_link(h->c);

	return atomic_load(&vso_client_server(h->c)->phase) != VSO_PHASE_RUNNING ||
	       l->ops->wait(l, 0) == -EPIPE;
}

static void act_step(struct hostile *h, const struct hostile_act *a)
{
	if (a->connected && !h->c && !come(h)) {
		hostile_pause(20000);
		return;
	}
	a->step(h);
	h->steps++;
	hostile_pause(a->pause_us);
	/* acts that write on the server's pages do not know; they come anew in time */
	if (h->c && (is_over(h) || (a->step == hostile_protocol[0].step && h->steps % 2000 == 0))) {
		h->thrown_out++;
		let_go(h);
	}
}

static void act(const struct hostile_act *a, const struct program *p, uint64_t seed,
		double seconds)
{
	struct hostile h = { .path = p->server, .random = seed, .refresh_ms = 20 };
	int64_t end = program_now() + (int64_t)(seconds * 1e9);

	buf_init(&h.code);
	while (program_now() < end)
		act_step(&h, a);
	if (h.c)
		let_go(&h);
	buf_finish(&h.code);
	printf("%-15s %8llu steps, %6llu connections, %5llu turned away, %5llu thrown out, "
	       "%5llu refused\n", a->name, (unsigned long long)h.steps,
	       (unsigned long long)h.connections, (unsigned long long)h.turned_away,
	       (unsigned long long)h.thrown_out, (unsigned long long)h.refused);
	fflush(stdout);
}

static void list(void)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct hostile_act *a = tables[t]; a->name; a++)
			printf("%-15s %s%s\n", a->name, a->summary,
			       a->hangs ? " (all wait for the watchdog)" : "");
}

/* Each act for so many seconds; `all` leaves out those that make everybody wait. */
static int act_all(const struct program *p, const char *name, uint64_t seed, double seconds)
{
	bool all = strcmp(name, "all") == 0, found = false;

	for (size_t t = 0; t < TABLES; t++)
		for (const struct hostile_act *a = tables[t]; a->name; a++) {
			if (all ? a->hangs : strcmp(a->name, name) != 0)
				continue;
			found = true;
			act(a, p, seed, seconds);
		}
	if (found)
		return 0;
	fprintf(stderr, "%s: there is no act '%s' (--list)\n", p->name, name);
	return 2;
}

/* No act, and no client: a program that takes so much of a processor, as acts do on their
 * own side.  What others feel of it is not the server's doing. */
static int busy(double share, double seconds)
{
	int64_t now = program_now(), end = now + (int64_t)(seconds * 1e9), until;

	while (now < end) {
		until = now + (int64_t)((share < 1 ? share : 1) * BUSY_NS);
		while (program_now() < until)
			;
		now += BUSY_NS;
		if (program_now() < now)
			hostile_pause((uint32_t)((now - program_now()) / 1000));
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = NULL, *seed = NULL, *listed = NULL, *share = NULL;
	const struct program_option options[] = {
		{ "act", "NAME", "what it does; all: one after the other (all)", &name },
		{ "seed", "N", "of its chance (1)", &seed },
		{ "list", NULL, "list the acts", &listed },
		{ "busy", "SHARE", "no act: only takes that share of a processor", &share },
		{ 0 }
	};
	struct program p = {
		.name = "blink-hostile", .options = options,
		.summary = "a client that means harm",
		.text = "--seconds is the time of each act (2).",
	};
	int status = program_options(&p, argc, argv);

	if (status >= 0)
		return status;
	if (listed) {
		list();
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	if (share)
		return busy(program_number(share, 1), p.seconds > 0 ? p.seconds : 2);
	p.server = blink_server_path(p.server);
	return act_all(&p, name ? name : "all",
		       UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(program_number(seed, 1) + 1),
		       p.seconds > 0 ? p.seconds : 2);
}
