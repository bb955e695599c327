/* prove_actions.c - the pieces of GL program that set-ups are made of.
 *
 * Names of objects are the driver's, the first ones it gives: texture 1, buffer 1...;
 * a program is 3, after its two shaders.
 */
#include "tests/prove/prove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

float prove_pattern[64 * 64 * 4];      /* pixels and vertices to start from */

void prove_pattern_fill(void)
{
	for (size_t i = 0; i < COUNT(prove_pattern); i++)
		prove_pattern[i] = (float)(i * 7 % 13) / 13.0f;
}

/* ---- textures ------------------------------------------------------------ */

static void texture_flat(GLenum target)
{
	GLuint t;

	prove_pattern_fill();
	glGenTextures(1, &t);
	glBindTexture(target, t);
	if (target == GL_TEXTURE_1D)
		glTexImage1D(target, 0, GL_RGBA8, 8, 0, GL_RGBA, GL_FLOAT, prove_pattern);
	else if (target == GL_TEXTURE_3D || target == GL_TEXTURE_2D_ARRAY)
		glTexImage3D(target, 0, GL_RGBA8, 8, 8, 4, 0, GL_RGBA, GL_FLOAT, prove_pattern);
	else
		glTexImage2D(target, 0, GL_RGBA8, 8, 8, 0, GL_RGBA, GL_FLOAT, prove_pattern);
}

static void tex1d(void) { texture_flat(GL_TEXTURE_1D); }
static void tex2d(void) { texture_flat(GL_TEXTURE_2D); }
static void tex3d(void) { texture_flat(GL_TEXTURE_3D); }
static void rect(void) { texture_flat(GL_TEXTURE_RECTANGLE); }

static void cube(void)
{
	GLuint t;

	prove_pattern_fill();
	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_CUBE_MAP, t);
	for (GLenum f = 0; f < 6; f++)
		glTexImage2D(GL_TEXTURE_CUBE_MAP_POSITIVE_X + f, 0, GL_RGBA8, 8, 8, 0, GL_RGBA,
			     GL_FLOAT, prove_pattern);
}

static void texformat(GLint internal, GLenum format, GLenum type)
{
	GLuint t;

	prove_pattern_fill();
	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D, t);
	glTexImage2D(GL_TEXTURE_2D, 0, internal, 8, 8, 0, format, type, prove_pattern);
}

static void texdepth(void) { texformat(GL_DEPTH_COMPONENT24, GL_DEPTH_COMPONENT, GL_FLOAT); }
static void texint(void) { texformat(GL_RGBA8UI, GL_RGBA_INTEGER, GL_UNSIGNED_BYTE); }

static void texdxt(void)
{
	static uint8_t blocks[64];
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D, t);
	glCompressedTexImage2D(GL_TEXTURE_2D, 0, GL_COMPRESSED_RGBA_S3TC_DXT5_EXT, 8, 8, 0, 64,
			       blocks);
}

static void texgen(void)                /* names without objects */
{
	GLuint t[3];

	glGenTextures(3, t);
}

static void texnew(void)                /* bound, without an image */
{
	GLuint t[2];

	glGenTextures(2, t);
	glBindTexture(GL_TEXTURE_2D, t[0]);
}

static void texnew3d(void)
{
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_3D, t);
}

static void texnew1d(void)
{
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_1D, t);
}

static void texms(void)
{
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_2D_MULTISAMPLE, t);
}

static void texbuf(void)
{
	GLuint t;

	glGenTextures(1, &t);
	glBindTexture(GL_TEXTURE_BUFFER, t);
}

static void automip(void)
{
	glTexParameteri(GL_TEXTURE_2D, GL_GENERATE_MIPMAP, GL_TRUE);
}

static void mips(void)
{
	glGenerateMipmap(GL_TEXTURE_2D);
}

static void texture_on(void)            /* texture 1 is seen by fixed-function draws */
{
	glEnable(GL_TEXTURE_2D);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
}

static void unit1(void) { glActiveTexture(GL_TEXTURE1); }
static void sampler(void) { GLuint s[2]; glGenSamplers(2, s); }

/* ---- buffers and arrays -------------------------------------------------- */

static void buffer_at(GLenum target)
{
	GLuint b;

	prove_pattern_fill();
	glGenBuffers(1, &b);
	glBindBuffer(target, b);
	glBufferData(target, 256, prove_pattern, GL_STATIC_DRAW);
}

static void buffer(void) { buffer_at(GL_ARRAY_BUFFER); }
static void copybuffer(void) { buffer_at(GL_COPY_WRITE_BUFFER); }
static void bufgen(void) { GLuint b[3]; glGenBuffers(3, b); }
static void map(void) { glMapBuffer(GL_ARRAY_BUFFER, GL_WRITE_ONLY); }

static void element(void)
{
	static const uint8_t index[16] = { 0, 1, 2, 2, 1, 3 };
	GLuint b;

	glGenBuffers(1, &b);
	glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, b);
	glBufferData(GL_ELEMENT_ARRAY_BUFFER, sizeof(index), index, GL_STATIC_DRAW);
}

/* Two triangles that do not cover each other, as 3 floats per vertex. */
static const float corners[6][3] = {
	{ -0.9f, -0.9f, 0.1f }, { 0.9f, -0.9f, 0.2f }, { -0.9f, 0.9f, 0.3f },
	{ 0.9f, 0.9f, 0.4f }, { 0.9f, -0.5f, 0.5f }, { -0.5f, 0.9f, 0.6f },
};

static void arrays(void)                /* a client's vertex array */
{
	glVertexPointer(3, GL_FLOAT, 0, corners);
	glEnableClientState(GL_VERTEX_ARRAY);
}

static void bufarrays(void)             /* the same from a buffer */
{
	GLuint b;

	glGenBuffers(1, &b);
	glBindBuffer(GL_ARRAY_BUFFER, b);
	glBufferData(GL_ARRAY_BUFFER, sizeof(corners), corners, GL_STATIC_DRAW);
	glVertexPointer(3, GL_FLOAT, 0, NULL);
	glEnableClientState(GL_VERTEX_ARRAY);
}

static void vao(void)
{
	GLuint v[2];

	glGenVertexArrays(2, v);
	glBindVertexArray(v[0]);
}

static void vaogen(void) { GLuint v[2]; glGenVertexArrays(2, v); }
static void clientunit1(void) { glClientActiveTexture(GL_TEXTURE1); }

static void allarrays(void)
{
	static const GLenum array[] = {
		GL_VERTEX_ARRAY, GL_NORMAL_ARRAY, GL_COLOR_ARRAY, GL_SECONDARY_COLOR_ARRAY,
		GL_TEXTURE_COORD_ARRAY, GL_FOG_COORD_ARRAY, GL_EDGE_FLAG_ARRAY, GL_INDEX_ARRAY,
	};

	for (size_t i = 0; i < COUNT(array); i++)
		glEnableClientState(array[i]);
	for (GLuint i = 0; i < 16; i++)
		glEnableVertexAttribArray(i);
}

static void drawarrays(void) { glDrawArrays(GL_TRIANGLES, 0, 3); }
static void vertexenable(void) { glEnableClientState(GL_VERTEX_ARRAY); }

/* ---- primitives ---------------------------------------------------------- */

static void begin2(void)                /* the command gives the third vertex */
{
	glBegin(GL_TRIANGLES);
	glVertex2f(-1, -1);
	glVertex2f(1, -1);
}

static void begin(void) { glBegin(GL_TRIANGLES); }
static void end(void) { glEnd(); }
void prove_triangle(void) { begin2(); glVertex2f(0, 1); glEnd(); }

static void vertices3(void)
{
	glVertex2f(-1, -1);
	glVertex2f(1, -1);
	glVertex2f(0, 1);
}

static void end_vertices(void) { vertices3(); glEnd(); }

/* Buffers with something in them, so that a clear or a draw shows. */
static void scene(void)
{
	glClearColor(0.1f, 0.2f, 0.3f, 0.4f);
	glClearDepth(0.7);
	glClearStencil(3);
	glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
	glClearColor(0.9f, 0.8f, 0.7f, 0.6f);
	glClearDepth(0.5);
	glClearStencil(5);
	glEnable(GL_SCISSOR_TEST);
	glScissor(2, 3, 20, 16);
}

static void tests(void)                 /* a draw writes depth and stencil too */
{
	glEnable(GL_DEPTH_TEST);
	glDepthFunc(GL_ALWAYS);
	glEnable(GL_STENCIL_TEST);
	glStencilFunc(GL_ALWAYS, 9, 0xff);
	glStencilOp(GL_REPLACE, GL_REPLACE, GL_REPLACE);
}

static void enabled(void)
{
	static const GLenum cap[] = {
		GL_BLEND, GL_DEPTH_TEST, GL_CULL_FACE, GL_LIGHTING, GL_LIGHT0, GL_LIGHT3, GL_FOG,
		GL_TEXTURE_2D, GL_ALPHA_TEST, GL_STENCIL_TEST, GL_SCISSOR_TEST, GL_NORMALIZE,
		GL_COLOR_MATERIAL, GL_LINE_SMOOTH, GL_CLIP_PLANE0, GL_TEXTURE_GEN_S,
		GL_POLYGON_OFFSET_FILL, GL_POINT_SPRITE, GL_VERTEX_PROGRAM_ARB,
	};

	for (size_t i = 0; i < COUNT(cap); i++)
		glEnable(cap[i]);
}

static void texturemode(void) { glMatrixMode(GL_TEXTURE); }
static void projection(void) { glMatrixMode(GL_PROJECTION); }
static void turned(void) { glRotatef(30, 1, 2, 3); glTranslatef(1, 2, 3); }
static void pushed(void) { glPushMatrix(); glRotatef(50, 0, 1, 0); }
static void colormaterial(void) { glEnable(GL_COLOR_MATERIAL); }

/* ---- lists, stacks ------------------------------------------------------- */

static void list(void)
{
	GLuint l = glGenLists(3);

	glNewList(l, GL_COMPILE);
	glColor3f(0.25f, 0.5f, 0.75f);
	prove_triangle();
	glEndList();
}

static void lists(void)
{
	GLuint l = glGenLists(4);

	for (GLuint i = 0; i < 4; i++) {
		glNewList(l + i, GL_COMPILE);
		glColor3f((float)i * 0.2f, 0.5f, 0.75f);
		glEndList();
	}
}

static void newlist(void) { glNewList(1, GL_COMPILE); glColor3f(0, 1, 0); }
static void endlist(void) { glEndList(); }
static void listcolor(void) { glColor3f(0, 1, 0); glEndList(); }

static void pushattrib(void)
{
	glPushAttrib(GL_ALL_ATTRIB_BITS);
	glColor3f(0.5f, 0, 0);
	glEnable(GL_BLEND);
	glLineWidth(3);
	glDepthFunc(GL_GREATER);
}

static void pushclient(void)
{
	glPushClientAttrib(GL_CLIENT_ALL_ATTRIB_BITS);
	glEnableClientState(GL_VERTEX_ARRAY);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
}

static void popattrib(void) { glPopAttrib(); }
static void raster(void) { glRasterPos2f(-0.5f, -0.5f); }

static void names(void)
{
	static GLuint hits[64];

	glSelectBuffer(64, hits);
	glRenderMode(GL_SELECT);
	glInitNames();
	glPushName(7);
}

static void selectmode(void)
{
	static GLuint hits[64];

	glSelectBuffer(64, hits);
	glRenderMode(GL_SELECT);
}

static void maps(void)
{
	static const float points[4][3] = { { -1, -1, 0 }, { 1, -1, 0 }, { 0, 1, 0 }, { 1, 1, 0 } };

	glMap1f(GL_MAP1_VERTEX_3, 0, 1, 3, 4, points[0]);
	glEnable(GL_MAP1_VERTEX_3);
	glMap2f(GL_MAP2_VERTEX_3, 0, 1, 3, 2, 0, 1, 6, 2, points[0]);
	glEnable(GL_MAP2_VERTEX_3);
	glMapGrid1f(4, 0, 1);
	glMapGrid2f(4, 0, 1, 4, 0, 1);
}

static void lock(void) { arrays(); glLockArraysEXT(0, 3); }
static void finish(void) { glFinish(); }

const struct prove_action prove_actions[] = {
	{ "tex1d", tex1d, NULL }, { "tex2d", tex2d, NULL }, { "tex3d", tex3d, NULL },
	{ "rect", rect, NULL }, { "cube", cube, NULL }, { "texdepth", texdepth, NULL },
	{ "texint", texint, NULL }, { "texdxt", texdxt, NULL }, { "texgen", texgen, NULL },
	{ "texnew", texnew, NULL }, { "texnew1d", texnew1d, NULL }, { "texnew3d", texnew3d, NULL },
	{ "texms", texms, NULL }, { "texbuf", texbuf, NULL }, { "automip", automip, NULL },
	{ "mips", mips, NULL }, { "texture_on", texture_on, NULL }, { "unit1", unit1, NULL },
	{ "sampler", sampler, NULL }, { "buffer", buffer, NULL }, { "copybuffer", copybuffer, NULL },
	{ "bufgen", bufgen, NULL }, { "map", map, NULL }, { "element", element, NULL },
	{ "arrays", arrays, NULL }, { "bufarrays", bufarrays, NULL }, { "vao", vao, NULL },
	{ "vaogen", vaogen, NULL }, { "clientunit1", clientunit1, NULL },
	{ "allarrays", allarrays, NULL }, { "vertexenable", vertexenable, NULL },
	{ "fetching", prove_fetching, NULL }, { "normalenable", prove_enable_normal, NULL },
	{ "colorenable", prove_enable_color, NULL },
	{ "secondaryenable", prove_enable_secondary, NULL },
	{ "fogenable", prove_enable_fog, NULL }, { "coordenable", prove_enable_texcoord, NULL },
	{ "genericenable", prove_enable_generic, NULL },
	{ "packbuffer", prove_pack_buffer, NULL },
	{ "drawarrays", drawarrays, "glDrawArrays" }, { "begin2", begin2, NULL },
	{ "begin", begin, NULL }, { "end", end, "glEnd" }, { "end3", prove_triangle, "glEnd" },
	{ "end_vertices", end_vertices, "glVertex2f glEnd" }, { "vertices3", vertices3, NULL },
	{ "scene", scene, NULL }, { "tests", tests, NULL }, { "enabled", enabled, NULL },
	{ "texturemode", texturemode, NULL }, { "projection", projection, NULL },
	{ "turned", turned, NULL }, { "pushed", pushed, NULL },
	{ "colormaterial", colormaterial, NULL }, { "list", list, NULL }, { "lists", lists, NULL },
	{ "newlist", newlist, NULL }, { "endlist", endlist, "glEndList" },
	{ "listcolor", listcolor, "glColor3f glEndList" }, { "pushattrib", pushattrib, NULL },
	{ "pushclient", pushclient, NULL }, { "popattrib", popattrib, "glPopAttrib" },
	{ "raster", raster, NULL }, { "names", names, NULL }, { "selectmode", selectmode, NULL },
	{ "maps", maps, NULL }, { "lock", lock, NULL }, { "finish", finish, NULL },
};
const unsigned prove_action_count = COUNT(prove_actions);

const struct prove_action *prove_action_find(const char *name, size_t len)
{
	for (unsigned i = 0; i < prove_action_count + prove_object_action_count; i++) {
		const struct prove_action *a = i < prove_action_count ? &prove_actions[i] :
					       &prove_object_actions[i - prove_action_count];

		if (strlen(a->name) == len && memcmp(a->name, name, len) == 0)
			return a;
	}
	return NULL;
}
