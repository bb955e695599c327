/* cases.h - small procedures, the payloads they name, and a client to verify them for:
 * shared by the verifier's tests and its fuzzer. */
#ifndef TESTS_VERIFY_CASES_H
#define TESTS_VERIFY_CASES_H

#include "blink/verify/verify.h"

/* One record: an op by name, registers' mask, then its words. */
struct record { const char *op; uint32_t word[10]; uint16_t mask; };

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

#endif
