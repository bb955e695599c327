/* dump.c - a .blink file as text, see asm.h and docs/ASSEMBLY.md.
 *
 * Payloads come before the first SP that refers to them, in the order of their ids,
 * so that assembling the text numbers them as before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blink/sp/disasm.h"
#include "blink/sp/format.h"
#include "blink/sp/text.h"

#define LINE_WIDTH 96u
#define SUMMARY_VALUES 4u

/* A payload that the SP at hand refers to, and how it is best shown. */
struct reference {
	uint32_t id;
	uint8_t form;
};

struct dump {
	struct blink_file *file;
	const struct dump_options *opt;
	FILE *out;
	struct error *err;
	struct disasm d;
	struct enum_memo memo[ENUM_MEMO];
	struct buf line, marks, references;
	uint32_t printed;          /* payloads up to this id are printed (whole file) */
	bool whole;
};

static int dump_line(struct dump *d)
{
	buf_append(&d->line, "\n", 1);
	if (d->line.failed)
		return error_set(d->err, -ENOMEM, "dump: out of memory");
	if (fwrite(d->line.data, 1, d->line.len, d->out) != d->line.len)
		return error_set(d->err, -EIO, "dump: cannot write: %s", strerror(errno));
	buf_clear(&d->line);
	return 0;
}

/* ---- payloads ------------------------------------------------------------ */

static void text_lines(struct dump *d, const uint8_t *p, size_t n)
{
	while (n) {
		const uint8_t *newline = memchr(p, '\n', n);
		size_t part = newline ? (size_t)(newline - p) + 1 : n;

		buf_append(&d->line, "\n\ttext ", 7);
		text_string(&d->line, p, part);
		p += part;
		n -= part;
	}
}

static void value_lines(struct dump *d, enum payload_form form, const uint8_t *p, size_t n)
{
	unsigned step = payload_step(form);
	size_t start = 0;

	for (size_t at = 0; at < n; at += step) {
		bool fresh = at == 0 || d->line.len - start > LINE_WIDTH;

		if (fresh) {
			start = d->line.len;
			buf_printf(&d->line, "\n\t%s", payload_directives[form]);
		}
		if (fresh || form != PAYLOAD_HEX || at % 4 == 0)
			buf_append(&d->line, " ", 1);
		payload_value(&d->line, form, p + at);
	}
}

static int payload_dump(struct dump *d, uint32_t id, enum payload_form form)
{
	struct sp_payload p;
	int ret = blink_payload_load(d->file, id, &p, d->err);
	size_t whole;

	if (ret < 0)
		return ret;
	whole = p.size - p.size % payload_step(form);
	buf_printf(&d->line, "payload %u {", id);
	if (form == PAYLOAD_TEXT)
		text_lines(d, p.data, whole);
	else
		value_lines(d, form, p.data, whole);
	value_lines(d, PAYLOAD_HEX, p.data + whole, p.size - whole);
	buf_append(&d->line, "\n}", 2);
	return dump_line(d);
}

static int reference_compare(const void *a, const void *b)
{
	const struct reference *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* Lists the payloads that the SP refers to, each once, in order of id. */
static size_t references_find(struct dump *d, const struct sp *sp)
{
	const uint32_t *rec = sp->code, *end = rec + sp->nwords;
	struct reference *v;
	size_t n, kept = 0;
	bool bad;

	buf_clear(&d->references);
	for (; (rec = sp_next(rec, end, &bad)); rec += sp_words(rec)) {
		const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

		for (unsigned i = 0; i < op->noperands; i++) {
			struct reference r = { .id = rec[op->operands[i].word] };

			if (op->operands[i].kind != GL_KIND_PAYLOAD || r.id == 0 ||
			    r.id >= d->d.payloads)
				continue;
			r.form = (uint8_t)payload_form(rec, i);
			buf_append(&d->references, &r, sizeof(r));
		}
	}
	if (d->references.failed || !d->references.len)
		return 0;
	v = (void *)d->references.data;
	n = d->references.len / sizeof(*v);
	qsort(v, n, sizeof(*v), reference_compare);
	for (size_t i = 0; i < n; i++)
		if (!kept || v[kept - 1].id != v[i].id)
			v[kept++] = v[i];
	return kept;
}

/* All ids up to the last one referred to, so that none is left out of the order. */
static int payloads_dump_to(struct dump *d, uint32_t last, size_t n)
{
	const struct reference *v = (const void *)d->references.data;
	size_t i = 0;
	int ret = 0;

	while (ret == 0 && d->printed < last) {
		uint32_t id = ++d->printed;

		while (i < n && v[i].id < id)
			i++;
		ret = payload_dump(d, id, i < n && v[i].id == id ? v[i].form : PAYLOAD_HEX);
	}
	return ret;
}

static int payloads_dump(struct dump *d, const struct sp *sp)
{
	size_t n = references_find(d, sp);
	const struct reference *v = (const void *)d->references.data;
	int ret = 0;

	if (d->references.failed)
		return error_set(d->err, -ENOMEM, "dump: out of memory");
	if (d->whole)
		return n ? payloads_dump_to(d, v[n - 1].id, n) : 0;
	for (size_t i = 0; ret == 0 && i < n; i++) {
		uint8_t *seen = d->marks.data + v[i].id / 8;

		if (!(*seen & 1u << v[i].id % 8))
			ret = payload_dump(d, v[i].id, v[i].form);
		*seen |= (uint8_t)(1u << v[i].id % 8);
	}
	return ret;
}

/* ---- stored procedures --------------------------------------------------- */

/* "# 1920 bytes, f32 0 0.5 1" behind a record that refers to payloads. */
static void payload_summary(struct dump *d, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < op->noperands; i++) {
		const uint32_t *w = rec + op->operands[i].word;
		enum payload_form form;
		struct sp_payload p;

		if (op->operands[i].kind != GL_KIND_PAYLOAD || *w == 0 || *w >= d->d.payloads)
			continue;
		p = blink_payloads(d->file)->v[*w];
		if (!p.data || w[1] > p.size)
			continue;
		form = payload_form(rec, i);
		buf_printf(&d->line, "    # %u bytes, %s", p.size - w[1], payload_directives[form]);
		p.data += w[1];
		p.size -= w[1];
		if (form == PAYLOAD_TEXT) {
			buf_append(&d->line, " ", 1);
			text_string(&d->line, p.data, p.size < 40 ? p.size : 40);
			continue;
		}
		for (unsigned k = 0; k < SUMMARY_VALUES && p.size >= payload_step(form); k++) {
			buf_append(&d->line, " ", 1);
			payload_value(&d->line, form, p.data);
			p.data += payload_step(form);
			p.size -= payload_step(form);
		}
	}
}

/* Where records start and labels stand; 0, -EBADMSG for code that is not whole. */
static int marks_set(uint8_t *marks, const struct sp *sp)
{
	const uint32_t *rec = sp->code, *end = rec + sp->nwords;
	bool bad;

	memset(marks, 0, sp->nwords);
	for (; (rec = sp_next(rec, end, &bad)); rec += sp_words(rec))
		marks[rec - sp->code] |= DISASM_START;
	for (rec = sp->code; (rec = sp_next(rec, end, &bad)); rec += sp_words(rec)) {
		const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

		for (unsigned i = 0; i < op->noperands; i++) {
			uint64_t at = (uint64_t)(rec - sp->code) + op->words;

			if (op->operands[i].kind != GL_KIND_LABEL || sp_mask(*rec) >> i & 1)
				continue;
			at += rec[op->operands[i].word];
			if (at < sp->nwords && marks[at] & DISASM_START)
				marks[at] |= DISASM_TARGET;
		}
	}
	return bad ? -EBADMSG : 0;
}

static int records_dump(struct dump *d, const struct sp *sp)
{
	const uint32_t *rec = sp->code, *end = rec + sp->nwords;
	uint8_t *marks = malloc(sp->nwords + 1);
	bool bad;
	int ret;

	if (!marks)
		return error_set(d->err, -ENOMEM, "dump: out of memory");
	ret = marks_set(marks, sp);
	if (ret < 0)
		error_set(d->err, ret, "SP %u: is not whole records (the file is damaged)", sp->id);
	d->d.code = sp->code;
	d->d.nwords = sp->nwords;
	d->d.marks = marks;
	for (; ret == 0 && (rec = sp_next(rec, end, &bad)); rec += sp_words(rec)) {
		if (marks[rec - sp->code] & DISASM_TARGET)
			buf_printf(&d->line, "L%u:\n", (unsigned)(rec - sp->code));
		buf_append(&d->line, "\t", 1);
		disasm_record(&d->d, rec, &d->line);
		if (!d->opt->payloads)
			payload_summary(d, rec);
		ret = dump_line(d);
	}
	free(marks);
	return ret;
}

static void header_print(struct dump *d, const struct sp *sp)
{
	buf_printf(&d->line, "\nsp %u %s", sp->id, sp_callback_names[sp->callback]);
	if (sp->callback != SP_INIT)
		buf_printf(&d->line, " frame %u", sp->frame);
	if (sp->context)
		buf_printf(&d->line, " context %u", sp->context);
	if (sp->drawable)
		buf_printf(&d->line, " drawable %u", sp->drawable);
	if (sp->flags & SP_RERUNNABLE)
		buf_printf(&d->line, " rerunnable");
	if (sp->flags & ~SP_RERUNNABLE)
		buf_printf(&d->line, " flags 0x%x", sp->flags & ~SP_RERUNNABLE);
	if (sp->restore) {
		buf_printf(&d->line, " restore ");
		text_string(&d->line, sp->restore, strlen(sp->restore));
	}
	buf_printf(&d->line, " {");
}

static int sp_dump(struct dump *d, uint32_t id)
{
	struct sp sp;
	int ret = blink_sp_load(d->file, id, &sp, d->err);

	if (ret < 0)
		return ret;
	if (d->opt->payloads)
		ret = payloads_dump(d, &sp);
	if (ret == 0) {
		header_print(d, &sp);
		ret = dump_line(d);
	}
	if (ret == 0)
		ret = records_dump(d, &sp);
	if (ret == 0) {
		buf_append(&d->line, "}", 1);
		ret = dump_line(d);
	}
	blink_sp_release(d->file, id);
	return ret;
}

/* ---- the file ------------------------------------------------------------ */

static int head_dump(struct dump *d)
{
	struct blink_coding coding;
	const char *json = blink_provenance(d->file);

	blink_file_coding(d->file, &coding);
	buf_printf(&d->line, "blink %u\n", BLINK_TEXT_VERSION);
	if (coding.level != BLINK_LEVEL)
		buf_printf(&d->line, "level %d\n", coding.level);
	if (coding.window != BLINK_WINDOW)
		buf_printf(&d->line, "window %llu\n", (unsigned long long)coding.window);
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		if (blink_names_max(d->file, i))
			buf_printf(&d->line, "names %s %u\n", gl_spaces[i].name,
				   blink_names_max(d->file, i));
	buf_printf(&d->line, "slots %u\n", blink_slots(d->file));
	buf_printf(&d->line, "provenance ");
	text_string(&d->line, json, strlen(json));
	return dump_line(d);
}

/* The SPs asked for: [*first, *first + *count). */
static int range_find(struct dump *d, uint32_t *first, uint32_t *count)
{
	const struct dump_options *opt = d->opt;

	*first = 0;
	*count = blink_sp_count(d->file);
	if (opt->sp >= 0) {
		if (opt->sp >= *count)
			return error_set(d->err, -ERANGE, "SP %lld: the file has %u, from 0",
					 (long long)opt->sp, *count);
		*first = (uint32_t)opt->sp;
		*count = 1;
	} else if (opt->frame >= 0 &&
		   (opt->frame > UINT32_MAX ||
		    blink_frame(d->file, (uint32_t)opt->frame, first, count) < 0)) {
		return error_set(d->err, -ERANGE, "frame %lld: the file has %u, from 0",
				 (long long)opt->frame, blink_frame_count(d->file));
	}
	return 0;
}

int blink_dump(struct blink_file *f, const struct dump_options *opt, FILE *out,
	       struct error *err)
{
	struct dump *d = calloc(1, sizeof(*d));
	uint32_t first = 0, count = 0;
	int ret;

	if (!d)
		return error_set(err, -ENOMEM, "dump: out of memory");
	d->file = f;
	d->opt = opt;
	d->out = out;
	d->err = err;
	d->d.payloads = blink_payloads(f)->n;
	d->d.sps = blink_sp_count(f);
	d->d.memo = d->memo;
	d->whole = opt->sp < 0 && opt->frame < 0;
	ret = range_find(d, &first, &count);
	if (ret == 0 && !d->whole && opt->payloads) {
		void *seen = buf_extend(&d->marks, d->d.payloads / 8 + 1);

		if (seen)
			memset(seen, 0, d->d.payloads / 8 + 1);
		else
			ret = error_set(err, -ENOMEM, "dump: out of memory");
	}
	if (ret == 0)
		ret = head_dump(d);
	for (uint32_t i = 0; ret == 0 && i < count; i++)
		ret = sp_dump(d, first + i);
	if (ret == 0 && d->whole && opt->payloads)
		ret = payloads_dump_to(d, d->d.payloads - 1, 0);
	buf_finish(&d->line);
	buf_finish(&d->marks);
	buf_finish(&d->references);
	free(d);
	return ret;
}
