/* prove_change.c - is a difference between two dumps covered by a row's writes? */
#include "tests/prove/prove.h"

#include <string.h>

/* Enums that stand for several of GL's own cells. */
static const struct { uint32_t whole, part[4]; } wholes[] = {
	{ GL_FRAMEBUFFER, { GL_DRAW_FRAMEBUFFER, GL_READ_FRAMEBUFFER } },
	{ GL_DEPTH_STENCIL_ATTACHMENT, { GL_DEPTH_ATTACHMENT, GL_STENCIL_ATTACHMENT } },
	{ GL_FRONT_AND_BACK, { GL_FRONT, GL_BACK } },
	{ GL_AMBIENT_AND_DIFFUSE, { GL_AMBIENT, GL_DIFFUSE } },
	{ GL_TEXTURE_SWIZZLE_RGBA, { GL_TEXTURE_SWIZZLE_R, GL_TEXTURE_SWIZZLE_G,
				     GL_TEXTURE_SWIZZLE_B, GL_TEXTURE_SWIZZLE_A } },
	{ GL_COLOR_INDEXES, { GL_COLOR_INDEXES } },
};

/* Slots whose content belongs to an object, where the object is bound, and the slot
 * that says which objects exist. */
static const struct owner {
	const char *slot, *binding, *names;
} owners[] = {
	{ "bound_texture_image", "texture_binding", "texture_name" },
	{ "bound_texture_param", "texture_binding", "texture_name" },
	{ "sampler_param", NULL, "sampler_name" },
	{ "bound_buffer_data", "buffer_binding", "buffer_name" },
	{ "bound_array", "array_object", "array_object_name" },
	{ "bound_array_enable", "array_object", "array_object_name" },
	{ "bound_attrib_array", "array_object", "array_object_name" },
	{ "bound_attrib_enable", "array_object", "array_object_name" },
	{ "bound_attrib_divisor", "array_object", "array_object_name" },
	{ "buffer_binding", NULL, "array_object_name" },
	{ "shader", NULL, "program_name" },
	{ "program", NULL, "program_name" },
	{ "uniform", NULL, "program_name" },
	{ "uniform_block", NULL, "program_name" },
	{ "bound_arbprogram", "arbprogram_binding", "arbprogram_name" },
	{ "bound_arbprogram_local", "arbprogram_binding", "arbprogram_name" },
	{ "bound_framebuffer", "framebuffer_binding", "framebuffer_name" },
	{ "bound_draw_buffers", "framebuffer_binding", "framebuffer_name" },
	{ "bound_read_buffer", "framebuffer_binding", "framebuffer_name" },
	{ "color_buffer", "framebuffer_binding", "framebuffer_name" },
	{ "depth_buffer", "framebuffer_binding", "framebuffer_name" },
	{ "stencil_buffer", "framebuffer_binding", "framebuffer_name" },
	{ "bound_renderbuffer", "renderbuffer_binding", "renderbuffer_name" },
	{ "query_result", NULL, "query_name" },
};

struct claim {
	const struct gl_command *cmd;
	const struct prove_args *args;
	const struct state_dump *control;
	const struct state_entry *entry;
};

static bool key_equal(uint32_t claimed, uint32_t found)
{
	if (claimed == found || found == STATE_NO_KEY)
		return true;
	for (size_t i = 0; i < sizeof(wholes) / sizeof(*wholes); i++)
		for (int k = 0; wholes[i].whole == claimed && k < 4; k++)
			if (wholes[i].part[k] == found)
				return true;
	return false;
}

/* The value of a claimed key, false for "any". */
static bool key_claimed(const struct claim *c, const struct gl_key *k, uint32_t *value)
{
	const struct state_entry *e;

	switch (k->kind) {
	case GL_KEY_CONST:
		*value = k->value;
		return true;
	case GL_KEY_PARAM:
		*value = (uint32_t)c->args->v[k->value];
		return true;
	case GL_KEY_SELECTED:
		e = state_find(c->control, gl_slots[k->value].name, STATE_NO_KEY, STATE_NO_KEY);
		*value = e ? (uint32_t)e->value : 0;
		return e != NULL;
	default:
		return false;
	}
}

static uint32_t texture_target(uint32_t image)
{
	return image >= GL_TEXTURE_CUBE_MAP_POSITIVE_X && image <= GL_TEXTURE_CUBE_MAP_NEGATIVE_Z ?
	       GL_TEXTURE_CUBE_MAP : image;
}

/* The object in a binding slot at a binding point, as the control run left it. */
static uint32_t bound_object(const struct claim *c, const char *binding, uint32_t point)
{
	const struct state_entry *e;
	uint32_t key0 = point, key1 = STATE_NO_KEY;

	if (strcmp(binding, "texture_binding") == 0) {
		e = state_find(c->control, "active_texture", STATE_NO_KEY, STATE_NO_KEY);
		key0 = e ? (uint32_t)e->value : GL_TEXTURE0;
		key1 = texture_target(point);
	} else if (strcmp(binding, "framebuffer_binding") == 0) {
		key0 = point == GL_READ_FRAMEBUFFER ? point : GL_DRAW_FRAMEBUFFER;
	} else if (strcmp(binding, "array_object") == 0 ||
		   strcmp(binding, "renderbuffer_binding") == 0) {
		key0 = STATE_NO_KEY;
	}
	e = state_find(c->control, binding, key0, key1);
	return e ? (uint32_t)e->value : 0;
}

static const struct owner *owner_of(const char *slot)
{
	for (size_t i = 0; i < sizeof(owners) / sizeof(*owners); i++)
		if (strcmp(owners[i].slot, slot) == 0)
			return &owners[i];
	return NULL;
}

/* Does the object that the entry belongs to agree with the claim's binding point? */
static bool object_agrees(const struct claim *c, const char *slot, const struct gl_effect *w)
{
	const struct owner *o = owner_of(slot);
	uint32_t point = 0;

	if (!o || !o->binding)
		return true;
	if (gl_slots[w->slot].nkeys && !key_claimed(c, &w->key[0], &point) &&
	    strncmp(o->binding, "array_object", 12) != 0)
		return true;            /* any binding point, any object */
	if (strcmp(slot, "bound_read_buffer") == 0)
		point = GL_READ_FRAMEBUFFER;
	return c->entry->object == bound_object(c, o->binding, point);
}

/* uniform[location,count]: count elements from location on */
static bool uniform_agrees(const struct claim *c, const struct gl_effect *w)
{
	uint32_t first, count;

	if (!key_claimed(c, &w->key[0], &first) || !key_claimed(c, &w->key[1], &count))
		return true;
	return c->entry->key[0] >= first && c->entry->key[0] - first < count;
}

static bool effect_covers(const struct claim *c, const struct gl_effect *w)
{
	const char *slot = gl_slots[w->slot].name;
	uint32_t value;

	if (w->slot != c->entry->slot)
		return false;
	if (strcmp(slot, "uniform") == 0)
		return uniform_agrees(c, w);
	for (unsigned k = 0; k < gl_slots[w->slot].nkeys; k++)
		if (key_claimed(c, &w->key[k], &value) && !key_equal(value, c->entry->key[k]))
			return false;
	return object_agrees(c, slot, w);
}

static bool writes_slot(const struct gl_command *cmd, const char *slot)
{
	for (unsigned i = 0; i < cmd->nwrites; i++)
		if (strcmp(gl_slots[cmd->writes[i].slot].name, slot) == 0)
			return true;
	return false;
}

static bool attached_to_draw(const struct claim *c, uint32_t texture)
{
	uint32_t fbo = bound_object(c, "framebuffer_binding", GL_DRAW_FRAMEBUFFER);

	for (size_t i = 0; i < c->control->count; i++) {
		const struct state_entry *e = &c->control->v[i];

		if (strcmp(gl_slots[e->slot].name, "bound_framebuffer") == 0 && e->object == fbo &&
		    e->item == GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME && e->value == texture)
			return true;
	}
	return false;
}

/* Pixels have two names: those of a framebuffer, and those of the image attached. */
static bool pixel_alias(const struct claim *c, const char *slot)
{
	bool pixels = strcmp(slot, "color_buffer") == 0 || strcmp(slot, "depth_buffer") == 0 ||
		      strcmp(slot, "stencil_buffer") == 0;

	if (strcmp(slot, "bound_texture_image") == 0)
		return (writes_slot(c->cmd, "color_buffer") || writes_slot(c->cmd, "depth_buffer")) &&
		       attached_to_draw(c, c->entry->object);
	return pixels && c->entry->object &&
	       (writes_slot(c->cmd, "bound_renderbuffer") || writes_slot(c->cmd, "bound_framebuffer"));
}

/* A new or gone object brings or takes its whole state along. */
static bool life_covers(const struct claim *c, const char *slot, bool lives)
{
	const struct owner *o = owner_of(slot);

	return lives && o && writes_slot(c->cmd, o->names);
}

static bool row_covers(const struct claim *c, bool lives)
{
	const char *slot = gl_slots[c->entry->slot].name;

	for (unsigned i = 0; i < c->cmd->nwrites; i++)
		if (effect_covers(c, &c->cmd->writes[i]))
			return true;
	/* the driver does not tell why a material changed */
	if (strcmp(slot, "material") == 0 && writes_slot(c->cmd, "tracked_material"))
		return true;
	return pixel_alias(c, slot) || life_covers(c, slot, lives);
}

/* What a later command makes of the proved one's writes: it must read one of them, and
 * write the slot that differs. */
static bool later_covers(const struct claim *c, const char *name)
{
	const struct gl_command *later = gl_command_find(name);
	bool reads = false;

	if (!later)
		return false;
	for (unsigned i = 0; i < later->nreads && !reads; i++)
		reads = writes_slot(c->cmd, gl_slots[later->reads[i].slot].name);
	return (reads || !later->stated) && (!later->stated ||
		writes_slot(later, gl_slots[c->entry->slot].name) ||
		pixel_alias(&(struct claim){ later, c->args, c->control, c->entry },
			    gl_slots[c->entry->slot].name));
}

static bool after_covers(const struct claim *c, const char *after)
{
	if (after && *after == '!')
		after++;
	while (after && *after) {
		size_t n = strcspn(after, " ");
		const struct prove_action *a = prove_action_find(after, n);
		const char *s = a ? a->commands : "";

		while (s && *s) {
			size_t len = strcspn(s, " ");
			char name[80];

			if (len < sizeof(name)) {
				memcpy(name, s, len);
				name[len] = 0;
				if (later_covers(c, name))
					return true;
			}
			s += len;
			s += strspn(s, " ");
		}
		after += n;
		after += strspn(after, " ");
	}
	return false;
}

bool prove_change_allowed(const struct gl_command *cmd, const struct prove_case *c,
			  const struct prove_args *args, const struct state_dump *control,
			  const struct state_entry *was, const struct state_entry *is)
{
	const struct claim claim = { cmd, args, control, was ? was : is };

	return row_covers(&claim, !was || !is) || after_covers(&claim, c->after);
}
