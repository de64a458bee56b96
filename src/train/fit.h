/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit.h - one training from the first epoch to the last: early stopping, curves, best and last state.
 *
 * WORKER.  A fit keeps two states: best (answers, exported) and last (resume starts there); without valid
 * events, best = last.  Each epoch is told through on_epoch with a snapshot that the receiver owns.
 * The lists of watched users are made from each epoch's snapshot and told with it; they give the curves' churn,
 * the same when a training is resumed.  Models of one pass have none.
 * Where the model can tell its loss on valid events, that is the curves' last loss, NaN where not measured.
 * Divergence: returns false with ERR_NUMERIC, what was told before stays good.  Cancelled: returns true
 * with stopped = FIT_CANCELLED, the partial epoch dropped.
 *
 * refit: a model that iterates is first fitted on train, watching valid, to find the best number of
 * epochs (these epochs are told), then afresh on train + valid for as many (told by progress alone);
 * `best` is the second.  Without valid events, or one that does not iterate: fitted on train + valid at
 * once.
 *
 * The state (state.safetensors) holds the model, the best model so far and the curves, and is replaced
 * whole: at the latest 2 s of training are done again after a kill, none after a cancel.
 */
#ifndef TRAIN_FIT_H
#define TRAIN_FIT_H

#include "eval/eval.h"
#include "model/snapshot.h"
#include "train/curves.h"
#include "train/watched.h"

struct fit_request {
	const struct model_ops *ops;
	struct params params;
	const struct dataset *data; /* referenced by the caller for the whole fit */
	const struct split *split;
	char run[64];
	uint32_t epochs;      /* at most; 1 for models that do not iterate */
	uint32_t patience;    /* valid rounds without a better metric; 0: never stops early */
	uint32_t valid_every; /* epochs; 0: never validate */
	int metric;           /* METRIC_NDCG … */
	uint32_t metric_k;
	double seconds;       /* ends with the epoch in which these are over (FIT_TIME); 0: any */
	bool values, refit;
	enum precision kept;  /* of the large tables of the snapshots, and of the weights that answer; the state
	                         that a training goes on from is whole */
	uint64_t seed;
	const char *resume_dir; /* a run folder to go on from (state.safetensors, curves), or NULL */
	run_resolver *resolve_run; /* the runs that the model is made of, or NULL */
	void *resolve_ctx;
	const char *save_dir;   /* the run's folder, where state is kept as it goes; NULL: memory only */

	const uint32_t *watched; /* [n_watched] users whose lists are told; borrowed */
	uint32_t n_watched;

	/* WORKER: called at every epoch's end, in order, with the curves up to it; takes the snapshot.  The
	 * lists of the watched users are borrowed: NULL when there are none. */
	void (*on_epoch)(void *ctx, const struct curves *curves, const struct snapshot *take,
			 const struct epoch_lists *lists);
	void *ctx;
	/* WORKER: asked at every epoch's end but the last's; true ends the training there (FIT_ENOUGH).  May be NULL. */
	bool (*is_enough)(void *ctx, const struct curves *curves);
	void *enough_ctx;
};

enum fit_stopped { FIT_DONE, FIT_EARLY, FIT_CANCELLED, FIT_ENOUGH, FIT_TIME };
extern const char *const fit_stopped_text[]; /* "done", "early", "cancelled", "enough", "time" */

struct fit_result {
	uint32_t epochs, best_epoch;
	enum fit_stopped stopped;
	double best_metric; /* NaN without valid */
	double seconds;
	uint64_t bytes;     /* held by the best model */
	const struct snapshot *best; /* the caller must unref; NULL when no epoch was finished */
	struct curves curves; /* curves_done() it */
};

/* The request of a model with all its defaults: parameters, epochs and patience as its table says, valid
 * every epoch, ndcg@10.  Data, split, run and whatever was asked for are the caller's to set; set
 * parameters, then call fit_request_follow() so that epochs and patience follow them. */
void fit_request_init(struct fit_request *r, const struct model_ops *ops);
void fit_request_follow(struct fit_request *r);
struct run_record;
/* What trained a run, from its record, on this split: settings, seed, values, refit, precision, and what was watched.
 * Errors name the run. */
bool fit_request_of(struct fit_request *r, const struct run_record *rec, const struct split *split, struct err *err);
/* The same settings on another split, to be measured beside: nothing of it is told, watched, timed,
 * kept or gone on from. */
struct fit_request fit_request_on(const struct fit_request *r, const struct split *split);

/* Whether x holds values: asked for (or the data's values are weights), and there are some.  A kept run
 * must remember this, not what was asked. */
bool fit_values(const struct fit_request *r);

/* *out is filled in any case (on failure with what there is until then); fit_result_done() it. */
bool fit_run(const struct fit_request *r, const struct task *task, struct fit_result *out, struct err *err);
void fit_result_done(struct fit_result *r);
/* The best snapshot of a whole fit, to be released, for what asks for nothing else; NULL with *err, cancelled too.
 * seconds: that it took; may be NULL. */
const struct snapshot *fit_best(const struct fit_request *r, const struct task *task, double *seconds, struct err *err);

/* Memory this training would take (bytes() of the model, x's transpose, measuring valid), before starting it.  Where
 * state is kept on disk (keeps), epochs of under FIT_STATE_SECONDS have a copy of it in memory. */
#define FIT_STATE_SECONDS 2.0
uint64_t fit_bytes(const struct fit_request *r, unsigned threads, bool keeps);
/* Whether as much is free, kept or not; ERR_NOMEM with both figures and what to do. */
bool fit_fits_in_memory(const struct fit_request *r, unsigned threads, struct err *err);
/* What x, of the request's split, is to its model; threads 0: as model.h has it. */
struct model_shape fit_shape(const struct fit_request *r, const struct csr *x, unsigned threads);

#endif
