/* replay_trap.c - see replay_trap.h. */
#include "cli/replay_trap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blink/sp/asm.h"
#include "cli/command.h"

bool replay_trap_parse(struct replay_trap *t, const char *text)
{
	const char *colon = strchr(text, ':');
	unsigned long frame, records;
	char first[32];

	if (!colon || (size_t)(colon - text) >= sizeof(first)) {
		fprintf(stderr, "blinkctl: replay: --stop takes FRAME:RECORDS\n");
		return false;
	}
	memcpy(first, text, (size_t)(colon - text));
	first[colon - text] = 0;
	if (!cli_uint("--stop", first, UINT32_MAX - 1, &frame) ||
	    !cli_uint("--stop", colon + 1, UINT32_MAX, &records))
		return false;
	t->stop = true;
	t->frame = (uint32_t)frame;
	t->records = records;
	return true;
}

int replay_trap_open(struct replay_trap *t, struct error *err)
{
	struct buf data;
	int rc;

	t->now = REPLAY_NO_FRAME;
	if (!t->resume)
		return 0;
	buf_init(&data);
	rc = trap_load(t->resume, &data, err);
	if (rc == 0) {
		rc = trap_read(&t->trap, data.data, data.len, err);
		if (rc < 0)
			error_prefix(err, "%s", t->resume);
	}
	buf_finish(&data);
	return rc;
}

/* ---- running ------------------------------------------------------------------- */

/* Says what stands at the trap's innermost place. */
static void place_tell(struct replay_trap *t, const struct client *c, const struct sp *sp)
{
	const struct trap_place *p = t->trap.place;
	struct buf line;

	for (uint32_t k = 0; k < t->trap.depth; k++)
		sp = c->callee(c->user, p[k + 1].sp);
	p += t->trap.depth;
	t->record = 0;
	for (uint32_t pc = 0; pc < p->pc; pc += sp_words(sp->code + pc))
		t->record++;
	buf_init(&line);
	sp_disassemble_record(sp->code + p->pc, &line);
	snprintf(t->line, sizeof(t->line), "%.*s", (int)line.len, (const char *)line.data);
	buf_finish(&line);
}

static enum engine_status trap_taken(struct replay_trap *t, struct client *c,
				     const struct sp *sp, enum engine_status status)
{
	/* as if the SP had begun with all the budget there is: that tells how far it came */
	t->trap.budget = c->budget;
	place_tell(t, c, sp);
	if (t->save && trap_save(t->save, &t->trap, NULL, &c->error) < 0)
		return ENGINE_ERROR;
	t->taken = true;
	return status;
}

static int sp_resume(struct replay_trap *t, struct client *c, const struct sp *sp)
{
	int rc = trap_replay(&t->trap, UINT64_MAX, c, sp, &c->error);

	t->resumed = true;
	return rc;
}

enum engine_status replay_trap_run(struct replay_trap *t, struct client *c,
				   const struct jit_code *code, const struct sp *sp)
{
	const struct trap_how how = { .signals = true };
	bool limited = t->stop && t->now == t->frame;
	enum engine_status status;
	uint64_t limit;

	c->budget = UINT64_MAX;
	c->pc = 0;
	if (t->resume && !t->resumed && sp->id == t->trap.place[0].sp && sp_resume(t, c, sp) < 0)
		return ENGINE_ERROR;
	limit = limited && t->records < c->budget ? t->records : c->budget;
	c->budget = limit;
	do
		status = trap_run(c, code, sp, c->pc, &how, &t->trap);
	while (status == ENGINE_YIELD);
	if (limited)
		t->records -= limit - c->budget;
	c->budget = UINT64_MAX - (limit - c->budget);
	return status == ENGINE_END || status == ENGINE_ERROR ? status
							      : trap_taken(t, c, sp, status);
}

/* ---- telling --------------------------------------------------------------------- */

void replay_trap_die(const struct replay_trap *t)
{
	const struct trap_place *p = &t->trap.place[t->trap.depth];

	fflush(stdout);
	fprintf(stderr, "blinkctl: replay: the driver raised signal %u (%s) in SP %u, record %u: "
		"%s%s%s\n", t->trap.detail, strsignal((int)t->trap.detail), p->sp, t->record,
		t->line, t->save ? "; the trap is in " : "", t->save ? t->save : "");
	_exit(EXIT_DIFFERENT);
}

int replay_trap_end(const struct replay_trap *t, int e, struct error *err)
{
	if (t->taken)
		return 0;
	if (e >= 0 && t->stop)
		return error_set(err, -EINVAL, "replay: --stop: frame %u ended before, or was not "
				 "played", t->frame);
	if (e >= 0 && t->resume && !t->resumed)
		return error_set(err, -EINVAL, "%s: SP %u was not among those played", t->resume,
				 t->trap.place[0].sp);
	return e;
}

static struct json_object *registers_json(const struct trap_place *p)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < SP_REGISTERS; i++)
		json_object_array_add(list, json_object_new_int64(p->regs[i]));
	return list;
}

struct json_object *replay_trap_json(const struct replay_trap *t)
{
	const struct trap_place *p = &t->trap.place[t->trap.depth];
	struct json_object *j = json_object_new_object();
	char version[40];

	snprintf(version, sizeof(version), "%016llx%016llx", (unsigned long long)p->version[1],
		 (unsigned long long)p->version[0]);
	json_object_object_add(j, "cause", json_object_new_string(trap_cause_names[t->trap.cause]));
	json_object_object_add(j, "frame", json_object_new_int64(t->now));
	json_object_object_add(j, "sp", json_object_new_int64(p->sp));
	json_object_object_add(j, "version", json_object_new_string(version));
	json_object_object_add(j, "pc", json_object_new_int64(p->pc));
	json_object_object_add(j, "record", json_object_new_int64(t->record));
	json_object_object_add(j, "instruction", json_object_new_string(t->line));
	json_object_object_add(j, "suspended_calls", json_object_new_int64(t->trap.depth));
	json_object_object_add(j, "registers", registers_json(p));
	if (t->save)
		json_object_object_add(j, "file", json_object_new_string(t->save));
	return j;
}
