/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event_fixture.h - for tests: a dataset from a few lines of C. */
#ifndef TESTS_EVENT_FIXTURE_H
#define TESTS_EVENT_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/task.h"
#include "data/dataset.h"

struct event {
	uint32_t user, item;
	int64_t time;
	float value;
	uint8_t given;
};
enum { WITH_TIME = 1, WITH_ORDER = 2, WITH_VALUE = 4, WITH_GIVEN = 8 };

/* Users are called u0, u1 …, items i0, i1 …  The dataset numbers them by first appearance: let new ones
 * appear in order where their numbers matter. */
static inline struct dataset *dataset_of(const struct event *e, size_t n, uint32_t n_users, uint32_t n_items,
					 unsigned with)
{
	struct strtab users, items;
	struct event_columns c = { .n = n };
	struct dataset *d;
	struct err err;
	char id[16];

	strtab_init(&users);
	strtab_init(&items);
	for (uint32_t u = 0; u < n_users; u++)
		strtab_intern(&users, id, (size_t)snprintf(id, sizeof(id), "u%u", u), &err);
	for (uint32_t i = 0; i < n_items; i++)
		strtab_intern(&items, id, (size_t)snprintf(id, sizeof(id), "i%u", i), &err);
	c.user = mem_must(mem_alloc(n + 1, sizeof(*c.user), &err));
	c.item = mem_must(mem_alloc(n + 1, sizeof(*c.item), &err));
	c.time = with & WITH_TIME ? mem_must(mem_alloc(n + 1, sizeof(*c.time), &err)) : NULL;
	c.value = with & WITH_VALUE ? mem_must(mem_alloc(n + 1, sizeof(*c.value), &err)) : NULL;
	c.given = with & WITH_GIVEN ? mem_must(mem_alloc(n + 1, 1, &err)) : NULL;
	for (size_t k = 0; k < n; k++) {
		c.user[k] = e[k].user;
		c.item[k] = e[k].item;
		if (c.time)
			c.time[k] = e[k].time;
		if (c.value)
			c.value[k] = e[k].value;
		if (c.given)
			c.given[k] = e[k].given;
	}
	d = dataset_new_from("made", &c, &users, &items, (with & (WITH_TIME | WITH_ORDER)) != 0, &task_null,
			     &err);
	if (!d) {
		printf("Bail out! no dataset: %s\n", err.msg);
		exit(1);
	}
	return d;
}

#endif
