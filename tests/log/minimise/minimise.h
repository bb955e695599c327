/* minimise.h - the parts of the minimiser: running programs, pruning them, finding out
 * which kept calls are needed, counting, the golden.
 */
#ifndef MINIMISE_H
#define MINIMISE_H

#include <stdbool.h>
#include <stdint.h>

#include "blink/base/buf.h"
#include "blink/log/prune.h"
#include "blink/log/state.h"
#include "tests/log/minimise/prune_gen.h"

#define PROGRAMS 200u
#define GOLDEN "tests/log/minimise/golden.json"
#define KNOWN "tests/log/minimise/known"

/* ---- what is kept of a program (prune.c) ------------------------------------------ */

struct kept { uint32_t at; uint32_t words; enum prune_kind kind; unsigned slot; bool selector; };

struct pruned {
	struct buf code;
	struct kept *v;
	uint32_t n, cap;
};

/* path: of a file that may be overwritten. */
bool pruned_make(struct gen_program *p, const char *path, struct pruned *out, struct error *err);

static inline const uint32_t *kept_record(const struct pruned *k, uint32_t i)
{
	return (const uint32_t *)(const void *)(k->code.data + k->v[i].at);
}

/* ---- running (run.c) ---------------------------------------------------------------- */

/* What a program comes to: the state at the boundary and the pictures behind it. */
struct outcome {
	struct state_dump dump;
	uint64_t hash, pictures;
	bool good;
	unsigned errors;
	char why[600];
};

/* The driver; below 0 where there is none. */
int run_open(void);
void run_close(void);
void outcome_full(const struct gen_program *p, struct outcome *o);
/* Pruned, without the record `without` (UINT32_MAX: whole). */
void outcome_pruned(const struct gen_program *p, const struct pruned *k, uint32_t without,
		    struct outcome *o);
bool outcome_same(const struct outcome *a, const struct outcome *b);

/* ---- each kept call left out in turn (prune.c) ----------------------------------------- */

/* What became of the kept calls one by one, in memory that child processes share. */
enum fate { UNTRIED, NEEDED, NEEDLESS, DEADLY };
#define FATES 65536u
extern uint8_t *fates;
bool fates_make(void);
void fates_all(const struct gen_program *p, const struct pruned *k, const struct outcome *full);

/* ---- counting (count.c) ------------------------------------------------------------------ */

/* Needless calls by instruction, kind and slot. */
struct tally { uint16_t op; uint8_t kind; unsigned slot; uint32_t n; };
#define TALLIES 4096u

/* A program that is known to differ, in that slot alone, and why. */
struct known { unsigned program; char slot[64], why[64]; };
#define KNOWN_MOST 256u

struct totals {
	struct tally v[TALLIES];
	unsigned n;
	struct { uint32_t kept, needless; bool judged; } of[PROGRAMS + 1];     /* by program */
	uint32_t programs, judged, records, kept, selectors, needless, failed, errors, died;
	unsigned long counted;      /* up to which program calls are left out */
	bool verbose;
	struct known known[KNOWN_MOST];
	unsigned nknown, known_met;
};

/* Reads KNOWN; false, and a line on stdout, where that is no list. */
bool known_read(struct totals *t);
/* Generates program `seed` from these families, and judges it. */
void program_judge(uint64_t seed, uint32_t families, const char *path, struct totals *t);
const char *slot_text(unsigned slot);

/* ---- the golden (golden.c) ---------------------------------------------------------------- */

/* Lines for people. */
void totals_print(struct totals *t);
/* As a results file (docs/RESULTS.md): a metric for each program, and their sum. */
int totals_save(const struct totals *t, const char *path);
/* Not 0: a program that was judged has more needless calls than the golden allows, or is
 * not in it. */
int golden_judge(const struct totals *t);

#endif
