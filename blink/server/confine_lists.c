/* confine_lists.c - display lists on a client's account.
 *
 * A list's body is the driver's, and only the heap says how large it is: it is counted while
 * it is compiled, and held against the budget when it is whole. */
#include "blink/server/confine.h"

static uint64_t gen_lists(struct confined *k, const uint64_t *argv)
{
	int32_t n = (int32_t)argv[0];
	uint64_t each = confine_object_bytes(GL_SPACE_LIST);
	uint32_t first;

	if (n > (int32_t)CONFINE_GEN_MAX || (n > 0 && !confine_room(k, (uint64_t)n * each))) {
		confine_fault(k, VSO_FAULT_MEMORY);
		return 0;
	}
	first = (uint32_t)confine_invoke(k, OP_glGenLists, argv);
	for (int32_t i = 0; first && i < n; i++)
		if (!confine_account_make(k, GL_SPACE_LIST, first + (uint32_t)i, each))
			confine_fault(k, VSO_FAULT_MEMORY);
	return first;
}

static uint64_t new_list(struct confined *k, const uint64_t *argv)
{
	struct confine_context *c = k->current;
	struct account *a;

	if (!c)
		return 0;
	if (!confine_room(k, confine_object_bytes(GL_SPACE_LIST))) {
		/* what should be recorded would be executed */
		confine_wreck(k);
		return 0;
	}
	confine_invoke(k, OP_glNewList, argv);
	if (c->list)
		return 0;
	c->list = confine_ask(k, GL_LIST_INDEX, 0, (uint32_t)argv[0]);
	a = c->list ? confine_account_make(k, GL_SPACE_LIST, c->list, confine_object_bytes(GL_SPACE_LIST)) : NULL;
	if (c->list && !a) {
		/* (nobody would know what it calls) */
		confine_wreck(k);
		return 0;
	}
	c->list_executes = (uint32_t)argv[1] == GL_COMPILE_AND_EXECUTE;
	/* its old body goes when the new one is whole */
	if (a)
		c->list_heap = heap_bytes() - confine_piece_bytes(a, CONFINE_PIECE_ALL);
	c->list_released = k->released;
	return 0;
}

/* A list's body is the driver's: what was allocated while it was compiled.  What else was
 * deleted meanwhile makes it no smaller. */
static uint64_t list_body(const struct confined *k, const struct confine_context *c)
{
	uint64_t now = heap_bytes() + (k->released - c->list_released);

	return now > c->list_heap ? now - c->list_heap : 0;
}

static uint64_t end_list(struct confined *k, const uint64_t *argv)
{
	struct confine_context *c = k->current;
	struct account *a;

	confine_invoke(k, OP_glEndList, argv);
	if (!c || !c->list || confine_ask(k, GL_LIST_INDEX, c->list, 0))
		return 0;
	/* (deleted while it was compiled, it has none, and is there nevertheless) */
	a = confine_account_make(k, GL_SPACE_LIST, c->list, confine_object_bytes(GL_SPACE_LIST));
	c->list = 0;
	if (!a) {
		confine_wreck(k);
		return 0;
	}
	confine_calls_end(k, a);
	confine_piece_set(k, a, CONFINE_PIECE_ALL, list_body(k, c));
	if (a->bytes > k->list_most)
		k->list_most = a->bytes;
	if (k->memory > k->limits.memory)
		confine_fault(k, VSO_FAULT_MEMORY);
	return 0;
}

bool confined_overflows(const struct confined *k)
{
	const struct confine_context *c = k->current;

	return k->wrecked ||
	       (c && c->list && !range_ok(k->memory, list_body(k, c), k->limits.memory));
}

static uint64_t delete_lists(struct confined *k, const uint64_t *argv)
{
	uint32_t first = (uint32_t)argv[0], n = (int32_t)argv[1] > 0 ? (uint32_t)argv[1] : 0;
	uint32_t owner = confine_owner(k, GL_SPACE_LIST);
	bool inside = confine_inside(k);

	confine_invoke(k, OP_glDeleteLists, argv);
	/* nor does a context that has no lists delete those of who shares them */
	if (inside || !k->current || confine_lean(k->current))
		return 0;
	if (n < k->accounts_cap) {
		for (uint32_t i = 0; i < n; i++)
			confine_account_close(k, GL_SPACE_LIST, first + i);
		return 0;
	}
	for (uint32_t i = 0; i < k->accounts_cap; i++)
		for (struct account **p = &k->accounts[i]; *p;) {
			if ((*p)->space == GL_SPACE_LIST && (*p)->owner == owner &&
			    (*p)->name - first < n)
				confine_account_unlink(k, p);
			else
				p = &(*p)->next;
		}
	return 0;
}

uint64_t confine_list_call(struct confined *k, unsigned op, const uint64_t *argv)
{
	switch (op) {
	case OP_glGenLists: return gen_lists(k, argv);
	case OP_glNewList: return new_list(k, argv);
	case OP_glEndList: return end_list(k, argv);
	default: return delete_lists(k, argv);
	}
}
