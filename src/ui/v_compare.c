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

#include "cmd/command.h"
#include "base/json.h"
#include "ui/text.h"
#include "ui/v_compare_plots.h"
#include "ui/views.h"

enum { TABLE, METRICS, VERDICT, COST, APPETITE, N_COMPARE };

static const struct pane_spec panes[] = {
	[TABLE] = { .name = "runs", .title = "Runs", .column = 0, .row = 0, .group = 0, .least = 4, .head = 1 },
	[METRICS] = { .name = "metrics", .title = "Metrics", .column = 0, .row = 1, .slot = 0, .group = 1, .least = 4,
		      .want = 13, .head = 1 },
	[VERDICT] = { .name = "verdict", .title = "Verdict", .column = 0, .row = 1, .slot = 1, .group = 1, .least = 4,
		      .want = 13 },
	[COST] = { .name = "cost", .title = "Cost", .column = 0, .row = 2, .slot = 0, .group = 1, .least = 10, .want = 14 },
	[APPETITE] = { .name = "appetite", .title = "Appetite", .column = 0, .row = 2, .slot = 1, .group = 1, .least = 10,
		       .want = 14 },
};

#define MAX_KS 6
#define MAX_NAMES 24

struct compare_state {
	json_t *rows;            /* referenced; NULL: none yet */
	json_t *rewards;         /* what the data reward, referenced; NULL: not asked for */
	json_t *verdict;         /* sentences, referenced; NULL: runs were compared, not models */
	char metric[32], on[16], data[96];
	size_t asked;            /* models, while they are trained; 0: all is told */
	uint64_t split;
	/* The grid of the run under the cursor. */
	size_t grid_of;
	char name[MAX_NAMES][32], k[MAX_KS][12];
	double value[MAX_NAMES][MAX_KS];
	size_t n_names, n_ks;
};

static void compare_init(struct view *v)
{
	struct compare_state *st = v->state;

	st->grid_of = SIZE_MAX;
}

static void forget(struct compare_state *st)
{
	json_decref(st->rows);
	json_decref(st->verdict);
	json_decref(st->rewards);
	st->rows = st->verdict = st->rewards = NULL;
	st->asked = 0;
	st->grid_of = SIZE_MAX;
}

static void compare_done(struct view *v)
{
	forget(v->state);
}

static const char *text_in(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static bool compare_result(struct view *v, struct session *s, const struct call *call, const struct result *r)
{
	struct compare_state *st = v->state;
	const struct dataset *d = session_data(s);
	size_t asked = (size_t)json_integer_value(json_object_get(r->head, "of"));
	bool begins = !st->asked; /* what grows leaves the cursors where they are */

	if (strcmp(call->command->name, "compare") || !json_array_size(r->rows))
		return false;
	forget(st);
	st->rows = json_incref(r->rows);
	st->verdict = json_incref(json_object_get(r->head, "verdict"));
	st->rewards = json_incref(json_object_get(r->head, "rewards"));
	v->focus = st->verdict ? VERDICT : v->focus == VERDICT ? TABLE : v->focus;
	st->split = session_split_serial(s);
	snprintf(st->metric, sizeof st->metric, "%s", text_in(json_array_get(r->rows, 0), "metric"));
	snprintf(st->on, sizeof st->on, "%s", text_in(r->head, "on"));
	snprintf(st->data, sizeof st->data, "%s", d ? d->name : "");
	st->asked = asked;
	if (!begins)
		return true;
	table_go(&v->table[TABLE], 0);
	table_go(&v->table[VERDICT], 0);
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
static void make_grid(struct compare_state *st, size_t row)
{
	const json_t *metrics = json_object_get(json_array_get(st->rows, row), "metrics");
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

	return k < n ? json_string_value(json_array_get(st->verdict, k)) : text_in(json_array_get(st->rewards, k - n), "text");
}

static void compare_sync(struct view *v, struct session *s)
{
	struct compare_state *st = v->state;

	if (st->rows && st->split != session_split_serial(s))
		forget(st);
	view_rows(v, TABLE, json_array_size(st->rows));
	if (st->rows && st->grid_of != v->table[TABLE].cursor)
		make_grid(st, v->table[TABLE].cursor);
	view_rows(v, METRICS, st->rows ? st->n_names : 0);
	view_rows(v, VERDICT, n_sentences(st));
}

static bool compare_handle(struct view *v, struct session *s, const struct act *act)
{
	(void)v;
	(void)s;
	(void)act;
	return false;
}

static bool compare_value(const struct view *v, struct session *s, const char *what, struct str *out)
{
	const struct compare_state *st = v->state;

	(void)s;
	if (strcmp(what, "run") || !st->rows)
		return false;
	word_quote(out, text_in(json_array_get(st->rows, v->table[TABLE].cursor), "run"));
	return true;
}

static void compare_row_text(const struct view *v, const struct session *s, int pane, size_t row, struct str *out)
{
	const struct compare_state *st = v->state;

	(void)s;
	str_puts(out, pane == TABLE ? text_in(json_array_get(st->rows, row), "run") : pane == VERDICT ? sentence(st, row) : st->name[row]);
}

/* --- drawing --------------------------------------------------------------------------------------------------- */

enum { C_RUN, C_VALUE, C_INTERVAL, C_BAR, C_RECALL, C_COVERAGE, C_NOVELTY, C_TRAIN, C_MS, C_BYTES, C_EXPLAIN };

/* A run answers in other bits at another time: each row tells how it was measured, as line 1 names what answers. */
static bool is_packed(const json_t *row)
{
	const char *precision = text_in(row, "precision");

	return *precision && strcmp(precision, "f32");
}

static void run_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const json_t *rows = ctx, *r = json_array_get(rows, row);
	double half = (json_number_in(r, "high") - json_number_in(r, "low")) / 2, best, bytes;
	char buf[32];

	switch (column) {
	case C_RUN:
		snprintf(out->text, sizeof out->text, "%s%s%s", text_in(r, "run"), is_packed(r) ? " " : "",
			 is_packed(r) ? text_in(r, "precision") : "");
		break;
	case C_VALUE:
		text_real(out->text, sizeof out->text, json_number_in(r, "value"), 4);
		out->style = row == 0 ? STYLE_GOOD : STYLE_PLAIN;
		break;
	case C_INTERVAL:
		if (!isnan(half))
			snprintf(out->text, sizeof out->text, "±%.4f %s", half,
				 json_is_true(json_object_get(r, "with_best")) ? "*" : " ");
		break;
	case C_BAR:
		best = json_number_in(json_array_get(rows, 0), "value");
		out->bar = best > 0 ? json_number_in(r, "value") / best : 0;
		break;
	case C_RECALL:
		text_real(out->text, sizeof out->text, json_number_in(r, "recall@20"), 3);
		break;
	case C_COVERAGE:
		text_real(out->text, sizeof out->text, json_number_in(r, "coverage@10"), 2);
		break;
	case C_NOVELTY:
		text_real(out->text, sizeof out->text, json_number_in(r, "novelty@10"), 1);
		break;
	case C_TRAIN:
		text_real(out->text, sizeof out->text, json_number_in(r, "train_seconds"), 1);
		break;
	case C_MS:
		text_real(out->text, sizeof out->text, json_number_in(r, "ms_per_user"), 3);
		break;
	case C_BYTES:
		bytes = json_number_in(r, "bytes");
		if (!isnan(bytes))
			snprintf(out->text, sizeof out->text, "%s", str_bytes((uint64_t)bytes, buf));
		break;
	case C_EXPLAIN:
		snprintf(out->text, sizeof out->text, "%s", text_in(r, "explanation"));
		break;
	}
}

static void draw_runs(const struct view *v, const struct session *s, struct surface *out)
{
	const struct compare_state *st = v->state;
	const struct table_column column[] = {
		[C_RUN] = { .title = "run", .least = 12 },
		[C_VALUE] = { .title = st->metric, .width = 10, .right = true },
		[C_INTERVAL] = { .title = "95%", .width = 10, .right = true },
		[C_BAR] = { .title = "", .width = 10, .bar = true, .drop = 9 },
		[C_RECALL] = { .title = "recall@20", .width = 9, .right = true, .drop = 3 },
		[C_COVERAGE] = { .title = "coverage", .width = 8, .right = true, .drop = 4 },
		[C_NOVELTY] = { .title = "novelty", .width = 7, .right = true, .drop = 5 },
		[C_TRAIN] = { .title = "train s", .width = 8, .right = true, .drop = 1 },
		[C_MS] = { .title = "ms/user", .width = 7, .right = true, .drop = 2 },
		[C_BYTES] = { .title = "memory", .width = 8, .right = true, .drop = 6 },
		[C_EXPLAIN] = { .title = "explanation", .width = 13, .drop = 7 },
	};
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
	view_table(v, out, TABLE, in, column, 11, run_cell, st->rows, false);
	if ((int)v->table[TABLE].n + 3 <= in.h)
		surface_text(out, in.x + 1, in.y + (int)v->table[TABLE].n + 2, in.w - 2, STYLE_DIM,
			     "* not told apart from the best at 95%");
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

	if (st->rows)
		snprintf(title, sizeof title, "Metrics of %s",
			 text_in(json_array_get(st->rows, v->table[TABLE].cursor), "run"));
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
			compare_draw_cost(out, in, st->rows, st->metric, v->table[TABLE].cursor);
		else
			pane_say(out, in, "What accuracy takes in time of training");
	}
	if (view_shows(v, APPETITE)) {
		struct rect in = view_pane(v, out, APPETITE, "Appetite for data");

		if (!st->rows || !compare_draw_appetite(out, in, st->rows))
			pane_say(out, in, "compare MODEL… share=25,50 trains on fewer events too");
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
