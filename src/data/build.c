/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Buckets of cards into the arrays of a dataset: by user, by time, ties by their place in the file.
 *
 * Only where cleaning took events out are users and items numbered anew (renumber.c); for that each event
 * remembers its place in the file.
 *
 * Memory, an event: its card (24 bytes, and what its chunk does not use yet), the arrays (16), the place (4). */
#include "data/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define GROUP_EVENTS (1u << 15) /* buckets are put in order so many events at a time */
#define CHUNK_EVENTS (1u << 17)
#define SHORT_RUN 12

struct building {
	struct dataset *d;
	const struct cards *cards;
	struct event_has has;
	uint32_t *place;  /* [n] place in the file, or NULL */
	size_t *start;    /* [buckets + 1] */
	uint32_t *group;  /* [groups + 1] first bucket of each */
	struct sort_scratch *sort; /* one a slot */
	struct err *slot_err;      /* one a slot */
};

struct sort_key {
	int64_t time, order;
	size_t from;
};

/* Of one thread: a bucket on its way. */
struct sort_scratch {
	struct card *card; /* [cap] */
	int64_t *order;    /* [cap] where there is one */
	uint64_t *radix;   /* [2 cap] */
	size_t cap;
	struct sort_key *key; /* [2 cap_key] */
	size_t cap_key;
};

/* Bounds of runs of users with about `events` events each. */
uint32_t *build_user_chunks(const size_t *user_ptr, uint32_t n_users, size_t *n_chunks, struct err *err)
{
	size_t n = user_ptr[n_users] / CHUNK_EVENTS + 1, k = 0;
	uint32_t *bound = mem_alloc(n + 2, sizeof(*bound), err);

	if (!bound)
		return NULL;
	bound[0] = 0;
	for (uint32_t u = 0; u < n_users; u++)
		if (user_ptr[u + 1] - user_ptr[bound[k]] >= CHUNK_EVENTS)
			bound[++k] = u + 1;
	if (bound[k] < n_users)
		bound[++k] = n_users;
	*n_chunks = k;
	return bound;
}

/* Where each bucket starts, and groups of them. */
static bool cut_buckets(struct building *w, size_t *n_groups, struct err *err)
{
	const size_t n = w->cards->n_buckets;
	size_t k = 0;

	w->start = mem_alloc(n + 1, sizeof(*w->start), err);
	w->group = w->start ? mem_alloc(w->cards->n_events / GROUP_EVENTS + 3, sizeof(*w->group), err) : NULL;
	if (!w->group)
		return false;
	w->start[0] = 0;
	w->group[0] = 0;
	for (size_t b = 0; b < n; b++) {
		w->start[b + 1] = w->start[b] + w->cards->bucket[b].n;
		if (w->start[b + 1] - w->start[w->group[k]] >= GROUP_EVENTS)
			w->group[++k] = (uint32_t)b + 1;
	}
	if (w->group[k] < n)
		w->group[++k] = (uint32_t)n;
	*n_groups = k;
	return true;
}

static inline bool key_after(const struct sort_key *a, const struct sort_key *b)
{
	return a->time > b->time || (a->time == b->time && a->order > b->order);
}

/* Stable: short runs by insertion, then merges.  Returns where the result lies: key or tmp. */
static struct sort_key *sort_keys(struct sort_key *key, struct sort_key *tmp, size_t n)
{
	for (size_t lo = 0; lo < n; lo += SHORT_RUN) {
		size_t hi = lo + SHORT_RUN < n ? lo + SHORT_RUN : n;

		for (size_t i = lo + 1; i < hi; i++) {
			struct sort_key k = key[i];
			size_t j = i;

			for (; j > lo && key_after(&key[j - 1], &k); j--)
				key[j] = key[j - 1];
			key[j] = k;
		}
	}
	for (size_t run = SHORT_RUN; run < n; run *= 2) {
		struct sort_key *swap = key;

		for (size_t lo = 0; lo < n; lo += 2 * run) {
			size_t mid = lo + run < n ? lo + run : n, hi = lo + 2 * run < n ? lo + 2 * run : n;
			size_t a = lo, b = mid;

			for (size_t k = lo; k < hi; k++)
				tmp[k] = a < mid && (b == hi || !key_after(&key[a], &key[b])) ? key[a++] : key[b++];
		}
		key = tmp;
		tmp = swap;
	}
	return key;
}

static bool sort_room(struct sort_scratch *s, size_t n, bool order, struct err *err)
{
	if (n <= s->cap)
		return true;
	s->cap = 0;
	mem_free(s->card);
	mem_free(s->radix);
	mem_free(s->order);
	s->radix = NULL;
	s->order = NULL;
	s->card = mem_alloc(n, sizeof(*s->card), err);
	s->radix = s->card ? mem_alloc(2 * n, sizeof(*s->radix), err) : NULL;
	s->order = s->radix && order ? mem_alloc(n, sizeof(*s->order), err) : NULL;
	if (!s->radix || (order && !s->order))
		return false;
	s->cap = n;
	return true;
}

static bool key_room(struct sort_scratch *s, size_t n, struct err *err)
{
	if (n <= s->cap_key)
		return true;
	s->cap_key = 0;
	mem_free(s->key);
	s->key = mem_alloc(2 * n, sizeof(*s->key), err);
	if (s->key)
		s->cap_key = n;
	return s->key != NULL;
}

/* Is each user's part of the bucket oldest first already? */
static bool in_order(const struct sort_scratch *s, size_t n, int64_t *least, int64_t *most)
{
	int64_t last[BUCKET_USERS];
	bool sorted = true;

	for (unsigned u = 0; u < BUCKET_USERS; u++)
		last[u] = INT64_MIN;
	*least = INT64_MAX;
	*most = INT64_MIN;
	for (size_t k = 0; k < n; k++) {
		const int64_t t = s->card[k].time;
		int64_t *user_last = &last[s->card[k].who & (BUCKET_USERS - 1)];

		sorted &= t >= *user_last;
		*user_last = t;
		*least = t < *least ? t : *least;
		*most = t > *most ? t : *most;
	}
	return sorted;
}

/* Cards by time, ties as they lie: radix sort of (time - least, number of the card). */
static uint64_t *order_by_time(struct sort_scratch *s, size_t n, int64_t least, uint64_t span)
{
	uint64_t *a = s->radix, *b = s->radix + s->cap;

	for (size_t k = 0; k < n; k++)
		a[k] = (uint64_t)(s->card[k].time - least) << 32 | k;
	for (unsigned shift = 32; shift < 64 && span >> (shift - 32); shift += 11) {
		uint32_t count[2049] = { 0 };
		uint64_t *swap = a;

		for (size_t k = 0; k < n; k++)
			count[((a[k] >> shift) & 2047) + 1]++;
		for (unsigned v = 0; v < 2048; v++)
			count[v + 1] += count[v];
		for (size_t k = 0; k < n; k++)
			b[count[(a[k] >> shift) & 2047]++] = a[k];
		a = b;
		b = swap;
	}
	return a;
}

/* The same where there is an order beside the time, or times are centuries apart. */
static uint64_t *order_by_keys(struct sort_scratch *s, size_t n, bool time, bool order)
{
	struct sort_key *key;

	for (size_t k = 0; k < n; k++)
		s->key[k] = (struct sort_key){ time ? s->card[k].time : 0, order ? s->order[k] : 0, k };
	key = sort_keys(s->key, s->key + s->cap_key, n);
	for (size_t k = 0; k < n; k++)
		s->radix[k] = key[k].from;
	return s->radix;
}

/* *by: the order in which the cards are laid down; NULL: as they lie. */
static bool find_order(const struct building *w, struct sort_scratch *s, size_t n, const uint64_t **by, struct err *err)
{
	int64_t least = 0, most = 0;
	uint64_t span;

	*by = NULL;
	if (!w->cards->with_order && (!w->has.time || in_order(s, n, &least, &most)))
		return true;
	span = (uint64_t)most - (uint64_t)least;
	if (!w->cards->with_order && span <= UINT32_MAX) {
		*by = order_by_time(s, n, least, span);
		return true;
	}
	if (!key_room(s, n, err))
		return false;
	*by = order_by_keys(s, n, w->has.time, w->cards->with_order);
	return true;
}

/* Where each user of the bucket begins, for the dataset and for laying down. */
static void place_users(struct building *w, size_t bucket, const struct sort_scratch *s, size_t n, size_t *at)
{
	const uint32_t first = (uint32_t)(bucket << BUCKET_BITS);
	size_t next = w->start[bucket];

	memset(at, 0, BUCKET_USERS * sizeof(*at));
	for (size_t k = 0; k < n; k++)
		at[s->card[k].who & (BUCKET_USERS - 1)]++;
	for (uint32_t u = 0; u < BUCKET_USERS; u++) {
		size_t of_user = at[u];

		at[u] = next;
		if (first + u < w->d->n_users)
			w->d->user_ptr[first + u] = next;
		next += of_user;
	}
}

static bool settle_bucket(struct building *w, size_t bucket, struct sort_scratch *s, struct err *err)
{
	struct dataset *d = w->d;
	const size_t n = w->cards->bucket[bucket].n;
	const uint64_t *by;
	size_t at[BUCKET_USERS];

	if (!sort_room(s, n ? n : 1, w->cards->with_order, err))
		return false;
	cards_gather(w->cards, bucket, s->card, s->order);
	place_users(w, bucket, s, n, at);
	if (!find_order(w, s, n, &by, err))
		return false;
	for (size_t k = 0; k < n; k++) {
		const struct card *card = &s->card[by ? (uint32_t)by[k] : k];
		const size_t e = at[card->who & (BUCKET_USERS - 1)]++;

		d->item[e] = card->item;
		if (d->value)
			d->value[e] = card->value;
		if (w->place)
			w->place[e] = card->place;
		if (d->time)
			d->time[e] = card->time;
		if (d->given)
			d->given[e] = (uint8_t)(card->who >> BUCKET_BITS);
	}
	return true;
}

static void settle_group(void *ctx, size_t group, unsigned slot)
{
	struct building *w = ctx;

	for (uint32_t b = w->group[group]; b < w->group[group + 1] && w->slot_err[slot].code == ERR_OK; b++)
		settle_bucket(w, b, &w->sort[slot], &w->slot_err[slot]);
}

static bool make_arrays(struct building *w, bool want_place, bool want_value, struct err *err)
{
	struct dataset *d = w->d;
	const size_t n = d->n_events;

	d->user_ptr = mem_alloc((size_t)d->n_users + 1, sizeof(*d->user_ptr), err);
	d->item = d->user_ptr ? mem_alloc(n, sizeof(*d->item), err) : NULL;
	if (!d->item)
		return false;
	d->user_ptr[d->n_users] = n;
	if (want_value && !(d->value = mem_alloc(n, sizeof(*d->value), err)))
		return false;
	if (w->has.time && !(d->time = mem_alloc(n, sizeof(*d->time), err)))
		return false;
	if (w->has.given && !(d->given = mem_alloc(n, sizeof(*d->given), err)))
		return false;
	return !want_place || (w->place = mem_alloc(n, sizeof(*w->place), err)) != NULL;
}

static bool settle(struct building *w, size_t n_groups, const struct task *task, struct err *err)
{
	const unsigned slots = task_slots(task);
	bool fine;

	w->sort = mem_must(calloc(slots, sizeof(*w->sort)));
	w->slot_err = mem_must(calloc(slots, sizeof(*w->slot_err)));
	fine = task_chunks(task, n_groups, settle_group, w) || task_cancelled(err);
	for (unsigned s = 0; s < slots; s++) {
		if (fine && w->slot_err[s].code != ERR_OK) { /* all that can fail is memory */
			*err = w->slot_err[s];
			fine = false;
		}
		mem_free(w->sort[s].card);
		mem_free(w->sort[s].order);
		mem_free(w->sort[s].radix);
		mem_free(w->sort[s].key);
	}
	free(w->sort);
	free(w->slot_err);
	return fine;
}

bool build_events(struct dataset *d, struct cards *take, struct event_has has, struct strtab *users,
		  struct strtab *items, const struct clean_rules *rules, struct clean_counts *counts,
		  uint32_t **item_map, const struct task *task, struct err *err)
{
	struct building w = { .d = d, .cards = take, .has = has };
	const bool cleans = rules->dedupe != DEDUPE_NONE || rules->min_user > 1 || rules->min_item > 1;
	size_t n_groups;
	bool fine;

	d->user_ids = *users;
	d->item_ids = *items;
	strtab_init(users);
	strtab_init(items);
	d->n_users = d->user_ids.n;
	d->n_items = d->item_ids.n;
	d->n_events = take->n_events;
	*item_map = NULL;
	/* Users without events, should there be any behind the last bucket. */
	fine = cards_deal(take, NULL, 0, d->n_users, task, err) && cut_buckets(&w, &n_groups, err) &&
	       make_arrays(&w, cleans, has.value || rules->dedupe == DEDUPE_SUM, err) && settle(&w, n_groups, task, err);
	cards_done(take);
	mem_free(w.start);
	mem_free(w.group);
	fine = fine && clean_duplicates(d, rules->dedupe, &counts->duplicates, task, err) &&
	       clean_core(d, rules->min_user, rules->min_item, &counts->outside_core, task, err);
	if (fine && counts->duplicates + counts->outside_core) {
		fine = build_renumber(d, w.place, item_map, task, err);
		w.place = NULL;
	}
	mem_free(w.place);
	return fine;
}
