/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vectors.c - see vectors.h. */
#include "model/vectors.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "num/linalg.h"

struct draw {
	float *v;
	uint32_t n, D;
	double scale;
	uint64_t seed;
	const char *purpose;
};

enum { ROWS_A_CHUNK = 4096 };

static void draw_rows(void *ctx, size_t chunk, unsigned slot)
{
	const struct draw *d = ctx;
	uint64_t end = (chunk + 1) * (uint64_t)ROWS_A_CHUNK < d->n ? (chunk + 1) * (uint64_t)ROWS_A_CHUNK : d->n;

	(void)slot;
	for (uint64_t r = chunk * (uint64_t)ROWS_A_CHUNK; r < end; r++) {
		struct rng rng = rng_stream(d->seed, d->purpose, r, 0);

		for (uint32_t k = 0; k < d->D; k++)
			d->v[r * d->D + k] = (float)(d->scale * rng_normal(&rng));
	}
}

bool vectors_draw(float *v, uint32_t n, uint32_t D, double sigma, uint64_t seed, const char *purpose,
		  const struct task *task, struct err *err)
{
	struct draw d = { v, n, D, sigma / sqrt((double)D), seed, purpose };

	return task_chunks(task, ((size_t)n + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK, draw_rows, &d) ||
	       task_cancelled(err);
}

void vectors_init(float *v, uint32_t n, uint32_t D, double sigma, uint64_t seed, const char *purpose)
{
	struct err never;

	vectors_draw(v, n, D, sigma, seed, purpose, &task_null, &never);
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
	vectors_cosines_of(v, n, D, D, of, out);
}

void vectors_cosines_of(const float *v, uint32_t n, uint32_t D, size_t stride, uint32_t of, float *out)
{
	const float *a = v + of * stride;
	float aa = linalg_dot(a, a, D);

	for (uint32_t r = 0; r < n; r++) {
		const float *b = v + r * stride;
		float bb = linalg_dot(b, b, D);

		out[r] = aa > 0 && bb > 0 ? linalg_dot(a, b, D) / (sqrtf(aa) * sqrtf(bb)) : 0;
	}
}
