/* prune.c - what the pruner keeps of a generated program, and which of it is needed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blink/log/prune.h"
#include "tests/log/minimise/minimise.h"

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

bool pruned_make(struct gen_program *p, const char *path, struct pruned *out,
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

uint8_t *fates;

bool fates_make(void)
{
	void *at = mmap(NULL, FATES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	fates = at;
	return at != MAP_FAILED;
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
		fates[i] = outcome_same(full, &o) ? NEEDLESS : NEEDED;
		state_finish(&o.dump);
	}
}

/* Drivers may well die of a program that lacks a record: in a process of its own, and
 * another one for what is left. */
void fates_all(const struct gen_program *p, const struct pruned *k,
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

