/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rewards_mix.h - what comes next, by mixtures of a model that reads no order, one that does, and of what followed the
 * newest item in other histories; for one order of the histories.
 *
 * A way to mix is a share of the second model's scores in place of the first's, both brought to mean 0 and variance 1
 * over the candidates, and a weight of the followers.  How often j came right behind i, c, is held against how often it
 * would have in a random order of the same histories, e, the sum of 1/n over those of n events that have both: the
 * signed root of the likelihood ratio (Dunning 1993), sqrt(2 (c log(c/e) - c + e)) where c > e, less 2, for so much
 * comes by chance.  The first way is the first model alone.  WORKER; the same at any thread count.
 */
#ifndef TRAIN_REWARDS_MIX_H
#define TRAIN_REWARDS_MIX_H

#include "train/asked.h"

#define MIX_WAYS 20

struct mix_order {
	const struct snapshot *reader; /* of order; referenced */
	size_t *ptr;                   /* [I + 1] */
	uint32_t *follower;            /* of each item, with what it weighs */
	float *weight;
	bool shuffled;                 /* the histories that are asked with are in a random order */
};
/* Of the train histories of a split; reader is taken.  mix_order_done() in any case. */
bool mix_order_init(struct mix_order *o, const struct split *split, const struct snapshot *reader, bool shuffled,
		    const struct task *task, struct err *err);
void mix_order_done(struct mix_order *o);

/* ndcg@k of each ask by each way, [n_asks][MIX_WAYS]; base is folded in. */
bool mix_answer(const struct asks *a, const struct snapshot *base, const struct mix_order *o, uint32_t k, uint64_t seed,
		const struct task *task, float *gain, struct err *err);

#endif
