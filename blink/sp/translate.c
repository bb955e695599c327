/* translate.c - reads the op table of a .blink file, and turns code written with
 * another command table into ours: same name and layout, another opcode.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blink/sp/reader.h"

#define OPCODES 65536u

/* Our op of that name and layout, GL_OP_COUNT if there is none. */
static unsigned op_match(const struct blink_op *e, const uint8_t *kinds, const char *name)
{
	char text[256];
	unsigned op;

	memcpy(text, name, e->name_length);
	text[e->name_length] = 0;
	op = gl_op_find(text);
	if (op >= GL_OP_COUNT || gl_ops[op].words != e->words ||
	    gl_ops[op].noperands != e->noperands)
		return GL_OP_COUNT;
	for (unsigned i = 0; i < e->noperands; i++)
		if (gl_ops[op].operands[i].kind != kinds[i])
			return GL_OP_COUNT;
	return op;
}

/* Reads one row at *at; false if it does not fit or lists an opcode again. */
static bool op_read(struct blink_file *f, uint64_t *at, uint64_t end, bool *ours)
{
	const uint8_t *p = f->ops + *at;
	struct blink_op e;
	struct op_map *m;

	if (!range_ok(*at, sizeof(e), end))
		return false;
	memcpy(&e, p, sizeof(e));
	if (!range_ok(*at + sizeof(e), (uint64_t)e.noperands + e.name_length, end) || !e.words)
		return false;
	m = &f->op_map[e.opcode];
	if (m->words)
		return false;
	m->words = e.words;
	m->name = (const char *)p + sizeof(e) + e.noperands;
	m->name_length = e.name_length;
	m->op = (uint16_t)op_match(&e, p + sizeof(e), m->name);
	*ours = *ours && m->op == e.opcode;
	*at += sizeof(e) + e.noperands + e.name_length;
	return true;
}

int ops_read(struct blink_file *f, const struct blink_section *s, struct error *err)
{
	bool ours = true;
	uint64_t at = 0;
	int ret;

	f->ops = malloc(s->raw ? s->raw : 1);
	f->op_map = calloc(OPCODES, sizeof(*f->op_map));
	if (!f->ops || !f->op_map)
		return error_set(err, -ENOMEM, "%s: out of memory", f->path);
	ret = section_unpack(f, s, f->ops, err);
	if (ret < 0)
		return ret;
	while (at < s->raw)
		if (!op_read(f, &at, s->raw, &ours))
			return section_fail(f, s, err, "its rows do not add up");
	if (ours || f->header.table_hash == gl_table_hash()) {
		free(f->op_map);
		f->op_map = NULL;
	}
	return 0;
}

int code_translate(struct blink_file *f, uint32_t id, const uint32_t *code, uint32_t nwords,
		   uint32_t **out, struct error *err)
{
	uint32_t *to = malloc(nwords * sizeof(*to) + 1);

	*out = NULL;
	if (!to)
		return error_set(err, -ENOMEM, "%s: out of memory", f->path);
	for (uint32_t at = 0; at < nwords;) {
		const struct op_map *m = &f->op_map[sp_opcode(code[at])];

		if (!m->words || m->words > nwords - at) {
			free(to);
			return error_set(err, -EBADMSG, "%s: SP %u: no whole record of a listed op "
					 "at word %u (the file is damaged)", f->path, id, at);
		}
		if (m->op == GL_OP_COUNT) {
			free(to);
			return error_set(err, -ENOTSUP, "%s: SP %u: uses %.*s, which this version "
					 "does not know (use the version that wrote it)",
					 f->path, id, m->name_length, m->name);
		}
		memcpy(to + at, code + at, m->words * sizeof(*to));
		to[at] = sp_header(m->op, sp_mask(code[at]));
		at += m->words;
	}
	*out = to;
	return 0;
}
