/* SPDX-License-Identifier: GPL-3.0-or-later */
/* whatif.h - a history with edits, and the list that it gets beside the list it had.
 *
 * Edits are applied in the order given: an event is taken out, an item is added at the end (the newest), an
 * event gets another value.  Both lists come from the history by the same scoring path: models that score
 * from the history are asked as they stand ("exact"), those with trained user vectors fold in both histories
 * ("fold-in").  An item that is taken out is a candidate again; one that is added is none any more.
 * I items.  WORKER or scorer; cancellable.
 */
#ifndef EXPLAIN_WHATIF_H
#define EXPLAIN_WHATIF_H

#include "eval/rank_lists.h"
#include "model/snapshot.h"

enum edit_kind { EDIT_REMOVE, EDIT_ADD, EDIT_RATE };
struct edit {
	enum edit_kind kind;
	uint32_t item;
	float value; /* of EDIT_ADD and EDIT_RATE: the weight x of the event; 1 where none was given */
};

/* The history that edits make of another.  Zero it before first use. */
struct edited_history {
	uint32_t *items; /* [n] oldest first */
	float *x;        /* [n] */
	uint32_t n, cap;
};
/* x NULL: all 1.  ERR_USAGE for an edit that cannot be: an item taken out or rated that the history does
 * not have, one added that it has; *bad is then the edit's place. */
bool history_edit(struct edited_history *out, const uint32_t *items, const float *x, uint32_t n,
		  const struct edit *edit, size_t n_edits, size_t *bad, struct err *err);
void edited_history_done(struct edited_history *h);

struct whatif_row {
	uint32_t item;
	float score;
	uint32_t rank, was; /* from 1; 0: not ranked there, since it is in that history */
	bool removed;       /* the edits took it out of the history */
};
struct whatif {
	const char *method;     /* "exact" or "fold-in" */
	bool values_idle;       /* the run was fitted with every x = 1: other values change nothing */
	size_t n, n_gone;
	struct whatif_row *row;  /* [n] the edited history's best k */
	struct whatif_row *gone; /* [n_gone] of the k best before, those that are no longer; by rank before */
};

/* given: the query of the unedited history. */
struct whatif *whatif_rank(const struct snapshot *s, uint32_t n_items, const struct query *given,
			   const struct edited_history *edited, const struct rank_options *o,
			   const struct task *task, struct err *err);
void whatif_free(struct whatif *w); /* NULL is fine */

#endif
