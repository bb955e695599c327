/* blink-pointer.c - something that follows the pointer, and never wakes.
 *
 * The input SP, which the server runs when the pointer or a button moved over the area,
 * leaves the pointer's place and the buttons' colour in registers, where the redraw SP
 * finds them.  The program sleeps.
 */
#include <GL/gl.h>

#include "blink/client/blinkgl.h"
#include "blink/client/programs/program_main.h"

enum { OBJECT_INIT = 1, OBJECT_RESHAPE, OBJECT_INPUT, OBJECT_REDRAW };

/* One unit is one pixel, the origin lower left: Ortho's numbers are doubles, which no
 * register holds, so that the unit square is moved and scaled. */
static void code_reshape(struct buf *code)
{
	blink_ext(code, 0, SP_EXT_WIDTH);
	blink_ext(code, 1, SP_EXT_HEIGHT);
	blinkViewport_r(code, blink_i(0), blink_i(0), blink_r(0), blink_r(1));
	for (unsigned i = 0; i < 2; i++) {
		blink_cvt_if(code, i, blink_r(i));
		blink_div_f(code, i, blink_f(2), blink_r(i));
	}
	blinkMatrixMode(code, GL_PROJECTION);
	blinkLoadIdentity(code);
	blinkTranslatef(code, -1, -1, 0);
	blinkScalef_r(code, blink_r(0), blink_r(1), blink_f(1));
	blinkMatrixMode(code, GL_MODELVIEW);
}

/* r0, r1: where; r2 to r4: colour, grey to which the first three buttons add red, green and
 * blue. */
static void code_input(struct buf *code)
{
	blink_ext(code, 0, SP_EXT_POINTER_X);
	blink_ext(code, 1, SP_EXT_POINTER_Y);
	blink_ext(code, 5, SP_EXT_BUTTONS);
	blink_cvt_if(code, 0, blink_r(0));
	blink_cvt_if(code, 1, blink_r(1));
	for (unsigned i = 0; i < 3; i++) {
		blink_shr(code, 2 + i, blink_r(5), blink_u(i));
		blink_and(code, 2 + i, blink_r(2 + i), blink_u(1));
		blink_cvt_if(code, 2 + i, blink_r(2 + i));
		blink_mul_f(code, 2 + i, blink_r(2 + i), blink_f(0.4f));
		blink_add_f(code, 2 + i, blink_r(2 + i), blink_f(0.6f));
	}
}

static void code_square(struct buf *code, float inner, float outer)
{
	const float corners[5][2] = { { -1, -1 }, { 1, -1 }, { 1, 1 }, { -1, 1 }, { -1, -1 } };

	blinkBegin(code, GL_QUAD_STRIP);
	for (int i = 0; i < 5; i++) {
		blinkVertex2f(code, corners[i][0] * inner, corners[i][1] * inner);
		blinkVertex2f(code, corners[i][0] * outer, corners[i][1] * outer);
	}
	blinkEnd(code);
}

static void code_redraw(struct buf *code)
{
	blinkClear(code, GL_COLOR_BUFFER_BIT);
	blinkLoadIdentity(code);
	blinkTranslatef_r(code, blink_r(0), blink_r(1), blink_f(0));
	blinkColor3f_r(code, blink_r(2), blink_r(3), blink_r(4));
	code_square(code, 0, 6);
	code_square(code, 12, 14);
}

static int publish(struct blink_connection *c, uint32_t object, uint8_t callback,
		   struct error *err)
{
	int r = blink_program_end(c, object, callback, err);

	blink_program_begin(c);
	return r;
}

static int publish_all(struct blink_connection *c, const struct program *p, struct error *err)
{
	struct buf *code = blink_program(c);
	int r;

	blink_program_begin(c);
	blink_window(code, p->width, p->height);
	blinkClearColor(code, 0.1f, 0.1f, 0.2f, 1);
	r = publish(c, OBJECT_INIT, SP_INIT, err);
	if (r >= 0) {
		code_reshape(code);
		r = publish(c, OBJECT_RESHAPE, SP_RESHAPE, err);
	}
	if (r >= 0) {
		code_input(code);
		r = publish(c, OBJECT_INPUT, SP_INPUT, err);
	}
	if (r >= 0) {
		code_redraw(code);
		r = publish(c, OBJECT_REDRAW, SP_REDRAW, err);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct program p = {
		.name = "blink-pointer",
		.summary = "a mark that follows the pointer: the client itself never wakes for it",
	};
	struct vso_wishes wishes;
	int status = program_options(&p, argc, argv);

	if (status >= 0)
		return status;
	wishes = blink_wishes(p.title ? p.title : "pointer");
	wishes.width = p.width;
	wishes.height = p.height;
	wishes.flags = VSO_HELLO_DIRECT | VSO_HELLO_RESIZE;
	return program_show(&p, &wishes, publish_all, OBJECT_REDRAW);
}
