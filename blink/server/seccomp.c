/* seccomp.c - the executor's system call filter, made from a table.
 *
 * A classic BPF program: the architecture, then one comparison per row.  The order of the
 * rows is that of their frequency, since every system call walks them. */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "blink/server/seccomp.h"

#define ROW(call, why) { SYS_##call, #call, why, 0, 0, 0 }

const struct seccomp_row seccomp_rows[] = {
	/* every frame */
	ROW(ppoll, "waiting for the next frame and for the broker"),
	ROW(poll, "the same, from libraries"),
	ROW(epoll_wait, "waiting for clients' doorbells"),
	ROW(epoll_pwait, "the same"),
	ROW(recvmsg, "the broker's messages, and clients' descriptors with them"),
	ROW(sendmsg, "answers to the broker"),
	ROW(sendto, "clients' bells; requests to the shader judge"),
	ROW(recvfrom, "answers of the shader judge"),
	ROW(read, "descriptors that are open"),
	ROW(write, "the same"),
	ROW(readv, "the same"),
	ROW(writev, "the same: a library's last words"),
	ROW(futex, "locks of the driver's threads"),
	ROW(clock_gettime, "time, where the kernel does not map its clock"),
	ROW(clock_nanosleep, "waiting"),
	ROW(nanosleep, "the same"),
	ROW(sched_yield, "the driver's waiting"),
	ROW(getrusage, "context switches and CPU time, for accounts"),
	ROW(gettimeofday, "time"),
	ROW(times, "CPU time"),
	/* memory */
	ROW(mmap, "memory; pages of clients; code of the driver's compiler and of ours"),
	ROW(munmap, "its end"),
	ROW(mprotect, "code: written, then made executable (llvmpipe); guard pages"),
	ROW(madvise, "memory given back"),
	ROW(mremap, "memory that grows"),
	ROW(brk, "memory"),
	ROW(memfd_create, "our code arena, mapped twice; the driver's buffers"),
	ROW(ftruncate, "its size"),
	ROW(fallocate, "the same"),
	/* clients that come and go */
	ROW(epoll_ctl, "their doorbells"),
	ROW(epoll_create1, "the same"),
	ROW(close, "their descriptors"),
	ROW(fcntl, "their seals; duplicates"),
	ROW(dup, "descriptors that are open"),
	ROW(dup3, "the same"),
	ROW(fstat, "sizes of what is open"),
	ROW(newfstatat, "the same by its newer name; a path leads nowhere without open"),
	ROW(lseek, "the same"),
	ROW(flock, "the driver's cache, in a file that is open"),
	ROW(shutdown, "bells of those that go"),
	ROW(getsockopt, "errors of sockets that there are"),
	ROW(setsockopt, "sizes of their buffers"),
	ROW(eventfd2, "bells of our own"),
	ROW(timerfd_create, "the frame's clock"),
	ROW(timerfd_settime, "the same"),
	/* threads of this process, and its end */
	{ SYS_clone, "clone", "threads of the driver: only with CLONE_THREAD", 0, CLONE_THREAD, 0 },
	ROW(set_robust_list, "new threads"),
	ROW(rseq, "new threads"),
	ROW(sched_getaffinity, "how many threads the driver makes"),
	ROW(sched_setaffinity, "where they run"),
	ROW(sched_getparam, "the driver's threads"),
	ROW(sched_getscheduler, "the same"),
	ROW(sched_setscheduler, "the same, to idle ones"),
	ROW(getcpu, "the same"),
	{ SYS_prctl, "prctl", "names of threads", 0, 0, PR_SET_NAME },
	ROW(rt_sigaction, "traps of stored procedures"),
	ROW(rt_sigprocmask, "the same"),
	ROW(rt_sigreturn, "the same"),
	ROW(sigaltstack, "the same"),
	ROW(getpid, "libraries that ask"),
	ROW(gettid, "the same"),
	ROW(getuid, "the same"),
	ROW(geteuid, "the same"),
	ROW(uname, "the same"),
	ROW(sysinfo, "how much memory there is: the driver's limits"),
	ROW(getrandom, "hash tables' seeds"),
	ROW(restart_syscall, "calls interrupted by a stop"),
	ROW(wait4, "the shader judge's end"),
	ROW(exit, "a thread's end"),
	ROW(exit_group, "the end"),
};
const size_t seccomp_nrows = sizeof(seccomp_rows) / sizeof(*seccomp_rows);

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define NUMBERS_END 0x40000000u         /* behind: the same calls once more, for x32 */
#endif

#ifdef ARCHITECTURE

#define PROGRAM_MAX 512
struct program { struct sock_filter f[PROGRAM_MAX]; unsigned short n; };

static void emit(struct program *p, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (p->n < PROGRAM_MAX)
		p->f[p->n++] = (struct sock_filter){ .code = code, .jt = yes, .jf = no, .k = k };
}

static void emit_load(struct program *p, size_t at)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)at, 0, 0);
}

static void emit_return(struct program *p, uint32_t what)
{
	emit(p, BPF_RET | BPF_K, what, 0, 0);
}

/* The accumulator holds the number before and, where the row did not match, after. */
static void emit_row(struct program *p, const struct seccomp_row *r)
{
	size_t argument = offsetof(struct seccomp_data, args) + 8 * r->argument;

	if (!r->bits && !r->value) {
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)r->number, 0, 1);
		emit_return(p, SECCOMP_RET_ALLOW);
		return;
	}
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)r->number, 0, 4);
	emit_load(p, argument);
	if (r->bits)
		emit(p, BPF_JMP | BPF_JSET | BPF_K, r->bits, 0, 1);
	else
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, r->value, 0, 1);
	emit_return(p, SECCOMP_RET_ALLOW);
	emit_return(p, SECCOMP_RET_ERRNO | EPERM);
}

static void program_make(struct program *p)
{
	emit_load(p, offsetof(struct seccomp_data, arch));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	emit_return(p, SECCOMP_RET_KILL_PROCESS);
	emit_load(p, offsetof(struct seccomp_data, nr));
	emit(p, BPF_JMP | BPF_JGE | BPF_K, NUMBERS_END, 0, 1);
	emit_return(p, SECCOMP_RET_ERRNO | EPERM);
	for (size_t i = 0; i < seccomp_nrows; i++)
		emit_row(p, &seccomp_rows[i]);
	/* its arguments lie in memory, where a filter cannot look: libraries then use clone */
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
	emit_return(p, SECCOMP_RET_ERRNO | ENOSYS);
	emit_return(p, SECCOMP_RET_ERRNO | EPERM);
}

int seccomp_apply(struct error *err)
{
	static struct program p;
	struct sock_fprog fprog = { .filter = p.f };

	p.n = 0;
	program_make(&p);
	fprog.len = p.n;
	if (p.n >= PROGRAM_MAX)
		return error_set(err, -E2BIG, "filter: the table is too long");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &fprog))
		return error_set(err, -ENOTSUP, "filter: the kernel takes none: %s "
				 "(--no-filter runs without)", strerror(errno));
	return 0;
}

#else

int seccomp_apply(struct error *err)
{
	return error_set(err, -ENOTSUP, "filter: there is none for this processor "
			 "(--no-filter runs without)");
}

#endif

/* ---- trying it ------------------------------------------------------------------------ */

/* Arguments with which nothing would happen even where the call is allowed. */
static const struct { const char *name; long number, a, b, c; } tries[] = {
	{ "open", SYS_open, 0, 0, 0 }, { "openat", SYS_openat, -1, 0, 0 },
	{ "openat2", SYS_openat2, -1, 0, 0 }, { "creat", SYS_creat, 0, 0, 0 },
	{ "socket", SYS_socket, -1, 0, 0 }, { "socketpair", SYS_socketpair, -1, 0, 0 },
	{ "connect", SYS_connect, -1, 0, 0 }, { "bind", SYS_bind, -1, 0, 0 },
	{ "listen", SYS_listen, -1, 0, 0 }, { "accept4", SYS_accept4, -1, 0, 0 },
	{ "execve", SYS_execve, 0, 0, 0 }, { "execveat", SYS_execveat, -1, 0, 0 },
	{ "clone", SYS_clone, CLONE_SIGHAND, 0, 0 },    /* without CLONE_VM: never done */
	{ "unlink", SYS_unlink, 0, 0, 0 }, { "rename", SYS_rename, 0, 0, 0 },
	{ "mkdir", SYS_mkdir, 0, 0, 0 }, { "chmod", SYS_chmod, 0, 0, 0 },
	{ "symlink", SYS_symlink, 0, 0, 0 }, { "readlink", SYS_readlink, 0, 0, 0 },
	{ "getdents64", SYS_getdents64, -1, 0, 0 }, { "chdir", SYS_chdir, 0, 0, 0 },
	{ "mount", SYS_mount, 0, 0, 0 }, { "ptrace", SYS_ptrace, -1, -1, 0 },
	{ "process_vm_readv", SYS_process_vm_readv, -1, 0, 0 },
	{ "process_vm_writev", SYS_process_vm_writev, -1, 0, 0 },
	{ "kill", SYS_kill, 0x7fffffff, 0, 0 }, { "tgkill", SYS_tgkill, 0x7fffffff, 1, 0 },
	{ "ioctl", SYS_ioctl, -1, 0, 0 }, { "bpf", SYS_bpf, -1, 0, 0 },
	{ "perf_event_open", SYS_perf_event_open, 0, -1, -1 },
	{ "io_uring_setup", SYS_io_uring_setup, 0, 0, 0 },
	{ "userfaultfd", SYS_userfaultfd, -1, 0, 0 }, { "keyctl", SYS_keyctl, -1, 0, 0 },
	{ "shmget", SYS_shmget, 0, 0, 0 }, { "setns", SYS_setns, -1, 0, 0 },
	{ "unshare", SYS_unshare, -1, 0, 0 }, { "setuid", SYS_setuid, -1, 0, 0 },
	{ "pidfd_open", SYS_pidfd_open, -1, 0, 0 }, { "pidfd_getfd", SYS_pidfd_getfd, -1, -1, 0 },
	{ "prlimit64", SYS_prlimit64, 0x7fffffff, 0, 0 },
	{ "prctl", SYS_prctl, PR_SET_DUMPABLE, -1, 0 },
};

unsigned seccomp_try(char *text, size_t size)
{
	unsigned n = sizeof(tries) / sizeof(*tries), allowed = 0;
	size_t at;

	text[0] = 0;
	for (unsigned i = 0; i < n; i++) {
		errno = 0;
		if (syscall((int)tries[i].number, tries[i].a, tries[i].b, tries[i].c, 0, 0) == -1 &&
		    errno == EPERM)
			continue;
		at = strlen(text);
		snprintf(text + at, size - at, "%s%s", allowed++ ? ", " : "allowed: ",
			 tries[i].name);
	}
	if (!allowed)
		snprintf(text, size, "%u tried, %u refused", n, n);
	return allowed;
}
