/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kern_vnni.c - the kernels of kern_avx512.c with products of 64 bytes at once, where AVX-512 has them. */
#define KERN_VNNI 1
#define KERN_TABLE kern_vnni
#define KERN_NAME "vnni"
#include "num/kern_512.inc"
