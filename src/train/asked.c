/* SPDX-License-Identifier: GPL-3.0-or-later */
/* asked.c - see asked.h. */
#include "train/asked.h"

#include <math.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "eval/metrics.h"
#include "eval/rank_lists.h"

/* --- what is asked ---------------------------------------------------------------------------------------- */

static bool has_train(const struct split *s, uint32_t u)
{
	return csr_row_n(&s->train, u) > 0;
}

/* Lists leave out what the history holds. */
static bool is_known(const struct split *s, uint32_t u, size_t at)
{
	const struct dataset *d = s->data;

	for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++)
		if (d->item[e] == d->item[at] && (s->part[e] == PART_TRAIN || (s->part[e] == PART_TEST && e < at)))
			return true;
	return false;
}

bool asks_of_last(struct asks *a, const struct split *split, struct err *err)
{
	const struct dataset *d = split->data;

	*a = (struct asks){ .split = split, .in_time = d->has_order, .n_units = d->n_users };
	a->ask = mem_alloc(split->n_test + 1, sizeof(*a->ask), err);
	for (uint32_t u = 0; a->ask && u < d->n_users; u++)
		for (size_t e = d->user_ptr[u]; has_train(split, u) && e < d->user_ptr[u + 1]; e++)
			if (split->part[e] == PART_TEST && split->item_train[d->item[e]] && !is_known(split, u, e))
				a->ask[a->n++] = (struct ask){ .user = u, .item = d->item[e], .unit = u, .stranger = NO_USER, .at = e };
	return a->ask != NULL;
}

bool asks_of_people(struct asks *a, const struct split *split, uint32_t most, struct err *err)
{
	const struct dataset *d = split->data;

	*a = (struct asks){ .split = split, .in_time = true, .n_units = d->n_users };
	a->ask = mem_alloc(split->n_test + 1, sizeof(*a->ask), err);
	for (uint32_t u = 0; a->ask && u < d->n_users; u++) {
		size_t first = d->user_ptr[u] + 2, end = d->user_ptr[u + 1];

		if (end > most && end - most > first)
			first = end - most;
		for (size_t e = first; !has_train(split, u) && e < end; e++)
			if (split->part[e] == PART_TEST && split->item_train[d->item[e]] && !is_known(split, u, e))
				a->ask[a->n++] = (struct ask){ .user = u, .item = d->item[e], .unit = u, .stranger = NO_USER, .at = e };
	}
	return a->ask != NULL;
}

static bool took(const struct dataset *d, uint32_t u, uint32_t item)
{
	for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++)
		if (d->item[e] == item)
			return true;
	return false;
}

#define DRAWS 50

static uint32_t draw_stranger(const struct split *s, uint32_t item, struct rng *r)
{
	for (int k = 0; k < DRAWS; k++) {
		uint32_t u = rng_below(r, s->data->n_users);

		if (has_train(s, u) && !took(s->data, u, item))
			return u;
	}
	return NO_USER;
}

bool asks_of_new_items(struct asks *a, const struct split *split, uint32_t most, uint64_t seed, struct err *err)
{
	const struct dataset *d = split->data;
	uint32_t *takers = mem_zeroed((size_t)d->n_items + 1, sizeof(*takers), err);
	struct rng r = rng_stream(seed, "asked.new", 0, 0);

	*a = (struct asks){ .split = split, .new_items = true, .n_units = d->n_items };
	a->ask = takers ? mem_alloc(split->n_test + 1, sizeof(*a->ask), err) : NULL;
	for (size_t e = 0; a->ask && e < d->n_events; e++)
		takers[d->item[e]] += split->part[e] == PART_TEST;
	for (uint32_t u = 0; a->ask && u < d->n_users; u++)
		for (size_t e = d->user_ptr[u]; has_train(split, u) && e < d->user_ptr[u + 1]; e++) {
			uint32_t i = d->item[e];

			if (split->part[e] == PART_TEST && !split->item_train[i] && rng_uniform(&r) * takers[i] < most)
				a->ask[a->n++] = (struct ask){ .user = u, .item = i, .unit = i,
							       .stranger = draw_stranger(split, i, &r), .at = e };
		}
	mem_free(takers);
	return a->ask != NULL;
}

void asks_done(struct asks *a)
{
	mem_free(a->ask);
	*a = (struct asks){ 0 };
}

/* --- the answers ------------------------------------------------------------------------------------------ */

struct asker {
	uint32_t *items;
	float *x;
	uint32_t *stamp; /* [I] which ask met the item last, + 1 */
	uint32_t *place; /* [I] where it stands in items */
};
struct answering {
	const struct asks *asks;
	const struct asking *how;
	const struct snapshot *s;
	size_t longest;
	struct asker *asker; /* [slots] */
};

/* Newest first, an item where it came last, values summed; then turned round. */
static uint32_t history(const struct answering *w, struct asker *b, size_t i, uint32_t user, size_t end)
{
	const struct split *s = w->asks->split;
	const struct dataset *d = s->data;
	uint32_t n = 0;

	for (size_t e = end; e-- > d->user_ptr[user];) {
		uint32_t item = d->item[e];

		if (s->part[e] != PART_TRAIN && !(w->asks->in_time && s->part[e] == PART_TEST))
			continue;
		if (b->stamp[item] == i + 1) {
			b->x[b->place[item]] += dataset_value(d, e);
			continue;
		}
		b->stamp[item] = (uint32_t)i + 1;
		b->place[item] = n;
		b->x[n] = dataset_value(d, e);
		b->items[n++] = item;
	}
	for (uint32_t k = 0; k < n / 2; k++) {
		uint32_t item = b->items[k];
		float x = b->x[k];

		b->items[k] = b->items[n - 1 - k];
		b->x[k] = b->x[n - 1 - k];
		b->items[n - 1 - k] = item;
		b->x[n - 1 - k] = x;
	}
	return w->how->oldest && w->how->oldest < n ? w->how->oldest : n;
}

static bool give(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	const struct answering *w = ctx;
	const struct ask *a = &w->asks->ask[i];
	const struct dataset *d = w->asks->split->data;
	struct asker *b = &w->asker[slot];
	uint32_t who = w->how->of_strangers ? a->stranger : a->user, n = 0;

	(void)err;
	if (who != NO_USER)
		n = history(w, b, i, who, w->asks->in_time && !w->how->of_strangers ? a->at : d->user_ptr[who + 1]);
	*out = (struct query){ .items = b->items, .x = w->s->values ? b->x : NULL, .n = n, .user = who,
			       .fold_in = w->how->fold_in };
	return true;
}

static bool make_askers(struct answering *w, unsigned slots, struct err *err)
{
	const struct dataset *d = w->asks->split->data;

	for (uint32_t u = 0; u < d->n_users; u++)
		if (d->user_ptr[u + 1] - d->user_ptr[u] > w->longest)
			w->longest = d->user_ptr[u + 1] - d->user_ptr[u];
	w->asker = mem_zeroed(slots, sizeof(*w->asker), err);
	for (unsigned k = 0; w->asker && k < slots; k++) {
		struct asker *b = &w->asker[k];

		if (!(b->items = mem_alloc(w->longest + 1, sizeof(*b->items), err)) ||
		    !(b->x = mem_alloc(w->longest + 1, sizeof(*b->x), err)) ||
		    !(b->stamp = mem_zeroed((size_t)d->n_items + 1, sizeof(*b->stamp), err)) ||
		    !(b->place = mem_alloc((size_t)d->n_items + 1, sizeof(*b->place), err)))
			return false;
	}
	return w->asker != NULL;
}

static void askers_done(struct answering *w, unsigned slots)
{
	for (unsigned k = 0; w->asker && k < slots; k++) {
		mem_free(w->asker[k].items);
		mem_free(w->asker[k].x);
		mem_free(w->asker[k].stamp);
		mem_free(w->asker[k].place);
	}
	mem_free(w->asker);
}

static uint64_t *bar(const struct asks *a, struct err *err)
{
	const struct dataset *d = a->split->data;
	uint64_t *bits = mem_zeroed(bits_words(d->n_items), sizeof(*bits), err);

	for (uint32_t i = 0; bits && i < d->n_items; i++)
		if (a->new_items || !a->split->item_train[i])
			bits_add(bits, i);
	/* Of new items those that are asked for, not what nobody of these users took. */
	for (size_t k = 0; bits && a->new_items && k < a->n; k++)
		if (bits_has(bits, a->ask[k].item))
			bits_flip(bits, a->ask[k].item);
	return bits;
}

/* ndcg of a list with one item to be found. */
static double gain_at(const struct ranked_lists *l, size_t i, uint32_t item)
{
	for (uint32_t r = 0; r < l->count[i]; r++)
		if (l->item[i * l->k + r] == item)
			return 1 / log2(r + 2.0);
	return 0;
}

static bool mean_by_unit(const struct asks *a, const struct ranked_lists *l, float *unit, struct err *err)
{
	double *sum = mem_zeroed((size_t)a->n_units + 1, sizeof(*sum), err);
	uint32_t *n = sum ? mem_zeroed((size_t)a->n_units + 1, sizeof(*n), err) : NULL;

	for (size_t i = 0; n && i < a->n; i++) {
		sum[a->ask[i].unit] += gain_at(l, i, a->ask[i].item);
		n[a->ask[i].unit]++;
	}
	for (uint32_t u = 0; n && u < a->n_units; u++)
		unit[u] = n[u] ? (float)(sum[u] / n[u]) : NAN;
	mem_free(sum);
	mem_free(n);
	return n != NULL;
}

bool asks_answer(const struct asks *a, const struct asking *how, const struct snapshot *s, const struct task *task,
		 float *unit, struct err *err)
{
	struct answering w = { .asks = a, .how = how, .s = s };
	struct rank_options o = { .k = how->k };
	struct ranked_lists lists = { 0 };
	unsigned slots = task_slots(task);
	uint64_t *barred = bar(a, err);
	bool good = barred && make_askers(&w, slots, err);

	o.barred = barred;
	good = good && rank_lists(s->model, a->split->data->n_items, give, &w, a->n, &o, task, &lists, err) &&
	       mean_by_unit(a, &lists, unit, err);
	ranked_lists_done(&lists);
	askers_done(&w, slots);
	mem_free(barred);
	return good;
}
