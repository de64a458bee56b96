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
	return mem_must(json_pack("{s:I,s:o,s:o,s:o,s:o,s:I,s:I,s:s,s:s,s:o,s:o}", "trial", (json_int_t)number, "params",
				  params_to_json(&t->params), "valid", json_number(t->valid), "gain",
				  json_number(t->gain), "gain_error", json_number(t->gain_error), "epochs",
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
				  .gain = real_of(json_object_get(j, "gain")),
				  .gain_error = real_of(json_object_get(j, "gain_error")),
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
	struct fit_request *r;         /* settings of the trial under way */
	struct tune_trials *trials;
	double deadline, finals_from;  /* clock_now(); 0: none */
	struct task_part part;         /* the trial under way, then each training of the finals */
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
	t->valid = t->gain = t->gain_error = NAN;
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

/* One training, with the memory for it asked first; cancelled is a failure. */
static bool train(const struct fit_request *r, const struct task *task, struct fit_result *out, struct err *err)
{
	*out = (struct fit_result){ .best_metric = NAN };
	return fit_fits_in_memory(r, task_slots(task), err) && fit_run(r, task, out, err) &&
	       (out->stopped != FIT_CANCELLED || task_cancelled(err));
}

static void draw(const struct tune_plan *plan, uint32_t number, struct params *out)
{
	if (plan->method == TUNE_GRID)
		tune_draw_grid(plan->space, plan->seed, number, out);
	else
		tune_draw_random(plan->space, plan->seed, number, out);
}

/* False: the search ends, cancelled or broken.  *out is the trial's model where there is one. */
static bool run_trial(struct search *s, struct tune_trial *t, struct fit_result *out, struct err *err)
{
	const struct task trial = task_of_part(&s->part);
	struct climb c = { .others = s->trials, .trial = t, .deadline = s->finals_from,
			   .higher = metric_table[s->r->metric].higher_better };
	struct fit_request on = *s->r;
	bool good;

	*t = (struct tune_trial){ .params = s->r->params, .valid = NAN, .gain = NAN, .gain_error = NAN };
	for (size_t k = 0; k < TUNE_RUNGS; k++)
		t->at_rung[k] = NAN;
	on.is_enough = is_enough;
	on.enough_ctx = &c;
	good = train(&on, &trial, out, err);
	if (!good && !survivable(err))
		return false;
	if (good)
		note(t, out, &c);
	else
		fail(t, err);
	return true;
}

static bool run_trials(struct search *s, struct err *err)
{
	struct tune_trials *trials = s->trials;

	while (trials->n < s->plan->trials && !(s->finals_from > 0 && clock_now() >= s->finals_from)) {
		struct fit_result fit = { 0 };
		struct tune_trial t;
		bool good;

		s->part.at = trials->n;
		draw(s->plan, (uint32_t)trials->n, &s->r->params);
		fit_request_follow(s->r);
		good = run_trial(s, &t, &fit, err);
		if (good) {
			tune_trials_add(trials, &t, metric_table[s->r->metric].higher_better);
			s->plan->on_trial(s->plan->ctx, trials, trials->has_best && trials->best == trials->n - 1 ? &fit : NULL);
		}
		fit_result_done(&fit);
		if (!good)
			return false;
	}
	return trials->has_best || !trials->n ||
	       err_set(err, ERR_NUMERIC, "no trial could be trained; the last one: %s", trials->trial[trials->n - 1].failure);
}

/* --- finals ------------------------------------------------------------------------------------------------- */

struct finals {
	size_t n, trial[TUNE_FINALISTS + 1];  /* the first is what the others are held against */
	double *ahead[TUNE_FINALISTS + 1];    /* [U] of each user, over all draws */
	double *asked;                        /* [U] in how many draws it was */
	uint32_t users;
	unsigned draws;                       /* that were counted */
};

static void finals_done(struct finals *f)
{
	for (size_t k = 0; k <= TUNE_FINALISTS; k++)
		mem_free(f->ahead[k]);
	mem_free(f->asked);
}

/* The best of those that are not in yet; t->n: there is none. */
static size_t next_finalist(const struct finals *f, const struct tune_trials *t, bool higher)
{
	size_t best = t->n;

	for (size_t i = 0; i < t->n; i++) {
		bool in = false;

		for (size_t k = 0; k < f->n; k++)
			in = in || f->trial[k] == i;
		if (!in && better(t->trial[i].valid, best < t->n ? t->trial[best].valid : NAN, higher))
			best = i;
	}
	return best;
}

/* f->n < 2: there is nothing to compare. */
static bool pick_finalists(struct finals *f, const struct search *s, struct err *err)
{
	const struct tune_trials *t = s->trials;
	bool higher = metric_table[s->r->metric].higher_better;
	bool defaults = s->plan->method == TUNE_RANDOM && tune_space_has_default(s->plan->space) && !isnan(t->trial[0].valid);

	f->users = s->r->data->n_users;
	f->trial[f->n++] = defaults ? 0 : t->best;
	for (size_t i; f->n <= TUNE_FINALISTS && (i = next_finalist(f, t, higher)) < t->n; f->n++) {
		if (defaults && !better(t->trial[i].valid, t->trial[0].valid, higher))
			break;
		f->trial[f->n] = i;
	}
	if (f->n < 2)
		return true;
	f->asked = mem_zeroed((size_t)f->users + 1, sizeof(*f->asked), err);
	for (size_t k = 1; f->asked && k < f->n; k++)
		if (!(f->ahead[k] = mem_zeroed((size_t)f->users + 1, sizeof(**f->ahead), err)))
			return false;
	return f->asked != NULL;
}

/* Trained on the draw and measured there, user by user. */
static struct eval_result *measure(struct search *s, const struct split *split, size_t trial, struct err *err)
{
	const struct task task = task_of_part(&s->part), quiet = { task.keep_going, NULL, task.ctx, task.pool };
	struct fit_request on = fit_request_on(s->r, split);
	struct eval_result *e = NULL;
	const struct snapshot *best;
	struct eval_options o;

	on.params = s->trials->trial[trial].params;
	fit_request_follow(&on);
	best = fit_best(&on, &task, NULL, err);
	s->part.at++;
	eval_options_for(&o, split);
	o.on_valid = true;
	o.n_k = 1;
	o.k[0] = s->r->metric_k;
	e = best ? eval_run(best, split, &o, &quiet, err) : NULL;
	snapshot_unref(best);
	return e;
}

static void count_draw(struct finals *f, int metric, struct eval_result *const *e)
{
	const float *first = e[0]->per_user[metric][0];

	for (size_t u = 0; u < e[0]->n_users; u++) {
		bool all = true;

		for (size_t k = 0; k < f->n; k++)
			all = all && !isnan(e[k]->per_user[metric][0][u]);
		if (!all)
			continue;
		f->asked[e[0]->user[u]]++;
		for (size_t k = 1; k < f->n; k++)
			f->ahead[k][e[0]->user[u]] += (double)e[k]->per_user[metric][0][u] - (double)first[u];
	}
}

static bool run_draw(struct search *s, struct finals *f, unsigned nth, const struct task *task, struct err *err)
{
	struct split *split = split_valid_anew(s->r->split, nth, s->plan->seed, task, err);
	struct eval_result *e[TUNE_FINALISTS + 1] = { NULL };
	bool good = split != NULL;

	for (size_t k = 0; good && split->n_valid && k < f->n; k++)
		good = (e[k] = measure(s, split, f->trial[k], err)) != NULL;
	if (good && split->n_valid) {
		count_draw(f, s->r->metric, e);
		f->draws++;
	}
	for (size_t k = 0; k < f->n; k++)
		eval_result_free(e[k]);
	split_unref(split);
	return good || survivable(err);
}

/* The mean over (user, draw), and its standard error over users: draws of one user go together. */
static void tell_gain(const struct finals *f, size_t k, struct tune_trial *t)
{
	double n = 0, sum = 0, squares = 0, mean;

	for (uint32_t u = 0; u < f->users; u++) {
		n += f->asked[u];
		sum += f->ahead[k][u];
	}
	mean = sum / n;
	for (uint32_t u = 0; u < f->users; u++)
		squares += pow(f->ahead[k][u] - f->asked[u] * mean, 2);
	t->gain = mean;
	t->gain_error = sqrt(squares) / n;
}

static size_t choose(const struct finals *f, struct tune_trials *t, bool higher)
{
	size_t best = f->trial[0];

	for (size_t k = 1; k < f->n; k++) {
		struct tune_trial *mine = &t->trial[f->trial[k]];
		double sign = higher ? 1 : -1;

		tell_gain(f, k, mine);
		if (sign * mine->gain > mine->gain_error && (best == f->trial[0] || sign * mine->gain > sign * t->trial[best].gain))
			best = f->trial[k];
	}
	return best;
}

/* Which of the finalists is taken.  A draw on which one of them cannot be trained, or for which there is no time, counts
 * for none. */
static bool run_finals(struct search *s, struct finals *f, const struct task *task, struct err *err)
{
	double began = clock_now();

	for (size_t i = 0; i < s->trials->n; i++)
		s->trials->trial[i].gain = s->trials->trial[i].gain_error = NAN;
	if (!s->trials->has_best || !metric_table[s->r->metric].per_user || !split_can_valid_anew(s->r->split))
		return true;
	if (!pick_finalists(f, s, err))
		return false;
	for (unsigned k = 0; f->n > 1 && k < TUNE_DRAWS && !(s->deadline > 0 && clock_now() >= s->deadline); k++)
		if (!run_draw(s, f, k + 1, task, err))
			return false;
	s->trials->finals_seconds += clock_now() - began;
	if (f->draws)
		s->trials->best = choose(f, s->trials, metric_table[s->r->metric].higher_better);
	return true;
}

/* given: the trial whose model was given away last. */
static bool give_chosen(struct search *s, size_t given, const struct task *task, struct err *err)
{
	struct tune_trials *t = s->trials;
	struct fit_result fit = { 0 };
	bool good;

	if (!t->has_best)
		return true;
	s->r->params = t->trial[t->best].params;
	fit_request_follow(s->r);
	good = t->best == given || train(s->r, task, &fit, err);
	if (good)
		s->plan->on_trial(s->plan->ctx, t, t->best == given ? NULL : &fit);
	fit_result_done(&fit);
	return good;
}

static bool search(struct search *s, const struct task *task, struct err *err)
{
	size_t before = s->trials->n, given;
	struct finals finals = { 0 };
	bool good;

	if (!run_trials(s, err))
		return false;
	given = s->trials->has_best && s->trials->best >= before ? s->trials->best : SIZE_MAX;
	good = run_finals(s, &finals, task, err) && give_chosen(s, given, task, err);
	finals_done(&finals);
	return good;
}

bool tune_run(const struct tune_plan *plan, struct fit_request *r, struct tune_trials *trials, const struct task *task,
	      bool *cancelled, struct err *err)
{
	enum { TRAININGS = (TUNE_FINALISTS + 1) * TUNE_DRAWS };
	const struct task quiet = { task->keep_going, NULL, task->ctx, task->pool };
	double now = clock_now(), limit = plan->seconds;
	struct search s = { .plan = plan, .r = r, .trials = trials, .part = { .whole = task, .n = plan->trials + TRAININGS },
			    .deadline = limit > 0 ? now + limit : 0, .finals_from = limit > 0 ? now + TUNE_TIME * limit : 0 };
	bool good = search(&s, &quiet, err);

	*cancelled = !good && err->code == ERR_CANCELLED;
	return good || *cancelled;
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
