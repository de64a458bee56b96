/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tune.c - the loop over trials, and who goes on at a rung. */
#include "train/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

void tune_trials_done(struct tune_trials *t)
{
	free(t->trial);
	*t = (struct tune_trials){ 0 };
}

static bool better(double a, double b, bool higher)
{
	return !isnan(a) && (isnan(b) || (higher ? a > b : a < b));
}

void tune_trials_add(struct tune_trials *t, const struct tune_trial *trial, bool higher_better)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 16;
		t->trial = mem_must(realloc(t->trial, t->cap * sizeof(*t->trial)));
	}
	t->trial[t->n] = *trial;
	if (better(trial->valid, t->has_best ? t->trial[t->best].valid : NAN, higher_better)) {
		t->best = t->n;
		t->has_best = true;
	}
	t->n++;
}

/* --- kept ------------------------------------------------------------------------------------------------- */

json_t *tune_trial_to_json(const struct tune_trial *t, size_t number)
{
	json_t *rungs = mem_must(json_array());

	for (size_t k = 0; k < TUNE_RUNGS; k++)
		if (json_array_append_new(rungs, json_number(t->at_rung[k])) != 0)
			mem_must(NULL);
	return mem_must(json_pack("{s:I,s:o,s:o,s:I,s:I,s:s,s:s,s:o,s:o}", "trial", (json_int_t)number, "params",
				  params_to_json(&t->params), "valid", json_number(t->valid), "epochs",
				  (json_int_t)t->epochs, "best_epoch", (json_int_t)t->best_epoch, "stopped", t->stopped,
				  "failure", t->failure, "seconds", json_number(t->seconds), "rungs", rungs));
}

static double real_of(const json_t *v)
{
	return json_is_number(v) ? json_number_value(v) : NAN;
}

bool tune_trial_from_json(struct tune_trial *t, const struct param_spec *specs, const json_t *j, struct err *err)
{
	const char *stopped = json_string_value(json_object_get(j, "stopped"));
	const char *failure = json_string_value(json_object_get(j, "failure"));
	const json_t *rungs = json_object_get(j, "rungs");
	json_int_t epochs = json_integer_value(json_object_get(j, "epochs"));
	json_int_t best = json_integer_value(json_object_get(j, "best_epoch"));

	*t = (struct tune_trial){ .valid = real_of(json_object_get(j, "valid")),
				  .seconds = real_of(json_object_get(j, "seconds")) };
	if (!stopped || !failure || json_array_size(rungs) != TUNE_RUNGS || epochs < 0 || epochs > UINT32_MAX ||
	    best < 0 || best > UINT32_MAX)
		return err_set(err, ERR_SYNTAX, "a trial of its tuning is damaged");
	t->epochs = (uint32_t)epochs;
	t->best_epoch = (uint32_t)best;
	snprintf(t->stopped, sizeof(t->stopped), "%s", stopped);
	snprintf(t->failure, sizeof(t->failure), "%s", failure);
	for (size_t k = 0; k < TUNE_RUNGS; k++)
		t->at_rung[k] = real_of(json_array_get(rungs, k));
	params_init(&t->params, specs);
	return params_from_json(&t->params, json_object_get(j, "params"), err);
}

/* --- rungs ------------------------------------------------------------------------------------------------ */

struct climb {
	const struct tune_trials *others;
	struct tune_trial *trial;
	bool higher, pruned, late;
	double deadline;                   /* clock_now(); 0: none */
};

static uint64_t rung_epoch(size_t rung)
{
	return (uint64_t)TUNE_FIRST_RUNG << rung;
}

static double best_until(const struct curves *c, bool higher)
{
	double best = NAN;

	for (size_t i = 0; i < c->n; i++)
		if (better(c->point[i].valid, best, higher))
			best = c->point[i].valid;
	return best;
}

/* Among all that came to this rung, it included, it is in the upper half. */
static bool keeps_up(const struct climb *c, size_t rung)
{
	double mine = c->trial->at_rung[rung];
	size_t n = 1, ahead = 0;

	for (size_t i = 0; i < c->others->n; i++) {
		double other = c->others->trial[i].at_rung[rung];

		if (isnan(other))
			continue;
		n++;
		ahead += better(other, mine, c->higher);
	}
	return !isnan(mine) && ahead < (n + 1) / 2;
}

static bool is_enough(void *ctx, const struct curves *curves)
{
	struct climb *c = ctx;
	uint32_t epoch = curves->point[curves->n - 1].epoch;

	for (size_t k = 0; k < TUNE_RUNGS; k++) {
		if (rung_epoch(k) != epoch)
			continue;
		c->trial->at_rung[k] = best_until(curves, c->higher);
		c->pruned = !keeps_up(c, k);
	}
	c->late = c->deadline > 0 && clock_now() >= c->deadline;
	return c->pruned || c->late;
}

/* --- one trial -------------------------------------------------------------------------------------------- */

struct search {
	const struct tune_plan *plan;
	struct task_part part; /* the trial under way */
};

/* A trial that ended by itself stands at the rungs it no longer came to with what it reached. */
static void end_rungs(struct tune_trial *t)
{
	for (size_t k = 0; k < TUNE_RUNGS; k++)
		if (rung_epoch(k) >= t->epochs)
			t->at_rung[k] = t->valid;
}

static void fail(struct tune_trial *t, const struct err *err)
{
	t->valid = NAN;
	snprintf(t->stopped, sizeof(t->stopped), "failed");
	snprintf(t->failure, sizeof(t->failure), "%.*s", (int)sizeof(t->failure) - 1, err->msg);
}

static void note(struct tune_trial *t, const struct fit_result *f, const struct climb *c)
{
	const char *why = c->pruned ? "pruned" : c->late ? "time" : fit_stopped_text[f->stopped];

	t->valid = f->best_metric;
	t->epochs = f->epochs;
	t->best_epoch = f->best_epoch;
	t->seconds = f->seconds;
	snprintf(t->stopped, sizeof(t->stopped), "%s", why);
	if (!c->pruned && !c->late)
		end_rungs(t);
}

static bool survivable(const struct err *err)
{
	return err->code == ERR_NUMERIC || err->code == ERR_NOMEM || err->code == ERR_RANGE || err->code == ERR_UNSUPPORTED;
}

/* False: the search ends, cancelled or broken.  *out is the trial's model where there is one. */
static bool run_trial(struct search *s, struct fit_request *r, const struct tune_trials *trials, double deadline,
		      struct tune_trial *t, struct fit_result *out, struct err *err)
{
	const struct task trial = task_of_part(&s->part);
	const uint32_t number = (uint32_t)s->part.at;
	struct climb c = { .others = trials, .trial = t, .deadline = deadline,
			   .higher = metric_table[r->metric].higher_better };
	bool good;

	*t = (struct tune_trial){ .valid = NAN };
	for (size_t k = 0; k < TUNE_RUNGS; k++)
		t->at_rung[k] = NAN;
	if (s->plan->method == TUNE_GRID)
		tune_draw_grid(s->plan->space, s->plan->seed, number, &t->params);
	else
		tune_draw_random(s->plan->space, s->plan->seed, number, &t->params);
	r->params = t->params;
	fit_request_follow(r);
	r->is_enough = is_enough;
	r->enough_ctx = &c;
	*out = (struct fit_result){ .best_metric = NAN };
	good = fit_fits_in_memory(r, task_slots(&trial), err) && fit_run(r, &trial, out, err);
	if (good && out->stopped == FIT_CANCELLED)
		return task_cancelled(err);
	if (!good && !survivable(err))
		return false;
	note(t, out, &c);
	if (!good)
		fail(t, err);
	return true;
}

bool tune_run(const struct tune_plan *plan, struct fit_request *r, struct tune_trials *trials, const struct task *task,
	      bool *cancelled, struct err *err)
{
	struct search s = { .plan = plan, .part = { .whole = task, .n = plan->trials } };
	double deadline = plan->seconds > 0 ? clock_now() + plan->seconds : 0;

	*cancelled = false;
	while (trials->n < plan->trials && !(deadline > 0 && clock_now() >= deadline)) {
		struct tune_trial t;
		struct fit_result fit;
		bool good;

		s.part.at = trials->n;
		good = run_trial(&s, r, trials, deadline, &t, &fit, err);
		if (good) {
			tune_trials_add(trials, &t, metric_table[r->metric].higher_better);
			plan->on_trial(plan->ctx, trials,
				       trials->has_best && trials->best == trials->n - 1 ? &fit : NULL);
		}
		fit_result_done(&fit);
		*cancelled = !good && err->code == ERR_CANCELLED;
		if (!good)
			return *cancelled;
	}
	return trials->has_best || !trials->n ||
	       err_set(err, ERR_NUMERIC, "no trial could be trained; the last one: %s", trials->trial[trials->n - 1].failure);
}

/* --- effects ---------------------------------------------------------------------------------------------- */

static size_t group_of(const struct tune_axis *a, const struct param_value *v)
{
	double share;

	for (size_t k = 0; k < a->n; k++)
		if (!strcmp(a->value[k], v->text))
			return k;
	share = a->by_factors ? log(v->num / a->lo) / log(a->hi / a->lo) : (v->num - a->lo) / (a->hi - a->lo);
	return share < 1.0 / 3 ? 0 : share < 2.0 / 3 ? 1 : 2;
}

static double bound_of(const struct tune_axis *a, size_t third)
{
	double share = (double)third / 3;

	return a->by_factors ? a->lo * pow(a->hi / a->lo, share) : a->lo + (a->hi - a->lo) * share;
}

static void name_group(const struct tune_axis *a, size_t k, struct tune_group *g)
{
	if (a->n)
		snprintf(g->name, sizeof(g->name), "%s", a->value[k]);
	else
		snprintf(g->name, sizeof(g->name), "%.3g..%.3g", bound_of(a, k), bound_of(a, k + 1));
}

static void effect_of(const struct tune_axis *a, const struct tune_trials *trials, bool higher, struct tune_effect *e)
{
	size_t groups = a->n ? a->n : 3, kept = 0;
	double least = INFINITY, most = -INFINITY;

	*e = (struct tune_effect){ .param = a->param };
	for (size_t k = 0; k < groups && kept < PARAM_MAX; k++) {
		struct tune_group *g = &e->group[kept];
		double sum = 0;

		*g = (struct tune_group){ .best = NAN };
		for (size_t i = 0; i < trials->n; i++) {
			const struct tune_trial *t = &trials->trial[i];

			if (isnan(t->valid) || group_of(a, &t->params.v[a->param]) != k)
				continue;
			g->n++;
			sum += t->valid;
			if (better(t->valid, g->best, higher))
				g->best = t->valid;
		}
		if (!g->n)
			continue;
		name_group(a, k, g);
		g->mean = sum / (double)g->n;
		least = fmin(least, g->mean);
		most = fmax(most, g->mean);
		kept++;
	}
	e->n = kept;
	e->spread = kept ? most - least : 0;
}

void tune_effects(const struct tune_space *space, const struct tune_trials *trials, bool higher_better,
		  struct tune_effect *out)
{
	for (size_t k = 0; k < space->n; k++) {
		struct tune_effect e;
		size_t at = k;

		effect_of(&space->axis[k], trials, higher_better, &e);
		for (; at > 0 && out[at - 1].spread < e.spread; at--)
			out[at] = out[at - 1];
		out[at] = e;
	}
}
