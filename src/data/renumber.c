/* SPDX-License-Identifier: GPL-3.0-or-later */
/* New numbers where cleaning took events out: users and items by their first kept event in file order, and
 * the survivors copied once to arrays of their own size. */
#include <string.h>

#include "base/mem.h"
#include "data/build.h"

#define ASK_EVENTS (1u << 20) /* between two questions whether to go on */
#define ASK_IDS (1u << 16)

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

static bool renumber_ids(struct strtab *t, const uint32_t *order, uint32_t n, const struct task *task, struct err *err)
{
	struct strtab out;

	strtab_init(&out);
	for (uint32_t k = 0; k < n; k++)
		if ((k % ASK_IDS == 0 && !task_keep_going(task) && !task_cancelled(err)) ||
		    strtab_intern(&out, strtab_get(t, order[k]), strtab_len(t, order[k]), err) == STRTAB_NONE) {
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
static bool find_first(const struct dataset *d, const uint32_t *place, uint32_t *first_user, uint32_t *first_item,
		       size_t *kept_of, const struct task *task)
{
	size_t asked = 0;

	memset(first_user, 0xff, d->n_users * sizeof(*first_user));
	memset(first_item, 0xff, d->n_items * sizeof(*first_item));
	for (uint32_t u = 0; u < d->n_users; u++) {
		kept_of[u] = 0;
		if (d->user_ptr[u] >= asked) {
			if (!task_keep_going(task))
				return false;
			asked = d->user_ptr[u] + ASK_EVENTS;
		}
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
			uint32_t i = d->item[e];

			if (i == NO_ITEM)
				continue;
			kept_of[u]++;
			if (place[e] < first_user[u])
				first_user[u] = place[e];
			if (place[e] < first_item[i])
				first_item[i] = place[e];
		}
	}
	return true;
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

bool build_renumber(struct dataset *d, uint32_t *take_place, uint32_t **item_map, const struct task *task,
		    struct err *err)
{
	struct compaction c = { .d = d };
	uint32_t *first_user = mem_alloc(d->n_users, sizeof(*first_user), err);
	uint32_t *first_item = first_user ? mem_alloc(d->n_items, sizeof(*first_item), err) : NULL;
	size_t *kept_of = first_item ? mem_alloc(d->n_users, sizeof(*kept_of), err) : NULL;
	uint32_t *users = NULL, *items = NULL, *map = NULL, *chunk = NULL, n_users, n_items;
	size_t n_chunks;
	bool fine = false;

	if (!kept_of)
		goto out;
	if (!find_first(d, take_place, first_user, first_item, kept_of, task)) {
		task_cancelled(err);
		goto out;
	}
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
	mem_free(take_place);
	take_place = NULL;
	if (!chunk || !compact_arrays(&c.to, d, c.to.user_ptr[n_users], err))
		goto out;
	c.order = users;
	c.item_map = map;
	c.chunk = chunk;
	if (!task_chunks(task, n_chunks, compact_chunk, &c)) {
		task_cancelled(err);
		goto out;
	}
	if (!renumber_ids(&d->user_ids, users, n_users, task, err) || !renumber_ids(&d->item_ids, items, n_items, task, err))
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
	*item_map = map;
	memset(&c.to, 0, sizeof(c.to));
	map = NULL;
	fine = true;
out:
	mem_free(take_place);
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
