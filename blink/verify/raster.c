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

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* Behind `extension`: another one, and plainly so? */
static bool extension_is_other(struct text t)
{
	blanks_skip(&t);
	if (!starts(&t, "GL_"))
		return false;
	for (; t.at < t.end && is_word(*t.at); t.at++)
		if (starts(&t, "buffer_object"))
			return false;
	return t.at == t.end || *t.at != '/';
}

/* Comments and licences say such words too: a directive's stands behind '#', but for blanks and
 * comments. */
static bool may_be_directive(const struct text *t, const char *from)
{
	const char *at = t->at;

	while (at > from && (uint8_t)at[-1] <= ' ')
		at--;
	return at > from && (at[-1] == '#' || at[-1] == '/');
}

static bool goes_on(const struct text *t)
{
	return t->end - t->at > 1 && *t->at == '\\' && (t->at[1] == '\n' || t->at[1] == '\r');
}

/* Directives are words as they stand: macros make none.  Lines that go on could part them, where
 * one has begun: on this line, or before a comment that ends on it.  Each character is looked at
 * a few times, whatever the text: a stranger's is as long as he likes. */
static bool may_have_blocks(struct text t)
{
	const char *from = t.at;
	bool begun = false;

	for (; t.at < t.end; t.at++) {
		begun = *t.at != '\n' && (begun || *t.at == '#' || starts(&t, "*/"));
		if ((begun && goes_on(&t)) ||
		    (starts(&t, "version") && may_be_directive(&t, from) &&
		     !version_is_old((struct text){ t.at + 7, t.end })) ||
		    (starts(&t, "extension") && may_be_directive(&t, from) &&
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
