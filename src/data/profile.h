/* SPDX-License-Identifier: GPL-3.0-or-later */
/* profile.h - what the data looks like: the numbers and small histograms of the Data screen. */
#ifndef DATA_PROFILE_H
#define DATA_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"

struct dataset;

#define PROFILE_BINS 24
/* Of events a user or an item.  Bins are equal on a log scale, less those without a whole number in them;
 * bin b holds the counts from edge[b] up to, not including, edge[b + 1]. */
struct profile_histogram {
	uint32_t n_bins;
	double edge[PROFILE_BINS + 1];
	uint64_t count[PROFILE_BINS];
	uint64_t least, median, most;
	double mean, gini; /* gini as in interface.md: higher = more unequal */
};
#define PROFILE_VALUES 12
struct profile {
	double density;
	struct profile_histogram user_events, item_events;
	uint32_t n_values;                  /* distinct values listed, or bins when more than fit */
	double value[PROFILE_VALUES];       /* ascending; of a bin, its lower edge */
	uint64_t value_count[PROFILE_VALUES];
	bool values_binned;
	double value_mean;
	int64_t first_time, last_time;      /* NO_TIME when there are none */
	uint64_t time_count[60];            /* events in 60 equal slices of the time span */
	double tied_share;                  /* events sharing user and time with another */
	uint64_t tail[60];                  /* long tail: events of the items at 60 equal steps of rank */
};

/* Needs memory for some counts a user and an item. */
bool profile_make(struct profile *p, const struct dataset *d, const struct task *task, struct err *err);
/* Of n counts sorted ascending: sum (2i-n-1) p_i / n, i from 1, p_i their shares; 0 when all are 0. */
double profile_gini(const uint64_t *ascending, size_t n);

#endif
