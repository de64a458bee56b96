/* SPDX-License-Identifier: GPL-3.0-or-later */
/* synth.h - made-up data with planted tastes, for the sample, for tests and for benchmarks.
 *
 * Tastes are few; a user has some of them, an item belongs to some of them; popularity follows a power
 * law; events come in sessions in time; tastes drift.  Titles, tags and a line of text come from the
 * tastes' word lists.  The same options give the same bytes.  WORKER.
 */
#ifndef DATA_SYNTH_H
#define DATA_SYNTH_H

#include "base/err.h"
#include "base/param.h"
#include "base/task.h"

extern const struct param_spec synth_params[]; /* scenario users items events */

/* Writes events.csv, items.csv and truth.csv into the folder (made when missing; existing files of
 * these names are replaced whole).  n_* return what was written. */
bool synth_write(const char *folder, const struct params *p, uint64_t seed, const struct task *task,
		 uint64_t *n_users, uint64_t *n_items, uint64_t *n_events, struct err *err);

#endif
