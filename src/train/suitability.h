/* SPDX-License-Identifier: GPL-3.0-or-later */
/* suitability.h - what a trained model is measured for beside its metrics: slices, answering time, fewer bits, its
 * appetite for data, its explanations.
 *
 * Every model is measured by the same rule: the same split, the same users, the history at test time whole.  A
 * point of the learning curve is a training of its own with the same settings on a share of the train events
 * (split_thin()), asked with whole histories, folded in where the model folds in; so is its last point, the run
 * itself.  Noise (split_noisy()) is measured likewise.  Folds are the same split drawn anew (split_anew()), with the
 * same settings: of a user the mean over the folds that have something to be found for it.  Items never trained on
 * are a cold-items split of the data's own.  WORKER; cancellable.  All but the times is the same at any thread count.
 */
#ifndef TRAIN_SUITABILITY_H
#define TRAIN_SUITABILITY_H

#include "eval/packed_cost.h"
#include "explain/audit.h"
#include "train/fit.h"
#include "train/verdict.h"

struct suit_plan {
	size_t n_shares;
	double share[VERDICT_SHARES];  /* ascending, below 1 */
	const struct split *thin[VERDICT_SHARES];
	double noise;                  /* share of random events; 0: none */
	unsigned folds;                /* in all, the split at hand the first of them; 0, 1: it alone */
	bool cold;                     /* models that can are asked for items never trained on */
	const struct split *noisy, *anew[VERDICT_FOLDS], *cold_items;
	int metric;                    /* per user */
	uint32_t k;
	uint32_t users;                /* drawn for times and explanations */
	uint64_t seed;
};
/* The derived splits; suit_plan_done() in any case. */
bool suit_plan_splits(struct suit_plan *p, const struct split *split, const struct task *task, struct err *err);
void suit_plan_done(struct suit_plan *p);

/* What a model is measured for, each with the seconds that it took. */
enum suit_part { SUIT_SLICES, SUIT_TIMES, SUIT_INT8, SUIT_EXPLAINED, SUIT_SHARES, SUIT_REPEATS, SUIT_COLD_ITEMS, SUIT_FOLDS,
		 N_SUIT_PARTS };
extern const char *const suit_part_name[N_SUIT_PARTS];

struct suit {
	double took[N_SUIT_PARTS];
	struct eval_result *history, *popularity; /* with slices */
	double ms_p50, ms_p99;         /* of one user's list of k, alone; NaN: nobody to ask */
	bool has_packed;
	struct packed_cost packed;     /* int8 against f32 */
	double share_value[VERDICT_SHARES + 1], share_seconds[VERDICT_SHARES + 1]; /* at plan->share, then at 1 (NaN: neither shares nor noise) */
	struct eval_result *of_half, *of_all; /* of these, at 0.5 and at 1, user by user; NULL: not measured */
	double noise_value;            /* with noise, folded in; beside share_value at 1 */
	double repeats;                /* with seen=keep; NaN: nobody has an item twice */
	float *cold_user, *noise_user; /* [n_…] users' values behind cold_value, noise_value; NULL: none */
	const float *clean_user;       /* [n_noise] behind share_value at 1, of of_all */
	size_t n_cold, n_noise;
	double cold_value;             /* NaN: not measured, or it cannot */
	double fold_value[VERDICT_FOLDS]; /* the split at hand first */
	float *pooled;                 /* [n_pooled] users in ascending order: means over the folds; NULL: one fold */
	size_t n_pooled;
	double pooled_mean;
	struct audit audit;
};
/* r: the request that made s, for its settings (its callbacks are not used), seconds: what it took; suit_done() in
 * any case. */
bool suit_measure(const struct suit_plan *p, const struct fit_request *r, const struct snapshot *s, double seconds,
		  const struct split *split, const struct task *task, struct suit *out, struct err *err);
void suit_done(struct suit *s);

#endif
