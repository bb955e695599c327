/* checkpoint.c - see checkpoint.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "replay/checkpoint.h"

#define HEADER_BYTES 64          /* docs/BLINK-FORMAT.md */

void checkpoint_info_finish(struct checkpoint_info *i)
{
	free(i->source);
	memset(i, 0, sizeof(*i));
}

int checkpoint_id(const char *path, char id[CHECKPOINT_ID], struct error *err)
{
	uint8_t header[HEADER_BYTES];
	struct stat st;
	int e = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);   /* of FIFOs */

	if (fd < 0 || fstat(fd, &st) < 0)
		e = error_set(err, -errno, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		e = error_set(err, -EINVAL, "%s: not a regular file", path);
	else if (read(fd, header, sizeof(header)) != (ssize_t)sizeof(header))
		e = error_set(err, -EBADMSG, "%s: it is too short for a .blink file", path);
	else
		snprintf(id, CHECKPOINT_ID, "%016" PRIx64 "-%" PRIu64,
			 (uint64_t)XXH3_64bits(header, sizeof(header)), (uint64_t)st.st_size);
	if (fd >= 0)
		close(fd);
	return e;
}

/* ---- writing ----------------------------------------------------------------- */

/* {"tool": ..., "checkpoint": {"frame": N, "source": ..., "id": ...}, "of": ...} */
static char *provenance_make(const struct blink_file *in, const struct checkpoint_options *opt,
			     const char *id, const struct prune_stats *s)
{
	struct json_object *j = json_object_new_object(), *c = json_object_new_object(), *of;
	const char *text = blink_provenance(in);
	char *out;

	if (opt->tool)
		json_object_object_add(j, "tool", json_object_new_string(opt->tool));
	json_object_object_add(c, "frame", json_object_new_int64(opt->frame));
	if (opt->source)
		json_object_object_add(c, "source", json_object_new_string(opt->source));
	if (id[0])
		json_object_object_add(c, "id", json_object_new_string(id));
	json_object_object_add(c, "live", json_object_new_boolean(opt->live));
	json_object_object_add(j, "checkpoint", c);
	json_object_object_add(j, "records_before", json_object_new_int64((int64_t)s->records));
	json_object_object_add(j, "records_kept", json_object_new_int64((int64_t)s->kept_total));
	of = text && *text ? json_tokener_parse(text) : NULL;
	if (of)
		json_object_object_add(j, "of", of);
	out = strdup(json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN));
	json_object_put(j);
	return out;
}

/* Names and slots as the source's: what goes on from here uses the same. */
static void names_write(struct blink_file *in, struct blink_writer *w)
{
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		blink_writer_names(w, s, blink_names_max(in, s));
	blink_writer_slots(w, blink_slots(in));
}

static int pruned_write(struct prune *p, struct blink_file *in, const char *out, const char *id,
			const struct checkpoint_options *opt, struct prune_stats *stats,
			struct error *err)
{
	struct blink_writer *w = NULL;
	char *text = NULL;
	int e = blink_writer_create(&w, out, NULL, err);

	if (e < 0)
		return e;
	e = prune_emit(p, w, err);
	if (e >= 0) {
		prune_stats_get(p, stats);
		names_write(in, w);
		text = provenance_make(in, opt, id, stats);
		e = text ? blink_writer_commit(w, text, err)
			 : error_set(err, -ENOMEM, "checkpoint: out of memory");
	}
	blink_writer_destroy(w);
	free(text);
	return e;
}

int checkpoint_write(struct blink_file *in, const char *out, const struct checkpoint_options *opt,
		     struct prune_stats *stats, struct error *err)
{
	const struct prune_options po = {
		.back_buffer = opt->back_buffer, .payload = prune_file_payload,
		.callee = prune_file_callee, .user = in,
	};
	struct prune_stats scratch;
	char id[CHECKPOINT_ID] = "";
	struct prune *p = NULL;
	int e = 0;

	if (opt->frame > blink_frame_count(in))
		return error_set(err, -EINVAL, "checkpoint: there is no frame %u (the file has %u)",
				 opt->frame, blink_frame_count(in));
	if (opt->source && !opt->live)
		e = checkpoint_id(opt->source, id, err);
	if (e >= 0)
		e = prune_create(&p, &po, err);
	if (e >= 0)
		e = prune_feed(p, in, opt->frame, err);
	if (e >= 0)
		e = pruned_write(p, in, out, id, opt, stats ? stats : &scratch, err);
	prune_destroy(p);
	return e;
}

/* ---- reading ------------------------------------------------------------------- */

static int info_read(const struct blink_file *f, const char *path, struct checkpoint_info *info,
		     struct error *err)
{
	const char *text = blink_provenance(f), *s;
	struct json_object *j = text ? json_tokener_parse(text) : NULL, *c = NULL, *v;
	int e = 0;

	memset(info, 0, sizeof(*info));
	if (!j || !json_object_is_type(j, json_type_object) ||
	    !json_object_object_get_ex(j, "checkpoint", &c) ||
	    !json_object_is_type(c, json_type_object) ||
	    !json_object_object_get_ex(c, "frame", &v) ||
	    !json_object_is_type(v, json_type_int) || json_object_get_int64(v) < 0 ||
	    json_object_get_int64(v) > UINT32_MAX) {
		e = error_set(err, -EINVAL, "%s: this is no checkpoint (blinkctl checkpoint makes one)",
			      path);
	} else {
		info->frame = (uint32_t)json_object_get_int64(v);
		info->live = json_object_object_get_ex(c, "live", &v) && json_object_get_boolean(v);
		if (json_object_object_get_ex(c, "id", &v)) {
			s = json_object_get_string(v);
			snprintf(info->id, sizeof(info->id), "%.*s", (int)sizeof(info->id) - 1,
				 s ? s : "");
		}
		if (json_object_object_get_ex(c, "source", &v)) {
			s = json_object_get_string(v);
			info->source = strdup(s ? s : "");
		}
	}
	json_object_put(j);
	return e;
}

/* Blocks are checked when they are first used: so all are used. */
static int all_check(struct blink_file *f, const char *path, struct error *err)
{
	int e = 0;

	for (uint32_t i = 0; i < blink_sp_count(f) && e >= 0; i++) {
		struct sp sp;

		e = blink_sp_load(f, i, &sp, err);
		if (e >= 0)
			blink_sp_release(f, i);
	}
	for (uint32_t i = 1; i < blink_payloads(f)->n && e >= 0; i++) {
		struct sp_payload p;

		e = blink_payload_load(f, i, &p, err);
	}
	if (e < 0)
		error_prefix(err, "%s: the checkpoint is damaged, nothing of it was run", path);
	return e;
}

int checkpoint_open(struct blink_file **out, const char *path, struct checkpoint_info *info,
		    struct error *err)
{
	struct blink_file *f;
	int e = blink_open(&f, path, 0, err);

	if (e < 0)
		return e;
	e = info_read(f, path, info, err);
	if (e >= 0)
		e = all_check(f, path, err);
	if (e < 0) {
		checkpoint_info_finish(info);
		blink_close(f);
		return e;
	}
	*out = f;
	return 0;
}
