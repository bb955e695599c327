/* broker_executor.c - starting, watching and replacing the executor.
 *
 * The watchdog looks at one number on the board for each painter: since when it has been in
 * the turn that it is in.  A turn is bounded in commands and checked against the clock between
 * them, so one that lasts longer than the watchdog's time is in a single GL command or
 * shader that does not end.  Nothing but killing the process helps against that.  An
 * executor that does not answer questions any more is treated alike. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blink/server/broker_priv.h"

#define QUICK_NS 3000000000u            /* an executor that lived shorter died quickly */
#define QUICK_MAX 5u                    /* so often in a row: it makes no sense */

/* ---- the child ------------------------------------------------------------------------ */

/* Nothing of the broker's but the board and one end of the pair. */
static void descriptors_leave(int socket)
{
	if (socket != 3) {
		dup2(socket, 3);
		close(socket);
	}
	close_range(4, ~0u, 0);
}

/* Its clients' own programs take processors, too; it goes before them where it may be given
 * that.  (A system that gives each client a weight of its own, as hosts of virtual machines
 * do, needs this less.)  Where the kernel weighs sessions against each other, niceness counts
 * within a session alone: so it has one of its own, of that weight. */
#define PRIORITY (-10)
/* When memory runs out: before all else that is not to blame, and can be had anew. */
#define OOM_SCORE "500"

/* What the kernel does not have, or does not allow, is done without. */
static void tell_kernel(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text));
	close(fd);
}

static void standing_take(void)
{
	char weight[16];

	tell_kernel("/proc/self/oom_score_adj", OOM_SCORE);
	(void)setpriority(PRIO_PROCESS, 0, PRIORITY);
	setsid();
	snprintf(weight, sizeof(weight), "%d", PRIORITY);
	tell_kernel("/proc/self/autogroup", weight);
	/* a shader's variables that nobody wrote could hold what another client's left */
	setenv("glsl_zero_init", "true", 1);
	/* (or it would be announced) */
	setenv("MESA_DEBUG", "silent", 0);
}

static void executor_become(struct broker *b, int socket)
{
	sigset_t none;

	standing_take();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "blink-executor");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_IGN);        /* the broker's, who says QUIT */
	signal(SIGTERM, SIG_IGN);
	descriptors_leave(socket);
	_exit(executor_main(b->opt, b->board, 3));
}

/* ---- starting ---------------------------------------------------------------------------- */

static void turns_clear(struct board *board)
{
	for (unsigned i = 0; i < BROKER_PAINTERS_MAX; i++) {
		atomic_store(&board->turn[i].busy_ns, i ? 0 : broker_now());
		atomic_store(&board->turn[i].id, 0);
		atomic_store(&board->turn[i].thread, 0);
	}
	atomic_store(&board->fell, 0);
}

int broker_executor_start(struct broker *b)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return error_set(b->err, -errno, "serve: socketpair: %s", strerror(errno));
	turns_clear(b->board);
	b->oom_kills = broker_oom_kills();
	fflush(NULL);
	pid = fork();
	if (!pid)
		executor_become(b, pair[1]);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return error_set(b->err, -errno, "serve: fork: %s", strerror(errno));
	}
	b->executor = pid;
	b->socket = pair[0];
	b->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	b->started_ns = broker_now();
	b->ready = b->hanging = b->stopped = false;
	b->asked_ns = 0;
	return 0;
}

int broker_send(struct broker *b, const struct message *m, const int *fds)
{
	int r;

	if (b->socket < 0)
		return -EPIPE;
	r = message_send(b->socket, m, fds);
	b->moved |= m->kind != MESSAGE_STATUS && m->kind != MESSAGE_PICTURE;
	/* it has not read for so long that the pair is full: the watchdog sees to it */
	return r;
}

/* ---- its end ---------------------------------------------------------------------------- */

static void usage_add(struct broker *b, const struct rusage *u)
{
	b->sum->switches[0] += (uint64_t)u->ru_nvcsw;
	b->sum->switches[1] += (uint64_t)u->ru_nivcsw;
	b->sum->cpu_ns += (uint64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000000000u +
			  (uint64_t)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) * 1000u;
}

static int reap(struct broker *b)
{
	struct rusage u;
	int status = 0;

	while (wait4(b->executor, &status, 0, &u) < 0 && errno == EINTR)
		;
	usage_add(b, &u);
	close(b->socket);
	if (b->pidfd >= 0)
		close(b->pidfd);
	b->socket = b->pidfd = -1;
	b->executor = 0;
	b->ready = false;
	return status;
}

/* Whose turn it ended in: that of the painter that hung or fell.  Where that is unknown,
 * it is nobody's that more than one may be to blame for. */
static uint32_t last_turn(const struct broker *b)
{
	uint32_t fell = atomic_load(&b->board->fell), id = 0;

	if (b->hanging)
		return atomic_load(&b->board->turn[b->hung].id);
	if (fell && fell <= BROKER_PAINTERS_MAX)
		return atomic_load(&b->board->turn[fell - 1].id);
	for (unsigned i = 0; i < BROKER_PAINTERS_MAX; i++) {
		uint32_t one = atomic_load(&b->board->turn[i].id);

		if (one && id)
			return 0;
		id = one ? one : id;
	}
	return id;
}

/* For whoever looks after the server. */
static void end_tell(const struct broker *b, int status)
{
	uint32_t turn = last_turn(b);
	char whose[48] = "its own turn";

	if (turn)
		snprintf(whose, sizeof(whose), "the turn of client %u", turn);
	if (b->hanging)
		fprintf(stderr, "blinkctl: the executor was killed: %s did not end (--watchdog %u)\n",
			whose, b->opt->watchdog_ms);
	else if (WIFSIGNALED(status))
		fprintf(stderr, "blinkctl: the executor died in %s: %s\n", whose,
			strsignal(WTERMSIG(status)));
	else
		fprintf(stderr, "blinkctl: the executor ended in %s, status %d: %s\n", whose,
			WEXITSTATUS(status), WEXITSTATUS(status) == EXECUTOR_LOST
			? "the driver lost its contexts" : "it could not go on");
}

/* Whose doing was it?  Nobody's, if somebody killed it; but where that was the system, for
 * lack of memory, it was that of him whose turn it was, or who has most of it. */
static uint32_t culprit(const struct broker *b, int status)
{
	uint32_t turn = last_turn(b);

	if (b->stopped)
		return 0;
	if (b->hanging || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		return turn;
	if (broker_oom_kills() == b->oom_kills)
		return 0;
	return turn ? turn : broker_largest(b);
}

void broker_executor_died(struct broker *b)
{
	bool was_ready = b->ready;
	uint64_t lived = broker_now() - b->started_ns;
	int status;

	broker_executor_read(b);        /* its last words */
	if (b->quit || b->failure) {
		reap(b);
		return;
	}
	status = reap(b);
	broker_blame(b, culprit(b, status), b->hanging);
	end_tell(b, status);
	control_lost(b->ctl);
	b->quick_deaths = lived < QUICK_NS && !was_ready ? b->quick_deaths + 1 : 0;
	if (b->quick_deaths >= QUICK_MAX) {
		b->failure = error_set(b->err, -EIO, "serve: the executor dies whenever it is "
				       "started (blinkctl doctor looks at the driver)");
		return;
	}
	b->sum->restarts++;
	if (broker_executor_start(b) < 0)
		b->failure = -EIO;
}

/* It reads messages at every display frame, in which each client may have had a turn. */
#define ANSWER_TURNS 4u
/* Starting the driver takes its time, too. */
#define START_NS 20000000000u

/* The painter whose turn lasts longest, and for how long. */
static uint64_t turn_longest(struct broker *b, uint32_t *painter)
{
	uint64_t longest = 0, now = broker_now();

	*painter = 0;
	for (uint32_t i = 0; i < BROKER_PAINTERS_MAX; i++) {
		const struct board_turn *t = &b->board->turn[i];
		uint64_t ns = watchdog_turn(&b->watchdog[i], b->executor, atomic_load(&t->thread),
					    atomic_load(&t->busy_ns), now);

		if (ns > longest) {
			longest = ns;
			*painter = i;
		}
	}
	return longest;
}

void broker_executor_check(struct broker *b)
{
	uint64_t allowed = (uint64_t)b->opt->watchdog_ms * 1000000u;

	if (!b->executor || b->hanging)
		return;
	if (!b->ready && allowed < START_NS)
		allowed = START_NS;
	if (turn_longest(b, &b->hung) < allowed) {
		if (watchdog_turn(&b->answering, b->executor, 0, b->asked_ns, broker_now()) <
		    ANSWER_TURNS * allowed)
			return;
		b->hung = 0;            /* it is the first painter's thread that answers */
	}
	b->sum->hangs++;
	b->hanging = true;
	b->stopped = watchdog_stopped(b->executor);
	kill(b->executor, SIGKILL);
}

void broker_executor_stop(struct broker *b)
{
	const struct message m = { .kind = MESSAGE_QUIT };

	if (!b->executor)
		return;
	broker_send(b, &m, NULL);
	for (unsigned i = 0; i < 100; i++) {
		struct pollfd p = { .fd = b->pidfd, .events = POLLIN };

		if (poll(&p, 1, 20) > 0)
			break;
		broker_trace_write(b);
	}
	broker_trace_write(b);
	kill(b->executor, SIGKILL);
	reap(b);
}

/* ---- what it says -------------------------------------------------------------------------- */

/* Clients move their windows, too, and come some time after they were announced. */
static bool has_moved(const struct broker *b, const struct board_status *now)
{
	const struct board_status *was = b->known;

	if (now->nclients != was->nclients || now->nclients != b->nclients)
		return true;
	for (uint32_t i = 0; i < now->nclients && i < BROKER_CLIENTS_MAX; i++) {
		const struct server_client_info *a = &was->clients[i], *c = &now->clients[i];

		if (a->id != c->id || a->x != c->x || a->y != c->y || a->width != c->width ||
		    a->height != c->height)
			return true;
	}
	return false;
}

static void status_take(struct broker *b)
{
	b->moved |= has_moved(b, &b->board->status);
	memcpy(b->known, &b->board->status, sizeof(*b->known));
	if (b->known->nclients > BROKER_CLIENTS_MAX)
		b->known->nclients = BROKER_CLIENTS_MAX;
	for (uint32_t i = 0; i < b->known->nclients; i++) {
		b->known->clients[i].name[VSO_NAME - 1] = 0;
		b->known->clients[i].label[sizeof(b->known->clients[i].label) - 1] = 0;
		if (b->known->clients[i].fault >= VSO_FAULTS)
			b->known->clients[i].fault = VSO_FAULT_GL;
	}
}

static void hear(struct broker *b, const struct message *m)
{
	switch (m->kind) {
	case MESSAGE_READY:
		b->ready = true;
		snprintf(b->sum->renderer, sizeof(b->sum->renderer), "%.127s", m->text);
		broker_clients_attach(b);
		if (b->opt->ready && !b->sum->restarts)
			b->opt->ready(b->opt->user, b->sum->renderer);
		break;
	case MESSAGE_FAILED:
		b->failure = error_set(b->err, m->status < 0 ? m->status : -EIO, "%s", m->text);
		break;
	case MESSAGE_GONE:
		broker_client_drop(b, m->id);
		break;
	case MESSAGE_DONE:
		b->asked_ns = 0;
		if (m->flags == MESSAGE_STATUS)
			status_take(b);
		control_done(b->ctl, m);
		break;
	default:
		break;
	}
}

void broker_executor_read(struct broker *b)
{
	struct message m;
	int fds[3];

	while (b->socket >= 0 && !message_receive(b->socket, &m, fds)) {
		for (unsigned i = 0; i < 3; i++)
			if (fds[i] >= 0)        /* it has none to give */
				close(fds[i]);
		hear(b, &m);
	}
}
