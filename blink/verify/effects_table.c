/* effects_table.c - compiles the command table's effects into bit sets and the few
 * effects whose keys stand in the record. */
#include "blink/verify/effects_table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof(*(a)))

static struct fx_table *table;
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

/* Slots that a slot depends on: which object a bound_* slot means, and what picks a
 * cell of those. */
static bool depends[GL_SLOT_COUNT][GL_SLOT_COUNT];

unsigned fx_slot_find(const char *name)
{
	for (unsigned i = 0; i < GL_SLOT_COUNT; i++)
		if (strcmp(gl_slots[i].name, name) == 0)
			return i;
	return GL_SLOT_COUNT;
}

/* ---- special ops --------------------------------------------------------- */

/* Aliases share the op of their command; ops that the table lacks are skipped. */
static const struct { const char *op; uint8_t special; const char *slot; } specials[] = {
	{ "jump", FX_JUMP, NULL }, { "jump.eq.i", FX_JUMP, NULL },
	{ "jump.ne.i", FX_JUMP, NULL }, { "jump.lt.i", FX_JUMP, NULL },
	{ "jump.le.i", FX_JUMP, NULL }, { "jump.eq.f", FX_JUMP, NULL },
	{ "jump.lt.f", FX_JUMP, NULL }, { "jump.le.f", FX_JUMP, NULL },
	{ "call", FX_OPAQUE, NULL },
	{ "blinkMakeCurrent", FX_MAKE_CURRENT, NULL },
	{ "blinkContext", FX_CONTEXT, NULL }, { "blinkSwap", FX_SWAP, NULL },
	{ "glNewList", FX_NEW_LIST, NULL }, { "glEndList", FX_END_LIST, NULL },
	{ "glCallList", FX_CALL_LIST, NULL }, { "glCallLists", FX_CALL_LISTS, NULL },
	{ "glDeleteLists", FX_DELETE_LISTS, NULL },
	{ "glPushMatrix", FX_PUSH_MATRIX, NULL }, { "glPopMatrix", FX_POP_MATRIX, NULL },
	{ "glPushAttrib", FX_PUSH_ATTRIB, NULL }, { "glPopAttrib", FX_POP_ATTRIB, NULL },
	{ "glPushClientAttrib", FX_PUSH_ATTRIB, NULL },
	{ "glPopClientAttrib", FX_POP_ATTRIB, NULL },
	{ "glClear", FX_CLEAR, NULL }, { "glEnable", FX_ENABLE, NULL },
	{ "glDisable", FX_DISABLE, NULL }, { "glColorMask", FX_COLOR_WRITE, NULL },
	{ "glDepthMask", FX_DEPTH_WRITE, NULL },
	{ "glStencilMask", FX_STENCIL_WRITE, NULL },
	{ "glActiveTexture", FX_SETTER, "active_texture" },
	{ "glClientActiveTexture", FX_SETTER, "client_active_texture" },
	{ "glMatrixMode", FX_SETTER, "matrix_mode" },
	{ "glActiveStencilFaceEXT", FX_SETTER, "active_stencil_face" },
	{ "glBegin", FX_BEGIN, NULL }, { "glEnd", FX_END, NULL },
	{ "glBindFramebuffer", FX_BIND_FRAMEBUFFER, NULL },
	{ "glBindFramebufferEXT", FX_BIND_FRAMEBUFFER, NULL },
	{ "glRenderMode", FX_RENDER_MODE, NULL },
};

static void specials_fill(struct fx_table *t)
{
	for (unsigned i = 0; i < GL_OP_COUNT; i++) {
		const struct gl_op *op = &gl_ops[i];

		t->op[i].slot = GL_SLOT_COUNT;
		if (op->command != GL_OP_NO_COMMAND)
			t->op[i].special = gl_commands[op->command].opaque ? FX_OPAQUE : FX_PLAIN;
		else
			t->op[i].special = op->form == GL_FORM_CORE ? FX_CORE : FX_OPAQUE;
	}
	for (size_t i = 0; i < ARRAY_LEN(specials); i++) {
		unsigned op = gl_op_find(specials[i].op);

		if (op == GL_OP_COUNT)
			continue;
		if (t->op[op].special == FX_OPAQUE && gl_ops[op].command != GL_OP_NO_COMMAND)
			continue;            /* its effects are not proved: stays opaque */
		t->op[op].special = specials[i].special;
		if (specials[i].slot)
			t->op[op].slot = (uint16_t)fx_slot_find(specials[i].slot);
	}
}

/* ---- which slots follow which -------------------------------------------- */

static void set_bit(uint64_t *set, unsigned bit) { set[bit / 64] |= UINT64_C(1) << bit % 64; }

static bool doc_names(const char *doc, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = doc; (p = strstr(p, word)); p += n) {
		bool before = p == doc || strchr(" (,[", p[-1]);

		if (before && (!p[n] || strchr(" ).,;[", p[n])))
			return true;
	}
	return false;
}

static void depends_on_selectors(struct fx_table *t, const struct gl_effect *e, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < 2; k++)
			if (e[i].key[k].kind == GL_KEY_SELECTED) {
				t->selected[e[i].slot] = true;
				depends[e[i].slot][e[i].key[k].value] = true;
			}
}

static void depends_fill(struct fx_table *t)
{
	static const char *const targets[] = { "color_buffer", "depth_buffer", "stencil_buffer" };
	unsigned binding = fx_slot_find("framebuffer_binding");

	for (unsigned i = 0; i < gl_command_count; i++) {
		depends_on_selectors(t, gl_commands[i].reads, gl_commands[i].nreads);
		depends_on_selectors(t, gl_commands[i].writes, gl_commands[i].nwrites);
	}
	for (unsigned b = 0; b < GL_SLOT_COUNT; b++) {
		const struct gl_slot *s = &gl_slots[b];

		t->existence[b] = s->doc && strstr(s->doc, "of this name exists");
		t->existence[b] |= s->doc && strncmp(s->doc, "name: that a", 12) == 0;
		t->bound[b] = strncmp(s->name, "bound_", 6) == 0;
		if (!t->bound[b])
			continue;
		set_bit(t->loose_slots, b);
		for (unsigned d = 0; d < GL_SLOT_COUNT; d++) {
			if (d == b || t->bound[d] || !doc_names(s->doc, gl_slots[d].name))
				continue;
			t->loose_slots[b / 64] &= ~(UINT64_C(1) << b % 64);
			depends[b][d] = true;
			for (unsigned k = 0; k < GL_SLOT_COUNT; k++)
				if (depends[d][k])
					depends[b][k] = true;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		unsigned b = fx_slot_find(targets[i]);

		if (b < GL_SLOT_COUNT && binding < GL_SLOT_COUNT)
			t->bound[b] = depends[b][binding] = true;
	}
	/* cells picked by a selector are other cells afterwards, not another object */
	for (unsigned s = 0; s < GL_SLOT_COUNT; s++)
		if (!t->bound[s])
			memset(depends[s], 0, sizeof(depends[s]));
}

static void class_rebinds(const struct fx_table *t, struct fx_class *c, unsigned written)
{
	for (unsigned b = 0; b < GL_SLOT_COUNT; b++)
		if (t->bound[b] && depends[b][written]) {
			set_bit(c->rebinds, b);
			c->has_rebinds = true;
		}
}

/* ---- effects ------------------------------------------------------------- */

static unsigned static_cell(struct fx_table *t, unsigned slot, const uint32_t *key)
{
	unsigned c = fx_static_cell(t, slot, key[0], key[1]);
	uint32_t h = fx_hash(slot, key[0], key[1]);

	if (c != FX_NONE || t->ncells == FX_CELLS)
		return c;
	c = t->ncells++;
	t->cell[c] = (struct fx_cell){ (uint16_t)slot, { key[0], key[1] } };
	set_bit(t->slot_cells[slot], c);
	while (t->hash[h & 4095] != FX_NONE)
		h++;
	t->hash[h & 4095] = (uint16_t)c;
	return c;
}

/* The key as it can be found in a record of op. */
static struct fx_key key_of(const struct gl_op *op, struct gl_key key)
{
	unsigned at = GL_OP_MAX_OPERANDS;

	if (key.kind == GL_KEY_NONE || key.kind == GL_KEY_CONST)
		return (struct fx_key){ FX_KEY_CONST, 0, key.kind ? key.value : 0 };
	if (key.kind == GL_KEY_SELECTED)
		return (struct fx_key){ FX_KEY_SELECTED, 0, key.value };
	if (key.kind == GL_KEY_OPERAND)
		at = key.value;
	for (unsigned i = 0; key.kind == GL_KEY_PARAM && i < op->noperands; i++)
		if (op->operands[i].param == key.value)
			at = i;
	if (at >= op->noperands)
		return (struct fx_key){ FX_KEY_ANY, 0, 0 };
	switch (op->operands[at].kind) {
	case GL_KIND_INT: case GL_KIND_UINT: case GL_KIND_ENUM: case GL_KIND_NAME:
	case GL_KIND_LOCATION: case GL_KIND_BITS: case GL_KIND_BOOL:
		return (struct fx_key){ FX_KEY_WORD, (uint8_t)at, op->operands[at].word };
	default:
		return (struct fx_key){ FX_KEY_ANY, 0, 0 };
	}
}

struct class_build {
	struct fx_table *t;
	struct fx_class c;
	struct fx_effect dynamic[64];
	unsigned ndynamic;
	bool failed;
};

static void effect_any(struct class_build *b, unsigned slot, bool write)
{
	set_bit(write ? b->c.any_write : b->c.any_read, slot);
	b->c.whole = true;
}

static void effect_add(struct class_build *b, const struct gl_op *op, const struct gl_effect *e,
		       bool write)
{
	struct fx_effect d = { e->slot, write, { key_of(op, e->key[0]), key_of(op, e->key[1]) } };
	static const char coord[] = "bound_array_enable";
	uint32_t value[2] = { d.key[0].value, d.key[1].value };

	if (write)
		class_rebinds(b->t, &b->c, e->slot);
	if (d.key[0].kind == FX_KEY_WORD && d.key[1].kind == FX_KEY_ANY &&
	    strcmp(gl_slots[e->slot].name, coord) == 0) {
		unsigned unit = fx_slot_find("client_active_texture");

		if (unit < GL_SLOT_COUNT)
			d.key[1] = (struct fx_key){ FX_KEY_COORD, 0, unit };
	}
	if (d.key[0].kind == FX_KEY_ANY || d.key[1].kind == FX_KEY_ANY) {
		effect_any(b, e->slot, write);
		return;
	}
	if (d.key[0].kind == FX_KEY_CONST && d.key[1].kind == FX_KEY_CONST) {
		unsigned cell = static_cell(b->t, e->slot, value);

		if (cell == FX_NONE) {
			effect_any(b, e->slot, write);
			return;
		}
		set_bit(write ? b->c.write : b->c.read, cell);
		b->c.whole = true;
		return;
	}
	if (b->ndynamic == ARRAY_LEN(b->dynamic))
		effect_any(b, e->slot, write);
	else
		b->dynamic[b->ndynamic++] = d;
}

static bool same_keys(const struct gl_effect *a, const struct gl_effect *b)
{
	return a->slot == b->slot && a->key[0].kind == b->key[0].kind &&
	       a->key[0].value == b->key[0].value && a->key[0].kind != GL_KEY_ANY;
}

/* Binding a name makes the object if there is none: doing that twice is doing it
 * once, so the write is left out; the read stays and meets deletions. */
static bool makes_what_it_reads(const struct fx_table *t, const struct gl_command *cmd,
				const struct gl_effect *w)
{
	for (unsigned i = 0; t->existence[w->slot] && i < cmd->nreads; i++)
		if (same_keys(&cmd->reads[i], w))
			return true;
	return false;
}

static bool reads_slot(const struct gl_command *cmd, unsigned slot)
{
	for (unsigned i = 0; i < cmd->nreads; i++)
		if (cmd->reads[i].slot == slot)
			return true;
	return false;
}

static void class_build(struct class_build *b, unsigned opcode)
{
	const struct gl_op *op = &gl_ops[opcode];
	const struct gl_command *cmd = &gl_commands[op->command];
	unsigned color = fx_slot_find("color_buffer");

	for (unsigned i = 0; i < cmd->nreads; i++)
		effect_add(b, op, &cmd->reads[i], false);
	for (unsigned i = 0; i < cmd->nwrites; i++) {
		/* what creates makes another object each time: those before decide which */
		if (op->form == GL_FORM_CREATE)
			effect_add(b, op, &cmd->writes[i], false);
		if (op->form == GL_FORM_CREATE || !makes_what_it_reads(b->t, cmd, &cmd->writes[i]))
			effect_add(b, op, &cmd->writes[i], true);
		if (cmd->writes[i].slot == color && reads_slot(cmd, fx_slot_find("depth_func")))
			b->c.draws = true;
	}
}

/* ---- classes ------------------------------------------------------------- */

static unsigned class_add(struct class_build *b)
{
	struct fx_table *t = b->t;
	struct fx_class *v;

	if (b->ndynamic) {
		struct fx_effect *d = malloc(b->ndynamic * sizeof(*d));

		if (!d) {
			b->failed = true;
			return 0;
		}
		memcpy(d, b->dynamic, b->ndynamic * sizeof(*d));
		b->c.dynamic = d;
		b->c.ndynamic = (uint16_t)b->ndynamic;
	}
	v = realloc(t->class, (t->nclasses + 1) * sizeof(*v));
	if (!v) {
		b->failed = true;
		return 0;
	}
	t->class = v;
	v[t->nclasses] = b->c;
	return t->nclasses++;
}

/* An earlier op with the very same lists and no keys of its own. */
static unsigned class_shared(const struct fx_table *t, unsigned opcode)
{
	const struct gl_command *a = &gl_commands[gl_ops[opcode].command];

	for (unsigned i = opcode; i-- > 0;) {
		const struct gl_command *c;

		if (gl_ops[i].command == GL_OP_NO_COMMAND)
			break;
		c = &gl_commands[gl_ops[i].command];
		if (a->reads == c->reads && a->nreads == c->nreads && a->writes == c->writes &&
		    a->nwrites == c->nwrites && !t->class[t->op[i].class].ndynamic &&
		    gl_ops[i].form == gl_ops[opcode].form)
			return t->op[i].class;
	}
	return FX_NONE;
}

static void listed_fill(struct fx_table *t)
{
	for (unsigned i = 0; i < GL_OP_COUNT; i++)
		t->op[i].listed = gl_ops[i].form == GL_FORM_DIRECT && gl_op_listed(i);
}

static void when_fill(struct fx_table *t)
{
	for (unsigned s = 0; s < GL_SLOT_COUNT; s++) {
		int when = gl_slots[s].when;

		for (unsigned i = 0; i < FX_CELL_WORDS; i++) {
			if (!t->slot_cells[s][i])
				continue;
			if (!t->end_word[s])
				t->first_word[s] = (uint8_t)i;
			t->end_word[s] = (uint8_t)(i + 1);
		}
		if (when < 0)
			continue;
		if (!t->is_when[when])
			t->whens[t->nwhens++] = (uint16_t)when;
		t->is_when[when] = true;
		set_bit(t->when_slots[when], s);
		for (unsigned i = 0; i < FX_CELL_WORDS; i++)
			t->when_cells[when][i] |= t->slot_cells[s][i];
	}
}

static void table_build(void)
{
	struct fx_table *t = calloc(1, sizeof(*t));
	struct class_build b = { .t = t };

	if (!t)
		return;
	memset(t->hash, 0xff, sizeof(t->hash));
	specials_fill(t);
	depends_fill(t);
	class_add(&b);          /* class 0: no effects */
	for (unsigned i = 0; i < GL_OP_COUNT && !b.failed; i++) {
		unsigned c;

		if (gl_ops[i].command == GL_OP_NO_COMMAND)
			continue;
		c = class_shared(t, i);
		if (c == FX_NONE) {
			b = (struct class_build){ .t = t };
			class_build(&b, i);
			c = class_add(&b);
		}
		t->op[i].class = (uint16_t)c;
	}
	listed_fill(t);
	when_fill(t);
	if (!b.failed)
		table = t;
}

const struct fx_table *fx_table_get(void)
{
	pthread_once(&table_once, table_build);
	return table;
}
