/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rewards.c - see rewards.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "eval/interval.h"
#include "model/item_text.h"
#include "model/registry.h"
#include "train/rewards_private.h"

#define LAST_SHARE 5       /* of a history, one in so many is held out */
#define LAST_MOST 10
#define NEW_SHARE 5        /* one item in so many; more than the rounds */
#define NEW_MOST 400
#define TAKERS_MOST 50     /* of a new item, asked */

/* What is trained: settings as "name=value …". */
_Static_assert(NEW_SHARE > REWARDS_ROUNDS, "each round has new items of its own");
#define TOWERS "dim=32 batch=512 negatives=200 epochs=15 "

/* --- splits ----------------------------------------------------------------------------------------------- */

/* Users in a random order, as long as their events are not too many; the others' events are left out. */
static bool draw_users(struct measuring *m, struct err *err)
{
	const struct dataset *d = m->d;
	struct rng r = rng_stream(m->seed, "rewards.users", 0, 0);
	uint32_t *user = mem_alloc((size_t)d->n_users + 1, sizeof(*user), err);

	m->parts = user ? mem_alloc(d->n_events + 1, 1, err) : NULL;
	if (m->parts) {
		memset(m->parts, PART_OUT, d->n_events);
		for (uint32_t u = 0; u < d->n_users; u++)
			user[u] = u;
		rng_shuffle_u32(&r, user, d->n_users);
		for (uint32_t k = 0; k < d->n_users && m->out->events < REWARDS_EVENTS; k++) {
			size_t first = d->user_ptr[user[k]], n = d->user_ptr[user[k] + 1] - first;

			memset(m->parts + first, PART_TRAIN, n);
			m->out->events += n;
			m->out->users++;
		}
	}
	mem_free(user);
	return m->parts != NULL;
}

/* What text, friends and values are asked for. */
struct last {
	const struct split *split;
	struct asks asks;
};

/* Without an order, any events in place of the last. */
static bool hold_out_last(struct measuring *m, struct last *l, struct err *err)
{
	const struct dataset *d = m->d;
	uint8_t *part = mem_alloc(d->n_events + 1, 1, err);
	bool good = part != NULL;

	for (uint32_t u = 0; good && u < d->n_users; u++) {
		struct rng r = rng_stream(m->seed, "rewards.last", u, 0);
		size_t first = d->user_ptr[u], n = d->user_ptr[u + 1] - first, held = (n + LAST_SHARE - 1) / LAST_SHARE;

		held = n < 3 || m->parts[first] == PART_OUT ? 0 : held < LAST_MOST ? held : LAST_MOST;
		for (size_t k = 0; k < n; k++) {
			bool take = d->has_order ? n - k <= held : rng_below64(&r, n - k) < held;

			part[first + k] = take ? PART_TEST : m->parts[first + k];
			held -= take && !d->has_order;
		}
	}
	if (good)
		l->split = split_of_parts(d, d->has_order ? "the last fifth of each history" : "a fifth of each history", part, &m->task, err);
	mem_free(part);
	return l->split && asks_of_last(&l->asks, l->split, err);
}

/* In each round others. */
static const struct split *hold_out_items(const struct measuring *m, unsigned round, struct err *err)
{
	const struct dataset *d = m->d;
	struct rng r = rng_stream(m->seed, "rewards.items", 0, 0);
	uint32_t *item = mem_alloc((size_t)d->n_items + 1, sizeof(*item), err), n;
	uint8_t *part = item ? mem_alloc(d->n_events + 1, 1, err) : NULL, *held = part ? mem_zeroed((size_t)d->n_items + 1, 1, err) : NULL;
	const struct split *split = NULL;

	if (held) {
		for (uint32_t i = 0; i < d->n_items; i++)
			item[i] = i;
		rng_shuffle_u32(&r, item, d->n_items);
		n = d->n_items / NEW_SHARE < NEW_MOST ? d->n_items / NEW_SHARE : NEW_MOST;
		for (uint32_t k = 0; k < n; k++)
			held[item[round * n + k]] = 1;
		for (size_t e = 0; e < d->n_events; e++)
			part[e] = m->parts[e] == PART_TRAIN && held[d->item[e]] ? PART_TEST : m->parts[e];
		split = split_of_parts(d, "a fifth of the items", part, &m->task, err);
	}
	mem_free(item);
	mem_free(part);
	mem_free(held);
	return split;
}

/* --- trainings -------------------------------------------------------------------------------------------- */

static bool set_all(struct params *p, const char *words, struct err *err)
{
	char text[256], *save = NULL;

	snprintf(text, sizeof(text), "%s", words);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(word, '=');

		*eq = '\0';
		if (!params_set(p, word, eq + 1, err))
			return false;
	}
	return true;
}

const struct snapshot *rewards_train(struct measuring *m, const struct split *split, const char *model, const char *words,
				     bool values, unsigned round, struct err *err)
{
	const struct model_ops *ops = model_find(model, err);
	const struct snapshot *best;
	struct fit_request r;

	if (!ops)
		return NULL;
	fit_request_init(&r, ops);
	if (!set_all(&r.params, words, err))
		return NULL;
	fit_request_follow(&r);
	r.data = split->data;
	r.split = split;
	r.patience = r.valid_every = 0;
	r.values = values;
	r.seed = m->seed + round;
	snprintf(r.run, sizeof(r.run), "%s", model);
	best = fit_best(&r, &m->task, NULL, err);
	m->part.at++;
	return best;
}

static void absent(struct measuring *m, enum reward_of which, const char *why)
{
	snprintf(m->out->of[which].text, sizeof(m->out->of[which].text), "%s.", why);
}

/* --- text and friends --------------------------------------------------------------------------------------- */

#define SAME_PAST "past=others recency=1"
#define NO_TEXT " text=no tags=no"

enum asked_of { TEXT, NEW_ITEMS, FRIENDS, NEW_PEOPLE, N_CONTENT };
struct contents {
	struct last last;
	bool has_text, has_friends;
	struct rewards_tally tally[N_CONTENT];
};

static bool ask_new_items(struct measuring *m, unsigned round, struct rewards_tally *t, struct err *err)
{
	struct asking how = { .k = REWARDS_K };
	const struct split *split = hold_out_items(m, round, err);
	struct asks a = { 0 };
	const struct snapshot *s = split ? rewards_train(m, split, "towers", TOWERS "item-dropout=0.5 " SAME_PAST, false, round, err) : NULL;
	bool good;

	how.fold_in = true;
	good = s && asks_of_new_items(&a, split, TAKERS_MOST, m->seed, err) &&
	       asks_answer(&a, &how, s, &m->task, m->with, err);
	how.of_strangers = true;
	good = good && asks_answer(&a, &how, s, &m->task, m->without, err);
	if (good)
		rewards_tally_add(t, m);
	snapshot_unref(s);
	asks_done(&a);
	split_unref(split);
	return good;
}

/* base: towers without text and friends. */
static bool ask_text(struct measuring *m, struct contents *c, const struct snapshot *base, unsigned round, struct err *err)
{
	const struct asking how = { .k = REWARDS_K };
	const struct snapshot *s = rewards_train(m, c->last.split, "towers", TOWERS SAME_PAST, false, round, err);
	bool good = s && asks_answer(&c->last.asks, &how, s, &m->task, m->with, err) &&
		    asks_answer(&c->last.asks, &how, base, &m->task, m->without, err);

	if (good)
		rewards_tally_add(&c->tally[TEXT], m);
	snapshot_unref(s);
	return good && ask_new_items(m, round, &c->tally[NEW_ITEMS], err);
}

static void only_with_friends(const struct measuring *m)
{
	for (uint32_t u = 0; u < m->d->n_users; u++)
		if (!csr_row_n(&m->d->friends, u))
			m->with[u] = NAN;
}

static bool ask_friends(struct measuring *m, struct contents *c, const struct snapshot *base, unsigned round, struct err *err)
{
	struct asking how = { .k = REWARDS_K };
	const struct snapshot *s = rewards_train(m, c->last.split, "towers", TOWERS SAME_PAST NO_TEXT " social=0.5", false, round, err);
	bool good = s != NULL;

	for (unsigned k = 0; good && k < 2; k++) {
		how.oldest = k;
		how.fold_in = k;
		good = asks_answer(&c->last.asks, &how, s, &m->task, m->with, err) &&
		       asks_answer(&c->last.asks, &how, base, &m->task, m->without, err);
		only_with_friends(m);
		if (good)
			rewards_tally_add(&c->tally[k ? NEW_PEOPLE : FRIENDS], m);
	}
	snapshot_unref(s);
	return good;
}

static bool ask_content(struct measuring *m, struct contents *c, unsigned round, struct err *err)
{
	const struct snapshot *base = rewards_train(m, c->last.split, "towers", TOWERS SAME_PAST NO_TEXT, false, round, err);
	bool good = base && (!c->has_text || ask_text(m, c, base, round, err)) &&
		    (!c->has_friends || ask_friends(m, c, base, round, err));

	snapshot_unref(base);
	return good;
}

static bool tell_content(struct measuring *m, struct contents *c, struct err *err)
{
	return (!c->has_text ||
		(rewards_tell(m, REWARD_TEXT, &c->tally[TEXT], "it", "without", err) &&
		 rewards_tell(m, REWARD_NEW_ITEMS, &c->tally[NEW_ITEMS], "text for people who take them", "for strangers", err))) &&
	       (!c->has_friends ||
		(rewards_tell(m, REWARD_FRIENDS, &c->tally[FRIENDS], "them", "without", err) &&
		 rewards_tell(m, REWARD_NEW_PEOPLE, &c->tally[NEW_PEOPLE], "friends and each one's first event", "without", err)));
}

static void say_absent(struct measuring *m, const struct contents *c)
{
	if (!m->d->has_order)
		absent(m, REWARD_ORDER, "Order: the data have neither times nor an order");
	if (!c->has_text) {
		absent(m, REWARD_TEXT, "Text: there is none");
		absent(m, REWARD_NEW_ITEMS, "Text of new items: there is none");
	}
	if (!c->has_friends) {
		absent(m, REWARD_FRIENDS, "Friends: there is no file of them");
		absent(m, REWARD_NEW_PEOPLE, "Friends of new people: there is no file of them");
	}
}

static bool measure_content(struct measuring *m, struct contents *c, struct err *err)
{
	bool good = true;

	for (int k = 0; good && k < N_CONTENT; k++)
		good = rewards_tally_init(&c->tally[k], k == NEW_ITEMS ? m->d->n_items : m->d->n_users, k == NEW_ITEMS, err);
	for (unsigned round = 0; good && round < REWARDS_ROUNDS; round++)
		good = ask_content(m, c, round, err);
	return good && tell_content(m, c, err);
}

/* --- values ----------------------------------------------------------------------------------------------- */

static bool has_values(const struct dataset *d)
{
	for (size_t e = 1; d->value && e < d->n_events; e++)
		if (d->value[e] < d->value[0] || d->value[e] > d->value[0])
			return true;
	return false;
}

static bool ask_values(struct measuring *m, const struct last *l, bool values, unsigned round, struct err *err)
{
	const struct asking how = { .k = REWARDS_K };
	const struct snapshot *s = rewards_train(m, l->split, "ials", "epochs=10", values, round, err);
	bool good = s && asks_answer(&l->asks, &how, s, &m->task, values ? m->with : m->without, err);

	snapshot_unref(s);
	return good;
}

static bool measure_values(struct measuring *m, const struct last *l, struct err *err)
{
	struct rewards_tally t;
	bool good = rewards_tally_init(&t, m->d->n_users, false, err);

	for (unsigned round = 0; good && round < REWARDS_ROUNDS; round++) {
		good = ask_values(m, l, true, round, err) && ask_values(m, l, false, round, err);
		if (good)
			rewards_tally_add(&t, m);
	}
	good = good && rewards_tell(m, REWARD_VALUES, &t, "them", "without", err);
	rewards_tally_done(&t);
	return good;
}

/* --- all -------------------------------------------------------------------------------------------------- */

static bool measure_all(struct measuring *m, struct contents *c, struct err *err)
{
	const bool content = c->has_text || c->has_friends, values = has_values(m->d);

	say_absent(m, c);
	if (!values)
		absent(m, REWARD_VALUES, "Values: there are none, or all are the same");
	m->part.n = REWARDS_ROUNDS * (3u * m->d->has_order + 1u * content + 2u * c->has_text + 1u * c->has_friends + 2u * values);
	return draw_users(m, err) && (!m->d->has_order || rewards_of_order(m, err)) &&
	       (!(content || values) || hold_out_last(m, &c->last, err)) && (!content || measure_content(m, c, err)) &&
	       (!values || measure_values(m, &c->last, err));
}

bool rewards_measure(const struct dataset *d, uint64_t seed, const struct task *task, struct rewards *out, struct err *err)
{
	static const char *const what[] = { "order", "text", "text of new items", "friends", "friends of new people", "values",
					    "taste", "more events" };
	const size_t most = (d->n_users > d->n_items ? d->n_users : d->n_items) + (size_t)1;
	struct measuring m = { .d = d, .seed = seed, .part = { .whole = task }, .out = out };
	struct contents c = { .has_text = dataset_has_text(d), .has_friends = d->friends.ptr };
	double began = clock_now();
	bool good;

	*out = (struct rewards){ 0 };
	for (int k = 0; k < N_REWARDS; k++)
		out->of[k] = (struct reward){ .what = what[k], .with = NAN, .without = NAN, .low = NAN, .high = NAN };
	m.task = task_of_part(&m.part);
	m.with = mem_alloc(most, sizeof(*m.with), err);
	m.without = m.with ? mem_alloc(most, sizeof(*m.without), err) : NULL;
	good = m.without && measure_all(&m, &c, err);
	out->seconds = clock_now() - began;
	for (int k = 0; k < N_CONTENT; k++)
		rewards_tally_done(&c.tally[k]);
	asks_done(&c.last.asks);
	split_unref(c.last.split);
	mem_free(m.parts);
	mem_free(m.with);
	mem_free(m.without);
	return good;
}
