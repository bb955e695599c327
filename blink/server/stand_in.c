/* stand_in.c - drawables that clients of one size take turns with: see stand_in.h. */
#include "blink/server/stand_in.h"

#include "blink/server/server_priv.h"

static uint32_t number_of(const struct stand_ins *s, const struct stand_in *d)
{
	return SERVER_STAND_INS + (uint32_t)(d - s->v);
}

static bool is_like(const struct stand_in *d, uint32_t w, uint32_t h, uint32_t config)
{
	return d->w == w && d->h == h && d->config == config;
}

static void drop(struct stand_ins *s, struct sink *gl, struct stand_in *d)
{
	if (d->made)
		gl->ops->drawable_destroy(gl, number_of(s, d));
	*d = (struct stand_in){ 0 };
}

/* The one like that; or in the place of the one that was asked for longest ago, if that was
 * not in this frame or the one before. */
static struct stand_in *find(struct stand_ins *s, struct sink *gl, uint64_t frame, uint32_t w,
			     uint32_t h, uint32_t config)
{
	struct stand_in *oldest = &s->v[0];

	for (uint32_t i = 0; i < STAND_INS; i++) {
		if (is_like(&s->v[i], w, h, config))
			return &s->v[i];
		if (s->v[i].frame < oldest->frame)
			oldest = &s->v[i];
	}
	if (oldest->w && oldest->frame + 1 >= frame)
		return NULL;
	drop(s, gl, oldest);
	*oldest = (struct stand_in){ .w = w, .h = h, .config = config };
	return oldest;
}

static void ask(struct stand_in *d, uint64_t frame)
{
	if (d->frame != frame) {
		d->before = d->frame + 1 == frame ? d->asked : 0;
		d->asked = 0;
		d->frame = frame;
	}
	d->asked++;
}

uint32_t stand_in_take(struct stand_ins *s, struct sink *gl, uint64_t frame, uint32_t w,
		       uint32_t h, uint32_t config)
{
	struct stand_in *d = w && h ? find(s, gl, frame, w, h, config) : NULL;
	struct error none = { 0 };

	if (!d)
		return 0;
	ask(d, frame);
	if (d->before < 2)
		return 0;
	if (!d->made && gl->ops->drawable_create(gl, number_of(s, d), w, h, config, &none) < 0)
		return 0;
	d->made = true;
	return number_of(s, d);
}

void stand_ins_close(struct stand_ins *s, struct sink *gl)
{
	for (uint32_t i = 0; i < STAND_INS; i++)
		drop(s, gl, &s->v[i]);
}
