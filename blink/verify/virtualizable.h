/* virtualizable.h - is this instruction set virtualizable?  Popek and Goldberg's theorem
 * (1974) over a table of commands.
 *
 * A command is *control-sensitive* when it can change what confines a client (scissor,
 * viewport, which framebuffer and buffers are drawn to and read) or resources that clients
 * share; *behaviour-sensitive* when its result depends on where the client was placed or
 * on others; *innocuous* otherwise.  The theorem's condition, for clients whose programs
 * are verified instead of trapped: every sensitive command is mediated.  So sensitive less
 * mediated must be empty, and that is what is judged.
 *
 * The judge believes no row's class: it derives one from the state that the row reads and
 * writes, and a row that calls itself innocuous but touches what confines is a fault too.
 * Rows whose effects are unknown (opaque) are no part of the machine: the verifier refuses
 * them to strangers.  Works on any rows, so that a test can hand it bad ones.
 */
#ifndef BLINK_VERIFY_VIRTUALIZABLE_H
#define BLINK_VERIFY_VIRTUALIZABLE_H

#include "blink/base/error.h"
#include "blink/gl/table.h"

struct virtualizable_row {
	const char *name;
	unsigned klass;                 /* enum gl_class, as the row claims */
	const char *mediation;          /* a word of the list of mediations, or NULL */
	bool opaque;                    /* effects unknown, or not proved */
	const struct gl_effect *reads, *writes;
	unsigned nreads, nwrites;
};

/* Why a row is a fault; also of rows without one. */
enum virtualizable_why {
	VIRTUALIZABLE_GOOD,
	VIRTUALIZABLE_UNMEDIATED,       /* sensitive, and nobody mediates */
	VIRTUALIZABLE_UNKNOWN_MEDIATION,/* a word that stands in no list */
	VIRTUALIZABLE_CONTROLS,         /* innocuous by its own word, but writes what confines */
	VIRTUALIZABLE_BEHAVES,          /* innocuous by its own word, but its result depends on
	                                   placement */
	VIRTUALIZABLE_WHYS
};
extern const char *const virtualizable_sentences[VIRTUALIZABLE_WHYS];

struct virtualizable_fault { const char *name; uint8_t why; };

#define VIRTUALIZABLE_MEDIATIONS 32u
struct virtualizable {
	unsigned rows, opaque;
	unsigned innocuous, control, behaviour;         /* of those that are not opaque */
	unsigned mediated[VIRTUALIZABLE_MEDIATIONS];    /* by place in the list of mediations */
	struct virtualizable_fault *faults;             /* sensitive less mediated */
	unsigned nfaults;
};

/* -ENOMEM.  The verdict is yes when nfaults is 0. */
int virtualizable_judge(const struct virtualizable_row *rows, unsigned n,
			const struct gl_text *mediations, struct virtualizable *out);
void virtualizable_finish(struct virtualizable *v);

/* What the row itself touches, whatever it claims: GL_CLASS_*. */
unsigned virtualizable_class(const struct virtualizable_row *row);

/* Rows of BlinkGL: the commands that have instructions; malloc'd, NULL without memory. */
struct virtualizable_row *virtualizable_rows(unsigned *n);

#endif
