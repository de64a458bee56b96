/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_store.h - runs kept under --home as plain files.
 *
 *   HOME/runs/NAME/run.json             what it is: model, parameters, data and split fingerprints, result
 *   HOME/runs/NAME/curves.csv           loss and metric by epoch
 *   HOME/runs/NAME/lists.safetensors    the lists of the watched users by epoch; none where nothing iterates
 *   HOME/runs/NAME/weights.safetensors  the best state: what scoring needs
 *   HOME/runs/NAME/state.safetensors    the last state: resume goes on from here
 *   HOME/runs/NAME/lock                 held while a process trains into it
 *   HOME/counters.json + lock           the next number of each model; numbers are never reused
 * A name is taken by mkdir; every file is replaced whole; run.json is written last, so a folder without
 * it is no run (listed as damaged, never deleted in silence).  Two processes may share a home.
 * A run.json may be saved without weights (readable false, stopped "running") when a training begins: a
 * run that says "running" while nobody holds its lock was killed, and is listed as "cancelled".
 * Nothing here knows a screen.  WORKER or UI (small files); one call at a time on one store.  A process may
 * open several stores on one home (the UI thread's, and one of a worker's own); saving does not ask who
 * holds the lock.
 */
#ifndef TRAIN_RUN_STORE_H
#define TRAIN_RUN_STORE_H

#include "model/snapshot.h"
#include "train/fit.h"
#include "train/run_record.h"

struct run_store;
struct run_store *run_store_open(const char *home, bool readonly, struct err *err); /* makes what is missing */
void run_store_free(struct run_store *s);

/* Takes a name: wanted (refused when it exists and replace is false) or the next MODEL#N.  Locks it for
 * this process until run_store_release(). */
bool run_store_take_name(struct run_store *s, const char *model, const char *wanted, bool replace, char name[64],
			 struct err *err);
void run_store_release(struct run_store *s, const char *name);
/* Locks a run that is there, to go on with its training; refused while anyone trains into it. */
bool run_store_lock(struct run_store *s, const char *name, struct err *err);
char *run_store_folder(const struct run_store *s, const char *name); /* free() */

bool run_store_save(struct run_store *s, const struct run_record *r, struct err *err); /* run.json, curves.csv */
bool run_store_save_weights(struct run_store *s, const char *name, const struct snapshot *best, struct err *err);
/* What the training told of the watched users; none: a file of before is deleted. */
bool run_store_save_lists(struct run_store *s, const struct run_record *r, const struct watched *w, struct err *err);
/* None kept is no error: *w is empty. */
bool run_store_load_lists(const struct run_store *s, const struct run_record *r, const struct dataset *d,
			  struct watched *w, struct err *err);
/* Every run, oldest first; damaged ones come back in `damaged` as one line each. */
bool run_store_list(struct run_store *s, struct run_record **out, size_t *n, char ***damaged, size_t *n_damaged,
		    struct err *err);
/* resolve, ctx: where a run that is made of others finds them; NULL: it cannot be read. */
const struct snapshot *run_store_load(struct run_store *s, const struct run_record *r, const struct dataset *d,
				      const struct split *split, run_resolver *resolve, void *ctx, struct err *err);
/* A whole run that was made elsewhere: takes a name (wanted, or the next of rec->model), which rec and the snapshot,
 * still nobody else's, get, and saves it.  Failing leaves no run of that name, with replace not even the one before. */
bool run_store_add(struct run_store *s, struct run_record *rec, struct snapshot *snapshot, const char *wanted,
		   bool replace, struct err *err);
bool run_store_delete(struct run_store *s, const char *name, struct err *err);

#endif
