/* frames.c - reads what a .blink file says about its frames: sections of
 * struct blink_frame_data, BLINK_FRAMES_SECTION to each but the last. */
#include <errno.h>
#include <stdlib.h>

#include "blink/sp/reader.h"

#define SIZE sizeof(struct blink_frame_data)
#define SECTION_BYTES (BLINK_FRAMES_SECTION * SIZE)

int frame_data_read(struct blink_file *f, struct error *err)
{
	struct frame_data *d = &f->frame_data;
	const struct blink_section *last = NULL;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < f->header.sections; i++)
		d->nsections += f->sections[i].kind == BLINK_SECTION_FRAMES;
	if (!d->nsections)
		return 0;
	d->sections = calloc(d->nsections, sizeof(*d->sections));
	if (!d->sections)
		return error_set(err, -ENOMEM, "%s: out of memory", f->path);
	d->nsections = 0;
	for (uint32_t i = 0; i < f->header.sections; i++) {
		const struct blink_section *s = &f->sections[i];

		if (s->kind != BLINK_SECTION_FRAMES)
			continue;
		if (s->raw % SIZE || !s->raw || s->raw > SECTION_BYTES ||
		    (last && last->raw != SECTION_BYTES))
			return section_fail(f, s, err, "it does not hold whole frames");
		d->sections[d->nsections++] = last = s;
		bytes += s->raw;
	}
	if (bytes / SIZE > UINT32_MAX)
		return section_fail(f, last, err, "there are too many of them");
	d->count = (uint32_t)(bytes / SIZE);
	return 0;
}

void frame_data_finish(struct blink_file *f)
{
	free(f->frame_data.sections);
	free(f->frame_data.at_hand);
}

uint32_t blink_frame_data_count(const struct blink_file *f)
{
	/* what is known of frames that the file does not have is of no use */
	return f->frame_data.count < f->frames ? f->frame_data.count : f->frames;
}

int blink_frame_data_get(struct blink_file *f, uint32_t frame, struct blink_frame_data *out,
			 struct error *err)
{
	struct frame_data *d = &f->frame_data;
	uint32_t section = frame / BLINK_FRAMES_SECTION;
	int ret;

	if (frame >= blink_frame_data_count(f))
		return error_set(err, -ERANGE, "%s: nothing is known of frame %u", f->path, frame);
	if (!d->at_hand || d->open != section) {
		free(d->at_hand);
		d->at_hand = malloc(d->sections[section]->raw);
		if (!d->at_hand)
			return error_set(err, -ENOMEM, "%s: out of memory", f->path);
		ret = section_unpack(f, d->sections[section], (uint8_t *)d->at_hand, err);
		if (ret < 0) {
			free(d->at_hand);
			d->at_hand = NULL;
			return ret;
		}
		d->open = section;
	}
	*out = d->at_hand[frame % BLINK_FRAMES_SECTION];
	return 0;
}
