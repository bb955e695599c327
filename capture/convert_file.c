/* convert_file.c - from a trace or a recording to a .blink file: the converter's sink that
 * writes one, at once or while a recording grows, and what is told about the result. */
#include "capture/conv.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/recording.h"

struct file {
	struct blink_writer *writer;
	struct error *err;
	uint32_t unknown;                /* frames since the last one of which anything is known */
};

static uint32_t file_payload(void *user, const void *data, uint32_t size, uint64_t place)
{
	struct file *f = user;

	/* payloads lie at multiples of 16, but what skipped pixels lead may not */
	return place && !(place % 16)
	       ? blink_writer_payload_placed(f->writer, place / 16, data, size)
	       : blink_writer_payload(f->writer, data, size);
}

static void *file_payload_begin(void *user, uint32_t size)
{
	return blink_writer_payload_begin(((struct file *)user)->writer, size);
}

static uint32_t file_payload_end(void *user, uint32_t size)
{
	return blink_writer_payload_end(((struct file *)user)->writer, size);
}

static int file_sp(void *user, const struct sp *sp)
{
	struct file *f = user;
	int r = blink_writer_sp(f->writer, sp, NULL);

	/* a writer that has failed says why when it is to commit */
	return r < 0 ? blink_writer_commit(f->writer, "", f->err) : r;
}

static void file_frame(void *user, const struct blink_frame_data *data)
{
	static const struct blink_frame_data nothing;
	struct file *f = user;

	if (!data) {
		f->unknown++;
		return;
	}
	for (; f->unknown; f->unknown--)
		blink_writer_frame_data(f->writer, &nothing);
	blink_writer_frame_data(f->writer, data);
}

/* ---- what is told ------------------------------------------------------------------ */

struct json_object *conv_provenance(struct conv *c, const char *path)
{
	struct convert_stats *s = c->stats;
	struct json_object *o = json_object_new_object();
	const char *base = strrchr(path, '/');
	const char *program = c->source.property(c->source.reader, "process.name");
	char version[32];

	s->recorder_lost = c->source.lost(c->source.reader, s->recorder_remarks,
					  sizeof(s->recorder_remarks));
#define NUMBER(name, value) \
	json_object_object_add(o, name, json_object_new_int64((int64_t)(value)))
	json_object_object_add(o, "converter", json_object_new_string("blinkctl convert"));
	json_object_object_add(o, c->source.kind, json_object_new_string(base ? base + 1 : path));
	if (program)
		json_object_object_add(o, "program", json_object_new_string(program));
	snprintf(version, sizeof(version), "%s_version", c->source.kind);
	NUMBER(version, c->source.version);
	NUMBER("calls", s->calls);
	NUMBER("records", s->records);
	NUMBER("skipped", s->skipped);
	NUMBER("lowered", s->lowered);
	NUMBER("frames", s->frames);
	NUMBER("contexts", s->contexts);
	NUMBER("drawables", s->drawables);
	NUMBER("rerunnable", s->rerunnable);
	NUMBER("lost", s->lost);
	if (s->recorder_lost)
		NUMBER("recorder_lost", s->recorder_lost);
#undef NUMBER
	json_object_object_add(o, "truncated", json_object_new_boolean(s->truncated));
	if (s->recorder_remarks[0])
		json_object_object_add(o, "remarks", json_object_new_string(s->recorder_remarks));
	json_object_object_add(o, "losses", json_object_get(c->losses));
	return o;
}

static int commit(struct conv *c, struct blink_writer *w, const char *path)
{
	struct json_object *o = conv_provenance(c, path);
	int r;

	c->stats->payload_unique = blink_writer_stored(w);
	conv_names_give(c, w);
	r = blink_writer_commit(w, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
				c->err);
	json_object_put(o);
	return r;
}

void conv_names_give(const struct conv *c, struct blink_writer *w)
{
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		blink_writer_names(w, i, c->names.next[i] - 1);
	blink_writer_names(w, GL_SPACE_CONTEXT, c->next_context);
	blink_writer_names(w, GL_SPACE_DRAWABLE, c->next_drawable);
	blink_writer_slots(w, c->next_slot);
}

/* ---- in one go, or as it grows ----------------------------------------------------- */

struct converting {
	struct conv c;
	struct file file;
	struct conv_sink sink;
	struct convert_options opt;
	struct convert_stats stats;
	struct error error;
	int reached;                     /* CONV_FRAMES: nothing more is wanted */
};

static int begin(struct converting *v, const char *from, const char *out, bool follows)
{
	const struct blink_writer_options wopt = { .level = v->opt.level,
						   .window = v->opt.window };
	int r;

	v->sink = (struct conv_sink){
		.user = &v->file, .follows = follows, .payload = file_payload,
		.payload_begin = file_payload_begin, .payload_end = file_payload_end,
		.sp = file_sp, .frame = file_frame,
	};
	v->file.err = &v->error;
	r = conv_begin(&v->c, from, &v->opt, &v->sink, &v->stats, &v->error);
	return r >= 0 ? blink_writer_create(&v->file.writer, out, &wopt, &v->error) : r;
}

/* All that there is now. */
static int take(struct converting *v)
{
	if (v->reached != CONV_FRAMES)
		v->reached = conv_more(&v->c, 0);
	return v->reached;
}

/* name: of what it was made of, for the provenance */
static int end(struct converting *v, const char *name)
{
	int r = take(v);

	if (r == CONV_ALL)
		r = conv_end(&v->c);
	return r >= 0 ? commit(&v->c, v->file.writer, name) : r;
}

static void finish(struct converting *v)
{
	conv_finish(&v->c);
	blink_writer_destroy(v->file.writer);
}

int convert_trace(const char *trace, const char *out, const struct convert_options *opt,
		  struct convert_stats *stats, struct error *err)
{
	struct converting v = { .opt = *opt };
	int r = begin(&v, trace, out, false);

	if (r >= 0)
		r = end(&v, trace);
	finish(&v);
	*stats = v.stats;
	if (r < 0 && err)
		*err = v.error;
	return r;
}

int convert_follow(struct converting **out, const char *recording, const char *to,
		   const struct convert_options *opt, struct error *err)
{
	struct converting *v = calloc(1, sizeof(*v));
	int r;

	*out = NULL;
	if (!v)
		return error_set(err, -ENOMEM, "convert: out of memory");
	v->opt = *opt;
	r = begin(v, recording, to, true);
	if (r < 0) {
		if (err)
			*err = v->error;
		convert_destroy(v);
		return r;
	}
	*out = v;
	return 0;
}

int convert_more(struct converting *v, struct error *err)
{
	int r = v->error.code;

	if (r >= 0)
		r = recording_refresh(v->c.source.reader, &v->error);
	if (r >= 0)
		r = take(v);
	if (r < 0 && err)
		*err = v->error;
	return r < 0 ? r : 0;
}

int convert_end(struct converting *v, const char *name, struct convert_stats *stats,
		struct error *err)
{
	int r = v->error.code;

	if (r >= 0)
		r = recording_last(v->c.source.reader, &v->error);
	if (r >= 0)
		r = end(v, name);
	*stats = v->stats;
	if (r < 0 && err)
		*err = v->error;
	return r;
}

void convert_destroy(struct converting *v)
{
	if (!v)
		return;
	finish(v);
	free(v);
}
