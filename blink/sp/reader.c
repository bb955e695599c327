/* reader.c - opens a .blink file and loads its SPs, see file.h.
 *
 * The whole table of sections is checked when the file is opened, each section's
 * checksum when it is first used.
 */
#include "blink/sp/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* besides the window: the blocks of the SPs at hand, code among them */
#define CACHE_BESIDES (32ull << 20)
/* What one SP may need, in caches and at least, and the index: a file that wants more
 * is no honest one. */
#define SP_CACHES 16u
#define SP_LEAST (1ull << 30)
#define INDEX_MAX (1ull << 30)

/* ---- opening ------------------------------------------------------------- */

static int file_map(struct blink_file *f, struct error *err)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);   /* of FIFOs */
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st) < 0) {
		int code = -errno;

		if (fd >= 0)
			close(fd);
		return error_set(err, code, "%s: %s", f->path, strerror(-code));
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(err, -EINVAL, "%s: not a regular file", f->path);
	}
	if ((uint64_t)st.st_size < sizeof(f->header)) {
		close(fd);
		return error_set(err, -EBADMSG, "%s: is no .blink file (too short)", f->path);
	}
	f->size = (uint64_t)st.st_size;
	/* with what payloads have behind them, also where one ends the file */
	f->mapped = f->size + SP_PAYLOAD_SLACK;
	map = mmap(NULL, f->mapped, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map != MAP_FAILED)
		map = mmap(map, f->size, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return error_set(err, -errno, "%s: cannot be mapped: %s", f->path,
				 strerror(errno));
	f->map = map;
	return 0;
}

static int header_check(struct blink_file *f, struct error *err)
{
	struct blink_header *h = &f->header;
	uint64_t length;

	memcpy(h, f->map, sizeof(*h));
	if (memcmp(h->magic, BLINK_MAGIC, sizeof(h->magic)))
		return error_set(err, -EBADMSG, "%s: is no .blink file", f->path);
	if (h->version > BLINK_VERSION)
		return error_set(err, -ENOTSUP, "%s: is of version %u, and this program reads "
				 "up to %u (use a newer one)", f->path, h->version, BLINK_VERSION);
	if (h->version == 0 || h->reserved ||
	    h->checksum != XXH3_64bits(h, offsetof(struct blink_header, checksum)))
		return error_set(err, -EBADMSG, "%s: header: its checksum does not agree "
				 "(the file is damaged)", f->path);
	if (h->file_size != f->size)
		return error_set(err, -EBADMSG, "%s: has %llu bytes instead of %llu (it was %s)",
				 f->path, (unsigned long long)f->size,
				 (unsigned long long)h->file_size,
				 f->size < h->file_size ? "truncated" : "appended to");
	length = (uint64_t)h->sections * sizeof(struct blink_section);
	if (h->sections > BLINK_SECTIONS_MAX || h->table_offset % 8 ||
	    h->table_offset < sizeof(*h) || !range_ok(h->table_offset, length, f->size) ||
	    h->table_offset + length != f->size)
		return error_set(err, -EBADMSG, "%s: section table: out of place "
				 "(the file is damaged)", f->path);
	f->sections = (const void *)(f->map + h->table_offset);
	if (h->table_checksum != XXH3_64bits(f->sections, length))
		return error_set(err, -EBADMSG, "%s: section table: its checksum does not agree "
				 "(the file is damaged)", f->path);
	return 0;
}

static int streams_create(struct blink_file *f, struct error *err)
{
	uint32_t next[BLINK_STREAMS] = { 0 };

	for (unsigned i = 0; i < BLINK_STREAMS; i++) {
		struct stream *s = &f->streams[i];
		void *objects = mmap(NULL, ((size_t)s->nobjects + 1) * sizeof(*s->objects),
				     PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		s->nobjects++;       /* number 0 is no object */
		s->objects = objects == MAP_FAILED ? NULL : objects;
		s->blocks = calloc((size_t)s->nblocks + 1, sizeof(*s->blocks));
		if (!s->objects || !s->blocks)
			return error_set(err, -ENOMEM, "%s: out of memory", f->path);
		s->blocks[0].first = 1;
	}
	for (uint32_t i = 0; i < f->header.sections; i++) {
		const struct blink_section *section = &f->sections[i];

		if (section->kind < BLINK_STREAMS) {
			struct block *b = &f->streams[section->kind].blocks[next[section->kind]++];

			b->section = section;
			b[1].first = b->first + section->objects;
		}
	}
	return 0;
}

/* ---- small sections ------------------------------------------------------ */

/* A section's raw bytes, with a zero after them; *out is malloc'd. */
static int text_read(struct blink_file *f, const struct blink_section *s, char **out,
		     struct error *err)
{
	*out = malloc(s->raw + 1);
	if (!*out)
		return error_set(err, -ENOMEM, "%s: out of memory", f->path);
	(*out)[s->raw] = 0;
	return section_unpack(f, s, (uint8_t *)*out, err);
}

static void names_enter(struct blink_file *f, const char *name, uint32_t length, uint32_t max)
{
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		if (strlen(gl_spaces[i].name) == length &&
		    memcmp(gl_spaces[i].name, name, length) == 0)
			f->names[i] = max;
}

static int info_read(struct blink_file *f, const struct blink_section *s, struct error *err)
{
	uint64_t at = sizeof(f->info);
	char *raw;
	int ret = text_read(f, s, &raw, err);

	if (ret == 0 && s->raw < sizeof(f->info))
		ret = section_fail(f, s, err, "it is too short");
	if (ret == 0)
		memcpy(&f->info, raw, sizeof(f->info));
	for (uint32_t i = 0; ret == 0 && i < f->info.nspaces; i++) {
		uint32_t row[2] = { 0, 0 };

		if (range_ok(at, sizeof(row), s->raw))
			memcpy(row, raw + at, sizeof(row));
		if (!range_ok(at, sizeof(row), s->raw) ||
		    !range_ok(at + sizeof(row), row[1], s->raw)) {
			ret = section_fail(f, s, err, "its name spaces do not add up");
			break;
		}
		names_enter(f, raw + at + sizeof(row), row[1], row[0]);
		at += sizeof(row) + row[1];
	}
	if (ret == 0 && at != s->raw)
		ret = section_fail(f, s, err, "its name spaces do not add up");
	free(raw);
	return ret;
}

static int singles_read(struct blink_file *f, struct error *err)
{
	int ret = 0;

	for (uint32_t i = 0; ret == 0 && i < f->header.sections; i++) {
		const struct blink_section *s = &f->sections[i];

		if (s->kind == BLINK_SECTION_OPS)
			ret = ops_read(f, s, err);
		else if (s->kind == BLINK_SECTION_INFO)
			ret = info_read(f, s, err);
		else if (s->kind == BLINK_SECTION_PROVENANCE)
			ret = text_read(f, s, &f->provenance, err);
	}
	return ret;
}

/* ---- the index ----------------------------------------------------------- */

static const struct blink_entry *entry_at(const struct blink_file *f, uint32_t id)
{
	return (const void *)f->streams[BLINK_INDEX].objects[id + 1].data;
}

static const char *entry_problem(const struct blink_file *f, const struct sp_payload *o)
{
	const struct blink_entry *e = (const void *)o->data;
	const uint32_t *blocks = (const void *)(e + 1);
	uint64_t size = sizeof(*e);

	if (o->size < size)
		return "an SP's entry is too short";
	size += 4 * (uint64_t)e->nblocks + e->nrestore;
	if (size != o->size || e->callback >= SP_CALLBACKS)
		return "an SP's entry does not add up";
	if (e->code == 0 || e->code >= f->streams[BLINK_CODE].nobjects)
		return "an SP names code that does not exist";
	for (uint32_t i = 0; i < e->nblocks; i++)
		if (blocks[i] >= f->streams[BLINK_DATA].nblocks ||
		    (i && blocks[i] <= blocks[i - 1]))
			return "an SP names a block that does not exist";
	if (e->nrestore && memchr(blocks + e->nblocks, 0, e->nrestore) !=
			   (const uint8_t *)(blocks + e->nblocks) + e->nrestore - 1)
		return "an SP's text is not terminated";
	return NULL;
}

/* Init SPs, then frames 0, 1, 2... without a gap. */
static bool entry_follows(struct blink_file *f, uint32_t id, const struct blink_entry *e)
{
	if (e->callback == SP_INIT) {
		f->init_count = id + 1;
		return f->frames == 0 && e->frame == 0;
	}
	if (e->frame == f->frames)
		f->frames++;
	return e->frame + 1 == f->frames;
}

/* The index stays resident: its entries are used all the time. */
static int index_read(struct blink_file *f, struct error *err)
{
	struct stream *index = &f->streams[BLINK_INDEX];
	uint64_t total = 0;

	for (uint32_t i = 0; i < index->nblocks; i++)
		total += index->blocks[i].section->raw;
	if (total > INDEX_MAX)
		return error_set(err, -EFBIG, "%s: its index is larger than 1 GiB", f->path);
	for (uint32_t i = 0, id = 0; i < index->nblocks; i++) {
		const struct blink_section *s = index->blocks[i].section;
		int ret = block_pin(f, &index->blocks[i], err);

		if (ret < 0)
			return ret;
		for (uint32_t k = 0; k < s->objects; k++, id++) {
			const char *why = entry_problem(f, &index->objects[id + 1]);

			if (!why && !entry_follows(f, id, entry_at(f, id)))
				why = "its SPs are out of order";
			if (why)
				return section_fail(f, s, err, why);
		}
	}
	f->states = calloc(index->nobjects, sizeof(*f->states));
	return f->states ? 0 : error_set(err, -ENOMEM, "%s: out of memory", f->path);
}

int blink_open(struct blink_file **out, const char *path, uint64_t cache_bytes,
	       struct error *err)
{
	struct blink_file *f = calloc(1, sizeof(*f));
	int ret;

	*out = NULL;
	if (!f || !(f->path = strdup(path)) || !(f->zstd = ZSTD_createDCtx())) {
		ret = error_set(err, -ENOMEM, "%s: out of memory", path);
		goto fail;
	}
	f->cache_bytes = cache_bytes ? cache_bytes : CACHE_BESIDES;
	ret = file_map(f, err);
	if (ret == 0)
		ret = header_check(f, err);
	if (ret == 0)
		ret = sections_check(f, err);
	if (ret == 0)
		ret = streams_create(f, err);
	if (ret == 0)
		ret = singles_read(f, err);
	if (ret == 0)
		ret = frame_data_read(f, err);
	if (ret == 0 && !cache_bytes && f->info.window < BLINK_WINDOW_MAX)
		f->cache_bytes += f->info.window;
	if (ret == 0)
		ret = index_read(f, err);
	if (ret < 0)
		goto fail;
	f->payloads = (struct sp_payloads){
		.v = f->streams[BLINK_DATA].objects, .n = f->streams[BLINK_DATA].nobjects
	};
	*out = f;
	return 0;
fail:
	blink_close(f);
	return ret;
}

void blink_close(struct blink_file *f)
{
	if (!f)
		return;
	for (uint32_t i = 0; f->states && i < blink_sp_count(f); i++)
		free(f->states[i].translated);
	cache_finish(f);
	frame_data_finish(f);
	for (unsigned i = 0; i < BLINK_STREAMS; i++) {
		struct stream *s = &f->streams[i];

		if (s->objects)
			munmap(s->objects, s->nobjects * sizeof(*s->objects));
		free(s->blocks);
	}
	if (f->map)
		munmap((void *)(uintptr_t)f->map, f->mapped);
	ZSTD_freeDCtx(f->zstd);
	free(f->states);
	free(f->ops);
	free(f->op_map);
	free(f->provenance);
	free(f->path);
	free(f);
}

/* ---- loading ------------------------------------------------------------- */

static void blocks_unpin(struct blink_file *f, const struct blink_entry *e, uint32_t n)
{
	const uint32_t *blocks = (const void *)(e + 1);

	while (n)
		block_unpin(f, &f->streams[BLINK_DATA].blocks[blocks[--n]]);
}

static int blocks_pin(struct blink_file *f, const struct blink_entry *e, struct error *err)
{
	const uint32_t *blocks = (const void *)(e + 1);
	uint64_t most = f->cache_bytes * SP_CACHES, need = 0;

	most = most > SP_LEAST ? most : SP_LEAST;
	for (uint32_t i = 0; i < e->nblocks; i++)
		need += f->streams[BLINK_DATA].blocks[blocks[i]].section->raw;
	if (need > most && e->nblocks > 1)
		return error_set(err, -ENOMEM, "%s: an SP needs more than %llu MiB at once",
				 f->path, (unsigned long long)(most >> 20));
	for (uint32_t i = 0; i < e->nblocks; i++) {
		int ret = block_pin(f, &f->streams[BLINK_DATA].blocks[blocks[i]], err);

		if (ret < 0) {
			blocks_unpin(f, e, i);
			return ret;
		}
	}
	return 0;
}

/* Code in our opcodes: as it lies there, or a translation kept until released. */
static int code_get(struct blink_file *f, uint32_t id, struct sp *out, struct error *err)
{
	const struct sp_payload *o = &f->streams[BLINK_CODE].objects[entry_at(f, id)->code];
	struct sp_state *state = &f->states[id];
	int ret = 0;

	if (o->size % 4 || o->size == 0 || o->size / 4 > SP_MAX_WORDS)
		return error_set(err, -EBADMSG, "%s: SP %u: its code has %u bytes "
				 "(the file is damaged)", f->path, id, o->size);
	out->code = (const void *)o->data;
	out->nwords = o->size / 4;
	if (!f->op_map)
		return 0;
	if (!state->translated)
		ret = code_translate(f, id, out->code, out->nwords, &state->translated, err);
	out->code = state->translated;
	return ret;
}

int blink_sp_header(struct blink_file *f, uint32_t id, struct sp *out, struct error *err)
{
	const struct blink_entry *e;

	if (id >= blink_sp_count(f))
		return error_set(err, -EINVAL, "%s: has no SP %u", f->path, id);
	e = entry_at(f, id);
	*out = (struct sp){
		.id = id, .callback = e->callback, .flags = e->flags, .frame = e->frame,
		.context = e->context, .drawable = e->drawable,
		.restore = e->nrestore ? (const char *)(e + 1) + 4 * (size_t)e->nblocks : NULL,
	};
	return 0;
}

int blink_sp_load(struct blink_file *f, uint32_t id, struct sp *out, struct error *err)
{
	const struct blink_entry *e;
	struct block *code;
	int ret = blink_sp_header(f, id, out, err);

	if (ret < 0)
		return ret;
	e = entry_at(f, id);
	code = block_of(&f->streams[BLINK_CODE], e->code);
	ret = block_pin(f, code, err);
	if (ret < 0)
		return ret;
	ret = blocks_pin(f, e, err);
	if (ret < 0)
		goto no_blocks;
	ret = code_get(f, id, out, err);
	if (ret < 0)
		goto no_code;
	f->states[id].loads++;
	return 0;
no_code:
	blocks_unpin(f, e, e->nblocks);
no_blocks:
	block_unpin(f, code);
	return ret;
}

int blink_sp_code(struct blink_file *f, uint32_t id, struct sp *out, struct error *err)
{
	struct block *code;
	int ret = blink_sp_header(f, id, out, err);

	if (ret < 0)
		return ret;
	code = block_of(&f->streams[BLINK_CODE], entry_at(f, id)->code);
	ret = block_pin(f, code, err);
	if (ret < 0)
		return ret;
	ret = code_get(f, id, out, err);
	block_unpin(f, code);    /* the last to go: it stays until something else is loaded */
	return ret;
}

void blink_sp_release(struct blink_file *f, uint32_t id)
{
	const struct blink_entry *e;

	if (id >= blink_sp_count(f) || f->states[id].loads == 0)
		return;
	e = entry_at(f, id);
	blocks_unpin(f, e, e->nblocks);
	block_unpin(f, block_of(&f->streams[BLINK_CODE], e->code));
	if (--f->states[id].loads == 0) {
		free(f->states[id].translated);
		f->states[id].translated = NULL;
	}
}

int blink_payload_load(struct blink_file *f, uint32_t id, struct sp_payload *out,
		       struct error *err)
{
	struct block *b;
	int ret;

	if (id == 0 || id >= f->payloads.n)
		return error_set(err, -EINVAL, "%s: has no payload %u", f->path, id);
	b = block_of(&f->streams[BLINK_DATA], id);
	ret = block_pin(f, b, err);
	if (ret < 0)
		return ret;
	*out = f->payloads.v[id];
	block_unpin(f, b);   /* the last to go: it stays until something else is loaded */
	return 0;
}

/* ---- what the file holds ------------------------------------------------- */

uint32_t blink_sp_count(const struct blink_file *f)
{
	return f->streams[BLINK_INDEX].nobjects - 1;
}

uint32_t blink_frame_count(const struct blink_file *f)
{
	return f->frames;
}

uint32_t blink_init_count(const struct blink_file *f)
{
	return f->init_count;
}

/* The first SP after the init SPs whose frame is at least frame. */
static uint32_t frame_start(const struct blink_file *f, uint32_t frame)
{
	uint32_t low = f->init_count, high = blink_sp_count(f);

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (entry_at(f, mid)->frame < frame)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int blink_frame(struct blink_file *f, uint32_t frame, uint32_t *first, uint32_t *count)
{
	uint32_t end, n = blink_sp_count(f);

	if (frame >= f->frames)
		return -ERANGE;
	/* frames are mostly asked for in order: the last one's end is this one's start */
	end = frame && f->hint_frame == frame ? f->hint_sp : frame_start(f, frame);
	*first = end;
	while (end < n && entry_at(f, end)->frame <= frame)
		end++;
	f->hint_frame = frame + 1;
	f->hint_sp = end;
	*count = end - *first;
	return 0;
}

const struct sp_payloads *blink_payloads(const struct blink_file *f)
{
	return &f->payloads;
}

uint32_t blink_names_max(const struct blink_file *f, unsigned space)
{
	return space < GL_SPACE_COUNT ? f->names[space] : 0;
}

uint32_t blink_slots(const struct blink_file *f)
{
	return f->info.slots;
}

const char *blink_provenance(const struct blink_file *f)
{
	return f->provenance;
}

void blink_file_coding(const struct blink_file *f, struct blink_coding *out)
{
	*out = (struct blink_coding){ .level = f->info.level, .window = f->info.window };
}

void blink_file_stats(const struct blink_file *f, struct blink_stats *out)
{
	const struct stream *data = &f->streams[BLINK_DATA];

	*out = (struct blink_stats){
		.version = f->header.version, .file_bytes = f->size, .code_words = f->info.code_words,
		.records = f->info.records, .payload_bytes = f->info.payload_bytes,
		.sps = blink_sp_count(f), .frames = f->frames, .payloads = f->payloads.n - 1,
		.blocks = data->nblocks,
	};
	for (uint32_t i = 0; i < data->nblocks; i++)
		out->payload_stored += data->blocks[i].section->raw;
}
