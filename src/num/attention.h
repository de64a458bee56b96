/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attention.h - causal self-attention of several heads over packed sequences, Vaswani et al. 2017,
 * arXiv:1706.03762, equation 1.
 *
 * Sequences of unequal length lie one after another without padding: sequence s has the rows
 * start[s] .. start[s+1]-1; a row attends to itself and the rows of its sequence before it.
 * Shapes: S sequences, P = start[S] rows, D channels of which head h has the D/H from h D/H on:
 *   q, k, v, dq, dk, dv  [P][ld]   rows ld floats apart (3D when the three lie side by side)
 *   out, dout            [P][D]
 *   prob                 [attention_cache(start, S, H)]  softmax(q k' / sqrt(D/H)): written by forward,
 *                        read by backward; of sequence s and head h a square of n x n, above whose
 *                        diagonal nothing is read
 *   mask                 as prob, drawn by dropout_draw(), or NULL: dropout of the probabilities by p
 * Gradients are ACCUMULATED (+=).  H divides D.  work: attention_work(longest) floats.
 * No allocation, no failure.  Thread: ANY.
 */
#ifndef NUM_ATTENTION_H
#define NUM_ATTENTION_H

#include <stddef.h>
#include <stdint.h>

struct attention {
	const uint32_t *start; /* [S + 1], start[0] == 0 */
	size_t S, D, H, ld;
	const uint16_t *mask;
	float p;
};

size_t attention_cache(const uint32_t *start, size_t S, size_t H);
size_t attention_work(size_t longest);
void attention_forward(const struct attention *a, float *out, float *prob, const float *q, const float *k,
		       const float *v, float *work);
void attention_backward(const struct attention *a, float *dq, float *dk, float *dv, const float *dout,
			const float *prob, const float *q, const float *k, const float *v, float *work);

#endif
