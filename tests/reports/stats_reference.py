#!/usr/bin/python3
# stats_reference.py - the statistics of reports/stats.h by SciPy and NumPy, or by
# counting everything, as reference values for test_stats.
#
#   /usr/bin/python3 tests/reports/stats_reference.py > tests/reports/stats_reference.tsv
#
# (Debian packages python3-scipy, python3-numpy.)  One row per case, fields by tab:
#   test, parameter, expected values..., sets of values (separated by blanks)
import itertools
import sys

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(20131223)


def text(values):
    return " ".join(repr(float(v)) for v in values)


def row(test, parameter, expected, *sets):
    print(test, parameter, text(expected), *[text(s) for s in sets], sep="\t")


def samples(n, ties=False, shift=0.0):
    v = rng.lognormal(2, 0.4, n) + shift
    return np.round(v) if ties else np.round(v, 6)


print("# made by: /usr/bin/python3 tests/reports/stats_reference.py")
print(f"# python {sys.version.split()[0]}, numpy {np.__version__}, scipy {scipy.__version__}")

for n in (1, 2, 3, 4, 7, 10, 101):
    v = samples(n)
    for q in (0, 0.01, 0.25, 0.5, 0.95, 1):
        row("quantile", q, [np.quantile(v, q)], v)

for n in (1, 2, 3, 5, 6, 8, 9, 17, 30, 100):
    v = np.sort(samples(n))
    for level in (0.9, 0.95, 0.99):
        k = 0
        while 2 * (k + 1) < n and 2 * stats.binom.cdf(k + 1, n, 0.5) <= 1 - level:
            k += 1
        held = max(0.0, 1 - 2 * stats.binom.cdf(k, n, 0.5)) if n > 1 else 0.0
        row("median_interval", level, [np.median(v), v[k], v[n - 1 - k], held], v)

for na, nb in ((1, 1), (1, 3), (2, 2), (3, 3), (5, 4), (8, 8), (10, 12), (20, 20), (60, 60)):
    for shift in (0, 2):
        a, b = samples(na, shift=shift), samples(nb)
        t = stats.mannwhitneyu(a, b, alternative="two-sided", method="exact")
        row("mann_whitney", "exact", [t.statistic, t.pvalue], a, b)

for na, nb in ((3, 3), (10, 12), (70, 80)):
    for shift in (0, 3):
        a, b = samples(na, True, shift), samples(nb, True)
        b[0] = a[0]
        t = stats.mannwhitneyu(a, b, alternative="two-sided", method="asymptotic")
        row("mann_whitney", "normal", [t.statistic, t.pvalue], a, b)
a, b = samples(80), samples(90)
t = stats.mannwhitneyu(a, b, alternative="two-sided", method="asymptotic")
row("mann_whitney", "normal", [t.statistic, t.pvalue], a, b)

for na, nb, ties in ((1, 1, False), (4, 6, True), (30, 25, True), (30, 25, False)):
    a, b = samples(na, ties, 1), samples(nb, ties)
    delta = np.mean([np.sign(x - y) for x in a for y in b])
    row("cliff", "-", [delta], a, b)

for na, nb, ties in ((1, 1, False), (5, 9, True), (40, 40, False), (100, 30, True)):
    a, b = samples(na, ties, 1), samples(nb, ties)
    row("ks_distance", "-", [stats.ks_2samp(a, b, method="asymp").statistic], a, b)

for na, nb, shift in ((1, 1, 1), (2, 2, 0), (3, 3, 2), (4, 3, 0), (5, 5, 0.5)):
    runs = [samples(6, shift=shift) for _ in range(na)] + [samples(6) for _ in range(nb)]

    def distance(chosen):
        a = np.concatenate([runs[i] for i in range(na + nb) if i in chosen])
        b = np.concatenate([runs[i] for i in range(na + nb) if i not in chosen])
        return stats.ks_2samp(a, b, method="asymp").statistic

    seen = distance(set(range(na)))
    all_of = [distance(set(c)) for c in itertools.combinations(range(na + nb), na)]
    p = np.mean([d >= seen - 1e-12 for d in all_of])
    row("ks", na, [seen, p], *runs)

for n in (1, 2, 5, 12):
    p = np.round(rng.uniform(0, 0.2, n), 4)
    order = np.argsort(p)
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * (n - np.arange(n))))
    row("holm", "-", adjusted, p)

for n in (8, 20, 60):
    b = samples(n)
    a = b * rng.normal(1.05, 0.03, n)
    t = stats.bootstrap((a / b,), np.median, confidence_level=0.95, method="percentile",
                        n_resamples=20000, random_state=1).confidence_interval
    row("ratio_paired", 0.95, [np.median(a / b), t.low, t.high], a, b)

    def ratio(x, y, axis):
        return np.median(x, axis=axis) / np.median(y, axis=axis)

    t = stats.bootstrap((a, b), ratio, confidence_level=0.95, method="percentile",
                        vectorized=True, n_resamples=20000, random_state=1).confidence_interval
    row("ratio", 0.95, [np.median(a) / np.median(b), t.low, t.high], a, b)

for n in (4, 10, 50):
    v = samples(n)
    v[0] *= 4
    q1, q3 = np.quantile(v, [0.25, 0.75])
    out = np.maximum(0, np.maximum(q1 - v, v - q3))
    row("outliers", "-", np.where(out > 3 * (q3 - q1), 2, np.where(out > 1.5 * (q3 - q1), 1, 0)), v)

# pairs of runs that change places: every way to do it
for pairs, shift in ((1, 1), (2, 0), (5, 0.5), (8, 2)):
    runs = [samples(6, shift=shift) for _ in range(pairs)] + [samples(6) for _ in range(pairs)]

    def distance_of(swaps):
        a = np.concatenate([runs[i + pairs * s] for i, s in enumerate(swaps)])
        b = np.concatenate([runs[i + pairs * (1 - s)] for i, s in enumerate(swaps)])
        return stats.ks_2samp(a, b, method="asymp").statistic

    seen = distance_of([0] * pairs)
    all_of = [distance_of(s) for s in itertools.product((0, 1), repeat=pairs)]
    row("ks_paired", pairs, [seen, np.mean([d >= seen - 1e-12 for d in all_of])], *runs)


# frame metrics, from their definitions
def slowest(t, one_of):
    return 1000 / np.mean(np.sort(t)[-int(np.ceil(len(t) / one_of)):])


def animation_error(t, period):
    # a frame shows what was so when its making began, which is when the one before it was
    # done; it is seen at the next refresh after it is done itself
    done = np.cumsum(t)
    shown = np.ceil(done / period - 1e-9) * period
    began = np.concatenate(([0], done[:-1]))
    return np.mean(np.abs(np.diff(shown) - np.diff(began)))


frame_metrics = {
    "median frame time": lambda t, p: np.median(t),
    "95th percentile": lambda t, p: np.quantile(t, 0.95),
    "99th percentile": lambda t, p: np.quantile(t, 0.99),
    "frame rate": lambda t, p: 1000 * len(t) / np.sum(t),
    "1 % low": lambda t, p: slowest(t, 100),
    "stutter": lambda t, p: 100 * np.mean(t > 2 * np.median(t)),
    "jitter": lambda t, p: np.mean(np.abs(np.diff(t))),
    "animation error": animation_error,
    "missed deadlines": lambda t, p: np.sum(np.maximum(0, np.ceil(t / p - 1e-9) - 1)),
}
for n, refresh in ((3, 60), (120, 60), (240, 144)):
    t = np.round(rng.lognormal(2.6, 0.5, n), 4)
    for name, formula in frame_metrics.items():
        if n >= {"95th percentile": 20, "99th percentile": 100, "1 % low": 100}.get(name, 2):
            row("frames", f"{name}@{refresh}", [formula(t, 1000 / refresh)], t)
