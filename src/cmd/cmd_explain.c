/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_explain.c - explain: the parts of a score, and the fewest events that an item's place rests on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/settings.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/explain_words.h"
#include "cmd/hold.h"
#include "cmd/person.h"
#include "cmd/tables.h"
#include "data/split.h"
#include "eval/rank_lists.h"
#include "explain/explain.h"
#include "serve/scorer.h"

struct explaining {
	struct hold hold;
	struct person who;
	uint32_t item;
	uint32_t k;      /* parts */
	uint32_t list_k; /* of the list that the item is to leave */
	bool by_content, by_model, removal, faithfulness;
	uint64_t seed;
};

static const struct param_spec explain_params[] = {
	{ .name = "k", .type = PARAM_INT, .lo = 1, .hi = 100000, .unit = "items",
	  .meaning = "so many of the strongest parts; what is left is summed as the rest (default: set k)" },
	{ .name = "run", .type = PARAM_TEXT, .meaning = "which run answers (default: the current one)" },
	PERSONA_PARAM,
	{ .name = "by", .type = PARAM_CHOICE, .choices = "history|content|model", .def = "history",
	  .meaning = "what the parts are: events of the history; what is known of the item, such as its words; or a blend's runs" },
	{ .name = "removal", .type = PARAM_BOOL, .def = "no",
	  .meaning = "also the fewest events without which the item leaves the list (of set k)" },
	{ .name = "faithfulness", .type = PARAM_BOOL, .def = "yes",
	  .meaning = "also whether deleting the strongest parts lowers the score faster than chance" },
	{ .name = NULL },
};

static bool explain_prepare(struct call *c, struct err *err)
{
	struct explaining *a = mem_must(calloc(1, sizeof(*a)));

	c->state = a;
	person_init(&a->who);
	a->list_k = (uint32_t)settings_int(c->session, "k");
	a->k = params_is_set(&c->params, "k") ? (uint32_t)params_int(&c->params, "k") : a->list_k;
	a->by_content = params_choice(&c->params, "by") == 1;
	a->by_model = params_choice(&c->params, "by") == 2;
	a->removal = params_bool(&c->params, "removal");
	a->faithfulness = !a->by_content && !a->by_model && params_bool(&c->params, "faithfulness");
	a->seed = session_seed(c->session);
	return hold_data(&a->hold, c, err) && person_take(&a->who, c, err) &&
	       call_item(c, call_word(c, 1), &a->item, err) && hold_run(&a->hold, c, call_text(c, "run"), err);
}

static void explain_release(struct call *c)
{
	struct explaining *a = c->state;

	hold_done(&a->hold);
	person_done(&a->who);
	free(a);
}

/* --- the parts ------------------------------------------------------------------------------------------------ */

static void say_runs(struct str *s, const struct explanation *e)
{
	for (size_t i = 0; i < e->n_runs; i++)
		str_printf(s, "%s%s %+.4g%s", i ? ", " : "by model: ", e->runs[i].name, (double)e->runs[i].value,
			   i + 1 == e->n_runs ? "\n" : "");
}

static void say_explanation(struct str *s, const struct explaining *a, const struct explanation *e)
{
	struct str who = STR_INIT;

	person_say(&a->who, a->hold.data, &who);
	str_printf(s, "%s gives %s to %s%s the score %.6g, ", e->run, dataset_title(a->hold.data, e->item),
		   a->who.given ? "" : "user ", who.s, e->score);
	if (e->rank)
		str_printf(s, "rank %u", e->rank);
	else
		str_printf(s, "not ranked: %s", e->why_no_rank ? e->why_no_rank : "no candidate");
	str_printf(s, " (%s)\n", a->by_model ? "exact" : e->method);
	if (!isnan(e->trained_score))
		str_printf(s, "with the user's trained vector the score is %.6g\n", e->trained_score);
	if (!a->by_model && !isnan(e->base) && e->base != 0)
		str_printf(s, "base %+.6g\n", e->base);
	if (!a->by_model && !isnan(e->rest) && e->rest != 0)
		str_printf(s, "all other %s %+.6g\n", e->by_content ? "content" : "events", e->rest);
	if (e->n_unread)
		str_printf(s, "%u older event%s count 0: %s reads the newest events alone\n", e->n_unread,
			   e->n_unread == 1 ? "" : "s", e->run);
	if (!a->by_model)
		say_runs(s, e);
	if (e->has_attention)
		str_printf(s, "attention tells where the model looks; it is no explanation by itself\n");
	str_done(&who);
}

static json_t *neighbours_of(const struct dataset *d, const struct explanation *e)
{
	json_t *list = json_array();

	for (size_t k = 0; k < e->n_neighbours; k++)
		json_array_append_new(list, json_pack("{s:o,s:o}", "user",
						      json_text(dataset_user_id(d, e->neighbours[k].who)), "weight",
						      json_number((double)e->neighbours[k].weight)));
	return list;
}

static void tell_event(json_t *row, const struct dataset *d, const struct explain_part *p, bool attention)
{
	json_put(row, "kind", json_text("history"));
	json_put(row, "item", json_text(dataset_item_id(d, p->item)));
	json_put(row, "title", json_text(dataset_title(d, p->item)));
	json_put(row, "value", json_number((double)p->value));
	if (attention)
		json_put(row, "attention", json_number((double)p->attention));
}

static void tell_content(json_t *row, const struct explain_part *p)
{
	json_put(row, "kind", json_text(p->kind));
	json_put(row, "name", json_text(p->name));
	json_put(row, "title", json_null());
	json_put(row, "value", json_number((double)p->value));
}

/* A blend's runs: all of the score, so that there is no base and no rest beside them. */
static json_t *run_of(const struct explained_run *run)
{
	return json_pack("{s:s,s:o,s:o,s:o,s:o}", "kind", "model", "name", json_text(run->name), "weight",
			 json_number((double)run->weight), "score", json_number((double)run->score), "value",
			 json_number((double)run->value));
}

static json_t *runs_of(const struct explanation *e)
{
	json_t *list = json_array();

	for (size_t k = 0; k < e->n_runs; k++)
		json_array_append_new(list, run_of(&e->runs[k]));
	return list;
}

static bool tell_by_model(struct result *r, const struct explanation *e, struct err *err)
{
	static const struct result_column columns[] = {
		{ "name", "run", COLUMN_TEXT },     { "weight", "weight", COLUMN_SCORE },
		{ "score", "its score", COLUMN_SCORE }, { "value", "part", COLUMN_SCORE }, { NULL, NULL, 0 },
	};

	if (!e->n_runs)
		return err_set(err, ERR_UNSUPPORTED, "%s is not made of other runs: only a blend is explained by=model", e->run);
	json_decref(r->rows);
	r->rows = runs_of(e);
	r->columns = columns;
	result_set(r, "by", json_text("model"));
	result_set(r, "method", json_text("exact"));
	result_set(r, "base", json_number(0));
	result_set(r, "rest", json_number(0));
	return true;
}

static void tell_explanation(struct result *r, const struct explaining *a, const struct explanation *e)
{
	static const struct result_column columns[] = {
		{ "item", "because of", COLUMN_ID }, { "title", "title", COLUMN_TEXT },
		{ "value", "part", COLUMN_SCORE },   { NULL, NULL, 0 },
	};
	static const struct result_column by_content[] = {
		{ "kind", "what", COLUMN_TEXT },   { "name", "because of", COLUMN_TEXT },
		{ "value", "part", COLUMN_SCORE }, { NULL, NULL, 0 },
	};
	static const struct result_column with_attention[] = {
		{ "item", "because of", COLUMN_ID }, { "title", "title", COLUMN_TEXT },
		{ "value", "part", COLUMN_SCORE },   { "attention", "attention", COLUMN_SCORE }, { NULL, NULL, 0 },
	};
	const struct dataset *d = a->hold.data;

	person_put(&a->who, d, r);
	result_set(r, "item", json_text(dataset_item_id(d, e->item)));
	result_set(r, "run", json_text(e->run));
	result_set(r, "rank", e->rank ? json_integer(e->rank) : json_null());
	result_set(r, "score", json_number(e->score));
	result_set(r, "base", json_number(e->base));
	result_set(r, "method", json_text(e->method));
	result_set(r, "by", json_text(e->by_content ? "content" : "history"));
	result_set(r, "unread", json_integer(e->n_unread));
	r->rows_key = "parts";
	r->columns = e->by_content ? by_content : e->has_attention ? with_attention : columns;
	for (size_t i = 0; i < e->n_parts && i < a->k; i++) {
		json_t *row = result_add_row(r);

		if (e->by_content)
			tell_content(row, &e->parts[i]);
		else
			tell_event(row, d, &e->parts[i], e->has_attention);
	}
	result_set(r, "rest", json_number(e->rest));
	result_set(r, "trained_score", json_number(e->trained_score));
	if (e->n_neighbours)
		result_set(r, "neighbours", neighbours_of(d, e));
	if (e->n_runs)
		result_set(r, "models", runs_of(e));
}

/* --- what stands behind them: what the screen asks of the item, answered here ------------------------------------- */

static struct answer *ask_screen(struct explaining *a, enum pane pane, const struct snapshot *s,
				 const struct task *t, struct err *err)
{
	const struct request ask = { .pane = pane, .snapshot = s, .split = a->hold.split, .user = a->who.user,
				     .item = a->item, .k = a->list_k, .seed = a->seed,
				     .given = a->who.given ? &a->who.history : NULL };

	return scorer_answer_now(&ask, t, err);
}

static bool tell_faithfulness(struct result *r, struct str *text, struct explaining *a, const struct snapshot *s,
			      const struct task *t, struct err *err)
{
	struct answer *answer = ask_screen(a, PANE_FAITHFULNESS, s, t, err);
	const struct faithfulness_answer *f;
	json_t *o;

	if (!answer)
		return false;
	f = &answer->faithfulness;
	o = json_object();
	json_put(o, "value", json_number(f->value));
	json_put(o, "random", json_number(f->random));
	json_put(o, "steps", json_integer(f->steps));
	json_put(o, "faithful", f->why_not ? json_null() : json_boolean(f->faithful));
	json_put(o, "why_not", f->why_not ? json_text(f->why_not) : json_null());
	result_set(r, "faithfulness", o);
	say_faithfulness(text, f);
	str_putc(text, '\n');
	answer_free(answer);
	return true;
}

static json_t *removal_json(const struct dataset *d, const struct removal_answer *r)
{
	json_t *o = json_object(), *items = json_array();

	for (size_t k = 0; k < r->n; k++)
		if (json_array_append_new(items, json_pack("{s:o,s:o}", "item", json_text(dataset_item_id(d, r->without[k])),
							   "title", json_text(dataset_title(d, r->without[k])))) != 0)
			mem_must(NULL);
	json_put(o, "k", json_integer(r->k));
	json_put(o, "ranked", json_boolean(r->ranked));
	json_put(o, "found", json_boolean(r->found));
	json_put(o, "smallest", json_boolean(r->smallest));
	json_put(o, "rank", r->found ? json_integer(r->rank) : json_null());
	json_put(o, "items", items);
	return o;
}

static bool tell_removal(struct result *r, struct str *text, struct explaining *a, const struct snapshot *s,
			 const struct task *t, struct err *err)
{
	struct answer *answer = ask_screen(a, PANE_REMOVAL, s, t, err);

	if (!answer)
		return false;
	result_set(r, "removal", removal_json(a->hold.data, &answer->removal));
	say_removal(text, a->hold.data, &answer->removal);
	str_putc(text, '\n');
	answer_free(answer);
	return true;
}

/* --- the whole ------------------------------------------------------------------------------------------------ */

static bool tell_parts(struct call *c, struct str *text, const struct snapshot *s, const struct task *t,
			  struct err *err)
{
	struct explaining *a = c->state;
	struct rank_options o = { .k = a->k };
	struct explanation *e = NULL;
	uint64_t *barred = NULL;
	uint32_t n_candidates;
	struct query q;
	bool good;

	if (!person_query(&a->who, s, a->hold.split, &q, err) ||
	    !rank_barred(a->hold.split, rank_all_items(a->hold.split, s->model), &barred, &n_candidates, err))
		return false;
	o.barred = barred;
	e = a->by_content ? explain_content(s, a->hold.split, &q, a->item, a->k, &o, t, err) :
			    explain_item(s, a->hold.split, &q, a->item, a->k, &o, t, err);
	good = e != NULL;
	if (good) {
		tell_explanation(&c->result, a, e);
		say_explanation(text, a, e);
		good = !a->by_model || tell_by_model(&c->result, e, err);
	}
	mem_free(barred);
	explanation_free(e);
	return good;
}

static bool explain_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct explaining *a = c->state;
	const struct snapshot *s = hold_snapshot(&a->hold, err);
	struct str text = STR_INIT;
	bool good;

	(void)job;
	good = s && tell_parts(c, &text, s, t, err) &&
	       (!a->faithfulness || tell_faithfulness(&c->result, &text, a, s, t, err)) &&
	       (!a->removal || tell_removal(&c->result, &text, a, s, t, err));
	if (good)
		result_say(&c->result, "%s", str_text(&text));
	str_done(&text);
	return good;
}

const struct command explain_command = {
	.name = "explain", .group = "Questions",
	.synopsis = "explain USER|persona=NAME ITEM [k=10] [run=RUN] [by=history|content|model] [faithfulness=no] [removal=yes]",
	.summary = "what an item's score comes from: events of the history, or the item's content",
	.lane = LANE_ASK, .words = { WORD_USER, WORD_ITEM }, .least = 2, .most = 2, .params = explain_params,
	.prepare = explain_prepare, .run = explain_run, .release = explain_release,
};
