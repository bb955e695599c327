/* cases.h - small procedures, the payloads they name, and a client to verify them for; tables
 * of them with the verdicts that are expected: shared by the verifier's tests and its fuzzer. */
#ifndef TESTS_VERIFY_CASES_H
#define TESTS_VERIFY_CASES_H

#include "blink/verify/verify.h"

/* One record: an op by name, registers' mask, then its words. */
struct record { const char *op; uint32_t word[12]; uint16_t mask; };

/* What many begin with: a context, with a window of 64 x 64; an array of four vertices. */
#define MAKE { "blinkContext", { 1, 0, 0, 0 } }, { "blinkMakeCurrent", { 1, 1, 1 } }
#define MAKE_WINDOW { "blinkContext", { 1, 0, 0, 0 } }, { "blinkDrawable", { 1, 64, 64, 1 } }, \
		    { "blinkMakeCurrent", { 1, 1, 1 } }
#define FLOAT 0x1406
#define USHORT 0x1403
#define BUF_ARRAY 0x8892
#define BUF_ELEMENT 0x8893
#define VERTICES { "glVertexPointer", { 3, FLOAT, 0, PAY_VERTICES, 0 } }, \
		 { "glEnableClientState", { 0x8074 } }

/* Payloads by id; what they hold is said in cases.c. */
enum {
	PAY_VERTICES = 1,    /* 4 vertices of 3 floats */
	PAY_INDICES,         /* shorts 0 1 2 3 */
	PAY_INDICES_BAD,     /* shorts 0 1 2 4 */
	PAY_STRING,          /* "name" */
	PAY_OPEN,            /* "abc" without a zero */
	PAY_NAMES,           /* one name: 1 */
	PAY_NAMES_BAD,       /* one name: 999 */
	PAY_ABSENT,          /* 64 bytes that are not in memory */
	PAY_RESTART,         /* shorts 0 1 0xffff 3 */
	PAY_TWO,             /* 2 vertices of 3 floats */
	PAY_SHARED,          /* PAY_VERTICES, which may change meanwhile; */
	PAY_SHARED_INDICES,  /* so may indices, */
	PAY_SHARED_STRING,   /* a string, */
	PAY_SHARED_NAMES,    /* a name */
	PAY_MODERN,          /* a shader's text that may have blocks */
	PAY_LARGE,           /* 1,024 zeros */
	PAYLOADS
};
extern const struct sp_payloads case_payloads;

#define CASE_NAMES 10u
#define CASE_SLOTS 5u
#define CASE_WORDS 4000u
/* Limits as above; everything that depends on trust is allowed. */
void case_env(struct verify_env *env);
/* The records' words, and `end`.  Returns how many; 0 for an op that there is not. */
uint32_t case_code(const struct record *r, uint32_t *code, uint32_t cap);
/* The verdict over them, and with facts what was found; VERIFY_REASONS for no procedure. */
enum verify_reason case_verdict(struct verify_state *s, const struct verify_env *env,
				const struct record *r, unsigned callback,
				struct verify_facts *facts);

/* A row: records, and what is said to them. */
struct verify_case {
	const char *name;
	enum verify_reason reason;
	struct record r[40];
	uint8_t callback;    /* SP_INIT unless said */
};

/* Looks at each by itself, for a new client; those that are judged otherwise are printed, and
 * their number returned. */
unsigned cases_look(const struct verify_case *c, size_t n, const struct verify_env *env);
/* The same with the environment of case_env. */
unsigned cases_bad(const struct verify_case *c, size_t n);

#endif
