/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_items.c - items, what is near them by the model's vectors, by behaviour or by text, and what is known of them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "ui/text.h"
#include "ui/v_map.h"
#include "ui/views.h"

enum { ITEMS, NEAREST, ABOUT };

static const struct pane_spec panes[] = {
	[ITEMS] = { .name = "items", .title = "Items", .column = 0, .row = 0, .group = 0, .least = 4, .head = 1 },
	[NEAREST] = { .name = "nearest", .title = "Nearest", .column = 1, .row = 0, .group = 0, .least = 4, .head = 1 },
	[ABOUT] = { .name = "about", .title = "About", .column = 1, .row = 1, .group = 1, .least = 3, .want = 7 },
};

#define NEAREST_K 60

enum { I_TITLE, I_EVENTS, I_MEAN };
static const struct { const char *name; enum order_key key; int column; bool falling; } orders[] = {
	{ "number", ORDER_NUMBER, -1, false }, { "title", ORDER_TITLE, I_TITLE, false },
	{ "events", ORDER_EVENTS, I_EVENTS, true }, { "mean", ORDER_MEAN, I_MEAN, true },
	{ "id", ORDER_ID, -1, false },
};
#define N_ORDERS (sizeof orders / sizeof *orders)

struct items_state {
	uint64_t data_id;
	size_t order;
	bool reverse, wants_order;
	char filter[128];
	uint32_t item, go_item;
	enum nearest_by by;
	bool by_chosen;          /* by the operator; else by the model where it can, by behaviour where not */
	char no_model[80];       /* a run that said it cannot */
	/* What nearest was asked for last. */
	uint32_t asked_item, asked_epoch;
	enum nearest_by asked_by;
	char asked_run[80];
	uint64_t asked_split;
	struct map_state map; /* in the place of nearest, while it is on */
};

static void items_init(struct view *v)
{
	struct items_state *st = v->state;

	st->item = st->go_item = st->asked_item = NO_ITEM;
}

static bool is_plain_order(const struct items_state *st)
{
	return orders[st->order].key == ORDER_NUMBER && !st->reverse && !st->filter[0];
}

static const struct order_answer *order_of(const struct items_state *st, const struct session *s, bool *pending)
{
	const struct answer *a = session_answer(s, PANE_ITEMS, pending);

	if (is_plain_order(st)) {
		*pending = false;
		return NULL;
	}
	return a && a->err.code == ERR_OK && a->data_id == st->data_id ? &a->order : NULL;
}

static uint32_t item_at(const struct items_state *st, const struct session *s, size_t row)
{
	bool pending;
	const struct order_answer *o = order_of(st, s, &pending);

	if (!o)
		return (uint32_t)row;
	return row < o->n ? o->row[row] : NO_ITEM;
}

static const struct nearest_answer *nearest_of(const struct items_state *st, const struct session *s, bool *pending)
{
	const struct answer *a = session_answer(s, PANE_NEAREST, pending);

	if (!a || a->data_id != st->data_id || a->err.code != ERR_OK || a->nearest.by != st->by)
		return NULL;
	*pending |= a->nearest.item != st->item;
	return &a->nearest;
}

static void start_afresh(struct view *v, struct items_state *st, const struct dataset *d)
{
	*st = (struct items_state){ .data_id = d ? d->id : 0, .item = NO_ITEM, .go_item = NO_ITEM,
				    .asked_item = NO_ITEM, .map = { .shows = st->map.shows, .item = NO_ITEM } };
	/* The popular items are those that an operator knows. */
	st->order = 2;
	st->reverse = st->wants_order = true;
	for (int i = 0; i < v->kind->n_panes; i++)
		table_init(&v->table[i]);
}

static void ask_nearest(struct items_state *st, struct session *s)
{
	const struct run *run = session_answering(s);
	uint64_t split = session_split_serial(s);
	const char *name = run ? run->label : "";
	uint32_t epoch = run ? run->rec.epochs : 0;
	bool pending;

	session_answer(s, PANE_NEAREST, &pending);
	/* As in v_users.c: a newer epoch waits for the answer to the last question. */
	if (st->item == NO_ITEM || (st->item == st->asked_item && st->by == st->asked_by && split == st->asked_split &&
				    (st->by != NEAREST_MODEL ||
				     ((pending || epoch == st->asked_epoch) && !strcmp(name, st->asked_run)))))
		return;
	if (!session_ask_nearest(s, st->item, st->by, NEAREST_K))
		return;
	st->asked_item = st->item;
	st->asked_by = st->by;
	st->asked_epoch = epoch;
	st->asked_split = split;
	snprintf(st->asked_run, sizeof st->asked_run, "%s", name);
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
	if (a && !pending && a->err.code == ERR_UNSUPPORTED && st->asked_by == NEAREST_MODEL)
		snprintf(st->no_model, sizeof st->no_model, "%s", st->asked_run);
	st->by = strcmp(st->no_model, run->label) ? NEAREST_MODEL : NEAREST_BEHAVIOUR;
}

static void find_go_item(struct view *v, struct items_state *st, const struct session *s)
{
	bool pending;
	const struct order_answer *o = order_of(st, s, &pending);
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
	const struct order_answer *o = order_of(st, s, &pending);

	return o ? o->n : d->n_items;
}

static void items_sync(struct view *v, struct session *s)
{
	struct items_state *st = v->state;
	const struct dataset *d = session_data(s);
	const struct nearest_answer *near;
	uint32_t was;
	bool pending;

	if (!d || st->data_id != d->id)
		start_afresh(v, st, d);
	if (!d)
		return;
	was = st->item;
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
	st->item = v->table[ITEMS].n ? item_at(st, s, v->table[ITEMS].cursor) : NO_ITEM;
	if (st->item != was)
		table_go(&v->table[NEAREST], 0);
	choose_by(st, s);
	ask_nearest(st, s);
	map_sync(&st->map, s, st->item);
	near = nearest_of(st, s, &pending);
	view_rows(v, NEAREST, near ? near->n : 0);
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
static bool set_by(struct items_state *st, const struct session *s, const char *name)
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

static bool items_handle(struct view *v, struct session *s, const struct act *act)
{
	struct items_state *st = v->state;

	if (map_handle(&st->map, act, v->focus == NEAREST))
		return true;
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
	case ACT_BY:
		st->by_chosen = true;
		return set_by(st, s, act->arg);
	case ACT_GO_ITEM:
		return show_item(st, s, act->arg);
	default:
		return false;
	}
}

static bool items_value(const struct view *v, struct session *s, const char *what, struct str *out)
{
	const struct items_state *st = v->state;
	const struct dataset *d = session_data(s);
	const struct run *run = session_answering(s);
	size_t at = v->table[NEAREST].cursor;
	uint32_t item = st->item;
	bool pending;

	if (d && v->focus == NEAREST) {
		const struct nearest_answer *near = nearest_of(st, s, &pending);

		item = near && at < near->n ? near->row[at].item : NO_ITEM;
	}
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

static void items_row_text(const struct view *v, const struct session *s, int pane, size_t row, struct str *out)
{
	const struct items_state *st = v->state;
	const struct dataset *d = session_data(s);
	bool pending;
	const struct nearest_answer *near = nearest_of(st, s, &pending);

	if (pane == ITEMS)
		str_puts(out, dataset_title(d, item_at(st, s, row)));
	else if (pane == NEAREST && near && row < near->n)
		str_puts(out, dataset_title(d, near->row[row].item));
}

/* --- drawing --------------------------------------------------------------------------------------------------- */

struct draw_ctx {
	const struct items_state *st;
	const struct session *s;
	const struct dataset *d;
	const struct nearest_answer *near;
};

static void item_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct draw_ctx *c = ctx;
	uint32_t i = item_at(c->st, c->s, row);

	if (i == NO_ITEM || i >= c->d->n_items)
		return;
	if (column == I_TITLE)
		snprintf(out->text, sizeof out->text, "%s", dataset_title(c->d, i));
	else if (column == I_EVENTS)
		text_count(out->text, sizeof out->text, session_item_events(c->s, i));
	else
		text_real(out->text, sizeof out->text, session_item_mean(c->s, i), 1);
}

static void draw_items(const struct view *v, const struct draw_ctx *c, struct surface *out)
{
	static const struct table_column column[] = {
		[I_TITLE] = { .title = "item", .least = 10 },
		[I_EVENTS] = { .title = "events", .width = 7, .right = true },
		[I_MEAN] = { .title = "mean", .width = 5, .right = true, .drop = 1 },
	};
	char title[200], total[32];
	bool pending;
	struct rect in;

	order_of(c->st, c->s, &pending);
	text_count(total, sizeof total, v->table[ITEMS].n);
	snprintf(title, sizeof title, c->st->filter[0] ? "Items (%s) \\ %s" : "Items (%s)", total, c->st->filter);
	in = view_pane(v, out, ITEMS, title);
	view_table(v, out, ITEMS, in, column, c->d->value ? 3 : 2, item_cell, c, pending);
	if (!v->table[ITEMS].n)
		pane_say(out, in, pending ? "Looking …" : "No item has this: Esc clears the filter");
}

enum { N_RANK, N_TITLE, N_EVENTS, N_COS, N_BAR };

static void near_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct draw_ctx *c = ctx;
	const struct list_row *r = &c->near->row[row];

	switch (column) {
	case N_RANK:
		snprintf(out->text, sizeof out->text, "%zu", row + 1);
		break;
	case N_TITLE:
		snprintf(out->text, sizeof out->text, "%s", dataset_title(c->d, r->item));
		break;
	case N_EVENTS:
		text_count(out->text, sizeof out->text, session_item_events(c->s, r->item));
		break;
	case N_COS:
		text_real(out->text, sizeof out->text, r->score, 3);
		break;
	case N_BAR:
		out->bar = r->score;
		break;
	}
}

static void say_item(const struct draw_ctx *c, char *out, size_t size)
{
	char n[32], mean[32] = "";

	text_count(n, sizeof n, session_item_events(c->s, c->st->item));
	if (c->d->value)
		snprintf(mean, sizeof mean, " · mean %.1f", session_item_mean(c->s, c->st->item));
	snprintf(out, size, "%.160s · %s event%s%s", dataset_title(c->d, c->st->item), n,
		 session_item_events(c->s, c->st->item) == 1 ? "" : "s", mean);
}

static void draw_nearest(const struct view *v, struct draw_ctx *c, struct surface *out)
{
	static const struct table_column column[] = {
		[N_RANK] = { .title = "", .width = 3, .right = true },
		[N_TITLE] = { .title = "item", .least = 12 },
		[N_EVENTS] = { .title = "events", .width = 7, .right = true, .drop = 2 },
		[N_COS] = { .title = "cosine", .width = 6, .right = true },
		[N_BAR] = { .title = "", .width = 12, .bar = true, .drop = 1 },
	};
	static const char *const chosen[N_NEAREST] = {
		[NEAREST_MODEL] = "[model] behaviour text", [NEAREST_BEHAVIOUR] = "model [behaviour] text",
		[NEAREST_TEXT] = "model behaviour [text]",
	};
	char title[128];
	const struct answer *a;
	bool pending;
	struct rect in;

	c->near = nearest_of(c->st, c->s, &pending);
	if (c->st->map.shows != MAP_OFF) {
		map_title(&c->st->map, c->s, title, sizeof title, &pending);
		in = view_pane(v, out, NEAREST, title);
		map_draw(&c->st->map, c->s, c->near, v->focus == NEAREST ? v->table[NEAREST].cursor : SIZE_MAX, out, in);
		return;
	}
	snprintf(title, sizeof title, "Nearest by %s", chosen[c->st->by]);
	in = view_pane(v, out, NEAREST, title);
	if (c->near && c->near->n) {
		view_table(v, out, NEAREST, in, column, 5, near_cell, c, pending);
		return;
	}
	a = session_answer(c->s, PANE_NEAREST, &pending);
	pane_say(out, in, pending ? "Computing …" : a && a->err.code != ERR_OK ? a->err.msg
						    : "Nothing is near this item");
}

static void add_tags(const struct dataset *d, uint32_t item, struct str *out)
{
	if (!d->item_tags.ptr)
		return;
	for (size_t k = d->item_tags.ptr[item]; k < d->item_tags.ptr[item + 1] && out->len < 600; k++)
		str_printf(out, "%s%s", k > d->item_tags.ptr[item] ? ", " : "",
			   strtab_get(&d->tag_names, d->item_tags.idx[k]));
}

static void draw_about(const struct view *v, const struct draw_ctx *c, struct surface *out)
{
	char title[256] = "About";
	struct str text = STR_INIT;
	struct rect in;

	if (c->st->item != NO_ITEM)
		say_item(c, title, sizeof title);
	in = view_pane(v, out, ABOUT, title);
	if (c->st->item == NO_ITEM)
		return;
	in.x += 1;
	in.w -= 2;
	str_printf(&text, "id %.120s", dataset_item_id(c->d, c->st->item));
	surface_text(out, in.x, in.y, in.w, STYLE_DIM, str_text(&text));
	in.y++;
	in.h--;
	str_clear(&text);
	add_tags(c->d, c->st->item, &text);
	if (text.len) {
		int used = pane_wrap(out, (struct rect){ in.x, in.y, in.w, in.h > 1 ? in.h / 2 : in.h }, STYLE_PLAIN,
				     str_text(&text));

		in.y += used;
		in.h -= used;
	}
	if (c->d->texts.n && in.h > 0)
		pane_wrap(out, in, STYLE_DIM, strtab_get(&c->d->texts, c->st->item));
	str_done(&text);
}

static void items_draw(const struct view *v, const struct session *s, struct surface *out)
{
	struct draw_ctx c = { .st = v->state, .s = s, .d = session_data(s) };

	if (!c.d) {
		for (int i = 0; i < v->kind->n_panes; i++)
			if (view_shows(v, i)) {
				struct rect in = view_pane(v, out, i, panes[i].title);

				if (i == v->focus)
					pane_say(out, in, view_no_data);
			}
		return;
	}
	if (view_shows(v, ITEMS))
		draw_items(v, &c, out);
	if (view_shows(v, NEAREST))
		draw_nearest(v, &c, out);
	if (view_shows(v, ABOUT))
		draw_about(v, &c, out);
}

const struct view_kind view_items = {
	.name = "items",
	.title = "Items",
	.panes = panes,
	.n_panes = 3,
	.first_focus = ITEMS,
	.state_size = sizeof(struct items_state),
	.init = items_init,
	.sync = items_sync,
	.handle = items_handle,
	.draw = items_draw,
	.value = items_value,
	.row_text = items_row_text,
};
