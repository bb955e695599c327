/* count.c - one generated program after the other: is it the same when pruned, and which of
 * the kept calls could be left out.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/sp/asm.h"
#include "tests/log/minimise/minimise.h"

static void tally_add(struct totals *t, uint16_t op, const struct kept *k)
{
	unsigned i;

	for (i = 0; i < t->n; i++)
		if (t->v[i].op == op && t->v[i].kind == k->kind && t->v[i].slot == k->slot)
			break;
	if (i == TALLIES)
		return;
	if (i == t->n)
		t->v[t->n++] = (struct tally){ op, (uint8_t)k->kind, k->slot, 0 };
	t->v[i].n++;
	t->needless++;
}

const char *slot_text(unsigned slot)
{
	return slot < gl_slot_count ? gl_slots[slot].name : "-";
}

static void record_print(FILE *f, const uint32_t *rec, const char *tail)
{
	struct buf text;

	buf_init(&text);
	sp_disassemble_record(rec, &text);
	fprintf(f, "#     %.*s%s\n", (int)text.len, (const char *)text.data, tail);
	buf_finish(&text);
}

/* ---- one program --------------------------------------------------------------- */

static void program_print(const struct gen_program *p, const struct pruned *k)
{
	bool bad;

	for (unsigned i = 0; i <= GEN_FRAMES; i++) {
		const struct sp *sp = &p->sps[i];

		printf("#   %s %u\n", i ? "frame" : "init", sp->frame);
		for (const uint32_t *rec = sp->code; (rec = sp_next(rec, sp->code + sp->nwords, &bad));
		     rec += sp_words(rec))
			record_print(stdout, rec, "");
	}
	printf("#   kept at frame %u\n", GEN_BOUNDARY);
	for (uint32_t i = 0; i < k->n; i++)
		record_print(stdout, kept_record(k, i), k->v[i].selector ? "   (selector)" : "");
}

/* ---- programs that are known to differ ------------------------------------------------ */

bool known_read(struct totals *t)
{
	FILE *f = fopen(KNOWN, "r");
	char line[512];

	if (!f) {
		printf("# %s: %s\n", KNOWN, strerror(errno));
		return false;
	}
	while (fgets(line, sizeof(line), f)) {
		struct known *k = &t->known[t->nknown];

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (t->nknown == KNOWN_MOST ||
		    sscanf(line, "%u %63s %63s", &k->program, k->slot, k->why) != 3) {
			printf("# %s: program, slot, reason: %s", KNOWN, line);
			fclose(f);
			return false;
		}
		t->nknown++;
	}
	fclose(f);
	return true;
}

static const struct known *known_find(const struct totals *t, uint64_t seed)
{
	for (unsigned i = 0; i < t->nknown; i++)
		if (t->known[i].program == seed)
			return &t->known[i];
	return NULL;
}

/* ---- (a) nothing dropped that was needed --------------------------------------------------- */

struct comparison { const struct known *known; unsigned expected, others; bool print; };

static void difference_note(void *user, const struct state_entry *a, const struct state_entry *b)
{
	struct comparison *c = user;
	char text[256];

	if (c->known && !strcmp(c->known->slot, state_slot_name(a ? a->slot : b->slot))) {
		c->expected++;
		return;
	}
	c->others++;
	if (!c->print)
		return;
	state_describe(a, b, text, sizeof(text));
	printf("#   %s\n", text);
}

/* A difference that is known must be there, and no other. */
static bool pruned_suffices(const struct gen_program *p, const struct pruned *k, uint64_t seed,
			    const struct outcome *full, struct totals *t)
{
	struct comparison c = { .known = known_find(t, seed) };
	struct outcome o;
	bool ok, told;

	outcome_pruned(p, k, UINT32_MAX, &o);
	state_diff(&full->dump, &o.dump, difference_note, &c);
	told = c.known && c.expected && !c.others && o.good && o.pictures == full->pictures;
	ok = told || (!c.known && outcome_same(full, &o));
	t->known_met += told;
	if (!ok) {
		printf("# not the same: program %" PRIu64 "%s%s%s\n", seed,
		       o.hash != full->hash ? ", state" : "",
		       o.pictures != full->pictures ? ", pictures" : "",
		       c.known && !c.expected ? ", not as " KNOWN " has it" : "");
		if (!o.good)
			printf("#   %s\n", o.why);
		c.print = true;
		state_diff(&full->dump, &o.dump, difference_note, &c);
		if (t->verbose)
			program_print(p, k);
		t->failed++;
	}
	state_finish(&o.dump);
	return ok && !c.known;
}

/* ---- (b) each kept call in turn ------------------------------------------------------------- */

static void needless_count(const struct gen_program *p, const struct pruned *k, uint64_t seed,
			   const struct outcome *full, struct totals *t)
{
	uint32_t kept = t->kept, needless = t->needless;

	fates_all(p, k, full);
	t->judged++;
	for (uint32_t i = 0; i < k->n; i++) {
		if (k->v[i].selector) {
			t->selectors++;
			continue;
		}
		t->kept++;
		if (fates[i] == DEADLY) {
			t->died++;
			printf("# the driver dies of program %" PRIu64 " without", seed);
			record_print(stdout, kept_record(k, i), "");
		}
		/* without a clear it may be seen what a new drawable holds: that is by chance */
		if (fates[i] != NEEDLESS || sp_opcode(*kept_record(k, i)) == OP_glClear)
			continue;
		tally_add(t, (uint16_t)sp_opcode(*kept_record(k, i)), &k->v[i]);
		if (!t->verbose)
			continue;
		printf("# needless in program %" PRIu64 ": kept as %s because of %s\n", seed,
		       prune_kind_names[k->v[i].kind], slot_text(k->v[i].slot));
		record_print(stdout, kept_record(k, i), "");
	}
	if (seed > PROGRAMS)
		return;
	t->of[seed].kept = t->kept - kept;
	t->of[seed].needless = t->needless - needless;
	t->of[seed].judged = true;
}

/* ---- both ------------------------------------------------------------------------------------ */

void program_judge(uint64_t seed, uint32_t families, const char *path, struct totals *t)
{
	static struct gen_program p;
	struct error err = { 0 };
	struct outcome full;
	struct pruned k;

	gen_make(&p, seed, families);
	outcome_full(&p, &full);
	if (!full.good || full.errors) {
		printf("# program %" PRIu64 " itself fails: %s\n", seed,
		       full.good ? "a GL error" : full.why);
		t->errors++;
		memset(&k, 0, sizeof(k));
		if (t->verbose)
			program_print(&p, &k);
	} else if (!pruned_make(&p, path, &k, &err)) {
		printf("# not pruned: program %" PRIu64 ": %s\n", seed, err.text);
		t->failed++;
	} else {
		t->programs++;
		t->records += p.records;
		if (pruned_suffices(&p, &k, seed, &full, t) && seed <= t->counted)
			needless_count(&p, &k, seed, &full, t);
	}
	buf_finish(&k.code);
	free(k.v);
	state_finish(&full.dump);
	gen_finish(&p);
}

