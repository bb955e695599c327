/* confine_hold.c - objects that live on in others when they are deleted.
 *
 * GL keeps a deleted texture while a framebuffer object that is not bound has it attached,
 * and a deleted buffer while a vertex array object has it in an array.  So does the account:
 * else a client would have as much memory as it has framebuffer objects to hide it in.
 *
 * A framebuffer object holds one image per attachment.  Of a vertex array object all
 * buffers are taken to be held that were put into it, until it is deleted or they are
 * while it is bound: more, at times, than GL keeps. */
#include "blink/server/confine.h"

#include <stdlib.h>
#include <string.h>

#define KEY_ANY UINT32_MAX             /* a member of a set, of any place */

static void let_go(struct confined *k, struct account *what)
{
	if (what && --what->holders == 0 && what->gone)
		confine_account_free(k, what);
}

void confine_hold_none(struct confined *k, struct account *a)
{
	for (uint32_t i = 0; i < a->nholds; i++)
		let_go(k, a->hold[i].what);
	a->nholds = 0;
}

static void hold(struct confined *k, struct account *a, uint32_t key, struct account *what)
{
	void *v;
	uint32_t i = 0;

	if (!a || a == what)
		return;
	while (i < a->nholds && (key == KEY_ANY ? a->hold[i].what != what
						: a->hold[i].key != key))
		i++;
	if (i == a->nholds) {
		if (!what)
			return;
		v = realloc(a->hold, (i + 1) * sizeof(*a->hold));
		if (!v) {
			confine_fault(k, VSO_FAULT_MEMORY);
			return;
		}
		a->hold = v;
		a->hold[i].key = key;
		a->hold[i].what = NULL;
		a->nholds++;
	}
	if (a->hold[i].what == what)
		return;
	if (what)
		what->holders++;
	let_go(k, a->hold[i].what);
	a->hold[i].what = what;
}

static void unhold(struct confined *k, struct account *a, const struct account *what)
{
	for (uint32_t i = 0; a && i < a->nholds; i++)
		if (a->hold[i].what == what) {
			let_go(k, a->hold[i].what);
			a->hold[i--] = a->hold[--a->nholds];
		}
}

/* The object of a space that is bound, or NULL: none, or the default one. */
static struct account *bound(const struct confined *k, unsigned space, uint32_t pname)
{
	uint32_t name = confine_ask(k, pname, 0, 0);

	return name ? confine_account(k, space, name) : NULL;
}

void confine_hold_deleted(struct confined *k, struct account *a)
{
	if (!a || !a->holders)
		return;
	/* an account that nobody holds any more is freed only when it is gone, which is later */
	if (a->space == GL_SPACE_BUFFER) {
		unhold(k, bound(k, GL_SPACE_VERTEXARRAY, GL_VERTEX_ARRAY_BINDING), a);
		return;
	}
	unhold(k, bound(k, GL_SPACE_FRAMEBUFFER, GL_DRAW_FRAMEBUFFER_BINDING), a);
	unhold(k, bound(k, GL_SPACE_FRAMEBUFFER, GL_READ_FRAMEBUFFER_BINDING), a);
}

/* ---- by instruction ------------------------------------------------------------------ */

/* Commands that attach; which parameter is the object, of which space. */
static const struct { uint16_t op; uint8_t object, space; } attaches[] = {
	{ OP_glFramebufferTexture1D, 3, GL_SPACE_TEXTURE },
	{ OP_glFramebufferTexture2D, 3, GL_SPACE_TEXTURE },
	{ OP_glFramebufferTexture3D, 3, GL_SPACE_TEXTURE },
	{ OP_glFramebufferTextureLayer, 2, GL_SPACE_TEXTURE },
	{ OP_glFramebufferTexture, 2, GL_SPACE_TEXTURE },
	{ OP_glFramebufferTextureFaceARB, 2, GL_SPACE_TEXTURE },
	{ OP_glFramebufferRenderbuffer, 3, GL_SPACE_RENDERBUFFER },
};
#define ATTACHES (sizeof(attaches) / sizeof(*attaches))

static unsigned attach_of(unsigned op)
{
	unsigned i = 0;

	while (i < ATTACHES && attaches[i].op != op)
		i++;
	return i;
}

/* Offsets into the bound array buffer: it becomes part of the vertex array object. */
static bool is_array(unsigned op)
{
	for (unsigned i = 0; i < gl_ops[op].noperands; i++)
		if (gl_ops[op].operands[i].kind == GL_KIND_OFFSET &&
		    gl_ops[op].operands[i].binding == GL_BINDING_ARRAY)
			return true;
	return false;
}

bool confine_holds(unsigned op)
{
	return attach_of(op) < ATTACHES || is_array(op) || op == OP_glBindVertexBuffer ||
	       op == OP_glAttachShader || op == OP_glDetachShader || op == OP_glTexBuffer || op == OP_glBindBufferBase || op == OP_glBindBufferRange;
}

static void attach(struct confined *k, unsigned i, const uint64_t *argv)
{
	uint32_t name = (uint32_t)argv[attaches[i].object];
	struct account *f = bound(k, GL_SPACE_FRAMEBUFFER,
				  (uint32_t)argv[0] == GL_READ_FRAMEBUFFER
				  ? GL_READ_FRAMEBUFFER_BINDING : GL_DRAW_FRAMEBUFFER_BINDING);

	hold(k, f, (uint32_t)argv[1], name ? confine_account(k, attaches[i].space, name) : NULL);
}

/* buffer becomes part of whatever is bound there. */
static void put(struct confined *k, unsigned space, uint32_t pname, uint32_t buffer)
{
	struct account *into = bound(k, space, pname);

	if (into && buffer)
		hold(k, into, KEY_ANY, confine_account(k, GL_SPACE_BUFFER, buffer));
}

/* A deleted shader lives on in programs that it is attached to. */
static void shader(struct confined *k, bool attached, const uint64_t *argv)
{
	struct account *program = confine_account(k, GL_SPACE_PROGRAM, (uint32_t)argv[0]);
	struct account *a = confine_account(k, GL_SPACE_PROGRAM, (uint32_t)argv[1]);

	if (attached && a)
		hold(k, program, KEY_ANY, a);
	else if (a)
		unhold(k, program, a);
}

uint64_t confine_hold_call(struct confined *k, unsigned op, const uint64_t *argv)
{
	bool inside = op == OP_glDetachShader && confine_inside(k);
	uint64_t r = confine_invoke(k, op, argv);

	if (op == OP_glAttachShader || op == OP_glDetachShader) {
		if (!inside)
			shader(k, op == OP_glAttachShader, argv);
	} else if (attach_of(op) < ATTACHES)
		attach(k, attach_of(op), argv);
	else if (op == OP_glTexBuffer)
		put(k, GL_SPACE_TEXTURE, GL_TEXTURE_BINDING_BUFFER, (uint32_t)argv[2]);
	else if (op == OP_glBindVertexBuffer)
		put(k, GL_SPACE_VERTEXARRAY, GL_VERTEX_ARRAY_BINDING, (uint32_t)argv[1]);
	else if (is_array(op))
		put(k, GL_SPACE_VERTEXARRAY, GL_VERTEX_ARRAY_BINDING,
		    confine_ask(k, GL_ARRAY_BUFFER_BINDING, 0, 0));
	else if ((uint32_t)argv[0] == GL_TRANSFORM_FEEDBACK_BUFFER)
		put(k, GL_SPACE_XFB, GL_TRANSFORM_FEEDBACK_BINDING, (uint32_t)argv[2]);
	return r;
}

static void APIENTRY bind_buffer(GLenum target, GLuint buffer)
{
	struct confined *k = confine_self;

	CONFINE_REAL(k, OP_glBindBuffer, void (APIENTRY *)(GLenum, GLuint))(target, buffer);
	if (target == GL_ELEMENT_ARRAY_BUFFER)
		put(k, GL_SPACE_VERTEXARRAY, GL_VERTEX_ARRAY_BINDING, buffer);
}

sink_fn confine_hold_entry(unsigned op)
{
	return op == OP_glBindBuffer ? (sink_fn)bind_buffer : NULL;
}
