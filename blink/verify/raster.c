/* raster.c - raster positions, and what vertex shaders may read.
 *
 * RasterPos is one vertex, and a driver (Mesa) has another way for it than for those that
 * are drawn, on which no blocks of buffers are bound: a shader that reads one there reads
 * from nowhere.  Which shader is in use when a list is called, and which lists are, nobody
 * knows for sure; so a stranger has the one or the other.  Programs that take raster
 * positions are older than blocks.
 */
#include "blink/verify/verifier.h"

#include <string.h>

#define BLOCKS_VERSION 140u             /* of the language; before it by extensions */

struct text { const char *at, *end; };

static bool starts(const struct text *t, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(t->end - t->at) >= n && memcmp(t->at, word, n) == 0;
}

static void blanks_skip(struct text *t)
{
	while (t->at < t->end && (*t->at == ' ' || *t->at == '\t'))
		t->at++;
}

/* What stands behind `version`: a number before that of blocks, and plainly so? */
static bool version_is_old(struct text t)
{
	uint32_t number = 0;

	blanks_skip(&t);
	if (t.at == t.end || *t.at < '1' || *t.at > '9')
		return false;
	for (; t.at < t.end && *t.at >= '0' && *t.at <= '9' && number < 10000; t.at++)
		number = number * 10 + (uint32_t)(*t.at - '0');
	return number < BLOCKS_VERSION;
}

/* Behind `extension`: another one, and plainly so? */
static bool extension_is_other(struct text t)
{
	blanks_skip(&t);
	if (!starts(&t, "GL_"))
		return false;
	for (; t.at < t.end && *t.at > ' '; t.at++)
		if (starts(&t, "buffer_object") || *t.at == '/')
			return false;
	return true;
}

/* Directives are words as they stand: macros make none.  Lines that go on could part them. */
static bool may_have_blocks(struct text t)
{
	for (; t.at < t.end; t.at++) {
		if (*t.at == '\\' ||
		    (starts(&t, "version") && !version_is_old((struct text){ t.at + 7, t.end })) ||
		    (starts(&t, "extension") &&
		     !extension_is_other((struct text){ t.at + 9, t.end })))
			return true;
	}
	return false;
}

static enum verify_reason source(struct verifier *v, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	struct text t = { NULL, NULL };

	for (unsigned i = 0; i < op->noperands; i++) {
		uint64_t need, have;

		if (op->operands[i].kind != GL_KIND_PAYLOAD || !gl_payload_size(rec, i, &need))
			continue;
		t.at = (const char *)check_payload_bytes(v, rec + op->operands[i].word, &have);
		t.end = t.at ? t.at + (need < have ? need : have) : NULL;
		v->s->work += need;
	}
	if (v->s->blocks || !t.at || !may_have_blocks(t))
		return VERIFY_OK;
	v->s->blocks = !v->s->raster;
	return v->s->raster ? VERIFY_RASTER_BLOCKS : VERIFY_OK;
}

enum verify_reason raster_track(struct verifier *v, const struct desc *d, const uint32_t *rec)
{
	if (v->env->limits.allow_opaque)
		return VERIFY_OK;
	if (d->hook == HOOK_SOURCE)
		return source(v, rec);
	v->s->raster |= !v->s->blocks;
	return v->s->blocks ? VERIFY_RASTER_BLOCKS : VERIFY_OK;
}
