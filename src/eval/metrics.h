/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metrics.h - the metrics of one list, and of all lists together; only src/eval uses it.
 *
 * Definitions: interface.md's table, repeated at each row of metric_table.  Pure functions, ANY thread.
 */
#ifndef EVAL_METRICS_H
#define EVAL_METRICS_H

#include "eval/eval.h"

enum dialect { DIALECT_RECBOLE, DIALECT_LENSKIT, DIALECT_VAE };
bool dialect_parse(const char *name, enum dialect *out, struct err *err); /* NULL: recbole */
const char *dialect_note(enum dialect d);                                /* "" where nothing differs */

/* One user's list as far as accuracy goes: hit[r] says whether the item at rank r + 1 is a test item. */
struct judged_list {
	const bool *hit;
	uint32_t n;      /* length of the list, may be under k */
	uint32_t n_test; /* test items, found or not; >= 1 */
};
/* METRIC_RECALL .. METRIC_MRR at k. */
double metric_of_list(int metric, const struct judged_list *l, uint32_t k, enum dialect d);

/* The same of a random order of `candidates` items, each order as likely as another, of which `findable` are test
 * items (of n_test in all): the mean over all orders, in closed form. */
struct chance { uint32_t candidates, findable, n_test; };
double metric_by_chance(int metric, const struct chance *c, uint32_t k, enum dialect d);

/* Mean of -log2(share[i]) over a list, share = train events of an item over all train events.  Items
 * without a train event (candidates=all) have no such number and are left out; NaN when none is left. */
double metric_novelty(const uint32_t *item, uint32_t n, const uint64_t *item_events, uint64_t all_events);

/* Diversity: 1 - cosine between binary columns of train. */
struct likeness; /* shared by threads, const */
struct likeness_memo; /* one a thread: pairs seen lately; NULL where none is met twice */
/* xt: items x users.  Borrowed. */
struct likeness *likeness_new(const struct csr *xt, struct err *err);
void likeness_free(struct likeness *l);
struct likeness_memo *likeness_memo_new(struct err *err);
void likeness_memo_free(struct likeness_memo *m);
double likeness_cosine(const struct likeness *l, struct likeness_memo *m, uint32_t i, uint32_t j);
/* sums[k-1]: sum of 1 - cosine over the pairs among the first k items, for k = 1..n. */
void likeness_pair_sums(const struct likeness *l, struct likeness_memo *m, const uint32_t *item, uint32_t n,
			double *sums);

#endif
