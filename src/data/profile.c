/* SPDX-License-Identifier: GPL-3.0-or-later */
/* profile.c - one pass over the events for each picture, and two sorts of counts. */
#include "data/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/dataset.h"

#define TIME_SLICES (sizeof(((struct profile *)0)->time_count) / sizeof(uint64_t))
#define TAIL_STEPS (sizeof(((struct profile *)0)->tail) / sizeof(uint64_t))

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

double profile_gini(const uint64_t *ascending, size_t n)
{
	double sum = 0, weighted = 0;

	for (size_t i = 0; i < n; i++) {
		sum += (double)ascending[i];
		weighted += (2 * (double)(i + 1) - (double)n - 1) * (double)ascending[i];
	}
	return sum > 0 ? weighted / sum / (double)n : 0;
}

/* Equal steps of log(count), rounded up to whole numbers; steps without one are left out. */
static void make_edges(struct profile_histogram *h)
{
	double low = (double)(h->least ? h->least : 1), ratio = ((double)h->most + 1) / low;
	uint32_t n = 0;

	h->edge[0] = (double)h->least;
	for (int b = 1; b <= PROFILE_BINS; b++) {
		double edge = ceil(low * pow(ratio, (double)b / PROFILE_BINS) - 1e-9);

		if (b == PROFILE_BINS)
			edge = (double)h->most + 1;
		if (edge > h->edge[n])
			h->edge[++n] = edge;
	}
	h->n_bins = n;
}

static void make_histogram(struct profile_histogram *h, const uint64_t *ascending, size_t n)
{
	double sum = 0;
	uint32_t b = 0;

	if (n == 0)
		return;
	h->least = ascending[0];
	h->median = ascending[(n - 1) / 2];
	h->most = ascending[n - 1];
	make_edges(h);
	for (size_t i = 0; i < n; i++) {
		while ((double)ascending[i] >= h->edge[b + 1])
			b++;
		h->count[b]++;
		sum += (double)ascending[i];
	}
	h->mean = sum / (double)n;
	h->gini = profile_gini(ascending, n);
}

static void count_users(struct profile *p, const struct dataset *d, uint64_t *counts)
{
	for (uint32_t u = 0; u < d->n_users; u++)
		counts[u] = d->user_ptr[u + 1] - d->user_ptr[u];
	qsort(counts, d->n_users, sizeof(*counts), by_size);
	make_histogram(&p->user_events, counts, d->n_users);
}

static void count_items(struct profile *p, const struct dataset *d, uint64_t *counts)
{
	size_t n = d->n_items;

	memset(counts, 0, n * sizeof(*counts));
	for (size_t e = 0; e < d->n_events; e++)
		counts[d->item[e]]++;
	qsort(counts, n, sizeof(*counts), by_size);
	make_histogram(&p->item_events, counts, n);
	for (size_t s = 0; s < TAIL_STEPS && n > 0; s++)
		p->tail[s] = counts[n - 1 - s * (n - 1) / (TAIL_STEPS - 1)];
}

/* The distinct values ascending, with their counts; false when there are more than fit. */
static bool list_values(struct profile *p, const struct dataset *d)
{
	for (size_t e = 0; e < d->n_events; e++) {
		double v = (double)d->value[e];
		uint32_t i = 0;

		while (i < p->n_values && p->value[i] < v)
			i++;
		if (i == p->n_values || p->value[i] > v) {
			if (p->n_values == PROFILE_VALUES)
				return false;
			memmove(p->value + i + 1, p->value + i, (p->n_values - i) * sizeof(*p->value));
			memmove(p->value_count + i + 1, p->value_count + i,
				(p->n_values - i) * sizeof(*p->value_count));
			p->value[i] = v;
			p->value_count[i] = 0;
			p->n_values++;
		}
		p->value_count[i]++;
	}
	return true;
}

/* Equal bins between the least and the greatest; by logarithm when these are far apart, as play
 * counts are. */
static void bin_values(struct profile *p, const struct dataset *d)
{
	double low = INFINITY, high = -INFINITY, from, step;
	bool logs;

	memset(p->value_count, 0, sizeof(p->value_count));
	for (size_t e = 0; e < d->n_events; e++) {
		low = fmin(low, (double)d->value[e]);
		high = fmax(high, (double)d->value[e]);
	}
	logs = low > 0 && high / low > 100;
	from = logs ? log(low) : low;
	step = ((logs ? log(high) : high) - from) / PROFILE_VALUES;
	for (size_t e = 0; e < d->n_events; e++) {
		double v = logs ? log((double)d->value[e]) : (double)d->value[e];
		int b = (int)((v - from) / step);

		p->value_count[b < PROFILE_VALUES ? b : PROFILE_VALUES - 1]++;
	}
	for (int b = 0; b < PROFILE_VALUES; b++)
		p->value[b] = logs ? exp(from + b * step) : from + b * step;
	p->n_values = PROFILE_VALUES;
	p->values_binned = true;
}

static void make_values(struct profile *p, const struct dataset *d)
{
	double sum = 0;

	if (!d->value || d->n_events == 0)
		return;
	if (!list_values(p, d))
		bin_values(p, d);
	for (size_t e = 0; e < d->n_events; e++)
		sum += (double)d->value[e];
	p->value_mean = sum / (double)d->n_events;
}

static size_t count_tied(const struct dataset *d)
{
	size_t tied = 0;

	for (uint32_t u = 0; u < d->n_users; u++) {
		size_t first = d->user_ptr[u], end = d->user_ptr[u + 1];

		for (size_t e = first; e < end; e++)
			tied += (e > first && d->time[e] == d->time[e - 1]) ||
				(e + 1 < end && d->time[e] == d->time[e + 1]);
	}
	return tied;
}

static void make_times(struct profile *p, const struct dataset *d)
{
	double span;

	p->first_time = p->last_time = NO_TIME;
	if (!d->time || d->n_events == 0)
		return;
	p->first_time = p->last_time = d->time[0];
	for (size_t e = 1; e < d->n_events; e++) {
		if (d->time[e] < p->first_time)
			p->first_time = d->time[e];
		if (d->time[e] > p->last_time)
			p->last_time = d->time[e];
	}
	span = (double)(p->last_time - p->first_time) + 1;
	for (size_t e = 0; e < d->n_events; e++) {
		double at = (double)(d->time[e] - p->first_time) / span;

		p->time_count[(size_t)(at * (double)TIME_SLICES)]++;
	}
	p->tied_share = (double)count_tied(d) / (double)d->n_events;
}

bool profile_make(struct profile *p, const struct dataset *d, struct err *err)
{
	size_t most = d->n_users > d->n_items ? d->n_users : d->n_items;
	uint64_t *counts = mem_alloc(most ? most : 1, sizeof(*counts), err);

	memset(p, 0, sizeof(*p));
	if (!counts)
		return false;
	if (d->n_users && d->n_items)
		p->density = (double)d->n_events / ((double)d->n_users * (double)d->n_items);
	count_users(p, d, counts);
	count_items(p, d, counts);
	make_values(p, d);
	make_times(p, d);
	mem_free(counts);
	return true;
}
