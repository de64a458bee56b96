/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_rerank.c - rerank: what a weight of eval/rerank.h buys a run, and what it costs: a row a weight. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num_parse.h"
#include "cmd/hold.h"
#include "cmd/tables.h"

enum { WEIGHTS_MOST = 32 };

struct curve {
	struct hold hold;
	struct eval_options options;
	struct rerank rule[WEIGHTS_MOST];
	struct eval_result *got[WEIGHTS_MOST]; /* [n] */
	size_t n;
};

static const struct param_spec rerank_params[] = {
	{ .name = "by", .type = PARAM_CHOICE, .choices = "mmr|popularity", .def = "mmr",
	  .meaning = "for variety (maximal marginal relevance), or against popularity" },
	{ .name = "weights", .type = PARAM_TEXT, .def = "0,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9",
	  .meaning = "from 0 to 1, one row each; 0: the list as the run makes it" },
	{ .name = "on", .type = PARAM_CHOICE, .choices = "test|valid", .def = "test", .meaning = "which part is to be found" },
	{ .name = "k", .type = PARAM_INT, .lo = 1, .hi = 1000, .def = "10", .unit = "items", .meaning = "length of the lists" },
	{ .name = NULL },
};

static bool read_weights(struct curve *v, const char *text, enum rerank_by by, struct err *err)
{
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");
		double w;

		if (!num_parse_double(at, len, &w) || !(w >= 0 && w <= 1))
			return err_set(err, ERR_SYNTAX, "weights=\"%s\": expected numbers from 0 to 1, such as 0,0.3,0.6", text);
		if (v->n == WEIGHTS_MOST)
			return err_set(err, ERR_RANGE, "weights=\"%s\": at most %d", text, WEIGHTS_MOST);
		v->rule[v->n++] = (struct rerank){ by, w };
		at += len;
		if (!*at)
			return true;
	}
}

static bool rerank_prepare(struct call *c, struct err *err)
{
	struct curve *v = mem_must(calloc(1, sizeof(*v)));
	enum rerank_by by = params_choice(&c->params, "by") ? RERANK_POPULARITY : RERANK_MMR;

	c->state = v;
	if (!hold_evaluable(&v->hold, c, call_word(c, 0), err))
		return false;
	eval_options_for(&v->options, v->hold.split);
	v->options.on_valid = params_choice(&c->params, "on") == 1;
	v->options.n_k = 1;
	v->options.k[0] = (uint32_t)params_int(&c->params, "k");
	return read_weights(v, call_text(c, "weights"), by, err);
}

static const struct { const char *key; int metric; } told[] = {
	{ "ndcg", METRIC_NDCG }, { "recall", METRIC_RECALL }, { "coverage", METRIC_COVERAGE },
	{ "diversity", METRIC_DIVERSITY }, { "novelty", METRIC_NOVELTY },
};

static void tell(struct call *c, const struct curve *v, const char *run, double seconds)
{
	struct result *r = &c->result;
	uint32_t k = v->options.k[0];
	char title[48];

	result_set(r, "run", json_text(run));
	result_set(r, "by", json_text(params_text(&c->params, "by")));
	result_set(r, "on", json_text(v->options.on_valid ? "valid" : "test"));
	result_set(r, "k", json_integer(k));
	result_set(r, "pool", json_integer(rerank_pool(k, v->hold.data->n_items)));
	result_set(r, "users", json_integer((json_int_t)v->got[0]->n_users));
	result_set(r, "seconds", json_number(seconds));
	r->rows_key = "rows";
	result_add_column(r, "weight", "weight", COLUMN_REAL);
	for (size_t m = 0; m < sizeof(told) / sizeof(*told); m++) {
		snprintf(title, sizeof(title), "%s@%u", told[m].key, (unsigned)k);
		result_add_column(r, told[m].key, title, COLUMN_SCORE);
	}
	for (size_t i = 0; i < v->n; i++) {
		json_t *row = result_add_row(r);

		json_put(row, "weight", json_number(v->rule[i].weight));
		for (size_t m = 0; m < sizeof(told) / sizeof(*told); m++)
			json_put(row, told[m].key, json_number(v->got[i]->value[told[m].metric][0]));
	}
	result_set(r, "total", json_integer((json_int_t)v->n));
	result_say(r, "%s reranked by %s from its best %u, on %s, %zu users, split %s, %.2f s\n", run,
		   params_text(&c->params, "by"), (unsigned)rerank_pool(k, v->hold.data->n_items),
		   v->options.on_valid ? "valid" : "test", v->got[0]->n_users, v->hold.split->text, seconds);
}

static bool rerank_run(struct call *c, struct job *job, const struct task *task, struct err *err)
{
	struct curve *v = c->state;
	const struct snapshot *s = hold_snapshot(&v->hold, err);
	double began = clock_now();

	(void)job;
	for (size_t i = 0; s && i < v->n; i++) {
		v->options.rerank = v->rule[i];
		task_progress(task, i, v->n);
		v->got[i] = eval_run(s, v->hold.split, &v->options, &(struct task){ task->keep_going, NULL, task->ctx, task->pool }, err);
		if (!v->got[i])
			return false;
	}
	if (s)
		tell(c, v, s->run, clock_now() - began);
	return s != NULL;
}

static void rerank_release(struct call *c)
{
	struct curve *v = c->state;

	for (size_t i = 0; i < v->n; i++)
		eval_result_free(v->got[i]);
	hold_done(&v->hold);
	free(v);
}

const struct command rerank_command = {
	.name = "rerank", .group = "Questions", .synopsis = "rerank [RUN] [by=mmr|popularity] [weights=0,0.1,…] [on=test|valid] [k=10]",
	.summary = "accuracy against diversity, coverage and novelty as lists are chosen anew after the model",
	.lane = LANE_LIGHT, .words = { WORD_RUN }, .most = 1, .params = rerank_params,
	.prepare = rerank_prepare, .run = rerank_run, .release = rerank_release,
};
