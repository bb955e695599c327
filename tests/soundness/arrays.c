/* arrays.c - where vertex arrays lie, which are on, and client state that is saved: see
 * model.h.
 */
#include "tests/soundness/model_priv.h"

struct mvao *arrays_bound(struct model *m) { return &m->vao[m->now->vao]; }

void arrays_lose(struct mvao *v)
{
	for (unsigned i = 0; i < M_ARRAYS; i++) {
		v->a[i].where = ANYWHERE;
		v->a[i].divisor = M_UNKNOWN;
	}
	v->element = M_UNKNOWN;
}

/* ---- pointers ------------------------------------------------------------------- */

unsigned array_type_bytes(uint32_t type)
{
	switch (type) {
	case GL_BYTE: case GL_UNSIGNED_BYTE: return 1;
	case GL_SHORT: case GL_UNSIGNED_SHORT: case GL_HALF_FLOAT: return 2;
	case GL_INT: case GL_UNSIGNED_INT: case GL_FLOAT: return 4;
	case GL_DOUBLE: return 8;
	default: return 0;
	}
}

/* Sizes and types of table 2.4 of OpenGL 3.3: one letter per type, b B s S i I f d h,
 * p for the packed ones. */
static const struct { const char *op; uint8_t array, low, high; const char *types; bool bgra; }
pointers[] = {
	{ "glVertexPointer", 0, 2, 4, "sifdhp", false },
	{ "glNormalPointer", 1, 3, 3, "bsifdh", false },
	{ "glColorPointer", 2, 3, 4, "bBsSiIfdhp", true },
	{ "glSecondaryColorPointer", 3, 3, 3, "bBsSiIfdhp", true },
	{ "glFogCoordPointer", 4, 1, 1, "fdh", false },
	{ "glIndexPointer", 5, 1, 1, "Bsifd", false },
	{ "glEdgeFlagPointer", 6, 1, 1, "B", false },
	{ "glTexCoordPointer", 7, 1, 4, "sifdhp", false },
	{ "glVertexAttribPointer", 15, 1, 4, "bBsSiIfdhp", true },
	{ "glVertexAttribIPointer", 15, 1, 4, "bBsSiI", false },
	{ "glVertexAttribLPointer", 15, 1, 4, "d", false },
	{ "glVertexPointerEXT", 0, 2, 4, "sifdhp", false },
	{ "glNormalPointerEXT", 1, 3, 3, "bsifdh", false },
	{ "glColorPointerEXT", 2, 3, 4, "bBsSiIfdhp", true },
	{ "glIndexPointerEXT", 5, 1, 1, "Bsifd", false },
	{ "glEdgeFlagPointerEXT", 6, 1, 1, "B", false },
	{ "glTexCoordPointerEXT", 7, 1, 4, "sifdhp", false },
};
#define POINTERS (sizeof(pointers) / sizeof(*pointers))

static char type_letter(uint32_t type)
{
	switch (type) {
	case GL_BYTE: return 'b';
	case GL_UNSIGNED_BYTE: return 'B';
	case GL_SHORT: return 's';
	case GL_UNSIGNED_SHORT: return 'S';
	case GL_INT: return 'i';
	case GL_UNSIGNED_INT: return 'I';
	case GL_FLOAT: return 'f';
	case GL_DOUBLE: return 'd';
	case GL_HALF_FLOAT: return 'h';
	case GL_INT_2_10_10_10_REV: case GL_UNSIGNED_INT_2_10_10_10_REV: return 'p';
	default: return '?';
	}
}

/* Bytes of one element; 0: a driver may refuse the call. */
static uint32_t element_bytes(unsigned row, const uint32_t *rec)
{
	uint32_t size = operand(rec, "size", pointers[row].low);
	uint32_t type = operand(rec, "type", GL_UNSIGNED_BYTE);
	char t = type_letter(type);

	if (t == '?' || !strchr(pointers[row].types, t))
		return 0;
	if (size == GL_BGRA)
		return pointers[row].bgra && (t == 'B' || t == 'p') &&
		       operand(rec, "normalized", 1) ? 4 : 0;
	if (size < pointers[row].low || size > pointers[row].high)
		return 0;
	if (t == 'p')
		return size == 4 ? 4 : 0;
	return size * array_type_bytes(type);
}

static void pointer_set(struct model *m, const uint32_t *rec, unsigned row)
{
	struct mcontext *c = m->now;
	bool buf = strstr(gl_ops[sp_opcode(*rec)].name, ".buf") != NULL;
	const uint32_t *at = operand_at(rec, "pointer");
	uint32_t n = pointers[row].array, stride = operand(rec, "stride", 0);
	uint32_t bytes = element_bytes(row, rec);
	struct marray *a;

	if (n == M_GENERIC) {
		if (operand(rec, "index", 0) >= 16)
			return;
		n += operand(rec, "index", 0);
	}
	if (!buf && at[0] && c->array_buffer)
		model_fault(m, "address taken for an offset");
	if (n == M_TEXCOORD && c->unit == M_UNKNOWN) {
		for (unsigned i = 0; i < 8; i++)
			arrays_bound(m)->a[M_TEXCOORD + i].where = ANYWHERE;
		return;
	}
	if (n == M_TEXCOORD)
		n += c->unit;
	a = &arrays_bound(m)->a[n];
	a->where = ANYWHERE;
	if (!bytes || stride > 2048 || c->begin)
		return;                 /* refused or not, by driver */
	a->bytes = bytes;
	a->stride = stride ? stride : bytes;
	a->serial = m->serial;
	if (c->array_buffer && c->array_buffer != M_UNKNOWN) {
		a->where = BUFFER;
		a->buffer = c->array_buffer;
	} else if (!buf && at[0] && c->vao == c->vao_name[0]) {
		a->where = CLIENT;
		a->payload = at[0];
		a->offset = at[1];
	}
}

static int array_of_cap(const struct model *m, uint32_t cap)
{
	switch (cap) {
	case GL_VERTEX_ARRAY: return 0;
	case GL_NORMAL_ARRAY: return 1;
	case GL_COLOR_ARRAY: return 2;
	case GL_SECONDARY_COLOR_ARRAY: return 3;
	case GL_FOG_COORD_ARRAY: return 4;
	case GL_INDEX_ARRAY: return 5;
	case GL_EDGE_FLAG_ARRAY: return 6;
	case GL_TEXTURE_COORD_ARRAY:
		return m->now->unit == M_UNKNOWN ? -2 : (int)(M_TEXCOORD + m->now->unit);
	default: return -1;
	}
}

/* surely: no driver refuses it */
static void array_switch(struct model *m, int a, bool on, bool surely)
{
	if (a == -2) {
		for (unsigned i = 0; i < 8; i++)
			array_switch(m, (int)(M_TEXCOORD + i), true, false);
	} else if (a >= 0) {
		arrays_bound(m)->a[a].on = on || (arrays_bound(m)->a[a].on && !surely);
	}
}

static void restart_switch(struct mcontext *c, uint32_t cap, bool on)
{
	if (cap == GL_PRIMITIVE_RESTART)
		c->restart = on;
	else if (cap == GL_PRIMITIVE_RESTART_NV)        /* of an extension */
		c->restart = on || c->restart ? 2 : 0;
	else if (cap == GL_PRIMITIVE_RESTART_FIXED_INDEX)
		c->fixed |= on;                         /* of 4.3: refused before */
}

/* ---- saved client state --------------------------------------------------------- */

static void client_push(struct model *m, const uint32_t *rec)
{
	struct mcontext *c = m->now;

	if (c->nsaved == M_STACK) {
		model_fault(m, "client attributes pushed too deep");
		return;
	}
	c->saved[c->nsaved++] = (struct msaved_client){ operand(rec, "mask", 0), c->vao,
		c->array_buffer, c->unit, m->deletes, c->unpack, c->pack, c->restart_index, c->locked,
		c->restart, c->restart_lost, *arrays_bound(m) };
}

static void client_pop(struct model *m)
{
	struct mcontext *c = m->now;
	struct msaved_client *s;
	struct mvao *v;

	if (!c->nsaved)
		return;
	s = &c->saved[--c->nsaved];
	if (s->mask & GL_CLIENT_PIXEL_STORE_BIT) {
		bool same = s->deletes == m->deletes;

		c->unpack = same || c->unpack == s->unpack ? s->unpack : M_UNKNOWN;
		c->pack = same || c->pack == s->pack ? s->pack : M_UNKNOWN;
	}
	if (!(s->mask & GL_CLIENT_VERTEX_ARRAY_BIT))
		return;
	/* Mesa puts these back as well */
	c->restart = c->restart == s->restart ? s->restart : 2;
	c->restart_lost |= s->restart_lost || c->restart_index != s->restart_index;
	c->locked = c->locked > s->locked ? c->locked : s->locked;
	c->unit = s->deletes == m->deletes || c->unit == s->unit ? s->unit : M_UNKNOWN;
	if (s->deletes != m->deletes) {         /* drivers restore parts */
		c->array_buffer = M_UNKNOWN;
		arrays_lose(arrays_bound(m));
		arrays_lose(&m->vao[s->vao]);
		return;
	}
	c->vao = s->vao;
	c->array_buffer = s->array_buffer;
	v = arrays_bound(m);
	for (unsigned i = 0; i < M_ARRAYS; i++) {
		bool on = v->a[i].on;

		if (c->vao == c->vao_name[0])
			v->a[i] = s->copy.a[i];
		else if (memcmp(&v->a[i], &s->copy.a[i], sizeof(v->a[i])))
			v->a[i].where = ANYWHERE, v->a[i].on = on || s->copy.a[i].on;
	}
	if (c->vao == c->vao_name[0])
		v->element = s->copy.element;
	else if (v->element != s->copy.element)
		v->element = M_UNKNOWN;
}

/* ---- which command -------------------------------------------------------------- */

/* The command itself, or its form for buffers. */
static bool pointer_is(const char *name, const char *command)
{
	size_t n = strlen(command);

	return strncmp(name, command, n) == 0 && (!name[n] || name[n] == '.');
}

bool arrays_record(struct model *m, const uint32_t *rec, bool *taken)
{
	uint32_t index = operand(rec, "index", 0);
	unsigned op = sp_opcode(*rec);
	const char *name = gl_ops[op].name;

	*taken = true;
	for (unsigned i = 0; i < POINTERS; i++)
		if (pointer_is(name, pointers[i].op)) {
			pointer_set(m, rec, i);
			return true;
		}
	switch (op) {
	case OP_glEnableClientState: case OP_glDisableClientState:
		restart_switch(m->now, rec[1], op == OP_glEnableClientState);
		array_switch(m, array_of_cap(m, rec[1]), op == OP_glEnableClientState,
			     !m->now->begin);
		return true;
	case OP_glEnable: case OP_glDisable:
		restart_switch(m->now, rec[1], op == OP_glEnable);
		/* some drivers take arrays here, others refuse them */
		array_switch(m, array_of_cap(m, rec[1]), op == OP_glEnable, false);
		*taken = false;         /* switches.c looks as well */
		return true;
	case OP_glEnableVertexAttribArray: case OP_glDisableVertexAttribArray:
		if (index < 16)
			array_switch(m, (int)(M_GENERIC + index),
				     op == OP_glEnableVertexAttribArray, true);
		return true;
	case OP_glVertexAttribDivisor:
		/* (the greatest says as much as the one below it: no draw has so many instances) */
		if (index < 16) {
			uint32_t by = operand(rec, "divisor", 0);

			arrays_bound(m)->a[M_GENERIC + index].divisor = by == M_UNKNOWN ? by - 1 : by;
		}
		return true;
	case OP_glClientActiveTexture:
		if (rec[1] - GL_TEXTURE0 < 8)
			m->now->unit = m->now->begin ? M_UNKNOWN : rec[1] - GL_TEXTURE0;
		return true;
	case OP_glPrimitiveRestartIndex: case OP_glPrimitiveRestartIndexNV:
		m->now->restart_index = rec[1];
		m->now->restart_lost = op != OP_glPrimitiveRestartIndex || m->now->list;
		return true;
	case OP_glPushClientAttrib: client_push(m, rec); return true;
	case OP_glPopClientAttrib: client_pop(m); return true;
	default: return false;
	}
}
