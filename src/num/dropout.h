/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dropout.h - dropout, Srivastava et al. 2014: each number is 0 with chance p, else grown by 1/(1-p).
 *
 * mask [n] is drawn once by dropout_draw() and read by forward and backward; its chance is p rounded to
 * a 65536th.  With p == 0 nothing is drawn, and forward and backward copy and add.
 *   forward   y  = x * keep / (1-p)      y may alias x
 *   backward  dx += dy * keep / (1-p)    dropout_backward_in_place: dx = …, dx being dy
 * 0 <= p < 1.  No allocation, no failure.  Thread: ANY; the stream of random numbers is the caller's.
 */
#ifndef NUM_DROPOUT_H
#define NUM_DROPOUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

void dropout_draw(uint16_t *mask, size_t n, float p, struct rng *r);
void dropout_forward(float *y, const float *x, const uint16_t *mask, size_t n, float p);
void dropout_backward(float *dx, const float *dy, const uint16_t *mask, size_t n, float p);
float dropout_grow(float p); /* 1/(1-p), p as rounded */
void dropout_backward_in_place(float *dx, const uint16_t *mask, size_t n, float p);

#endif
