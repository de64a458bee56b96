/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_past.h - the mean of a history without one of its events, for several of them at once.
 *
 *   m_e = sum over k != e of w_k z_k / sum of w_k,   w_k = x_k recency^(events that stand after k, e not counted)
 *
 * or, with before, of what stands before it alone: k < e, w_k = x_k recency^(events between k and e).
 *
 * DESIGN: the events that are asked for cut the history into runs; each run is summed once, and the runs are added
 * up from both ends.  No sum is taken off another, so that nothing is lost to rounding, and the cost is that of the
 * history, not of the history times the events asked for.  Backward the same runs get one vector each.
 * before: the sum up to an event is that up to the one asked before it, faded, and what came since.
 * Thread: ANY, each with memory of its own.
 */
#ifndef MODEL_TOWERS_PAST_H
#define MODEL_TOWERS_PAST_H

#include "model/towers_net.h"

/* The weights of a history of n events, oldest first, into f: x_k recency^(n-1-k); x NULL: 1. */
void towers_past_weights(float recency, const float *x, size_t n, float *f);

/* The same for events whose history is what stands before them: x_k recency^(events between k and the next asked), 0
 * where none is asked after k. */
void towers_past_weights_before(float recency, const float *x, size_t n, const uint32_t *asked, size_t R, float *f);

/* The mean of a whole history, weights f, with the mean of the friends' means [D] (NULL: none). */
void towers_past_mean(const struct towers_net *n, const uint32_t *item, const float *f, size_t count,
		      const float *friends, float *mean);

struct towers_past {
	const uint32_t *item;      /* [n] the history */
	const float *f;            /* [n] its weights, 0 where an event is left out */
	size_t n;
	const uint32_t *asked;     /* [R] places in it, ascending */
	size_t R;
	bool before;               /* of what stands before each event alone; f: towers_past_weights_before() */
	const uint32_t *friends;   /* [n_friends] items, weights that sum to 1: the mean of the friends' means */
	const float *friends_f;
	size_t n_friends;
};
enum { TOWERS_PAST_SPARE = 3 };
static inline size_t towers_past_vectors(size_t R) { return 2 * R + 2; }

/* mean [R][D]; own [R], of_friends [R]: the shares for the backward; work [R + TOWERS_PAST_SPARE][D]. */
void towers_past_means(const struct towers_net *n, const struct towers_past *p, float *mean, float *own,
		       float *of_friends, float *work);
/* The gradient of `past`: n + n_friends entries, whose vectors go to `vector` [towers_past_vectors(R)][D]. */
void towers_past_backward(const struct towers_net *n, const struct towers_past *p, const float *dmean, const float *own,
			  const float *of_friends, float *vector, struct row_grad *entry);

#endif
