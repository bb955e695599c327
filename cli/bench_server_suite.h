/* bench_server_suite.h - the row `server` of `blinkctl bench`: its options read. */
#ifndef CLI_BENCH_SERVER_SUITE_H
#define CLI_BENCH_SERVER_SUITE_H

#include "cli/bench_suites.h"

struct json_object *bench_server_suite(const struct bench_request *q, struct error *err);

#endif
