/* frames_alter.c - other operands for the same shape.  See frames_alter.h. */
#include "jit-bench/frames_alter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int table_make(struct alter *a, const struct sp_payloads *file, struct error *err)
{
	if (file->n == a->n && a->v)
		return 0;
	free(a->v);
	a->n = file->n;
	a->v = calloc((size_t)a->n * 2 + 1, sizeof(*a->v));
	return a->v ? 0 : error_set(err, -ENOMEM, "bench: out of memory");
}

/* Others' payloads are where they were, or not there: what is met is what counts. */
static void payload_note(struct alter *a, const struct sp_payloads *file, uint32_t id)
{
	if (id < a->n)
		a->v[id] = a->v[a->n + id] = file->v[id];
}

static void payload_alter(struct alter *a, const struct sp_payloads *file, uint32_t *word,
			  bool other)
{
	uint32_t id = *word < a->n ? *word : *word - a->n;

	payload_note(a, file, id);
	if (!other || !*word || id >= a->n)
		return;
	*word = *word < a->n ? id + a->n : id;
	a->operands++;
}

static void record_alter(struct alter *a, const struct sp_payloads *file, uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];

		if (sp_mask(*rec) >> i & 1)
			continue;
		switch (o->kind) {
		case GL_KIND_PAYLOAD:
			payload_alter(a, file, rec + o->word, strcmp(o->name, "indices") != 0);
			break;
		case GL_KIND_FLOAT: case GL_KIND_DOUBLE:
			rec[o->word] ^= op->form == GL_FORM_DIRECT;
			a->operands += op->form == GL_FORM_DIRECT;
			break;
		}
	}
}

int alter_sp(struct alter *a, uint32_t *code, uint32_t nwords, const struct sp_payloads *file,
	     struct error *err)
{
	const uint32_t *end = code + nwords, *r;
	bool bad;
	int rc = table_make(a, file, err);

	if (rc < 0)
		return rc;
	for (r = code; (r = sp_next(r, end, &bad)); r += sp_words(r)) {
		/* what a callee names is not looked for */
		if (sp_opcode(*r) == OP_call)
			memcpy(a->v, file->v, file->n * sizeof(*a->v));
		record_alter(a, file, code + (r - code));
	}
	a->words += nwords;
	return 0;
}

void alter_finish(struct alter *a)
{
	free(a->v);
	memset(a, 0, sizeof(*a));
}
