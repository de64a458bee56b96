/* SPDX-License-Identifier: GPL-3.0-or-later */
/* suitability.c - the measurements of suitability.h, one after the other. */
#include "train/suitability.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "eval/rank_lists.h"

/* --- the plan --------------------------------------------------------------------------------------------- */

bool suit_plan_splits(struct suit_plan *p, const struct split *split, const struct task *task, struct err *err)
{
	for (size_t k = 0; k < p->n_shares; k++) {
		p->thin[k] = split_thin(split, p->share[k], p->seed, task, err);
		if (!p->thin[k])
			return false;
	}
	return true;
}

void suit_plan_done(struct suit_plan *p)
{
	for (size_t k = 0; k < p->n_shares; k++)
		split_unref(p->thin[k]);
	*p = (struct suit_plan){ 0 };
}

/* --- slices ----------------------------------------------------------------------------------------------- */

static struct eval_result *measure_slices(const struct suit_plan *p, const struct snapshot *s, const struct split *split,
					  enum slice slice, const struct task *task, struct err *err)
{
	struct eval_options o;

	eval_options_for(&o, split);
	o.seed = p->seed;
	o.slice = slice;
	o.n_k = 1;
	o.k[0] = p->k;
	return eval_run(s, split, &o, task, err);
}

/* --- one user at a time ----------------------------------------------------------------------------------- */

struct one_user {
	const struct snapshot *s;
	const struct split *split;
	struct history_buf buf;
	uint32_t user;
};

static bool give_user(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	struct one_user *one = ctx;

	(void)i, (void)slot;
	return history_query(one->s, one->split, one->user, false, &one->buf, out, err);
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nearest rank: the least time that a share of all do not exceed. */
static double percentile(const double *sorted, size_t n, double share)
{
	size_t at = (size_t)ceil(share * (double)n);

	return n ? sorted[at ? at - 1 : 0] : NAN;
}

static bool measure_times(const struct suit_plan *p, const struct snapshot *s, const struct split *split,
			  const struct task *task, struct suit *out, struct err *err)
{
	const struct task alone = { task->keep_going, task->progress, task->ctx, NULL };
	struct one_user one = { .s = s, .split = split };
	struct rank_options o = { .k = p->k };
	struct rng r = rng_stream(p->seed, "suitability", 0, 0);
	double *ms = mem_alloc(p->users + 1, sizeof(*ms), err);
	bool good = ms != NULL;
	size_t n = 0;

	for (uint32_t i = 0; good && i < p->users && split->data->n_users; i++) {
		struct ranked_lists lists = { 0 };
		double began = clock_now();

		one.user = rng_below(&r, split->data->n_users);
		good = rank_lists(s->model, split->data->n_items, give_user, &one, 1, &o, &alone, &lists, err);
		if (good && i) /* the first one warms up */
			ms[n++] = 1000 * (clock_now() - began);
		ranked_lists_done(&lists);
	}
	if (good) {
		qsort(ms, n, sizeof(*ms), by_time);
		out->ms_p50 = percentile(ms, n, 0.5);
		out->ms_p99 = percentile(ms, n, 0.99);
	}
	history_buf_done(&one.buf);
	mem_free(ms);
	return good;
}

/* --- fewer bits ------------------------------------------------------------------------------------------- */

static bool measure_packed(const struct snapshot *s, const struct split *split, const struct task *task,
			   struct suit *out, struct err *err)
{
	const struct snapshot *packed;
	bool good;

	if (!s->ops->pack || s->precision != PRECISION_F32)
		return true;
	packed = snapshot_pack(s, PRECISION_INT8, err);
	good = packed && packed_cost_measure(s, packed, split, task, &out->packed, err);
	out->has_packed = good;
	snapshot_unref(packed);
	return good;
}

/* --- appetite for data ------------------------------------------------------------------------------------ */

static bool folded_metric(const struct suit_plan *p, const struct snapshot *s, const struct split *split,
			  const struct task *task, double *out, struct err *err)
{
	struct eval_options o;
	struct eval_result *e;

	eval_options_for(&o, split);
	o.seed = p->seed;
	o.fold_in = true;
	o.n_k = 1;
	o.k[0] = p->k;
	e = eval_run(s, split, &o, task, err);
	if (!e)
		return false;
	*out = e->value[p->metric][0];
	eval_result_free(e);
	return true;
}

static bool measure_share(const struct suit_plan *p, const struct fit_request *r, const struct split *thin,
			  const struct task *task, double *out, struct err *err)
{
	struct fit_request again = *r;
	struct fit_result fit;
	bool good;

	again.split = thin;
	again.on_epoch = NULL;
	again.is_enough = NULL;
	again.save_dir = again.resume_dir = NULL;
	good = fit_run(&again, task, &fit, err);
	if (good && fit.stopped == FIT_CANCELLED)
		good = task_cancelled(err);
	else if (good)
		good = folded_metric(p, fit.best, thin, task, out, err);
	fit_result_done(&fit);
	return good;
}

static bool measure_shares(const struct suit_plan *p, const struct fit_request *r, const struct snapshot *s,
			   const struct split *split, const struct task *task, struct suit *out, struct err *err)
{
	if (!p->n_shares)
		return true;
	for (size_t k = 0; k < p->n_shares; k++)
		if (!measure_share(p, r, p->thin[k], task, &out->share_value[k], err))
			return false;
	return folded_metric(p, s, split, task, &out->share_value[p->n_shares], err);
}

/* --- all -------------------------------------------------------------------------------------------------- */

bool suit_measure(const struct suit_plan *p, const struct fit_request *r, const struct snapshot *s,
		  const struct split *split, const struct task *task, struct suit *out, struct err *err)
{
	const struct audit_options audit = { .users = p->users, .k = p->k, .seed = p->seed };

	*out = (struct suit){ .ms_p50 = NAN, .ms_p99 = NAN };
	for (size_t k = 0; k <= VERDICT_SHARES; k++)
		out->share_value[k] = NAN;
	out->history = measure_slices(p, s, split, SLICE_HISTORY, task, err);
	out->popularity = out->history ? measure_slices(p, s, split, SLICE_POPULARITY, task, err) : NULL;
	return out->popularity && measure_times(p, s, split, task, out, err) &&
	       measure_packed(s, split, task, out, err) && audit_run(s, split, &audit, task, &out->audit, err) &&
	       measure_shares(p, r, s, split, task, out, err);
}

void suit_done(struct suit *s)
{
	eval_result_free(s->history);
	eval_result_free(s->popularity);
	*s = (struct suit){ 0 };
}
