/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_fit.h - the training of a towers network: batches, losses, steps.
 *
 * Each event of each user is asked for once an epoch, against negatives that its batch shares (towers_batch.h),
 * less what its user has; what is minimised is the mean of towers_loss.h over the batch's events.
 *
 * DESIGN: the items of a batch pass their tower once, the events go through theirs in CHUNKS, and what comes back to
 * the items goes once through the items' backward.  Chunks are cut by the batch alone; each adds to gradients of its own,
 * which are added up in chunk order, and draws from streams of its own: the same bits at any number of threads.
 * Never is there a matrix of batch x negatives: scores live in blocks of TOWERS_BLOCK rows.
 * Rows of tables are stepped when a batch touches them (lazy adam, num/optim.h), the matrices always.
 * Thread: WORKER.
 */
#ifndef MODEL_TOWERS_FIT_H
#define MODEL_TOWERS_FIT_H

#include "model/towers_batch.h"
#include "model/towers_loss.h"
#include "model/towers_net.h"
#include "num/optim.h"

enum { TOWERS_CHUNKS = 8, TOWERS_BLOCK = 64 };

struct towers_rule {
	struct towers_loss_rule loss;
	uint32_t batch, negatives;
	float dropout, drop, drop_item, drop_user; /* of u's numbers, a history's events, e_i, e_u */
	double lr;
	struct optim_rule optim;
};

/* What is stepped: the block of tensors, then the tables. */
enum towers_table { TOWERS_DENSE, TOWERS_USERS, TOWERS_ITEMS, TOWERS_PAST, TOWERS_TAGS, N_TOWERS_TABLES };
extern const char *const towers_table_names[N_TOWERS_TABLES];

struct towers_fit;
/* friends: U x I weights of what friends took (towers_friends.h), borrowed; NULL: none. */
struct towers_fit *towers_fit_new(const struct towers_net *n, const struct towers_rule *r, const struct csr *friends,
				  const struct build_env *env, struct err *err);
void towers_fit_free(struct towers_fit *f); /* NULL is fine */
uint64_t towers_fit_bytes(const struct towers_net *n, const struct towers_rule *r, const struct model_shape *s,
			  unsigned slots);
/* The steps taken so far, for a resume; n == 0 where there is no such table. */
struct optim *towers_fit_optim(struct towers_fit *f, enum towers_table t);

/* One pass over the events; fills ctx.  NaN or Inf: ERR_NUMERIC naming epoch, batch and tensor. */
bool towers_fit_epoch(struct towers_fit *f, struct towers_net *n, struct fit_ctx *ctx, struct err *err);
/* The loss on env's valid events, as towers_valid.h has it. */
bool towers_fit_valid_loss(struct towers_fit *f, const struct towers_net *n, const struct build_env *env,
			   const struct fit_ctx *ctx, double *out, struct err *err);

/* Tests: forward and backward of batch k of the present order, no step.  Returns the loss; grad: the block of
 * tensors; each table's gradient is added to table[t] (NULL: not wanted). */
bool towers_fit_gradient(struct towers_fit *f, struct towers_net *n, uint64_t seed, uint32_t epoch, size_t k,
			 double *loss, float *grad, float *table[N_TOWERS_TABLES], struct err *err);
struct towers_batch *towers_fit_batch(struct towers_fit *f);

#endif
