/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csr.h - a sparse matrix by rows.
 *
 * R rows, C columns, n entries.  Row r holds idx[ptr[r]..ptr[r+1]-1], ascending and distinct, with
 * val beside (NULL: every entry is 1).  Immutable once built; reading is ANY thread.
 */
#ifndef NUM_CSR_H
#define NUM_CSR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"

struct csr {
	uint32_t rows, cols;
	size_t *ptr;   /* [rows + 1] */
	uint32_t *idx; /* [n] */
	float *val;    /* [n] or NULL */
};

static inline size_t csr_n(const struct csr *m) { return m->ptr ? m->ptr[m->rows] : 0; }
static inline size_t csr_row_n(const struct csr *m, uint32_t r)
{
	return m->ptr[r + 1] - m->ptr[r];
}
static inline const uint32_t *csr_row(const struct csr *m, uint32_t r)
{
	return m->idx + m->ptr[r];
}
static inline const float *csr_row_val(const struct csr *m, uint32_t r)
{
	return m->val ? m->val + m->ptr[r] : NULL;
}
static inline float csr_x(const struct csr *m, size_t k) { return m->val ? m->val[k] : 1.0f; }
/* The place of the first entry of row r whose column is at least c; the row's end when there is
 * none. */
static inline size_t csr_seek(const struct csr *m, uint32_t r, uint32_t c)
{
	size_t lo = m->ptr[r], hi = m->ptr[r + 1];

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->idx[mid] < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
/* Entry (r, c): 0 where there is none. */
static inline float csr_at(const struct csr *m, uint32_t r, uint32_t c)
{
	size_t k = csr_seek(m, r, c);

	return k < m->ptr[r + 1] && m->idx[k] == c ? csr_x(m, k) : 0;
}

void csr_done(struct csr *m); /* frees the arrays; fine on a zeroed struct */
bool csr_copy(struct csr *out, const struct csr *m, struct err *err);
/* Rows of the transpose come out ascending.  Stable counting sort. */
bool csr_transpose(struct csr *out, const struct csr *m, const struct task *task, struct err *err);
/* X'X [cols][cols], its rows ascending; xt is the transpose of x.  csr_done() it. */
bool csr_gram(struct csr *out, const struct csr *x, const struct csr *xt, const struct task *t, struct err *err);
bool csr_has(const struct csr *m, uint32_t r, uint32_t c); /* binary search */
size_t csr_bytes(const struct csr *m);
/* Sum of squares of each row, in double, reduced in order: out[rows]. */
uint32_t csr_longest_row(const struct csr *m); /* entries of the fullest row; 0 without rows */
void csr_row_norms2(const struct csr *m, double *out);

#endif
