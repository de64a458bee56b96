/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_compare.c - compare: runs side by side on the current split, or models, trained first (compare_models.h).
 *
 * Each run is measured by the same call, on the same users; the interval of a mean is a bootstrap over
 * users, and a run is told apart from the best one by a paired bootstrap, Holm-corrected over the
 * comparisons of the table.  Runs of another split never enter.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/comparison.h"
#include "app/session_change.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/compare_models.h"
#include "cmd/compare_rewards.h"
#include "cmd/hold.h"
#include "cmd/tables.h"
#include "cmd/told.h"
#include "eval/interval.h"
#include "job/job.h"
#include "train/verdict.h"

#define LEVEL 0.05

struct compared {
	struct hold hold;
	struct eval_result *eval;
	const char *explanation; /* fixed text */
	uint64_t bytes;
	double lo, hi, p;        /* p: against the best; NaN for the best itself */
	double p_alone;          /* before it is corrected, against this one */
	const struct eval_result *against;
	size_t model;            /* which of the models it was trained of */
};

struct comparing {
	size_t n;
	struct compared *run; /* [n], best first once measured */
	struct eval_options options;
	bool standard; /* what is measured becomes what is told of the runs */
	int metric;
	unsigned at;          /* which of options.k is the metric's */
	uint64_t seed;
	uint64_t split;       /* the session's, when it began */
	struct models *models; /* NULL: runs that are there are compared */
	bool asks_rewards;
	struct rewards rewards;
	const char *metric_text;
	size_t n_asked;       /* models; some may be left out */
	struct comparison *so_far; /* UI: last told while it worked; NULL: none */
	struct comparison *kept;   /* at the end; the session takes it */
	const struct snapshot *best; /* of those measured, where rewards are asked for; referenced */
	double best_mean;
};

static const struct param_spec compare_params[] = {
	{ .name = "metric", .type = PARAM_TEXT, .def = "ndcg@10", .meaning = "what the runs are ordered by" },
	{ .name = "on", .type = PARAM_CHOICE, .choices = "test|valid", .def = "test", .meaning = "which part is to be found" },
	CANDIDATES_PARAM,
	{ .name = "budget", .type = PARAM_TEXT,
	  .meaning = "of models: tunes each for its part of this time, such as 10m; default: they keep their defaults" },
	{ .name = "limit", .type = PARAM_TEXT, .def = "2m",
	  .meaning = "of models without a budget: a training ends with the epoch in which this is over, and is measured as it stands; 0: any" },
	{ .name = "share", .type = PARAM_TEXT, .def = "50",
	  .meaning = "of models: percents of the train events that each is trained on too, such as 25,50; 0: none" },
	{ .name = "noise", .type = PARAM_TEXT,
	  .meaning = "of models: percent of random events that each is trained with too, such as 10%; default: none" },
	{ .name = "folds", .type = PARAM_INT, .lo = 1, .hi = VERDICT_FOLDS, .def = "1", .unit = "splits",
	  .meaning = "of models: the split is drawn so many times; values are users' means over them" },
	{ .name = "cold", .type = PARAM_BOOL, .def = "yes",
	  .meaning = "of models: those that can rank items never trained on are measured on a split cold-items too" },
	{ .name = "scenario", .type = PARAM_CHOICE, .choices = SCENARIO_CHOICES,
	  .meaning = "of models: which fits best where these criteria weigh most (whyrec(1), Which model)" },
	{ .name = "weights", .type = PARAM_TEXT,
	  .meaning = "of models: criterion:weight,… in place of the scenario's, such as accuracy:3,latency:1" },
	{ .name = "users", .type = PARAM_INT, .lo = 1, .hi = 100000, .def = "100", .unit = "users",
	  .meaning = "of models: drawn for answering times and explanations" },
	{ .name = "rewards", .type = PARAM_BOOL, .def = "no",
	  .meaning = "of models: tells what the data reward (order, text, friends, values, taste, more events), by taking each away" },
	{ .name = NULL },
};

static bool parse_metric(const struct call *c, struct comparing *x, struct err *err)
{
	uint32_t k;

	if (!metric_parse(call_text(c, "metric"), &x->metric, &k, err))
		return err_wrap(err, "metric=");
	if (!metric_table[x->metric].per_user)
		return err_set(err, ERR_RANGE, "metric=%s is no mean over users: intervals need one, such as ndcg@10",
			       call_text(c, "metric"));
	for (x->at = 0; x->at < x->options.n_k; x->at++) {
		if (x->options.k[x->at] == k)
			return true;
	}
	x->options.k[x->options.n_k++] = k;
	return true;
}

bool run_is_comparable(const struct run *r)
{
	return r->of_split && (r->snapshot || (r->rec.readable && !r->job));
}

static bool add(struct comparing *x, const struct call *c, const char *name, struct err *err)
{
	x->run = mem_must(realloc(x->run, (x->n + 1) * sizeof(*x->run)));
	x->run[x->n] = (struct compared){ .p = NAN };
	return hold_evaluable(&x->run[x->n++].hold, c, name, err);
}

static bool add_models(struct comparing *x, struct call *c, struct err *err)
{
	if (x->options.on_valid)
		return err_set(err, ERR_USAGE, "models are compared on test: valid chose their settings");
	x->asks_rewards = params_bool(&c->params, "rewards");
	x->models = compare_models_new(c, err);
	x->n = x->n_asked = x->models ? compare_models_n(x->models) : 0;
	x->metric_text = call_text(c, "metric");
	x->run = mem_must(calloc(x->n + 1, sizeof(*x->run)));
	for (size_t i = 0; i < x->n; i++)
		x->run[i] = (struct compared){ .p = NAN, .model = i };
	return x->models != NULL;
}

static bool refuse_options_of_models(const struct call *c, struct err *err)
{
	static const char *const of_models[] = { "budget", "limit", "share", "users", "noise", "folds", "cold", "scenario", "weights", "rewards" };

	for (size_t i = 0; i < sizeof(of_models) / sizeof(*of_models); i++)
		if (call_named(c, of_models[i]))
			return err_set(err, ERR_USAGE, "%s= is of models: compare ease ials %s=…", of_models[i], of_models[i]);
	return true;
}

static bool compare_prepare(struct call *c, struct err *err)
{
	struct comparing *x = mem_must(calloc(1, sizeof(*x)));

	c->state = x;
	x->split = session_split_serial(c->session);
	if (!call_needs_data(c, err))
		return false;
	eval_options_for(&x->options, session_split(c->session));
	eval_read_candidates(&c->params, &x->options);
	x->options.on_valid = params_choice(&c->params, "on") == 1;
	x->standard = eval_is_standard(&x->options, session_split(c->session));
	x->seed = x->options.seed = session_seed(c->session);
	if (!parse_metric(c, x, err))
		return false;
	if (compare_models_asked(c))
		return add_models(x, c, err);
	if (!refuse_options_of_models(c, err))
		return false;
	for (size_t i = 0; i < c->words.n; i++) {
		if (!add(x, c, call_word(c, i), err))
			return false;
	}
	for (size_t i = 0; c->words.n == 0 && i < session_n_runs(c->session); i++) {
		const struct run *r = session_run(c->session, i);

		if (run_is_comparable(r) && !add(x, c, r->rec.name, err))
			return false;
	}
	return true;
}

/* The users' values that the row stands on: of one split, or means over folds. */
struct values { const float *v; size_t n; double mean; };

static struct values values_of(const struct comparing *x, const struct compared *r)
{
	struct values out;

	if (x->models && compare_models_folds(x->models, r->model, &out.v, &out.n, &out.mean))
		return out;
	return (struct values){ r->eval->per_user[x->metric][x->at], r->eval->n_users, r->eval->value[x->metric][x->at] };
}

static double mean_of(const struct comparing *x, const struct compared *r)
{
	return values_of(x, r).mean;
}

/* Best first; ties keep the order asked for. */
static void order(struct comparing *x)
{
	bool up = metric_table[x->metric].higher_better;

	for (size_t i = 1; i < x->n; i++) {
		struct compared r = x->run[i];
		double v = mean_of(x, &r);
		size_t at = i;

		for (; at > 0; at--) {
			double before = mean_of(x, &x->run[at - 1]);

			if (!(up ? v > before : v < before))
				break;
			x->run[at] = x->run[at - 1];
		}
		x->run[at] = r;
	}
}

/* A row that is judged again, since others came, is resampled only where the best is another one. */
static bool resample(const struct comparing *x, struct compared *r, const struct task *t)
{
	const struct compared *best = &x->run[0];
	struct values mine = values_of(x, r);

	if (!r->against && !interval_mean(mine.v, mine.n, x->seed, t, &r->lo, &r->hi))
		return false;
	if (r != best && r->against != best->eval &&
	    !interval_paired_p(values_of(x, best).v, mine.v, mine.n, x->seed, t, &r->p_alone))
		return false;
	r->against = best->eval;
	return true;
}

/* The p-values of all but the best, corrected together. */
static bool judge(struct comparing *x, const struct task *t, struct err *err)
{
	double *p = mem_must(calloc(x->n + 1, sizeof(*p)));
	bool good = true;

	for (size_t i = 0; good && i < x->n; i++) {
		good = resample(x, &x->run[i], t);
		p[i] = x->run[i].p_alone;
	}
	if (good && x->n > 1)
		interval_holm(p + 1, x->n - 1);
	for (size_t i = 0; i < x->n; i++)
		x->run[i].p = i ? p[i] : NAN;
	free(p);
	return good || task_cancelled(err);
}

static const char *explanation_of(const struct model *m)
{
	return model_caps(m) & MODEL_EXACT ? "exact" : "leave-one-out";
}

/* The first of equals, as order() has it. */
static void keep_best(struct comparing *x, const struct compared *r, const struct snapshot *s)
{
	double mean = mean_of(x, r);

	if (x->best && !(metric_table[x->metric].higher_better ? mean > x->best_mean : mean < x->best_mean))
		return;
	snapshot_unref(x->best);
	x->best = snapshot_ref(s);
	x->best_mean = mean;
}

/* One model at a time in memory; two where the best one is asked again. */
static bool measure(struct comparing *x, struct compared *r, const struct task *t, struct err *err)
{
	const struct snapshot *s = hold_snapshot(&r->hold, err);
	bool good = s != NULL;

	if (good) {
		r->eval = eval_run(s, r->hold.split, &x->options, t, err);
		r->explanation = explanation_of(s->model);
		r->bytes = s->precision != r->hold.record.precision ? s->ops->held(s->model) : r->hold.record.bytes;
		good = r->eval && (!x->models || compare_models_measure(x->models, r->model, s, t, err));
		if (good && x->asks_rewards)
			keep_best(x, r, s);
	}
	hold_let_go(&r->hold);
	return good;
}

/* What is told while the others are trained; made by the worker, kept and shown by the session's thread. */
struct rows_news {
	const void *of; /* as struct training_news begins: whose it is */
	struct comparison *told;
};

static void rows_news_free(void *p)
{
	struct rows_news *n = p;

	comparison_unref(n->told);
	free(n);
}

static void add_row(struct result *res, const struct comparing *x, const struct compared *r, const char *metric);

/* The users' values of the rows that there are; what is told of them comes on top. */
static struct comparison *values_told(const struct comparing *x, struct err *err)
{
	size_t n_users = x->n ? values_of(x, &x->run[0]).n : 0;
	struct comparison *c = comparison_new(x->n, n_users, err);

	if (!c)
		return NULL;
	c->seed = x->seed;
	for (size_t i = 0; i < x->n; i++) {
		snprintf(c->run[i], sizeof(c->run[i]), "%s", x->run[i].hold.record.name);
		memcpy(c->value + i * n_users, values_of(x, &x->run[i]).v, n_users * sizeof(*c->value));
	}
	return c;
}

static bool post_rows(const struct comparing *x, struct job *job, struct err *err)
{
	struct comparison *told = values_told(x, err);
	struct message *m;
	struct rows_news *n;
	struct result so_far;

	if (!told)
		return false;
	result_init(&so_far);
	for (size_t i = 0; i < x->n; i++)
		add_row(&so_far, x, &x->run[i], x->metric_text);
	told->rows = json_incref(so_far.rows);
	result_set(&so_far, "on", json_text("test"));
	result_set(&so_far, "of", json_integer((json_int_t)x->n_asked));
	told->head = json_incref(so_far.head);
	result_done(&so_far);
	m = mem_must(calloc(1, sizeof(*m)));
	n = mem_must(calloc(1, sizeof(*n)));
	n->of = x;
	n->told = told;
	*m = (struct message){ .kind = MESSAGE_WORK, .payload = n, .payload_free = rows_news_free };
	job_post(job, m);
	return true;
}

static void let_go(struct compared *r)
{
	hold_done(&r->hold);
	eval_result_free(r->eval);
}

/* Those that are left out leave the table. */
static bool train_models(struct comparing *x, struct job *job, const struct task *t, struct err *err)
{
	struct task_part p = { .whole = t, .n = 2 * x->n }; /* a training and its measuring each */
	const struct task part = task_of_part(&p);

	x->n = 0;
	for (size_t i = 0; i < p.n / 2; i++) {
		struct compared r = x->run[i];
		bool good;

		p.at = 2 * i;
		good = compare_models_train(x->models, r.model, job, &part, &r.hold, err);
		if (!good && err->code == ERR_OK)
			continue;
		p.at++;
		x->run[x->n++] = r;
		if (!good)
			return false;
		if (measure(x, &x->run[x->n - 1], &part, err)) {
			order(x);
			if (!judge(x, t, err) || !post_rows(x, job, err))
				return false;
			continue;
		}
		if (err->code == ERR_CANCELLED)
			return false;
		compare_models_leave_out(x->models, r.model, err);
		let_go(&x->run[--x->n]);
	}
	*err = (struct err){ 0 };
	return true;
}

static bool measure_rewards(struct comparing *x, const struct task *t, struct err *err)
{
	const struct compared *best = &x->run[0];
	struct rewards_curve curve = { 0 };
	const struct fit_request *r;

	if (!x->best)
		return true;
	r = compare_models_settings(x->models, best->model);
	if (x->standard)
		curve = compare_models_curve(x->models, best->model);
	return rewards_measure(r->data, x->seed, t, &x->rewards, err) &&
	       rewards_of_best(best->eval, x->metric, x->at, r, x->best, &curve, t, &x->rewards, err);
}

static bool compare_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct comparing *x = c->state;

	if (x->models && !train_models(x, job, t, err))
		return false;
	for (size_t i = 0; i < x->n && !x->models; i++)
		if (!measure(x, &x->run[i], t, err))
			return false;
	order(x);
	if (!judge(x, t, err) || !measure_rewards(x, t, err))
		return false;
	x->kept = values_told(x, err);
	return x->kept != NULL;
}

static double value_at(const struct eval_result *e, int metric, uint32_t k)
{
	for (unsigned i = 0; i < e->options.n_k; i++) {
		if (e->options.k[i] == k)
			return e->value[metric][i];
	}
	return NAN;
}

static void add_row(struct result *res, const struct comparing *x, const struct compared *r, const char *metric)
{
	json_t *row = result_add_row(res);
	const struct run_record *rec = &r->hold.record;
	const struct eval_result *e = r->eval;
	bool together = isnan(r->p) || r->p >= LEVEL;
	char shown[64];

	json_object_set_new(row, "run", json_text(rec->name));
	json_object_set_new(row, "precision", json_text(precision_name[e->precision]));
	json_object_set_new(row, "model", json_text(rec->model));
	json_object_set_new(row, "metric", json_text(metric));
	json_object_set_new(row, "value", json_number(mean_of(x, r)));
	json_object_set_new(row, "low", json_number(r->lo));
	json_object_set_new(row, "high", json_number(r->hi));
	json_object_set_new(row, "p", json_number(r->p));
	json_object_set_new(row, "with_best", json_boolean(together));
	json_object_set_new(row, "recall@20", json_number(value_at(e, METRIC_RECALL, 20)));
	json_object_set_new(row, "coverage@10", json_number(value_at(e, METRIC_COVERAGE, 10)));
	json_object_set_new(row, "novelty@10", json_number(value_at(e, METRIC_NOVELTY, 10)));
	json_object_set_new(row, "train_seconds", json_number(rec->seconds));
	told_put(row, rec);
	json_object_set_new(row, "ms_per_user", json_number(e->n_users ? 1000 * e->seconds / (double)e->n_users : NAN));
	json_object_set_new(row, "bytes", json_integer((json_int_t)r->bytes));
	json_object_set_new(row, "explanation", json_text(r->explanation));
	json_object_set_new(row, "users", json_integer((json_int_t)e->n_users));
	json_object_set_new(row, "metrics", eval_metrics_json(e));
	json_object_set_new(row, "cold", eval_cold_json(e));
	snprintf(shown, sizeof(shown), "%.4f [%.4f, %.4f]%s", mean_of(x, r), r->lo, r->hi, together ? " *" : "");
	json_object_set_new(row, "interval", json_text(shown));
	if (x->models)
		compare_models_row(x->models, r->model, row);
}

static void tell_models(const struct comparing *x, const char *metric, struct result *r, struct str *text)
{
	size_t *which = mem_must(calloc(x->n + 1, sizeof(*which)));

	for (size_t i = 0; i < x->n; i++)
		which[i] = x->run[i].model;
	compare_models_tell(x->models, which, x->n, r->rows, metric, r, text);
	free(which);
}

static void tell(struct call *c, struct comparing *x)
{
	struct result *r = &c->result;
	const char *metric = call_text(c, "metric");
	struct str cold = STR_INIT, models = STR_INIT;
	char n[32], chance[64] = "";

	result_add_column(r, "run", "run", COLUMN_TEXT);
	result_add_column(r, "interval", metric, COLUMN_TEXT);
	result_add_column(r, "recall@20", "recall@20", COLUMN_SCORE);
	result_add_column(r, "coverage@10", "coverage", COLUMN_SCORE);
	result_add_column(r, "novelty@10", "novelty", COLUMN_SCORE);
	result_add_column(r, "told/seconds", "told", COLUMN_SECONDS);
	result_add_column(r, "train_seconds", "trained in", COLUMN_SECONDS);
	result_add_column(r, "ms_per_user", "ms/user", COLUMN_SCORE);
	result_add_column(r, "bytes", "memory", COLUMN_BYTES);
	result_add_column(r, "precision", "in", COLUMN_TEXT);
	result_add_column(r, "explanation", "explanation", COLUMN_TEXT);
	r->rows_key = "rows";
	for (size_t i = 0; i < x->n; i++)
		add_row(r, x, &x->run[i], metric);
	for (size_t i = 0; i < x->n; i++)
		eval_say_cold(&cold, x->run[i].eval);
	result_set(r, "total", json_integer((json_int_t)x->n));
	result_set(r, "on", json_text(x->options.on_valid ? "valid" : "test"));
	result_set(r, "by_chance", json_number(x->n ? x->run[0].eval->by_chance[x->metric][x->at] : NAN));
	if (x->n && !isnan(x->run[0].eval->by_chance[x->metric][x->at]))
		snprintf(chance, sizeof(chance), "by chance, in random order: %.4f\n",
			 x->run[0].eval->by_chance[x->metric][x->at]);
	if (x->models)
		tell_models(x, metric, r, &models);
	if (x->best)
		compare_rewards_tell(&x->rewards, r, &models);
	if (!x->n)
		result_say(r, "%sno run of this split: train one\n", str_text(&models));
	else
		result_say(r, "%s, split %s, %s users; 95%% intervals by bootstrap over users\n"
			   "%s%s%s* not told apart from the best at 95%%\n", x->run[0].hold.data->name,
			   x->run[0].hold.split->text, str_thousands(x->run[0].eval->n_users, n), chance, str_text(&cold),
			   str_text(&models));
	str_done(&cold);
	str_done(&models);
}

static bool compare_finish(struct call *c, struct err *err)
{
	struct comparing *x = c->state;

	(void)err;
	compare_models_ended(x->models, c->session);
	tell(c, x);
	x->kept->rows = json_incref(c->result.rows);
	x->kept->head = json_incref(c->result.head);
	session_put_comparison(c->session, comparison_ref(x->kept), x->split);
	for (size_t i = 0; i < x->n && x->standard; i++) {
		eval_keep(c->session, x->run[i].eval);
		x->run[i].eval = NULL;
	}
	return true;
}

/* of: how many there will be; 0: there will be no more. */
static void tell_so_far(struct call *c, size_t of)
{
	const struct comparing *x = c->state;
	struct result r;

	result_init(&r);
	json_decref(r.rows);
	r.rows = json_incref(x->so_far->rows);
	result_set(&r, "on", json_text("test"));
	result_set(&r, "of", json_integer((json_int_t)of));
	call_tell_news(c, &r);
	result_done(&r);
}

static void compare_message(struct call *c, void *payload)
{
	struct comparing *x = c->state;
	const struct rows_news *news = payload;
	const void *of;

	memcpy(&of, payload, sizeof(of));
	if (of != x) {
		compare_models_message(x->models, c->session, payload);
		return;
	}
	comparison_unref(x->so_far);
	x->so_far = comparison_ref(news->told);
	session_put_comparison(c->session, comparison_ref(news->told), x->split);
	tell_so_far(c, x->n_asked);
}

/* What was trained stays. */
static void compare_failed(struct call *c, const struct err *why)
{
	struct comparing *x = c->state;

	(void)why;
	compare_models_ended(x->models, c->session);
	if (x->so_far)
		tell_so_far(c, 0);
}

static void compare_release(struct call *c)
{
	struct comparing *x = c->state;

	for (size_t i = 0; i < x->n; i++)
		let_go(&x->run[i]);
	compare_models_free(x->models);
	comparison_unref(x->so_far);
	comparison_unref(x->kept);
	snapshot_unref(x->best);
	free(x->run);
	free(x);
}

/* All runs, once: a run that is made later is not among them. */
static const char *compare_again(const struct call *c, struct str *line)
{
	const json_t *row;
	size_t i;

	if (c->words.n > 0)
		return NULL;
	json_array_foreach(c->result.rows, i, row) {
		str_putc(line, ' ');
		word_quote(line, json_string_value(json_object_get(row, "run")));
	}
	return NULL;
}

const struct command compare_command = {
	.name = "compare", .group = "Questions", .synopsis = "compare [RUN…] [metric=ndcg@10] [on=test|valid] [candidates=train|all|cold]  or  compare MODEL…|all [budget=T] [limit=2m] [share=25,50] [noise=10%] [folds=K] [scenario=NAME] [rewards=yes] [metric=ndcg@10]",
	.summary = "runs side by side, with intervals and costs; models trained under one rule, with a verdict",
	.lane = LANE_HEAVY, .words = { WORD_RUN }, .many = true, .most = UINT_MAX, .params = compare_params,
	.prepare = compare_prepare, .run = compare_run, .message = compare_message,
	.finish = compare_finish, .failed = compare_failed, .release = compare_release,
	.again = compare_again,
};
