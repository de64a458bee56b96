/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tuning.h - one search on valid from its request to a run: the best trial's model, with the trials beside it.
 *
 * DESIGN: a tuning is a training (app/training.h) that is done many times over.  The run that it makes holds the
 * weights of the best trial alone, and of every trial its settings and what it reached (run_record, tuning).
 * While it works the run's curves are those of the trial under way, and the best so far answers.
 */
#ifndef APP_TUNING_H
#define APP_TUNING_H

#include "app/training.h"
#include "train/tune.h"

struct tuning {
	struct training base;      /* request: the trial under way; record: the best one so far */
	struct tune_space space;
	struct tune_plan plan;
	struct tune_trials trials; /* WORKER once it runs */
	char run[64];
	bool resumes;
};

/* UI.  base.request's model and options, space and plan are set.  resume: the tuned run to go on with, whose space,
 * method, seed and options take the place of these; plan.trials and plan.seconds are the new limits. */
bool tuning_prepare(struct tuning *t, struct session *s, const char *wanted, bool replace, const char *resume,
		    struct err *err);
bool tuning_run(struct tuning *t, struct job *job, const struct task *task, struct err *err); /* WORKER */
void tuning_message(struct tuning *t, struct session *s, void *payload);                      /* UI */
bool tuning_finish(struct tuning *t, struct session *s, struct err *err);                     /* UI; as training_finish() */
void tuning_done(struct tuning *t);

/* The settings found for the current data: of the newest tuned run of that model, on the current split where there
 * is one.  NULL with *err: none. */
const struct run *tuning_found(const struct session *s, const char *model, struct err *err);
/* What a kept record says of its trials; trials_done() it.  False with *err where it is damaged or there are none. */
bool tuning_read(const struct run_record *rec, const struct model_ops *ops, struct tune_space *space,
		 struct tune_plan *plan, struct tune_trials *trials, struct err *err);

#endif
