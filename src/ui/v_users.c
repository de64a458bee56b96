/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_users.c - users, a user's history, what is recommended to them, and why.
 *
 * The list is asked anew whenever user, run or epoch change; the explanation follows the cursor once Enter
 * has asked for one.  Old answers stay, dim, until the new ones come.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/u32.h"
#include "cmd/command.h"
#include "ui/v_users.h"
#include "ui/views.h"

static const struct pane_spec panes[] = {
	[USERS] = { .name = "users", .title = "Users", .column = 0, .row = 0, .group = 0, .least = 4, .head = 1,
		    .share = 29 },
	[HISTORY] = { .name = "history", .title = "History", .column = 1, .row = 0, .slot = 0, .group = 0, .least = 4,
		      .head = 1 },
	[LIST] = { .name = "list", .title = "Recommended", .column = 1, .row = 0, .slot = 1, .group = 0, .least = 4,
		   .head = 1 },
	[WHY] = { .name = "why", .title = "Why", .column = 1, .row = 1, .group = 1, .least = 4, .want = 12 },
};

#define LIST_K 100

static const struct { const char *name; enum order_key key; int column; } orders[] = {
	{ "number", ORDER_NUMBER, -1 }, { "id", ORDER_ID, U_ID }, { "events", ORDER_EVENTS, U_EVENTS },
	{ "mean", ORDER_MEAN, U_MEAN }, { "metric", ORDER_METRIC, U_METRIC },
};
#define N_ORDERS (sizeof orders / sizeof *orders)

static void users_init(struct view *v)
{
	struct users_state *st = v->state;

	st->user = st->go_user = st->event_user = NO_USER;
	st->whynot_item = NO_ITEM;
}

void users_done(struct view *v)
{
	struct users_state *st = v->state;

	free(st->event);
	free(st->added);
	free(st->added_x);
	free(st->persona);
	free(st->then.row);
}

/* --- rows ---------------------------------------------------------------------------------------------------- */

static bool is_plain_order(const struct users_state *st)
{
	return orders[st->order].key == ORDER_NUMBER && !st->reverse && !st->filter[0];
}

/* The order that shows, or NULL: all users by number. */
const struct order_answer *users_order(const struct users_state *st, const struct session *s, bool *pending)
{
	const struct answer *a = session_answer(s, PANE_USERS, pending);

	if (is_plain_order(st)) {
		*pending = false;
		return NULL;
	}
	return a && a->err.code == ERR_OK && a->data_id == st->data_id ? &a->order : NULL;
}

uint32_t users_at(const struct users_state *st, const struct session *s, size_t row)
{
	bool pending;
	const struct order_answer *o = users_order(st, s, &pending);

	if (row < st->n_persona)
		return st->persona[row];
	row -= st->n_persona;
	if (!o)
		return (uint32_t)row;
	return row < o->n ? o->row[row] : NO_USER;
}

uint32_t users_friend(const struct users_state *st, const struct dataset *d, size_t row)
{
	const size_t first = st->n_added + st->n_event;

	if (row < first || row >= first + st->n_friend)
		return NO_USER;
	return csr_row(&d->friends, st->user)[row - first];
}

uint32_t users_row_item(const struct users_state *st, const struct dataset *d, size_t row, size_t *event)
{
	*event = SIZE_MAX;
	if (row < st->n_added)
		return st->added[row];
	row -= st->n_added;
	if (row >= st->n_event)
		return NO_ITEM;
	*event = d->user_ptr[st->user] + st->event[row];
	return d->item[*event];
}

static void start_afresh(struct view *v, struct users_state *st, const struct dataset *d)
{
	st->data_id = d ? d->id : 0;
	st->order = 0;
	st->reverse = st->why_on = false;
	st->filter[0] = '\0';
	st->user = st->event_user = st->go_user = NO_USER;
	st->scrub.epoch = 0;
	st->whynot_item = NO_ITEM;
	st->whynot.asked = false;
	st->list.asked = st->why.asked = st->removal.asked = st->faithfulness.asked = false;
	for (int i = 0; i < v->kind->n_panes; i++)
		table_init(&v->table[i]);
}

/* A newer epoch is no new question while the last one is not answered: epochs may come faster than
 * answers, and each question drops the one before. */
bool users_asked(const struct question *q, const struct users_state *st, const struct session *s, enum pane pane,
		 uint32_t item)
{
	const struct run *run = session_answering(s);
	bool pending;

	session_answer(s, pane, &pending);
	return q->asked && q->user == st->user && q->item == item && q->data_id == st->data_id &&
	       q->split == session_split_serial(s) && q->edits == session_edits_now(s)->serial &&
	       (pending || q->epoch == run->rec.epochs) && !strcmp(q->run, run->label);
}

void users_note_question(struct question *q, const struct users_state *st, const struct session *s, uint32_t item)
{
	const struct run *run = session_answering(s);

	*q = (struct question){ .user = st->user, .item = item, .epoch = run->rec.epochs, .data_id = st->data_id,
				.split = session_split_serial(s), .edits = session_edits_now(s)->serial, .asked = true };
	snprintf(q->run, sizeof q->run, "%s", run->label);
}

const struct list_answer *users_list(const struct users_state *st, const struct session *s, bool *pending)
{
	const struct answer *a = session_answer(s, PANE_LIST, pending);

	if (users_scrubs(st, s)) {
		*pending = false;
		return st->then.n ? &st->then : NULL;
	}
	if (!a || a->data_id != st->data_id || a->err.code != ERR_OK || users_is_of_other_data(st, s))
		return NULL;
	*pending |= a->list.user != st->user;
	return &a->list;
}

static void ask_what_changed(struct view *v, struct users_state *st, struct session *s)
{
	const struct list_answer *list;
	bool pending;

	if (!session_answering(s) || st->user == NO_USER || users_is_of_other_data(st, s) || users_scrubs(st, s))
		return;
	if (!users_asked(&st->list, st, s, PANE_LIST, 0) && session_ask_list(s, st->user, session_edits_now(s), LIST_K))
		users_note_question(&st->list, st, s, 0);
	if (st->whynot_item != NO_ITEM) {
		users_ask_whynot(st, s);
		return;
	}
	list = users_list(st, s, &pending);
	if (st->why_on && list && list->user == st->user && v->table[LIST].cursor < list->n)
		users_ask_why(st, s, list->row[v->table[LIST].cursor].item);
}

/* Puts the cursor on st->go_user once it is among the rows. */
static void find_go_user(struct view *v, struct users_state *st, const struct session *s)
{
	bool pending;
	const struct order_answer *o = users_order(st, s, &pending);
	size_t i = 0, p = 0;

	while (p < st->n_persona && st->persona[p] != st->go_user)
		p++;
	while (o && i < o->n && o->row[i] != st->go_user)
		i++;
	if (p < st->n_persona)
		table_go(&v->table[USERS], p);
	else if (o ? i < o->n : st->go_user < session_data(s)->n_users)
		table_go(&v->table[USERS], st->n_persona + (o ? i : st->go_user));
	st->go_user = NO_USER;
}

static size_t n_users_shown(const struct users_state *st, const struct session *s, const struct dataset *d)
{
	bool pending;
	const struct order_answer *o = users_order(st, s, &pending);

	return st->n_persona + (o ? o->n : d->n_users);
}

bool users_sync_people(struct view *v, struct session *s)
{
	struct users_state *st = v->state;
	const struct dataset *d = session_data(s);
	uint32_t was = st->user;

	if (!d || st->data_id != d->id)
		start_afresh(v, st, d);
	if (!d)
		return false;
	if (st->wants_order) {
		st->wants_order = false;
		if (!is_plain_order(st))
			session_ask_order(s, PANE_USERS, orders[st->order].key, st->reverse, st->filter);
	}
	users_list_personas(st, s);
	view_rows(v, USERS, n_users_shown(st, s, d));
	if (st->go_user != NO_USER) {
		find_go_user(v, st, s);
		view_rows(v, USERS, n_users_shown(st, s, d));
	}
	v->table[USERS].sorted = orders[st->order].column;
	v->table[USERS].reverse = !st->reverse; /* an arrow down: the greatest first */
	st->user = v->table[USERS].n ? users_at(st, s, v->table[USERS].cursor) : NO_USER;
	if (st->user != was) {
		table_go(&v->table[HISTORY], 0);
		table_go(&v->table[LIST], 0);
		table_go(&v->table[WHY], 0);
		st->why_on = false;
		st->whynot_item = NO_ITEM;
	}
	users_list_events(st, s, d);
	return true;
}

static void users_sync(struct view *v, struct session *s)
{
	struct users_state *st = v->state;
	const struct list_answer *list;
	const struct why_answer *why;
	const struct whynot_answer *whynot;
	bool pending;

	if (!users_sync_people(v, s))
		return;
	view_rows(v, HISTORY, st->n_added + st->n_event + st->n_friend);
	users_scrub_sync(st, s);
	ask_what_changed(v, st, s);
	list = users_list(st, s, &pending);
	view_rows(v, LIST, list ? list->n : 0);
	if (st->whynot_item != NO_ITEM) {
		whynot = users_whynot(st, s, &pending);
		view_rows(v, WHY, whynot ? users_whynot_rows(whynot) : 0);
		return;
	}
	why = users_why(st, s, &pending);
	view_rows(v, WHY, why ? users_why_notes(st, s, why) + why->n_parts + why->n_neighbours +
				(users_why_others(st, why) > 0) : 0);
}

/* --- actions -------------------------------------------------------------------------------------------------- */

static bool set_order(struct users_state *st, const struct session *s, const char *name)
{
	size_t next = (st->order + 1) % N_ORDERS;
	const char *metric;

	if (!*name && orders[next].key == ORDER_METRIC && !session_user_metric(s, &metric))
		next = 0; /* nothing was evaluated: there is nothing to order by */
	for (size_t i = 0; *name && i < N_ORDERS; i++) {
		if (!strcmp(orders[i].name, name)) {
			next = i;
			name = "";
		}
	}
	if (*name)
		return false;
	st->order = next;
	/* Figures read from the greatest down, names from the first on. */
	st->reverse = orders[next].key == ORDER_EVENTS || orders[next].key == ORDER_MEAN ||
		      orders[next].key == ORDER_METRIC;
	st->wants_order = true;
	return true;
}

static bool show_user(struct users_state *st, struct session *s, const char *id)
{
	const struct dataset *d = session_data(s);
	uint32_t user = d ? dataset_find_user(d, id) : NO_USER;

	if (user == NO_USER)
		return false;
	users_go(st, user);
	return true;
}

void users_go(struct users_state *st, uint32_t user)
{
	st->filter[0] = '\0';
	st->order = 0;
	st->reverse = false;
	st->go_user = user;
}

/* What the explanation breaks down by; asks for one where there is none yet. */
static bool choose_by(struct view *v, struct users_state *st, const char *by)
{
	bool history = !strcmp(by, "history"), content = !strcmp(by, "content");

	if (!v->table[LIST].n || (*by && !history && !content))
		return false;
	st->by_content = content || (!history && (!st->by_content || !st->why_on));
	st->why_on = true;
	st->whynot_item = NO_ITEM;
	return true;
}

static bool users_handle(struct view *v, struct session *s, const struct act *act)
{
	struct users_state *st = v->state;

	if (users_scrub(v, s, act))
		return true;
	switch (act->id) {
	case ACT_SORT:
		view_focus(v, USERS);
		table_go(&v->table[USERS], 0);
		return set_order(st, s, act->arg);
	case ACT_REVERSE:
		view_focus(v, USERS);
		st->reverse = !st->reverse;
		st->wants_order = true;
		table_go(&v->table[USERS], 0);
		return true;
	case ACT_FILTER:
		view_focus(v, USERS);
		if (strcmp(st->filter, act->arg)) {
			snprintf(st->filter, sizeof st->filter, "%s", act->arg);
			st->wants_order = true;
			table_go(&v->table[USERS], 0);
		}
		return true;
	case ACT_BACK:
		if (st->whynot_item != NO_ITEM) {
			st->whynot_item = NO_ITEM;
			return true;
		}
		if (!st->filter[0])
			return false;
		st->filter[0] = '\0';
		st->wants_order = true;
		return true;
	case ACT_EXPLAIN:
		if (!v->table[LIST].n)
			return false;
		st->why_on = true;
		st->whynot_item = NO_ITEM;
		return true;
	case ACT_WHYNOT:
		users_sync(v, s); /* from another view: who is under the cursor */
		return *act->arg && users_begin_whynot(v, s, act->arg);
	case ACT_BESIDE:
		users_open_beside(v, s, act->arg);
		return true;
	case ACT_BY:
		return choose_by(v, st, act->arg);
	case ACT_GO_USER:
		return show_user(st, s, act->arg);
	default:
		return users_edit(v, s, act);
	}
}

static uint32_t item_under_cursor(const struct view *v, const struct session *s)
{
	const struct users_state *st = v->state;
	const struct dataset *d = session_data(s);
	size_t at = v->table[v->focus].cursor, event;
	bool pending;
	const struct list_answer *list;
	const struct why_answer *why;
	const struct whynot_answer *whynot;

	if (!d || st->user == NO_USER)
		return NO_ITEM;
	switch (v->focus) {
	case HISTORY:
		return users_row_item(st, d, at, &event);
	case LIST:
		list = users_list(st, s, &pending);
		return list && at < list->n ? list->row[at].item : NO_ITEM;
	case WHY:
		if (st->whynot_item != NO_ITEM) {
			whynot = users_whynot(st, s, &pending);
			return whynot ? users_whynot_item(whynot, at) : NO_ITEM;
		}
		why = users_why(st, s, &pending);
		at -= why ? users_why_notes(st, s, why) : 0; /* a note has no item: beyond all parts */
		return why && at < why->n_parts ? why->part[at].item : NO_ITEM;
	default:
		return NO_ITEM;
	}
}

static bool users_value(const struct view *v, struct session *s, const char *what, struct str *out)
{
	const struct users_state *st = v->state;
	const struct dataset *d = session_data(s);
	const struct run *run = session_answering(s);
	uint32_t item;

	if (!d)
		return false;
	if (!strcmp(what, "user") && (st->user < d->n_users || session_person(s, st->user))) {
		users_word(st->user, s, out);
		return true;
	}
	if (!strcmp(what, "item") && (item = item_under_cursor(v, s)) != NO_ITEM) {
		word_quote(out, dataset_true_item_id(d, item));
		return true;
	}
	if (!strcmp(what, "kept") && !users_is_edited(st, s))
		return users_value(v, s, "user", out);
	if (!strcmp(what, "explained")) {
		if ((item = users_explained(v, s)) != NO_ITEM) {
			str_putc(out, ' ');
			word_quote(out, dataset_true_item_id(d, item));
		}
		return true;
	}
	if (!strcmp(what, "run") && run) {
		word_quote(out, run->rec.name);
		return true;
	}
	return false;
}

static void users_row_text(const struct view *v, const struct session *s, int pane, size_t row, struct str *out)
{
	const struct users_state *st = v->state;
	const struct dataset *d = session_data(s);
	bool pending;
	const struct list_answer *list = users_list(st, s, &pending);
	const struct why_answer *why = users_why(st, s, &pending);
	const struct whynot_answer *whynot = users_whynot(st, s, &pending);
	uint32_t item;
	size_t event, at;

	if (pane == USERS)
		str_puts(out, users_name(users_at(st, s, row), s));
	else if (pane == HISTORY && (item = users_row_item(st, d, row, &event)) != NO_ITEM)
		str_puts(out, dataset_title(d, item));
	else if (pane == HISTORY && users_friend(st, d, row) != NO_USER)
		str_puts(out, dataset_user_id(d, users_friend(st, d, row)));
	else if (pane == LIST && list && row < list->n)
		str_puts(out, dataset_title(d, list->row[row].item));
	else if (pane == WHY && st->whynot_item != NO_ITEM)
		str_puts(out, whynot && (item = users_whynot_item(whynot, row)) != NO_ITEM ? dataset_title(d, item) : "");
	else if (pane == WHY && why && (at = row - users_why_notes(st, s, why)) < why->n_parts)
		str_puts(out, why->by_content ? why->part[at].name : dataset_title(d, why->part[at].item));
}

const struct view_kind view_users = {
	.name = "users",
	.title = "Users",
	.panes = panes,
	.n_panes = 4,
	.first_focus = USERS,
	.state_size = sizeof(struct users_state),
	.init = users_init,
	.done = users_done,
	.sync = users_sync,
	.handle = users_handle,
	.draw = users_draw,
	.value = users_value,
	.row_text = users_row_text,
	.result = users_result,
};
