/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rng.h - random streams (xoshiro256++, Blackman & Vigna 2019; seeded by splitmix64).
 *
 * Every stream is derived from (seed, purpose, a, b): purpose is a short fixed text such as
 * "bpr.epoch", a and b whatever tells chunks apart (epoch, chunk).  No result depends on what other
 * streams drew before.  A struct rng belongs to one thread.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t s[4];
};

struct rng rng_stream(uint64_t seed, const char *purpose, uint64_t a, uint64_t b);

static inline uint64_t rng_rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

static inline uint64_t rng_u64(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rng_rotate(s[0] + s[3], 23) + s[0];
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rng_rotate(s[3], 45);
	return result;
}

/* 0..n-1, unbiased; n >= 1.  Lemire 2019, "Fast random integer generation in an interval". */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	uint64_t m = (rng_u64(r) >> 32) * n;

	if ((uint32_t)m < n) {
		uint32_t floor = -n % n;

		while ((uint32_t)m < floor)
			m = (rng_u64(r) >> 32) * n;
	}
	return (uint32_t)(m >> 32);
}

static inline double rng_uniform(struct rng *r) /* [0,1) */
{
	return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

static inline float rng_uniformf(struct rng *r) /* [0,1) */
{
	return (float)(rng_u64(r) >> 40) * 0x1p-24f;
}

uint64_t rng_below64(struct rng *r, uint64_t n); /* 0..n-1, unbiased; n >= 1 */
double rng_normal(struct rng *r);                /* N(0,1), polar method without a cached half */
void rng_shuffle_u32(struct rng *r, uint32_t *v, size_t n);

#endif
