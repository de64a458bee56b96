/* SPDX-License-Identifier: GPL-3.0-or-later */
/* item_matrix.c - see item_matrix.h. */
#include "model/item_matrix.h"

void item_matrix_scores(const struct packed *B, const struct query *q, size_t n_queries, uint32_t lo, uint32_t hi,
			float *out, size_t stride)
{
	for (size_t b = 0; b < n_queries; b++)
		packed_sum_rows(B, q[b].items, q[b].x, q[b].n, lo, hi, out + b * stride);
}

void item_matrix_parts(const struct packed *B, const struct query *q, uint32_t item, float *parts)
{
	for (uint32_t k = 0; k < q->n; k++)
		parts[k] = (q->x ? q->x[k] : 1) * packed_at(B, q->items[k], item);
}
