/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_train.c - train MODEL: words into a request, the training's steps, the run told. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "app/training.h"
#include "app/tuning.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/tables.h"
#include "cmd/told.h"
#include "data/split.h"

static const struct param_spec train_params[] = {
	{ .name = "metric", .type = PARAM_TEXT, .def = "ndcg@10", .meaning = "what is watched on valid" },
	{ .name = "valid-every", .type = PARAM_INT, .lo = 0, .hi = 1e6, .def = "1", .unit = "epochs",
	  .meaning = "how often valid is measured; 0: never" },
	{ .name = "values", .type = PARAM_BOOL, .def = "no", .meaning = "fits the events' values instead of 1" },
	{ .name = "refit", .type = PARAM_BOOL, .def = "no",
	  .meaning = "then fits afresh on train and valid, for the best number of epochs" },
	{ .name = "precision", .type = PARAM_CHOICE, .choices = "f32|bf16", .def = "f32",
	  .meaning = "of the large tables that answer and are kept; bf16 halves them" },
	{ .name = "tuned", .type = PARAM_BOOL, .def = "no",
	  .meaning = "takes the parameters that tune found on these data; what is given stands above them" },
	{ .name = "seed", .type = PARAM_INT, .lo = 0, .hi = 1e15,
	  .meaning = "of every random stream (default: the session's)" },
	{ .name = "name", .type = PARAM_TEXT, .meaning = "name of the run (default: MODEL#N)" },
	{ .name = "replace", .type = PARAM_BOOL, .def = "no", .meaning = "with name=: replaces a run of that name" },
	{ .name = "resume", .type = PARAM_TEXT, .meaning = "goes on with a kept run; epochs= and patience= may change" },
	{ .name = NULL },
};

static const struct param_spec *train_more(const struct call *c)
{
	struct err ignored;
	const struct model_ops *ops = c->words.n ? model_find(call_word(c, 0), &ignored) : NULL;

	return ops ? ops->params : NULL;
}

/* A resumed run keeps its parameters: what was learned with others is not what goes on. */
static bool take_params_of(const struct call *c, const struct run *old, struct fit_request *r, uint64_t *seed,
			   struct err *err)
{
	if (!params_from_json(&r->params, old->rec.params, err))
		return err_wrap(err, "%s", old->rec.name);
	for (size_t i = 0; i < c->named.n; i++) {
		const struct word *w = &c->named.w[i];

		if (!strcmp(w->name, "resume"))
			continue;
		if (strcmp(w->name, "epochs") != 0 && strcmp(w->name, "patience") != 0)
			return err_set(err, ERR_USAGE, "%s= cannot change when a run is resumed: only epochs= and patience= can",
				       w->name);
		if (!params_set(&r->params, w->name, w->text, err))
			return false;
	}
	*seed = old->rec.seed;
	r->values = old->rec.values;
	r->refit = old->rec.refit;
	r->kept = old->rec.precision;
	r->valid_every = old->rec.valid_every;
	return metric_parse(old->rec.metric, &r->metric, &r->metric_k, err);
}

/* What was found by tune, under what was given. */
static bool take_tuned(const struct call *c, struct fit_request *r, struct err *err)
{
	const struct run *found = tuning_found(c->session, r->ops->name, err);

	if (!found || !params_from_json(&r->params, found->rec.params, err))
		return false;
	for (size_t i = 0; i < c->named.n; i++) {
		const struct word *w = &c->named.w[i];

		if (param_find(r->ops->params, w->name) >= 0 && !params_set(&r->params, w->name, w->text, err))
			return false;
	}
	return true;
}

static bool fill_request(const struct call *c, struct fit_request *r, struct err *err)
{
	const struct model_ops *ops = model_find(call_word(c, 0), err);
	const char *resume = call_text(c, "resume");
	const struct run *old = NULL;

	if (!ops || !call_needs_data(c, err))
		return false;
	if (resume && !(old = session_find_run(c->session, resume, err)))
		return false;
	if (old && strcmp(old->rec.model, ops->name) != 0)
		return err_set(err, ERR_USAGE, "%s is a run of %s: train %s resume=%s", resume, old->rec.model,
			       old->rec.model, resume);
	fit_request_init(r, ops);
	r->seed = params_is_set(&c->params, "seed") ? (uint64_t)params_int(&c->params, "seed")
						   : session_seed(c->session);
	if (old) {
		if (!take_params_of(c, old, r, &r->seed, err))
			return false;
	} else {
		r->params = c->more;
		if (params_bool(&c->params, "tuned") && !take_tuned(c, r, err))
			return false;
		r->values = params_bool(&c->params, "values");
		r->refit = params_bool(&c->params, "refit");
		r->kept = (enum precision)params_choice(&c->params, "precision");
		r->valid_every = (uint32_t)params_int(&c->params, "valid-every");
		if (!metric_parse(call_text(c, "metric"), &r->metric, &r->metric_k, err))
			return err_wrap(err, "metric=");
	}
	fit_request_follow(r);
	return model_packs(ops, r->kept, err);
}

static bool train_prepare(struct call *c, struct err *err)
{
	struct training *t = mem_must(calloc(1, sizeof(*t)));

	c->state = t;
	if (!fill_request(c, &t->request, err) ||
	    !training_prepare(t, c->session, call_text(c, "name"), params_bool(&c->params, "replace"),
			      call_text(c, "resume"), err))
		return false;
	snprintf(c->run_name, sizeof(c->run_name), "%s", t->request.run);
	snprintf(c->title, sizeof(c->title), "train %s", t->request.run);
	return true;
}

static bool train_run(struct call *c, struct job *job, const struct task *task, struct err *err)
{
	return training_run(c->state, job, task, err);
}

static void train_message(struct call *c, void *payload)
{
	training_message(c->state, c->session, payload);
}

static json_t *loss_of(const struct curves *cv, unsigned part)
{
	json_t *loss = json_array();

	for (size_t i = 0; i < cv->n; i++) {
		if (cv->point[i].n_loss > part)
			json_array_append_new(loss, json_number(cv->point[i].loss[part]));
	}
	return loss;
}

static json_t *valid_loss_of(const struct curves *cv)
{
	int part = curves_valid_part(cv);

	return part < 0 ? json_null() : loss_of(cv, (unsigned)part);
}

static json_t *valid_of(const struct run_record *rec)
{
	const struct curves *cv = &rec->curves;
	json_t *curve;

	if (isnan(rec->best_metric))
		return json_null();
	curve = json_array();
	for (size_t i = 0; i < cv->n; i++)
		json_array_append_new(curve, json_number(cv->point[i].valid));
	return json_pack("{s:o,s:o,s:o}", "metric", json_text(rec->metric), "best", json_number(rec->best_metric),
			 "curve", curve);
}

/* Null in the first epoch, before which there was no list; null as a whole where nothing iterates. */
static json_t *churn_of(const struct curves *cv)
{
	json_t *churn = json_array();
	bool any = false;

	for (size_t i = 0; i < cv->n; i++) {
		any |= !isnan(cv->point[i].churn);
		json_array_append_new(churn, json_number(cv->point[i].churn));
	}
	if (any)
		return churn;
	json_decref(churn);
	return json_null();
}

static void tell_run(struct result *r, const struct run_record *rec)
{
	struct str s = STR_INIT;
	char bytes[32];

	result_set(r, "run", json_text(rec->name));
	result_set(r, "model", json_text(rec->model));
	result_set(r, "params", json_incref(rec->params));
	result_set(r, "epochs", json_integer(rec->epochs));
	result_set(r, "best_epoch", json_integer(rec->best_epoch));
	result_set(r, "stopped", json_text(rec->stopped));
	result_set(r, "loss", loss_of(&rec->curves, 0));
	result_set(r, "valid_loss", valid_loss_of(&rec->curves));
	result_set(r, "valid", valid_of(rec));
	result_set(r, "churn", churn_of(&rec->curves));
	result_set(r, "seconds", json_number(rec->seconds));
	result_set(r, "seconds_per_epoch", json_number(rec->epochs ? rec->seconds / rec->epochs : NAN));
	result_set(r, "bytes", json_integer((json_int_t)rec->bytes));
	told_put(r->head, rec);
	result_set(r, "precision", json_text(precision_name[rec->precision]));
	result_set(r, "note", rec->note[0] ? json_text(rec->note) : json_null());
	str_printf(&s, "%s: %s", rec->name, rec->stopped);
	if (rec->epochs > 1)
		str_printf(&s, " after %u epochs, best %u", rec->epochs, rec->best_epoch);
	if (!isnan(rec->best_metric))
		str_printf(&s, ", valid %s %.4f", rec->metric, rec->best_metric);
	if (!isnan(curves_gap(&rec->curves)))
		str_printf(&s, ", valid loss %.3g %s train", fabs(curves_gap(&rec->curves)),
			   curves_gap(&rec->curves) < 0 ? "below" : "above");
	if (rec->note[0])
		str_printf(&s, ", %s", rec->note);
	str_printf(&s, ", %.2f s, %s", rec->seconds, str_bytes(rec->bytes, bytes));
	told_say(rec, &s);
	str_puts(&s, "\n");
	result_say(r, "%s", s.s);
	str_done(&s);
}

static bool train_finish(struct call *c, struct err *err)
{
	struct training *t = c->state;

	if (!training_finish(t, c->session, err))
		return false;
	tell_run(&c->result, &t->record);
	return true;
}

static void train_failed(struct call *c, const struct err *why)
{
	struct err ignored;

	(void)why; /* told by done(); the record holds it too */
	training_finish(c->state, c->session, &ignored);
}

static void train_release(struct call *c)
{
	training_done(c->state);
	free(c->state);
}

/* Under the name that it got; one that was cancelled ended with a whole epoch. */
static const char *train_again(const struct call *c, struct str *line)
{
	const json_t *stopped = json_object_get(c->result.head, "stopped");
	const char *resumed = call_text(c, "resume");

	if (resumed && !journal_made_run(session_journal(c->session), resumed))
		return "went on with a run made before";
	if (!resumed) {
		str_puts(line, " name=");
		word_quote(line, c->run_name);
		str_puts(line, " replace=yes");
	}
	if (stopped && !strcmp(json_string_value(stopped), "cancelled") && param_find(c->more.specs, "epochs") >= 0)
		str_printf(line, " epochs=%" JSON_INTEGER_FORMAT,
			   json_integer_value(json_object_get(c->result.head, "epochs")));
	journal_makes_run(session_journal(c->session), c->run_name);
	return NULL;
}

const struct command train_command = {
	.name = "train", .group = "Models",
	.synopsis = "train MODEL [param=value…] [metric=ndcg@10 valid-every=N] [tuned=yes] [values=yes] [refit=yes] [precision=f32|bf16] [seed=N] [name=RUN] [resume=RUN]",
	.summary = "fits a model on train, watching valid; the run then answers",
	.lane = LANE_HEAVY, .words = { WORD_MODEL }, .least = 1, .most = 1, .params = train_params,
	.more_params = train_more, .prepare = train_prepare, .run = train_run, .message = train_message,
	.finish = train_finish, .keep_partial = true, .failed = train_failed, .release = train_release,
	.keep = KEEP_CHANGES, .again = train_again,
};
