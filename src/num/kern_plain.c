/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kern_plain.c - the kernels of kern.h, vectors of 4 floats. */
#include "num/kern.h"

#define KERN_LANES 4
#define KERN_TABLE kern_plain
#define KERN_NAME "plain"
#include "num/kern_vec.inc"

#include "num/kern_solve.inc"

#include "num/kern_gather.inc"

#include "num/kern_rank.inc"

#include "num/kern_bytes.inc"

#include "num/kern_sgd.inc"

#include "num/kern_nn.inc"

#include "num/kern_sgns.inc"

#include "num/kern_table.inc"
