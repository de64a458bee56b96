/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kern_avx2.c - the kernels of kern.h, vectors of 8 floats. */
#include <immintrin.h>

#include "num/kern.h"

#define KERN_LANES 8
#define KERN_TABLE kern_avx2
#define KERN_NAME "avx2"
#include "num/kern_vec.inc"

#include "num/kern_solve.inc"

#include "num/kern_gather.inc"

#include "num/kern_rank.inc"

#include "num/kern_bytes.inc"

#include "num/kern_sgd.inc"

#include "num/kern_nn.inc"

#include "num/kern_sgns.inc"

#include "num/kern_table.inc"
