/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_compare.c - compare: runs side by side on the current split.
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

#include "app/session_change.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/hold.h"
#include "cmd/tables.h"
#include "eval/interval.h"

#define LEVEL 0.05

struct compared {
	struct hold hold;
	struct eval_result *eval;
	const char *explanation; /* fixed text */
	uint64_t bytes;
	double lo, hi, p;        /* p: against the best; NaN for the best itself */
};

struct comparison {
	size_t n;
	struct compared *run; /* [n], best first once measured */
	struct eval_options options;
	int metric;
	unsigned at;          /* which of options.k is the metric's */
	uint64_t seed;
};

static const struct param_spec compare_params[] = {
	{ .name = "metric", .type = PARAM_TEXT, .def = "ndcg@10", .meaning = "what the runs are ordered by" },
	{ .name = "on", .type = PARAM_CHOICE, .choices = "test|valid", .def = "test", .meaning = "which part is to be found" },
	{ .name = NULL },
};

static bool parse_metric(const struct call *c, struct comparison *x, struct err *err)
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

static bool add(struct comparison *x, const struct call *c, const char *name, struct err *err)
{
	x->run = mem_must(realloc(x->run, (x->n + 1) * sizeof(*x->run)));
	x->run[x->n] = (struct compared){ .p = NAN };
	return hold_evaluable(&x->run[x->n++].hold, c, name, err);
}

static bool compare_prepare(struct call *c, struct err *err)
{
	struct comparison *x = mem_must(calloc(1, sizeof(*x)));

	c->state = x;
	if (!call_needs_data(c, err))
		return false;
	eval_options_for(&x->options, session_split(c->session));
	x->options.on_valid = params_choice(&c->params, "on") == 1;
	x->seed = x->options.seed = session_seed(c->session);
	if (!parse_metric(c, x, err))
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

static const float *values_of(const struct comparison *x, const struct compared *r)
{
	return r->eval->per_user[x->metric][x->at];
}

static double mean_of(const struct comparison *x, const struct compared *r)
{
	return r->eval->value[x->metric][x->at];
}

/* Best first; ties keep the order asked for. */
static void order(struct comparison *x)
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

/* The p-values of all but the best, corrected together. */
static bool judge(struct comparison *x, const struct task *t, struct err *err)
{
	double *p = mem_must(calloc(x->n + 1, sizeof(*p)));
	bool good = true;

	for (size_t i = 0; good && i < x->n; i++) {
		struct compared *r = &x->run[i];
		size_t n = r->eval->n_users;

		good = interval_mean(values_of(x, r), n, x->seed, t, &r->lo, &r->hi);
		if (good && i > 0)
			good = interval_paired_p(values_of(x, &x->run[0]), values_of(x, r), n, x->seed, t, &p[i]);
	}
	if (good && x->n > 1)
		interval_holm(p + 1, x->n - 1);
	for (size_t i = 1; i < x->n; i++)
		x->run[i].p = p[i];
	free(p);
	return good || task_cancelled(err);
}

static const char *explanation_of(const struct model *m)
{
	return model_caps(m) & MODEL_EXACT ? "exact" : "leave-one-out";
}

static bool compare_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct comparison *x = c->state;

	(void)job;
	for (size_t i = 0; i < x->n; i++) {
		struct compared *r = &x->run[i];
		const struct snapshot *s = hold_snapshot(&r->hold, err);

		if (s)
			r->eval = eval_run(s, r->hold.split, &x->options, t, err);
		r->explanation = s ? explanation_of(s->model) : NULL;
		r->bytes = s && s->precision != r->hold.record.precision ? s->ops->held(s->model) : r->hold.record.bytes;
		hold_let_go(&r->hold); /* one model at a time in memory */
		if (!r->eval)
			return false;
	}
	order(x);
	return judge(x, t, err);
}

static double value_at(const struct eval_result *e, int metric, uint32_t k)
{
	for (unsigned i = 0; i < e->options.n_k; i++) {
		if (e->options.k[i] == k)
			return e->value[metric][i];
	}
	return NAN;
}

static void add_row(struct result *res, const struct comparison *x, const struct compared *r, const char *metric)
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
	json_object_set_new(row, "ms_per_user", json_number(e->n_users ? 1000 * e->seconds / (double)e->n_users : NAN));
	json_object_set_new(row, "bytes", json_integer((json_int_t)r->bytes));
	json_object_set_new(row, "explanation", json_text(r->explanation));
	json_object_set_new(row, "users", json_integer((json_int_t)e->n_users));
	json_object_set_new(row, "metrics", eval_metrics_json(e));
	json_object_set_new(row, "cold", eval_cold_json(e));
	snprintf(shown, sizeof(shown), "%.4f [%.4f, %.4f]%s", mean_of(x, r), r->lo, r->hi, together ? " *" : "");
	json_object_set_new(row, "interval", json_text(shown));
}

static void tell(struct call *c, struct comparison *x)
{
	struct result *r = &c->result;
	const char *metric = call_text(c, "metric");
	struct str cold = STR_INIT;
	char n[32], chance[64] = "";

	result_add_column(r, "run", "run", COLUMN_TEXT);
	result_add_column(r, "interval", metric, COLUMN_TEXT);
	result_add_column(r, "recall@20", "recall@20", COLUMN_SCORE);
	result_add_column(r, "coverage@10", "coverage", COLUMN_SCORE);
	result_add_column(r, "novelty@10", "novelty", COLUMN_SCORE);
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
	if (!x->n)
		result_say(r, "no run of this split: train one\n");
	else
		result_say(r, "%s, split %s, %s users; 95%% intervals by bootstrap over users\n"
			   "%s%s* not told apart from the best at 95%%\n", x->run[0].hold.data->name,
			   x->run[0].hold.split->text, str_thousands(x->run[0].eval->n_users, n), chance, str_text(&cold));
	str_done(&cold);
}

static bool compare_finish(struct call *c, struct err *err)
{
	struct comparison *x = c->state;

	(void)err;
	tell(c, x);
	for (size_t i = 0; i < x->n && !x->options.on_valid; i++) {
		eval_keep(c->session, x->run[i].eval);
		x->run[i].eval = NULL;
	}
	return true;
}

static void compare_release(struct call *c)
{
	struct comparison *x = c->state;

	for (size_t i = 0; i < x->n; i++) {
		hold_done(&x->run[i].hold);
		eval_result_free(x->run[i].eval);
	}
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
	.name = "compare", .group = "Questions", .synopsis = "compare [RUN…] [metric=ndcg@10] [on=test|valid]",
	.summary = "runs side by side, with intervals and costs",
	.lane = LANE_HEAVY, .words = { WORD_RUN }, .many = true, .most = UINT_MAX, .params = compare_params,
	.prepare = compare_prepare, .run = compare_run, .finish = compare_finish, .release = compare_release,
	.again = compare_again,
};
