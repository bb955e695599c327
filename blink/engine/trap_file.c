/* trap_file.c - traps as bytes.  Everything is little-endian words:
 *
 *     file   = "BLTR" version:u32 size:u64 checksum:u64 body[size]
 *     body   = cause detail depth isa calls:u64 budget:u64 ext[SP_EXTERNS]
 *              place[depth + 1]  world
 *     place  = sp pc version:u64[2] regs[SP_REGISTERS]
 *     world  = 0 | 1 tables slots
 *     tables = per space of names: n name[n];  n sync:u64[n];  n ready[n];  n location[n]
 *     slots  = n slot[n];  slot = number program op length text, in whole words
 *
 * checksum is the XXH3 of body, isa the number of instructions.  Slots stand in the order
 * in which they have to be defined again.
 */
#include "blink/engine/trap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "blink/engine/client.h"
#include "blink/sp/output.h"

#define MAGIC 0x52544c42u           /* "BLTR" */
#define HEADER 24u
#define SIZE_MAX_READ (1u << 30)

static void put64(struct buf *b, uint64_t v)
{
	buf_append(b, &v, sizeof(v));
}

static void put_words(struct buf *b, const void *v, uint32_t n)
{
	buf_u32(b, n);
	buf_append(b, v, (size_t)n * 4);
}

/* ---- writing ------------------------------------------------------------------ */

static bool is_recorder(const struct client *c)
{
	return !strcmp(c->sink->name, "recorder");
}

static void tables_write(struct buf *b, const struct client *c)
{
	uint32_t nsyncs = c->names_cap[GL_SPACE_SYNC], ncontexts = c->names_cap[GL_SPACE_CONTEXT];

	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		if (c->names[s])
			put_words(b, c->names[s], c->names_cap[s]);
	buf_u32(b, nsyncs);
	for (uint32_t i = 0; i < nsyncs; i++)
		put64(b, is_recorder(c) ? (uint64_t)(uintptr_t)c->syncs[i] : 0);
	buf_u32(b, ncontexts);
	for (uint32_t i = 0; i < ncontexts; i++)
		buf_u32(b, c->context_ready[i]);
	put_words(b, c->locations, c->nlocations);
}

static void slot_write(void *user, const struct client_slot_info *s)
{
	static const uint8_t zeros[4];
	struct buf *b = user;
	uint32_t n = (uint32_t)strlen(s->name);

	buf_u32(b, s->slot);
	buf_u32(b, s->program);
	buf_u32(b, s->op);
	buf_u32(b, n);
	buf_append(b, s->name, n);
	buf_append(b, zeros, -n & 3);
}

static void slot_count(void *user, const struct client_slot_info *s)
{
	uint32_t *n = user;

	(void)s;
	++*n;
}

static void world_write(struct buf *b, const struct client *c)
{
	uint32_t n = 0;

	buf_u32(b, c != NULL);
	if (!c)
		return;
	tables_write(b, c);
	client_slots_each(c, slot_count, &n);
	buf_u32(b, n);
	client_slots_each(c, slot_write, b);
}

static void body_write(struct buf *b, const struct trap *t)
{
	buf_u32(b, t->cause);
	buf_u32(b, t->detail);
	buf_u32(b, t->depth);
	buf_u32(b, GL_OP_COUNT);
	put64(b, t->calls);
	put64(b, t->budget);
	buf_append(b, t->ext.value, sizeof(t->ext.value));
	for (uint32_t k = 0; k <= t->depth; k++) {
		const struct trap_place *p = &t->place[k];

		buf_u32(b, p->sp);
		buf_u32(b, p->pc);
		buf_append(b, p->version, sizeof(p->version));
		buf_append(b, p->regs, sizeof(p->regs));
	}
}

void trap_write(struct buf *out, const struct trap *t, const struct client *world)
{
	struct buf body;

	buf_init(&body);
	body_write(&body, t);
	world_write(&body, world);
	buf_u32(out, MAGIC);
	buf_u32(out, TRAP_FORMAT);
	put64(out, body.len);
	put64(out, XXH3_64bits(body.data, body.len));
	buf_append(out, body.data, body.len);
	out->failed |= body.failed;
	buf_finish(&body);
}

/* ---- reading ------------------------------------------------------------------- */

/* What is left of a body; fails for good where there is less than is asked for. */
struct cursor {
	const uint8_t *at;
	size_t left;
	bool failed;
};

static const void *take(struct cursor *c, size_t n)
{
	const uint8_t *at = c->at;

	if (c->failed || n > c->left) {
		c->failed = true;
		return NULL;
	}
	c->at += n;
	c->left -= n;
	return at;
}

static void take_into(struct cursor *c, void *to, size_t n)
{
	const void *at = take(c, n);

	if (at)
		memcpy(to, at, n);
	else
		memset(to, 0, n);
}

static uint32_t take32(struct cursor *c)
{
	uint32_t v;

	take_into(c, &v, sizeof(v));
	return v;
}

static uint64_t take64(struct cursor *c)
{
	uint64_t v;

	take_into(c, &v, sizeof(v));
	return v;
}

static int damaged(struct error *err)
{
	return error_set(err, -EBADMSG, "trap: damaged (have it written again)");
}

static int body_find(struct cursor *c, const void *data, size_t size, struct error *err)
{
	uint32_t version;
	uint64_t checksum;

	*c = (struct cursor){ data, size, false };
	if (size < HEADER || take32(c) != MAGIC)
		return error_set(err, -EBADMSG, "trap: this is none");
	version = take32(c);
	if (version != TRAP_FORMAT)
		return error_set(err, -ENOTSUP, "trap: format %u is unknown (%u is read here)",
				 version, TRAP_FORMAT);
	if (take64(c) != size - HEADER)
		return damaged(err);
	checksum = take64(c);
	return checksum == XXH3_64bits(c->at, c->left) ? 0 : damaged(err);
}

static void places_take(struct cursor *c, struct trap *t)
{
	for (uint32_t k = 0; k <= t->depth; k++) {
		struct trap_place *p = &t->place[k];

		p->sp = take32(c);
		p->pc = take32(c);
		take_into(c, p->version, sizeof(p->version));
		take_into(c, p->regs, sizeof(p->regs));
	}
}

static int trap_take(struct cursor *c, struct trap *t, struct error *err)
{
	uint32_t cause = take32(c), isa;

	memset(t, 0, sizeof(*t));
	t->cause = cause < TRAP_CAUSES ? (enum trap_cause)cause : TRAP_CAUSES;
	t->detail = take32(c);
	t->depth = take32(c);
	isa = take32(c);
	t->calls = take64(c);
	t->budget = take64(c);
	take_into(c, t->ext.value, sizeof(t->ext.value));
	if (c->failed || t->cause == TRAP_CAUSES || t->depth > SP_CALL_DEPTH)
		return damaged(err);
	if (isa != GL_OP_COUNT)
		return error_set(err, -ENOTSUP, "trap: of another instruction set (%u "
				 "instructions, here %u)", isa, (unsigned)GL_OP_COUNT);
	places_take(c, t);
	return c->failed ? damaged(err) : 0;
}

int trap_read(struct trap *t, const void *data, size_t size, struct error *err)
{
	struct cursor c;
	int rc = body_find(&c, data, size, err);

	memset(t, 0, sizeof(*t));
	return rc < 0 ? rc : trap_take(&c, t, err);
}

/* ---- a world --------------------------------------------------------------------- */

static int other_limits(struct error *err)
{
	return error_set(err, -EINVAL, "trap: its tables are of a client with other limits");
}

/* All tables have the sizes that c's have; afterwards the cursor is at the slots. */
static int tables_check(struct cursor *t, const struct client *c, struct error *err)
{
	bool same = true;

	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		if (c->names[s]) {
			same = same && take32(t) == c->names_cap[s];
			take(t, (size_t)c->names_cap[s] * 4);
		}
	same = same && take32(t) == c->names_cap[GL_SPACE_SYNC];
	take(t, (size_t)c->names_cap[GL_SPACE_SYNC] * 8);
	same = same && take32(t) == c->names_cap[GL_SPACE_CONTEXT];
	take(t, (size_t)c->names_cap[GL_SPACE_CONTEXT] * 4);
	same = same && take32(t) == c->nlocations;
	take(t, (size_t)c->nlocations * 4);
	return t->failed || !same ? other_limits(err) : 0;
}

/* What tables_check has accepted. */
static void tables_take(struct cursor *t, struct client *c)
{
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		if (c->names[s]) {
			take32(t);
			take_into(t, c->names[s], (size_t)c->names_cap[s] * 4);
			c->names[s][0] = 0;
		}
	take32(t);
	for (uint32_t i = 0; i < c->names_cap[GL_SPACE_SYNC]; i++) {
		uint64_t handle = take64(t);

		c->syncs[i] = is_recorder(c) ? (void *)(uintptr_t)handle : NULL;
	}
	take32(t);
	for (uint32_t i = 0; i < c->names_cap[GL_SPACE_CONTEXT]; i++)
		c->context_ready[i] = take32(t) != 0;
	take32(t);
	take_into(t, c->locations, (size_t)c->nlocations * 4);
}

static int slot_take(struct cursor *t, struct client *c, struct error *err)
{
	uint32_t slot = take32(t), program = take32(t), op = take32(t), n = take32(t);
	const char *text = t->failed || n > t->left ? NULL : take(t, n + (size_t)(-n & 3));
	struct client_slot_info info = { .slot = slot, .program = program, .op = op };
	char *name;
	int rc;

	if (!text || memchr(text, 0, n))
		return damaged(err);
	name = malloc((size_t)n + 1);
	if (!name)
		return error_set(err, -ENOMEM, "trap: out of memory");
	memcpy(name, text, n);
	name[n] = 0;
	info.name = name;
	rc = client_slot_restore(c, &info) ? 0 : damaged(err);
	free(name);
	return rc;
}

/* Twice over the slots: nothing is changed by damaged ones that could be told before. */
int trap_read_world(struct client *c, const void *data, size_t size, struct error *err)
{
	struct cursor t, tables;
	struct trap trap;
	uint32_t n;
	int rc = body_find(&t, data, size, err);

	if (rc == 0)
		rc = trap_take(&t, &trap, err);
	if (rc < 0)
		return rc;
	if (take32(&t) != 1)
		return t.failed ? damaged(err)
				: error_set(err, -ENOENT, "trap: no tables were written beside it");
	tables = t;
	rc = tables_check(&t, c, err);
	if (rc < 0)
		return rc;
	tables_take(&tables, c);
	client_slots_finish(c);
	n = take32(&t);
	for (uint32_t i = 0; i < n && rc == 0; i++)
		rc = slot_take(&t, c, err);
	return rc == 0 && (t.failed || t.left) ? damaged(err) : rc;
}

/* ---- files ----------------------------------------------------------------------- */

int trap_save(const char *path, const struct trap *t, const struct client *world,
	      struct error *err)
{
	struct output o = { 0 };
	struct buf b;
	int rc;

	buf_init(&b);
	trap_write(&b, t, world);
	rc = buf_failed(&b) ? error_set(err, -ENOMEM, "trap: out of memory")
			    : output_create(&o, path, err);
	if (rc == 0)
		rc = output_write(&o, b.data, b.len, err);
	if (rc == 0)
		rc = output_commit(&o, err);
	output_finish(&o);
	buf_finish(&b);
	return rc;
}

int trap_load(const char *path, struct buf *data, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n = -1;
	void *at;

	if (fd < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size <= SIZE_MAX_READ && (at = buf_extend(data, (size_t)st.st_size)))
		n = read(fd, at, (size_t)st.st_size);
	close(fd);
	if (n < 0 || n != st.st_size)
		return error_set(err, -EBADMSG, "%s: no trap could be read from it", path);
	return 0;
}
