/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interval.c - percentile bootstrap of means (Efron 1979), Holm's step-down correction (1979). */
#include "eval/interval.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The i-th of n users, or of differences of two runs; NaN: this user does not count. */
static double value_at(const float *a, const float *b, size_t i)
{
	return b ? (double)a[i] - (double)b[i] : (double)a[i];
}

/* means[BOOTSTRAP_RESAMPLES] of resamples of a (or a - b), ascending; false when nobody counts. */
static bool resample(const float *a, const float *b, size_t n, uint64_t seed, double *means)
{
	size_t valid = 0;

	for (size_t i = 0; i < n; i++)
		valid += !isnan(value_at(a, b, i));
	if (valid == 0)
		return false;
	for (uint64_t s = 0; s < BOOTSTRAP_RESAMPLES; s++) {
		struct rng rng = rng_stream(seed, "eval.bootstrap", s, 0);
		double sum = 0;

		for (size_t drawn = 0; drawn < valid;) {
			double v = value_at(a, b, rng_below64(&rng, n));

			if (isnan(v))
				continue; /* a draw among those who count */
			sum += v;
			drawn++;
		}
		means[s] = sum / (double)valid;
	}
	qsort(means, BOOTSTRAP_RESAMPLES, sizeof(*means), by_value);
	return true;
}

void interval_mean(const float *v, size_t n, uint64_t seed, double *lo, double *hi)
{
	double means[BOOTSTRAP_RESAMPLES];

	*lo = *hi = NAN;
	if (!resample(v, NULL, n, seed, means))
		return;
	/* The 25th from either end of 1,000: 2.5% lie at or beyond each. */
	*lo = means[BOOTSTRAP_RESAMPLES / 40 - 1];
	*hi = means[BOOTSTRAP_RESAMPLES - BOOTSTRAP_RESAMPLES / 40];
}

double interval_paired_p(const float *a, const float *b, size_t n, uint64_t seed)
{
	double means[BOOTSTRAP_RESAMPLES], p;
	size_t low = 0, high = 0;

	if (!resample(a, b, n, seed, means))
		return NAN;
	for (size_t s = 0; s < BOOTSTRAP_RESAMPLES; s++) {
		low += means[s] <= 0;
		high += means[s] >= 0;
	}
	/* One is added to both sides of the share: no finite number of resamples shows p = 0. */
	p = 2 * (1 + (double)(low < high ? low : high)) / (1 + (double)BOOTSTRAP_RESAMPLES);
	return p < 1 ? p : 1;
}

struct ranked_p {
	double p;
	size_t at;
};

static int by_p(const void *a, const void *b)
{
	const struct ranked_p *x = a, *y = b;

	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

void interval_holm(double *p, size_t n)
{
	double worst = 0;
	struct ranked_p *sorted;
	size_t m = 0;

	if (n == 0)
		return;
	sorted = mem_must(calloc(n, sizeof(*sorted))); /* one a comparison: a few */
	for (size_t i = 0; i < n; i++)
		if (!isnan(p[i]))
			sorted[m++] = (struct ranked_p){ p[i], i };
	qsort(sorted, m, sizeof(*sorted), by_p);
	for (size_t i = 0; i < m; i++) {
		double adjusted = (double)(m - i) * sorted[i].p;

		if (adjusted > worst)
			worst = adjusted;
		p[sorted[i].at] = worst < 1 ? worst : 1;
	}
	free(sorted);
}
