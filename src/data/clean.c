/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/clean.h"

#include <string.h>

#include "base/mem.h"

bool cleaner_init(struct cleaner *c, uint32_t n_items, struct err *err)
{
	c->owner = mem_zeroed((size_t)n_items + 1, sizeof(*c->owner), err);
	c->kept = c->owner ? mem_alloc((size_t)n_items + 1, sizeof(*c->kept), err) : NULL;
	return c->kept != NULL;
}

void cleaner_done(struct cleaner *c)
{
	mem_free(c->owner);
	mem_free(c->kept);
	memset(c, 0, sizeof(*c));
}

/* `at` repeats the card kept at *kept.  Returns the card that goes. */
static size_t fold_pair(struct card *card, enum dedupe how, bool has_value, size_t at, uint32_t *kept)
{
	size_t out = at;

	if (how == DEDUPE_SUM) {
		card[*kept].value += card[at].value;
	} else if (how == DEDUPE_MAX && has_value && card[at].value > card[*kept].value) {
		out = *kept;
		*kept = (uint32_t)at;
	}
	return out;
}

size_t clean_repeats(struct cleaner *c, uint32_t user, struct card *card, size_t n, enum dedupe how, bool has_value)
{
	size_t removed = 0;

	for (size_t k = 0; k < n; k++) {
		size_t at = how == DEDUPE_FIRST ? k : n - 1 - k;
		uint32_t i = card[at].item;

		if (c->owner[i] != user + 1) {
			c->owner[i] = user + 1;
			c->kept[i] = (uint32_t)at;
			continue;
		}
		card[fold_pair(card, how, has_value, at, &c->kept[i])].item = NO_ITEM;
		removed++;
	}
	return removed;
}

struct core {
	struct cards *c;
	uint32_t min_user, min_item;
	uint32_t *of_user, *of_item; /* events left */
};

static void count_bucket(struct core *w, size_t bucket)
{
	for (struct card_chunk *k = w->c->bucket[bucket].first; k; k = k->next)
		for (uint32_t e = 0; e < k->n; e++) {
			w->of_user[card_user(bucket, &k->card[e])]++;
			w->of_item[k->card[e].item]++;
		}
}

/* Returns how many went. */
static uint64_t sweep_bucket(struct core *w, size_t bucket)
{
	uint64_t removed = 0;

	for (struct card_chunk *k = w->c->bucket[bucket].first; k; k = k->next)
		for (uint32_t e = 0; e < k->n; e++) {
			uint32_t u = card_user(bucket, &k->card[e]), i = k->card[e].item;

			if (i == NO_ITEM || (w->of_user[u] >= w->min_user && w->of_item[i] >= w->min_item))
				continue;
			k->card[e].item = NO_ITEM;
			w->of_user[u]--;
			w->of_item[i]--;
			removed++;
		}
	return removed;
}

bool clean_core(struct cards *c, uint32_t n_users, uint32_t n_items, uint32_t min_user, uint32_t min_item,
		uint64_t *removed, const struct task *task, struct err *err)
{
	struct core w = { .c = c, .min_user = min_user, .min_item = min_item };
	uint64_t went = 1;
	bool fine = false;

	*removed = 0;
	if (min_user <= 1 && min_item <= 1)
		return true;
	w.of_user = mem_zeroed((size_t)n_users + 1, sizeof(*w.of_user), err);
	w.of_item = w.of_user ? mem_zeroed((size_t)n_items + 1, sizeof(*w.of_item), err) : NULL;
	fine = w.of_item != NULL;
	for (size_t b = 0; fine && b < c->n_buckets; b++)
		count_bucket(&w, b);
	while (fine && went) {
		went = 0;
		for (size_t b = 0; fine && b < c->n_buckets; b++) {
			went += sweep_bucket(&w, b);
			fine = b % 64 || task_keep_going(task) || task_cancelled(err);
		}
		*removed += went;
	}
	mem_free(w.of_user);
	mem_free(w.of_item);
	return fine;
}
