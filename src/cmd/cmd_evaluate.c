/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_evaluate.c - evaluate: metrics of runs on the current split.
 *
 * Full rankings on test in the default dialect become what is told of the run: its record keeps the
 * metrics, the session the values user by user.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num_parse.h"
#include "cmd/hold.h"
#include "cmd/tables.h"

struct evaluation {
	size_t n;
	struct hold *hold;            /* [n] */
	struct eval_result **result;  /* [n]; NULL: not reached */
	struct eval_options options;
	double seconds;
};

static const struct param_spec evaluate_params[] = {
	{ .name = "on", .type = PARAM_CHOICE, .choices = "test|valid", .def = "test", .meaning = "which part is to be found" },
	{ .name = "k", .type = PARAM_INTS, .lo = 1, .hi = 100000, .def = "5,10,20", .meaning = "lengths of list" },
	CANDIDATES_PARAM,
	{ .name = "seen", .type = PARAM_CHOICE, .choices = "drop|keep", .def = "drop",
	  .meaning = "whether items of the history may be recommended" },
	{ .name = "fold-in", .type = PARAM_BOOL, .def = "no",
	  .meaning = "from the history even where a user has a trained vector" },
	{ .name = "sampled", .type = PARAM_INT, .lo = 0, .hi = 1e8, .def = "0", .unit = "items",
	  .meaning = "each test item alone against so many drawn ones; 0: full ranking" },
	{ .name = "negatives", .type = PARAM_TEXT, .meaning = "file that gives the items to rank against" },
	{ .name = "dialect", .type = PARAM_CHOICE, .choices = "recbole|lenskit|vae", .def = "recbole",
	  .meaning = "whose definitions of the metrics" },
	{ .name = "slice", .type = PARAM_CHOICE, .choices = "cold-users|history|popularity",
	  .meaning = "the metrics told apart: histories cut to 1, 2 and 5 items; by length of history; head and tail" },
	RERANK_PARAM,
	{ .name = "users", .type = PARAM_INT, .lo = 1, .hi = 1e9, .def = "200", .unit = "users",
	  .meaning = "evaluate explain: how many are drawn" },
	{ .name = "seed", .type = PARAM_INT, .lo = 0, .hi = 1e15,
	  .meaning = "of sampled= and of explain (default: the session's)" },
	{ .name = NULL },
};

void eval_read_candidates(const struct params *p, struct eval_options *o)
{
	if (!params_is_set(p, "candidates"))
		return;
	o->all_candidates = params_choice(p, "candidates") > 0;
	o->cold_candidates = params_choice(p, "candidates") == 2;
}

static bool fill_options(const struct call *c, struct eval_options *o, struct err *err)
{
	const struct params *p = &c->params;
	int64_t k[EVAL_KS + 1];
	size_t n = params_ints(p, "k", k, EVAL_KS + 1);

	eval_options_for(o, session_split(c->session));
	if (n > EVAL_KS)
		return err_set(err, ERR_RANGE, "k= takes at most %d lengths of list", EVAL_KS);
	o->n_k = (unsigned)n;
	for (size_t i = 0; i < n; i++)
		o->k[i] = (uint32_t)k[i];
	o->on_valid = params_choice(p, "on") == 1;
	eval_read_candidates(p, o);
	o->keep_seen = params_choice(p, "seen") == 1;
	o->fold_in = params_bool(p, "fold-in");
	o->sampled = (uint32_t)params_int(p, "sampled");
	o->negatives = call_text(c, "negatives");
	o->dialect = params_text(p, "dialect");
	if (params_is_set(p, "slice"))
		o->slice = SLICE_COLD_USERS + params_choice(p, "slice");
	if (call_text(c, "rerank") && !rerank_parse(call_text(c, "rerank"), &o->rerank, err))
		return false;
	o->seed = params_is_set(p, "seed") ? (uint64_t)params_int(p, "seed") : session_seed(c->session);
	return true;
}

bool hold_evaluable(struct hold *h, const struct call *c, const char *name, struct err *err)
{
	const struct run *r = name ? session_find_run(c->session, name, err) : session_answering(c->session);

	if (!hold_data(h, c, err) || (name && !r) || !hold_run(h, c, name, err))
		return false;
	if (!r->of_split)
		return err_set(err, ERR_USAGE, "%s was trained on split %s: what it learned from may be in test now; "
			       "make that split current, or train it again", r->rec.name, r->rec.split_text);
	return true;
}

/* evaluate explain RUN…, which cmd_evaluate_explain.c answers; a quoted word is a run's name. */
static bool is_explain(const struct call *c)
{
	return c->words.n && !strcmp(c->words.w[0].text, "explain") && !c->words.w[0].marks[0];
}

static bool evaluate_prepare(struct call *c, struct err *err)
{
	struct evaluation *e;
	size_t n = c->words.n ? c->words.n : 1;

	if (is_explain(c))
		return evaluate_explain.prepare(c, err);
	e = mem_must(calloc(1, sizeof(*e)));
	c->state = e;
	e->hold = mem_must(calloc(n, sizeof(*e->hold)));
	e->result = mem_must(calloc(n, sizeof(*e->result)));
	if (call_named(c, "users"))
		return err_set(err, ERR_SYNTAX, "users= goes with evaluate explain");
	if (!call_needs_data(c, err) || !fill_options(c, &e->options, err))
		return false;
	for (e->n = 0; e->n < n;) {
		e->n++;
		if (!hold_evaluable(&e->hold[e->n - 1], c, call_word(c, e->n - 1), err))
			return false;
	}
	return true;
}

static bool evaluate_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct evaluation *e = c->state;

	if (is_explain(c))
		return evaluate_explain.run(c, job, t, err);
	for (size_t i = 0; i < e->n; i++) {
		const struct snapshot *s = hold_snapshot(&e->hold[i], err);

		if (s)
			e->result[i] = eval_run(s, e->hold[i].split, &e->options, t, err);
		hold_let_go(&e->hold[i]); /* one model at a time in memory */
		if (!e->result[i])
			return false;
		e->seconds += e->result[i]->seconds;
	}
	return true;
}

static json_t *metrics_json(const struct eval_result *e, const double (*value)[EVAL_KS], int n)
{
	json_t *m = json_object();

	for (int id = 0; id < n; id++) {
		for (unsigned k = 0; k < e->options.n_k; k++) {
			char key[48];

			snprintf(key, sizeof(key), "%s@%u", metric_table[id].name, e->options.k[k]);
			json_object_set_new(m, key, json_number(value[id][k]));
		}
	}
	return m;
}

json_t *eval_metrics_json(const struct eval_result *e)
{
	return metrics_json(e, e->value, N_METRICS);
}

/* Null where no full ranking was asked for. */
static json_t *chance_json(const struct eval_result *e)
{
	return isnan(e->by_chance[METRIC_NDCG][0]) ? json_null() : metrics_json(e, e->by_chance, METRIC_MRR + 1);
}

static void say_chance(struct str *out, const struct eval_result *e)
{
	if (isnan(e->by_chance[METRIC_NDCG][0]))
		return;
	str_puts(out, "by chance, in random order:");
	for (unsigned k = 0; k < e->options.n_k; k++)
		str_printf(out, "%s ndcg@%u %.4f", k ? "," : "", e->options.k[k], e->by_chance[METRIC_NDCG][k]);
	str_putc(out, '\n');
}

static json_t *slices_json(const struct eval_result *e)
{
	json_t *list = json_array();

	for (size_t s = 0; s < e->n_slices; s++)
		json_array_append_new(list, json_pack("{s:s,s:I,s:o}", "name", e->slice[s].name, "users",
						      (json_int_t)e->slice[s].n_users, "metrics",
						      metrics_json(e, e->slice[s].value, N_METRICS)));
	return list;
}

/* A metric a line, a slice a column, behind the run's own figures. */
static void say_slices(struct str *out, const struct eval_result *e)
{
	str_printf(out, "\n%-14s", e->run);
	for (size_t s = 0; s < e->n_slices; s++)
		str_printf(out, "  %18s", e->slice[s].name);
	str_printf(out, "\n%-14s", "users");
	for (size_t s = 0; s < e->n_slices; s++)
		str_printf(out, "  %18zu", e->slice[s].n_users);
	str_putc(out, '\n');
	for (int id = METRIC_RECALL; id <= METRIC_MRR; id++)
		for (unsigned k = 0; k < e->options.n_k; k++) {
			char name[48];

			snprintf(name, sizeof(name), "%s@%u", metric_table[id].name, e->options.k[k]);
			str_printf(out, "%-14s", name);
			for (size_t s = 0; s < e->n_slices; s++)
				str_printf(out, "  %18.4f", e->slice[s].value[id][k]);
			str_putc(out, '\n');
		}
}

/* Which models could: "towers, word2vec". */
static void list_cold(struct str *out)
{
	for (size_t i = 0; model_registry[i]; i++)
		if (model_registry[i]->caps & MODEL_RANKS_COLD)
			str_printf(out, "%s%s", out->len ? ", " : "", model_registry[i]->name);
}

static void why_blind(struct str *out, const struct eval_result *e)
{
	struct str able = STR_INIT;

	list_cold(&able);
	str_printf(out, "%s cannot tell items without a train event apart: it knows an item by its events alone%s%s", e->run,
		   able.len ? "; these can: " : "", str_text(&able));
	str_done(&able);
}

json_t *eval_cold_json(const struct eval_result *e)
{
	struct str why = STR_INIT;
	json_t *cold;

	if (!e->hazards.cold_test_items)
		return json_null();
	if (e->blind_to_cold)
		why_blind(&why, e);
	else if (!e->options.all_candidates)
		str_puts(&why, "items without a train event are no candidates: candidates=all ranks them too");
	cold = json_pack("{s:I,s:b,s:o}", "items", (json_int_t)e->hazards.cold_test_items, "told_apart", !why.len, "why",
			 why.len ? json_text(why.s) : json_null());
	str_done(&why);
	return cold;
}

void eval_say_cold(struct str *out, const struct eval_result *e)
{
	if (!e->blind_to_cold)
		return;
	why_blind(out, e);
	str_putc(out, '\n');
}

static void add_result(struct result *r, const struct eval_result *e)
{
	json_t *row = result_add_row(r);
	const struct eval_hazards *h = &e->hazards;

	json_object_set_new(row, "run", json_text(e->run));
	json_object_set_new(row, "precision", json_text(precision_name[e->precision]));
	json_object_set_new(row, "on", json_text(e->on_valid ? "valid" : "test"));
	json_object_set_new(row, "users", json_integer((json_int_t)e->n_users));
	json_object_set_new(row, "metrics", eval_metrics_json(e));
	json_object_set_new(row, "by_chance", chance_json(e));
	json_object_set_new(row, "hazards",
			    json_pack("{s:I,s:I,s:I,s:I}", "tied", (json_int_t)h->tied, "cold_test_items",
				      (json_int_t)h->cold_test_items, "repeats_removed", (json_int_t)h->repeats_removed,
				      "users_dropped", (json_int_t)h->users_dropped));
	json_object_set_new(row, "note", json_text(e->note));
	json_object_set_new(row, "cold", eval_cold_json(e));
	if (e->options.slice)
		json_object_set_new(row, "slices", slices_json(e));
	json_object_set_new(row, "seconds", json_number(e->seconds));
}

/* As text the table stands on its side: one line a metric, one column a run, where runs are few. */
static void say_results(struct call *c, const struct evaluation *e)
{
	struct result *r = &c->result;
	struct str s = STR_INIT;
	char n[32];

	result_add_column(r, "run", "run", COLUMN_TEXT);
	for (int id = 0; id < N_METRICS; id++) {
		for (unsigned k = 0; k < e->options.n_k; k++) {
			char key[64];

			snprintf(key, sizeof(key), "metrics/%s@%u", metric_table[id].name, e->options.k[k]);
			result_add_column(r, key, key + strlen("metrics/"), COLUMN_SCORE);
		}
	}
	r->upright = true;
	str_printf(&s, "on %s, %s users, split %s, %.2f s\n", e->options.on_valid ? "valid" : "test",
		   str_thousands(e->result[0]->n_users, n), e->hold[0].split->text, e->seconds);
	if (e->result[0]->note[0])
		str_printf(&s, "%s\n", e->result[0]->note);
	if (e->result[0]->hazards.users_dropped)
		str_printf(&s, "%llu users without a history are left out\n",
			   (unsigned long long)e->result[0]->hazards.users_dropped);
	if (e->result[0]->hazards.cold_test_items)
		str_printf(&s, "%llu items to be found have no train event%s\n",
			   (unsigned long long)e->result[0]->hazards.cold_test_items,
			   e->options.all_candidates ? "" : ": always missed");
	say_chance(&s, e->result[0]);
	for (size_t i = 0; i < e->n; i++)
		if (e->result[i]->precision != PRECISION_F32)
			str_printf(&s, "%s answers in %s\n", e->result[i]->run, precision_name[e->result[i]->precision]);
	for (size_t i = 0; i < e->n; i++)
		eval_say_cold(&s, e->result[i]);
	for (size_t i = 0; i < e->n && e->options.slice; i++)
		say_slices(&s, e->result[i]);
	if (e->options.slice)
		str_puts(&s, "\nall:\n");
	result_say(r, "%s", s.s);
	str_done(&s);
}

/* Only what means the same for every run is kept as the run's own. */
bool eval_is_standard(const struct eval_options *o, const struct split *split)
{
	return !o->on_valid && o->all_candidates == split->cold_items && !o->cold_candidates && !o->keep_seen &&
	       !o->fold_in && !o->sampled && !o->negatives && !o->rerank.by && (!o->dialect || !strcmp(o->dialect, "recbole"));
}

void eval_keep(struct session *s, struct eval_result *take)
{
	struct run *r = session_run_named(s, take->run);
	struct run_store *store = NULL;
	struct err err = { .code = ERR_OK };

	/* Of a run that answers in fewer bits than it is kept in, nothing is written down. */
	if (r && r->of_split && take->precision == r->rec.precision) {
		json_decref(r->rec.metrics);
		r->rec.metrics = eval_metrics_json(take);
		if (!r->in_memory && !r->job && !session_readonly(s))
			store = session_store(s, &err);
		if (store && !run_store_save(store, &r->rec, &err))
			session_tell(s, LOG_WARN, "the metrics of %s are not kept: %s", r->rec.name, err.msg);
	}
	session_put_eval(s, take);
}

static bool evaluate_finish(struct call *c, struct err *err)
{
	struct evaluation *e = c->state;

	if (is_explain(c))
		return evaluate_explain.finish(c, err);
	c->result.rows_key = "results";
	for (size_t i = 0; i < e->n; i++)
		add_result(&c->result, e->result[i]);
	result_set(&c->result, "seconds", json_number(e->seconds));
	say_results(c, e);
	for (size_t i = 0; i < e->n && eval_is_standard(&e->options, e->hold[0].split); i++) {
		eval_keep(c->session, e->result[i]);
		e->result[i] = NULL;
	}
	return true;
}

static void evaluate_release(struct call *c)
{
	struct evaluation *e = c->state;

	if (is_explain(c)) {
		evaluate_explain.release(c);
		return;
	}
	for (size_t i = 0; i < e->n; i++) {
		hold_done(&e->hold[i]);
		eval_result_free(e->result[i]);
	}
	free(e->hold);
	free(e->result);
	free(e);
}

const struct command evaluate_command = {
	.name = "evaluate", .group = "Questions",
	.synopsis = "evaluate [RUN…] [on=test|valid] [k=5,10,20] [candidates=train|all|cold] [seen=drop|keep] [fold-in=yes] [sampled=N] [negatives=FILE] [dialect=NAME] [slice=NAME] [rerank=mmr:W|popularity:W]  or  evaluate explain [RUN…] [users=200] [k=10]",
	.summary = "metrics of runs on the current split; or how far their explanations can be trusted",
	.lane = LANE_LIGHT, .words = { WORD_EVALUATED, WORD_RUN }, .many = true, .most = UINT_MAX, .params = evaluate_params,
	.prepare = evaluate_prepare, .run = evaluate_run, .finish = evaluate_finish, .release = evaluate_release,
};
