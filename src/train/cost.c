/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cost.c - see cost.h. */
#include "train/cost.h"

#include <math.h>

static double users_of(const struct csr *x)
{
	double n = 0;

	for (uint32_t u = 0; u < x->rows; u++)
		n += csr_row_n(x, u) > 0;
	return n;
}

void cost_count(const struct fit_request *r, struct effort *once, struct effort *epoch)
{
	bool iterates = r->ops->caps & MODEL_ITERATIVE, watches = r->valid_every && r->split->n_valid;
	const struct csr *x = r->refit && !(iterates && watches) ? &r->split->train_valid : &r->split->train;
	double E = (double)csr_n(x), rounds = watches ? 1.0 / r->valid_every : 0;
	double asked = users_of(&r->split->valid), watched = iterates ? r->n_watched : 0;
	struct model_effort of = { 0 };
	struct model_shape shape = fit_shape(r, x, 0);

	*once = *epoch = (struct effort){ 0 };
	shape.n_valid = iterates && watches && r->ops->valid_loss ? (double)csr_n(&r->split->valid) : 0;
	if (r->ops->effort)
		r->ops->effort(&shape, &r->params, &of);
	effort_add(once, &of.once, 1);
	once->alone[EFFORT_ADD] += 3 * E; /* the transpose */
	/* Threads woken, files begun and, of a model that iterates, its state written through to the disk: some
	 * milliseconds, however small the data. */
	once->alone[EFFORT_DRAW] += iterates ? 9e6 : 1e6;
	effort_add(epoch, &of.epoch, 1);
	/* A user asked: the history copied, the list judged. */
	of.asked.shared[EFFORT_DRAW] += 100 + 10 * E / (double)(x->rows + 1.0);
	of.asked.alone[EFFORT_DRAW] += 100;
	effort_add(epoch, &of.asked, asked * rounds + watched);
	epoch->alone[EFFORT_PASS] += rounds * (double)(x->cols + x->rows);
}

void cost_tell(const struct fit_request *r, const struct speed *speed, unsigned threads, bool kept, struct cost *out)
{
	struct effort once, epoch;

	*out = (struct cost){ .once = NAN, .epoch = NAN, .epochs = r->epochs, .bytes = fit_bytes(r, threads, kept) };
	if (!speed || !r->ops->effort)
		return;
	cost_count(r, &once, &epoch);
	out->once = speed_seconds(speed, &once);
	out->epoch = speed_seconds(speed, &epoch);
	if (out->epoch > FIT_STATE_SECONDS)
		out->bytes = fit_bytes(r, threads, false);
}

double cost_seconds(const struct cost *c, uint32_t epochs)
{
	return c->once + epochs * c->epoch;
}
