/* live.c - see live.h. */
#include "capture/live.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "blink/base/clock.h"
#include "capture/conv.h"
#include "capture/live_store.h"
#include "capture/record/format.h"
#include "capture/recording.h"

#define GIVE_BACK (32u << 20)        /* bytes of recording between two times of giving back */
#define IDS (1u << 18)               /* new payloads between two times of dropping old ones, */
#define OTHERS 2u                    /* frames that others may have drawn without our looking */
#define COPIES (64u << 20)           /* or bytes of copies of them */

struct frame {                       /* code and restore of its SPs are its own */
	struct sp *sps;
	uint32_t n, cap;
	struct blink_frame_data data;
	struct frame *next;
};

struct live {
	struct live_options opt;
	struct record_header *header;
	struct conv conv;
	struct convert_options convert;
	struct convert_stats stats;
	struct conv_sink sink;
	struct prune *prune;
	struct live_store store;
	struct error error;                /* of conversion, pruning, memory: sticky */

	struct frame *oldest, *newest;     /* whole frames that are held back */
	struct frame *now;                 /* the one being gathered */
	uint32_t held;
	uint64_t held_words;

	uint64_t end;                      /* of the recording, when last looked at */
	uint64_t floor;                    /* asked for last */
	uint64_t released;                 /* floor up to which space was given back */
	uint32_t marked;                   /* payloads in use when last swept, ... */
	uint64_t copied;                   /* ... and bytes of copies */
	uint64_t peak, memory;
	double cpu;
	bool reached;                      /* the frames asked for */
	bool cannot;                       /* space cannot be given back here */
};

static int no_memory(struct live *l)
{
	if (!l->error.code)
		error_set(&l->error, -ENOMEM, "capture: out of memory for pruning");
	return l->error.code;
}

/* ---- frames that are held back ----------------------------------------------------- */

static void sp_drop(struct live *l, struct sp *sp)
{
	l->held_words -= sp->nwords;
	free((void *)(uintptr_t)sp->code);
	free((void *)(uintptr_t)sp->restore);
}

static bool sp_hold(struct live *l, struct frame *f, const struct sp *sp)
{
	struct sp copy = *sp;
	uint32_t *code;

	if (f->n == f->cap) {
		uint32_t cap = f->cap ? 2 * f->cap : 4;
		struct sp *v = realloc(f->sps, cap * sizeof(*v));

		if (!v)
			return false;
		f->sps = v;
		f->cap = cap;
	}
	code = malloc((size_t)sp->nwords * 4 + 4);
	copy.restore = sp->restore ? strdup(sp->restore) : NULL;
	if (!code || (sp->restore && !copy.restore)) {
		free(code);
		return false;
	}
	memcpy(code, sp->code, (size_t)sp->nwords * 4);
	copy.code = code;
	f->sps[f->n++] = copy;
	l->held_words += sp->nwords;
	return true;
}

static void frame_drop(struct live *l, struct frame *f)
{
	for (uint32_t i = 0; f && i < f->n; i++)
		sp_drop(l, &f->sps[i]);
	if (f)
		free(f->sps);
	free(f);
}

/* The oldest frame becomes part of what is pruned. */
static void frame_prune(struct live *l)
{
	struct frame *f = l->oldest;

	for (uint32_t i = 0; i < f->n && !l->error.code; i++)
		prune_add(l->prune, &f->sps[i], &l->error);
	if (!l->error.code)
		prune_frame(l->prune, &l->error);
	l->oldest = f->next;
	if (!l->oldest)
		l->newest = NULL;
	l->held--;
	frame_drop(l, f);
}

/* ---- the converter's sink ------------------------------------------------------------ */

static uint32_t sink_payload(void *user, const void *data, uint32_t size, uint64_t place)
{
	struct live *l = user;
	/* pixels that begin anywhere in what was recorded are copied */
	uint32_t id = live_store_put(&l->store, data, size, place % 16 ? 0 : place);

	if (!id)
		no_memory(l);
	return id;
}

static void *sink_payload_begin(void *user, uint32_t size)
{
	struct live *l = user;

	return live_store_room(&l->store, size);
}

static uint32_t sink_payload_end(void *user, uint32_t size)
{
	struct live *l = user;

	return sink_payload(l, l->store.room, size, 0);
}

static int sink_sp(void *user, const struct sp *sp)
{
	struct live *l = user;
	struct frame *f = l->now;

	if (l->error.code)
		return l->error.code;
	if (sp->callback == SP_INIT)
		return prune_add(l->prune, sp, &l->error);
	/* what follows the last frame goes with it */
	if (l->newest && sp->frame + 1 == l->stats.frames)
		f = l->newest;
	if (!f && !(f = l->now = calloc(1, sizeof(*f))))
		return no_memory(l);
	return sp_hold(l, f, sp) ? 0 : no_memory(l);
}

static void sink_frame(void *user, const struct blink_frame_data *data)
{
	struct live *l = user;
	struct frame *f = l->now ? l->now : calloc(1, sizeof(*f));

	l->now = NULL;
	if (!f) {
		no_memory(l);
		return;
	}
	if (data)
		f->data = *data;
	if (l->newest)
		l->newest->next = f;
	else
		l->oldest = f;
	l->newest = f;
	l->held++;
	while (l->held > l->opt.last && !l->error.code)
		frame_prune(l);
}

/* ---- what may be given back ------------------------------------------------------------- */

static void mark(void *user, uint32_t id)
{
	live_store_mark(&((struct live *)user)->store, id);
}

static int mark_pruned(void *user, uint32_t id)
{
	mark(user, id);
	return 0;
}

static void frame_mark(struct live *l, const struct frame *f)
{
	bool bad;

	for (uint32_t i = 0; i < f->n; i++) {
		const uint32_t *rec = f->sps[i].code, *end = rec + f->sps[i].nwords;

		for (; (rec = sp_next(rec, end, &bad)); rec += sp_words(rec)) {
			const struct gl_op *o = &gl_ops[sp_opcode(*rec)];

			for (unsigned k = 0; k < o->noperands; k++)
				if (o->operands[k].kind == GL_KIND_PAYLOAD)
					live_store_mark(&l->store, rec[o->operands[k].word]);
		}
	}
}

static int drop_payloads(struct live *l, uint64_t floor)
{
	prune_payloads(l->prune, mark_pruned, l);
	conv_payloads(&l->conv, mark, l);
	for (const struct frame *f = l->oldest; f; f = f->next)
		frame_mark(l, f);
	if (l->now)
		frame_mark(l, l->now);
	if (live_store_sweep(&l->store, floor) < 0)
		return no_memory(l);
	l->marked = l->store.live;
	l->copied = l->store.copied;
	return 0;
}

static void note_size(struct live *l)
{
	uint64_t disk = recording_disk(l->store.recording);
	uint64_t memory = l->store.copied + 4 * l->held_words + prune_memory(l->prune);

	l->peak = disk > l->peak ? disk : l->peak;
	l->memory = memory > l->memory ? memory : l->memory;
}

static int give_back(struct live *l)
{
	uint64_t floor = recording_floor(l->store.recording);
	int code;

	/* beyond it nothing has been handed out */
	l->end = RECORD_HEADER + (uint64_t)atomic_load(&l->header->segments) * RECORD_SEGMENT;
	note_size(l);
	if (floor <= l->released || l->opt.whole || l->cannot) {
		floor = l->released;
		if (l->store.live < 2 * (uint64_t)l->marked + IDS &&
		    l->store.copied < 2 * l->copied + COPIES)
			return 0;
	}
	code = drop_payloads(l, floor);
	if (code < 0 || l->opt.whole || l->cannot)
		return code;
	l->released = floor;
	code = recording_release(l->store.recording);
	l->cannot = code < 0;            /* the file system knows no holes: the file grows */
	return 0;
}

/* Asks the program to forget what it stored so far. */
static void floor_raise(struct live *l)
{
	if (l->opt.whole || l->cannot || l->end - l->floor < GIVE_BACK)
		return;
	l->floor = l->end;
	atomic_store(&l->header->floor, l->floor);
}

/* ---- following --------------------------------------------------------------------------- */

static int prune_payload_of(void *user, uint32_t id, struct sp_payload *out, struct error *err)
{
	struct live *l = user;

	if (live_store_get(&l->store, id, out))
		return 0;
	return error_set(err, -EBADMSG, "capture: payload %u is not there", id);
}

static void held_drop(struct live *l)
{
	while (l->oldest) {
		struct frame *f = l->oldest;

		l->oldest = f->next;
		frame_drop(l, f);
	}
	l->newest = NULL;
	l->held = 0;
	frame_drop(l, l->now);
	l->now = NULL;
}

static int pruner_make(struct live *l)
{
	const struct prune_options po = { .payload = prune_payload_of, .user = l };

	prune_destroy(l->prune);
	l->prune = NULL;
	return prune_create(&l->prune, &po, &l->error);
}

int live_create(struct live **out, const char *recording, struct record_header *header,
		const struct live_options *opt, struct error *err)
{
	struct live *l = calloc(1, sizeof(*l));
	int code;

	*out = NULL;
	if (!l)
		return error_set(err, -ENOMEM, "capture: out of memory");
	l->opt = *opt;
	l->header = header;
	l->floor = RECORD_HEADER;
	l->convert = (struct convert_options){ .keep_going = true, .unjudged = true,
					       .frames = opt->frames };
	l->sink = (struct conv_sink){
		.user = l, .follows = true, .payload = sink_payload,
		.payload_begin = sink_payload_begin, .payload_end = sink_payload_end,
		.sp = sink_sp, .frame = sink_frame,
	};
	live_store_init(&l->store);
	code = pruner_make(l);
	if (code >= 0)
		code = conv_begin(&l->conv, recording, &l->convert, &l->sink, &l->stats, &l->error);
	if (code < 0) {
		if (l->error.code && err)
			*err = l->error;
		live_destroy(l);
		return code;
	}
	l->store.recording = l->conv.source.reader;
	*out = l;
	return 0;
}

/* A launcher that draws, and the program that it starts: when another process has drawn
 * more frames, that one is what counts, from its beginning. */
static int process_look(struct live *l)
{
	uint64_t all = atomic_load(&l->header->frames), ours = l->stats.frames;
	int code;

	if (l->error.code || all < 2 * ours + OTHERS)
		return l->error.code;
	code = recording_switch(l->store.recording, ours, &l->error);
	if (code <= 0)
		return code;
	held_drop(l);
	live_store_finish(&l->store);
	live_store_init(&l->store);
	l->store.recording = l->conv.source.reader;
	l->marked = 0;
	l->copied = 0;
	l->reached = false;
	code = pruner_make(l);
	return code < 0 ? code : conv_again(&l->conv);
}

static int take(struct live *l, struct error *err)
{
	double start = clock_thread_seconds();
	int code = process_look(l);

	while (code >= 0 && !l->reached) {
		code = conv_more(&l->conv, 1u << 18);
		l->reached = code == CONV_FRAMES;
		if (code >= 0)
			code = l->error.code ? l->error.code : code;
		if (code >= 0 && give_back(l) < 0)
			code = l->error.code;
		if (code == CONV_ALL)
			break;
	}
	l->cpu += clock_thread_seconds() - start;
	if (code < 0 && err)
		*err = l->error;
	return code < 0 ? code : 0;
}

int live_follow(struct live *l, struct error *err)
{
	int code = l->error.code;

	if (code >= 0)
		code = recording_refresh(l->store.recording, &l->error);
	if (code >= 0)
		code = take(l, NULL);
	if (code >= 0)
		floor_raise(l);
	if (code < 0 && err)
		*err = l->error;
	return code < 0 ? code : 0;
}

int live_end(struct live *l, struct error *err)
{
	double start;
	int code = l->error.code;

	if (code >= 0)
		code = recording_last(l->store.recording, &l->error);
	if (code >= 0)
		code = take(l, NULL);
	start = clock_thread_seconds();
	if (code >= 0 && !l->reached)
		code = conv_end(&l->conv);
	/* what follows the last frame, where none is held back */
	for (struct frame *f = l->now; f && code >= 0; f = NULL) {
		for (uint32_t i = 0; i < f->n && code >= 0 && !l->reached; i++)
			code = prune_add(l->prune, &f->sps[i], &l->error);
		frame_drop(l, f);
		l->now = NULL;
	}
	l->cpu += clock_thread_seconds() - start;
	if (code < 0 && err)
		*err = l->error;
	return code < 0 ? code : 0;
}

void live_destroy(struct live *l)
{
	if (!l)
		return;
	held_drop(l);
	prune_destroy(l->prune);
	conv_finish(&l->conv);
	live_store_finish(&l->store);
	free(l);
}

/* ---- the file ------------------------------------------------------------------------------ */

struct writing {
	struct live *l;
	struct blink_writer *w;
	uint32_t *ids;                   /* here -> in the file */
	uint32_t *words, cap;
	struct error *err;
};

static int record_write(struct writing *w, uint32_t *rec)
{
	const struct gl_op *o = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < o->noperands; i++) {
		uint32_t *id = rec + o->operands[i].word;
		struct sp_payload p;

		if (o->operands[i].kind != GL_KIND_PAYLOAD || !*id)
			continue;
		if (!live_store_get(&w->l->store, *id, &p))
			return error_set(w->err, -EBADMSG, "capture: payload %u is not there", *id);
		if (!w->ids[*id])
			w->ids[*id] = blink_writer_payload(w->w, p.data, p.size);
		*id = w->ids[*id];
	}
	return 0;
}

static int sp_write(struct writing *w, const struct sp *from, uint32_t frame)
{
	struct sp sp = *from;
	int ret = 0;
	bool bad;

	if (sp.nwords > w->cap) {
		uint32_t *v = realloc(w->words, (size_t)sp.nwords * sizeof(*v));

		if (!v)
			return error_set(w->err, -ENOMEM, "capture: out of memory");
		w->words = v;
		w->cap = sp.nwords;
	}
	memcpy(w->words, sp.code, (size_t)sp.nwords * 4);
	for (uint32_t *rec = w->words; ret >= 0 && sp_next(rec, w->words + sp.nwords, &bad);
	     rec += sp_words(rec))
		ret = record_write(w, rec);
	sp.code = w->words;
	sp.frame = frame;
	return ret < 0 ? ret : blink_writer_sp(w->w, &sp, NULL);
}

static int frames_write(struct writing *w)
{
	uint32_t number = 0;
	int ret = 0;

	w->ids = calloc(w->l->store.n, sizeof(*w->ids));
	if (!w->ids)
		return error_set(w->err, -ENOMEM, "capture: out of memory");
	for (const struct frame *f = w->l->oldest; f && ret >= 0; f = f->next, number++) {
		for (uint32_t i = 0; i < f->n && ret >= 0; i++)
			ret = sp_write(w, &f->sps[i], number);
		blink_writer_frame_data(w->w, &f->data);
	}
	free(w->ids);
	free(w->words);
	return ret;
}

static void number(struct json_object *j, const char *key, uint64_t n)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)n));
}

static int commit(struct live *l, struct blink_writer *w, const struct prune_stats *s,
		  struct error *err)
{
	struct json_object *j = json_object_new_object();
	int ret;

	if (l->opt.tool)
		json_object_object_add(j, "tool", json_object_new_string(l->opt.tool));
	number(j, "pruned_at_frame", l->stats.frames - l->held);
	number(j, "records_before", s->records);
	number(j, "records_kept", s->kept_total);
	json_object_object_add(j, "back_buffer", json_object_new_string(s->preserved ?
			       "preserved" : "undefined after swaps"));
	json_object_object_add(j, "of", conv_provenance(&l->conv, l->opt.name));
	ret = blink_writer_commit(w, json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN),
				  err);
	json_object_put(j);
	return ret;
}

static void stats_get(const struct live *l, struct live_stats *stats)
{
	stats->converted = l->stats;
	prune_stats_get(l->prune, &stats->pruned);
	stats->frames_kept = l->held;
	stats->recorded = l->end;
	stats->given_back = recording_given_back(l->store.recording);
	stats->peak = l->peak;
	stats->memory = l->memory;
	stats->cpu = l->cpu;
}

int live_write(struct live *l, const char *out, struct live_stats *stats, struct error *err)
{
	const struct blink_writer_options wo = { .level = l->opt.level };
	struct writing w = { .l = l, .err = err };
	struct prune_stats pruned;
	double start = clock_thread_seconds();
	int ret = l->error.code;

	if (ret < 0 && err)
		*err = l->error;
	if (ret >= 0)
		ret = blink_writer_create(&w.w, out, &wo, err);
	if (ret < 0)
		return ret;
	conv_names_give(&l->conv, w.w);
	ret = prune_emit(l->prune, w.w, err);
	if (ret >= 0)
		ret = frames_write(&w);
	prune_stats_get(l->prune, &pruned);
	if (ret >= 0)
		ret = commit(l, w.w, &pruned, err);
	blink_writer_destroy(w.w);
	l->cpu += clock_thread_seconds() - start;
	if (ret >= 0 && stats)
		stats_get(l, stats);
	return ret;
}
