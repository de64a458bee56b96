/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interval.h - how sure a mean over users is, and whether two runs can be told apart.
 *
 * Percentile bootstrap over users, 1,000 resamples, seeded; comparisons paired over the users both runs
 * have, p-values Holm-corrected over the comparisons made together.  WORKER.
 */
#ifndef EVAL_INTERVAL_H
#define EVAL_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/task.h"

#define BOOTSTRAP_RESAMPLES 1000
/* 95% interval of the mean of v[n] (NaN left out; none left: NaN).  False: cancelled. */
bool interval_mean(const float *v, size_t n, uint64_t seed, const struct task *task, double *lo, double *hi);
/* Two-sided bootstrap p-value for mean(a - b) = 0, paired.  False: cancelled. */
bool interval_paired_p(const float *a, const float *b, size_t n, uint64_t seed, const struct task *task, double *p);
/* The mean of a - b, its 95% interval and that p-value, of the same resamples.  NaN: no user has both. */
struct paired {
	double mean, lo, hi, p;
	size_t users;
};
bool interval_paired(const float *a, const float *b, size_t n, uint64_t seed, const struct task *task, struct paired *out);
/* The mean of d(ctx, i) over those of n users that it is not NaN for, with an interval so wide that all of `among` such
 * intervals hold together with 95% (Student 1908; Bonferroni, Dunn 1961), and p corrected likewise: for many tests,
 * whose p no share of 1,000 resamples could reach.  Fewer than two users: NaN but for their mean.  Quick; thread: ANY. */
typedef double interval_value_fn(const void *ctx, size_t i);
void interval_among(interval_value_fn *d, const void *ctx, size_t n, size_t among, struct paired *out);
/* Two-sided p of Student's t. */
double student_p(double t, double degrees);
/* Holm: adjusts p[n] in place. */
void interval_holm(double *p, size_t n);

#endif
