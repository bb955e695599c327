/* asm.c - from text to a .blink file: statements, see asm.h and docs/ASSEMBLY.md.
 *
 * Two passes: the first numbers the SPs, so that a `call` may name one that comes
 * later; the second assembles, writing as it goes.
 */
#include <errno.h>
#include <string.h>

#include "blink/sp/asm_lex.h"
#include "blink/sp/text.h"

static bool number_read(struct assembler *a, uint64_t max, const char *what, uint64_t *out)
{
	if (a->token.kind != TOKEN_WORD ||
	    !text_read_int(a->token.text, a->token.length, 0, max, out))
		return asm_fail(a, "%s takes a number up to %llu", what, (unsigned long long)max);
	return token_next(a);
}

static bool line_end(struct assembler *a)
{
	if (a->token.kind != TOKEN_END)
		return asm_fail(a, "there is more on the line than the statement");
	return true;
}

static bool writer_ok(struct assembler *a, int ret)
{
	struct error why = { 0 };

	if (ret >= 0)
		return true;
	blink_writer_commit(a->writer, "", &why);   /* it is sticky: tells the reason */
	return asm_fail(a, "%s", why.text);
}

/* ---- stored procedures --------------------------------------------------- */

static bool callback_read(struct assembler *a, struct sp *sp)
{
	for (unsigned i = 0; i < SP_CALLBACKS; i++) {
		if (token_is(a, sp_callback_names[i])) {
			sp->callback = (uint8_t)i;
			return token_next(a);
		}
	}
	return asm_fail(a, "an SP is init, update, reshape, redraw or input");
}

static bool attribute_read(struct assembler *a, struct sp *sp, struct buf *restore)
{
	static const char *const names[] = { "frame", "context", "drawable", "flags" };
	uint64_t v;

	if (token_is(a, "rerunnable")) {
		sp->flags |= SP_RERUNNABLE;
		return token_next(a);
	}
	if (token_is(a, "restore")) {
		if (!token_next(a))
			return false;
		if (a->token.kind != TOKEN_STRING || memchr(a->string.data ? a->string.data :
							     (uint8_t *)"", 0, a->string.len))
			return asm_fail(a, "restore takes a string without zeros");
		buf_clear(restore);
		buf_append(restore, a->string.data, a->string.len);
		buf_append(restore, "", 1);
		return token_next(a);
	}
	for (unsigned i = 0; i < 4; i++) {
		if (!token_is(a, names[i]))
			continue;
		if (!token_next(a) || !number_read(a, i == 3 ? 0xff : UINT32_MAX, names[i], &v))
			return false;
		if (i == 3)
			sp->flags |= (uint8_t)v;
		else
			*(i == 0 ? &sp->frame : i == 1 ? &sp->context : &sp->drawable) = (uint32_t)v;
		return true;
	}
	return asm_fail(a, "an SP has frame, context, drawable, rerunnable, flags and restore");
}

static bool label_read(struct assembler *a, struct token label)
{
	int ret = symbols_add(&a->labels, label.text, label.length, (uint32_t)(a->code.len / 4));

	if (ret < 0)
		return asm_fail(a, "out of memory");
	if (ret == 0)
		return asm_fail(a, "label `%.*s` is there twice", (int)label.length, label.text);
	return true;
}

/* [label:] [instruction] */
static bool body_line(struct assembler *a)
{
	struct token first = a->token;
	const char *at = a->at;

	if (first.kind == TOKEN_WORD) {
		if (!token_next(a))
			return false;
		if (token_is(a, ":"))
			return label_read(a, first) && token_next(a) &&
			       (a->token.kind == TOKEN_END || asm_record(a));
	}
	a->token = first;
	a->at = at;
	return asm_record(a);
}

static bool body_read(struct assembler *a)
{
	unsigned start = a->line;

	buf_clear(&a->code);
	buf_clear(&a->fixups);
	symbols_clear(&a->labels);
	while (line_next(a)) {
		if (token_is(a, "}"))
			return token_next(a) && asm_fixups(a);
		if (!body_line(a))
			return false;
	}
	return a->failed ? false : asm_fail_at(a, start, "the SP is not closed with }");
}

static bool sp_read_into(struct assembler *a, struct buf *restore)
{
	struct sp sp = { 0 };
	unsigned line = a->line;

	if (!token_next(a) || !token_next(a) || !callback_read(a, &sp))   /* sp NAME */
		return false;
	while (!token_is(a, "{"))
		if (a->token.kind == TOKEN_END ? !token_expect(a, "{")
					       : !attribute_read(a, &sp, restore))
			return false;
	if (!token_next(a) || !line_end(a) || !body_read(a) || !line_end(a))
		return false;
	if (a->code.failed || a->fixups.failed || restore->failed)
		return asm_fail(a, "out of memory");
	sp.code = (const void *)a->code.data;
	sp.nwords = (uint32_t)(a->code.len / 4);
	sp.restore = restore->len ? (const char *)restore->data : NULL;
	if (!sp.nwords || sp_opcode(sp.code[sp.nwords - 1]) != OP_end)
		return asm_fail_at(a, line, "the SP does not finish with `end`");
	a->stats.sps++;
	return writer_ok(a, blink_writer_sp(a->writer, &sp, NULL));
}

static bool sp_read(struct assembler *a)
{
	struct buf restore;
	bool ok;

	buf_init(&restore);
	ok = sp_read_into(a, &restore);
	buf_finish(&restore);
	return ok;
}

/* First pass: `sp NAME` lines, in order. */
static bool sps_number(struct assembler *a)
{
	uint32_t n = 0;

	for (const char *p = a->next; p < a->end;) {
		const char *eol = memchr(p, '\n', (size_t)(a->end - p));

		a->at = p;
		a->eol = eol ? eol : a->end;
		a->line++;
		p = eol ? eol + 1 : a->end;
		while (a->at < a->eol && (*a->at == ' ' || *a->at == '\t'))
			a->at++;
		if (a->eol - a->at < 3 || memcmp(a->at, "sp", 2) ||
		    (a->at[2] != ' ' && a->at[2] != '\t'))
			continue;
		if (!token_next(a) || !token_next(a))
			return false;
		if (a->token.kind != TOKEN_WORD)
			return asm_fail(a, "an SP needs a name or a number");
		int ret = symbols_add(&a->sps, a->token.text, a->token.length, n++);

		if (ret <= 0)
			return asm_fail(a, ret < 0 ? "out of memory" : "SP `%.*s` is there twice",
					(int)a->token.length, a->token.text);
	}
	a->line = 0;
	return true;
}

/* ---- other statements ---------------------------------------------------- */

static bool payload_read(struct assembler *a)
{
	struct token name;
	uint32_t id;
	int ret;

	if (!token_next(a))
		return false;
	name = a->token;
	if (name.kind != TOKEN_WORD || memchr(name.text, '+', name.length) || name.text[0] == '!')
		return asm_fail(a, "a payload needs a number, or a name without + and !");
	if (!token_next(a) || !token_expect(a, "{") || !line_end(a) || !asm_data(a) || !line_end(a))
		return false;
	if (a->data.failed)
		return asm_fail(a, "out of memory");
	id = blink_writer_payload(a->writer, a->data.data, (uint32_t)a->data.len);
	if (!id)
		return writer_ok(a, -EIO);
	a->stats.payloads++;
	ret = symbols_add(&a->payloads, name.text, name.length, id);
	if (ret <= 0)
		return asm_fail(a, ret < 0 ? "out of memory" : "payload `%.*s` is there twice",
				(int)name.length, name.text);
	return true;
}

static bool names_read(struct assembler *a)
{
	uint64_t max;

	a->limits_given = true;
	if (!token_next(a))
		return false;
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++) {
		if (!token_is(a, gl_spaces[i].name))
			continue;
		if (!token_next(a) || !number_read(a, UINT32_MAX, "names", &max))
			return false;
		blink_writer_names(a->writer, i, (uint32_t)max);
		return line_end(a);
	}
	return asm_fail(a, "names takes a name space (texture, buffer...) and its highest name");
}

static bool slots_read(struct assembler *a)
{
	uint64_t n;

	a->limits_given = true;
	if (!token_next(a) || !number_read(a, UINT32_MAX, "slots", &n))
		return false;
	blink_writer_slots(a->writer, (uint32_t)n);
	return line_end(a);
}

static bool provenance_read(struct assembler *a)
{
	if (!token_next(a))
		return false;
	if (a->token.kind != TOKEN_STRING ||
	    (a->string.len && memchr(a->string.data, 0, a->string.len)))
		return asm_fail(a, "provenance takes a string of JSON");
	buf_clear(&a->provenance);
	buf_append(&a->provenance, a->string.data, a->string.len);
	return token_next(a) && line_end(a);
}

static bool statement_read(struct assembler *a)
{
	if (token_is(a, "sp"))
		return sp_read(a);
	if (token_is(a, "payload"))
		return payload_read(a);
	if (token_is(a, "names"))
		return names_read(a);
	if (token_is(a, "slots"))
		return slots_read(a);
	if (token_is(a, "provenance"))
		return provenance_read(a);
	return asm_fail(a, "a statement is payload, sp, names, slots or provenance");
}

/* The head: `blink 1`, then level and window, before anything is written. */
static bool head_read(struct assembler *a, struct blink_writer_options *opt, bool *more)
{
	uint64_t v;

	if (!line_next(a) || !token_is(a, "blink"))
		return asm_fail(a, "the text starts with `blink %u`", BLINK_TEXT_VERSION);
	if (!token_next(a) || !number_read(a, UINT32_MAX, "blink", &v) || !line_end(a))
		return false;
	if (v != BLINK_TEXT_VERSION)
		return asm_fail(a, "is of version %u, and this program reads %u", (unsigned)v,
				BLINK_TEXT_VERSION);
	while ((*more = line_next(a))) {
		if (token_is(a, "window")) {
			if (!token_next(a) || !number_read(a, 1ull << 32, "window", &opt->window))
				return false;
		} else if (token_is(a, "level")) {
			if (!token_next(a) || a->token.kind != TOKEN_WORD ||
			    !text_read_int(a->token.text, a->token.length, BLINK_UNPACKED, 22, &v))
				return asm_fail(a, "level takes a number, -101 to 22");
			opt->level = (int)(int64_t)v;
			if (!token_next(a))
				return false;
		} else {
			break;
		}
		if (!line_end(a))
			return false;
	}
	return !a->failed;
}

static int text_assemble(struct assembler *a, const char *path)
{
	struct blink_writer_options opt = { 0 };
	bool more = false, ok;
	int ret;

	if (!sps_number(a) || !head_read(a, &opt, &more))
		return a->err->code;
	ret = blink_writer_create(&a->writer, path, &opt, a->err);
	if (ret < 0)
		return ret;
	ok = true;
	while (ok && more) {
		ok = statement_read(a);
		more = ok && line_next(a);
	}
	if (a->failed)
		return a->err->code;
	for (unsigned i = 0; !a->limits_given && i < GL_SPACE_COUNT; i++)
		blink_writer_names(a->writer, i, a->names[i]);
	if (!a->limits_given)
		blink_writer_slots(a->writer, a->slots);
	buf_append(&a->provenance, "", 1);
	if (a->provenance.failed)
		return error_set(a->err, -ENOMEM, "%s: out of memory", a->name);
	return blink_writer_commit(a->writer, (const char *)a->provenance.data, a->err);
}

int blink_assemble(const char *text, size_t n, const char *name, const char *path,
		   struct asm_stats *stats, struct error *err)
{
	struct error own = { 0 };
	struct assembler a = { .name = name, .next = text, .end = text + n, .err = &own };
	int ret = text_assemble(&a, path);

	if (ret < 0 && err)
		*err = own;
	if (stats)
		*stats = a.stats;
	blink_writer_destroy(a.writer);
	symbols_finish(&a.payloads);
	symbols_finish(&a.sps);
	symbols_finish(&a.labels);
	buf_finish(&a.string);
	buf_finish(&a.provenance);
	buf_finish(&a.code);
	buf_finish(&a.fixups);
	buf_finish(&a.data);
	return ret;
}
