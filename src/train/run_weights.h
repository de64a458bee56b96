/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_weights.h - a frozen model out of a run's weights, as its record says that it was trained.  WORKER. */
#ifndef TRAIN_RUN_WEIGHTS_H
#define TRAIN_RUN_WEIGHTS_H

#include "model/snapshot.h"
#include "train/run_record.h"

/* path names the weights in messages.  resolve, ctx: where a run that is made of others finds them; NULL: it cannot be
 * read.  A reference that the caller must unref. */
struct snapshot *run_weights_load(const struct weights *w, const char *path, const struct run_record *r,
				  const struct split *split, run_resolver *resolve, void *ctx, struct err *err);

#endif
