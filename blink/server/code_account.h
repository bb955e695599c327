/* code_account.h - machine code that drivers make, on the account of whose turn it is.
 *
 * llvmpipe compiles at draws, for every combination of state that it has not met: each piece
 * is pages of its own, mapped, written and made executable, which no command of GL tells of
 * and no allocator counts.  A client with several contexts could have so many that the
 * process has no mappings left (65,530, three to a piece).  So mprotect and munmap are taken
 * the place of here: what becomes executable while a client is at work on its thread is its,
 * until it is unmapped.
 *
 * A program has this only if it is linked with what exports these two (the Makefile's LINK);
 * with a sanitizer's run time, or in an account that is never current, all amounts stay 0.
 */
#ifndef BLINK_SERVER_CODE_ACCOUNT_H
#define BLINK_SERVER_CODE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

struct code_account;
struct code_amount {
	uint64_t bytes;                /* of code, and of all that goes with it */
	uint32_t pieces;
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CODE_COUNTED 0
#elif defined(__has_feature)
#define CODE_COUNTED (!__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer))
#else
#define CODE_COUNTED 1
#endif

#define CODE_PIECES_ALL 12288u         /* of all accounts: beyond it, the largest is to go */

struct code_account *code_account_create(void);
/* Its pieces may outlive it. */
void code_account_destroy(struct code_account *a);
/* What this thread makes executable from here on is a's; NULL: nobody's. */
void code_account_enter(struct code_account *a);
struct code_amount code_account_amount(const struct code_account *a);
/* All together have more than this process can hold, and nobody has more than a. */
bool code_account_most(const struct code_account *a);

#endif
