/* serve_series.h - what a server did, frame by frame, as a results file: for `blinkctl
 * report` and `results frames`. */
#ifndef CLI_SERVE_SERIES_H
#define CLI_SERVE_SERIES_H

#include "blink/server/broker.h"

struct serve_series;
struct serve_series *serve_series_create(void);            /* NULL: out of memory */
void serve_series_destroy(struct serve_series *s);
void serve_series_event(struct serve_series *s, const struct server_event *e);
/* Medians as samples, all frames as series: of the server CPU time and intervals of its
 * display frames, of each client CPU time and intervals of its redraws.  Writes path. */
int serve_series_save(const struct serve_series *s, const char *path,
		      const struct broker_summary *sum, struct error *err);

#endif
