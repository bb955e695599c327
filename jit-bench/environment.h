/* environment.h - what a result was measured on; part of every result. */
#ifndef JIT_BENCH_ENVIRONMENT_H
#define JIT_BENCH_ENVIRONMENT_H

#include <json-c/json.h>

/* { cpu, processors, governor, memory, kernel, load (of the last minute), compiler,
 *   revision (of the source tree, "-dirty" when it held changes), libraries: versions,
 *   settings: environment variables that choose a driver, date }
 * What cannot be found out is "unknown". */
struct json_object *environment_json(void);

#endif
