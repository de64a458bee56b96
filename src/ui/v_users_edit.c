/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_users_edit.c - what if: the history under the cursor is edited, and the list follows. */
#include <stdio.h>
#include <string.h>

#include "base/num_parse.h"
#include "ui/v_users.h"

/* Edits are of one user: they stay while others are looked at, until another history is edited. */
static void begin_edits(struct users_state *st, struct session *s)
{
	size_t n;

	if (st->edits.user == st->user)
		return;
	edits_now(&st->edits, &n);
	if (n)
		session_tell(s, LOG_INFO, "the edits of user %.60s are dropped",
			     dataset_user_id(session_data(s), st->edits.user));
	edits_begin(&st->edits, st->user);
}

const struct edit *users_edit_of(const struct users_state *st, uint32_t item)
{
	return st->edits.user == st->user ? edits_of(&st->edits, item) : NULL;
}

/* Test events are no part of the history: there is nothing to edit. */
static bool is_editable(const struct users_state *st, const struct session *s, size_t event)
{
	return event == SIZE_MAX || (st->user != NO_USER && !session_is_test(s, event));
}

static uint32_t event_under_cursor(const struct view *v, const struct session *s)
{
	const struct users_state *st = v->state;
	size_t event;
	uint32_t item = users_row_item(st, session_data(s), v->table[HISTORY].cursor, &event);

	if (item == NO_ITEM || is_editable(st, s, event))
		return item;
	return NO_ITEM;
}

static bool in_history(const struct users_state *st, const struct session *s, uint32_t item)
{
	const struct dataset *d = session_data(s);

	for (size_t e = d->user_ptr[st->user]; e < d->user_ptr[st->user + 1]; e++)
		if (d->item[e] == item && !session_is_test(s, e))
			return true;
	return false;
}

/* By id, else by title. */
static uint32_t find_item(const struct dataset *d, const char *text)
{
	uint32_t found = dataset_find_item(d, text);

	for (uint32_t i = 0; found == NO_ITEM && d->titles.n && i < d->n_items; i++)
		if (!strcmp(dataset_title(d, i), text))
			found = i;
	return found;
}

static bool add_event(struct users_state *st, struct session *s, const char *text)
{
	const struct dataset *d = session_data(s);
	uint32_t item = find_item(d, text);
	const struct edit *edit;

	if (item == NO_ITEM) {
		session_tell(s, LOG_ERROR, "no item has the id or title %.80s", text);
		return true;
	}
	edit = users_edit_of(st, item);
	if (in_history(st, s, item) ? !edit || edit->kind != EDIT_REMOVE : edit != NULL)
		session_tell(s, LOG_INFO, "%.80s is in the history already", dataset_title(d, item));
	else {
		begin_edits(st, s);
		edits_add(&st->edits, item, 1);
	}
	return true;
}

static bool rate_event(struct view *v, struct session *s, uint32_t item, const char *text)
{
	struct users_state *st = v->state;
	bool pending;
	const struct list_answer *list = users_list(st, s, &pending);
	const struct edit *edit = users_edit_of(st, item);
	float value;

	if (!num_parse_float(text, strlen(text), &value) || value <= 0) {
		session_tell(s, LOG_ERROR, "\"%.40s\" is no value above 0", text);
		return true;
	}
	if (edit && edit->kind == EDIT_REMOVE) {
		session_tell(s, LOG_INFO, "the event is removed: Space restores it");
		return true;
	}
	begin_edits(st, s);
	edits_rate(&st->edits, item, value);
	if (list && !session_answering(s)->rec.values)
		session_tell(s, LOG_INFO, "%s was fitted with every event counting 1: another value changes nothing",
			     list->run);
	return true;
}

static void rated(struct view *v, struct session *s, const char *text)
{
	uint32_t item = event_under_cursor(v, s);

	if (*text && item != NO_ITEM)
		rate_event(v, s, item, text);
}

bool users_edit(struct view *v, struct session *s, const struct act *act)
{
	struct users_state *st = v->state;
	const struct dataset *d = session_data(s);
	const bool mine = st->edits.user == st->user;
	uint32_t item;

	if (!d || st->user == NO_USER)
		return false;
	switch (act->id) {
	case ACT_TOGGLE_EVENT:
		item = v->focus == HISTORY ? event_under_cursor(v, s) : NO_ITEM;
		if (item == NO_ITEM)
			return false;
		begin_edits(st, s);
		edits_toggle(&st->edits, item);
		return true;
	case ACT_ADD_EVENT:
		return *act->arg && add_event(st, s, act->arg);
	case ACT_RATE_EVENT:
		item = v->focus == HISTORY ? event_under_cursor(v, s) : NO_ITEM;
		if (item == NO_ITEM)
			return false;
		if (*act->arg)
			return rate_event(v, s, item, act->arg);
		view_ask(v, "value:", "", rated);
		return true;
	case ACT_UNDO:
		if (!mine || !edits_undo(&st->edits))
			session_tell(s, LOG_INFO, "nothing to undo");
		return true;
	case ACT_REDO:
		if (!mine || !edits_redo(&st->edits))
			session_tell(s, LOG_INFO, "nothing to do again");
		return true;
	case ACT_CLEAR_EDITS:
		if (mine)
			edits_clear(&st->edits);
		return true;
	default:
		return false;
	}
}
