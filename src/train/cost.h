/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cost.h - what a training would take, told before it starts: its operations by what the machine does a second,
 * and its memory.
 *
 * Early stopping cannot be foreseen: seconds are those of all epochs that are allowed, at most, and those of one.
 * Measuring valid, the loss on it, snapshots and the lists of watched users are in.  A machine that does other work
 * beside it takes longer.  Thread: ANY.
 */
#ifndef TRAIN_COST_H
#define TRAIN_COST_H

#include "num/speed.h"
#include "train/fit.h"

struct cost {
	double once, epoch; /* seconds; NaN: the model foretells nothing */
	uint32_t epochs;    /* allowed */
	uint64_t bytes;     /* at the peak, above what is loaded */
};
/* speed NULL: seconds are NaN.  kept: the run is kept on disk. */
void cost_tell(const struct fit_request *r, const struct speed *speed, unsigned threads, bool kept, struct cost *out);
/* Of so many epochs. */
double cost_seconds(const struct cost *c, uint32_t epochs);

/* The counts alone: before the first epoch, and of one with its validation. */
void cost_count(const struct fit_request *r, struct effort *once, struct effort *epoch);

#endif
