/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_users_edit.c - what if: the history under the cursor is edited, and the list follows. */
#include <stdio.h>
#include <string.h>

#include "base/num_parse.h"
#include "ui/v_users.h"

/* After y: the edits of another go, and what was to be edited is. */
static void drop_and_edit(struct view *v, struct session *s)
{
	struct users_state *st = v->state;
	const struct act act = { st->put_off, st->put_off_arg };

	edits_begin(session_edits(s), st->user);
	users_edit(v, s, &act);
}

/* Edits are of one user: they stay while others are looked at, until another history is edited.  False: they are not
 * saved, and the operator is asked first. */
static bool begin_edits(struct view *v, struct session *s, const struct act *act)
{
	struct users_state *st = v->state;
	struct edits *edits = session_edits(s);
	char question[160];

	if (edits->user == st->user)
		return true;
	if (!edits_unsaved(edits)) {
		edits_begin(edits, st->user);
		return true;
	}
	st->put_off = act->id;
	snprintf(st->put_off_arg, sizeof st->put_off_arg, "%s", act->arg);
	snprintf(question, sizeof question, "Drop the edits of %.80s, which are not saved?", users_name(edits->user, s));
	view_confirm(v, question, drop_and_edit);
	return false;
}

const struct edit *users_edit_of(const struct users_state *st, const struct session *s, uint32_t item)
{
	const struct edits *edits = session_edits_now(s);

	return edits->user == st->user ? edits_of(edits, item) : NULL;
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

uint32_t users_find_item(const struct dataset *d, const char *text)
{
	uint32_t found = dataset_find_item(d, text);

	for (uint32_t i = 0; found == NO_ITEM && d->titles.n && i < d->n_items; i++)
		if (!strcmp(dataset_title(d, i), text))
			found = i;
	return found;
}

static bool add_event(struct view *v, struct session *s, const struct act *act)
{
	const struct users_state *st = v->state;
	const struct dataset *d = session_data(s);
	uint32_t item = users_find_item(d, act->arg);
	const struct edit *edit;

	if (item == NO_ITEM) {
		session_tell(s, LOG_ERROR, "no item has the id or title %.80s", act->arg);
		return true;
	}
	edit = users_edit_of(st, s, item);
	if (users_has_in_history(st, s, item) ? !edit || edit->kind != EDIT_REMOVE : edit != NULL)
		session_tell(s, LOG_INFO, "%.80s is in the history already", dataset_title(d, item));
	else if (begin_edits(v, s, act))
		edits_add(session_edits(s), item, 1);
	return true;
}

static bool rate_event(struct view *v, struct session *s, uint32_t item, const struct act *act)
{
	const struct users_state *st = v->state;
	bool pending;
	const struct list_answer *list = users_list(st, s, &pending);
	const struct edit *edit = users_edit_of(st, s, item);
	float value;

	if (!num_parse_float(act->arg, strlen(act->arg), &value) || value <= 0) {
		session_tell(s, LOG_ERROR, "\"%.40s\" is no value above 0", act->arg);
		return true;
	}
	if (edit && edit->kind == EDIT_REMOVE) {
		session_tell(s, LOG_INFO, "the event is removed: Space restores it");
		return true;
	}
	if (!begin_edits(v, s, act))
		return true;
	edits_rate(session_edits(s), item, value);
	if (list && !session_answering(s)->rec.values)
		session_tell(s, LOG_INFO, "%s was fitted with every event counting 1: another value changes nothing",
			     list->run);
	return true;
}

static void rated(struct view *v, struct session *s, const char *text)
{
	const struct act act = { ACT_RATE_EVENT, text };

	if (*text)
		users_edit(v, s, &act);
}

bool users_edit(struct view *v, struct session *s, const struct act *act)
{
	const struct users_state *st = v->state;
	const struct dataset *d = session_data(s);
	struct edits *edits = session_edits(s);
	const bool mine = edits->user == st->user;
	uint32_t item;

	if (!d || st->user == NO_USER || users_is_of_other_data(st, s))
		return false;
	switch (act->id) {
	case ACT_TOGGLE_EVENT:
		item = v->focus == HISTORY ? event_under_cursor(v, s) : NO_ITEM;
		if (item == NO_ITEM)
			return false;
		if (begin_edits(v, s, act))
			edits_toggle(edits, item);
		return true;
	case ACT_ADD_EVENT:
		return *act->arg && add_event(v, s, act);
	case ACT_RATE_EVENT:
		item = v->focus == HISTORY ? event_under_cursor(v, s) : NO_ITEM;
		if (item == NO_ITEM)
			return false;
		if (*act->arg)
			return rate_event(v, s, item, act);
		view_ask(v, "value:", "", rated);
		return true;
	case ACT_UNDO:
		if (!mine || !edits_undo(edits))
			session_tell(s, LOG_INFO, "nothing to undo");
		return true;
	case ACT_REDO:
		if (!mine || !edits_redo(edits))
			session_tell(s, LOG_INFO, "nothing to do again");
		return true;
	case ACT_CLEAR_EDITS:
		if (mine)
			edits_clear(edits);
		return true;
	default:
		return false;
	}
}
