/* SPDX-License-Identifier: GPL-3.0-or-later */
/* u32.h - the order of numbers of users and items, for qsort() and bsearch().  Thread: ANY. */
#ifndef BASE_U32_H
#define BASE_U32_H

#include <stdint.h>

static inline int u32_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

#endif
