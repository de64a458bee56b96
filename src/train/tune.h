/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tune.h - search on valid: trials drawn from a space, each trained while it keeps up with the others.
 *
 * DESIGN: trials are trained one after the other, each from its start.  At the rungs (after 4, 8, 16 … epochs) a
 * trial goes on only while its best metric on valid so far is in the upper half of all trials that came as far:
 * successive halving as its trials come (Li et al. 2020, "A system for massively parallel hyperparameter tuning",
 * algorithm 2 with eta = 2; stopping in place of pausing).  A trial that ended by itself counts at every rung
 * behind its end.  One model is in memory beside the best so far.
 *
 * Then the defaults and the TUNE_FINALISTS that are best on valid are trained and measured again on TUNE_DRAWS other
 * draws of valid (split_valid_anew()), which no choice hung on: of twenty settings the best on one valid looks better
 * than it is.  The one with the largest gain over the defaults there is taken, if that gain is more than its standard
 * error over the users (Breiman et al. 1984, section 3.4.3), else the defaults.  Where the defaults are no trial, the best
 * on valid stands in their place.  Where valid cannot be drawn again, or time is up, it is taken as it is.
 *
 * What the trials are depends on (space, method, seed) alone, and on nothing that a clock says unless there is a
 * limit of seconds: a tuning that went on is the same as one that was never stopped.
 *
 * WORKER.
 */
#ifndef TRAIN_TUNE_H
#define TRAIN_TUNE_H

#include "train/fit.h"
#include "train/tune_space.h"

enum tune_method { TUNE_RANDOM, TUNE_GRID };
#define TUNE_METHODS "random|grid" /* in the order of the enum */
#define TUNE_FIRST_RUNG 4          /* epochs */
#define TUNE_RUNGS 16
#define TUNE_FINALISTS 3
#define TUNE_DRAWS 3
#define TUNE_TIME 0.6              /* of a limit, for the trials; the rest for measuring again */

struct tune_trial {
	struct params params;
	double valid;              /* best metric on valid; NaN: failed */
	double gain, gain_error;   /* over the defaults on the other draws, its standard error; NaN: was not measured again */
	double at_rung[TUNE_RUNGS]; /* best so far at rung k; valid, behind the end */
	uint32_t epochs, best_epoch;
	char stopped[16];          /* "done", "early", "pruned", "time", "failed" */
	char failure[160];         /* why, when failed */
	double seconds;
};
struct tune_trials {
	struct tune_trial *trial;  /* [n] */
	size_t n, cap;
	size_t best;               /* which one is taken; until they are measured again, the best on valid; meaningless while
	                              has_best is false */
	bool has_best;
	double finals_seconds;     /* that measuring again took */
};
void tune_trials_done(struct tune_trials *t);
void tune_trials_add(struct tune_trials *t, const struct tune_trial *trial, bool higher_better);
json_t *tune_trial_to_json(const struct tune_trial *t, size_t number); /* number: from 1 */
/* ERR_SYNTAX where it is none. */
bool tune_trial_from_json(struct tune_trial *t, const struct param_spec *specs, const json_t *j, struct err *err);

struct tune_plan {
	enum tune_method method;
	uint32_t trials;
	double seconds;            /* 0: no limit; the trial under way is stopped too */
	uint64_t seed;
	const struct tune_space *space;
	/* WORKER: after each trial, in order, and once more where one is chosen.  best: the model of trials->best, taken,
	 * where that is another one than before; else NULL. */
	void (*on_trial)(void *ctx, const struct tune_trials *trials, struct fit_result *best);
	void *ctx;
};

/* Goes on behind trials->n until plan->trials, then chooses.  r: a request whose parameters, epochs and patience are set here for
 * each trial; its on_epoch is called with the trial under way.  Cancelled: true with *cancelled, the trial under way
 * dropped.  A trial that diverges, or does not fit in memory, is a failed one; false when all there were failed
 * (*err: the last's cause), and on other errors. */
bool tune_run(const struct tune_plan *plan, struct fit_request *r, struct tune_trials *trials, const struct task *task,
	      bool *cancelled, struct err *err);

/* What one axis did: its trials in up to three groups (by value; a range by thirds of its length, on its own scale),
 * the mean metric on valid of each. */
struct tune_group { char name[96]; size_t n; double mean, best; };
struct tune_effect { int param; size_t n; struct tune_group group[PARAM_MAX]; double spread; /* of the means */ };
/* out[space->n], largest spread first; groups without a trial are left out. */
void tune_effects(const struct tune_space *space, const struct tune_trials *trials, bool higher_better,
		  struct tune_effect *out);

#endif
