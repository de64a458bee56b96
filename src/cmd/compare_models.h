/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare_models.h - compare MODEL…: what `compare` does before and beside the comparing of runs, where it is given
 * models: it trains (with budget=, tunes) each under one rule, measures what a choice rests on, and gives a verdict.
 *
 * A model that has such a run of this split already is not trained again, so that a comparison which was stopped
 * goes on.  A model that cannot be had on these data (no text, no memory, a training that diverged) is left out and
 * told.  cmd/ only.
 */
#ifndef CMD_COMPARE_MODELS_H
#define CMD_COMPARE_MODELS_H

#include "cmd/command.h"
#include "cmd/hold.h"
#include "eval/eval.h"
#include "train/fit.h"
#include "train/rewards.h"

struct models;

/* UI.  Whether a word names a model. */
bool compare_models_asked(const struct call *c);
/* UI.  NULL with *err.  compare_models_free() in any case, and compare_models_ended() once the job is over. */
struct models *compare_models_new(struct call *c, struct err *err);
size_t compare_models_n(const struct models *m);
/* WORKER.  A reference-holding hold of the i-th model's run.  False with *err unset (ERR_OK): it was left out; else
 * cancelled or broken. */
bool compare_models_train(struct models *m, size_t i, struct job *job, const struct task *task, struct hold *out,
			  struct err *err);
/* WORKER.  The rest of what is told of it, its snapshot at hand. */
bool compare_models_measure(struct models *m, size_t i, const struct snapshot *s, const struct task *task,
			    struct err *err);
/* WORKER.  Where folds were asked for: the users' means over them, borrowed; false: there is one split. */
bool compare_models_folds(const struct models *m, size_t i, const float **values, size_t *n, double *mean);
/* WORKER.  What it was measured for failed: the row goes, and is told. */
void compare_models_leave_out(struct models *m, size_t i, const struct err *why);
/* WORKER, once it was measured: the request that made it, for its settings. */
const struct fit_request *compare_models_settings(const struct models *m, size_t i);
/* WORKER, once it was measured: its learning curve, asked as is standard. */
struct rewards_curve compare_models_curve(const struct models *m, size_t i);
void compare_models_message(struct models *m, struct session *s, void *payload); /* UI */
void compare_models_ended(struct models *m, struct session *s);                  /* UI: runs are put in place */
/* UI.  Further keys of the i-th model's row. */
void compare_models_row(const struct models *m, size_t i, json_t *row);
/* UI.  rows best first, which[r] the model of row r: verdict and what was left out, into the head and as text. */
void compare_models_tell(const struct models *m, const size_t *which, size_t n, const json_t *rows, const char *metric,
			 struct result *r, struct str *text);
void compare_models_free(struct models *m);

#endif
