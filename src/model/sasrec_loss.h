/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec_loss.h - the losses of sasrec (see sasrec_fit.h) on the positions of one group.
 *
 * From h [P][D] come the sum of the loss, dh (+=), and the gradient of the item vectors: dense for ce (dE, +=),
 * else as entries of a struct row_grads whose `from` are rows of h and dneg.  Thread: ANY, each with a
 * struct of its own.
 */
#ifndef MODEL_SASREC_LOSS_H
#define MODEL_SASREC_LOSS_H

#include "base/rng.h"
#include "model/sasrec_batch.h"
#include "num/embedding.h"
#include "num/softmax_all.h"

enum sasrec_loss { SASREC_CE, SASREC_SAMPLED_CE, SASREC_BCE };

struct sasrec_loss_run {
	const float *E;         /* [I][D] */
	uint32_t I, D, N;       /* N: negatives of sampled-ce */
	const struct csr *x;    /* bce draws outside a user's row */
	const struct sasrec_group *g;
	const uint32_t *target; /* [P] */
	float weight;           /* 1 / positions of the batch */
	const float *h;
	float *dh;
	struct rng rng;
	float *scores;          /* sasrec_loss_floats() */
	uint32_t *item;         /* sasrec_loss_items() */
	/* The gradient of E: */
	struct row_grad *of_target, *of_negative; /* [P]; [P] of bce, [N] of sampled-ce */
	float *dneg;            /* sampled-ce: [N][D] */
	const struct softmax_all *all;
	float *dE;              /* ce: [I][D] */
};
size_t sasrec_loss_floats(enum sasrec_loss loss, uint32_t I, uint32_t D, uint32_t N, size_t P);
size_t sasrec_loss_items(enum sasrec_loss loss, uint32_t N, size_t P);
double sasrec_loss(enum sasrec_loss loss, struct sasrec_loss_run *run);

#endif
