/* publish.c - objects on their way to the server, and kept for one that comes anew. */
#include "blink/client/client_priv.h"

#include <errno.h>
#include <string.h>

#define ROOM_NS INT64_C(2000000000)     /* for the server to give pages back */
#define LOOK_NS INT64_C(500000)

static int object_ok(const struct blink_connection *c, uint32_t object, struct error *err)
{
	if (object && object < c->wishes.objects)
		return 0;
	return error_set(err, -EINVAL, "blink: there is no object %u (1 to %u were asked for)",
			 object, c->wishes.objects - 1);
}

/* vso_publish; pages may still be in use that the server is about to give back. */
static int publish(struct vso_client *v, uint32_t object, const struct vso_desc *d,
		   const void *data, struct error *err)
{
	int64_t until = client_now() + ROOM_NS;
	int r;

	while ((r = vso_publish(v, object, d, data, err)) == -EAGAIN) {
		if (client_now() > until)
			break;
		vso_client_ring(v);
		client_sleep(LOOK_NS);
		vso_client_reclaim(v);
	}
	return r;
}

static const void *held_data(const struct held *h)
{
	return h->place ? h->place : h->data.data;
}

static int held_again(struct held *h, uint32_t object, struct vso_client *v, struct error *err)
{
	int r = publish(v, object, &h->desc, held_data(h), err);

	h->version = 1;
	if (r < 0 || !h->place)
		return r;
	/* the old pages go: what was written in place is kept like the rest */
	buf_clear(&h->data);
	buf_append(&h->data, h->place, h->desc.size);
	h->place = NULL;
	return 0;
}

/* What a procedure needs comes before it: payloads, callees, init SPs, the others.  (The
 * server may look at any moment.) */
static unsigned turn_of(const struct vso_desc *d)
{
	if (d->type != VSO_SP)
		return 0;
	return d->callback == VSO_CALLEE ? 1 : d->callback == SP_INIT ? 2 : 3;
}

int client_publish_all(struct blink_connection *c, struct vso_client *v, struct error *err)
{
	int r = 0;

	for (unsigned turn = 0; turn < 4; turn++)
		for (uint32_t i = 1; i < c->wishes.objects && r >= 0; i++) {
			struct held *h = &c->held[i];

			if (!h->published)
				h->version = 0;
			else if (turn_of(&h->desc) == turn)
				r = held_again(h, i, v, err);
		}
	if (r >= 0 && c->regs_set)
		vso_client_registers(v, c->regs);
	if (r >= 0)
		vso_client_ring(v);
	return r;
}

/* Publishes what h->data holds now; nothing is said to a server that is gone. */
static int held_publish(struct blink_connection *c, uint32_t object, struct error *err)
{
	struct held *h = &c->held[object];
	int r;

	if (buf_failed(&h->data))
		return error_set(err, -ENOMEM, "blink: out of memory");
	h->place = NULL;
	h->published = true;
	if (c->lost_ns)
		return 0;
	r = publish(c->vso, object, &h->desc, h->data.data, err);
	if (r < 0)
		return r;
	h->version++;
	return 0;
}

/* ---- programs ------------------------------------------------------------------- */

struct buf *blink_program(struct blink_connection *c)
{
	return &c->program;
}

void blink_program_begin(struct blink_connection *c)
{
	buf_clear(&c->program);
}

void blink_current(struct blink_connection *c, uint32_t context, uint32_t drawable)
{
	c->context = context;
	c->drawable = drawable;
}

int blink_program_end(struct blink_connection *c, uint32_t object, uint8_t callback,
		      struct error *err)
{
	bool placed = callback != SP_INIT && callback != VSO_CALLEE;
	int r = object_ok(c, object, err);
	struct held *h = &c->held[object];

	if (r < 0)
		return r;
	sp_end(&c->program);
	if (buf_failed(&c->program) || c->program.len > UINT32_MAX)
		return error_set(err, -ENOMEM, "blink: out of memory");
	h->desc = (struct vso_desc){ .type = VSO_SP, .callback = callback,
				     .size = (uint32_t)c->program.len,
				     .context = placed ? c->context : 0,
				     .drawable = placed ? c->drawable : 0 };
	buf_clear(&h->data);
	buf_append(&h->data, c->program.data, c->program.len);
	return held_publish(c, object, err);
}

/* ---- payloads ------------------------------------------------------------------- */

int blink_data(struct blink_connection *c, uint32_t object, bool mapped, const void *data,
	       uint32_t size, struct error *err)
{
	int r = object_ok(c, object, err);
	struct held *h = &c->held[object];

	if (r < 0)
		return r;
	h->desc = (struct vso_desc){ .type = mapped ? VSO_MAPPED : VSO_DATA, .size = size };
	buf_clear(&h->data);
	buf_append(&h->data, data, size);
	return held_publish(c, object, err);
}

int blink_data_begin(struct blink_connection *c, uint32_t object, bool mapped, uint32_t size,
		     void **at, struct error *err)
{
	const struct vso_desc d = { .type = mapped ? VSO_MAPPED : VSO_DATA, .size = size };
	int r = object_ok(c, object, err);
	struct held *h = &c->held[object];

	*at = NULL;
	if (r >= 0 && !c->lost_ns)
		r = vso_publish_begin(c->vso, object, &d, at, err);
	if (r < 0)
		return r;
	h->desc = d;
	h->place = *at;
	if (*at)
		return 0;
	/* no server, or pages that lie apart: written beside, and copied at the end */
	buf_clear(&h->data);
	*at = buf_extend(&h->data, size);
	return *at ? 0 : error_set(err, -ENOMEM, "blink: out of memory");
}

int blink_data_end(struct blink_connection *c, uint32_t object, struct error *err)
{
	struct held *h = &c->held[object];
	int r;

	if (!h->place)
		return held_publish(c, object, err);
	h->published = true;
	if (c->lost_ns)
		return 0;
	r = vso_publish_end(c->vso, object);
	if (r < 0)
		return error_set(err, r, "blink: object %u cannot be published", object);
	h->version++;
	return 0;
}

int blink_delete(struct blink_connection *c, uint32_t object)
{
	struct held *h = &c->held[object];
	int r = object_ok(c, object, NULL);

	if (r < 0 || !h->published)
		return r;
	h->published = false;
	h->place = NULL;
	buf_clear(&h->data);
	if (c->lost_ns)
		return 0;
	h->version++;
	return vso_delete(c->vso, object);
}
