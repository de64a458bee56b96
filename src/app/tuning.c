/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tuning.c - the steps of tuning.h. */
#include "app/tuning.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "base/json.h"
#include "base/mem.h"
#include "data/split.h"

static const char *const method_name[] = { [TUNE_RANDOM] = "random", [TUNE_GRID] = "grid" };


/* --- what is kept ----------------------------------------------------------------------------------------- */

static json_t *group_to_json(const struct tune_group *g)
{
	return mem_must(json_pack("{s:s,s:I,s:o,s:o}", "range", g->name, "trials", (json_int_t)g->n, "mean",
				  json_number(g->mean), "best", json_number(g->best)));
}

static json_t *effects_to_json(const struct tuning *t)
{
	struct tune_effect *e = mem_must(calloc(t->space.n + 1, sizeof(*e)));
	json_t *all = mem_must(json_array());

	tune_effects(&t->space, &t->trials, metric_table[t->base.request.metric].higher_better, e);
	for (size_t k = 0; k < t->space.n; k++) {
		json_t *groups = mem_must(json_array());

		for (size_t g = 0; g < e[k].n; g++)
			json_array_append_new(groups, group_to_json(&e[k].group[g]));
		json_array_append_new(all, mem_must(json_pack("{s:s,s:o,s:o}", "param", t->space.base.specs[e[k].param].name,
							      "spread", json_number(e[k].spread), "groups", groups)));
	}
	free(e);
	return all;
}

static json_t *tuning_to_json(const struct tuning *t)
{
	json_t *j = mem_must(json_object()), *trials = mem_must(json_array());

	json_put(j, "method", json_text(method_name[t->plan.method]));
	json_put(j, "seed", json_integer((json_int_t)t->plan.seed));
	json_put(j, "higher_better", json_boolean(metric_table[t->base.request.metric].higher_better));
	json_put(j, "trials_asked", json_integer((json_int_t)t->plan.trials));
	json_put(j, "given", tune_space_to_json(&t->space));
	for (size_t i = 0; i < t->trials.n; i++)
		if (json_array_append_new(trials, tune_trial_to_json(&t->trials.trial[i], i + 1)) != 0)
			mem_must(NULL);
	json_put(j, "best", t->trials.has_best ? json_integer((json_int_t)t->trials.best + 1) : json_null());
	json_put(j, "trials", trials);
	json_put(j, "effects", effects_to_json(t));
	return j;
}

static bool read_given(struct tune_space *space, const struct model_ops *ops, const json_t *given, struct err *err)
{
	const char *name;
	json_t *text;

	if (!tune_space_init(space, ops->params, err))
		return false;
	json_object_foreach((json_t *)(uintptr_t)given, name, text)
		if (!json_is_string(text) || !tune_space_give(space, name, json_string_value(text), err))
			return false;
	return true;
}

bool tuning_read(const struct run_record *rec, const struct model_ops *ops, struct tune_space *space,
		 struct tune_plan *plan, struct tune_trials *trials, struct err *err)
{
	const char *method = json_string_value(json_object_get(rec->tuning, "method"));
	const json_t *list = json_object_get(rec->tuning, "trials"), *one;
	bool higher = true;
	int metric;
	uint32_t k;
	size_t i;

	*plan = (struct tune_plan){ .space = space };
	*trials = (struct tune_trials){ 0 };
	*space = (struct tune_space){ 0 };
	if (!rec->tuning || !method)
		return err_set(err, ERR_NOTFOUND, "%s was not tuned", rec->name);
	plan->method = !strcmp(method, "grid") ? TUNE_GRID : TUNE_RANDOM;
	plan->seed = (uint64_t)json_integer_value(json_object_get(rec->tuning, "seed"));
	plan->trials = (uint32_t)json_integer_value(json_object_get(rec->tuning, "trials_asked"));
	if (!metric_parse(rec->metric, &metric, &k, err))
		return err_wrap(err, "%s", rec->name);
	higher = metric_table[metric].higher_better;
	if (!read_given(space, ops, json_object_get(rec->tuning, "given"), err))
		return err_wrap(err, "%s", rec->name);
	json_array_foreach((json_t *)(uintptr_t)list, i, one) {
		struct tune_trial trial;

		if (!tune_trial_from_json(&trial, ops->params, one, err))
			return err_wrap(err, "%s", rec->name);
		tune_trials_add(trials, &trial, higher);
	}
	i = (size_t)json_integer_value(json_object_get(rec->tuning, "best"));
	if (i >= 1 && i <= trials->n)
		trials->best = i - 1;
	return true;
}

const struct run *tuning_found(const struct session *s, const char *model, struct err *err)
{
	const struct run *found = NULL;

	for (size_t i = 0; i < session_n_runs(s); i++) {
		const struct run *r = session_run(s, i);

		if (!r->rec.tuning || !r->of_data || strcmp(r->rec.model, model) != 0 || isnan(r->rec.best_metric))
			continue;
		if (!found || r->of_split >= found->of_split)
			found = r;
	}
	if (!found)
		err_set(err, ERR_NOTFOUND, "%s was not tuned on these data yet: tune %s", model, model);
	return found;
}

/* --- UI: before ------------------------------------------------------------------------------------------- */

static bool take_up(struct tuning *t, struct session *s, const char *name, struct err *err)
{
	const struct run *old = session_find_run(s, name, err);
	struct fit_request *r = &t->base.request;
	uint32_t trials = t->plan.trials;
	double seconds = t->plan.seconds;

	if (!old)
		return false;
	if (strcmp(old->rec.model, r->ops->name) != 0)
		return err_set(err, ERR_USAGE, "%s is a run of %s: tune %s resume=%s", name, old->rec.model,
			       old->rec.model, name);
	tune_space_done(&t->space);
	if (!tuning_read(&old->rec, r->ops, &t->space, &t->plan, &t->trials, err))
		return false;
	if (t->trials.n >= trials)
		return err_set(err, ERR_RANGE, "%s has %zu trials: to go on give trials= more than that", name, t->trials.n);
	t->plan.trials = trials;
	t->plan.seconds = seconds;
	r->seed = old->rec.seed;
	r->values = old->rec.values;
	t->resumes = true;
	if (t->trials.has_best)
		r->params = t->trials.trial[t->trials.best].params;
	return metric_parse(old->rec.metric, &r->metric, &r->metric_k, err);
}

bool tuning_prepare(struct tuning *t, struct session *s, const char *wanted, bool replace, const char *resume,
		    struct err *err)
{
	struct fit_request *r = &t->base.request;

	if (!session_split(s)->n_valid)
		return err_set(err, ERR_UNSUPPORTED, "the split %s has no valid events to search on", session_split(s)->text);
	if (resume && !take_up(t, s, resume, err))
		return false;
	t->plan.space = &t->space;
	if (!training_prepare(&t->base, s, wanted, replace, resume, err))
		return false;
	r->resume_dir = r->save_dir = NULL; /* a trial is never gone on with */
	r->n_watched = 0;
	snprintf(t->run, sizeof(t->run), "%s", r->run);
	json_decref(t->base.record.tuning);
	t->base.record.tuning = tuning_to_json(t);
	return true;
}

/* --- WORKER ----------------------------------------------------------------------------------------------- */

struct tuning_news {
	struct training_news head;
	struct curves names;       /* of an epoch of the trial under way */
	struct curve_point point;
	bool ended;                /* a trial did: what is told of the run now */
	struct run_record record;
	const struct snapshot *best;
};

static void news_free(void *p)
{
	struct tuning_news *n = p;

	if (n->ended)
		run_record_done(&n->record);
	snapshot_unref(n->best);
	free(n);
}

static void post(struct tuning *t, struct tuning_news *take)
{
	struct message *m = mem_must(calloc(1, sizeof(*m)));

	take->head.of = &t->base;
	m->kind = MESSAGE_WORK;
	m->payload = take;
	m->payload_free = news_free;
	job_post(t->base.job, m);
}

static void on_epoch(void *ctx, const struct curves *curves, const struct snapshot *take,
		     const struct epoch_lists *lists)
{
	struct tuning_news *n = mem_must(calloc(1, sizeof(*n)));

	(void)lists; /* trials watch nobody */
	snapshot_unref(take); /* the best of the ended trials answers */
	curves_name(&n->names, curves);
	n->point = curves->point[curves->n - 1];
	post(ctx, n);
}

static void take_best(struct tuning *t, struct fit_result *fit)
{
	struct training *b = &t->base;
	struct run_record *rec = &b->record;

	snapshot_unref(b->result.best);
	b->result.best = fit->best;
	fit->best = NULL;
	json_decref(rec->params);
	rec->params = params_to_json(&b->request.params);
	rec->best_metric = fit->best_metric;
	rec->best_epoch = fit->best_epoch;
	rec->epochs = fit->epochs;
	rec->epochs_asked = b->request.epochs;
	rec->patience = b->request.patience;
	rec->bytes = fit->bytes;
	rec->readable = true;
	curves_done(&rec->curves);
	rec->curves = fit->curves;
	curves_init(&fit->curves);
}

static double seconds_of(const struct tune_trials *trials)
{
	double sum = trials->finals_seconds;

	for (size_t i = 0; i < trials->n; i++)
		sum += isnan(trials->trial[i].seconds) ? 0 : trials->trial[i].seconds;
	return sum;
}

/* Kept after every trial, so that a kill loses the one under way.  What cannot be kept now is told at the end. */
static void on_trial(void *ctx, const struct tune_trials *trials, struct fit_result *best)
{
	struct tuning *t = ctx;
	struct tuning_news *n = mem_must(calloc(1, sizeof(*n)));
	struct run_record *rec = &t->base.record;
	struct err ignored;

	if (best)
		take_best(t, best);
	json_decref(rec->tuning);
	rec->tuning = tuning_to_json(t);
	rec->seconds = seconds_of(trials);
	if (best)
		training_keep(&t->base, &ignored);
	else
		training_announce(&t->base, &ignored);
	n->ended = run_record_copy(&n->record, rec, &ignored);
	n->best = best ? snapshot_ref(t->base.result.best) : NULL;
	post(t, n);
}

/* The model of the best trial so far, of a tuning that goes on. */
static bool read_best(struct tuning *t, struct err *err)
{
	struct training *b = &t->base;
	struct run_store *store;

	if (!t->trials.has_best)
		return true;
	store = run_store_open(b->home, false, err);
	if (!store)
		return false;
	b->result.best = run_store_load(store, &b->record, b->request.data, b->request.split, NULL, NULL, err);
	run_store_free(store);
	return b->result.best != NULL;
}

bool tuning_run(struct tuning *t, struct job *job, const struct task *task, struct err *err)
{
	struct training *b = &t->base;
	bool cancelled = false, good;
	struct err not_kept;

	b->job = job;
	b->request.on_epoch = on_epoch;
	b->request.ctx = t;
	t->plan.on_trial = on_trial;
	t->plan.ctx = t;
	if ((t->resumes && !read_best(t, err)) || !training_announce(b, err))
		return false;
	good = tune_run(&t->plan, &b->request, &t->trials, task, &cancelled, err);
	snprintf(b->record.stopped, sizeof(b->record.stopped), "%s", cancelled ? "cancelled" : good ? "done" : "failed");
	snprintf(b->record.failure, sizeof(b->record.failure), "%.*s", (int)sizeof(b->record.failure) - 1,
		 good ? "" : err->msg);
	if (training_keep(b, good ? err : &not_kept))
		return good;
	b->record.readable = false;
	return good ? err_wrap(err, "%s is tuned but could not be kept", t->run) : false;
}

/* --- UI: while it runs and after -------------------------------------------------------------------------- */

static void show_epoch(struct run *r, const struct tuning_news *n)
{
	struct err ignored;

	if (n->point.epoch == 1) {
		curves_done(&r->rec.curves);
		curves_init(&r->rec.curves);
	}
	curves_name(&r->rec.curves, &n->names);
	curves_add(&r->rec.curves, &n->point, &ignored);
	r->rec.epochs = n->point.epoch;
	r->rate_now = n->point.rate;
}

static void show_trial(struct session *s, struct run *r, struct tuning_news *n)
{
	json_decref(r->rec.tuning);
	r->rec.tuning = json_incref(n->record.tuning);
	json_decref(r->rec.params);
	r->rec.params = json_incref(n->record.params);
	r->rec.best_metric = n->record.best_metric;
	r->rec.best_epoch = n->record.best_epoch;
	r->rec.seconds = n->record.seconds;
	r->rec.bytes = n->record.bytes;
	if (!n->best)
		return;
	session_set_run_snapshot(s, r, n->best);
	n->best = NULL;
	eval_result_free(r->test); /* was measured on another model */
	r->test = NULL;
}

void tuning_message(struct tuning *t, struct session *s, void *payload)
{
	struct tuning_news *n = payload;
	struct run *r = session_run_named(s, t->run);

	if (!r)
		return;
	if (n->ended)
		show_trial(s, r, n);
	else
		show_epoch(r, n);
	session_runs_changed(s);
}

bool tuning_finish(struct tuning *t, struct session *s, struct err *err)
{
	return training_finish(&t->base, s, err);
}

void tuning_done(struct tuning *t)
{
	training_done(&t->base);
	tune_space_done(&t->space);
	tune_trials_done(&t->trials);
}
