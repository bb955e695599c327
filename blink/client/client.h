/* client.h - the client library: a program's connection to a Blink server.
 *
 *     struct blink_connection *c;
 *     blink_connect(&c, NULL, &wishes, &err);           (NULL: $BLINK_SERVER)
 *     blink_program_begin(c);                           what follows is recorded
 *     glClearColor(0, 0, 0, 1); ... glRotatef(REG(3), 0, 0, 1); ...    (blinkgl.h)
 *     blink_program_end(c, OBJECT_REDRAW, SP_REDRAW, &err);            published
 *     blink_flush(c);                                   doorbell
 *
 * blinkgl.h, generated from the command table, has one inline function per command that a
 * live client may use (blinkVertex3f...), which appends a record to the program being
 * made: the paper's macros, with types.  Register operands are blink_reg(n) through the
 * functions ending in _r where the table allows them.
 *
 * A connection that the server lost comes back by itself: blink_wait reconnects (within
 * the time allowed) and publishes the latest version of every object again.
 *
 * One thread per connection.
 */
#ifndef BLINK_CLIENT_CLIENT_H
#define BLINK_CLIENT_CLIENT_H

#include "blink/vso/vso.h"

struct blink_connection;

/* path NULL: $BLINK_SERVER, else blink_default_path(). */
int blink_connect(struct blink_connection **c, const char *path, const struct vso_wishes *w,
		  struct error *err);
void blink_disconnect(struct blink_connection *c);
const char *blink_default_path(void);         /* $XDG_RUNTIME_DIR/blink-0, or /tmp/... */
struct vso_client *blink_vso(struct blink_connection *c);

/* The program being made; blinkgl.h appends to it. */
struct buf *blink_program(struct blink_connection *c);
void blink_program_begin(struct blink_connection *c);
int blink_program_end(struct blink_connection *c, uint32_t object, uint8_t callback,
		      struct error *err);
/* A payload object; its number is what blinkgl.h's payload operands name. */
int blink_data(struct blink_connection *c, uint32_t object, bool mapped, const void *data,
	       uint32_t size, struct error *err);
void blink_registers(struct blink_connection *c, const uint32_t regs[SP_REGISTERS]);
void blink_request_update(struct blink_connection *c);
void blink_flush(struct blink_connection *c);

/* Waits for the bell, a time, or the server's coming back; 1 rung, 0 time, negative gone. */
int blink_wait(struct blink_connection *c, int64_t timeout_ns, struct error *err);
/* Times woken so far; times reconnected. */
uint64_t blink_wakeups(const struct blink_connection *c);
uint64_t blink_reconnects(const struct blink_connection *c);

#endif
