/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split_private.h - how split.c and split_derived.c make a split: begun, parts written, finished.  WORKER. */
#ifndef DATA_SPLIT_PRIVATE_H
#define DATA_SPLIT_PRIVATE_H

#include "data/split.h"

/* take_text becomes ->text; all parts are PART_TRAIN.  NULL with *err. */
struct split *split_begin(const struct dataset *d, const char *kind, char *take_text, struct err *err);
/* Matrices, counts and hazards from the parts; on failure the split is still to be released. */
bool split_finish(struct split *s, const struct task *task, struct err *err);

#endif
