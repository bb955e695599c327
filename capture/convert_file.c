/* convert_file.c - from a trace or a recording to a .blink file: the converter's sink that
 * writes one, and what is told about the result. */
#include "capture/conv.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

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

int convert_trace(const char *trace, const char *out, const struct convert_options *opt,
		  struct convert_stats *stats, struct error *err)
{
	const struct blink_writer_options wopt = { .level = opt->level, .window = opt->window };
	struct file file = { 0 };
	const struct conv_sink sink = {
		.user = &file, .payload = file_payload, .payload_begin = file_payload_begin,
		.payload_end = file_payload_end, .sp = file_sp, .frame = file_frame,
	};
	struct error own = { 0 };
	struct conv c = { 0 };
	int r = conv_begin(&c, trace, opt, &sink, stats, err ? err : &own);

	file.err = c.err;
	if (r >= 0)
		r = blink_writer_create(&file.writer, out, &wopt, c.err);
	if (r >= 0)
		r = conv_more(&c, 0);
	if (r == CONV_ALL)
		r = conv_end(&c);
	if (r >= 0)
		r = commit(&c, file.writer, trace);
	conv_finish(&c);
	blink_writer_destroy(file.writer);
	return r;
}
