/* code_account.c - see code_account.h. */
#include "blink/server/code_account.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Never freed, but taken again when gone and empty: a thread may still have it for its own. */
struct code_account {
	struct code_account *next;     /* of all that there were */
	struct code_amount now;
	bool gone;
};

static uint32_t npieces;               /* of all accounts together */
static struct code_account *accounts;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread struct code_account *current;

/* ---- accounts ------------------------------------------------------------------------ */

struct code_account *code_account_create(void)
{
	struct code_account *a;

	pthread_mutex_lock(&lock);
	for (a = accounts; a && (!a->gone || a->now.pieces);)
		a = a->next;
	if (!a) {
		a = calloc(1, sizeof(*a));
		if (a) {
			a->next = accounts;
			accounts = a;
		}
	}
	if (a)
		a->gone = false;
	pthread_mutex_unlock(&lock);
	return a;
}

void code_account_destroy(struct code_account *a)
{
	if (!a)
		return;
	if (current == a)
		current = NULL;
	pthread_mutex_lock(&lock);
	a->gone = true;
	pthread_mutex_unlock(&lock);
}

void code_account_enter(struct code_account *a)
{
	current = a;
}

struct code_amount code_account_amount(const struct code_account *a)
{
	struct code_amount now = { 0 };

	if (!a)
		return now;
	pthread_mutex_lock(&lock);
	now = a->now;
	pthread_mutex_unlock(&lock);
	return now;
}

bool code_account_most(const struct code_account *a)
{
	uint32_t most = 0;
	bool is;

	if (!a)
		return false;
	pthread_mutex_lock(&lock);
	for (const struct code_account *o = accounts; o && npieces > CODE_PIECES_ALL; o = o->next)
		most = !o->gone && o->now.pieces > most ? o->now.pieces : most;
	is = most && a->now.pieces == most;
	pthread_mutex_unlock(&lock);
	return is;
}

#if CODE_COUNTED

/* ---- pieces -------------------------------------------------------------------------- */

/* What a piece takes beside its code: pages for its constants and data, and what the driver
 * keeps to find it by (llvmpipe: 12 to 20 KiB). */
#define PIECE_BYTES 16384u

struct piece { uintptr_t at; size_t bytes; struct code_account *whose; };

/* By place.  Whoever compiles takes milliseconds, so that keeping them in order is nothing. */
static struct piece *pieces;
static uint32_t room;

/* The first that does not lie before at. */
static uint32_t piece_find(uintptr_t at)
{
	uint32_t low = 0, high = npieces;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (pieces[mid].at < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void pieces_drop(uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		struct code_account *a = pieces[i].whose;

		a->now.bytes -= pieces[i].bytes + PIECE_BYTES;
		a->now.pieces--;
	}
	memmove(pieces + first, pieces + end, (npieces - end) * sizeof(*pieces));
	npieces -= end - first;
}

static void range_drop(uintptr_t at, size_t bytes)
{
	uint32_t first = piece_find(at), end = first;

	while (end < npieces && pieces[end].at - at < bytes)
		end++;
	if (end > first)
		pieces_drop(first, end);
}

static void piece_add(uintptr_t at, size_t bytes, struct code_account *a)
{
	uint32_t i;

	range_drop(at, bytes);
	if (npieces == room) {
		struct piece *more = realloc(pieces, (room ? 2 * room : 256) * sizeof(*pieces));

		if (!more)
			return;
		pieces = more;
		room = room ? 2 * room : 256;
	}
	i = piece_find(at);
	memmove(pieces + i + 1, pieces + i, (npieces - i) * sizeof(*pieces));
	pieces[i] = (struct piece){ at, bytes, a };
	npieces++;
	a->now.bytes += bytes + PIECE_BYTES;
	a->now.pieces++;
}

/* ---- what drivers call ----------------------------------------------------------------- */

__attribute__((weak, visibility("default"))) int mprotect(void *at, size_t bytes, int prot)
{
	int r = (int)syscall(SYS_mprotect, at, bytes, prot);

	if (r == 0 && prot & PROT_EXEC && current) {
		pthread_mutex_lock(&lock);
		piece_add((uintptr_t)at, bytes, current);
		pthread_mutex_unlock(&lock);
	}
	return r;
}

__attribute__((weak, visibility("default"))) int munmap(void *at, size_t bytes)
{
	pthread_mutex_lock(&lock);
	if (npieces)
		range_drop((uintptr_t)at, bytes);
	pthread_mutex_unlock(&lock);
	return (int)syscall(SYS_munmap, at, bytes);
}

#endif
