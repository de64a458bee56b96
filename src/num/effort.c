/* SPDX-License-Identifier: GPL-3.0-or-later */
/* effort.c - see effort.h. */
#include "num/effort.h"

#include <math.h>

#define NEAR_BYTES (1024.0 * 1024) /* of a table that stays in the cache while it is worked on */

const char *const effort_name[EFFORT_KINDS] = {
	[EFFORT_PRODUCT] = "product", [EFFORT_SOLVE] = "solve", [EFFORT_DOUBLE] = "double", [EFFORT_NEAR] = "near",
	[EFFORT_FAR] = "far",         [EFFORT_ADD] = "add",     [EFFORT_PASS] = "pass",     [EFFORT_EXP] = "exp",
	[EFFORT_DRAW] = "draw",
};

void effort_add(struct effort *e, const struct effort *what, double times)
{
	for (int k = 0; k < EFFORT_KINDS; k++) {
		e->shared[k] += times * what->shared[k];
		e->alone[k] += times * what->alone[k];
	}
}

enum effort_kind effort_rows(double table_bytes)
{
	return table_bytes <= NEAR_BYTES ? EFFORT_NEAR : EFFORT_FAR;
}

double effort_sort(double n)
{
	return n > 1 ? n * log2(n) : 0;
}
