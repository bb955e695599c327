/* client.c - the connection: made, lost, made again.  See client.h. */
#include "blink/client/client_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "blink/client/blinkgl.h"

#define START_NS INT64_C(10000000000)   /* for a server's answer */
#define RETRY_NS INT64_C(20000000)      /* between looks for a server */

int64_t client_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void client_sleep(int64_t ns)
{
	const struct timespec t = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	nanosleep(&t, NULL);
}

const char *blink_server_path(const char *said)
{
	static _Thread_local char path[512];
	const char *env = getenv("BLINK_SERVER"), *dir = getenv("XDG_RUNTIME_DIR");

	if (said && *said)
		return said;
	if (env && *env)
		return env;
	snprintf(path, sizeof(path), "%s/blink-0", dir && *dir ? dir : "/tmp");
	return path;
}

struct vso_wishes blink_wishes(const char *name)
{
	struct vso_wishes w = { .name = name, .objects = 64, .slots = 64,
				.data_bytes = 1 << 20 };

	for (unsigned i = 1; i < GL_SPACE_COUNT; i++)
		w.names[i] = 64;
	w.names[GL_SPACE_CONTEXT] = w.names[GL_SPACE_DRAWABLE] = 1;
	return w;
}

/* ---- making it --------------------------------------------------------------- */

/* A connection that the server has answered. */
static int open_vso(struct vso_client **out, const struct blink_connection *c, struct error *err)
{
	struct vso_client *v = NULL;
	struct vso_link *l = NULL;
	int r = vso_local_connect(&l, c->path, vso_client_pages(&c->wishes), err);

	if (r < 0)
		return r;
	r = vso_client_create(&v, l, &c->wishes, err);
	if (r < 0) {
		l->ops->close(l);
		return r;
	}
	r = vso_client_start(v, START_NS, err);
	if (r < 0)
		vso_client_destroy(v);
	else
		*out = v;
	return r;
}

int blink_connect(struct blink_connection **out, const char *path, const struct vso_wishes *w,
		  struct error *err)
{
	struct blink_connection *c = calloc(1, sizeof(*c));
	int r = 0;

	if (!c)
		return error_set(err, -ENOMEM, "blink: out of memory");
	c->wishes = *w;
	if (!c->wishes.objects)
		c->wishes.objects = 1;
	snprintf(c->name, sizeof(c->name), "%s", w->name ? w->name : "client");
	c->wishes.name = c->name;
	c->context = c->drawable = 1;
	buf_init(&c->program);
	c->path = strdup(blink_server_path(path));
	c->held = calloc(c->wishes.objects, sizeof(*c->held));
	if (!c->path || !c->held)
		r = error_set(err, -ENOMEM, "blink: out of memory");
	if (r >= 0)
		r = open_vso(&c->vso, c, err);
	if (r < 0) {
		blink_disconnect(c);
		return r;
	}
	*out = c;
	return 0;
}

void blink_disconnect(struct blink_connection *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; c->held && i < c->wishes.objects; i++)
		buf_finish(&c->held[i].data);
	vso_client_destroy(c->vso);
	buf_finish(&c->program);
	free(c->held);
	free(c->path);
	free(c);
}

struct vso_client *blink_vso(struct blink_connection *c)
{
	return c->vso;
}

/* ---- losing it, and making it again --------------------------------------------- */

static void replace_vso(struct blink_connection *c, struct vso_client *v)
{
	c->wakeups += vso_client_link(c->vso)->wakeups;
	vso_client_destroy(c->vso);
	c->vso = v;
	c->lost_ns = 0;
	c->reconnects++;
}

/* 1 it is there again, 0 not yet. */
static int reconnect(struct blink_connection *c, struct error *err)
{
	struct vso_client *v = NULL;
	int r;

	if (!c->lost_ns)
		c->lost_ns = client_now();
	r = open_vso(&v, c, err);
	if (r == -EACCES)
		return r;
	if (r < 0)
		return client_now() - c->lost_ns < BLINK_PATIENCE ? 0 :
		       error_set(err, -EPIPE, "%s: the server is gone", c->path);
	r = client_publish_all(c, v, err);
	if (r < 0) {
		vso_client_destroy(v);
		return r;
	}
	replace_vso(c, v);
	return 1;
}

/* Has this server closed the connection, for a reason that another one would have, too? */
static int closed(const struct blink_connection *c, struct error *err)
{
	const struct vso_server_page *page = vso_client_server(c->vso);

	if (atomic_load_explicit(&page->phase, memory_order_acquire) != VSO_PHASE_CLOSED ||
	    page->refusal == VSO_FAULT_ENDED)
		return 0;
	return error_set(err, -ECONNRESET, "%s: the server closed the connection: %.*s", c->path,
			 (int)sizeof(page->why) - 1, page->why);
}

/* The server said that it ends: its sockets close in a moment. */
static bool ended(const struct blink_connection *c)
{
	return atomic_load_explicit(&vso_client_server(c->vso)->phase, memory_order_acquire) ==
	       VSO_PHASE_CLOSED;
}

int blink_wait(struct blink_connection *c, int64_t timeout_ns, struct error *err)
{
	int64_t end = timeout_ns < 0 ? INT64_MAX : client_now() + timeout_ns, left;
	int r;

	do {
		left = end - client_now();
		if (left < 0)
			left = 0;
		r = c->lost_ns ? -EPIPE :
		    vso_client_link(c->vso)->ops->wait(vso_client_link(c->vso),
						       timeout_ns < 0 ? -1 : left);
		if (!c->lost_ns && r && closed(c, err) < 0)
			return -ECONNRESET;
		if (r != -EPIPE && !ended(c))
			return r;
		r = reconnect(c, err);
		if (r)
			return r;
		client_sleep(left < RETRY_NS ? left : RETRY_NS);
	} while (client_now() < end);
	return 0;
}

uint64_t blink_wakeups(const struct blink_connection *c)
{
	return c->wakeups + vso_client_link(c->vso)->wakeups;
}

uint64_t blink_reconnects(const struct blink_connection *c)
{
	return c->reconnects;
}

/* ---- small things ----------------------------------------------------------------- */

void blink_window(struct buf *code, uint32_t width, uint32_t height)
{
	blinkContext(code, 1, 0, 0, 0);
	blinkDrawable(code, 1, width, height, 4 | 24 << 16);
	blinkMakeCurrent(code, 1, 1, 1);
}

void blink_registers(struct blink_connection *c, const uint32_t regs[SP_REGISTERS])
{
	memcpy(c->regs, regs, sizeof(c->regs));
	c->regs_set = true;
	vso_client_registers(c->vso, regs);
}

void blink_request_update(struct blink_connection *c)
{
	vso_client_update(c->vso);
}

void blink_flush(struct blink_connection *c)
{
	vso_client_ring(c->vso);
}
