/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history_drop.c - see history_drop.h. */
#include "model/history_drop.h"

uint32_t history_drop(uint32_t *kept, uint32_t n, uint32_t least, float drop, struct rng *r)
{
	uint32_t stay = 0;

	for (uint32_t k = 0; k < n && drop > 0; k++)
		if (rng_uniformf(r) >= drop)
			kept[stay++] = k;
	if (stay && stay >= least)
		return stay;
	for (uint32_t k = 0; k < n; k++)
		kept[k] = k;
	return n;
}
