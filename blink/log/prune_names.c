/* prune_names.c - going forward: names that are made and deleted; deleted objects leave
 * the bindings that held them.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

/* ---- names in payloads -------------------------------------------------------- */

const uint32_t *record_names(struct prune *p, const uint32_t *rec, unsigned *space, uint32_t *n)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	struct sp_payload data;
	uint64_t size;

	for (unsigned i = 0; i < op->noperands; i++) {
		const uint32_t *w = rec + op->operands[i].word;

		if (op->operands[i].kind != GL_KIND_PAYLOAD ||
		    op->operands[i].space == GL_SPACE_NONE)
			continue;
		*space = op->operands[i].space;
		*n = 0;
		if (!gl_payload_size(rec, i, &size) || !w[0])
			return NULL;
		if (p->opt.payload(p->opt.user, w[0], &data, &p->error) < 0 ||
		    !range_ok(w[1], size, data.size)) {
			if (!p->error.code)
				error_set(&p->error, -22, "prune: %s: its names lie outside of "
					  "the payload", op->name);
			return NULL;
		}
		*n = (uint32_t)(size / 4);
		return (const uint32_t *)(const void *)(data.data + w[1]);
	}
	return NULL;
}

static uint32_t name_word(const uint32_t *names, uint32_t i)
{
	uint32_t v;

	memcpy(&v, names + i, sizeof(v));        /* payloads may lie at odd offsets */
	return v;
}

static uint32_t regs_of(unsigned space)
{
	switch (space) {
	case GL_SPACE_TEXTURE: return T_COUNT;
	case GL_SPACE_PROGRAM: return G_COUNT;
	case GL_SPACE_FRAMEBUFFER: return B_COUNT;
	case GL_SPACE_VERTEXARRAY: return PRUNE_ARRAYS;
	default: return 0;
	}
}

uint32_t named_make(struct prune *p, unsigned space, uint32_t name)
{
	uint32_t scope = name_scope(p, space), *slot = name_slot(p, space, scope, name);
	uint32_t o = object_make(p, space, name, scope, regs_of(space));

	if (o)
		shadow_set(p, slot, o);
	return o;
}

void names_listed(struct prune *p, struct entry *e, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	struct prune_list *list = p->object[e->list]->list;
	size_t undo = p->nundo;

	for (unsigned i = 0; i < op->noperands && list; i++) {
		uint32_t name = rec[op->operands[i].word], o;

		if (op->operands[i].kind != GL_KIND_NAME || sp_mask(*rec) >> i & 1 || !name ||
		    gl_spaces[op->operands[i].space].identity ||
		    name_find(p, op->operands[i].space, name))
			continue;
		o = named_make(p, op->operands[i].space, name);
		buf_append(&list->made, &o, sizeof(o));
	}
	if (list && buf_failed(&list->made))
		error_nomem(p);
	e->undos = (uint32_t)(p->nundo - undo);
}

void names_gen(struct prune *p, struct entry *e, const uint32_t *rec)
{
	unsigned space = 0;
	uint32_t n = 0;
	const uint32_t *names = record_names(p, rec, &space, &n);

	for (uint32_t i = 0; i < n && !p->error.code; i++)
		if (name_word(names, i))
			named_make(p, space, name_word(names, i));
	if (!n)
		e->flags |= E_VOID;
}

/* The name that a creating command gives its object. */
uint32_t record_created(const uint32_t *rec, unsigned *space)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].param == 0xff && op->operands[i].kind == GL_KIND_NAME) {
			*space = op->operands[i].space;
			return rec[op->operands[i].word];
		}
	*space = GL_SPACE_NONE;
	return 0;
}

void name_create(struct prune *p, struct entry *e, const uint32_t *rec)
{
	unsigned space;
	uint32_t name = record_created(rec, &space);

	if (space == GL_SPACE_LIST) {            /* a range of empty lists */
		uint32_t count = operand(rec, 0);

		for (uint32_t i = 0; i < count && i < 1u << 20 && !p->error.code; i++)
			named_make(p, space, name + i);
	} else if (name) {
		e->aux = named_make(p, space, name);
	} else {
		e->flags |= E_VOID;
	}
}

/* ---- deletion ------------------------------------------------------------------- */

static void words_clear(struct prune *p, uint32_t *reg, unsigned from, unsigned count, uint32_t o)
{
	for (unsigned i = from; i < from + count; i++)
		if (reg[i] == o)
			shadow_set(p, &reg[i], 0);
}

static void fbo_detach(struct prune *p, uint32_t fbo, uint32_t o)
{
	if (fbo)
		words_clear(p, p->object[fbo]->reg, B_OBJECT, PRUNE_ATTACH, o);
}

/* A deleted object is unbound where the current context has it bound. */
static void unbind(struct prune *p, unsigned space, uint32_t o)
{
	uint32_t *reg = ctx_reg(p);

	switch (space) {
	case GL_SPACE_TEXTURE:
		words_clear(p, reg, R_TEX, reg[R_USED] * PRUNE_TEX_TARGETS, o);
		fbo_detach(p, reg[R_DRAW_FBO], o);
		fbo_detach(p, reg[R_READ_FBO], o);
		break;
	case GL_SPACE_RENDERBUFFER:
		words_clear(p, reg, R_RBO, 1, o);
		fbo_detach(p, reg[R_DRAW_FBO], o);
		fbo_detach(p, reg[R_READ_FBO], o);
		break;
	case GL_SPACE_BUFFER:
		words_clear(p, reg, R_BUF, PRUNE_BUF_TARGETS, o);
		words_clear(p, reg, R_RANGE, PRUNE_RANGES, o);
		words_clear(p, p->object[vao_bound(p)]->reg, 0, PRUNE_ARRAYS, o);
		break;
	case GL_SPACE_SAMPLER: words_clear(p, reg, R_SAMPLER, PRUNE_UNITS, o); break;
	case GL_SPACE_VERTEXARRAY: words_clear(p, reg, R_VAO, 1, o); break;
	case GL_SPACE_FRAMEBUFFER:
		words_clear(p, reg, R_DRAW_FBO, 1, o);
		words_clear(p, reg, R_READ_FBO, 1, o);
		break;
	case GL_SPACE_ARBPROGRAM: words_clear(p, reg, R_ARBPROG, 2, o); break;
	case GL_SPACE_PIPELINE: words_clear(p, reg, R_PIPELINE, 1, o); break;
	case GL_SPACE_QUERY: words_clear(p, reg, R_QUERY, PRUNE_QUERIES, o); break;
	case GL_SPACE_XFB: words_clear(p, reg, R_XFB, 1, o); break;
	default: break;
	}
}

void names_delete(struct prune *p, struct entry *e, const uint32_t *rec)
{
	unsigned space = 0;
	uint32_t n = 0, first = 0;
	const uint32_t *names = record_names(p, rec, &space, &n);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t name = name_word(names, i), *slot, o;

		if (!name)
			continue;
		slot = name_slot(p, space, name_scope(p, space), name);
		o = *slot;
		if (!o)
			continue;
		first = o;
		shadow_set(p, slot, 0);
		unbind(p, space, o);
	}
	e->aux = first;
	if (!first)
		e->flags |= E_VOID;
}

void name_delete(struct prune *p, struct entry *e, const uint32_t *rec)
{
	unsigned space = gl_ops[sp_opcode(*rec)].operands[0].space;
	uint32_t name = operand(rec, 0);
	uint32_t *slot = name_slot(p, space, name_scope(p, space), name);

	e->aux = name ? *slot : 0;
	if (e->aux)
		shadow_set(p, slot, 0);
	else
		e->flags |= E_VOID;
}
