/* executor_warm.c - what a driver does once and lazily is done before the filter is on.
 *
 * A driver opens files, starts threads and asks the machine when it first compiles a
 * shader, makes a second context or reads pixels.  So all of this is done once here, in a
 * context and a drawable that are thrown away. */
#include <GL/gl.h>
#include <GL/glext.h>

#include "blink/server/compose.h"
#include "blink/server/executor.h"

#define WARM_NUMBER (SERVER_NUMBERS - 1)
#define CALL(op, type) ((type)gl->entry[OP_gl##op])

static uint32_t shader_make(struct sink *gl, uint32_t stage, const char *source)
{
	uint32_t s = CALL(CreateShader, uint32_t (*)(uint32_t))(stage);

	CALL(ShaderSource, void (*)(uint32_t, int, const char *const *, const int *))(s, 1, &source,
										      NULL);
	CALL(CompileShader, void (*)(uint32_t))(s);
	return s;
}

static void shader_draw(struct sink *gl)
{
	static const char vertex[] = "void main() { gl_Position = gl_Vertex; }";
	static const char fragment[] =
		"uniform float f; void main() { float a = f;\n"
		"for (int i = 0; i < 3; i++) a += sin(a) * 0.5; gl_FragColor = vec4(a); }";
	uint32_t p = CALL(CreateProgram, uint32_t (*)(void))();
	uint32_t v = shader_make(gl, GL_VERTEX_SHADER, vertex);
	uint32_t f = shader_make(gl, GL_FRAGMENT_SHADER, fragment);

	CALL(AttachShader, void (*)(uint32_t, uint32_t))(p, v);
	CALL(AttachShader, void (*)(uint32_t, uint32_t))(p, f);
	CALL(LinkProgram, void (*)(uint32_t))(p);
	CALL(UseProgram, void (*)(uint32_t))(p);
	CALL(Rectf, void (*)(float, float, float, float))(-1, -1, 1, 1);
	CALL(UseProgram, void (*)(uint32_t))(0);
}

static void fixed_draw(struct sink *gl)
{
	static const uint8_t texel[4 * 4 * 4] = { 1 };
	static const float at[8] = { -1, -1, 1, -1, 1, 1, -1, 1 };
	uint32_t texture = 0;

	CALL(GenTextures, void (*)(int, uint32_t *))(1, &texture);
	CALL(BindTexture, void (*)(uint32_t, uint32_t))(GL_TEXTURE_2D, texture);
	CALL(TexImage2D, void (*)(uint32_t, int, int, int, int, int, uint32_t, uint32_t,
				  const void *))(GL_TEXTURE_2D, 0, GL_RGBA, 4, 4, 0, GL_RGBA,
						 GL_UNSIGNED_BYTE, texel);
	CALL(Enable, void (*)(uint32_t))(GL_TEXTURE_2D);
	CALL(Enable, void (*)(uint32_t))(GL_LIGHTING);
	CALL(Enable, void (*)(uint32_t))(GL_DEPTH_TEST);
	CALL(EnableClientState, void (*)(uint32_t))(GL_VERTEX_ARRAY);
	CALL(VertexPointer, void (*)(int, uint32_t, int, const void *))(2, GL_FLOAT, 0, at);
	CALL(DrawArrays, void (*)(uint32_t, int, int))(GL_QUADS, 0, 4);
}

static int sink_warm(struct executor *x, struct sink *gl)
{
	const struct sink_ops *ops = gl->ops;
	static uint8_t pixels[16 * 16 * 4];
	int r = ops->drawable_create(gl, WARM_NUMBER, 16, 16, SINK_CONFIG_PBUFFER, &x->err);

	if (r >= 0)
		r = ops->context_create(gl, WARM_NUMBER, 0, 0, 0, &x->err);
	if (r >= 0)
		r = ops->make_current(gl, WARM_NUMBER, WARM_NUMBER, WARM_NUMBER, &x->err);
	if (r < 0)
		return r;
	if (!x->opt->null_gl) {
		CALL(Clear, void (*)(uint32_t))(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
		shader_draw(gl);
		fixed_draw(gl);
		CALL(ReadPixels_buf, void (*)(int, int, int, int, uint32_t, uint32_t, void *))(
			0, 0, 16, 16, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
		CALL(Finish, void (*)(void))();
	}
	ops->make_current(gl, 0, 0, 0, NULL);
	ops->context_destroy(gl, WARM_NUMBER);
	ops->drawable_destroy(gl, WARM_NUMBER);
	return 0;
}

int executor_warm(struct executor *x)
{
	int r = sink_warm(x, x->gl);

	for (uint32_t i = 0; i < x->nfurther && r >= 0; i++)
		r = sink_warm(x, x->further[i]);
	return r;
}

/* The server's own first frame: copies, bars, the swap. */
int executor_warm_server(struct executor *x)
{
	return server_frame(x->server, broker_now(), &x->err);
}
