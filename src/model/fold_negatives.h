/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fold_negatives.h - the items that a fold-in holds against a history: a fixed, seeded sample, kept with the
 * weights, so that a history always gets the same vector.  Ascending and distinct.
 * Thread: making WORKER, reading ANY. */
#ifndef MODEL_FOLD_NEGATIVES_H
#define MODEL_FOLD_NEGATIVES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { FOLD_NEGATIVES = 256 };

struct fold_negatives {
	uint32_t n; /* FOLD_NEGATIVES, or all items where they are fewer */
	uint32_t item[FOLD_NEGATIVES];
};

/* Drawn alike from I items; purpose names the stream. */
bool fold_negatives_draw(struct fold_negatives *f, uint32_t I, uint64_t seed, const char *purpose, struct err *err);
/* Those that are not among items [n], into out [FOLD_NEGATIVES]; returns how many. */
uint32_t fold_negatives_for(const struct fold_negatives *f, const uint32_t *items, uint32_t n, uint32_t *out);
/* Ascending, distinct and below I: what a file must hold. */
bool fold_negatives_whole(const struct fold_negatives *f, uint32_t I);

#endif
