/* environment.h - what a result was measured on; part of every result. */
#ifndef JIT_BENCH_ENVIRONMENT_H
#define JIT_BENCH_ENVIRONMENT_H

#include <json-c/json.h>

/* { cpu, processors, kernel, compiler, date } */
struct json_object *environment_json(void);

#endif
