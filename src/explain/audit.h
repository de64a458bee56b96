/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit.h - a run's explanations on a sample of users: are they faithful, how few events an item's place rests on,
 * how long it takes.
 *
 * Users with a history and a list are drawn without replacement; of each one's best k (folded in where the model
 * folds in, as explanations are) one item is drawn.  It is explained (explain.h), the explanation is tried by
 * deletion (faithfulness.h), and the smallest removal is searched for (counterfactual.h).  Means are over the users
 * that have the figure, with 95% intervals of 1,000 resamples of users (eval/interval.h).  Everything but the times
 * is the same at any thread count.  WORKER; cancellable.
 */
#ifndef EXPLAIN_AUDIT_H
#define EXPLAIN_AUDIT_H

#include "data/split.h"
#include "explain/faithfulness.h"

struct audit_options {
	uint32_t users; /* to be drawn; fewer where there are fewer */
	uint32_t k;
	uint64_t seed;
	bool no_removal; /* the smallest removal is not searched for */
};

struct audit_mean { double mean, low, high; }; /* NaN: nobody has it */

struct audit {
	char run[64];
	const char *method;          /* "exact", "leave-one-out"; NULL: nobody could be asked */
	uint32_t users;              /* drawn */
	uint32_t told;               /* those whose faithfulness is told; the other fields of it are over these */
	struct audit_mean faithfulness, random, above; /* above: the difference, user by user */
	bool faithful;               /* the interval of `above` lies above 0 */
	uint32_t removals, smallest; /* users for whom a set was found, and those where no smaller one does */
	struct audit_mean removal;   /* events in it */
	double explain_ms, removal_ms; /* means over the users drawn */
};

bool audit_run(const struct snapshot *s, const struct split *split, const struct audit_options *o,
	       const struct task *task, struct audit *out, struct err *err);

#endif
