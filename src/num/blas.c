/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blas.c - see blas.h.  The one file that includes cblas.h; LAPACK by its Fortran symbols, because
 * distributions differ in what lapacke.h they ship, if any.
 *
 * LAPACK is column-major: our lower triangle by rows is its upper triangle, and a symmetric
 * matrix's eigenvectors come out as its columns, which are our rows.
 */
#include "num/blas.h"

#include <cblas.h>
#include <math.h>

void spotrf_(const char *uplo, const int *n, float *a, const int *lda, int *info);
void spotri_(const char *uplo, const int *n, float *a, const int *lda, int *info);
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
	     double *work, const int *lwork, int *iwork, const int *liwork, int *info);

void dsytrd_(const char *uplo, const int *n, double *a, const int *lda, double *d, double *e, double *tau,
	     double *work, const int *lwork, int *info);
void dstedc_(const char *compz, const int *n, double *d, double *e, double *z, const int *ldz, double *work,
	     const int *lwork, int *iwork, const int *liwork, int *info);
void dormtr_(const char *side, const char *uplo, const char *trans, const int *m, const int *n, const double *a,
	     const int *lda, const double *tau, double *c, const int *ldc, double *work, const int *lwork,
	     int *info);

void blas_init(void)
{
	openblas_set_num_threads(1);
}

void blas_gemm(bool b_transposed, size_t m, size_t n, size_t k, float alpha, const float *a,
	       size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
	cblas_sgemm(CblasRowMajor, CblasNoTrans, b_transposed ? CblasTrans : CblasNoTrans, (int)m,
		    (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

void blas_gemm_double(bool b_transposed, size_t m, size_t n, size_t k, double alpha,
		      const double *a, size_t lda, const double *b, size_t ldb, double beta,
		      double *c, size_t ldc)
{
	cblas_dgemm(CblasRowMajor, CblasNoTrans, b_transposed ? CblasTrans : CblasNoTrans, (int)m,
		    (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

bool blas_spd_inverse(size_t n, float *a, size_t lda, size_t *row)
{
	int size = (int)n, ld = (int)lda, info = 0;

	spotrf_("U", &size, a, &ld, &info);
	if (!info)
		spotri_("U", &size, a, &ld, &info);
	*row = info > 0 ? (size_t)info - 1 : 0;
	/* A NaN passes for a pivot (it is not below zero), and ends up on the diagonal. */
	for (size_t i = 0; !info && i < n; i++)
		if (!isfinite(a[i * lda + i])) {
			*row = i;
			return false;
		}
	return info == 0;
}

bool blas_spd_inverse_double(size_t n, double *a, size_t lda, size_t *row)
{
	int size = (int)n, ld = (int)lda, info = 0;

	dpotrf_("U", &size, a, &ld, &info);
	if (!info)
		dpotri_("U", &size, a, &ld, &info);
	*row = info > 0 ? (size_t)info - 1 : 0;
	for (size_t i = 0; !info && i < n; i++)
		if (!isfinite(a[i * lda + i])) {
			*row = i;
			return false;
		}
	return info == 0;
}

size_t blas_eigen_work(size_t n)
{
	return 1 + 6 * n + 2 * n * n;
}

size_t blas_eigen_iwork(size_t n)
{
	return 3 + 5 * n;
}

bool blas_eigen(size_t n, double *a, double *w, double *work, int *iwork)
{
	int size = (int)n, lwork = (int)blas_eigen_work(n), liwork = (int)blas_eigen_iwork(n),
	    info = 0;

	dsyevd_("V", "L", &size, a, &size, w, work, &lwork, iwork, &liwork, &info);
	return info == 0;
}

bool blas_tridiagonal(size_t n, double *a, double *d, double *e, double *tau, double *work)
{
	int size = (int)n, lwork = (int)blas_eigen_work(n), info = 0;

	dsytrd_("L", &size, a, &size, d, e, tau, work, &lwork, &info);
	return info == 0;
}

bool blas_tridiagonal_eigen(size_t n, double *d, double *e, double *z, double *work, int *iwork)
{
	int size = (int)n, lwork = (int)blas_eigen_work(n), liwork = (int)blas_eigen_iwork(n), info = 0;

	dstedc_("I", &size, d, e, z, &size, work, &lwork, iwork, &liwork, &info);
	return info == 0;
}

bool blas_reflect(size_t n, const double *a, const double *tau, double *z, size_t rows, double *work)
{
	int size = (int)n, columns = (int)rows, lwork = (int)BLAS_REFLECT_WORK(rows), info = 0;

	dormtr_("L", "L", "N", &size, &columns, a, &size, tau, z, &size, work, &lwork, &info);
	return info == 0;
}
