/* state_arrays.c - dumps of vertex array objects: arrays, enables, bindings. */
#include "blink/log/state_dump.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define ANY STATE_NO_KEY
#define ATTRIBS 16
#define UNITS 8

static const struct fixed_array {
	GLenum array, pointer;
	GLenum pnames[4];       /* size, type, stride, buffer; 0: none */
} fixed_arrays[] = {
	{ GL_VERTEX_ARRAY, GL_VERTEX_ARRAY_POINTER,
	  { GL_VERTEX_ARRAY_SIZE, GL_VERTEX_ARRAY_TYPE, GL_VERTEX_ARRAY_STRIDE,
	    GL_VERTEX_ARRAY_BUFFER_BINDING } },
	{ GL_NORMAL_ARRAY, GL_NORMAL_ARRAY_POINTER,
	  { 0, GL_NORMAL_ARRAY_TYPE, GL_NORMAL_ARRAY_STRIDE, GL_NORMAL_ARRAY_BUFFER_BINDING } },
	{ GL_COLOR_ARRAY, GL_COLOR_ARRAY_POINTER,
	  { GL_COLOR_ARRAY_SIZE, GL_COLOR_ARRAY_TYPE, GL_COLOR_ARRAY_STRIDE,
	    GL_COLOR_ARRAY_BUFFER_BINDING } },
	{ GL_SECONDARY_COLOR_ARRAY, GL_SECONDARY_COLOR_ARRAY_POINTER,
	  { GL_SECONDARY_COLOR_ARRAY_SIZE, GL_SECONDARY_COLOR_ARRAY_TYPE,
	    GL_SECONDARY_COLOR_ARRAY_STRIDE, GL_SECONDARY_COLOR_ARRAY_BUFFER_BINDING } },
	{ GL_INDEX_ARRAY, GL_INDEX_ARRAY_POINTER,
	  { 0, GL_INDEX_ARRAY_TYPE, GL_INDEX_ARRAY_STRIDE, GL_INDEX_ARRAY_BUFFER_BINDING } },
	{ GL_EDGE_FLAG_ARRAY, GL_EDGE_FLAG_ARRAY_POINTER,
	  { 0, 0, GL_EDGE_FLAG_ARRAY_STRIDE, GL_EDGE_FLAG_ARRAY_BUFFER_BINDING } },
	{ GL_FOG_COORD_ARRAY, GL_FOG_COORD_ARRAY_POINTER,
	  { 0, GL_FOG_COORD_ARRAY_TYPE, GL_FOG_COORD_ARRAY_STRIDE,
	    GL_FOG_COORD_ARRAY_BUFFER_BINDING } },
	{ GL_TEXTURE_COORD_ARRAY, GL_TEXTURE_COORD_ARRAY_POINTER,
	  { GL_TEXTURE_COORD_ARRAY_SIZE, GL_TEXTURE_COORD_ARRAY_TYPE,
	    GL_TEXTURE_COORD_ARRAY_STRIDE, GL_TEXTURE_COORD_ARRAY_BUFFER_BINDING } },
};

static void layout_dump(struct state_dump *d, const struct fixed_array *a,
			const struct state_at *at)
{
	void *pointer = NULL;

	for (size_t i = 0; i + 1 < COUNT(a->pnames); i++) {
		GLint v = 0;

		if (!a->pnames[i])
			continue;
		glGetIntegerv(a->pnames[i], &v);
		state_put_int(d, at, a->pnames[i], v);
	}
	glGetPointerv(a->pointer, &pointer);
	state_put_int(d, at, a->pointer, (int64_t)(intptr_t)pointer);
}

static void fixed_dump(struct state_dump *d, const struct fixed_array *a, uint32_t unit, GLuint vao)
{
	struct state_at at = { "bound_array", { a->array, unit }, vao };
	GLint buffer = 0;

	glGetIntegerv(a->pnames[COUNT(a->pnames) - 1], &buffer);
	state_put_name(d, &at, a->pnames[COUNT(a->pnames) - 1], GL_SPACE_BUFFER, buffer);
	if (buffer || !d->world)
		layout_dump(d, a, &at);
	at.slot = "bound_array_enable";
	state_put_int(d, &at, 0, glIsEnabled(a->array));
}

static void generic_dump(struct state_dump *d, GLuint index, GLuint vao)
{
	static const GLenum params[] = {
		GL_VERTEX_ATTRIB_ARRAY_SIZE, GL_VERTEX_ATTRIB_ARRAY_STRIDE,
		GL_VERTEX_ATTRIB_ARRAY_TYPE, GL_VERTEX_ATTRIB_ARRAY_NORMALIZED,
		GL_VERTEX_ATTRIB_ARRAY_INTEGER, GL_VERTEX_ATTRIB_ARRAY_LONG,
		GL_VERTEX_ATTRIB_BINDING,
		GL_VERTEX_ATTRIB_RELATIVE_OFFSET,
	};
	struct state_at at = { "bound_attrib_array", { index, ANY }, vao };
	void *pointer = NULL;
	GLint64 offset = 0;
	bool client;
	GLint v = 0;

	glGetVertexAttribiv(index, GL_VERTEX_ATTRIB_ARRAY_BUFFER_BINDING, &v);
	state_put_name(d, &at, GL_VERTEX_ATTRIB_ARRAY_BUFFER_BINDING, GL_SPACE_BUFFER, v);
	client = d->world && !v;
	for (size_t i = 0; !client && i < COUNT(params); i++) {
		v = 0;
		glGetVertexAttribiv(index, params[i], &v);
		state_put_int(d, &at, params[i], v);
	}
	glGetVertexAttribPointerv(index, GL_VERTEX_ATTRIB_ARRAY_POINTER, &pointer);
	if (!client)
		state_put_int(d, &at, GL_VERTEX_ATTRIB_ARRAY_POINTER, (int64_t)(intptr_t)pointer);
	/* of the binding point of that number, which another attribute may use */
	glGetIntegeri_v(GL_VERTEX_BINDING_BUFFER, index, &v);
	if (v || !d->world) {
		glGetInteger64i_v(GL_VERTEX_BINDING_OFFSET, index, &offset);
		state_put_int(d, &at, GL_VERTEX_BINDING_OFFSET, offset);
		v = 0;
		glGetIntegeri_v(GL_VERTEX_BINDING_STRIDE, index, &v);
		state_put_int(d, &at, GL_VERTEX_BINDING_STRIDE, v);
	}
	v = 0;
	glGetVertexAttribiv(index, GL_VERTEX_ATTRIB_ARRAY_ENABLED, &v);
	at.slot = "bound_attrib_enable";
	state_put_int(d, &at, 0, v);
	v = 0;
	glGetVertexAttribiv(index, GL_VERTEX_ATTRIB_ARRAY_DIVISOR, &v);
	at.slot = "bound_attrib_divisor";
	state_put_int(d, &at, 0, v);
}

static void fixed_arrays_dump(struct state_dump *d, GLuint vao)
{
	GLint unit = GL_TEXTURE0;

	for (size_t i = 0; i + 1 < COUNT(fixed_arrays); i++)
		fixed_dump(d, &fixed_arrays[i], 0, vao);
	glGetIntegerv(GL_CLIENT_ACTIVE_TEXTURE, &unit);
	for (GLuint u = 0; u < UNITS; u++) {
		glClientActiveTexture(GL_TEXTURE0 + u);
		fixed_dump(d, &fixed_arrays[COUNT(fixed_arrays) - 1], GL_TEXTURE0 + u, vao);
	}
	glClientActiveTexture((GLenum)unit);
}

static void array_object_dump(struct state_dump *d, GLuint vao)
{
	GLint element = 0;

	if (!d->core)
		fixed_arrays_dump(d, vao);
	for (GLuint i = 0; i < ATTRIBS; i++)
		generic_dump(d, i, vao);
	glGetIntegerv(GL_ELEMENT_ARRAY_BUFFER_BINDING, &element);
	state_put_name(d, &(struct state_at){ "buffer_binding", { GL_ELEMENT_ARRAY_BUFFER, ANY },
		       vao }, 0, GL_SPACE_BUFFER, element);
}

void state_arrays(struct state_dump *d)
{
	GLint bound = 0;

	glGetIntegerv(GL_VERTEX_ARRAY_BINDING, &bound);
	state_put_name(d, &(struct state_at){ "array_object", { ANY, ANY }, 0 }, 0,
		       GL_SPACE_VERTEXARRAY, bound);
	glBindVertexArray(0);
	if (!d->core)
		array_object_dump(d, 0);
	for (struct state_each v = { 0 }; state_next(d, GL_SPACE_VERTEXARRAY, &v); ) {
		if (!glIsVertexArray(v.driver)) {
			state_reserved(d, "array_object_name", &v);
			continue;
		}
		state_put_int(d, &(struct state_at){ "array_object_name", { v.client, ANY }, 0 }, 0, 1);
		glBindVertexArray(v.driver);
		array_object_dump(d, v.client);
	}
	glBindVertexArray((GLuint)bound);
}
