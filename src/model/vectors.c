/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vectors.c - see vectors.h. */
#include "model/vectors.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "num/linalg.h"

void vectors_init(float *v, uint32_t n, uint32_t D, double sigma, uint64_t seed, const char *purpose)
{
	double scale = sigma / sqrt((double)D);

	for (uint32_t r = 0; r < n; r++) {
		struct rng rng = rng_stream(seed, purpose, r, 0);

		for (uint32_t d = 0; d < D; d++)
			v[(size_t)r * D + d] = (float)(scale * rng_normal(&rng));
	}
}

float *vectors_copy(const float *v, uint32_t n, uint32_t D, struct err *err)
{
	float *copy = mem_alloc((size_t)n * D, sizeof(*copy), err);

	if (copy)
		memcpy(copy, v, (size_t)n * D * sizeof(*copy));
	return copy;
}

void vectors_cosines(const float *v, uint32_t n, uint32_t D, uint32_t of, float *out)
{
	const float *a = v + (size_t)of * D;
	float aa = linalg_dot(a, a, D);

	for (uint32_t r = 0; r < n; r++) {
		const float *b = v + (size_t)r * D;
		float bb = linalg_dot(b, b, D);

		out[r] = aa > 0 && bb > 0 ? linalg_dot(a, b, D) / (sqrtf(aa) * sqrtf(bb)) : 0;
	}
}
