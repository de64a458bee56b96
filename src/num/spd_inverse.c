/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spd_inverse.c - the inverse of spd_inverse.inc, in float. */
#define real float
#define BLAS_GEMM blas_gemm
#define BLAS_SPD_INVERSE blas_spd_inverse
#define LINALG_SPD_INVERSE linalg_spd_inverse

#include "num/spd_inverse.inc"
