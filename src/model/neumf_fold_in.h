/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf_fold_in.h - the row of a person known by history alone, the network and the items held as they are.
 *
 * The row p that minimises
 *
 *	sum_{j in H} softplus(-s_j) + (n negatives / m) sum_k softplus(s_k) + 1/2 sum_d (p_d - mean_d)^2 / var_d
 *
 * over the n events of the history and m fixed negatives k: what training would see of them, `negatives` a
 * positive, before a normal distribution with mean and variance of the trained users' rows.  By Gauss-Newton
 * steps with a search along each, from the mean: deterministic.  The loss has corners where a relu turns, so that
 * it ends where no step shows a gain.  A history without events gets the mean.
 * Loss and gradient are double, the curvature is float: it bends the path alone.
 * Thread: ANY.
 */
#ifndef MODEL_NEUMF_FOLD_IN_H
#define MODEL_NEUMF_FOLD_IN_H

#include "model/neumf_net.h"

struct neumf_people { /* of the trained users' rows; [D] each, one block that mean begins */
	float *mean, *weight; /* weight: 1 / variance */
};
/* trained [U]: whose rows count. */
bool neumf_people_make(struct neumf_people *p, const struct neumf_net *n, const uint8_t *trained, struct err *err);
void neumf_people_done(struct neumf_people *p); /* fine on a zeroed struct */

size_t neumf_fold_in_bytes(const struct neumf_net *n, size_t rows); /* of work: history and negatives */
/* items [n_items]: the history, then from `n` on the negatives; each of these counts `each`.  turned:
 * neumf_turn()'s.  p [D]: out.  false: no numbers came out. */
bool neumf_fold_in(const struct neumf_net *net, const float *turned, const struct neumf_people *people,
		   const uint32_t *items, uint32_t n, uint32_t n_items, float each, float *p, void *work);

#endif
