/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.c - see rows.h. */
#include "model/rows.h"

#include <math.h>

#define LIST 20 /* items of a list, about, that are kept sorted while it is made */

double rows_users(const struct model_shape *s, row_fn *fn, const void *ctx)
{
	double sum = 0;

	for (uint32_t u = 0; u < s->x->rows; u++)
		sum += fn((double)csr_row_n(s->x, u), ctx);
	return sum;
}

double rows_items(const struct model_shape *s, row_fn *fn, const void *ctx)
{
	double sum = 0;

	for (uint32_t i = 0; i < s->n_items; i++)
		sum += fn((double)s->item_events[i], ctx);
	return sum;
}

double rows_square(double events, const void *ctx)
{
	(void)ctx;
	return events * events;
}

double rows_mean(const struct model_shape *s)
{
	return s->n_users ? (double)s->n_events / (double)s->n_users : 0;
}

double rows_reach(const struct model_shape *s)
{
	return s->n_users ? rows_items(s, rows_square, NULL) / (double)s->n_users : 0;
}

/* By popularity c: two items share a user unless none of the pairs of events falls on them; items of about equal c
 * together. */
double rows_met(const struct model_shape *s, double most)
{
	enum { BINS = 64 };
	double n[BINS] = { 0 }, c[BINS] = { 0 }, events = (double)s->n_events, sum = 0, pairs;

	most = fmin(most, s->n_items);
	if (!s->x || !s->item_events)
		return s->n_items * fmin(most, events);
	pairs = rows_users(s, rows_square, NULL);
	for (uint32_t i = 0; i < s->n_items; i++) {
		int bin = (int)fmin(3 * log2(s->item_events[i] + 1.0), BINS - 1);

		n[bin]++;
		c[bin] += s->item_events[i];
	}
	for (int a = 0; a < BINS; a++) {
		double met = 0;

		for (int b = 0; n[a] > 0 && b < BINS; b++)
			if (n[b] > 0)
				met += n[b] * (1 - exp(-pairs * c[a] / n[a] * (c[b] / n[b]) / (events * events)));
		sum += n[a] * fmin(met, most);
	}
	return fmin(sum, pairs);
}

void effort_tiles(struct effort *e, double I)
{
	e->shared[EFFORT_PASS] += 2 * I;
	e->shared[EFFORT_DRAW] += effort_sort(LIST) * 4;
}

void effort_dots(struct effort *e, double I, double D, double events)
{
	e->shared[EFFORT_PRODUCT] += 0.8 * I * D;
	e->shared[EFFORT_DRAW] += 8 * effort_sort(events) + effort_sort(LIST) * 4 + 0.3 * I;
}

void effort_fresh(struct effort *e, double floats)
{
	e->alone[EFFORT_PASS] += 80 * floats;
}

void effort_copies(struct effort *e, double floats)
{
	e->alone[EFFORT_PASS] += 5 * floats;
}

void effort_row_sums(struct effort *e, double I, double rows, double entries)
{
	e->shared[EFFORT_ADD] += 2 * rows * entries;
	e->shared[EFFORT_DRAW] += 25 * rows * I / 1024;
}
