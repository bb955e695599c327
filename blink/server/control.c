/* control.c - PATH.ctl: requests and answers as lines of JSON, for the server's own user.
 *
 *     {"verb":"top"}                        {"ok":true,"frames":...,"clients":[...]}
 *     {"verb":"move","id":3,"x":10,"y":20}  {"ok":true}
 *     {"verb":"dance"}                      {"ok":false,"error":"..."}
 *
 * The verbs are rows of a table: their parameters in order, and the message that they are
 * for the executor.  Answers come in the order of the requests of a connection; one is
 * under way at a time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <json-c/json.h>

#include "blink/server/broker_priv.h"

#define CONTROL_CONNECTIONS 16u
#define CONTROL_LINE 4096u

enum { AFTER_NOTHING, AFTER_TOP, AFTER_TEXT };

struct verb {
	const char *name;
	int message;                    /* -1: the broker's own */
	const char *param[4];           /* into v[0..], "id" goes elsewhere */
	bool id;
	int after;
};
static const struct verb verbs[] = {
	{ "top", MESSAGE_STATUS, { 0 }, false, AFTER_TOP },
	{ "move", MESSAGE_MOVE, { "x", "y" }, true, AFTER_NOTHING },
	{ "resize", MESSAGE_RESIZE, { "width", "height" }, true, AFTER_NOTHING },
	{ "raise", MESSAGE_RAISE, { 0 }, true, AFTER_NOTHING },
	{ "focus", MESSAGE_FOCUS, { 0 }, true, AFTER_NOTHING },
	{ "close", MESSAGE_CLOSE, { 0 }, true, AFTER_NOTHING },
	{ "pointer", MESSAGE_POINTER, { "x", "y", "buttons" }, false, AFTER_NOTHING },
	{ "key", MESSAGE_KEY, { "keysym", "down" }, false, AFTER_NOTHING },
	{ "rights", MESSAGE_RIGHTS, { 0 }, false, AFTER_TEXT },
	{ "screenshot", -1, { 0 }, false, AFTER_NOTHING },
	{ "quit", -1, { 0 }, false, AFTER_NOTHING },
};
#define VERBS (sizeof(verbs) / sizeof(*verbs))

struct connection {
	int fd;
	char line[CONTROL_LINE];
	uint32_t n;
	uint64_t waiting;               /* for the answer to this seq; 0: for nothing */
	const struct verb *verb;
};

struct control {
	struct broker *broker;
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	uint64_t seq;
	struct connection c[CONTROL_CONNECTIONS];
};

/* ---- answers ----------------------------------------------------------------------- */

static void connection_close(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	*c = (struct connection){ .fd = -1 };
}

/* Who does not read what he asked for is not waited for. */
static void answer(struct connection *c, struct json_object *j)
{
	const char *text = json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN);
	size_t n = strlen(text);
	int size = (int)n + 4096;

	setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (send(c->fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)n ||
	    send(c->fd, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		connection_close(c);
	json_object_put(j);
}

static struct json_object *verdict(bool ok)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "ok", json_object_new_boolean(ok));
	return j;
}

static void answer_error(struct connection *c, const char *why)
{
	struct json_object *j = verdict(false);

	json_object_object_add(j, "error", json_object_new_string(why));
	answer(c, j);
}

static void add_n(struct json_object *j, const char *key, uint64_t v)
{
	json_object_object_add(j, key, json_object_new_int64((int64_t)v));
}

static void add_text(struct json_object *j, const char *key, const char *v)
{
	json_object_object_add(j, key, json_object_new_string(v));
}

/* Three digits after the point: JSON for people. */
static void add_ms(struct json_object *j, const char *key, double ms)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", ms);
	json_object_object_add(j, key, json_object_new_double_s(ms, text));
}

static void add_interval(struct json_object *j, const char *key, const uint64_t ns[2])
{
	struct json_object *o = json_object_new_object();

	add_ms(o, "mean_ms", (double)ns[0] * 1e-6);
	add_ms(o, "p99_ms", (double)ns[1] * 1e-6);
	json_object_object_add(j, key, o);
}

static struct json_object *client_json(const struct server_client_info *c)
{
	struct json_object *j = json_object_new_object();

	add_n(j, "id", c->id);
	add_n(j, "painter", c->painter);
	add_text(j, "name", c->name);
	add_text(j, "label", c->label);
	json_object_object_add(j, "x", json_object_new_int(c->x));
	json_object_object_add(j, "y", json_object_new_int(c->y));
	add_n(j, "width", c->width);
	add_n(j, "height", c->height);
	json_object_object_add(j, "stream", json_object_new_boolean(c->stream));
	json_object_object_add(j, "direct", json_object_new_boolean(c->direct));
	json_object_object_add(j, "focus", json_object_new_boolean(c->focus));
	json_object_object_add(j, "over_budget", json_object_new_boolean(c->over_budget));
	add_text(j, "fault", vso_fault_name(c->fault));
	add_n(j, "frames", c->frames);
	add_n(j, "redraws", c->redraws);
	add_n(j, "direct_frames", c->direct_frames);
	add_n(j, "hidden_frames", c->hidden_frames);
	add_n(j, "skipped_clears", c->skipped_clears);
	add_n(j, "updates", c->updates);
	add_n(j, "inits", c->inits);
	add_n(j, "reshapes", c->reshapes);
	add_n(j, "inputs", c->inputs);
	add_n(j, "stream_entries", c->stream_entries);
	add_n(j, "wakeups", c->wakeups);
	add_interval(j, "redraw_interval", c->redraw_interval_ns);
	add_interval(j, "update_interval", c->update_interval_ns);
	add_ms(j, "cpu_ms", (double)c->cpu_ns * 1e-6);
	add_ms(j, "compile_ms", (double)c->compile_ns * 1e-6);
	add_ms(j, "verify_ms", (double)c->verify_ns * 1e-6);
	add_n(j, "compiles", c->compiles);
	add_n(j, "cache_hits", c->cache_hits);
	add_n(j, "refusals", c->refusals);
	add_n(j, "commands", c->commands);
	add_n(j, "memory_bytes", c->memory);
	return j;
}

/* What a process has in memory now; 0: it is gone. */
static uint64_t resident_kb(pid_t pid)
{
	unsigned long all, resident = 0;
	char path[40];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	in = fopen(path, "re");
	if (in && fscanf(in, "%lu %lu", &all, &resident) != 2)
		resident = 0;
	if (in)
		fclose(in);
	return (uint64_t)resident * (uint64_t)(sysconf(_SC_PAGESIZE) / 1024);
}

static struct json_object *top_json(const struct broker *b)
{
	const struct board_status *k = b->known;
	struct json_object *j = verdict(true), *list = json_object_new_array();

	add_ms(j, "seconds", (double)(broker_now() - b->start_ns) * 1e-9);
	add_text(j, "renderer", b->sum->renderer);
	add_n(j, "width", b->opt->server.width);
	add_n(j, "height", b->opt->server.height);
	add_ms(j, "refresh_hz", b->opt->server.refresh);
	add_n(j, "painters", atomic_load(&b->board->painters));
	add_n(j, "frames", k->frames);
	add_n(j, "missed", k->missed);
	add_n(j, "restarts", b->sum->restarts);
	add_n(j, "hangs", b->sum->hangs);
	add_n(j, "executor_pid", (uint64_t)b->executor);
	add_n(j, "switches_voluntary", k->switches[0]);
	add_n(j, "switches_involuntary", k->switches[1]);
	add_ms(j, "cpu_ms", (double)k->cpu_ns * 1e-6);
	add_n(j, "rss_kb", resident_kb(b->executor));
	add_n(j, "rss_most_kb", k->rss_kb);
	add_ms(j, "frame_cpu_ms_mean", k->frame_ms[0]);
	add_ms(j, "frame_cpu_ms_p99", k->frame_ms[1]);
	add_ms(j, "composer_cpu_ms", (double)k->last.composer_ns * 1e-6);
	add_n(j, "redraws", k->last.redraws);
	add_n(j, "direct", k->last.direct);
	add_n(j, "offscreen", k->last.offscreen);
	add_n(j, "skipped", k->last.skipped);
	add_n(j, "hidden", k->last.hidden);
	add_n(j, "clears_skipped", k->last.clears_skipped);
	add_n(j, "late_painters", k->last.late);
	add_n(j, "copies", k->last.copies);
	for (uint32_t i = 0; i < k->nclients; i++)
		json_object_array_add(list, client_json(&k->clients[i]));
	json_object_object_add(j, "clients", list);
	return j;
}

void control_done(struct control *ctl, const struct message *m)
{
	for (uint32_t i = 0; i < CONTROL_CONNECTIONS; i++) {
		struct connection *c = &ctl->c[i];
		struct json_object *j;

		if (c->fd < 0 || !c->waiting || c->waiting != m->seq)
			continue;
		c->waiting = 0;
		if (m->status < 0) {
			answer_error(c, m->text);
		} else if (c->verb->after == AFTER_TOP) {
			answer(c, top_json(ctl->broker));
		} else {
			j = verdict(true);
			if (c->verb->after == AFTER_TEXT)
				add_text(j, "text", m->text);
			answer(c, j);
		}
	}
}

void control_lost(struct control *ctl)
{
	for (uint32_t i = 0; ctl && i < CONTROL_CONNECTIONS; i++) {
		if (ctl->c[i].fd < 0 || !ctl->c[i].waiting)
			continue;
		ctl->c[i].waiting = 0;
		answer_error(&ctl->c[i], "the executor is being started again (ask once more)");
	}
}

/* ---- requests ------------------------------------------------------------------------ */

static const struct verb *verb_find(struct json_object *request)
{
	struct json_object *name;

	/* (null is no object, for that library) */
	if (!json_object_object_get_ex(request, "verb", &name) || !name)
		return NULL;
	for (unsigned i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i].name, json_object_get_string(name)))
			return &verbs[i];
	return NULL;
}

/* False: a parameter that the verb needs is missing. */
static bool message_fill(const struct verb *v, struct json_object *request, struct message *m)
{
	struct json_object *p;

	if (v->id) {
		if (!json_object_object_get_ex(request, "id", &p))
			return false;
		m->id = (uint32_t)json_object_get_int(p);
	}
	for (unsigned i = 0; i < 4 && v->param[i]; i++) {
		if (!json_object_object_get_ex(request, v->param[i], &p))
			return false;
		m->v[i] = json_object_get_int(p);
	}
	m->kind = (uint32_t)v->message;
	return true;
}

static void broker_verb(struct control *ctl, struct connection *c, struct json_object *request)
{
	struct json_object *file;
	struct error err = { 0 };

	if (!strcmp(c->verb->name, "quit")) {
		ctl->broker->quit = true;
	} else if (!json_object_object_get_ex(request, "file", &file) || !file) {
		answer_error(c, "screenshot: which file?");
		return;
	} else if (broker_screenshot_write(ctl->broker, json_object_get_string(file), &err) < 0) {
		answer_error(c, err.text);
		return;
	}
	answer(c, verdict(true));
}

static void request_serve(struct control *ctl, struct connection *c, const char *line)
{
	struct json_object *request = json_tokener_parse(line);
	struct message m = { 0 };

	c->verb = request && json_object_is_type(request, json_type_object) ? verb_find(request) :
		  NULL;
	if (!c->verb) {
		answer_error(c, "no such verb");
	} else if (c->verb->message < 0) {
		broker_verb(ctl, c, request);
	} else if (!message_fill(c->verb, request, &m)) {
		answer_error(c, "a parameter is missing");
	} else if (!ctl->broker->ready) {
		answer_error(c, "the executor is being started (ask once more)");
	} else {
		m.seq = ++ctl->seq;
		c->waiting = m.seq;
		if (broker_send(ctl->broker, &m, NULL) < 0) {
			c->waiting = 0;
			answer_error(c, "the executor does not listen");
		}
	}
	json_object_put(request);
}

static void connection_lines(struct control *ctl, struct connection *c)
{
	char *end;

	while (c->fd >= 0 && !c->waiting && (end = memchr(c->line, '\n', c->n))) {
		char line[CONTROL_LINE];
		uint32_t n = (uint32_t)(end - c->line);

		memcpy(line, c->line, n);
		line[n] = 0;
		c->n -= n + 1;
		memmove(c->line, end + 1, c->n);
		request_serve(ctl, c, line);
	}
}

static void connection_read(struct control *ctl, struct connection *c)
{
	ssize_t n = recv(c->fd, c->line + c->n, sizeof(c->line) - c->n, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {                   /* gone, or a line without end */
		connection_close(c);
		return;
	}
	c->n += (uint32_t)n;
	connection_lines(ctl, c);
}

/* ---- the socket -------------------------------------------------------------------------- */

static void connection_accept(struct control *ctl)
{
	int fd = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (uint32_t i = 0; fd >= 0 && i < CONTROL_CONNECTIONS; i++) {
		if (ctl->c[i].fd < 0) {
			ctl->c[i] = (struct connection){ .fd = fd };
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

uint32_t control_poll(struct control *ctl, struct pollfd *p, uint32_t room)
{
	uint32_t n = 0;

	if (room < 1 + CONTROL_CONNECTIONS)
		return 0;
	p[n++] = (struct pollfd){ .fd = ctl->fd, .events = POLLIN };
	for (uint32_t i = 0; i < CONTROL_CONNECTIONS; i++)
		p[n++] = (struct pollfd){ .fd = ctl->c[i].fd, .events = POLLIN };
	return n;
}

void control_ready(struct control *ctl, const struct pollfd *p, uint32_t n)
{
	if (!n)
		return;
	for (uint32_t i = 0; i < CONTROL_CONNECTIONS && i + 1 < n; i++)
		if (p[i + 1].revents && p[i + 1].fd >= 0 && ctl->c[i].fd == p[i + 1].fd)
			connection_read(ctl, &ctl->c[i]);
	if (p[0].revents)
		connection_accept(ctl);
	/* an answer that came meanwhile may have let the next line through */
	for (uint32_t i = 0; i < CONTROL_CONNECTIONS; i++)
		if (ctl->c[i].fd >= 0)
			connection_lines(ctl, &ctl->c[i]);
}

static int address_make(struct sockaddr_un *a, const char *path, struct error *err)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (snprintf(a->sun_path, sizeof(a->sun_path), "%s.ctl", path) >= (int)sizeof(a->sun_path))
		return error_set(err, -ENAMETOOLONG, "%s.ctl: the name is too long for a socket", path);
	return 0;
}

int control_open(struct control **out, struct broker *b, const char *path, struct error *err)
{
	struct control *ctl = calloc(1, sizeof(*ctl));
	struct sockaddr_un a;
	int r = ctl ? address_make(&a, path, err) : error_set(err, -ENOMEM, "serve: out of memory");

	if (r < 0) {
		free(ctl);
		return r;
	}
	ctl->broker = b;
	memcpy(ctl->path, a.sun_path, sizeof(ctl->path));
	for (uint32_t i = 0; i < CONTROL_CONNECTIONS; i++)
		ctl->c[i].fd = -1;
	ctl->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* whoever got the socket beside it owns this one, too */
	unlink(ctl->path);
	if (ctl->fd < 0 || bind(ctl->fd, (struct sockaddr *)&a, sizeof(a)) ||
	    chmod(ctl->path, 0600) || listen(ctl->fd, 16)) {
		r = error_set(err, -errno, "%s: %s", ctl->path, strerror(errno));
		if (ctl->fd >= 0)
			close(ctl->fd);
		free(ctl);
		return r;
	}
	*out = ctl;
	return 0;
}

void control_close(struct control *ctl)
{
	if (!ctl)
		return;
	for (uint32_t i = 0; i < CONTROL_CONNECTIONS; i++)
		connection_close(&ctl->c[i]);
	close(ctl->fd);
	unlink(ctl->path);
	free(ctl);
}

/* ---- the asking side ------------------------------------------------------------------------ */

static int line_read(int fd, char **line)
{
	size_t n = 0, cap = 0;
	char *text = NULL;

	for (;;) {
		ssize_t got;

		if (cap - n < 4096) {
			char *more = realloc(text, cap + 65536);

			if (!more)
				break;
			text = more;
			cap += 65536;
		}
		got = recv(fd, text + n, cap - n - 1, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
		if (text[n - 1] == '\n') {
			text[n - 1] = 0;
			*line = text;
			return 0;
		}
	}
	free(text);
	return -EPIPE;
}

int control_ask(const char *path, const char *request, char **out, struct error *err)
{
	const struct timeval patience = { .tv_sec = 30 };
	struct sockaddr_un a;
	int fd, r = address_make(&a, path, err);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		r = error_set(err, -errno, "%s: %s (is a server running there?)", a.sun_path,
			      strerror(errno));
	} else {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0 ||
		    send(fd, "\n", 1, MSG_NOSIGNAL) < 0 || line_read(fd, out) < 0)
			r = error_set(err, -EPIPE, "%s: the server does not answer", a.sun_path);
	}
	if (fd >= 0)
		close(fd);
	return r;
}
