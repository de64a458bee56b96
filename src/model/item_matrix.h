/* SPDX-License-Identifier: GPL-3.0-or-later */
/* item_matrix.h - scoring by a dense matrix of items by items: s(i) = sum over j in H(u) of x_uj B[j][i].
 *
 * What models that are linear in the history share.  B [I][I], borrowed, whole or in fewer bits; row j is
 * what an event with j adds to every item's score.  Thread: ANY.
 */
#ifndef MODEL_ITEM_MATRIX_H
#define MODEL_ITEM_MATRIX_H

#include "model/model.h"

/* Each score is summed in the order of the history in its own place: the same bits in any tile. */
void item_matrix_scores(const struct packed *B, const struct query *q, size_t n_queries, uint32_t lo, uint32_t hi,
			float *out, size_t stride);
void item_matrix_parts(const struct packed *B, const struct query *q, uint32_t item, float *parts);

#endif
