/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan_fit.h - the training of cfgan: the discriminator's passes over the histories, then the generator's.
 *
 * DESIGN: a batch is cut into groups of 16 histories, the groups dealt in runs to at most 16 chunks, by the
 * batch alone; a chunk's dense gradients are its own, a group's draws come from a stream of its own.  Gradients
 * are added up in chunk order: the same bits at any number of threads.  Of the tables the rows that a batch
 * touched are stepped alone (lazy adam), so that a step's cost follows the events and not the items.
 * Thread: WORKER.
 */
#ifndef MODEL_CFGAN_FIT_H
#define MODEL_CFGAN_FIT_H

#include "model/cfgan_batch.h"
#include "num/optim.h"

struct cfgan_rule {
	uint32_t batch, d_passes, g_passes; /* histories; passes an epoch */
	float pm, zr, drop;                 /* see struct cfgan_draw */
	float zeros;                        /* the weight of zr in the loss */
	double lr, d_lr;
	struct optim_rule g, d;
};

enum cfgan_block { CFGAN_G_DENSE, CFGAN_G_IN, CFGAN_G_OUT, CFGAN_D_DENSE, CFGAN_D_IN, CFGAN_BLOCKS };
extern const char *const cfgan_block_name[CFGAN_BLOCKS];

struct cfgan_fit;
struct cfgan_fit *cfgan_fit_new(const struct cfgan_net *n, const struct cfgan_rule *r, const struct build_env *env,
				struct err *err);
void cfgan_fit_free(struct cfgan_fit *f); /* NULL is fine */
uint64_t cfgan_fit_bytes(const struct cfgan_net *n, const struct cfgan_rule *r, const struct model_shape *s,
			 unsigned slots);
/* += an epoch. */
void cfgan_fit_effort(const struct cfgan_net *n, const struct cfgan_rule *r, const struct model_shape *s,
		      struct effort *e);
struct optim *cfgan_fit_optim(struct cfgan_fit *f, enum cfgan_block block); /* the steps so far, for a resume */

/* One epoch; fills ctx.  NaN or Inf: ERR_NUMERIC naming epoch, batch and tensor. */
bool cfgan_fit_epoch(struct cfgan_fit *f, struct cfgan_net *n, struct fit_ctx *ctx, struct err *err);

#endif
