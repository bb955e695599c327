/* state_elsewhere.c - a process that plays a file and sends its state: entries as they
 * are in memory (it is this very program), each followed by its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay/state_compare.h"
#include "replay/state_elsewhere.h"

#define TEXT_MAX 65536u

/* What is sent first: how many entries, or a complaint instead. */
struct head { int64_t count; char why[sizeof(((struct error *)0)->text)]; };

void state_strip(struct state_dump *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->count; i++)
		if (!state_driver_dependent(&d->v[i]))
			d->v[n++] = d->v[i];
	d->count = n;
}

/* ---- the process --------------------------------------------------------------------- */

static int state_of(const char *path, uint32_t frame, enum player_engine engine,
		    struct state_dump *d, struct error *err)
{
	const struct state_replay_options opt = { .engine = engine };
	struct state_replay *r = NULL;
	int e = state_replay_open(&r, path, &opt, err);

	if (e >= 0)
		e = state_replay_to(r, frame, err);
	if (e >= 0)
		e = state_replay_take(r, d, err);
	state_replay_close(r);
	return e;
}

static void state_send(FILE *out, const char *path, uint32_t frame, enum player_engine engine)
{
	struct error err = { 0 };
	struct head head = { 0 };
	struct state_dump d;
	int e;

	state_init(&d, 0);
	e = state_of(path, frame, engine, &d, &err);
	state_strip(&d);
	head.count = e < 0 ? e : (int64_t)d.count;
	memcpy(head.why, err.text, sizeof(head.why));
	fwrite(&head, sizeof(head), 1, out);
	for (size_t i = 0; e >= 0 && i < d.count; i++) {
		uint32_t n = d.v[i].text ? (uint32_t)strlen(d.v[i].text) + 1 : 0;

		fwrite(&d.v[i], sizeof(d.v[i]), 1, out);
		fwrite(&n, sizeof(n), 1, out);
		if (n)
			fwrite(d.v[i].text, 1, n, out);
	}
	_exit(fclose(out) != 0);
}

int elsewhere_start(struct elsewhere *e, const char *path, uint32_t frame,
		    enum player_engine engine, struct error *err)
{
	pid_t parent = getpid();
	int fds[2];

	memset(e, 0, sizeof(*e));
	if (pipe2(fds, O_CLOEXEC))
		return error_set(err, -errno, "state: no pipe: %s", strerror(errno));
	fflush(NULL);
	e->pid = fork();
	if (e->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		close(fds[0]);
		dup2(2, 1);              /* drivers may print */
		state_send(fdopen(fds[1], "wb"), path, frame, engine);
	}
	close(fds[1]);
	e->in = e->pid < 0 ? NULL : fdopen(fds[0], "rb");
	if (e->in)
		return 0;
	close(fds[0]);
	elsewhere_stop(e);
	return error_set(err, -EAGAIN, "state: no process could be made");
}

/* ---- taking --------------------------------------------------------------------------------- */

static bool entry_read(FILE *in, struct state_dump *d)
{
	char text[TEXT_MAX];
	struct state_entry v;
	size_t at = d->count;
	uint32_t n;

	if (fread(&v, sizeof(v), 1, in) != 1 || fread(&n, sizeof(n), 1, in) != 1 || n > sizeof(text) ||
	    (n && fread(text, 1, n, in) != n))
		return false;
	v.text = n ? text : NULL;
	if (n)
		text[n - 1] = 0;
	if (!state_add(d, state_slot_name(v.slot), &v, "", 0))
		return false;
	d->v[at].hash = v.hash;
	return true;
}

int elsewhere_take(struct elsewhere *e, struct state_dump *d, struct error *err)
{
	struct head head;
	int status;

	if (fread(&head, sizeof(head), 1, e->in) != 1) {
		if (waitpid(e->pid, &status, 0) == e->pid)
			e->pid = 0;
		return error_set(err, -EIO, "state: the other replay died");
	}
	head.why[sizeof(head.why) - 1] = 0;
	if (head.count < 0)
		return error_set(err, (int)head.count, "%s", head.why);
	for (int64_t i = 0; i < head.count; i++)
		if (!entry_read(e->in, d))
			return error_set(err, -EIO, "state: the other replay broke off");
	state_sort(d);
	return 0;
}

void elsewhere_stop(struct elsewhere *e)
{
	if (e->in)
		fclose(e->in);
	if (e->pid > 0) {
		kill(e->pid, SIGKILL);
		waitpid(e->pid, NULL, 0);
	}
	memset(e, 0, sizeof(*e));
}
