/* table_private.h - between the generated table and its lookups; private to blink/gl. */
#ifndef BLINK_GL_TABLE_PRIVATE_H
#define BLINK_GL_TABLE_PRIVATE_H

#include <string.h>

#include "blink/gl/table.h"

/* Sorted by name. */
struct gl_name { const char *name; uint16_t index; };
extern const struct gl_name gl_command_names[], gl_op_names[];
extern const unsigned gl_command_names_count, gl_op_names_count;

struct gl_enum { const char *name; uint32_t value; };
extern const struct gl_enum gl_enums[];         /* sorted by name */
extern const unsigned gl_enum_count;
/* Groups are ranges of gl_enum_members, indices in gl_enums by ascending value;
 * group 0 is all enums. */
struct gl_enum_group { const char *name; uint16_t first, end; };
extern const struct gl_enum_group gl_enum_groups[];
extern const unsigned gl_enum_group_count;
extern const uint16_t gl_enum_members[];

extern const char *const gl_op_docs[GL_OP_COUNT];
extern const uint64_t gl_layout_hash;
extern const char *const gl_signatures[];
extern const uint8_t gl_command_signatures[GL_CMD_COUNT];

struct gl_pname_family { const char *name; bool (*count)(uint64_t pname, uint64_t *n); };
extern const struct gl_pname_family gl_pname_families[];        /* ends with a zero row */

/* Rules: r is a record, a are GL arguments. */
bool gl_record_rule(unsigned rule, const uint32_t *r, uint64_t *size);
bool gl_param_rule(unsigned rule, const uint64_t *a, uint64_t *size);

/* ---- terms of size rules: every value stays below 2^63 -------------------- */
#define SIZE_MAX_VALUE (UINT64_C(1) << 63)

static inline uint64_t size_i32(uint32_t v)
{
	return (uint64_t)(int64_t)(int32_t)v;
}
static inline uint64_t size_i64(const uint32_t *w)
{
	return w[0] | (uint64_t)w[1] << 32;
}
/* Negative arguments are huge as unsigned numbers. */
static inline bool size_inputs(const uint64_t *v, unsigned n)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < n; i++)
		all |= v[i];
	return all < SIZE_MAX_VALUE;
}
static inline bool size_mul(uint64_t a, uint64_t b, uint64_t *r)
{
	return !__builtin_mul_overflow(a, b, r) && *r < SIZE_MAX_VALUE;
}
static inline bool size_add(uint64_t a, uint64_t b, uint64_t *r)
{
	return !__builtin_add_overflow(a, b, r) && *r < SIZE_MAX_VALUE;
}
static inline bool size_sub(uint64_t a, uint64_t b, uint64_t *r)
{
	return !__builtin_sub_overflow(a, b, r);
}
static inline bool size_div(uint64_t a, uint64_t b, uint64_t *r)
{
	*r = b ? a / b : 0;
	return b != 0;
}
/* t keeps temporaries in use where an expression has none. */
static inline bool size_is(uint64_t v, const uint64_t *t, uint64_t *out)
{
	(void)t;
	*out = v;
	return true;
}
bool size_of_type(uint64_t type, uint64_t *n);
bool size_of_lists(uint64_t n, uint64_t type, uint64_t *size);
bool size_of_image(uint64_t w, uint64_t h, uint64_t d, uint64_t format, uint64_t type,
		   uint64_t *size);

/* ---- values of calls ------------------------------------------------------ */
static inline float call_float(uint64_t bits)
{
	uint32_t low = (uint32_t)bits;
	float f;

	memcpy(&f, &low, sizeof(f));
	return f;
}
static inline double call_double(uint64_t bits)
{
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}
static inline uint64_t call_float_bits(float f)
{
	uint32_t low;

	memcpy(&low, &f, sizeof(low));
	return low;
}
static inline uint64_t call_double_bits(double d)
{
	uint64_t bits;

	memcpy(&bits, &d, sizeof(bits));
	return bits;
}

#endif
