/* prune_cover.c - pieces of images and buffers that later records replace.
 *
 * Going backward, the boxes of kept sub-uploads are gathered per cell, as long as nothing
 * in between needs the cell as a whole.  An earlier sub-upload that lies within them is
 * seen by nobody.  Few boxes are remembered: one that is forgotten keeps a record more.
 */
#include "blink/log/prune_impl.h"

#include <string.h>

#define BOXES 24u
#define PIECES 64u

struct cover {
	uint32_t cell, stamp, n;
	int32_t box[BOXES][6];
};

/* Step at which the cell was last needed as a whole. */
static uint32_t needed(struct prune *p, uint32_t cell)
{
	const struct cell *c = &p->cell[cell];
	struct object *o = p->object[c->owner];
	const struct slot_mark *m = o->marks ? slot_mark(p, o, c->slot, false) : NULL;
	uint32_t at = 0;

	for (unsigned k = 0; k < 2; k++) {
		at = c->need[k] > at ? c->need[k] : at;
		at = o->need[k] > at ? o->need[k] : at;
		at = m && m->need[k] > at ? m->need[k] : at;
	}
	return at;
}

static struct cover *cover_of(struct prune *p, uint32_t cell)
{
	uint32_t i = p->cell[cell].cover;
	struct cover *v;

	if (i >= p->ncovers || p->cover[i].cell != cell)
		return NULL;
	v = &p->cover[i];
	if (v->stamp < needed(p, cell))
		v->n = 0;
	return v;
}

static bool inside(const int32_t *a, const int32_t *b)
{
	return a[0] >= b[0] && a[1] <= b[1] && a[2] >= b[2] && a[3] <= b[3] && a[4] >= b[4] &&
	       a[5] <= b[5];
}

static bool meet(const int32_t *a, const int32_t *b)
{
	return a[0] < b[1] && b[0] < a[1] && a[2] < b[3] && b[2] < a[3] && a[4] < b[5] &&
	       b[4] < a[5];
}

/* What is left of a outside of b: up to 6 boxes. */
static unsigned subtract(const int32_t *a, const int32_t *b, int32_t (*out)[6])
{
	int32_t rest[6];
	unsigned n = 0;

	memcpy(rest, a, sizeof(rest));
	for (unsigned d = 0; d < 6; d += 2) {
		if (rest[d] < b[d]) {
			memcpy(out[n], rest, sizeof(rest));
			out[n++][d + 1] = b[d];
			rest[d] = b[d];
		}
		if (rest[d + 1] > b[d + 1]) {
			memcpy(out[n], rest, sizeof(rest));
			out[n++][d] = b[d + 1];
			rest[d + 1] = b[d + 1];
		}
	}
	return n;
}

bool cover_has(struct prune *p, uint32_t cell, const int32_t *box)
{
	const struct cover *v = cover_of(p, cell);
	int32_t left[PIECES][6];
	unsigned nleft = 1;

	if (box[0] >= box[1] || box[2] >= box[3] || box[4] >= box[5])
		return true;             /* of nothing */
	if (!v)
		return false;
	memcpy(left[0], box, sizeof(left[0]));
	for (unsigned i = 0; i < v->n; i++)
		for (unsigned k = nleft; k-- > 0;) {
			int32_t piece[6];

			if (!meet(left[k], v->box[i]))
				continue;
			memcpy(piece, left[k], sizeof(piece));
			memcpy(left[k], left[--nleft], sizeof(piece));
			if (nleft + 6 > PIECES)
				return false;
			nleft += subtract(piece, v->box[i], left + nleft);
		}
	return nleft == 0;
}

void cover_add(struct prune *p, uint32_t cell, const int32_t *box)
{
	struct cover *v = cover_of(p, cell);

	if (!v) {
		p->cover = prune_grow(p, p->cover, &p->covers_cap, p->ncovers,
				      sizeof(*p->cover));
		if (p->error.code)
			return;
		p->cell[cell].cover = p->ncovers;
		v = &p->cover[p->ncovers++];
		v->cell = cell;
		v->n = 0;
	}
	if (v->n == 0)
		v->stamp = p->step + 4;
	for (unsigned i = v->n; i-- > 0;) {
		if (inside(box, v->box[i]))
			return;
		if (inside(v->box[i], box))
			memcpy(v->box[i], v->box[--v->n], sizeof(v->box[i]));
	}
	/* neighbours that make one box: rows of an image, ranges of a buffer */
	for (unsigned i = 0; i < v->n; i++)
		for (unsigned d = 0; d < 6; d += 2) {
			int32_t one[6];

			memcpy(one, box, sizeof(one));
			one[d] = v->box[i][d];
			one[d + 1] = v->box[i][d + 1];
			if (memcmp(one, v->box[i], sizeof(one)) ||
			    box[d] > v->box[i][d + 1] || box[d + 1] < v->box[i][d])
				continue;
			one[d] = box[d] < one[d] ? box[d] : one[d];
			one[d + 1] = box[d + 1] > one[d + 1] ? box[d + 1] : one[d + 1];
			memcpy(v->box[i], one, sizeof(one));
			return;
		}
	if (v->n < BOXES)
		memcpy(v->box[v->n++], box, sizeof(v->box[0]));
}
