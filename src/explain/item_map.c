/* SPDX-License-Identifier: GPL-3.0-or-later */
/* item_map.c - vectors gathered, made of length 1, and given places. */
#include "explain/item_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "num/planar.h"

/* The paper's width.  On 1,500 items of ml-1m (ials, 64 dimensions) 400 steps end at a divergence of 1.01, four times
 * as many at 0.95. */
static const struct planar_options layout_options = { .perplexity = 30, .iterations = 400, .exaggerated = 100 };

struct ranked { uint32_t events, item; };

static int by_events(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->events != y->events)
		return x->events > y->events ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* With a train event; of a sample the most popular ones. */
static bool choose_items(struct item_map *m, const struct split *split, size_t most, struct err *err)
{
	uint32_t I = split->data->n_items;
	struct ranked *all = mem_alloc((size_t)I + 1, sizeof(*all), err);
	size_t n = 0;

	m->item = all ? mem_alloc((size_t)I + 1, sizeof(*m->item), err) : NULL;
	if (!m->item) {
		mem_free(all);
		return false;
	}
	for (uint32_t i = 0; i < I; i++)
		if (split->item_train[i])
			all[n++] = (struct ranked){ split->item_train[i], i };
	if (n > most)
		qsort(all, n, sizeof(*all), by_events);
	m->n = n < most ? n : most;
	for (size_t i = 0; i < m->n; i++)
		m->item[i] = all[i].item;
	qsort(m->item, m->n, sizeof(*m->item), by_number);
	mem_free(all);
	return true;
}

static void unit_row(float *out, const float *v, size_t D)
{
	double norm = 0;

	for (size_t d = 0; d < D; d++)
		norm += (double)v[d] * (double)v[d];
	norm = norm > 0 ? 1 / sqrt(norm) : 0;
	for (size_t d = 0; d < D; d++)
		out[d] = (float)((double)v[d] * norm);
}

static bool place(struct item_map *m, const float *v, size_t D, size_t stride, enum map_layout layout, float *x,
		  double *y, const struct task *t, struct err *err)
{
	double share[2];

	for (size_t i = 0; i < m->n; i++)
		unit_row(x + i * D, v + m->item[i] * stride, D);
	if (!planar_pca(x, m->n, D, D, y, share, t, err))
		return false;
	m->share = layout == MAP_PCA ? share[0] + share[1] : NAN;
	m->kl = NAN;
	return layout == MAP_PCA || planar_neighbours(x, m->n, D, D, &layout_options, y, &m->kl, t, err);
}

bool item_map_make(const struct snapshot *s, const struct split *split, enum map_layout layout, struct item_map *out,
		   const struct task *task, struct err *err)
{
	size_t D = 0, stride;
	const float *v = s->ops->item_vectors ? s->ops->item_vectors(s->model, &D, &stride) : NULL;
	float *x = NULL;
	double *y = NULL;
	bool good;

	*out = (struct item_map){ 0 };
	if (!v || !D)
		return err_set(err, ERR_UNSUPPORTED, s->precision != PRECISION_F32 ? "%s keeps no item vectors in f32 for a map"
			       : "%s has no item vectors: a model such as ials or bpr has", s->run);
	good = choose_items(out, split, layout == MAP_PCA ? SIZE_MAX : ITEM_MAP_SAMPLE, err);
	x = good ? mem_alloc(out->n * D + 1, sizeof(*x), err) : NULL;
	y = x ? mem_alloc(2 * out->n + 1, sizeof(*y), err) : NULL;
	out->xy = y ? mem_alloc(2 * out->n + 1, sizeof(*out->xy), err) : NULL;
	good = out->xy && (!out->n || place(out, v, D, stride, layout, x, y, task, err));
	for (size_t i = 0; good && i < 2 * out->n; i++)
		out->xy[i] = (float)y[i];
	mem_free(x);
	mem_free(y);
	if (!good)
		item_map_done(out);
	return good;
}

void item_map_done(struct item_map *m)
{
	mem_free(m->item);
	mem_free(m->xy);
	*m = (struct item_map){ 0 };
}
