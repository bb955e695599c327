/* capture_flow.c - see capture_flow.h. */
#include "cli/capture_flow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "blink/sp/file.h"
#include "capture/convert.h"
#include "capture/live.h"
#include "capture/run_record.h"
#include "cli/capture_say.h"
#include "cli/cli.h"
#include "cli/command.h"

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n > k && !strcmp(s + n - k, end);
}

static bool wants_blink(const struct capture_flow *f)
{
	return ends_with(f->output, ".blink");
}

bool capture_recorder_parse(const char *word, enum capture_recorder *out)
{
	static const char *const words[] = {
		[CAPTURE_AUTO] = "auto", [CAPTURE_APITRACE] = "apitrace", [CAPTURE_BLINK] = "blink"
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!word || !strcmp(word, words[i])) {
			*out = (enum capture_recorder)i;
			return true;
		}
	return false;
}

const char *capture_flow_objection(const struct capture_flow *f)
{
	if (f->recorder == CAPTURE_BLINK && !wants_blink(f))
		return "our recorder's output is a .blink file (-o X.blink)";
	if (f->recorder == CAPTURE_APITRACE && f->run.hash)
		return "apitrace does not hash pictures (--recorder blink)";
	if (!wants_blink(f) && (f->run.hash || f->keep || f->prune))
		return "--hash, --prune and --keep-recording want -o X.blink";
	if (f->recorder == CAPTURE_APITRACE && f->prune)
		return "what apitrace records is pruned afterwards (blinkctl prune)";
	return NULL;
}

/* Ours, unless it cannot serve and nobody insisted on it. */
static enum run_recorder recorder_choose(const struct capture_flow *f)
{
	char path[4096];
	const char *why;

	if (f->recorder == CAPTURE_APITRACE || !wants_blink(f))
		return RUN_APITRACE;
	if (f->recorder == CAPTURE_BLINK || !run_find_program(f->run.argv[0], path, sizeof path))
		return RUN_BLINK;
	why = run_recorder_refuses(path);
	if (!why && !run_find_recorder(path, sizeof path))
		why = "libblink-record.so is not there";
	if (!why)
		return RUN_BLINK;
	fprintf(stderr, "blinkctl: %s: recorded by apitrace: %s\n", f->program, why);
	return RUN_APITRACE;
}

/* ---- conversion ------------------------------------------------------------------ */

struct conversion {
	struct convert_stats stats;
	double cpu;
};

static void convert_progress(void *user, double fraction, uint32_t frame)
{
	char detail[32];

	snprintf(detail, sizeof detail, "frame %u", frame);
	cli_progress(user, fraction, detail);
}

static struct convert_options convert_options_of(const struct capture_flow *f)
{
	return (struct convert_options){
		.keep_going = f->keep_going, .frames = (uint32_t)f->run.frames,
		.level = f->pack ? 0 : BLINK_UNPACKED, .unjudged = true,
	};
}

static int convert(const struct capture_flow *f, const char *scratch, struct conversion *c,
		   struct error *err)
{
	struct convert_options opt = convert_options_of(f);
	char what[] = "converting";
	clock_t start = clock();
	int r;

	opt.progress = convert_progress;
	opt.user = what;
	r = convert_trace(scratch, f->output, &opt, &c->stats, err);
	cli_progress(what, -1, NULL);
	c->cpu += (double)(clock() - start) / CLOCKS_PER_SEC;
	return r;
}

/* While the program runs, what it calls is converted as it comes: it is in caches then, and
 * needs not be read again.  The recording stays whole all the same.  When it turns out that
 * this is not what is wanted (it cannot be converted, or another process draws), it is left,
 * and the recording converted when the program has ended. */
struct following {
	const struct capture_flow *f;
	struct converting *v;
	struct conversion result;
	bool left, ended;
};

static int following_feed(void *user, const char *recording, struct record_header *header,
			  bool last, struct error *err)
{
	struct following *g = user;
	const struct convert_options opt = convert_options_of(g->f);
	clock_t start = clock();
	int r = 0;

	(void)err;
	if (g->left)
		return 0;
	if (run_recording_processes(header) > 1)
		r = -ENOTSUP;
	if (r >= 0 && !g->v)
		r = convert_follow(&g->v, recording, g->f->output, &opt, NULL);
	if (r >= 0)
		r = last ? convert_end(g->v, g->f->run.output, &g->result.stats, NULL)
			 : convert_more(g->v, NULL);
	g->ended = last && r >= 0;
	g->left = r < 0;
	if (g->left || g->ended) {
		convert_destroy(g->v);
		g->v = NULL;
	}
	g->result.cpu += (double)(clock() - start) / CLOCKS_PER_SEC;
	return 0;
}

static void add_count(struct json_object *j, const char *key, uint64_t n)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)n));
}

/* The capture's summary, with what became of it. */
static void summary_extend(struct json_object *j, const struct capture_flow *f,
			   const struct conversion *c)
{
	const struct convert_stats *s = &c->stats;
	struct stat st;
	char text[32];

	json_object_object_del(j, "trace");
	json_object_object_del(j, "truncated");
	json_object_object_del(j, "distinct_functions");
	json_object_object_add(j, "output", json_object_new_string(f->output));
	add_count(j, "output_bytes", stat(f->output, &st) ? 0 : (uint64_t)st.st_size);
	add_count(j, "frames", s->frames);
	add_count(j, "calls", s->calls);
	add_count(j, "records", s->records);
	add_count(j, "payload_bytes", s->payload_bytes);
	if (!f->prune)
		add_count(j, "payload_unique_bytes", s->payload_unique);
	add_count(j, "threads", s->threads);
	add_count(j, "contexts", s->contexts);
	add_count(j, "not_recorded", s->recorder_lost);
	add_count(j, "not_converted", s->lost);
	if (f->prune)
		return;
	snprintf(text, sizeof text, "%.3f", c->cpu);
	json_object_object_add(j, "convert_cpu_seconds", json_object_new_double_s(c->cpu, text));
}

static void remarks(const struct capture_flow *f, const struct conversion *c)
{
	if (c->stats.recorder_remarks[0])
		fprintf(stderr, "blinkctl: %s: %s\n", f->program, c->stats.recorder_remarks);
	if (c->stats.lost)
		fprintf(stderr, "blinkctl: %s: %llu calls could not be converted and are left out; the provenance names them\n",
			f->output, (unsigned long long)c->stats.lost);
}

/* ---- pruned while it is recorded --------------------------------------------------- */

struct pruning {
	const struct capture_flow *f;
	struct live *live;
	double written;                  /* when last */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int pruning_feed(void *user, const char *recording, struct record_header *header,
			  bool last, struct error *err)
{
	struct pruning *p = user;
	const struct live_options opt = {
		.last = p->f->last, .frames = (uint32_t)p->f->run.frames, .whole = p->f->keep != NULL,
		.level = p->f->pack ? 0 : BLINK_UNPACKED, .name = p->f->run.output, .tool = "blinkctl " BLINKCTL_VERSION,
	};
	int r = p->live ? 0 : live_create(&p->live, recording, header, &opt, err);

	p->written = p->written > 0 ? p->written : now();
	if (r >= 0)
		r = last ? live_end(p->live, err) : live_follow(p->live, err);
	if (r >= 0 && !last && p->f->every > 0 && now() - p->written >= p->f->every) {
		r = live_write(p->live, p->f->output, NULL, err);
		p->written = now();
	}
	return r;
}

static void add_pruned(struct json_object *j, const struct live_stats *s)
{
	char text[32];

	add_count(j, "frames_kept", s->frames_kept);
	add_count(j, "records_before", s->pruned.records);
	add_count(j, "records_kept", s->pruned.kept_total);
	add_count(j, "recorded_bytes", s->recorded);
	add_count(j, "given_back_bytes", s->given_back);
	add_count(j, "most_on_disk_bytes", s->peak);
	add_count(j, "most_in_memory_bytes", s->memory);
	snprintf(text, sizeof text, "%.3f", s->cpu);
	json_object_object_add(j, "prune_cpu_seconds", json_object_new_double_s(s->cpu, text));
}

/* ---- the whole ------------------------------------------------------------------- */

static int scratch_name(const struct capture_flow *f, char *name, size_t size, struct error *err)
{
	bool trace = f->run.recorder == RUN_APITRACE;
	int n;

	if (!wants_blink(f))
		n = snprintf(name, size, "%s", f->output);
	else if (f->keep)
		n = snprintf(name, size, "%s", f->keep);
	else
		n = snprintf(name, size, "%s%s", f->output, trace ? ".trace" : ".recording");
	if (n >= (int)size)
		return error_set(err, -ENAMETOOLONG, "%s: name too long", f->output);
	return 0;
}

int capture_flow_run(struct capture_flow *f, struct json_object **summary, struct error *err)
{
	struct conversion c = { .cpu = 0 };
	struct following g = { .f = f };
	struct pruning p = { .f = f };
	struct live_stats pruned;
	struct run_result res;
	char scratch[4096];
	int r;

	*summary = NULL;
	f->run.recorder = recorder_choose(f);
	if (f->prune && f->run.recorder != RUN_BLINK)
		return error_set(err, -ENOTSUP, "%s: cannot be pruned while it is recorded by apitrace "
				 "(without --prune; then blinkctl prune)", f->program);
	r = scratch_name(f, scratch, sizeof scratch, err);
	if (r < 0)
		return r;
	f->run.output = scratch;
	if (!isatty(STDERR_FILENO))
		f->run.progress = NULL;
	if (f->prune) {
		f->run.feed = pruning_feed;
		f->run.feed_user = &p;
	} else if (f->run.recorder == RUN_BLINK) {
		f->run.whole = true;
		f->run.feed = following_feed;
		f->run.feed_user = &g;
	}
	r = run_capture(&f->run, &res, err);
	cli_progress("capturing", -1, NULL);
	if (r >= 0 && f->prune) {
		r = live_write(p.live, f->output, &pruned, err);
		c.stats = pruned.converted;
	}
	live_destroy(p.live);
	convert_destroy(g.v);
	if (r < 0 && f->prune && !f->keep)
		unlink(scratch);
	if (r < 0)
		return r;
	if (!f->prune)
		c = g.result;
	if (wants_blink(f) && !f->prune && !g.ended) {
		r = convert(f, scratch, &c, err);
		if (r < 0) {
			struct error why = *err;

			return error_set(err, r, "%s (what was recorded is kept: %s)", why.text, scratch);
		}
	}
	capture_remarks(f->program, &res);
	*summary = capture_summary(f->output, &res);
	if (wants_blink(f)) {
		remarks(f, &c);
		summary_extend(*summary, f, &c);
		if (!f->keep)
			unlink(scratch);
	}
	if (f->prune)
		add_pruned(*summary, &pruned);
	return 0;
}
