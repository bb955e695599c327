/* state_entries.c - dumps of GL state: entries, order, differences. */
#include "blink/log/state_dump.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "blink/gl/table.h"

#define NAMES_DEFAULT 64u

void state_init(struct state_dump *d, uint32_t names)
{
	memset(d, 0, sizeof(*d));
	d->names = names ? names : NAMES_DEFAULT;
}

void state_finish(struct state_dump *d)
{
	free(d->v);
	d->v = NULL;
	d->count = d->cap = 0;
}

/* Slots are looked up by name once per name: neighbours share the pointer. */
static int slot_index(const char *name)
{
	static _Thread_local const char *last;
	static _Thread_local int last_index;

	if (name == last)
		return last_index;
	for (unsigned i = 0; i < gl_slot_count; i++) {
		if (strcmp(gl_slots[i].name, name) == 0) {
			last = name;
			last_index = (int)i;
			return (int)i;
		}
	}
	return -1;
}

static struct state_entry *entry_add(struct state_dump *d)
{
	if (d->count == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 4096;
		struct state_entry *v = realloc(d->v, cap * sizeof(*v));

		if (!v) {
			d->failed = true;
			return NULL;
		}
		d->v = v;
		d->cap = cap;
	}
	return &d->v[d->count++];
}

void state_put(struct state_dump *d, const struct state_at *at, uint32_t item,
	       const void *bytes, size_t size, double value)
{
	int slot = slot_index(at->slot);
	struct state_entry *e;

	if (slot < 0) {
		d->unknown = at->slot;
		return;
	}
	e = entry_add(d);
	if (!e)
		return;
	*e = (struct state_entry){
		.slot = (uint16_t)slot, .key = { at->key[0], at->key[1] },
		.object = at->object, .item = item,
		.hash = XXH3_64bits(bytes, size), .value = value,
	};
}

void state_put_double(struct state_dump *d, const struct state_at *at, uint32_t item,
		      const double *v, unsigned n)
{
	state_put(d, at, item, v, n * sizeof(*v), n ? v[0] : 0);
}

void state_put_int(struct state_dump *d, const struct state_at *at, uint32_t item, int64_t v)
{
	state_put(d, at, item, &v, sizeof(v), (double)v);
}

static int place_compare(const struct state_entry *a, const struct state_entry *b)
{
	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	for (int i = 0; i < 2; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	if (a->item != b->item)
		return a->item < b->item ? -1 : 1;
	return 0;
}

static int entry_compare(const void *a, const void *b)
{
	return place_compare(a, b);
}

static bool context_suits(void)
{
	GLint major = 0, minor = 0, count = 0;
	bool dsa = false;

	glGetIntegerv(GL_MAJOR_VERSION, &major);
	glGetIntegerv(GL_MINOR_VERSION, &minor);
	glGetIntegerv(GL_NUM_EXTENSIONS, &count);
	for (GLint i = 0; i < count && !dsa; i++) {
		const char *name = (const char *)glGetStringi(GL_EXTENSIONS, (GLuint)i);

		dsa = name && strcmp(name, "GL_EXT_direct_state_access") == 0;
	}
	return dsa && major * 10 + minor >= 45;
}

static void errors_drain(void)
{
	/* a lost context repeats its error for ever */
	for (int i = 0; i < 32 && glGetError() != GL_NO_ERROR; i++)
		;
}

static bool stacks_have_room(void)
{
	GLint depth = 0, max = 0, client = 0, client_max = 0;

	glGetIntegerv(GL_ATTRIB_STACK_DEPTH, &depth);
	glGetIntegerv(GL_MAX_ATTRIB_STACK_DEPTH, &max);
	glGetIntegerv(GL_CLIENT_ATTRIB_STACK_DEPTH, &client);
	glGetIntegerv(GL_MAX_CLIENT_ATTRIB_STACK_DEPTH, &client_max);
	return depth < max && client < client_max;
}

/* Pixels are read without what the program set up for its own reads. */
static void transfer_neutral(void)
{
	static const GLenum zero[] = {
		GL_MAP_COLOR, GL_MAP_STENCIL, GL_INDEX_SHIFT, GL_INDEX_OFFSET, GL_RED_BIAS,
		GL_GREEN_BIAS, GL_BLUE_BIAS, GL_ALPHA_BIAS, GL_DEPTH_BIAS,
	};
	static const GLenum one[] = {
		GL_RED_SCALE, GL_GREEN_SCALE, GL_BLUE_SCALE, GL_ALPHA_SCALE, GL_DEPTH_SCALE,
	};

	glPushClientAttribDefaultEXT(GL_CLIENT_PIXEL_STORE_BIT);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glPushAttrib(GL_PIXEL_MODE_BIT);
	for (size_t i = 0; i < sizeof(zero) / sizeof(*zero); i++)
		glPixelTransferi(zero[i], 0);
	for (size_t i = 0; i < sizeof(one) / sizeof(*one); i++)
		glPixelTransferi(one[i], 1);
}

int state_take(struct state_dump *d, struct error *err)
{
	static void (*const parts[])(struct state_dump *) = {
		state_textures, state_buffers, state_arrays, state_programs,
		state_framebuffers, state_queries, state_names,
	};

	d->count = 0;
	d->failed = false;
	d->unknown = NULL;
	if (!context_suits())
		return error_set(err, -ENOTSUP, "state dump: the context lacks OpenGL 4.5 "
				 "compatibility with EXT_direct_state_access (use Mesa)");
	if (!stacks_have_room())
		return error_set(err, -EBUSY, "state dump: the context's attribute stacks are "
				 "full (dump at a lower depth)");
	errors_drain();
	state_context(d);
	state_units(d);
	transfer_neutral();
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		parts[i](d);
		errors_drain();
	}
	glPopAttrib();
	glPopClientAttrib();
	if (d->unknown)
		return error_set(err, -EINVAL, "state dump: no slot %s in the command table "
				 "(add it to slots.tbl)", d->unknown);
	if (d->failed)
		return error_set(err, -ENOMEM, "state dump: out of memory");
	qsort(d->v, d->count, sizeof(*d->v), entry_compare);
	return 0;
}

size_t state_diff(const struct state_dump *a, const struct state_dump *b, state_diff_fn *fn,
		  void *user)
{
	size_t i = 0, j = 0, n = 0;

	while (i < a->count || j < b->count) {
		const struct state_entry *x = i < a->count ? &a->v[i] : NULL;
		const struct state_entry *y = j < b->count ? &b->v[j] : NULL;
		int c = !x ? 1 : !y ? -1 : place_compare(x, y);

		i += c <= 0;
		j += c >= 0;
		if (c == 0 && x->hash == y->hash)
			continue;
		n++;
		if (fn)
			fn(user, c <= 0 ? x : NULL, c >= 0 ? y : NULL);
	}
	return n;
}

uint64_t state_hash(const struct state_dump *d)
{
	uint64_t h = 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct state_entry *e = &d->v[i];
		uint64_t words[5] = {
			(uint64_t)e->slot << 32 | e->item, e->key[0], e->key[1], e->object,
			e->hash,
		};

		h = XXH3_64bits_withSeed(words, sizeof(words), h);
	}
	return h;
}

const struct state_entry *state_find(const struct state_dump *d, const char *slot,
				     uint32_t key0, uint32_t key1)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct state_entry *e = &d->v[i];

		if (strcmp(gl_slots[e->slot].name, slot) == 0 &&
		    (key0 == STATE_NO_KEY || e->key[0] == key0) &&
		    (key1 == STATE_NO_KEY || e->key[1] == key1))
			return e;
	}
	return NULL;
}

/* Small keys are numbers (units, indices), others are enums. */
static int key_print(char *text, size_t size, uint32_t key)
{
	const char *name = key >= 0x0100 ? gl_enum_name(NULL, key) : NULL;

	if (key == STATE_NO_KEY)
		return snprintf(text, size, "*");
	if (name)
		return snprintf(text, size, "%s", name);
	return snprintf(text, size, "%u", key);
}

void state_describe(const struct state_entry *before, const struct state_entry *after,
		    char *text, size_t size)
{
	const struct state_entry *e = before ? before : after;
	char key[2][64], item[64];

	if (!e) {
		snprintf(text, size, "nothing");
		return;
	}
	key_print(key[0], sizeof(key[0]), e->key[0]);
	key_print(key[1], sizeof(key[1]), e->key[1]);
	key_print(item, sizeof(item), e->item);
	if (before && after)
		snprintf(text, size, "%s[%s,%s] of object %u, %s: %g -> %g",
			 gl_slots[e->slot].name, key[0], key[1], e->object, item,
			 before->value, after->value);
	else
		snprintf(text, size, "%s[%s,%s] of object %u, %s: %s (%g)",
			 gl_slots[e->slot].name, key[0], key[1], e->object, item,
			 before ? "gone" : "new", e->value);
}
