/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rewards_mix.c - see rewards_mix.h. */
#include "train/rewards_mix.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

static const float reader_share[] = { 0, 0.25f, 0.5f, 1 }, follower_weight[] = { 0, 0.5f, 1, 2, 4 };
#define N_SHARES (sizeof(reader_share) / sizeof(*reader_share))
#define N_WEIGHTS (sizeof(follower_weight) / sizeof(*follower_weight))
_Static_assert(N_SHARES * N_WEIGHTS == MIX_WAYS, "each share with each weight");

/* --- followers -------------------------------------------------------------------------------------------- */

#define BY_CHANCE 2
#define LONGEST 2000 /* a longer history expects next to nothing of each pair, at a cost that grows as its square */

struct counting {
	const struct split *split;
	struct csr users;          /* of each item */
	double *expected;          /* [I] behind the item at hand */
	uint32_t *count;           /* [I] */
};

/* For each pair of train events in line, the later one, by the earlier. */
static bool list_followers(struct mix_order *o, const struct split *split, struct err *err)
{
	const struct dataset *d = split->data;

	o->ptr = mem_zeroed((size_t)d->n_items + 2, sizeof(*o->ptr), err);
	o->follower = o->ptr ? mem_alloc(d->n_events + 1, sizeof(*o->follower), err) : NULL;
	o->weight = o->follower ? mem_alloc(d->n_events + 1, sizeof(*o->weight), err) : NULL;
	for (int fill = 0; o->weight && fill < 2; fill++) {
		for (uint32_t u = 0; u < d->n_users; u++)
			for (size_t e = d->user_ptr[u] + 1; e < d->user_ptr[u + 1]; e++) {
				if (split->part[e] != PART_TRAIN || split->part[e - 1] != PART_TRAIN)
					continue;
				if (fill)
					o->follower[o->ptr[d->item[e - 1] + 1]++] = d->item[e];
				else
					o->ptr[d->item[e - 1] + 2]++;
			}
		for (uint32_t i = 0; !fill && i < d->n_items; i++)
			o->ptr[i + 2] += o->ptr[i + 1];
	}
	return o->weight != NULL;
}

static void expect(struct counting *c, uint32_t item)
{
	const struct csr *x = &c->split->train;

	for (size_t k = c->users.ptr[item]; k < c->users.ptr[item + 1]; k++) {
		uint32_t u = c->users.idx[k], n = (uint32_t)csr_row_n(x, u);

		for (uint32_t at = 0; n <= LONGEST && at < n; at++)
			c->expected[csr_row(x, u)[at]] += 1.0 / n;
	}
}

/* Writes over the item's followers those that count, each once; returns where they end. */
static size_t weigh(struct mix_order *o, struct counting *c, size_t from, size_t to, size_t at)
{
	for (size_t k = from; k < to; k++)
		c->count[o->follower[k]]++;
	for (size_t k = from; k < to; k++) {
		uint32_t j = o->follower[k];
		double n = c->count[j], e = fmax(c->expected[j], 1e-6), weight = n > e ? sqrt(2 * (n * log(n / e) - n + e)) - BY_CHANCE : 0;

		c->count[j] = 0;
		if (n > 0 && weight > 0) {
			o->follower[at] = j;
			o->weight[at++] = (float)weight;
		}
	}
	return at;
}

static bool weigh_all(struct mix_order *o, struct counting *c, const struct task *task, struct err *err)
{
	const uint32_t n_items = c->split->data->n_items;
	size_t at = 0, from = 0;

	for (uint32_t i = 0; i < n_items; i++) {
		size_t to = o->ptr[i + 1];

		if (to > from && !task_keep_going(task))
			return task_cancelled(err);
		if (to > from)
			expect(c, i);
		o->ptr[i] = at;
		at = weigh(o, c, from, to, at);
		for (size_t k = c->users.ptr[i]; to > from && k < c->users.ptr[i + 1]; k++)
			for (size_t e = 0; e < csr_row_n(&c->split->train, c->users.idx[k]); e++)
				c->expected[csr_row(&c->split->train, c->users.idx[k])[e]] = 0;
		from = to;
	}
	o->ptr[n_items] = at;
	return true;
}

bool mix_order_init(struct mix_order *o, const struct split *split, const struct snapshot *reader, bool shuffled,
		    const struct task *task, struct err *err)
{
	struct counting c = { .split = split };
	bool good;

	*o = (struct mix_order){ .reader = reader, .shuffled = shuffled };
	c.expected = mem_zeroed((size_t)split->data->n_items + 1, sizeof(*c.expected), err);
	c.count = c.expected ? mem_zeroed((size_t)split->data->n_items + 1, sizeof(*c.count), err) : NULL;
	good = c.count && list_followers(o, split, err) && csr_transpose(&c.users, &split->train, task, err) &&
	       weigh_all(o, &c, task, err);
	csr_done(&c.users);
	mem_free(c.expected);
	mem_free(c.count);
	return good;
}

void mix_order_done(struct mix_order *o)
{
	snapshot_unref(o->reader);
	mem_free(o->ptr);
	mem_free(o->follower);
	mem_free(o->weight);
	*o = (struct mix_order){ 0 };
}

/* --- one ask ---------------------------------------------------------------------------------------------- */

struct mix_slot {
	struct scratch base_scratch, reader_scratch;
	float *base, *reader, *follow; /* [I] */
	uint8_t *out;                  /* [I] no candidate */
	uint32_t *items;               /* [longest] */
	struct err err;
};
struct mixing {
	const struct asks *asks;
	const struct snapshot *base;
	const struct mix_order *order;
	uint32_t k;
	uint64_t seed;
	size_t longest;
	struct mix_slot *slot;
	float *gain;
	atomic_bool failed;
};

/* Oldest first, an item where it came last. */
static uint32_t history_of(const struct mixing *m, struct mix_slot *b, size_t i)
{
	const struct ask *a = &m->asks->ask[i];
	const struct split *s = m->asks->split;
	const struct dataset *d = s->data;
	uint32_t n = 0;

	for (uint32_t item = 0; item < d->n_items; item++)
		b->out[item] = !s->item_train[item];
	for (size_t e = a->at; e-- > d->user_ptr[a->user];) {
		if (b->out[d->item[e]] == 2)
			continue;
		b->out[d->item[e]] = 2;
		b->items[n++] = d->item[e];
	}
	for (uint32_t k = 0; k < n / 2; k++) {
		uint32_t item = b->items[k];

		b->items[k] = b->items[n - 1 - k];
		b->items[n - 1 - k] = item;
	}
	if (m->order->shuffled) {
		struct rng r = rng_stream(m->seed, "rewards.asked", i, 0);

		rng_shuffle_u32(&r, b->items, n);
	}
	return n;
}

static void standardise(const uint8_t *out, uint32_t n_items, float *v)
{
	double sum = 0, squares = 0, n = 0, mean, by;

	for (uint32_t i = 0; i < n_items; i++)
		if (!out[i]) {
			sum += (double)v[i];
			squares += (double)v[i] * (double)v[i];
			n++;
		}
	mean = n > 0 ? sum / n : 0;
	by = n > 0 ? squares / n - mean * mean : 0;
	by = by > 0 ? 1 / sqrt(by) : 0;
	for (uint32_t i = 0; i < n_items; i++)
		v[i] = (float)(((double)v[i] - mean) * by);
}

static void follow(const struct mixing *m, struct mix_slot *b, uint32_t newest, bool set)
{
	const struct mix_order *o = m->order;

	for (size_t k = o->ptr[newest]; k < o->ptr[newest + 1]; k++)
		b->follow[o->follower[k]] = set ? o->weight[k] : 0;
}

/* ndcg of a list with one item to be found; ties go to the lower item. */
static float gain_of(const struct mixing *m, const struct mix_slot *b, uint32_t item, float share, float weight)
{
	const uint32_t n = m->asks->split->data->n_items;
	float mine = (1 - share) * b->base[item] + share * b->reader[item] + weight * b->follow[item];
	uint32_t rank = 1;

	for (uint32_t i = 0; i < n && rank <= m->k; i++) {
		float other = (1 - share) * b->base[i] + share * b->reader[i] + weight * b->follow[i];

		rank += !b->out[i] && (other > mine || (other >= mine && i < item));
	}
	return rank <= m->k ? (float)(1 / log2(rank + 1.0)) : 0;
}

static bool mix_one(const struct mixing *m, struct mix_slot *b, size_t i)
{
	const struct ask *a = &m->asks->ask[i];
	const uint32_t n_items = m->asks->split->data->n_items, n = history_of(m, b, i);
	const struct query asked = { .items = b->items, .n = n, .user = NO_USER, .fold_in = true };

	if (!model_score_all(m->base->model, &asked, &b->base_scratch, b->base, n_items, &b->err) ||
	    !model_score_all(m->order->reader->model, &asked, &b->reader_scratch, b->reader, n_items, &b->err))
		return false;
	standardise(b->out, n_items, b->base);
	standardise(b->out, n_items, b->reader);
	follow(m, b, b->items[n - 1], true);
	for (size_t s = 0; s < N_SHARES; s++)
		for (size_t w = 0; w < N_WEIGHTS; w++)
			m->gain[i * MIX_WAYS + s * N_WEIGHTS + w] = gain_of(m, b, a->item, reader_share[s], follower_weight[w]);
	follow(m, b, b->items[n - 1], false);
	return true;
}

/* --- all -------------------------------------------------------------------------------------------------- */

#define ASKS_A_CHUNK 16

static void mix_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct mixing *m = ctx;

	for (size_t i = chunk * ASKS_A_CHUNK; i < (chunk + 1) * ASKS_A_CHUNK && i < m->asks->n; i++)
		if (!mix_one(m, &m->slot[slot], i)) {
			atomic_store(&m->failed, true);
			return;
		}
}

static bool make_slots(struct mixing *m, unsigned slots, struct err *err)
{
	const struct dataset *d = m->asks->split->data;
	const size_t n = (size_t)d->n_items + 1;

	for (uint32_t u = 0; u < d->n_users; u++)
		if (d->user_ptr[u + 1] - d->user_ptr[u] > m->longest)
			m->longest = d->user_ptr[u + 1] - d->user_ptr[u];
	m->slot = mem_zeroed(slots, sizeof(*m->slot), err);
	for (unsigned k = 0; m->slot && k < slots; k++) {
		struct mix_slot *b = &m->slot[k];

		if (!(b->base = mem_alloc(n, sizeof(*b->base), err)) || !(b->reader = mem_alloc(n, sizeof(*b->reader), err)) ||
		    !(b->follow = mem_zeroed(n, sizeof(*b->follow), err)) || !(b->out = mem_alloc(n, 1, err)) ||
		    !(b->items = mem_alloc(m->longest + 1, sizeof(*b->items), err)))
			return false;
	}
	return m->slot != NULL;
}

static void slots_done(struct mixing *m, unsigned slots)
{
	for (unsigned k = 0; m->slot && k < slots; k++) {
		struct mix_slot *b = &m->slot[k];

		scratch_done(&b->base_scratch);
		scratch_done(&b->reader_scratch);
		mem_free(b->base);
		mem_free(b->reader);
		mem_free(b->follow);
		mem_free(b->out);
		mem_free(b->items);
	}
	mem_free(m->slot);
}

static bool first_failure(const struct mixing *m, unsigned slots, struct err *err)
{
	for (unsigned k = 0; k < slots; k++)
		if (m->slot[k].err.code != ERR_OK) {
			*err = m->slot[k].err;
			return false;
		}
	return true;
}

bool mix_answer(const struct asks *a, const struct snapshot *base, const struct mix_order *o, uint32_t k, uint64_t seed,
		const struct task *task, float *gain, struct err *err)
{
	struct mixing m = { .asks = a, .base = base, .order = o, .k = k, .seed = seed, .gain = gain };
	const unsigned slots = task_slots(task);
	bool good = make_slots(&m, slots, err);

	if (good && !task_chunks(task, (a->n + ASKS_A_CHUNK - 1) / ASKS_A_CHUNK, mix_chunk, &m))
		good = task_cancelled(err);
	good = good && first_failure(&m, slots, err);
	slots_done(&m, slots);
	return good;
}
