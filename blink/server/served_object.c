/* served_object.c - a client's shared objects: versions that come, serve and go. */
#include "blink/server/served.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a procedure's records say -------------------------------------------------- */

/* Commands that a shared drawable cannot bear, or whose storage is better made elsewhere. */
static bool op_fixed(unsigned op)
{
	const struct gl_command *c;

	switch (op) {
	case OP_blinkSwap: case OP_glBindFramebuffer: case OP_glBindFramebufferEXT:
	case OP_glDeleteFramebuffers:
		return false;
	default:
		break;
	}
	if (gl_ops[op].form == GL_FORM_WINDOW)
		return true;
	if (gl_ops[op].command == GL_OP_NO_COMMAND)
		return false;
	c = &gl_commands[gl_ops[op].command];
	return c->mediation && (strcmp(c->mediation, "framebuffer") == 0 ||
				strcmp(c->mediation, "offscreen") == 0);
}

struct op_uses { uint8_t uses; bool names; };
static struct op_uses op_table[GL_OP_COUNT];

static void ops_make(void)
{
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		struct op_uses *u = &op_table[op];

		u->uses = (uint8_t)((op_fixed(op) ? PROGRAM_FIXED : 0) |
				    (op == OP_glNewList ? PROGRAM_LISTS : 0) |
				    (op == OP_glShaderSource || op == OP_glCreateShader ||
				     op == OP_glProgramStringARB ? PROGRAM_SHADERS : 0));
		for (unsigned i = 0; i < gl_ops[op].noperands; i++) {
			unsigned kind = gl_ops[op].operands[i].kind;

			u->names |= kind == GL_KIND_PAYLOAD || kind == GL_KIND_SP ||
				    kind == GL_KIND_EXTERN;
		}
	}
}

static void ops_fill(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, ops_make);
}

static uint32_t extern_uses(uint32_t what)
{
	switch (what) {
	case SP_EXT_TIME: case SP_EXT_FRAME:
		return PROGRAM_CLOCK;
	case SP_EXT_POINTER_X: case SP_EXT_POINTER_Y: case SP_EXT_BUTTONS: case SP_EXT_KEY:
		return PROGRAM_HAND;
	default:
		return 0;
	}
}

/* Objects that were met, a bit each. */
struct met { uint64_t bits[VSO_OBJECTS_MAX / 64]; };

static bool named_add(struct program *p, struct met *met, uint32_t id)
{
	uint64_t bit = 1ull << id % 64;
	uint32_t *v;

	if (id >= VSO_OBJECTS_MAX || met->bits[id / 64] & bit)
		return true;
	met->bits[id / 64] |= bit;
	if ((p->nnamed & (p->nnamed - 1)) == 0) {
		v = realloc(p->named, (p->nnamed ? p->nnamed * 2 : 1) * sizeof(*v));
		if (!v)
			return false;
		p->named = v;
	}
	p->named[p->nnamed++] = id;
	return true;
}

static bool operands_scan(struct program *p, struct met *met, const uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < op->noperands; i++) {
		const struct gl_operand *o = &op->operands[i];

		if (o->kind == GL_KIND_EXTERN)
			p->uses |= extern_uses(rec[o->word]);
		else if ((o->kind == GL_KIND_PAYLOAD || o->kind == GL_KIND_SP) && rec[o->word] &&
			 !named_add(p, met, rec[o->word]))
			return false;
	}
	return true;
}

int program_scan(struct program *p)
{
	const uint32_t *r, *end = p->sp.code + p->sp.nwords;
	struct met met = { { 0 } };
	bool bad;

	ops_fill();
	for (r = p->sp.code; (r = sp_next(r, end, &bad)); r += sp_words(r)) {
		unsigned op = sp_opcode(*r);

		p->uses |= op_table[op].uses;
		if (sp_mask(*r))
			p->uses |= PROGRAM_REGISTERS;
		if (op_table[op].names && !operands_scan(p, &met, r))
			return -ENOMEM;
	}
	return 0;
}

void program_glance(struct program *p)
{
	const uint32_t *r, *end = p->sp.code + p->sp.nwords;
	bool bad;

	ops_fill();
	for (r = p->sp.code; (r = sp_next(r, end, &bad)); r += sp_words(r))
		p->uses |= op_table[sp_opcode(*r)].uses;
}

void program_finish(struct program *p)
{
	free(p->named);
	memset(p, 0, sizeof(*p));
}

/* What an SP names, and what that names, each once. */
static uint32_t uses_of(struct served *c, const struct program *p)
{
	uint32_t uses = p->uses;

	for (uint32_t i = 0; i < p->nnamed; i++) {
		uint32_t id = p->named[i];

		if (id >= c->nslots || c->slot[id].seen == c->visit)
			continue;
		c->slot[id].seen = c->visit;
		if (c->slot[id].program)
			uses |= uses_of(c, c->slot[id].program);
	}
	return uses;
}

uint32_t program_uses(struct served *c, const struct program *p)
{
	c->visit++;
	return uses_of(c, p);
}

/* ---- versions ------------------------------------------------------------------------ */

static bool is_data(const struct vso_object *o)
{
	return o->version && (o->desc.type == VSO_DATA || o->desc.type == VSO_MAPPED);
}

/* A page may be named any number of times: what is copied of them is as bounded here as where
 * objects that are not mapped are. */
static bool copy_room(const struct served *c, uint32_t size)
{
	struct vso_quotas q = c->opt.limits.quotas;

	confined_quotas(&q, c->opt.limits.memory);
	return range_ok(c->copied + vso_server_counters(c->vso)->copied_bytes, size,
			q.copied_bytes);
}

/* Where the client can change bytes that decide, nobody reads them but once.  NULL: there is
 * no room for that. */
static const void *bytes_of(struct served *c, struct slot *s)
{
	if (!s->now.mapped || !s->content)
		return s->now.data;
	if (!s->copy && copy_room(c, s->now.desc.size)) {
		s->copy = malloc((size_t)s->now.desc.size + 64);
		if (s->copy) {
			memcpy(s->copy, s->now.data, s->now.desc.size);
			s->copied = s->now.desc.size;
			c->copied += s->copied;
		}
	}
	return s->copy;
}

static void copy_drop(struct served *c, struct slot *s)
{
	free(s->copy);
	s->copy = NULL;
	c->copied -= s->copied;
	s->copied = 0;
}

static void payload_show(struct served *c, uint32_t id)
{
	struct slot *s = &c->slot[id];

	c->payload[id] = (struct sp_payload){ 0 };
	if (is_data(&s->now))
		c->payload[id] = (struct sp_payload){ .data = bytes_of(c, s),
						      .size = s->now.desc.size,
						      .flags = s->now.mapped && !s->copy
							? SP_PAYLOAD_SHARED : 0 };
}

/* Is this payload read where bytes decide: by anything but pixels and vertices?  Those
 * drivers only copy, or fetch within what the verifier counted. */
static bool op_reads_content(const struct gl_operand *o, unsigned op)
{
	if (o->binding == GL_BINDING_UNPACK)
		return false;
	return o->size_rule != GL_SIZE_ANY || o->binding == GL_BINDING_ELEMENT ||
	       gl_ops[op].form != GL_FORM_DIRECT;
}

/* Payloads that p reads so.  Those that are mapped are read from copies from now on. */
static void contents_mark(struct served *c, const struct program *p)
{
	const uint32_t *r, *end = p->sp.code + p->sp.nwords;
	bool bad;

	for (r = p->sp.code; (r = sp_next(r, end, &bad)); r += sp_words(r)) {
		unsigned op = sp_opcode(*r);

		for (unsigned i = 0; op_table[op].names && i < gl_ops[op].noperands; i++) {
			const struct gl_operand *o = &gl_ops[op].operands[i];

			if (o->kind != GL_KIND_PAYLOAD || r[o->word] >= c->nslots ||
			    !op_reads_content(o, op) || c->slot[r[o->word]].content)
				continue;
			c->slot[r[o->word]].content = true;
			payload_show(c, r[o->word]);
			c->epoch++;
		}
	}
}

/* ---- programs of objects ------------------------------------------------------------- */

static struct program *program_create(struct served *c, const struct vso_object *o)
{
	struct program *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->sp = (struct sp){ .id = o->id, .callback = o->desc.callback == VSO_CALLEE ? SP_CALLBACKS
							: o->desc.callback,
			     .context = o->desc.context, .drawable = o->desc.drawable,
			     .code = o->data, .nwords = o->desc.size / 4 };
	if (program_scan(p) < 0) {
		program_finish(p);
		free(p);
		return NULL;
	}
	contents_mark(c, p);
	for (uint32_t i = 0; i < p->nnamed; i++)
		if (p->named[i] < c->nslots)
			c->slot[p->named[i]].users++;
	return p;
}

static void program_destroy(struct served *c, struct program *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->nnamed; i++)
		if (p->named[i] < c->nslots)
			c->slot[p->named[i]].users--;
	program_finish(p);
	free(p);
}

const struct sp *served_object_callee(void *user, uint32_t id)
{
	struct served *c = user;

	return id < c->nslots && c->slot[id].program ? &c->slot[id].program->sp : NULL;
}

static void version_drop(struct served *c, struct vso_object *o, struct program **p)
{
	program_destroy(c, *p);
	*p = NULL;
	if (o->version)
		vso_object_release(c->vso, o);
	memset(o, 0, sizeof(*o));
}

static void now_drop(struct served *c, struct slot *s)
{
	version_drop(c, &s->now, &s->program);
	copy_drop(c, s);
}

static void settle(struct served *c, struct slot *s)
{
	if (!s->unsettled)
		return;
	s->unsettled = false;
	version_drop(c, &s->before, &s->program_before);
	vso_server_taken(c->vso, &s->now, 0, 0);
}

static void revert(struct served *c, struct slot *s, uint32_t id, uint32_t detail,
		   uint32_t record)
{
	s->now.fault = VSO_FAULT_REFUSED;
	vso_server_taken(c->vso, &s->now, detail, record);
	c->count.refusals++;
	served_event(c, SERVER_EVENT_REFUSE, 0, 0, id);
	now_drop(c, s);
	s->now = s->before;
	s->program = s->program_before;
	memset(&s->before, 0, sizeof(s->before));
	s->program_before = NULL;
	s->unsettled = false;
	payload_show(c, id);
	c->entries_stale = true;
	c->epoch++;
}

/* Its size, type and whatever decides safety are as they were. */
static bool harmless(const struct slot *s, const struct vso_object *o)
{
	return is_data(&s->now) && !s->content && !s->unsettled &&
	       o->desc.type == s->now.desc.type && o->desc.size == s->now.desc.size;
}

static void delete_object(struct served *c, struct slot *s, struct vso_object *o)
{
	now_drop(c, s);
	version_drop(c, &s->before, &s->program_before);
	s->unsettled = false;
	c->payload[o->id] = (struct sp_payload){ 0 };
	vso_server_taken(c->vso, o, 0, 0);
	c->entries_stale = true;
	c->epoch++;
}

static void refuse(struct served *c, struct vso_object *o, enum vso_fault fault)
{
	o->fault = fault;
	vso_server_taken(c->vso, o, 0, 0);
	vso_object_release(c->vso, o);
}

/* SP_CALLBACKS: none, as callees have. */
static uint32_t callback_of(const struct program *p)
{
	return p ? p->sp.callback : SP_CALLBACKS;
}

/* The lowest object of a callback is its procedure.  was: what this one was for until now. */
static void entry_add(struct served *c, uint32_t id, uint32_t was)
{
	uint32_t cb = callback_of(c->slot[id].program);

	if (was != SP_CALLBACKS && was != cb)
		c->entries_stale = true;
	else if (cb != SP_CALLBACKS && (!c->entry[cb] || id < c->entry[cb]))
		c->entry[cb] = id;
}

uint32_t served_objects_entry(struct served *c, enum sp_callback cb)
{
	if (c->entries_stale) {
		memset(c->entry, 0, sizeof(c->entry));
		for (uint32_t id = 1; id < c->nslots; id++)
			entry_add(c, id, SP_CALLBACKS);
		c->entries_stale = false;
	}
	return c->entry[cb];
}

/* Verifying one can put back what it names, and make another one the lowest. */
uint32_t served_objects_redraw(struct served *c)
{
	if (c->run.on && c->run.object && c->run.callback == SP_REDRAW)
		return c->run.object;
	return c->owed ? c->owed : served_objects_entry(c, SP_REDRAW);
}

/* A version came: it takes the place of the one before, which is kept, or dropped if
 * nothing can be wrong with its successor. */
static void install(struct served *c, struct vso_object *o)
{
	struct slot *s = &c->slot[o->id];
	uint32_t was = callback_of(s->program);
	struct program *p = NULL;
	bool same;

	served_event(c, SERVER_EVENT_TAKE, 0, 0, o->id);
	if (o->fault) {
		vso_server_taken(c->vso, o, 0, 0);
		return;
	}
	if (o->desc.type == VSO_NONE) {
		delete_object(c, s, o);
		return;
	}
	if (o->desc.type == VSO_SP) {
		p = program_create(c, o);
		if (!p) {
			refuse(c, o, VSO_FAULT_MEMORY);
			return;
		}
	}
	same = harmless(s, o);
	if (s->unsettled) {
		now_drop(c, s);
	} else {
		s->before = s->now;
		s->program_before = s->program;
		copy_drop(c, s);
	}
	s->now = *o;
	s->program = p;
	s->unsettled = true;
	payload_show(c, o->id);
	c->fresh |= s->users > 0 || (p && p->sp.callback == SP_REDRAW);
	entry_add(c, o->id, was);
	/* nobody names it: it can do no harm, and nobody would ever prove it */
	if (same || (!s->users && (!p || p->sp.callback == SP_CALLBACKS)))
		settle(c, s);
	if (!same)
		c->epoch++;
	/* an update SP is known to be good when it is asked for, and that is after this */
	if (p && p->sp.callback == SP_UPDATE)
		vso_server_taken(c->vso, &s->now, 0, 0);
}

void served_objects_take(struct served *c)
{
	struct vso_object o[32];
	uint32_t n;

	do {
		n = vso_server_changes(c->vso, o, 32);
		for (uint32_t i = 0; i < n; i++)
			install(c, &o[i]);
	} while (n == 32);
}

/* ---- verdicts ------------------------------------------------------------------------ */

static void settle_named(struct served *c, uint32_t id)
{
	struct slot *s = &c->slot[id];

	if (s->seen == c->visit)
		return;
	s->seen = c->visit;
	settle(c, s);
	for (uint32_t i = 0; s->program && i < s->program->nnamed; i++)
		if (s->program->named[i] < c->nslots)
			settle_named(c, s->program->named[i]);
}

void served_objects_settle(struct served *c, uint32_t object)
{
	c->visit++;
	settle_named(c, object);
}

static bool revert_named(struct served *c, uint32_t id)
{
	const struct program *p = c->slot[id].program;
	bool any = false;

	for (uint32_t i = 0; p && i < p->nnamed; i++) {
		uint32_t n = p->named[i];

		if (n >= c->nslots || c->slot[n].seen == c->visit)
			continue;
		c->slot[n].seen = c->visit;
		any |= revert_named(c, n);
		if (c->slot[n].unsettled && c->slot[n].before.version) {
			revert(c, &c->slot[n], n, c->verdict.reason, c->verdict.record);
			any = true;
		}
	}
	return any;
}

/* First the procedure itself goes back, then what it names. */
bool served_objects_revert(struct served *c, uint32_t object)
{
	struct slot *s = &c->slot[object];
	uint32_t was = callback_of(s->program);

	/* what stood there before may have been for something else: it is not run for this */
	if (s->unsettled) {
		revert(c, s, object, c->verdict.reason, c->verdict.record);
		return s->program && callback_of(s->program) == was && !s->program->ran;
	}
	c->visit++;
	if (revert_named(c, object))
		return true;
	s->now.fault = VSO_FAULT_REFUSED;
	vso_server_taken(c->vso, &s->now, c->verdict.reason, c->verdict.record);
	c->count.refusals++;
	served_event(c, SERVER_EVENT_REFUSE, 0, 0, object);
	return false;
}

void served_object_fault(struct served *c, uint32_t object, enum vso_fault fault)
{
	struct slot *s = &c->slot[object];

	s->now.fault = fault;
	vso_server_taken(c->vso, &s->now, 0, 0);
}

/* ---- life ---------------------------------------------------------------------------- */

/* What was found of it, and its code, went with the old world. */
static void program_renew(struct program *p)
{
	if (!p)
		return;
	p->accepted = p->refused = p->ran = false;
	p->code = NULL;
}

void served_objects_renew(struct served *c)
{
	for (uint32_t id = 1; id < c->nslots; id++) {
		program_renew(c->slot[id].program);
		program_renew(c->slot[id].program_before);
	}
	c->epoch++;
}

int served_objects_create(struct served *c, struct error *err)
{
	c->nslots = c->hello->objects;
	c->slot = calloc(c->nslots, sizeof(*c->slot));
	c->payload = calloc(c->nslots, sizeof(*c->payload));
	return c->slot && c->payload ? 0 : error_set(err, -ENOMEM, "server: out of memory");
}

void served_objects_destroy(struct served *c)
{
	for (uint32_t id = 0; c->slot && id < c->nslots; id++) {
		version_drop(c, &c->slot[id].before, &c->slot[id].program_before);
		now_drop(c, &c->slot[id]);
	}
	free(c->slot);
	free(c->payload);
}
