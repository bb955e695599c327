/* capture_say.h - how a capture goes, and what it has brought, for capture and corpora alike. */
#ifndef CLI_CAPTURE_SAY_H
#define CLI_CAPTURE_SAY_H

#include <json-c/json.h>

#include "capture/run.h"

/* Lengths of captures. */
#define SECONDS_LEAST 1e-6
#define SECONDS_MOST 1e6

/* user: the struct run_options of the capture. */
void capture_progress(void *user, const struct run_progress *p);
/* The figures. */
struct json_object *capture_summary(const char *output, const struct run_result *r);
/* On stderr, what the figures alone do not say. */
void capture_remarks(const char *program, const struct run_result *r);

#endif
