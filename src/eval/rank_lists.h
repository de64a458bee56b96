/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rank_lists.h - the best k items for many queries: the one road from a model to a list.
 *
 * Takes the model's dot form through num/rank.h where it has one, else score_block() in tiles with
 * topk_offer(); never holds queries x items scores.  Ties go to the lower item.  Work is cut into fixed
 * chunks of queries over the task's pool; same bits at any thread count.  WORKER or scorer.
 */
#ifndef EVAL_RANK_LISTS_H
#define EVAL_RANK_LISTS_H

#include "model/model.h"

struct rank_options {
	uint32_t k;
	bool keep_seen;          /* default: the query's own items are left out */
	const uint64_t *barred;  /* bit set [I] of items that are no candidates, or NULL; borrowed */
};
struct ranked_lists {
	size_t n;         /* queries */
	uint32_t k;
	uint32_t *count;  /* [n] how many of k are filled */
	uint32_t *left;   /* [n] candidates: of all items those neither barred nor left out */
	uint32_t *item;   /* [n][k] best first */
	float *score;     /* [n][k] */
};

/* Gives the i-th query; called from pool threads with the caller's slot for scratch.  What *out points to
 * need stay only until the slot's next call: it is copied. */
typedef bool query_source(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err);

bool rank_lists(const struct model *m, uint32_t n_items, query_source *source, void *ctx, size_t n,
		const struct rank_options *o, const struct task *task, struct ranked_lists *out,
		struct err *err);
void ranked_lists_done(struct ranked_lists *l);

/* The rank of one item among the candidates for one query (1 = best), and its score. */
bool rank_of_item(const struct model *m, uint32_t n_items, const struct query *q,
		  const struct rank_options *o, uint32_t item, struct scratch *s, uint32_t *rank, float *score,
		  struct err *err);
/* The same for B <= RANKS_AT_ONCE queries: rank[B], score[B].  Models read their items once for all of them. */
#define RANKS_AT_ONCE 8
bool ranks_of_item(const struct model *m, uint32_t n_items, const struct query *q, size_t B,
		   const struct rank_options *o, uint32_t item, struct scratch *s, uint32_t *rank, float *score,
		   struct err *err);

/* Bit set [I] of items that are no candidates: without a train event (all = false), or none (all = true:
 * returns true with *out NULL).  mem_free() it.
 * rank_all_items(): whether all are ranked where nobody says: where whole items are held out, by a model
 * that can tell them apart. */
bool rank_all_items(const struct split *split, const struct model *m);
bool rank_barred(const struct split *split, bool all, uint64_t **out, uint32_t *n_candidates, struct err *err);

#endif
