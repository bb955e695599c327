/* executor.h - between the files of the executor's process.  Private to blink/server. */
#ifndef BLINK_SERVER_EXECUTOR_H
#define BLINK_SERVER_EXECUTOR_H

#include "blink/server/broker_priv.h"

#define EXECUTOR_SAMPLES 512u

struct executor_peer { uint32_t id; struct vso_peer *peer; };

/* A client whose pages came, and which has not rung yet: it may still be writing its hello. */
struct executor_waiting { struct message m; struct vso_peer *peer; uint64_t since_ns; };
#define EXECUTOR_WAITING 16u
#define EXECUTOR_WAITING_NS 3000000000u
/* For the painter that is to have it, if that is always at work; then it is another's. */
#define EXECUTOR_PATIENCE_NS 300000000u
/* The part of a display period that may be spent on those who come, with one of them more. */
#define EXECUTOR_ADMITTING 16

struct executor {
	const struct broker_options *opt;
	struct board *board;
	int socket, doorbells;          /* the latter an epoll: clients that rang */
	struct shader_judge *judge;
	struct sink *gl;
	struct sink *further[BROKER_PAINTERS_MAX];      /* of painters beside the composer */
	uint32_t nfurther;
	struct server *server;
	struct executor_peer *peers;
	uint32_t npeers;
	struct executor_waiting waiting[EXECUTOR_WAITING];
	uint32_t nwaiting;              /* in the order of their coming */
	uint64_t admitting_ns;          /* spent on those who came since the last frame */
	uint64_t due_ns;                /* when the next one begins, while that is waited for */
	uint8_t *scratch;               /* of pictures */
	uint64_t frames, missed, picture_frame;
	double cpu_ms[EXECUTOR_SAMPLES];        /* of the last display frames */
	bool quit;
	char why[200];
	struct error err;
};

/* executor_warm.c: draws with what a driver starts lazily, before the filter is on: in all
 * sinks, before they have painters; by the server itself */
int executor_warm(struct executor *x);
int executor_warm_server(struct executor *x);
/* executor_trial.c: the least time of a picture of 256x256, ns: off-screen, direct.  False:
 * they could not be drawn. */
bool executor_trial(struct executor *x, uint64_t best[2]);
/* executor_slice.c: this thread, and those that it will begin, are to run soon when they wake,
 * whatever those who ask for more at a time have left of it.  Before the filter. */
void executor_slice_set(uint64_t ns);
/* executor_serve.c: one message of the broker's */
void executor_hear(struct executor *x, const struct message *m, int fds[3]);
void executor_picture(struct executor *x);
/* After a display frame: those that have rung meanwhile become clients.  True: there is something
 * to do in the next one. */
bool executor_waiting_look(struct executor *x);
void executor_gone(void *user, uint32_t id, enum vso_fault why);

#endif
