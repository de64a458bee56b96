/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf_fit.h - the training of a neumf network: events, negatives, steps.
 *
 * Each event of the train matrix makes one pair of label 1 and `negatives` pairs of label 0, their items drawn
 * anew each epoch, alike among those that the user has no event with (exactly: the drawn rank is looked up
 * between the user's items, nothing is drawn again).  Loss: the mean over a batch's pairs of softplus(s) -
 * label s, He et al. 2017, equation 7; in the first `pretrain` epochs the mean of the losses that product and
 * perceptron make each for itself, after which they are joined (model/neumf_net.h).  To each pair's loss, as it is
 * descended but not as it is told, l2 / 2 (|p|^2 + |q|^2) is added: vectors are held back as often as they are moved,
 * whatever the batch (as Rendle 2020, arXiv:2005.09683, does for the product alone).  Adam.  Users who have all items are left out: they tell nothing apart.
 *
 * DESIGN: a batch is as many whole events as its pairs hold, cut into groups of about 128 pairs, the groups
 * dealt in runs to at most 16 chunks, all by the batch alone.  A group draws from a stream of its own, a chunk has
 * gradients of its own, which are added up in chunk order: the same bits at any number of threads.
 * An event's user goes through the first layer once for all of its pairs.
 * Vectors: the rows touched by the batch are stepped alone, as if they had stood still since the batch that touched
 * them before (lazy adam) or had gone on by their momentum (deferred: num/optim.h), or all of them are (dense).
 * Thread: WORKER.
 */
#ifndef MODEL_NEUMF_FIT_H
#define MODEL_NEUMF_FIT_H

#include "model/model.h"
#include "model/neumf_net.h"
#include "num/optim.h"

enum neumf_adam { NEUMF_DEFERRED, NEUMF_LAZY, NEUMF_DENSE_ADAM };

struct neumf_rule {
	uint32_t batch, negatives; /* pairs a step; a positive */
	uint32_t pretrain;         /* epochs that the two parts are trained apart before they are joined */
	enum neumf_adam adam;
	double lr;
	float l2;
	struct optim_rule optim;
};

struct neumf_fit;
struct neumf_fit *neumf_fit_new(const struct neumf_net *n, const struct neumf_rule *r, const struct csr *x,
				struct err *err); /* x is borrowed */
void neumf_fit_free(struct neumf_fit *f); /* NULL is fine */
uint64_t neumf_fit_bytes(const struct neumf_net *n, const struct neumf_rule *r, size_t events, unsigned slots);
/* += an epoch. */
void neumf_fit_effort(const struct neumf_net *n, const struct neumf_rule *r, const struct model_shape *s,
		      struct effort *e);
/* The steps taken so far, for a resume: of the dense weights, of P, of Q. */
struct optim *neumf_fit_optim(struct neumf_fit *f, unsigned which);
enum { NEUMF_DENSE, NEUMF_USERS, NEUMF_ITEMS, NEUMF_OPTIMS };

/* The item of this rank, 0 .. cols - (entries of row u) - 1, among those that row u has no entry of. */
uint32_t neumf_absent_item(const struct csr *x, uint32_t u, uint32_t rank);

/* One pass over the events; fills ctx.  NaN or Inf: ERR_NUMERIC naming epoch, batch and tensor. */
bool neumf_fit_epoch(struct neumf_fit *f, struct neumf_net *n, struct fit_ctx *ctx, struct err *err);
/* The mean over the pairs of valid events, without dropout: each against `negatives` items that its user has
 * neither in x nor in valid (after 16 draws: in valid, perhaps), the same in every epoch.  Users without events
 * in x are left out; NaN: nobody is left. */
bool neumf_fit_valid_loss(struct neumf_fit *f, struct neumf_net *n, const struct csr *valid, uint64_t seed,
			  const struct task *t, double *out, struct err *err);

#endif
