/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Buckets of cards into the arrays of a dataset.
 *
 * DESIGN: two rounds over the buckets, which threads share out.  The first puts a bucket in order, by user,
 * by time, ties by their place in the file; takes repeats out; and notes where in the file each user and
 * item is first kept.  The second, once the numbers of users and items are known, lays the cards down in
 * arrays of just the size.  Nothing depends on which thread takes which bucket: firsts are least places.
 *
 * Memory, an event: its card (24 bytes, and what its chunk does not use), and then its place in the arrays
 * (16). */
#include "data/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/clean.h"
#include "data/renumber.h"

#define GROUP_EVENTS (1u << 15) /* buckets are put in order so many events at a time */
#define CHUNK_EVENTS (1u << 17)
#define SHORT_RUN 12

struct building {
	struct dataset *d;
	struct cards *cards;
	struct event_has has;
	const struct clean_rules *rules;
	uint32_t *group;      /* [groups + 1] first bucket of each */
	size_t n_groups;
	uint32_t *of_user;    /* [U] events kept */
	uint32_t *first_user; /* [U] place of the first kept event; UINT32_MAX: none */
	size_t *at;           /* [U] where the user's next event is laid */
	const uint32_t *item_map; /* NULL: items keep their numbers */
	struct slot *slot;
	unsigned n_slots;
	bool notes_firsts;
};

struct sort_key {
	int64_t time, order;
	size_t from;
};

/* Of one thread: a bucket on its way, and what it found so far. */
struct slot {
	struct card *card, *sorted; /* [cap] */
	int64_t *order;             /* [cap] where there is one */
	uint64_t *radix;            /* [2 cap] */
	size_t cap;
	struct sort_key *key; /* [2 cap_key] */
	size_t cap_key;
	struct cleaner cleaner;
	uint32_t *first_item; /* [I] as first_user, of this thread's buckets */
	uint64_t removed;
	struct err err;
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

/* Groups of buckets with about GROUP_EVENTS events. */
static bool cut_buckets(struct building *w, struct err *err)
{
	const size_t n = w->cards->n_buckets;
	size_t k = 0, events = 0;

	w->group = mem_alloc(w->cards->n_events / GROUP_EVENTS + 3, sizeof(*w->group), err);
	if (!w->group)
		return false;
	w->group[0] = 0;
	for (size_t b = 0; b < n; b++) {
		events += w->cards->bucket[b].n;
		if (events >= GROUP_EVENTS) {
			w->group[++k] = (uint32_t)b + 1;
			events = 0;
		}
	}
	if (w->group[k] < n)
		w->group[++k] = (uint32_t)n;
	w->n_groups = k;
	return true;
}

/* --- First round: order, repeats, firsts -------------------------------------- */

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

static bool sort_room(struct slot *s, size_t n, bool order, struct err *err)
{
	if (n <= s->cap)
		return true;
	s->cap = 0;
	mem_free(s->card);
	mem_free(s->sorted);
	mem_free(s->radix);
	mem_free(s->order);
	s->sorted = NULL;
	s->radix = NULL;
	s->order = NULL;
	s->card = mem_alloc(n, sizeof(*s->card), err);
	s->sorted = s->card ? mem_alloc(n, sizeof(*s->sorted), err) : NULL;
	s->radix = s->sorted ? mem_alloc(2 * n, sizeof(*s->radix), err) : NULL;
	s->order = s->radix && order ? mem_alloc(n, sizeof(*s->order), err) : NULL;
	if (!s->radix || (order && !s->order))
		return false;
	s->cap = n;
	return true;
}

static bool key_room(struct slot *s, size_t n, struct err *err)
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
static bool in_order(const struct slot *s, size_t n, int64_t *least, int64_t *most)
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
static uint64_t *order_by_time(struct slot *s, size_t n, int64_t least, uint64_t span)
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
static uint64_t *order_by_keys(struct slot *s, size_t n, bool time, bool order)
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
static bool find_order(const struct building *w, struct slot *s, size_t n, const uint64_t **by, struct err *err)
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

/* Cards to s->sorted, by user and time; start[u]: where each user's begin. */
static void sort_bucket(struct slot *s, size_t n, const uint64_t *by, size_t start[BUCKET_USERS + 1])
{
	size_t at[BUCKET_USERS] = { 0 };

	for (size_t k = 0; k < n; k++)
		at[s->card[k].who & (BUCKET_USERS - 1)]++;
	start[0] = 0;
	for (unsigned u = 0; u < BUCKET_USERS; u++) {
		start[u + 1] = start[u] + at[u];
		at[u] = start[u];
	}
	for (size_t k = 0; k < n; k++) {
		const struct card *card = &s->card[by ? (uint32_t)by[k] : k];

		s->sorted[at[card->who & (BUCKET_USERS - 1)]++] = *card;
	}
}

/* Moves the cards that stay together; returns how many, and counts them by user. */
static size_t keep_cards(struct building *w, size_t bucket, struct card *card, size_t n)
{
	size_t kept = 0;

	for (size_t k = 0; k < n; k++)
		if (card[k].item != NO_ITEM) {
			w->of_user[card_user(bucket, &card[k])]++;
			card[kept++] = card[k];
		}
	return kept;
}

static void note_firsts(struct building *w, struct slot *s, size_t bucket, const struct card *card, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		uint32_t *user = &w->first_user[card_user(bucket, &card[k])], *item = &s->first_item[card[k].item];

		*user = card[k].place < *user ? card[k].place : *user;
		*item = card[k].place < *item ? card[k].place : *item;
	}
}

static bool tidy_bucket(struct building *w, size_t bucket, struct slot *s)
{
	const size_t n = w->cards->bucket[bucket].n;
	const uint32_t first = (uint32_t)(bucket << BUCKET_BITS);
	size_t start[BUCKET_USERS + 1], kept;
	const uint64_t *by;

	if (!n)
		return true;
	if (!sort_room(s, n, w->cards->with_order, &s->err))
		return false;
	cards_gather(w->cards, bucket, s->card, s->order);
	if (!find_order(w, s, n, &by, &s->err))
		return false;
	sort_bucket(s, n, by, start);
	for (uint32_t u = 0; w->rules->dedupe != DEDUPE_NONE && u < BUCKET_USERS; u++)
		s->removed += clean_repeats(&s->cleaner, first + u, s->sorted + start[u], start[u + 1] - start[u],
					    w->rules->dedupe, w->has.value);
	kept = keep_cards(w, bucket, s->sorted, n);
	if (w->notes_firsts)
		note_firsts(w, s, bucket, s->sorted, kept);
	cards_put_back(w->cards, bucket, s->sorted, kept);
	return true;
}

static void tidy_group(void *ctx, size_t group, unsigned slot)
{
	struct building *w = ctx;
	struct slot *s = &w->slot[slot];

	for (uint32_t b = w->group[group]; b < w->group[group + 1] && s->err.code == ERR_OK; b++)
		tidy_bucket(w, b, s);
}

static bool slots_init(struct building *w, const struct task *task, struct err *err)
{
	w->n_slots = task_slots(task);
	w->slot = mem_must(calloc(w->n_slots, sizeof(*w->slot)));
	w->of_user = mem_zeroed(w->d->n_users, sizeof(*w->of_user), err);
	w->first_user = w->of_user && w->notes_firsts ? mem_alloc(w->d->n_users, sizeof(*w->first_user), err) : NULL;
	if (!w->of_user || (w->notes_firsts && !w->first_user))
		return false;
	if (w->notes_firsts)
		memset(w->first_user, 0xff, w->d->n_users * sizeof(*w->first_user));
	for (unsigned k = 0; k < w->n_slots; k++) {
		struct slot *s = &w->slot[k];

		if (w->rules->dedupe != DEDUPE_NONE && !cleaner_init(&s->cleaner, w->d->n_items, err))
			return false;
		if (!w->notes_firsts)
			continue;
		s->first_item = mem_alloc(w->d->n_items, sizeof(*s->first_item), err);
		if (!s->first_item)
			return false;
		memset(s->first_item, 0xff, w->d->n_items * sizeof(*s->first_item));
	}
	return true;
}

/* The room for a bucket on its way. */
static void slots_shrink(struct building *w)
{
	for (unsigned k = 0; k < w->n_slots; k++) {
		struct slot *s = &w->slot[k];

		mem_free(s->card);
		mem_free(s->sorted);
		mem_free(s->order);
		mem_free(s->radix);
		mem_free(s->key);
		cleaner_done(&s->cleaner);
		s->card = s->sorted = NULL;
		s->order = NULL;
		s->radix = NULL;
		s->key = NULL;
		s->cap = s->cap_key = 0;
	}
}

static void building_done(struct building *w)
{
	slots_shrink(w);
	for (unsigned k = 0; k < w->n_slots; k++)
		mem_free(w->slot[k].first_item);
	free(w->slot);
	mem_free(w->group);
	mem_free(w->of_user);
	mem_free(w->first_user);
	mem_free(w->at);
	cards_done(w->cards);
}

static bool tidy(struct building *w, uint64_t *removed, const struct task *task, struct err *err)
{
	if (!cut_buckets(w, err) || !slots_init(w, task, err))
		return false;
	if (!task_chunks(task, w->n_groups, tidy_group, w))
		return task_cancelled(err);
	for (unsigned k = 0; k < w->n_slots; k++) {
		if (w->slot[k].err.code != ERR_OK) { /* all that can fail is memory */
			*err = w->slot[k].err;
			return false;
		}
		*removed += w->slot[k].removed;
	}
	slots_shrink(w);
	return true;
}

/* After a sweep of the k-core: once more what the first round did, without its sorting. */
static bool tidy_again(struct building *w, const struct task *task, struct err *err)
{
	struct slot *s = &w->slot[0];

	memset(w->of_user, 0, w->d->n_users * sizeof(*w->of_user));
	memset(w->first_user, 0xff, w->d->n_users * sizeof(*w->first_user));
	for (unsigned k = 0; k < w->n_slots; k++)
		memset(w->slot[k].first_item, 0xff, w->d->n_items * sizeof(*s->first_item));
	for (size_t b = 0; b < w->cards->n_buckets; b++) {
		size_t n = w->cards->bucket[b].n;

		if (!n)
			continue;
		if (b % 64 == 0 && !task_keep_going(task))
			return task_cancelled(err);
		if (!sort_room(s, n, false, err))
			return false;
		cards_gather(w->cards, b, s->card, NULL);
		n = keep_cards(w, b, s->card, n);
		note_firsts(w, s, b, s->card, n);
		cards_put_back(w->cards, b, s->card, n);
	}
	slots_shrink(w);
	return true;
}

/* --- Second round: into the arrays -------------------------------------------- */

/* users[]: old numbers in their new order; NULL: they keep them. */
static bool place_users(struct building *w, const uint32_t *users, uint32_t n_users, struct err *err)
{
	struct dataset *d = w->d;

	d->user_ptr = mem_alloc((size_t)n_users + 1, sizeof(*d->user_ptr), err);
	w->at = d->user_ptr ? mem_zeroed(d->n_users, sizeof(*w->at), err) : NULL;
	if (!w->at)
		return false;
	d->user_ptr[0] = 0;
	for (uint32_t u = 0; u < n_users; u++) {
		uint32_t old = users ? users[u] : u;

		w->at[old] = d->user_ptr[u];
		d->user_ptr[u + 1] = d->user_ptr[u] + w->of_user[old];
	}
	d->n_events = d->user_ptr[n_users];
	return true;
}

static bool make_arrays(struct dataset *d, struct event_has has, bool want_value, struct err *err)
{
	const size_t n = d->n_events;

	d->item = mem_alloc(n, sizeof(*d->item), err);
	if (!d->item || (want_value && !(d->value = mem_alloc(n, sizeof(*d->value), err))))
		return false;
	if (has.time && !(d->time = mem_alloc(n, sizeof(*d->time), err)))
		return false;
	return !has.given || (d->given = mem_alloc(n, sizeof(*d->given), err)) != NULL;
}

static void lay_group(void *ctx, size_t group, unsigned slot)
{
	struct building *w = ctx;
	struct dataset *d = w->d;

	(void)slot;
	for (uint32_t b = w->group[group]; b < w->group[group + 1]; b++)
		for (const struct card_chunk *k = w->cards->bucket[b].first; k; k = k->next)
			for (uint32_t c = 0; c < k->n; c++) {
				const struct card *card = &k->card[c];
				const size_t e = w->at[card_user(b, card)]++;

				d->item[e] = w->item_map ? w->item_map[card->item] : card->item;
				if (d->value)
					d->value[e] = card->value;
				if (d->time)
					d->time[e] = card->time;
				if (d->given)
					d->given[e] = (uint8_t)(card->who >> BUCKET_BITS);
			}
}

static bool lay_down(struct building *w, bool want_value, const struct task *task, struct err *err)
{
	return make_arrays(w->d, w->has, want_value, err) &&
	       (task_chunks(task, w->n_groups, lay_group, w) || task_cancelled(err));
}

/* Items without a number are those that the core left out. */
static bool note_absent(const struct dataset *d, const uint32_t *map, struct absent *absent, struct err *err)
{
	for (uint32_t i = 0; absent && i < d->n_items; i++)
		if (map[i] == NO_ITEM &&
		    !absent_note(absent, dataset_true_item_id(d, i), strtab_len(&d->item_ids, i),
				 (struct absent_item){ .outside_core = true }, err))
			return false;
	return true;
}

/* New numbers, and the ids in their order; *map: [items before]. */
static bool renumber(struct building *w, uint32_t **map, struct absent *absent, const struct task *task, struct err *err)
{
	struct dataset *d = w->d;
	uint32_t *first_item = w->slot[0].first_item, *users, *items = NULL, n_users, n_items;
	bool fine = false;

	for (unsigned k = 1; k < w->n_slots; k++)
		for (uint32_t i = 0; i < d->n_items; i++)
			if (w->slot[k].first_item[i] < first_item[i])
				first_item[i] = w->slot[k].first_item[i];
	users = renumber_order(w->first_user, d->n_users, &n_users, err);
	items = users ? renumber_order(first_item, d->n_items, &n_items, err) : NULL;
	*map = items ? mem_alloc(d->n_items, sizeof(**map), err) : NULL;
	if (*map && place_users(w, users, n_users, err)) {
		memset(*map, 0xff, d->n_items * sizeof(**map));
		for (uint32_t k = 0; k < n_items; k++)
			(*map)[items[k]] = k;
		fine = note_absent(d, *map, absent, err);
		d->n_users = n_users;
		d->n_items = n_items;
		fine = fine && renumber_ids(&d->user_ids, users, n_users, task, err) &&
		       renumber_ids(&d->item_ids, items, n_items, task, err);
	}
	mem_free(users);
	mem_free(items);
	w->item_map = *map;
	return fine;
}

bool build_events(struct dataset *d, struct cards *take, struct event_has has, struct strtab *users,
		  struct strtab *items, const struct clean_rules *rules, struct clean_counts *counts,
		  uint32_t **item_map, const struct task *task, struct err *err)
{
	struct building w = { .d = d, .cards = take, .has = has, .rules = rules };
	const bool core = rules->min_user > 1 || rules->min_item > 1;
	const bool want_value = has.value || rules->dedupe == DEDUPE_SUM;
	bool fine;

	w.notes_firsts = core || rules->dedupe != DEDUPE_NONE;
	d->user_ids = *users;
	d->item_ids = *items;
	strtab_init(users);
	strtab_init(items);
	d->n_users = d->user_ids.n;
	d->n_items = d->item_ids.n;
	*item_map = NULL;
	fine = tidy(&w, &counts->duplicates, task, err) &&
	       clean_core(take, d->n_users, d->n_items, rules->min_user, rules->min_item, &counts->outside_core, task, err);
	if (fine && counts->outside_core)
		fine = tidy_again(&w, task, err);
	if (fine && counts->duplicates + counts->outside_core)
		fine = renumber(&w, item_map, counts->absent, task, err);
	else if (fine)
		fine = place_users(&w, NULL, d->n_users, err);
	fine = fine && lay_down(&w, want_value, task, err);
	building_done(&w);
	return fine;
}
