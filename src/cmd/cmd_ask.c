/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_ask.c - recommend, similar: questions to a run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/settings.h"
#include "base/bits.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/hold.h"
#include "cmd/item_choice.h"
#include "cmd/person.h"
#include "cmd/tables.h"
#include "data/split.h"
#include "eval/rerank.h"
#include "explain/similar.h"

struct ask {
	struct hold hold;
	struct person who;
	uint32_t item, k;
	bool keep_seen;
	struct rerank rerank;
};

static struct ask *ask_new(struct call *c)
{
	struct ask *a = mem_must(calloc(1, sizeof(*a)));

	c->state = a;
	person_init(&a->who);
	a->item = NO_ITEM;
	a->k = (uint32_t)(params_is_set(&c->params, "k") ? params_int(&c->params, "k")
							: settings_int(c->session, "k"));
	return a;
}

static void ask_release(struct call *c)
{
	struct ask *a = c->state;

	hold_done(&a->hold);
	person_done(&a->who);
	free(a);
}

static bool ask_barred(const struct ask *a, const struct snapshot *s, uint64_t **barred, uint32_t *n, struct err *err)
{
	return rank_barred(a->hold.split, rank_all_items(a->hold.split, s->model), barred, n, err);
}

static void add_item(struct result *r, const struct dataset *d, size_t rank, uint32_t item, float score)
{
	json_t *row = result_add_row(r);

	json_put(row, "rank", json_integer((json_int_t)rank));
	json_put(row, "item", json_text(dataset_item_id(d, item)));
	json_put(row, "title", json_text(dataset_title(d, item)));
	json_put(row, "score", json_number((double)score));
}

/* --- recommend -------------------------------------------------------------------------------------------- */

#define K_PARAM(MEANING) \
	{ .name = "k", .type = PARAM_INT, .lo = 1, .hi = 100000, .unit = "items", \
	  .meaning = MEANING " (default: set k)" }
#define RUN_PARAM { .name = "run", .type = PARAM_TEXT, .meaning = "which run answers (default: the current one)" }

static const struct param_spec recommend_params[] = {
	K_PARAM("length of the list"),
	RUN_PARAM,
	{ .name = "seen", .type = PARAM_CHOICE, .choices = "drop|keep", .def = "drop",
	  .meaning = "whether items of the history may be recommended" },
	{ .name = "history", .type = PARAM_TEXT,
	  .meaning = "ITEM[:VALUE],… oldest first, instead of a user's own history" },
	{ .name = "only", .type = PARAM_TEXT, .meaning = "TAG or FILE,…: no items but those of a tag, or whose ids a file lists" },
	{ .name = "not", .type = PARAM_TEXT, .meaning = "TAG or FILE,…: none of those" },
	{ .name = "as", .type = PARAM_TEXT, .meaning = "with history=: the user whose own vector is kept" },
	RERANK_PARAM,
	PERSONA_PARAM,
	{ .name = NULL },
};

static bool recommend_prepare(struct call *c, struct err *err)
{
	struct ask *a = ask_new(c);
	const struct word *history = call_named(c, "history");
	const char *as = call_text(c, "as");

	a->keep_seen = params_choice(&c->params, "seen") == 1;
	if (call_text(c, "rerank") && !rerank_parse(call_text(c, "rerank"), &a->rerank, err))
		return false;
	if (!hold_data(&a->hold, c, err) || !hold_run(&a->hold, c, call_text(c, "run"), err))
		return false;
	if (history && c->words.n)
		return err_set(err, ERR_SYNTAX, "recommend takes a user, persona= or history=, one of them (as= keeps a user's vector)");
	if (!history && as)
		return err_set(err, ERR_SYNTAX, "as= goes with history=");
	if (!history && c->words.n == 0)
		return err_set(err, ERR_SYNTAX, "recommend needs a user, persona=NAME, or history=ITEM,…");
	if (!history)
		return person_take(&a->who, c, err);
	return (!as || call_user(c, as, &a->who.user, err)) && person_take_history(&a->who, c, history, err);
}

static bool one_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	(void)i, (void)slot, (void)err;
	*out = *(const struct query *)ctx;
	return true;
}

static uint32_t n_candidates(const struct dataset *d, const uint64_t *barred)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->n_items; i++)
		n += !barred || !bits_has(barred, i);
	return n;
}

static void tell_list(struct call *c, const struct ask *a, const char *run, const struct ranked_lists *l,
		      const struct str *told)
{
	static const struct result_column columns[] = {
		{ "rank", "rank", COLUMN_INT },   { "item", "item", COLUMN_ID },
		{ "title", "title", COLUMN_TEXT }, { "score", "score", COLUMN_SCORE },
		{ "hit", "in test", COLUMN_YES }, { NULL, NULL, 0 },
	};
	const struct dataset *d = a->hold.data;
	struct result *r = &c->result;
	struct str quoted = STR_INIT;
	char rule[32];

	person_put(&a->who, d, r);
	rerank_text(&a->rerank, rule);
	result_set(r, "run", json_text(run));
	result_set(r, "rerank", rule[0] ? json_text(rule) : json_null());
	r->rows_key = "items";
	r->columns = columns;
	for (uint32_t k = 0; k < l->count[0]; k++) {
		add_item(r, d, k + 1, l->item[k], l->score[k]);
		json_put(json_array_get(r->rows, k), "hit", json_boolean(person_has_hit(&a->who, a->hold.split, l->item[k])));
	}
	person_say(&a->who, d, &quoted);
	result_say(r, "%s%s recommends to %s%s%s:\n%s", str_text(told), run, quoted.s, rule[0] ? ", reranked by " : "", rule,
		   l->count[0] ? "" : "nothing\n");
	str_done(&quoted);
}

static bool recommend_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct ask *a = c->state;
	const struct snapshot *s = hold_snapshot(&a->hold, err);
	struct rank_options o = { .k = a->k, .keep_seen = a->keep_seen };
	struct ranked_lists lists = { 0 };
	const struct dataset *d = a->hold.data;
	struct str told = STR_INIT;
	uint64_t *barred = NULL;
	uint32_t n;
	struct query q;
	bool good;

	(void)job;
	if (!s || !person_query(&a->who, s, a->hold.split, &q, err) || !ask_barred(a, s, &barred, &n, err))
		return false;
	good = item_choice_bar(d, call_named(c, "only"), call_named(c, "not"), &barred, &told, err);
	o.barred = barred;
	if (o.k > d->n_items)
		o.k = d->n_items;
	good = good && rerank_lists(&a->rerank, a->hold.split, s->model, one_query, &q, 1, &o, t, &lists, err);
	if (good) {
		result_set(&c->result, "candidates", json_integer(n_candidates(d, barred)));
		tell_list(c, a, s->run, &lists, &told);
	}
	ranked_lists_done(&lists);
	mem_free(barred);
	str_done(&told);
	return good;
}

const struct command recommend_command = {
	.name = "recommend", .group = "Questions",
	.synopsis = "recommend USER [k=10] [run=RUN] [seen=drop|keep] [only=TAG|FILE] [not=TAG|FILE] [rerank=mmr:W|popularity:W]  or  recommend history=ITEM[:VALUE],… [as=USER]  or  recommend persona=NAME",
	.summary = "the best items for a user, or for a history that is given",
	.lane = LANE_ASK, .words = { WORD_USER }, .most = 1, .params = recommend_params,
	.prepare = recommend_prepare, .run = recommend_run, .release = ask_release,
};

/* --- similar ---------------------------------------------------------------------------------------------- */

static const struct param_spec similar_params[] = {
	K_PARAM("length of the list"),
	RUN_PARAM,
	{ .name = "by", .type = PARAM_CHOICE, .choices = "model|behaviour|text", .def = "model",
	  .meaning = "the run's own likeness, cosine of the binary train columns, or of the words" },
	{ .name = "text", .type = PARAM_TEXT, .meaning = "instead of an item: words that describe one, new or not" },
	{ .name = NULL },
};

enum similar_by { BY_MODEL, BY_BEHAVIOUR, BY_TEXT };

static enum similar_by similar_by(const struct call *c)
{
	return (enum similar_by)params_choice(&c->params, "by");
}

static bool similar_prepare(struct call *c, struct err *err)
{
	struct ask *a = ask_new(c);
	const char *text = call_text(c, "text");

	if (!hold_data(&a->hold, c, err))
		return false;
	if (!text == !c->words.n)
		return err_set(err, ERR_SYNTAX, "similar takes an item or text=\"words\"%s", text ? ", not both" : "");
	if (text)
		return (!call_named(c, "by") ||
			err_set(err, ERR_SYNTAX, "by= goes with an item: what text= is near is told by a run")) &&
		       hold_run(&a->hold, c, call_text(c, "run"), err);
	return call_item(c, call_word(c, 0), &a->item, err) &&
	       (similar_by(c) != BY_MODEL || hold_run(&a->hold, c, call_text(c, "run"), err));
}

static bool find_by_text(const struct ask *a, const struct task *t, struct similar_list *l, struct err *err)
{
	const struct item_text *words = similar_text_of(a->hold.data, t, err);
	bool good = words && similar_by_text(words, a->item, a->k, t, l, err);

	item_text_unref(words);
	return good;
}

static bool find_similar(struct call *c, const struct snapshot *s, const struct task *t, struct similar_list *l,
			 struct err *err)
{
	struct ask *a = c->state;
	const char *text = call_text(c, "text");
	uint32_t I = a->hold.data->n_items;

	if (text)
		return similar_to_text(s, I, text, strlen(text), a->k, l, err);
	switch (similar_by(c)) {
	case BY_BEHAVIOUR:
		return similar_by_behaviour(a->hold.split, a->item, a->k, t, l, err);
	case BY_TEXT:
		return find_by_text(a, t, l, err);
	case BY_MODEL:
		break;
	}
	return similar_by_model(s, I, a->item, a->k, l, err);
}

static void tell_similar(struct call *c, const struct snapshot *s, const struct similar_list *l)
{
	static const struct result_column columns[] = {
		{ "rank", "rank", COLUMN_INT },    { "item", "item", COLUMN_ID },
		{ "title", "title", COLUMN_TEXT }, { "score", "likeness", COLUMN_SCORE }, { NULL, NULL, 0 },
	};
	const struct ask *a = c->state;
	const struct dataset *d = a->hold.data;
	const char *text = call_text(c, "text"), *by = text ? "text" : params_text(&c->params, "by");
	struct result *r = &c->result;

	result_set(r, "item", text ? json_null() : json_text(dataset_item_id(d, a->item)));
	result_set(r, "text", text ? json_text(text) : json_null());
	result_set(r, "by", json_text(by));
	result_set(r, "run", s ? json_text(s->run) : json_null());
	r->rows_key = "items";
	r->columns = columns;
	for (uint32_t k = 0; k < l->n; k++)
		add_item(r, d, k + 1, l->item[k], l->score[k]);
	result_say(r, "nearest to %s by %s:\n%s", text ? "the text" : dataset_title(d, a->item), s ? s->run : by,
		   l->n ? "" : "nothing\n");
}

static bool similar_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct ask *a = c->state;
	bool asks_run = call_text(c, "text") || similar_by(c) == BY_MODEL;
	const struct snapshot *s = asks_run ? hold_snapshot(&a->hold, err) : NULL;
	struct similar_list l = { 0 };

	(void)job;
	if ((asks_run && !s) || !find_similar(c, s, t, &l, err))
		return false;
	tell_similar(c, s, &l);
	similar_list_done(&l);
	return true;
}

const struct command similar_command = {
	.name = "similar", .group = "Questions",
	.synopsis = "similar ITEM [k=10] [by=model|behaviour|text] [run=RUN]  or  similar text=\"words\" [k=10] [run=RUN]",
	.summary = "the items nearest to an item, or to a text",
	.lane = LANE_ASK, .words = { WORD_ITEM }, .most = 1, .params = similar_params,
	.prepare = similar_prepare, .run = similar_run, .release = ask_release,
};
