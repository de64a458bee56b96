/* SPDX-License-Identifier: GPL-3.0-or-later */
/* synth_world.c - which items there are, their tastes and how popular each is. */
#include "data/synth_world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SECOND_TASTES 0.4 /* share of items that have two */

/* Popularity is (rank + head) ^ -steep, Mandelbrot's form of Zipf's law. */
#define HEAD 4.0
#define STEEP 1.1

#define REACH 0.7 /* how far in the logarithm of rank an item is from the one that follows it */

static uint32_t find_sum(const double *sum, uint32_t n, double x)
{
	uint32_t lo = 0, hi = n - 1;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (sum[mid] > x)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

uint32_t synth_draw_taste(const struct synth_world *w, struct rng *rng)
{
	uint32_t n = w->scenario->n_tastes;

	return find_sum(w->taste_sum, n, rng_uniform(rng) * w->taste_sum[n - 1]);
}

uint32_t synth_draw_item(const struct synth_shelf *s, struct rng *rng)
{
	return s->item[find_sum(s->sum, s->n, rng_uniform(rng) * s->sum[s->n - 1])];
}

static void make_tastes(struct synth_world *w)
{
	double sum = 0;

	for (uint32_t t = 0; t < w->scenario->n_tastes; t++) {
		sum += 1 / sqrt(t + 2.0);
		w->taste_sum[t] = sum;
	}
}

static void make_item(struct synth_world *w, uint32_t i, uint32_t rank, struct rng *rng)
{
	struct synth_item *it = &w->item[i];

	/* The first items take the tastes in turn, so that no shelf is empty. */
	it->taste = (uint8_t)(i < w->scenario->n_tastes ? i : synth_draw_taste(w, rng));
	it->second = it->taste;
	it->share = 1;
	if (rng_uniform(rng) < SECOND_TASTES) {
		it->second = (uint8_t)synth_draw_taste(w, rng);
		if (it->second != it->taste)
			it->share = 0.55f + 0.3f * rng_uniformf(rng);
	}
	it->quality = (float)rng_normal(rng);
	it->popularity = pow(rank + HEAD + w->n_items / 200.0, -STEEP);
}

static double weight_on(const struct synth_item *it, uint32_t taste)
{
	double share = 0;

	if (it->taste == taste)
		share += (double)it->share;
	if (it->second == taste)
		share += 1 - (double)it->share;
	return share * it->popularity;
}

/* taste == n_tastes: all items. */
static bool fill_shelf(const struct synth_world *w, uint32_t taste, struct synth_shelf *s, struct err *err)
{
	bool all = taste == w->scenario->n_tastes;
	double sum = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_items; i++)
		n += all || weight_on(&w->item[i], taste) > 0;
	if (!(s->item = mem_alloc(n, sizeof(*s->item), err)) || !(s->sum = mem_alloc(n, sizeof(*s->sum), err)))
		return false;
	for (uint32_t i = 0; i < w->n_items; i++) {
		double weight = all ? w->item[i].popularity : weight_on(&w->item[i], taste);

		if (weight <= 0)
			continue;
		sum += weight;
		s->item[s->n] = i;
		s->sum[s->n++] = sum;
	}
	return true;
}

struct placed {
	double at;
	uint32_t item;
};

static int by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

bool synth_world_order(struct synth_world *w, uint64_t seed, struct err *err)
{
	struct rng rng = rng_stream(seed, "synth.next", 0, 0);
	uint32_t n = w->n_items;
	struct placed *ranked = mem_alloc(n, sizeof(*ranked), err), *moved = ranked ? mem_alloc(n, sizeof(*moved), err) : NULL;

	w->next = moved ? mem_alloc(n, sizeof(*w->next), err) : NULL;
	if (w->next) {
		for (uint32_t i = 0; i < n; i++)
			ranked[i] = (struct placed){ -w->item[i].popularity, i };
		qsort(ranked, n, sizeof(*ranked), by_place);
		for (uint32_t k = 0; k < n; k++)
			moved[k] = (struct placed){ log(k + HEAD) + REACH * rng_normal(&rng), ranked[k].item };
		qsort(moved, n, sizeof(*moved), by_place);
		for (uint32_t k = 0; k < n; k++) {
			struct placed *other = &moved[(k + 1) % n], here = moved[k];

			if (here.item == ranked[k].item) { /* nothing follows itself */
				moved[k] = *other;
				*other = here;
			}
			w->next[ranked[k].item] = moved[k].item;
		}
		/* The last may have changed places with the first, which had its follower already. */
		w->next[ranked[0].item] = moved[0].item;
	}
	mem_free(ranked);
	mem_free(moved);
	return w->next != NULL;
}

bool synth_world_make(struct synth_world *w, const struct synth_scenario *sc, uint32_t n_items, uint64_t seed,
		      struct err *err)
{
	struct rng rng = rng_stream(seed, "synth.items", 0, 0);
	uint32_t *rank = mem_alloc(n_items, sizeof(*rank), err);

	*w = (struct synth_world){ .scenario = sc, .n_items = n_items };
	w->item = rank ? mem_alloc(n_items, sizeof(*w->item), err) : NULL;
	if (!w->item) {
		mem_free(rank);
		return false;
	}
	make_tastes(w);
	for (uint32_t i = 0; i < n_items; i++)
		rank[i] = i;
	rng_shuffle_u32(&rng, rank, n_items);
	for (uint32_t i = 0; i < n_items; i++)
		make_item(w, i, rank[i], &rng);
	mem_free(rank);
	for (uint32_t t = 0; t <= sc->n_tastes; t++)
		if (!fill_shelf(w, t, t < sc->n_tastes ? &w->shelf[t] : &w->all, err)) {
			synth_world_done(w);
			return false;
		}
	return true;
}

static void shelf_done(struct synth_shelf *s)
{
	mem_free(s->item);
	mem_free(s->sum);
}

void synth_world_done(struct synth_world *w)
{
	for (uint32_t t = 0; t < w->scenario->n_tastes; t++)
		shelf_done(&w->shelf[t]);
	shelf_done(&w->all);
	mem_free(w->item);
	mem_free(w->next);
}
