/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.h - the runs that a run is made of (the names in its parameters of PARAM_RUNS), held while a worker
 * trains or reopens it.
 *
 * Taken and dropped on the UI thread; parts_resolve() is a run_resolver and runs in the WORKER.  A part that
 * is in memory is shared, one that is on disk alone is read by the worker.
 */
#ifndef APP_PARTS_H
#define APP_PARTS_H

#include "app/session.h"
#include "model/snapshot.h"
#include "train/run_record.h"

struct made_from;
struct parts {
	size_t n;
	struct made_from *part;
	const struct dataset *data;
	const struct split *split;
	char *home;
	bool readonly;
};

/* split: the fingerprint that each of them must have been trained with.  Refuses what is missing, in training,
 * without weights, or of other data or another split, in one line.  parts_done() in any case. */
bool parts_take(struct parts *p, struct session *s, const struct params *params, uint64_t split, struct err *err);
/* The same for a run that is there; a line that fails names it. */
bool parts_take_of(struct parts *p, struct session *s, const struct run_record *rec, struct err *err);
const struct run_record *parts_record(const struct parts *p, size_t i); /* of the i-th of n, borrowed */
const struct snapshot *parts_resolve(void *parts, const char *run, struct err *err);
void parts_done(struct parts *p);

/* The name of a run that is made of this one, or NULL. */
const char *parts_user_of(const struct session *s, const char *run);

#endif
