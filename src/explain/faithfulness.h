/* SPDX-License-Identifier: GPL-3.0-or-later */
/* faithfulness.h - does an explanation name what the score rests on?  Tried by deleting what it names.
 *
 * The events are taken out of the history one after the other, the greatest signed part first (ties in the
 * order of the history), S = min(10, n) of n.  With drop(s) the score lost after s deletions and D the greatest
 * drop that any order tried shows at any step, or the greatest rise where that is more,
 *     value = 1/S sum_s drop(s) / D,
 * and `random` is the mean of the same over 20 orders drawn at random, with the same D.  An explanation whose
 * value is not above it names no better than chance.  Both lie within -1..1: where most deletions raise the score, a
 * drop next to nothing in the place of D would let one user's ratio outweigh all others in a mean.  (Deletion curves: Petsiuk, Das & Saenko 2018,
 * arXiv:1806.07421.)
 *
 * Histories under 3 events, scores without parts, and scores that no deletion lowers are not told (n/a).
 * All scores come by the road that explains: folded in where the model folds in.  The orders depend on seed,
 * user and item alone, so the figures are the same at any thread count.  WORKER or scorer; cancellable.
 */
#ifndef EXPLAIN_FAITHFULNESS_H
#define EXPLAIN_FAITHFULNESS_H

#include "explain/explain.h"

#define FAITHFULNESS_STEPS 10
#define FAITHFULNESS_ORDERS 20 /* random ones */
#define FAITHFULNESS_LEAST 3   /* events of a history */

struct faithfulness {
	const char *why_not;  /* NULL: told; else fixed text, "a history under 3 events" … */
	uint32_t steps;
	double value, random; /* -1..1; NaN where not told */
};

static inline bool faithfulness_holds(const struct faithfulness *f) { return !f->why_not && f->value > f->random; }

/* given: the query that e explains; e: all its parts (explain_item() with k = SIZE_MAX). */
bool faithfulness_measure(const struct snapshot *s, const struct query *given, const struct explanation *e,
			  uint64_t seed, const struct task *task, struct faithfulness *out, struct err *err);

#endif
