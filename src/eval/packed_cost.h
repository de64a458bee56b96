/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed_cost.h - what fewer bits cost and gain: ndcg@10, memory, users ranked a second, both measured here.
 *
 * On valid's events, where there are some that the model was not fitted on, else on test's; a choice of
 * precision by the former leaves test unseen.  The two are ranked in turn, twice, the faster time counts.
 * WORKER.
 */
#ifndef EVAL_PACKED_COST_H
#define EVAL_PACKED_COST_H

#include "eval/eval.h"

struct packed_cost_side {
	enum precision precision;
	uint64_t bytes; /* held in memory */
	struct eval_quick got;
};
struct packed_cost {
	struct packed_cost_side whole, packed;
	const char *on;     /* "valid", "test"; NULL: nobody to measure with, `why` says it */
	const char *why;
};
bool packed_cost_measure(const struct snapshot *whole, const struct snapshot *packed, const struct split *split,
			 const struct task *task, struct packed_cost *out, struct err *err);

#endif
