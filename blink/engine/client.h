/* client.h - the run-time world of a client, as both engines use it.
 *
 * An engine executes core instructions and DIRECT ones itself, and hands every other
 * record to client_command, which is the one place that knows forms.
 * Private to blink/engine.
 */
#ifndef BLINK_ENGINE_CLIENT_H
#define BLINK_ENGINE_CLIENT_H

#include "blink/engine/engine.h"

/* No command of the registry has more parameters. */
#define CLIENT_ARGUMENTS 24

/* GL's arguments for rec, as gl_invoke takes them: registers read, names, locations
 * and payloads translated.  Parameters that no operand feeds are 0. */
void client_arguments(struct client *c, const uint32_t *rec, uint64_t *argv);

/* Runs a record that is neither core nor DIRECT.  0, or negative with c->error set. */
int client_command(struct client *c, const uint32_t *rec);

/* The driver's name for client name id; makes the object if the space has a glGen*
 * and there is none yet.  id lies within the table. */
uint32_t client_name(struct client *c, unsigned space, uint32_t id);
/* The instruction that makes objects of a space, GL_OP_COUNT if there is none. */
unsigned client_gen_op(unsigned space);

/* Memory that stays valid until the next call; NULL with c->error set. */
void *client_scratch(struct client *c, size_t size);

/* Slots of locations (client_slots.c). */
int client_locate(struct client *c, const uint32_t *rec);
void client_link(struct client *c, const uint32_t *rec);
void client_slots_finish(struct client *c);

/* A slot as it is defined, and all of them in the order that client_slot_restore makes
 * the same of them.  Restoring asks the driver nothing: the location is in its table
 * already.  False: no such slot, program or question, defined already, or no memory. */
struct client_slot_info {
	uint32_t slot, program, op;
	const char *name;
};
void client_slots_each(const struct client *c,
		       void (*each)(void *user, const struct client_slot_info *s), void *user);
bool client_slot_restore(struct client *c, const struct client_slot_info *s);

/* Window-system records (client_window.c). */
int client_window(struct client *c, const uint32_t *rec);

/* `call`: runs the callee with run_sp in a register window of its own, or goes on
 * with the one that is suspended here. */
typedef enum engine_status (*client_run_fn)(struct client *c, const struct sp *sp, uint32_t pc);
enum engine_status client_call(struct client *c, const uint32_t *rec, client_run_fn run_sp);

/* Before a run at pc: a run that is not resumed leaves nothing suspended. */
void client_enter(struct client *c, uint32_t pc);

/* Word w of operand i of a record, as it stands there. */
static inline uint32_t record_word(const uint32_t *rec, unsigned operand)
{
	return rec[gl_ops[sp_opcode(*rec)].operands[operand].word];
}

static inline const uint8_t *client_payload(const struct client *c, const uint32_t *words)
{
	return words[0] ? c->payloads.v[words[0]].data + words[1] : NULL;
}

#endif
