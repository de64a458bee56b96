/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bootstrap intervals against what theory says of them; Holm against a case by hand. */
#include "eval/interval.h"

#include <math.h>

#include "base/rng.h"
#include "tap.h"

enum { N = 400 };

static float normal[N], shifted[N], noisy[N], constant[N];

static double paired_p(const float *a, const float *b)
{
	double p;

	return interval_paired_p(a, b, N, 42, &task_null, &p) ? p : -1;
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

static void test_task(void)
{
	struct err err;
	struct pool *pool = pool_new(3, &err);
	struct task three = { .pool = pool }, stopped = { .keep_going = never };
	double lo, hi, lo3, hi3, p3;

	interval_mean(normal, N, 42, &task_null, &lo, &hi);
	ok(interval_mean(normal, N, 42, &three, &lo3, &hi3) && lo3 == lo && hi3 == hi, "three threads, the same bits");
	ok(interval_paired_p(normal, noisy, N, 42, &three, &p3) && p3 == paired_p(normal, noisy), "of a comparison too");
	ok(!interval_mean(normal, N, 42, &stopped, &lo3, &hi3) && !interval_paired_p(normal, noisy, N, 42, &stopped, &p3),
	   "both can be stopped");
	pool_free(pool);
}

static void test_mean(void)
{
	double lo, hi, again_lo, again_hi, mean = 0, var = 0, want;

	for (int i = 0; i < N; i++)
		mean += (double)normal[i] / N;
	for (int i = 0; i < N; i++)
		var += ((double)normal[i] - mean) * ((double)normal[i] - mean) / N;
	want = 2 * 1.96 * sqrt(var / N);
	interval_mean(normal, N, 42, &task_null, &lo, &hi);
	ok(lo < mean && mean < hi, "the interval holds the mean");
	ok(fabs((hi - lo) / want - 1) < 0.12, "and is as wide as the central limit theorem says (%.4f, %.4f)",
	   hi - lo, want);
	interval_mean(normal, N, 42, &task_null, &again_lo, &again_hi);
	ok(lo == again_lo && hi == again_hi, "the same seed gives the same interval");
	interval_mean(constant, N, 42, &task_null, &lo, &hi);
	ok(lo == 0.25 && hi == 0.25, "of a constant nothing is unsure");
}

static void test_left_out(void)
{
	float holes[N];
	double lo, hi;

	for (int i = 0; i < N; i++)
		holes[i] = i % 3 ? 0.25f : NAN;
	interval_mean(holes, N, 42, &task_null, &lo, &hi);
	ok(lo == 0.25 && hi == 0.25, "NaN is left out");
	for (int i = 0; i < N; i++)
		holes[i] = NAN;
	interval_mean(holes, N, 42, &task_null, &lo, &hi);
	ok(isnan(lo) && isnan(hi), "of nobody there is no interval");
	ok(isnan(paired_p(holes, normal)), "nor a comparison");
}

static void test_paired(void)
{
	struct paired both;
	double p = paired_p(normal, noisy), sum = 0, square = 0, z;

	ok(paired_p(normal, normal) == 1, "a run does not differ from itself");
	ok(fabs(paired_p(shifted, normal) - 2.0 / 1001) < 1e-12,
	   "a shift of all users is as sure as 1,000 resamples can tell");
	/* noisy - normal is centred: compare with the normal approximation of the same statistic. */
	for (int i = 0; i < N; i++) {
		double d = (double)normal[i] - (double)noisy[i];

		sum += d;
		square += d * d;
	}
	z = fabs(sum / N) / sqrt((square / N - sum / N * sum / N) / N);
	ok(fabs(p - erfc(z / sqrt(2))) < 0.08, "p agrees with the normal approximation (%.3f, %.3f)", p,
	   erfc(z / sqrt(2)));
	interval_paired(normal, noisy, N, 42, &task_null, &both);
	ok(both.p == p && both.users == N && fabs(both.mean - sum / N) < 1e-9, "the difference of the means comes with it");
	z = 1.96 * sqrt((square / N - sum / N * sum / N) / N);
	ok(fabs(both.lo - (sum / N - z)) < 0.2 * z && fabs(both.hi - (sum / N + z)) < 0.2 * z,
	   "in an interval that agrees with the normal approximation");
	ok(p == paired_p(noisy, normal), "and does not depend on the order of the two");
}

static double from_ctx(const void *ctx, size_t i)
{
	return (double)((const float *)ctx)[i];
}

/* Student's table: the two-sided 5 % and 1 % points. */
static void test_student(void)
{
	static const struct { double t, degrees, p; } table[] = {
		{ 12.706, 1, 0.05 }, { 2.776, 4, 0.05 }, { 2.086, 20, 0.05 }, { 1.980, 120, 0.05 }, { 2.845, 20, 0.01 }, { 1.960, 1e7, 0.05 },
	};
	float v[] = { 1, 2, 3, 4, NAN, 5 }; /* mean 3, standard error sqrt(0.5) */
	struct paired one, many;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		ok(fabs(student_p(table[i].t, table[i].degrees) - table[i].p) < 2e-4, "Student's table, t %g of %g degrees: %.5f", table[i].t,
		   table[i].degrees, student_p(table[i].t, table[i].degrees));
	interval_among(from_ctx, v, 6, 1, &one);
	ok(one.users == 5 && one.mean == 3 && fabs(one.hi - 3 - 2.776445 * sqrt(0.5)) < 1e-4 && fabs(one.lo + one.hi - 6) < 1e-12,
	   "its interval by hand");
	interval_among(from_ctx, v, 6, 5, &many);
	ok(fabs(many.p - 5 * one.p) < 1e-12 && fabs(many.hi - 3 - 4.604095 * sqrt(0.5)) < 1e-4, "among five: that of 99%%");
	interval_among(from_ctx, v, 1, 5, &many);
	ok(isnan(many.p) && isnan(many.lo) && many.mean == 1, "of one user there is no interval");
}

static void test_holm(void)
{
	double p[] = { 0.01, 0.04, NAN, 0.03, 0.5 };

	interval_holm(p, 5); /* 4 comparisons: 4 * .01, 3 * .03, then 2 * .04 raised to .09, 1 * .5 */
	ok(fabs(p[0] - 0.04) < 1e-12 && fabs(p[3] - 0.09) < 1e-12 && fabs(p[1] - 0.09) < 1e-12 &&
	   fabs(p[4] - 0.5) < 1e-12 && isnan(p[2]), "Holm by hand");
	p[0] = 0.9;
	p[1] = 0.8;
	interval_holm(p, 2);
	ok(p[0] == 1 && p[1] == 1, "no probability above 1");
	interval_holm(p, 0);
}

/* ndcg@10 of one held-out item: found at a rank within 10 by a share of the users, else 0. */
static float draw_ndcg(struct rng *r, double found)
{
	return rng_uniform(r) < found ? (float)(1 / log2(2 + (double)rng_below(r, 10))) : 0;
}

/* Two models that are the same by construction: each user's value of either is drawn alike.  At level 0.05 one in
 * twenty comparisons tells them apart; by so many draws 7 % are the most. */
static void test_honest(void)
{
	static const struct { size_t n; double found; } cases[] = { { 100, 0.3 }, { 400, 0.1 } };
	static float a[400], b[400];

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		unsigned apart = 0;

		for (unsigned seed = 0; seed < 200; seed++) {
			struct rng r = rng_stream(seed, "honest", c, 0);
			double p = 1;

			for (size_t u = 0; u < cases[c].n; u++) {
				a[u] = draw_ndcg(&r, cases[c].found);
				b[u] = draw_ndcg(&r, cases[c].found);
			}
			interval_paired_p(a, b, cases[c].n, seed, &task_null, &p);
			apart += p < 0.05;
		}
		ok(apart > 0 && apart <= 14, "%zu users, equal models: told apart for %u of 200 seeds", cases[c].n, apart);
	}
}

int main(void)
{
	struct rng rng = rng_stream(3, "test", 0, 0);

	for (int i = 0; i < N; i++) {
		normal[i] = (float)rng_normal(&rng);
		shifted[i] = normal[i] + 0.5f + (float)rng_uniform(&rng);
		noisy[i] = normal[i] + (float)rng_normal(&rng);
		constant[i] = 0.25f;
	}
	test_mean();
	test_left_out();
	test_paired();
	test_task();
	test_student();
	test_holm();
	test_honest();
	return done_testing();
}
