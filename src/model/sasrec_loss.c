/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec_loss.c - see sasrec_loss.h. */
#include "model/sasrec_loss.h"

#include <math.h>
#include <string.h>

#include "num/kern.h"
#include "num/linalg.h"
#include "num/loss.h"

enum { TRIES = 16 };

size_t sasrec_loss_floats(enum sasrec_loss loss, uint32_t I, uint32_t D, uint32_t N, size_t P)
{
	if (loss == SASREC_CE)
		return softmax_all_strip(I);
	if (loss == SASREC_SAMPLED_CE) /* logits, logq, the negatives' rows and their transpose */
		return (P + 1) * ((size_t)N + 1) + 2 * (size_t)N * D;
	return 6 * P; /* score, label, slope: of the event, of the negative */
}

size_t sasrec_loss_items(enum sasrec_loss loss, uint32_t N, size_t P)
{
	return loss == SASREC_CE ? 1 : loss == SASREC_SAMPLED_CE ? N + P : P;
}

/* score = h.E_item: h's part of the gradient now, the item's part as an entry. */
static void add_pair(const struct sasrec_loss_run *r, struct row_grad *entry, size_t row, uint32_t item, float slope)
{
	const float *h = r->h + row * r->D;

	linalg_axpy(slope, r->E + (size_t)item * r->D, r->dh + row * r->D, r->D);
	*entry = (struct row_grad){ .from = h, .row = item, .coef = slope };
}

static float score_of(const struct sasrec_loss_run *r, size_t row, uint32_t item)
{
	return linalg_dot(r->h + row * r->D, r->E + (size_t)item * r->D, r->D);
}

/* --- bce ------------------------------------------------------------------------------ */

static uint32_t draw_outside(struct sasrec_loss_run *r, uint32_t user)
{
	uint32_t item = rng_below(&r->rng, r->I);

	for (int t = 1; t < TRIES && csr_has(r->x, user, item); t++)
		item = rng_below(&r->rng, r->I);
	return item;
}

static double loss_of_bce(struct sasrec_loss_run *r)
{
	const struct sasrec_group *g = r->g;
	size_t P = g->P;
	float *score = r->scores, *label = score + 2 * P, *slope = label + 2 * P;
	double loss;

	for (size_t s = 0; s < g->S; s++)
		for (size_t k = g->start[s]; k < g->start[s + 1]; k++)
			r->item[k] = draw_outside(r, g->user[s]);
	for (size_t k = 0; k < P; k++) {
		score[k] = score_of(r, k, r->target[k]);
		score[P + k] = score_of(r, k, r->item[k]);
		label[k] = 1;
		label[P + k] = 0;
	}
	memset(slope, 0, 2 * P * sizeof(*slope));
	loss = loss_bce(slope, score, label, r->weight, 2 * P);
	for (size_t k = 0; k < P; k++) {
		add_pair(r, &r->of_target[k], k, r->target[k], slope[k]);
		add_pair(r, &r->of_negative[k], k, r->item[k], slope[P + k]);
	}
	return loss;
}

/* --- sampled-ce --------------------------------------------------------------------------
 * The negatives stand for all other items: each logit has the logarithm of its expected count in the sample,
 * N/(I-1), taken off, the event's (it is always there) nothing, so that the sum estimates that of ce.
 */
static void draw_negatives(struct sasrec_loss_run *r, float *taken, float *across)
{
	for (size_t k = 0; k < r->N; k++) {
		r->item[k] = rng_below(&r->rng, r->I);
		memcpy(taken + k * r->D, r->E + (size_t)r->item[k] * r->D, r->D * sizeof(*taken));
		for (size_t d = 0; d < r->D; d++)
			across[d * r->N + k] = taken[k * r->D + d];
	}
}

/* logits [P][N + 1]: the negatives, then the event. */
static void make_logits(const struct sasrec_loss_run *r, float *logits, const float *across)
{
	size_t N = r->N, D = r->D, ld = N + 1;

	kern()->gemm(&(struct kern_gemm){ .c = logits, .ldc = ld, .a = r->h, .a_row = D, .a_col = 1, .b = across,
					  .ldb = N, .m = r->g->P, .n = N, .K = D });
	for (size_t k = 0; k < r->g->P; k++) {
		logits[k * ld + N] = score_of(r, k, r->target[k]);
		for (size_t j = 0; j < N; j++)
			if (r->item[j] == r->target[k])
				logits[k * ld + j] = -INFINITY;
	}
}

static void add_negatives(const struct sasrec_loss_run *r, const float *slope, const float *taken)
{
	size_t N = r->N, D = r->D, P = r->g->P, ld = N + 1;
	struct kern_gemm g = { .a = slope, .ldb = D, .ldc = D, .n = D };

	/* forward: logits = h taken' */
	g.c = r->dh, g.b = taken, g.a_row = ld, g.a_col = 1, g.m = P, g.K = N, g.add = true;
	kern()->gemm(&g);
	g.c = r->dneg, g.b = r->h, g.a_row = 1, g.a_col = ld, g.m = N, g.K = P, g.add = false;
	kern()->gemm(&g);
	for (size_t j = 0; j < N; j++)
		r->of_negative[j] = (struct row_grad){ .from = r->dneg + j * D, .row = r->item[j], .coef = 1 };
}

static double loss_of_sampled(struct sasrec_loss_run *r)
{
	size_t N = r->N, P = r->g->P, ld = N + 1;
	float *logits = r->scores, *logq = logits + P * ld, *taken = logq + ld, *across = taken + N * r->D;
	uint32_t *last = r->item + N;
	double loss;

	draw_negatives(r, taken, across);
	make_logits(r, logits, across);
	for (size_t j = 0; j < N; j++)
		logq[j] = logf((float)N / (float)(r->I > 1 ? r->I - 1 : 1));
	logq[N] = 0;
	for (size_t k = 0; k < P; k++)
		last[k] = (uint32_t)N;
	loss = loss_softmax_rows(logits, ld, last, logq, r->weight, P, ld);
	add_negatives(r, logits, taken);
	for (size_t k = 0; k < P; k++)
		add_pair(r, &r->of_target[k], k, r->target[k], logits[k * ld + N]);
	return loss;
}

double sasrec_loss(enum sasrec_loss loss, struct sasrec_loss_run *r)
{
	if (loss == SASREC_BCE)
		return loss_of_bce(r);
	if (loss == SASREC_SAMPLED_CE)
		return loss_of_sampled(r);
	return softmax_all_loss(r->all, r->dh, r->dE, r->h, r->E, r->target, r->weight, r->g->P, r->scores);
}
