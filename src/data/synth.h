/* SPDX-License-Identifier: GPL-3.0-or-later */
/* synth.h - made-up data with planted tastes, for the sample, for tests and for benchmarks.
 *
 * Tastes are few; a user has some of them, an item belongs to some of them; popularity follows a power
 * law; events come in sessions in time; tastes drift.  Titles, tags and a line of text come from the
 * tastes' word lists.  The same options give the same bytes.  WORKER.
 *
 * What a measurement must find, or not, is planted by
 *
 *	order   a share of events are the one item that follows the item just before (a permutation that knows
 *	        nothing of tastes and keeps popularity).  Given, sessions keep to no taste, tastes stay as they
 *	        are, and a history is told in a random order of such chains: with 0 nothing depends on order
 *	text    a share of words and tags are of the item's tastes, the others of any
 *	social  people come in circles of the same tastes; a share of friendships are within them, the others join
 *	        any two.  Given, whatever it is, the events are the same
 *	noise   a share of events are of any item, by popularity alone
 */
#ifndef DATA_SYNTH_H
#define DATA_SYNTH_H

#include "base/err.h"
#include "base/param.h"
#include "base/task.h"

extern const struct param_spec synth_params[]; /* scenario users items events order text social noise */

/* Writes events.csv, items.csv, truth.csv and, with social, friends.csv into the folder (made when missing;
 * existing files of these names are replaced whole; a friends.csv without social is refused, ERR_EXISTS).  n_* return what was written. */
bool synth_write(const char *folder, const struct params *p, uint64_t seed, const struct task *task,
		 uint64_t *n_users, uint64_t *n_items, uint64_t *n_events, struct err *err);

#endif
