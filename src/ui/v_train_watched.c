/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_train_watched.c - a watched user's list as it stood at an epoch, and an item's rank over all of them. */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "ui/v_train.h"

/* The lists that show and the place among them of the user that is looked at; NULL: there are none. */
static const struct epoch_lists *lists_of(const struct view *v, const struct session *s, uint32_t *at,
					  const struct epoch_lists **before)
{
	const struct train_state *st = v->state;
	const struct epoch_lists *l = scrub_lists(&st->scrub, train_focus(v, s), before);

	if (!l)
		return NULL;
	*at = epoch_lists_find(l, st->user);
	if (*at == l->n_users)
		*at = 0;
	return l;
}

void train_watched_sync(struct view *v, struct session *s)
{
	const struct run *run = train_focus(v, s);
	struct train_state *st = v->state;
	const struct epoch_lists *before, *l;
	uint32_t at = 0;

	if (!scrub_is_on(&st->scrub, run))
		st->scrub.epoch = 0;
	if (run && v->focus == WATCHED)
		session_need_lists(s, run);
	l = lists_of(v, s, &at, &before);
	view_rows(v, WATCHED, l ? l->count[at] : 0);
}

bool train_watched(struct view *v, struct session *s, const struct act *act)
{
	const struct run *run = train_focus(v, s);
	struct train_state *st = v->state;
	const struct epoch_lists *before, *l;
	uint32_t at = 0;

	switch (act->id) {
	case ACT_EPOCH:
		scrub_step(&st->scrub, s, run, act->arg);
		return true;
	case ACT_WATCH:
		l = lists_of(v, s, &at, &before);
		if (!*act->arg || !l)
			return false;
		st->user = scrub_next_user(run, l->user[at], *act->arg == 'n' ? 1 : -1);
		return true;
	case ACT_BACK:
		if (!scrub_is_on(&st->scrub, run))
			return false;
		st->scrub.epoch = 0;
		return true;
	default:
		return false;
	}
}

uint32_t train_watched_item(const struct view *v, const struct session *s)
{
	const struct epoch_lists *before, *l;
	size_t row = v->table[WATCHED].cursor;
	uint32_t at = 0;

	l = lists_of(v, s, &at, &before);
	return l && row < l->count[at] ? l->item[(size_t)at * l->k + row] : NO_ITEM;
}

uint32_t train_watched_user(const struct view *v, const struct session *s)
{
	const struct epoch_lists *before, *l;
	uint32_t at = 0;

	l = lists_of(v, s, &at, &before);
	return l ? l->user[at] : NO_USER;
}

void train_watched_row(const struct view *v, const struct session *s, size_t row, struct str *out)
{
	const struct epoch_lists *before, *l;
	uint32_t at = 0;

	l = lists_of(v, s, &at, &before);
	if (l && row < l->count[at])
		str_puts(out, dataset_title(session_data(s), l->item[(size_t)at * l->k + row]));
}

enum { C_RANK, C_TITLE, C_MOVE };

struct cells {
	const struct dataset *d;
	const struct epoch_lists *now, *before;
	uint32_t at;
};

static void list_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct cells *c = ctx;
	uint32_t item = c->now->item[(size_t)c->at * c->now->k + row], rank = (uint32_t)row + 1, was;

	if (column == C_RANK) {
		snprintf(out->text, sizeof out->text, "%u", rank);
	} else if (column == C_TITLE) {
		snprintf(out->text, sizeof out->text, "%s", dataset_title(c->d, item));
	} else if (c->before) {
		was = epoch_lists_rank(c->before, c->at, item);
		if (!was)
			snprintf(out->text, sizeof out->text, "new");
		else if (was > rank)
			snprintf(out->text, sizeof out->text, "up %u", was - rank);
		else if (was < rank)
			snprintf(out->text, sizeof out->text, "down %u", rank - was);
	}
}

void train_draw_watched(const struct view *v, const struct session *s, struct surface *out)
{
	static const struct table_column column[] = {
		[C_RANK] = { .title = "", .width = 3, .right = true },
		[C_TITLE] = { .title = "", .least = 12 },
		[C_MOVE] = { .title = "", .width = 8, .drop = 1 },
	};
	const struct train_state *st = v->state;
	const struct run *run = train_focus(v, s);
	char title[256] = "Watched", epoch[128];
	struct cells c = { .d = session_data(s) };
	struct rect in, left;

	c.now = lists_of(v, s, &c.at, &c.before);
	if (c.now) {
		scrub_say(&st->scrub, run, epoch, sizeof epoch);
		snprintf(title, sizeof title, "%.60s (%u of %u watched) · %s", dataset_user_id(c.d, c.now->user[c.at]),
			 c.at + 1, c.now->n_users, epoch);
	}
	in = view_pane(v, out, WATCHED, title);
	if (!c.now || !v->table[WATCHED].n) {
		pane_say(out, in, c.now ? "Nothing was recommended to this user" : scrub_why_none(run));
		return;
	}
	left = in;
	left.w = in.w * 9 / 20;
	view_table(v, out, WATCHED, left, column, 3, list_cell, &c, false);
	if (v->table[WATCHED].cursor < c.now->count[c.at])
		scrub_draw_ranks(&st->scrub, run, c.at, train_watched_item(v, s), out,
				 (struct rect){ left.x + left.w + 1, in.y, in.w - left.w - 2, in.h });
}
