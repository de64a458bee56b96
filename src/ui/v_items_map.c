/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_items_map.c - Items with the map in the place of the three lists.
 *
 * The rows of the map's pane are the neighbours that are lit, then what was searched for: the cursor goes through both.
 */
#include <string.h>

#include "ui/v_items.h"
#include "ui/views.h"

static const struct pane_spec panes[] = {
	[ITEMS] = { .name = "items", .title = "Items", .column = 0, .row = 0, .group = 0, .least = 4, .head = 1, .share = 30 },
	[MAP] = { .name = "map", .title = "Map", .column = 1, .row = 0, .group = 0, .least = 4 },
	[MAP_ABOUT] = { .name = "about", .title = "About", .column = 1, .row = 1, .group = 1, .least = 3, .want = 6 },
};

static uint32_t under_cursor(const struct view *v, const struct items_state *st, const struct session *s)
{
	bool pending;
	const struct nearest_answer *near = items_nearest(st, s, st->by, &pending);
	const size_t at = v->table[MAP].cursor, n = near ? near->n : 0;

	if (at < n)
		return near->row[at].item;
	return at - n < st->map.n_found ? st->map.found[at - n] : NO_ITEM;
}

static size_t n_rows(const struct items_state *st, const struct session *s)
{
	bool pending;
	const struct nearest_answer *near = items_nearest(st, s, st->by, &pending);

	return (near ? near->n : 0) + st->map.n_found;
}

static void map_view_sync(struct view *v, struct session *s)
{
	struct items_state *st = v->state;
	const uint32_t was = st->item;
	uint32_t centre;
	bool pending;
	const struct nearest_answer *near;

	if (!items_sync_rows(v, s)) {
		view_rows(v, MAP, 0);
		return;
	}
	if (st->item != was)
		table_go(&v->table[MAP], 0);
	items_ask_nearest(st, s, st->by);
	map_sync(&st->map, s, st->item);
	view_rows(v, MAP, n_rows(st, s));
	near = items_nearest(st, s, st->by, &pending);
	st->other = under_cursor(v, st, s);
	centre = st->map.n_found && v->table[MAP].cursor >= (near ? near->n : 0) && st->other != NO_ITEM ? st->other : st->item;
	if (centre != st->map.centre) {
		st->map.centre = centre;
		st->map.pan_x = st->map.pan_y = 0;
	}
}

static void map_view_find(struct view *v, struct session *s)
{
	struct items_state *st = v->state;
	bool pending;

	if (v->focus != MAP)
		return;
	if (strcmp(st->map.sought, v->search) != 0)
		map_find(&st->map, s, v->search, items_nearest(st, s, st->by, &pending));
	view_rows(v, MAP, n_rows(st, s));
}

static void change_kind(struct view *v, const struct view_kind *kind)
{
	const bool items = v->focus == ITEMS;
	const struct items_state *st = v->state;

	if (v->kind == kind)
		return;
	v->kind = kind;
	for (int i = 1; i < kind->n_panes; i++)
		table_init(&v->table[i]);
	view_focus(v, kind == &view_items_map ? MAP_ABOUT : ABOUT);
	view_focus(v, items ? ITEMS : kind == &view_items_map ? MAP : NEAREST + (int)st->by);
	view_place(v, v->body);
}

bool items_show_map(struct view *v, const struct act *act)
{
	struct items_state *st = v->state;
	bool done = map_handle(&st->map, act, false);

	change_kind(v, st->map.shows == MAP_OFF ? &view_items : &view_items_map);
	return done;
}

static bool map_view_handle(struct view *v, struct session *s, const struct act *act)
{
	struct items_state *st = v->state;

	switch (act->id) {
	case ACT_MAP:
		return items_show_map(v, act);
	case ACT_OPEN:
		view_focus(v, MAP);
		return true;
	case ACT_BY:
		st->by_chosen = true;
		table_go(&v->table[MAP], 0);
		return items_set_by(st, s, act->arg);
	case ACT_BACK:
		if (!st->map.sought[0])
			return items_handle_rows(v, s, act);
		map_forget(&st->map);
		table_go(&v->table[MAP], 0);
		return true;
	default:
		return map_handle(&st->map, act, v->focus == MAP) || items_handle_rows(v, s, act);
	}
}

static bool map_view_value(const struct view *v, struct session *s, const char *what, struct str *out)
{
	const struct items_state *st = v->state;

	return items_value_of(st, s, v->focus == MAP ? st->other : st->item, what, out);
}

static void map_view_row_text(const struct view *v, const struct session *s, int pane, size_t row, struct str *out)
{
	const struct items_state *st = v->state;
	const struct dataset *d = session_data(s);
	bool pending;
	const struct nearest_answer *near = items_nearest(st, s, st->by, &pending);
	const size_t n = near ? near->n : 0;

	if (pane == ITEMS)
		str_puts(out, dataset_title(d, items_at(st, s, row)));
	else if (pane == MAP && row < n)
		str_puts(out, dataset_title(d, near->row[row].item));
	else if (pane == MAP && row - n < st->map.n_found)
		str_puts(out, dataset_title(d, st->map.found[row - n]));
}

static void map_view_draw(const struct view *v, const struct session *s, struct surface *out)
{
	const struct items_state *st = v->state;
	char title[160];
	bool pending;
	struct rect in;

	if (items_draw_without_data(v, s, out))
		return;
	if (view_shows(v, ITEMS))
		items_draw_list(v, s, out);
	if (view_shows(v, MAP)) {
		map_title(&st->map, s, title, sizeof title, &pending);
		in = view_pane(v, out, MAP, title);
		map_draw(&st->map, s, items_nearest(st, s, st->by, &pending), v->focus == MAP ? v->table[MAP].cursor : SIZE_MAX,
			 out, in);
	}
	if (view_shows(v, MAP_ABOUT))
		items_draw_about(v, s, MAP_ABOUT, out);
}

const struct view_kind view_items_map = {
	.name = "items",
	.title = "Items",
	.panes = panes,
	.n_panes = 3,
	.first_focus = ITEMS,
	.state_size = sizeof(struct items_state),
	.done = items_done,
	.sync = map_view_sync,
	.handle = map_view_handle,
	.draw = map_view_draw,
	.value = map_view_value,
	.row_text = map_view_row_text,
	.find = map_view_find,
};
