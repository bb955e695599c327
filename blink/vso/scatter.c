/* scatter.c - see scatter.h. */
#include "blink/vso/scatter.h"

#include <stddef.h>
#include <sys/mman.h>

uint32_t scatter_run(const uint32_t *pages, uint32_t n, uint32_t i)
{
	uint32_t k = 1;

	while (i + k < n && pages[i + k] == pages[i] + k)
		k++;
	return k;
}

/* Room for n pages, and one more. */
static void *reserve(uint32_t n)
{
	return mmap(NULL, ((size_t)n + 1) * VSO_PAGE, PROT_READ,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

const void *scatter_map(int fd, const uint32_t *pages, uint32_t n, uint32_t max)
{
	uint32_t runs = 0;
	uint8_t *at;

	for (uint32_t i = 0; i < n; i += scatter_run(pages, n, i))
		if (++runs > max)
			return NULL;
	at = reserve(n);
	if (at == MAP_FAILED)
		return NULL;
	for (uint32_t i = 0; i < n;) {
		uint32_t k = scatter_run(pages, n, i);

		if (mmap(at + (size_t)i * VSO_PAGE, (size_t)k * VSO_PAGE, PROT_READ,
			 MAP_SHARED | MAP_FIXED, fd, (off_t)pages[i] * VSO_PAGE) == MAP_FAILED) {
			scatter_unmap(at, n);
			return NULL;
		}
		i += k;
	}
	return at;
}

void scatter_unmap(const void *at, uint32_t n)
{
	munmap((void *)(uintptr_t)at, ((size_t)n + 1) * VSO_PAGE);
}

void *scatter_map_all(int fd, uint32_t pages)
{
	void *at = reserve(pages);

	if (at == MAP_FAILED)
		return at;
	if (mmap(at, (size_t)pages * VSO_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 0) == MAP_FAILED) {
		scatter_unmap(at, pages);
		return MAP_FAILED;
	}
	return at;
}
