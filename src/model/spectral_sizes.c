/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spectral_sizes.c - see spectral_sizes.h. */
#include "model/spectral_sizes.h"

#include <math.h>

#include "model/rows.h"
#include "num/rank.h"
#include "num/subspace.h"

#define AUTO_BYTES ((uint64_t)4 << 30) /* product=auto keeps a matrix of items up to here */

enum form spectral_form(enum product product, uint64_t I, uint64_t pairs, uint64_t *bytes)
{
	uint64_t whole = I * I * sizeof(float), sparse;

	pairs = pairs < I * I ? pairs : I * I;
	sparse = pairs * (sizeof(uint32_t) + sizeof(float));
	*bytes = whole < sparse ? whole : sparse;
	if (product == USERS || (product == AUTO && *bytes > AUTO_BYTES))
		return BY_USERS;
	return whole < sparse ? WHOLE : SPARSE;
}

/* Items that share a user with an item, all told: what R'R holds.  By popularity c: two items share one unless none of
 * the pairs of events falls on them; items of about equal c together. */
static uint64_t pairs_held(const struct model_shape *shape)
{
	enum { BINS = 64 };
	double n[BINS] = { 0 }, c[BINS] = { 0 }, events = (double)shape->n_events, sum = 0;
	double pairs = shape->x ? rows_users(shape, rows_square, NULL) : 0;

	if (!shape->x || !shape->item_events)
		return shape->n_events * (uint64_t)shape->longest;
	for (uint32_t i = 0; i < shape->n_items; i++) {
		int bin = (int)fmin(3 * log2(shape->item_events[i] + 1.0), BINS - 1);

		n[bin]++;
		c[bin] += shape->item_events[i];
	}
	for (int a = 0; a < BINS; a++)
		for (int b = 0; b < BINS; b++)
			if (n[a] > 0 && n[b] > 0)
				sum += n[a] * n[b] * (1 - exp(-pairs * c[a] / n[a] * (c[b] / n[b]) / (events * events)));
	return (uint64_t)fmin(sum, pairs);
}

uint64_t spectral_bytes(const struct model_shape *shape, const struct params *p)
{
	uint64_t I = shape->n_items, n = shape->n_events, dim = (uint64_t)params_int(p, "dim");
	uint64_t first = subspace_bytes(shape->n_users, shape->n_items, (uint32_t)dim, shape_threads(shape)), second;
	uint64_t vectors = I * dim * sizeof(float) + rank_panels_bytes((uint32_t)I, (uint32_t)dim);

	if (spectral_form((enum product)params_choice(p, "product"), I, pairs_held(shape), &second) == BY_USERS)
		second = n * (sizeof(uint32_t) + sizeof(float));
	second += 2 * n * sizeof(float); /* R and R' while R'R is made */
	return (first > second ? first : second) + vectors + (3 * I + shape->n_users) * sizeof(double);
}

void spectral_effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	double I = (double)shape->n_items, U = (double)shape->n_users, D = fmin((double)params_int(p, "dim"), fmin(I, U));
	double pairs = rows_users(shape, rows_square, NULL), n = rows_mean(shape), E = (double)shape->n_events;
	uint64_t ignored;

	subspace_effort(shape->x, (uint32_t)D, &out->once);
	switch (spectral_form((enum product)params_choice(p, "product"), shape->n_items, (uint64_t)pairs, &ignored)) {
	case WHOLE:
		out->once.shared[EFFORT_ADD] += pairs / 2;
		out->once.shared[EFFORT_PASS] += 4 * I * I;
		out->once.shared[EFFORT_PRODUCT] += I * I * D;
		out->asked.shared[EFFORT_PASS] += n * I;
		break;
	case SPARSE:
		out->once.shared[EFFORT_ADD] += 30 * pairs; /* counted, then written, row by row of what is out of cache */
		effort_row_sums(&out->asked, I, n, 3 * fmin(I, pairs / I)); /* the items met most have the longest rows */
		out->asked.shared[EFFORT_PRODUCT] += I * D;
		break;
	case BY_USERS:
		out->asked.shared[EFFORT_ADD] += E + rows_reach(shape);
		out->asked.shared[EFFORT_PRODUCT] += I * D;
		break;
	}
	out->once.alone[EFFORT_DRAW] += 2 * E; /* degrees and what they scale */
	effort_tiles(&out->asked, I);
	out->asked.shared[effort_rows(I * D * sizeof(float))] += n * D;
}
