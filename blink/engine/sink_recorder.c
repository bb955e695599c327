/* sink_recorder.c - a sink that writes down what it is called with.
 *
 * Each call is appended to the log as words: opcode, number of values, then 64 bits
 * per value, low word first.  Integers are taken in the width of their parameter;
 * memory that a size rule measures is logged as the hash of its content, so that two
 * engines which lay out scratch memory differently still agree; other pointers and
 * offsets are logged as they are.  Window operations are logged under the opcode of
 * their instruction, with the opcode of a GL one where an engine calls another entry
 * on its own behalf.
 *
 * Answers are made up, the same in the same order: names count up from 1, locations
 * follow from the text that is asked for.
 */
#include "blink/engine/sink_thunk.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct sink_recorder {
	struct sink sink;
	struct buf *log;
	uint32_t names;           /* objects made so far */
};

static _Thread_local struct sink_recorder *recorder;

void sink_recorder_use(struct sink *s)
{
	recorder = (struct sink_recorder *)s;
}

uint32_t sink_recorder_names(const struct sink *s)
{
	return ((const struct sink_recorder *)s)->names;
}

void sink_recorder_names_set(struct sink *s, uint32_t names)
{
	((struct sink_recorder *)s)->names = names;
}

static void log_u64(struct buf *log, uint64_t v)
{
	buf_u32(log, (uint32_t)v);
	buf_u32(log, (uint32_t)(v >> 32));
}

static void log_head(struct sink_recorder *r, unsigned op, unsigned n)
{
	buf_u32(r->log, op);
	buf_u32(r->log, n);
}

/* ---- arguments ----------------------------------------------------------------- */

static uint64_t hash_strings(const char *const *list, uint64_t count, const int32_t *lengths)
{
	uint64_t h = 0;

	for (uint64_t i = 0; list && i < count; i++) {
		size_t n = lengths ? (size_t)lengths[i] : strlen(list[i]);

		h = XXH3_64bits_withSeed(list[i], n, h + i);
	}
	return h;
}

/* What stands for pointer i in the log. */
static uint64_t pointer_value(unsigned op, const struct gl_command *cmd, const uint64_t *args,
			      unsigned i)
{
	const struct gl_op *o = &gl_ops[op];
	const void *p = (const void *)(uintptr_t)args[i];
	uint64_t size;

	if (!p)
		return 0;
	if (o->form == GL_FORM_SOURCE)
		return i == 2 ? hash_strings(p, args[1],
					     (const int32_t *)(uintptr_t)args[3]) : 1;
	if (o->form == GL_FORM_STRINGS)
		return hash_strings(p, args[1], NULL);
	if (o->form == GL_FORM_ANSWER || o->form == GL_FORM_GEN || !cmd->params[i].constant)
		return 1;
	if (o->form == GL_FORM_LOCATE)
		return XXH3_64bits(p, strlen(p));
	for (unsigned k = 0; k < o->noperands; k++)
		if (o->operands[k].param == i && o->operands[k].kind == GL_KIND_OFFSET)
			return args[i];
	if (gl_param_size(cmd, args, i, &size) && size && size <= 1u << 30)
		return XXH3_64bits(p, size);
	if (strstr(cmd->params[i].type, "GLchar"))
		return XXH3_64bits(p, strlen(p));
	/* no names: the pointer is to scratch memory of no meaning */
	return o->form == GL_FORM_NAMES ? 1 : args[i];
}

/* ---- answers -------------------------------------------------------------------- */

static uint64_t answer(struct sink_recorder *r, unsigned op, const uint64_t *args)
{
	uint32_t *names;
	const char *text;

	switch (gl_ops[op].form) {
	case GL_FORM_GEN:
		names = (uint32_t *)(uintptr_t)args[1];
		for (uint64_t i = 0; names && i < args[0]; i++)
			names[i] = ++r->names;
		return 0;
	case GL_FORM_CREATE:
		return ++r->names;
	case GL_FORM_LOCATE:
		text = (const char *)(uintptr_t)args[1];
		return XXH3_64bits(text, strlen(text)) & 0xff;
	}
	return 0;
}

uint64_t recorder_call(unsigned op, const struct thunk_frame *f)
{
	const struct gl_command *cmd = &gl_commands[gl_ops[op].command];
	struct sink_recorder *r = recorder;
	uint64_t args[THUNK_ARGUMENTS];

	thunk_arguments(cmd, f, args);
	log_head(r, op, cmd->nparams);
	for (unsigned i = 0; i < cmd->nparams; i++)
		log_u64(r->log, cmd->params[i].pointer ? pointer_value(op, cmd, args, i)
						       : args[i]);
	return answer(r, op, args);
}

/* glPixelStorei has no opcode: one beyond the last stands for it. */
static void recorder_pixel_storei(uint32_t pname, int32_t value)
{
	log_head(recorder, GL_OP_COUNT, 2);
	log_u64(recorder->log, pname);
	log_u64(recorder->log, (uint64_t)(int64_t)value);
}

/* ---- window operations ------------------------------------------------------------ */

static int log_window(struct sink *s, unsigned op, const uint32_t *v, unsigned n)
{
	struct sink_recorder *r = (struct sink_recorder *)s;

	log_head(r, op, n);
	for (unsigned i = 0; i < n; i++)
		log_u64(r->log, v[i]);
	return 0;
}

#define LOG_WINDOW(s, op, ...) \
	log_window(s, op, (const uint32_t[]){ __VA_ARGS__ }, \
		   sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static int rec_context_create(struct sink *s, uint32_t ctx, uint32_t share, uint32_t version,
			      uint32_t flags, struct error *err)
{
	(void)err;
	return LOG_WINDOW(s, OP_blinkContext, ctx, share, version, flags);
}

static void rec_context_destroy(struct sink *s, uint32_t ctx)
{
	LOG_WINDOW(s, OP_blinkContextDestroy, ctx);
}

static int rec_drawable_create(struct sink *s, uint32_t drawable, uint32_t w, uint32_t h,
			       uint32_t config, struct error *err)
{
	(void)err;
	return LOG_WINDOW(s, OP_blinkDrawable, drawable, w, h, config);
}

static int rec_drawable_resize(struct sink *s, uint32_t drawable, uint32_t w, uint32_t h,
			       struct error *err)
{
	(void)err;
	return LOG_WINDOW(s, OP_blinkDrawableResize, drawable, w, h);
}

static void rec_drawable_destroy(struct sink *s, uint32_t drawable)
{
	LOG_WINDOW(s, OP_blinkDrawableDestroy, drawable);
}

static int rec_make_current(struct sink *s, uint32_t ctx, uint32_t draw, uint32_t read,
			    struct error *err)
{
	(void)err;
	return LOG_WINDOW(s, OP_blinkMakeCurrent, ctx, draw, read);
}

static int rec_swap(struct sink *s, uint32_t drawable, struct error *err)
{
	(void)err;
	return LOG_WINDOW(s, OP_blinkSwap, drawable);
}

static void rec_destroy(struct sink *s)
{
	if (recorder == (struct sink_recorder *)s)
		recorder = NULL;
	free(s);
}

static const struct sink_ops recorder_ops = {
	.context_create = rec_context_create,
	.context_destroy = rec_context_destroy,
	.drawable_create = rec_drawable_create,
	.drawable_resize = rec_drawable_resize,
	.drawable_destroy = rec_drawable_destroy,
	.make_current = rec_make_current,
	.swap = rec_swap,
	.destroy = rec_destroy,
};

struct sink *sink_recorder_create(struct buf *log)
{
	struct sink_recorder *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->sink.name = "recorder";
	r->sink.ops = &recorder_ops;
	r->log = log;
	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		if (gl_ops[op].command != GL_OP_NO_COMMAND)
			r->sink.entry[op] = thunk_recording(op);
	r->sink.pixel_storei = (sink_fn)recorder_pixel_storei;
	sink_recorder_use(&r->sink);
	return &r->sink;
}
