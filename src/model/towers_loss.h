/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_loss.h - the losses of towers, on rows of scores that share their negatives.
 *
 *   ccl      (1 - s) + weight / n  sum over the n negatives of max(0, s_j - margin)     Mao 2021, scores are cosines
 *   softmax  -log of e^(s/T) / (e^(s/T) + sum of e^(s_j/T - log q)), q the chance of a negative to be in the sample
 *   bpr      mean over the negatives of softplus(s_j - s)                               Rendle 2009
 * Negatives that are in the person's history (`out`) do not count.  Thread: ANY.
 */
#ifndef MODEL_TOWERS_LOSS_H
#define MODEL_TOWERS_LOSS_H

#include <stddef.h>
#include <stdint.h>

enum towers_loss { TOWERS_CCL, TOWERS_SOFTMAX, TOWERS_BPR };
struct towers_loss_rule {
	enum towers_loss loss;
	float margin, weight, temperature;
};

/* s [R][ld]: the scores of N negatives, then of the event, become `share` x the loss's gradient by them.  out
 * [n_out]: columns that do not count.  Returns the sum of the loss. */
double towers_loss_rows(const struct towers_loss_rule *rule, float *s, size_t ld, size_t R, size_t N, float logq,
			const uint32_t *out, size_t n_out, float share);

#endif
