/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csr.c - see csr.h. */
#include "num/csr.h"

#include <string.h>

#include "base/mem.h"

void csr_done(struct csr *m)
{
	mem_free(m->ptr);
	mem_free(m->idx);
	mem_free(m->val);
	*m = (struct csr){ 0 };
}

static bool csr_make(struct csr *out, uint32_t rows, uint32_t cols, size_t n, bool values,
		     struct err *err)
{
	*out = (struct csr){ .rows = rows, .cols = cols };
	out->ptr = mem_zeroed((size_t)rows + 1, sizeof(*out->ptr), err);
	out->idx = out->ptr ? mem_alloc(n ? n : 1, sizeof(*out->idx), err) : NULL;
	if (out->idx && values)
		out->val = mem_alloc(n ? n : 1, sizeof(*out->val), err);
	if (out->idx && (out->val || !values))
		return true;
	csr_done(out);
	return false;
}

bool csr_copy(struct csr *out, const struct csr *m, struct err *err)
{
	size_t n = csr_n(m);

	if (!csr_make(out, m->rows, m->cols, n, m->val != NULL, err))
		return false;
	if (m->ptr)
		memcpy(out->ptr, m->ptr, ((size_t)m->rows + 1) * sizeof(*m->ptr));
	if (n)
		memcpy(out->idx, m->idx, n * sizeof(*m->idx));
	if (n && m->val)
		memcpy(out->val, m->val, n * sizeof(*m->val));
	return true;
}

/* --- Transpose ----------------------------------------------------------------
 * DESIGN: rows are cut into pieces of about PIECE entries.  Each piece counts its columns; a prefix
 * sum over (column, piece) says where each piece writes each column, and all write at one time.
 * The order within a column is that of the rows, whatever the pieces.
 */
#define PIECE ((size_t)1 << 21)
#define MAX_PIECES 16

struct transpose {
	const struct csr *m;
	struct csr *out;
	size_t pieces;
	uint32_t first[MAX_PIECES + 1]; /* rows */
	size_t *at;                     /* [pieces][cols] counts, then positions */
};

static void transpose_count(void *ctx, size_t piece, unsigned slot)
{
	struct transpose *t = ctx;
	size_t *n = t->at + piece * t->m->cols;

	(void)slot;
	for (size_t k = t->m->ptr[t->first[piece]]; k < t->m->ptr[t->first[piece + 1]]; k++)
		n[t->m->idx[k]]++;
}

static void transpose_write(void *ctx, size_t piece, unsigned slot)
{
	struct transpose *t = ctx;
	const struct csr *m = t->m;
	size_t *at = t->at + piece * m->cols;

	(void)slot;
	for (uint32_t r = t->first[piece]; r < t->first[piece + 1]; r++) {
		for (size_t k = m->ptr[r]; k < m->ptr[r + 1]; k++) {
			size_t to = at[m->idx[k]]++;

			t->out->idx[to] = r;
			if (m->val)
				t->out->val[to] = m->val[k];
		}
	}
}

static void transpose_cut(struct transpose *t)
{
	size_t n = csr_n(t->m), done = 0;
	uint32_t r = 0;

	t->pieces = n / PIECE + 1 < MAX_PIECES ? n / PIECE + 1 : MAX_PIECES;
	for (size_t p = 1; p < t->pieces; p++) {
		while (r < t->m->rows && done < n / t->pieces * p)
			done = t->m->ptr[++r];
		t->first[p] = r;
	}
	t->first[t->pieces] = t->m->rows;
}

bool csr_transpose(struct csr *out, const struct csr *m, const struct task *task, struct err *err)
{
	struct transpose t = { .m = m, .out = out };
	size_t sum = 0;
	bool fine;

	if (!csr_make(out, m->cols, m->rows, csr_n(m), m->val != NULL, err))
		return false;
	if (!csr_n(m))
		return true;
	transpose_cut(&t);
	t.at = mem_zeroed(t.pieces * m->cols, sizeof(*t.at), err);
	if (!t.at) {
		csr_done(out);
		return false;
	}
	fine = task_chunks(task, t.pieces, transpose_count, &t);
	for (size_t c = 0; c < m->cols; c++) {
		for (size_t p = 0; p < t.pieces; p++) {
			size_t n = t.at[p * m->cols + c];

			t.at[p * m->cols + c] = sum;
			sum += n;
		}
		out->ptr[c + 1] = sum;
	}
	fine = fine && task_chunks(task, t.pieces, transpose_write, &t);
	mem_free(t.at);
	if (fine)
		return true;
	csr_done(out);
	return task_cancelled(err);
}

bool csr_has(const struct csr *m, uint32_t r, uint32_t c)
{
	size_t lo = m->ptr[r], hi = m->ptr[r + 1];

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->idx[mid] < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->ptr[r + 1] && m->idx[lo] == c;
}

size_t csr_bytes(const struct csr *m)
{
	size_t n = csr_n(m);

	return ((size_t)m->rows + 1) * sizeof(*m->ptr) + n * sizeof(*m->idx) +
	       (m->val ? n * sizeof(*m->val) : 0);
}

void csr_row_norms2(const struct csr *m, double *out)
{
	for (uint32_t r = 0; r < m->rows; r++) {
		double sum = 0;

		for (size_t k = m->ptr[r]; k < m->ptr[r + 1]; k++)
			sum += (double)csr_x(m, k) * (double)csr_x(m, k);
		out[r] = sum;
	}
}

uint32_t csr_longest_row(const struct csr *m)
{
	size_t longest = 0;

	for (uint32_t r = 0; r < m->rows; r++)
		if (csr_row_n(m, r) > longest)
			longest = csr_row_n(m, r);
	return (uint32_t)longest;
}
