/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_compare_models.c - see compare_models.h; what is told stands in compare_models_tell.c. */
#include "cmd/compare_models_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "app/settings.h"
#include "base/mem.h"
#include "base/num_parse.h"
#include "cmd/tables.h"

/* --- UI: before ------------------------------------------------------------------------------------------- */

static bool names_model(const struct call *c, size_t i, const struct model_ops **ops)
{
	struct err ignored;

	*ops = c->words.w[i].quoted || session_find_run(c->session, call_word(c, i), &ignored)
	       ? NULL : model_find(call_word(c, i), &ignored);
	return *ops != NULL;
}

/* Every model; a run may be called so too. */
static bool asks_all(const struct call *c)
{
	struct err ignored;

	return c->words.n && !strcmp(call_word(c, 0), "all") && !c->words.w[0].quoted && !session_find_run(c->session, "all", &ignored);
}

bool compare_models_asked(const struct call *c)
{
	const struct model_ops *ops;

	if (asks_all(c))
		return true;
	for (size_t i = 0; i < c->words.n; i++)
		if (names_model(c, i, &ops))
			return true;
	return false;
}

static bool read_shares(struct suit_plan *p, const char *text, struct err *err)
{
	for (const char *at = text;;) {
		size_t len = strcspn(at, ",");
		double percent;

		if (!num_parse_double(at, len, &percent) || !(percent >= 0 && percent <= 100))
			return err_set(err, ERR_SYNTAX, "share=\"%s\": expected percents such as 25,50", text);
		if (percent > 0 && percent < 100 && p->n_shares == VERDICT_SHARES - 1)
			return err_set(err, ERR_RANGE, "share=\"%s\": at most %d", text, VERDICT_SHARES - 1);
		if (p->n_shares && percent / 100 <= p->share[p->n_shares - 1])
			return err_set(err, ERR_RANGE, "share=\"%s\": from the smallest to the largest", text);
		if (percent > 0 && percent < 100)
			p->share[p->n_shares++] = percent / 100;
		if (!at[len])
			return true;
		at += len + 1;
	}
}

static bool read_budget(struct models *m, const char *text, struct err *err)
{
	if (!text || (num_parse_seconds(text, strlen(text), &m->budget) && m->budget > 0))
		return true;
	return err_set(err, ERR_SYNTAX, "budget=\"%s\": expected a duration, such as 90s, 10m or 1h30m", text);
}

/* With a budget, that alone holds. */
static bool read_limit(struct models *m, const char *text, struct err *err)
{
	if (!strcmp(text, "0") || (num_parse_seconds(text, strlen(text), &m->limit) && m->limit > 0)) {
		m->limit = m->budget > 0 ? 0 : m->limit;
		return true;
	}
	return err_set(err, ERR_SYNTAX, "limit=\"%s\": expected a duration, such as 90s, 10m or 1h30m, or 0", text);
}

static bool read_scenario(struct models *m, const struct call *c, struct err *err)
{
	const char *name = params_is_set(&c->params, "scenario") ? params_text(&c->params, "scenario") : NULL;
	const char *weights = call_text(c, "weights");

	if (name)
		settings_scenario(c->session, name, &m->scenario);
	m->weighs = name || weights;
	if (!name)
		m->scenario.name = "your weights";
	return !weights || scenario_weigh(&m->scenario, weights, err) || err_wrap(err, "weights=");
}

static bool read_noise(struct suit_plan *p, const char *text, struct err *err)
{
	size_t len = text ? strlen(text) : 0;
	double percent;

	if (!len)
		return true;
	len -= text[len - 1] == '%';
	if (!num_parse_double(text, len, &percent) || !(percent >= 0 && percent <= 100))
		return err_set(err, ERR_SYNTAX, "noise=\"%s\": expected a percent such as 10%%", text);
	p->noise = percent / 100;
	return true;
}

/* Whether the split can be drawn anew is known before anything is trained. */
static bool read_plan(struct models *m, const struct call *c, struct err *err)
{
	struct suit_plan *p = &m->plan;

	p->users = (uint32_t)params_int(&c->params, "users");
	p->seed = session_seed(c->session);
	p->folds = (unsigned)params_int(&c->params, "folds");
	p->cold = params_bool(&c->params, "cold");
	return read_budget(m, call_text(c, "budget"), err) && read_limit(m, call_text(c, "limit"), err) &&
	       read_shares(p, call_text(c, "share"), err) &&
	       read_noise(p, call_text(c, "noise"), err) && read_scenario(m, c, err) &&
	       split_can_draw(session_split(c->session), p->folds, err) &&
	       metric_parse(call_text(c, "metric"), &p->metric, &p->k, err);
}

static bool same_settings(const struct run_record *rec, const struct model_ops *ops)
{
	struct params want, had;
	struct err ignored;

	params_init(&want, ops->params);
	params_init(&had, ops->params);
	if (!params_from_json(&had, rec->params, &ignored))
		return false;
	for (int i = 0; ops->params[i].name; i++)
		if (want.v[i].num != had.v[i].num || strcmp(want.v[i].text, had.v[i].text) != 0)
			return false;
	return true;
}

/* One that the clock stopped, had at least as long as this one would have. */
static bool has_ended(const struct run_record *rec, double limit)
{
	return !strcmp(rec->stopped, "done") || !strcmp(rec->stopped, "early") ||
	       (!strcmp(rec->stopped, "time") && limit > 0 && rec->seconds >= limit);
}

/* The newest run that the rule would make again: of this split and seed, with the defaults or, with a budget, tuned. */
static const struct run *run_there(const struct session *s, const struct models *m, const struct model_ops *ops,
				   uint64_t seed)
{
	for (size_t i = session_n_runs(s); i-- > 0;) {
		const struct run *r = session_run(s, i);
		if (strcmp(r->rec.model, ops->name) != 0 || !r->of_split || r->job || !has_ended(&r->rec, m->limit) || r->rec.seed != seed ||
		    r->rec.refit || r->rec.values || r->rec.precision != PRECISION_F32 || !(r->snapshot || r->rec.readable))
			continue;
		if (m->budget > 0 && ops->params[0].name ? r->rec.tuning != NULL : !r->rec.tuning && same_settings(&r->rec, ops))
			return r;
	}
	return NULL;
}

static bool make_ready(struct model_entry *e, const struct call *c, const struct models *m, uint64_t seed, struct err *err)
{
	struct fit_request *r = &e->tuning.base.request;

	fit_request_init(r, e->ops);
	r->seed = seed;
	r->seconds = m->limit;
	if (!tune_space_init(&e->tuning.space, e->ops->params, err))
		return false;
	e->tunes = m->budget > 0 && e->tuning.space.n > 0 && session_split(c->session)->n_valid > 0;
	e->tuning.plan = (struct tune_plan){ .trials = 10000, .seconds = m->budget / (double)m->n, .seed = seed,
					     .space = &e->tuning.space };
	return e->tunes ? tuning_prepare(&e->tuning, c->session, NULL, false, NULL, err)
			: training_prepare(&e->tuning.base, c->session, NULL, false, NULL, err);
}

/* A model that cannot be made ready is left out; a run of it that is there is taken as it is. */
static bool add_entry(struct model_entry *e, struct call *c, const struct models *m, struct err *err)
{
	uint64_t seed = session_seed(c->session);
	const struct run *there = run_there(c->session, m, e->ops, seed);

	if (there) {
		e->is_there = true;
		return hold_evaluable(&e->hold, c, there->rec.name, err);
	}
	if (param_find(e->ops->params, "runs") >= 0)
		return err_set(err, ERR_USAGE, "%s is made of runs: train it, then compare its run", e->ops->name);
	if (!hold_data(&e->hold, c, err))
		return false;
	e->ready = make_ready(e, c, m, seed, err);
	if (!e->ready)
		snprintf(e->left_out, sizeof(e->left_out), "%s", err->msg);
	return true;
}

static size_t n_registered(void)
{
	size_t n = 0;

	while (model_registry[n])
		n++;
	return n;
}

/* Those that are made of runs come from runs. */
static bool take_all(struct models *m, const struct call *c, struct err *err)
{
	if (c->words.n > 1)
		return err_set(err, ERR_USAGE, "compare all takes no further model or run");
	for (size_t i = 0; model_registry[i]; i++)
		if (param_find(model_registry[i]->params, "runs") < 0)
			m->entry[m->n++].ops = model_registry[i];
	return true;
}

static bool take_named(struct models *m, const struct call *c, struct err *err)
{
	bool good = true;

	for (size_t i = 0; good && i < c->words.n; i++) {
		good = names_model(c, i, &m->entry[i].ops) ||
		       err_set(err, ERR_USAGE, "compare takes runs or models, not both: %s is no model", call_word(c, i));
		for (size_t k = 0; good && k < i; k++)
			good = m->entry[k].ops != m->entry[i].ops ||
			       err_set(err, ERR_USAGE, "%s is given twice", call_word(c, i));
	}
	m->n = c->words.n;
	return good;
}

struct models *compare_models_new(struct call *c, struct err *err)
{
	struct models *m = mem_must(calloc(1, sizeof(*m)));
	bool good = read_plan(m, c, err);

	m->entry = mem_must(calloc(c->words.n + n_registered(), sizeof(*m->entry)));
	good = good && (asks_all(c) ? take_all(m, c, err) : take_named(m, c, err));
	m->n = good ? m->n : 0;
	m->split = split_ref(session_split(c->session));
	for (size_t i = 0; good && i < m->n; i++)
		good = add_entry(&m->entry[i], c, m, err);
	if (good)
		return m;
	compare_models_ended(m, c->session);
	compare_models_free(m);
	return NULL;
}

size_t compare_models_n(const struct models *m)
{
	return m->n;
}

/* --- WORKER ----------------------------------------------------------------------------------------------- */

static bool give_hold(struct model_entry *e, struct hold *out, struct err *err)
{
	const struct training *b = &e->tuning.base;

	if (!run_record_copy(&e->hold.record, &b->record, err))
		return false;
	e->hold.snapshot = snapshot_ref(b->result.best);
	*out = e->hold;
	e->hold = (struct hold){ 0 };
	return true;
}

/* Of a training that the clock stopped, what is trained beside it takes as many epochs. */
static void note_end(struct model_entry *e, const struct run_record *rec)
{
	e->seconds = rec->seconds;
	e->epochs = rec->epochs;
	e->of_epochs = rec->epochs_asked;
	e->cut = !strcmp(rec->stopped, "time");
	fit_request_follow(&e->settings);
	if (e->cut)
		e->settings.epochs = rec->epochs;
}

bool compare_models_train(struct models *m, size_t i, struct job *job, const struct task *task, struct hold *out,
			  struct err *err)
{
	struct model_entry *e = &m->entry[i];
	struct training *b = &e->tuning.base;
	bool good;

	*err = (struct err){ 0 };
	if (e->is_there) {
		if (!fit_request_of(&e->settings, &e->hold.record, e->hold.split, err))
			return false;
		note_end(e, &e->hold.record);
		*out = e->hold;
		e->hold = (struct hold){ 0 };
		return true;
	}
	if (!e->ready)
		return false;
	good = e->tunes ? tuning_run(&e->tuning, job, task, err) : training_run(b, job, task, err);
	if (!task_keep_going(task))
		return task_cancelled(err);
	if (good && b->result.best) {
		e->settings = b->request;
		if (!params_from_json(&e->settings.params, b->record.params, err))
			return false;
		note_end(e, &b->record);
		return give_hold(e, out, err);
	}
	snprintf(e->left_out, sizeof(e->left_out), "%s", err->msg);
	*err = (struct err){ 0 };
	return false;
}

bool compare_models_measure(struct models *m, size_t i, const struct snapshot *s, const struct task *task, struct err *err)
{
	struct model_entry *e = &m->entry[i];

	if (!m->planned && !suit_plan_splits(&m->plan, m->split, task, err))
		return false;
	m->planned = true;
	e->measured = suit_measure(&m->plan, &e->settings, s, e->seconds, m->split, task, &e->suit, err);
	return e->measured;
}

bool compare_models_folds(const struct models *m, size_t i, const float **values, size_t *n, double *mean)
{
	const struct suit *s = &m->entry[i].suit;

	*values = s->pooled;
	*n = s->n_pooled;
	*mean = s->pooled_mean;
	return s->pooled != NULL;
}

void compare_models_leave_out(struct models *m, size_t i, const struct err *why)
{
	snprintf(m->entry[i].left_out, sizeof(m->entry[i].left_out), "%s", why->msg);
}

const struct fit_request *compare_models_settings(const struct models *m, size_t i)
{
	return &m->entry[i].settings;
}

struct rewards_curve compare_models_curve(const struct models *m, size_t i)
{
	return (struct rewards_curve){ m->entry[i].suit.of_half, m->entry[i].suit.of_all };
}

/* --- UI: while it runs and after -------------------------------------------------------------------------- */

void compare_models_message(struct models *m, struct session *s, void *payload)
{
	const struct training_news *news = payload;

	for (size_t i = 0; i < m->n; i++) {
		struct model_entry *e = &m->entry[i];

		if (news->of != &e->tuning.base)
			continue;
		if (e->tunes)
			tuning_message(&e->tuning, s, payload);
		else
			training_message(&e->tuning.base, s, payload);
	}
}

void compare_models_ended(struct models *m, struct session *s)
{
	struct err ignored;

	for (size_t i = 0; m && i < m->n; i++) {
		struct model_entry *e = &m->entry[i];

		if (e->ready && !e->ended)
			training_finish(&e->tuning.base, s, &ignored);
		e->ended = true;
	}
}

/* --- the end ---------------------------------------------------------------------------------------------- */

void compare_models_free(struct models *m)
{
	for (size_t i = 0; m && i < m->n; i++) {
		struct model_entry *e = &m->entry[i];

		hold_done(&e->hold);
		if (e->ready || e->left_out[0])
			tuning_done(&e->tuning);
		suit_done(&e->suit);
	}
	if (!m)
		return;
	suit_plan_done(&m->plan);
	split_unref(m->split);
	free(m->entry);
	free(m);
}
