/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rng.c - the generator is the published one, streams differ, draws have the distribution they claim. */
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

#include "tap.h"

/* The first outputs for the state 1, 2, 3, 4, worked out by hand for the first: rotl(1 + 4, 23) + 1. */
static void published(void)
{
	struct rng r = { { 1, 2, 3, 4 } };

	ok(rng_u64(&r) == 41943041, "first output of the state 1 2 3 4");
	/* s becomes: s2=3^1=2 s3=4^2=6 s1=2^2=0 s0=1^6=7, s2^=2<<17, s3=rotl(6,45). */
	ok(r.s[0] == 7 && r.s[1] == 0 && r.s[2] == (2 ^ 2 << 17) && r.s[3] == (uint64_t)6 << 45, "its second state");
}

static void streams(void)
{
	struct rng a = rng_stream(1, "x", 2, 3), again = rng_stream(1, "x", 2, 3);
	struct rng other[] = {
		rng_stream(2, "x", 2, 3), rng_stream(1, "y", 2, 3), rng_stream(1, "x", 3, 2), rng_stream(1, "x", 2, 4),
	};
	uint64_t first = rng_u64(&a);
	bool differ = true;

	ok(first == rng_u64(&again), "the same names give the same stream");
	for (int i = 0; i < 4; i++)
		differ &= rng_u64(&other[i]) != first;
	ok(differ, "another seed, purpose, a or b gives another");
	again = rng_stream(42, "pinned", 1, 2);
	first = rng_u64(&again);
	ok(first == 0x3507caf05efffbc3u, "streams never change: results are stored by seed (0x%016llx)", (unsigned long long)first);
}

/* Chi-squared with n - 1 degrees of freedom: mean n - 1, variance 2 (n - 1). */
static bool even(const unsigned *count, unsigned n, unsigned draws)
{
	double expected = (double)draws / n, chi = 0;

	for (unsigned i = 0; i < n; i++)
		chi += (count[i] - expected) * (count[i] - expected) / expected;
	return fabs(chi - (n - 1)) < 6 * sqrt(2.0 * (n - 1));
}

static void below(void)
{
	struct rng r = rng_stream(7, "below", 0, 0);
	unsigned count[10] = { 0 }, wide[10] = { 0 };
	const uint32_t third = 0xaaaaaaabu; /* 2/3 of 2^32: a plain remainder would be badly uneven */
	unsigned low = 0;
	bool inside = true;
	const uint64_t big = 10ull << 40;

	for (int i = 0; i < 200000; i++) {
		uint64_t v;

		count[rng_below(&r, 10)]++;
		low += rng_below(&r, third) < third / 2;
		v = rng_below64(&r, big);
		inside &= v < big && rng_below(&r, 1) == 0 && rng_below64(&r, 1) == 0 && rng_below64(&r, 3) < 3;
		wide[v >> 40]++;
	}
	ok(even(count, 10, 200000), "0 to 9 are equally likely");
	ok(abs((int)low - 100000) < 6 * 224, "so are the halves of two thirds of all numbers (%u)", low);
	ok(inside, "never n itself; below 1 there is only 0");
	ok(even(wide, 10, 200000), "beyond 32 bits too");
}

static void reals(void)
{
	struct rng r = rng_stream(7, "reals", 0, 0);
	unsigned count[20] = { 0 }, countf[20] = { 0 }, tail = 0;
	double sum = 0, squares = 0, cubes = 0, fourths = 0;
	const int n = 400000;
	bool inside = true;

	for (int i = 0; i < n; i++) {
		double u = rng_uniform(&r), z = rng_normal(&r);
		float f = rng_uniformf(&r);

		inside &= u >= 0 && u < 1 && f >= 0 && f < 1;
		count[(int)(u * 20)]++;
		countf[(int)(f * 20)]++;
		sum += z;
		squares += z * z;
		cubes += z * z * z;
		fourths += z * z * z * z;
		tail += fabs(z) > 2;
	}
	ok(inside && even(count, 20, (unsigned)n), "uniform over [0,1)");
	ok(even(countf, 20, (unsigned)n), "floats too");
	/* Variances of the moments' means: 1/n, 2/n, 15/n, 96/n. */
	ok(fabs(sum / n) < 6 / sqrt(n) && fabs(squares / n - 1) < 6 * sqrt(2.0 / n) &&
	   fabs(cubes / n) < 6 * sqrt(15.0 / n) && fabs(fourths / n - 3) < 6 * sqrt(96.0 / n),
	   "normal: moments 0, 1, 0, 3 (%.4f %.4f %.4f %.4f)", sum / n, squares / n, cubes / n, fourths / n);
	ok(fabs((double)tail / n - 0.0455) < 6 * sqrt(0.0455 / n), "and 4.55 %% beyond two deviations");
}

static void shuffles(void)
{
	struct rng r = rng_stream(7, "shuffle", 0, 0);
	unsigned count[24] = { 0 };
	uint32_t v[4], all[1000];
	bool seen[1000] = { false };
	unsigned n = 0;

	for (int i = 0; i < 120000; i++) {
		for (uint32_t j = 0; j < 4; j++)
			v[j] = j;
		rng_shuffle_u32(&r, v, 4);
		/* The order's number among 24: each place counts the smaller ones after it. */
		count[(v[0] * 6) + ((v[1] - (v[1] > v[0])) * 2) + (v[2] > v[3])]++;
	}
	ok(even(count, 24, 120000), "the 24 orders of four are equally likely");
	for (uint32_t i = 0; i < 1000; i++)
		all[i] = i;
	rng_shuffle_u32(&r, all, 1000);
	for (int i = 0; i < 1000; i++) {
		n += !seen[all[i]];
		seen[all[i]] = true;
	}
	ok(n == 1000, "a shuffle loses nothing");
	rng_shuffle_u32(&r, all, 0);
	rng_shuffle_u32(&r, all, 1);
}

int main(void)
{
	published();
	streams();
	below();
	reals();
	shuffles();
	return done_testing();
}
