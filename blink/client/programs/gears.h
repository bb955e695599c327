/* gears.h - the gears as stored procedures.
 *
 * Lists are made by the init SP; the redraw SP turns them by angles in registers, which
 * it works out of the time itself (GearsSP), or which the client has put on its page
 * (GearsSwitch): r0 to r2, an angle per gear.
 */
#ifndef BLINK_CLIENT_PROGRAMS_GEARS_H
#define BLINK_CLIENT_PROGRAMS_GEARS_H

#include "blink/client/client.h"

enum { GEARS_OBJECT_FLOATS = 1, GEARS_OBJECT_INIT, GEARS_OBJECT_RESHAPE, GEARS_OBJECT_REDRAW };

struct vso_wishes gears_wishes(const char *name, uint32_t width, uint32_t height);
/* Publishes floats, init, reshape, and the redraw SP; timed: the latter is GearsSP's. */
int gears_publish(struct blink_connection *c, uint32_t width, uint32_t height, bool timed,
		  struct error *err);
/* A redraw SP with the angle written into it, as the paper's GearsSwitch publishes one at
 * every frame. */
int gears_publish_angle(struct blink_connection *c, float angle, struct error *err);
float gears_angle(float seconds);
void gears_registers(float angle, uint32_t regs[SP_REGISTERS]);

/* The same code on any buffer, for tests: what gears_publish publishes. */
const void *gears_floats_data(uint32_t *size);
void gears_code_init(struct buf *code, uint32_t width, uint32_t height);
void gears_code_redraw(struct buf *code, bool timed);

#endif
