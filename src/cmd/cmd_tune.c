/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_tune.c - tune MODEL: words into a search, its steps, what it found. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "app/tuning.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num_parse.h"
#include "cmd/tables.h"

#define TRIALS 20

static const struct param_spec tune_params[] = {
	{ .name = "trials", .type = PARAM_INT, .lo = 1, .hi = 10000,
	  .meaning = "settings that are tried (default: 20; the whole of a grid)" },
	{ .name = "time", .type = PARAM_TEXT, .meaning = "stops after as long, such as 90s, 10m, 1h30m" },
	{ .name = "method", .type = PARAM_CHOICE, .choices = TUNE_METHODS, .def = "random",
	  .meaning = "how settings are drawn; grid: three points of a range, all of a list" },
	{ .name = "metric", .type = PARAM_TEXT, .def = "ndcg@10", .meaning = "what is best on valid" },
	{ .name = "values", .type = PARAM_BOOL, .def = "no", .meaning = "fits the events' values instead of 1" },
	{ .name = "seed", .type = PARAM_INT, .lo = 0, .hi = 1e15,
	  .meaning = "of every random stream (default: the session's)" },
	{ .name = "name", .type = PARAM_TEXT, .meaning = "name of the run (default: MODEL#N)" },
	{ .name = "replace", .type = PARAM_BOOL, .def = "no", .meaning = "with name=: replaces a run of that name" },
	{ .name = "resume", .type = PARAM_TEXT, .meaning = "goes on with a tuned run; trials= and time= may change" },
	{ .name = NULL },
};

/* A model's parameters as texts: what is searched is a range, not a value.  One table a model, UI thread. */
static const struct param_spec *tune_more(const struct call *c)
{
	enum { MODELS = 32 };
	static struct param_spec table[MODELS][PARAM_MAX + 1];
	struct err ignored;
	const struct model_ops *ops = c->words.n ? model_find(call_word(c, 0), &ignored) : NULL;
	size_t m = 0;

	while (ops && model_registry[m] != ops)
		m++;
	if (!ops || m >= MODELS)
		return NULL;
	for (size_t i = 0; i < PARAM_MAX && ops->params[i].name; i++)
		table[m][i] = (struct param_spec){ .name = ops->params[i].name, .type = PARAM_TEXT,
						   .meaning = ops->params[i].meaning };
	return table[m];
}

static bool give_ranges(const struct call *c, struct tune_space *space, struct err *err)
{
	for (size_t i = 0; c->more.specs && c->more.specs[i].name; i++) {
		const char *name = c->more.specs[i].name;

		if (params_is_set(&c->more, name) && !tune_space_give(space, name, params_text(&c->more, name), err))
			return false;
	}
	return true;
}

static bool read_limits(const struct call *c, struct tuning *t, struct err *err)
{
	const char *time = call_text(c, "time");
	uint64_t grid = tune_grid_size(&t->space);
	bool whole = t->plan.method == TUNE_GRID && !params_is_set(&c->params, "trials");

	if (time && (!num_parse_seconds(time, strlen(time), &t->plan.seconds) || !(t->plan.seconds > 0)))
		return err_set(err, ERR_SYNTAX, "time=\"%s\": expected a duration, such as 90s, 10m or 1h30m", time);
	if (t->plan.method == TUNE_GRID && grid > TUNE_GRID_MOST)
		return err_set(err, ERR_RANGE, "the grid has over %d settings: give fewer ranges, or method=random",
			       TUNE_GRID_MOST);
	t->plan.trials = whole ? (uint32_t)grid : params_is_set(&c->params, "trials")
						? (uint32_t)params_int(&c->params, "trials") : TRIALS;
	if (t->plan.method == TUNE_GRID && t->plan.trials > grid)
		t->plan.trials = (uint32_t)grid;
	return true;
}

static bool only_limits_change(const struct call *c, struct err *err)
{
	static const char *const may[] = { "resume", "trials", "time" };

	for (size_t i = 0; i < c->named.n; i++) {
		bool good = false;

		for (size_t k = 0; k < sizeof(may) / sizeof(*may); k++)
			good = good || !strcmp(c->named.w[i].name, may[k]);
		if (!good)
			return err_set(err, ERR_USAGE, "%s= cannot change when a tuning is resumed: only trials= and time= can",
				       c->named.w[i].name);
	}
	return true;
}

static bool fill(const struct call *c, struct tuning *t, struct err *err)
{
	const struct model_ops *ops = model_find(call_word(c, 0), err);
	struct fit_request *r = &t->base.request;

	if (!ops || !call_needs_data(c, err))
		return false;
	if (param_find(ops->params, "runs") >= 0)
		return err_set(err, ERR_UNSUPPORTED, "%s finds its weights on valid by itself: train %s runs=…", ops->name,
			       ops->name);
	fit_request_init(r, ops);
	r->seed = params_is_set(&c->params, "seed") ? (uint64_t)params_int(&c->params, "seed")
						   : session_seed(c->session);
	r->values = params_bool(&c->params, "values");
	if (!metric_parse(call_text(c, "metric"), &r->metric, &r->metric_k, err))
		return err_wrap(err, "metric=");
	t->plan = (struct tune_plan){ .method = (enum tune_method)params_choice(&c->params, "method"), .seed = r->seed,
				      .space = &t->space };
	if (!tune_space_init(&t->space, ops->params, err) || !give_ranges(c, &t->space, err) || !read_limits(c, t, err))
		return false;
	if (call_text(c, "resume"))
		return only_limits_change(c, err);
	if (!t->space.n)
		return err_set(err, ERR_UNSUPPORTED, "%s has no parameter that is searched by itself: give a range, such as "
			       "NAME=LO..HI (the command params %s lists them)", ops->name, ops->name);
	return true;
}

static bool tune_prepare(struct call *c, struct err *err)
{
	struct tuning *t = mem_must(calloc(1, sizeof(*t)));

	c->state = t;
	if (!fill(c, t, err) || !tuning_prepare(t, c->session, call_text(c, "name"), params_bool(&c->params, "replace"),
						call_text(c, "resume"), err))
		return false;
	snprintf(c->run_name, sizeof(c->run_name), "%s", t->run);
	snprintf(c->title, sizeof(c->title), "tune %s", t->run);
	return true;
}

static bool tune_run_step(struct call *c, struct job *job, const struct task *task, struct err *err)
{
	return tuning_run(c->state, job, task, err);
}

static void tune_message(struct call *c, void *payload)
{
	tuning_message(c->state, c->session, payload);
}

/* --- what it found ---------------------------------------------------------------------------------------- */

static bool is_axis(const struct tune_space *s, int param)
{
	for (size_t k = 0; k < s->n; k++)
		if (s->axis[k].param == param)
			return true;
	return false;
}

/* "dim=64 lambda=0.2": what varied. */
static void say_setting(const struct tune_space *s, const struct params *p, struct str *out)
{
	for (int i = 0; p->specs[i].name; i++)
		if (is_axis(s, i))
			str_printf(out, "%s%s=%s", out->len ? " " : "", p->specs[i].name, p->v[i].text);
}

static void add_rows(struct result *r, const struct tuning *t)
{
	for (size_t i = 0; i < t->trials.n; i++) {
		const struct tune_trial *trial = &t->trials.trial[i];
		json_t *row = result_add_row(r);
		struct str setting = STR_INIT;

		say_setting(&t->space, &trial->params, &setting);
		json_put(row, "trial", json_integer((json_int_t)i + 1));
		json_put(row, "valid", json_number(trial->valid));
		json_put(row, "gain", json_number(trial->gain));
		json_put(row, "gain_error", json_number(trial->gain_error));
		json_put(row, "epochs", json_integer(trial->epochs));
		json_put(row, "best_epoch", json_integer(trial->best_epoch));
		json_put(row, "stopped", json_text(trial->stopped));
		json_put(row, "failure", json_text(trial->failure));
		json_put(row, "seconds", json_number(trial->seconds));
		json_put(row, "setting", json_text(str_text(&setting)));
		json_put(row, "params", params_to_json(&trial->params));
		str_done(&setting);
	}
}

static void say_effects(const json_t *effects, struct str *text)
{
	const json_t *e, *g;
	size_t k, i;

	json_array_foreach((json_t *)(uintptr_t)effects, k, e) {
		str_printf(text, "  %s:", json_string_value(json_object_get(e, "param")));
		json_array_foreach(json_object_get(e, "groups"), i, g)
			str_printf(text, "%s %s %.4f (%lld)", i ? "," : "", json_string_value(json_object_get(g, "range")),
				   json_number_value(json_object_get(g, "mean")),
				   (long long)json_integer_value(json_object_get(g, "trials")));
		str_puts(text, "\n");
	}
}

/* How the best did against the others where they were measured again. */
static void say_gain(const struct tuning *t, struct str *text)
{
	const struct tune_trial *best = &t->trials.trial[t->trials.best];
	bool has_default = t->plan.method == TUNE_RANDOM && tune_space_has_default(&t->space);
	const char *metric = t->base.record.metric;
	size_t again = 0;

	for (size_t i = 0; i < t->trials.n; i++)
		again += !isnan(t->trials.trial[i].gain);
	if (again && !isnan(best->gain))
		str_printf(text, "measured again on %d other draws of valid: %s %+.4f ± %.4f against %s\n", TUNE_DRAWS, metric, best->gain,
			   best->gain_error, has_default ? "the defaults" : "the best on valid");
	else if (again)
		str_printf(text, "measured again on %d other draws of valid, none of %zu that are better on valid is ahead of %s by more than its "
			   "standard error\n", TUNE_DRAWS, again, has_default ? "the defaults" : "it");
}

static void tell(struct call *c, const struct tuning *t)
{
	static const struct result_column columns[] = {
		{ "trial", "trial", COLUMN_INT }, { "valid", "valid", COLUMN_SCORE }, { "epochs", "epochs", COLUMN_INT },
		{ "stopped", "ended", COLUMN_TEXT }, { "seconds", "took", COLUMN_SECONDS },
		{ "setting", "setting", COLUMN_TEXT }, { NULL, NULL, 0 },
	};
	const struct tune_trial *best = &t->trials.trial[t->trials.best];
	bool has_default = t->plan.method == TUNE_RANDOM && tune_space_has_default(&t->space);
	struct str text = STR_INIT, setting = STR_INIT;
	json_t *effects = json_object_get(t->base.record.tuning, "effects");
	struct result *r = &c->result;

	r->rows_key = "trials";
	r->columns = columns;
	add_rows(r, t);
	say_setting(&t->space, &best->params, &setting);
	str_printf(&text, "%s: the best of %zu trials is number %zu, valid %s %.4f", t->run, t->trials.n, t->trials.best + 1,
		   t->base.record.metric, best->valid);
	if (has_default)
		str_printf(&text, " (with the defaults %.4f)", t->trials.trial[0].valid);
	str_printf(&text, ": %s\n", str_text(&setting));
	say_gain(t, &text);
	str_puts(&text, "mean on valid by what a parameter was (trials):\n");
	result_set(r, "run", json_text(t->run));
	result_set(r, "model", json_text(t->base.request.ops->name));
	result_set(r, "metric", json_text(t->base.record.metric));
	result_set(r, "method", json_text(t->plan.method == TUNE_GRID ? "grid" : "random"));
	result_set(r, "stopped", json_text(t->base.record.stopped));
	result_set(r, "best", json_pack("{s:I,s:o,s:o,s:o,s:o}", "trial", (json_int_t)t->trials.best + 1, "valid",
					json_number(best->valid), "gain", json_number(best->gain), "gain_error",
					json_number(best->gain_error), "params", params_to_json(&best->params)));
	result_set(r, "default", has_default ? json_number(t->trials.trial[0].valid) : json_null());
	say_effects(effects, &text);
	result_set(r, "effects", json_incref(effects));
	result_set(r, "seconds", json_number(t->base.record.seconds));
	result_set(r, "total", json_integer((json_int_t)t->trials.n));
	result_say(r, "%s", str_text(&text));
	str_done(&setting);
	str_done(&text);
}

static bool tune_finish(struct call *c, struct err *err)
{
	struct tuning *t = c->state;

	if (!tuning_finish(t, c->session, err))
		return false;
	tell(c, t);
	return true;
}

static void tune_failed(struct call *c, const struct err *why)
{
	struct err ignored;

	(void)why;
	tuning_finish(c->state, c->session, &ignored);
}

static void tune_release(struct call *c)
{
	tuning_done(c->state);
	free(c->state);
}

/* Under the name that it got, with the trials that it had; what a clock ended may end elsewhere. */
static const char *tune_again(const struct call *c, struct str *line)
{
	const char *resumed = call_text(c, "resume"), *stopped = json_string_value(json_object_get(c->result.head, "stopped"));

	if (call_text(c, "time"))
		return "was given a time";
	if (resumed && !journal_made_run(session_journal(c->session), resumed))
		return "went on with a run made before";
	if (!resumed) {
		str_puts(line, " name=");
		word_quote(line, c->run_name);
		str_puts(line, " replace=yes");
	}
	if (stopped && !strcmp(stopped, "cancelled"))
		str_printf(line, " trials=%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(c->result.head, "total")));
	journal_makes_run(session_journal(c->session), c->run_name);
	return NULL;
}

const struct command tune_command = {
	.name = "tune", .group = "Models",
	.synopsis = "tune MODEL [param=LO..HI|A,B,C …] [trials=N] [time=T] [method=random|grid] [metric=ndcg@10] [seed=N] [name=RUN] [resume=RUN]",
	.summary = "searches a model's parameters on valid; the best trial is a run",
	.lane = LANE_HEAVY, .words = { WORD_MODEL }, .least = 1, .most = 1, .params = tune_params,
	.more_params = tune_more, .prepare = tune_prepare, .run = tune_run_step, .message = tune_message,
	.finish = tune_finish, .keep_partial = true, .failed = tune_failed, .release = tune_release,
	.keep = KEEP_CHANGES, .again = tune_again,
};
