/* one.h - one client over loopback, served in this process: for tests of blink/server's
 * served*.c and confine*.c without the server around them. */
#ifndef TESTS_SERVER_ONE_H
#define TESTS_SERVER_ONE_H

#include "blink/server/server_priv.h"

#define ONE_SPS 100u                   /* object of a text's SP 0; payload i is object i */
#define ONE_SIDE 64u                   /* pixels of a client's area, both ways */

/* SP 0, which makes context 1 and drawable 1, and has them current. */
#define ONE_INIT \
	"names context 8\nnames drawable 8\n" \
	"sp 0 init {\n" \
	"blinkContext 1, 0, 0, 0\n" \
	"blinkDrawable 1, 64, 64, 1\n" \
	"blinkMakeCurrent 1, 1, 1\n" \
	"end\n}\n"

struct one {
	struct sink *gl;
	struct vso_client *client;
	struct served *served;
	struct served_tick tick;
	struct server_options opt;
};

/* Assembled text: its SPs are run by the interpreter, unverified. */
struct text;
struct text *text_open(const char *source);
enum engine_status text_run(struct text *t, uint32_t sp, struct client *c);
void text_close(struct text *t);

/* The driver's sink, or NULL after saying that there is none. */
struct sink *one_driver(void);
/* Tries the shaders of those that are opened from here on; NULL: nobody does. */
extern struct shader_judge *one_judge;
/* flags: VSO_HELLO_*; memory 0: plenty. */
void one_open(struct one *o, struct sink *gl, uint32_t flags, uint32_t stream, uint64_t memory);
/* As after an executor's restart: the text was published, and an update asked for, before. */
void one_open_late(struct one *o, struct sink *gl, const char *text);
void one_close(struct one *o);

/* Assembles text (docs/ASSEMBLY.md) and publishes what is in it. */
void one_publish(struct one *o, const char *text);
/* The text's SPs as entries of the stream. */
void one_push(struct one *o, const char *text);
/* One version of a payload. */
void one_put(struct one *o, uint32_t object, uint8_t type, const void *data, uint32_t size);
/* One version of a procedure that does nothing. */
void one_put_sp(struct one *o, uint32_t object, enum sp_callback callback);
enum vso_fault one_fault(const struct one *o, uint32_t object);

/* A display frame: taken, prepared, drawn off-screen if there is a redraw SP.  Returns what
 * served_redraw did, 1 if there was nothing to redraw. */
int one_frame(struct one *o);
/* The same, direct: on the shared drawable `screen` at a place. */
int one_frame_direct(struct one *o, uint32_t screen, int x, int y);
struct served_look one_look(const struct one *o);

/* A picture of a drawable of the driver's: RGB, top to bottom; malloc'd. */
uint8_t *one_read(struct sink *gl, uint32_t drawable, uint32_t *w, uint32_t *h);
uint8_t *one_picture(struct one *o);
/* The same text run without a server in between: init SPs, then each SP of the frames. */
uint8_t *one_unconfined(const char *text);

/* The shared drawable, filled with a colour. */
void one_screen(struct sink *gl, uint32_t w, uint32_t h, const uint8_t rgb[3]);

#endif
