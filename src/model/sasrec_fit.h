/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec_fit.h - the training of a sasrec network: batches, losses, steps.
 *
 * Each position of a history is asked for the event after it:
 *   ce          softmax over all items, in strips (num/softmax_all.h)
 *   sampled-ce  softmax over the event and `negatives` items drawn alike for a group of histories, with the
 *               logQ correction; a negative that is the event itself is left out
 *   bce         the paper's: softplus(-s) of the event + softplus(s) of one item drawn anew, outside the history
 * each the mean over the batch's positions.
 *
 * DESIGN: a batch is cut into groups of whole histories, of at least 128 positions (but for the last), and the groups are dealt
 * in runs to at most 16 chunks (4 for ce, whose gradient has all items), all by the batch alone.  A chunk goes
 * forward and backward group by group on gradients of its own; what a group draws comes from a stream of
 * its own.  Gradients are added up in chunk order: the same bits at any number of threads.  The work follows
 * the events: nothing is padded.
 * Item vectors: rows touched by the batch are stepped alone (lazy adam), or all of them (dense; always with ce).
 * Thread: WORKER.
 */
#ifndef MODEL_SASREC_FIT_H
#define MODEL_SASREC_FIT_H

#include "model/sasrec_loss.h"
#include "model/sasrec_net.h"
#include "num/optim.h"

struct sasrec_rule {
	enum sasrec_loss loss;
	uint32_t batch, negatives, warmup; /* histories, items a group, steps */
	float drop; /* the share of a history's events left out, anew each epoch */
	bool lazy;
	double lr, clip;
	struct optim_rule optim;
};

struct sasrec_fit;
struct sasrec_fit *sasrec_fit_new(const struct sasrec_net *n, const struct sasrec_rule *r,
				  const struct build_env *env, struct err *err);
void sasrec_fit_free(struct sasrec_fit *f); /* NULL is fine */
uint64_t sasrec_fit_bytes(const struct sasrec_net *n, const struct sasrec_rule *r, const struct model_shape *s,
			  unsigned slots);
/* += an epoch, the loss on valid with it. */
void sasrec_fit_effort(const struct sasrec_net *n, const struct sasrec_rule *r, const struct model_shape *s,
		       struct effort *e);
/* Multiply-adds of a row forward, in histories of so many rows. */
double sasrec_row_products(const struct sasrec_net *n, double read);
/* The steps taken so far, for a resume: of the dense weights, of E. */
struct optim *sasrec_fit_dense(struct sasrec_fit *f);
struct optim *sasrec_fit_items(struct sasrec_fit *f);

/* One pass over the histories; fills ctx.  NaN or Inf: ERR_NUMERIC naming epoch, batch and tensor. */
bool sasrec_fit_epoch(struct sasrec_fit *f, struct sasrec_net *n, struct fit_ctx *ctx, struct err *err);
/* The same loss on the valid events (model/sasrec_valid.h). */
bool sasrec_fit_valid_loss(struct sasrec_fit *f, const struct sasrec_net *n, const struct build_env *env,
			   const struct task *t, double *out, struct err *err);

#endif
