/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN: the events come together by user in two steps, for one that jumps from user to user would wait
 * for memory at every event.  First they are dealt into buckets of users with about BUCKET_EVENTS events,
 * each bucket written from its start to its end; then each bucket, which a core's cache holds, is put in
 * order: by user, by time, ties by their place in the file.  Threads share out the buckets, in both steps;
 * within a bucket the file's order holds, so the result depends on nothing else.
 *
 * Only where cleaning took events out are users and items numbered anew (renumber.c); for that each event
 * remembers its place in the file.
 *
 * Memory, an event: its block (20 bytes) or its bucket (24), whichever it is in, and then the arrays (16,
 * and 4 for the place; the times are put in order where they lie). */
#include "data/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define DEAL_EVENTS (1u << 20) /* between two questions whether to go on */
#define BUCKET_EVENTS (1u << 15)
#define CHUNK_EVENTS (1u << 17)
#define SHORT_RUN 12

/* An event in its bucket. */
struct card {
	uint32_t user, item, place; /* place in the file */
	float value;
};

struct building {
	struct dataset *d;
	struct event_blocks *b;
	struct card *card; /* [n] */
	int64_t *order;    /* [n] in buckets, or NULL */
	uint32_t *place;   /* [n] in the final order, or NULL */
	size_t *cursor;    /* [U] where the user's next event goes */
	uint32_t *bucket;  /* [buckets + 1] first user of each */
	uint32_t *bucket_of; /* [U] */
	size_t *dealt;     /* [buckets] where the bucket's next card goes */
	size_t n_buckets;
	size_t n_hands;    /* buckets are dealt by so many threads */
	size_t first_block, end_block, base; /* of one step of dealing */
	struct sort_scratch *sort; /* one a slot */
	struct err *slot_err;      /* one a slot */
};

struct sort_key {
	int64_t time, order;
	size_t from;
};

struct sort_scratch {
	struct sort_key *key; /* [2 cap] of one user */
	size_t cap;
	uint64_t *radix; /* [2 cap_bucket] */
	int64_t *time;   /* [cap_bucket] a bucket's times before they are put in order */
	int64_t *last;   /* [cap_users] */
	uint8_t *given;  /* [cap_bucket] */
	size_t cap_bucket, cap_users;
};

static void block_done(struct event_block *b, bool joined)
{
	mem_free(b->user);
	if (!joined) {
		mem_free(b->item);
		mem_free(b->value);
		mem_free(b->time);
		mem_free(b->order);
		mem_free(b->given);
	}
	memset(b, 0, sizeof(*b));
}

void event_blocks_done(struct event_blocks *b)
{
	for (size_t i = 0; i < b->n; i++)
		block_done(&b->v[i], b->joined);
	mem_free(b->v);
	memset(b, 0, sizeof(*b));
}

static uint32_t *cut_users(const size_t *user_ptr, uint32_t n_users, size_t events, size_t *n_cuts, struct err *err)
{
	size_t n = user_ptr[n_users] / events + 1, k = 0;
	uint32_t *bound = mem_alloc(n + 2, sizeof(*bound), err);

	if (!bound)
		return NULL;
	bound[0] = 0;
	for (uint32_t u = 0; u < n_users; u++)
		if (user_ptr[u + 1] - user_ptr[bound[k]] >= events)
			bound[++k] = u + 1;
	if (bound[k] < n_users)
		bound[++k] = n_users;
	*n_cuts = k;
	return bound;
}

uint32_t *build_user_chunks(const size_t *user_ptr, uint32_t n_users, size_t *n_chunks, struct err *err)
{
	return cut_users(user_ptr, n_users, CHUNK_EVENTS, n_chunks, err);
}

static bool count_users(struct building *w, struct err *err)
{
	struct dataset *d = w->d;

	d->user_ptr = mem_zeroed((size_t)d->n_users + 1, sizeof(*d->user_ptr), err);
	w->cursor = mem_alloc(d->n_users, sizeof(*w->cursor), err);
	if (!d->user_ptr || !w->cursor)
		return false;
	for (size_t i = 0; i < w->b->n; i++)
		for (size_t e = 0; e < w->b->v[i].n; e++)
			d->user_ptr[w->b->v[i].user[e] + 1]++;
	for (uint32_t u = 0; u < d->n_users; u++) {
		d->user_ptr[u + 1] += d->user_ptr[u];
		w->cursor[u] = d->user_ptr[u];
	}
	return true;
}

/* --- Dealing ------------------------------------------------------------------ */

static bool make_buckets(struct building *w, struct err *err)
{
	struct dataset *d = w->d;
	const size_t n = d->n_events;

	w->bucket = cut_users(d->user_ptr, d->n_users, BUCKET_EVENTS, &w->n_buckets, err);
	w->bucket_of = w->bucket ? mem_alloc(d->n_users, sizeof(*w->bucket_of), err) : NULL;
	w->dealt = w->bucket_of ? mem_alloc(w->n_buckets, sizeof(*w->dealt), err) : NULL;
	w->card = w->dealt ? mem_alloc(n, sizeof(*w->card), err) : NULL;
	if (!w->card)
		return false;
	for (size_t k = 0; k < w->n_buckets; k++) {
		w->dealt[k] = d->user_ptr[w->bucket[k]];
		for (uint32_t u = w->bucket[k]; u < w->bucket[k + 1]; u++)
			w->bucket_of[u] = (uint32_t)k;
	}
	d->time = w->b->has_time ? mem_alloc(n, sizeof(*d->time), err) : NULL;
	d->given = w->b->has_given && (d->time || !w->b->has_time) ? mem_alloc(n, sizeof(*d->given), err) : NULL;
	if ((w->b->has_time && !d->time) || (w->b->has_given && !d->given))
		return false;
	w->order = w->b->has_order ? mem_alloc(n, sizeof(*w->order), err) : NULL;
	return w->order || !w->b->has_order;
}

/* Every hand looks at all events of the step and deals those of its own buckets. */
static void deal_hand(void *ctx, size_t hand, unsigned slot)
{
	struct building *w = ctx;
	struct dataset *d = w->d;
	const size_t lo = w->n_buckets * hand / w->n_hands, span = w->n_buckets * (hand + 1) / w->n_hands - lo;
	size_t base = w->base;

	(void)slot;
	for (size_t k = w->first_block; k < w->end_block; base += w->b->v[k++].n) {
		const struct event_block *b = &w->b->v[k];

		for (size_t e = 0; e < b->n; e++) {
			const size_t bucket = w->bucket_of[b->user[e]];
			size_t at;

			if (bucket - lo >= span)
				continue;
			at = w->dealt[bucket]++;
			w->card[at] = (struct card){ b->user[e], b->item[e], (uint32_t)(base + e),
						     b->value ? b->value[e] : 1.0f };
			if (d->time)
				d->time[at] = b->time[e];
			if (d->given)
				d->given[at] = b->given ? b->given[e] : b->part;
			if (w->order)
				w->order[at] = b->order[e];
		}
	}
}

static bool deal(struct building *w, const struct task *task, struct err *err)
{
	bool fine = true;

	w->n_hands = task_slots(task);
	w->base = 0;
	for (w->first_block = 0; fine && w->first_block < w->b->n; w->first_block = w->end_block) {
		size_t n = 0;

		for (w->end_block = w->first_block; w->end_block < w->b->n && n < DEAL_EVENTS; w->end_block++)
			n += w->b->v[w->end_block].n;
		fine = task_chunks(task, w->n_hands, deal_hand, w) || task_cancelled(err);
		for (size_t k = w->first_block; k < w->end_block; k++)
			block_done(&w->b->v[k], w->b->joined);
		w->base += n;
	}
	return fine;
}

/* --- Order within a bucket ---------------------------------------------------- */

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

static bool sort_room(struct sort_scratch *s, size_t n, size_t users, bool keys, struct err *err)
{
	if (n > s->cap_bucket) {
		s->cap_bucket = 0;
		mem_free(s->radix);
		mem_free(s->time);
		mem_free(s->given);
		s->time = NULL;
		s->given = NULL;
		s->radix = mem_alloc(2 * n, sizeof(*s->radix), err);
		s->time = s->radix ? mem_alloc(n, sizeof(*s->time), err) : NULL;
		s->given = s->time ? mem_alloc(n, 1, err) : NULL;
		if (!s->given)
			return false;
		s->cap_bucket = n;
	}
	if (users > s->cap_users) {
		s->cap_users = 0;
		mem_free(s->last);
		s->last = mem_alloc(users, sizeof(*s->last), err);
		if (!s->last)
			return false;
		s->cap_users = users;
	}
	if (keys && n > s->cap) {
		s->cap = 0;
		mem_free(s->key);
		s->key = mem_alloc(2 * n, sizeof(*s->key), err);
		if (!s->key)
			return false;
		s->cap = n;
	}
	return true;
}

/* Is each user's part of the bucket oldest first already? */
static bool in_order(const struct building *w, size_t bucket, size_t lo, size_t n, struct sort_scratch *s,
		     int64_t *least, int64_t *most)
{
	const struct dataset *d = w->d;
	const uint32_t first = w->bucket[bucket], users = w->bucket[bucket + 1] - first;
	const struct card *card = w->card + lo;
	bool sorted = true;

	for (uint32_t u = 0; u < users; u++)
		s->last[u] = INT64_MIN;
	*least = INT64_MAX;
	*most = INT64_MIN;
	for (size_t k = 0; k < n; k++) {
		int64_t t = d->time ? d->time[lo + k] : w->order[lo + k], *last = &s->last[card[k].user - first];

		sorted &= t >= *last;
		*last = t;
		*least = t < *least ? t : *least;
		*most = t > *most ? t : *most;
	}
	return sorted && !(d->time && w->order);
}

/* Cards by time, ties as they lie: radix sort of (time - least, place in the bucket). */
static uint64_t *order_by_time(const struct dataset *d, size_t lo, size_t n, int64_t least,
			       uint64_t span, struct sort_scratch *s)
{
	uint64_t *a = s->radix, *b = s->radix + s->cap_bucket;

	for (size_t k = 0; k < n; k++)
		a[k] = (uint64_t)(d->time[lo + k] - least) << 32 | k;
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

/* The same for what does not fit: an order beside the time, times centuries apart, a bucket of one user
 * with a large part of all events. */
static uint64_t *order_by_keys(const struct building *w, size_t lo, size_t n, struct sort_scratch *s)
{
	const struct dataset *d = w->d;
	struct sort_key *key;

	for (size_t k = 0; k < n; k++)
		s->key[k] = (struct sort_key){ d->time ? d->time[lo + k] : 0, w->order ? w->order[lo + k] : 0, k };
	key = sort_keys(s->key, s->key + s->cap, n);
	for (size_t k = 0; k < n; k++)
		s->radix[k] = key[k].from;
	return s->radix;
}

static bool settle_bucket(struct building *w, size_t bucket, struct sort_scratch *s, struct err *err)
{
	struct dataset *d = w->d;
	const uint32_t users = w->bucket[bucket + 1] - w->bucket[bucket];
	const size_t lo = d->user_ptr[w->bucket[bucket]], n = d->user_ptr[w->bucket[bucket + 1]] - lo;
	const bool ordered = d->time || w->order;
	const uint64_t *by = NULL;
	int64_t least = 0, most = 0;

	if (!sort_room(s, n, users, ordered && w->order, err))
		return false;
	if (ordered && !in_order(w, bucket, lo, n, s, &least, &most)) {
		uint64_t span = (uint64_t)most - (uint64_t)least;
		bool plain = !w->order && span <= UINT32_MAX && n <= UINT32_MAX;

		if (!plain && !sort_room(s, n, users, true, err))
			return false;
		by = plain ? order_by_time(d, lo, n, least, span, s) : order_by_keys(w, lo, n, s);
	}
	if (d->time)
		memcpy(s->time, d->time + lo, n * sizeof(*s->time));
	if (d->given)
		memcpy(s->given, d->given + lo, n);
	for (size_t k = 0; k < n; k++) {
		const size_t from = by ? (uint32_t)by[k] : k;
		const struct card *card = &w->card[lo + from];
		const size_t at = w->cursor[card->user]++;

		d->item[at] = card->item;
		if (d->value)
			d->value[at] = card->value;
		if (w->place)
			w->place[at] = card->place;
		if (d->time)
			d->time[at] = s->time[from];
		if (d->given)
			d->given[at] = s->given[from];
	}
	return true;
}

static void settle_chunk(void *ctx, size_t bucket, unsigned slot)
{
	struct building *w = ctx;

	if (w->slot_err[slot].code == ERR_OK)
		settle_bucket(w, bucket, &w->sort[slot], &w->slot_err[slot]);
}

static bool settle(struct building *w, bool want_place, bool want_value, const struct task *task, struct err *err)
{
	const unsigned slots = task_slots(task);
	struct dataset *d = w->d;
	bool fine;

	d->item = mem_alloc(d->n_events, sizeof(*d->item), err);
	d->value = d->item && want_value ? mem_alloc(d->n_events, sizeof(*d->value), err) : NULL;
	if (!d->item || (want_value && !d->value))
		return false;
	w->place = want_place ? mem_alloc(d->n_events, sizeof(*w->place), err) : NULL;
	if (want_place && !w->place)
		return false;
	w->sort = mem_must(calloc(slots, sizeof(*w->sort)));
	w->slot_err = mem_must(calloc(slots, sizeof(*w->slot_err)));
	fine = task_chunks(task, w->n_buckets, settle_chunk, w) || task_cancelled(err);
	for (unsigned s = 0; s < slots; s++) {
		if (fine && w->slot_err[s].code != ERR_OK) { /* all that can fail is memory */
			*err = w->slot_err[s];
			fine = false;
		}
		mem_free(w->sort[s].key);
		mem_free(w->sort[s].radix);
		mem_free(w->sort[s].time);
		mem_free(w->sort[s].given);
		mem_free(w->sort[s].last);
	}
	free(w->sort);
	free(w->slot_err);
	return fine;
}

/* What only the ordering needs. */
static void building_done(struct building *w)
{
	mem_free(w->card);
	mem_free(w->order);
	mem_free(w->cursor);
	mem_free(w->bucket);
	mem_free(w->bucket_of);
	mem_free(w->dealt);
	w->card = NULL;
	w->order = NULL;
	w->cursor = NULL;
	w->bucket = w->bucket_of = NULL;
	w->dealt = NULL;
}

bool build_events(struct dataset *d, struct event_blocks *b, struct strtab *users, struct strtab *items,
		  const struct clean_rules *rules, struct clean_counts *counts, uint32_t **item_map,
		  const struct task *task, struct err *err)
{
	struct building w = { .d = d, .b = b };
	const bool want_value = b->has_value || rules->dedupe == DEDUPE_SUM;
	const bool cleans = rules->dedupe != DEDUPE_NONE || rules->min_user > 1 || rules->min_item > 1;
	bool fine = false;

	d->user_ids = *users;
	d->item_ids = *items;
	strtab_init(users);
	strtab_init(items);
	d->n_users = d->user_ids.n;
	d->n_items = d->item_ids.n;
	d->n_events = b->n_events;
	*item_map = NULL;
	if (b->n_events >= UINT32_MAX) {
		err_set(err, ERR_RANGE, "more than %u events: load fewer with limit=", UINT32_MAX - 1);
		goto out;
	}
	if (!count_users(&w, err) || !make_buckets(&w, err) || !deal(&w, task, err))
		goto out;
	event_blocks_done(b);
	if (!settle(&w, cleans, want_value, task, err))
		goto out;
	building_done(&w);
	if (!clean_duplicates(d, rules->dedupe, &counts->duplicates, task, err) ||
	    !clean_core(d, rules->min_user, rules->min_item, &counts->outside_core, task, err))
		goto out;
	fine = true;
	if (counts->duplicates + counts->outside_core) {
		fine = build_renumber(d, w.place, item_map, task, err);
		w.place = NULL;
	}
out:
	event_blocks_done(b);
	building_done(&w);
	mem_free(w.place);
	return fine;
}
