/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_store.h - runs kept under --home as plain files.
 *
 *   HOME/runs/NAME/run.json             what it is: model, parameters, data and split fingerprints, result
 *   HOME/runs/NAME/curves.csv           loss and metric by epoch
 *   HOME/runs/NAME/weights.safetensors  the best state: what scoring needs
 *   HOME/runs/NAME/state.safetensors    the last state: resume goes on from here
 *   HOME/runs/NAME/lock                 held while a process trains into it
 *   HOME/counters.json + lock           the next number of each model; numbers are never reused
 * A name is taken by mkdir; every file is replaced whole; run.json is written last, so a folder without
 * it is no run (listed as damaged, never deleted in silence).  Two processes may share a home.
 * Nothing here knows a screen.  WORKER or UI (small files); one call at a time on one store.
 */
#ifndef TRAIN_RUN_STORE_H
#define TRAIN_RUN_STORE_H

#include <jansson.h>

#include "model/snapshot.h"
#include "train/curves.h"
#include "train/fit.h"

/* All that is told of a run without its weights.  Plain data, owned by whoever holds it. */
struct run_record {
	char name[64], model[24];
	json_t *params;                /* owned */
	char data_name[96];
	uint64_t data_fingerprint, split_fingerprint;
	char split_text[192];
	uint64_t seed;
	bool values, refit, readable;  /* readable: weights are there and whole */
	uint32_t epochs_asked, patience, valid_every;
	uint32_t epochs, best_epoch;
	char stopped[16];              /* "done", "early", "cancelled", "failed", "running" */
	char failure[200];             /* why, when failed */
	char metric[32];
	double best_metric, seconds, last_loss;
	uint64_t bytes;
	int64_t made;                  /* clock_wall() */
	struct curves curves;
	json_t *metrics;               /* last evaluate on=test: {"ndcg@10":…}, or NULL; owned */
};
void run_record_done(struct run_record *r);
bool run_record_copy(struct run_record *out, const struct run_record *r, struct err *err);

struct run_store;
struct run_store *run_store_open(const char *home, bool readonly, struct err *err); /* makes what is missing */
void run_store_free(struct run_store *s);

/* Takes a name: wanted (refused when it exists and replace is false) or the next MODEL#N.  Locks it for
 * this process until run_store_release(). */
bool run_store_take_name(struct run_store *s, const char *model, const char *wanted, bool replace, char name[64],
			 struct err *err);
void run_store_release(struct run_store *s, const char *name);
char *run_store_folder(const struct run_store *s, const char *name); /* free() */

bool run_store_save(struct run_store *s, const struct run_record *r, struct err *err); /* run.json, curves.csv */
bool run_store_save_weights(struct run_store *s, const char *name, const struct snapshot *best, struct err *err);
/* Every run, oldest first; damaged ones come back in `damaged` as one line each. */
bool run_store_list(struct run_store *s, struct run_record **out, size_t *n, char ***damaged, size_t *n_damaged,
		    struct err *err);
const struct snapshot *run_store_load(struct run_store *s, const struct run_record *r, const struct dataset *d,
				      const struct split *split, struct err *err);
bool run_store_delete(struct run_store *s, const char *name, struct err *err);

#endif
