/* cmd_verify.c - blinkctl verify: the static verifier over a file's procedures. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blink/server/confined.h"
#include "blink/sp/file.h"
#include "blink/verify/verify.h"
#include "cli/command.h"

enum { OPT_OWN, OPT_FACTS, OPT_FRAMES };

static const struct cli_option options[] = {
	[OPT_OWN] = { 'o', "own", NULL,
		      "as one's own file: also what a server refuses (opaque, unmediated)" },
	[OPT_FACTS] = { 'F', "facts", NULL, "the facts of each procedure too" },
	[OPT_FRAMES] = { 'f', "frames", "A:B", "up to frame B-1; facts of frames A to B-1 only" },
	{ 0 }
};

#define CACHE_BYTES (UINT64_C(64) << 20)

struct verification {
	struct blink_file *file;
	struct verify_state *state;
	struct verify_env env;
	struct verify_verdict verdict;
	uint32_t first, end;                /* frames whose facts count: [first, end) */
	uint32_t sps, rerunnable, redraws, contexts;
	uint64_t commands, vertices, opaque;
	uint32_t clears_color, clears_depth, clears_stencil;
	uint32_t uses_depth, uses_stencil, uses_blend, reads_framebuffer, draws;
	uint32_t opaque_area, direct, unknown_lists, mediations;
	struct json_object *facts;          /* of each procedure, where they are asked for */
	bool own;                           /* not as a server does */
	bool refused;
	uint32_t sp, frame;                 /* the one refused */
	struct error err;
};

/* ---- procedures ---------------------------------------------------------- */

/* What a call leads to stays pinned: callees are few. */
static const struct sp *callee(void *user, uint32_t id)
{
	struct verification *v = user;
	static _Thread_local struct sp sp;

	if (id >= blink_sp_count(v->file) || blink_sp_load(v->file, id, &sp, NULL) < 0)
		return NULL;
	v->env.payloads = *blink_payloads(v->file);
	return &sp;
}

static void facts_add(struct verification *v, const struct sp *sp)
{
	const struct verify_facts *f = &v->verdict.facts;

	v->sps++;
	v->redraws += sp->callback == SP_REDRAW;
	v->rerunnable += sp->callback == SP_REDRAW && f->rerunnable;
	v->contexts += f->contexts;
	v->commands += f->commands;
	v->vertices += f->vertices;
	v->opaque += f->opaque;
	v->clears_color += f->clears_color;
	v->clears_depth += f->clears_depth;
	v->clears_stencil += f->clears_stencil;
	v->uses_depth += f->uses_depth;
	v->uses_stencil += f->uses_stencil;
	v->uses_blend += f->uses_blend;
	v->reads_framebuffer += f->reads_framebuffer;
	v->draws += f->draws;
	v->opaque_area += verify_facts_opaque(f);
	v->direct += verify_facts_direct(f);
	v->unknown_lists += f->unknown_lists;
	v->mediations |= f->mediations;
}

/* ---- of one procedure ------------------------------------------------------ */

static void add_int(struct json_object *o, const char *name, uint64_t value)
{
	json_object_object_add(o, name, json_object_new_int64((int64_t)value));
}

static void add_words(struct json_object *o, const char *name, const char *words)
{
	json_object_object_add(o, name, json_object_new_string(words));
}

static void word_append(struct buf *b, const char *word)
{
	buf_printf(b, "%s%s", b->len ? " " : "", word);
}

static void add_list(struct json_object *o, const char *name, struct buf *words)
{
	buf_append(words, "", 1);
	add_words(o, name, buf_failed(words) ? "" : (const char *)words->data);
	buf_finish(words);
}

static void add_mediations(struct json_object *o, uint32_t mediations)
{
	struct buf b;

	buf_init(&b);
	for (unsigned i = 0; gl_mediations[i].name; i++)
		if (mediations >> i & 1)
			word_append(&b, gl_mediations[i].name);
	add_list(o, "mediations", &b);
}

static void add_uses(struct json_object *o, const struct verify_facts *f)
{
	const struct { bool is; const char *word; } v[] = {
		{ f->clears_color, "clears-color" }, { f->clears_depth, "clears-depth" },
		{ f->clears_stencil, "clears-stencil" }, { f->draws, "draws" },
		{ f->uses_depth, "depth" }, { f->uses_stencil, "stencil" }, { f->uses_blend, "blend" },
		{ f->reads_framebuffer, "reads-framebuffer" },
		{ f->relative & VERIFY_RELATIVE_STIPPLE, "stipple" },
		{ f->relative & VERIFY_RELATIVE_SHADER, "fragment-programs" },
		{ f->relative & VERIFY_RELATIVE_RASTER, "raster-positions" },
		{ f->relative & VERIFY_RELATIVE_ACCUM, "accumulates" },
		{ f->clamps, "registers-to-clamp" }, { f->rerunnable, "rerunnable" },
		{ verify_facts_opaque(f), "opaque" }, { verify_facts_direct(f), "direct-composable" },
	};
	struct buf b;

	buf_init(&b);
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		if (v[i].is)
			word_append(&b, v[i].word);
	add_list(o, "facts", &b);
}

static void add_names(struct json_object *o, const struct sp *sp,
		      const struct sp_payloads *payloads)
{
	uint32_t max[GL_SPACE_COUNT];
	struct buf b;

	buf_init(&b);
	verify_names_used(sp, payloads, max);
	for (unsigned i = 1; i < GL_SPACE_COUNT; i++)
		if (max[i])
			buf_printf(&b, "%s%s:%u", b.len ? " " : "", gl_spaces[i].name, max[i]);
	add_list(o, "names", &b);
}

static void procedure_add(struct verification *v, const struct sp *sp)
{
	const struct verify_facts *f = &v->verdict.facts;
	struct json_object *o = json_object_new_object();

	add_int(o, "sp", sp->id);
	add_words(o, "callback", sp_callback_names[sp->callback]);
	add_int(o, "frame", sp->frame);
	add_int(o, "commands", f->commands);
	add_int(o, "vertices", f->vertices);
	add_int(o, "unknown_lists", f->unknown_lists);
	add_uses(o, f);
	add_mediations(o, f->mediations);
	add_names(o, sp, &v->env.payloads);
	json_object_array_add(v->facts, o);
}

static int sp_check(struct verification *v, uint32_t id, bool counts)
{
	struct sp sp;
	int r = blink_sp_load(v->file, id, &sp, &v->err);

	if (r < 0)
		return r;
	v->env.payloads = *blink_payloads(v->file);
	r = verify_sp(v->state, &v->env, &sp, &v->verdict);
	if (r == -EACCES) {
		v->refused = true;
		v->sp = id;
		v->frame = sp.frame;
	} else if (r < 0) {
		error_set(&v->err, r, "verify: SP %u: out of memory", id);
	} else if (counts) {
		facts_add(v, &sp);
		if (v->facts)
			procedure_add(v, &sp);
	}
	blink_sp_release(v->file, id);
	return r;
}

static int range_check(struct verification *v, uint32_t first, uint32_t count, bool counts)
{
	int r = 0;

	for (uint32_t i = 0; i < count && r >= 0; i++)
		r = sp_check(v, first + i, counts);
	return r;
}

static int file_check(struct verification *v)
{
	int r = range_check(v, 0, blink_init_count(v->file), v->first == 0);

	for (uint32_t f = 0; f < v->end && r >= 0; f++) {
		uint32_t first, count;

		cli_progress("verify", v->end ? (double)f / v->end : 1, NULL);
		r = blink_frame(v->file, f, &first, &count);
		if (r < 0)
			return error_set(&v->err, r, "verify: frame %u is damaged", f);
		r = range_check(v, first, count, f >= v->first);
	}
	cli_progress("verify", -1, NULL);
	return r;
}

/* ---- results ------------------------------------------------------------- */

static struct json_object *facts_json(const struct verification *v)
{
	struct json_object *o = json_object_new_object();

	add_int(o, "procedures", v->sps);
	add_int(o, "redraws", v->redraws);
	add_int(o, "rerunnable", v->rerunnable);
	add_int(o, "commands", v->commands);
	add_int(o, "vertices", v->vertices);
	add_int(o, "opaque_commands", v->opaque);
	add_int(o, "contexts_made_current", v->contexts);
	add_int(o, "draw", v->draws);
	add_int(o, "clear_color_first", v->clears_color);
	add_int(o, "clear_depth_first", v->clears_depth);
	add_int(o, "clear_stencil_first", v->clears_stencil);
	add_int(o, "use_depth", v->uses_depth);
	add_int(o, "use_stencil", v->uses_stencil);
	add_int(o, "use_blend", v->uses_blend);
	add_int(o, "read_framebuffer", v->reads_framebuffer);
	add_int(o, "opaque", v->opaque_area);
	add_int(o, "direct_composable", v->direct);
	add_int(o, "calls_of_unknown_lists", v->unknown_lists);
	add_mediations(o, v->mediations);
	return o;
}

static struct json_object *refusal_json(const struct verification *v)
{
	struct json_object *o = json_object_new_object();
	const struct verify_verdict *d = &v->verdict;

	add_int(o, "sp", v->sp);
	add_int(o, "frame", v->frame);
	add_int(o, "record", d->record);
	add_int(o, "word", d->word);
	json_object_object_add(o, "line", json_object_new_string(d->line));
	json_object_object_add(o, "reason",
			       json_object_new_string(verify_reason_name(d->reason)));
	json_object_object_add(o, "why",
			       json_object_new_string(verify_reason_sentence(d->reason)));
	return o;
}

static int report(const struct cli_args *args, const struct verification *v)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "verdict",
			       json_object_new_string(v->refused ? "refused" : "accepted"));
	add_words(j, "verified_as", v->own ? "own" : "client");
	if (v->refused)
		json_object_object_add(j, "refusal", refusal_json(v));
	json_object_object_add(j, "facts", facts_json(v));
	if (v->facts)
		json_object_object_add(j, "procedures", json_object_get(v->facts));
	cli_print(args, j);
	return v->refused ? EXIT_DIFFERENT : EXIT_GOOD;
}

/* ---- the command --------------------------------------------------------- */

/* A client's names and slots are as many as it says, and a server gives at most so many. */
static void env_fill(struct verification *v)
{
	struct verify_limits *l = &v->env.limits;

	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		l->names[i] = blink_names_max(v->file, i);
	l->slots = blink_slots(v->file);
	l->words = SP_MAX_WORDS;
	l->allow_opaque = l->allow_sensitive = v->own;
	if (!v->own)
		confined_limits(l, &vso_quotas_default);
	v->env.want_rerunnable = true;
	v->env.callee = callee;
	v->env.user = v;
}

static int run(const struct cli_args *args)
{
	struct verification v = { .own = args->opt[OPT_OWN] != NULL };
	int r = blink_open(&v.file, args->argv[0], CACHE_BYTES, &v.err), status;

	if (r < 0)
		return cli_fail(EXIT_DIFFERENT, &v.err);
	if (!cli_frames(args->opt[OPT_FRAMES], blink_frame_count(v.file), &v.first, &v.end)) {
		blink_close(v.file);
		return EXIT_USAGE;
	}
	if (args->opt[OPT_FACTS])
		v.facts = json_object_new_array();
	v.state = verify_state_create();
	env_fill(&v);
	r = v.state ? file_check(&v) : error_set(&v.err, -ENOMEM, "verify: out of memory");
	status = r < 0 && !v.refused ? cli_fail(EXIT_DIFFERENT, &v.err) : report(args, &v);
	json_object_put(v.facts);
	verify_state_destroy(v.state);
	blink_close(v.file);
	return status;
}

const struct cli_command cmd_verify = {
	.name = "verify",
	.synopsis = "[options] X.blink",
	.summary = "check that a file's stored procedures are safe to run",
	.text =
		"Verifies all procedures in the order in which they run, state flowing from one "
		"to the next. The first refusal ends it: its procedure, frame, record, word, "
		"disassembled line and reason are printed, and the exit status is 1. Otherwise "
		"the facts that the verifier found are summed up.\n"
		"\n"
		"It is verified as the display server verifies a client's: what it does not take "
		"from strangers (commands whose effects are not proved, and such as it would have "
		"to mediate and does not) is refused, and so are more names than it gives. A file of "
		"one's own, which is replayed in this process, may hold these: --own accepts them. "
		"verified_as says which it was (client, own). Shaders are tried by a server alone.\n"
		"\n"
		"With --facts each procedure's are listed: what it clears and uses, whether it covers "
		"all of its window (opaque) and may be drawn straight into it (direct-composable), its "
		"worst-case cost, the mediations that its sensitive commands need, and the highest "
		"names it mentions.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
