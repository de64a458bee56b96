/* SPDX-License-Identifier: GPL-3.0-or-later */
/* targets.h - whom an evaluation asks about, and what they should be recommended; only src/eval uses it.
 *
 * Users in ascending order whose history is not empty and who have at least one test item left; test
 * pairs already in the history are removed unless seen=keep.  What was left out is counted.
 */
#ifndef EVAL_TARGETS_H
#define EVAL_TARGETS_H

#include "eval/eval.h"

struct targets {
	size_t n;
	uint32_t *user; /* [n] */
	size_t *ptr;    /* [n + 1] */
	uint32_t *item; /* ascending within a user */
	struct eval_hazards hazards;
};
bool targets_make(struct targets *t, const struct split *split, bool on_valid, bool keep_seen,
		  const struct task *task, struct err *err);
void targets_done(struct targets *t);
uint32_t targets_history(const struct split *s, uint32_t u, bool on_valid); /* events in the history of u */
static inline uint32_t targets_n(const struct targets *t, size_t i)
{
	return (uint32_t)(t->ptr[i + 1] - t->ptr[i]);
}
static inline const uint32_t *targets_of(const struct targets *t, size_t i) { return t->item + t->ptr[i]; }
bool targets_has(const struct targets *t, size_t i, uint32_t item);

/* The history of an evaluated user as a query; one asker for all threads, a buffer a slot. */
struct asker {
	const struct snapshot *snapshot;
	const struct split *split;
	const struct targets *targets;
	bool on_valid, fold_in;
	uint32_t cut; /* only so many of the newest items of a history are told; the others are hidden; 0: all */
	struct history_buf *buf; /* [slots] */
	unsigned slots;
};
bool asker_init(struct asker *a, const struct snapshot *s, const struct split *split, const struct targets *t,
		const struct eval_options *o, const struct task *task, struct err *err);
void asker_done(struct asker *a);
bool asker_query(void *asker, size_t i, unsigned slot, struct query *out, struct err *err); /* query_source */

#endif
