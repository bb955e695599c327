/* blink-gears-native.c - the gears drawn by OpenGL in a window: the twin to compare with.
 *
 * The same commands in the same order (gears_scene.h), given to the driver.
 */
#include <GL/gl.h>
#include <math.h>

#include "blink/client/programs/glx_window.h"
#include "blink/client/programs/program_main.h"

#define GEARS_CODE
#define GEARS_CODE_ALONE void
#define GEARS_PASS
#define GL(name, ...) gl##name(__VA_ARGS__)
#define GL0(name) gl##name()
#define GL_FLOATS(name, a, b, row) gl##name(a, b, gears_floats[row])
#define GL_TURN(i, angle) glRotatef(gears[i].turns * (angle) + gears[i].phase, 0, 0, 1)
#include "blink/client/programs/gears_scene.h"

static void run(struct program *p, struct glx_window *w, double rate, unsigned drain)
{
	struct program_count counts[] = { { "frames", 0 }, { "interval_mean", 0 },
					  { "interval_p99", 0 }, { "late", 0 } };
	int64_t start = program_now();
	struct pace pace;

	gears_init();
	gears_reshape((int)p->width, (int)p->height);
	pace_start(&pace, rate, p->seconds);
	while (program_left(p)) {
		float angle = GEARS_SPEED * (float)((double)(program_now() - start) * 1e-9);

		pace_wait(&pace);
		if (program_anew(NULL))
			pace_anew(&pace);
		gears_draw(angle - floorf(angle / GEARS_ROUND) * GEARS_ROUND);
		glx_window_swap(w, drain);
		pace_shown(&pace);
	}
	counts[0].value = (double)pace.frames;
	pace_figures(&pace, &counts[1].value, &counts[2].value, &counts[3].value);
	program_report(p, NULL, counts, 4);
	pace_finish(&pace);
}

int main(int argc, char **argv)
{
	const char *rate = NULL, *drain = NULL;
	const struct program_option options[] = {
		{ "rate", "HZ", "frames per second (50; 0: as many as possible)", &rate },
		GLX_DRAIN_OPTION(&drain),
		{ 0 }
	};
	struct program p = {
		.name = "blink-gears-native", .options = options,
		.summary = "the gears of blink-gears-sp, drawn by OpenGL in a window on $DISPLAY",
	};
	struct glx_window *w = NULL;
	struct error err = { 0 };
	int status = program_options(&p, argc, argv);

	if (status >= 0)
		return status;
	if (glx_window_create(&w, p.name, p.width, p.height, &err) < 0)
		return program_fail(&p, &err);
	run(&p, w, program_number(rate, 50), (unsigned)program_number(drain, 0));
	glx_window_destroy(w);
	return 0;
}
