/* scene.c - small .blink files with known pictures. */
#include <stdlib.h>
#include <string.h>

#include <GL/gl.h>

#include "blink/engine/sink.h"
#include "blink/sp/file.h"
#include "tests/replay/scene.h"

uint32_t scene_colour(uint32_t i, uint32_t flaw)
{
	uint32_t c = (i * 0x33u & 0xffu) << 16 | (i % 2 ? 0xff00u : 0u) | 0x33u;

	return i == flaw ? c ^ 0xffu : c;
}

struct picture scene_picture(uint32_t i, uint32_t flaw)
{
	struct picture p = { SCENE_W, SCENE_H, calloc(SCENE_W * SCENE_H, 3) };

	for (uint32_t k = 0; p.rgb && k <= i; k++) {
		uint32_t c = scene_colour(k, flaw);

		for (uint32_t y = 0; y < SCENE_H; y++) {
			uint8_t *at = p.rgb + (y * SCENE_W + k % SCENE_W) * 3;

			at[0] = (uint8_t)(c >> 16);
			at[1] = (uint8_t)(c >> 8);
			at[2] = (uint8_t)c;
		}
	}
	return p;
}

static uint32_t bits(double v)
{
	float f = (float)v;
	uint32_t u;

	memcpy(&u, &f, sizeof(u));
	return u;
}

static void put(struct blink_writer *w, struct buf *code, struct sp *sp)
{
	sp_end(code);
	sp->code = (const uint32_t *)(const void *)code->data;
	sp->nwords = (uint32_t)(code->len / 4);
	blink_writer_sp(w, sp, NULL);
	buf_clear(code);
}

static void put_init(struct blink_writer *w, struct buf *code)
{
	struct sp sp = { .callback = SP_INIT };

	sp_emit_words(code, OP_blinkContext, 1, 0, 0, 0);
	sp_emit_words(code, OP_blinkDrawable, 1, SCENE_W, SCENE_H, SINK_CONFIG_DOUBLE);
	sp_emit_words(code, OP_blinkMakeCurrent, 1, 1, 1);
	sp_emit_words(code, OP_glEnable, GL_SCISSOR_TEST);
	put(w, code, &sp);
}

static void put_frame(struct blink_writer *w, struct buf *code, uint32_t i, uint32_t flaw, int bad)
{
	struct sp sp = { .callback = SP_REDRAW, .frame = i, .context = 1, .drawable = 1 };
	uint32_t c = scene_colour(i, flaw);

	if (bad)
		sp_emit_words(code, OP_blinkMakeCurrent, 77, 1, 1);
	sp_emit_words(code, OP_glScissor, i % SCENE_W, 0, 1, SCENE_H);
	sp_emit_words(code, OP_glClearColor, bits((c >> 16) / 255.0), bits((c >> 8 & 255) / 255.0),
		      bits((c & 255) / 255.0), bits(1));
	sp_emit_words(code, OP_glClear, GL_COLOR_BUFFER_BIT);
	sp_emit_words(code, OP_blinkSwap, 1);
	put(w, code, &sp);
}

int scene_write(const char *path, uint32_t frames, uint32_t flaw, int bad)
{
	struct blink_writer *w;
	struct buf code;
	int r;

	if (blink_writer_create(&w, path, NULL, NULL) < 0)
		return -1;
	buf_init(&code);
	put_init(w, &code);
	for (uint32_t i = 0; i < frames; i++)
		put_frame(w, &code, i, flaw, bad && i + 1 == frames);
	blink_writer_names(w, GL_SPACE_CONTEXT, 1);
	blink_writer_names(w, GL_SPACE_DRAWABLE, 1);
	r = blink_writer_commit(w, "{}", NULL);
	blink_writer_destroy(w);
	buf_finish(&code);
	return r < 0 ? -1 : 0;
}
