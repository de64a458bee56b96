/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rewards_private.h - what the measurements of rewards.h share: the events they are measured on, trainings, and how
 * the answers of several rounds become one figure. */
#ifndef TRAIN_REWARDS_PRIVATE_H
#define TRAIN_REWARDS_PRIVATE_H

#include "train/asked.h"
#include "train/rewards.h"

struct measuring {
	const struct dataset *d;
	uint64_t seed;
	struct task_part part;
	struct task task;          /* of the part */
	uint8_t *parts;            /* [n_events] PART_TRAIN, or PART_OUT of users who were not drawn */
	float *with, *without;     /* [most units] answers of one round */
	struct rewards *out;
};

/* On train alone, without a look at anything that is held out.  words: settings as "name=value …".  A round has a
 * seed of its own. */
const struct snapshot *rewards_train(struct measuring *m, const struct split *split, const char *model, const char *words,
				     bool values, unsigned round, struct err *err);

/* The answers of all rounds to one question. */
struct rewards_tally {
	size_t n_units;
	double *with, *without;    /* [n_units] sums */
	uint32_t *n;               /* [n_units] of so many rounds */
	bool apart;                /* each unit is asked in one round; else in all */
	unsigned rounds;
	double with_mean[REWARDS_ROUNDS], without_mean[REWARDS_ROUNDS];
};
bool rewards_tally_init(struct rewards_tally *t, size_t n_units, bool apart, struct err *err); /* done() in any case */
void rewards_tally_done(struct rewards_tally *t);
/* m->with and m->without are one round's; NaN in either: left out of both. */
void rewards_tally_add(struct rewards_tally *t, const struct measuring *m);
/* Figures, judgement and sentence.  of: what is there, as "histories in their order"; instead: "in a random order". */
bool rewards_tell(struct measuring *m, enum reward_of which, const struct rewards_tally *t, const char *of, const char *instead,
		  struct err *err);

bool rewards_of_order(struct measuring *m, struct err *err);

#endif
