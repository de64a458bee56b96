/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_users_people.c - who the rows of Users are: personas above the users; and what a history consists of. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/u32.h"
#include "base/utf8.h"
#include "cmd/command.h"
#include "ui/v_users.h"

/* --- personas --------------------------------------------------------------------------------------------------- */

/* Rows come and go above the users: the cursor stays on whom it is. */
void users_list_personas(struct users_state *st, const struct session *s)
{
	const size_t n = session_n_personas(s), was = st->n_persona;

	st->persona = mem_must(realloc(st->persona, (n + 1) * sizeof *st->persona));
	st->n_persona = 0;
	for (size_t i = 0; i < n; i++) {
		const struct persona *p = session_persona(s, i);

		if (!st->filter[0] || utf8_contains_fold(persona_shown(p), st->filter))
			st->persona[st->n_persona++] = p->number;
	}
	if (st->n_persona != was && st->go_user == NO_USER && (session_person(s, st->user) || st->user < session_data(s)->n_users))
		st->go_user = st->user;
}

bool users_is_of_other_data(const struct users_state *st, const struct session *s)
{
	const struct persona *p = session_person(s, st->user);

	return p && !p->of_data;
}

const char *users_name(uint32_t user, const struct session *s)
{
	const struct dataset *d = session_data(s);
	const struct persona *p = session_person(s, user);

	return p ? persona_shown(p) : user < d->n_users ? dataset_user_id(d, user) : "";
}

void users_word(uint32_t user, const struct session *s, struct str *out)
{
	const struct persona *p = session_person(s, user);

	if (p)
		str_puts(out, "persona=");
	word_quote(out, p ? p->name : dataset_true_user_id(session_data(s), user));
}

/* "persona use NAME" goes to its row. */
bool users_result(struct view *v, struct session *s, const struct call *call, const struct result *r)
{
	struct users_state *st = v->state;
	const struct persona *p;
	struct err gone;

	(void)r;
	if (stability_told(call, &st->stability)) {
		st->has_stability = true;
		return false; /* a note in Why; what else it tells is shown as any answer is */
	}
	if (strcmp(call->command->name, "persona") != 0 || strcmp(call->words.w[0].text, "use") != 0)
		return false;
	p = session_find_persona(s, call->words.w[1].text, &gone);
	if (p)
		users_go(v->state, p->number);
	return true;
}

/* --- the rows of a history -------------------------------------------------------------------------------------- */

/* A history may have an item more than once. */
static size_t count_known(const struct users_state *st, const struct dataset *d)
{
	size_t n = st->n_event - st->n_test, lo = d->user_ptr[st->user], known = 0;
	uint32_t *item = mem_must(calloc(n ? n : 1, sizeof *item));

	for (size_t i = 0; i < n; i++)
		item[i] = d->item[lo + st->event[i]];
	qsort(item, n, sizeof *item, u32_compare);
	for (size_t i = 0; i < n; i++)
		known += i == 0 || item[i] != item[i - 1];
	free(item);
	return known;
}

/* What stands above the events: what edits add, the newest being what was added last, and a persona's own. */
static void list_added(struct users_state *st, const struct session *s)
{
	const struct persona *p = session_person(s, st->user);
	const struct edits *edits = session_edits_now(s);
	size_t n = 0, own = p ? p->history.n : 0;
	const struct edit *edit = edits->user == st->user ? edits_now(edits, &n) : NULL;

	st->added = mem_must(realloc(st->added, (n + own + 1) * sizeof *st->added));
	st->added_x = mem_must(realloc(st->added_x, (n + own + 1) * sizeof *st->added_x));
	st->n_added = 0;
	for (size_t k = n; k-- > 0;)
		if (edit[k].kind == EDIT_ADD) {
			st->added[st->n_added] = edit[k].item;
			st->added_x[st->n_added++] = edit[k].value;
		}
	for (size_t k = own; k-- > 0;) {
		st->added[st->n_added] = p->history.items[k];
		st->added_x[st->n_added++] = p->history.x[k];
	}
}

/* The user's events, newest first: the history, then what is held out for the test. */
static void list_user(struct users_state *st, const struct session *s, const struct dataset *d)
{
	const size_t lo = d->user_ptr[st->user], n = d->user_ptr[st->user + 1] - lo;

	if (d->friends.ptr)
		st->n_friend = csr_row_n(&d->friends, st->user);
	st->event = mem_must(realloc(st->event, (n ? n : 1) * sizeof *st->event));
	for (int test = 0; test < 2; test++)
		for (size_t i = n; i-- > 0;)
			if (session_is_test(s, lo + i) == test) {
				st->event[st->n_event++] = (uint32_t)i;
				st->n_test += test;
			}
	st->n_known = count_known(st, d);
}

void users_list_events(struct users_state *st, const struct session *s, const struct dataset *d)
{
	const struct persona *p = session_person(s, st->user);

	list_added(st, s);
	if (st->event_user == st->user && st->event_split == session_split_serial(s))
		return;
	st->event_user = st->user;
	st->event_split = session_split_serial(s);
	st->n_event = st->n_test = st->n_known = st->n_friend = 0;
	if (p)
		st->n_known = p->history.n;
	else if (st->user < d->n_users)
		list_user(st, s, d);
}

bool users_is_edited(const struct users_state *st, const struct session *s)
{
	const struct edits *edits = session_edits_now(s);
	size_t n = 0;

	return edits->user == st->user && edits_now(edits, &n) && n > 0;
}

bool users_has_in_history(const struct users_state *st, const struct session *s, uint32_t item)
{
	const struct persona *p = session_person(s, st->user);
	const struct dataset *d = session_data(s);

	for (uint32_t k = 0; p && k < p->history.n; k++)
		if (p->history.items[k] == item)
			return true;
	if (p || st->user >= d->n_users)
		return false;
	for (size_t e = d->user_ptr[st->user]; e < d->user_ptr[st->user + 1]; e++)
		if (d->item[e] == item && !session_is_test(s, e))
			return true;
	return false;
}
