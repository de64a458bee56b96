/* SPDX-License-Identifier: GPL-3.0-or-later */
/* counterfactual.h - the least change of a history that takes an item out of the best k, or lifts it in.
 *
 * Every set that is told was tried: the edited history was scored anew and the item ranked in it.
 * Removals: events taken out stay left out of the lists, so that they do not fill them themselves.
 * Additions go to the end of the history, as the newest.  Sets are searched by size, all of a size while
 * `budget` trials last, then greedily, an event at a time; `smallest` says whether no smaller set does.
 * Of sets of one size the one that moves the item's rank furthest is told, then its score: the same at any
 * thread count.  WORKER or scorer; cancellable between trials.
 */
#ifndef EXPLAIN_COUNTERFACTUAL_H
#define EXPLAIN_COUNTERFACTUAL_H

#include "eval/rank_lists.h"
#include "model/snapshot.h"

#define COUNTERFACTUAL_BUDGET 2000
#define ADDITIONS_MOST 5
#define ADDITIONS_TRIED 100 /* items that are tried as additions, the nearest ones */

struct counterfactual {
	bool found;
	bool smallest;   /* no smaller set does (additions: of the items tried) */
	uint32_t n;
	uint32_t *items; /* [n] in the order of the history, or of their addition */
	uint32_t rank;   /* of the item in the edited history's list */
	uint32_t trials;
};

/* given: the history as it is asked (fold_in set where the model folds in); its best o->k hold the item. */
bool smallest_removal(const struct snapshot *s, uint32_t n_items, const struct query *given, uint32_t item,
		      const struct rank_options *o, uint32_t budget, const struct task *task,
		      struct counterfactual *out, struct err *err);
/* tried[n_tried]: what may be added, none of it in the history. */
bool smallest_addition(const struct snapshot *s, uint32_t n_items, const struct query *given, uint32_t item,
		       const struct rank_options *o, const uint32_t *tried, uint32_t n_tried,
		       const struct task *task, struct counterfactual *out, struct err *err);
void counterfactual_done(struct counterfactual *c);

#endif
