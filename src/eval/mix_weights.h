/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mix_weights.h - the weights of a mixture of runs that are best on valid.
 *
 * Weights >= 0 with sum 1: first a grid over the simplex (steps of 1/20 for two runs, 1/10 for three, coarser
 * for more: 20 to 140 points), then steps of one weight up or down from the best, halved until they are under
 * 0.01.  Each point is judged by the mean of one metric of the lists over the users with valid events (at
 * most MIX_USERS, evenly taken), train as history; the first of equals wins.  Each round scores every run
 * once a user and mixes for all its points.  WORKER; the same bits at any thread count.
 */
#ifndef EVAL_MIX_WEIGHTS_H
#define EVAL_MIX_WEIGHTS_H

#include "eval/eval.h"

enum { MIX_USERS = 10000 };

/* weights[n].  metric: one of METRIC_RECALL .. METRIC_MRR, else it is refused. */
bool mix_weights(const struct mixture_part *part, size_t n, const struct split *split, int metric, uint32_t k,
		 const struct task *task, double *weights, struct err *err);

#endif
