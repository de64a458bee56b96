/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rerank.h - lists after the model: the best of a pool chosen anew, for variety or against popularity.
 *
 * The pool is the model's best 10 k items, at least RERANK_POOL of them; s is a score in it, scaled so that the pool's
 * best has 1 and its last 0; w is the weight.
 *
 *   mmr         maximal marginal relevance (Carbonell & Goldstein 1998, SIGIR): one after the other the item with the
 *               largest (1 - w) s_i - w max over the chosen j of cos(i, j), cos of binary train columns, as
 *               diversity@K takes it (eval/metrics.h)
 *   popularity  the largest s_i - w p_i, p = ln(1 + train events) / ln(1 + those of the item with most)
 *
 * Ties go to what the model had before.  An item keeps the score that the model gave it.
 * WORKER or scorer; same bits at any thread count.
 */
#ifndef EVAL_RERANK_H
#define EVAL_RERANK_H

#include "data/split.h"
#include "eval/rank_lists.h"

enum rerank_by { RERANK_NONE, RERANK_MMR, RERANK_POPULARITY };
struct rerank {
	enum rerank_by by;
	double weight; /* 0..1 */
};
enum { RERANK_POOL = 100 };

/* "mmr:0.3", "popularity:0.2"; errors say what would be right. */
bool rerank_parse(const char *text, struct rerank *out, struct err *err);
void rerank_text(const struct rerank *r, char out[32]); /* as it is parsed; "" for none */
uint32_t rerank_pool(uint32_t k, uint32_t n_items);

/* rank_lists(), then the lists chosen anew; with RERANK_NONE the same as rank_lists(). */
bool rerank_lists(const struct rerank *r, const struct split *split, const struct model *m, query_source *source,
		  void *ctx, size_t n, const struct rank_options *o, const struct task *task, struct ranked_lists *out,
		  struct err *err);

#endif
