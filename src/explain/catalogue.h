/* SPDX-License-Identifier: GPL-3.0-or-later */
/* catalogue.h - one query's scores of all items, so that the rank of any of them can be counted.
 *
 * I items.  Ties go to the lower item, as in every list.  WORKER or scorer.
 */
#ifndef EXPLAIN_CATALOGUE_H
#define EXPLAIN_CATALOGUE_H

#include "eval/rank_lists.h"
#include "model/snapshot.h"

/* Zero it before first use. */
struct catalogue {
	float *score;   /* [I] */
	uint64_t *skip; /* bit set [I] of items that are no candidates of the list */
	uint32_t n_items;
};
bool catalogue_score(struct catalogue *c, const struct snapshot *s, uint32_t n_items, const struct query *q,
		     const struct rank_options *o, struct scratch *scratch, struct err *err);
void catalogue_done(struct catalogue *c);
uint32_t catalogue_rank(const struct catalogue *c, uint32_t item); /* from 1; 0: no candidate */
/* The best k: how many there are. */
uint32_t catalogue_best(const struct catalogue *c, uint32_t k, float *score, uint32_t *item);

#endif
