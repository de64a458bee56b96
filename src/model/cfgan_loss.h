/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan_loss.h - the two sides of cfgan's game, on a group of histories that go through together.
 *
 * The discriminator D is shown vectors over items, each beside the history that it belongs to:
 *   real   x_i at the items of the history, 0 elsewhere
 *   made   y_i of the generator at the items of the history and at those drawn for pm (partial masking, so
 *          that D sees what was made of items not taken), 0 elsewhere
 * cfgan_judge     softplus(-D(real)) + softplus(D(made)), and its gradient by D's weights
 * cfgan_generate  softplus(-D(made)) + zeros * sum of y_i^2 over the items drawn for zr (zero reconstruction),
 *                 and its gradient by the generator's weights
 * each the sum over the group, the gradient times weight.  Items are drawn for the group; one that is in a
 * history counts for the others alone.
 *
 * DESIGN: y is made at the events and at the items drawn, nowhere else: the work follows the events.  What is
 * drawn is shared by the group so that it goes through as a product of small matrices.
 * Gradients of the tables are entries (num/embedding.h) that borrow z, e and drawn; those of dense weights are
 * added to grad.  Thread: ANY, each with a run and a work of its own.
 */
#ifndef MODEL_CFGAN_LOSS_H
#define MODEL_CFGAN_LOSS_H

#include "model/cfgan_net.h"
#include "num/embedding.h"

struct cfgan_group {
	size_t S, P, n_pm, n_zr;          /* histories, events, items drawn for either */
	size_t first, event, draw;        /* how many of each (histories, events, draws) the batch has before it */
	const uint32_t *start;            /* [S + 1] from 0 */
	const uint32_t *item;             /* [P] */
	const float *x, *seen;            /* [P] values; what goes in of them, 0 for an event left out */
	const uint32_t *drawn;            /* [n_pm + n_zr], each of the two distinct */
};

/* Memory of one thread, for groups of at most S histories, P events and N draws; zeroed at first. */
struct cfgan_work {
	float *a[CFGAN_MAX_LAYERS], *da[CFGAN_MAX_LAYERS], *ea[CFGAN_MAX_LAYERS]; /* of the generator [S][size] */
	float *b[CFGAN_MAX_LAYERS], *db[CFGAN_MAX_LAYERS], *eb[CFGAN_MAX_LAYERS]; /* of the discriminator [2S][size] */
	float *y, *dy;               /* [P] */
	float *yn, *dyn;             /* [N][S] */
	float *out_rows, *in_rows;   /* [N][width], [N][D.size[0]] */
	float *dz, *turned;          /* [S][width]; [width or D.size[0]][S] */
	float *logit, *label, *slope; /* [2S] */
	uint32_t *place;             /* [I] 0 between calls */
};
size_t cfgan_work_size(const struct cfgan_net *n, size_t S, size_t P, size_t N);
void cfgan_work_lay(struct cfgan_work *w, void *memory, const struct cfgan_net *n, size_t S, size_t P, size_t N);

struct cfgan_run {
	const struct cfgan_net *net;
	const struct cfgan_group *g;
	struct cfgan_work *w;
	float weight, zeros;
	/* What the entries borrow: */
	float *z;     /* [S][width] */
	float *e;     /* judge: [3][S][D.size[0]]; generate: [S][G.size[0]] */
	float *drawn; /* judge: [n_pm][D.size[0]]; generate: [n_pm + n_zr][width] */
	/* The gradient: */
	float *grad;          /* a block of D.t; of G.t */
	struct row_grad *in;  /* of D.in [3P + n_pm]; of G.in [P] */
	struct row_grad *out; /* generate: of out [P + n_pm + n_zr] */
	double zeros_loss;    /* generate: what the zeros have of the loss */
};
double cfgan_judge(struct cfgan_run *run);
double cfgan_generate(struct cfgan_run *run);

#endif
