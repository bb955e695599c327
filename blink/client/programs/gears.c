/* gears.c - glxgears' picture in BlinkGL.  See gears.h. */
#include "blink/client/programs/gears.h"

#include <GL/gl.h>
#include <math.h>

#include "blink/client/blinkgl.h"

#define GEARS_CODE struct buf *code,
#define GEARS_CODE_ALONE struct buf *code
#define GEARS_PASS code,
#define GL(name, ...) blink##name(code, __VA_ARGS__)
#define GL0(name) blink##name(code)
#define GL_FLOATS(name, a, b, row) \
	blink##name(code, a, b, blink_at(GEARS_OBJECT_FLOATS, (row) * 16))
#define GL_TURN(i, angle) \
	((void)(angle), blinkRotatef_r(code, blink_r(i), blink_f(0), blink_f(0), blink_f(1)))
#include "blink/client/programs/gears_scene.h"

struct vso_wishes gears_wishes(const char *name, uint32_t width, uint32_t height)
{
	struct vso_wishes w = blink_wishes(name);

	w.objects = 8;
	w.width = width;
	w.height = height;
	w.flags = VSO_HELLO_DIRECT | VSO_HELLO_RESIZE;
	return w;
}

float gears_angle(float seconds)
{
	float angle = GEARS_SPEED * seconds;

	return angle - floorf(angle / GEARS_ROUND) * GEARS_ROUND;
}

void gears_registers(float angle, uint32_t regs[SP_REGISTERS])
{
	for (unsigned i = 0; i < GEARS; i++)
		regs[i] = blink_float_word(gears[i].turns * angle + gears[i].phase);
}

/* gears_angle and gears_registers in BlinkGL: r0 to r2 from the time. */
static void code_angles(struct buf *code)
{
	blink_ext(code, 0, SP_EXT_TIME);
	blink_mul_f(code, 0, blink_r(0), blink_f(GEARS_SPEED));
	blink_div_f(code, 1, blink_r(0), blink_f(GEARS_ROUND));
	blink_floor_f(code, 1, blink_r(1));
	blink_mul_f(code, 1, blink_r(1), blink_f(GEARS_ROUND));
	blink_sub_f(code, 0, blink_r(0), blink_r(1));
	for (unsigned i = 1; i < GEARS; i++) {
		blink_mul_f(code, i, blink_r(0), blink_f(gears[i].turns));
		blink_add_f(code, i, blink_r(i), blink_f(gears[i].phase));
	}
}

const void *gears_floats_data(uint32_t *size)
{
	*size = sizeof(gears_floats);
	return gears_floats;
}

void gears_code_init(struct buf *code, uint32_t width, uint32_t height)
{
	blink_window(code, width, height);
	gears_init(code);
	gears_reshape(code, (int)width, (int)height);
}

void gears_code_redraw(struct buf *code, bool timed)
{
	if (timed)
		code_angles(code);
	gears_draw(code, 0);
}

/* gears_reshape for whatever size the area has.  Frustum's numbers are doubles, which no
 * register holds: the frustum of a square is scaled in height instead. */
static void code_reshape(struct buf *code)
{
	blink_ext(code, 0, SP_EXT_WIDTH);
	blink_ext(code, 1, SP_EXT_HEIGHT);
	blinkViewport_r(code, blink_i(0), blink_i(0), blink_r(0), blink_r(1));
	blink_cvt_if(code, 2, blink_r(0));
	blink_cvt_if(code, 3, blink_r(1));
	blink_div_f(code, 2, blink_r(2), blink_r(3));
	blinkMatrixMode(code, GL_PROJECTION);
	blinkLoadIdentity(code);
	blinkScalef_r(code, blink_f(1), blink_r(2), blink_f(1));
	blinkFrustum(code, -1, 1, -1, 1, 5, 60);
	blinkMatrixMode(code, GL_MODELVIEW);
	blinkLoadIdentity(code);
	blinkTranslatef(code, 0, 0, -40);
}

static int publish(struct blink_connection *c, uint32_t object, uint8_t callback,
		   struct error *err)
{
	int r = blink_program_end(c, object, callback, err);

	blink_program_begin(c);
	return r;
}

int gears_publish(struct blink_connection *c, uint32_t width, uint32_t height, bool timed,
		  struct error *err)
{
	struct buf *code = blink_program(c);
	int r = blink_data(c, GEARS_OBJECT_FLOATS, false, gears_floats, sizeof(gears_floats), err);

	blink_program_begin(c);
	if (r >= 0) {
		gears_code_init(code, width, height);
		r = publish(c, GEARS_OBJECT_INIT, SP_INIT, err);
	}
	if (r >= 0) {
		code_reshape(code);
		r = publish(c, GEARS_OBJECT_RESHAPE, SP_RESHAPE, err);
	}
	if (r >= 0) {
		gears_code_redraw(code, timed);
		r = publish(c, GEARS_OBJECT_REDRAW, SP_REDRAW, err);
	}
	return r;
}

int gears_publish_angle(struct blink_connection *c, float angle, struct error *err)
{
	struct buf *code = blink_program(c);

	blink_program_begin(c);
	for (unsigned i = 0; i < GEARS; i++)
		blink_mov(code, i, blink_f(gears[i].turns * angle + gears[i].phase));
	gears_draw(code, 0);
	return publish(c, GEARS_OBJECT_REDRAW, SP_REDRAW, err);
}
