/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear.h - the fully connected layer: y = x W + b.
 *
 * Shapes: R rows, K inputs, M outputs; all row-major float, dense.
 *   x, dx [R][K]    y, dy [R][M]    W, dW [K][M] (in x out)    b, db [M], or NULL: none
 * Gradients are ACCUMULATED (+=): the caller zeroes them once a step; dx, dW NULL where they are not wanted.
 * Every output is summed in an order that depends on the sizes alone.  No allocation, no failure; y may
 * not alias x, nor dx dy.  K and M multiples of 16 are fastest.  Thread: ANY.
 */
#ifndef NUM_LINEAR_H
#define NUM_LINEAR_H

#include <stddef.h>

void linear_forward(float *y, const float *x, const float *W, const float *b, size_t R, size_t K, size_t M);
void linear_backward(float *dx, float *dW, float *db, const float *dy, const float *x, const float *W,
		     size_t R, size_t K, size_t M);

#endif
