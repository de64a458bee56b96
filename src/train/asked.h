/* SPDX-License-Identifier: GPL-3.0-or-later */
/* asked.h - what comes next, asked many times: for a user and a history, where does the one item stand that came?
 *
 * One item at each place of a user's last events gives many more answers than one test event a user does, and
 * intervals that are narrow enough to deny something.  An answer is the item's ndcg@k in the list of the candidates
 * (those with a train event, or all new items that are asked for), 0 beyond it.  WORKER; the same at any thread count.
 */
#ifndef TRAIN_ASKED_H
#define TRAIN_ASKED_H

#include "data/split.h"
#include "model/snapshot.h"

struct ask {
	uint32_t user, item;
	uint32_t unit;     /* of what an interval draws: a user, or an item */
	uint32_t stranger; /* somebody else, who never took it */
	size_t at;         /* the event that is asked for */
};
struct asks {
	const struct split *split; /* borrowed */
	bool in_time;      /* the history is what came before the event; else all train events */
	bool new_items;    /* of items without a train event */
	size_t n;
	struct ask *ask;
	uint32_t n_units;
};
struct asking {
	uint32_t k;
	bool of_strangers; /* with the stranger's train events as the history */
	bool fold_in;
	uint32_t oldest;   /* of a history, so many; 0: all */
};

/* The test events of each user who has train events, of items that are new to the user.  asks_done() in any case, here and below. */
bool asks_of_last(struct asks *a, const struct split *split, struct err *err);
/* Of users without a train event, the last `most` events that have two before them, of items that others have. */
bool asks_of_people(struct asks *a, const struct split *split, uint32_t most, struct err *err);
/* The test events of items without a train event, about `most` users of each at most. */
bool asks_of_new_items(struct asks *a, const struct split *split, uint32_t most, uint64_t seed, struct err *err);
void asks_done(struct asks *a);

/* The mean a unit, into unit[n_units]; NaN: it was not asked for. */
bool asks_answer(const struct asks *a, const struct asking *how, const struct snapshot *s, const struct task *task,
		 float *unit, struct err *err);

#endif
