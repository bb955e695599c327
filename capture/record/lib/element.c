/* element.c - glArrayElement on client arrays: recorded as the calls that it amounts to
 * (OpenGL 3.3 compatibility, section 2.8.1), since where the element lies is known only
 * here.  Arrays in buffer objects leave the call as it is. */
#include "capture/record/lib/lib.h"

#include <stdio.h>

/* The command of the array's kind, size and type: glColor4ubv... */
static int command_of(unsigned id, const struct rec_array *a)
{
	static const char *const kinds[8] = {
		"Vertex", "Normal", "Color", "SecondaryColor", "Index", "EdgeFlag", "FogCoord",
	};
	static const char *const types[] = { "b", "ub", "s", "us", "i", "ui", "f", "", "", "",
					     "d" };
	const char *type = a->type - 0x1400u < 11 ? types[a->type - 0x1400u] : "";
	bool normalized = id >= REC_ATTRIB && a->normalized && *type != 'f' && *type != 'd';
	const struct gl_command *c;
	char name[64];

	if (a->size < 1 || a->size > 4 || !*type)
		return -1;
	if (id == REC_EDGE)
		snprintf(name, sizeof(name), "glEdgeFlagv");
	else if (id >= REC_ATTRIB)
		snprintf(name, sizeof(name), "glVertexAttrib%s%d%s%sv", a->pure == REC_INTEGER ? "I" :
			 a->pure == REC_LONG ? "L" : "",
			 a->size, normalized ? "N" : "", type);
	else if (id >= REC_TEXCOORD)
		snprintf(name, sizeof(name), "glMultiTexCoord%d%sv", a->size, type);
	else if (id == REC_INDEX || id == REC_FOG)
		snprintf(name, sizeof(name), "gl%s%sv", kinds[id], type);
	else
		snprintf(name, sizeof(name), "gl%s%d%sv", kinds[id], a->size, type);
	c = gl_command_find(name);
	return c ? (int)(c - gl_commands) : -1;
}

static void send_element(unsigned id, const struct rec_array *a, uint64_t i)
{
	const uint8_t *at = a->pointer + i * a->stride;
	int command = command_of(id, a);
	struct rec_part part = { .bytes = at, .size = a->bytes };
	uint64_t args[2] = { (uint64_t)(uintptr_t)at };

	if (command < 0 || !a->pointer || !rec_readable(at, a->bytes)) {
		static atomic_bool told;

		if (!atomic_exchange(&told, true))
			rec_lost("glArrayElement", "an array has no command for its type");
		return;
	}
	if (id >= REC_TEXCOORD) {
		args[0] = id >= REC_ATTRIB ? id - REC_ATTRIB : 0x84C0u + id - REC_TEXCOORD;
		args[1] = (uint64_t)(uintptr_t)at;
		part.param = 1;
	}
	rec_write((unsigned)command, args, 0, true, &part, 1);
}

void rec_own_glArrayElement(int32_t i)
{
	struct rec_context *c = rec.context;
	uint64_t left;
	const uint64_t vertices = UINT64_C(1) << REC_VERTEX | UINT64_C(1) << REC_ATTRIB;

	if (!c || i < 0 || (c->vao->enabled & ~c->vao->client)) {
		rec_write(GL_CMD_glArrayElement, (const uint64_t[]){ (uint64_t)(int64_t)i }, 0,
			  false, NULL, 0);
		return;
	}
	/* the vertex last: it is what takes the others */
	for (left = c->vao->enabled & ~vertices; left; left &= left - 1) {
		unsigned id = (unsigned)__builtin_ctzll(left);

		send_element(id, &c->vao->array[id], (uint64_t)i);
	}
	if (c->vao->enabled & UINT64_C(1) << REC_ATTRIB)
		send_element(REC_ATTRIB, &c->vao->array[REC_ATTRIB], (uint64_t)i);
	else if (c->vao->enabled & UINT64_C(1) << REC_VERTEX)
		send_element(REC_VERTEX, &c->vao->array[REC_VERTEX], (uint64_t)i);
}
