/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_ask.c - the screen's questions: put to the scorer, the newest answer of each pane kept. */
#include <stdio.h>
#include <string.h>

#include "app/session_private.h"
#include "base/mem.h"

bool session_ask_init(struct session *s, struct err *err)
{
	s->scorer = scorer_new(s->queue, s->pool, err);
	return s->scorer != NULL;
}

void session_ask_done(struct session *s)
{
	if (s->scorer)
		scorer_free(s->scorer);
	s->scorer = NULL;
	for (int p = 0; p < N_PANES; p++) {
		answer_free(s->answer[p]);
		s->answer[p] = NULL;
	}
}

void session_ask_forget(struct session *s)
{
	for (int p = 0; p < N_PANES; p++) {
		scorer_drop(s->scorer, p);
		answer_free(s->answer[p]);
		s->answer[p] = NULL;
		s->asked[p] = 0;
	}
}

void session_ask_message(struct session *s, struct message *m)
{
	struct answer *a = m->payload;

	/* Of other data, or overtaken: dropped with its message. */
	if (!s->data || a->data_id != s->data->id || a->split_id != s->split->id || a->serial != s->asked[a->pane])
		return;
	m->payload = NULL;
	answer_free(s->answer[a->pane]);
	s->answer[a->pane] = a;
	s->asked[a->pane] = 0;
	session_changed(s, CHANGED_ANSWER);
}

static bool ask(struct session *s, struct request *r, bool needs_model)
{
	const bool by_other = r->pane == PANE_BESIDE || r->pane == PANE_BESIDE_WHY;
	const struct run *other = by_other ? session_beside(s) : NULL;
	const struct run *run = r->pane == PANE_BESIDE_WHY ? other : session_answering(s);
	struct err err;

	if (!s->data || (needs_model && !run) || (by_other && !other)) {
		request_drop(r);
		return false;
	}
	r->serial = ++s->last_serial;
	r->split = s->split;
	r->snapshot = needs_model ? run->snapshot : NULL;
	r->other = other ? other->snapshot : NULL;
	if (!scorer_ask(s->scorer, r, &err)) {
		session_tell(s, LOG_ERROR, "%s", err.msg);
		return false;
	}
	s->asked[r->pane] = r->serial;
	return true;
}

/* With a copy of the edits of the user, and of the persona's history where it is one. */
static bool copy_person(const struct session *s, struct request *r, const struct edits *edits, struct err *err)
{
	const struct persona *p = session_person(s, r->user);
	size_t n;
	const struct edit *edit = edits_now(edits, &n);

	if (p && !p->of_data)
		return err_set(err, ERR_USAGE, "%s was made on %s, not on the data that are loaded", p->name, p->data_name);
	if (p) {
		r->given = mem_zeroed(1, sizeof(*r->given), err);
		if (!r->given || !given_history_copy(r->given, &p->history, err))
			return false;
	}
	if (n && edits->user == r->user) {
		r->edit = mem_alloc(n, sizeof(*r->edit), err);
		if (!r->edit)
			return false;
		memcpy(r->edit, edit, n * sizeof(*edit));
		r->n_edits = n;
	}
	return true;
}

static bool ask_of_user(struct session *s, struct request *r, const struct edits *edits)
{
	struct err err;

	if (copy_person(s, r, edits, &err))
		return ask(s, r, true);
	session_tell(s, LOG_ERROR, "%s", err.msg);
	request_drop(r);
	return false;
}

bool session_ask_list(struct session *s, uint32_t user, const struct edits *edits, uint32_t k)
{
	struct request r = { .pane = PANE_LIST, .user = user, .k = k };

	return ask_of_user(s, &r, edits);
}

bool session_ask_why(struct session *s, uint32_t user, uint32_t item, const struct edits *edits, uint32_t k_parts,
		     bool by_content)
{
	struct request r = { .pane = PANE_WHY, .user = user, .item = item, .k = k_parts, .by_content = by_content };

	return ask_of_user(s, &r, edits);
}

bool session_ask_beside(struct session *s, uint32_t user, const struct edits *edits, uint32_t k)
{
	struct request r = { .pane = PANE_BESIDE, .user = user, .k = k };

	return ask_of_user(s, &r, edits);
}

bool session_ask_beside_why(struct session *s, uint32_t user, uint32_t item, const struct edits *edits, uint32_t k_parts,
			    bool by_content)
{
	struct request r = { .pane = PANE_BESIDE_WHY, .user = user, .item = item, .k = k_parts,
			     .by_content = by_content };

	return ask_of_user(s, &r, edits);
}

bool session_ask_removal(struct session *s, uint32_t user, uint32_t item, const struct edits *edits, uint32_t k)
{
	struct request r = { .pane = PANE_REMOVAL, .user = user, .item = item, .k = k };

	return ask_of_user(s, &r, edits);
}

bool session_ask_faithfulness(struct session *s, uint32_t user, uint32_t item, const struct edits *edits)
{
	struct request r = { .pane = PANE_FAITHFULNESS, .user = user, .item = item, .seed = session_seed(s) };

	return ask_of_user(s, &r, edits);
}

bool session_ask_whynot(struct session *s, uint32_t user, uint32_t item, const struct edits *edits, uint32_t k)
{
	struct request r = { .pane = PANE_WHYNOT, .user = user, .item = item, .k = k };

	return ask_of_user(s, &r, edits);
}

bool session_ask_nearest(struct session *s, uint32_t item, enum nearest_by by, uint32_t k)
{
	struct request r = { .pane = PANE_NEAREST + (enum pane)by, .item = item, .by = by, .k = k };

	return ask(s, &r, by == NEAREST_MODEL);
}

bool session_ask_near(struct session *s, uint32_t item, uint32_t other)
{
	struct request r = { .pane = PANE_NEAR, .item = item, .with = other };

	return ask(s, &r, session_answering(s) != NULL);
}

bool session_ask_map(struct session *s, enum pane pane)
{
	struct request r = { .pane = pane };

	return ask(s, &r, true);
}

bool session_ask_order(struct session *s, enum pane pane, enum order_key key, bool reverse, const char *filter)
{
	struct request r = { .pane = pane, .key = key, .reverse = reverse };

	if (filter)
		snprintf(r.filter, sizeof(r.filter), "%s", filter);
	if (key == ORDER_METRIC && s->user_metric && s->data) {
		struct err err;

		r.metric = mem_alloc(s->data->n_users, sizeof(*r.metric), &err);
		if (!r.metric) {
			session_tell(s, LOG_ERROR, "%s", err.msg);
			return false;
		}
		memcpy(r.metric, s->user_metric, s->data->n_users * sizeof(*r.metric));
	}
	return ask(s, &r, false);
}

const struct answer *session_answer(const struct session *s, enum pane pane, bool *pending)
{
	*pending = s->asked[pane] != 0;
	return s->answer[pane];
}
