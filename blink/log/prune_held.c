/* prune_held.c - what a pruner holds: going backward on demand, the payloads that its
 * records refer to, and the memory that all of it takes.  For those who feed it beside a
 * recording.
 */
#include "blink/log/prune_impl.h"

int prune_compact(struct prune *p, struct error *err)
{
	if (!p->error.code && p->nentries)
		prune_sweep(p, NULL);
	if (p->error.code && err)
		*err = p->error;
	return p->error.code;
}

/* ---- payloads ------------------------------------------------------------------- */

static int words_payloads(const uint32_t *w, const uint32_t *end, prune_payload_id_fn *fn,
			  void *user)
{
	int ret = 0;

	for (; w < end && ret >= 0; w += sp_words(w)) {
		const struct gl_op *op = &gl_ops[sp_opcode(*w)];

		for (unsigned i = 0; i < op->noperands && ret >= 0; i++)
			if (op->operands[i].kind == GL_KIND_PAYLOAD && w[op->operands[i].word])
				ret = fn(user, w[op->operands[i].word]);
	}
	return ret;
}

int prune_payloads(const struct prune *p, prune_payload_id_fn *fn, void *user)
{
	int ret = words_payloads(p->words.v, p->words.v + p->words.n, fn, user);

	for (uint32_t i = 0; i < p->nkept && ret >= 0; i++) {
		const uint32_t *rec = p->arena.v + p->kept[i].rec;

		ret = words_payloads(rec, rec + p->kept[i].nwords, fn, user);
	}
	for (uint32_t i = 0; i < p->nobjects && ret >= 0; i++) {
		const struct prune_list *l = p->object[i] ? p->object[i]->list : NULL;
		const uint32_t *w = l ? (const uint32_t *)(const void *)l->words.data : NULL;

		if (w)
			ret = words_payloads(w, w + l->words.len / 4, fn, user);
	}
	return ret < 0 ? ret : 0;
}

/* ---- memory ---------------------------------------------------------------------- */

static size_t object_memory(const struct object *o)
{
	size_t n = sizeof(*o) + o->nreg * sizeof(*o->reg);

	n += o->heads ? P_SLOTS * sizeof(*o->heads) : 0;
	n += o->marks ? (o->heads ? P_SLOTS : o->marks_cap) * sizeof(*o->marks) : 0;
	n += o->list ? sizeof(*o->list) + o->list->words.cap + o->list->made.cap : 0;
	return n;
}

static size_t pair_memory(const struct pair *q)
{
	return (q->nsaved + q->ntextures) * sizeof(uint32_t) + q->ncells * sizeof(*q->cells) +
	       (q->killed ? P_SLOTS * sizeof(*q->killed) : 0);
}

size_t prune_memory(const struct prune *p)
{
	size_t n = sizeof(*p);

	n += p->objects_cap * sizeof(*p->object);
	n += ((size_t)p->free_objects_cap + p->marked_cap) * sizeof(uint32_t);
	n += p->names_cap * sizeof(*p->name) + p->name_hash_cap * sizeof(uint32_t);
	for (uint32_t i = 0; i < p->names_cap; i++)
		n += p->name[i] ? NAME_CHUNK * sizeof(**p->name) : 0;
	n += p->cells_cap * sizeof(*p->cell) + p->cell_hash_cap * sizeof(uint32_t);
	n += p->pairs_cap * sizeof(*p->pair) + p->entries_cap * sizeof(*p->entry);
	n += p->undo_cap * sizeof(*p->undo) + (p->words.cap + p->arena.cap + p->next_arena.cap +
	     p->last_arena.cap) * sizeof(uint32_t);
	n += ((size_t)p->kept_cap + p->next_cap + p->last_cap) * sizeof(*p->kept);
	for (uint32_t i = 0; i < p->nobjects; i++)
		n += p->object[i] ? object_memory(p->object[i]) : 0;
	for (uint32_t i = 1; i < p->npairs; i++)
		n += pair_memory(&p->pair[i]);
	return n;
}
