/* state_names.c - dumps of GL state: which objects there are, and what the client calls
 * them. */
#include "blink/log/state_dump.h"

#include <stdlib.h>
#include <string.h>

/* Objects of one space that the current context sees: by the client's name, and by the
 * driver's for finding. */
struct state_space {
	struct pair { uint32_t client, driver, made; } *client, *driver;
	uint32_t n, ndriver;
};

/* A deleted object's number is none that a client could have given. */
#define ZOMBIE 0x80000000u

/* ---- what a context sees -------------------------------------------------- */

static bool visible(const struct state_world *w, unsigned space, uint32_t id)
{
	const struct state_names *n = &w->names[space];
	const uint32_t *of = gl_spaces[space].shared ? n->group : n->owner;
	uint32_t mine = gl_spaces[space].shared ? w->group : w->owner;

	if (n->driver && n->driver[id] == STATE_NO_OBJECT)
		return false;
	return !of || !of[id] || of[id] == mine;
}

static int by_driver(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->driver != y->driver)
		return x->driver < y->driver ? -1 : 1;
	return x->made < y->made ? 1 : x->made > y->made ? -1 : 0;
}

/* Of equal driver names the one made last is the object; the others are long gone. */
static void space_unique(struct state_space *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		if (!i || s->driver[i].driver != s->driver[i - 1].driver)
			s->driver[n++] = s->driver[i];
	s->ndriver = n;
}

static const struct pair *driver_find(const struct state_space *s, uint32_t driver)
{
	uint32_t a = 0, b = s->ndriver;

	while (a < b) {
		uint32_t m = a + (b - a) / 2;

		if (s->driver[m].driver < driver)
			a = m + 1;
		else
			b = m;
	}
	return a < s->ndriver && s->driver[a].driver == driver ? &s->driver[a] : NULL;
}

static bool space_make(struct state_space *s, const struct state_world *w, unsigned space)
{
	const struct state_names *names = &w->names[space];
	uint32_t n = 0;

	for (uint32_t id = 1; id < names->count; id++)
		n += visible(w, space, id);
	s->client = calloc(n + 1, sizeof(*s->client));
	s->driver = calloc(n + 1, sizeof(*s->driver));
	if (!s->client || !s->driver)
		return false;
	for (uint32_t id = 1; id < names->count; id++)
		if (visible(w, space, id))
			s->client[s->n++] = (struct pair){
				id, names->driver ? names->driver[id] : id,
				names->made ? names->made[id] : 0,
			};
	memcpy(s->driver, s->client, s->n * sizeof(*s->client));
	qsort(s->driver, s->n, sizeof(*s->driver), by_driver);
	space_unique(s);
	return true;
}

void state_spaces_make(struct state_dump *d)
{
	d->zombies.n = 0;
	if (!d->world)
		return;
	d->spaces = calloc(GL_SPACE_COUNT, sizeof(*d->spaces));
	if (!d->spaces)
		d->failed = true;
	for (unsigned s = 0; d->spaces && s < GL_SPACE_COUNT; s++)
		if (!space_make(&d->spaces[s], d->world, s))
			d->failed = true;
}

void state_spaces_finish(struct state_dump *d)
{
	for (unsigned s = 0; d->spaces && s < GL_SPACE_COUNT; s++) {
		free(d->spaces[s].client);
		free(d->spaces[s].driver);
	}
	free(d->spaces);
	d->spaces = NULL;
	free(d->zombies.v);
	d->zombies.v = NULL;
	d->zombies.n = 0;
}

/* ---- walking and translating --------------------------------------------- */

bool state_shared(const struct state_dump *d)
{
	return !d->world || d->world->shared;
}

bool state_next(const struct state_dump *d, unsigned space, struct state_each *e)
{
	const struct state_space *s;

	if (!d->world) {
		e->client = e->driver = ++e->at;
		return e->at <= d->names;
	}
	if (!d->spaces || (gl_spaces[space].shared && !state_shared(d)))
		return false;
	s = &d->spaces[space];
	while (e->at < s->n) {
		const struct pair *p = &s->client[e->at++], *found = driver_find(s, p->driver);

		if (!found || found->client != p->client)
			continue;
		e->client = p->client;
		e->driver = p->driver;
		return true;
	}
	return false;
}

static uint32_t zombie(struct state_dump *d, unsigned space, uint32_t driver)
{
	struct state_zombies *z = &d->zombies;
	uint32_t *v;

	for (uint32_t i = 0; i < z->n; i++)
		if (z->v[2 * i] == space && z->v[2 * i + 1] == driver)
			return ZOMBIE | i;
	v = realloc(z->v, 2 * sizeof(*v) * (z->n + 1));
	if (!v) {
		d->failed = true;
		return ZOMBIE;
	}
	z->v = v;
	v[2 * z->n] = space;
	v[2 * z->n + 1] = driver;
	return ZOMBIE | z->n++;
}

uint32_t state_client(struct state_dump *d, unsigned space, uint32_t driver)
{
	const struct pair *p;

	if (!d->world || !d->spaces || !driver)
		return driver;
	p = driver_find(&d->spaces[space], driver);
	return p ? p->client : zombie(d, space, driver);
}

void state_put_name(struct state_dump *d, const struct state_at *at, uint32_t item,
		    unsigned space, GLint driver)
{
	state_put_int(d, at, item, state_client(d, space, (uint32_t)driver));
}

void state_reserved(struct state_dump *d, const char *slot, const struct state_each *e)
{
	if (d->world)
		state_put_int(d, &(struct state_at){ slot, { e->client, STATE_NO_KEY }, 0 }, 0, 0);
}
