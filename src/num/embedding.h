/* SPDX-License-Identifier: GPL-3.0-or-later */
/* embedding.h - tables of vectors: looking rows up, and the gradient of the rows that a batch touched.
 *
 *   forward  y[r] = scale * table[rows[r]]      y [R][D], table [n][D]
 * The backward is sparse: a batch leaves a list of entries, "row += coef * from", which
 * row_grads_sum() sorts by row and adds up, in the order of the entries: the same bits whatever
 * thread wrote them.  struct row_grads keeps its memory from batch to batch.
 *
 *	row_grads_begin(g, n, err);              room for n entries
 *	e = &g->entry[k]; …                      by any thread, each k written once before the sum
 *	                                         (row ROW_GRADS_NONE: no entry)
 *	row_grads_sum(g, task, err);             touched [n_touched] by first appearance,
 *	                                         sum [n_touched][D]
 *
 * A row is touched when an entry names it, even with a coef of 0.  D a multiple of 16 is fastest.
 * Thread: struct row_grads WORKER; embedding_forward ANY.
 */
#ifndef NUM_EMBEDDING_H
#define NUM_EMBEDDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"

#define ROW_GRADS_NONE UINT32_MAX

void embedding_forward(float *y, const float *table, const uint32_t *rows, float scale, size_t R, size_t D);

struct row_grad {
	const float *from; /* [D], borrowed until row_grads_sum() is done */
	uint32_t row;
	float coef;
};
struct row_grads {
	uint32_t n_rows, D;
	size_t n, cap;          /* entries */
	struct row_grad *entry; /* [n], the caller's to fill */
	size_t n_touched;
	uint32_t *touched;      /* [n_touched] */
	float *sum;             /* [n_touched][D] */
	uint32_t *order, *begin; /* ours, as is: */
	uint32_t *place;         /* [n_rows] 0 between the sums */
	size_t cap_touched;
};
struct row_grads *row_grads_new(uint32_t n_rows, uint32_t D, struct err *err);
void row_grads_free(struct row_grads *g); /* NULL is fine */
size_t row_grads_bytes(uint32_t n_rows, uint32_t D, size_t entries);
bool row_grads_begin(struct row_grads *g, size_t n, struct err *err);
bool row_grads_sum(struct row_grads *g, const struct task *t, struct err *err);
/* dense [n_rows][D] += the sums: for an optimiser that treats every row. */
void row_grads_add_to(const struct row_grads *g, float *dense);

#endif
