/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event_mean.h - the mean of a loss over the events of a matrix, for what models tell of valid events.
 *
 * Users of whom nothing was learned (no event in `known`) are left out: their events cost a model nothing
 * that it could have known.  Chunks are runs of users, added up in order: the same bits at any number of
 * threads.  Thread: WORKER; the function is called from ANY, for each user once.
 */
#ifndef MODEL_EVENT_MEAN_H
#define MODEL_EVENT_MEAN_H

#include "base/err.h"
#include "base/task.h"
#include "num/csr.h"

/* The sum over a user's n >= 1 events; x NULL: all 1. */
typedef double event_loss_fn(const void *ctx, uint32_t user, const uint32_t *items, const float *x, size_t n);

/* *out is NaN when no event counts.  False: cancelled, or out of memory. */
bool event_mean(const struct csr *events, const struct csr *known, event_loss_fn *fn, const void *ctx,
		const struct task *t, double *out, struct err *err);

#endif
