/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_items.c - items, what is near them by the model's vectors, by behaviour and by text, and why two of them are. */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "ui/v_items.h"
#include "ui/views.h"

static const struct pane_spec panes[] = {
	[ITEMS] = { .name = "items", .title = "Items", .column = 0, .row = 0, .group = 0, .least = 4, .head = 1, .share = 30 },
	[NEAREST + NEAREST_MODEL] = { .name = "model", .title = "Model", .column = 1, .row = 0, .slot = 0, .group = 0, .least = 4,
				      .head = 1 },
	[NEAREST + NEAREST_BEHAVIOUR] = { .name = "behaviour", .title = "Behaviour", .column = 1, .row = 0, .slot = 1, .group = 0,
					  .least = 4, .head = 1 },
	[NEAREST + NEAREST_TEXT] = { .name = "text", .title = "Text", .column = 1, .row = 0, .slot = 2, .group = 0, .least = 4,
				     .head = 1 },
	[ABOUT] = { .name = "about", .title = "About", .column = 1, .row = 1, .slot = 0, .group = 1, .least = 3, .want = 9 },
	[WHY_NEAR] = { .name = "why-near", .title = "Why near", .column = 1, .row = 1, .slot = 1, .group = 1, .least = 3,
		       .want = 9 },
};
_Static_assert(sizeof panes / sizeof *panes <= MAX_PANES, "a view has so many panes");

#define NEAREST_K 60 /* rows */

static const struct { const char *name; enum order_key key; int column; bool falling; } orders[] = {
	{ "number", ORDER_NUMBER, -1, false }, { "title", ORDER_TITLE, I_TITLE, false },
	{ "events", ORDER_EVENTS, I_EVENTS, true }, { "mean", ORDER_MEAN, I_MEAN, true },
	{ "id", ORDER_ID, -1, false },
};
#define N_ORDERS (sizeof orders / sizeof *orders)

static void items_init(struct view *v)
{
	struct items_state *st = v->state;

	st->item = st->go_item = st->other = NO_ITEM;
	for (int by = 0; by < N_NEAREST; by++)
		st->asked[by].item = NO_ITEM;
}

static bool is_plain_order(const struct items_state *st)
{
	return orders[st->order].key == ORDER_NUMBER && !st->reverse && !st->filter[0];
}

const struct order_answer *items_order(const struct items_state *st, const struct session *s, bool *pending)
{
	const struct answer *a = session_answer(s, PANE_ITEMS, pending);

	if (is_plain_order(st)) {
		*pending = false;
		return NULL;
	}
	return a && a->err.code == ERR_OK && a->data_id == st->data_id ? &a->order : NULL;
}

uint32_t items_at(const struct items_state *st, const struct session *s, size_t row)
{
	bool pending;
	const struct order_answer *o = items_order(st, s, &pending);

	if (!o)
		return (uint32_t)row;
	return row < o->n ? o->row[row] : NO_ITEM;
}

const struct nearest_answer *items_nearest(const struct items_state *st, const struct session *s, enum nearest_by by,
					   bool *pending)
{
	const struct answer *a = session_answer(s, PANE_NEAREST + (enum pane)by, pending);

	if (!a || a->data_id != st->data_id || a->err.code != ERR_OK)
		return NULL;
	*pending |= a->nearest.item != st->item;
	return &a->nearest;
}

const struct near_answer *items_near(const struct items_state *st, const struct session *s, bool *pending)
{
	const struct answer *a = session_answer(s, PANE_NEAR, pending);

	if (!a || a->data_id != st->data_id || a->err.code != ERR_OK || st->other == NO_ITEM)
		return NULL;
	*pending |= a->near.item != st->item || a->near.other != st->other;
	return &a->near;
}

static void start_afresh(struct view *v, struct items_state *st, const struct dataset *d)
{
	map_forget(&st->map);
	*st = (struct items_state){ .data_id = d ? d->id : 0, .map = { .shows = st->map.shows, .item = NO_ITEM } };
	items_init(v);
	/* The popular items are those that an operator knows. */
	st->order = 2;
	st->reverse = st->wants_order = true;
	for (int i = 0; i < v->kind->n_panes; i++)
		table_init(&v->table[i]);
}

/* As in v_users.c: a newer epoch waits for the answer to the last question. */
static bool was_asked(const struct near_question *q, const struct session *s, enum pane pane, bool of_model, uint32_t item,
		      uint32_t other)
{
	const struct run *run = session_answering(s);
	bool pending;

	session_answer(s, pane, &pending);
	return q->item == item && q->other == other && q->split == session_split_serial(s) &&
	       (!of_model || ((pending || q->epoch == (run ? run->rec.epochs : 0)) && !strcmp(q->run, run ? run->label : "")));
}

static void note_question(struct near_question *q, const struct session *s, uint32_t item, uint32_t other)
{
	const struct run *run = session_answering(s);

	*q = (struct near_question){ .item = item, .other = other, .epoch = run ? run->rec.epochs : 0,
				     .split = session_split_serial(s) };
	snprintf(q->run, sizeof q->run, "%s", run ? run->label : "");
}

void items_ask_nearest(struct items_state *st, struct session *s, enum nearest_by by)
{
	if (st->item != NO_ITEM &&
	    !was_asked(&st->asked[by], s, PANE_NEAREST + (enum pane)by, by == NEAREST_MODEL, st->item, NO_ITEM) &&
	    session_ask_nearest(s, st->item, by, NEAREST_K))
		note_question(&st->asked[by], s, st->item, NO_ITEM);
}

/* Popularity has no likeness of items: without a wish of the operator's, behaviour stands in for it. */
static void choose_by(struct items_state *st, const struct session *s)
{
	const struct run *run = session_answering(s);
	const struct answer *a;
	bool pending;

	if (st->by_chosen || !run)
		return;
	a = session_answer(s, PANE_NEAREST, &pending);
	if (a && !pending && a->err.code == ERR_UNSUPPORTED)
		snprintf(st->no_model, sizeof st->no_model, "%s", st->asked[NEAREST_MODEL].run);
	st->by = strcmp(st->no_model, run->label) ? NEAREST_MODEL : NEAREST_BEHAVIOUR;
}

static void find_go_item(struct view *v, struct items_state *st, const struct session *s)
{
	bool pending;
	const struct order_answer *o = items_order(st, s, &pending);
	size_t i = 0;

	if (pending)
		return; /* the rows are about to change */
	while (o && i < o->n && o->row[i] != st->go_item)
		i++;
	if (!o || i < o->n)
		table_go(&v->table[ITEMS], o ? i : st->go_item);
	st->go_item = NO_ITEM;
}

static size_t n_items_shown(const struct items_state *st, const struct session *s, const struct dataset *d)
{
	bool pending;
	const struct order_answer *o = items_order(st, s, &pending);

	return o ? o->n : d->n_items;
}

bool items_sync_rows(struct view *v, struct session *s)
{
	struct items_state *st = v->state;
	const struct dataset *d = session_data(s);

	if (!d || st->data_id != d->id)
		start_afresh(v, st, d);
	if (!d)
		return false;
	if (st->wants_order) {
		st->wants_order = false;
		if (!is_plain_order(st))
			session_ask_order(s, PANE_ITEMS, orders[st->order].key, st->reverse, st->filter);
	}
	view_rows(v, ITEMS, n_items_shown(st, s, d));
	if (st->go_item != NO_ITEM) {
		find_go_item(v, st, s);
		view_rows(v, ITEMS, n_items_shown(st, s, d));
	}
	v->table[ITEMS].sorted = orders[st->order].column;
	v->table[ITEMS].reverse = !st->reverse;
	st->item = v->table[ITEMS].n ? items_at(st, s, v->table[ITEMS].cursor) : NO_ITEM;
	choose_by(st, s);
	return true;
}

/* The one under the cursor of the list that is meant. */
static uint32_t find_other(const struct view *v, const struct items_state *st, const struct session *s)
{
	bool pending;
	const struct nearest_answer *near = items_nearest(st, s, st->by, &pending);
	const size_t at = v->table[NEAREST + st->by].cursor;

	return near && !pending && at < near->n ? near->row[at].item : NO_ITEM;
}

static void items_sync(struct view *v, struct session *s)
{
	struct items_state *st = v->state;
	const uint32_t was = st->item;

	if (!items_sync_rows(v, s)) {
		for (int i = 0; i < v->kind->n_panes; i++)
			view_rows(v, i, 0);
		return;
	}
	if (v->focus >= NEAREST && v->focus < NEAREST + N_NEAREST) {
		st->by = (enum nearest_by)(v->focus - NEAREST);
		st->by_chosen = true;
	}
	if (v->focus < ABOUT) /* narrow, one of the two shows */
		view_show(v, v->focus == ITEMS ? ABOUT : WHY_NEAR);
	for (int by = 0; by < N_NEAREST; by++) {
		const struct nearest_answer *near;
		bool pending;

		if (st->item != was)
			table_go(&v->table[NEAREST + by], 0);
		if (view_shows(v, NEAREST + by) || by == (int)st->by)
			items_ask_nearest(st, s, (enum nearest_by)by);
		near = items_nearest(st, s, (enum nearest_by)by, &pending);
		view_rows(v, NEAREST + by, near ? near->n : 0);
	}
	st->other = find_other(v, st, s);
	if (st->other != NO_ITEM && view_shows(v, WHY_NEAR) &&
	    !was_asked(&st->asked_near, s, PANE_NEAR, true, st->item, st->other) && session_ask_near(s, st->item, st->other)) {
		note_question(&st->asked_near, s, st->item, st->other);
		table_go(&v->table[WHY_NEAR], 0);
	}
	view_rows(v, WHY_NEAR, items_near_rows(items_near(st, s, &(bool){ false })));
}

/* --- actions -------------------------------------------------------------------------------------------------- */

static bool set_order(struct items_state *st, const char *name)
{
	size_t next = (st->order + 1) % N_ORDERS;

	if (*name) {
		for (next = 0; next < N_ORDERS && strcmp(orders[next].name, name);)
			next++;
		if (next == N_ORDERS)
			return false;
	}
	st->order = next;
	st->reverse = orders[next].falling;
	st->wants_order = true;
	return true;
}

static bool show_item(struct items_state *st, struct session *s, const char *id)
{
	const struct dataset *d = session_data(s);
	uint32_t item = d ? dataset_find_item(d, id) : NO_ITEM;

	if (item == NO_ITEM)
		return false;
	if (st->filter[0]) {
		st->filter[0] = '\0';
		st->wants_order = true;
	}
	st->go_item = item;
	return true;
}

static void set_filter(struct view *v, struct items_state *st, const char *text)
{
	if (!strcmp(st->filter, text))
		return;
	snprintf(st->filter, sizeof st->filter, "%s", text);
	st->wants_order = true;
	table_go(&v->table[ITEMS], 0);
}

static const char *const by_name[N_NEAREST] = {
	[NEAREST_MODEL] = "model", [NEAREST_BEHAVIOUR] = "behaviour", [NEAREST_TEXT] = "text",
};

/* The next one where none is named; by text only where something is said of the items. */
bool items_set_by(struct items_state *st, const struct session *s, const char *name)
{
	const struct dataset *d = session_data(s);
	int n = d && (d->titles.n || d->texts.n || d->item_tags.ptr) ? N_NEAREST : NEAREST_TEXT;
	int by = ((int)st->by + 1) % n;

	if (*name)
		for (by = 0; by < N_NEAREST && strcmp(by_name[by], name);)
			by++;
	if (by == N_NEAREST)
		return false;
	st->by = (enum nearest_by)by;
	return true;
}

bool items_handle_rows(struct view *v, struct session *s, const struct act *act)
{
	struct items_state *st = v->state;

	switch (act->id) {
	case ACT_SORT:
		view_focus(v, ITEMS);
		table_go(&v->table[ITEMS], 0);
		return set_order(st, act->arg);
	case ACT_REVERSE:
		view_focus(v, ITEMS);
		st->reverse = !st->reverse;
		st->wants_order = true;
		table_go(&v->table[ITEMS], 0);
		return true;
	case ACT_FILTER:
		view_focus(v, ITEMS);
		set_filter(v, st, act->arg);
		return true;
	case ACT_BACK:
		if (!st->filter[0])
			return false;
		set_filter(v, st, "");
		return true;
	case ACT_GO_ITEM:
		return show_item(st, s, act->arg);
	default:
		return false;
	}
}

static bool items_handle(struct view *v, struct session *s, const struct act *act)
{
	struct items_state *st = v->state;

	switch (act->id) {
	case ACT_MAP:
	case ACT_ZOOM:
	case ACT_COLOUR:
		return items_show_map(v, act);
	case ACT_OPEN:
		view_focus(v, NEAREST + (int)st->by);
		return true;
	case ACT_BY: /* from elsewhere first to the list that is meant */
		if ((*act->arg || v->focus == NEAREST + (int)st->by) && !items_set_by(st, s, act->arg))
			return false;
		st->by_chosen = true;
		view_focus(v, NEAREST + (int)st->by);
		return true;
	default:
		return items_handle_rows(v, s, act);
	}
}

bool items_value_of(const struct items_state *st, struct session *s, uint32_t item, const char *what, struct str *out)
{
	const struct dataset *d = session_data(s);
	const struct run *run = session_answering(s);

	(void)st;
	if (d && !strcmp(what, "item") && item != NO_ITEM) {
		word_quote(out, dataset_true_item_id(d, item));
		return true;
	}
	if (!strcmp(what, "run") && run) {
		word_quote(out, run->rec.name);
		return true;
	}
	return false;
}

static bool items_value(const struct view *v, struct session *s, const char *what, struct str *out)
{
	const struct items_state *st = v->state;
	bool of_other = (v->focus >= NEAREST && v->focus < ABOUT) || v->focus == WHY_NEAR;

	return items_value_of(st, s, of_other ? st->other : st->item, what, out);
}

static void items_row_text(const struct view *v, const struct session *s, int pane, size_t row, struct str *out)
{
	const struct items_state *st = v->state;
	const struct dataset *d = session_data(s);
	const struct nearest_answer *near = NULL;
	bool pending;

	if (pane >= NEAREST && pane < ABOUT)
		near = items_nearest(st, s, (enum nearest_by)(pane - NEAREST), &pending);
	if (pane == ITEMS)
		str_puts(out, dataset_title(d, items_at(st, s, row)));
	else if (near && row < near->n)
		str_puts(out, dataset_title(d, near->row[row].item));
}

void items_done(struct view *v)
{
	struct items_state *st = v->state;

	map_forget(&st->map);
}

const struct view_kind view_items = {
	.name = "items",
	.title = "Items",
	.panes = panes,
	.n_panes = 6,
	.first_focus = ITEMS,
	.state_size = sizeof(struct items_state),
	.init = items_init,
	.done = items_done,
	.sync = items_sync,
	.handle = items_handle,
	.draw = items_draw,
	.value = items_value,
	.row_text = items_row_text,
};
