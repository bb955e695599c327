/* gears_scene.h - the picture of glxgears (mesa-utils, by Brian Paul), call by call.
 *
 * Included by those that draw it, which say how a command is given:
 *
 *     GEARS_CODE         what functions take first: `struct buf *code,`, or nothing
 *     GEARS_PASS         the same, when they are called: `code,`, or nothing
 *     GL(name, ...)      blinkName(code, ...), or glName(...)
 *     GL0(name)          the same, of no arguments
 *     GL_FLOATS(name, a, b, row)    with the vector gears_floats[row]
 *     GL_TURN(i, angle)  rotates by gear i's angle about z: by the float angle, or by a
 *                        register's
 */

struct gear {
	float inner, outer, width;
	int teeth;
	float depth;                   /* of a tooth */
	float x, y;
	float turns, phase;            /* its angle is turns * angle + phase */
};
static const struct gear gears[] = {
	{ 1.0f, 4.0f, 1.0f, 20, 0.7f, -3.0f, -2.0f, 1, 0 },
	{ 0.5f, 2.0f, 2.0f, 10, 0.7f, 3.1f, -2.0f, -2, -9 },
	{ 1.3f, 2.0f, 0.5f, 10, 0.7f, -3.1f, 4.2f, -2, -25 },
};
#define GEARS 3u
#define GEARS_SPEED 70.0f              /* degrees per second */
#define GEARS_ROUND 3600.0f            /* then the angle begins anew */

/* Colours of the gears, then where the light is. */
static const float gears_floats[][4] = {
	{ 0.8f, 0.1f, 0.0f, 1.0f }, { 0.0f, 0.8f, 0.2f, 1.0f }, { 0.2f, 0.2f, 1.0f, 1.0f },
	{ 5.0f, 5.0f, 10.0f, 0.0f },
};

/* A point on the circle of radius r. */
static void gear_vertex(GEARS_CODE double r, float angle, double z)
{
	GL(Vertex3f, (float)(r * cos(angle)), (float)(r * sin(angle)), (float)z);
}

/* Front (side 1) or back (-1): the ring, and the sides of the teeth. */
static void gear_face(GEARS_CODE const struct gear *g, int side)
{
	double r0 = g->inner, r1 = (float)(g->outer - g->depth / 2.0);
	double r2 = (float)(g->outer + g->depth / 2.0);
	float da = (float)(2.0 * M_PI / g->teeth / 4.0);
	double z = (double)side * g->width * 0.5;
	double first = side > 0 ? r0 : r1, second = side > 0 ? r1 : r0;

	GL(Normal3f, 0, 0, (float)side);
	GL(Begin, GL_QUAD_STRIP);
	for (int i = 0; i <= g->teeth; i++) {
		float angle = (float)(i * 2.0 * M_PI / g->teeth);

		gear_vertex(GEARS_PASS first, angle, z);
		gear_vertex(GEARS_PASS second, angle, z);
		if (i == g->teeth)
			break;
		gear_vertex(GEARS_PASS first, side > 0 ? angle : angle + 3 * da, z);
		gear_vertex(GEARS_PASS second, side > 0 ? angle + 3 * da : angle, z);
	}
	GL0(End);
	GL(Begin, GL_QUADS);
	for (int i = 0; i < g->teeth; i++) {
		float angle = (float)(i * 2.0 * M_PI / g->teeth);

		for (int k = 0; k < 4; k++) {
			int corner = side > 0 ? k : 3 - k;

			gear_vertex(GEARS_PASS corner == 1 || corner == 2 ? r2 : r1,
				    angle + (float)corner * da, z);
		}
	}
	GL0(End);
}

static void gear_pair(GEARS_CODE double r, float angle, double z)
{
	gear_vertex(GEARS_PASS r, angle, z);
	gear_vertex(GEARS_PASS r, angle, -z);
}

/* The normal of the face between two points of the outline. */
static void gear_slope(GEARS_CODE double r, float angle, double to_r, float to_angle, bool unit)
{
	float u = (float)(to_r * cos(to_angle) - r * cos(angle));
	float v = (float)(to_r * sin(to_angle) - r * sin(angle));
	float length = (float)sqrt(u * u + v * v);

	GL(Normal3f, unit ? v / length : v, unit ? -(u / length) : -u, 0);
}

/* What faces outwards, tooth by tooth. */
static void gear_outline(GEARS_CODE const struct gear *g)
{
	double r1 = (float)(g->outer - g->depth / 2.0), r2 = (float)(g->outer + g->depth / 2.0);
	float da = (float)(2.0 * M_PI / g->teeth / 4.0);
	double z = g->width * 0.5;

	GL(Begin, GL_QUAD_STRIP);
	for (int i = 0; i < g->teeth; i++) {
		float angle = (float)(i * 2.0 * M_PI / g->teeth);

		gear_pair(GEARS_PASS r1, angle, z);
		gear_slope(GEARS_PASS r1, angle, r2, angle + da, true);
		gear_pair(GEARS_PASS r2, angle + da, z);
		GL(Normal3f, (float)cos(angle), (float)sin(angle), 0);
		gear_pair(GEARS_PASS r2, angle + 2 * da, z);
		gear_slope(GEARS_PASS r2, angle + 2 * da, r1, angle + 3 * da, false);
		gear_pair(GEARS_PASS r1, angle + 3 * da, z);
		GL(Normal3f, (float)cos(angle), (float)sin(angle), 0);
	}
	gear_pair(GEARS_PASS r1, 0, z);
	GL0(End);
}

static void gear_hole(GEARS_CODE const struct gear *g)
{
	GL(Begin, GL_QUAD_STRIP);
	for (int i = 0; i <= g->teeth; i++) {
		float angle = (float)(i * 2.0 * M_PI / g->teeth);

		GL(Normal3f, (float)-cos(angle), (float)-sin(angle), 0);
		gear_pair(GEARS_PASS g->inner, angle, -g->width * 0.5);
	}
	GL0(End);
}

/* Lights, and a list per gear. */
static void gears_init(GEARS_CODE_ALONE)
{
	GL_FLOATS(Lightfv, GL_LIGHT0, GL_POSITION, GEARS);
	GL(Enable, GL_CULL_FACE);
	GL(Enable, GL_LIGHTING);
	GL(Enable, GL_LIGHT0);
	GL(Enable, GL_DEPTH_TEST);
	for (unsigned i = 0; i < GEARS; i++) {
		GL(NewList, i + 1, GL_COMPILE);
		GL_FLOATS(Materialfv, GL_FRONT, GL_AMBIENT_AND_DIFFUSE, i);
		GL(ShadeModel, GL_FLAT);
		gear_face(GEARS_PASS &gears[i], 1);
		gear_face(GEARS_PASS &gears[i], -1);
		gear_outline(GEARS_PASS &gears[i]);
		GL(ShadeModel, GL_SMOOTH);
		gear_hole(GEARS_PASS &gears[i]);
		GL0(EndList);
	}
	GL(Enable, GL_NORMALIZE);
}

static void gears_reshape(GEARS_CODE int width, int height)
{
	double h = (double)height / width;

	GL(Viewport, 0, 0, width, height);
	GL(MatrixMode, GL_PROJECTION);
	GL0(LoadIdentity);
	GL(Frustum, -1, 1, -h, h, 5, 60);
	GL(MatrixMode, GL_MODELVIEW);
	GL0(LoadIdentity);
	GL(Translatef, 0, 0, -40);
}

static void gears_draw(GEARS_CODE float angle)
{
	GL(Clear, GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
	GL0(PushMatrix);
	GL(Rotatef, 20, 1, 0, 0);
	GL(Rotatef, 30, 0, 1, 0);
	GL(Rotatef, 0, 0, 0, 1);
	for (unsigned i = 0; i < GEARS; i++) {
		GL0(PushMatrix);
		GL(Translatef, gears[i].x, gears[i].y, 0);
		GL_TURN(i, angle);
		GL(CallList, i + 1);
		GL0(PopMatrix);
	}
	GL0(PopMatrix);
}
