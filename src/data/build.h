/* SPDX-License-Identifier: GPL-3.0-or-later */
/* build.h - from events as they were read to the arrays of a dataset.
 *
 * For load.c and dataset_new_from().  WORKER; the result does not depend on threads or on how the events
 * were read in pieces.
 */
#ifndef DATA_BUILD_H
#define DATA_BUILD_H

#include "base/err.h"
#include "base/task.h"
#include "data/cards.h"
#include "data/dataset.h"
#include "data/load.h"

/* Which columns the events have. */
struct event_has {
	bool value, time, given;
};

struct clean_rules {
	enum dedupe dedupe; /* not DEDUPE_DEFAULT */
	uint32_t min_user, min_item;
};

struct clean_counts {
	uint64_t duplicates, outside_core;
	struct absent *absent; /* in: takes the items outside the core in; NULL: not wanted */
};

/* Fills the arrays, counts and id tables of d; takes the cards and both tables (also on failure: they are
 * done).  *item_map: [items before] the new number of an item or NO_ITEM, NULL when nothing changed;
 * mem_free() it. */
bool build_events(struct dataset *d, struct cards *take, struct event_has has, struct strtab *users,
		  struct strtab *items, const struct clean_rules *rules, struct clean_counts *counts,
		  uint32_t **item_map, const struct task *task, struct err *err);

/* Chunks of users with about the same number of events: [n + 1] bounds; mem_free(). */
uint32_t *build_user_chunks(const size_t *user_ptr, uint32_t n_users, size_t *n_chunks, struct err *err);

#endif
