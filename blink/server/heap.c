/* heap.c - see heap.h. */
#include "blink/server/heap.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "blink/server/code_account.h"

#define SETTLE_NS UINT64_C(200000000)

/* The sanitizers' allocator has an account of its own. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* What this thread has allocated, less what it has freed. */
static __thread uint64_t mine;

uint64_t heap_bytes(void)
{
	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	return mine;
}

static atomic_bool loose;

void heap_loosen(void)
{
	atomic_store(&loose, true);
}

/* Free pieces stay the allocator's, and so do their pages until it is told: which costs some
 * time for each of them, and must not be had for each of those who come and go without end. */
void heap_settle(uint64_t now_ns, bool idle)
{
	static uint64_t settled;

	if (!atomic_load(&loose) || (!idle && now_ns - settled < SETTLE_NS))
		return;
	atomic_store(&loose, false);
	settled = now_ns;
	if (!__sanitizer_get_current_allocated_bytes)
		malloc_trim(0);
}

/* ---- what drivers call ----------------------------------------------------------------- */

#if CODE_COUNTED

#define OURS __attribute__((weak, visibility("default")))

/* glibc's own, by the names under which it lets others take their place. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t alignment, size_t n);
extern void __libc_free(void *p);

static void *taken(void *p)
{
	mine += p ? malloc_usable_size(p) : 0;
	return p;
}

OURS void *malloc(size_t n)
{
	return taken(__libc_malloc(n));
}

OURS void *calloc(size_t n, size_t size)
{
	return taken(__libc_calloc(n, size));
}

OURS void *realloc(void *p, size_t n)
{
	size_t had = p ? malloc_usable_size(p) : 0;
	void *q = __libc_realloc(p, n);

	if (!q && n)
		return NULL;
	mine -= had;
	return taken(q);
}

OURS void free(void *p)
{
	mine -= p ? malloc_usable_size(p) : 0;
	__libc_free(p);
}

OURS void *memalign(size_t alignment, size_t n)
{
	return taken(__libc_memalign(alignment, n));
}

OURS void *aligned_alloc(size_t alignment, size_t n)
{
	return taken(__libc_memalign(alignment, n));
}

OURS int posix_memalign(void **p, size_t alignment, size_t n)
{
	void *q;

	if (alignment % sizeof(void *) || !alignment || (alignment & (alignment - 1)))
		return EINVAL;
	q = taken(__libc_memalign(alignment, n));
	if (!q)
		return ENOMEM;
	*p = q;
	return 0;
}

#endif
