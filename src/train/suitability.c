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
	for (unsigned k = 1; k < p->folds; k++) {
		p->anew[k] = split_anew(split, k, task, err);
		if (!p->anew[k])
			return false;
	}
	if (p->noise > 0)
		p->noisy = split_noisy(split, p->noise, p->seed, task, err);
	if (p->noise > 0 && !p->noisy)
		return false;
	if (p->cold && !split->cold_items)
		p->cold_items = split_make(split->data, "cold-items", NULL, p->seed, task, err);
	return !p->cold || split->cold_items || p->cold_items;
}

void suit_plan_done(struct suit_plan *p)
{
	for (size_t k = 0; k < p->n_shares; k++)
		split_unref(p->thin[k]);
	for (unsigned k = 1; k < p->folds; k++)
		split_unref(p->anew[k]);
	split_unref(p->noisy);
	split_unref(p->cold_items);
	*p = (struct suit_plan){ 0 };
}

/* --- slices ----------------------------------------------------------------------------------------------- */

static struct eval_options options(const struct suit_plan *p, const struct split *split)
{
	struct eval_options o;

	eval_options_for(&o, split);
	o.seed = p->seed;
	o.n_k = 1;
	o.k[0] = p->k;
	return o;
}

static struct eval_result *measure_slices(const struct suit_plan *p, const struct snapshot *s, const struct split *split,
					  enum slice slice, const struct task *task, struct err *err)
{
	struct eval_options o = options(p, split);

	o.slice = slice;
	o.slice_values = 1 + (unsigned)p->metric;
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

/* A model that cannot be rounded on these data has no row in int8; that is no failure. */
static bool measure_packed(const struct snapshot *s, const struct split *split, const struct task *task,
			   struct suit *out, struct err *err)
{
	const struct snapshot *packed;
	bool good;

	if (!s->ops->pack || s->precision != PRECISION_F32)
		return true;
	packed = snapshot_pack(s, PRECISION_INT8, err);
	if (!packed)
		return err->code != ERR_NOMEM && err->code != ERR_CANCELLED;
	good = packed_cost_measure(s, packed, split, task, &out->packed, err);
	out->has_packed = good;
	snapshot_unref(packed);
	return good;
}

/* --- trained again ------------------------------------------------------------------------------------------ */

static const struct snapshot *fit_on(const struct fit_request *r, const struct split *split, const struct task *task,
				     double *seconds, struct err *err)
{
	const struct fit_request again = fit_request_on(r, split);

	return fit_best(&again, task, seconds, err);
}

enum asked { AS_TRAINED, FOLDED_IN, SEEN_KEPT };

static struct eval_result *ask(const struct suit_plan *p, const struct snapshot *s, const struct split *split,
			       enum asked how, const struct task *task, struct err *err)
{
	struct eval_options o = options(p, split);

	o.fold_in = how == FOLDED_IN;
	o.keep_seen = how == SEEN_KEPT;
	return eval_run(s, split, &o, task, err);
}

/* user: the users' values are given away with it, NULL: not wanted. */
struct users_values { float *v; size_t n; };

static bool ask_metric(const struct suit_plan *p, const struct snapshot *s, const struct split *split, enum asked how,
		       const struct task *task, double *out, struct users_values *user, struct err *err)
{
	struct eval_result *e = ask(p, s, split, how, task, err);

	if (!e)
		return false;
	*out = e->value[p->metric][0];
	if (user) {
		*user = (struct users_values){ e->per_user[p->metric][0], e->n_users };
		e->per_user[p->metric][0] = NULL;
	}
	eval_result_free(e);
	return true;
}

static bool ask_on(const struct suit_plan *p, const struct fit_request *r, const struct split *split, const struct task *task,
		   struct eval_result **out, double *seconds, struct err *err)
{
	const struct snapshot *s = fit_on(r, split, task, seconds, err);

	*out = s ? ask(p, s, split, FOLDED_IN, task, err) : NULL;
	snapshot_unref(s);
	return *out != NULL;
}

static bool measure_on(const struct suit_plan *p, const struct fit_request *r, const struct split *split, enum asked how,
		       const struct task *task, double *out, struct users_values *user, double *seconds, struct err *err)
{
	const struct snapshot *s = fit_on(r, split, task, seconds, err);
	bool good = s && ask_metric(p, s, split, how, task, out, user, err);

	snapshot_unref(s);
	return good;
}

/* Appetite for data, and what noise does: the run itself stands beside both, asked in the same way. */
static bool measure_shares(const struct suit_plan *p, const struct fit_request *r, const struct snapshot *s,
			   const struct split *split, const struct task *task, struct suit *out, struct err *err)
{
	struct users_values noisy = { NULL, 0 };
	bool good;

	if (!p->n_shares && !p->noisy)
		return true;
	for (size_t k = 0; k < p->n_shares; k++) {
		struct eval_result *e;

		if (!ask_on(p, r, p->thin[k], task, &e, &out->share_seconds[k], err))
			return false;
		out->share_value[k] = e->value[p->metric][0];
		if (fabs(p->share[k] - 0.5) < 1e-9)
			out->of_half = e;
		else
			eval_result_free(e);
	}
	out->of_all = ask(p, s, split, FOLDED_IN, task, err);
	if (!out->of_all)
		return false;
	out->share_value[p->n_shares] = out->of_all->value[p->metric][0];
	out->clean_user = out->of_all->per_user[p->metric][0];
	if (!p->noisy)
		return true;
	good = measure_on(p, r, p->noisy, FOLDED_IN, task, &out->noise_value, &noisy, NULL, err);
	out->noise_user = noisy.v;
	out->n_noise = noisy.n == out->of_all->n_users ? noisy.n : 0;
	return good;
}

static bool measure_cold_items(const struct suit_plan *p, const struct fit_request *r, const struct snapshot *s,
			       const struct task *task, struct suit *out, struct err *err)
{
	struct users_values user = { NULL, 0 };
	bool good;

	if (!p->cold_items || !(model_caps(s->model) & MODEL_RANKS_COLD))
		return true;
	good = measure_on(p, r, p->cold_items, AS_TRAINED, task, &out->cold_value, &user, NULL, err);
	out->cold_user = user.v;
	out->n_cold = user.n;
	return good;
}

static bool measure_repeats(const struct suit_plan *p, const struct snapshot *s, const struct split *split,
			    const struct task *task, struct suit *out, struct err *err)
{
	return !split->repeats || ask_metric(p, s, split, SEEN_KEPT, task, &out->repeats, NULL, err);
}

/* --- folds -------------------------------------------------------------------------------------------------- */

struct pool_of_users { double *sum; uint32_t *n; };

static void pool_in(const struct suit_plan *p, const struct eval_result *e, struct pool_of_users *pool)
{
	const float *v = e->per_user[p->metric][0];

	for (size_t i = 0; i < e->n_users; i++)
		if (!isnan(v[i])) {
			pool->sum[e->user[i]] += (double)v[i];
			pool->n[e->user[i]]++;
		}
}

static void pool_out(const struct pool_of_users *pool, uint32_t n_users, struct suit *out)
{
	double sum = 0;

	for (uint32_t u = 0; u < n_users; u++)
		if (pool->n[u]) {
			out->pooled[out->n_pooled] = (float)(pool->sum[u] / pool->n[u]);
			sum += (double)out->pooled[out->n_pooled++];
		}
	out->pooled_mean = out->n_pooled ? sum / (double)out->n_pooled : NAN;
}

/* s: on the split at hand, k 0; else NULL, and trained here. */
static bool measure_fold(const struct suit_plan *p, const struct fit_request *r, const struct snapshot *s, unsigned k,
			 const struct split *split, const struct task *task, struct pool_of_users *pool, struct suit *out,
			 struct err *err)
{
	const struct snapshot *of = s ? snapshot_ref(s) : fit_on(r, split, task, NULL, err);
	struct eval_result *e = of ? ask(p, of, split, AS_TRAINED, task, err) : NULL;

	if (e) {
		out->fold_value[k] = e->value[p->metric][0];
		pool_in(p, e, pool);
	}
	eval_result_free(e);
	snapshot_unref(of);
	return e != NULL;
}

static bool measure_folds(const struct suit_plan *p, const struct fit_request *r, const struct snapshot *s,
			  const struct split *split, const struct task *task, struct suit *out, struct err *err)
{
	uint32_t n = split->data->n_users;
	struct pool_of_users pool = { 0 };
	bool good = true;

	if (p->folds < 2)
		return true;
	pool.sum = mem_zeroed((size_t)n + 1, sizeof(*pool.sum), err);
	pool.n = pool.sum ? mem_zeroed((size_t)n + 1, sizeof(*pool.n), err) : NULL;
	out->pooled = pool.n ? mem_alloc((size_t)n + 1, sizeof(*out->pooled), err) : NULL;
	good = out->pooled != NULL;
	for (unsigned k = 0; good && k < p->folds; k++)
		good = measure_fold(p, r, k ? NULL : s, k, k ? p->anew[k] : split, task, &pool, out, err);
	if (good)
		pool_out(&pool, n, out);
	mem_free(pool.sum);
	mem_free(pool.n);
	return good;
}

/* --- all -------------------------------------------------------------------------------------------------- */

const char *const suit_part_name[N_SUIT_PARTS] = { "slices", "times", "int8", "explained", "shares", "repeats", "cold_items",
						   "folds" };

static bool measure_part(enum suit_part part, const struct suit_plan *p, const struct fit_request *r, const struct snapshot *s,
			 const struct split *split, const struct task *task, struct suit *out, struct err *err)
{
	const struct audit_options audit = { .users = p->users, .k = p->k, .seed = p->seed, .no_removal = true };

	switch (part) {
	case SUIT_SLICES:
		out->history = measure_slices(p, s, split, SLICE_HISTORY, task, err);
		out->popularity = out->history ? measure_slices(p, s, split, SLICE_POPULARITY, task, err) : NULL;
		return out->popularity != NULL;
	case SUIT_TIMES: return measure_times(p, s, split, task, out, err);
	case SUIT_INT8: return measure_packed(s, split, task, out, err);
	case SUIT_EXPLAINED: return audit_run(s, split, &audit, task, &out->audit, err);
	case SUIT_SHARES: return measure_shares(p, r, s, split, task, out, err);
	case SUIT_REPEATS: return measure_repeats(p, s, split, task, out, err);
	case SUIT_COLD_ITEMS: return measure_cold_items(p, r, s, task, out, err);
	case SUIT_FOLDS: return measure_folds(p, r, s, split, task, out, err);
	default: return true;
	}
}

bool suit_measure(const struct suit_plan *p, const struct fit_request *r, const struct snapshot *s, double seconds,
		  const struct split *split, const struct task *task, struct suit *out, struct err *err)
{
	bool good = true;

	*out = (struct suit){ .ms_p50 = NAN, .ms_p99 = NAN, .noise_value = NAN, .repeats = NAN,
			      .cold_value = NAN };
	for (size_t k = 0; k <= VERDICT_SHARES; k++)
		out->share_value[k] = out->share_seconds[k] = NAN;
	out->share_seconds[p->n_shares] = seconds;
	for (int part = 0; good && part < N_SUIT_PARTS; part++) {
		double began = clock_now();

		good = measure_part((enum suit_part)part, p, r, s, split, task, out, err);
		out->took[part] = clock_now() - began;
	}
	return good;
}

void suit_done(struct suit *s)
{
	eval_result_free(s->history);
	eval_result_free(s->popularity);
	eval_result_free(s->of_half);
	eval_result_free(s->of_all);
	mem_free(s->pooled);
	mem_free(s->cold_user);
	mem_free(s->noise_user);
	*s = (struct suit){ 0 };
}
