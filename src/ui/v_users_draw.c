/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_users_draw.c - how users, histories, lists and explanations look. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ui/text.h"
#include "ui/title_parts.h"
#include "ui/v_users.h"

static double mean_of(const struct dataset *d, uint32_t user)
{
	size_t lo = d->user_ptr[user], hi = d->user_ptr[user + 1];
	double sum = 0;

	for (size_t e = lo; e < hi; e++)
		sum += dataset_value(d, e);
	return hi > lo ? sum / (double)(hi - lo) : NAN;
}

static void persona_cell(const struct users_drawing *c, const struct persona *p, int column, struct table_cell *out)
{
	double sum = 0;

	for (uint32_t k = 0; k < p->n; k++)
		sum += (double)p->x[k];
	if (column == U_ID)
		snprintf(out->text, sizeof out->text, "* %s", persona_shown(p));
	else if (column == U_EVENTS)
		text_count(out->text, sizeof out->text, p->n);
	else if (column == U_MEAN && c->d->value)
		text_real(out->text, sizeof out->text, p->n ? sum / p->n : NAN, 1);
	out->style = p->of_data ? STYLE_PLAIN | STYLE_BOLD : STYLE_DIM;
}

static void user_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct users_drawing *c = ctx;
	uint32_t u = users_at(c->st, c->s, row);

	if (session_person(c->s, u))
		persona_cell(c, session_person(c->s, u), column, out);
	if (u >= c->d->n_users)
		return;
	switch (column) {
	case U_ID:
		snprintf(out->text, sizeof out->text, "%s", dataset_user_id(c->d, u));
		break;
	case U_EVENTS:
		text_count(out->text, sizeof out->text, c->d->user_ptr[u + 1] - c->d->user_ptr[u]);
		break;
	case U_MEAN:
		text_real(out->text, sizeof out->text, mean_of(c->d, u), 1);
		break;
	case U_METRIC:
		text_real(out->text, sizeof out->text, c->metric ? c->metric[u] : NAN, 2);
		break;
	}
}

static void draw_users(const struct view *v, const struct users_drawing *c, struct surface *out)
{
	struct table_column column[] = {
		[U_ID] = { .title = "user", .least = 6 },
		[U_EVENTS] = { .title = "events", .width = 7, .right = true },
		[U_MEAN] = { .title = "mean", .width = c->d->value ? 5 : -1, .right = true, .drop = 2 },
		[U_METRIC] = { .title = "", .width = c->metric ? 8 : -1, .right = true, .drop = 1 },
	};
	bool pending;
	char title[240], total[32], personas[40] = "";
	struct rect in;

	users_order(c->st, c->s, &pending);
	text_count(total, sizeof total, v->table[USERS].n - c->st->n_persona);
	if (c->st->n_persona)
		snprintf(personas, sizeof personas, " and %zu persona%s *", c->st->n_persona, c->st->n_persona == 1 ? "" : "s");
	snprintf(title, sizeof title, c->st->filter[0] ? "Users (%s)%s \\ %s" : "Users (%s)%s", total, personas, c->st->filter);
	in = view_pane(v, out, USERS, title);
	session_user_metric(c->s, &column[U_METRIC].title);
	view_table(v, out, USERS, in, column, 4, user_cell, c, pending);
	if (!v->table[USERS].n)
		pane_say(out, in, pending ? "Looking …" : "No user has this: Esc clears the filter");
}

enum { H_TITLE, H_VALUE, H_WHEN };

static void history_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct users_drawing *c = ctx;
	const uint32_t friend = users_friend(c->st, c->d, row);
	static const char *const edit_mark[] = { [EDIT_REMOVE] = "- ", [EDIT_ADD] = "+ ", [EDIT_RATE] = "= " };
	const struct edit *edit;
	uint32_t item;
	size_t e;
	bool test;
	char buf[32];

	if (friend != NO_USER) {
		if (column == H_TITLE)
			snprintf(out->text, sizeof out->text, "friend: %s", dataset_user_id(c->d, friend));
		out->style = STYLE_DIM;
		return;
	}
	item = users_row_item(c->st, c->d, row, &e);
	if (item == NO_ITEM)
		return;
	test = e != SIZE_MAX && row >= c->st->n_added + c->st->n_event - c->st->n_test;
	edit = test ? NULL : users_edit_of(c->st, c->s, item);
	if (column == H_TITLE)
		snprintf(out->text, sizeof out->text, "%s%s%s", test ? "test: " : edit ? edit_mark[edit->kind] : "",
			 dataset_title(c->d, item), edit && edit->kind == EDIT_REMOVE ? " (removed)" : "");
	else if (column == H_VALUE && edit && edit->kind != EDIT_REMOVE && c->d->value)
		text_value(out->text, sizeof out->text, edit->value);
	else if (column == H_VALUE && c->d->value)
		text_value(out->text, sizeof out->text, e != SIZE_MAX ? dataset_value(c->d, e) : c->st->added_x[row]);
	else if (column == H_WHEN && c->d->time && e != SIZE_MAX)
		snprintf(out->text, sizeof out->text, "%s", clock_date(c->d->time[e], buf));
	else if (column == H_WHEN && edit && edit->kind == EDIT_ADD)
		snprintf(out->text, sizeof out->text, "added");
	if (test)
		out->style = STYLE_HIT;
	else if (edit)
		out->style = edit->kind == EDIT_REMOVE ? STYLE_DIM : STYLE_PLAIN | STYLE_BOLD;
}

static void say_persona(const struct users_drawing *c, const struct persona *p, char *out, size_t size)
{
	const char *after = persona_after(p, c->d);
	char n[32];

	text_count(n, sizeof n, p->n);
	if (p->of_data)
		snprintf(out, size, "Persona %s · %s event%s%s%.60s", persona_shown(p), n, p->n == 1 ? "" : "s",
			 after ? " · after user " : "", after ? after : "");
	else
		snprintf(out, size, "Persona %s · made on %s", persona_shown(p), p->data_name);
}

static void say_user(const struct users_drawing *c, char *out, size_t size)
{
	char n[32], mean[32] = "", metric[64] = "", friends[48] = "";
	const char *name;
	uint32_t u = c->st->user;

	text_count(n, sizeof n, c->d->user_ptr[u + 1] - c->d->user_ptr[u]);
	if (c->d->value)
		snprintf(mean, sizeof mean, " · mean %.1f", mean_of(c->d, u));
	if (session_user_metric(c->s, &name) && !isnan(c->metric[u]))
		snprintf(metric, sizeof metric, " · %s %.2f", name, (double)c->metric[u]);
	if (c->st->n_friend)
		snprintf(friends, sizeof friends, " · %zu friend%s", c->st->n_friend, c->st->n_friend == 1 ? "" : "s");
	snprintf(out, size, "User %.60s · %s event%s%s%s%s%s%.60s", dataset_user_id(c->d, u), n,
		 c->d->user_ptr[u + 1] - c->d->user_ptr[u] == 1 ? "" : "s", mean, friends, metric,
		 c->d->user_notes.n ? " · " : "", c->d->user_notes.n ? strtab_get(&c->d->user_notes, u) : "");
}

static void draw_history(const struct view *v, const struct users_drawing *c, struct surface *out)
{
	struct table_column column[] = {
		[H_TITLE] = { .title = c->d->has_order ? "history, newest first" : "history", .least = 16 },
		[H_VALUE] = { .title = c->d->weighted ? "weight" : "value", .width = c->d->value ? 6 : -1,
			      .right = true, .drop = 1 },
		[H_WHEN] = { .title = "date", .width = c->d->time ? 10 : -1, .drop = 2 },
	};
	const struct persona *p = session_person(c->s, c->st->user);
	char title[256];
	struct rect in;

	if (p)
		say_persona(c, p, title, sizeof title);
	else
		say_user(c, title, sizeof title);
	in = view_pane(v, out, HISTORY, title);
	if (!p || p->of_data)
		view_table(v, out, HISTORY, in, column, 3, history_cell, c, false);
	else
		pane_say(out, in, "It was made on other data, and can be asked when these are loaded");
}

enum { L_RANK, L_TITLE, L_HIT, L_MOVE, L_SCORE, L_BAR };

/* "up 7", "down 1", "new", "removed": how an edit moved the row. */
static void say_move(char *out, size_t size, const struct list_row *r, size_t rank)
{
	if (r->removed)
		snprintf(out, size, "removed");
	else if (!r->was)
		snprintf(out, size, "new");
	else if (r->was > rank)
		snprintf(out, size, "up %zu", r->was - rank);
	else if (r->was < rank)
		snprintf(out, size, "down %zu", rank - r->was);
}

static void list_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct users_drawing *c = ctx;
	const struct list_row *r = &c->list->row[row];

	switch (column) {
	case L_RANK:
		snprintf(out->text, sizeof out->text, "%zu", row + 1);
		break;
	case L_TITLE:
		if (c->why && c->why->by_content && c->why->item == r->item && c->why->user == c->list->user)
			title_parts(out, dataset_title(c->d, r->item), c->why->part, c->why->n_parts);
		else
			snprintf(out->text, sizeof out->text, "%s", dataset_title(c->d, r->item));
		break;
	case L_HIT:
		snprintf(out->text, sizeof out->text, "%s", r->hit ? "hit" : "");
		break;
	case L_MOVE:
		say_move(out->text, sizeof out->text, r, row + 1);
		break;
	case L_SCORE:
		text_short(out->text, sizeof out->text, r->score);
		break;
	case L_BAR:
		out->bar = c->most > 0 ? r->score / c->most : 0;
		break;
	}
	if (r->hit && column != L_BAR)
		out->style = STYLE_HIT;
}

void users_say_nothing(const struct users_drawing *c, enum pane pane, struct surface *out, struct rect in,
			const char *otherwise)
{
	bool pending;
	const struct answer *a = session_answer(c->s, pane, &pending);

	if (users_is_of_other_data(c->st, c->s))
		pane_say(out, in, "A persona of other data gets no list");
	else if (pending)
		pane_say(out, in, "Computing …");
	else if (a && a->err.code != ERR_OK)
		pane_say(out, in, a->err.msg);
	else
		pane_say(out, in, otherwise);
}

static bool is_training(const struct session *s, const char *name)
{
	struct err err = { 0 };
	const struct run *run = session_find_run(s, name, &err);

	return run && run->job;
}

static void draw_list(const struct view *v, struct users_drawing *c, struct surface *out)
{
	struct table_column column[] = {
		[L_RANK] = { .title = "", .width = 3, .right = true },
		[L_TITLE] = { .title = "item", .least = 18 },
		[L_HIT] = { .title = "", .width = 3, .drop = 1 },
		[L_MOVE] = { .title = "move", .width = -1 },
		[L_SCORE] = { .title = "score", .width = 6, .right = true },
		[L_BAR] = { .title = "", .width = 8, .bar = true, .drop = 2 },
	};
	char title[256];
	bool pending;
	struct rect in;

	c->list = users_list(c->st, c->s, &pending);
	if (users_scrubs(c->st, c->s)) {
		users_say_then(c->st, c->s, title, sizeof title);
		column[L_MOVE].width = 9;
	} else if (c->list && is_training(c->s, c->list->run))
		snprintf(title, sizeof title, "Recommended by %s, epoch %u", c->list->run, c->list->epoch);
	else
		snprintf(title, sizeof title, c->list ? "Recommended by %s" : "Recommended", c->list ? c->list->run : "");
	if (c->list && c->list->edited) {
		size_t used = strlen(title);

		column[L_MOVE].width = 9;
		used += (size_t)snprintf(title + used, sizeof title - used, ", edited");
		if (strcmp(c->list->method, "exact") != 0)
			used += (size_t)snprintf(title + used, sizeof title - used, ", %s", c->list->method);
		if (c->list->n_gone)
			snprintf(title + used, sizeof title - used, ", %zu gone", c->list->n_gone);
	}
	in = view_pane(v, out, LIST, title);
	c->most = c->list && c->list->n ? fabs((double)c->list->row[0].score) : 0;
	if (c->list && c->list->n)
		view_table(v, out, LIST, in, column, 6, list_cell, c, pending);
	else if (users_scrubs(c->st, c->s))
		pane_say(out, in, users_why_no_then(c->st, c->s));
	else
		users_say_nothing(c, PANE_LIST, out, in, "Nothing to recommend to this user");
}

void users_draw_people(const struct view *v, const struct session *s, struct surface *out)
{
	struct users_drawing c = { .st = v->state, .s = s, .d = session_data(s) };
	const char *name;

	c.metric = session_user_metric(s, &name);
	draw_users(v, &c, out);
}

void users_draw(const struct view *v, const struct session *s, struct surface *out)
{
	const struct users_state *st = v->state;
	struct users_drawing c = { .st = st, .s = s, .d = session_data(s) };
	const char *name;
	bool pending;

	if (!c.d) {
		for (int i = 0; i < v->kind->n_panes; i++)
			if (view_shows(v, i)) {
				struct rect in = view_pane(v, out, i, v->kind->panes[i].title);

				if (i == v->focus)
					pane_say(out, in, view_no_data);
			}
		return;
	}
	c.metric = session_user_metric(s, &name);
	c.why = users_why(st, s, &pending);
	if (view_shows(v, USERS))
		draw_users(v, &c, out);
	if (st->user == NO_USER || (st->user >= c.d->n_users && !session_person(s, st->user))) {
		for (int i = HISTORY; i <= WHY; i++)
			if (view_shows(v, i))
				view_pane(v, out, i, v->kind->panes[i].title);
		return;
	}
	if (view_shows(v, HISTORY))
		draw_history(v, &c, out);
	if (view_shows(v, LIST))
		draw_list(v, &c, out);
	if (view_shows(v, WHY))
		(users_scrubs(st, s) ? users_draw_ranks(v, s, out) : users_draw_why(v, &c, out));
}
