/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row_sum.h - the weighted sum of some rows of a sparse matrix, one tile of columns after another.
 *
 * What item-knn (rows: the neighbours of each history item) and user-knn (rows: the events of each near
 * user) score with.  A cursor in each row stands where the next tile begins, so that tiles asked in order
 * cost no search; any other order costs a binary search a row.  Each column is summed in the order of
 * the rows: the same bits whatever the tiles.  Belongs to one thread.
 */
#ifndef MODEL_ROW_SUM_H
#define MODEL_ROW_SUM_H

#include "num/csr.h"

struct row_sum {
	const uint32_t *rows; /* [n], borrowed */
	const float *weight;  /* [n], borrowed, or NULL: all 1 */
	uint32_t n;
	size_t *at;           /* [n] cursors, borrowed: filled by row_sum_begin() */
	uint32_t next;        /* the column they stand at */
};

void row_sum_begin(struct row_sum *s, const struct csr *m);
void row_sum_tile(struct row_sum *s, const struct csr *m, uint32_t lo, uint32_t hi, float *out); /* out[hi-lo] */

#endif
