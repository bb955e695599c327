/* confine_account.c - accounts of objects: who has what, and what it takes.
 *
 * Every object has an account, kept by kind, name, and whose names they are (a share
 * group's or a context's).  An image or a buffer's storage is a piece of it.  What an
 * account holds is given back when its object is deleted, and nobody holds on to it. */
#include "blink/server/confine.h"

#include <stdlib.h>

/* Machine code that drivers make at draws: this part of the budget, or so much. */
#define CODE_SHARE 4u
#define CODE_LEAST (UINT64_C(8) << 20)

/* ---- accounts ------------------------------------------------------------------------ */

uint32_t confine_owner(const struct confined *k, unsigned space)
{
	return !k->current ? 0 : gl_spaces[space].shared ? k->current->group : k->current->driver;
}

static struct account **bucket(const struct confined *k, unsigned space, uint32_t owner,
			       uint64_t name)
{
	uint64_t h = (name * 0x9e3779b97f4a7c15ull) ^ ((uint64_t)owner << 8 | space) *
		     0xc2b2ae3d27d4eb4full;

	return &k->accounts[(h ^ h >> 32) & (k->accounts_cap - 1)];
}

struct account *confine_account(const struct confined *k, unsigned space, uint64_t name)
{
	uint32_t owner = confine_owner(k, space);
	struct account *a = k->accounts_cap ? *bucket(k, space, owner, name) : NULL;

	while (a && (a->name != name || a->space != space || a->owner != owner))
		a = a->next;
	return a;
}

static bool accounts_grow(struct confined *k)
{
	struct account **old = k->accounts;
	uint32_t n = k->accounts_cap;

	k->accounts = calloc(n ? n * 2 : 256, sizeof(struct account *));
	if (!k->accounts) {
		k->accounts = old;
		return false;
	}
	k->accounts_cap = n ? n * 2 : 256;
	for (uint32_t i = 0; i < n; i++)
		for (struct account *a = old[i], *next; a; a = next) {
			struct account **b = bucket(k, a->space, a->owner, a->name);

			next = a->next;
			a->next = *b;
			*b = a;
		}
	free(old);
	return true;
}

struct account *confine_account_make(struct confined *k, unsigned space, uint64_t name,
				     uint64_t bytes)
{
	struct account *a = confine_account(k, space, name), **b;

	if (a)
		return a;
	if (k->naccounts >= k->accounts_cap && !accounts_grow(k))
		return NULL;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->name = name;
	a->space = (uint8_t)space;
	a->owner = confine_owner(k, space);
	a->bytes = bytes += space == GL_SPACE_TEXTURE ? k->listed.bytes : 0;
	b = bucket(k, space, a->owner, name);
	a->next = *b;
	*b = a;
	k->naccounts++;
	k->memory += bytes;
	return a;
}

void confine_account_free(struct confined *k, struct account *a)
{
	k->memory -= a->bytes;
	k->released += a->bytes;
	free(a->piece);
	free(a->hold);
	confine_calls_free(k, &a->acts, true);
	free(a);
}

void confine_account_unlink(struct confined *k, struct account **at)
{
	struct account *a = *at;

	*at = a->next;
	k->naccounts--;
	confine_hold_none(k, a);
	a->gone = true;
	if (!a->holders)
		confine_account_free(k, a);
}

void confine_account_close(struct confined *k, unsigned space, uint64_t name)
{
	uint32_t owner = confine_owner(k, space);
	struct account **at = k->accounts_cap ? bucket(k, space, owner, name) : NULL;

	for (; at && *at; at = &(*at)->next)
		if ((*at)->name == name && (*at)->space == space && (*at)->owner == owner) {
			confine_account_unlink(k, at);
			return;
		}
}

void confine_accounts_forget(struct confined *k, uint32_t owner)
{
	/* those that hold something let go first */
	for (uint32_t i = 0; i < k->accounts_cap; i++)
		for (struct account *a = k->accounts[i]; a; a = a->next)
			if (a->owner == owner)
				confine_hold_none(k, a);
	for (uint32_t i = 0; i < k->accounts_cap; i++)
		for (struct account **at = &k->accounts[i]; *at;) {
			if ((*at)->owner == owner)
				confine_account_unlink(k, at);
			else
				at = &(*at)->next;
		}
}

void confine_accounts_finish(struct confined *k)
{
	for (uint32_t i = 0; i < k->accounts_cap; i++)
		while (k->accounts[i])
			confine_account_unlink(k, &k->accounts[i]);
	free(k->accounts);
	free(k->listed.piece);
	k->listed = (struct account){ 0 };
	k->accounts = NULL;
	k->accounts_cap = 0;
}

/* ---- pieces -------------------------------------------------------------------------- */

uint64_t confine_piece_bytes(const struct account *a, uint32_t id)
{
	for (uint32_t i = 0; a && i < a->npieces; i++)
		if (a->piece[i].id == id)
			return a->piece[i].bytes;
	return 0;
}

void confine_piece_set(struct confined *k, struct account *a, uint32_t id, uint64_t bytes)
{
	struct piece *p = NULL;

	for (uint32_t i = 0; i < a->npieces && !p; i++)
		if (a->piece[i].id == id)
			p = &a->piece[i];
	if (!p && bytes) {
		p = realloc(a->piece, (a->npieces + 1) * sizeof(*p));
		if (!p) {
			confine_fault(k, VSO_FAULT_MEMORY);
			return;
		}
		a->piece = p;
		p += a->npieces++;
		*p = (struct piece){ .id = id };
	}
	if (!p)
		return;
	k->released += bytes < p->bytes ? p->bytes - bytes : 0;
	a->bytes += bytes - p->bytes;
	k->memory += bytes - p->bytes;
	p->bytes = bytes;
}

bool confine_piece_room(struct confined *k, unsigned space, uint64_t name, uint32_t id,
			uint64_t bytes, struct account **a)
{
	uint64_t was;

	*a = confine_account_make(k, space, name, 0);
	if (!*a) {
		confine_fault(k, VSO_FAULT_MEMORY);
		return false;
	}
	was = confine_piece_bytes(*a, id);
	return bytes <= was || confine_room(k, bytes - was);
}

/* ---- all of it ------------------------------------------------------------------------ */

uint64_t confined_memory(const struct confined *k) { return k->memory; }

uint64_t confined_code(const struct confined *k)
{
	return code_account_amount(k->code).bytes;
}

bool confined_excess(const struct confined *k)
{
	uint64_t share = k->limits.memory / CODE_SHARE;

	return confined_code(k) > (share > CODE_LEAST ? share : CODE_LEAST) ||
	       code_account_most(k->code);
}
