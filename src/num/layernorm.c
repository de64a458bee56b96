/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layernorm.c - see layernorm.h. */
#include "num/layernorm.h"

#include "num/kern.h"

#define EPS 1e-8f

void layernorm_forward(float *y, float *mean, float *rstd, const float *x,
		       const float *gain, const float *bias, size_t R, size_t C)
{
	kern()->layernorm(y, mean, rstd, x, gain, bias, R, C, EPS);
}

void layernorm_backward(float *dx, float *dgain, float *dbias, const float *dy,
			const float *x, const float *gain, const float *mean,
			const float *rstd, size_t R, size_t C)
{
	kern()->layernorm_back(dx, dgain, dbias, dy, x, gain, mean, rstd, R, C);
}
