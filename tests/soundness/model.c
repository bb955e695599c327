/* model.c - what becomes of each command: at once, into a list, or nothing: see model.h. */
#include "tests/soundness/model_priv.h"

#include <stdlib.h>

struct model *model_create(void)
{
	return calloc(1, sizeof(struct model));
}

void model_destroy(struct model *m)
{
	free(m);
}

void model_reset(struct model *m)
{
	for (unsigned i = 0; i < M_NAMES; i++)
		if (m->used[i])
			memset(&m->ctx[i], 0, sizeof(m->ctx[i]));
	memset(m->used, 0, sizeof(m->used));
	memset(m->buffer_name, 0, sizeof(m->buffer_name));
	memset(&m->vao[0], 0, sizeof(m->vao[0]));
	memset(&m->buffer[0], 0, sizeof(m->buffer[0]));
	for (unsigned i = 0; i < M_LISTS; i++) {
		m->list[i].known = true;
		m->list[i].n = 0;
	}
	m->nvaos = m->nbuffers = m->ngroups = m->deletes = m->serial = 0;
	m->feedback = m->beyond = false;
	m->wrong = NULL;
	m->now = &m->ctx[0];
	m->used[0] = true;
}

void model_begin(struct model *m, unsigned callback)
{
	(void)callback;
	m->serial++;
	m->list_depth = 0;
	memset(&m->facts, 0, sizeof(m->facts));
}

const char *model_wrong(const struct model *m)
{
	return m->wrong;
}

const struct model_facts *model_facts(const struct model *m)
{
	return &m->facts;
}

/* ---- contexts ------------------------------------------------------------------- */

static void context_make(struct model *m, const uint32_t *rec)
{
	if (!rec[1] || &m->ctx[rec[1]] == m->now)
		model_fault(m, "context made anew while it is current");
	else if (rec[2] && !m->ctx[rec[2]].made)
		model_fault(m, "shares with no context");
	else
		memory_context_make(m, rec[1], rec[2]);
}

static void make_current(struct model *m, const uint32_t *rec)
{
	struct mcontext *c = &m->ctx[rec[1]];

	if (rec[1] && !c->made && c != m->now)
		model_fault(m, "context that there is not");
	m->facts.contexts += c != m->now && rec[1];
	m->now = c;
}

static void window_record(struct model *m, const uint32_t *rec)
{
	switch (sp_opcode(*rec)) {
	case OP_blinkContext: context_make(m, rec); break;
	case OP_blinkContextDestroy: m->ctx[rec[1]].made = false; break;
	case OP_blinkMakeCurrent: make_current(m, rec); break;
	}
}

/* ---- Begin and End -------------------------------------------------------------- */

static bool starts(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* A vertex comes of it between Begin and End. */
static bool is_vertex(const char *name, const uint32_t *rec)
{
	if (starts(name, "glVertexAttrib"))
		return (starts(name, "glVertexAttrib1") || starts(name, "glVertexAttrib2") ||
			starts(name, "glVertexAttrib3") || starts(name, "glVertexAttrib4") ||
			starts(name, "glVertexAttribI1") || starts(name, "glVertexAttribI2") ||
			starts(name, "glVertexAttribI3") || starts(name, "glVertexAttribI4") ||
			starts(name, "glVertexAttribP")) && operand(rec, "index", 1) == 0;
	return starts(name, "glVertex") && (strchr("234", name[8]) || starts(name, "glVertexP")) &&
	       !starts(name, "glVertexPointer");
}

/* What GL takes between Begin and End. */
static bool goes_between(const char *name)
{
	static const char *const commands[] = { "glVertex2", "glVertex3", "glVertex4", "glVertexP2",
		"glVertexP3", "glVertexP4", "glVertexAttrib1", "glVertexAttrib2", "glVertexAttrib3",
		"glVertexAttrib4", "glVertexAttribI1", "glVertexAttribI2", "glVertexAttribI3",
		"glVertexAttribI4", "glVertexAttribP", "glColor3", "glColor4", "glColorP",
		"glSecondaryColor3", "glSecondaryColorP", "glIndexi", "glIndexf", "glIndexd",
		"glIndexs", "glIndexub", "glNormal3", "glNormalP", "glTexCoord1", "glTexCoord2",
		"glTexCoord3", "glTexCoord4", "glTexCoordP", "glMultiTexCoord", "glFogCoordf",
		"glFogCoordd", "glEdgeFlag", "glMaterial", "glCallList", "glEvalCoord", "glEvalPoint",
		"glArrayElement", "glEnd" };

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (starts(name, commands[i]))
			return strcmp(name, "glEndList") && !strstr(name, "Pointer") &&
			       !starts(name, "glEndQuery") && !starts(name, "glEndCond") &&
			       !starts(name, "glEndTrans");
	return false;
}

/* Client state: refused between Begin and End, or undefined (10.? of the specification). */
static bool is_client_state(unsigned op)
{
	const char *name = gl_ops[op].name;

	return strstr(name, "Pointer") || strstr(name, "ClientState") ||
	       strstr(name, "ClientActiveTexture") || strstr(name, "ClientAttrib") ||
	       strstr(name, "VertexAttribArray");
}

/* ---- lists ---------------------------------------------------------------------- */

/* 5.4 of OpenGL 3.3: these are executed at once, and never part of a list. */
static bool is_never_listed(unsigned op)
{
	static const char *const commands[] = { "glGen", "glDelete", "glIs", "glGet", "glNewList",
		"glEndList", "glRenderMode", "glFeedbackBuffer", "glSelectBuffer", "glReadPixels",
		"glFinish", "glFlush", "glBindBuffer", "glBufferData", "glBufferSubData",
		"glBufferStorage", "glCopyBufferSubData", "glBindVertexArray", "glVertexAttribDivisor",
		"glLockArrays", "glUnlockArrays", "glPrimitiveRestartIndex", "glClearBufferData",
		"glClearBufferSubData", "glCreate", "glShaderSource", "glCompileShader", "glLink",
		"glAttachShader", "glDetachShader", "glBindAttrib", "glBindFrag", "glValidate",
		"glTransformFeedbackVaryings", "glFenceSync", "glClientWaitSync", "glWaitSync",
		"glBindFramebuffer", "glFramebuffer", "glRenderbufferStorage", "glBindRenderbuffer",
		"glGenerateMipmap", "glVertexAttribFormat", "glVertexAttribIFormat",
		"glVertexAttribLFormat", "glVertexAttribBinding", "glVertexBindingDivisor",
		"glBindVertexBuffer", "glCheck", "glTexBuffer", "glUniformBlockBinding" };
	const char *name = gl_ops[op].name;

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (starts(name, commands[i]))
			return true;
	return is_client_state(op);
}

static void new_list(struct model *m, const uint32_t *rec)
{
	struct mcontext *c = m->now;

	if (c->list || !rec[1] || (rec[2] != GL_COMPILE && rec[2] != GL_COMPILE_AND_EXECUTE))
		return;
	c->list = rec[1];
	c->list_executes = rec[2] == GL_COMPILE_AND_EXECUTE;
	m->building[c - m->ctx].n = 0;
	m->building[c - m->ctx].known = true;
	m->building[c - m->ctx].group = c->group;
}

/* Until it ends, calls are of the list that had the name before. */
static void end_list(struct model *m)
{
	const struct mlist *from = &m->building[m->now - m->ctx];
	struct mlist *l;

	if (m->now->list && m->now->list < M_LISTS) {
		l = &m->list[m->now->list];
		l->known = from->known;
		l->group = from->group;
		l->n = from->n;
		memcpy(l->words, from->words, from->n * 4);
	}
	m->now->list = 0;
}

static void list_add(struct model *m, const uint32_t *rec)
{
	struct mlist *l = &m->building[m->now - m->ctx];
	uint32_t words = gl_ops[sp_opcode(*rec)].words;

	if (!l->known)
		return;
	if (l->n + words > M_LIST_WORDS) {
		l->known = false;
		return;
	}
	memcpy(l->words + l->n, rec, words * 4);
	l->n += words;
}

static void delete_lists(struct model *m, const uint32_t *rec)
{
	for (uint32_t i = 0; i < M_LISTS; i++)
		if (i >= rec[1] && (int32_t)rec[2] > 0 && i - rec[1] < rec[2]) {
			m->list[i].n = 0;
			m->list[i].known = true;
		}
}

static void record_execute(struct model *m, const uint32_t *rec);

void lists_call(struct model *m, uint32_t name)
{
	if (name >= M_LISTS || !m->list[name].known || m->list_depth == 8 ||
	    (m->list[name].n && m->list[name].group != m->now->group)) {
		m->facts.blind = true;
		return;
	}
	m->list_depth++;
	for (uint32_t at = 0; at < m->list[name].n && !m->wrong;
	     at += gl_ops[sp_opcode(m->list[name].words[at])].words) {
		uint32_t rec[32];

		/* drawn when it was compiled: from the arrays of that time */
		memcpy(rec, m->list[name].words + at,
		       gl_ops[sp_opcode(m->list[name].words[at])].words * 4u);
		record_execute(m, rec);
	}
	m->list_depth--;
}

static void call_lists(struct model *m, const uint32_t *rec)
{
	const uint8_t *p = payload_bytes(operand_at(rec, "lists"));
	uint32_t n = operand(rec, "n", 0);

	if (operand(rec, "type", 0) != GL_UNSIGNED_BYTE || !p) {
		m->facts.blind = true;
		return;
	}
	for (uint32_t i = 0; (int32_t)i < (int32_t)n && i < 8192; i++)
		lists_call(m, p[i] + m->now->list_base);
}

/* ---- one record ----------------------------------------------------------------- */

/* In a list arrays were read already: only what else a draw does is left. */
static bool draws_from_list(struct model *m, const uint32_t *rec)
{
	int32_t count = (int32_t)operand(rec, "count", 0);
	int32_t instances = (int32_t)operand(rec, "instancecount", operand(rec, "primcount", 1));

	if (!m->list_depth || !starts(gl_ops[sp_opcode(*rec)].name, "glDraw") ||
	    !operand_at(rec, "count"))
		return false;
	if (count > 0 && instances > 0) {
		m->facts.vertices += (uint64_t)count * (uint32_t)instances;
		switches_draw(m);
	}
	return true;
}

static void record_execute(struct model *m, const uint32_t *rec)
{
	unsigned op = sp_opcode(*rec);
	const char *name = gl_ops[op].name;
	struct mcontext *c = m->now;

	if (c->begin && !goes_between(name) && !is_client_state(op) && !starts(name, "glDraw"))
		return;                 /* refused */
	if (is_vertex(name, rec) && c->begin)
		m->facts.vertices++;
	switch (op) {
	case OP_glBegin:
		c->begin = true;
		switches_draw(m);
		return;
	case OP_glEnd: c->begin = false; return;
	case OP_glNewList: new_list(m, rec); return;
	case OP_glEndList: end_list(m); return;
	case OP_glDeleteLists: delete_lists(m, rec); return;
	case OP_glListBase: c->list_base = rec[1]; return;
	case OP_glCallList: lists_call(m, rec[1]); return;
	case OP_glCallLists: call_lists(m, rec); return;
	}
	if (!draws_from_list(m, rec) && !memory_record(m, rec))
		switches_record(m, rec);
}

/* Draws read arrays when they are compiled. */
static void record_compile(struct model *m, const uint32_t *rec)
{
	struct mcontext *c = m->now;
	struct model_facts facts = m->facts;

	list_add(m, rec);
	if (!c->list_executes && (starts(gl_ops[sp_opcode(*rec)].name, "glDraw") ||
				  starts(gl_ops[sp_opcode(*rec)].name, "glMultiDraw"))) {
		memory_record(m, rec);
		m->facts = facts;
	}
}

void model_record(struct model *m, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	struct mcontext *c = m->now;

	if (op->form == GL_FORM_WINDOW) {
		window_record(m, rec);
		return;
	}
	m->facts.opaque += gl_commands[op->command].opaque;
	if (!c->made && c == &m->ctx[0])
		return;                 /* no context: GL does nothing */
	if (c->list && !is_never_listed(sp_opcode(*rec)) &&
	    !(c->begin && !goes_between(op->name) && c->list_executes)) {
		record_compile(m, rec);
		if (!c->list_executes)
			return;
	}
	record_execute(m, rec);
}
