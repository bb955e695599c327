/* prove_command.c - all cases of one command: sizes and effects. */
#include "tests/prove/prove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The last control dump: neighbouring cases mostly share their set-up. */
static struct {
	const struct prove_case *c;
	struct state_dump dump;
	bool valid;
} control;

static bool same(const char *a, const char *b)
{
	return a == b || strcmp(a ? a : "", b ? b : "") == 0;
}

static const struct state_dump *control_dump(const struct prove_case *c, char *why, size_t size)
{
	const struct prove_run run = { .c = c, .guarded = -1, .dump = true };
	enum prove_end end;
	unsigned detail = 0;

	if (control.valid && same(control.c->setup, c->setup) &&
	    same(control.c->before, c->before) && same(control.c->after, c->after))
		return &control.dump;
	state_finish(&control.dump);
	control.valid = false;
	end = prove_run_child(&run, &control.dump, &detail);
	if (end != PROVE_RAN) {
		snprintf(why, size, "the set-up alone fails (%d, 0x%x)", (int)end, detail);
		return NULL;
	}
	control.c = c;
	control.valid = true;
	return &control.dump;
}

struct judge {
	const struct gl_command *cmd;
	const struct prove_case *c;
	const struct prove_args *args;
	const struct state_dump *control;
	struct prove_result *r;
	bool good;
};

static void on_change(void *user, const struct state_entry *was, const struct state_entry *is)
{
	struct judge *j = user;
	char text[200];

	j->r->changed = true;
	if (prove_change_allowed(j->cmd, j->c, j->args, j->control, was, is))
		return;
	j->good = false;
	if (j->r->why[0])
		return;
	state_describe(was, is, text, sizeof(text));
	snprintf(j->r->why, sizeof(j->r->why), "changes %s", text);
}

static bool effects_hold(const struct prove_run *run, struct prove_result *r)
{
	struct judge j = { run->cmd, run->c, run->args, NULL, r, true };
	struct state_dump after;
	unsigned detail = 0;
	enum prove_end end;

	j.control = control_dump(run->c, r->why, sizeof(r->why));
	if (!j.control)
		return false;
	end = prove_run_child(run, &after, &detail);
	if (end != PROVE_RAN) {
		snprintf(r->why, sizeof(r->why), "%s (0x%x)",
			 end == PROVE_GL_ERROR ? "GL error" : end == PROVE_FAULT_GUARD ?
			 "reads past the size" : "does not run", detail);
		return false;
	}
	state_diff(j.control, &after, on_change, &j);
	state_finish(&after);
	return j.good;
}

/* One byte less must fault, for each payload of the set. */
static bool sizes_hold(struct prove_run run, struct prove_result *r)
{
	unsigned detail = 0;

	run.dump = false;
	for (unsigned i = 0; i < run.cmd->nparams; i++) {
		if (!run.cmd->params[i].pointer || run.args->null[i] || !run.args->size[i])
			continue;
		/* pointers that are rebuilt around a payload have no memory of their own */
		if (run.cmd->form == GL_FORM_SOURCE && strcmp(run.cmd->params[i].name, "string") != 0)
			continue;
		run.guarded = (int)i;
		if (prove_run_child(&run, NULL, &detail) != PROVE_FAULT_GUARD) {
			snprintf(r->why, sizeof(r->why), "%s: the last of %llu bytes is not read",
				 run.cmd->params[i].name,
				 (unsigned long long)run.args->size[i]);
			return false;
		}
		r->sized++;
	}
	return true;
}

static void prove_set(const struct gl_command *cmd, const struct prove_case *c, uint32_t seed,
		      struct prove_result *r)
{
	struct prove_args args;
	struct prove_run run = { cmd, c, &args, -1, true };

	if (!prove_args_draw(&args, cmd, c, seed, r->why, sizeof(r->why))) {
		r->sizes = r->effects = false;
	} else {
		r->effects &= effects_hold(&run, r);
		r->sizes &= sizes_hold(run, r);
	}
	r->sets++;
	prove_args_finish(&args);
}

/* Does any parameter take memory? Without one there is nothing to size. */
static bool has_memory(const struct gl_command *cmd)
{
	for (unsigned i = 0; i < cmd->nparams; i++)
		if (cmd->params[i].pointer)
			return true;
	return false;
}

/* Slots that no dump can hold: locations are BlinkGL's own, the driver lists neither its
 * sync objects nor what a debugger was told. A row that writes nothing else must leave
 * everything as it was. */
static bool only_silent(const struct gl_command *cmd)
{
	for (unsigned i = 0; i < cmd->nwrites; i++)
		if (cmd->writes[i].slot != GL_SLOT_uniform_location &&
		    cmd->writes[i].slot != GL_SLOT_sync && cmd->writes[i].slot != GL_SLOT_debug)
			return false;
	return true;
}

void prove_command(const struct gl_command *cmd, struct prove_result *r)
{
	*r = (struct prove_result){ .sizes = true, .effects = true };
	for (unsigned i = 0; i < prove_case_count; i++) {
		const struct prove_case *c = &prove_cases[i];

		if (!prove_names(c->commands, cmd->name))
			continue;
		r->cases++;
		for (uint32_t k = 0; k < PROVE_DRAWS; k++)
			prove_set(cmd, c, i * 64 + k + 1, r);
	}
	if (!r->cases) {
		r->sizes = r->effects = false;
		return;
	}
	if (has_memory(cmd) && !r->sized) {
		r->sizes = false;
		if (!r->why[0])
			snprintf(r->why, sizeof(r->why), "no set puts its memory to the test");
	}
	if (!cmd->stated) {
		r->effects = false;
		snprintf(r->why, sizeof(r->why), "the row states no effects");
	} else if (r->effects && r->changed == only_silent(cmd)) {
		r->effects = false;
		snprintf(r->why, sizeof(r->why), "writes %u slots, and nothing changes",
			 cmd->nwrites);
	}
}
