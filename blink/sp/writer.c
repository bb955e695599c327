/* writer.c - writes a .blink file, see file.h and format.h.
 *
 * Errors are sticky: the first one is kept and reported by commit.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxh_x86dispatch.h>
#include <zstd.h>

#include "blink/sp/format.h"
#include "blink/sp/gather.h"
#include "blink/sp/output.h"
#include "blink/sp/places.h"
#include "blink/sp/window.h"

#define DATA_SLOTS_LOG2 18
#define CODE_SLOTS_LOG2 12
/* Small payloads (matrices, single vertices) are many, and their likes recent: their own
 * table stays in the processor's cache. */
#define SMALL 128u
#define SMALL_SLOTS_LOG2 13
#define PACK_LEAST 256u         /* smaller sections are stored plain */

struct blink_writer {
	struct output out;
	struct error error;
	struct gather streams[BLINK_STREAMS];
	struct window data, small, code;
	struct places places;
	struct buf sections;          /* struct blink_section each */
	struct buf starts;            /* u32: first payload id of each data block */
	struct buf stamps;            /* u32 per data block: last SP that needed it, plus 1 */
	struct buf list;              /* u32: data blocks of the SP being added */
	struct buf packed;
	struct buf frame_data;        /* struct blink_frame_data each: the section being filled */
	bool has_frame_data;
	ZSTD_CCtx *zstd;
	struct blink_info info;
	uint32_t names[GL_SPACE_COUNT];
	uint32_t frames;              /* begun so far */
	uint32_t begun;               /* size given to payload_begin */
	uint16_t payload_operands[GL_OP_COUNT];   /* mask of those of kind payload */
	bool used[GL_OP_COUNT];
};

static int writer_fail(struct blink_writer *w, int code, const char *why)
{
	if (!w->error.code)
		error_set(&w->error, code, "%s: %s", w->out.path, why);
	return w->error.code;
}

/* ---- sections ------------------------------------------------------------ */

static size_t section_pack(struct blink_writer *w, const void *raw, size_t n)
{
	size_t bound = ZSTD_compressBound(n), packed;

	buf_clear(&w->packed);
	if (!buf_extend(&w->packed, bound))
		return 0;
	packed = ZSTD_compress2(w->zstd, w->packed.data, bound, raw, n);
	return ZSTD_isError(packed) ? 0 : packed;
}

static int section_put(struct blink_writer *w, enum blink_section_kind kind, const void *raw,
		       size_t n, uint32_t objects)
{
	struct blink_section s = { .kind = (uint16_t)kind, .objects = objects, .raw = n };
	bool pack = n >= PACK_LEAST && w->info.level != BLINK_UNPACKED;
	size_t packed = pack ? section_pack(w, raw, n) : 0;
	const void *stored = raw;

	s.stored = n;
	if (packed && packed <= n - n / 8) {
		s.packing = BLINK_ZSTD;
		s.stored = packed;
		stored = w->packed.data;
	} else {
		/* usable in place */
		output_align(&w->out, n >= BLINK_PAGE ? BLINK_PAGE : BLINK_ALIGN);
	}
	s.offset = w->out.offset;
	s.checksum = XXH3_64bits(stored, s.stored);
	buf_append(&w->sections, &s, sizeof(s));
	if (w->sections.failed)
		return writer_fail(w, -ENOMEM, "out of memory");
	return output_write(&w->out, stored, s.stored, &w->error);
}

static int block_put(void *user, struct gather *g, const uint8_t *raw, size_t n, uint32_t count)
{
	struct blink_writer *w = user;
	enum blink_section_kind kind = (enum blink_section_kind)(g - w->streams);

	if (kind == BLINK_SECTION_DATA) {
		buf_u32(&w->starts, g->total - count + 1);
		buf_u32(&w->stamps, 0);
	}
	return section_put(w, kind, raw, n, count);
}

/* ---- creation ------------------------------------------------------------ */

static int writer_zstd(struct blink_writer *w, int level)
{
	w->zstd = ZSTD_createCCtx();
	if (!w->zstd)
		return -ENOMEM;
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, level);
	/* repeats from far back are cheap to unpack: see docs/BLINK-FORMAT.md */
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_windowLog, 22);
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_enableLongDistanceMatching, 1);
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_ldmMinMatch, 64);
	return 0;
}

static void writer_tables(struct blink_writer *w)
{
	static const size_t limits[BLINK_STREAMS] = {
		BLINK_BLOCK, BLINK_CODE_BLOCK, BLINK_INDEX_BLOCK
	};

	for (unsigned i = 0; i < BLINK_STREAMS; i++)
		gather_init(&w->streams[i], limits[i], block_put, w);
	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		for (unsigned i = 0; i < gl_ops[op].noperands; i++)
			if (gl_ops[op].operands[i].kind == GL_KIND_PAYLOAD)
				w->payload_operands[op] |= (uint16_t)(1u << i);
}

int blink_writer_create(struct blink_writer **out, const char *path,
			const struct blink_writer_options *opt, struct error *err)
{
	struct blink_writer *w = calloc(1, sizeof(*w));
	static const struct blink_header none;
	int ret;

	*out = NULL;
	if (!w)
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	w->info.level = opt && opt->level ? opt->level : BLINK_LEVEL;
	w->info.window = opt && opt->window ? opt->window : BLINK_WINDOW;
	if (w->info.window > BLINK_WINDOW_MAX)
		w->info.window = BLINK_WINDOW_MAX;
	writer_tables(w);
	ret = output_create(&w->out, path, err);
	if (ret < 0)
		goto fail;
	if (writer_zstd(w, w->info.level) < 0 ||
	    window_init(&w->data, DATA_SLOTS_LOG2, w->info.window) < 0 ||
	    window_init(&w->small, SMALL_SLOTS_LOG2, w->info.window) < 0 ||
	    window_init(&w->code, CODE_SLOTS_LOG2, UINT64_MAX) < 0) {
		ret = error_set(err, -ENOMEM, "%s: out of memory", path);
		goto fail;
	}
	output_write(&w->out, &none, sizeof(none), &w->error);   /* filled in by commit */
	*out = w;
	return 0;
fail:
	blink_writer_destroy(w);
	return ret;
}

void blink_writer_destroy(struct blink_writer *w)
{
	if (!w)
		return;
	output_finish(&w->out);
	for (unsigned i = 0; i < BLINK_STREAMS; i++)
		gather_finish(&w->streams[i]);
	window_finish(&w->data);
	window_finish(&w->small);
	window_finish(&w->code);
	places_finish(&w->places);
	buf_finish(&w->sections);
	buf_finish(&w->starts);
	buf_finish(&w->stamps);
	buf_finish(&w->list);
	buf_finish(&w->packed);
	buf_finish(&w->frame_data);
	ZSTD_freeCCtx(w->zstd);
	free(w);
}

/* ---- payloads ------------------------------------------------------------ */

/* Keeps the object begun in g; its number, counted from 1, or 0 on failure. */
static uint32_t object_keep(struct blink_writer *w, struct gather *g, size_t size)
{
	uint32_t id = g->total + 1;
	int ret;

	if (g->total >= BLINK_OBJECTS_MAX) {
		writer_fail(w, -EFBIG, "too many objects for one file");
		return 0;
	}
	ret = gather_keep(g, size);
	if (ret < 0) {
		writer_fail(w, ret, "out of memory");
		return 0;
	}
	return id;
}

/* The same, unless an equal one is in the window. */
static uint32_t writer_keep(struct blink_writer *w, struct gather *g, struct window *window,
			    size_t size)
{
	struct window_slot *slot = window_find(window, g->data + g->len, size, g->position);

	if (slot->found)
		return slot->id;
	slot->position = g->position + 1;
	slot->id = object_keep(w, g, size);
	return slot->id;
}

void *blink_writer_payload_begin(struct blink_writer *w, uint32_t size)
{
	void *room = NULL;

	if (w->error.code)
		return NULL;
	if (size > SP_MAX_PAYLOAD)
		writer_fail(w, -EFBIG, "a payload is larger than 1 GiB");
	else if (!(room = gather_begin(&w->streams[BLINK_DATA], size)))
		writer_fail(w, -ENOMEM, "out of memory");
	w->begun = room ? size : 0;
	return room;
}

uint32_t blink_writer_payload_end(struct blink_writer *w, uint32_t size)
{
	if (w->error.code)
		return 0;
	if (size > w->begun) {
		writer_fail(w, -EINVAL, "a payload outgrew the room it was begun with");
		return 0;
	}
	w->begun = 0;
	w->info.payload_bytes += size;
	return writer_keep(w, &w->streams[BLINK_DATA], size <= SMALL ? &w->small : &w->data, size);
}

uint32_t blink_writer_payload(struct blink_writer *w, const void *data, uint32_t size)
{
	void *room = blink_writer_payload_begin(w, size);

	if (!room)
		return 0;
	if (size)
		memcpy(room, data, size);
	return blink_writer_payload_end(w, size);
}

uint32_t blink_writer_payload_placed(struct blink_writer *w, uint64_t number, const void *data,
				     uint32_t size)
{
	struct gather *g = &w->streams[BLINK_DATA];
	struct place *place;
	void *room;

	if (w->error.code)
		return 0;
	if (!places_take(number))
		return blink_writer_payload(w, data, size);
	/* places are of 16 bytes, and what was stored next is used next */
	place = places_find(&w->places, (uint32_t)number, size,
			    (uint32_t)number + (size + 15) / 16);
	if (!place) {
		writer_fail(w, -ENOMEM, "out of memory");
		return 0;
	}
	if (place->id && (uint32_t)(g->position / 16) - place->position < w->info.window / 16) {
		w->info.payload_bytes += size;
		return place->id;
	}
	room = blink_writer_payload_begin(w, size);
	if (!room)
		return 0;
	if (size)
		memcpy(room, data, size);
	w->begun = 0;
	w->info.payload_bytes += size;
	place->position = (uint32_t)(g->position / 16);
	place->id = object_keep(w, g, size);
	return place->id;
}

/* ---- stored procedures --------------------------------------------------- */

/* The data block that holds payload id; the one being gathered comes last. */
static uint32_t payload_block(const struct blink_writer *w, uint32_t id)
{
	const uint32_t *starts = (const uint32_t *)(const void *)w->starts.data;
	uint32_t low = 0, high = w->streams[BLINK_DATA].blocks;

	if (id > w->streams[BLINK_DATA].total - w->streams[BLINK_DATA].count)
		return high;
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (starts[mid] <= id)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static void list_add(struct blink_writer *w, uint32_t id)
{
	uint32_t block = payload_block(w, id), *stamps;
	uint32_t serial = w->streams[BLINK_INDEX].total + 1;

	while (w->stamps.len <= block * sizeof(uint32_t) && !w->stamps.failed)
		buf_u32(&w->stamps, 0);
	if (w->stamps.failed)
		return;
	stamps = (uint32_t *)(void *)w->stamps.data;
	if (stamps[block] == serial)
		return;
	stamps[block] = serial;
	buf_u32(&w->list, block);
}

static int block_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Counts the records, notes the ops, lists the blocks.  -EINVAL: not whole code. */
static int code_scan(struct blink_writer *w, const struct sp *sp)
{
	const uint32_t *rec = sp->code, *end = rec + sp->nwords;
	uint32_t payloads = w->streams[BLINK_DATA].total, last_id = 0;
	unsigned op = GL_OP_COUNT;
	bool bad;

	buf_clear(&w->list);
	for (; (rec = sp_next(rec, end, &bad)); rec += sp_words(rec)) {
		op = sp_opcode(*rec);
		w->used[op] = true;
		w->info.records++;
		for (unsigned m = w->payload_operands[op]; m; m &= m - 1) {
			uint32_t id = rec[gl_ops[op].operands[__builtin_ctz(m)].word];

			if (id && id <= payloads && id != last_id)
				list_add(w, last_id = id);
		}
	}
	if (bad || op != OP_end)
		return -EINVAL;
	if (w->list.len)
		qsort(w->list.data, w->list.len / sizeof(uint32_t), sizeof(uint32_t),
		      block_compare);
	return w->list.failed || w->stamps.failed ? -ENOMEM : 0;
}

static uint32_t code_store(struct blink_writer *w, const struct sp *sp)
{
	struct gather *g = &w->streams[BLINK_CODE];
	size_t size = sp->nwords * sizeof(*sp->code);
	void *room = gather_begin(g, size);

	if (!room) {
		writer_fail(w, -ENOMEM, "out of memory");
		return 0;
	}
	memcpy(room, sp->code, size);
	return writer_keep(w, g, &w->code, size);
}

static int entry_store(struct blink_writer *w, const struct sp *sp, uint32_t code)
{
	struct gather *g = &w->streams[BLINK_INDEX];
	size_t nrestore = sp->restore ? strlen(sp->restore) + 1 : 0;
	struct blink_entry e = {
		.callback = sp->callback, .flags = sp->flags,
		.frame = sp->frame, .context = sp->context, .drawable = sp->drawable,
		.code = code, .nblocks = (uint32_t)(w->list.len / sizeof(uint32_t)),
		.nrestore = (uint32_t)nrestore,
	};
	size_t size = sizeof(e) + w->list.len + nrestore;
	uint8_t *room = gather_begin(g, size);

	if (!room)
		return writer_fail(w, -ENOMEM, "out of memory");
	memcpy(room, &e, sizeof(e));
	if (w->list.len)
		memcpy(room + sizeof(e), w->list.data, w->list.len);
	if (nrestore)
		memcpy(room + sizeof(e) + w->list.len, sp->restore, nrestore);
	return gather_keep(g, size) < 0 ? writer_fail(w, -ENOMEM, "out of memory") : 0;
}

/* Init SPs, then those of frame 0, 1, 2 without a gap: so frames need no table. */
static bool frame_follows(struct blink_writer *w, const struct sp *sp)
{
	uint32_t next = w->frames + (sp->callback != SP_INIT && sp->frame == w->frames);

	if (sp->callback == SP_INIT ? w->frames || sp->frame : sp->frame + 1 != next)
		return false;
	w->frames = next;
	return true;
}

int blink_writer_sp(struct blink_writer *w, const struct sp *sp, uint32_t *id)
{
	uint32_t code;
	int ret;

	if (w->error.code)
		return w->error.code;
	if (sp->callback >= SP_CALLBACKS || sp->nwords > SP_MAX_WORDS ||
	    (sp->restore && strlen(sp->restore) >= BLINK_TEXT_MAX))
		return writer_fail(w, -EINVAL, "an SP's header is out of range");
	if (!frame_follows(w, sp))
		return writer_fail(w, -EINVAL, "an SP is out of order (init SPs come first, "
				   "then frame 0, 1, 2...)");
	if (w->streams[BLINK_INDEX].total >= BLINK_OBJECTS_MAX)
		return writer_fail(w, -EFBIG, "too many SPs for one file");
	ret = code_scan(w, sp);
	if (ret < 0)
		return writer_fail(w, ret, ret == -EINVAL ?
				   "an SP is not whole records up to `end`" : "out of memory");
	code = code_store(w, sp);
	if (!code)
		return w->error.code;
	w->info.code_words += sp->nwords;
	if (id)
		*id = w->streams[BLINK_INDEX].total;
	return entry_store(w, sp, code);
}

void blink_writer_names(struct blink_writer *w, unsigned space, uint32_t max)
{
	if (space < GL_SPACE_COUNT && max > w->names[space])
		w->names[space] = max;
}

void blink_writer_slots(struct blink_writer *w, uint32_t nslots)
{
	if (nslots > w->info.slots)
		w->info.slots = nslots;
}

static void frame_data_put(struct blink_writer *w)
{
	if (w->frame_data.failed)
		writer_fail(w, -ENOMEM, "out of memory");
	else if (w->frame_data.len)
		section_put(w, BLINK_SECTION_FRAMES, w->frame_data.data, w->frame_data.len, 0);
	buf_clear(&w->frame_data);
}

void blink_writer_frame_data(struct blink_writer *w, const struct blink_frame_data *d)
{
	if (w->error.code)
		return;
	buf_append(&w->frame_data, d, sizeof(*d));
	w->has_frame_data = true;
	if (w->frame_data.len >= BLINK_FRAMES_SECTION * sizeof(*d))
		frame_data_put(w);
}

uint64_t blink_writer_stored(const struct blink_writer *w)
{
	return w->streams[BLINK_DATA].position;
}

/* ---- commit -------------------------------------------------------------- */

static void ops_put(struct blink_writer *w)
{
	struct buf b;

	buf_init(&b);
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		const struct gl_op *o = &gl_ops[op];
		struct blink_op e = {
			.opcode = (uint16_t)op, .words = o->words, .noperands = o->noperands,
			.name_length = (uint8_t)strlen(o->name),
		};

		if (!w->used[op])
			continue;
		buf_append(&b, &e, sizeof(e));
		for (unsigned i = 0; i < o->noperands; i++)
			buf_append(&b, &o->operands[i].kind, 1);
		buf_append(&b, o->name, e.name_length);
	}
	if (b.failed)
		writer_fail(w, -ENOMEM, "out of memory");
	else
		section_put(w, BLINK_SECTION_OPS, b.data, b.len, 0);
	buf_finish(&b);
}

static void info_put(struct blink_writer *w)
{
	struct buf b;

	buf_init(&b);
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		w->info.nspaces += w->names[s] != 0;
	buf_append(&b, &w->info, sizeof(w->info));
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++) {
		if (!w->names[s])
			continue;
		buf_u32(&b, w->names[s]);
		buf_u32(&b, (uint32_t)strlen(gl_spaces[s].name));
		buf_append(&b, gl_spaces[s].name, strlen(gl_spaces[s].name));
	}
	if (b.failed)
		writer_fail(w, -ENOMEM, "out of memory");
	else
		section_put(w, BLINK_SECTION_INFO, b.data, b.len, 0);
	buf_finish(&b);
}

static void table_put(struct blink_writer *w)
{
	struct blink_header h = {
		.magic = BLINK_MAGIC, .version = w->has_frame_data ? 2 : 1,
		.sections = (uint32_t)(w->sections.len / sizeof(struct blink_section)),
		.table_hash = gl_table_hash(),
	};

	output_align(&w->out, 8);
	h.table_offset = w->out.offset;
	h.file_size = w->out.offset + w->sections.len;
	h.table_checksum = XXH3_64bits(w->sections.data, w->sections.len);
	h.checksum = XXH3_64bits(&h, offsetof(struct blink_header, checksum));
	output_write(&w->out, w->sections.data, w->sections.len, &w->error);
	output_rewrite(&w->out, &h, sizeof(h), &w->error);
}

int blink_writer_commit(struct blink_writer *w, const char *provenance, struct error *err)
{
	size_t length = strlen(provenance);

	for (unsigned i = 0; i < BLINK_STREAMS && !w->error.code; i++)
		if (gather_flush(&w->streams[i]) < 0)
			writer_fail(w, -ENOMEM, "out of memory");
	if (length > BLINK_TEXT_MAX)
		writer_fail(w, -EFBIG, "the provenance is larger than 16 MiB");
	if (!w->error.code)
		ops_put(w);
	if (!w->error.code)
		info_put(w);
	if (!w->error.code)
		section_put(w, BLINK_SECTION_PROVENANCE, provenance, length, 0);
	if (!w->error.code)
		frame_data_put(w);
	if (!w->error.code)
		table_put(w);
	if (!w->error.code)
		output_commit(&w->out, &w->error);
	if (!w->error.code)
		return 0;
	if (err)
		*err = w->error;
	return w->error.code;
}
