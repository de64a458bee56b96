/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_compare_table.c - the table of Compare: its columns, their order, those that are hidden, and rows marked to be held
 * against each other. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/comparison_table.h"
#include "cmd/words.h"
#include "ui/text.h"
#include "ui/v_compare.h"

/* name: what sort and columns call it; NULL: neither sorted by nor hidden.  falling: the greatest comes first. */
static const struct compare_column {
	const char *name, *title, *path;
	int width, drop, decimals;
	bool left, falling, may_lack; /* may_lack: not there where no row was measured for it */
} columns[N_COMPARE_COLUMNS] = {
	[C_RUN] = { "run", "run", "run", 0, 0, 0, true, false, false },
	[C_VALUE] = { "value", "", "value", 10, 0, 4, false, true, false },
	[C_INTERVAL] = { "interval", "95%", NULL, 10, 0, 0, false, false, false },
	[C_BAR] = { "bar", "", NULL, 10, 13, 0, false, true, false },
	[C_RECALL] = { "recall", "recall@20", "recall@20", 9, 3, 3, false, true, false },
	[C_COVERAGE] = { "coverage", "coverage", "coverage@10", 8, 4, 2, false, true, false },
	[C_DIVERSITY] = { "diversity", "diversity", "metrics/diversity@10", 9, 8, 3, false, true, false },
	[C_NOVELTY] = { "novelty", "novelty", "novelty@10", 7, 5, 1, false, true, false },
	[C_TRAIN] = { "train", "train s", "train_seconds", 8, 1, 1, false, false, false },
	[C_MS] = { "ms", "ms/user", "ms_per_user", 7, 2, 3, false, false, false },
	[C_P99] = { "p99", "p99 ms", "ms_p99", 7, 9, 2, false, false, true },
	[C_BYTES] = { "memory", "memory", "bytes", 8, 6, 0, false, false, false },
	[C_NOISE] = { "noise", "noise", "noise/value", 6, 10, 4, false, true, true },
	[C_COLD] = { "cold", "new items", "cold_items", 9, 11, 4, false, true, true },
	[C_FAITHFULNESS] = { "faithful", "faithful", "faithfulness", 8, 12, 3, false, true, true },
	[C_EXPLAIN] = { "explanation", "explanation", "explanation", 13, 7, 0, true, false, false },
};

/* --- order, columns, marks --------------------------------------------------------------------------------------- */

static double figure(const json_t *row, int column)
{
	return columns[column].path ? comparison_number(row, columns[column].path)
	       : column == C_INTERVAL ? json_number_in(row, "high") - json_number_in(row, "low") : json_number_in(row, "value");
}

bool compare_falls(const struct compare_state *st)
{
	return columns[st->sorted].falling != st->reverse;
}

struct keyed { double key; const char *text; size_t at; };

/* What has no figure comes last, whichever way the others go. */
static int smallest_first(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int by_text = x->text && y->text ? strcmp(x->text, y->text) : 0;

	if (isnan(x->key) != isnan(y->key))
		return isnan(x->key) ? 1 : -1;
	if (by_text || x->key < y->key || x->key > y->key)
		return by_text ? by_text : x->key < y->key ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

void compare_sort(struct compare_state *st)
{
	const size_t n = json_array_size(st->rows);
	const bool falls = compare_falls(st);
	struct keyed *row = mem_must(calloc(n + 1, sizeof *row));
	size_t texts = 0;

	json_decref(st->shown);
	st->shown = mem_must(json_array());
	for (size_t i = 0; i < n; i++) {
		const json_t *r = json_array_get(st->rows, i);
		double key = columns[st->sorted].left ? 0 : figure(r, st->sorted);

		row[i] = (struct keyed){ falls ? -key : key, columns[st->sorted].left ? compare_text_in(r, columns[st->sorted].path) : NULL, i };
		texts += row[i].text != NULL;
	}
	qsort(row, n, sizeof *row, smallest_first);
	for (size_t i = 0; i < n; i++)
		json_array_append(st->shown, json_array_get(st->rows, row[texts && falls ? n - 1 - i : i].at));
	free(row);
}

static bool is_there(const struct compare_state *st, int column)
{
	const json_t *row;
	size_t i;

	if (!columns[column].may_lack)
		return true;
	json_array_foreach(st->rows, i, row)
		if (!isnan(figure(row, column)))
			return true;
	return false;
}

static int column_named(const char *name)
{
	for (int c = 0; c < N_COMPARE_COLUMNS; c++)
		if (!strcmp(columns[c].name, name))
			return c;
	return -1;
}

bool compare_set_order(struct compare_state *st, const char *name)
{
	int next = *name ? column_named(name) : st->sorted;

	if (next == C_BAR)
		next = C_VALUE;
	if (next < 0 || (*name && !is_there(st, next)))
		return false;
	while (!*name) {
		next = (next + 1) % N_COMPARE_COLUMNS;
		if (next != C_BAR && !st->hidden[next] && is_there(st, next))
			break;
	}
	st->sorted = next;
	st->reverse = false;
	return true;
}

bool compare_hide(struct compare_state *st, const char *name)
{
	int column = *name ? column_named(name) : -1;

	if (!*name)
		memset(st->hidden, 0, sizeof st->hidden);
	else if (column <= C_VALUE) /* a row stays told from others, by what they are compared in */
		return false;
	else
		st->hidden[column] = !st->hidden[column];
	return true;
}

static size_t place_of_mark(const struct compare_state *st, const char *run)
{
	size_t i = 0;

	while (i < st->n_marked && strcmp(st->marked[i], run) != 0)
		i++;
	return i;
}

bool compare_is_marked(const struct compare_state *st, const char *run)
{
	return place_of_mark(st, run) < st->n_marked;
}

bool compare_mark(struct compare_state *st, const char *run, struct str *out)
{
	size_t at = place_of_mark(st, run);

	if (at < st->n_marked) {
		memmove(st->marked[at], st->marked[at + 1], (st->n_marked - at - 1) * sizeof *st->marked);
		st->n_marked--;
	} else if (st->n_marked < MARKS_MOST) {
		snprintf(st->marked[st->n_marked++], sizeof *st->marked, "%s", run);
	} else {
		return false;
	}
	for (size_t i = 0; st->n_marked > 1 && i < st->n_marked; i++) {
		str_puts(out, i ? " " : "apart ");
		word_quote(out, st->marked[i]);
	}
	if (!out->len) {
		json_decref(st->pairs);
		st->pairs = NULL;
	}
	return true;
}

/* --- drawing ------------------------------------------------------------------------------------------------------ */

/* A run answers in other bits at another time: each row tells how it was measured, as line 1 names what answers. */
static bool is_packed(const json_t *row)
{
	const char *precision = compare_text_in(row, "precision");

	return *precision && strcmp(precision, "f32");
}

static void run_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct compare_state *st = ctx;
	const json_t *r = json_array_get(st->shown, row), *best = json_array_get(st->rows, 0);
	const struct compare_column *c = &columns[column];
	double half = (json_number_in(r, "high") - json_number_in(r, "low")) / 2, top = json_number_in(best, "value");
	char buf[32];

	switch (column) {
	case C_RUN:
		snprintf(out->text, sizeof out->text, "%s%s%s%s", compare_is_marked(st, compare_text_in(r, "run")) ? "+ " : "",
			 compare_text_in(r, "run"), is_packed(r) ? " " : "", is_packed(r) ? compare_text_in(r, "precision") : "");
		break;
	case C_INTERVAL:
		if (!isnan(half))
			snprintf(out->text, sizeof out->text, "±%.4f %s", half, json_is_true(json_object_get(r, "with_best")) ? "*" : " ");
		break;
	case C_BAR:
		out->bar = top > 0 ? json_number_in(r, "value") / top : 0;
		break;
	case C_BYTES:
		if (!isnan(figure(r, column)))
			snprintf(out->text, sizeof out->text, "%s", str_bytes((uint64_t)figure(r, column), buf));
		break;
	case C_EXPLAIN:
		snprintf(out->text, sizeof out->text, "%s", compare_text_in(r, "explanation"));
		break;
	default:
		if (!isnan(figure(r, column)))
			text_real(out->text, sizeof out->text, figure(r, column), c->decimals);
	}
	if (column == C_VALUE && r == best)
		out->style = STYLE_GOOD;
}

void compare_draw_table(const struct view *v, struct surface *out, struct rect in)
{
	const struct compare_state *st = v->state;
	struct table_column shown[N_COMPARE_COLUMNS];

	for (int c = 0; c < N_COMPARE_COLUMNS; c++) {
		const struct compare_column *from = &columns[c];

		shown[c] = (struct table_column){ .title = c == C_VALUE ? st->metric : from->title, .width = from->width,
						  .least = from->width ? 0 : 12, .drop = from->drop, .right = !from->left && c != C_BAR,
						  .bar = c == C_BAR };
		if (st->hidden[c] || !is_there(st, c))
			shown[c].width = -1;
		else if (c == st->sorted && from->width)
			shown[c].width++; /* of the arrow */
	}
	view_table(v, out, TABLE, in, shown, N_COMPARE_COLUMNS, run_cell, st, false);
	if ((int)v->table[TABLE].n + 3 <= in.h)
		surface_text(out, in.x + 1, in.y + (int)v->table[TABLE].n + 2, in.w - 2, STYLE_DIM,
			     "* not told apart from the best at 95%");
}

/* --- pairs ------------------------------------------------------------------------------------------------------- */

static void pair_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct compare_state *st = ctx;
	const json_t *p = json_array_get(st->pairs, row);
	bool apart = json_is_true(json_object_get(p, "apart"));

	switch (column) {
	case 0:
		snprintf(out->text, sizeof out->text, "%s - %s", compare_text_in(p, "run"), compare_text_in(p, "other"));
		break;
	case 1:
		snprintf(out->text, sizeof out->text, "%s", compare_text_in(p, "interval"));
		break;
	case 2:
		snprintf(out->text, sizeof out->text, "%s", apart ? "yes" : "no");
		out->style = apart ? STYLE_GOOD : STYLE_PLAIN;
		break;
	case 3:
		if (!isnan(json_number_in(p, "p")))
			snprintf(out->text, sizeof out->text, "%.3f", json_number_in(p, "p"));
		break;
	}
}

void compare_draw_pairs(const struct view *v, struct surface *out)
{
	static const struct table_column column[] = {
		{ .title = "pair", .least = 16 }, { .title = "difference, 95%", .width = 26 },
		{ .title = "apart", .width = 5 }, { .title = "p", .width = 5, .right = true, .drop = 1 },
	};
	const struct compare_state *st = v->state;
	char title[96];

	snprintf(title, sizeof title, "Pairs by %s, told apart at 95%%", st->metric);
	view_table(v, out, METRICS, view_pane(v, out, METRICS, title), column, 4, pair_cell, st, false);
}
