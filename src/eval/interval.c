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

/* DESIGN: every resample has a random stream of its own, so that it does not matter which thread takes it. */
#define RESAMPLES_A_CHUNK 8

struct resampling {
	const float *a, *b;
	size_t n, valid;
	uint64_t seed;
	double means[BOOTSTRAP_RESAMPLES];
};

static double resample_mean(const struct resampling *r, uint64_t number)
{
	struct rng rng = rng_stream(r->seed, "eval.bootstrap", number, 0);
	double sum = 0;

	for (size_t drawn = 0; drawn < r->valid;) {
		double v = value_at(r->a, r->b, rng_below64(&rng, r->n));

		if (isnan(v))
			continue; /* a draw among those who count */
		sum += v;
		drawn++;
	}
	return sum / (double)r->valid;
}

static void resample_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct resampling *r = ctx;

	(void)slot;
	for (size_t s = chunk * RESAMPLES_A_CHUNK; s < (chunk + 1) * RESAMPLES_A_CHUNK; s++)
		r->means[s] = resample_mean(r, s);
}

/* Fills the means, ascending; r->valid == 0: nobody counts.  False: cancelled. */
static bool resample(struct resampling *r, const struct task *task)
{
	_Static_assert(BOOTSTRAP_RESAMPLES % RESAMPLES_A_CHUNK == 0, "whole chunks");

	for (size_t i = 0; i < r->n; i++)
		r->valid += !isnan(value_at(r->a, r->b, i));
	if (r->valid == 0)
		return true;
	if (!task_chunks(task, BOOTSTRAP_RESAMPLES / RESAMPLES_A_CHUNK, resample_chunk, r))
		return false;
	qsort(r->means, BOOTSTRAP_RESAMPLES, sizeof(*r->means), by_value);
	return true;
}

/* The 25th from either end of 1,000: 2.5% lie at or beyond each. */
static void bounds(const struct resampling *r, double *lo, double *hi)
{
	*lo = r->means[BOOTSTRAP_RESAMPLES / 40 - 1];
	*hi = r->means[BOOTSTRAP_RESAMPLES - BOOTSTRAP_RESAMPLES / 40];
}

bool interval_mean(const float *v, size_t n, uint64_t seed, const struct task *task, double *lo, double *hi)
{
	struct resampling r = { .a = v, .n = n, .seed = seed };

	*lo = *hi = NAN;
	if (!resample(&r, task))
		return false;
	if (r.valid)
		bounds(&r, lo, hi);
	return true;
}

/* One is added to both sides of the share: no finite number of resamples shows p = 0. */
static double two_sided(const struct resampling *r)
{
	size_t low = 0, high = 0;

	for (size_t s = 0; s < BOOTSTRAP_RESAMPLES; s++) {
		low += r->means[s] <= 0;
		high += r->means[s] >= 0;
	}
	return fmin(1, 2 * (1 + (double)(low < high ? low : high)) / (1 + (double)BOOTSTRAP_RESAMPLES));
}

bool interval_paired(const float *a, const float *b, size_t n, uint64_t seed, const struct task *task, struct paired *out)
{
	struct resampling r = { .a = a, .b = b, .n = n, .seed = seed };
	double sum = 0;

	*out = (struct paired){ NAN, NAN, NAN, NAN, 0 };
	if (!resample(&r, task))
		return false;
	out->users = r.valid;
	if (r.valid == 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		double v = value_at(a, b, i);

		sum += isnan(v) ? 0 : v;
	}
	out->mean = sum / (double)r.valid;
	bounds(&r, &out->lo, &out->hi);
	out->p = two_sided(&r);
	return true;
}

bool interval_paired_p(const float *a, const float *b, size_t n, uint64_t seed, const struct task *task, double *p)
{
	struct paired told;
	bool good = interval_paired(a, b, n, seed, task, &told);

	*p = told.p;
	return good;
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
