/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loss.h - what trainings minimise, and its gradient by the scores; and the row length that cosines need.
 *
 * Every function returns the SUM of the loss over its rows, in double, and ADDS (+=) weight x its
 * gradient to d…: weight is 1/examples for a mean.  n positives, N negatives each: pos [n], neg [n][N].
 * NaN goes through.  No allocation, no failure.  Thread: ANY.
 */
#ifndef NUM_LOSS_H
#define NUM_LOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Binary cross-entropy of a logit: softplus(s) - label s.  label [n] in 0..1. */
double loss_bce(float *ds, const float *s, const float *label, float weight, size_t n);

/* Rendle 2009: softplus(neg - pos), the mean over the N negatives of each positive. */
double loss_bpr(float *dpos, float *dneg, const float *pos, const float *neg, float weight, size_t n, size_t N);

/* Cosine contrastive, Mao et al. 2021 (SimpleX), arXiv:2109.12613, equation 1, scores being cosines:
 * (1 - pos) + mu/N sum max(0, neg - margin). */
double loss_ccl(float *dpos, float *dneg, const float *pos, const float *neg, float margin, float mu, float weight,
		size_t n, size_t N);

/* Sampled softmax with the logQ correction, Bengio & Senecal 2008; Yi et al. 2019: cross-entropy of the
 * positive among itself and its negatives, each logit s/temperature - logq.  logq is the logarithm of the
 * expected count of the item in the sample; logq_pos [n], logq_neg [n][N], both NULL: no correction
 * (the positive of a uniform sample without correction).  A negative of -INFINITY is left out (an
 * accidental hit): its gradient is 0. */
double loss_sampled_softmax(float *dpos, float *dneg, const float *pos, const float *neg, const float *logq_pos,
			    const float *logq_neg, float temperature, float weight, size_t n, size_t N);

/* Cross-entropy over the columns of given logits [n][ld], C used, which BECOME weight x their gradient
 * (softmax - target).  target[r] is a column.  logq [C] (NULL: none) is taken off each column first;
 * logits of -INFINITY are left out.  For in-batch and shared negatives. */
double loss_softmax_rows(float *logits, size_t ld, const uint32_t *target, const float *logq, float weight,
			 size_t n, size_t C);

/* x / |x| by rows, and its backward: y, x [R][C]; norm [R] cache.  A row shorter than 1e-12 stays as it is. */
void unit_rows_forward(float *y, float *norm, const float *x, size_t R, size_t C);
void unit_rows_backward(float *dx, const float *dy, const float *y, const float *norm, size_t R, size_t C);

#endif
