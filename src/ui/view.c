/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view.c - what is alike in all views. */
#include "ui/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "ui/views.h"

const char view_no_data[] = "No data yet: type :load and the path of a file, folder or archive";

const struct view_kind *const view_list[] = {
	&view_data,
	&view_train,
	&view_users,
	&view_items,
	&view_compare,
	&view_jobs,
	&view_odd,
	NULL,
};
_Static_assert(sizeof view_list / sizeof *view_list == N_VIEWS + 1, "N_VIEWS counts the view list");

void view_init(struct view *v, const struct view_kind *kind)
{
	memset(v, 0, sizeof *v);
	v->kind = kind;
	v->state = mem_must(calloc(1, kind->state_size ? kind->state_size : 1));
	for (int i = 0; i < kind->n_panes; i++)
		table_init(&v->table[i]);
	for (int i = kind->n_panes - 1; i >= 0; i--)
		v->shown[kind->panes[i].group] = i;
	view_focus(v, kind->first_focus);
	if (kind->init)
		kind->init(v);
}

void view_done(struct view *v)
{
	if (v->kind->done)
		v->kind->done(v);
	free(v->state);
}

void view_place(struct view *v, struct rect body)
{
	v->body = body;
	v->wide = layout_panes(v->kind->panes, v->kind->n_panes, body, v->focus, v->shown, v->box);
}

void view_focus(struct view *v, int pane)
{
	v->focus = pane;
	v->shown[v->kind->panes[pane].group] = pane;
}

void view_show(struct view *v, int pane)
{
	const int group = v->kind->panes[pane].group;

	if (v->shown[group] == pane || v->kind->panes[v->focus].group == group)
		return;
	v->shown[group] = pane;
	view_place(v, v->body);
}

bool view_focus_name(struct view *v, const char *name)
{
	int n = v->kind->n_panes, step = !strcmp(name, "previous") ? n - 1 : 1;

	if (!strcmp(name, "next") || !strcmp(name, "previous")) {
		view_focus(v, (v->focus + step) % n);
		return true;
	}
	for (int i = 0; i < n; i++)
		if (!strcmp(v->kind->panes[i].name, name)) {
			view_focus(v, i);
			return true;
		}
	return false;
}

const char *view_pane_name(const struct view *v)
{
	return v->kind->panes[v->focus].name;
}

bool view_move(struct view *v, const char *where)
{
	static const char *const name[] = { "up", "down", "page-up", "page-down", "first", "last" };

	for (int i = 0; i < (int)(sizeof name / sizeof *name); i++)
		if (!strcmp(where, name[i])) {
			table_move(&v->table[v->focus], (enum table_move)i);
			return true;
		}
	if (!strcmp(where, "left"))
		return view_focus_name(v, "previous");
	return !strcmp(where, "right") && view_focus_name(v, "next");
}

static int pane_at(const struct view *v, int x, int y)
{
	for (int i = 0; i < v->kind->n_panes; i++) {
		struct rect r = v->box[i].r;

		if (r.w && x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h)
			return i;
	}
	return -1;
}

/* A click on the border of a narrow group goes to its next member. */
static void click_border(struct view *v, int pane)
{
	int group = v->kind->panes[pane].group;

	for (int i = 1; i <= v->kind->n_panes && !v->wide && v->focus == pane; i++) {
		int next = (pane + i) % v->kind->n_panes;

		if (v->kind->panes[next].group == group) {
			view_focus(v, next);
			return;
		}
	}
	view_focus(v, pane);
}

bool view_click(struct view *v, int x, int y)
{
	int pane = pane_at(v, x, y);
	struct table *t;
	int line;
	bool again;

	if (pane < 0)
		return false;
	if (y == v->box[pane].r.y) {
		click_border(v, pane);
		return false;
	}
	t = &v->table[pane];
	line = y - pane_inside(&v->box[pane]).y - v->kind->panes[pane].head;
	again = v->focus == pane;
	view_focus(v, pane);
	if (line < 0 || line >= t->rows || t->top + (size_t)line >= t->n)
		return false;
	again = again && t->cursor == t->top + (size_t)line;
	table_go(t, t->top + (size_t)line);
	return again;
}

void view_wheel(struct view *v, int x, int y, int rows)
{
	int pane = pane_at(v, x, y);

	if (pane < 0)
		return;
	for (int i = 0; i < abs(rows); i++)
		table_move(&v->table[pane], rows < 0 ? MOVE_UP : MOVE_DOWN);
}

/* --- searching -------------------------------------------------------------------------------------- */

void view_search(struct view *v, const char *text, int step)
{
	const struct table *t = &v->table[v->focus];

	if (text)
		snprintf(v->search, sizeof v->search, "%s", text);
	v->search_step = v->search[0] && (t->n || v->kind->find) && v->kind->row_text ? step : 0;
	v->search_begins = true;
	v->search_at = t->cursor;
	v->search_left = t->n;
}

bool view_search_on(struct view *v, struct session *s, double deadline)
{
	struct table *t = &v->table[v->focus];
	struct str text = STR_INIT;
	bool found = false;

	if (v->search_step)
		v->kind->sync(v, s); /* rows may be gone since the last frame */
	if (v->search_step && v->search_begins && v->kind->find) {
		v->kind->find(v, s);
		v->search_left = t->n;
	}
	v->search_begins = false;
	if (v->search_left > t->n) /* emptied or shrunk meanwhile, or the focus went to another table */
		v->search_left = t->n;
	while (v->search_step && v->search_left && !found) {
		v->search_left--;
		if (v->search_at >= t->n)
			v->search_at = 0;
		v->search_at = v->search_step > 0 ? (v->search_at + 1) % t->n : (v->search_at + t->n - 1) % t->n;
		str_clear(&text);
		v->kind->row_text(v, s, v->focus, v->search_at, &text);
		found = utf8_contains_fold(str_text(&text), v->search);
		if (!found && v->search_left % 64 == 0 && clock_now() > deadline)
			break;
	}
	str_done(&text);
	if (!v->search_step || (!found && v->search_left))
		return v->search_step != 0;
	if (found)
		table_go(t, v->search_at);
	else
		session_tell(s, LOG_WARN, "no row here has \"%.60s\"", v->search);
	v->search_step = 0;
	return false;
}

/* --- for the views ---------------------------------------------------------------------------------- */

void view_rows(struct view *v, int pane, size_t n)
{
	table_place(&v->table[pane], n, pane_inside(&v->box[pane]).h - v->kind->panes[pane].head);
}

bool view_shows(const struct view *v, int pane)
{
	return v->box[pane].r.w > 0;
}

static void others_of(const struct view *v, int pane, char *out, size_t size)
{
	const struct pane_spec *p = v->kind->panes;
	int n = 0;

	*out = '\0';
	for (int i = 0; i < v->kind->n_panes; i++) {
		size_t len = strlen(out);

		if (p[i].group != p[pane].group)
			continue;
		snprintf(out + len, size - len, i == pane ? "%s[%s]" : "%s%s", n++ ? " · " : "", p[i].title);
	}
	if (n < 2)
		*out = '\0';
}

struct rect view_pane(const struct view *v, struct surface *out, int pane, const char *title)
{
	char others[128] = "";

	if (!v->wide)
		others_of(v, pane, others, sizeof others);
	return pane_draw(out, &v->box[pane], title, pane == v->focus, *others ? others : NULL);
}

void view_table(const struct view *v, struct surface *out, int pane, struct rect r,
		const struct table_column *columns, int n_columns, table_cell_fn *cell, const void *ctx,
		bool pending)
{
	unsigned flags = (v->kind->panes[pane].head ? TABLE_HEAD : 0) | (pane == v->focus ? TABLE_FOCUS : 0) |
			 (pending ? TABLE_PENDING : 0);

	table_draw(&v->table[pane], out, r, columns, n_columns, cell, ctx, flags);
	pane_draw_thumb(out, &v->box[pane], &v->table[pane]);
}

void view_ask(struct view *v, const char *label, const char *text,
	      void (*answer)(struct view *v, struct session *s, const char *text))
{
	snprintf(v->wish.prompt_label, sizeof v->wish.prompt_label, "%s", label);
	snprintf(v->wish.prompt_text, sizeof v->wish.prompt_text, "%s", text);
	v->wish.answer = answer;
	v->wish.wants_prompt = true;
}

void view_confirm(struct view *v, const char *question, void (*yes)(struct view *v, struct session *s))
{
	snprintf(v->wish.question, sizeof v->wish.question, "%s", question);
	v->wish.yes = yes;
	v->wish.wants_yes = true;
}

bool view_carry_out(struct view *v, const char *line)
{
	return snprintf(v->wish.line, sizeof v->wish.line, "%s", line) < (int)sizeof v->wish.line;
}
