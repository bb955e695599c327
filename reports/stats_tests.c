/* stats_tests.c - are two sets of values different: Mann and Whitney, Cliff, Kolmogorov
 * and Smirnov.  See stats.h.
 */
#include "reports/stats.h"

#include <string.h>

#include "reports/stats_impl.h"

#define EXACT_PRODUCT 4096u
#define PERMUTATIONS 10000u
#define TOO_FEW "a side has no values"
#define NO_MEMORY "out of memory"

/* ---- ranks --------------------------------------------------------------------------- */

struct ranked { double v; bool of_a; };

static int compare(const void *a, const void *b)
{
	double x = ((const struct ranked *)a)->v, y = ((const struct ranked *)b)->v;

	return (x > y) - (x < y);
}

static struct ranked *rank(const double *a, size_t na, const double *b, size_t nb)
{
	struct ranked *r = calloc(na + nb, sizeof(*r));

	if (!r)
		return NULL;
	for (size_t i = 0; i < na; i++)
		r[i] = (struct ranked){ a[i], true };
	for (size_t i = 0; i < nb; i++)
		r[na + i] = (struct ranked){ b[i], false };
	qsort(r, na + nb, sizeof(*r), compare);
	return r;
}

/* Sum of a's ranks, ties sharing theirs; *ties gets the sum of t^3 - t. */
static double rank_sum(const struct ranked *r, size_t n, double *ties)
{
	double sum = 0;

	*ties = 0;
	for (size_t i = 0, end; i < n; i = end) {
		double t;

		for (end = i + 1; end < n && r[end].v == r[i].v;)
			end++;
		t = (double)(end - i);
		*ties += t * t * t - t;
		for (size_t k = i; k < end; k++)
			if (r[k].of_a)
				sum += (double)(i + end + 1) / 2;
	}
	return sum;
}

/* ---- Mann and Whitney --------------------------------------------------------------------- */

/* P(U >= u) without ties: arrangements counted by the recurrence over the last value,
 * kept as probabilities so that nothing overflows.
 * p(i, j, u) = i/(i+j) p(i-1, j, u-j) + j/(i+j) p(i, j-1, u). */
static double u_upper(size_t na, size_t nb, size_t u)
{
	size_t most = na * nb, width = most + 1;
	double *row, tail = 0;

	if (nb > na)                              /* symmetric: the small side in rows */
		return u_upper(nb, na, u);
	row = calloc((nb + 1) * width, sizeof(*row));
	if (!row)
		return -1;
	for (size_t j = 0; j <= nb; j++)
		row[j * width] = 1;                       /* no value of a: U is 0 */
	for (size_t i = 1; i <= na; i++) {
		for (size_t j = 1; j <= nb; j++) {
			double *p = row + j * width, *left = p - width;
			double share = (double)i / (double)(i + j);

			/* downwards: p[k - j] must still be of i - 1 */
			for (size_t k = i * j + 1; k-- > 0;)
				p[k] = (k >= j ? share * p[k - j] : 0) + (1 - share) * left[k];
		}
	}
	for (size_t k = u; k <= most; k++)
		tail += row[nb * width + k];
	free(row);
	return tail;
}

static double u_normal(double u, double na, double nb, double ties)
{
	double n = na + nb;
	double variance = na * nb / 12 * (n + 1 - ties / (n * (n - 1)));
	double z;

	if (variance <= 0)
		return 1;                                 /* all values are equal */
	z = (u - na * nb / 2 - 0.5) / sqrt(variance);
	return fmin(1, erfc(z / M_SQRT2));                /* twice the upper tail */
}

struct stats_u stats_mann_whitney(const double *a, size_t na, const double *b, size_t nb)
{
	struct stats_u r = { .p = stats_unknown(TOO_FEW) };
	double ties, upper, p, product = (double)na * (double)nb;
	struct ranked *all;

	if (!na || !nb)
		return r;
	all = rank(a, na, b, nb);
	if (!all) {
		r.p = stats_unknown(NO_MEMORY);
		return r;
	}
	r.u = rank_sum(all, na + nb, &ties) - (double)na * ((double)na + 1) / 2;
	free(all);
	upper = fmax(r.u, product - r.u);
	r.exact = ties == 0 && product <= EXACT_PRODUCT;
	p = r.exact ? 2 * u_upper(na, nb, (size_t)upper)
		    : u_normal(upper, (double)na, (double)nb, ties);
	r.p = p < 0 ? stats_unknown(NO_MEMORY) : stats_known(fmin(1, p));
	return r;
}

/* ---- Cliff --------------------------------------------------------------------------------- */

struct stats_value stats_cliff(const double *a, size_t na, const double *b, size_t nb)
{
	struct ranked *all = na && nb ? rank(a, na, b, nb) : NULL;
	double ties, u, product = (double)na * (double)nb;

	if (!all)
		return stats_unknown(na && nb ? NO_MEMORY : TOO_FEW);
	u = rank_sum(all, na + nb, &ties) - (double)na * ((double)na + 1) / 2;
	free(all);
	return stats_known(2 * u / product - 1);
}

const char *stats_cliff_word(double delta)
{
	static const struct { double limit; const char *word; } rows[] = {
		{ 0.147, "negligible" }, { 0.33, "small" }, { 0.474, "medium" },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (fabs(delta) < rows[i].limit)
			return rows[i].word;
	return "large";
}

/* ---- Kolmogorov and Smirnov ------------------------------------------------------------------ */

static double ks_walk(const struct ranked *r, size_t n, size_t na, size_t nb)
{
	size_t a = 0, b = 0;
	double far = 0;

	for (size_t i = 0; i < n;) {
		double v = r[i].v;

		for (; i < n && r[i].v == v; i++)
			r[i].of_a ? a++ : b++;
		far = fmax(far, fabs((double)a / (double)na - (double)b / (double)nb));
	}
	return far;
}

struct stats_value stats_ks_distance(const double *a, size_t na, const double *b, size_t nb)
{
	struct ranked *all = na && nb ? rank(a, na, b, nb) : NULL;
	double d;

	if (!all)
		return stats_unknown(na && nb ? NO_MEMORY : TOO_FEW);
	d = ks_walk(all, na + nb, na, nb);
	free(all);
	return stats_known(d);
}

/* All runs' values in order, each knowing its run; a side is a set of runs. */
struct pool {
	struct { double v; uint32_t run; } *value;
	size_t n, runs, *length;
	bool *of_a;               /* per run */
};

static int pool_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;   /* v is the first member */

	return (x > y) - (x < y);
}

static void pool_fill(struct pool *p, const struct stats_run *runs, size_t n, bool of_a)
{
	for (size_t i = 0; i < n; i++, p->runs++) {
		p->of_a[p->runs] = of_a;
		p->length[p->runs] = runs[i].n;
		for (size_t k = 0; k < runs[i].n; k++, p->n++) {
			p->value[p->n].v = runs[i].v[k];
			p->value[p->n].run = (uint32_t)p->runs;
		}
	}
}

static size_t runs_values(const struct stats_run *r, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += r[i].n;
	return sum;
}

static double pool_distance(const struct pool *p)
{
	size_t na = 0, nb = 0, a = 0, b = 0;
	double far = 0;

	for (size_t i = 0; i < p->runs; i++)
		*(p->of_a[i] ? &na : &nb) += p->length[i];
	if (!na || !nb)
		return 0;
	for (size_t i = 0; i < p->n;) {
		double v = p->value[i].v;

		for (; i < p->n && p->value[i].v == v; i++)
			p->of_a[p->value[i].run] ? a++ : b++;
		far = fmax(far, fabs((double)a / (double)na - (double)b / (double)nb));
	}
	return far;
}

/* The next choice of k runs out of all, in lexical order; false after the last. */
static bool choice_next(bool *of_a, size_t n)
{
	size_t i = n, ones = 0;

	/* the last 1 that has a 0 behind it moves there, those after it follow closely */
	while (i > 0 && of_a[i - 1]) {
		ones++;
		i--;
	}
	while (i > 0 && !of_a[i - 1])
		i--;
	if (!i)
		return false;
	of_a[i - 1] = false;
	for (size_t k = i; k < n; k++)
		of_a[k] = k - i < ones + 1;
	return true;
}

static void shuffle(bool *of_a, size_t n, uint64_t *state)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = stats_draw(state, i);
		bool t = of_a[i - 1];

		of_a[i - 1] = of_a[k];
		of_a[k] = t;
	}
}

static double choices(size_t n, size_t k)
{
	return round(exp(lgamma((double)n + 1) - lgamma((double)k + 1) -
			 lgamma((double)(n - k) + 1)));
}

/* The share of arrangements that are at least as far apart. */
static double permute(struct pool *p, size_t na, double distance, bool exact)
{
	size_t as_far = 0, all = 0;
	uint64_t state = 1;

	if (exact) {
		for (size_t i = 0; i < p->runs; i++)
			p->of_a[i] = i < na;
		do {
			as_far += pool_distance(p) >= distance - 1e-12;
			all++;
		} while (choice_next(p->of_a, p->runs));
		return (double)as_far / (double)all;
	}
	for (; all < PERMUTATIONS; all++) {
		shuffle(p->of_a, p->runs, &state);
		as_far += pool_distance(p) >= distance - 1e-12;
	}
	return (double)(as_far + 1) / (double)(all + 1);
}

/* The same, runs i of both sides staying on different sides: pairs change places. */
static double permute_pairs(struct pool *p, size_t pairs, double distance, bool exact)
{
	size_t as_far = 0, all = exact ? (size_t)1 << pairs : PERMUTATIONS;
	uint64_t state = 1;

	for (size_t k = 0; k < all; k++) {
		for (size_t i = 0; i < pairs; i++) {
			bool swap = exact ? k >> i & 1 : stats_draw(&state, 2);

			p->of_a[i] = !swap;
			p->of_a[pairs + i] = swap;
		}
		as_far += pool_distance(p) >= distance - 1e-12;
	}
	return exact ? (double)as_far / (double)all : (double)(as_far + 1) / (double)(all + 1);
}

#define PAIRS_EXACT 13u                /* 2^13 arrangements */

static void ks_judge(struct stats_ks *r, struct pool *p, size_t na, size_t nb, bool paired)
{
	double arrangements = paired ? ldexp(1, na < 64 ? (int)na : 64) : choices(na + nb, na);

	r->exact = paired ? na <= PAIRS_EXACT : arrangements <= PERMUTATIONS;
	r->distance = stats_known(pool_distance(p));
	/* with sides of one size, exchanging them changes nothing */
	r->least = r->exact ? (na == nb ? 2 : 1) / arrangements : 1.0 / (PERMUTATIONS + 1);
	r->p = stats_known(paired ? permute_pairs(p, na, r->distance.v, r->exact)
				  : permute(p, na, r->distance.v, r->exact));
}

static struct stats_ks ks(const struct stats_run *a, size_t na, const struct stats_run *b,
			  size_t nb, bool paired)
{
	struct stats_ks r = { .distance = stats_unknown(TOO_FEW), .p = stats_unknown(TOO_FEW),
			      .least = 1 };
	size_t va = runs_values(a, na), vb = runs_values(b, nb);
	struct pool p = { .n = 0 };

	if (!va || !vb)
		return r;
	p.value = calloc(va + vb, sizeof(*p.value));
	p.length = calloc(na + nb, sizeof(*p.length));
	p.of_a = calloc(na + nb, sizeof(*p.of_a));
	r.distance = r.p = stats_unknown(NO_MEMORY);
	if (p.value && p.length && p.of_a) {
		pool_fill(&p, a, na, true);
		pool_fill(&p, b, nb, false);
		qsort(p.value, p.n, sizeof(*p.value), pool_compare);
		ks_judge(&r, &p, na, nb, paired);
	}
	free(p.value);
	free(p.length);
	free(p.of_a);
	return r;
}

struct stats_ks stats_ks(const struct stats_run *a, size_t na, const struct stats_run *b,
			 size_t nb)
{
	return ks(a, na, b, nb, false);
}

struct stats_ks stats_ks_paired(const struct stats_run *a, const struct stats_run *b, size_t n)
{
	return ks(a, n, b, n, true);
}
