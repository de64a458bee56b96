/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rewards_order.c - whether order matters: next items by the same mixture (rewards_mix.h), once with all that reads
 * order trained on and asked with histories in their order, once in a random one.
 *
 * DESIGN: each side takes the way to mix that is best for other people, with its own order.  Alone, a network that reads
 * order may do worse on true histories than on shuffled ones, for what comes early and what comes late are trained
 * unevenly, though the order tells something; mixed with a model that reads none it need not be followed further than
 * it helps.  The people who are asked are none of those who were trained on: a trained history is known to the network
 * in its own order alone.  In each round another share of the people is held out, so that all are asked once, by
 * trainings with seeds of their own.
 */
#include <math.h>

#include "base/mem.h"
#include "base/rng.h"
#include "train/rewards_mix.h"
#include "train/rewards_private.h"

#define MANY_ITEMS 4000 /* from here on the softmax over all items costs more than it gains */
#define SASREC "dim=32 blocks=1 batch=32 lr=0.002 epochs=20"
#define IALS "epochs=10"
#define ASKED_MOST 20   /* of a history, the last */

/* --- splits ----------------------------------------------------------------------------------------------- */

static uint8_t round_of(const struct measuring *m, uint32_t user)
{
	struct rng r = rng_stream(m->seed, "rewards.people", user, 0);

	return (uint8_t)rng_below(&r, REWARDS_ROUNDS);
}

/* The drawn users of the round are held out with all their events. */
static const struct split *hold_out_people(const struct measuring *m, unsigned round, struct err *err)
{
	const struct dataset *d = m->d;
	uint8_t *part = mem_alloc(d->n_events + 1, 1, err);
	const struct split *split = NULL;

	if (part) {
		for (uint32_t u = 0; u < d->n_users; u++) {
			bool held = round_of(m, u) == round;

			for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++)
				part[e] = held && m->parts[e] == PART_TRAIN ? PART_TEST : m->parts[e];
		}
		split = split_of_parts(d, "a share of the people", part, &m->task, err);
	}
	mem_free(part);
	return split;
}

/* Each one's events in a random order; a user's are all of one part. */
static const struct split *shuffled(const struct measuring *m, const struct split *from, unsigned round, struct err *err)
{
	const struct dataset *d = m->d;
	struct user_rows rows = { 0 };
	struct dataset *mixed;
	const struct split *split;

	rows.user_ptr = mem_alloc((size_t)d->n_users + 1, sizeof(*rows.user_ptr), err);
	rows.item = rows.user_ptr ? mem_alloc(d->n_events + 1, sizeof(*rows.item), err) : NULL;
	if (!rows.item) {
		mem_free(rows.user_ptr);
		return NULL;
	}
	for (uint32_t u = 0; u <= d->n_users; u++)
		rows.user_ptr[u] = d->user_ptr[u];
	for (size_t e = 0; e < d->n_events; e++)
		rows.item[e] = d->item[e];
	for (uint32_t u = 0; u < d->n_users; u++) {
		struct rng r = rng_stream(m->seed, "rewards.shuffle", u, round);

		rng_shuffle_u32(&r, rows.item + d->user_ptr[u], d->user_ptr[u + 1] - d->user_ptr[u]);
	}
	mixed = dataset_with_events(d, &rows, &m->task, err);
	split = mixed ? split_of_parts(mixed, "histories in a random order", from->part, &m->task, err) : NULL;
	dataset_unref(mixed);
	return split;
}

/* --- a round ---------------------------------------------------------------------------------------------- */

/* What each way to mix gave each user, with histories in their order (0) and in a random one (1).  NaN: not asked. */
struct ordering {
	float *gain[2];   /* [U][MIX_WAYS] */
	uint8_t *round;   /* [U] in which it is asked */
};

static bool keep_means(const struct asks *a, const float *gain, float *of_user, struct err *err)
{
	double *sum = mem_zeroed((size_t)a->n_units * MIX_WAYS + 1, sizeof(*sum), err);
	uint32_t *n = sum ? mem_zeroed((size_t)a->n_units + 1, sizeof(*n), err) : NULL;

	for (size_t i = 0; n && i < a->n; i++) {
		n[a->ask[i].unit]++;
		for (size_t w = 0; w < MIX_WAYS; w++)
			sum[a->ask[i].unit * (size_t)MIX_WAYS + w] += (double)gain[i * MIX_WAYS + w];
	}
	for (uint32_t u = 0; n && u < a->n_units; u++)
		for (size_t w = 0; n[u] && w < MIX_WAYS; w++)
			of_user[u * (size_t)MIX_WAYS + w] = (float)(sum[u * (size_t)MIX_WAYS + w] / n[u]);
	mem_free(sum);
	mem_free(n);
	return n != NULL;
}

static bool answer(struct measuring *m, const struct asks *a, const struct snapshot *base, const struct split *on, bool in_any_order,
		   unsigned round, struct ordering *o, struct err *err)
{
	const char *words = m->d->n_items > MANY_ITEMS ? SASREC " loss=sampled-ce" : SASREC;
	const struct snapshot *s = rewards_train(m, on, "sasrec", words, false, round, err);
	struct mix_order order = { 0 };
	float *gain = s ? mem_alloc(a->n * MIX_WAYS + 1, sizeof(*gain), err) : NULL;
	bool good = gain && mix_order_init(&order, on, snapshot_ref(s), in_any_order, &m->task, err) &&
		    mix_answer(a, base, &order, REWARDS_K, m->seed + round, &m->task, gain, err) &&
		    keep_means(a, gain, o->gain[in_any_order], err);

	snapshot_unref(s);
	mix_order_done(&order);
	mem_free(gain);
	return good;
}

static bool one_round(struct measuring *m, unsigned round, struct ordering *o, struct err *err)
{
	const struct split *split = hold_out_people(m, round, err), *mixed = split ? shuffled(m, split, round, err) : NULL;
	const struct snapshot *base = mixed ? rewards_train(m, split, "ials", IALS, false, round, err) : NULL;
	struct asks a = { 0 };
	bool good = base && asks_of_people(&a, split, ASKED_MOST, err) && answer(m, &a, base, split, false, round, o, err) &&
		    answer(m, &a, base, mixed, true, round, o, err);

	asks_done(&a);
	snapshot_unref(base);
	split_unref(mixed);
	split_unref(split);
	return good;
}

/* --- all rounds ------------------------------------------------------------------------------------------- */

/* The way that is best for the people of the other rounds. */
static size_t best_way(const struct measuring *m, const struct ordering *o, unsigned round, int which)
{
	double sum[MIX_WAYS] = { 0 };
	size_t best = 0;

	for (uint32_t u = 0; u < m->d->n_users; u++)
		for (size_t w = 0; o->round[u] != round && w < MIX_WAYS && !isnan(o->gain[which][u * (size_t)MIX_WAYS]); w++)
			sum[w] += (double)o->gain[which][u * (size_t)MIX_WAYS + w];
	for (size_t w = 1; w < MIX_WAYS; w++)
		best = sum[w] > sum[best] ? w : best;
	return best;
}

static void take_round(struct measuring *m, const struct ordering *o, unsigned round, struct rewards_tally *t)
{
	const size_t with = best_way(m, o, round, 0), without = best_way(m, o, round, 1);

	for (uint32_t u = 0; u < m->d->n_users; u++) {
		bool mine = o->round[u] == round;

		m->with[u] = mine ? o->gain[0][u * (size_t)MIX_WAYS + with] : NAN;
		m->without[u] = mine ? o->gain[1][u * (size_t)MIX_WAYS + without] : NAN;
	}
	rewards_tally_add(t, m);
}

static bool ordering_init(struct ordering *o, const struct measuring *m, struct err *err)
{
	const size_t n = (size_t)m->d->n_users * MIX_WAYS;

	o->round = mem_alloc((size_t)m->d->n_users + 1, 1, err);
	o->gain[0] = o->round ? mem_alloc(2 * n + 1, sizeof(*o->gain[0]), err) : NULL;
	if (!o->gain[0])
		return false;
	o->gain[1] = o->gain[0] + n;
	for (size_t k = 0; k < 2 * n; k++)
		o->gain[0][k] = NAN;
	for (uint32_t u = 0; u < m->d->n_users; u++)
		o->round[u] = round_of(m, u);
	return true;
}

bool rewards_of_order(struct measuring *m, struct err *err)
{
	struct ordering o = { 0 };
	struct rewards_tally t = { 0 };
	bool good = ordering_init(&o, m, err) && rewards_tally_init(&t, m->d->n_users, true, err);

	for (unsigned round = 0; good && round < REWARDS_ROUNDS; round++)
		good = one_round(m, round, &o, err);
	for (unsigned round = 0; good && round < REWARDS_ROUNDS; round++)
		take_round(m, &o, round, &t);
	good = good && rewards_tell(m, REWARD_ORDER, &t, "histories in their order", "in a random order", err);
	rewards_tally_done(&t);
	mem_free(o.gain[0]);
	mem_free(o.round);
	return good;
}
