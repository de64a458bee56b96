/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rng.c - seeding, and the draws that are no single line.
 *
 * splitmix64: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"; the constants
 * are Stafford's variant 13 as Vigna published it. */
#include "base/rng.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

struct rng rng_stream(uint64_t seed, const char *purpose, uint64_t a, uint64_t b)
{
	uint64_t state = hash_mix(hash_mix(hash_bytes(purpose, strlen(purpose), seed), a), b);
	struct rng r;

	/* Four outputs in a row of a bijection are never all 0, which xoshiro could not leave. */
	for (int i = 0; i < 4; i++)
		r.s[i] = splitmix64(&state);
	return r;
}

/* Draws as many bits as n - 1 has, until they are below n: at most two tries on average. */
uint64_t rng_below64(struct rng *r, uint64_t n)
{
	uint64_t mask, v;

	if (n <= UINT32_MAX)
		return rng_below(r, (uint32_t)n);
	mask = UINT64_MAX >> __builtin_clzll(n - 1);
	do
		v = rng_u64(r) & mask;
	while (v >= n);
	return v;
}

/* Marsaglia & Bray 1964.  The second value of a pair is thrown away: with it kept, a stream's state
 * would be more than its four words. */
double rng_normal(struct rng *r)
{
	double u, v, s;

	do {
		u = 2 * rng_uniform(r) - 1;
		v = 2 * rng_uniform(r) - 1;
		s = u * u + v * v;
	} while (s >= 1 || s == 0);
	return u * sqrt(-2 * log(s) / s);
}

void rng_shuffle_u32(struct rng *r, uint32_t *v, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)rng_below64(r, i);
		uint32_t t = v[i - 1];

		v[i - 1] = v[j];
		v[j] = t;
	}
}
