/* SPDX-License-Identifier: GPL-3.0-or-later */
/* item_matrix.c - see item_matrix.h. */
#include "model/item_matrix.h"

#include <string.h>

#include "num/linalg.h"

void item_matrix_scores(const float *B, size_t I, const struct query *q, size_t n_queries, uint32_t lo, uint32_t hi,
			float *out, size_t stride)
{
	for (size_t b = 0; b < n_queries; b++) {
		float *to = out + b * stride;

		memset(to, 0, (hi - lo) * sizeof(*to));
		for (uint32_t k = 0; k < q[b].n; k++)
			linalg_axpy(q[b].x ? q[b].x[k] : 1, B + q[b].items[k] * I + lo, to, hi - lo);
	}
}

void item_matrix_parts(const float *B, size_t I, const struct query *q, uint32_t item, float *parts)
{
	for (uint32_t k = 0; k < q->n; k++)
		parts[k] = (q->x ? q->x[k] : 1) * B[q->items[k] * I + item];
}
