/* SPDX-License-Identifier: GPL-3.0-or-later */
/* changed_history.h - a history with events taken out or added, as often as it takes, on every thread of a pool.
 *
 * DESIGN: each thread's slot has arrays of its own for the histories that it asks with, made once, and a scratch to
 * score them.  A chunk builds its queries in its slot, as many at once as were asked for; each lasts until the slot's
 * next one at the same place.  What a chunk finds depends on its own changes alone, so that the order of the chunks
 * does not matter.
 * WORKER or scorer.
 */
#ifndef EXPLAIN_CHANGED_HISTORY_H
#define EXPLAIN_CHANGED_HISTORY_H

#include <stdatomic.h>

#include "base/task.h"
#include "model/model.h"

struct changed_slot {
	struct scratch scratch;
	uint32_t *items; /* [at_once][room] */
	float *x;
	struct err err; /* why this slot failed */
};
struct changed_history {
	const struct query *whole; /* borrowed */
	struct changed_slot *slot; /* [n_slots] */
	unsigned n_slots;
	size_t room; /* events of one */
	atomic_bool failed;
};

/* changed_history_done() in any case.  most_added: events that a change adds at most.  at_once: queries that a slot
 * holds beside each other. */
bool changed_history_init(struct changed_history *c, const struct query *whole, uint32_t most_added, size_t at_once,
			  const struct task *task, struct err *err);
void changed_history_done(struct changed_history *c);

/* The slot's query number `at`: the whole history less the events at n places; with n items behind it, of value 1. */
struct query changed_without(const struct changed_history *c, unsigned slot, size_t at, const uint32_t *place,
			     uint32_t n);
struct query changed_with(const struct changed_history *c, unsigned slot, size_t at, const uint32_t *item, uint32_t n);

/* After chunks that note their failure in their slot's err and in failed: false with the first one's. */
bool changed_history_fine(const struct changed_history *c, struct err *err);

#endif
