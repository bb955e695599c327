/* client.h - the client library: a program's connection to a Blink server.
 *
 *     struct blink_connection *c;
 *     blink_connect(&c, NULL, &wishes, &err);           (NULL: $BLINK_SERVER)
 *     struct buf *code = blink_program(c);
 *     blink_program_begin(c);
 *     blink_window(code, 300, 300);                     context 1, drawable 1, current
 *     blink_program_end(c, OBJECT_INIT, SP_INIT, &err);                published
 *     blink_program_begin(c);
 *     blinkClear(code, GL_COLOR_BUFFER_BIT); ...                       (blinkgl.h)
 *     blinkRotatef_r(code, blink_r(3), blink_f(0), blink_f(0), blink_f(1)); ...
 *     blink_program_end(c, OBJECT_REDRAW, SP_REDRAW, &err);
 *     blink_flush(c);                                   doorbell
 *
 * blinkgl.h, generated from the command table, has one inline function per command that a
 * live client may use (blinkVertex3f...), which appends a record to the program being
 * made: the paper's macros, with types.  Register operands are blink_r(n) through the
 * functions ending in _r where the table allows them (program.h).
 *
 * A connection whose server is gone comes back by itself: blink_wait reconnects as soon as
 * there is a server again, and publishes the latest version of every object anew.  What a
 * stream said is not said again: that is its writer's affair (blink_reconnects tells).
 * A client that the server turned away stays away.
 *
 * One thread per connection.
 */
#ifndef BLINK_CLIENT_CLIENT_H
#define BLINK_CLIENT_CLIENT_H

#include "blink/vso/vso.h"

struct blink_connection;

/* What most clients wish for: 64 objects, 64 slots, 64 names of each kind, 1 MiB. */
struct vso_wishes blink_wishes(const char *name);

/* path: as blink_server_path takes it. */
int blink_connect(struct blink_connection **c, const char *path, const struct vso_wishes *w,
		  struct error *err);
void blink_disconnect(struct blink_connection *c);
/* Where the server is: what was said (not NULL, not empty), else $BLINK_SERVER, else blink-0
 * in $XDG_RUNTIME_DIR, or in /tmp where there is none.  Valid until the thread's next call. */
const char *blink_server_path(const char *said);
struct vso_client *blink_vso(struct blink_connection *c);

/* The program being made; blinkgl.h appends to it. */
struct buf *blink_program(struct blink_connection *c);
void blink_program_begin(struct blink_connection *c);
/* For an init SP: makes context 1 and drawable 1 (24 bits of depth; config adds
 * blinkDrawable's bits), which are current from here on. */
void blink_window(struct buf *code, uint32_t width, uint32_t height);
/* What SPs published from here on find current: 1 and 1 to begin with.  Init SPs and those
 * that are only called find nothing. */
void blink_current(struct blink_connection *c, uint32_t context, uint32_t drawable);
/* Ends it and publishes it; callback is one of enum sp_callback, or VSO_CALLEE. */
int blink_program_end(struct blink_connection *c, uint32_t object, uint8_t callback,
		      struct error *err);
/* A payload object; its number is what blinkgl.h's payload operands name. */
int blink_data(struct blink_connection *c, uint32_t object, bool mapped, const void *data,
	       uint32_t size, struct error *err);
/* The same, to be written in place: *at is size bytes until blink_data_end, which shows
 * them.  -EAGAIN: the server still reads what these pages held (blink_wait). */
int blink_data_begin(struct blink_connection *c, uint32_t object, bool mapped, uint32_t size,
		     void **at, struct error *err);
int blink_data_end(struct blink_connection *c, uint32_t object, struct error *err);
int blink_delete(struct blink_connection *c, uint32_t object);
void blink_registers(struct blink_connection *c, const uint32_t regs[SP_REGISTERS]);
void blink_request_update(struct blink_connection *c);
void blink_flush(struct blink_connection *c);

/* Waits for the bell, a time, or the server's coming back; 1 rung, 0 time.  A negative
 * timeout waits for ever.  -EPIPE: there has been no server for BLINK_PATIENCE; -ECONNRESET:
 * this server does not want us any more, with its sentence. */
#define BLINK_PATIENCE INT64_C(10000000000)
int blink_wait(struct blink_connection *c, int64_t timeout_ns, struct error *err);
/* The first fault of an object that the server has looked at: 0 none, else the object. */
uint32_t blink_fault(struct blink_connection *c, enum vso_fault *fault);
/* Waits until the server shows the latest version of object, a redraw SP as a rule.  (Other
 * SPs it judges when they are asked for: an input SP at the first input.)  0; -EACCES: it
 * refused that or another object, and why; -ETIMEDOUT. */
int blink_settle(struct blink_connection *c, uint32_t object, int64_t timeout_ns,
		 struct error *err);
/* Times woken so far; times reconnected. */
uint64_t blink_wakeups(const struct blink_connection *c);
uint64_t blink_reconnects(const struct blink_connection *c);

#endif
