/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stability.h - what a person is recommended, and why, by the same model trained with other seeds.
 *
 * The run's model is fitted again with the run's own settings at the seeds behind the run's (seed+1, seed+2, …); the
 * run itself is the first of the models that are held against each other, each with each.  Lists: overlap@k and
 * rank-biased overlap (explain/overlap.h).  Explanations of an item: overlap of their `parts` strongest parts, and
 * Spearman's rank correlation of all parts, ties by their mean rank.  A figure is the mean over the pairs, with the
 * least and the greatest.
 * A model that is made of other runs is made anew of these, each fitted again with its own settings, as many seeds
 * behind its own.
 * A model of one pass whose first other seed gives the very same scores and parts gives them for every seed: `same`,
 * and no more are fitted.
 * WORKER; cancellable.  The same at any thread count.
 */
#ifndef TRAIN_STABILITY_H
#define TRAIN_STABILITY_H

#include "train/fit.h"

#define STABILITY_SEEDS 20

struct stability_ask {
	const struct fit_request *fit;     /* the run's settings; its seed is the run's */
	const struct fit_request *part;    /* [n_parts] the same of the runs that it is made of, named by .run */
	size_t n_parts;
	const struct snapshot *run;
	uint32_t user;
	const struct given_history *given; /* instead of the user's own; NULL: none */
	uint32_t item;                     /* explained; NO_ITEM: none is */
	uint32_t k, parts;                 /* a list; the strongest parts that are compared */
	double p;                          /* of the rank-biased overlap */
	unsigned seeds;                    /* other ones, 1..STABILITY_SEEDS */
};

struct spread { double mean, least, most; }; /* over the pairs that have it; NaN: none has */

struct stability_row {
	uint32_t item;
	uint32_t lists;       /* that have it */
	uint32_t best, worst; /* ranks in these */
};
struct stability {
	unsigned n;                        /* models, the run the first */
	bool same;
	struct spread overlap, rbo;
	uint32_t rank[STABILITY_SEEDS + 1]; /* of the item among all candidates; 0: it is none */
	struct spread parts, correlation;
	uint32_t n_rows;                   /* items of any list: those of most lists first, then by best and worst rank */
	struct stability_row *row;
};
bool stability_measure(const struct stability_ask *ask, const struct task *task, struct stability *out, struct err *err);
void stability_done(struct stability *s);

/* NaN where either side is constant, or n < 2. */
bool rank_correlation(const float *a, const float *b, uint32_t n, double *out, struct err *err);

#endif
