/* recorder.c - the recorder library's entry points, one per name of a command.
 *
 * How a command is recorded follows from its row:
 *
 *     pass      a pure query: straight to the driver
 *     plain     values only: the record is written by the entry point itself
 *     fixed     the same with memory of a constant size, stored in the record; or as the
 *               command that takes the same values as arguments (glVertex3fv: glVertex3f)
 *     general   a result, or memory whose size is a function of the arguments
 *
 * and, for the few commands in special[], from what the recorder has to know about
 * them beyond the table: functions of capture/record/lib, named after the command.
 */
#include "blink/gl/gen/gen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum how { PASS, PLAIN, FIXED, GENERAL, OWN, WRAP };

/* on:    void rec_on_NAME(arguments), after the record was written, before the driver
 * first: void rec_first_NAME(arguments), before the record is written
 * own:   void rec_own_NAME(arguments) records the call
 * after: void rec_after_NAME(arguments, result), after driver and record
 * wrap:  result rec_wrap_NAME(arguments) does it all */
/* And which calls the shadow knows all of that a reader needs, so that they leave no record
 * (stub.h has the conditions):
 * array: pointers into client memory, whose contents are recorded before draws
 * lock:  of arrays */
enum { ON = 1, FIRST = 2, OWNS = 4, AFTERS = 8, WRAPS = 16, RECORDED = 32, ARRAY = 64,
       LOCK = 128 };
static const struct {
	const char *names;
	int what;
} special[] = {
	{ "glEnableClientState glDisableClientState glEnableVertexAttribArray "
	  "glDisableVertexAttribArray glClientActiveTexture glVertexPointer glNormalPointer "
	  "glColorPointer glSecondaryColorPointer glIndexPointer glEdgeFlagPointer "
	  "glFogCoordPointer glTexCoordPointer glVertexAttribPointer glVertexAttribIPointer "
	  "glVertexAttribLPointer glVertexPointerEXT glNormalPointerEXT glColorPointerEXT glIndexPointerEXT "
	  "glEdgeFlagPointerEXT glTexCoordPointerEXT glInterleavedArrays "
	  "glVertexAttribDivisor glVertexAttribFormat glVertexAttribIFormat "
	  "glVertexAttribLFormat glVertexAttribBinding glBindVertexArray "
	  "glBindVertexArrayAPPLE glDeleteVertexArrays glBindBuffer glBindBufferBase "
	  "glBindBufferRange glBindBufferOffsetEXT glDeleteBuffers glPixelStorei "
	  "glPixelStoref glPushClientAttrib glPopClientAttrib glEnable glDisable "
	  "glPrimitiveRestartIndex glPrimitiveRestartIndexNV glBufferData glBufferStorage "
	  "glNewList glEndList glLockArraysEXT glUnlockArraysEXT", ON },
	{ "glVertexPointer glNormalPointer glColorPointer glSecondaryColorPointer glIndexPointer "
	  "glEdgeFlagPointer glFogCoordPointer glTexCoordPointer glVertexAttribPointer "
	  "glVertexAttribIPointer glVertexAttribLPointer glVertexPointerEXT glNormalPointerEXT glColorPointerEXT "
	  "glIndexPointerEXT glEdgeFlagPointerEXT glTexCoordPointerEXT", ARRAY },
	{ "glLockArraysEXT glUnlockArraysEXT", LOCK },
	{ "glFlush glFinish glFenceSync glCopyBufferSubData glDrawTransformFeedback "
	  "glDrawTransformFeedbackStream glDrawTransformFeedbackInstanced "
	  "glDrawTransformFeedbackStreamInstanced glDispatchCompute glDispatchComputeIndirect",
	  FIRST },
	{ "glDrawArrays glDrawArraysInstanced glDrawArraysInstancedBaseInstance "
	  "glDrawElements glDrawRangeElements glDrawElementsInstanced "
	  "glDrawElementsBaseVertex glDrawRangeElementsBaseVertex "
	  "glDrawElementsInstancedBaseVertex glDrawElementsInstancedBaseInstance "
	  "glDrawElementsInstancedBaseVertexBaseInstance glMultiDrawArrays "
	  "glMultiDrawElements glMultiDrawElementsBaseVertex glArrayElement", OWNS },
	{ "glMapBuffer glMapBufferRange", AFTERS },
	{ "glUnmapBuffer glFlushMappedBufferRange", FIRST },
	{ "glXSwapBuffers glXSwapBuffersMscOML eglSwapBuffers eglSwapBuffersWithDamageEXT "
	  "eglSwapBuffersWithDamageKHR glXMakeCurrent glXMakeContextCurrent "
	  "glXMakeCurrentReadSGI eglMakeCurrent", FIRST },
	{ "glXMakeCurrent glXMakeContextCurrent glXMakeCurrentReadSGI eglMakeCurrent "
	  "glXCreateContext glXCreateNewContext glXCreateContextAttribsARB "
	  "glXCreateContextWithConfigSGIX eglCreateContext eglReleaseThread "
	  "glXDestroyContext eglDestroyContext "
	  "glXCreateWindow glXCreatePbuffer glXCreatePixmap", AFTERS },
	{ "glXChooseFBConfig glXGetFBConfigAttrib", RECORDED },
	{ "glXGetProcAddress glXGetProcAddressARB eglGetProcAddress", WRAPS },
};
#define SPECIALS (sizeof(special) / sizeof(*special))

static int special_of(const char *name)
{
	int what = 0;

	for (size_t i = 0; i < SPECIALS; i++)
		if (text_word(special[i].names, ' ', name))
			what |= special[i].what;
	return what;
}

/* ---- what a command is ----------------------------------------------------- */

static bool window_system(const struct command *c)
{
	return text_has_prefix(c->name, "glX") || text_has_prefix(c->name, "egl");
}

static bool is_number(const char *s)
{
	return s && *s && s[strspn(s, "0123456789")] == 0;
}

/* Client arrays are recorded before draws, where their extent is known. */
static bool is_array(const struct command *c, const struct param *p)
{
	return p->size && strcmp(p->size, "any") == 0 && !window_system(c) &&
	       p->depth == 1 && !text_has_prefix(p->base, "GLchar");
}

static bool is_attributes(const struct command *c, const struct param *p)
{
	return window_system(c) && p->depth == 1 && text_has_prefix(p->name, "attrib");
}

/* Memory that the record has to hold. */
static bool has_memory(const struct command *c, const struct param *p)
{
	if (!p->depth)
		return false;
	if (is_attributes(c, p))
		return true;
	if (window_system(c))
		return strcmp(p->base, "Display") != 0 && !p->constant &&
		       (special_of(c->name) & RECORDED);
	if (p->constant)
		return !is_array(c, p);
	return c->form && strcmp(c->form, "gen") == 0;
}

static enum how how_of(const struct command *c)
{
	int what = special_of(c->name);
	bool memory = false, constant = true;

	if (what & WRAPS)
		return WRAP;
	if (what & OWNS)
		return OWN;
	if (strcmp(c->replay, "skip") == 0 && c->op_buf == NONE && !(what & RECORDED))
		return PASS;
	if (strcmp(c->retc, "VOID") != 0)
		return GENERAL;
	for (int i = 0; i < c->nparams; i++)
		if (has_memory(c, &c->params[i])) {
			memory = true;
			constant = constant && c->params[i].constant &&
				   is_number(c->params[i].size) &&
				   atoi(c->params[i].size) <= 128 &&
				   !c->params[i].nullable;
		}
	return !memory ? PLAIN : constant ? FIXED : GENERAL;
}

/* ---- C text ---------------------------------------------------------------- */

static const struct { const char *ctype, *type, *put; int words; } types[] = {
	{ "VOID", "void", NULL, 0 },
	{ "I8", "int8_t", "put_i", 1 }, { "U8", "uint8_t", "put_u", 1 },
	{ "I16", "int16_t", "put_i", 1 }, { "U16", "uint16_t", "put_u", 1 },
	{ "I32", "int32_t", "put_i", 1 }, { "U32", "uint32_t", "put_u", 1 },
	{ "I64", "int64_t", "put_n", 2 }, { "U64", "uint64_t", "put_l", 2 },
	{ "PTR", "const void *", "put_p", 2 },
	{ "F32", "float", "put_f", 1 }, { "F64", "double", "put_d", 2 },
};

static size_t type_row(const char *ctype)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(types[i].ctype, ctype) == 0)
			return i;
	die("no C type for %s", ctype);
}

struct texts { char *decl, *args, *protos, *array; };

/* "float a0, ...", "a0, ...", "float, ...", "bits_f(a0), ..." */
static struct texts texts_of(const struct command *c)
{
	struct buf b[4];

	for (int k = 0; k < 4; k++)
		buf_init(&b[k]);
	for (int i = 0; i < c->nparams; i++) {
		size_t t = type_row(c->params[i].ctype);
		const char *sep = i ? ", " : "";

		buf_printf(&b[0], "%s%s a%d", sep, types[t].type, i);
		buf_printf(&b[1], "%sa%d", sep, i);
		buf_printf(&b[2], "%s%s", sep, types[t].type);
		buf_printf(&b[3], "%sbits_%s(a%d)", sep, types[t].put + 4, i);
	}
	for (int k = 0; k < 4; k++)
		buf_append(&b[k], "", 1);
	if (!c->nparams)
		return (struct texts){ "void", "", "void", "0" };
	return (struct texts){ (char *)b[0].data, (char *)b[1].data, (char *)b[2].data,
			       (char *)b[3].data };
}

static int value_words(const struct command *c)
{
	int n = 1;

	for (int i = 0; i < c->nparams; i++)
		n += types[type_row(c->params[i].ctype)].words;
	return n;
}

#define PAYLOAD_WORDS 6
static int record_words(const struct command *c)
{
	int n = value_words(c);

	for (int i = 0; i < c->nparams; i++)
		if (has_memory(c, &c->params[i]))
			n += PAYLOAD_WORDS + (atoi(c->params[i].size) + 3) / 4;
	return n;
}

/* glVertex3fv(v) is glVertex3f(v[0], v[1], v[2]) by definition, and a third of the bytes:
 * the command that takes as arguments what this one finds in memory, or NULL. */
static const struct command *scalar_of(const struct command *c)
{
	static const struct { const char *base, *ctype; int size; } elements[] = {
		{ "GLfloat", "F32", 4 }, { "GLubyte", "U8", 1 }, { "GLint", "I32", 4 },
		{ "GLdouble", "F64", 8 },
	};
	size_t n = strlen(c->name);
	const struct param *v = &c->params[c->nparams - 1];
	struct command *to;
	int values;

	if (!c->nparams || c->name[n - 1] != 'v' || !has_memory(c, v))
		return NULL;
	to = command_find(text_printf("%.*s", (int)n - 1, c->name));
	if (!to || !to->chosen || how_of(to) != PLAIN || special_of(to->name) ||
	    special_of(c->name))
		return NULL;
	for (size_t i = 0; i < sizeof(elements) / sizeof(*elements); i++) {
		if (strcmp(v->base, elements[i].base) != 0)
			continue;
		values = to->nparams - (c->nparams - 1);
		if (values < 1 || values * elements[i].size != atoi(v->size))
			return NULL;
		for (int k = 0; k < to->nparams; k++)
			if (strcmp(to->params[k].ctype, k < c->nparams - 1
				   ? c->params[k].ctype : elements[i].ctype) != 0)
				return NULL;
		return to;
	}
	return NULL;
}

/* The record of another command: values read from memory. */
static void emit_write_scalar(struct buf *out, const struct command *c,
			      const struct command *to)
{
	int at = 1, last = c->nparams - 1, words = value_words(to);

	buf_printf(out, "\t\tw[0] = GL_CMD_%s | %uu << 16;\n", to->name, (unsigned)words);
	for (int i = 0; i < to->nparams; i++) {
		size_t t = type_row(to->params[i].ctype);

		if (i < last)
			buf_printf(out, "\t\t%s(w + %d, a%d);\n", types[t].put, at, i);
		else
			buf_printf(out, "\t\t%s(w + %d, ((const %s *)a%d)[%d]);\n", types[t].put, at,
				   types[t].type, last, i - last);
		at += types[t].words;
	}
	buf_printf(out, "\t\trec_done(w + %d);\n", words);
}

static void emit_real(struct buf *out, const struct command *c, const struct texts *t,
		      const char *before)
{
	buf_printf(out, "%s((%s (*)(%s))rec_real[slot])(%s);\n", before,
		   types[type_row(c->retc)].type, t->protos, t->args);
}

/* The writer of a record whose size is known. */
static void emit_write(struct buf *out, const struct command *c)
{
	int at = 1, words = record_words(c);

	buf_printf(out, "\t\tw[0] = GL_CMD_%s | %uu << 16;\n", c->name, (unsigned)words);
	for (int i = 0; i < c->nparams; i++) {
		size_t t = type_row(c->params[i].ctype);

		buf_printf(out, "\t\t%s(w + %d, a%d);\n", types[t].put, at, i);
		at += types[t].words;
	}
	for (int i = 0; i < c->nparams; i++) {
		int size;

		if (!has_memory(c, &c->params[i]))
			continue;
		size = atoi(c->params[i].size);
		buf_printf(out, "\t\tput_inline(w + %d, %d, a%d, %d);\n", at, i, i, size);
		at += PAYLOAD_WORDS + (size + 3) / 4;
	}
	buf_printf(out, "\t\trec_done(w + %d);\n", words);
}

/* A call that leaves no record. */
static void emit_shadowed(struct buf *out, const struct command *c, const struct texts *t)
{
	int what = special_of(c->name);

	if (what & ARRAY)
		buf_printf(out, "\tif (likely(array_shadowed(a%d))) {\n", c->nparams - 1);
	else if (what & LOCK)
		buf_printf(out, "\tif (likely(lock_shadowed())) {\n");
	else
		return;
	buf_printf(out, "\t\trec_on_%s(%s);\n", c->name, t->args);
	emit_real(out, c, t, "\t\t");
	buf_printf(out, "\t\treturn;\n\t}\n");
}

static void emit_direct(struct buf *out, const struct command *c, const struct texts *t,
			enum how how)
{
	const struct command *scalar = how == FIXED ? scalar_of(c) : NULL;
	int words = scalar ? value_words(scalar) : record_words(c), what = special_of(c->name);
	const char *args = t->args;

	buf_printf(out, "SLOW void slow_%s(%s%sunsigned slot)\n{\n", c->name,
		   c->nparams ? t->decl : "", c->nparams ? ", " : "");
	buf_printf(out, "\trec_call(GL_CMD_%s, (const uint64_t[]){ %s });\n", c->name, t->array);
	if (what & ON)
		buf_printf(out, "\trec_on_%s(%s);\n", c->name, args);
	emit_real(out, c, t, "\t");
	buf_printf(out, "}\nBODY void body_%s(%s%sunsigned slot)\n{\n", c->name,
		   c->nparams ? t->decl : "", c->nparams ? ", " : "");
	emit_shadowed(out, c, t);
	if (what & FIRST)
		buf_printf(out, "\trec_first_%s(%s);\n", c->name, args);
	buf_printf(out, "\tuint32_t *w = rec.at;\n\n\tif (likely(rec_room(w, %d)", words);
	for (int i = 0; how == FIXED && i < c->nparams; i++)
		if (has_memory(c, &c->params[i]))
			buf_printf(out, " && a%d", i);
	buf_printf(out, ")) {\n");
	if (scalar)
		emit_write_scalar(out, c, scalar);
	else
		emit_write(out, c);
	if (what & ON)
		buf_printf(out, "\t\trec_on_%s(%s);\n", c->name, args);
	emit_real(out, c, t, "\t\t");
	buf_printf(out, "\t} else {\n\t\tslow_%s(%s%sslot);\n\t}\n}\n", c->name, args,
		   c->nparams ? ", " : "");
}

static void emit_general(struct buf *out, const struct command *c, const struct texts *t)
{
	int what = special_of(c->name);
	bool ret = strcmp(c->retc, "VOID") != 0, gen = false;
	size_t row = type_row(c->retc);

	for (int i = 0; i < c->nparams; i++)
		gen |= has_memory(c, &c->params[i]) && !c->params[i].constant;
	buf_printf(out, "BODY %s body_%s(%s%sunsigned slot)\n{\n", types[row].type, c->name,
		   c->nparams ? t->decl : "", c->nparams ? ", " : "");
	buf_printf(out, "\tconst uint64_t a[] = { %s };\n\n", t->array);
	if (what & FIRST)
		buf_printf(out, "\trec_first_%s(%s);\n", c->name, t->args);
	if (!ret && !gen) {
		buf_printf(out, "\trec_call(GL_CMD_%s, a);\n", c->name);
		if (what & ON)
			buf_printf(out, "\trec_on_%s(%s);\n", c->name, t->args);
		emit_real(out, c, t, "\t");
		buf_printf(out, "}\n");
		return;
	}
	emit_real(out, c, t, ret ? text_printf("\t%s r = ", types[row].type) : "\t");
	if (ret)
		buf_printf(out, "\trec_answer(GL_CMD_%s, a, bits_%s(r));\n", c->name,
			   types[row].put + 4);
	else
		buf_printf(out, "\trec_answer(GL_CMD_%s, a, 0);\n", c->name);
	if (what & ON)
		buf_printf(out, "\trec_on_%s(%s);\n", c->name, t->args);
	if (what & AFTERS)
		buf_printf(out, "\trec_after_%s(%s%s%s);\n", c->name, t->args,
			   ret && c->nparams ? ", " : "", ret ? "r" : "");
	buf_printf(out, "%s}\n", ret ? "\treturn r;\n" : "");
}

static void emit_body(struct buf *out, const struct command *c, const struct texts *t)
{
	const char *type = types[type_row(c->retc)].type;
	bool ret = strcmp(c->retc, "VOID") != 0;
	enum how how = how_of(c);

	/* what is to happen after the driver leaves no tail call */
	if ((how == PLAIN || how == FIXED) && (special_of(c->name) & AFTERS))
		how = GENERAL;
	if (how == PLAIN || how == FIXED) {
		emit_direct(out, c, t, how);
		return;
	}
	if (how == GENERAL) {
		emit_general(out, c, t);
		return;
	}
	buf_printf(out, "BODY %s body_%s(%s%sunsigned slot)\n{\n", type, c->name,
		   c->nparams ? t->decl : "", c->nparams ? ", " : "");
	if (how == WRAP) {
		buf_printf(out, "\t(void)slot;\n\treturn rec_wrap_%s(%s);\n}\n", c->name, t->args);
		return;
	}
	if (how == OWN)
		buf_printf(out, "\trec_own_%s(%s);\n", c->name, t->args);
	emit_real(out, c, t, ret ? "\treturn " : "\t");
	buf_printf(out, "}\n");
}

static void emit_stub(struct buf *out, const struct command *c, const struct texts *t,
		      const char *name)
{
	bool ret = strcmp(c->retc, "VOID") != 0;

	buf_printf(out, "STUB %s %s(%s)\n{\n\t%sbody_%s(%s%sREC_%s);\n}\n",
		   types[type_row(c->retc)].type, name, t->decl, ret ? "return " : "", c->name,
		   t->args, c->nparams ? ", " : "", name);
}

/* ---- all names ------------------------------------------------------------- */

struct entry { const char *name; const struct command *command; };

static int entry_order(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* Names in order: of commands, their aliases, and of what only the registry knows. */
static struct entry *entries_all(int *count)
{
	struct entry *v = NULL;
	int n = 0, kept = 0;

	for (int i = 0; i < ncommands; i++) {
		const struct command *c = &commands[i];

		v = grow(v, (size_t)n, sizeof(*v));
		v[n++] = (struct entry){ c->name, c->chosen ? c : NULL };
		for (int k = 0; c->chosen && k < c->aliases.n; k++) {
			v = grow(v, (size_t)n, sizeof(*v));
			v[n++] = (struct entry){ c->aliases.v[k], c };
		}
	}
	qsort(v, (size_t)n, sizeof(*v), entry_order);
	for (int i = 0; i < n; i++) {           /* an alias is a command of its own, too */
		if (kept && strcmp(v[kept - 1].name, v[i].name) == 0) {
			if (v[i].command)
				v[kept - 1].command = v[i].command;
			continue;
		}
		v[kept++] = v[i];
	}
	*count = kept;
	return v;
}

/* What the library has to define. */
static void emit_prototypes(struct buf *out, const struct command *c)
{
	static const struct { int what; const char *name; } hooks[] = {
		{ ON, "on" }, { FIRST, "first" }, { OWNS, "own" },
	};
	const char *ret = types[type_row(c->retc)].type;
	int what = special_of(c->name);
	struct texts t = texts_of(c);

	for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
		if (what & hooks[i].what)
			buf_printf(out, "void rec_%s_%s(%s);\n", hooks[i].name, c->name, t.decl);
	if (what & WRAPS)
		buf_printf(out, "%s rec_wrap_%s(%s);\n", ret, c->name, t.decl);
	if (!(what & AFTERS))
		return;
	if (strcmp(c->retc, "VOID") == 0)
		buf_printf(out, "void rec_after_%s(%s);\n", c->name, t.decl);
	else
		buf_printf(out, "void rec_after_%s(%s%s%s r);\n", c->name,
			   c->nparams ? t.decl : "", c->nparams ? ", " : "", ret);
}

static const char *memory_of(const struct command *c, const struct param *p)
{
	if (!has_memory(c, p))
		return "REC_NO_MEMORY";
	if (is_attributes(c, p))
		return strcmp(p->base, "EGLAttrib") == 0 ? "REC_ATTRIBUTES64" : "REC_ATTRIBUTES";
	if (!p->constant)
		return window_system(c) ? "REC_OUT_INT" : "REC_OUT";
	if (p->depth > 1)
		return text_has_prefix(p->base, "GLchar") ? "REC_STRINGS" : "REC_SIZED";
	if (p->mode == MODE_PIXELS)
		return "REC_PIXELS";
	return p->size && strcmp(p->size, "string") == 0 ? "REC_STRING" : "REC_SIZED";
}

static void emit_shape(struct buf *out, const struct command *c)
{
	buf_printf(out, "\t[GL_CMD_%s] = { %d, %d, GL_C_%s, {", c->name,
		   value_words(c) + types[type_row(c->retc)].words, c->nparams, c->retc);
	if (c->nparams > 16)
		die("%s: more parameters than a shape holds", c->name);
	for (int i = 0; i < c->nparams; i++)
		buf_printf(out, " GL_C_%s,", c->params[i].ctype);
	buf_printf(out, " }, {");
	for (int i = 0; i < c->nparams; i++)
		buf_printf(out, " %s,", memory_of(c, &c->params[i]));
	buf_printf(out, " } },\n");
}

void recorder_emit_header(struct buf *out)
{
	int n, known = 0;
	struct entry *v = entries_all(&n);

	buf_printf(out, "/* Names of GL, GLX and EGL in order, ours first. */\nenum rec_slot {\n");
	for (int i = 0; i < n; i++)
		if (v[i].command) {
			buf_printf(out, "\tREC_%s,\n", v[i].name);
			known++;
		}
	buf_printf(out, "\tREC_KNOWN,\n\tREC_KNOWN_LAST = REC_KNOWN - 1,\n");
	for (int i = 0; i < n; i++)
		if (!v[i].command)
			buf_printf(out, "\tREC_%s,\n", v[i].name);
	buf_printf(out, "\tREC_NAMED\n};\n#define REC_KNOWN_TEXT \"%d\"\n"
		   "#define REC_NAMED_TEXT \"%d\"\n\n", known, n);
	for (int i = 0; i < ncommands; i++)
		if (commands[i].chosen)
			emit_prototypes(out, &commands[i]);
}

void recorder_emit(struct buf *out)
{
	int n;
	struct entry *v = entries_all(&n);

	buf_printf(out, "#include \"capture/record/lib/stub.h\"\n\n");
	for (int i = 0; i < ncommands; i++)
		if (commands[i].chosen) {
			struct texts t = texts_of(&commands[i]);

			emit_body(out, &commands[i], &t);
			emit_stub(out, &commands[i], &t, commands[i].name);
			for (int k = 0; k < commands[i].aliases.n; k++)
				emit_stub(out, &commands[i], &t, commands[i].aliases.v[k]);
			buf_printf(out, "\n");
		}
	buf_printf(out, "const struct rec_entry rec_entries[REC_NAMED] = {\n");
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < n; i++)
			if ((v[i].command ? 0 : 1) == pass)
				buf_printf(out, pass ? "\t{ \"%s\", NULL },\n"
						     : "\t{ \"%1$s\", (rec_fn)%1$s },\n",
					   v[i].name);
	buf_printf(out, "};\n\nconst struct rec_shape rec_shapes[GL_CMD_COUNT] = {\n");
	for (int i = 0; i < ncommands; i++)
		if (commands[i].chosen)
			emit_shape(out, &commands[i]);
	buf_printf(out, "};\n\n/* what no row describes: straight to the driver, with a note */\n");
	for (int i = 0; i < n; i++)
		if (!v[i].command)
			buf_printf(out, "FOREIGN(%s)\n", v[i].name);
}
