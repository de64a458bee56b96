/* SPDX-License-Identifier: GPL-3.0-or-later */
/* knn_best.h - the K most similar of many candidates, for knn_core.c alone.
 *
 * Similarities are above 0, so that a float's bits rise with it: (bits, ~number) in one integer
 * orders by similarity, then by lower number.  Candidates gather in a buffer; when it is full the
 * best K are selected and the K-th raises the bar.  Far cheaper than a heap when many pass at first.
 * Numbers of one column are distinct.  No allocation, no failure.
 */
#ifndef NUM_KNN_BEST_H
#define NUM_KNN_BEST_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct knn_best {
	uint64_t *key;   /* [room], borrowed, as is the next */
	uint64_t *brink; /* [room] for knn_best_cut() */
	size_t n, K, room;
	float least; /* a similarity below it is no candidate; the caller asks */
};

size_t knn_best_room(size_t K);
/* Leaves the best K, in no order. */
void knn_best_cut(struct knn_best *b);
/* Turns the keys into (number, bits of the similarity), ascending. */
void knn_best_by_number(struct knn_best *b);

static inline float knn_best_sim(uint32_t bits)
{
	float sim;

	memcpy(&sim, &bits, sizeof(sim));
	return sim;
}

static inline void knn_best_add(struct knn_best *b, float sim, uint32_t number)
{
	uint32_t bits;

	if (b->n == b->room)
		knn_best_cut(b);
	memcpy(&bits, &sim, sizeof(bits));
	b->key[b->n++] = (uint64_t)bits << 32 | (uint32_t)~number;
}

#endif
