/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_users_scrub.c - the list as it stood at an epoch, an item's rank over the epochs, and who is watched. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ui/v_users.h"

bool users_scrubs(const struct users_state *st, const struct session *s)
{
	return scrub_is_on(&st->scrub, session_answering(s));
}

/* The lists that show and the user's place among them; NULL: there are none, or the user is not watched. */
static const struct epoch_lists *lists_of(const struct users_state *st, const struct session *s, uint32_t *at,
					  const struct epoch_lists **before)
{
	const struct epoch_lists *l = scrub_lists(&st->scrub, session_answering(s), before);

	if (!l)
		return NULL;
	*at = epoch_lists_find(l, st->user);
	return *at < l->n_users ? l : NULL;
}

static void mark_hits(struct list_answer *list, const struct session *s, const struct dataset *d)
{
	for (size_t e = d->user_ptr[list->user]; e < d->user_ptr[list->user + 1]; e++)
		for (size_t i = 0; session_is_test(s, e) && i < list->n; i++)
			list->row[i].hit |= list->row[i].item == d->item[e];
}

void users_scrub_sync(struct users_state *st, const struct session *s)
{
	struct list_answer *list = &st->then;
	const struct epoch_lists *before, *l;
	uint32_t at = 0;

	list->n = 0;
	if (!users_scrubs(st, s)) {
		st->scrub.epoch = 0; /* another run answers: not that one's epoch when it comes back */
		return;
	}
	l = lists_of(st, s, &at, &before);
	if (!l)
		return;
	list->row = mem_must(realloc(list->row, (l->k + 1) * sizeof *list->row));
	list->user = st->user;
	list->epoch = l->epoch;
	list->n = l->count[at];
	snprintf(list->run, sizeof list->run, "%s", session_answering(s)->rec.name);
	for (uint32_t i = 0; i < l->count[at]; i++) {
		uint32_t item = l->item[(size_t)at * l->k + i];

		list->row[i] = (struct list_row){ .item = item, .score = l->score[(size_t)at * l->k + i],
						  .was = before ? epoch_lists_rank(before, at, item) : i + 1 };
	}
	mark_hits(list, s, session_data(s));
}

void users_say_then(const struct users_state *st, const struct session *s, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "At ");

	scrub_say(&st->scrub, session_answering(s), out + used, size - used);
}

const char *users_why_no_then(const struct users_state *st, const struct session *s)
{
	const struct run *run = session_answering(s);

	if (!run->lists.n)
		return scrub_why_none(run);
	return st->then.n ? "" : "This user is not watched in this run: } goes to one who is, W watches this one from now on";
}

static void watch(struct users_state *st, struct session *s)
{
	const bool on = !session_is_watched(s, st->user);
	const char *id;
	uint32_t n;

	if (st->user >= session_data(s)->n_users) {
		session_tell(s, LOG_INFO, "trainings watch users of the data: this is a persona");
		return;
	}
	id = dataset_user_id(session_data(s), st->user);
	if (!session_watch_user(s, st->user, on)) {
		session_tell(s, LOG_ERROR, "%d users are watched already: W on one of them makes room", WATCHED_USERS_MOST);
		return;
	}
	session_watched(s, &n);
	if (n)
		session_tell(s, LOG_INFO, on ? "%.60s is watched in the trainings to come (%u chosen)"
					     : "%.60s is watched no longer (%u chosen)", id, n);
	else
		session_tell(s, LOG_INFO, "nobody is chosen: trainings watch a sample of %d users", WATCHED_SAMPLE);
}

static void go_to_watched(struct users_state *st, struct session *s, int step)
{
	const struct run *run = session_answering(s);
	uint32_t user;

	if (run)
		session_need_lists(s, run);
	user = scrub_next_user(run, st->user, step);
	if (user == NO_USER)
		session_tell(s, LOG_INFO, run && run->rec.epochs_asked > 1 ? "no lists of watched users are there"
									  : "models computed at once have no epochs to watch");
	else
		users_go(st, user);
}

bool users_scrub(struct view *v, struct session *s, const struct act *act)
{
	struct users_state *st = v->state;

	if (!session_data(s) || st->user == NO_USER)
		return false;
	switch (act->id) {
	case ACT_EPOCH:
		st->why_on = false;
		scrub_step(&st->scrub, s, session_answering(s), act->arg);
		return true;
	case ACT_WATCH:
		if (*act->arg)
			go_to_watched(st, s, *act->arg == 'n' ? 1 : -1);
		else
			watch(st, s);
		return true;
	case ACT_BACK:
		if (!users_scrubs(st, s))
			return false;
		st->scrub.epoch = 0;
		return true;
	case ACT_EXPLAIN:
		if (!users_scrubs(st, s))
			return false;
		session_tell(s, LOG_INFO, "what explains is the run as it answers now: Esc goes back to it");
		return true;
	case ACT_TOGGLE_EVENT:
	case ACT_ADD_EVENT:
	case ACT_RATE_EVENT:
		st->scrub.epoch = 0; /* an edit is answered by the run as it is now */
		return false;
	default:
		return false;
	}
}

void users_draw_ranks(const struct view *v, const struct session *s, struct surface *out)
{
	const struct users_state *st = v->state;
	const struct epoch_lists *before, *l;
	char title[CELL_SIZE] = "Rank over the epochs";
	size_t row = v->table[LIST].cursor;
	struct rect in;
	uint32_t at = 0;

	l = lists_of(st, s, &at, &before);
	if (l && row < st->then.n)
		snprintf(title, sizeof title, "Rank over the epochs of %.200s", dataset_title(session_data(s), st->then.row[row].item));
	in = view_pane(v, out, WHY, title);
	if (l && row < st->then.n)
		scrub_draw_ranks(&st->scrub, session_answering(s), at, st->then.row[row].item, out,
				 (struct rect){ in.x + 1, in.y, in.w - 2, in.h });
}
