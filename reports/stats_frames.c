/* stats_frames.c - what is said of frame times, one row per metric with its formula. */
#include "reports/stats.h"

#include "reports/stats_impl.h"

struct frames {
	const double *t;        /* in order of time */
	const double *sorted;
	size_t n;
	double refresh;
};

static double percentile(const struct frames *f, double q)
{
	return stats_sorted_quantile(f->sorted, f->n, q);
}
static double p50(const struct frames *f) { return percentile(f, 0.5); }
static double p95(const struct frames *f) { return percentile(f, 0.95); }
static double p99(const struct frames *f) { return percentile(f, 0.99); }

static double mean_rate(const struct frames *f)
{
	double sum = 0;

	for (size_t i = 0; i < f->n; i++)
		sum += f->t[i];
	return sum > 0 ? 1000 * (double)f->n / sum : HUGE_VAL;
}

/* The rate over the slowest share of the frames, at least one. */
static double low(const struct frames *f, size_t one_of)
{
	size_t k = f->n / one_of + (f->n % one_of != 0);
	double sum = 0;

	for (size_t i = 0; i < k; i++)
		sum += f->sorted[f->n - 1 - i];
	return sum > 0 ? 1000 * (double)k / sum : HUGE_VAL;
}
static double low_1(const struct frames *f) { return low(f, 100); }
static double low_01(const struct frames *f) { return low(f, 1000); }

static double stutter(const struct frames *f)
{
	double limit = 2 * p50(f);
	size_t k = 0;

	for (size_t i = 0; i < f->n; i++)
		k += f->t[i] > limit;
	return 100 * (double)k / (double)f->n;
}

static double jitter(const struct frames *f)
{
	double sum = 0;

	for (size_t i = 1; i < f->n; i++)
		sum += fabs(f->t[i] - f->t[i - 1]);
	return sum / (double)(f->n - 1);
}

/* Frame i shows what was so when its making began, at the end of frame i - 1; it is seen at
 * the first refresh after its own end.  The error is by how much the time between two
 * pictures differs from the time between what they show. */
static double animation_error(const struct frames *f)
{
	double period = 1000 / f->refresh, end = f->t[0], sum = 0;
	double shown = ceil(end / period - 1e-9) * period;

	for (size_t i = 1; i < f->n; i++) {
		double next;

		end += f->t[i];
		next = ceil(end / period - 1e-9) * period;
		sum += fabs(next - shown - f->t[i - 1]);
		shown = next;
	}
	return sum / (double)(f->n - 1);
}

static double missed(const struct frames *f)
{
	double k = 0;

	/* a frame that takes exactly one period is in time */
	for (size_t i = 0; i < f->n; i++)
		k += fmax(0, ceil(f->t[i] * f->refresh / 1000 - 1e-9) - 1);
	return k;
}

#define SHORT "too few frames"

static double (*const functions[])(const struct frames *) = {
	p50, p95, p99, mean_rate, low_1, low_01, stutter, jitter, animation_error, missed,
};

const struct stats_frame_metric stats_frame_metrics[] = {
	{ "median frame time", "ms", -1, 1, "quantile(t, 0.5)" },
	{ "95th percentile", "ms", -1, 20, "quantile(t, 0.95)" },
	{ "99th percentile", "ms", -1, 100, "quantile(t, 0.99)" },
	{ "frame rate", "frames/s", 1, 1, "1000 n / sum(t)" },
	{ "1 % low", "frames/s", 1, 100, "1000 / mean(slowest ceil(n / 100) of t)" },
	{ "0.1 % low", "frames/s", 1, 1000, "1000 / mean(slowest ceil(n / 1000) of t)" },
	{ "stutter", "% of frames", -1, 3, "100 count(t > 2 median(t)) / n" },
	{ "jitter", "ms", -1, 2, "mean(|t[i] - t[i-1]|)" },
	{ "animation error", "ms", -1, 2,
	  "mean(|d[i] - d[i-1] - t[i-1]|), d[i] = T ceil(sum(t[0..i]) / T)" },
	{ "missed deadlines", "deadlines", -1, 1, "sum(max(0, ceil(t / T) - 1))" },
};
const unsigned stats_frame_metric_count =
	sizeof(stats_frame_metrics) / sizeof(stats_frame_metrics[0]);
_Static_assert(sizeof(functions) / sizeof(functions[0]) ==
	       sizeof(stats_frame_metrics) / sizeof(stats_frame_metrics[0]), "one per row");

struct stats_value stats_frames(unsigned m, const double *ms, size_t n, double refresh)
{
	struct frames f = { .t = ms, .n = n, .refresh = refresh };
	double *sorted, v;

	if (n < stats_frame_metrics[m].least)
		return stats_unknown(n ? SHORT : "no frames");
	sorted = stats_sorted(ms, n);
	if (!sorted)
		return stats_unknown("out of memory");
	f.sorted = sorted;
	v = functions[m](&f);
	free(sorted);
	return isfinite(v) ? stats_known(v) : stats_unknown("the frames took no time");
}
