/* memory.c - buffers, vertex array objects and the bytes that draws read: see model.h. */
#include "tests/soundness/model_priv.h"

/* ---- contexts and objects ------------------------------------------------------- */

static uint32_t vao_new(struct model *m, uint32_t context)
{
	if (m->nvaos + 1 >= M_OBJECTS) {
		m->beyond = true;
		return 0;
	}
	m->nvaos++;
	memset(&m->vao[m->nvaos], 0, sizeof(struct mvao));
	m->vao[m->nvaos].live = true;
	m->vao[m->nvaos].context = context;
	return m->nvaos;
}

static uint32_t buffer_new(struct model *m)
{
	if (m->nbuffers + 1 >= M_OBJECTS) {
		m->beyond = true;
		return 0;
	}
	m->nbuffers++;
	memset(&m->buffer[m->nbuffers], 0, sizeof(struct mbuffer));
	m->buffer[m->nbuffers].live = true;
	m->buffer[m->nbuffers].group = m->now->group;
	return m->nbuffers;
}

void memory_context_make(struct model *m, uint32_t name, uint32_t share)
{
	struct mcontext *c = &m->ctx[name];
	uint32_t group = share ? m->ctx[share].group : ++m->ngroups;

	memset(c, 0, sizeof(*c));
	m->used[name] = true;
	c->made = true;
	c->group = group;
	c->vao = c->vao_name[0] = vao_new(m, name);
}

static uint32_t context_number(const struct model *m) { return (uint32_t)(m->now - m->ctx); }

/* ---- buffers -------------------------------------------------------------------- */

static void contents_lose(struct model *m)
{
	for (uint32_t i = 0; i <= m->nbuffers; i++)
		m->buffer[i].known = 0;
}

/* Object behind a name that is bound; made as legacy GL does. */
static uint32_t buffer_named(struct model *m, uint32_t name)
{
	if (!name || name >= M_NAMES)
		return 0;
	if (!m->buffer_name[name])
		m->buffer_name[name] = buffer_new(m);
	if (m->buffer[m->buffer_name[name]].group != m->now->group)
		model_fault(m, "buffer of another share group");
	return m->buffer_name[name];
}

static uint32_t *binding(struct model *m, uint32_t target)
{
	switch (target) {
	case GL_ARRAY_BUFFER: return &m->now->array_buffer;
	case GL_ELEMENT_ARRAY_BUFFER: return &arrays_bound(m)->element;
	case GL_PIXEL_UNPACK_BUFFER: return &m->now->unpack;
	case GL_PIXEL_PACK_BUFFER: return &m->now->pack;
	default: return NULL;
	}
}

static void bind_buffer(struct model *m, const uint32_t *rec, bool indexed)
{
	uint32_t *at = binding(m, operand(rec, "target", 0));
	uint32_t object = buffer_named(m, operand(rec, "buffer", 0));

	if (at && indexed)              /* no target for that: refused, or not */
		*at = M_UNKNOWN;
	else if (at)
		*at = object;
}

static uint64_t wide(const uint32_t *w) { return w ? w[0] | (uint64_t)w[1] << 32 : 0; }

static void buffer_data(struct model *m, const uint32_t *rec, bool storage)
{
	uint32_t target = operand(rec, "target", 0), usage = operand(rec, "usage", 0) - 0x88e0;
	uint32_t *at = binding(m, target);
	const uint8_t *p = payload_bytes(operand_at(rec, "data"));
	uint64_t size = wide(operand_at(rec, "size"));
	struct mbuffer *b;

	if (!at || *at == M_UNKNOWN) {
		contents_lose(m);
		return;
	}
	b = &m->buffer[*at];
	if (!*at)
		return;
	if (storage || b->frozen) {
		b->frozen = true;
		b->known = 0;
		return;
	}
	if (usage > 10 || usage % 4 == 3 || (int64_t)size < 0)
		return;                 /* refused */
	b->size = size;
	b->known = p ? size < M_STORE ? (uint32_t)size : M_STORE : 0;
	if (size > SP_MAX_PAYLOAD)
		b->known = 0;           /* perhaps there was not so much memory */
	if (p)
		memcpy(b->bytes, p, b->known);
}

static void buffer_sub_data(struct model *m, const uint32_t *rec)
{
	uint32_t *at = binding(m, operand(rec, "target", 0));
	const uint8_t *p = payload_bytes(operand_at(rec, "data"));
	uint64_t size = wide(operand_at(rec, "size")), offset = wide(operand_at(rec, "offset"));
	struct mbuffer *b;

	if (!at || *at == M_UNKNOWN) {
		contents_lose(m);
		return;
	}
	b = &m->buffer[*at];
	if (!*at || !range_ok(offset, size, b->size) || b->frozen)
		return;                 /* refused, or not followed anyway */
	if (!p || offset > b->known)
		return;
	for (uint64_t i = 0; i < size && offset + i < M_STORE; i++) {
		b->bytes[offset + i] = p[i];
		if (offset + i >= b->known)
			b->known = (uint32_t)(offset + i + 1);
	}
}

static uint32_t name_in(const uint32_t *rec, const char *operand_name, uint32_t i)
{
	const uint8_t *p = payload_bytes(operand_at(rec, operand_name));
	uint32_t name = 0;

	if (p)
		memcpy(&name, p + 4 * (size_t)i, 4);
	return name < M_NAMES ? name : 0;
}

static void buffers_gen(struct model *m, const uint32_t *rec)
{
	for (uint32_t i = 0; i < (uint32_t)operand(rec, "n", 0) && i < 64; i++) {
		uint32_t name = name_in(rec, "buffers", i);

		if (name)
			m->buffer_name[name] = buffer_new(m);
	}
}

static void buffer_unbind(struct model *m, uint32_t object)
{
	struct mvao *v = arrays_bound(m);

	for (unsigned t = 0; t < 4; t++) {
		uint32_t *at = binding(m, (const uint32_t[]){ GL_ARRAY_BUFFER,
			GL_ELEMENT_ARRAY_BUFFER, GL_PIXEL_UNPACK_BUFFER, GL_PIXEL_PACK_BUFFER }[t]);

		if (*at == object)
			*at = 0;
	}
	/* the offset stays behind as an address */
	for (unsigned i = 0; i < M_ARRAYS; i++)
		if (v->a[i].where == BUFFER && v->a[i].buffer == object)
			v->a[i].where = ANYWHERE;
}

static void buffers_delete(struct model *m, const uint32_t *rec)
{
	for (uint32_t i = 0; i < (uint32_t)operand(rec, "n", 0) && i < 64; i++) {
		uint32_t name = name_in(rec, "buffers", i), object = m->buffer_name[name];

		if (!name || !object)
			continue;
		/* of another group: GL deletes whatever has the number there, or nothing */
		if (m->buffer[object].group != m->now->group)
			model_fault(m, "buffer of another share group");
		buffer_unbind(m, object);
		m->buffer_name[name] = 0;
		m->deletes++;
	}
}

/* ---- vertex array objects ------------------------------------------------------- */

static void vaos_gen(struct model *m, const uint32_t *rec)
{
	for (uint32_t i = 0; i < (uint32_t)operand(rec, "n", 0) && i < 64; i++) {
		uint32_t name = name_in(rec, "arrays", i);

		for (uint32_t c = 0; name && c < M_NAMES; c++)
			m->ctx[c].vao_name[name] = 0;
		if (name)
			m->now->vao_name[name] = vao_new(m, context_number(m));
	}
}

static void vaos_delete(struct model *m, const uint32_t *rec)
{
	for (uint32_t i = 0; i < (uint32_t)operand(rec, "n", 0) && i < 64; i++) {
		uint32_t name = name_in(rec, "arrays", i), object = m->now->vao_name[name];

		if (!name || !object)
			continue;
		if (m->now->vao == object)
			m->now->vao = m->now->vao_name[0];
		m->vao[object].live = false;
		m->now->vao_name[name] = 0;
		m->deletes++;
	}
}

static void vao_bind(struct model *m, const uint32_t *rec)
{
	uint32_t name = operand(rec, "array", 0);

	if (name >= M_NAMES)
		return;
	for (uint32_t c = 0; name && c < M_NAMES; c++)
		if (&m->ctx[c] != m->now && m->ctx[c].vao_name[name])
			model_fault(m, "vertex array object of another context");
	if (!m->now->vao_name[name])
		m->now->vao_name[name] = vao_new(m, context_number(m));
	m->now->vao = m->now->vao_name[name];
}

/* ---- draws ---------------------------------------------------------------------- */

static void fetch(struct model *m, const struct marray *a, uint64_t vertex)
{
	uint64_t end = a->offset + vertex * a->stride + a->bytes;

	if (a->where != CLIENT || a->serial != m->serial)
		model_fault(m, a->where == CLIENT ? "array of an earlier procedure"
						  : "array at no known place");
	else if (end > program_payloads.v[a->payload].size)
		model_fault(m, "vertex beyond its array");
}

/* Vertex of every array that steps per vertex. */
static void vertex_fetch(struct model *m, int64_t vertex)
{
	for (unsigned i = 0; i < M_ARRAYS; i++) {
		const struct marray *a = &arrays_bound(m)->a[i];

		if (!a->on || a->where == BUFFER || (i >= M_GENERIC && a->divisor && a->divisor != M_UNKNOWN))
			continue;
		if (vertex < 0)
			model_fault(m, "vertex before its array");
		else
			fetch(m, a, (uint64_t)vertex);
	}
}

static void instances_fetch(struct model *m, uint32_t instances, uint32_t base)
{
	for (unsigned i = M_GENERIC; i < M_ARRAYS; i++) {
		const struct marray *a = &arrays_bound(m)->a[i];

		uint32_t divisor = a->divisor == M_UNKNOWN ? 1 : a->divisor;

		if (a->on && a->where != BUFFER && divisor)
			fetch(m, a, base + (uint64_t)(instances - 1) / divisor);
	}
}

static bool client_memory_is_read(struct model *m)
{
	for (unsigned i = 0; i < M_ARRAYS; i++)
		if (arrays_bound(m)->a[i].on && arrays_bound(m)->a[i].where != BUFFER)
			return true;
	return false;
}

/* Index i; false when it is not known. */
static bool index_read(struct model *m, const uint32_t *rec, bool buf, uint32_t i,
		       unsigned bytes, uint32_t *index)
{
	const uint32_t *w = operand_at(rec, "indices");
	const struct mbuffer *b = &m->buffer[arrays_bound(m)->element];
	uint64_t at = wide(w) + (uint64_t)i * bytes;

	*index = 0;
	if (!buf) {
		memcpy(index, payload_bytes(w) + (size_t)i * bytes, bytes);
		return true;
	}
	if (m->feedback || !range_ok(at, bytes, b->known))
		return false;
	memcpy(index, b->bytes + at, bytes);
	return true;
}

static bool indices_have_a_place(struct model *m, const uint32_t *rec, bool buf)
{
	uint32_t element = arrays_bound(m)->element;

	if (!buf && element)
		model_fault(m, "address taken for an offset");
	else if (buf && (!element || element == M_UNKNOWN))
		model_fault(m, "offset taken for an address");
	else if (!buf && !operand(rec, "indices", 0))
		model_fault(m, "indices at no place");
	else
		return true;
	return false;
}

static void elements_draw(struct model *m, const uint32_t *rec, uint32_t count)
{
	const struct mcontext *c = m->now;
	bool buf = strstr(gl_ops[sp_opcode(*rec)].name, ".buf") != NULL;
	uint32_t type = operand(rec, "type", 0), start = operand(rec, "start", 0);
	unsigned bytes = type == GL_UNSIGNED_BYTE || type == GL_UNSIGNED_SHORT ||
			 type == GL_UNSIGNED_INT ? array_type_bytes(type) : 0;
	int64_t base = (int32_t)operand(rec, "basevertex", 0);
	uint32_t index;

	if (!bytes || !indices_have_a_place(m, rec, buf) || !client_memory_is_read(m))
		return;
	if (operand_at(rec, "start") && operand(rec, "end", 0) >= start) {
		vertex_fetch(m, start + base);
		vertex_fetch(m, operand(rec, "end", 0) + base);
	}
	for (uint32_t i = 0; i < count && !m->wrong; i++) {
		if (!index_read(m, rec, buf, i, bytes, &index)) {
			model_fault(m, "index that nobody uploaded");
			return;
		}
		if (c->restart == 1 && !c->restart_lost && !c->fixed && index == c->restart_index)
			continue;
		vertex_fetch(m, index + base);
	}
}

static void draw(struct model *m, const uint32_t *rec)
{
	int32_t count = (int32_t)operand(rec, "count", 0), first = (int32_t)operand(rec, "first", 0);
	int32_t instances = (int32_t)operand(rec, "instancecount", operand(rec, "primcount", 1));

	if (count <= 0 || instances <= 0)
		return;
	m->facts.vertices += (uint64_t)count * (uint32_t)instances;
	switches_draw(m);
	if (m->now->locked && client_memory_is_read(m))
		vertex_fetch(m, m->now->locked - 1);
	instances_fetch(m, (uint32_t)instances, operand(rec, "baseinstance", 0));
	if (operand_at(rec, "indices")) {
		elements_draw(m, rec, (uint32_t)count);
		return;
	}
	if (first < 0 && client_memory_is_read(m))
		model_fault(m, "first is negative");
	vertex_fetch(m, first);
	vertex_fetch(m, (int64_t)first + count - 1);
}

static void lock(struct model *m, const uint32_t *rec)
{
	int32_t first = (int32_t)operand(rec, "first", 0), count = (int32_t)operand(rec, "count", 0);
	uint64_t end = (uint64_t)first + (uint64_t)count;

	/* locked already: GL keeps the old range, who knows */
	if (first >= 0 && count > 0 && end > m->now->locked)
		m->now->locked = (uint32_t)end;
}

/* ---- which command -------------------------------------------------------------- */

static bool writes(const struct gl_command *c, unsigned slot)
{
	for (unsigned i = 0; i < c->nwrites; i++)
		if (c->writes[i].slot == slot)
			return true;
	return false;
}

/* Commands that change what is modelled here in ways that are not. */
static void others(struct model *m, const uint32_t *rec)
{
	static const uint16_t arrays[] = { GL_SLOT_array_object, GL_SLOT_bound_array,
		GL_SLOT_bound_array_enable, GL_SLOT_bound_attrib_array,
		GL_SLOT_bound_attrib_enable, GL_SLOT_bound_attrib_divisor };
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const struct gl_command *c = &gl_commands[op->command];
	bool arrays_change = !c->stated;

	for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++)
		arrays_change |= writes(c, arrays[i]);
	if (arrays_change) {
		arrays_lose(arrays_bound(m));
		m->now->array_buffer = M_UNKNOWN;
	}
	if (arrays_change || writes(c, GL_SLOT_bound_buffer_data) ||
	    op->form == GL_FORM_PACK_BUF)
		contents_lose(m);
	if (writes(c, GL_SLOT_transform_feedback))
		m->feedback = true;
	/* (in a list arrays were read already) */
	for (unsigned i = 0; i < c->nreads && !m->list_depth; i++)
		if (c->reads[i].slot == GL_SLOT_bound_array && client_memory_is_read(m))
			model_fault(m, "draw of unknown extent");
}

bool memory_record(struct model *m, const uint32_t *rec)
{
	unsigned op = sp_opcode(*rec);
	const char *name = gl_ops[op].name;
	bool taken;

	if (arrays_record(m, rec, &taken))
		return taken;
	switch (op) {
	case OP_glBindBuffer: bind_buffer(m, rec, false); return true;
	case OP_glBindBufferBase: case OP_glBindBufferRange: case OP_glBindBufferOffsetEXT:
		bind_buffer(m, rec, true);
		return true;
	case OP_glBufferData: buffer_data(m, rec, false); return true;
	case OP_glBufferStorage: buffer_data(m, rec, true); return true;
	case OP_glBufferSubData: buffer_sub_data(m, rec); return true;
	case OP_glGenBuffers: buffers_gen(m, rec); return true;
	case OP_glDeleteBuffers: buffers_delete(m, rec); return true;
	case OP_glGenVertexArrays: vaos_gen(m, rec); return true;
	case OP_glDeleteVertexArrays: vaos_delete(m, rec); return true;
	case OP_glBindVertexArray: case OP_glBindVertexArrayAPPLE: vao_bind(m, rec); return true;
	case OP_glLockArraysEXT: lock(m, rec); return true;
	case OP_glUnlockArraysEXT: m->now->locked = 0; return true;
	}
	if (strncmp(name, "glDraw", 6) == 0 && operand_at(rec, "count") &&
	    operand_at(rec, "mode")) {
		draw(m, rec);
		return true;
	}
	others(m, rec);
	return false;
}
