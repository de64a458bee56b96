/* SPDX-License-Identifier: GPL-3.0-or-later */
/* knn_core.h - the K most similar rows or columns of a sparse matrix by what they share.
 *
 * n_ij = sum_u x_ui x_uj, a_i and s_i numbers that each column brings:
 *
 *	sim(i,j) = n_ij / (a_i a_j + s_i + s_j - e n_ij + shrink)
 *
 *	cosine   a = |x_i|, s = 0, e = 0
 *	jaccard  a = 0, s = events of i, e = 1 (x all ones)
 *	dot      denominator 1: a = 0, s = 0.5, e = 0, shrink = 0
 *
 * (tf-idf and bm25 are weights put on x by knn_weigh(), then cosine and dot.)  Pairs that share
 * nothing (n_ij == 0) are no neighbours, nor is a column of itself, nor a pair whose denominator is
 * not above 0.
 * Ties in similarity go to the lower number.
 *
 * DESIGN: one column at a time: its rows' entries are added up in an accumulator of its thread,
 * then scanned.  Columns are renumbered by popularity inside, so that the accumulator's hot part
 * stays in the first-level cache; sums run in a fixed order for each column.  Chunks of columns are
 * cut by their cost.
 * Thread: knn_fit WORKER; the rest const, ANY.
 */
#ifndef NUM_KNN_CORE_H
#define NUM_KNN_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"
#include "num/csr.h"

struct knn_rule {
	const float *a; /* [cols] or NULL: all 0 */
	const float *s; /* [cols] or NULL: all 0 */
	float e, shrink;
	uint32_t K;     /* >= 1 */
};

/* Neighbours of every column of x (R x C); xt its transpose.  out: C x C, row j holds its at most K
 * nearest i, ascending i, val = sim.  knn_fit(out, xt, x, …) gives the neighbours of rows. */
bool knn_fit(struct csr *out, const struct csr *x, const struct csr *xt,
	     const struct knn_rule *rule, const struct task *t, struct err *err);
/* Result and buffers; kept: neighbours of all columns, cols x K at most. */
size_t knn_fit_bytes(size_t entries, uint32_t cols, uint32_t K, size_t kept, unsigned slots);

/* The K nearest rows of x to a query row (user-knn): query items[n] with weights q[n] (NULL: ones),
 * its own a and s; rule->a, rule->s are of the ROWS of x; leave_out is never chosen (UINT32_MAX:
 * none).
 * acc: x->rows floats, all 0 before and after; nearest, sim: room for K.  Most similar first;
 * returns how many. */
uint32_t knn_nearest(const struct csr *xt, const struct knn_rule *rule, const uint32_t *items,
		     const float *q, uint32_t n, float a, float s, uint32_t leave_out, float *acc,
		     uint32_t *nearest, float *sim);

/* out[items] += x_uj * sim(j, i) over a history: rows of `sims` as knn_fit() made them. */
void knn_score(const struct csr *sims, const uint32_t *items, const float *x, uint32_t n,
	       float *out);

enum knn_weights { KNN_PLAIN, KNN_TFIDF, KNN_BM25 };
/* Weights of models.md put on a users x items matrix: out is a copy of x with new values.
 *	tf-idf: sqrt(x) (ln U - ln(1 + |H(u)|))
 *	bm25:   x (k1+1) / (k1 (1 - b + b len_i/mean) + x) ln(U / (1 + |H(u)|)),
 *	        k1 = 1.2, b = 0.75, len_i the sum of x of item i, mean its mean over items */
bool knn_weigh(struct csr *out, const struct csr *x, enum knn_weights kind, struct err *err);
/* |x_i| of each row of m, float: norms for the cosine. */
void knn_norms(const struct csr *m, float *out);

#endif
