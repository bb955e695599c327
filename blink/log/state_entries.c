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
	for (size_t i = 0; i < d->ntexts; i++)
		free(d->texts[i]);
	free(d->texts);
	d->texts = NULL;
	d->ntexts = 0;
	free(d->v);
	d->v = NULL;
	d->count = d->cap = 0;
}

/* The window system's state, which no slot of the command table stands for. */
static const char *const window_slots[] = { "window_context", "window_drawable", "window_current" };
#define WINDOW_SLOTS (sizeof(window_slots) / sizeof(*window_slots))

const char *state_slot_name(unsigned slot)
{
	if (slot < gl_slot_count)
		return gl_slots[slot].name;
	return slot - gl_slot_count < WINDOW_SLOTS ? window_slots[slot - gl_slot_count] : "?";
}

/* Slots are looked up by name once per name, which is told by its address. */
static int slot_index(const char *name)
{
	static _Thread_local struct { const char *name; int index; } known[256];
	size_t at = ((uintptr_t)name >> 2 ^ (uintptr_t)name >> 9) % 256;

	if (known[at].name == name)
		return known[at].index;
	for (unsigned i = 0; i < gl_slot_count + WINDOW_SLOTS; i++) {
		if (strcmp(state_slot_name(i), name) == 0) {
			known[at].name = name;
			known[at].index = (int)i;
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
		.context = d->world ? d->world->context : 0,
		.hash = XXH3_64bits(bytes, size), .value = value,
	};
}

static const char *text_keep(struct state_dump *d, const char *text)
{
	char **v;

	if (d->ntexts % 256 == 0) {
		v = realloc(d->texts, (d->ntexts + 256) * sizeof(*v));
		if (!v)
			return NULL;
		d->texts = v;
	}
	d->texts[d->ntexts] = strdup(text);
	return d->texts[d->ntexts] ? d->texts[d->ntexts++] : NULL;
}

void state_put_text(struct state_dump *d, const struct state_at *at, uint32_t item,
		    const void *bytes, size_t size, double value, const char *text)
{
	size_t n = d->count;

	state_put(d, at, item, bytes, size, value);
	if (d->count > n)
		d->v[n].text = text_keep(d, text);
}

bool state_add(struct state_dump *d, const char *slot, const struct state_entry *where,
	       const void *bytes, size_t size)
{
	const struct state_at at = { slot, { where->key[0], where->key[1] }, where->object };
	size_t n = d->count;

	state_put(d, &at, where->item, bytes, size, where->value);
	if (d->count == n)
		return false;
	d->v[n].context = where->context;
	if (where->text)
		d->v[n].text = text_keep(d, where->text);
	return true;
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
	if (a->context != b->context)
		return a->context < b->context ? -1 : 1;
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

void state_sort(struct state_dump *d)
{
	if (d->count)
		qsort(d->v, d->count, sizeof(*d->v), entry_compare);
}

static bool context_suits(struct state_dump *d)
{
	GLint major = 0, minor = 0, count = 0, profile = 0;
	const char *version = (const char *)glGetString(GL_VERSION);

	d->ext_dsa = false;
	if (!version || strncmp(version, "OpenGL ES", 9) == 0)
		return false;
	glGetIntegerv(GL_MAJOR_VERSION, &major);
	glGetIntegerv(GL_MINOR_VERSION, &minor);
	glGetIntegerv(GL_NUM_EXTENSIONS, &count);
	for (GLint i = 0; i < count && !d->ext_dsa; i++) {
		const char *name = (const char *)glGetStringi(GL_EXTENSIONS, (GLuint)i);

		d->ext_dsa = name && strcmp(name, "GL_EXT_direct_state_access") == 0;
	}
	if (major * 10 + minor >= 32)
		glGetIntegerv(GL_CONTEXT_PROFILE_MASK, &profile);
	d->core = profile & GL_CONTEXT_CORE_PROFILE_BIT;
	return (d->ext_dsa || d->core) && major * 10 + minor >= (d->core ? 32 : 30);
}

static void errors_drain(void)
{
	/* a lost context repeats its error for ever */
	for (int i = 0; i < 32 && glGetError() != GL_NO_ERROR; i++)
		;
}

/* Pixels are read without what the program set up for its own reads.  Set aside value by
 * value: a stack might be full, and the core profile has none. */
static const struct neutral { GLenum pname; int value; bool transfer; } neutral[] = {
	{ GL_PACK_SWAP_BYTES, 0, false }, { GL_PACK_LSB_FIRST, 0, false },
	{ GL_PACK_ROW_LENGTH, 0, false }, { GL_PACK_IMAGE_HEIGHT, 0, false },
	{ GL_PACK_SKIP_PIXELS, 0, false }, { GL_PACK_SKIP_ROWS, 0, false },
	{ GL_PACK_SKIP_IMAGES, 0, false }, { GL_PACK_ALIGNMENT, 1, false },
	{ GL_MAP_COLOR, 0, true }, { GL_MAP_STENCIL, 0, true }, { GL_INDEX_SHIFT, 0, true },
	{ GL_INDEX_OFFSET, 0, true }, { GL_RED_BIAS, 0, true }, { GL_GREEN_BIAS, 0, true },
	{ GL_BLUE_BIAS, 0, true }, { GL_ALPHA_BIAS, 0, true }, { GL_DEPTH_BIAS, 0, true },
	{ GL_RED_SCALE, 1, true }, { GL_GREEN_SCALE, 1, true }, { GL_BLUE_SCALE, 1, true },
	{ GL_ALPHA_SCALE, 1, true }, { GL_DEPTH_SCALE, 1, true },
};
#define NEUTRALS (sizeof(neutral) / sizeof(*neutral))

struct aside {
	float value[NEUTRALS];
	GLint buffer;
};

static void neutral_set(const struct state_dump *d, size_t i, float value)
{
	if (!neutral[i].transfer)
		glPixelStoref(neutral[i].pname, value);
	else if (!d->core)
		glPixelTransferf(neutral[i].pname, value);
}

static void transfer_neutral(const struct state_dump *d, struct aside *a)
{
	glGetIntegerv(GL_PIXEL_PACK_BUFFER_BINDING, &a->buffer);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	for (size_t i = 0; i < NEUTRALS; i++) {
		a->value[i] = 0;
		glGetFloatv(neutral[i].pname, &a->value[i]);
		neutral_set(d, i, (float)neutral[i].value);
	}
}

static void transfer_restore(const struct state_dump *d, const struct aside *a)
{
	for (size_t i = 0; i < NEUTRALS; i++)
		neutral_set(d, i, a->value[i]);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, (GLuint)a->buffer);
}

/* Neither can be asked about anything. */
static bool in_a_list(const struct state_dump *d)
{
	GLint list = 0;

	if (!d->core)
		glGetIntegerv(GL_LIST_INDEX, &list);
	return list != 0;
}

static void take_all(struct state_dump *d)
{
	static void (*const parts[])(struct state_dump *) = {
		state_stacks, state_maps, state_textures, state_buffers, state_arrays,
		state_programs, state_framebuffers, state_queries, state_next_names,
	};
	struct aside aside;

	errors_drain();
	if (d->world && d->world->pixels_only) {
		transfer_neutral(d, &aside);
		state_window(d);
		transfer_restore(d, &aside);
		return;
	}
	state_context(d);
	state_units(d);
	transfer_neutral(d, &aside);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		parts[i](d);
		errors_drain();
	}
	transfer_restore(d, &aside);
}

int state_take(struct state_dump *d, struct error *err)
{
	if (!d->append)
		d->count = 0;
	d->failed = false;
	d->unknown = NULL;
	if (!context_suits(d))
		return error_set(err, -ENOTSUP, "state dump: the context is neither OpenGL 3.2 core "
				 "nor has it EXT_direct_state_access (use Mesa)");
	if (d->world && in_a_list(d))
		return error_set(err, -EBUSY, "state dump: a display list is being compiled "
				 "(dump at another frame)");
	state_spaces_make(d);
	if (!d->failed)
		take_all(d);
	state_spaces_finish(d);
	if (d->unknown)
		return error_set(err, -EINVAL, "state dump: no slot %s in the command table "
				 "(add it to slots.tbl)", d->unknown);
	if (d->failed)
		return error_set(err, -ENOMEM, "state dump: out of memory");
	state_sort(d);
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
		/* by name: the table may grow between two programs that compare hashes */
		uint64_t words[5] = {
			XXH3_64bits(state_slot_name(e->slot), strlen(state_slot_name(e->slot))),
			(uint64_t)e->key[0] << 32 | e->key[1],
			(uint64_t)e->object << 32 | e->item, e->context, e->hash,
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

		if (strcmp(state_slot_name(e->slot), slot) == 0 &&
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
	char key[2][64], item[64], context[32] = "";

	if (!e) {
		snprintf(text, size, "nothing");
		return;
	}
	key_print(key[0], sizeof(key[0]), e->key[0]);
	key_print(key[1], sizeof(key[1]), e->key[1]);
	key_print(item, sizeof(item), e->item);
	if (e->text)
		snprintf(key[0], sizeof(key[0]), "%s", e->text);
	if (e->context)
		snprintf(context, sizeof(context), " in context %u", e->context);
	if (before && after)
		snprintf(text, size, "%s[%s,%s] of object %u%s, %s: %g -> %g%s",
			 state_slot_name(e->slot), key[0], key[1], e->object, context, item,
			 before->value, after->value,
			 before->value == after->value && before->hash != after->hash
			 ? " (behind its first element)" : "");
	else
		snprintf(text, size, "%s[%s,%s] of object %u%s, %s: %s (%g)",
			 state_slot_name(e->slot), key[0], key[1], e->object, context, item,
			 before ? "gone" : "new", e->value);
}
