/* shared.h - reading and writing memory that another, hostile, side writes meanwhile.
 *
 * What is read is read once, into memory of one's own, and then checked there.  The
 * compiler must not read a shared field a second time, nor assume that two reads agree:
 * single words go through relaxed atomics, anything longer through shared_copy, which the
 * compiler cannot look into.  Order is made by the acquire and release operations on the
 * fields that protocol.h names.  Private to blink/vso.
 */
#ifndef BLINK_VSO_SHARED_H
#define BLINK_VSO_SHARED_H

#include <stddef.h>
#include <stdint.h>

/* n bytes, each read and written once, in no promised order. */
static inline void shared_copy(void *to, const void *from, size_t n)
{
#ifdef __x86_64__
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
#else
	volatile uint8_t *t = to;
	const volatile uint8_t *f = from;

	while (n--)
		*t++ = *f++;
#endif
}

static inline uint32_t shared_u32(const void *at)
{
	return __atomic_load_n((const uint32_t *)at, __ATOMIC_RELAXED);
}
static inline void shared_set_u32(void *at, uint32_t v)
{
	__atomic_store_n((uint32_t *)at, v, __ATOMIC_RELAXED);
}

#endif
