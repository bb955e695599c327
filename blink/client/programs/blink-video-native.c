/* blink-video-native.c - a film drawn by OpenGL in a window: blink-video's twin.
 *
 * The same decoder and the same drawing: every frame shows the moment between two pictures,
 * blended; a picture is decoded and copied into the texture when it is first needed.
 */
#include <GL/gl.h>
#include <GL/glext.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "blink/client/programs/film.h"
#include "blink/client/programs/film_scene.h"
#include "blink/client/programs/glx_window.h"
#include "blink/client/programs/program_main.h"

struct player {
	struct program program;
	struct film *film;
	struct glx_window *window;
	struct atlas atlas;            /* of two pictures */
	void *picture;
	double rate;                   /* of the film */
	bool blend;
	unsigned drain;
	uint64_t there;                /* pictures decoded */
	struct pace pace;
};

static void start(const struct player *p)
{
	glViewport(0, 0, (int)p->program.width, (int)p->program.height);
	glBindTexture(GL_TEXTURE_2D, 1);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGB8, (int)atlas_width(&p->atlas),
		     (int)atlas_height(&p->atlas), 0, GL_BGRA, GL_UNSIGNED_BYTE, NULL);
	glTexEnvi(GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE, GL_MODULATE);
	glEnable(GL_TEXTURE_2D);
	glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
	if (p->blend)
		glEnable(GL_BLEND);
}

static int picture_load(struct player *p, struct error *err)
{
	uint32_t slot = (uint32_t)(p->there++ % p->atlas.slots);
	int r = film_read(p->film, p->picture, err);

	if (r >= 0)
		glTexSubImage2D(GL_TEXTURE_2D, 0, (int)atlas_x(&p->atlas, slot),
				(int)atlas_y(&p->atlas, slot), (int)p->atlas.width,
				(int)p->atlas.height, GL_BGRA, GL_UNSIGNED_BYTE, p->picture);
	return r;
}

static void picture_draw(const struct player *p, uint64_t number)
{
	static const int8_t corners[4][2] = { { -1, -1 }, { 1, -1 }, { 1, 1 }, { -1, 1 } };
	uint32_t slot = (uint32_t)(number % p->atlas.slots);
	float dx = 1.0f / (float)p->atlas.columns, dy = 1.0f / (float)p->atlas.rows;
	float x = (float)(slot % p->atlas.columns) * dx, y = (float)(slot / p->atlas.columns) * dy;

	glBegin(GL_QUADS);
	for (int i = 0; i < 4; i++) {
		glTexCoord2f(x + (corners[i][0] < 0 ? 0 : dx), y + (corners[i][1] < 0 ? dy : 0));
		glVertex2f(corners[i][0], corners[i][1]);
	}
	glEnd();
}

/* The picture of the moment, `at` pictures from the beginning. */
static int draw(struct player *p, double at, struct error *err)
{
	double number = floor(at);
	uint64_t needed = (uint64_t)number + (p->blend ? 2 : 1);
	int r = 0;

	while (p->there < needed && r >= 0)
		r = picture_load(p, err);
	glClear(GL_COLOR_BUFFER_BIT);
	glColor4f(1, 1, 1, 1);
	picture_draw(p, (uint64_t)number);
	if (p->blend) {
		glColor4f(1, 1, 1, (float)(at - number));
		picture_draw(p, (uint64_t)number + 1);
	}
	return r;
}

static int play(struct player *p, double display_rate, struct error *err)
{
	struct program_count counts[] = { { "frames", 0 }, { "pictures", 0 }, { "interval_mean", 0 },
					  { "interval_p99", 0 }, { "late", 0 } };
	int64_t begin = program_now();
	uint64_t before = 0;
	int r = 0;

	start(p);
	pace_start(&p->pace, display_rate, p->program.seconds);
	while (r >= 0 && program_left(&p->program)) {
		pace_wait(&p->pace);
		if (program_anew(NULL)) {
			pace_anew(&p->pace);
			before = p->there;
		}
		r = draw(p, (double)(program_now() - begin) * 1e-9 * p->rate, err);
		glx_window_swap(p->window, p->drain);
		pace_shown(&p->pace);
	}
	counts[0].value = (double)p->pace.frames;
	counts[1].value = (double)(p->there - before);
	pace_figures(&p->pace, &counts[2].value, &counts[3].value, &counts[4].value);
	if (r >= 0)
		program_report(&p->program, NULL, counts, 5);
	pace_finish(&p->pace);
	return r;
}

static int player_open(struct player *p, struct error *err)
{
	uint32_t width, height;
	int r = film_open(&p->film, p->program.argument, err);

	if (r < 0)
		return r;
	film_size(p->film, &width, &height);
	if (!atlas_plan(&p->atlas, width, height, 2) || p->atlas.slots < 2)
		return error_set(err, -EINVAL, "%s: pictures of %u x %u are too large",
				 p->program.argument, width, height);
	p->rate = film_rate(p->film);
	p->program.width = width;
	p->program.height = height;
	p->picture = malloc((size_t)4 * width * height);
	if (!p->picture)
		return error_set(err, -ENOMEM, "out of memory");
	return glx_window_create(&p->window, p->program.name, width, height, err);
}

int main(int argc, char **argv)
{
	const char *rate = NULL, *no_blend = NULL, *drain = NULL;
	const struct program_option options[] = {
		{ "rate", "HZ", "frames per second (50)", &rate },
		{ "no-blend", NULL, "show whole pictures, as they come due", &no_blend },
		GLX_DRAIN_OPTION(&drain),
		{ 0 }
	};
	struct player p = { .program = {
		.name = "blink-video-native", .operand = "FILE", .options = options,
		.summary = "plays a film as blink-video does, drawn by OpenGL on $DISPLAY",
	} };
	struct error err = { 0 };
	int status = program_options(&p.program, argc, argv), r;

	if (status >= 0)
		return status;
	p.blend = !no_blend;
	p.drain = (unsigned)program_number(drain, 0);
	r = player_open(&p, &err);
	if (r >= 0)
		r = play(&p, program_number(rate, 50), &err);
	glx_window_destroy(p.window);
	film_close(p.film);
	free(p.picture);
	return r < 0 ? program_fail(&p.program, &err) : 0;
}
