/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bpr_core.h - Bayesian personalised ranking by stochastic gradient descent, Rendle et al. 2009,
 * arXiv:1205.2618.
 *
 * Minimises, over events (u,i) and drawn negatives j, the sum of
 *
 *	softplus(-(w_u.(h_i - h_j) + b_i - b_j))
 *	+ l2/2 (|w_u|^2 + |h_i|^2 + |h_j|^2 + b_i^2 + b_j^2)
 *
 * DESIGN: once an epoch users and items are dealt at random into P groups each, P depending on the
 * data's size alone.  Round r of P gives part p the events of user group p with item group
 * (p + r) % P: no two parts of a round share a user or an item, so they run at one time and still
 * equal a serial run (Gemulla et al. 2011, KDD, "distributed SGD"); negatives are drawn within the
 * item group, and as the groups are dealt anew each epoch, every item is drawn alike.  Each part
 * has its own random stream.  The same seed gives the same bits at any number of threads, no
 * gradient is stale, and a part's rows stay in cache.
 *
 * Values of the train matrix are not read: an event is an event.  Users or items without events are
 * drawn as negatives (uniform), never as positives.  A drawn negative that the user has an event
 * with is drawn again, up to 16 times, then the event is left out for this epoch.
 *
 * W [U][stride], H [I][stride], D used; bias [I].  Thread: WORKER.
 */
#ifndef NUM_BPR_CORE_H
#define NUM_BPR_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"
#include "num/csr.h"

enum bpr_negatives { BPR_UNIFORM, BPR_POPULARITY };

struct bpr_rule {
	float lr, l2;
	enum bpr_negatives negatives;
};

struct bpr_tables { /* borrowed, written in place */
	float *W, *H, *bias;
	size_t stride; /* floats from row to row; rows that start at 64 bytes are fastest */
	uint32_t D;
};

struct bpr_core; /* buffers kept from epoch to epoch; borrows train, which must outlive it */

struct bpr_core *bpr_core_new(const struct csr *train, uint64_t seed, struct err *err);
void bpr_core_free(struct bpr_core *b); /* NULL is fine */
size_t bpr_core_bytes_for(uint32_t users, uint32_t items, size_t events);

/* One epoch, every event once.  *loss: mean of the softplus term over the events done.  Epochs
 * count from 0; the same (seed, epoch, tables) gives the same result, whatever ran before.
 * NaN or Inf: ERR_NUMERIC, naming epoch, batch (round.part) and tensor; tables are then spoilt.
 * ERR_CANCELLED leaves the tables part way: the caller drops or restores them. */
bool bpr_epoch(struct bpr_core *b, const struct bpr_tables *w, const struct bpr_rule *rule,
	       uint32_t epoch, double *loss, const struct task *t, struct err *err);

/* The vector of a person known by history alone: minimises, over w,
 *	sum_{j in items} mean_{k in negatives} softplus(-(w.(h_j - h_k) + b_j - b_k)) + n*l2/2 |w|^2
 * by Newton steps with backtracking until the gradient's norm is below 1e-6 (of its start, or
 * absolute).  Deterministic; n == 0 gives 0.  negatives[m] must hold none of items (the caller
 * leaves them out).
 * scratch: bpr_fold_in_bytes(n, m, D), 64-byte aligned.  false when it did not get there (NaN in
 * H). */
size_t bpr_fold_in_bytes(uint32_t n, uint32_t m, uint32_t D);
bool bpr_fold_in(const float *H, const float *bias, size_t stride, uint32_t D,
		 const uint32_t *items, uint32_t n, const uint32_t *negatives, uint32_t m, float l2,
		 float *w, void *scratch);

#endif
