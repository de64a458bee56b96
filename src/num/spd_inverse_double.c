/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spd_inverse_double.c - the inverse of spd_inverse.inc, in double. */
#define real double
#define BLAS_GEMM blas_gemm_double
#define BLAS_SPD_INVERSE blas_spd_inverse_double
#define LINALG_SPD_INVERSE linalg_spd_inverse_double

#include "num/spd_inverse.inc"
