/* capture_say.c - how a capture goes, and what it has brought, for capture and corpora alike. */
#include "cli/capture_say.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static void add_count(struct json_object *j, const char *key, uint64_t n)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)n));
}

static void add_number(struct json_object *j, const char *key, double v, int digits)
{
	char text[32];

	snprintf(text, sizeof text, "%.*f", digits, v);
	json_object_object_add(j, key, json_object_new_double_s(v, text));
}

void capture_progress(void *user, const struct run_progress *p)
{
	const struct run_options *opt = user;
	double by_time = opt->duration > 0 ? p->seconds / opt->duration : 0;
	double by_frames = opt->frames ? (double)p->frames / (double)opt->frames : 0;
	char detail[96];

	snprintf(detail, sizeof detail, "%.1f s, %llu frames, %llu calls, %.1f MB", p->seconds,
		 (unsigned long long)p->frames, (unsigned long long)p->calls, (double)p->bytes / 1e6);
	cli_progress("capturing", fmin(fmax(by_time, by_frames), 1), detail);
}

struct json_object *capture_summary(const char *output, const struct run_result *r)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "trace", json_object_new_string(output));
	json_object_object_add(j, "recorder", json_object_new_string(r->recorder == RUN_BLINK
								     ? "blink" : "apitrace"));
	add_count(j, r->recorder == RUN_BLINK ? "recording_bytes" : "trace_bytes", r->trace_bytes);
	add_count(j, "frames", r->frames);
	add_count(j, "calls", r->calls);
	add_count(j, "distinct_functions", r->functions);
	add_count(j, "payload_bytes", r->payload_bytes);
	add_number(j, "seconds", r->seconds, 2);
	add_number(j, "frames_per_second", r->seconds > 0 ? (double)r->drawn / r->seconds : 0,
		   2);
	add_number(j, "program_cpu_seconds", r->program_cpu, 6);
	json_object_object_add(j, "truncated", json_object_new_boolean(r->truncated));
	json_object_object_add(j, "ended", json_object_new_string(run_end_name(r->end)));
	json_object_object_add(j, "status", json_object_new_int(r->status));
	json_object_object_add(j, "signal", json_object_new_int(r->signal));
	json_object_object_add(j, "display", json_object_new_string(r->display));
	json_object_object_add(j, "window_system", json_object_new_string(r->wrapper));
	return j;
}

/* What the numbers alone do not say. */
void capture_remarks(const char *program, const struct run_result *r)
{
	if (r->end == RUN_CRASHED)
		fprintf(stderr, "blinkctl: %s: crashed (%s); what it drew is kept up to the last whole call\n",
			program, strsignal(r->signal));
	else if (r->end == RUN_DISPLAY_DIED)
		fprintf(stderr, "blinkctl: %s: its display died; what it drew is kept up to then\n", program);
	else if (r->end == RUN_GUARD_DIED)
		fprintf(stderr, "blinkctl: %s: the capture's guardian was killed; what it drew is kept up to then\n",
			program);
	else if (r->end == RUN_EXITED && r->status)
		fprintf(stderr, "blinkctl: %s: ended with status %d\n", program, r->status);
	if (r->truncated)
		fprintf(stderr, "blinkctl: %s: the trace ends within a call; readers stop at the last whole one\n",
			program);
	if (r->frames == 0)
		fprintf(stderr, "blinkctl: %s: never swapped: there is no frame\n", program);
	if (r->other[0])
		fprintf(stderr, "blinkctl: %s: a forked child wrote a trace of its own, %s\n", program, r->other);
}
