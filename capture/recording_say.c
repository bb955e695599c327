/* recording_say.c - what there is to say of a recording that has been read. */
#include "capture/recording_impl.h"

#include <stdarg.h>
#include <stdio.h>

struct text {
	char *at;
	size_t left;
};

static void __attribute__((format(printf, 2, 3))) say(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->left)
		n = t->left ? (int)t->left - 1 : 0;
	t->at += n;
	t->left -= (size_t)n;
}

/* With calls in what was seen of the file so far. */
static uint32_t processes_seen(const struct recording *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->nthreads; i++) {
		bool before = !r->threads[i].nsegments;

		for (uint32_t k = 0; k < i && !before; k++)
			before = r->threads[k].nsegments &&
				 r->threads[k].process == r->threads[i].process;
		n += !before;
	}
	return n;
}

void recording_summary(const struct recording *r, struct recording_summary *s)
{
	*s = r->summary;
	s->header_frames = atomic_load(&r->header->frames);
	s->problems = atomic_load(&r->header->problems);
	s->used_bytes = r->end;
	s->processes = r->following ? processes_seen(r) : r->processes;
	s->process = r->process;
	s->threads = 0;
	for (uint32_t i = 0; i < r->nthreads; i++)
		s->threads += r->threads[i].process == r->process;
}

uint64_t recording_remarks(const struct recording *r, char *text, size_t size)
{
	struct text t = { text, size };
	struct recording_summary s;

	if (!size)
		return r->summary.lost_calls;
	text[0] = 0;
	recording_summary(r, &s);
	if (s.problems & RECORD_NO_SPACE)
		say(&t, "the disk was full, and recording ended there. ");
	if (s.problems & RECORD_NO_MEMORY)
		say(&t, "the recorder found no memory. ");
	if (s.processes > 1)
		say(&t, "%u processes recorded; this is the one with the most frames, pid %u. ",
		    s.processes, s.pid);
	if (s.lost_calls)
		say(&t, "%llu calls could not be recorded: ", (unsigned long long)s.lost_calls);
	for (uint32_t i = 0; i < s.nlost; i++)
		say(&t, "%s%s (%llu)", i ? ", " : "", s.lost[i].what,
		    (unsigned long long)s.lost[i].calls);
	if (t.at > text && t.at[-1] == ' ')
		t.at[-1] = 0;
	return s.lost_calls;
}
