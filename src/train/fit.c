/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit.c - the loop of a training: epochs, validation, early stopping, states kept.
 *
 * DESIGN: everything that a stopped training needs is told or kept at the ends of epochs only.  While
 * epochs are short, the state after each is packed into memory and goes to disk every FIT_STATE_SECONDS and
 * at the end, so that a cancelled epoch can be dropped without a copy of the model on disk at every
 * step; when they are long, each goes straight to disk.
 */
#include "train/fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "eval/mix_weights.h"
#include "train/fit_state.h"

const char *const fit_stopped_text[] = {
	[FIT_DONE] = "done", [FIT_EARLY] = "early", [FIT_CANCELLED] = "cancelled", [FIT_ENOUGH] = "enough", [FIT_TIME] = "time",
};

struct fit {
	const struct fit_request *r;
	const struct task *outer;
	struct task in_epoch, between; /* the same, with progress mapped to the whole; without progress */
	struct task_part epoch;        /* of in_epoch: which one, of those of all phases */
	struct csr x, xt;              /* x borrows the split's arrays */
	struct build_env env;
	bool iterates, watches;
	uint64_t epochs_before;        /* of an earlier phase */

	struct fit_point at;
	const struct epoch_lists *lists; /* of the epoch that it stands at; NULL: nobody is watched */
	double best_metric, started, seconds_before; /* seconds_before: of the run that is resumed */
	uint32_t rounds_since_best;
	double state_saved; /* clock when the file was last written */
	struct state_bytes state;
	bool state_unwritten;
	struct fit_result *out;
};

void fit_request_follow(struct fit_request *r)
{
	if (param_find(r->params.specs, "epochs") >= 0)
		r->epochs = (uint32_t)params_int(&r->params, "epochs");
	if (param_find(r->params.specs, "patience") >= 0)
		r->patience = (uint32_t)params_int(&r->params, "patience");
}

struct fit_request fit_request_on(const struct fit_request *r, const struct split *split)
{
	struct fit_request on = *r;

	on.split = split;
	on.data = split->data;
	on.on_epoch = NULL;
	on.is_enough = NULL;
	on.save_dir = on.resume_dir = NULL;
	on.watched = NULL;
	on.n_watched = 0;
	on.seconds = 0;
	return on;
}

void fit_request_init(struct fit_request *r, const struct model_ops *ops)
{
	*r = (struct fit_request){ .ops = ops, .epochs = 1, .valid_every = 1, .metric = METRIC_NDCG,
				   .metric_k = 10, .seed = 42 };
	params_init(&r->params, ops->params);
	fit_request_follow(r);
}

bool fit_values(const struct fit_request *r)
{
	return (r->values || r->data->weighted) && r->split->train.val;
}

/* --- What is fitted ---------------------------------------------------------- */

static bool choose_weights(void *ctx, const struct mixture_part *part, size_t n, const struct task *task,
			   double *weights, struct err *err)
{
	const struct fit_request *r = ((struct fit *)ctx)->r;

	return mix_weights(part, n, r->split, r->metric, r->metric_k, task, weights, err);
}

static bool use_matrix(struct fit *f, bool refit, struct err *err)
{
	const struct csr *from = refit ? &f->r->split->train_valid : &f->r->split->train;

	csr_done(&f->xt);
	f->x = *from;
	if (!fit_values(f->r))
		f->x.val = NULL;
	if (!csr_n(&f->x))
		return err_set(err, ERR_UNSUPPORTED, "the split leaves no events to train on");
	if (!csr_transpose(&f->xt, &f->x, &f->between, err))
		return false;
	f->env = (struct build_env){ .data = f->r->data, .split = f->r->split, .x = &f->x, .xt = &f->xt,
				     .refit = refit, .seed = f->r->seed, .task = &f->between,
				     .resolve_run = f->r->resolve_run, .resolve_ctx = f->r->resolve_ctx,
				     .choose_weights = choose_weights, .choose_ctx = f };
	return true;
}

struct model_shape fit_shape(const struct fit_request *r, const struct csr *x, unsigned threads)
{
	return (struct model_shape){ .n_users = x->rows, .n_items = x->cols, .n_events = csr_n(x),
				     .longest = csr_longest_row(x), .kept = r->kept, .data = r->data, .threads = threads,
				     .x = x, .item_events = r->split->item_train, .patterns = !fit_values(r) };
}

/* Measuring valid: lists and what is told of each user; the tiles, histories and left-out items of each thread's batch
 * (eval/rank_lists.c). */
static uint64_t asking_bytes(const struct fit_request *r, const struct csr *x, unsigned threads)
{
	enum { BATCH = 48, TILE = 1024, A_USER = 160 };
	uint64_t mean = csr_n(x) / (x->rows + 1u) + 1;

	if (!r->valid_every || !r->split->n_valid)
		return 0;
	return threads * BATCH * (TILE * sizeof(float) + x->cols / 8 + 24 * mean) + (uint64_t)x->rows * A_USER;
}

uint64_t fit_bytes(const struct fit_request *r, unsigned threads, bool keeps)
{
	const struct csr *x = r->refit ? &r->split->train_valid : &r->split->train;
	struct model_shape shape = fit_shape(r, x, threads);
	uint64_t transpose = (uint64_t)csr_n(x) * (sizeof(uint32_t) + (fit_values(r) ? sizeof(float) : 0)) +
			     ((uint64_t)x->cols + 1) * sizeof(size_t);

	shape.stateless = !keeps;
	shape.snapshots = r->epochs < 3 ? r->epochs : 3;
	return transpose + r->ops->bytes(&shape, &r->params) + asking_bytes(r, x, shape_threads(&shape));
}

bool fit_fits_in_memory(const struct fit_request *r, unsigned threads, struct err *err)
{
	uint64_t need = fit_bytes(r, threads, true), have = mem_bytes_available();
	char a[32], b[32];

	if (need <= have)
		return true;
	return err_set(err, ERR_NOMEM, "%s on %s would take %s and %s are free: take %s, or load less (min-item=, "
		       "min-user=, limit=)", r->ops->name, r->data->name, str_bytes(need, a), str_bytes(have, b),
		       param_find(r->params.specs, "dim") >= 0 ? "a smaller dim=" : "another model, such as ials");
}

/* --- The state on disk ------------------------------------------------------- */

static bool write_kept_state(struct fit *f, struct err *err)
{
	char *path;
	bool done;

	if (!f->state_unwritten)
		return true;
	path = file_join(f->r->save_dir, STATE_FILE);
	done = file_write_whole(path, f->state.bytes, f->state.n, 0644, err);
	free(path);
	f->state_unwritten = !done;
	return done;
}

static bool keep_state(struct fit *f, struct err *err)
{
	bool to_disk = clock_now() - f->state_saved >= FIT_STATE_SECONDS;

	if (!f->r->save_dir || !f->iterates)
		return true;
	/* The buffer is written over: should that fail, the file's own, older state is the last good one. */
	if (!to_disk)
		f->state_unwritten = false;
	if (!fit_state_save(f->r, &f->at, to_disk ? NULL : &f->state, err))
		return false;
	f->state_unwritten = !to_disk;
	if (to_disk)
		f->state_saved = clock_now();
	return true;
}

/* --- One epoch --------------------------------------------------------------- */

static struct snapshot *take_snapshot(struct fit *f, uint32_t epoch, struct err *err)
{
	struct model *frozen = f->r->ops->freeze(f->at.model, !f->iterates, err);
	struct snapshot *whole;

	if (!f->iterates && frozen)
		f->at.model = NULL; /* moved */
	whole = frozen ? snapshot_new(frozen, f->r->run, epoch, f->r->split, f->env.refit, fit_values(f->r), err)
		       : NULL;
	return snapshot_keep(whole, f->r->kept, err);
}

static bool tells_valid_loss(const struct fit *f)
{
	return f->r->ops->valid_loss && f->iterates && f->r->valid_every && f->r->split->n_valid;
}

static void name_losses(const struct fit *f, const struct fit_ctx *ctx)
{
	struct curves *c = f->at.curves;

	c->n_loss = ctx->n_loss;
	for (unsigned k = 0; k < ctx->n_loss; k++)
		snprintf(c->loss_name[k], sizeof(c->loss_name[k]), "%s", ctx->loss_name[k]);
	if (tells_valid_loss(f))
		snprintf(c->loss_name[c->n_loss++], sizeof(c->loss_name[0]), CURVE_VALID_LOSS);
}

static struct curve_point make_point(const struct fit *f, const struct fit_ctx *ctx, double began)
{
	struct curve_point p = {
		.epoch = ctx->epoch, .n_loss = ctx->n_loss, .valid = NAN,
		.rate = (double)ctx->examples / fmax(clock_now() - began, 1e-9),
		.gradient_norm = ctx->gradient_norm, .lr = ctx->lr, .churn = NAN,
	};

	memcpy(p.loss, ctx->loss, sizeof(ctx->loss));
	if (!f->iterates)
		p.rate = NAN;
	if (tells_valid_loss(f))
		p.loss[p.n_loss++] = NAN;
	return p;
}

/* The metric, and the loss where the model tells one, on valid events. */
static bool measure(struct fit *f, const struct fit_ctx *ctx, const struct snapshot *now, struct curve_point *p,
		    struct err *err)
{
	const struct fit_request *r = f->r;

	if (!eval_one(now, r->split, true, r->metric, r->metric_k, &f->between, &p->valid, err))
		return false;
	/* No user of valid has a history to ask with (a split by time or users): nothing can be watched. */
	if (isnan(p->valid))
		f->watches = false;
	return !tells_valid_loss(f) || r->ops->valid_loss(f->at.model, &f->env, ctx, &p->loss[p->n_loss - 1], err);
}

static bool watches_lists(const struct fit *f)
{
	return f->r->n_watched && f->iterates;
}

/* The watched users' lists take the place of the epoch before's. */
static bool make_lists(struct fit *f, const struct snapshot *now, double *churn, struct err *err)
{
	const struct fit_request *r = f->r;
	struct epoch_lists *lists;

	if (!watches_lists(f))
		return true;
	lists = watched_rank(now, r->split, r->watched, r->n_watched, WATCHED_K, &f->between, err);
	if (!lists)
		return false;
	*churn = epoch_lists_churn(f->lists, lists, CHURN_K);
	epoch_lists_unref(f->lists);
	f->lists = lists;
	return true;
}

static bool is_better(const struct fit *f, double metric)
{
	if (isnan(f->best_metric))
		return true;
	return metric_table[f->r->metric].higher_better ? metric > f->best_metric : metric < f->best_metric;
}

/* Takes the snapshot as the best where it is one. */
static void judge(struct fit *f, const struct snapshot *now, double metric)
{
	if (f->watches && isnan(metric))
		return;
	if (f->watches && !is_better(f, metric)) {
		f->rounds_since_best++;
		return;
	}
	snapshot_unref(f->at.best);
	f->at.best = snapshot_ref(now);
	f->at.best_epoch = now->epoch;
	f->best_metric = metric;
	f->rounds_since_best = 0;
}

static bool run_epoch(struct fit *f, struct fit_ctx *ctx, struct err *err)
{
	f->epoch.at = f->epochs_before + f->at.epoch;
	*ctx = (struct fit_ctx){ .task = &f->in_epoch, .epoch = f->at.epoch + 1, .seed = f->r->seed,
				 .gradient_norm = NAN, .lr = NAN };
	return f->r->ops->fit_epoch(f->at.model, &f->env, ctx, err);
}

static bool watched_epoch(struct fit *f, struct err *err)
{
	const struct fit_request *r = f->r;
	double began = clock_now();
	struct fit_ctx ctx;
	struct curve_point p;
	struct snapshot *now;

	if (!run_epoch(f, &ctx, err))
		return false;
	p = make_point(f, &ctx, began);
	now = take_snapshot(f, ctx.epoch, err);
	if (!now)
		return false;
	if (f->watches && (ctx.epoch % r->valid_every == 0 || ctx.epoch == r->epochs) &&
	    !measure(f, &ctx, now, &p, err))
		goto fail;
	if (!make_lists(f, now, &p.churn, err))
		goto fail;
	p.seconds = f->seconds_before + clock_now() - f->started;
	name_losses(f, &ctx);
	if (!curves_add(f->at.curves, &p, err))
		goto fail;
	/* From here on the epoch counts. */
	f->at.epoch = ctx.epoch;
	judge(f, now, p.valid);
	if (r->on_epoch)
		r->on_epoch(r->ctx, f->at.curves, now, f->lists);
	else
		snapshot_unref(now);
	return keep_state(f, err);
fail:
	snapshot_unref(now);
	return false;
}

static bool out_of_patience(const struct fit *f)
{
	return f->watches && f->r->patience && f->rounds_since_best >= f->r->patience;
}

static bool out_of_time(const struct fit *f)
{
	return f->r->seconds > 0 && f->at.epoch && f->seconds_before + clock_now() - f->started >= f->r->seconds;
}

static bool run_watched(struct fit *f, struct err *err)
{
	f->out->stopped = FIT_DONE;
	while (f->at.epoch < f->r->epochs) {
		if (out_of_patience(f)) {
			f->out->stopped = FIT_EARLY;
			break;
		}
		if (out_of_time(f)) {
			f->out->stopped = FIT_TIME;
			break;
		}
		if (!task_keep_going(f->outer))
			return task_cancelled(err);
		if (!watched_epoch(f, err))
			return false;
		if (f->r->is_enough && f->at.epoch < f->r->epochs &&
		    f->r->is_enough(f->r->enough_ctx, f->at.curves)) {
			f->out->stopped = FIT_ENOUGH;
			break;
		}
	}
	return true;
}

/* The second phase of refit: the best number of epochs over train + valid, unwatched. */
static bool run_again(struct fit *f, struct err *err)
{
	uint32_t epochs = f->at.best_epoch;
	struct snapshot *best;

	f->epochs_before = f->at.epoch;
	f->epoch.n = f->epochs_before + epochs;
	f->r->ops->destroy(f->at.model);
	f->at.model = NULL;
	if (!use_matrix(f, true, err))
		return false;
	f->at.model = f->r->ops->create(&f->env, &f->r->params, err);
	if (!f->at.model)
		return false;
	for (f->at.epoch = 0; f->at.epoch < epochs; f->at.epoch++) {
		struct fit_ctx ctx;

		if (!task_keep_going(f->outer))
			return task_cancelled(err);
		if (!run_epoch(f, &ctx, err))
			return false;
	}
	best = take_snapshot(f, epochs, err);
	if (!best)
		return false;
	snapshot_unref(f->at.best);
	f->at.best = best;
	return true;
}

/* --- The whole --------------------------------------------------------------- */

/* The metric's story so far, from the curves of a resumed training. */
static void recall_patience(struct fit *f)
{
	const struct curves *c = f->at.curves;

	for (size_t i = 0; i < c->n; i++) {
		if (c->point[i].epoch == f->at.best_epoch)
			f->best_metric = c->point[i].valid;
		else if (c->point[i].epoch > f->at.best_epoch && !isnan(c->point[i].valid))
			f->rounds_since_best++;
	}
	if (c->n)
		f->seconds_before = c->point[c->n - 1].seconds;
}

/* The lists of the epoch that a resumed training goes on from: the next one's churn is told against them. */
static bool recall_lists(struct fit *f, struct err *err)
{
	struct snapshot *now;
	double churn;
	bool made;

	if (!watches_lists(f))
		return true;
	now = take_snapshot(f, f->at.epoch, err);
	made = now && make_lists(f, now, &churn, err);
	snapshot_unref(now);
	return made;
}

static bool begin_model(struct fit *f, struct err *err)
{
	const struct fit_request *r = f->r;

	if (!r->resume_dir) {
		f->at.model = r->ops->create(&f->env, &r->params, err);
		snprintf(f->at.curves->metric, sizeof(f->at.curves->metric), "%s@%u",
			 metric_table[r->metric].name, (unsigned)r->metric_k);
		return f->at.model != NULL;
	}
	if (!f->iterates)
		return err_set(err, ERR_UNSUPPORTED, "%s is fitted in one pass: there is nothing to resume",
			       r->ops->name);
	if (!fit_state_open(r, &f->env, &f->at, err))
		return false;
	recall_patience(f);
	return recall_lists(f, err);
}

static bool run_all(struct fit *f, struct err *err)
{
	bool again = f->r->refit && f->watches && f->iterates;

	if (!use_matrix(f, f->r->refit && !again, err) || !begin_model(f, err))
		return false;
	f->epoch.n = f->r->epochs;
	if (!run_watched(f, err))
		return false;
	return !again || !f->at.best_epoch || run_again(f, err);
}

static void fill_result(struct fit *f)
{
	struct fit_result *out = f->out;

	out->best = f->at.best;
	out->best_epoch = f->at.best_epoch;
	out->best_metric = f->best_metric;
	out->epochs = out->curves.n ? out->curves.point[out->curves.n - 1].epoch : 0;
	out->seconds = f->seconds_before + clock_now() - f->started;
	out->bytes = out->best ? out->best->ops->held(out->best->model) : 0;
}

bool fit_run(const struct fit_request *r, const struct task *task, struct fit_result *out, struct err *err)
{
	struct fit f = { .r = r, .outer = task, .best_metric = NAN, .started = clock_now(), .out = out };
	struct err ignored;
	bool done;

	*out = (struct fit_result){ .best_metric = NAN };
	curves_init(&out->curves);
	f.at.curves = &out->curves;
	f.state_saved = f.started;
	f.epoch.whole = task;
	f.in_epoch = task_of_part(&f.epoch);
	f.between = (struct task){ task->keep_going, NULL, task->ctx, task->pool };
	f.iterates = r->ops->caps & MODEL_ITERATIVE;
	f.watches = r->valid_every && r->split->n_valid && (f.iterates || !r->refit);
	done = run_all(&f, err);
	if (!done && err->code == ERR_CANCELLED) {
		out->stopped = FIT_CANCELLED;
		done = true;
	}
	/* After a failure the last good state still goes to disk; its own failure would hide the cause. */
	if (!write_kept_state(&f, done ? err : &ignored))
		done = false;
	fill_result(&f);
	if (f.at.model)
		r->ops->destroy(f.at.model);
	csr_done(&f.xt);
	mem_free(f.state.bytes);
	epoch_lists_unref(f.lists);
	return done;
}

void fit_result_done(struct fit_result *r)
{
	snapshot_unref(r->best);
	curves_done(&r->curves);
	*r = (struct fit_result){ 0 };
}

const struct snapshot *fit_best(const struct fit_request *r, const struct task *task, double *seconds, struct err *err)
{
	const struct snapshot *best = NULL;
	struct fit_result fit;

	if (fit_run(r, task, &fit, err) && (fit.stopped != FIT_CANCELLED || task_cancelled(err)))
		best = snapshot_ref(fit.best);
	if (best && seconds)
		*seconds = fit.seconds;
	fit_result_done(&fit);
	return best;
}
