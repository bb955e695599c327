/* program.h - what one round of the campaign runs: a few stored procedures of one client,
 * the payloads and registers they see, and how to keep them.
 *
 * A program is nothing but words, so that the same code cuts down a generated program
 * and a hostile one.  Everything else (payloads, limits, registers at entry) is the same
 * for every program, or follows from a procedure's number: a file in corpus/ needs no
 * more than the procedures to be the same case again.
 */
#ifndef TESTS_SOUNDNESS_PROGRAM_H
#define TESTS_SOUNDNESS_PROGRAM_H

#include "blink/sp/sp.h"
#include "blink/verify/verify.h"

#define PROGRAM_SPS 5u
#define PROGRAM_WORDS 1024u         /* of one procedure */
#define PROGRAM_NAMES 9u            /* highest name of each space */
#define SCENE_NAMES 16u             /* the same for what scene.c makes */
#define SCENE_SLOTS 12u
#define PROGRAM_SLOTS 6u
#define PROGRAM_BUDGET 6000u        /* words that calls may expand to */

struct program_sp {
	uint32_t n;
	uint8_t callback;
	uint32_t words[PROGRAM_WORDS];
};

/* Procedures run in order; each may call those before it. */
struct program {
	uint32_t nsps;
	bool strict;                /* verified as for a stranger */
	struct program_sp sp[PROGRAM_SPS];
};

/* Payloads by number; each but the absent one ends at a page that cannot be touched
 * (but for what alignment to 8 leaves). */
enum {
	PAY_VERTICES = 1,           /* 16 floats */
	PAY_TWO,                    /* 6 floats */
	PAY_INDEX8, PAY_INDEX16, PAY_INDEX32,       /* 0 1 2 3 2 1 */
	PAY_INDEX_HIGH,             /* shorts 0 1 2 40 */
	PAY_RESTART,                /* shorts 0 1 0xffff 3 */
	PAY_RESTART_ALL,            /* shorts 0xffff twice */
	PAY_NAMES,                  /* names 1 2 3 */
	PAY_NAMES_ODD,              /* names 0 2 2 */
	PAY_NAMES_HIGH,             /* names 1 1000 */
	PAY_STRING,                 /* "name" and its zero */
	PAY_STRINGS,                /* "a" "bc" "" "def" */
	PAY_OPEN,                   /* "abc" without a zero */
	PAY_COUNTS,                 /* ints 2 1 0 3 */
	PAY_LISTS,                  /* bytes 1 2 3 1 */
	PAY_EMPTY,                  /* nothing */
	PAY_ABSENT,                 /* 64 bytes that are not in memory */
	PAY_BYTES,                  /* 512 bytes of everything */
	PAY_LARGE,                  /* 8192 bytes */
	PAY_COUNT,
	/* for what drivers are given (scene.c) */
	PAY_HUGE = PAY_COUNT,       /* 2 MiB of small numbers */
	PAY_WILD,                   /* floats: infinite, huge, none at all */
	PAY_EDGES,                  /* ints: the greatest, the least, and beside them */
	PAY_ENUMS,                  /* what is drawn to, by name */
	PAY_LISTED,                 /* bytes 1 to 6: names of lists */
	PAY_MANY,                   /* names 1 to 8 */
	PAY_SHADERS,                /* sources from here on (scene_shader.c) */
	PAY_ALL = PAY_SHADERS + 24
};
extern struct sp_payloads program_payloads;

/* Memory of that size whose end is as near to an untouchable page as alignment lets. */
uint8_t *program_guarded(uint32_t size);
/* Makes the payloads; once, before anything else. */
void program_world_make(void);
/* Limits of every program's client; everything is allowed unless strict. */
void program_limits(struct verify_limits *limits, bool strict);
/* Registers at the entry of procedure number i. */
const uint32_t *program_registers(uint32_t i);

/* Takes len words at `at` out of a procedure; jumps over them get shorter. */
void program_cut(struct program_sp *sp, uint32_t at, uint32_t len);
struct sp program_get(const struct program *p, uint32_t i);

/* As text (a line per record: name, register mask, words, all hexadecimal), and back.
 * Unlike assembly it holds what no verifier accepts. */
int program_save(const struct program *p, const char *path, const char *why, struct error *err);
int program_load(struct program *p, const char *path, struct error *err);

/* ---- numbers at random: splitmix64, the same everywhere ------------------------- */
struct dice { uint64_t state; };

static inline uint32_t dice_u32(struct dice *d)
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) >> 16);
}
/* 0 to n-1 */
static inline uint32_t dice_below(struct dice *d, uint32_t n)
{
	return (uint32_t)((uint64_t)dice_u32(d) * n >> 32);
}

/* generate.c */
void generate(struct program *p, struct dice *d);
/* scene.c: what a driver is to survive: set-ups, then draws, reads and copies */
void scene(struct program *p, struct dice *d);
/* scene_shader.c: what PAY_SHADERS + i holds, NULL: no more */
struct scene_shader { uint32_t stage; const char *text; };
const struct scene_shader *scene_shader(unsigned i);
/* A judge who knows them, as a server's does by the time that it uses them, and nothing else;
 * to be asked for before anybody uses GL.  NULL: there is none. */
struct shader_judge *scene_judge(void);
/* mutate.c: at least one change that no grammar makes */
void mutate(struct program *p, struct dice *d);

#endif
