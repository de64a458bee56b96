/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_odd.c - odd [users|items]: who and what deserves a look, with the reasons. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/standing.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/odd_report.h"
#include "cmd/tables.h"

enum sort { SORT_SURPRISE, SORT_GAP, SORT_DIFFERENCE, SORT_TASTE, SORT_CHURN, SORT_EVENTS };

static const struct param_spec odd_params[] = {
	{ .name = "sort", .type = PARAM_CHOICE, .choices = "surprise|gap|difference|taste|churn|events", .def = "surprise",
	  .meaning = "what comes first: rare flags; of users also the ndcg lost against popularity, the difference to with=, "
		     "lists far from the taste, lists that changed in the last epoch; the number of events" },
	{ .name = "only", .type = PARAM_TEXT, .meaning = "flags of these kinds alone, such as burst,leak" },
	{ .name = "run", .type = PARAM_TEXT, .meaning = "whose lists (default: the current run)" },
	{ .name = "with", .type = PARAM_TEXT, .meaning = "the run to compare it with, user by user" },
	{ .name = "limit", .type = PARAM_INT, .lo = 1, .hi = 1e6, .def = "50", .unit = "rows",
	  .meaning = "the first so many" },
	{ .name = NULL },
};

struct oddities {
	struct odd_sources from;
	struct odd_report *report; /* NULL until the worker made it */
	bool items, all_kinds;
	bool only[N_ODD];
};

/* --- what is asked ----------------------------------------------------------------------------------------- */

static bool read_kind(struct oddities *o, const struct word *w, struct err *err)
{
	const char *names[N_ODD], *near;

	for (int k = 0; k < N_ODD; k++) {
		names[k] = odd_table[k].name;
		if (strcmp(w->text, names[k]) != 0)
			continue;
		if (odd_table[k].of_items != o->items)
			return err_set(err, ERR_USAGE, "%s is a flag of %s: odd %s only=%s", w->text, o->items ? "users" : "items",
				       o->items ? "users" : "items", w->text);
		o->only[k] = true;
		return true;
	}
	near = str_nearest(w->text, names, N_ODD);
	return err_set(err, ERR_RANGE, "no flag is named %s%s%s", w->text, near ? ": did you mean " : "", near ? near : "");
}

static bool read_only(struct oddities *o, const struct call *c, struct err *err)
{
	const struct word *only = call_named(c, "only");
	struct words kinds;
	bool good = true;

	for (int k = 0; k < N_ODD; k++)
		o->only[k] = !only && odd_table[k].of_items == o->items;
	if (!only)
		return true;
	if (!word_split_list(&kinds, only, err))
		return false;
	for (size_t i = 0; good && i < kinds.n; i++)
		good = read_kind(o, &kinds.w[i], err);
	words_done(&kinds);
	return good;
}

static bool check_sort(const struct oddities *o, const struct call *c, struct err *err)
{
	int sort = params_choice(&c->params, "sort");

	if (o->items && sort != SORT_SURPRISE && sort != SORT_EVENTS)
		return err_set(err, ERR_USAGE, "items are sorted by surprise or by events");
	if (sort == SORT_DIFFERENCE && !o->from.has_with)
		return err_set(err, ERR_USAGE, "sort=difference needs a run to differ from: with=RUN");
	return true;
}

static bool odd_prepare(struct call *c, struct err *err)
{
	struct oddities *o = mem_must(calloc(1, sizeof(*o)));
	const char *what = call_word(c, 0), *with = call_text(c, "with");
	const struct run *r;

	c->state = o;
	o->items = what && !strcmp(what, "items");
	o->from.has_with = with != NULL;
	o->all_kinds = !call_named(c, "only");
	if (what && !o->items && strcmp(what, "users") != 0)
		return err_set(err, ERR_RANGE, "odd knows users and items, not %s", what);
	if (!read_only(o, c, err) || !check_sort(o, c, err) || !hold_evaluable(&o->from.run, c, call_text(c, "run"), err) ||
	    !hold_evaluable(&o->from.popularity, c, POPULARITY_RUN, err) ||
	    (with && !hold_evaluable(&o->from.with, c, with, err)))
		return false;
	r = session_find_run(c->session, o->from.run.record.name, err);
	snprintf(c->title, sizeof(c->title), "odd %s", o->items ? "items" : "users");
	return r && watched_copy(&o->from.lists, &r->lists, err);
}

/* --- rows ------------------------------------------------------------------------------------------------------ */

/* NaN: it has no place. */
static float key_of(const struct oddities *o, int sort, bool only, uint32_t who)
{
	if ((only || sort == SORT_SURPRISE || sort == SORT_EVENTS) && !(o->report->figure[ODD_SURPRISE][who] > 0))
		return NAN;
	switch (sort) {
	case SORT_GAP:
		return -o->report->figure[ODD_GAP][who];
	case SORT_DIFFERENCE:
		return fabsf(o->report->figure[ODD_DIFFERENCE][who]);
	case SORT_TASTE:
		return o->report->figure[ODD_TASTE][who];
	case SORT_CHURN:
		return o->report->figure[ODD_CHURN][who];
	case SORT_EVENTS:
		return (float)o->report->events[who];
	default:
		return o->report->figure[ODD_SURPRISE][who];
	}
}

static json_t *id_or_null(const char *id)
{
	return id ? json_text(id) : json_null();
}

static json_t *flags_of(const struct oddities *o, uint32_t who, struct str *why)
{
	const struct dataset *d = o->from.run.data;
	json_t *flags = json_array();
	struct str text = STR_INIT;

	for (size_t i = 0; i < o->report->flags.n; i++) {
		const struct odd_flag *f = &o->report->flags.flag[i];
		json_t *flag;

		if (f->who != who || !o->only[f->kind])
			continue;
		str_clear(&text);
		odd_say(d, f, &text);
		str_printf(why, "%s%s: %s", why->len ? "; " : "", odd_table[f->kind].name, str_text(&text));
		flag = json_object();
		json_put(flag, "kind", json_text(odd_table[f->kind].name));
		json_put(flag, "text", json_text(str_text(&text)));
		json_put(flag, "user", id_or_null(f->user == NO_USER ? NULL : dataset_user_id(d, f->user)));
		json_put(flag, "item", id_or_null(f->item == NO_ITEM ? NULL : dataset_item_id(d, f->item)));
		json_put(flag, "other", id_or_null(f->other == NO_ITEM ? NULL : dataset_item_id(d, f->other)));
		json_put(flag, "n", json_number(f->n));
		json_put(flag, "of", f->of > 0 ? json_number(f->of) : json_null());
		json_array_append_new(flags, flag);
	}
	str_done(&text);
	return flags;
}

static void put_row(const struct oddities *o, uint32_t who, struct result *r)
{
	static const struct { const char *key; enum odd_figure figure; } figures[] = {
		{ "ndcg", ODD_NDCG }, { "popularity", ODD_POPULARITY }, { "gap", ODD_GAP }, { "other", ODD_OTHER },
		{ "difference", ODD_DIFFERENCE }, { "taste", ODD_TASTE }, { "churn", ODD_CHURN },
	};
	const struct dataset *d = o->from.run.data;
	json_t *row = result_add_row(r);
	struct str why = STR_INIT;
	json_t *flags = flags_of(o, who, &why);

	if (o->items) {
		json_put(row, "item", json_text(dataset_item_id(d, who)));
		json_put(row, "title", json_text(dataset_title(d, who)));
	} else {
		json_put(row, "user", json_text(dataset_user_id(d, who)));
	}
	json_put(row, "events", json_integer(o->report->events[who]));
	for (size_t k = 0; !o->items && k < sizeof(figures) / sizeof(*figures); k++)
		json_put(row, figures[k].key, json_number((double)o->report->figure[figures[k].figure][who]));
	json_put(row, "surprise", json_number((double)o->report->figure[ODD_SURPRISE][who]));
	json_put(row, "why", json_text(str_text(&why)));
	json_put(row, "flags", flags);
	str_done(&why);
}

static void add_columns(const struct oddities *o, int sort, struct result *r)
{
	if (o->items)
		result_add_column(r, "item", "item", COLUMN_ID);
	else
		result_add_column(r, "user", "user", COLUMN_ID);
	if (o->items)
		result_add_column(r, "title", "title", COLUMN_TEXT);
	result_add_column(r, "events", "events", COLUMN_INT);
	if (!o->items) {
		result_add_column(r, "ndcg", "ndcg@10", COLUMN_SCORE);
		result_add_column(r, "gap", "gap", COLUMN_SCORE);
		if (o->from.has_with)
			result_add_column(r, "difference", "difference", COLUMN_SCORE);
		result_add_column(r, "taste", "taste", COLUMN_SCORE);
		if (sort == SORT_CHURN)
			result_add_column(r, "churn", "churn", COLUMN_SCORE);
	}
	result_add_column(r, "why", "why", COLUMN_TEXT);
}

static json_t *count_kinds(const struct oddities *o)
{
	json_t *counts = json_object();

	for (int k = 0; k < N_ODD; k++) {
		json_int_t n = 0;

		for (size_t i = 0; i < o->report->flags.n; i++)
			n += o->report->flags.flag[i].kind == (enum odd_kind)k;
		if (odd_table[k].of_items == o->items)
			json_object_set_new(counts, odd_table[k].name, json_integer(n));
	}
	return counts;
}

static void say_head(const struct oddities *o, json_t *counts, size_t total, struct result *r)
{
	struct str s = STR_INIT;
	const char *kind;
	json_t *n;

	str_printf(&s, "%zu %s%s", total, o->items ? "item" : "user", total == 1 ? "" : "s");
	json_object_foreach(counts, kind, n)
		str_printf(&s, " · %s %lld", kind, (long long)json_integer_value(n));
	str_printf(&s, " · lists of %s\n", o->from.run.record.name);
	result_say(r, "%s", s.s);
	str_done(&s);
}

static bool put_rows(struct oddities *o, struct call *c, struct err *err)
{
	int sort = params_choice(&c->params, "sort");
	size_t limit = (size_t)params_int(&c->params, "limit"), n = 0;
	struct odd_place *place = mem_alloc((size_t)o->report->n_who + 1, sizeof(*place), err);
	struct result *r = &c->result;
	json_t *counts;

	if (!place)
		return false;
	for (uint32_t i = 0; i < o->report->n_who; i++) {
		float key = key_of(o, sort, call_named(c, "only") != NULL, i);

		if (!isnan(key))
			place[n++] = (struct odd_place){ (double)key, i };
	}
	odd_places_sort(place, n);
	r->rows_key = "rows";
	add_columns(o, sort, r);
	for (size_t i = 0; i < n && i < limit; i++)
		put_row(o, (uint32_t)place[i].at, r);
	mem_free(place);
	counts = count_kinds(o);
	result_set(r, "of", json_text(o->items ? "items" : "users"));
	result_set(r, "run", json_text(o->from.run.record.name));
	result_set(r, "with", o->from.has_with ? json_text(o->from.with.record.name) : json_null());
	result_set(r, "sort", json_text(call_named(c, "sort") ? call_named(c, "sort")->text : "surprise"));
	result_set(r, "total", json_integer((json_int_t)n));
	say_head(o, counts, n, r);
	result_set(r, "counts", counts);
	return true;
}

static bool odd_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct oddities *o = c->state;

	(void)job;
	if (!(o->report = odd_report_make(&o->from, o->items, t, err)))
		return false;
	odd_report_surprise(o->report, o->only);
	return put_rows(o, c, err);
}

static void odd_release(struct call *c)
{
	struct oddities *o = c->state;

	odd_report_unref(o->report);
	odd_sources_done(&o->from);
	free(o);
}

const struct odd_report *odd_report_of(const struct call *c)
{
	const struct oddities *o = c->state;

	return !strcmp(c->command->name, "odd") && !o->items && o->all_kinds ? o->report : NULL;
}

const struct command odd_command = {
	.name = "odd", .group = "Browse",
	.synopsis = "odd [users|items] [sort=surprise|gap|difference|taste|churn|events] [only=KIND,…] [run=RUN] [with=RUN] [limit=50]",
	.summary = "users or items that deserve a look, with the reasons",
	.lane = LANE_LIGHT, .words = { WORD_ANY }, .most = 1, .params = odd_params, .prepare = odd_prepare, .run = odd_run,
	.release = odd_release,
};
