/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rank.h - the best k of many scores, chosen as the scores are made.
 *
 * DESIGN: item vectors are packed once into panels, items side by side and D running along, so that
 * a tile (a few queries x one panel) keeps its sums in registers; each finished tile is compared
 * with every query's present k-th best and only the survivors are looked at.  No row of scores ever
 * exists in memory.  Panels hold the items by falling length, so that once no vector left is long
 * enough to reach a query's k-th best (Cauchy-Schwarz, with a margin for rounding), the rest is
 * skipped: exact, and most of the work where popularity makes lengths uneven.  Each score is one
 * dot product summed in the order d = 0..D-1 in its own lane, the bias last: the same bits whatever
 * the tile, the batch, the thread or the neighbours, from rank_scores() as from rank_top().
 * Order: higher score first, ties to the lower item number.  NaN scores are never chosen.
 * Thread: packing is single; everything else is const on the panels and ANY.
 */
#ifndef NUM_RANK_H
#define NUM_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "num/packed.h"

/* The k best so far of one query.  `item` and `score` have room for k; topk_finish() sorts them
 * best first.  `threshold`: a score below it cannot enter. */
struct topk {
	uint32_t k, n;
	float threshold;
	float *score;   /* [k], borrowed */
	uint32_t *item; /* [k], borrowed */
};
void topk_begin(struct topk *t, uint32_t k, float *score, uint32_t *item);
void topk_push(struct topk *t, uint32_t item, float score);
void topk_finish(struct topk *t);
/* Offers scores[0..n-1] of items lo..lo+n-1, skipping those whose bit is set in `skip` (bit of item
 * i: skip[i/64] >> i%64; NULL: none).  Vectorised threshold test. */
void topk_offer(struct topk *t, const float *scores, uint32_t lo, uint32_t n, const uint64_t *skip);

struct rank_panels; /* packed item vectors, immutable */
#define RANK_MAX_D 1024

/* vectors[I][stride], D used, at most RANK_MAX_D; bias[I] or NULL is added to each dot product
 * last.  Both are BORROWED until rank_panels_free() (rank_scores reads them), and must not
 * change. */
struct rank_panels *rank_panels_new(const float *vectors, size_t stride, uint32_t I, uint32_t D,
				    const float *bias, struct err *err);
void rank_panels_free(struct rank_panels *p);
size_t rank_panels_bytes(uint32_t I, uint32_t D);
/* Of a table in fewer bits, borrowed likewise: bf16 scores as the floats it stands for; int8 rounds each query
 * to 15 bits, with a scale of its own, and multiplies whole numbers. */
struct rank_panels *rank_panels_new_packed(const struct packed *table, const float *bias, struct err *err);
size_t rank_panels_bytes_for(enum precision p, uint32_t I, uint32_t D);

/* out[q * out_stride + (i - lo)] = queries[q] . item i (+ bias), for items lo..hi-1. */
void rank_scores(const struct rank_panels *p, const float *queries, size_t q_stride,
		 size_t n_queries, uint32_t lo, uint32_t hi, float *out, size_t out_stride);
/* The k best of all items for each query; skip[q] is an ascending list of n_skip[q] items left out;
 * barred (may be NULL) is a bit set of items left out for every query; skip may be NULL.  out[q]
 * comes from topk_begin() and is finished, best first, on return. */
void rank_top(const struct rank_panels *p, const float *queries, size_t q_stride, size_t n_queries,
	      const uint32_t *const *skip, const uint32_t *n_skip, const uint64_t *barred,
	      struct topk *out);

#endif
