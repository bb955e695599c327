/* picture.c - reads the back buffer at a swap and hashes it.
 *
 * Everything that glReadPixels depends on is asked for, set, and put back: pack state,
 * the pack buffer, the read framebuffer and its read buffer, colour clamping, and in
 * compatibility contexts pixel transfer.  What a context does not have is not touched,
 * so that no error is left behind. */
#include "capture/record/lib/picture.h"

#include <stdio.h>
#include <sys/mman.h>

static int32_t get(uint32_t pname)
{
	int32_t v[4] = { 0 };

	rec_gl(glGetIntegerv, void, uint32_t, int32_t *)(pname, v);
	return v[0];
}

static void store(uint32_t pname, int32_t v)
{
	rec_gl(glPixelStorei, void, uint32_t, int32_t)(pname, v);
}

/* What the context has, by its version string. */
struct abilities { int version; bool es, transfer, framebuffers, pack_buffer, clamp; };

static struct abilities abilities_of(void)
{
	const char *s = rec_gl(glGetString, const char *, uint32_t)(0x1F02);    /* VERSION */
	struct abilities a = { 0 };
	int major = 0, minor = 0;

	if (!s || !strncmp(s, "OpenGL ES", 9) || sscanf(s, "%d.%d", &major, &minor) != 2) {
		a.es = true;
		return a;
	}
	a.version = major * 10 + minor;
	a.framebuffers = a.version >= 30;
	a.pack_buffer = a.version >= 21;
	a.clamp = a.version >= 30;
	a.transfer = a.version < 31;
	if (a.version >= 32)            /* GL_CONTEXT_PROFILE_MASK: compatibility */
		a.transfer = get(0x9126) & 2;
	return a;
}

/* ---- saved state ---------------------------------------------------------------------- */

static const uint16_t pack_names[] = {
	0x0D00 /* SWAP_BYTES */, 0x0D01 /* LSB_FIRST */, 0x0D02 /* ROW_LENGTH */,
	0x0D03 /* SKIP_ROWS */, 0x0D04 /* SKIP_PIXELS */, 0x0D05 /* ALIGNMENT */,
};
#define PACKS (sizeof(pack_names) / sizeof(pack_names[0]))

/* Scales and biases; initial values 1 and 0. */
static const uint16_t transfer_names[] = {
	0x0D14, 0x0D18, 0x0D1A, 0x0D1C,         /* RED, GREEN, BLUE, ALPHA_SCALE */
	0x0D15, 0x0D19, 0x0D1B, 0x0D1D,         /* RED, GREEN, BLUE, ALPHA_BIAS */
};
#define TRANSFERS (sizeof(transfer_names) / sizeof(transfer_names[0]))

struct saved {
	struct abilities has;
	int32_t pack[PACKS], buffer, framebuffer, read_buffer, clamp, map_color;
	float transfer[TRANSFERS];
};

static void transfer_set(uint32_t pname, float v)
{
	rec_gl(glPixelTransferf, void, uint32_t, float)(pname, v);
}

static void save(struct saved *s)
{
	s->has = abilities_of();
	if (s->has.es)
		return;
	for (size_t i = 0; i < PACKS; i++) {
		s->pack[i] = get(pack_names[i]);
		store(pack_names[i], pack_names[i] == 0x0D05);
	}
	if (s->has.pack_buffer && (s->buffer = get(0x88ED)))
		rec_gl(glBindBuffer, void, uint32_t, uint32_t)(0x88EB, 0);
	if (s->has.framebuffers && (s->framebuffer = get(0x8CAA)))
		rec_gl(glBindFramebuffer, void, uint32_t, uint32_t)(0x8CA8, 0);
	s->read_buffer = get(0x0C02);
	if (s->read_buffer != 0x0405)           /* GL_BACK */
		rec_gl(glReadBuffer, void, uint32_t)(0x0405);
	if (s->has.clamp && (s->clamp = get(0x891C)) != 0x891D) /* READ_COLOR, FIXED_ONLY */
		rec_gl(glClampColor, void, uint32_t, uint32_t)(0x891C, 0x891D);
	if (!s->has.transfer)
		return;
	s->map_color = get(0x0D10);
	if (s->map_color)
		rec_gl(glPixelTransferi, void, uint32_t, int32_t)(0x0D10, 0);
	for (size_t i = 0; i < TRANSFERS; i++) {
		float initial = i < TRANSFERS / 2 ? 1.0f : 0.0f;

		rec_gl(glGetFloatv, void, uint32_t, float *)(transfer_names[i], &s->transfer[i]);
		if (memcmp(&s->transfer[i], &initial, sizeof(initial)))
			transfer_set(transfer_names[i], initial);
	}
}

static void restore(const struct saved *s)
{
	for (size_t i = 0; i < PACKS; i++)
		store(pack_names[i], s->pack[i]);
	if (s->read_buffer != 0x0405)
		rec_gl(glReadBuffer, void, uint32_t)((uint32_t)s->read_buffer);
	if (s->framebuffer)
		rec_gl(glBindFramebuffer, void, uint32_t, uint32_t)(0x8CA8,
								    (uint32_t)s->framebuffer);
	if (s->buffer)
		rec_gl(glBindBuffer, void, uint32_t, uint32_t)(0x88EB, (uint32_t)s->buffer);
	if (s->has.clamp && s->clamp != 0x891D)
		rec_gl(glClampColor, void, uint32_t, uint32_t)(0x891C, (uint32_t)s->clamp);
	if (!s->has.transfer)
		return;
	if (s->map_color)
		rec_gl(glPixelTransferi, void, uint32_t, int32_t)(0x0D10, s->map_color);
	for (size_t i = 0; i < TRANSFERS; i++) {
		float initial = i < TRANSFERS / 2 ? 1.0f : 0.0f;

		if (memcmp(&s->transfer[i], &initial, sizeof(initial)))
			transfer_set(transfer_names[i], s->transfer[i]);
	}
}

/* ---- reading ----------------------------------------------------------------------------- */

static __thread uint8_t *room __attribute__((tls_model("initial-exec")));
static __thread size_t room_size __attribute__((tls_model("initial-exec")));

static uint8_t *room_for(size_t size)
{
	void *p;

	if (size <= room_size)
		return room;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (room)
		munmap(room, room_size);
	room = p;
	room_size = size;
	return room;
}

static void pixels_read(uint32_t w, uint32_t h, uint8_t *to)
{
	rec_gl(glReadPixels, void, int32_t, int32_t, int32_t, int32_t, uint32_t, uint32_t, void *)
		(0, 0, (int32_t)w, (int32_t)h, 0x1907 /* RGB */, 0x1401, to);
}

/* How many of a line's n pixels there are: others stay as they were before a read. */
static uint32_t line_length(uint32_t w, uint32_t h, uint8_t *line)
{
	uint32_t n = w > h ? w : h;
	uint8_t *other = line + (size_t)n * 3;

	memset(line, 0, (size_t)n * 3);
	memset(other, 0xff, (size_t)n * 3);
	pixels_read(w, h, line);
	pixels_read(w, h, other);
	while (n && memcmp(line + (size_t)(n - 1) * 3, other + (size_t)(n - 1) * 3, 3))
		n--;
	return n;
}

bool rec_picture(const struct rec_context *c, uint32_t *w, uint32_t *h, struct rec_hash *hash)
{
	size_t size = (size_t)*w * *h * 3, line = (size_t)(*w > *h ? *w : *h) * 6;
	struct saved s = { 0 };
	uint8_t *pixels;

	(void)c;
	if (!size || !(pixels = room_for(size > line ? size : line)))
		return false;
	save(&s);
	if (s.has.es)
		return false;
	*w = line_length(*w, 1, pixels);
	*h = line_length(1, *h, pixels);
	size = (size_t)*w * *h * 3;
	if (size)
		pixels_read(*w, *h, pixels);
	restore(&s);
	if (!size)
		return false;
	*hash = rec_hash(pixels, size);
	return true;
}
