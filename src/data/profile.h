/* SPDX-License-Identifier: GPL-3.0-or-later */
/* profile.h - what the data looks like: the numbers and small histograms of the Data screen. */
#ifndef DATA_PROFILE_H
#define DATA_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dataset;

#define PROFILE_BINS 24
struct profile_histogram { /* of events a user or an item: bins are equal on a log scale */
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
	double value[PROFILE_VALUES];
	uint64_t value_count[PROFILE_VALUES];
	bool values_binned;
	double value_mean;
	int64_t first_time, last_time;      /* NO_TIME when there are none */
	uint64_t time_count[60];            /* events in 60 equal slices of the time span */
	double tied_share;                  /* events sharing user and time with another */
	uint64_t tail[60];                  /* long tail: events of the items at 60 equal steps of rank */
};

void profile_make(struct profile *p, const struct dataset *d);

#endif
