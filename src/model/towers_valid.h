/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_valid.h - the loss of a towers network on valid events, of people that have a history to be asked with.
 *
 * As in training (towers_fit.h), but nothing is left out: each event against the same `negatives` items, drawn once
 * from the seed, less what the person has.  Chunks are runs of people, added up in order.  Thread: WORKER.
 */
#ifndef MODEL_TOWERS_VALID_H
#define MODEL_TOWERS_VALID_H

#include "model/towers_fit.h"

/* *out: the mean over the events, NaN when there is none. */
bool towers_valid_loss(const struct towers_net *n, const struct towers_rule *r, const struct towers_batch *b,
		       const struct csr *friends, const struct build_env *env, uint64_t seed, const struct task *task,
		       double *out, struct err *err);
uint64_t towers_valid_bytes(const struct towers_net *n, const struct towers_rule *r, const struct model_shape *s,
			    unsigned slots);

#endif
