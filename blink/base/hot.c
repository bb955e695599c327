/* hot.c - see hot.h. */
#include "blink/base/hot.h"

#include <string.h>

extern const char __start_blink_hot[] __attribute__((visibility("hidden")));
extern const char __stop_blink_hot[] __attribute__((visibility("hidden")));
/* Not in every program. */
extern const char __start_blink_hot_next[] __attribute__((visibility("hidden"), weak));
extern const char __stop_blink_hot_next[] __attribute__((visibility("hidden"), weak));

/* Of the C library: so many bytes from where they begin. */
static const struct {
	void (*fn)(void);
	size_t size;
} others[] = {
	{ (void (*)(void))memcpy, 640 },
	{ (void (*)(void))memcmp, 768 },
};

HOT void fetch_lines(const void *from, size_t size)
{
	for (uintptr_t p = (uintptr_t)from, end = p + size; p < end; p += HOT_LINE)
		fetch_line((const void *)p);
}

HOT void fetch_lines_write(void *to, size_t size)
{
	for (uintptr_t p = (uintptr_t)to, end = p + size; p < end; p += HOT_LINE)
		__asm__ volatile("prefetchw %0" : : "m"(*(char *)p));
}

/* Marked itself, so that there is such a section in every program. */
HOT void hot_fetch(struct hot_next *next)
{
	*next = (struct hot_next){ __start_blink_hot_next, __stop_blink_hot_next };
	fetch_lines(__start_blink_hot, (size_t)(__stop_blink_hot - __start_blink_hot));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		fetch_lines((const void *)(uintptr_t)others[i].fn, others[i].size);
}

HOT void hot_next_go_on(struct hot_next *n, size_t size)
{
	const char *to = (size_t)(n->end - n->at) > size ? n->at + size : n->end;

	fetch_lines(n->at, (size_t)(to - n->at));
	n->at = to;
}
