/* lookup.c - finding rows of the command table by name and value. */
#include "blink/gl/table_private.h"

#define ROW(id, text, is_shared, is_identity) \
	[GL_SPACE_##id] = { .name = text, .shared = is_shared, .identity = is_identity }

const struct gl_space_info gl_spaces[GL_SPACE_COUNT] = {
	ROW(NONE, "none", false, false),
	ROW(TEXTURE, "texture", true, false),
	ROW(BUFFER, "buffer", true, false),
	ROW(LIST, "list", true, true),
	ROW(PROGRAM, "program", true, false),
	ROW(ARBPROGRAM, "arbprogram", true, false),
	ROW(FRAMEBUFFER, "framebuffer", false, false),
	ROW(RENDERBUFFER, "renderbuffer", true, false),
	ROW(QUERY, "query", false, false),
	ROW(SAMPLER, "sampler", true, false),
	ROW(VERTEXARRAY, "vertexarray", false, false),
	ROW(SYNC, "sync", true, false),
	ROW(XFB, "xfb", false, false),
	ROW(PIPELINE, "pipeline", false, false),
	ROW(CONTEXT, "context", true, false),
	ROW(DRAWABLE, "drawable", true, false),
};

static const struct gl_name *name_find(const struct gl_name *v, unsigned n, const char *name)
{
	unsigned lo = 0, hi = n;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		int c = strcmp(name, v[mid].name);

		if (c == 0)
			return &v[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const struct gl_command *gl_command_find(const char *name)
{
	const struct gl_name *n = name_find(gl_command_names, gl_command_names_count, name);

	return n ? &gl_commands[n->index] : NULL;
}

unsigned gl_op_find(const char *name)
{
	const struct gl_name *n = name_find(gl_op_names, gl_op_names_count, name);

	return n ? n->index : (unsigned)GL_OP_COUNT;
}

bool gl_command_writes(const struct gl_command *cmd, unsigned slot)
{
	for (unsigned i = 0; i < cmd->nwrites; i++)
		if (cmd->writes[i].slot == slot)
			return true;
	return false;
}

bool gl_op_listed(unsigned op)
{
	const struct gl_command *call = &gl_commands[gl_ops[OP_glCallList].command], *cmd;
	unsigned form;

	if (op >= GL_OP_COUNT || gl_ops[op].command == GL_OP_NO_COMMAND ||
	    op == OP_glNewList || op == OP_glEndList)
		return false;
	form = gl_ops[op].form;
	if (form != GL_FORM_DIRECT && form != GL_FORM_UNPACK_BUF && form != GL_FORM_NAMES)
		return false;
	cmd = &gl_commands[gl_ops[op].command];
	for (unsigned i = 0; i < cmd->nwrites; i++)
		if (!gl_command_writes(call, cmd->writes[i].slot))
			return false;
	return cmd->nwrites || cmd->opaque;
}

const char *gl_op_doc(unsigned op)
{
	return op < GL_OP_COUNT ? gl_op_docs[op] : NULL;
}

uint64_t gl_table_hash(void)
{
	return gl_layout_hash;
}

unsigned gl_command_signature(const struct gl_command *cmd)
{
	return gl_command_signatures[cmd - gl_commands];
}

const char *gl_signature_letters(unsigned signature)
{
	for (unsigned i = 0; gl_signatures[i]; i++)
		if (i == signature)
			return gl_signatures[i];
	return NULL;
}

/* ---- enums --------------------------------------------------------------- */

static const struct gl_enum_group *group_find(const char *group)
{
	if (!group)
		return &gl_enum_groups[0];
	for (unsigned i = 1; i < gl_enum_group_count; i++)
		if (strcmp(gl_enum_groups[i].name, group) == 0)
			return &gl_enum_groups[i];
	return NULL;
}

const char *gl_enum_name(const char *group, uint32_t value)
{
	const struct gl_enum_group *g = group_find(group);
	unsigned lo = g ? g->first : 0, hi = g ? g->end : 0;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		const struct gl_enum *e = &gl_enums[gl_enum_members[mid]];

		if (e->value == value)
			return e->name;
		if (value < e->value)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

bool gl_enum_value(const char *name, uint32_t *value)
{
	unsigned lo = 0, hi = gl_enum_count;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		int c = strcmp(name, gl_enums[mid].name);

		if (c == 0) {
			*value = gl_enums[mid].value;
			return true;
		}
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

const char *gl_bit_name(const char *group, uint32_t bit)
{
	/* a bit without a group would find any enum of that value */
	return group && bit && !(bit & (bit - 1)) ? gl_enum_name(group, bit) : NULL;
}
