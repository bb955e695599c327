/* decorate.c - what stands in the bar above a client's area.
 *
 * The bar says, in this order: the client's number, what the transport knows of it, and
 * the name that it gave itself.  The first two are the server's word; the name comes last,
 * so that no choice of it can move them, and only printable ASCII of it is shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/server/compose.h"
#include "blink/server/font.h"

/* Easily told apart, bright enough for black letters. */
static const uint8_t colors[][3] = {
	{ 0xff, 0xb0, 0x00 }, { 0x64, 0xb5, 0xf6 }, { 0x81, 0xc7, 0x84 }, { 0xf0, 0x62, 0x92 },
	{ 0xba, 0x68, 0xc8 }, { 0xff, 0xf1, 0x76 }, { 0x4d, 0xd0, 0xe1 }, { 0xff, 0x8a, 0x65 },
	{ 0xae, 0xd5, 0x81 }, { 0x90, 0xa4, 0xae }, { 0xdc, 0xe7, 0x75 }, { 0x95, 0x75, 0xcd },
};

void decorate_color(uint32_t id, uint8_t rgb[3])
{
	memcpy(rgb, colors[(id - 1) % (sizeof(colors) / sizeof(*colors))], 3);
}

static char readable(char c)
{
	return c >= FONT_FIRST && c <= FONT_LAST ? c : '?';
}

static void text_make(char *text, size_t size, uint32_t id, const char *transport,
		      const char *name)
{
	char tail[VSO_NAME + 1] = "";

	snprintf(tail, sizeof(tail), "%.*s", (int)VSO_NAME, name);
	snprintf(text, size, "%u  %s  %s", id, transport, tail);
	for (char *p = text; *p; p++)
		*p = readable(*p);
}

struct ink { uint8_t *rgba; uint32_t width; uint8_t rgb[3]; };

static void dot(const struct ink *ink, uint32_t x, uint32_t row)
{
	uint8_t *p;

	if (x >= ink->width || row >= FRAME_BAR)
		return;
	p = ink->rgba + ((size_t)(FRAME_BAR - 1 - row) * ink->width + x) * 4;
	memcpy(p, ink->rgb, 3);
}

static void letter(const struct ink *ink, char c, uint32_t x, uint32_t y)
{
	const uint8_t *column = font_columns[c - FONT_FIRST];

	for (uint32_t i = 0; i < FONT_W; i++)
		for (uint32_t j = 0; j < FONT_H; j++)
			if (column[i] >> j & 1)
				dot(ink, x + i, y + j);
}

uint8_t *decorate_bar(const struct window *w, const char *transport, const char *name,
		      uint32_t width, bool focus)
{
	uint8_t *rgba = malloc((size_t)width * FRAME_BAR * 4);
	struct ink ink = { .rgba = rgba, .width = width };
	uint32_t x = FRAME_SIDE + 2;
	char text[192];

	if (!rgba)
		return NULL;
	/* the client with the focus has its bar in full colour, the others theirs dark */
	for (size_t i = 0; i < (size_t)width * FRAME_BAR; i++) {
		for (unsigned c = 0; c < 3; c++)
			rgba[4 * i + c] = focus ? w->color[c] : w->color[c] / 3;
		rgba[4 * i + 3] = 255;
	}
	if (!focus)
		memset(ink.rgb, 0xff, 3);
	text_make(text, sizeof(text), w->id, transport, name);
	for (const char *p = text; *p && x + FONT_W < width; p++, x += FONT_CELL)
		letter(&ink, *p, x, (FRAME_BAR - FONT_H) / 2);
	return rgba;
}

struct rect window_area(const struct window *w)
{
	return (struct rect){ w->x, w->y, (int)w->w, (int)w->h };
}

struct rect window_outer(const struct window *w, bool decorated)
{
	struct rect a = window_area(w);

	if (!decorated)
		return a;
	return (struct rect){ a.x - FRAME_SIDE, a.y - FRAME_BAR, a.w + 2 * FRAME_SIDE,
			      a.h + FRAME_BAR + FRAME_SIDE };
}

void window_frame(const struct window *w, struct rect piece[4])
{
	struct rect a = window_area(w), o = window_outer(w, true);

	piece[0] = (struct rect){ o.x, o.y, o.w, FRAME_BAR };
	piece[1] = (struct rect){ o.x, a.y, FRAME_SIDE, a.h };
	piece[2] = (struct rect){ a.x + a.w, a.y, FRAME_SIDE, a.h };
	piece[3] = (struct rect){ o.x, a.y + a.h, o.w, FRAME_SIDE };
}
