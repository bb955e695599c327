/* broker_priv.h - between broker and executor: a board of shared memory, and messages.
 *
 * The board is mapped before the fork, so it outlives executors.  Of what stands there the
 * broker believes nothing that could hurt it: numbers are copied, then bounded.
 *
 * Messages go over a SOCK_SEQPACKET pair, one struct message each, a client's three
 * descriptors beside MESSAGE_ATTACH.
 *
 * Private to blink/server.
 */
#ifndef BLINK_SERVER_BROKER_PRIV_H
#define BLINK_SERVER_BROKER_PRIV_H

#include <poll.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "blink/server/broker.h"

#define BOARD_EVENTS 16384u
#define BOARD_PICTURES 4u
#define BROKER_CLIENTS_MAX 1024u
#define BROKER_PAINTERS_MAX 8u
#define BROKER_PENDING 16u              /* connected, and silent so far */
#define BROKER_PENDING_NS 2000000000u   /* for so long */
#define BROKER_RESETS 2u                /* a client whose turn it was so often has to go */
#define BROKER_RESETS_NS 60000000000u   /* unless so much time lies between */

struct board_status {
	uint64_t frames, missed;
	uint64_t switches[2];           /* of the executor, from getrusage */
	uint64_t cpu_ns, rss_kb;
	struct server_frame_stats last;
	double frame_ms[2];             /* CPU time of display frames: mean, 99th percentile */
	uint32_t nclients;
	struct server_client_info clients[BROKER_CLIENTS_MAX];
};

/* Whose turn it is of a painter's clients, and since when. */
struct board_turn {
	_Atomic uint64_t busy_ns;       /* 0: it waits */
	_Atomic uint32_t id;            /* 0: the server's own */
	_Atomic int32_t thread;         /* its number in the kernel; 0: unknown */
};

struct board {
	/* the executor writes */
	struct board_turn turn[BROKER_PAINTERS_MAX];
	_Atomic uint32_t fell;          /* 1 + the painter in whose turn it crashed; 0: unknown */
	_Atomic uint32_t painters;      /* that it has */
	_Atomic uint64_t frames, missed;
	struct board_status status;     /* by MESSAGE_STATUS, read after its answer */
	_Atomic uint64_t events_head, events_lost;
	struct server_event events[BOARD_EVENTS];
	_Atomic uint64_t pictures_head, pictures_lost;
	uint64_t picture_time[BOARD_PICTURES];
	/* the broker writes */
	_Atomic uint64_t events_tail, pictures_tail;
	_Atomic uint32_t watching;      /* pictures are wanted at every frame */
	_Alignas(64) uint8_t pictures[];        /* BOARD_PICTURES of w * h * 3 */
};

enum message_kind {
	/* to the executor */
	MESSAGE_ATTACH, MESSAGE_DIED, MESSAGE_POINTER, MESSAGE_KEY, MESSAGE_MOVE,
	MESSAGE_RESIZE, MESSAGE_RAISE, MESSAGE_FOCUS, MESSAGE_CLOSE, MESSAGE_STATUS,
	MESSAGE_PICTURE, MESSAGE_RIGHTS, MESSAGE_QUIT,
	/* to the broker */
	MESSAGE_READY, MESSAGE_FAILED, MESSAGE_GONE, MESSAGE_DONE, MESSAGE_FRAME
};

#define ATTACH_CONDEMNED 1u             /* only to be told that it has to go */
#define ATTACH_PLACED 2u                /* it was at v[0], v[1], of size v[2], v[3] */
#define ATTACH_FOCUS 4u

struct message {
	uint32_t kind, id;
	uint64_t seq;                   /* of what is answered by MESSAGE_DONE */
	uint32_t flags;
	int32_t v[4];
	uint32_t pages;                 /* ATTACH */
	int32_t pid;
	int32_t status;                 /* DONE, FAILED: 0 or a negative errno */
	char text[200];
};

/* 0, or a negative errno; -EAGAIN: full, or nothing there.  fds: three or NULL; of those
 * received, -1 where there was none. */
int message_send(int socket, const struct message *m, const int *fds);
int message_receive(int socket, struct message *m, int fds[3]);

uint64_t broker_now(void);              /* ns, monotonic */

#define EXECUTOR_LOST 3         /* its exit status: the driver lost its contexts */

/* ---- executor.c: this process becomes it; returns its exit status --------------- */
int executor_main(const struct broker_options *opt, struct board *board, int socket);

/* ---- broker's own ---------------------------------------------------------------- */

struct broker_client {
	uint32_t id;                    /* 0: this place is free */
	int socket, memory, doorbell, bell;
	uint32_t pages;
	int32_t pid;
	uint64_t program, principal;    /* it, and who runs it (broker_blame.c) */
	bool told_dead;
	bool known;                     /* it was handed to an executor */
	bool held;                      /* it waits until it may be */
};

/* watchdog.c: ns that the executor spent, by itself, in the turn that began at busy_ns. */
/* thread: which of its threads; 0: whichever waited longest for a processor. */
struct watchdog { uint64_t busy_ns, waited_ns; };
uint64_t watchdog_turn(struct watchdog *w, pid_t pid, pid_t thread, uint64_t busy_ns,
		       uint64_t now_ns);
bool watchdog_stopped(pid_t pid);       /* somebody has stopped it */

/* Of a program whose turns did harm, or of who runs it (broker_blame.c). */
struct broker_note { uint64_t key, harm_ns, next_ns; uint32_t harms; };
#define BROKER_NOTES 64u
#define BROKER_ACCEPTS 32u              /* connections that may come at once; */
#define BROKER_ACCEPT_NS 2000000u       /* then one in so much time */

struct broker_pending { int socket; uint64_t since_ns; };

struct broker {
	const struct broker_options *opt;
	struct broker_summary *sum;
	struct board *board;
	size_t board_bytes;
	int listen, control, signals;
	uint64_t start_ns;
	bool quit;
	int failure;                    /* why it ends by itself, with err */
	struct error *err;
	/* the executor */
	pid_t executor;
	int socket, pidfd;
	bool ready, hanging, stopped;   /* stopped: by somebody, when it was found hanging */
	uint64_t started_ns;
	uint32_t quick_deaths;
	struct watchdog watchdog[BROKER_PAINTERS_MAX], answering;
	uint32_t hung;                  /* the painter that was found hanging */
	uint64_t asked_ns;              /* the first question not answered yet; 0: none */
	struct broker_note notes[BROKER_NOTES];
	uint64_t oom_kills;             /* of the system, when it was started */
	/* clients */
	struct broker_client *clients;
	uint32_t nclients, next_id;
	uint32_t places;                /* of clients */
	struct broker_pending pending[BROKER_PENDING];
	struct board_status *known;     /* the last that was asked for */
	struct control *ctl;
	struct film *film;
	struct window_view *view;
	void *trace;                    /* FILE */
	uint64_t status_ns;             /* when it last asked where windows are */
	bool moved;                     /* something has moved since then, or may have */
	uint64_t events_seen, pictures_seen;
	uint64_t accept_ns;             /* up to when connections have been paid for */
};

/* broker_executor.c */
int broker_executor_start(struct broker *b);
void broker_executor_check(struct broker *b);        /* watchdog */
void broker_executor_died(struct broker *b);         /* its pidfd is readable */
void broker_executor_read(struct broker *b);
void broker_executor_stop(struct broker *b);
int broker_send(struct broker *b, const struct message *m, const int *fds);

/* broker_clients.c */
void broker_accept(struct broker *b);
void broker_pending_read(struct broker *b, uint32_t i);
void broker_pending_expire(struct broker *b);
void broker_client_read(struct broker *b, struct broker_client *c);
void broker_client_drop(struct broker *b, uint32_t id);
void broker_clients_attach(struct broker *b);        /* all, to a new executor */
struct broker_client *broker_client_of(struct broker *b, uint32_t id);
/* Those that have waited long enough are handed on. */
void broker_clients_release(struct broker *b);

/* broker_blame.c */
void broker_who(struct broker_client *c);            /* sets program and principal */
/* The executor was lost in its turn; hung: which did not end. */
void broker_blame(struct broker *b, uint32_t id, bool hung);
bool broker_condemned(struct broker *b, const struct broker_client *c);
/* It has to wait; if not, the next one has to. */
bool broker_waits(struct broker *b, const struct broker_client *c, bool newcomer);
uint64_t broker_oom_kills(void);
uint32_t broker_largest(const struct broker *b);     /* client, 0 none */

/* control.c: PATH.ctl.  Polled descriptors are appended to p (at most room), and handed
 * back in the same order. */
int control_open(struct control **c, struct broker *b, const char *listen_path,
		 struct error *err);
void control_close(struct control *c);
uint32_t control_poll(struct control *c, struct pollfd *p, uint32_t room);
void control_ready(struct control *c, const struct pollfd *p, uint32_t n);
void control_done(struct control *c, const struct message *m);   /* an answer came */
void control_lost(struct control *c);                /* no answers will come */

/* broker_files.c: screenshot, trace; broker_record.c: a film of what was shown */
int broker_screenshot_write(struct broker *b, const char *path, struct error *err);
void broker_trace_write(struct broker *b);
/* The picture that the executor made last; NULL: none. */
const uint8_t *broker_picture(const struct broker *b, uint64_t *time_ns);
void broker_pictures_take(struct broker *b);

struct film;
int film_open(struct film **r, const char *path, uint32_t w, uint32_t h,
		   double refresh, struct error *err);
void film_add(struct film *r, const uint8_t *rgb, uint64_t time_ns);
uint64_t film_close(struct film *r, struct error *err);     /* frames */

/* broker_window.c: the screen on $DISPLAY */
struct window_view;
int window_view_open(struct window_view **v, uint32_t w, uint32_t h, struct error *err);
void window_view_close(struct window_view *v);
int window_view_fd(const struct window_view *v);
void window_view_show(struct window_view *v, const uint8_t *rgb);
/* Events that came, as messages for the executor. */
void window_view_events(struct window_view *v, struct broker *b);

#endif
