/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_whynot.c - whynot: what keeps an item out of a user's list, of the model's making and of the data's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/settings.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/explain_words.h"
#include "cmd/hold.h"
#include "cmd/item_choice.h"
#include "cmd/person.h"
#include "cmd/tables.h"
#include "explain/whynot.h"
#include "serve/scorer.h"

struct asked {
	struct hold hold;
	struct person who;
	uint32_t item; /* NO_ITEM: the data do not have it */
	uint32_t k;
};

static const struct param_spec whynot_params[] = {
	{ .name = "k", .type = PARAM_INT, .lo = 1, .hi = 100000, .unit = "items",
	  .meaning = "length of the list that it is to be in (default: set k)" },
	{ .name = "run", .type = PARAM_TEXT, .meaning = "which run answers (default: the current one)" },
	PERSONA_PARAM,
	{ .name = "only", .type = PARAM_TEXT, .meaning = "TAG or FILE,…: no items but those, as in recommend" },
	{ .name = "not", .type = PARAM_TEXT, .meaning = "TAG or FILE,…: none of those" },
	{ .name = NULL },
};

/* An id that the data lack is answered where something is known of it; else it is the usual error. */
static bool find_item(struct call *c, struct asked *a, struct err *err)
{
	const char *id = call_word(c, 1);
	const bool known = dataset_find_item(a->hold.data, id) == NO_ITEM && absent_find(&a->hold.data->absent, id);

	a->item = NO_ITEM;
	return known || call_item(c, id, &a->item, err);
}

static bool whynot_prepare(struct call *c, struct err *err)
{
	struct asked *a = mem_must(calloc(1, sizeof(*a)));

	c->state = a;
	person_init(&a->who);
	a->k = (uint32_t)(params_is_set(&c->params, "k") ? params_int(&c->params, "k") : settings_int(c->session, "k"));
	return hold_data(&a->hold, c, err) && person_take(&a->who, c, err) && find_item(c, a, err) &&
	       hold_run(&a->hold, c, call_text(c, "run"), err);
}

static void whynot_release(struct call *c)
{
	struct asked *a = c->state;

	hold_done(&a->hold);
	person_done(&a->who);
	free(a);
}

/* --- the answer ----------------------------------------------------------------------------------------------- */

static json_t *rank_or_null(uint32_t rank)
{
	return rank ? json_integer(rank) : json_null();
}

static void append(json_t *list, json_t *take)
{
	if (json_array_append_new(list, take) != 0)
		mem_must(NULL);
}

static json_t *cause_json(const char *code, const char *text, const char *file, uint64_t line)
{
	json_t *o = json_object();

	json_put(o, "code", json_text(code));
	json_put(o, "text", json_text(text));
	json_put(o, "file", file ? json_text(file) : json_null());
	json_put(o, "line", file && line ? json_integer((json_int_t)line) : json_null());
	return o;
}

static json_t *added_json(const struct dataset *d, const struct whynot_answer *w)
{
	json_t *list = json_array();

	for (size_t k = 0; k < w->n_add; k++) {
		json_t *o = json_object();

		json_put(o, "item", json_text(dataset_item_id(d, w->add[k])));
		json_put(o, "title", json_text(dataset_title(d, w->add[k])));
		append(list, o);
	}
	return list;
}

static void fill_held(struct result *r, const struct dataset *d, const struct whynot_answer *w)
{
	static const struct result_column columns[] = {
		{ "item", "held down by", COLUMN_ID },  { "title", "title", COLUMN_TEXT },
		{ "value", "narrower without", COLUMN_SCORE }, { "rank", "rank without", COLUMN_INT }, { NULL, NULL, 0 },
	};

	r->rows_key = "held_down";
	r->columns = columns;
	for (size_t k = 0; k < w->n_held; k++) {
		json_t *o = result_add_row(r);

		json_put(o, "item", json_text(dataset_item_id(d, w->held[k].item)));
		json_put(o, "title", json_text(dataset_title(d, w->held[k].item)));
		json_put(o, "value", json_number((double)w->held[k].value));
		json_put(o, "rank", rank_or_null(w->held[k].rank));
	}
}

/* Everything but the causes, which come before it. */
static void tell_answer(struct result *r, const struct asked *a, const char *item, const struct whynot_answer *w)
{
	const struct dataset *d = a->hold.data;

	person_put(&a->who, d, r);
	result_set(r, "item", json_text(item));
	result_set(r, "title", w->item == NO_ITEM ? json_null() : json_text(dataset_title(d, w->item)));
	result_set(r, "run", json_text(w->run));
	result_set(r, "k", json_integer(w->k));
	result_set(r, "method", json_text(w->folded_in ? "fold-in" : "exact"));
	result_set(r, "rank", rank_or_null(w->rank));
	result_set(r, "trained_rank", rank_or_null(w->trained_rank));
	result_set(r, "score", json_number(w->score));
	result_set(r, "gap", json_number(w->gap));
	result_set(r, "add", added_json(d, w));
	result_set(r, "added_rank", w->added ? json_integer(w->added_rank) : json_null());
	result_set(r, "smallest", json_boolean(w->smallest));
	result_set(r, "proven", json_boolean(w->added));
	fill_held(r, d, w);
}

static void say_causes(struct str *s, const json_t *causes)
{
	size_t i;
	json_t *o;

	json_array_foreach(causes, i, o) {
		str_puts(s, "cause: ");
		say_cause(s, json_string_value(json_object_get(o, "text")), json_string_value(json_object_get(o, "file")),
			  (uint64_t)json_integer_value(json_object_get(o, "line")));
		str_putc(s, '\n');
	}
}

static void tell(struct call *c, const struct asked *a, const struct whynot_answer *w)
{
	const struct dataset *d = a->hold.data;
	struct str s = STR_INIT;
	json_t *causes = json_array();

	say_whynot(&s, d, w);
	str_putc(&s, '\n');
	for (size_t k = 0; k < w->n_causes; k++)
		append(causes, cause_json(w->cause[k].code, w->cause[k].text, w->cause[k].file, w->cause[k].line));
	say_causes(&s, causes);
	tell_answer(&c->result, a, dataset_item_id(d, w->item), w);
	result_set(&c->result, "causes", causes);
	if (w->rank > w->k) {
		say_addition(&s, d, w);
		str_putc(&s, '\n');
		if (!w->n_held)
			str_puts(&s, "No event of the history holds it down\n");
	}
	result_say(&c->result, "%s", s.s);
	str_done(&s);
}

static void tell_absent(struct call *c, const struct asked *a)
{
	const struct whynot_answer none = { .item = NO_ITEM, .k = a->k, .score = NAN, .gap = NAN };
	struct whynot_answer w = none;
	const char *id = call_word(c, 1);
	struct whynot_causes causes;
	struct str s = STR_INIT;
	json_t *list = json_array();

	memcpy(w.run, a->hold.record.name, strnlen(a->hold.record.name, sizeof(w.run) - 1));
	whynot_absent(a->hold.data, id, &causes);
	for (size_t k = 0; k < causes.n; k++)
		append(list, cause_json(causes.cause[k].code, causes.cause[k].text, causes.cause[k].file, causes.cause[k].line));
	tell_answer(&c->result, a, id, &w);
	result_set(&c->result, "causes", list);
	str_printf(&s, "%s is no item of the data\n", id);
	say_causes(&s, list);
	result_say(&c->result, "%s", s.s);
	str_done(&s);
}

static bool whynot_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct asked *a = c->state;
	struct request ask = { .pane = PANE_WHYNOT, .split = a->hold.split, .user = a->who.user, .item = a->item,
			       .k = a->k, .given = a->who.given ? &a->who.history : NULL };
	struct answer *answer = NULL;
	struct str told = STR_INIT;
	uint64_t *left_out = NULL;

	(void)job;
	if (a->item == NO_ITEM) {
		tell_absent(c, a);
		return true;
	}
	ask.snapshot = hold_snapshot(&a->hold, err);
	if (ask.snapshot && item_choice_bar(a->hold.data, call_named(c, "only"), call_named(c, "not"), &left_out, &told, err)) {
		ask.left_out = left_out;
		answer = scorer_answer_now(&ask, t, err);
	}
	if (answer)
		tell(c, a, &answer->whynot);
	mem_free(left_out);
	str_done(&told);
	if (!answer)
		return false;
	answer_free(answer);
	return true;
}

const struct command whynot_command = {
	.name = "whynot", .group = "Questions",
	.synopsis = "whynot USER|persona=NAME ITEM [k=10] [run=RUN] [only=TAG|FILE] [not=TAG|FILE]",
	.summary = "what keeps an item out of a user's list",
	.lane = LANE_ASK, .words = { WORD_USER, WORD_ITEM }, .least = 2, .most = 2, .params = whynot_params,
	.prepare = whynot_prepare, .run = whynot_run, .release = whynot_release,
};
