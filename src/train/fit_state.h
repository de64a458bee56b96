/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit_state.h - what a training needs to go on from an epoch's end: the model's state, the best model so
 * far, the curves.  One safetensors file, STATE_FILE in the run's folder.  WORKER.
 */
#ifndef TRAIN_FIT_STATE_H
#define TRAIN_FIT_STATE_H

#include "model/snapshot.h"
#include "train/curves.h"
#include "train/fit.h"

#define STATE_FILE "state.safetensors"

struct fit_point { /* where a training stands; the model and best are owned by the caller */
	struct model *model;
	const struct snapshot *best; /* NULL: none yet, or it is the model itself at best_epoch == epoch */
	uint32_t epoch, best_epoch;
	struct curves *curves;
};

/* Writes the state; with keep (a growing buffer) into memory instead. */
struct state_bytes {
	uint8_t *bytes;
	size_t cap, n;
};
bool fit_state_save(const struct fit_request *r, const struct fit_point *p, struct state_bytes *keep,
		    struct err *err);
/* Fills p from r->resume_dir: a model that fit_epoch continues, best (a new reference, or NULL), curves
 * (which must be empty).  Refuses the state of other data, another split, seed or model. */
bool fit_state_open(const struct fit_request *r, const struct build_env *env, struct fit_point *p,
		    struct err *err);

#endif
