/* broker_blame.c - who did harm, and what comes of it.
 *
 * Notes are taken of two: the program (a process), and who runs it: its user and, where the
 * system sorts processes so, its control group.  A program can be replaced by another at no
 * cost, so that what it alone is refused does not keep anybody from doing the same again;
 * user and group it cannot change.
 *
 *   a program         whose turn did not end is refused for a minute; one in whose turn the
 *                     executor died, at the second time, or where who runs it has done it
 *                     more often
 *   who runs it       newcomers of his wait, twice as long after each loss: one second, two,
 *                     four...  One of them comes in at a time.  Those that were here before
 *                     do not wait, until it has happened HARMS_ALL times.
 *
 * Hosts that want clients to be told apart give each a user or a control group of its own,
 * as each virtual machine has its domain. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <xxhash.h>

#include "blink/server/broker_priv.h"

#define HARMS_ONCE 3u                   /* from here on, once is enough for a program */
#define HARMS_ALL 4u                    /* from here on, those wait too that were here */
#define FORGET_NS UINT64_C(300000000000)
#define WAIT_NS UINT64_C(1000000000)
#define WAIT_DOUBLINGS 6u               /* 64 s at most */

/* ---- who is who ------------------------------------------------------------------------ */

static size_t file_read(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, size - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = 0;
	return n;
}

/* When the process began: its number alone may come again. */
static uint64_t began(int32_t pid)
{
	char path[40], text[1024], *after;
	uint64_t when = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file_read(path, text, sizeof(text));
	after = strrchr(text, ')');     /* the name may hold anything */
	for (unsigned i = 0; after && i < 20; i++)
		after = strchr(after + 1, ' ');
	if (after)
		when = strtoull(after, NULL, 10);
	return when;
}

void broker_who(struct broker_client *c)
{
	struct { struct ucred who; char group[1000]; } it;
	socklen_t n = sizeof(it.who);
	uint64_t program[2] = { (uint64_t)c->pid, began(c->pid) };
	char path[40];

	memset(&it, 0, sizeof(it));
	getsockopt(c->socket, SOL_SOCKET, SO_PEERCRED, &it.who, &n);
	it.who.pid = 0;
	it.who.gid = 0;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", c->pid);
	file_read(path, it.group, sizeof(it.group));
	c->program = XXH3_64bits(program, sizeof(program)) | 1;
	c->principal = XXH3_64bits(&it, sizeof(it)) & ~UINT64_C(1);
}

/* ---- notes ------------------------------------------------------------------------------- */

static struct broker_note *note_of(struct broker *b, uint64_t key)
{
	for (uint32_t i = 0; i < BROKER_NOTES; i++)
		if (b->notes[i].harms && b->notes[i].key == key)
			return &b->notes[i];
	return NULL;
}

/* The oldest gives way. */
static struct broker_note *note_make(struct broker *b, uint64_t key)
{
	struct broker_note *n = note_of(b, key);

	if (n)
		return n;
	n = &b->notes[0];
	for (uint32_t i = 1; i < BROKER_NOTES; i++)
		if (b->notes[i].harm_ns < n->harm_ns)
			n = &b->notes[i];
	*n = (struct broker_note){ .key = key };
	return n;
}

static void note_harm(struct broker_note *n, uint64_t now, uint64_t forget_ns)
{
	if (now - n->harm_ns > forget_ns)
		n->harms = 0;
	n->harms++;
	n->harm_ns = now;
}

static uint32_t harms(struct broker *b, uint64_t key, uint64_t forget_ns)
{
	const struct broker_note *n = note_of(b, key);

	return n && broker_now() - n->harm_ns < forget_ns ? n->harms : 0;
}

static uint64_t wait_ns(uint32_t n)
{
	return WAIT_NS << (n - 1 < WAIT_DOUBLINGS ? n - 1 : WAIT_DOUBLINGS);
}

void broker_blame(struct broker *b, uint32_t id, bool hung)
{
	const struct broker_client *c = broker_client_of(b, id);
	struct broker_note *n;
	uint64_t now = broker_now();

	if (!c)
		return;
	n = note_make(b, c->program);
	note_harm(n, now, BROKER_RESETS_NS);
	if (hung)
		n->harms = BROKER_RESETS;
	n = note_make(b, c->principal);
	note_harm(n, now, FORGET_NS);
	n->next_ns = now + wait_ns(n->harms);
}

/* ---- what comes of them --------------------------------------------------------------- */

bool broker_condemned(struct broker *b, const struct broker_client *c)
{
	uint32_t n = harms(b, c->program, BROKER_RESETS_NS);

	return n >= BROKER_RESETS || (n && harms(b, c->principal, FORGET_NS) >= HARMS_ONCE);
}

bool broker_waits(struct broker *b, const struct broker_client *c, bool newcomer)
{
	uint32_t n = harms(b, c->principal, FORGET_NS);
	struct broker_note *note;
	uint64_t now = broker_now();

	if (!n || (!newcomer && n < HARMS_ALL))
		return false;
	note = note_of(b, c->principal);
	if (now < note->next_ns)
		return true;
	note->next_ns = now + wait_ns(n);
	return false;
}

/* ---- memory that ran out ---------------------------------------------------------------- */

/* Processes that the system has killed for lack of memory so far. */
uint64_t broker_oom_kills(void)
{
	char text[16384], *at;
	uint64_t n = 0;

	file_read("/proc/vmstat", text, sizeof(text));
	at = strstr(text, "\noom_kill ");
	if (at)
		sscanf(at, "\noom_kill %" SCNu64, &n);
	return n;
}

/* Whoever has most on his account. */
uint32_t broker_largest(const struct broker *b)
{
	const struct board_status *k = b->known;
	uint64_t most = 0;
	uint32_t id = 0;

	for (uint32_t i = 0; i < k->nclients && i < BROKER_CLIENTS_MAX; i++)
		if (k->clients[i].memory > most) {
			most = k->clients[i].memory;
			id = k->clients[i].id;
		}
	return id;
}
