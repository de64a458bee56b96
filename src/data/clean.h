/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clean.h - what is read well but not kept: repeats of a pair, and what is outside the k-core.
 *
 * Works on cards: one whose item becomes NO_ITEM is out.  WORKER.
 */
#ifndef DATA_CLEAN_H
#define DATA_CLEAN_H

#include "base/err.h"
#include "base/task.h"
#include "data/cards.h"
#include "data/load.h"

/* What one thread remembers of the items it saw. */
struct cleaner {
	uint32_t *owner; /* [I] the user that touched the item last, plus 1 */
	uint32_t *kept;  /* [I] that user's card of it */
};
bool cleaner_init(struct cleaner *c, uint32_t n_items, struct err *err);
void cleaner_done(struct cleaner *c);

/* Repeats among the cards of one user, oldest first.  Returns how many went. */
size_t clean_repeats(struct cleaner *c, uint32_t user, struct card *card, size_t n, enum dedupe how, bool has_value);

/* Users and items with too few events go, until none has.  Counts what went. */
bool clean_core(struct cards *c, uint32_t n_users, uint32_t n_items, uint32_t min_user, uint32_t min_item,
		uint64_t *removed, const struct task *task, struct err *err);

#endif
