/* settle.c - what the server said of what was published. */
#include "blink/client/client_priv.h"

#include <errno.h>

#include "blink/verify/verify.h"

#define LOOK_NS INT64_C(1000000)

/* The server's word on an object: the protocol has it so on a page of states. */
static const struct vso_state *state_of(struct blink_connection *c, uint32_t object)
{
	struct vso_link *l = vso_client_link(c->vso);
	uint32_t objects = vso_client_server(c->vso)->objects;
	const struct vso_state *page;

	if (object >= objects)
		return NULL;
	page = l->ops->page(l, vso_states_page(objects) + object / 128);
	return page ? page + object % 128 : NULL;
}

uint32_t blink_fault(struct blink_connection *c, enum vso_fault *fault)
{
	for (uint32_t i = 1; i < c->wishes.objects; i++) {
		enum vso_fault f = VSO_FAULT_OK;

		if (c->held[i].published && c->held[i].version)
			f = vso_client_fault(c->vso, i, NULL);
		if (f != VSO_FAULT_OK) {
			if (fault)
				*fault = f;
			return i;
		}
	}
	return 0;
}

static int say_fault(struct blink_connection *c, uint32_t object, enum vso_fault f,
		     struct error *err)
{
	const struct vso_state *s = state_of(c, object);

	if (f == VSO_FAULT_REFUSED && s)
		return error_set(err, -EACCES, "object %u: %s: record %u: %s (%s)", object,
				 vso_fault_sentence(f), s->record,
				 verify_reason_sentence((enum verify_reason)s->detail),
				 verify_reason_name((enum verify_reason)s->detail));
	return error_set(err, -EACCES, "object %u: %s", object, vso_fault_sentence(f));
}

int blink_settle(struct blink_connection *c, uint32_t object, int64_t timeout_ns,
		 struct error *err)
{
	int64_t end = client_now() + timeout_ns;
	enum vso_fault f = VSO_FAULT_OK;
	uint64_t taken = 0;
	uint32_t bad = 0;

	blink_flush(c);
	for (;;) {
		vso_client_fault(c->vso, object, &taken);
		bad = blink_fault(c, &f);
		if (bad)
			return say_fault(c, bad, f, err);
		if (c->held[object].version && taken >= c->held[object].version)
			return 0;
		if (client_now() >= end)
			return error_set(err, -ETIMEDOUT, "blink: the server has not shown object %u "
					 "in %.1f s", object, (double)timeout_ns * 1e-9);
		client_sleep(LOOK_NS);
	}
}
