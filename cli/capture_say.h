/* capture_say.h - what a capture has brought, for capture and corpora alike. */
#ifndef CLI_CAPTURE_SAY_H
#define CLI_CAPTURE_SAY_H

#include <json-c/json.h>

#include "capture/run.h"

/* The figures. */
struct json_object *capture_summary(const char *output, const struct run_result *r);
/* On stderr, what the figures alone do not say. */
void capture_remarks(const char *program, const struct run_result *r);

#endif
