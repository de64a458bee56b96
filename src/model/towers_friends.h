/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_friends.h - what a person's friends took: the mean of their histories' means, as one row of weights.
 *
 * Row u: for each item j, the mean over the friends of u that have events of w_fj / sum of w_f, with the weights w
 * of towers_past.h; the row sums to 1, or is empty.  Thread: WORKER to make, ANY to read.
 */
#ifndef MODEL_TOWERS_FRIENDS_H
#define MODEL_TOWERS_FRIENDS_H

#include "model/model.h"

/* U x I of the events of env->x; csr_done() it.  The data must have friends. */
bool towers_friends_make(struct csr *out, const struct build_env *env, float recency, struct err *err);
/* At most so many entries. */
size_t towers_friends_most(const struct dataset *d);

#endif
