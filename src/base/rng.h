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
uint64_t rng_u64(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n); /* 0..n-1, unbiased; n >= 1 */
uint64_t rng_below64(struct rng *r, uint64_t n);
double rng_uniform(struct rng *r);             /* [0,1) */
float rng_uniformf(struct rng *r);             /* [0,1) */
double rng_normal(struct rng *r);              /* N(0,1), polar method without a cached half */
void rng_shuffle_u32(struct rng *r, uint32_t *v, size_t n);

#endif
