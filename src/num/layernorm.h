/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layernorm.h - layer normalisation, Ba, Kiros & Hinton 2016, arXiv:1607.06450.
 *
 * Shapes: R rows (batch x time, flattened), C channels; all row-major float.
 *   x, y, dx, dy  [R][C]      gain, bias, dgain, dbias  [C]
 *   mean, rstd    [R]         cache: written by forward, read by backward
 * The variance has 1e-8 added, as sasrec's authors have it.
 * Gradients are ACCUMULATED (+=): the caller zeroes them once a step.
 * No allocation, no failure; y may not alias x.  Thread: ANY.
 */
#ifndef NUM_LAYERNORM_H
#define NUM_LAYERNORM_H

#include <stddef.h>

void layernorm_forward(float *y, float *mean, float *rstd, const float *x,
		       const float *gain, const float *bias, size_t R, size_t C);
void layernorm_backward(float *dx, float *dgain, float *dbias, const float *dy,
			const float *x, const float *gain, const float *mean,
			const float *rstd, size_t R, size_t C);

#endif
