/* SPDX-License-Identifier: GPL-3.0-or-later */
/* standing.h - what stands after a load or a split: the dataset, its split, and popularity fitted on it,
 * so that no list is ever empty.
 *
 * Made by a WORKER, given to the session on the UI thread.
 */
#ifndef APP_STANDING_H
#define APP_STANDING_H

#include "base/param.h"
#include "base/task.h"
#include "data/split.h"
#include "model/snapshot.h"
#include "train/run_record.h"

#define POPULARITY_RUN "popularity#1"

struct standing {
	const struct dataset *data;
	const struct split *split;
	const struct snapshot *popularity;
	struct run_record record; /* of popularity#1 */
	uint32_t *item_events;    /* [I], mem_free() */
	double *item_mean;        /* [I] of values; NULL without values */
};

/* kind NULL: the default split.  Takes its own reference to data.  On failure *out is empty. */
bool standing_make(struct standing *out, const struct dataset *data, const char *kind, const struct params *params,
		   uint64_t seed, const struct task *task, struct err *err);
void standing_done(struct standing *st);

#endif
