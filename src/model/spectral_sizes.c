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

/* First the vectors are found, then the filter made beside them. */
uint64_t spectral_bytes(const struct model_shape *shape, const struct params *p)
{
	uint64_t I = shape->n_items, U = shape->n_users, n = shape->n_events, least = I < U ? I : U, ignored;
	uint64_t pairs = shape->x ? (uint64_t)rows_users(shape, rows_square, NULL) : n * shape->longest;
	uint64_t D = (uint64_t)params_int(p, "dim") < least ? (uint64_t)params_int(p, "dim") : least;
	uint64_t slots = shape_threads(shape), vectors = I * D * sizeof(float), filter = 2 * n * sizeof(float), first;

	first = subspace_bytes(shape->n_users, shape->n_items, (uint32_t)D, shape_threads(shape));
	switch (spectral_form((enum product)params_choice(p, "product"), I, pairs, &ignored)) {
	case WHOLE:
		filter += I * I * sizeof(float) + slots * 64 * D * sizeof(float); /* spectral.c, ROWS */
		break;
	case SPARSE:
		filter += (uint64_t)rows_met(shape, (double)I) * (sizeof(uint32_t) + sizeof(float)) + I * sizeof(size_t) +
			  rank_panels_bytes((uint32_t)I, (uint32_t)D);
		break;
	case BY_USERS:
		filter += n * sizeof(uint32_t) + I * sizeof(size_t) + rank_panels_bytes((uint32_t)I, (uint32_t)D);
		break;
	}
	filter += vectors;
	return (first > filter ? first : filter) + I * sizeof(float) + (I + U) * sizeof(double);
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
		effort_fresh(&out->once, I * I);
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
