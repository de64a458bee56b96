/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hold.h - the references that a question holds while it is answered: data, split, run.
 *
 * Taken on the UI thread, used by the WORKER, dropped on the UI thread.  A run that is on disk only is read
 * by the worker.  cmd/ only.
 */
#ifndef CMD_HOLD_H
#define CMD_HOLD_H

#include "app/parts.h"
#include "cmd/command.h"
#include "model/snapshot.h"
#include "train/run_record.h"

struct hold {
	const struct dataset *data;
	const struct split *split;
	struct run_record record;        /* of the run, as it was when asked */
	struct parts parts;              /* of a run that is made of others and read from disk */
	const struct snapshot *snapshot; /* NULL until hold_snapshot() when it is on disk */
	char *home;
	bool readonly;
};

bool hold_data(struct hold *h, const struct call *c, struct err *err);
/* After hold_data().  name NULL: the run that answers. */
bool hold_run(struct hold *h, const struct call *c, const char *name, struct err *err);
/* The same for `use precision=` and `export model`: the run as it is kept, whatever precision it answers in. */
bool hold_whole_run(struct hold *h, const struct call *c, const char *name, struct err *err);
/* WORKER.  Borrowed from h. */
const struct snapshot *hold_snapshot(struct hold *h, struct err *err);
/* WORKER.  The snapshot is no longer needed: one that was read from disk is given back. */
void hold_let_go(struct hold *h);
void hold_done(struct hold *h);

#endif
