/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_odd.c - users worth a look, the flags of users and items, and what stands behind the one under the cursor.
 *
 * The view computes nothing but the order of its rows: it keeps the report of the command `odd`, a job in the light
 * lane, while the split that it was made on is the current one.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "ui/v_odd.h"
#include "ui/views.h"

static const struct pane_spec panes[] = {
	[QUEUE] = { .name = "queue", .title = "Worth a look", .column = 0, .row = 0, .group = 0, .least = 4, .head = 1,
		    .share = 46 },
	[FLAGS] = { .name = "flags", .title = "Flags", .column = 1, .row = 0, .group = 0, .least = 4, .head = 1 },
	[BEHIND] = { .name = "behind", .title = "Behind it", .column = 1, .row = 1, .group = 1, .least = 4, .want = 12 },
};

/* falling: the greatest deserves the first look; of gaps the one that is lost most. */
static const struct { const char *name; enum odd_figure figure; int column; bool falling, size; } orders[] = {
	{ "surprise", ODD_SURPRISE, C_KINDS, true, false }, { "gap", ODD_GAP, C_GAP, false, false },
	{ "difference", ODD_DIFFERENCE, C_DIFFERENCE, true, true }, { "taste", ODD_TASTE, C_TASTE, true, false },
	{ "churn", ODD_CHURN, C_CHURN, true, false }, { "events", N_ODD_FIGURES, C_EVENTS, true, false },
};
#define N_ORDERS (sizeof orders / sizeof *orders)

const char *odd_order_name(const struct odd_state *st)
{
	return orders[st->order].name;
}

static void forget(struct odd_state *st)
{
	odd_report_unref(st->report);
	free(st->user);
	free(st->flag);
	free(st->behind);
	*st = (struct odd_state){ .order = st->order, .reverse = st->reverse, .behind_from = -1 };
}

static void odd_init(struct view *v)
{
	forget(v->state);
}

static void odd_view_done(struct view *v)
{
	forget(v->state);
}

static bool odd_result(struct view *v, struct session *s, const struct call *call, const struct result *r)
{
	struct odd_state *st = v->state;
	const struct odd_report *report = strcmp(call->command->name, "odd") ? NULL : odd_report_of(call);
	const char *sort = json_string_value(json_object_get(r->head, "sort"));

	if (!report)
		return false;
	forget(st);
	st->report = odd_report_ref(report);
	st->split = session_split_serial(s);
	st->wants_rows = true;
	st->reverse = false;
	for (size_t i = 0; sort && i < N_ORDERS; i++)
		if (!strcmp(orders[i].name, sort))
			st->order = i;
	for (int i = 0; i < v->kind->n_panes; i++)
		table_go(&v->table[i], 0);
	return true;
}

/* --- rows -------------------------------------------------------------------------------------------------------- */

uint32_t odd_user_under(const struct view *v)
{
	const struct odd_state *st = v->state;

	return v->table[QUEUE].cursor < st->n_users ? st->user[v->table[QUEUE].cursor] : NO_USER;
}

size_t odd_flag_under(const struct view *v)
{
	const struct odd_state *st = v->state;

	return v->table[FLAGS].cursor < st->n_flags ? st->flag[v->table[FLAGS].cursor] : SIZE_MAX;
}

/* Flags lie by kind, then by who. */
size_t odd_flag_of(const struct odd_report *r, enum odd_kind kind, uint32_t who)
{
	size_t lo = 0, hi = r->flags.n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;
		const struct odd_flag *f = &r->flags.flag[mid];

		if (f->kind < kind || (f->kind == kind && f->who < who))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < r->flags.n && r->flags.flag[lo].kind == kind && r->flags.flag[lo].who == who ? lo : SIZE_MAX;
}

/* NaN: it has no place. */
static double key_of(const struct odd_state *st, uint32_t u)
{
	const struct odd_report *r = st->report;
	const enum odd_figure figure = orders[st->order].figure;
	double key = figure == N_ODD_FIGURES ? (double)r->events[u] : (double)r->figure[figure][u];

	if ((figure == N_ODD_FIGURES || figure == ODD_SURPRISE) && !(r->figure[ODD_SURPRISE][u] > 0))
		return NAN; /* nothing says that it deserves one */
	if (orders[st->order].size)
		key = fabs(key);
	return orders[st->order].falling != st->reverse ? key : -key;
}

static bool is_like(const struct odd_state *st, const struct dataset *d, const struct odd_flag *f)
{
	const struct odd_info *kind = &odd_table[f->kind];

	return utf8_contains_fold(kind->name, st->filter) ||
	       utf8_contains_fold(kind->of_items ? dataset_title(d, f->who) : dataset_user_id(d, f->who), st->filter);
}

/* Rows sorted by their keys; frees what was there. */
static size_t *sort_rows(struct odd_place *row, size_t n)
{
	size_t *at = mem_must(malloc((n + 1) * sizeof *at));

	odd_places_sort(row, n);
	for (size_t i = 0; i < n; i++)
		at[i] = row[i].at;
	free(row);
	return at;
}

static void list_users(struct odd_state *st, const struct dataset *d)
{
	const struct odd_report *r = st->report;
	struct odd_place *row = mem_must(malloc(((size_t)r->n_who + 1) * sizeof *row));
	char *shown = mem_must(calloc((size_t)r->n_who + 1, 1));
	size_t n = 0, *sorted;

	for (size_t i = 0; st->filter[0] && i < r->flags.n; i++)
		if (!odd_table[r->flags.flag[i].kind].of_items && is_like(st, d, &r->flags.flag[i]))
			shown[r->flags.flag[i].who] = 1;
	for (uint32_t u = 0; u < r->n_who; u++) {
		double key = key_of(st, u);

		if (!isnan(key) && (!st->filter[0] || shown[u] || utf8_contains_fold(dataset_user_id(d, u), st->filter)))
			row[n++] = (struct odd_place){ key, u };
	}
	free(shown);
	sorted = sort_rows(row, n);
	free(st->user);
	st->user = mem_must(malloc((n + 1) * sizeof *st->user));
	for (size_t i = 0; i < n; i++)
		st->user[i] = (uint32_t)sorted[i];
	st->n_users = n;
	free(sorted);
}

/* How strong a flag is among those of its kind. */
static double strength(const struct odd_flag *f)
{
	return f->kind == ODD_BURST || f->kind == ODD_REPEAT || f->kind == ODD_COPY || f->kind == ODD_DOMINANT ||
			       f->kind == ODD_AUDIENCE || f->kind == ODD_EVERYBODY
		       ? f->n
	       : f->kind == ODD_PAIR ? f->of : 0;
}

/* The kinds that few have come first, in each the strongest. */
static void list_flags(struct odd_state *st, const struct dataset *d)
{
	const struct odd_report *r = st->report;
	struct odd_place *row = mem_must(malloc((r->flags.n + 1) * sizeof *row));
	size_t n_of[N_ODD] = { 0 }, n = 0;

	for (size_t i = 0; i < r->flags.n; i++)
		n_of[r->flags.flag[i].kind]++;
	for (size_t i = 0; i < r->flags.n; i++) {
		const struct odd_flag *f = &r->flags.flag[i];
		double rarity = -(double)n_of[f->kind] - (double)f->kind / (N_ODD + 1);

		if (!st->filter[0] || is_like(st, d, f))
			row[n++] = (struct odd_place){ 1e10 * rarity + strength(f), i };
	}
	free(st->flag);
	st->flag = sort_rows(row, n);
	st->n_flags = n;
}

static void odd_sync(struct view *v, struct session *s)
{
	struct odd_state *st = v->state;
	const struct dataset *d = session_data(s);

	if (st->report && st->split != session_split_serial(s))
		forget(st);
	if (st->wants_rows && st->report && d) {
		list_users(st, d);
		list_flags(st, d);
		st->behind_from = -1;
	}
	st->wants_rows = false;
	view_rows(v, QUEUE, st->n_users);
	view_rows(v, FLAGS, st->n_flags);
	v->table[QUEUE].sorted = orders[st->order].column;
	v->table[QUEUE].reverse = orders[st->order].falling == st->reverse;
	if (v->focus != BEHIND)
		st->from = v->focus;
	odd_fill_behind(v, s);
	view_rows(v, BEHIND, st->n_behind);
}

/* --- actions ------------------------------------------------------------------------------------------------------ */

static bool set_order(struct odd_state *st, const char *name)
{
	size_t next = (st->order + 1) % N_ORDERS;

	if (*name) {
		for (next = 0; next < N_ORDERS && strcmp(orders[next].name, name);)
			next++;
		if (next == N_ORDERS)
			return false;
	} else {
		/* Not by what nobody has a figure of. */
		while (orders[next].figure == ODD_DIFFERENCE && st->report && !st->report->with[0])
			next = (next + 1) % N_ORDERS;
	}
	st->order = next;
	st->reverse = false;
	return true;
}

static void show_anew(struct view *v, struct odd_state *st, bool queue)
{
	st->wants_rows = true;
	if (queue)
		view_focus(v, QUEUE);
	table_go(&v->table[QUEUE], 0);
	if (!queue)
		table_go(&v->table[FLAGS], 0);
}

static void set_filter(struct view *v, struct odd_state *st, const char *text)
{
	if (!strcmp(st->filter, text))
		return;
	snprintf(st->filter, sizeof st->filter, "%s", text);
	show_anew(v, st, false);
}

/* A user or an item to go to; false: none is under the cursor. */
static bool under_cursor(const struct view *v, bool *is_item, uint32_t *who)
{
	const struct odd_state *st = v->state;
	const size_t flag = odd_flag_under(v), at = v->table[BEHIND].cursor;

	*is_item = false;
	*who = NO_USER;
	if (v->focus == QUEUE) {
		*who = odd_user_under(v);
	} else if (v->focus == FLAGS && flag != SIZE_MAX) {
		*who = st->report->flags.flag[flag].who;
		*is_item = odd_table[st->report->flags.flag[flag].kind].of_items;
	} else if (v->focus == BEHIND && at < st->n_behind) {
		const struct behind_row *b = &st->behind[at];

		*who = b->who;
		*is_item = b->is == BEHIND_ITEM ||
			   (b->is == BEHIND_REASON && odd_table[st->report->flags.flag[b->flag].kind].of_items);
	}
	return *who != NO_USER;
}

static bool open_row(struct view *v, const struct odd_state *st, const struct session *s)
{
	const struct dataset *d = session_data(s);
	struct str line = STR_INIT;
	bool is_item, fits;
	uint32_t who;

	if (!d)
		return false;
	if (!st->report) {
		view_carry_out(v, "odd");
		return true;
	}
	if (v->focus == FLAGS && st->n_behind) {
		view_focus(v, BEHIND);
		return true;
	}
	if (!under_cursor(v, &is_item, &who))
		return false;
	str_puts(&line, is_item ? "show-item " : "show-user ");
	word_quote(&line, is_item ? dataset_true_item_id(d, who) : dataset_true_user_id(d, who));
	fits = view_carry_out(v, str_text(&line));
	str_done(&line);
	return fits;
}

static bool odd_handle(struct view *v, struct session *s, const struct act *act)
{
	struct odd_state *st = v->state;

	switch (act->id) {
	case ACT_SORT:
		if (!set_order(st, act->arg))
			return false;
		show_anew(v, st, true);
		return true;
	case ACT_REVERSE:
		st->reverse = !st->reverse;
		show_anew(v, st, true);
		return true;
	case ACT_FILTER:
		set_filter(v, st, act->arg);
		return true;
	case ACT_BACK:
		if (v->focus == BEHIND) {
			view_focus(v, st->from);
			return true;
		}
		if (!st->filter[0])
			return false;
		set_filter(v, st, "");
		return true;
	case ACT_OPEN:
		return open_row(v, st, s);
	default:
		return false;
	}
}

static bool odd_value(const struct view *v, struct session *s, const char *what, struct str *out)
{
	const struct dataset *d = session_data(s);
	const struct odd_state *st = v->state;
	bool is_item;
	uint32_t who;

	if (!d || !st->report)
		return false;
	if (!strcmp(what, "run")) {
		word_quote(out, st->report->run);
		return true;
	}
	if (!under_cursor(v, &is_item, &who) || strcmp(what, is_item ? "item" : "user"))
		return false;
	word_quote(out, is_item ? dataset_true_item_id(d, who) : dataset_true_user_id(d, who));
	return true;
}

static void odd_row_text(const struct view *v, const struct session *s, int pane, size_t row, struct str *out)
{
	const struct odd_state *st = v->state;
	const struct dataset *d = session_data(s);

	if (pane == QUEUE && row < st->n_users) {
		str_puts(out, dataset_user_id(d, st->user[row]));
	} else if (pane == FLAGS && row < st->n_flags) {
		const struct odd_flag *f = &st->report->flags.flag[st->flag[row]];

		str_printf(out, "%s %s ", odd_table[f->kind].name,
			   odd_table[f->kind].of_items ? dataset_title(d, f->who) : dataset_user_id(d, f->who));
		odd_say(d, f, out);
	} else if (pane == BEHIND && row < st->n_behind) {
		odd_behind_text(&st->behind[row], st->report, d, out);
	}
}

const struct view_kind view_odd = {
	.name = "odd",
	.title = "Odd",
	.panes = panes,
	.n_panes = 3,
	.first_focus = QUEUE,
	.state_size = sizeof(struct odd_state),
	.init = odd_init,
	.done = odd_view_done,
	.sync = odd_sync,
	.handle = odd_handle,
	.draw = odd_draw,
	.value = odd_value,
	.result = odd_result,
	.row_text = odd_row_text,
};
