/* broker_files.c - what the broker writes: screenshots, the trace, the film's pictures. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "blink/server/broker_priv.h"

#define PICTURE_NS 5000000000u

static const uint8_t *picture_at(const struct broker *b, uint64_t number)
{
	size_t size = (size_t)b->opt->server.width * b->opt->server.height * 3;

	return b->board->pictures + number % BOARD_PICTURES * size;
}

const uint8_t *broker_picture(const struct broker *b, uint64_t *time_ns)
{
	uint64_t head = atomic_load(&b->board->pictures_head);

	if (!head)
		return NULL;
	*time_ns = b->board->picture_time[(head - 1) % BOARD_PICTURES];
	return picture_at(b, head - 1);
}

/* All that came go into the film, the last onto the window.  The last one stays ours. */
void broker_pictures_take(struct broker *b)
{
	uint64_t head = atomic_load(&b->board->pictures_head);
	uint64_t tail = atomic_load(&b->board->pictures_tail);

	if (head - tail > BOARD_PICTURES)
		tail = head - BOARD_PICTURES;
	if (head == b->pictures_seen)
		return;
	for (uint64_t i = tail > b->pictures_seen ? tail : b->pictures_seen; i < head; i++)
		if (b->film)
			film_add(b->film, picture_at(b, i),
				      b->board->picture_time[i % BOARD_PICTURES]);
	if (b->view)
		window_view_show(b->view, picture_at(b, head - 1));
	b->pictures_seen = head;
	atomic_store(&b->board->pictures_tail, head - 1);
}

/* Asks for a picture of this moment, and waits for it. */
int broker_screenshot_write(struct broker *b, const char *path, struct error *err)
{
	const struct message m = { .kind = MESSAGE_PICTURE };
	uint64_t before = atomic_load(&b->board->pictures_head), start = broker_now(), t;
	const uint8_t *rgb;
	struct stat there;

	if (b->ready && broker_send(b, &m, NULL) >= 0) {
		while (b->ready && atomic_load(&b->board->pictures_head) == before &&
		       broker_now() - start < PICTURE_NS) {
			struct pollfd p[2] = { { .fd = b->socket, .events = POLLIN },
					       { .fd = b->pidfd, .events = POLLIN } };

			if (poll(p, 2, 20) > 0 && p[1].revents)
				break;
			broker_executor_read(b);
		}
	}
	rgb = broker_picture(b, &t);
	if (!rgb)
		return error_set(err, -EIO, "%s: there is no picture of the screen yet", path);
	/* a pipe that nobody reads, or a terminal, would hold up everybody */
	if (!lstat(path, &there) && !S_ISREG(there.st_mode))
		return error_set(err, -EINVAL, "%s: is there already, and is no ordinary file",
				 path);
	return b->opt->picture(path, rgb, b->opt->server.width, b->opt->server.height, err);
}

/* ---- trace --------------------------------------------------------------------------- */

static void event_write(FILE *out, const struct server_event *e, uint64_t start_ns)
{
	uint64_t t = e->start_ns > start_ns ? e->start_ns - start_ns : 0;

	fprintf(out, "{\"t_ms\":%.3f,\"frame\":%" PRIu64 ",\"event\":\"%s\",\"client\":%u,"
		"\"cpu_us\":%.3f,\"commands\":%" PRIu64 ",\"detail\":%u",
		(double)t * 1e-6, e->frame,
		(unsigned)e->kind < SERVER_EVENT_KINDS ? server_event_names[e->kind] : "unknown",
		e->client, (double)e->cpu_ns * 1e-3, e->commands, e->detail);
	if (e->kind == SERVER_EVENT_PICTURE)
		fprintf(out, ",\"hash\":\"%016" PRIx64 "\"", e->hash);
	fputs("}\n", out);
}

void broker_trace_write(struct broker *b)
{
	struct board *board = b->board;
	uint64_t head, tail;

	if (!b->trace && !b->opt->event)
		return;
	head = atomic_load(&board->events_head);
	tail = atomic_load(&board->events_tail);
	if (head - tail > BOARD_EVENTS)
		tail = head - BOARD_EVENTS;
	for (; tail != head; tail++, b->events_seen++) {
		struct server_event e = board->events[tail % BOARD_EVENTS];

		if (b->trace)
			event_write(b->trace, &e, b->start_ns);
		if (b->opt->event)
			b->opt->event(b->opt->user, &e);
	}
	atomic_store(&board->events_tail, tail);
}
