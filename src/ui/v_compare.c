/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_compare.c - the last comparison as a table, and all metrics of the run under the cursor.
 *
 * The view computes nothing: it keeps the rows that the command `compare` answered, while the split that
 * they were measured on is the current one.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/command.h"
#include "ui/text.h"
#include "ui/v_compare.h"
#include "ui/v_compare_plots.h"
#include "ui/views.h"

static const struct pane_spec panes[] = {
	[TABLE] = { .name = "runs", .title = "Runs", .column = 0, .row = 0, .group = 0, .least = 4, .head = 1 },
	[METRICS] = { .name = "metrics", .title = "Metrics", .column = 0, .row = 1, .slot = 0, .group = 1, .least = 4,
		      .want = 13, .head = 1 },
	[VERDICT] = { .name = "verdict", .title = "Verdict", .column = 0, .row = 1, .slot = 1, .group = 1, .least = 4,
		      .want = 13 },
	[COST] = { .name = "cost", .title = "Cost", .column = 0, .row = 2, .slot = 0, .group = 1, .least = 10, .want = 14 },
	[APPETITE] = { .name = "appetite", .title = "Appetite", .column = 0, .row = 2, .slot = 1, .group = 1, .least = 10,
		       .want = 14 },
	[RERANK] = { .name = "rerank", .title = "Rerank", .column = 0, .row = 2, .slot = 2, .group = 1, .least = 10, .want = 14 },
};
_Static_assert(sizeof panes / sizeof *panes <= MAX_PANES, "a view has so many panes");

static void compare_init(struct view *v)
{
	struct compare_state *st = v->state;

	st->sorted = C_VALUE;
}

static void forget_rows(struct compare_state *st)
{
	json_decref(st->rows);
	json_decref(st->shown);
	json_decref(st->verdict);
	json_decref(st->rewards);
	st->rows = st->shown = st->verdict = st->rewards = NULL;
	st->asked = 0;
	st->grid_of = NULL;
}

/* What was asked of them; how the table looks stays. */
static void forget_questions(struct compare_state *st)
{
	json_decref(st->pairs);
	json_decref(st->curve);
	st->pairs = st->curve = NULL;
	st->n_marked = 0;
	st->under[0] = '\0';
}

static void compare_done(struct view *v)
{
	forget_rows(v->state);
	forget_questions(v->state);
}

const char *compare_text_in(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

const json_t *compare_row(const struct view *v)
{
	const struct compare_state *st = v->state;

	return json_array_get(st->shown, v->table[TABLE].cursor);
}

static void take_rows(struct view *v, const struct session *s, const struct result *r)
{
	struct compare_state *st = v->state;
	const struct dataset *d = session_data(s);
	bool begins = !st->asked; /* what grows leaves the cursor, the marks and the answers where they are */

	forget_rows(st);
	st->rows = json_incref(r->rows);
	st->verdict = json_incref(json_object_get(r->head, "verdict"));
	st->rewards = json_incref(json_object_get(r->head, "rewards"));
	v->focus = st->verdict ? VERDICT : v->focus == VERDICT ? TABLE : v->focus;
	st->split = session_split_serial(s);
	snprintf(st->metric, sizeof st->metric, "%s", compare_text_in(json_array_get(r->rows, 0), "metric"));
	snprintf(st->on, sizeof st->on, "%s", compare_text_in(r->head, "on"));
	snprintf(st->data, sizeof st->data, "%s", d ? d->name : "");
	st->asked = (size_t)json_integer_value(json_object_get(r->head, "of"));
	compare_sort(st);
	if (!begins)
		return;
	forget_questions(st);
	table_go(&v->table[TABLE], 0);
	table_go(&v->table[VERDICT], 0);
}

/* What was asked for is seen where one pane of a group shows: a focus in the group goes along. */
static void show_asked(struct view *v, int pane)
{
	if (!v->wide && panes[v->focus].group == panes[pane].group)
		view_focus(v, pane);
	view_show(v, pane);
}

static void take_pairs(struct view *v, const struct result *r)
{
	struct compare_state *st = v->state;

	json_decref(st->pairs);
	st->pairs = json_incref(r->rows);
	show_asked(v, METRICS);
	table_go(&v->table[METRICS], 0);
}

static void take_curve(struct view *v, const struct result *r)
{
	struct compare_state *st = v->state;

	json_decref(st->curve);
	st->curve = json_incref(r->rows);
	snprintf(st->curve_of, sizeof st->curve_of, "%s", compare_text_in(r->head, "run"));
	snprintf(st->curve_by, sizeof st->curve_by, "%s", compare_text_in(r->head, "by"));
	show_asked(v, RERANK);
}

static bool compare_result(struct view *v, struct session *s, const struct call *call, const struct result *r)
{
	const struct compare_state *st = v->state;
	const char *name = call->command->name;

	if (!json_array_size(r->rows))
		return false;
	if (!strcmp(name, "compare"))
		take_rows(v, s, r);
	else if (!strcmp(name, "apart") && st->rows)
		take_pairs(v, r);
	else if (!strcmp(name, "rerank") && st->rows)
		take_curve(v, r);
	else
		return false;
	return true;
}

static size_t place_of(char (*list)[32], size_t *n, const char *text, size_t len, size_t most)
{
	for (size_t i = 0; i < *n; i++)
		if (strlen(list[i]) == len && !strncmp(list[i], text, len))
			return i;
	if (*n == most || len >= sizeof *list)
		return SIZE_MAX;
	snprintf(list[*n], sizeof *list, "%.*s", (int)len, text);
	return (*n)++;
}

/* "ndcg@10" goes to row ndcg, column @10. */
static void make_grid(struct compare_state *st, const json_t *row)
{
	const json_t *metrics = json_object_get(row, "metrics");
	char ks[MAX_KS][32];
	const char *key;
	json_t *value;

	st->grid_of = row;
	st->n_names = st->n_ks = 0;
	for (size_t i = 0; i < MAX_NAMES; i++)
		for (size_t k = 0; k < MAX_KS; k++)
			st->value[i][k] = NAN;
	json_object_foreach((json_t *)metrics, key, value) {
		const char *at = strchr(key, '@');
		size_t i, k;

		if (!at)
			continue;
		i = place_of(st->name, &st->n_names, key, (size_t)(at - key), MAX_NAMES);
		k = place_of(ks, &st->n_ks, at, strlen(at), MAX_KS);
		if (i != SIZE_MAX && k != SIZE_MAX)
			st->value[i][k] = json_is_number(value) ? json_number_value(value) : NAN;
	}
	for (size_t k = 0; k < st->n_ks; k++)
		snprintf(st->k[k], sizeof st->k[k], "%.11s", ks[k]);
}

static size_t n_sentences(const struct compare_state *st)
{
	return json_array_size(st->verdict) + json_array_size(st->rewards);
}

/* The verdict's, then those on what the data reward. */
static const char *sentence(const struct compare_state *st, size_t k)
{
	size_t n = json_array_size(st->verdict);

	return k < n ? json_string_value(json_array_get(st->verdict, k)) : compare_text_in(json_array_get(st->rewards, k - n), "text");
}

/* Where rows came or were put in another order, the cursor goes with its run. */
static void follow_run(struct view *v, struct compare_state *st)
{
	for (size_t i = 0; st->under[0] && i < json_array_size(st->shown); i++)
		if (!strcmp(compare_text_in(json_array_get(st->shown, i), "run"), st->under))
			table_go(&v->table[TABLE], i);
}

static void compare_sync(struct view *v, struct session *s)
{
	struct compare_state *st = v->state;
	const json_t *row;

	if (st->rows && st->split != session_split_serial(s)) {
		forget_rows(st);
		forget_questions(st);
	}
	view_rows(v, TABLE, json_array_size(st->shown));
	v->table[TABLE].sorted = st->rows ? st->sorted : -1;
	v->table[TABLE].reverse = !compare_falls(st);
	row = compare_row(v);
	if (row && st->grid_of != row)
		make_grid(st, row);
	snprintf(st->under, sizeof st->under, "%s", compare_text_in(row, "run"));
	view_rows(v, METRICS, st->pairs ? json_array_size(st->pairs) : st->rows ? st->n_names : 0);
	view_rows(v, VERDICT, n_sentences(st));
}

/* --- actions --------------------------------------------------------------------------------------------------- */

/* The screen goes to the run; without rows there is something to compare first. */
static bool open_row(struct view *v, const char *run)
{
	struct str line = STR_INIT;
	bool fits;

	if (!*run)
		return view_carry_out(v, "compare");
	str_puts(&line, "show-run ");
	word_quote(&line, run);
	fits = view_carry_out(v, str_text(&line));
	str_done(&line);
	return fits;
}

static bool mark_row(struct view *v, struct session *s, const char *run)
{
	struct str line = STR_INIT;
	bool fits = true;

	if (!*run)
		return false;
	if (!compare_mark(v->state, run, &line))
		session_tell(s, LOG_WARN, "%d rows are marked already: Space takes a mark off", MARKS_MOST);
	else if (line.len)
		fits = view_carry_out(v, str_text(&line));
	str_done(&line);
	return fits;
}

/* By variety, then against popularity, and so on. */
static bool ask_curve(struct view *v, const char *run, const char *by)
{
	const struct compare_state *st = v->state;
	struct str line = STR_INIT;
	bool fits;

	if (!*run)
		return false;
	if (!*by)
		by = st->curve && !strcmp(st->curve_of, run) && !strcmp(st->curve_by, "mmr") ? "popularity" : "mmr";
	str_puts(&line, "rerank ");
	word_quote(&line, run);
	str_printf(&line, " by=%s", by);
	fits = view_carry_out(v, str_text(&line));
	str_done(&line);
	return fits;
}

static bool compare_handle(struct view *v, struct session *s, const struct act *act)
{
	struct compare_state *st = v->state;
	const char *run = compare_text_in(compare_row(v), "run");

	switch (act->id) {
	case ACT_OPEN:
		return open_row(v, run);
	case ACT_MARK:
		return mark_row(v, s, run);
	case ACT_CURVE:
		return ask_curve(v, run, act->arg);
	case ACT_SORT:
	case ACT_REVERSE:
		if (act->id == ACT_SORT && !compare_set_order(st, act->arg))
			return false;
		st->reverse ^= act->id == ACT_REVERSE;
		compare_sort(st);
		follow_run(v, st);
		view_focus(v, TABLE);
		return true;
	case ACT_COLUMNS:
		return compare_hide(st, act->arg);
	case ACT_BACK:
		if (!st->pairs && !st->n_marked)
			return false;
		json_decref(st->pairs);
		st->pairs = NULL;
		st->n_marked = 0;
		return true;
	default:
		return false;
	}
}

static bool compare_value(const struct view *v, struct session *s, const char *what, struct str *out)
{
	const json_t *row = compare_row(v);

	(void)s;
	if (strcmp(what, "run") || !row)
		return false;
	word_quote(out, compare_text_in(row, "run"));
	return true;
}

static void compare_row_text(const struct view *v, const struct session *s, int pane, size_t row, struct str *out)
{
	const struct compare_state *st = v->state;

	(void)s;
	if (pane == METRICS && st->pairs)
		str_puts(out, compare_text_in(json_array_get(st->pairs, row), "run"));
	else
		str_puts(out, pane == TABLE ? compare_text_in(json_array_get(st->shown, row), "run")
			      : pane == VERDICT ? sentence(st, row) : st->name[row]);
}

/* --- drawing --------------------------------------------------------------------------------------------------- */

static void draw_runs(const struct view *v, const struct session *s, struct surface *out)
{
	const struct compare_state *st = v->state;
	char title[256] = "Comparison", users[32];
	struct rect in;

	if (st->rows) {
		text_count(users, sizeof users,
			   (uint64_t)json_integer_value(json_object_get(json_array_get(st->rows, 0), "users")));
		snprintf(title, sizeof title, "%s · %s · %s users · 95%% intervals by bootstrap over users", st->data,
			 st->on, users);
		if (st->asked)
			snprintf(title, sizeof title, "%s · %s · %zu of %zu models so far", st->data, st->on,
				 json_array_size(st->rows), st->asked);
	}
	in = view_pane(v, out, TABLE, title);
	if (!st->rows) {
		pane_say(out, in, !session_data(s) ? view_no_data : session_n_runs(s) < 2
				  ? "Only popularity to compare: train a run first" : "Enter compares the runs of this split");
		return;
	}
	compare_draw_table(v, out, in);
}

static void metric_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct compare_state *st = ctx;

	if (column == 0)
		snprintf(out->text, sizeof out->text, "%s", st->name[row]);
	else if (column <= (int)st->n_ks && !isnan(st->value[row][column - 1]))
		text_real(out->text, sizeof out->text, st->value[row][column - 1], 4);
}

static void draw_metrics(const struct view *v, struct surface *out)
{
	const struct compare_state *st = v->state;
	struct table_column column[MAX_KS + 2] = { { .title = "metric", .width = 14 } };
	char title[128] = "Metrics";
	int n = 1;
	struct rect in;

	if (st->pairs) {
		compare_draw_pairs(v, out);
		return;
	}
	if (st->rows)
		snprintf(title, sizeof title, "Metrics of %s",
			 compare_text_in(compare_row(v), "run"));
	in = view_pane(v, out, METRICS, title);
	for (size_t k = 0; k < st->n_ks && st->rows; k++)
		column[n++] = (struct table_column){ .title = st->k[k], .width = 9, .right = true };
	column[n] = (struct table_column){ .title = "" }; /* takes what is left */
	if (v->table[METRICS].n)
		view_table(v, out, METRICS, in, column, n + 1, metric_cell, st, false);
	else
		pane_say(out, in, "Every metric of the run under the cursor");
}

/* A sentence a line, what goes on is indented; from the one under the cursor on, so that all can be read in any pane. */
static void draw_verdict(const struct view *v, struct surface *out)
{
	const struct compare_state *st = v->state;
	size_t n = n_sentences(st), first = v->table[VERDICT].cursor;
	struct rect in, line;
	char title[64] = "Verdict";

	if (n && first)
		snprintf(title, sizeof title, "Verdict, from sentence %zu of %zu", first + 1, n);
	in = view_pane(v, out, VERDICT, title);
	line = (struct rect){ in.x + 1, in.y, in.w - 2, in.h };
	if (!n) {
		pane_say(out, in, st->asked ? "The verdict comes when every model is measured" : "compare MODEL… trains models under one rule and says which to take");
		return;
	}
	for (size_t k = first; k < n && line.h > 0; k++) {
		int used = pane_wrap(out, line, k == 1 ? STYLE_GOOD : STYLE_PLAIN, sentence(st, k));

		line.y += used;
		line.h -= used;
	}
}

static void draw_plots(const struct view *v, struct surface *out)
{
	const struct compare_state *st = v->state;

	if (view_shows(v, COST)) {
		struct rect in = view_pane(v, out, COST, "Cost");

		if (st->rows)
			compare_draw_cost(out, in, st->shown, st->metric, v->table[TABLE].cursor);
		else
			pane_say(out, in, "What accuracy takes in time of training");
	}
	if (view_shows(v, APPETITE)) {
		struct rect in = view_pane(v, out, APPETITE, "Appetite for data");

		if (!st->rows || !compare_draw_appetite(out, in, st->rows))
			pane_say(out, in, "compare MODEL… share=25,50 trains on fewer events too");
	}
	if (view_shows(v, RERANK)) {
		char title[128] = "Rerank";
		struct rect in;

		if (st->curve)
			snprintf(title, sizeof title, "Rerank of %s by %s", st->curve_of, st->curve_by);
		in = view_pane(v, out, RERANK, title);
		if (!st->curve)
			pane_say(out, in, "r chooses the lists of a run anew: accuracy against variety");
		else if (!compare_draw_rerank(out, in, st->curve))
			pane_say(out, in, "too few weights to draw");
	}
}

static void compare_draw(const struct view *v, const struct session *s, struct surface *out)
{
	if (view_shows(v, TABLE))
		draw_runs(v, s, out);
	if (view_shows(v, METRICS))
		draw_metrics(v, out);
	if (view_shows(v, VERDICT))
		draw_verdict(v, out);
	draw_plots(v, out);
}

const struct view_kind view_compare = {
	.name = "compare",
	.title = "Compare",
	.panes = panes,
	.n_panes = N_COMPARE,
	.first_focus = TABLE,
	.state_size = sizeof(struct compare_state),
	.init = compare_init,
	.done = compare_done,
	.sync = compare_sync,
	.handle = compare_handle,
	.draw = compare_draw,
	.value = compare_value,
	.row_text = compare_row_text,
	.result = compare_result,
};
