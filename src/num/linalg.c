/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linalg.c - see linalg.h: the small functions, Gram matrices and eigenvectors.  The inverse is in
 * spd_inverse.c.
 */
#include "num/linalg.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "num/blas.h"
#include "num/kern.h"

/* Weights and moments that die out pass through numbers below 1e-38, each operation on which takes a processor a
 * hundred times as long.  Threads inherit this from whoever starts them.  Elsewhere it is only slower. */
static void count_tiny_as_zero(void)
{
#ifdef __SSE2__
	enum { FLUSH_RESULTS = 0x8000, FLUSH_OPERANDS = 0x0040 };

	__builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | FLUSH_RESULTS | FLUSH_OPERANDS);
#endif
}

void linalg_init(void)
{
	count_tiny_as_zero();
	blas_init();
	(void)kern();
}

const char *linalg_kernel_name(void)
{
	return kern()->name;
}

float linalg_dot(const float *a, const float *b, size_t n)
{
	return kern()->dot(a, b, n);
}

void linalg_axpy(float s, const float *x, float *y, size_t n)
{
	kern()->axpy(s, x, y, n);
}

/* --- Small systems -----------------------------------------------------------
 * Cholesky by rows: every inner product runs along two rows.
 */
bool linalg_solve_small(float *a, size_t stride, size_t n, float *b)
{
	const struct kern *k = kern();

	for (size_t i = 0; i < n; i++) {
		float *row = a + i * stride, d;

		for (size_t j = 0; j < i; j++)
			row[j] = (row[j] - k->dot(row, a + j * stride, j)) / a[j * stride + j];
		d = row[i] - k->dot(row, row, i);
		if (!(d > 0) || !isfinite(d))
			return false;
		row[i] = sqrtf(d);
		b[i] = (b[i] - k->dot(row, b, i)) / row[i];
	}
	for (size_t i = n; i--; ) {
		b[i] /= a[i * stride + i];
		k->axpy(-b[i], a + i * stride, b, i);
	}
	return true;
}

static double dot_double(const double *a, const double *b, size_t n)
{
	double s[4] = { 0 };
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		for (size_t k = 0; k < 4; k++)
			s[k] += a[i + k] * b[i + k];
	for (; i < n; i++)
		s[0] += a[i] * b[i];
	return (s[0] + s[2]) + (s[1] + s[3]);
}

bool linalg_solve_small_double(double *a, size_t stride, size_t n, double *b)
{
	for (size_t i = 0; i < n; i++) {
		double *row = a + i * stride, d;

		for (size_t j = 0; j < i; j++)
			row[j] = (row[j] - dot_double(row, a + j * stride, j)) / a[j * stride + j];
		d = row[i] - dot_double(row, row, i);
		if (!(d > 0) || !isfinite(d))
			return false;
		row[i] = sqrt(d);
		b[i] = (b[i] - dot_double(row, b, i)) / row[i];
	}
	for (size_t i = n; i--; ) {
		b[i] /= a[i * stride + i];
		for (size_t j = 0; j < i; j++)
			b[j] -= b[i] * a[i * stride + j];
	}
	return true;
}

/* --- Gram matrix of dense rows -----------------------------------------------
 * DESIGN: a chunk sums BLOCK rows at a time in float (the error of a short sum) and adds each
 * block's sum to its own double matrix; the chunks' matrices are added in order.
 */
#define GRAM_BLOCK 64
#define GRAM_CHUNKS 8

struct gram {
	const struct kern *k;
	const float *v;
	size_t stride, R, D, padded, chunks;
	float *block;  /* [chunks][padded][padded] */
	float *rows;   /* [chunks][GRAM_BLOCK][padded], for D that is no multiple of KERN_PAD */
	double *total; /* [chunks][D][D] */
};

static const float *gram_rows(const struct gram *g, size_t chunk, size_t r, size_t n, size_t *ld)
{
	float *to = g->rows + chunk * GRAM_BLOCK * g->padded;

	*ld = g->stride;
	if (g->D == g->padded)
		return g->v + r * g->stride;
	for (size_t t = 0; t < n; t++)
		memcpy(to + t * g->padded, g->v + (r + t) * g->stride, g->D * sizeof(*to));
	*ld = g->padded;
	return to;
}

static void gram_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct gram *g = ctx;
	float *block = g->block + chunk * g->padded * g->padded;
	double *total = g->total + chunk * g->D * g->D;
	size_t end = g->R * (chunk + 1) / g->chunks;

	(void)slot;
	for (size_t r = g->R * chunk / g->chunks; r < end; r += GRAM_BLOCK) {
		size_t n = end - r < GRAM_BLOCK ? end - r : GRAM_BLOCK, ld;
		const float *rows = gram_rows(g, chunk, r, n, &ld);

		memset(block, 0, g->padded * g->padded * sizeof(*block));
		g->k->syrk(block, g->padded, rows, ld, n, g->padded);
		for (size_t j = 0; j < g->D; j++)
			for (size_t i = j; i < g->D; i++)
				total[j * g->D + i] += (double)block[j * g->padded + i];
	}
}

static void gram_sum(const struct gram *g, double *G)
{
	size_t D = g->D;

	for (size_t j = 0; j < D; j++) {
		for (size_t i = j; i < D; i++) {
			double sum = 0;

			for (size_t c = 0; c < g->chunks; c++)
				sum += g->total[(c * D + j) * D + i];
			G[j * D + i] = G[i * D + j] = sum;
		}
	}
}

bool linalg_gram(const float *v, size_t stride, size_t R, size_t D, double *G, const struct task *t,
		 struct err *err)
{
	size_t padded = (D + KERN_PAD - 1) / KERN_PAD * KERN_PAD;
	struct gram g = { .k = kern(), .v = v, .stride = stride, .R = R, .D = D, .padded = padded,
			  .chunks = R >= 16 * GRAM_BLOCK ? GRAM_CHUNKS : 1 };
	bool fine = false;

	g.block = mem_alloc(g.chunks * padded, padded * sizeof(float), err);
	g.rows = g.block ? mem_zeroed(g.chunks * GRAM_BLOCK, padded * sizeof(float), err) : NULL;
	g.total = g.rows ? mem_zeroed(g.chunks * D, D * sizeof(double), err) : NULL;
	if (g.total) {
		fine = task_chunks(t, g.chunks, gram_chunk, &g) || task_cancelled(err);
		gram_sum(&g, G);
	}
	mem_free(g.block);
	mem_free(g.rows);
	mem_free(g.total);
	return fine;
}

/* --- Gram matrix of a sparse matrix's columns --------------------------------
 * Row i of the lower triangle is the sum of the rows of x that hold i, up to column i.  Chunks are
 * rows of out; each writes its own rows alone, then (a second pass) reads other rows to mirror
 * them.
 */
struct sparse_gram {
	const struct csr *x, *xt;
	float diagonal, *out;
};
#define SPARSE_ROWS 32
#define MIRROR_ROWS 64

static void sparse_gram_row(const struct sparse_gram *g, uint32_t i)
{
	const struct csr *x = g->x, *xt = g->xt;
	float *row = g->out + (size_t)i * x->cols;

	memset(row, 0, x->cols * sizeof(*row));
	for (size_t e = xt->ptr[i]; e < xt->ptr[i + 1]; e++) {
		uint32_t u = xt->idx[e];
		float w = csr_x(xt, e);

		for (size_t k = x->ptr[u]; k < x->ptr[u + 1] && x->idx[k] <= i; k++)
			row[x->idx[k]] += w * csr_x(x, k);
	}
	row[i] += g->diagonal;
}

static void sparse_gram_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct sparse_gram *g = ctx;
	size_t end = (chunk + 1) * SPARSE_ROWS;

	(void)slot;
	for (size_t i = chunk * SPARSE_ROWS; i < end && i < g->x->cols; i++)
		sparse_gram_row(g, (uint32_t)i);
}

static void mirror_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct sparse_gram *g = ctx;
	size_t n = g->x->cols, lo = chunk * MIRROR_ROWS,
	       hi = lo + MIRROR_ROWS < n ? lo + MIRROR_ROWS : n;

	(void)slot;
	for (size_t jb = lo; jb < n; jb += MIRROR_ROWS)
		for (size_t i = lo; i < hi; i++)
			for (size_t j = jb > i ? jb : i + 1; j < jb + MIRROR_ROWS && j < n; j++)
				g->out[i * n + j] = g->out[j * n + i];
}

bool linalg_sparse_gram(const struct csr *x, const struct csr *xt, float diagonal, float *out,
			const struct task *t, struct err *err)
{
	struct sparse_gram g = { x, xt, diagonal, out };
	size_t n = x->cols;

	if (!task_chunks(t, (n + SPARSE_ROWS - 1) / SPARSE_ROWS, sparse_gram_chunk, &g) ||
	    !task_chunks(t, (n + MIRROR_ROWS - 1) / MIRROR_ROWS, mirror_chunk, &g))
		return task_cancelled(err);
	return true;
}

static bool is_finite_matrix(const double *a, size_t n, struct err *err)
{
	for (size_t k = 0; k < n * n; k++)
		if (!isfinite(a[k]))
			return err_set(err, ERR_NUMERIC,
				       "a matrix of size %zu whose eigenvectors are wanted "
				       "holds a value that is no number",
				       n);
	return true;
}

static bool did_not_converge(size_t n, struct err *err)
{
	return err_set(err, ERR_NUMERIC, "the eigenvectors of a matrix of size %zu did not converge", n);
}

bool linalg_eigen(double *a, double *w, size_t n, struct err *err)
{
	double *work = mem_alloc(blas_eigen_work(n), sizeof(*work), err);
	int *iwork = work ? mem_alloc(blas_eigen_iwork(n), sizeof(*iwork), err) : NULL;
	bool fine = iwork && is_finite_matrix(a, n, err);

	if (fine && !blas_eigen(n, a, w, work, iwork))
		fine = did_not_converge(n, err);
	mem_free(work);
	mem_free(iwork);
	return fine;
}

/* The last step of linalg_eigen_leading(), some rows a chunk: each row is its own. */
#define REFLECTED_ROWS 16

struct reflect {
	const double *a, *tau;
	double *rows, *work; /* work: [chunks][BLAS_REFLECT_WORK] */
	size_t n, want;
	_Atomic bool failed;
};

static void reflect_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct reflect *r = ctx;
	size_t lo = chunk * REFLECTED_ROWS, n = r->want - lo < REFLECTED_ROWS ? r->want - lo : REFLECTED_ROWS;

	if (!blas_reflect(r->n, r->a, r->tau, r->rows + lo * r->n, n,
			  r->work + slot * BLAS_REFLECT_WORK(REFLECTED_ROWS)))
		r->failed = true;
}

static bool eigen_leading(double *a, size_t n, size_t want, double *vectors, double *w, double *room, int *iwork,
			  const struct task *t, struct err *err)
{
	double *d = room, *e = d + n, *tau = e + n, *z = tau + n, *work = z + n * n;
	struct reflect r = { .a = a, .tau = tau, .rows = vectors, .work = work, .n = n, .want = want };

	if (!blas_tridiagonal(n, a, d, e, tau, work))
		return did_not_converge(n, err);
	if (!task_keep_going(t))
		return task_cancelled(err);
	if (!blas_tridiagonal_eigen(n, d, e, z, work, iwork))
		return did_not_converge(n, err);
	for (size_t k = 0; k < want; k++) {
		w[k] = d[n - 1 - k];
		memcpy(vectors + k * n, z + (n - 1 - k) * n, n * sizeof(*z));
	}
	if (!task_chunks(t, (want + REFLECTED_ROWS - 1) / REFLECTED_ROWS, reflect_chunk, &r))
		return task_cancelled(err);
	return !r.failed || did_not_converge(n, err);
}

bool linalg_eigen_leading(double *a, size_t n, size_t want, double *vectors, double *w, const struct task *t,
			  struct err *err)
{
	size_t reflect = task_slots(t) * BLAS_REFLECT_WORK(REFLECTED_ROWS), work = blas_eigen_work(n);
	double *room = mem_alloc(3 * n + n * n + (work > reflect ? work : reflect), sizeof(*room), err);
	int *iwork = room ? mem_alloc(blas_eigen_iwork(n), sizeof(*iwork), err) : NULL;
	bool fine = iwork && is_finite_matrix(a, n, err) &&
		    eigen_leading(a, n, want, vectors, w, room, iwork, t, err);

	mem_free(room);
	mem_free(iwork);
	return fine;
}
