/* SPDX-License-Identifier: GPL-3.0-or-later */
/* whynot.h - what keeps an item out of a user's best k.
 *
 * The model's side: rank, score, and gap = score at rank k - score (what it lacks; not above 0: it is in the list);
 * the events that hold it down: those without which the gap is narrower, each tried by scoring the history without
 * it (events taken out stay left out of the list); and the smallest addition to the history that lifts it in
 * (counterfactual.h).  All by one road: folded in where the model folds in, with the rank by the trained vector
 * beside it.  Everything that is told was scored anew.
 *
 * The causes outside the model: those that leave the item no rank at all (in the history, no train events, left out
 * by a filter, nothing that the model could read of it), and what became of its rows while the data were read
 * (data/absent.h), with file and line where there is a row.  An item that is not in the dataset has causes alone.
 * The same at any thread count.  WORKER or scorer; cancellable.
 */
#ifndef EXPLAIN_WHYNOT_H
#define EXPLAIN_WHYNOT_H

#include "explain/counterfactual.h"

#define WHYNOT_CAUSES 8 /* at most */
#define WHYNOT_HELD 10  /* events told, the strongest */

struct whynot_cause {
	const char *code;  /* "in-history", "no-train-events", "not-a-candidate", "no-text", "outside-core", "set-aside",
	                    * "rejected", "no-events", "unknown" */
	char text[240];
	const char *file;  /* of the dataset's report; NULL: there is no row */
	uint64_t line;     /* 0: not known */
};
struct whynot_causes {
	size_t n;
	struct whynot_cause cause[WHYNOT_CAUSES];
};

struct whynot_held {
	uint32_t item;  /* of the history */
	float value;    /* by how much the gap is narrower without it; above 0 */
	uint32_t rank;  /* without it */
};
struct whynot {
	struct whynot_causes causes;
	bool folded_in;
	uint32_t rank;         /* 0: none, a cause says why */
	uint32_t trained_rank; /* by the user's trained vector; 0: none */
	double score, gap;     /* gap NaN: fewer than k candidates */
	size_t n_held;
	struct whynot_held *held; /* the strongest first */
	struct counterfactual add; /* not looked for when the item has no rank, or is in the list */
};

struct whynot_options {
	struct rank_options list;    /* k and what is no candidate; seen items are left out */
	const uint64_t *left_out;    /* bit set [I] of a filter, or NULL; told apart from list.barred */
};

/* given: the query of the history; not folded in where the user has a trained vector. */
bool whynot_item(const struct snapshot *s, const struct split *split, const struct query *given, uint32_t item,
		 const struct whynot_options *o, const struct task *task, struct whynot *out, struct err *err);
void whynot_done(struct whynot *w);
/* Of an id that is no item of the dataset. */
void whynot_absent(const struct dataset *d, const char *id, struct whynot_causes *out);

#endif
