/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fold_negatives.c - see fold_negatives.h. */
#include "model/fold_negatives.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/u32.h"

/* By the first steps of a shuffle. */
bool fold_negatives_draw(struct fold_negatives *f, uint32_t I, uint64_t seed, const char *purpose, struct err *err)
{
	struct rng rng = rng_stream(seed, purpose, 0, 0);
	uint32_t *all = mem_alloc(I, sizeof(*all), err);

	if (!all)
		return false;
	f->n = I < FOLD_NEGATIVES ? I : FOLD_NEGATIVES;
	for (uint32_t i = 0; i < I; i++)
		all[i] = i;
	for (uint32_t k = 0; k < f->n; k++) {
		uint32_t j = k + rng_below(&rng, I - k), kept = all[j];

		all[j] = all[k];
		all[k] = f->item[k] = kept;
	}
	mem_free(all);
	qsort(f->item, f->n, sizeof(*f->item), u32_compare);
	return true;
}

uint32_t fold_negatives_for(const struct fold_negatives *f, const uint32_t *items, uint32_t n, uint32_t *out)
{
	bool among[FOLD_NEGATIVES] = { false };
	uint32_t left = 0;

	for (uint32_t k = 0; k < n; k++) {
		const uint32_t *at = bsearch(&items[k], f->item, f->n, sizeof(*at), u32_compare);

		if (at)
			among[at - f->item] = true;
	}
	for (uint32_t k = 0; k < f->n; k++)
		if (!among[k])
			out[left++] = f->item[k];
	return left;
}

bool fold_negatives_whole(const struct fold_negatives *f, uint32_t I)
{
	for (uint32_t k = 0; k < f->n; k++)
		if (f->item[k] >= I || (k && f->item[k] <= f->item[k - 1]))
			return false;
	return true;
}
