/* minimise.c - generated programs against the pruner, by brute force.
 *
 * Each program is run in full and pruned; the states at the boundary and the pictures of
 * the frames after it must be equal.  Then, in the first ones, every kept call is left out
 * in turn: one whose absence changes neither is listed with the pruner's reason for keeping
 * it, and counted.  No program's count may exceed that in tests/log/minimise/golden, which
 * --update writes anew.
 *
 *     minimise [--update] [-n PROGRAMS] [-s FIRST] [-c COUNTED] [-f FAMILY,...] [-v]
 *
 * -c says up to which program calls are left out (0: only the first comparison, in
 * seconds).  -f generates from those families only, -v lists the needless calls, and prints
 * the records of programs that fail.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "blink/log/prune.h"
#include "blink/sp/asm.h"
#include "blink/verify/verify.h"
#include "replay/state_compare.h"
#include "tests/log/minimise/prune_gen.h"

#define SKIP 77
#define PROGRAMS 200u
#define COUNTED 40u
#define GOLDEN "tests/log/minimise/golden"
#define KINDS 4096u

/* ---- running ------------------------------------------------------------------- */

struct run {
	struct sink *sink;
	struct client client;
	struct state_track track;
	struct verify_state *verify;
	struct verify_env env;
	struct client_limits limits;
	uint64_t pictures;
	bool refused;
	char why[600];
};

static struct sink *sink;              /* one driver for all */

static void limits_fill(struct client_limits *l)
{
	memset(l, 0, sizeof(*l));
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		l->names[s] = 32;
	l->slots = 16;
}

static void on_swap(void *user, uint32_t drawable)
{
	struct run *r = user;
	uint8_t *rgb = NULL;
	uint32_t w = 0, h = 0;

	(void)drawable;
	if (sink_gl_read(r->sink, &rgb, &w, &h, NULL) >= 0)
		r->pictures = XXH3_64bits_withSeed(rgb, (size_t)w * h * 3, r->pictures ^ w);
	free(rgb);
}

static void run_start(struct run *r)
{
	struct error err;

	memset(r, 0, sizeof(*r));
	r->sink = sink;
	limits_fill(&r->limits);
	r->verify = verify_state_create();
	memcpy(r->env.limits.names, r->limits.names, sizeof(r->limits.names));
	r->env.limits.slots = r->limits.slots;
	r->env.limits.words = SP_MAX_WORDS;
	r->env.limits.allow_opaque = r->env.limits.allow_sensitive = true;
	if (client_init(&r->client, sink, &r->limits, &err) < 0 ||
	    state_track_init(&r->track, &r->limits, &err) < 0 || !r->verify) {
		fprintf(stderr, "minimise: out of memory\n");
		exit(1);
	}
	r->client.on_swap = on_swap;
	r->client.swap_user = r;
}

static void run_end(struct run *r)
{
	sink->ops->make_current(sink, 0, 0, 0, NULL);
	client_finish(&r->client);
	state_track_finish(&r->track);
	verify_state_destroy(r->verify);
	for (uint32_t i = 1; i <= 32; i++) {
		sink->ops->context_destroy(sink, i);
		sink->ops->drawable_destroy(sink, i);
	}
}

static bool run_sp(struct run *r, const struct sp *sp, const struct sp_payloads *payloads)
{
	struct verify_verdict v;
	struct error err = { 0 };

	r->env.payloads = r->client.payloads = *payloads;
	if (verify_sp(r->verify, &r->env, sp, &v) < 0) {
		r->refused = true;
		snprintf(r->why, sizeof(r->why), "refused: %s: record %u: %s",
			 verify_reason_sentence(v.reason), v.record, v.line);
		return false;
	}
	if (state_track_sp(&r->track, sp, payloads, &err) < 0 ||
	    interp_run(&r->client, sp, 0) != ENGINE_END) {
		snprintf(r->why, sizeof(r->why), "failed: %s",
			 err.text[0] ? err.text : r->client.error.text);
		return false;
	}
	return true;
}

static bool run_frames(struct run *r, const struct gen_program *p, unsigned from, unsigned to)
{
	const struct sp_payloads payloads = { p->payloads, p->npayloads };

	for (unsigned i = from; i < to; i++)
		if (!run_sp(r, &p->sps[1 + i], &payloads))
			return false;
	return true;
}

static bool run_take(struct run *r, struct state_dump *d)
{
	const struct state_subject s = { &r->client, sink, &r->track };
	struct error err = { 0 };

	if (state_subject_take(&s, d, &err) >= 0)
		return true;
	snprintf(r->why, sizeof(r->why), "%s", err.text);
	return false;
}

static unsigned errors_count(struct run *r)
{
	unsigned n = sink_gl_errors(sink, NULL);

	for (uint32_t c = 1; c < r->track.ncontexts; c++) {
		if (!r->track.contexts[c].ready || !r->track.contexts[c].live)
			continue;
		sink->ops->make_current(sink, c, 1, 1, NULL);
		n += sink_gl_errors(sink, NULL);
	}
	sink->ops->make_current(sink, r->track.current, 1, 1, NULL);
	return n;
}

/* What a program comes to: the state at the boundary and the pictures behind it. */
struct outcome {
	struct state_dump dump;
	uint64_t hash, pictures;
	bool good;
	unsigned errors;
	char why[600];
};

static void outcome_end(struct run *r, const struct gen_program *p, bool good, struct outcome *o)
{
	state_init(&o->dump, 0);
	if (good)
		o->errors = errors_count(r);
	good = good && run_take(r, &o->dump);
	o->hash = state_hash(&o->dump);
	r->pictures = 0;
	o->good = good && run_frames(r, p, GEN_BOUNDARY, GEN_FRAMES);
	o->pictures = r->pictures;
	memcpy(o->why, r->why, sizeof(o->why));
	run_end(r);
}

static void outcome_full(const struct gen_program *p, struct outcome *o)
{
	const struct sp_payloads payloads = { p->payloads, p->npayloads };
	struct run r;

	memset(o, 0, sizeof(*o));
	run_start(&r);
	outcome_end(&r, p, run_sp(&r, &p->sps[0], &payloads) &&
			   run_frames(&r, p, 0, GEN_BOUNDARY), o);
}

/* ---- pruning ------------------------------------------------------------------- */

struct kept { uint32_t at; uint32_t words; enum prune_kind kind; unsigned slot; bool selector; };

struct pruned {
	struct buf code;
	struct kept *v;
	uint32_t n, cap;
};

static int payload_give(void *user, uint32_t id, struct sp_payload *out, struct error *err)
{
	const struct gen_program *p = user;

	if (id >= p->npayloads)
		return error_set(err, -EINVAL, "there is no payload %u", id);
	*out = p->payloads[id];
	return 0;
}

static int kept_note(void *user, const uint32_t *rec, enum prune_kind kind, uint64_t index,
		     unsigned slot)
{
	struct pruned *p = user;

	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 256;
		p->v = realloc(p->v, p->cap * sizeof(*p->v));
		if (!p->v)
			return -ENOMEM;
	}
	p->v[p->n++] = (struct kept){ (uint32_t)p->code.len, sp_words(rec), kind, slot,
				      index == UINT64_MAX };
	buf_append(&p->code, rec, 4 * sp_words(rec));
	return 0;
}

static bool prune_make(struct gen_program *p, const char *path, struct pruned *out,
		       struct error *err)
{
	const struct prune_options opt = { .back_buffer = PRUNE_PRESERVED, .payload = payload_give,
					   .user = p };
	struct blink_writer *w = NULL;
	struct prune *prune = NULL;
	int e = prune_create(&prune, &opt, err);

	for (unsigned i = 0; i < 1 + GEN_BOUNDARY && e >= 0; i++) {
		e = prune_add(prune, &p->sps[i], err);
		if (e >= 0 && i)
			e = prune_frame(prune, err);
	}
	if (e >= 0)
		e = blink_writer_create(&w, path, NULL, err);
	if (e >= 0)
		e = prune_emit(prune, w, err);
	blink_writer_destroy(w);
	memset(out, 0, sizeof(*out));
	buf_init(&out->code);
	if (e >= 0)
		e = prune_each(prune, kept_note, out);
	prune_destroy(prune);
	return e >= 0;
}

/* The pruned program without the record `without` (UINT32_MAX: whole). */
static void outcome_pruned(const struct gen_program *p, const struct pruned *k, uint32_t without,
			   struct outcome *o)
{
	const struct sp_payloads payloads = { p->payloads, p->npayloads };
	struct buf code;
	struct sp sp = { .callback = SP_INIT };
	struct run r;

	memset(o, 0, sizeof(*o));
	buf_init(&code);
	for (uint32_t i = 0; i < k->n; i++)
		if (i != without)
			buf_append(&code, k->code.data + k->v[i].at, 4 * k->v[i].words);
	sp_end(&code);
	sp.code = (const uint32_t *)(const void *)code.data;
	sp.nwords = (uint32_t)(code.len / 4);
	run_start(&r);
	outcome_end(&r, p, run_sp(&r, &sp, &payloads), o);
	buf_finish(&code);
}

/* What became of the kept calls one by one, in memory that a child process shares. */
enum fate { UNTRIED, NEEDED, NEEDLESS, DEADLY };
static uint8_t *fates;
#define FATES 65536u

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->good && b->good && a->hash == b->hash && a->pictures == b->pictures;
}

static void fates_find(const struct gen_program *p, const struct pruned *k,
		       const struct outcome *full, unsigned worker, unsigned workers)
{
	for (uint32_t i = 0; i < k->n; i++) {
		struct outcome o;

		if (fates[i] != UNTRIED || k->v[i].selector || i % workers != worker)
			continue;
		fates[i] = DEADLY;
		outcome_pruned(p, k, i, &o);
		fates[i] = same(full, &o) ? NEEDLESS : NEEDED;
		state_finish(&o.dump);
	}
}

/* Drivers may well die of a program that lacks a record: in a process of its own, and
 * another one for what is left. */
static void fates_all(const struct gen_program *p, const struct pruned *k,
		      const struct outcome *full)
{
	long workers = sysconf(_SC_NPROCESSORS_ONLN);
	int status, bad = 1;

	if (k->n > FATES) {
		fprintf(stderr, "minimise: too many calls kept\n");
		exit(1);
	}
	workers = workers < 1 ? 1 : workers > 16 ? 16 : workers;
	memset(fates, UNTRIED, k->n);
	while (bad) {
		for (long w = 0; w < workers; w++) {
			fflush(NULL);
			if (fork() == 0) {
				alarm(300);
				fates_find(p, k, full, (unsigned)w, (unsigned)workers);
				_exit(0);
			}
		}
		bad = 0;
		for (long w = 0; w < workers; w++)
			if (wait(&status) < 0 || status)
				bad++;
		for (uint32_t i = 0, left = 0; bad && i <= k->n; i++) {
			left += i < k->n && fates[i] == UNTRIED;
			if (i == k->n && !left)
				bad = 0;
		}
	}
}

/* ---- counting ------------------------------------------------------------------ */

/* Needless calls by instruction, kind and slot. */
struct tally { uint16_t op; uint8_t kind; unsigned slot; uint32_t n; };

struct totals {
	struct tally v[KINDS];
	unsigned n;
	struct { uint32_t kept, needless; bool judged; } of[PROGRAMS + 1];     /* by program */
	uint32_t programs, judged, records, kept, selectors, needless, failed, errors, died;
	unsigned long counted;      /* up to which program calls are left out */
	bool verbose;
};

static void tally_add(struct totals *t, uint16_t op, const struct kept *k)
{
	unsigned i;

	for (i = 0; i < t->n; i++)
		if (t->v[i].op == op && t->v[i].kind == k->kind && t->v[i].slot == k->slot)
			break;
	if (i == KINDS)
		return;
	if (i == t->n)
		t->v[t->n++] = (struct tally){ op, (uint8_t)k->kind, k->slot, 0 };
	t->v[i].n++;
	t->needless++;
}

static const char *slot_text(unsigned slot)
{
	return slot < gl_slot_count ? gl_slots[slot].name : "-";
}

static void record_print(FILE *f, const uint32_t *rec, const char *tail)
{
	struct buf text;

	buf_init(&text);
	sp_disassemble_record(rec, &text);
	fprintf(f, "#     %.*s%s\n", (int)text.len, (const char *)text.data, tail);
	buf_finish(&text);
}

static const uint32_t *kept_record(const struct pruned *k, uint32_t i)
{
	return (const uint32_t *)(const void *)(k->code.data + k->v[i].at);
}

/* ---- one program ----------------------------------------------------------------- */

static void difference_print(void *user, const struct state_entry *a, const struct state_entry *b)
{
	char text[256];

	(void)user;
	state_describe(a, b, text, sizeof(text));
	printf("#   %s\n", text);
}

static void program_print(const struct gen_program *p, const struct pruned *k)
{
	bool bad;

	for (unsigned i = 0; i <= GEN_FRAMES; i++) {
		const struct sp *sp = &p->sps[i];

		printf("#   %s %u\n", i ? "frame" : "init", sp->frame);
		for (const uint32_t *rec = sp->code; (rec = sp_next(rec, sp->code + sp->nwords, &bad));
		     rec += sp_words(rec))
			record_print(stdout, rec, "");
	}
	printf("#   kept at frame %u\n", GEN_BOUNDARY);
	for (uint32_t i = 0; i < k->n; i++)
		record_print(stdout, kept_record(k, i), k->v[i].selector ? "   (selector)" : "");
}

/* (a) nothing dropped that was needed */
static bool pruned_suffices(const struct gen_program *p, const struct pruned *k, uint64_t seed,
			    const struct outcome *full, struct totals *t)
{
	struct outcome o;
	bool ok;

	outcome_pruned(p, k, UINT32_MAX, &o);
	ok = same(full, &o);
	if (!ok) {
		printf("# not the same: program %" PRIu64 "%s%s%s\n", seed,
		       o.hash != full->hash ? ", state" : "",
		       o.pictures != full->pictures ? ", pictures" : "", o.good ? "" : ", ");
		if (!o.good)
			printf("#   %s\n", o.why);
		state_diff(&full->dump, &o.dump, difference_print, NULL);
		if (t->verbose)
			program_print(p, k);
		t->failed++;
	}
	state_finish(&o.dump);
	return ok;
}

/* (b) each kept call in turn */
static void needless_count(const struct gen_program *p, const struct pruned *k, uint64_t seed,
			   const struct outcome *full, struct totals *t)
{
	uint32_t kept = t->kept, needless = t->needless;

	fates_all(p, k, full);
	t->judged++;
	for (uint32_t i = 0; i < k->n; i++) {
		if (k->v[i].selector) {
			t->selectors++;
			continue;
		}
		t->kept++;
		if (fates[i] == DEADLY) {
			t->died++;
			printf("# the driver dies of program %" PRIu64 " without", seed);
			record_print(stdout, kept_record(k, i), "");
		}
		/* without a clear it may be seen what a new drawable holds: that is by chance */
		if (fates[i] != NEEDLESS || sp_opcode(*kept_record(k, i)) == OP_glClear)
			continue;
		tally_add(t, (uint16_t)sp_opcode(*kept_record(k, i)), &k->v[i]);
		if (!t->verbose)
			continue;
		printf("# needless in program %" PRIu64 ": kept as %s because of %s\n", seed,
		       prune_kind_names[k->v[i].kind], slot_text(k->v[i].slot));
		record_print(stdout, kept_record(k, i), "");
	}
	if (seed > PROGRAMS)
		return;
	t->of[seed].kept = t->kept - kept;
	t->of[seed].needless = t->needless - needless;
	t->of[seed].judged = true;
}

static void program_judge(uint64_t seed, uint32_t families, const char *path, struct totals *t)
{
	static struct gen_program p;
	struct error err = { 0 };
	struct outcome full;
	struct pruned k;

	gen_make(&p, seed, families);
	outcome_full(&p, &full);
	if (!full.good || full.errors) {
		printf("# program %" PRIu64 " itself fails: %s\n", seed,
		       full.good ? "a GL error" : full.why);
		t->errors++;
		memset(&k, 0, sizeof(k));
		if (t->verbose)
			program_print(&p, &k);
	} else if (!prune_make(&p, path, &k, &err)) {
		printf("# not pruned: program %" PRIu64 ": %s\n", seed, err.text);
		t->failed++;
	} else {
		t->programs++;
		t->records += p.records;
		if (pruned_suffices(&p, &k, seed, &full, t) && seed <= t->counted)
			needless_count(&p, &k, seed, &full, t);
	}
	buf_finish(&k.code);
	free(k.v);
	state_finish(&full.dump);
	gen_finish(&p);
}

/* ---- the golden -------------------------------------------------------------------- */

static int tally_order(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	if (x->op != y->op)
		return strcmp(gl_ops[x->op].name, gl_ops[y->op].name);
	return strcmp(slot_text(x->slot), slot_text(y->slot));
}

static void golden_write(FILE *f, const struct totals *t, const char *before)
{
	fprintf(f, "# Calls that the pruner keeps though leaving them out changes nothing, in generated\n"
		   "# programs: made by minimise --update.  The count may only fall.\n");
	fprintf(f, "%sprograms %u\n%scounted %u\n", before, t->programs, before, t->judged);
	fprintf(f, "%skept %u\n%sneedless %u\n", before, t->kept, before, t->needless);
	for (unsigned i = 0; i < t->n; i++)
		fprintf(f, "%s%u %s %s %s\n", before, t->v[i].n, gl_ops[t->v[i].op].name,
			prune_kind_names[t->v[i].kind], slot_text(t->v[i].slot));
}

/* Program by program: those that ran. */
static int golden_judge(const struct totals *t)
{
	unsigned program, kept, needless, found = 0, ran = 0, worse = 0;
	char line[256];
	FILE *f = fopen(GOLDEN, "r");

	for (unsigned i = 1; i <= PROGRAMS; i++)
		ran += t->of[i].judged;
	if (!f) {
		printf("# %s: %s (minimise --update writes it)\n", GOLDEN, strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "program %u kept %u needless %u", &program, &kept, &needless) != 3 ||
		    program > PROGRAMS || !t->of[program].judged)
			continue;
		found++;
		if (t->of[program].needless <= needless)
			continue;
		worse++;
		printf("# program %u: %u needlessly kept, the golden allows %u\n", program,
		       t->of[program].needless, needless);
	}
	fclose(f);
	if (found != ran)
		printf("# %s has %u of these %u programs\n", GOLDEN, found, ran);
	return worse || found != ran;
}

static int golden_update(struct totals *t)
{
	FILE *f = fopen(GOLDEN, "w");

	if (!f) {
		printf("# %s: %s\n", GOLDEN, strerror(errno));
		return 1;
	}
	golden_write(f, t, "");
	for (unsigned i = 1; i <= PROGRAMS; i++)
		if (t->of[i].judged)
			fprintf(f, "program %u kept %u needless %u\n", i, t->of[i].kept,
				t->of[i].needless);
	return fclose(f) != 0;
}

/* ---- the command --------------------------------------------------------------------- */

static uint32_t families_of(const char *text)
{
	uint32_t mask = 0;

	for (unsigned i = 0; gen_families[i]; i++) {
		const char *at = strstr(text, gen_families[i]);
		size_t n = strlen(gen_families[i]);

		if (at && (at == text || at[-1] == ',') && (!at[n] || at[n] == ','))
			mask |= 1u << i;
	}
	return mask;
}

int main(int argc, char **argv)
{
	static struct totals t = { .counted = COUNTED };
	unsigned long count = PROGRAMS, first = 1;
	uint32_t families = UINT32_MAX;
	bool update = false;
	char path[] = "/tmp/blink-minimise-XXXXXX";
	int c, fd, status;

	for (c = 1; c < argc; c++) {
		if (!strcmp(argv[c], "--update"))
			update = true;
		else if (!strcmp(argv[c], "-v"))
			t.verbose = true;
		else if (c + 1 < argc && !strcmp(argv[c], "-c"))
			t.counted = strtoul(argv[++c], NULL, 10);
		else if (c + 1 < argc && !strcmp(argv[c], "-n"))
			count = strtoul(argv[++c], NULL, 10);
		else if (c + 1 < argc && !strcmp(argv[c], "-s"))
			first = strtoul(argv[++c], NULL, 10);
		else if (c + 1 < argc && !strcmp(argv[c], "-f"))
			families = families_of(argv[++c]);
		else
			return fprintf(stderr, "usage: minimise [--update] [-n PROGRAMS] "
				       "[-s FIRST] [-c COUNTED] [-f FAMILY,...] [-v]\n"), 2;
	}
	setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
	/* the driver that compiles nothing: programs are many and small */
	setenv("GALLIUM_DRIVER", "softpipe", 1);
	setenv("DRAW_USE_LLVM", "0", 1);
	/* it is forked: no threads */
	setenv("LP_NUM_THREADS", "0", 1);
	setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
	setenv("mesa_glthread", "false", 1);
	if (sink_gl_create(&sink, NULL, NULL) < 0) {
		fprintf(stderr, "minimise: no GL driver off-screen: skipped\n");
		return SKIP;
	}
	fates = mmap(NULL, FATES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fd = mkstemp(path);
	if (fates == MAP_FAILED || fd < 0) {
		fprintf(stderr, "minimise: %s\n", strerror(errno));
		return 1;
	}
	for (unsigned long i = 0; i < count; i++)
		program_judge(first + i, families, path, &t);
	close(fd);
	unlink(path);
	sink_destroy(sink);
	qsort(t.v, t.n, sizeof(*t.v), tally_order);
	golden_write(stdout, &t, "# ");
	printf("# records %u, selectors %u, failed %u, programs with errors %u, deaths of the driver %u\n",
	       t.records, t.selectors, t.failed, t.errors, t.died);
	/* the golden is of all families */
	status = update ? golden_update(&t) : families != UINT32_MAX ? 0 : golden_judge(&t);
	printf("1..3\n%s 1 - generated programs raise no error\n"
	       "%s 2 - pruned they are in the same state and show the same pictures\n"
	       "%s 3 - no more calls are kept needlessly than the golden allows\n",
	       t.errors ? "not ok" : "ok", t.failed ? "not ok" : "ok", status ? "not ok" : "ok");
	return status || t.failed || t.errors;
}
