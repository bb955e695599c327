/* machine.c - see machine.h. */
#include "tests/verify/machine.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <stdlib.h>
#include <string.h>

#define ATTRS 31                      /* 7 fixed, 8 texture units, 16 generic */
#define NAMES (16u)

struct attr {
	bool on, client, buffered;
	uint32_t payload, offset, stride, bytes, divisor, buffer;
};
struct arrays { struct attr a[ATTRS]; uint32_t element; };
struct saved { struct arrays arrays; uint32_t mask, array_buffer, vao, unit; };
struct context {
	bool made;
	struct arrays vao[NAMES];
	uint32_t bound, array_buffer, unpack, pack, unit, depth, restart_index, locked;
	bool begin, list, restart, restart_fixed;
	struct saved saved[16];
};
struct store { bool set; uint8_t bytes[64]; uint32_t size, known; };

struct machine {
	const struct verify_env *env;
	struct context ctx[NAMES], *now;
	struct store store[NAMES];
	struct machine_result r;
};

static void wrong(struct machine *m, const char *why)
{
	if (m->r.end == MACHINE_FINE) {
		m->r.end = MACHINE_WRONG;
		m->r.why = why;
	}
}

static void lost(struct machine *m)
{
	if (m->r.end == MACHINE_FINE)
		m->r.end = MACHINE_UNKNOWN;
}

static bool is(const uint32_t *rec, const char *name)
{
	return strcmp(gl_ops[sp_opcode(*rec)].name, name) == 0;
}

/* Word of the operand called so; 0 when there is none. */
static uint32_t arg(const uint32_t *rec, const char *name)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < op->noperands; i++)
		if (strcmp(op->operands[i].name, name) == 0)
			return rec[op->operands[i].word];
	return 0;
}

static bool has(const uint32_t *rec, const char *name)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < op->noperands; i++)
		if (strcmp(op->operands[i].name, name) == 0)
			return true;
	return false;
}

static const uint32_t *arg_at(const uint32_t *rec, const char *name)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < op->noperands; i++)
		if (strcmp(op->operands[i].name, name) == 0)
			return rec + op->operands[i].word;
	return rec;
}

/* Is every payload where it should be and as long as its rule says? */
static void payloads_look(struct machine *m, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const struct sp_payloads *p = &m->env->payloads;

	for (unsigned i = 0; i < op->noperands; i++) {
		const uint32_t *w = rec + op->operands[i].word;
		uint64_t need = 0;

		if (op->operands[i].kind == GL_KIND_NAME && !gl_spaces[op->operands[i].space].identity &&
		    *w > m->env->limits.names[op->operands[i].space])
			wrong(m, "name out of range");
		if (op->operands[i].kind == GL_KIND_LOCATION && *w > m->env->limits.slots)
			wrong(m, "slot out of range");
		if (op->operands[i].kind != GL_KIND_PAYLOAD)
			continue;
		if (!w[0] && op->operands[i].nullable)
			continue;
		if (w[0] >= p->n || (w[0] && w[1] > p->v[w[0]].size))
			wrong(m, "payload out of range");
		else if (w[0] && !p->v[w[0]].data)
			wrong(m, "payload not there");
		else if (!gl_payload_size(rec, i, &need) ||
			 (w[0] ? w[1] + need > p->v[w[0]].size : need > 0))
			wrong(m, "payload short");
	}
}

/* ---- arrays ------------------------------------------------------------------ */

static struct arrays *bound(struct machine *m) { return &m->now->vao[m->now->bound]; }

static int attr_of_cap(const struct machine *m, uint32_t cap)
{
	switch (cap) {
	case GL_VERTEX_ARRAY: return 0;
	case GL_NORMAL_ARRAY: return 1;
	case GL_COLOR_ARRAY: return 2;
	case GL_SECONDARY_COLOR_ARRAY: return 3;
	case GL_FOG_COORD_ARRAY: return 4;
	case GL_INDEX_ARRAY: return 5;
	case GL_EDGE_FLAG_ARRAY: return 6;
	case GL_TEXTURE_COORD_ARRAY: return 7 + (int)m->now->unit;
	default: return -1;
	}
}

static int attr_of_pointer(const struct machine *m, const uint32_t *rec)
{
	static const char *const ops[] = { "glVertexPointer", "glNormalPointer", "glColorPointer" };

	for (int i = 0; i < 3; i++)
		if (strncmp(gl_ops[sp_opcode(*rec)].name, ops[i], strlen(ops[i])) == 0 &&
		    !has(rec, "index") && !strstr(gl_ops[sp_opcode(*rec)].name, "EXT"))
			return i;
	if (is(rec, "glTexCoordPointer") || is(rec, "glTexCoordPointer.buf"))
		return 7 + (int)m->now->unit;
	if (is(rec, "glVertexAttribPointer") || is(rec, "glVertexAttribPointer.buf"))
		return arg(rec, "index") < 16 ? 15 + (int)arg(rec, "index") : -2;
	return -1;
}

/* Only what every driver takes is modelled; for the rest the machine gives up. */
static void pointer(struct machine *m, const uint32_t *rec, int i)
{
	uint32_t size = has(rec, "size") ? arg(rec, "size") : 3, type = arg(rec, "type");
	uint32_t stride = arg(rec, "stride");
	bool buf = strstr(gl_ops[sp_opcode(*rec)].name, ".buf") != NULL;
	struct attr *a;

	if (i < 0 || m->now->bound || type != GL_FLOAT || size < (i == 2 ? 3u : 2u) || size > 4 ||
	    stride > 2048) {
		lost(m);
		return;
	}
	a = &bound(m)->a[i];
	a->client = a->buffered = false;
	a->bytes = 4 * size;
	a->stride = stride ? stride : a->bytes;
	a->payload = arg_at(rec, "pointer")[0];
	a->offset = arg_at(rec, "pointer")[1];
	if (m->now->array_buffer) {
		a->buffered = true;
		a->buffer = m->now->array_buffer;
		if (!buf && a->payload)
			wrong(m, "address taken for an offset");
	} else if (!buf && a->payload) {
		a->client = true;
	}
}

static void vertex(struct machine *m, uint64_t index, bool per_instance, uint32_t instances)
{
	for (int i = 0; i < ATTRS; i++) {
		const struct attr *a = &bound(m)->a[i];
		uint64_t at = index, end;

		if (!a->on || a->buffered)
			continue;
		if (!a->client) {
			wrong(m, "array at no known place");
			continue;
		}
		if ((a->divisor != 0) != per_instance)
			continue;
		if (per_instance)
			at = index + (instances - 1) / a->divisor;
		end = a->offset + at * a->stride + a->bytes;
		if (end > m->env->payloads.v[a->payload].size)
			wrong(m, "vertex beyond its array");
	}
}

static bool index_get(struct machine *m, const uint32_t *rec, uint32_t i, uint32_t *index)
{
	uint32_t type = arg(rec, "type"), bytes = type == GL_UNSIGNED_INT ? 4 :
		type == GL_UNSIGNED_SHORT ? 2 : 1;
	const uint32_t *w = arg_at(rec, "indices");
	uint64_t at;

	*index = 0;
	if (!strstr(gl_ops[sp_opcode(*rec)].name, ".buf")) {
		if (bound(m)->element)
			wrong(m, "address taken for an offset");
		else
			memcpy(index, m->env->payloads.v[w[0]].data + w[1] + (size_t)i * bytes, bytes);
		return true;
	}
	at = (w[0] | (uint64_t)w[1] << 32) + (uint64_t)i * bytes;
	if (!bound(m)->element) {
		wrong(m, "offset taken for an address");
		return false;
	}
	if (at + bytes > m->store[bound(m)->element].known)
		return false;
	memcpy(index, m->store[bound(m)->element].bytes + at, bytes);
	return true;
}

static bool uses_client_memory(struct machine *m)
{
	for (int i = 0; i < ATTRS; i++)
		if (bound(m)->a[i].on && !bound(m)->a[i].buffered)
			return true;
	return false;
}

static bool steps_per_vertex(struct machine *m)
{
	for (int i = 0; i < ATTRS; i++)
		if (bound(m)->a[i].on && bound(m)->a[i].client && !bound(m)->a[i].divisor)
			return true;
	return false;
}

static void draw(struct machine *m, const uint32_t *rec)
{
	int32_t count = (int32_t)arg(rec, "count"), first = (int32_t)arg(rec, "first");
	int32_t instances = has(rec, "instancecount") ? (int32_t)arg(rec, "instancecount") : 1;
	int64_t base = has(rec, "basevertex") ? (int32_t)arg(rec, "basevertex") : 0;
	uint32_t type = arg(rec, "type"), bits = type == GL_UNSIGNED_INT ? 32 :
		type == GL_UNSIGNED_SHORT ? 16 : 8;

	if (count <= 0 || instances <= 0)
		return;
	m->r.draws++;
	if (!uses_client_memory(m)) {
		uint32_t x;

		if (has(rec, "type"))
			index_get(m, rec, 0, &x);
		return;
	}
	if (count > 4096) {
		if (steps_per_vertex(m))
			wrong(m, "more vertices than any array here has");
		count = 1;
	}
	vertex(m, arg(rec, "baseinstance"), true, (uint32_t)instances);
	if (m->now->locked)
		vertex(m, m->now->locked - 1, false, 1);
	for (int32_t i = 0; i < count; i++) {
		uint32_t index = (uint32_t)first + (uint32_t)i;

		if (!has(rec, "type") && first < 0)
			wrong(m, "first is negative");
		if (has(rec, "type") && !index_get(m, rec, (uint32_t)i, &index))
			wrong(m, "index that nobody uploaded");
		if (has(rec, "type") && m->now->restart_fixed &&
		    index == UINT32_MAX >> (32 - bits))
			continue;
		if (has(rec, "type") && !m->now->restart_fixed && m->now->restart &&
		    index == m->now->restart_index)
			continue;
		if (index + base < 0)
			wrong(m, "vertex before its array");
		vertex(m, (uint64_t)(index + base), false, 1);
	}
}

/* ---- state ------------------------------------------------------------------- */

static void bind_buffer(struct machine *m, const uint32_t *rec)
{
	uint32_t target = rec[1], name = rec[2];

	if (target == GL_ARRAY_BUFFER)
		m->now->array_buffer = name;
	else if (target == GL_ELEMENT_ARRAY_BUFFER)
		bound(m)->element = name;
	else if (target == GL_PIXEL_UNPACK_BUFFER)
		m->now->unpack = name;
	else if (target == GL_PIXEL_PACK_BUFFER)
		m->now->pack = name;
}

static void buffer_data(struct machine *m, const uint32_t *rec)
{
	const uint32_t *w = arg_at(rec, "data"), *size = arg_at(rec, "size");
	uint32_t name = rec[1] == GL_ELEMENT_ARRAY_BUFFER ? bound(m)->element :
			rec[1] == GL_ARRAY_BUFFER ? m->now->array_buffer : 0;
	struct store *s = &m->store[name];

	if (rec[1] != GL_ELEMENT_ARRAY_BUFFER && rec[1] != GL_ARRAY_BUFFER) {
		lost(m);
		return;
	}
	if (!name)
		return;
	s->known = 0;
	if (w[0] && size[1] == 0 && size[0] <= sizeof(s->bytes)) {
		s->known = size[0];
		memcpy(s->bytes, m->env->payloads.v[w[0]].data + w[1], s->known);
	}
}

static void delete_buffers(struct machine *m, const uint32_t *rec)
{
	const uint32_t *w = arg_at(rec, "buffers");

	for (int32_t i = 0; w[0] && i < (int32_t)rec[1]; i++) {
		uint32_t name;

		memcpy(&name, m->env->payloads.v[w[0]].data + w[1] + (size_t)i * 4, 4);
		if (!name)
			continue;
		m->now->array_buffer = m->now->array_buffer == name ? 0 : m->now->array_buffer;
		m->now->unpack = m->now->unpack == name ? 0 : m->now->unpack;
		m->now->pack = m->now->pack == name ? 0 : m->now->pack;
		if (bound(m)->element == name)
			bound(m)->element = 0;
		for (int k = 0; k < ATTRS; k++)
			if (bound(m)->a[k].buffer == name)
				bound(m)->a[k].buffered = false;
		m->store[name].known = 0;
		if (m->now->depth)      /* what a pop brings back then differs by driver */
			lost(m);
	}
}

static void client_stack(struct machine *m, const uint32_t *rec)
{
	struct context *c = m->now;

	if (is(rec, "glPushClientAttrib")) {
		if (c->depth == 16)
			wrong(m, "pushed too deep");
		else
			c->saved[c->depth++] = (struct saved){ *bound(m), rec[1], c->array_buffer,
							       c->bound, c->unit };
	} else if (c->depth) {
		const struct saved *s = &c->saved[--c->depth];

		if (!(s->mask & GL_CLIENT_VERTEX_ARRAY_BIT))
			return;
		c->bound = s->vao;
		c->array_buffer = s->array_buffer;
		c->unit = s->unit;
		*bound(m) = s->arrays;
	}
}

static void make_current(struct machine *m, const uint32_t *rec)
{
	if (rec[1] && !m->ctx[rec[1]].made)
		wrong(m, "context that there is not");
	m->now = &m->ctx[rec[1]];
}

static void enable(struct machine *m, const uint32_t *rec, bool on)
{
	int a = attr_of_cap(m, rec[1]);

	if (a >= 0)
		bound(m)->a[a].on = on;
	else if (m->now->list)
		return;                 /* compiled; CallList gives up */
	else if (rec[1] == GL_PRIMITIVE_RESTART || rec[1] == GL_PRIMITIVE_RESTART_NV)
		m->now->restart = on;
	else if (rec[1] == GL_PRIMITIVE_RESTART_FIXED_INDEX)
		m->now->restart_fixed = on;
}

/* Commands that touch what is modelled here in ways that are not. */
static bool beyond(const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	const char *const hard[] = { "Pointer", "VertexArray", "Buffer", "CallList", "PopAttrib",
		"Interleaved", "Binding", "VertexBuffer", "Feedback", "ArrayElement", "Draw",
		"Delete", "Format" };

	if (op->command == GL_OP_NO_COMMAND)
		return strcmp(op->name, "call") == 0;
	for (size_t i = 0; i < sizeof(hard) / sizeof(*hard); i++)
		if (strstr(op->name, hard[i]))
			return true;
	return false;
}

static void command(struct machine *m, const uint32_t *rec)
{
	const char *name = gl_ops[sp_opcode(*rec)].name;
	int a = attr_of_pointer(m, rec);

	payloads_look(m, rec);
	if (m->r.end != MACHINE_FINE)
		return;
	if (a != -1)
		pointer(m, rec, a);
	else if (is(rec, "blinkContext")) {
		if (rec[2] && !m->ctx[rec[2]].made)
			wrong(m, "shares with no context");
		memset(&m->ctx[rec[1]], 0, sizeof(m->ctx[0]));
		m->ctx[rec[1]].made = true;
	} else if (is(rec, "blinkMakeCurrent"))
		make_current(m, rec);
	else if (is(rec, "glEnableClientState") || is(rec, "glEnable"))
		enable(m, rec, true);
	else if (is(rec, "glDisableClientState") || is(rec, "glDisable"))
		enable(m, rec, false);
	else if (is(rec, "glEnableVertexAttribArray") || is(rec, "glDisableVertexAttribArray")) {
		if (rec[1] < 16)
			bound(m)->a[15 + rec[1]].on = name[2] == 'E';
	} else if (is(rec, "glVertexAttribDivisor")) {
		if (rec[1] < 16)
			bound(m)->a[15 + rec[1]].divisor = rec[2];
	} else if (is(rec, "glClientActiveTexture")) {
		if (rec[1] - GL_TEXTURE0 < 8)
			m->now->unit = rec[1] - GL_TEXTURE0;
		else
			lost(m);
	} else if (is(rec, "glBindBuffer"))
		bind_buffer(m, rec);
	else if (is(rec, "glBufferData"))
		buffer_data(m, rec);
	else if (is(rec, "glDeleteBuffers"))
		delete_buffers(m, rec);
	else if (is(rec, "glPushClientAttrib") || is(rec, "glPopClientAttrib"))
		client_stack(m, rec);
	else if (is(rec, "glNewList") || is(rec, "glEndList"))
		m->now->list = is(rec, "glNewList");
	else if (is(rec, "glPrimitiveRestartIndex"))
		m->now->restart_index = rec[1];
	else if (is(rec, "glLockArraysEXT"))
		m->now->locked = (int32_t)rec[1] >= 0 && (int32_t)rec[2] > 0 ? rec[1] + rec[2] : 0;
	else if (is(rec, "glUnlockArraysEXT"))
		m->now->locked = 0;
	else if (strncmp(name, "glDraw", 6) == 0 && has(rec, "count") &&
		 (has(rec, "first") || has(rec, "indices")) && has(rec, "mode"))
		draw(m, rec);
	else if (beyond(rec))
		lost(m);
}

struct machine_result machine_run(const struct sp *sp, const struct verify_env *env,
				  uint64_t ways)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct machine_result r = { MACHINE_UNKNOWN, 0, "", 0 };
	uint32_t at = 0;

	if (!m)
		return r;
	m->env = env;
	m->now = &m->ctx[0];
	while (m->r.end == MACHINE_FINE) {
		const uint32_t *rec = sp->code + at;
		const struct gl_op *op;

		m->r.word = at;
		if (at >= sp->nwords || sp_opcode(*rec) >= GL_OP_COUNT ||
		    gl_ops[sp_opcode(*rec)].words > sp->nwords - at) {
			wrong(m, "went astray");
			break;
		}
		op = &gl_ops[sp_opcode(*rec)];
		if (sp_opcode(*rec) == OP_end)
			break;
		at += op->words;
		if (op->noperands && op->operands[op->noperands - 1].kind == GL_KIND_LABEL) {
			if (op->noperands == 1 || (ways & 1))
				at += rec[op->operands[op->noperands - 1].word];
			ways >>= op->noperands > 1;
			continue;
		}
		command(m, rec);
	}
	r = m->r;
	free(m);
	return r;
}
