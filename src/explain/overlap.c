/* SPDX-License-Identifier: GPL-3.0-or-later */
/* overlap.c - see overlap.h. */
#include "explain/overlap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "explain/catalogue.h"

/* --- two lists ---------------------------------------------------------------------------------------------- */

struct place { uint32_t item, rank; };

static int by_item(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->item > y->item) - (x->item < y->item);
}

/* met[d]: the items whose second appearance, going down both lists at once, is at depth d.  X_d of the paper is
 * met[1] + … + met[d]. */
static bool count_met(uint32_t *met, const uint32_t *a, uint32_t n_a, const uint32_t *b, uint32_t n_b, struct err *err)
{
	struct place *places = mem_alloc((size_t)n_b + 1, sizeof(*places), err);

	if (!places)
		return false;
	for (uint32_t r = 0; r < n_b; r++)
		places[r] = (struct place){ b[r], r + 1 };
	qsort(places, n_b, sizeof(*places), by_item);
	for (uint32_t r = 0; r < n_a; r++) {
		const struct place key = { a[r], r + 1 };
		const struct place *other = bsearch(&key, places, n_b, sizeof(*places), by_item);

		if (other)
			met[other->rank > key.rank ? other->rank : key.rank]++;
	}
	mem_free(places);
	return true;
}

/* Equation (32): s and l are the lengths of the shorter and the longer list, x_s and x_l what both have down to
 * them. */
static double extrapolated(const uint32_t *met, uint32_t s, uint32_t l, double p)
{
	double sum = 0, weight = 1, x = 0, x_s = 0;

	for (uint32_t d = 1; d <= l; d++) {
		x += met[d];
		weight *= p;
		sum += x / d * weight;
		if (d == s)
			x_s = x;
		if (d > s)
			sum += x_s * (d - s) / ((double)s * d) * weight;
	}
	return (1 - p) / p * sum + ((x - x_s) / l + x_s / s) * weight;
}

bool list_overlap(const uint32_t *a, uint32_t n_a, const uint32_t *b, uint32_t n_b, double p, double *overlap,
		  double *rbo, struct err *err)
{
	const uint32_t s = n_a < n_b ? n_a : n_b, l = n_a < n_b ? n_b : n_a;
	uint32_t *met = mem_zeroed((size_t)l + 1, sizeof(*met), err), shared = 0;

	if (!met || !count_met(met, a, n_a, b, n_b, err)) {
		mem_free(met);
		return false;
	}
	for (uint32_t d = 1; d <= l; d++)
		shared += met[d];
	*overlap = l ? (double)shared / l : NAN;
	*rbo = s ? extrapolated(met, s, l, p) : l ? 0 : NAN;
	mem_free(met);
	return true;
}

/* --- two runs ------------------------------------------------------------------------------------------------ */

static struct beside_row row_of(const struct catalogue c[2], uint32_t item)
{
	return (struct beside_row){ item, { catalogue_rank(&c[0], item), catalogue_rank(&c[1], item) },
				    { c[0].score[item], c[1].score[item] } };
}

static bool fill_rows(struct beside *b, const struct catalogue c[2], const uint32_t *item[2], uint32_t k,
		      const struct task *task, struct err *err)
{
	b->row = mem_alloc((size_t)b->n[0] + b->n[1] + 1, sizeof(*b->row), err);
	for (int which = 0; b->row && which < 2; which++)
		for (uint32_t r = 0; r < b->n[which]; r++) {
			const struct beside_row row = row_of(c, item[which][r]);

			if (!task_keep_going(task))
				return task_cancelled(err);
			if (which == 0 || !row.rank[0] || row.rank[0] > k)
				b->row[b->n_rows++] = row;
		}
	return b->row != NULL;
}

static bool compare(struct beside *b, const struct catalogue c[2], uint32_t k, double p, const struct task *task,
		    struct err *err)
{
	float *score = mem_alloc((size_t)k + 1, sizeof(*score), err);
	uint32_t *items = score ? mem_alloc(2 * (size_t)k + 1, sizeof(*items), err) : NULL;
	const uint32_t *item[2] = { items, items + k };
	bool good = items != NULL;

	for (int which = 0; good && which < 2; which++)
		b->n[which] = catalogue_best(&c[which], k, score, items + (size_t)which * k);
	good = good && list_overlap(item[0], b->n[0], item[1], b->n[1], p, &b->overlap, &b->rbo, err) &&
	       fill_rows(b, c, item, k, task, err);
	mem_free(score);
	mem_free(items);
	return good;
}

struct beside *beside_rank(const struct snapshot *const s[2], uint32_t n_items, const struct query q[2],
			   const struct rank_options o[2], double p, const struct task *task, struct err *err)
{
	struct catalogue c[2] = { { 0 }, { 0 } };
	struct beside *b = mem_zeroed(1, sizeof(*b), err);
	bool good = b != NULL;

	for (int which = 0; good && which < 2; which++) {
		struct scratch scratch = { 0 };

		good = catalogue_score(&c[which], s[which], n_items, &q[which], &o[which], &scratch, err) &&
		       (task_keep_going(task) || task_cancelled(err));
		scratch_done(&scratch);
	}
	good = good && compare(b, c, o[0].k, p, task, err);
	catalogue_done(&c[0]);
	catalogue_done(&c[1]);
	if (good)
		return b;
	beside_free(b);
	return NULL;
}

void beside_free(struct beside *b)
{
	if (b)
		mem_free(b->row);
	mem_free(b);
}
