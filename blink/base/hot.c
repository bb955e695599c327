/* hot.c - see hot.h. */
#include "blink/base/hot.h"

#include <stdlib.h>
#include <string.h>

extern const char __start_blink_hot[] __attribute__((visibility("hidden")));
extern const char __stop_blink_hot[] __attribute__((visibility("hidden")));

/* Of the C library: so many bytes from where they begin. */
static const struct {
	void (*fn)(void);
	size_t size;
} others[] = {
	{ (void (*)(void))memcpy, 640 },
	{ (void (*)(void))memcmp, 768 },
	{ (void (*)(void))free, 128 },
};

/* Marked itself, so that there is such a section in every program. */
HOT void hot_fetch(void)
{
	fetch_lines(__start_blink_hot, (size_t)(__stop_blink_hot - __start_blink_hot));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		fetch_lines((const void *)(uintptr_t)others[i].fn, others[i].size);
}
