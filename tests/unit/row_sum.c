/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row_sum.c - the same sums whatever the tiles and the order they are asked in. */
#include "model/row_sum.h"

#include "tap.h"

static size_t ptr[] = { 0, 3, 3, 5, 9 };
static uint32_t idx[] = { 0, 4, 9, 2, 4, 0, 1, 8, 9 };
static float val[] = { 1, 2, 3, 10, 20, .5f, .25f, 100, 1000 };
static const uint32_t rows[] = { 3, 0, 1, 2 };
static const float weight[] = { 2, 1, 7, .5f };

static bool same_in_tiles_of(const struct csr *m, const float *w, uint32_t width, const float want[10])
{
	size_t at[4];
	struct row_sum s = { .rows = rows, .weight = w, .n = 4, .at = at };
	float got[10];
	bool same;

	row_sum_begin(&s, m);
	for (uint32_t lo = 0; lo < 10; lo += width)
		row_sum_tile(&s, m, lo, lo + width < 10 ? lo + width : 10, got + lo);
	same = !memcmp(got, want, sizeof(got));
	for (uint32_t lo = 8; lo < 10; lo -= 2) /* backwards: every tile is a search */
		row_sum_tile(&s, m, lo, lo + 2, got + lo);
	row_sum_tile(&s, m, 5, 5, got);
	return same && !memcmp(got, want, sizeof(got));
}

int main(void)
{
	struct csr m = { .rows = 4, .cols = 10, .ptr = ptr, .idx = idx, .val = val };
	const float weighted[10] = { 2, .5f, 5, 0, 12, 0, 0, 0, 200, 2003 };
	const float counts[10] = { 2, 1, 1, 0, 2, 0, 0, 0, 1, 2 };

	for (uint32_t width = 1; width <= 10; width += 3)
		ok(same_in_tiles_of(&m, weight, width, weighted), "weighted values in tiles of %u", (unsigned)width);
	m.val = NULL;
	ok(same_in_tiles_of(&m, NULL, 4, counts), "ones");
	ok(csr_seek(&m, 0, 5) == 2 && csr_seek(&m, 1, 0) == 3 && csr_seek(&m, 2, 9) == 5 && csr_at(&m, 2, 4) == 1 &&
	   csr_at(&m, 2, 3) == 0, "entries are found, and missed");
	return done_testing();
}
