/* SPDX-License-Identifier: GPL-3.0-or-later */
/* overlap.h - how alike two rankings are, and what two runs recommend to the same person beside each other.
 *
 * overlap@k: the items that both lists of at most k have, over the length of the longer one.
 * Rank-biased overlap: Webber, Moffat & Zobel 2010, "A Similarity Measure for Indefinite Rankings", ACM TOIS
 * 28(4), extrapolated: equation (32), which is (30) for lists of one length.  p in (0, 1) is the chance that a
 * reader goes on to the next rank: the best 10 carry 86% of the weight at p = 0.9.  In [0, 1]; 1: the same list.
 * Items are distinct within a list.  I items.  WORKER or scorer; cancellable.
 */
#ifndef EXPLAIN_OVERLAP_H
#define EXPLAIN_OVERLAP_H

#include "eval/rank_lists.h"
#include "model/snapshot.h"

#define OVERLAP_P 0.9

/* NaN where neither list has an item; 0 where one has none. */
bool list_overlap(const uint32_t *a, uint32_t n_a, const uint32_t *b, uint32_t n_b, double p, double *overlap,
		  double *rbo, struct err *err);

struct beside_row {
	uint32_t item;
	uint32_t rank[2]; /* by either run, from 1, among all its candidates; 0: it is none */
	float score[2];
};
struct beside {
	double overlap, rbo;
	uint32_t n[2];          /* lengths of the lists, at most k */
	size_t n_rows;          /* the first run's list, then what only the second's has, each by rank */
	struct beside_row *row;
};
/* o[0] and o[1] have the same k. */
struct beside *beside_rank(const struct snapshot *const s[2], uint32_t n_items, const struct query q[2],
			   const struct rank_options o[2], double p, const struct task *task, struct err *err);
void beside_free(struct beside *b); /* NULL is fine */

#endif
