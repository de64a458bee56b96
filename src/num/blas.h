/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blas.h - the few routines taken from OpenBLAS and LAPACK, on row-major matrices.
 *
 * Always one thread (blas_init); calls from several threads at one time are fine.  All sizes fit
 * int: the callers work in tiles.
 */
#ifndef NUM_BLAS_H
#define NUM_BLAS_H

#include <stdbool.h>
#include <stddef.h>

void blas_init(void); /* INIT */
/* c [m][n] = beta c + alpha a op(b): a [m][k], b [k][n], or [n][k] when b_transposed. */
void blas_gemm(bool b_transposed, size_t m, size_t n, size_t k, float alpha, const float *a,
	       size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);
void blas_gemm_double(bool b_transposed, size_t m, size_t n, size_t k, double alpha,
		      const double *a, size_t lda, const double *b, size_t ldb, double beta,
		      double *c, size_t ldc);
/* The lower triangle of a [n][n] becomes its inverse; false and the row that is no pivot
 * otherwise. */
bool blas_spd_inverse(size_t n, float *a, size_t lda, size_t *row);
bool blas_spd_inverse_double(size_t n, double *a, size_t lda, size_t *row);
/* a [n][n] double, symmetric: becomes its eigenvectors as rows, w ascending.  work: see
 * blas_eigen_work. */
/* The same in three steps, for those who want some of the vectors, or to be asked between them.
 * blas_tridiagonal: a becomes reflectors (with tau[n]) and d[n], e[n] the tridiagonal matrix that they
 * lead to; blas_tridiagonal_eigen: d becomes its eigenvalues, ascending, z [n][n] its eigenvectors as
 * rows, e is used up; blas_reflect: `rows` rows of length n from those of the tridiagonal matrix to those
 * of a.  work: blas_eigen_work(n) doubles, for blas_reflect BLAS_REFLECT_WORK(rows). */
bool blas_tridiagonal(size_t n, double *a, double *d, double *e, double *tau, double *work);
bool blas_tridiagonal_eigen(size_t n, double *d, double *e, double *z, double *work, int *iwork);
bool blas_reflect(size_t n, const double *a, const double *tau, double *z, size_t rows, double *work);
#define BLAS_REFLECT_WORK(rows) (64 * (size_t)(rows) + 64 * 65)
size_t blas_eigen_work(size_t n); /* doubles */
size_t blas_eigen_iwork(size_t n); /* ints */
bool blas_eigen(size_t n, double *a, double *w, double *work, int *iwork);

#endif
