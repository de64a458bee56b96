/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_whatif.c - whatif: the list that an edited history gets, with the moves of ranks. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "app/settings.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/hold.h"
#include "cmd/person.h"
#include "cmd/tables.h"
#include "data/split.h"
#include "explain/whatif.h"

struct asked {
	struct hold hold;
	struct person who;
	uint32_t k;
	struct edit *edit; /* [n_edits] */
	size_t n_edits;
	struct edited_history edited;
};

static const struct param_spec whatif_params[] = {
	{ .name = "k", .type = PARAM_INT, .lo = 1, .hi = 100000, .unit = "items",
	  .meaning = "length of the list (default: set k)" },
	{ .name = "run", .type = PARAM_TEXT, .meaning = "which run answers (default: the current one)" },
	PERSONA_PARAM,
	{ .name = NULL },
};

/* --- what is asked -------------------------------------------------------------------------------------------- */

static bool whatif_prepare(struct call *c, struct err *err)
{
	struct asked *a = mem_must(calloc(1, sizeof(*a)));

	c->state = a;
	person_init(&a->who);
	a->k = (uint32_t)(params_is_set(&c->params, "k") ? params_int(&c->params, "k") : settings_int(c->session, "k"));
	a->edit = mem_must(calloc(c->words.n, sizeof(*a->edit)));
	if (!hold_data(&a->hold, c, err) || !hold_run(&a->hold, c, call_text(c, "run"), err) ||
	    !person_take(&a->who, c, err))
		return false;
	for (size_t i = 1; i < c->words.n; i++)
		if (!edit_word_take(c, &c->words.w[i], &a->edit[a->n_edits++], err))
			return false;
	return true;
}

static void whatif_release(struct call *c)
{
	struct asked *a = c->state;

	hold_done(&a->hold);
	person_done(&a->who);
	edited_history_done(&a->edited);
	free(a->edit);
	free(a);
}

/* --- the answer ----------------------------------------------------------------------------------------------- */

static json_t *rank_or_null(uint32_t rank)
{
	return rank ? json_integer(rank) : json_null();
}

static void say_move(struct str *s, const struct whatif_row *row)
{
	if (row->removed)
		str_puts(s, "removed from the history");
	else if (!row->was)
		str_puts(s, "new");
	else if (row->was == row->rank)
		str_puts(s, "");
	else if (row->was > row->rank)
		str_printf(s, "up %u", row->was - row->rank);
	else
		str_printf(s, "down %u", row->rank - row->was);
}

static void fill_row(json_t *o, const struct dataset *d, const struct whatif_row *row)
{
	json_put(o, "rank", rank_or_null(row->rank));
	json_put(o, "was", rank_or_null(row->was));
	json_put(o, "item", json_text(dataset_item_id(d, row->item)));
	json_put(o, "title", json_text(dataset_title(d, row->item)));
	json_put(o, "score", json_number((double)row->score));
}

static json_t *edits_json(const struct asked *a)
{
	static const char *const kinds[] = { [EDIT_REMOVE] = "remove", [EDIT_ADD] = "add", [EDIT_RATE] = "rate" };
	json_t *list = json_array();

	for (size_t k = 0; k < a->n_edits; k++) {
		json_t *o = json_object();

		json_put(o, "edit", json_text(kinds[a->edit[k].kind]));
		json_put(o, "item", json_text(dataset_item_id(a->hold.data, a->edit[k].item)));
		json_put(o, "value", a->edit[k].kind == EDIT_REMOVE ? json_null() : json_number((double)a->edit[k].value));
		if (json_array_append_new(list, o) != 0)
			mem_must(NULL);
	}
	return list;
}

static json_t *gone_of(const struct dataset *d, const struct whatif *w)
{
	json_t *list = json_array();

	for (size_t k = 0; k < w->n_gone; k++) {
		json_t *o = json_object();

		fill_row(o, d, &w->gone[k]);
		if (json_array_append_new(list, o) != 0)
			mem_must(NULL);
	}
	return list;
}

static bool any_rated(const struct asked *a)
{
	for (size_t k = 0; k < a->n_edits; k++)
		if (a->edit[k].kind == EDIT_RATE)
			return true;
	return false;
}

static void say_head(struct call *c, const struct asked *a, const char *run, const struct whatif *w)
{
	const struct dataset *d = a->hold.data;
	struct str s = STR_INIT;

	str_printf(&s, "%s recommends to ", run);
	person_say(&a->who, d, &s);
	str_printf(&s, " after %zu edit%s (%s)\n", a->n_edits, a->n_edits == 1 ? "" : "s",
		   strcmp(w->method, "exact") == 0 ? "scored anew from the history"
						  : "both histories folded in, not the trained vector");
	if (w->values_idle && any_rated(a))
		str_printf(&s, "%s was fitted with every event counting 1: another value changes nothing\n", run);
	for (size_t k = 0; k < w->n_gone; k++)
		if (w->gone[k].rank)
			str_printf(&s, "gone: %s, %u before, %u now\n", dataset_title(d, w->gone[k].item), w->gone[k].was,
				   w->gone[k].rank);
		else
			str_printf(&s, "gone: %s, %u before, in the history now\n", dataset_title(d, w->gone[k].item),
				   w->gone[k].was);
	result_say(&c->result, "%s", s.s);
	str_done(&s);
}

static void tell(struct call *c, const struct asked *a, const char *run, const struct whatif *w)
{
	static const struct result_column columns[] = {
		{ "rank", "rank", COLUMN_INT },    { "was", "was", COLUMN_INT },
		{ "item", "item", COLUMN_ID },     { "title", "title", COLUMN_TEXT },
		{ "score", "score", COLUMN_SCORE }, { "move", "move", COLUMN_TEXT }, { NULL, NULL, 0 },
	};
	struct result *r = &c->result;

	person_put(&a->who, a->hold.data, r);
	result_set(r, "run", json_text(run));
	result_set(r, "edits", edits_json(a));
	result_set(r, "method", json_text(w->method));
	result_set(r, "gone", gone_of(a->hold.data, w));
	r->rows_key = "items";
	r->columns = columns;
	for (size_t k = 0; k < w->n; k++) {
		json_t *o = result_add_row(r);
		struct str move = STR_INIT;

		fill_row(o, a->hold.data, &w->row[k]);
		json_put(o, "removed", json_boolean(w->row[k].removed));
		say_move(&move, &w->row[k]);
		json_put(o, "move", json_text(move.s ? move.s : ""));
		str_done(&move);
	}
	say_head(c, a, run, w);
}

static bool whatif_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct asked *a = c->state;
	const struct dataset *d = a->hold.data;
	const struct snapshot *s = hold_snapshot(&a->hold, err);
	struct rank_options o = { .k = a->k < d->n_items ? a->k : d->n_items };
	uint64_t *barred = NULL;
	struct whatif *w = NULL;
	uint32_t n_candidates;
	struct query q;
	size_t bad;

	(void)job;
	if (!s || !person_query(&a->who, s, a->hold.split, &q, err) ||
	    !rank_barred(a->hold.split, rank_all_items(a->hold.split, s->model), &barred, &n_candidates, err))
		return false;
	o.barred = barred;
	if (history_edit(&a->edited, q.items, q.x, q.n, a->edit, a->n_edits, &bad, err))
		w = whatif_rank(s, d->n_items, &q, &a->edited, &o, t, err);
	else if (bad < a->n_edits)
		err_wrap(err, "%.100s", dataset_item_id(d, a->edit[bad].item));
	if (w)
		tell(c, a, s->run, w);
	mem_free(barred);
	whatif_free(w);
	return w != NULL;
}

const struct command whatif_command = {
	.name = "whatif", .group = "Questions", .synopsis = "whatif USER|persona=NAME [+ITEM[=VALUE]… -ITEM… ITEM=VALUE…] [k=10] [run=RUN]",
	.summary = "the list that an edited history gets, and how ranks move",
	.lane = LANE_ASK, .words = { WORD_USER, WORD_EDIT }, .many = true, .least = 1, .most = UINT_MAX,
	.names_are_ids = true, .params = whatif_params,
	.prepare = whatif_prepare, .run = whatif_run, .release = whatif_release,
};
