/* recording_processes.c - which of several processes that recorded is read: the one with the
 * most frames. */
#include "capture/recording_impl.h"

static int frames_count(struct recording *r, uint32_t process, uint64_t *frames,
			uint64_t *records, struct error *err)
{
	*frames = *records = 0;
	for (uint32_t i = 0; i < r->nthreads; i++) {
		struct recording_thread *t = &r->threads[i], was = *t;
		uint32_t n, head;
		int code;

		if (t->process != process)
			continue;
		while ((code = recording_peek(r, t, &n, &head, err)) > 0) {
			*frames += (r->words[0] & 0xffff) == RECORD_FRAME;
			++*records;
			recording_skip(t, n);
		}
		if (code < 0)
			return code;
		t->serial = was.serial;
		t->bytes = was.bytes;
		t->at = was.at;
		t->used = was.used;
	}
	return 0;
}

int recording_choose(struct recording *r, struct error *err)
{
	uint64_t most_frames = 0, most_records = 0;

	r->processes = 0;
	for (uint32_t i = 0; i < r->nthreads; i++) {
		const struct recording_thread *t = &r->threads[i];
		uint64_t frames = 0, records = 0;
		bool seen = false;
		int code = 0;

		for (uint32_t k = 0; k < i; k++)
			seen |= r->threads[k].process == t->process;
		if (seen)
			continue;
		if (r->processes++ || i + 1 < r->nthreads)
			code = frames_count(r, t->process, &frames, &records, err);
		if (code < 0)
			return code;
		if (r->processes == 1 || frames > most_frames ||
		    (frames == most_frames && records > most_records)) {
			r->process = t->process;
			r->summary.pid = t->pid;
			most_frames = frames;
			most_records = records;
		}
	}
	return 0;
}

int recording_switch(struct recording *r, uint64_t than, struct error *err)
{
	uint32_t best = 0, pid = 0;

	r->processes_read |= UINT64_C(1) << (r->process % 64);
	for (uint32_t i = 0; i < r->nthreads; i++) {
		const struct recording_thread *t = &r->threads[i];
		uint64_t frames, records;
		int code;

		if (r->processes_read >> (t->process % 64) & 1 || !t->nsegments)
			continue;
		code = frames_count(r, t->process, &frames, &records, err);
		if (code < 0)
			return code;
		if (frames <= than)
			continue;
		than = frames;
		best = t->process;
		pid = t->pid;
	}
	if (!best)
		return 0;
	r->process = best;
	r->current = NULL;
	r->frame = NULL;
	r->summary = (struct recording_summary){ .pid = pid };
	for (unsigned i = 0; i < gl_command_count; i++) {
		r->shapes[i].sig.user = NULL;
		r->shapes[i].sig.wants_words = false;
	}
	r->memcpy_sig.user = r->drawable_sig.user = NULL;
	return 1;
}
