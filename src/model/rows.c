/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.c - see rows.h. */
#include "model/rows.h"

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

void effort_tiles(struct effort *e, double I)
{
	e->shared[EFFORT_PASS] += 2 * I;
	e->shared[EFFORT_DRAW] += effort_sort(LIST) * 4;
}

void effort_dots(struct effort *e, double I, double D, double events)
{
	e->shared[EFFORT_PRODUCT] += 0.8 * I * D;
	e->shared[EFFORT_DRAW] += 8 * effort_sort(events) + effort_sort(LIST) * 4;
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
