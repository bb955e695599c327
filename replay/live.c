/* live.c - see live.h. */
#include "replay/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "blink/client/client.h"
#include "blink/log/prune.h"
#include "blink/server/confined.h"
#include "blink/verify/verify.h"
#include "replay/counted.h"
#include "replay/live_entry.h"

#define RING_LEAST (1u << 20)
#define RING_MOST (32u << 20)           /* longer entries go through it in parts */
#define ANSWER_NS INT64_C(30000000000)  /* a server that shows no life for so long is stuck */
#define RETRY_NS INT64_C(20000000)
#define RETRIES 500
#define RETURNS_MOST 4u           /* without a frame between two: this file is why */
#define FRAMES_AT_ONCE 16u        /* that are waited for, so that not each is a wake-up */

struct live {
	struct blink_file *file;
	const struct live_options *opt;
	struct live_played *out;
	struct vso_wishes wishes;
	const char *path;
	struct vso_client *vso;
	uint32_t generation;
	struct live_entry entry;
	uint32_t pushed, done;         /* frames given to this stream, and run */
	uint64_t *last;                /* per frame modulo ahead: its last entry */
	uint32_t ahead;
	uint32_t sp;                   /* that is being sent, for messages */
	uint32_t vain;                 /* returns since a frame had run */
	double start, first, cpu;
};

static double clock_seconds(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- the connection ---------------------------------------------------------------------- */

static int attach(struct live *l, struct error *err)
{
	struct vso_link *link = NULL;
	int r = vso_local_connect(&link, l->path, vso_client_pages(&l->wishes), err);

	if (r < 0)
		return r;
	r = vso_client_create(&l->vso, link, &l->wishes, err);
	if (r < 0) {
		link->ops->close(link);
		return r;
	}
	r = vso_client_start(l->vso, ANSWER_NS, err);
	if (r >= 0)
		l->generation = atomic_load(&vso_client_server(l->vso)->generation);
	return r;
}

static void detach(struct live *l)
{
	if (l->vso)
		l->out->wakeups += vso_client_link(l->vso)->wakeups;
	vso_client_destroy(l->vso);
	l->vso = NULL;
}

/* Was what the stream did lost?  (Its contexts are gone, even where the server is not.) */
static bool lost(const struct live *l, int r)
{
	const struct vso_server_page *page = l->vso ? vso_client_server(l->vso) : NULL;

	if (r == -EPIPE)
		return !page || atomic_load(&page->phase) != VSO_PHASE_CLOSED ||
		       page->refusal == VSO_FAULT_ENDED;
	return page && ((r == -EIO && atomic_load(&page->stream_fault) == VSO_FAULT_STREAM_LOST) ||
			(r == -EAGAIN && atomic_load(&page->generation) != l->generation));
}

/* ---- why it was refused ------------------------------------------------------------------ */

struct explanation {
	struct blink_file *file;
	struct verify_state *state;
	struct verify_env env;
	struct verify_verdict verdict;
};

/* Verifies SPs up to last as a server does; 1 and the verdict where one is refused. */
static int find_refusal(struct explanation *x, uint32_t last, uint32_t *id)
{
	int r = 0;

	for (*id = 0; *id <= last && r >= 0; ++*id) {
		struct sp sp;

		if (blink_sp_load(x->file, *id, &sp, NULL) < 0)
			return 0;
		x->env.payloads = *blink_payloads(x->file);
		r = verify_sp(x->state, &x->env, &sp, &x->verdict);
		blink_sp_release(x->file, *id);
		if (r == -EACCES)
			return 1;
	}
	return 0;
}

static int explain(struct live *l, struct error *err)
{
	struct explanation x = { .file = l->file, .state = verify_state_create() };
	struct sp sp = { 0 };
	uint32_t id;

	if (!x.state)
		return -EACCES;
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		x.env.limits.names[i] = blink_names_max(l->file, i);
	x.env.limits.slots = blink_slots(l->file);
	confined_limits(&x.env.limits, &vso_quotas_default);
	if (find_refusal(&x, l->sp, &id)) {
		blink_sp_header(l->file, id, &sp, NULL);
		error_set(err, -EACCES, "the server refused SP %u (frame %u): record %u: %s: %s (%s)",
			  id, sp.frame, x.verdict.record, x.verdict.line,
			  verify_reason_sentence(x.verdict.reason),
			  verify_reason_name(x.verdict.reason));
	}
	verify_state_destroy(x.state);
	return -EACCES;
}

/* r is what the stream said; a refusal is told with the command that it is about. */
static int judge(struct live *l, int r, struct error *err)
{
	uint32_t fault;

	if (r != -EIO || !l->vso)
		return r;
	fault = atomic_load(&vso_client_server(l->vso)->stream_fault);
	error_set(err, -EACCES, "SP %u or one before it: %s", l->sp,
		  vso_fault_sentence((enum vso_fault)fault));
	return fault == VSO_FAULT_REFUSED ? explain(l, err) : -EACCES;
}

/* ---- waiting ----------------------------------------------------------------------------- */

/* A server that has others to serve may be slow, and is waited for as long as it goes on. */
struct patience { uint64_t life; };

static bool patient(const struct live *l, struct patience *p, int r)
{
	uint64_t was = p->life;

	if (r != -EAGAIN || lost(l, r))
		return false;
	p->life = vso_client_life(l->vso);
	return p->life != was;
}

static struct patience patience_begin(const struct live *l)
{
	return (struct patience){ vso_client_life(l->vso) };
}

static int stream_push(struct live *l, struct error *err)
{
	struct patience p = patience_begin(l);
	int r;

	do
		r = vso_stream_push(l->vso, &l->entry.sp, ANSWER_NS, err);
	while (patient(l, &p, r));
	return r;
}

static int stream_wait(struct live *l, uint64_t entry, struct error *err)
{
	struct patience p = patience_begin(l);
	int r;

	do
		r = vso_stream_wait(l->vso, entry, ANSWER_NS, err);
	while (patient(l, &p, r));
	return r;
}

/* ---- playing ----------------------------------------------------------------------------- */

static int push(struct live *l, struct blink_file *f, uint32_t id, struct error *err)
{
	struct sp sp;
	int r = blink_sp_load(f, id, &sp, err);

	if (r < 0)
		return r;
	l->sp = id;
	r = live_entry_make(&l->entry, &sp, blink_payloads(f), err);
	if (r >= 0)
		r = stream_push(l, err);
	if (r >= 0) {
		l->out->entries++;
		l->out->bytes += live_entry_size(&l->entry);
	}
	blink_sp_release(f, id);
	return r;
}

static int push_range(struct live *l, struct blink_file *f, uint32_t first, uint32_t count,
		      struct error *err)
{
	int r = 0;

	for (uint32_t i = 0; i < count && r >= 0; i++)
		r = push(l, f, first + i, err);
	return r;
}

/* How many of those that are under way to wait for: half of them, so that the server has
 * the other half to go on with. */
static uint32_t frames_awaited(const struct live *l)
{
	uint32_t under_way = l->pushed - l->done;
	uint32_t n = l->out->frames ? (under_way + 1) / 2 : 1;

	return n > FRAMES_AT_ONCE ? FRAMES_AT_ONCE : n;
}

/* Waits until frame done + 1 has run, and maybe some more. */
static int frame_wait(struct live *l, struct error *err)
{
	uint32_t last = l->done + frames_awaited(l) - 1;
	uint64_t entry = l->last[last % l->ahead];
	int r = stream_wait(l, entry, err);

	if (r < 0)
		return r;
	if (!l->out->frames) {
		l->first = clock_seconds(CLOCK_MONOTONIC);
		l->cpu = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
	}
	l->vain = 0;
	l->done = last;
	if (l->out->frames <= l->done)
		l->out->frames = l->done + 1;
	if (l->opt->on_frame)
		r = l->opt->on_frame(l->opt->user, l->done, entry, err);
	l->done++;
	counted_set(l->opt->count, l->done);
	return r;
}

static int frame_push(struct live *l, struct error *err)
{
	uint32_t first, count;
	int r = blink_frame(l->file, l->pushed, &first, &count);

	if (r < 0)
		return error_set(err, r, "live: frame %u is not in the file", l->pushed);
	r = push_range(l, l->file, first, count, err);
	if (r < 0)
		return r;
	l->last[l->pushed++ % l->ahead] = vso_stream_pushed(l->vso);
	vso_client_ring(l->vso);
	return 0;
}

/* From frame l->done on, of which everything before it is there. */
static int play_on(struct live *l, struct error *err)
{
	int r = 0;

	l->pushed = l->done;
	while (l->done < l->opt->end && r >= 0) {
		if (l->pushed < l->opt->end && l->pushed - l->done < l->ahead &&
		    !(l->pushed > l->done && counted_stops(l->opt->count, l->pushed)))
			r = frame_push(l, err);
		else
			r = frame_wait(l, err);
	}
	/* a file without frames still has its init SPs */
	if (r >= 0 && !l->opt->end)
		r = stream_wait(l, vso_stream_pushed(l->vso), err);
	return r;
}

/* ---- coming back ------------------------------------------------------------------------- */

static int attach_again(struct live *l, struct error *err)
{
	const struct timespec pause = { .tv_nsec = RETRY_NS };
	int r = -EPIPE;

	detach(l);
	for (int i = 0; i < RETRIES && r < 0 && r != -EACCES; i++) {
		if (i)
			nanosleep(&pause, NULL);
		r = attach(l, err);
		if (r < 0)
			detach(l);
	}
	return r;
}

/* The state at frame l->done, as init SPs of a file of their own. */
static int pruned_open(struct live *l, struct blink_file **out, struct error *err)
{
	const struct prune_file_options opt = { .at_frame = l->done, .tool = "blinkctl" };
	const char *dir = getenv("TMPDIR");
	char path[512];
	int fd, r;

	snprintf(path, sizeof(path), "%s/blink-live-XXXXXX", dir && *dir ? dir : "/tmp");
	fd = mkstemp(path);
	if (fd < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	close(fd);
	r = prune_file(l->file, path, &opt, NULL, NULL, err);
	if (r >= 0)
		r = blink_open(out, path, 0, err);
	unlink(path);                   /* what is mapped stays */
	return r;
}

static int come_back(struct live *l, struct error *err)
{
	struct blink_file *pruned = NULL;
	enum live_return how = LIVE_PRUNED;
	int r = l->vain++ < RETURNS_MOST ? attach_again(l, err) :
		error_set(err, -EIO, "live: the server is lost again and again at frame %u",
			  l->done);

	if (r < 0)
		return r;
	r = l->done ? pruned_open(l, &pruned, err) : -ENOENT;
	if (r >= 0)
		r = push_range(l, pruned, 0, blink_init_count(pruned), err);
	blink_close(pruned);
	if (r < 0 && !lost(l, r)) {
		how = LIVE_ANEW;
		l->done = 0;
		if (vso_stream_pushed(l->vso))
			r = attach_again(l, err);
		else
			r = 0;
		if (r >= 0)
			r = push_range(l, l->file, 0, blink_init_count(l->file), err);
	}
	if (r < 0)
		return r;
	l->out->returns++;
	if (l->opt->on_return)
		l->opt->on_return(l->opt->user, l->done, how);
	return 0;
}

static int play(struct live *l, struct error *err)
{
	int r = push_range(l, l->file, 0, blink_init_count(l->file), err);

	if (r >= 0)
		r = play_on(l, err);
	while (lost(l, r)) {
		r = come_back(l, err);
		if (r >= 0)
			r = play_on(l, err);
	}
	return judge(l, r, err);
}

/* ---- beginning and end ------------------------------------------------------------------- */

static int prepare(struct live *l, struct error *err)
{
	struct live_needs needs;
	int r = live_needs_find(l->file, l->opt->end, &needs, err);
	uint64_t ring;

	if (r < 0)
		return r;
	/* two entries at a time, where they fit, that one may be written while the other is read */
	ring = 2 * needs.largest + VSO_PAGE;
	ring = ring < RING_LEAST ? RING_LEAST : ring > RING_MOST ? RING_MOST : ring;
	l->wishes = (struct vso_wishes){
		.name = l->opt->name, .objects = 1, .slots = blink_slots(l->file),
		.flags = l->opt->direct ? VSO_HELLO_DIRECT : 0,
		.width = needs.width, .height = needs.height,
		.stream_bytes = (uint32_t)(ring / VSO_PAGE * VSO_PAGE),
	};
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		l->wishes.names[i] = blink_names_max(l->file, i);
	l->out->largest = needs.largest;
	l->out->ring = l->wishes.stream_bytes;
	l->out->width = needs.width;
	l->out->height = needs.height;
	return 0;
}

int live_play(struct blink_file *f, const struct live_options *opt, struct live_played *out,
	      struct error *err)
{
	struct live l = { .file = f, .opt = opt, .out = out };
	int r;

	memset(out, 0, sizeof(*out));
	live_entry_init(&l.entry);
	l.path = blink_server_path(opt->path);
	l.ahead = opt->on_frame ? 1 : opt->ahead ? opt->ahead : 1024;
	l.last = calloc(l.ahead, sizeof(*l.last));
	r = l.last ? prepare(&l, err) : error_set(err, -ENOMEM, "live: out of memory");
	l.start = clock_seconds(CLOCK_MONOTONIC);
	if (r >= 0)
		r = attach(&l, err);
	if (r >= 0)
		r = play(&l, err);
	if (l.first > 0) {
		out->first_ms = (l.first - l.start) * 1e3;
		out->seconds = clock_seconds(CLOCK_MONOTONIC) - l.first;
		out->cpu_seconds = clock_seconds(CLOCK_THREAD_CPUTIME_ID) - l.cpu;
	}
	detach(&l);
	live_entry_finish(&l.entry);
	free(l.last);
	return r;
}
