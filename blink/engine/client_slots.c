/* client_slots.c - locations: answers of the driver that a client never sees.
 *
 * A client numbers the uniforms it uses with slots of its own.  The engine asks the
 * driver where they lie, now and again after each link of the program.  Attribute
 * and fragment output indices, however, are plain values in BlinkGL, which the
 * client took from another driver's answer: if this driver's answer differs it is
 * told the index wanted, and the program is linked again.
 */
#include "blink/engine/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client_slot {
	uint32_t program;         /* client name */
	uint32_t next;            /* slot of the same program, 0 none */
	uint16_t op;              /* which question: OP_glGetUniformLocation... */
	char *name;               /* NULL: the slot is not defined */
};

/* operands of LOCATE records */
enum { LOCATE_PROGRAM, LOCATE_NAME, LOCATE_ELEMENT, LOCATE_SLOT };

/* Asks one of the driver's (program, name) questions. */
static int32_t ask(struct client *c, unsigned op, uint32_t program, const char *name)
{
	uint64_t argv[2] = { client_name(c, GL_SPACE_PROGRAM, program),
			     (uint64_t)(uintptr_t)name };

	return (int32_t)gl_invoke(gl_command_signature(&gl_commands[gl_ops[op].command]),
				  c->sink->entry[op], argv);
}

/* glBindAttribLocation and alike, then glLinkProgram. */
static void bind_and_link(struct client *c, unsigned bind_op, uint32_t program,
			  uint32_t index, const char *name)
{
	uint64_t argv[3] = { client_name(c, GL_SPACE_PROGRAM, program), index,
			     (uint64_t)(uintptr_t)name };

	gl_invoke(gl_command_signature(&gl_commands[gl_ops[bind_op].command]),
		  c->sink->entry[bind_op], argv);
	gl_invoke(gl_command_signature(&gl_commands[gl_ops[OP_glLinkProgram].command]),
		  c->sink->entry[OP_glLinkProgram], argv);
}

static void resolve_program(struct client *c, uint32_t program)
{
	if (!c->slots)
		return;
	for (uint32_t i = c->program_slots[program]; i; i = c->slots[i].next)
		c->locations[i] = ask(c, c->slots[i].op, program, c->slots[i].name);
}

static void slot_unlink(struct client *c, uint32_t slot)
{
	struct client_slot *s = &c->slots[slot];
	uint32_t *at;

	if (!s->name)
		return;
	for (at = &c->program_slots[s->program]; *at != slot; at = &c->slots[*at].next)
		;
	*at = s->next;
	free(s->name);
	memset(s, 0, sizeof(*s));
}

static bool slots_need(struct client *c)
{
	if (!c->slots)
		c->slots = calloc(c->nlocations, sizeof(*c->slots));
	return c->slots != NULL;
}

/* An undefined slot becomes the first of its program's. */
static void slot_set(struct client *c, uint32_t slot, uint32_t program, unsigned op, char *name)
{
	struct client_slot *s = &c->slots[slot];

	s->program = program;
	s->op = (uint16_t)op;
	s->name = name;
	s->next = c->program_slots[program];
	c->program_slots[program] = slot;
}

static int slot_define(struct client *c, uint32_t slot, uint32_t program, unsigned op,
		       char *name)
{
	if (!slots_need(c)) {
		free(name);
		return error_set(&c->error, -ENOMEM, "engine: out of memory for slots");
	}
	slot_unlink(c, slot);
	slot_set(c, slot, program, op, name);
	c->locations[slot] = ask(c, op, program, name);
	return 0;
}

/* The name in GL's words: elements of an array but the first have a subscript. */
static char *element_name(const char *name, uint32_t element)
{
	char *text;

	if (!element)
		return strdup(name);
	return asprintf(&text, "%s[%u]", name, element) < 0 ? NULL : text;
}

int client_locate(struct client *c, const uint32_t *rec)
{
	unsigned op = sp_opcode(*rec), bind_op = GL_OP_COUNT;
	uint32_t program = record_word(rec, LOCATE_PROGRAM);
	uint32_t slot = record_word(rec, LOCATE_SLOT);
	const uint32_t *payload = rec + gl_ops[op].operands[LOCATE_NAME].word;
	char *name = element_name((const char *)client_payload(c, payload),
				  record_word(rec, LOCATE_ELEMENT));

	if (!name)
		return error_set(&c->error, -ENOMEM, "engine: out of memory for a location");
	switch (op) {
	case OP_glGetAttribLocation: bind_op = OP_glBindAttribLocation; break;
	case OP_glGetFragDataLocation: bind_op = OP_glBindFragDataLocation; break;
	case OP_glGetFragDataIndex: free(name); return 0;   /* an index is never asked for */
	default: return slot ? slot_define(c, slot, program, op, name) : (free(name), 0);
	}
	/* slot is the index wanted; -1: the program knew of no such variable */
	if (slot != UINT32_MAX) {
		int32_t got = ask(c, op, program, name);

		if (got >= 0 && (uint32_t)got != slot) {
			bind_and_link(c, bind_op, program, slot, name);
			resolve_program(c, program);
		}
	}
	free(name);
	return 0;
}

void client_link(struct client *c, const uint32_t *rec)
{
	uint64_t argv[CLIENT_ARGUMENTS] = { 0 };
	unsigned op = sp_opcode(*rec);

	client_arguments(c, rec, argv);
	gl_invoke(gl_command_signature(&gl_commands[gl_ops[op].command]), c->sink->entry[op],
		  argv);
	resolve_program(c, record_word(rec, 0));
}

void client_slots_finish(struct client *c)
{
	for (uint32_t i = 0; c->slots && i < c->nlocations; i++)
		free(c->slots[i].name);
	free(c->slots);
	c->slots = NULL;
	if (c->program_slots)
		memset(c->program_slots, 0,
		       c->names_cap[GL_SPACE_PROGRAM] * sizeof(*c->program_slots));
}

/* The last of a program's is the first that was defined. */
static void chain_each(const struct client *c, uint32_t slot,
		       void (*each)(void *user, const struct client_slot_info *s), void *user)
{
	uint32_t last = 0;

	while (slot && last != slot) {
		uint32_t at = slot;

		while (c->slots[at].next != last)
			at = c->slots[at].next;
		each(user, &(struct client_slot_info){ at, c->slots[at].program,
						       c->slots[at].op, c->slots[at].name });
		last = at;
	}
}

void client_slots_each(const struct client *c,
		       void (*each)(void *user, const struct client_slot_info *s), void *user)
{
	for (uint32_t p = 0; c->slots && p < c->names_cap[GL_SPACE_PROGRAM]; p++)
		chain_each(c, c->program_slots[p], each, user);
}

bool client_slot_restore(struct client *c, const struct client_slot_info *s)
{
	char *name;

	if (!s->slot || s->slot >= c->nlocations ||
	    s->program >= c->names_cap[GL_SPACE_PROGRAM] || s->op >= GL_OP_COUNT ||
	    gl_ops[s->op].form != GL_FORM_LOCATE || !slots_need(c) || c->slots[s->slot].name)
		return false;
	name = strdup(s->name);
	if (name)
		slot_set(c, s->slot, s->program, s->op, name);
	return name != NULL;
}
