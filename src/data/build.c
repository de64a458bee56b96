/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN: a counting sort by user brings the events together in input order; each user is then sorted by
 * time, which is a no-op where the file was.  Only where cleaning took events out are users and items
 * numbered anew, by their first kept event in file order; for that each event remembers its place in the
 * file (4 bytes), and the survivors are copied once.  At the peak an event costs its block (20 bytes), its
 * place in the arrays (16) and those 4 bytes. */
#include "data/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SCATTER_EVENTS (1u << 20) /* between two questions whether to go on */
#define CHUNK_EVENTS (1u << 17)
#define SHORT_RUN 12

struct building {
	struct dataset *d;
	struct event_blocks *b;
	int64_t *order;  /* [n] or NULL */
	uint32_t *place; /* [n] place in the file, or NULL */
	size_t *cursor;  /* [U] */
	const uint32_t *range; /* [slots + 1] users a slot scatters */
	size_t first_block, end_block, base; /* of one scatter step */
	const uint32_t *chunk;
	struct sort_scratch *sort; /* one a slot */
	struct err err;
	_Atomic bool failed;
};

struct sort_key {
	int64_t time, order;
	size_t from;
};

struct sort_scratch {
	struct sort_key *key; /* [2 cap] */
	uint64_t *copy;       /* [cap] */
	size_t cap;
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

static bool make_arrays(struct building *w, bool want_place, bool want_value, struct err *err)
{
	struct dataset *d = w->d;
	const size_t n = d->n_events;

	d->item = mem_alloc(n, sizeof(*d->item), err);
	d->value = d->item && want_value ? mem_alloc(n, sizeof(*d->value), err) : NULL;
	d->time = d->item && w->b->has_time ? mem_alloc(n, sizeof(*d->time), err) : NULL;
	d->given = d->item && w->b->has_given ? mem_alloc(n, sizeof(*d->given), err) : NULL;
	w->order = d->item && w->b->has_order ? mem_alloc(n, sizeof(*w->order), err) : NULL;
	w->place = d->item && want_place ? mem_alloc(n, sizeof(*w->place), err) : NULL;
	return d->item && (d->value || !want_value) && (d->time || !w->b->has_time) &&
	       (d->given || !w->b->has_given) && (w->order || !w->b->has_order) && (w->place || !want_place);
}

/* Every slot looks at all events of the step and places those of its own users: no two write to one
 * place, and the order within a user is the file's. */
static void scatter_range(void *ctx, size_t chunk, unsigned slot)
{
	struct building *w = ctx;
	struct dataset *d = w->d;
	const uint32_t lo = w->range[chunk], span = w->range[chunk + 1] - lo;
	size_t base = w->base;

	(void)slot;
	for (size_t k = w->first_block; k < w->end_block; base += w->b->v[k++].n) {
		const struct event_block *b = &w->b->v[k];

		for (size_t e = 0; e < b->n; e++) {
			size_t at;

			if (b->user[e] - lo >= span)
				continue;
			at = w->cursor[b->user[e]]++;
			d->item[at] = b->item[e];
			if (d->value)
				d->value[at] = b->value ? b->value[e] : 1.0f;
			if (d->time)
				d->time[at] = b->time[e];
			if (d->given)
				d->given[at] = b->given ? b->given[e] : b->part;
			if (w->order)
				w->order[at] = b->order[e];
			if (w->place)
				w->place[at] = (uint32_t)(base + e);
		}
	}
}

/* Users cut into `n` ranges of about the same number of events. */
static uint32_t *user_ranges(const struct dataset *d, size_t n, struct err *err)
{
	uint32_t *range = mem_alloc(n + 1, sizeof(*range), err), u = 0;

	if (!range)
		return NULL;
	range[0] = 0;
	for (size_t k = 1; k < n; k++) {
		while (u < d->n_users && d->user_ptr[u] < d->n_events / n * k)
			u++;
		range[k] = u;
	}
	range[n] = d->n_users;
	return range;
}

static bool scatter(struct building *w, const struct task *task, struct err *err)
{
	const size_t n_ranges = task_slots(task);
	uint32_t *range = user_ranges(w->d, n_ranges, err);
	bool fine = range != NULL;

	w->range = range;
	w->base = 0;
	for (w->first_block = 0; fine && w->first_block < w->b->n; w->first_block = w->end_block) {
		size_t n = 0;

		for (w->end_block = w->first_block; w->end_block < w->b->n && n < SCATTER_EVENTS; w->end_block++)
			n += w->b->v[w->end_block].n;
		fine = task_chunks(task, n_ranges, scatter_range, w) || task_cancelled(err);
		for (size_t k = w->first_block; k < w->end_block; k++)
			block_done(&w->b->v[k], w->b->joined);
		w->base += n;
	}
	mem_free(range);
	return fine;
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

static bool sort_room(struct sort_scratch *s, size_t n, struct err *err)
{
	if (n <= s->cap)
		return true;
	mem_free(s->key);
	mem_free(s->copy);
	s->cap = 0;
	s->key = mem_alloc(2 * n, sizeof(*s->key), err);
	s->copy = s->key ? mem_alloc(n, sizeof(*s->copy), err) : NULL;
	if (!s->copy)
		return false;
	s->cap = n;
	return true;
}

#define PERMUTE(array, type)                                                  \
	do {                                                                  \
		type *copy = (type *)s->copy;                                 \
		if (!(array))                                                 \
			break;                                                \
		memcpy(copy, (array) + lo, n * sizeof(type));                 \
		for (size_t k = 0; k < n; k++)                                \
			(array)[lo + k] = copy[key[k].from];                  \
	} while (0)

static bool sort_user(struct building *w, size_t lo, size_t hi, struct sort_scratch *s, struct err *err)
{
	struct dataset *d = w->d;
	const size_t n = hi - lo;
	struct sort_key *key;
	bool sorted = true;

	for (size_t e = lo + 1; e < hi && sorted; e++) {
		int64_t dt = 0;

		if (d->time)
			dt = d->time[e] < d->time[e - 1] ? -1 : d->time[e] > d->time[e - 1];
		sorted = dt > 0 || (dt == 0 && (!w->order || w->order[e] >= w->order[e - 1]));
	}
	if (sorted)
		return true;
	if (!sort_room(s, n, err))
		return false;
	for (size_t k = 0; k < n; k++)
		s->key[k] = (struct sort_key){ d->time ? d->time[lo + k] : 0, w->order ? w->order[lo + k] : 0, k };
	key = sort_keys(s->key, s->key + n, n);
	PERMUTE(d->item, uint32_t);
	PERMUTE(d->value, float);
	PERMUTE(d->time, int64_t);
	PERMUTE(d->given, uint8_t);
	PERMUTE(w->place, uint32_t);
	return true;
}

static void sort_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct building *w = ctx;
	struct err err;

	for (uint32_t u = w->chunk[chunk]; u < w->chunk[chunk + 1]; u++)
		if (!sort_user(w, w->d->user_ptr[u], w->d->user_ptr[u + 1], &w->sort[slot], &err)) {
			/* The first to fail tells; all that can fail here is memory. */
			if (!w->failed) {
				w->failed = true;
				w->err = err;
			}
			return;
		}
}

static bool sort_users(struct building *w, const struct task *task, struct err *err)
{
	const unsigned slots = task_slots(task);
	size_t n_chunks;
	uint32_t *chunk;
	bool fine = false;

	if (!w->d->time && !w->order)
		return true;
	chunk = build_user_chunks(w->d->user_ptr, w->d->n_users, &n_chunks, err);
	if (!chunk)
		return false;
	w->chunk = chunk;
	w->sort = mem_must(calloc(slots, sizeof(*w->sort)));
	if (!task_chunks(task, n_chunks, sort_chunk, w))
		task_cancelled(err);
	else if (w->failed)
		*err = w->err;
	else
		fine = true;
	for (unsigned s = 0; s < slots; s++) {
		mem_free(w->sort[s].key);
		mem_free(w->sort[s].copy);
	}
	free(w->sort);
	mem_free(chunk);
	return fine;
}

/* Numbers ordered by first[]; those that never appear (UINT32_MAX) are left out.  Radix sort, 3 passes of
 * 11 bits: an ordering of millions must not take seconds. */
static uint32_t *order_by_first(const uint32_t *first, uint32_t n, uint32_t *kept, struct err *err)
{
	uint32_t *a = mem_alloc(n, sizeof(*a), err), *b = a ? mem_alloc(n, sizeof(*b), err) : NULL;
	uint32_t m = 0;

	if (!b) {
		mem_free(a);
		return NULL;
	}
	for (uint32_t i = 0; i < n; i++)
		if (first[i] != UINT32_MAX)
			a[m++] = i;
	for (unsigned shift = 0; shift < 33; shift += 11) {
		uint32_t count[2049] = { 0 }, *swap = a;

		for (uint32_t k = 0; k < m; k++)
			count[((first[a[k]] >> shift) & 2047) + 1]++;
		for (unsigned v = 0; v < 2048; v++)
			count[v + 1] += count[v];
		for (uint32_t k = 0; k < m; k++)
			b[count[(first[a[k]] >> shift) & 2047]++] = a[k];
		a = b;
		b = swap;
	}
	mem_free(b);
	*kept = m;
	return a;
}

static bool renumber_ids(struct strtab *t, const uint32_t *order, uint32_t n, struct err *err)
{
	struct strtab out;

	strtab_init(&out);
	for (uint32_t k = 0; k < n; k++)
		if (strtab_intern(&out, strtab_get(t, order[k]), strtab_len(t, order[k]), err) == STRTAB_NONE) {
			strtab_done(&out);
			return false;
		}
	strtab_done(t);
	*t = out;
	return true;
}

struct compaction {
	struct dataset *d;
	struct dataset to;     /* only its arrays */
	const uint32_t *order; /* [new users] their old numbers */
	const uint32_t *item_map;
	const uint32_t *chunk;
};

static void compact_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct compaction *c = ctx;
	const struct dataset *d = c->d;

	(void)slot;
	for (uint32_t u = c->chunk[chunk]; u < c->chunk[chunk + 1]; u++) {
		size_t at = c->to.user_ptr[u], from = c->order[u];

		for (size_t e = d->user_ptr[from]; e < d->user_ptr[from + 1]; e++) {
			if (d->item[e] == NO_ITEM)
				continue;
			c->to.item[at] = c->item_map[d->item[e]];
			if (d->value)
				c->to.value[at] = d->value[e];
			if (d->time)
				c->to.time[at] = d->time[e];
			if (d->given)
				c->to.given[at] = d->given[e];
			at++;
		}
	}
}

/* The place in the file of each user's and item's first kept event. */
static void find_first(const struct building *w, uint32_t *first_user, uint32_t *first_item, size_t *kept_of)
{
	const struct dataset *d = w->d;

	memset(first_user, 0xff, d->n_users * sizeof(*first_user));
	memset(first_item, 0xff, d->n_items * sizeof(*first_item));
	for (uint32_t u = 0; u < d->n_users; u++) {
		kept_of[u] = 0;
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
			uint32_t i = d->item[e];

			if (i == NO_ITEM)
				continue;
			kept_of[u]++;
			if (w->place[e] < first_user[u])
				first_user[u] = w->place[e];
			if (w->place[e] < first_item[i])
				first_item[i] = w->place[e];
		}
	}
}

static bool compact_arrays(struct dataset *to, const struct dataset *d, size_t n, struct err *err)
{
	to->item = mem_alloc(n, sizeof(*to->item), err);
	to->value = to->item && d->value ? mem_alloc(n, sizeof(*to->value), err) : NULL;
	to->time = to->item && d->time ? mem_alloc(n, sizeof(*to->time), err) : NULL;
	to->given = to->item && d->given ? mem_alloc(n, sizeof(*to->given), err) : NULL;
	return to->item && (to->value || !d->value) && (to->time || !d->time) && (to->given || !d->given);
}

static void free_arrays(struct dataset *d)
{
	mem_free(d->user_ptr);
	mem_free(d->item);
	mem_free(d->value);
	mem_free(d->time);
	mem_free(d->given);
}

static bool renumber(struct building *w, uint32_t **map_out, const struct task *task, struct err *err)
{
	struct dataset *d = w->d;
	struct compaction c = { .d = d };
	uint32_t *first_user = mem_alloc(d->n_users, sizeof(*first_user), err);
	uint32_t *first_item = first_user ? mem_alloc(d->n_items, sizeof(*first_item), err) : NULL;
	size_t *kept_of = first_item ? mem_alloc(d->n_users, sizeof(*kept_of), err) : NULL;
	uint32_t *users = NULL, *items = NULL, *map = NULL, *chunk = NULL, n_users, n_items;
	size_t n_chunks;
	bool fine = false;

	if (!kept_of)
		goto out;
	find_first(w, first_user, first_item, kept_of);
	users = order_by_first(first_user, d->n_users, &n_users, err);
	items = users ? order_by_first(first_item, d->n_items, &n_items, err) : NULL;
	map = items ? mem_alloc(d->n_items, sizeof(*map), err) : NULL;
	c.to.user_ptr = map ? mem_alloc((size_t)n_users + 1, sizeof(*c.to.user_ptr), err) : NULL;
	if (!c.to.user_ptr)
		goto out;
	memset(map, 0xff, d->n_items * sizeof(*map));
	for (uint32_t k = 0; k < n_items; k++)
		map[items[k]] = k;
	c.to.user_ptr[0] = 0;
	for (uint32_t u = 0; u < n_users; u++)
		c.to.user_ptr[u + 1] = c.to.user_ptr[u] + kept_of[users[u]];
	chunk = build_user_chunks(c.to.user_ptr, n_users, &n_chunks, err);
	mem_free(w->place);
	w->place = NULL;
	if (!chunk || !compact_arrays(&c.to, d, c.to.user_ptr[n_users], err))
		goto out;
	c.order = users;
	c.item_map = map;
	c.chunk = chunk;
	if (!task_chunks(task, n_chunks, compact_chunk, &c)) {
		task_cancelled(err);
		goto out;
	}
	if (!renumber_ids(&d->user_ids, users, n_users, err) || !renumber_ids(&d->item_ids, items, n_items, err))
		goto out;
	free_arrays(d);
	d->user_ptr = c.to.user_ptr;
	d->item = c.to.item;
	d->value = c.to.value;
	d->time = c.to.time;
	d->given = c.to.given;
	d->n_users = n_users;
	d->n_items = n_items;
	d->n_events = d->user_ptr[n_users];
	*map_out = map;
	memset(&c.to, 0, sizeof(c.to));
	map = NULL;
	fine = true;
out:
	free_arrays(&c.to);
	mem_free(first_user);
	mem_free(first_item);
	mem_free(kept_of);
	mem_free(users);
	mem_free(items);
	mem_free(map);
	mem_free(chunk);
	return fine;
}

bool build_events(struct dataset *d, struct event_blocks *b, struct strtab *users, struct strtab *items,
		  const struct clean_rules *rules, struct clean_counts *counts, uint32_t **item_map,
		  const struct task *task, struct err *err)
{
	struct building w = { .d = d, .b = b };
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
	if (!count_users(&w, err) || !make_arrays(&w, cleans, b->has_value || rules->dedupe == DEDUPE_SUM, err) ||
	    !scatter(&w, task, err) || !sort_users(&w, task, err))
		goto out;
	event_blocks_done(b);
	mem_free(w.order);
	w.order = NULL;
	if (!clean_duplicates(d, rules->dedupe, &counts->duplicates, task, err) ||
	    !clean_core(d, rules->min_user, rules->min_item, &counts->outside_core, task, err))
		goto out;
	fine = !(counts->duplicates + counts->outside_core) || renumber(&w, item_map, task, err);
out:
	event_blocks_done(b);
	mem_free(w.cursor);
	mem_free(w.order);
	mem_free(w.place);
	return fine;
}
