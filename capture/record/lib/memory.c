/* memory.c - may this memory be read?
 *
 * A pointer given to GL need not be good: the driver may refuse the call for another
 * reason, or not use an array that is enabled.  A program that runs without us must
 * run with us, so memory is looked at before it is read.  The kernel is asked once per
 * page and frame (MADV_POPULATE_READ: as if each page had been read, an error where
 * that would have been a signal); pages that it found readable are remembered. */
#include "capture/record/lib/lib.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#define PAGE 4096u
#define REMEMBERED 1024u                  /* pages, per thread */
#define LOOKED_UP 64u                     /* larger ranges are asked for at once */

struct page { uintptr_t number; uint64_t frame; };
static __thread struct page pages[REMEMBERED] __attribute__((tls_model("initial-exec")));

/* Older kernels, and memory of devices: a byte of each page is copied. */
static bool copyable(uintptr_t first, uintptr_t last)
{
	for (uintptr_t page = first; page <= last; page++) {
		char byte;
		struct iovec to = { &byte, 1 }, from = { (void *)(page * PAGE), 1 };

		if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != 1)
			return false;
	}
	return true;
}

static bool ask(uintptr_t first, uintptr_t last)
{
	int e = errno;
	bool good = !madvise((void *)(first * PAGE), (last - first + 1) * PAGE,
			     MADV_POPULATE_READ);

	if (!good && errno == EINVAL)
		good = copyable(first, last);
	errno = e;
	return good;
}

bool rec_readable(const void *bytes, uint64_t size)
{
	uintptr_t first = (uintptr_t)bytes / PAGE, last;
	uint64_t frame = atomic_load_explicit(&rec_frames, memory_order_relaxed) + 1;
	bool known = true;

	if (!size)
		return true;
	if (!first || size > UINT64_MAX / 2 || (uintptr_t)bytes > UINTPTR_MAX / 2 - size)
		return false;
	last = ((uintptr_t)bytes + size - 1) / PAGE;
	if (last - first >= LOOKED_UP)
		return ask(first, last);
	for (uintptr_t p = first; p <= last && known; p++)
		known = pages[p % REMEMBERED].number == p && pages[p % REMEMBERED].frame == frame;
	if (known)
		return true;
	if (!ask(first, last))
		return false;
	for (uintptr_t p = first; p <= last; p++)
		pages[p % REMEMBERED] = (struct page){ p, frame };
	return true;
}

size_t rec_string(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max) {
		size_t rest = PAGE - (uintptr_t)(s + n) % PAGE, here;

		rest = rest < max - n ? rest : max - n;
		if (!rec_readable(s + n, 1))
			return max;
		here = strnlen(s + n, rest);
		n += here;
		if (here < rest)
			return n;
	}
	return max;
}
