/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linalg.h - dense linear algebra: our tiling over the pool, OpenBLAS inside each tile.
 *
 * Row-major float or double, n x n unless said.  OpenBLAS runs with one thread for ever
 * (linalg_init); parallelism is ours, in an order that does not depend on the thread count, and
 * cancelling is asked between tiles.  num/blas.c alone includes cblas.h.
 */
#ifndef NUM_LINALG_H
#define NUM_LINALG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"
#include "num/csr.h"

/* INIT: once, before any other thread of ours starts.  From here on floating-point numbers too small for the full
 * width of their mantissa count as 0, in this thread and all that it starts. */
void linalg_init(void);
const char *linalg_kernel_name(void); /* "vnni", "avx512", "avx2", "plain": ours, not OpenBLAS's */

/* In place: the lower triangle of the symmetric positive definite a becomes its inverse; then
 * mirrored into the upper.  false with ERR_NUMERIC naming the pivot when a is not positive
 * definite. */
bool linalg_spd_inverse(float *a, size_t n, const struct task *t, struct err *err);
bool linalg_spd_inverse_double(double *a, size_t n, const struct task *t, struct err *err);

/* G = sum over the R rows of v v' (upper and lower), v[R][stride], D used; double inside chunks of
 * fixed cut, reduced in order. */
bool linalg_gram(const float *v, size_t stride, size_t R, size_t D, double *G, const struct task *t,
		 struct err *err);

/* The Gram matrix of a sparse matrix's columns, X'X, dense float [cols][cols] + diagonal*E. */
bool linalg_sparse_gram(const struct csr *x, const struct csr *xt, float diagonal, float *out,
			const struct task *t, struct err *err);

/* Eigenvectors of a symmetric double matrix: a becomes the vectors (rows), w ascending
 * eigenvalues. */
bool linalg_eigen(double *a, double *w, size_t n, struct err *err);

/* The same for the `want` largest alone: vectors [want][n] as rows, w[want] falling; a is used up.
 * Cancelled between its steps (0.1 s for n = 1024). */
bool linalg_eigen_leading(double *a, size_t n, size_t want, double *vectors, double *w, const struct task *t,
			  struct err *err);

/* Small solves (one thread, no allocation): a [n][stride] symmetric positive definite, lower
 * triangle read and overwritten by its factor; b [n] becomes the solution.  false when not positive
 * definite. */
bool linalg_solve_small(float *a, size_t stride, size_t n, float *b);
bool linalg_solve_small_double(double *a, size_t stride, size_t n, double *b);

float linalg_dot(const float *a, const float *b, size_t n); /* fixed order for a given n */
void linalg_axpy(float s, const float *x, float *y, size_t n); /* y += s x */

#endif
