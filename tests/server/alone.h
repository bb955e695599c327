/* alone.h - a client's sink by itself: texts run on it without a verifier before them, or a
 * server around it. */
#ifndef TESTS_SERVER_ALONE_H
#define TESTS_SERVER_ALONE_H

#include "tests/server/one.h"

struct alone {
	struct sink *gl;
	struct confined *k;
	struct client client;
	struct text *text;
	enum engine_status status;         /* of the last run */
};

void alone_open(struct alone *m, struct sink *gl, const char *text, uint64_t memory);
/* The text's SP, onto the screen at a place, or off-screen (screen 0). */
void alone_run(struct alone *m, uint32_t sp, uint32_t screen, const struct place *at);
void alone_close(struct alone *m);

/* ---- what texts are made of ------------------------------------------------------------ */

#define HEAD \
	"blink 1\n" \
	"names context 8\nnames drawable 8\nnames texture 64\nnames framebuffer 64\n" \
	"names buffer 64\nnames renderbuffer 64\nnames list 64\nnames query 64\n"
#define PAYLOADS \
	"payload two {\nu32 1 2\n}\n" \
	"payload corners {\nf32 -1 -1  1 -1  1 1  -1 1\n}\n" \
	"payload texels {\nhex ff0000ff00ff00ff0000ffffffffffff\n}\n" \
	"payload stipple {\nhex " \
	"aaaaaaaa55555555aaaaaaaa55555555aaaaaaaa55555555aaaaaaaa55555555" \
	"aaaaaaaa55555555aaaaaaaa55555555aaaaaaaa55555555aaaaaaaa55555555" \
	"aaaaaaaa55555555aaaaaaaa55555555aaaaaaaa55555555aaaaaaaa55555555" \
	"aaaaaaaa55555555aaaaaaaa55555555aaaaaaaa55555555aaaaaaaa55555555\n}\n"
#define INIT(more) \
	"sp 0 init {\n" \
	"blinkContext 1, 0, 0, 0\n" \
	"blinkDrawable 1, 64, 64, 1\n" \
	"blinkMakeCurrent 1, 1, 1\n" \
	more \
	"end\n}\n"
#define REDRAW(more) \
	"sp 1 redraw frame 0 context 1 drawable 1 {\n" \
	more \
	"end\n}\n"
#define CLEAR "glClearColor 0.25, 0.5, 0.75, 1\nglClear GL_COLOR_BUFFER_BIT|GL_DEPTH_BUFFER_BIT\n"
/* far beyond all of the area */
#define FLOOD \
	"glBegin GL_QUADS\n" \
	"glColor3f 1, 1, 0\n" \
	"glVertex2f -100, -100\nglVertex2f 100, -100\nglVertex2f 100, 100\nglVertex2f -100, 100\n" \
	"glEnd\n"

#endif
