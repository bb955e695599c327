/* broker_message.c - messages between broker and executor, with descriptors. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "blink/server/broker_priv.h"

#define MESSAGE_FDS 3

uint64_t broker_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int message_send(int socket, const struct message *m, const int *fds)
{
	union { struct cmsghdr h; char room[CMSG_SPACE(MESSAGE_FDS * sizeof(int))]; } control;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)m, .iov_len = sizeof(*m) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fds) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.room);
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		control.h.cmsg_len = CMSG_LEN(MESSAGE_FDS * sizeof(int));
		memcpy(CMSG_DATA(&control.h), fds, MESSAGE_FDS * sizeof(int));
	}
	for (;;) {
		if (sendmsg(socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

/* What came beside the message; more than three, or of another kind, cannot be. */
static void descriptors_take(struct msghdr *msg, int fds[3])
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	if (c->cmsg_len == CMSG_LEN(MESSAGE_FDS * sizeof(int)))
		memcpy(fds, CMSG_DATA(c), MESSAGE_FDS * sizeof(int));
}

int message_receive(int socket, struct message *m, int fds[3])
{
	union { struct cmsghdr h; char room[CMSG_SPACE(MESSAGE_FDS * sizeof(int))]; } control;
	struct iovec iov = { .iov_base = m, .iov_len = sizeof(*m) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control.room) };
	ssize_t n;

	fds[0] = fds[1] = fds[2] = -1;
	do
		n = recvmsg(socket, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (!n)
		return -EPIPE;
	descriptors_take(&msg, fds);
	m->text[sizeof(m->text) - 1] = 0;
	return n == sizeof(*m) ? 0 : -EPROTO;
}
