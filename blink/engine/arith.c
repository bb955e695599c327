/* arith.c - see arith.h. */
#include "blink/engine/arith.h"

#include <math.h>
#include <string.h>

static float as_float(uint32_t v)
{
	float f;

	memcpy(&f, &v, sizeof(f));
	return f;
}

static uint32_t bits(float f)
{
	uint32_t v;

	memcpy(&v, &f, sizeof(v));
	return v;
}

/* ---- integers: wrap, and never trap --------------------------------------- */

static uint32_t mov(uint32_t a, uint32_t b) { (void)b; return a; }
static uint32_t add_i(uint32_t a, uint32_t b) { return a + b; }
static uint32_t sub_i(uint32_t a, uint32_t b) { return a - b; }
static uint32_t mul_i(uint32_t a, uint32_t b) { return a * b; }

static uint32_t div_i(uint32_t a, uint32_t b)
{
	if (!b)
		return 0;
	if (b == UINT32_MAX)          /* -1: INT_MIN stays INT_MIN */
		return 0u - a;
	return (uint32_t)((int32_t)a / (int32_t)b);
}

static uint32_t mod_i(uint32_t a, uint32_t b)
{
	if (!b)
		return a;             /* a - b * (a / b), and a / 0 is 0 */
	if (b == UINT32_MAX)
		return 0;
	return (uint32_t)((int32_t)a % (int32_t)b);
}

static uint32_t min_i(uint32_t a, uint32_t b) { return (int32_t)a < (int32_t)b ? a : b; }
static uint32_t max_i(uint32_t a, uint32_t b) { return (int32_t)a > (int32_t)b ? a : b; }
static uint32_t and_u(uint32_t a, uint32_t b) { return a & b; }
static uint32_t or_u(uint32_t a, uint32_t b) { return a | b; }
static uint32_t xor_u(uint32_t a, uint32_t b) { return a ^ b; }
static uint32_t shl(uint32_t a, uint32_t b) { return a << (b & 31); }
static uint32_t shr(uint32_t a, uint32_t b) { return a >> (b & 31); }
static uint32_t sar(uint32_t a, uint32_t b) { return (uint32_t)((int32_t)a >> (b & 31)); }
static uint32_t neg_i(uint32_t a, uint32_t b) { (void)b; return 0u - a; }
static uint32_t not_u(uint32_t a, uint32_t b) { (void)b; return ~a; }

/* ---- floats ----------------------------------------------------------------
 * A compiler may swap the operands of + and *, which changes the NaN that comes
 * out when both are NaN: hence the instructions themselves. */

#define SSE(name, insn) \
	static uint32_t name(uint32_t a, uint32_t b) \
	{ \
		float x = as_float(a), y = as_float(b); \
		__asm__(insn " %1, %0" : "+x"(x) : "x"(y)); \
		return bits(x); \
	}
SSE(add_f, "addss")
SSE(sub_f, "subss")
SSE(mul_f, "mulss")
SSE(div_f, "divss")
SSE(min_f, "minss")
SSE(max_f, "maxss")

static uint32_t sqrt_f(uint32_t a, uint32_t b)
{
	float x = as_float(a);

	(void)b;
	__asm__("sqrtss %0, %0" : "+x"(x));
	return bits(x);
}

static uint32_t neg_f(uint32_t a, uint32_t b) { (void)b; return a ^ 0x80000000u; }
static uint32_t abs_f(uint32_t a, uint32_t b) { (void)b; return a & 0x7fffffffu; }

/* The C library's floorf may hand a signalling NaN back as it came. */
static uint32_t floor_f(uint32_t a, uint32_t b)
{
	(void)b;
	return isnan(as_float(a)) ? a | 0x400000 : bits(floorf(as_float(a)));
}

static uint32_t sin_f(uint32_t a, uint32_t b) { (void)b; return bits(sinf(as_float(a))); }
static uint32_t cos_f(uint32_t a, uint32_t b) { (void)b; return bits(cosf(as_float(a))); }
static uint32_t tan_f(uint32_t a, uint32_t b) { (void)b; return bits(tanf(as_float(a))); }

static uint32_t cvt_if(uint32_t a, uint32_t b)
{
	(void)b;
	return bits((float)(int32_t)a);
}

static uint32_t cvt_fi(uint32_t a, uint32_t b)
{
	float f = as_float(a);

	(void)b;
	if (isnan(f))
		return 0;
	if (f >= 2147483648.0f)
		return INT32_MAX;
	if (f < -2147483648.0f)
		return (uint32_t)INT32_MIN;
	return (uint32_t)(int32_t)f;
}

/* ---- comparisons ----------------------------------------------------------- */

static uint32_t eq_i(uint32_t a, uint32_t b) { return a == b; }
static uint32_t ne_i(uint32_t a, uint32_t b) { return a != b; }
static uint32_t lt_i(uint32_t a, uint32_t b) { return (int32_t)a < (int32_t)b; }
static uint32_t le_i(uint32_t a, uint32_t b) { return (int32_t)a <= (int32_t)b; }
static uint32_t eq_f(uint32_t a, uint32_t b) { return as_float(a) == as_float(b); }
static uint32_t lt_f(uint32_t a, uint32_t b) { return as_float(a) < as_float(b); }
static uint32_t le_f(uint32_t a, uint32_t b) { return as_float(a) <= as_float(b); }

const arith_fn arith_fns[GL_OP_COUNT] = {
	[OP_mov] = mov, [OP_add_i] = add_i, [OP_sub_i] = sub_i, [OP_mul_i] = mul_i,
	[OP_div_i] = div_i, [OP_mod_i] = mod_i, [OP_min_i] = min_i, [OP_max_i] = max_i,
	[OP_and] = and_u, [OP_or] = or_u, [OP_xor] = xor_u, [OP_shl] = shl, [OP_shr] = shr,
	[OP_sar] = sar, [OP_neg_i] = neg_i, [OP_not] = not_u,
	[OP_add_f] = add_f, [OP_sub_f] = sub_f, [OP_mul_f] = mul_f, [OP_div_f] = div_f,
	[OP_min_f] = min_f, [OP_max_f] = max_f, [OP_neg_f] = neg_f, [OP_abs_f] = abs_f,
	[OP_floor_f] = floor_f, [OP_sqrt_f] = sqrt_f,
	[OP_sin_f] = sin_f, [OP_cos_f] = cos_f, [OP_tan_f] = tan_f,
	[OP_cvt_if] = cvt_if, [OP_cvt_fi] = cvt_fi,
	[OP_set_eq_i] = eq_i, [OP_set_lt_i] = lt_i, [OP_set_le_i] = le_i,
	[OP_set_eq_f] = eq_f, [OP_set_lt_f] = lt_f, [OP_set_le_f] = le_f,
	[OP_jump_eq_i] = eq_i, [OP_jump_ne_i] = ne_i, [OP_jump_lt_i] = lt_i,
	[OP_jump_le_i] = le_i, [OP_jump_eq_f] = eq_f, [OP_jump_lt_f] = lt_f,
	[OP_jump_le_f] = le_f,
};
