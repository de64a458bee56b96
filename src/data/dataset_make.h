/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset_make.h - a dataset on its way, for load.c: begun, filled by build_events(), finished. */
#ifndef DATA_DATASET_MAKE_H
#define DATA_DATASET_MAKE_H

#include "base/task.h"
#include "data/dataset.h"

struct dataset *dataset_begin(const char *name); /* one reference, empty */
/* Counts, profile and fingerprint of the filled arrays. */
bool dataset_finish(struct dataset *d, const struct task *task, struct err *err);

#endif
