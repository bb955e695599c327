/* recording.h - what the tests of the reader of recordings share: names of files, and
 * calls of many kinds.
 */
#ifndef TESTS_RECORD_RECORDING_H
#define TESTS_RECORD_RECORDING_H

#include "capture/recording.h"
#include "tests/support/recgen.h"
#include "tests/support/tracegen.h"

/* Names of this run's own; the files go with it. */
extern char trace[64], rec[64], blink[2][64];
int recording_setup(void **state);
int recording_teardown(void **state);

/* Calls with every kind of argument, two frames. */
void recording_all(struct tracegen *g);
/* The same as a recording at `rec`, by way of a trace at `trace`; still open. */
struct recgen *recording_sample(void);
/* `rec`, which must open. */
struct recording *recording_opened(void);

#endif
