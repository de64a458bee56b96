/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rewards.c - see rewards.h. */
#include "train/rewards.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "eval/interval.h"
#include "model/item_text.h"
#include "model/registry.h"
#include "train/asked.h"

#define LAST_SHARE 5       /* of a history, one in so many is held out */
#define LAST_MOST 10
#define NEW_SHARE 0.2      /* of the items */
#define NEW_MOST 400
#define TAKERS_MOST 50     /* of a new item, asked */
#define MANY_ITEMS 4000    /* from here on the softmax over all items costs more than it gains */

/* What is trained: settings as "name=value …". */
#define SASREC "dim=32 blocks=1 batch=32 lr=0.002 epochs=20"
#define TOWERS "dim=32 batch=512 negatives=200 epochs=15 "

struct measuring {
	const struct dataset *d;
	uint64_t seed;
	struct task_part part;
	struct task task;          /* of the part */
	uint8_t *parts;            /* [n_events] */
	const struct split *last;
	struct asks asks;
	float *with, *without;     /* [most units] */
	struct rewards *out;
};

const char *reward_told_text(enum reward_told t)
{
	static const char *const text[] = { "none", "yes", "no", "not told" };

	return text[t];
}

const char *reward_verdict(enum reward_told t)
{
	return t == REWARD_YES ? "rewarded" : t == REWARD_NO ? "not rewarded" : "too little data to tell";
}

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

/* Without an order, any events in place of the last. */
static bool hold_out_last(struct measuring *m, struct err *err)
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
		m->last = split_of_parts(d, d->has_order ? "the last fifth of each history" : "a fifth of each history", part, &m->task, err);
	mem_free(part);
	return m->last && asks_of_last(&m->asks, m->last, err);
}

static const struct split *hold_out_items(const struct measuring *m, struct err *err)
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
		n = (uint32_t)(NEW_SHARE * d->n_items);
		for (uint32_t k = 0; k < n && k < NEW_MOST; k++)
			held[item[k]] = 1;
		for (size_t e = 0; e < d->n_events; e++)
			part[e] = m->parts[e] == PART_TRAIN && held[d->item[e]] ? PART_TEST : m->parts[e];
		split = split_of_parts(d, "a fifth of the items", part, &m->task, err);
	}
	mem_free(item);
	mem_free(part);
	mem_free(held);
	return split;
}

/* The same train events of each user in a random order. */
static const struct split *shuffle_last(const struct measuring *m, struct err *err)
{
	const struct dataset *d = m->d;
	struct user_rows rows = { 0 };
	struct dataset *shuffled;
	const struct split *split;

	rows.user_ptr = mem_alloc((size_t)d->n_users + 1, sizeof(*rows.user_ptr), err);
	rows.item = rows.user_ptr ? mem_alloc(d->n_events + 1, sizeof(*rows.item), err) : NULL;
	if (!rows.item) {
		mem_free(rows.user_ptr);
		return NULL;
	}
	memcpy(rows.user_ptr, d->user_ptr, ((size_t)d->n_users + 1) * sizeof(*rows.user_ptr));
	memcpy(rows.item, d->item, d->n_events * sizeof(*rows.item));
	for (uint32_t u = 0; u < d->n_users; u++) {
		struct rng r = rng_stream(m->seed, "rewards.shuffle", u, 0);
		size_t n = 0;

		while (d->user_ptr[u] + n < d->user_ptr[u + 1] && m->last->part[d->user_ptr[u] + n] == PART_TRAIN)
			n++;
		rng_shuffle_u32(&r, rows.item + d->user_ptr[u], n);
	}
	shuffled = dataset_with_events(d, &rows, &m->task, err);
	split = shuffled ? split_of_parts(shuffled, "histories in a random order", m->last->part, &m->task, err) : NULL;
	dataset_unref(shuffled);
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

/* On train alone, without a look at anything that is held out. */
static const struct snapshot *train(struct measuring *m, const struct split *split, const char *model, const char *words,
				    bool values, struct err *err)
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
	r.seed = m->seed;
	snprintf(r.run, sizeof(r.run), "%s", model);
	best = fit_best(&r, &m->task, NULL, err);
	m->part.at++;
	return best;
}

/* --- telling ---------------------------------------------------------------------------------------------- */

enum reward_told reward_judge(const struct reward *r, double share)
{
	double gain = r->with - r->without, margin = share * r->without;

	if (!r->n || isnan(r->low))
		return REWARD_NOT_TOLD;
	if (r->low > 0 && gain >= margin)
		return REWARD_YES;
	return r->high < margin ? REWARD_NO : REWARD_NOT_TOLD;
}

/* what: "histories in their order against a random one". */
static bool compare(struct measuring *m, enum reward_of which, const struct asks *a, const char *of, struct err *err)
{
	struct reward *r = &m->out->of[which];
	double with = 0, without = 0;

	for (uint32_t u = 0; u < a->n_units; u++) {
		m->with[u] = isnan(m->without[u]) ? NAN : m->with[u];
		if (isnan(m->with[u]))
			continue;
		with += (double)m->with[u];
		without += (double)m->without[u];
		m->with[u] -= m->without[u];
		r->n++;
	}
	r->with = r->n ? with / (double)r->n : NAN;
	r->without = r->n ? without / (double)r->n : NAN;
	if (!interval_mean(m->with, a->n_units, m->seed, &m->task, &r->low, &r->high))
		return task_cancelled(err);
	r->told = reward_judge(r, a->new_items ? REWARDS_MARGIN_NEW : REWARDS_MARGIN);
	snprintf(r->text, sizeof(r->text), "%c%s: %s: ndcg@%d %.4f with %s, %.4f %s; gain %+.0f%% [%+.0f%%, %+.0f%%], %zu %s.",
		 r->what[0] - 'a' + 'A', r->what + 1, reward_verdict(r->told), REWARDS_K, r->with,
		 of, r->without, which == REWARD_ORDER ? "in a random order" : which == REWARD_NEW_ITEMS ? "for strangers" : "without",
		 100 * (r->with / r->without - 1), 100 * r->low / r->without, 100 * r->high / r->without, r->n,
		 a->new_items ? "items" : "users");
	return true;
}

static void absent(struct measuring *m, enum reward_of which, const char *why)
{
	snprintf(m->out->of[which].text, sizeof(m->out->of[which].text), "%s.", why);
}

/* --- each ------------------------------------------------------------------------------------------------- */

static struct asking asking(const struct measuring *m)
{
	return (struct asking){ .seed = m->seed, .k = REWARDS_K };
}

static bool measure_order(struct measuring *m, struct err *err)
{
	const char *words = m->d->n_items > MANY_ITEMS ? SASREC " loss=sampled-ce" : SASREC;
	struct asking how = asking(m);
	const struct split *mixed;
	const struct snapshot *s;
	bool good;

	if (!m->d->has_order) {
		absent(m, REWARD_ORDER, "Order: the data have neither times nor an order");
		return true;
	}
	s = train(m, m->last, "sasrec", words, false, err);
	good = s && asks_answer(&m->asks, &how, s, &m->task, m->with, err);
	snapshot_unref(s);
	mixed = good ? shuffle_last(m, err) : NULL;
	s = mixed ? train(m, mixed, "sasrec", words, false, err) : NULL;
	how.shuffled = true;
	good = s && asks_answer(&m->asks, &how, s, &m->task, m->without, err);
	snapshot_unref(s);
	split_unref(mixed);
	return good && compare(m, REWARD_ORDER, &m->asks, "histories in their order", err);
}

static bool measure_new_items(struct measuring *m, struct err *err)
{
	struct asking how = asking(m);
	const struct split *split = hold_out_items(m, err);
	struct asks a = { 0 };
	const struct snapshot *s = split ? train(m, split, "towers", TOWERS "item-dropout=0.5 recency=1 past=others", false, err) : NULL;
	bool good;

	how.fold_in = true;
	good = s && asks_of_new_items(&a, split, TAKERS_MOST, m->seed, err) &&
	       asks_answer(&a, &how, s, &m->task, m->with, err);
	how.of_strangers = true;
	good = good && asks_answer(&a, &how, s, &m->task, m->without, err) &&
	       compare(m, REWARD_NEW_ITEMS, &a, "text for people who take them", err);
	snapshot_unref(s);
	asks_done(&a);
	split_unref(split);
	return good;
}

/* base: towers without text and friends. */
static bool measure_text(struct measuring *m, const struct snapshot *base, struct err *err)
{
	const struct asking how = asking(m);
	const struct snapshot *s = train(m, m->last, "towers", TOWERS "past=others recency=1", false, err);
	bool good = s && asks_answer(&m->asks, &how, s, &m->task, m->with, err) &&
		    asks_answer(&m->asks, &how, base, &m->task, m->without, err) &&
		    compare(m, REWARD_TEXT, &m->asks, "it", err);

	snapshot_unref(s);
	return good && measure_new_items(m, err);
}

static void only_with_friends(const struct measuring *m)
{
	for (uint32_t u = 0; u < m->d->n_users; u++)
		if (!csr_row_n(&m->d->friends, u))
			m->with[u] = NAN;
}

static bool measure_friends(struct measuring *m, const struct snapshot *base, struct err *err)
{
	struct asking how = asking(m);
	const struct snapshot *s = train(m, m->last, "towers", TOWERS "past=others recency=1 text=no tags=no social=0.5", false, err);
	bool good = s != NULL;

	for (int k = 0; good && k < 2; k++) {
		how.oldest = how.fold_in = k;
		good = asks_answer(&m->asks, &how, s, &m->task, m->with, err) &&
		       asks_answer(&m->asks, &how, base, &m->task, m->without, err);
		only_with_friends(m);
		good = good && compare(m, k ? REWARD_NEW_PEOPLE : REWARD_FRIENDS, &m->asks,
				       k ? "friends and each one's first event" : "them", err);
	}
	snapshot_unref(s);
	return good;
}

static bool measure_content(struct measuring *m, struct err *err)
{
	bool text = dataset_has_text(m->d), friends = m->d->friends.ptr != NULL, good;
	const struct snapshot *base;

	if (!text) {
		absent(m, REWARD_TEXT, "Text: there is none");
		absent(m, REWARD_NEW_ITEMS, "Text of new items: there is none");
	}
	if (!friends) {
		absent(m, REWARD_FRIENDS, "Friends: there is no file of them");
		absent(m, REWARD_NEW_PEOPLE, "Friends of new people: there is no file of them");
	}
	if (!text && !friends)
		return true;
	base = train(m, m->last, "towers", TOWERS "past=others recency=1 text=no tags=no", false, err);
	good = base && (!text || measure_text(m, base, err)) && (!friends || measure_friends(m, base, err));
	snapshot_unref(base);
	return good;
}

static bool has_values(const struct dataset *d)
{
	for (size_t e = 1; d->value && e < d->n_events; e++)
		if (d->value[e] < d->value[0] || d->value[e] > d->value[0])
			return true;
	return false;
}

static bool measure_values(struct measuring *m, struct err *err)
{
	const struct asking how = asking(m);
	bool good = true;

	if (!has_values(m->d)) {
		absent(m, REWARD_VALUES, "Values: there are none, or all are the same");
		return true;
	}
	for (int k = 0; good && k < 2; k++) {
		const struct snapshot *s = train(m, m->last, "ials", "epochs=10", !k, err);

		good = s && asks_answer(&m->asks, &how, s, &m->task, k ? m->without : m->with, err);
		snapshot_unref(s);
	}
	return good && compare(m, REWARD_VALUES, &m->asks, "them", err);
}

/* --- all -------------------------------------------------------------------------------------------------- */

bool rewards_measure(const struct dataset *d, uint64_t seed, const struct task *task, struct rewards *out, struct err *err)
{
	static const char *const what[] = { "order", "text", "text of new items", "friends", "friends of new people", "values",
					    "taste", "more events" };
	const size_t most = (d->n_users > d->n_items ? d->n_users : d->n_items) + (size_t)1;
	struct measuring m = { .d = d, .seed = seed, .part = { .whole = task, .n = 8 }, .out = out };
	double began = clock_now();
	bool good;

	*out = (struct rewards){ 0 };
	for (int k = 0; k < N_REWARDS; k++)
		out->of[k] = (struct reward){ .what = what[k], .with = NAN, .without = NAN, .low = NAN, .high = NAN };
	m.task = task_of_part(&m.part);
	m.with = mem_alloc(most, sizeof(*m.with), err);
	m.without = m.with ? mem_alloc(most, sizeof(*m.without), err) : NULL;
	good = m.without && draw_users(&m, err) && hold_out_last(&m, err) && measure_order(&m, err) &&
	       measure_content(&m, err) && measure_values(&m, err);
	out->seconds = clock_now() - began;
	asks_done(&m.asks);
	split_unref(m.last);
	mem_free(m.parts);
	mem_free(m.with);
	mem_free(m.without);
	return good;
}
