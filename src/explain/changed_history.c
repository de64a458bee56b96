/* SPDX-License-Identifier: GPL-3.0-or-later */
/* changed_history.c - see changed_history.h. */
#include "explain/changed_history.h"

#include "base/mem.h"

bool changed_history_init(struct changed_history *c, const struct query *whole, uint32_t most_added, size_t at_once,
			  const struct task *task, struct err *err)
{
	c->whole = whole;
	c->room = (size_t)whole->n + most_added + 1;
	c->n_slots = task_slots(task);
	c->slot = mem_zeroed(c->n_slots, sizeof(*c->slot), err);
	for (unsigned i = 0; c->slot && i < c->n_slots; i++) {
		c->slot[i].items = mem_alloc(at_once * c->room, sizeof(uint32_t), err);
		c->slot[i].x = c->slot[i].items ? mem_alloc(at_once * c->room, sizeof(float), err) : NULL;
		if (!c->slot[i].x)
			return false;
	}
	return c->slot != NULL;
}

void changed_history_done(struct changed_history *c)
{
	for (unsigned i = 0; c->slot && i < c->n_slots; i++) {
		scratch_done(&c->slot[i].scratch);
		mem_free(c->slot[i].items);
		mem_free(c->slot[i].x);
	}
	mem_free(c->slot);
	c->slot = NULL;
}

static bool is_among(const uint32_t *place, uint32_t n, uint32_t k)
{
	for (uint32_t j = 0; j < n; j++)
		if (place[j] == k)
			return true;
	return false;
}

struct query changed_without(const struct changed_history *c, unsigned slot, size_t at, const uint32_t *place,
			     uint32_t n)
{
	uint32_t *items = c->slot[slot].items + at * c->room;
	float *x = c->slot[slot].x + at * c->room;
	struct query q = *c->whole;

	q.n = 0;
	for (uint32_t k = 0; k < c->whole->n; k++) {
		if (is_among(place, n, k))
			continue;
		items[q.n] = c->whole->items[k];
		x[q.n++] = c->whole->x ? c->whole->x[k] : 1.0f;
	}
	q.items = items;
	q.x = c->whole->x ? x : NULL;
	return q;
}

struct query changed_with(const struct changed_history *c, unsigned slot, size_t at, const uint32_t *item, uint32_t n)
{
	uint32_t *items = c->slot[slot].items + at * c->room;
	float *x = c->slot[slot].x + at * c->room;
	struct query q = changed_without(c, slot, at, NULL, 0);

	for (uint32_t j = 0; j < n; j++) {
		items[q.n] = item[j];
		x[q.n++] = 1.0f;
	}
	return q;
}

bool changed_history_fine(const struct changed_history *c, struct err *err)
{
	if (!atomic_load(&c->failed))
		return true;
	for (unsigned i = 0; i < c->n_slots; i++) {
		if (c->slot[i].err.code == ERR_OK)
			continue;
		*err = c->slot[i].err;
		break;
	}
	return false;
}
