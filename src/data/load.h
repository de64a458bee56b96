/* SPDX-License-Identifier: GPL-3.0-or-later */
/* load.h - from paths to a dataset: sniff, read, clean, number, sort, report.
 *
 * WORKER.  Deterministic whatever the number of threads and pieces.  Errors name file, line and remedy.
 */
#ifndef DATA_LOAD_H
#define DATA_LOAD_H

#include "base/err.h"
#include "base/task.h"
#include "data/dataset.h"

enum dedupe { DEDUPE_DEFAULT, DEDUPE_LAST, DEDUPE_FIRST, DEDUPE_SUM, DEDUPE_MAX, DEDUPE_NONE };

struct load_options { /* zeroed: all defaults, except max_bad (see load_options_init) */
	const char *format; /* NULL: sniff; "csv" "movielens" "atomic" "lists" "sequence" … */
	const char *user, *item, *value, *time, *event; /* column names or 1-based numbers; NULL: find */
	const char *weights; /* "view:1,cart:2,buy:4" */
	enum dedupe dedupe;
	bool has_min_value;
	double min_value;
	uint32_t min_user, min_item; /* k-core; 0: none */
	double max_bad;              /* share of rows, default 0.10 */
	uint64_t limit;              /* read only so many events; 0: all */
};
void load_options_init(struct load_options *o);

struct dataset *dataset_load(const char *const *paths, size_t n_paths, const struct load_options *o,
			     const struct task *task, struct err *err);

#endif
