/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rewards.h - what the data rewards: order, text, friends, values; told by taking each away.
 *
 * Trainings that differ in one thing are asked the same questions (train/asked.h).  Both sides have the same settings,
 * events and epochs, whatever split is current; each is trained REWARDS_ROUNDS times, with seeds of their own.  Beyond
 * REWARDS_EVENTS events, users are drawn.  Of text, friends and values a split of its own holds out the last fifth of each
 * history (any, where there is no order), ten events at most.
 *
 *	order       a mixture of ials, sasrec and who followed whom (rewards_mix.h), trained on and asked with histories in their
 *	            order, against histories in a random order; of people who were not trained on, others each round
 *	text        towers with the words and tags of the items, against without
 *	new items   towers with words and tags, asked for items that nobody took, a fifth of all, others each round: for
 *	            people who take them, against the same for strangers (without text there is nothing to tell such items
 *	            by).  The interval is over items
 *	friends     towers with half of each history the friends', against none of it
 *	new people  the same, told the first event of each person alone
 *	values      ials with the values as weights, against without
 *
 * and of the best model that there is, on the test events of the current split, by the metric at hand:
 *
 *	taste       against popularity, which is the same for everybody; told with what share popularity has of it
 *	more events trained on all train events against half of them (split_thin()), folded in: how far the learning
 *	            curve is from flat
 *
 * The 95 % interval of the gain is a paired bootstrap, widened by what the rounds tell of the trainings' own chance.
 * Rewarded: it lies above 0; a little where the gain is below REWARDS_MARGIN of what there is without.  No: 0 lies within or
 * above it, that margin above it; told with what the gain is at most.  Else the data are too few to tell.  WORKER;
 * cancellable; the same at any thread count.
 */
#ifndef TRAIN_REWARDS_H
#define TRAIN_REWARDS_H

#include "train/fit.h"

#define REWARDS_MARGIN 0.1 /* as VERDICT_GAIN */
#define REWARDS_MARGIN_NEW 0.5 /* of new items: strangers are right by chance alone, which is little */
#define REWARDS_EVENTS 120000
#define REWARDS_K 10
#define REWARDS_ROUNDS 4 /* trainings of each kind, with seeds of their own */

enum reward_of { REWARD_ORDER, REWARD_TEXT, REWARD_NEW_ITEMS, REWARD_FRIENDS, REWARD_NEW_PEOPLE, REWARD_VALUES,
		 REWARD_TASTE, REWARD_EVENTS, N_REWARDS };
enum reward_told { REWARD_ABSENT, REWARD_YES, REWARD_LITTLE, REWARD_NO, REWARD_NOT_TOLD };

struct reward {
	const char *what;          /* "order"; fixed text */
	enum reward_told told;     /* ABSENT: the data have none of it */
	double with, without;      /* ndcg@10 */
	double low, high;          /* 95 % of with - without */
	size_t n;                  /* users, or items, that it is the mean of */
	char text[400];            /* one sentence */
};
struct rewards {
	struct reward of[N_REWARDS];
	size_t users, events;      /* that it was measured on */
	double seconds;
};
/* The first six; the others are then ABSENT. */
bool rewards_measure(const struct dataset *d, uint64_t seed, const struct task *task, struct rewards *out, struct err *err);
/* The same model trained on half of the events and on all, both folded in, where that was measured already; else NULL. */
struct rewards_curve { const struct eval_result *half, *all; };
/* The last two, after that.  best: of the snapshot on r->split, with per-user values of metric at k[at]; r: the
 * request that made it, for its settings (its callbacks are not used). */
bool rewards_of_best(const struct eval_result *best, int metric, unsigned at, const struct fit_request *r,
		     const struct snapshot *s, const struct rewards_curve *curve, const struct task *task, struct rewards *out,
		     struct err *err);
/* What the interval says of a gain over `without`, with a margin of a share of it. */
enum reward_told reward_judge(const struct reward *r, double share);
const char *reward_told_text(enum reward_told t); /* "yes", "little", "no", "not told", "none" */
const char *reward_verdict(const struct reward *r, char out[static 48]); /* as a sentence says it; not of what is absent */

#endif
