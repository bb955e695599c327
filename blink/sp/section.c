/* section.c - checks the section table of a .blink file and unpacks sections. */
#include <errno.h>
#include <string.h>
#include <xxh_x86dispatch.h>

#include "blink/sp/reader.h"

const char *const blink_section_names[BLINK_SECTION_KINDS] = {
	[BLINK_SECTION_DATA] = "data", [BLINK_SECTION_CODE] = "code",
	[BLINK_SECTION_INDEX] = "index", [BLINK_SECTION_OPS] = "ops",
	[BLINK_SECTION_INFO] = "info", [BLINK_SECTION_PROVENANCE] = "provenance",
	[BLINK_SECTION_FRAMES] = "frames",
};

int section_fail(const struct blink_file *f, const struct blink_section *s,
		 struct error *err, const char *why)
{
	const char *name = s->kind < BLINK_SECTION_KINDS ? blink_section_names[s->kind] : "?";

	return error_set(err, -EBADMSG, "%s: section %u (%s): %s (the file is damaged)",
			 f->path, (unsigned)(s - f->sections), name, why);
}

bool section_intact(const struct blink_file *f, const struct blink_section *s)
{
	return XXH3_64bits(f->map + s->offset, s->stored) == s->checksum;
}

static bool zeros(const uint8_t *p, uint64_t n)
{
	while (n && !*p) {
		p++;
		n--;
	}
	return n == 0;
}

static const char *section_problem(const struct blink_file *f, const struct blink_section *s,
				   uint64_t from)
{
	bool stream = s->kind < BLINK_STREAMS;

	if (s->kind >= BLINK_SECTION_KINDS ||
	    (s->kind == BLINK_SECTION_FRAMES && f->header.version < 2))
		return "its kind is unknown";
	if (s->packing >= BLINK_PACKINGS)
		return "its packing is unknown";
	if (s->offset < from)
		return "it overlaps what comes before it";
	if (!range_ok(s->offset, s->stored, f->header.table_offset))
		return "it reaches beyond the sections";
	if (s->offset - from >= BLINK_PAGE || !zeros(f->map + from, s->offset - from))
		return "there is something else before it";
	if (s->packing == BLINK_PLAIN && (s->stored != s->raw || s->offset % BLINK_ALIGN))
		return "its sizes or its place do not fit a plain section";
	if (s->stored > s->raw)
		return "it is larger packed than unpacked";
	if (stream ? !s->objects || s->objects > s->raw / 4 : s->objects != 0)
		return "its number of objects cannot be";
	if (s->raw > (!stream ? BLINK_TEXT_MAX :
		      s->objects > 1 ? BLINK_SHARED_MAX : BLINK_RAW_MAX))
		return "it is too large";
	return NULL;
}

/* One of each section that is not a block. */
static int singles_check(const struct blink_file *f, const uint32_t *counts,
			 struct error *err)
{
	for (unsigned k = BLINK_STREAMS; k < BLINK_SECTION_FRAMES; k++)
		if (counts[k] != 1)
			return error_set(err, -EBADMSG, "%s: %u %s sections instead of one "
					 "(the file is damaged)", f->path, counts[k],
					 blink_section_names[k]);
	return 0;
}

int sections_check(struct blink_file *f, struct error *err)
{
	uint32_t counts[BLINK_SECTION_KINDS] = { 0 };
	uint64_t objects[BLINK_STREAMS] = { 0 }, from = sizeof(struct blink_header);

	for (uint32_t i = 0; i < f->header.sections; i++) {
		const struct blink_section *s = &f->sections[i];
		const char *why = section_problem(f, s, from);

		if (why)
			return section_fail(f, s, err, why);
		from = s->offset + s->stored;
		counts[s->kind]++;
		if (s->kind < BLINK_STREAMS)
			objects[s->kind] += s->objects;
	}
	for (unsigned i = 0; i < BLINK_STREAMS; i++) {
		if (objects[i] > BLINK_OBJECTS_MAX)
			return error_set(err, -EBADMSG, "%s: too many objects in its %s sections "
					 "(the file is damaged)", f->path, blink_section_names[i]);
		f->streams[i].nblocks = counts[i];
		f->streams[i].nobjects = (uint32_t)objects[i];
	}
	if (f->header.table_offset - from >= 8 ||
	    !zeros(f->map + from, f->header.table_offset - from))
		return error_set(err, -EBADMSG, "%s: there is something between the sections "
				 "and their table (the file is damaged)", f->path);
	return singles_check(f, counts, err);
}

int section_unpack(struct blink_file *f, const struct blink_section *s, uint8_t *room,
		   struct error *err)
{
	const uint8_t *stored = f->map + s->offset;
	size_t n;

	if (!section_intact(f, s))
		return section_fail(f, s, err, "its checksum does not agree");
	if (s->packing == BLINK_PLAIN) {
		if (s->raw)
			memcpy(room, stored, s->raw);
		return 0;
	}
	n = ZSTD_decompressDCtx(f->zstd, room, s->raw, stored, s->stored);
	if (ZSTD_isError(n))
		return section_fail(f, s, err, ZSTD_getErrorName(n));
	if (n != s->raw)
		return section_fail(f, s, err, "it unpacks to another size");
	return 0;
}
