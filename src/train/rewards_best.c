/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rewards_best.c - the best model against popularity, and against itself trained on half of the events: see rewards.h. */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "eval/interval.h"
#include "model/registry.h"
#include "train/rewards.h"

struct against {
	const struct eval_result *with, *without;
	int metric;
	unsigned at, at_without; /* which of the ks */
};

/* Both are of the same users. */
static bool judge(const struct against *g, uint64_t seed, const struct task *task, struct reward *r, struct err *err)
{
	const float *a = g->with->per_user[g->metric][g->at], *b = g->without->per_user[g->metric][g->at_without];
	size_t n = g->with->n_users;
	float *gain = mem_alloc(n + 1, sizeof(*gain), err);
	bool good;

	if (!gain)
		return false;
	for (size_t u = 0; u < n; u++)
		gain[u] = a[u] - b[u];
	r->with = g->with->value[g->metric][g->at];
	r->without = g->without->value[g->metric][g->at_without];
	r->n = n;
	good = interval_mean(gain, n, seed, task, &r->low, &r->high) || task_cancelled(err);
	mem_free(gain);
	r->told = reward_judge(r, REWARDS_MARGIN);
	return good;
}

static struct eval_options options(const struct eval_result *best, unsigned at)
{
	struct eval_options o = best->options;

	o.n_k = 1;
	o.k[0] = best->options.k[at];
	o.slice = SLICE_NONE;
	return o;
}

static bool measure_taste(const struct eval_result *best, int metric, unsigned at, const struct fit_request *r,
			  const struct task *task, struct reward *out, struct err *err)
{
	struct eval_options o = options(best, at);
	double low, high, best_low, best_high;
	char verdict[48];
	const struct snapshot *s;
	struct fit_request ask;
	struct eval_result *e;
	bool good;

	fit_request_init(&ask, model_find("popularity", err));
	ask.data = r->data;
	ask.split = r->split;
	ask.seed = r->seed;
	s = fit_best(&ask, task, NULL, err);
	e = s ? eval_run(s, r->split, &o, task, err) : NULL;
	snapshot_unref(s);
	good = e && judge(&(struct against){ best, e, metric, at, 0 }, r->seed, task, out, err) &&
	       ((interval_mean(e->per_user[metric][0], e->n_users, r->seed, task, &low, &high) &&
		 interval_mean(best->per_user[metric][at], best->n_users, r->seed, task, &best_low, &best_high)) ||
		task_cancelled(err));
	if (good)
		snprintf(out->text, sizeof(out->text), "Taste: %s: %s has %s@%u %.4f [%.4f, %.4f], popularity alone %.4f [%.4f, %.4f], "
			 "%.0f%% of it (by chance %.4f); gain [%+.0f%%, %+.0f%%], %zu users.", reward_verdict(out, verdict), best->run,
			 metric_table[metric].name, (unsigned)o.k[0], out->with, best_low, best_high, out->without, low, high,
			 100 * out->without / out->with, best->by_chance[metric][at], 100 * out->low / out->without,
			 100 * out->high / out->without, out->n);
	eval_result_free(e);
	return good;
}

/* Trained on half of the events, and asked like the one that was trained on all. */
static struct eval_result *ask_half(const struct fit_request *r, const struct eval_options *o, const struct task *task, struct err *err)
{
	const struct split *half = split_thin(r->split, 0.5, r->seed, task, err);
	const struct snapshot *s = NULL;
	struct eval_result *e;

	if (half) {
		const struct fit_request again = fit_request_on(r, half);

		s = fit_best(&again, task, NULL, err);
	}
	e = s ? eval_run(s, half, o, task, err) : NULL;
	snapshot_unref(s);
	split_unref(half);
	return e;
}

static bool measure_events(const struct eval_result *best, int metric, unsigned at, const struct fit_request *r,
			   const struct snapshot *whole, const struct rewards_curve *curve, const struct task *task,
			   struct reward *out, struct err *err)
{
	struct eval_options o = options(best, at);
	const bool known = curve->half && curve->all;
	struct eval_result *with, *without;
	char verdict[48];
	bool good;

	o.fold_in = true;
	with = known ? NULL : eval_run(whole, r->split, &o, task, err);
	without = with ? ask_half(r, &o, task, err) : NULL;
	good = (known || without) &&
	       judge(&(struct against){ known ? curve->all : with, known ? curve->half : without, metric, 0, 0 }, r->seed, task, out, err);
	if (good)
		snprintf(out->text, sizeof(out->text), "More events: %s: %s@%u of %s %.4f trained on all, %.4f on half of them; gain "
			 "%+.0f%% [%+.0f%%, %+.0f%%], %zu users.", reward_verdict(out, verdict), metric_table[metric].name, (unsigned)o.k[0], best->run,
			 out->with, out->without, 100 * (out->with / out->without - 1), 100 * out->low / out->without,
			 100 * out->high / out->without, out->n);
	eval_result_free(with);
	eval_result_free(without);
	return good;
}

bool rewards_of_best(const struct eval_result *best, int metric, unsigned at, const struct fit_request *r,
		     const struct snapshot *s, const struct rewards_curve *curve, const struct task *task, struct rewards *out,
		     struct err *err)
{
	return measure_taste(best, metric, at, r, task, &out->of[REWARD_TASTE], err) &&
	       measure_events(best, metric, at, r, s, curve, task, &out->of[REWARD_EVENTS], err);
}
