/* SPDX-License-Identifier: GPL-3.0-or-later */
/* profile.c - two passes over the events, and two sorts of counts.
 *
 * DESIGN: a pass goes over chunks of users whose cut depends on the data alone; each chunk has its part of
 * the sums, and the parts are added up in order.  The second pass needs to know the spans of values and
 * times that the first found. */
#include "data/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/build.h"
#include "data/dataset.h"

#define TIME_SLICES (sizeof(((struct profile *)0)->time_count) / sizeof(uint64_t))
#define TAIL_STEPS (sizeof(((struct profile *)0)->tail) / sizeof(uint64_t))

#define VALUE_SLOTS 64 /* of a chunk's table of values; four times what is listed, at least */

/* What one chunk of users adds. */
struct part {
	uint32_t n_values; /* distinct; PROFILE_VALUES + 1: more than are listed */
	float value[VALUE_SLOTS];
	uint64_t value_count[VALUE_SLOTS]; /* 0: the slot is empty */
	double sum;
	float low, high;
	int64_t first, last;
	uint64_t tied;
	uint64_t bin_count[PROFILE_VALUES];
	uint64_t time_count[TIME_SLICES];
};

struct profiling {
	const struct dataset *d;
	const uint32_t *chunk;
	size_t n_chunks;
	struct part *part;     /* [n_chunks] */
	uint32_t *item_events; /* [I] */
	/* for the second pass */
	bool bins, logs;
	double from, step; /* of the bins */
	int64_t first;
	double span;
};

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

/* A chunk of its own beside the chunks of users. */
static void count_item_events(const struct profiling *w)
{
	for (size_t e = 0; e < w->d->n_events; e++)
		w->item_events[w->d->item[e]]++;
}

static void count_items(struct profile *p, const struct profiling *w, uint64_t *counts)
{
	size_t n = w->d->n_items;

	for (size_t i = 0; i < n; i++)
		counts[i] = w->item_events[i];
	qsort(counts, n, sizeof(*counts), by_size);
	make_histogram(&p->item_events, counts, n);
	for (size_t s = 0; s < TAIL_STEPS && n > 0; s++)
		p->tail[s] = counts[n - 1 - s * (n - 1) / (TAIL_STEPS - 1)];
}

/* Counts a value n times, unless there are more distinct ones than are listed. */
static void add_value(struct part *t, float v, uint64_t n)
{
	uint32_t bits, at;

	memcpy(&bits, &v, sizeof(bits));
	for (at = bits * 2654435761u >> 26; t->value_count[at] && t->value[at] != v; at = (at + 1) % VALUE_SLOTS)
		;
	if (!t->value_count[at]) {
		if (t->n_values >= PROFILE_VALUES) {
			t->n_values = PROFILE_VALUES + 1;
			return;
		}
		t->n_values++;
		t->value[at] = v;
	}
	t->value_count[at] += n;
}

static void look_at_values(const float *v, size_t n, struct part *t)
{
	for (size_t e = 0; e < n; e++) {
		t->sum += (double)v[e];
		t->low = v[e] < t->low ? v[e] : t->low;
		t->high = v[e] > t->high ? v[e] : t->high;
	}
	for (size_t e = 0; e < n && t->n_values <= PROFILE_VALUES; e++)
		add_value(t, v[e], 1);
}

static void look_at_times(const struct dataset *d, uint32_t lo, uint32_t hi, struct part *t)
{
	for (uint32_t u = lo; u < hi; u++) {
		size_t first = d->user_ptr[u], end = d->user_ptr[u + 1];

		if (first == end)
			continue;
		/* A user's events are oldest first. */
		t->first = d->time[first] < t->first ? d->time[first] : t->first;
		t->last = d->time[end - 1] > t->last ? d->time[end - 1] : t->last;
		for (size_t e = first; e < end; e++)
			t->tied += (e > first && d->time[e] == d->time[e - 1]) ||
				   (e + 1 < end && d->time[e] == d->time[e + 1]);
	}
}

static void first_pass(void *ctx, size_t chunk, unsigned slot)
{
	struct profiling *w = ctx;
	const struct dataset *d = w->d;
	struct part *t = &w->part[chunk];
	size_t lo, hi;

	(void)slot;
	if (chunk == w->n_chunks) {
		count_item_events(w);
		return;
	}
	lo = d->user_ptr[w->chunk[chunk]];
	hi = d->user_ptr[w->chunk[chunk + 1]];
	t->low = INFINITY;
	t->high = -INFINITY;
	t->first = INT64_MAX;
	t->last = INT64_MIN;
	if (d->value)
		look_at_values(d->value + lo, hi - lo, t);
	if (d->time)
		look_at_times(d, w->chunk[chunk], w->chunk[chunk + 1], t);
}

static void second_pass(void *ctx, size_t chunk, unsigned slot)
{
	struct profiling *w = ctx;
	const struct dataset *d = w->d;
	struct part *t = &w->part[chunk];
	const size_t lo = d->user_ptr[w->chunk[chunk]], hi = d->user_ptr[w->chunk[chunk + 1]];

	(void)slot;
	for (size_t e = lo; w->bins && e < hi; e++) {
		double v = w->logs ? log((double)d->value[e]) : (double)d->value[e];
		int b = (int)((v - w->from) / w->step);

		t->bin_count[b < PROFILE_VALUES ? b : PROFILE_VALUES - 1]++;
	}
	for (size_t e = lo; d->time && e < hi; e++) {
		double at = (double)(d->time[e] - w->first) / w->span;

		t->time_count[(size_t)(at * (double)TIME_SLICES)]++;
	}
}

/* The distinct values ascending, with their counts. */
static void list_values(struct profile *p, const struct part *all)
{
	for (uint32_t k = 0; k < VALUE_SLOTS; k++) {
		uint32_t i = p->n_values;

		if (!all->value_count[k])
			continue;
		for (; i > 0 && p->value[i - 1] > (double)all->value[k]; i--) {
			p->value[i] = p->value[i - 1];
			p->value_count[i] = p->value_count[i - 1];
		}
		p->value[i] = (double)all->value[k];
		p->value_count[i] = all->value_count[k];
		p->n_values++;
	}
}

/* Adds up what the first pass found. */
static void reduce_first(struct profile *p, struct profiling *w)
{
	struct part all = { .low = INFINITY, .high = -INFINITY, .first = INT64_MAX, .last = INT64_MIN };

	for (size_t c = 0; c < w->n_chunks; c++) {
		const struct part *t = &w->part[c];

		all.sum += t->sum;
		all.low = t->low < all.low ? t->low : all.low;
		all.high = t->high > all.high ? t->high : all.high;
		all.first = t->first < all.first ? t->first : all.first;
		all.last = t->last > all.last ? t->last : all.last;
		all.tied += t->tied;
		if (t->n_values > PROFILE_VALUES)
			all.n_values = PROFILE_VALUES + 1;
		for (uint32_t k = 0; k < VALUE_SLOTS && all.n_values <= PROFILE_VALUES; k++)
			if (t->value_count[k])
				add_value(&all, t->value[k], t->value_count[k]);
	}
	if (w->d->value && w->d->n_events) {
		p->value_mean = all.sum / (double)w->d->n_events;
		w->bins = all.n_values > PROFILE_VALUES;
		if (!w->bins)
			list_values(p, &all);
		/* By logarithm when the ends are far apart, as play counts are. */
		w->logs = all.low > 0 && all.high / all.low > 100;
		w->from = w->logs ? log((double)all.low) : (double)all.low;
		w->step = ((w->logs ? log((double)all.high) : (double)all.high) - w->from) / PROFILE_VALUES;
	}
	p->first_time = p->last_time = NO_TIME;
	if (w->d->time && w->d->n_events) {
		p->first_time = w->first = all.first;
		p->last_time = all.last;
		w->span = (double)(all.last - all.first) + 1;
		p->tied_share = (double)all.tied / (double)w->d->n_events;
	}
}

static void reduce_second(struct profile *p, const struct profiling *w)
{
	for (size_t c = 0; c < w->n_chunks; c++) {
		for (uint32_t b = 0; w->bins && b < PROFILE_VALUES; b++)
			p->value_count[b] += w->part[c].bin_count[b];
		for (size_t s = 0; s < TIME_SLICES; s++)
			p->time_count[s] += w->part[c].time_count[s];
	}
	if (!w->bins)
		return;
	for (int b = 0; b < PROFILE_VALUES; b++)
		p->value[b] = w->logs ? exp(w->from + b * w->step) : w->from + b * w->step;
	p->n_values = PROFILE_VALUES;
	p->values_binned = true;
}

bool profile_make(struct profile *p, const struct dataset *d, const struct task *task, struct err *err)
{
	size_t most = d->n_users > d->n_items ? d->n_users : d->n_items;
	uint64_t *counts = mem_alloc(most + 1, sizeof(*counts), err);
	struct profiling w = { .d = d };
	uint32_t *chunk = counts ? build_user_chunks(d->user_ptr, d->n_users, &w.n_chunks, err) : NULL;
	bool fine = false;

	memset(p, 0, sizeof(*p));
	w.chunk = chunk;
	w.part = chunk ? mem_zeroed(w.n_chunks + 1, sizeof(*w.part), err) : NULL;
	w.item_events = w.part ? mem_zeroed((size_t)d->n_items + 1, sizeof(*w.item_events), err) : NULL;
	if (!w.item_events)
		goto out;
	if (d->n_users && d->n_items)
		p->density = (double)d->n_events / ((double)d->n_users * (double)d->n_items);
	if (!task_chunks(task, w.n_chunks + 1, first_pass, &w)) {
		task_cancelled(err);
		goto out;
	}
	reduce_first(p, &w);
	if ((w.bins || d->time) && !task_chunks(task, w.n_chunks, second_pass, &w)) {
		task_cancelled(err);
		goto out;
	}
	reduce_second(p, &w);
	count_users(p, d, counts);
	count_items(p, &w, counts);
	fine = true;
out:
	mem_free(counts);
	mem_free(chunk);
	mem_free(w.part);
	mem_free(w.item_events);
	return fine;
}
