/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_effort.c - what an epoch of towers takes: see towers_fit.h. */
#include <math.h>

#include "model/rows.h"
#include "model/towers_fit.h"
#include "model/towers_params.h"
#include "model/towers_text.h"

static double pieces(double events, const void *ctx)
{
	(void)ctx;
	return ceil(events / TOWERS_PIECE);
}

/* Each piece reads its whole history. */
static double events_read(double events, const void *ctx)
{
	return events * pieces(events, ctx);
}

static double distinct(double I, double drawn)
{
	return I > 0 ? I * (1 - exp(-drawn / I)) : 0;
}

static void epoch_effort(const struct towers_net *n, const struct towers_rule *r, const struct model_shape *s,
		       bool text, struct effort *e)
{
	double I = (double)n->I, D = (double)n->D, E = (double)s->n_events, N = fmin((double)r->negatives, I);
	double batch = fmin((double)r->batch, fmax(E, 1)), batches = ceil(E / batch);
	double M = N + distinct(fmax(I - N, 0), batch), read = n->history ? rows_users(s, events_read, NULL) : 0;
	double people = fmin(batch, rows_users(s, pieces, NULL) / fmax(batches, 1));
	double met = n->history ? distinct(I, read / fmax(batches, 1)) : 0, tags = n->tags || n->features.tags ? 1 : 0;
	enum effort_kind rows = effort_rows(I * D * sizeof(float));

	e->shared[EFFORT_PRODUCT] += 5 * E * N * D + batches * 3 * M * D * D * ((text ? 1 : 0) + (n->project ? 1 : 0)) +
				     (n->project ? 3 * E * 2 * D * D : 0);
	e->shared[EFFORT_EXP] += 6 * E * N; /* the loss and its slopes */
	e->shared[rows] += 6 * read * D + batches * M * D * (2 + 3 * tags);
	e->shared[EFFORT_DRAW] += read * (r->drop > 0 ? 4 : 2);
	e->shared[EFFORT_PASS] += batches * (6 * TOWERS_CHUNKS * N * D + 24 * (M + people + met) * D) + 6 * E * D;
	e->alone[EFFORT_DRAW] += 4 * read + E * 12 + batches * 3 * M;
	e->alone[EFFORT_PASS] += 3 * batches * (3 * M + people + met) * D;
	/* The loss on valid: each event told from the same negatives. */
	e->shared[EFFORT_PRODUCT] += s->n_valid * N * D;
	e->shared[EFFORT_EXP] += s->n_valid * N;
	e->shared[rows] += s->n_valid * rows_mean(s) * D;
}

void towers_effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	struct towers_rule rule = towers_rule_of(p, NULL);
	struct towers_net n;
	struct err ignored;
	double I = (double)shape->n_items, U = (double)shape->n_users, D;

	if (!towers_net_of(&n, shape->data, p, &ignored))
		return;
	D = (double)n.D;
	epoch_effort(&n, &rule, shape, towers_says_yes(p, "text") && dataset_has_text(shape->data), &out->epoch);
	effort_copies(&out->epoch, (U + 4 * I) * D);
	out->once.shared[EFFORT_DRAW] += 20 * (U + 2 * I) * D;
	if (towers_says_yes(p, "text"))
		towers_text_effort(shape->data, n.D, &out->once);
	effort_dots(&out->asked, I, D, rows_mean(shape));
	out->asked.shared[effort_rows(I * D * sizeof(float))] += rows_mean(shape) * D;
	towers_features_done(&n.features);
}
