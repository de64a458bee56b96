/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kern_avx512.c - the kernels of kern.h, vectors of 16 floats. */
#define KERN_TABLE kern_avx512
#define KERN_NAME "avx512"
#include "num/kern_512.inc"
