/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dropout.c - see dropout.h.  A number is kept where its 16 random bits are at least p 65536. */
#include "num/dropout.h"

#include <string.h>

#include "num/kern.h"

static uint16_t least_of(float p)
{
	return (uint16_t)(p * 65536.0f);
}

/* 1/(1-p) of the p that the mask really has. */
float dropout_grow(float p)
{
	return 65536.0f / (65536.0f - (float)least_of(p));
}

void dropout_draw(uint16_t *mask, size_t n, float p, struct rng *r)
{
	size_t i = 0;

	if (!least_of(p))
		return;
	for (; i + 4 <= n; i += 4) {
		uint64_t bits = rng_u64(r);

		memcpy(mask + i, &bits, sizeof(bits));
	}
	for (; i < n; i++)
		mask[i] = (uint16_t)rng_u64(r);
}

void dropout_forward(float *y, const float *x, const uint16_t *mask, size_t n, float p)
{
	if (least_of(p))
		kern()->drop(y, x, mask, n, least_of(p), dropout_grow(p));
	else if (y != x)
		memcpy(y, x, n * sizeof(*y));
}

void dropout_backward(float *dx, const float *dy, const uint16_t *mask, size_t n, float p)
{
	/* forward: y = x * keep / (1-p) */
	if (least_of(p))
		kern()->drop_add(dx, dy, mask, n, least_of(p), dropout_grow(p));
	else
		kern()->axpy(1, dy, dx, n);
}

void dropout_backward_in_place(float *dx, const uint16_t *mask, size_t n, float p)
{
	dropout_forward(dx, dx, mask, n, p);
}
