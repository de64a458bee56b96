/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figures of the Data screen against sums done by hand. */
#include "data/profile.h"

#include <math.h>

#include "tap.h"
#include "event_fixture.h"

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-12;
}

static void test_gini(void)
{
	static const uint64_t even[] = { 3, 3, 3, 3 }, one[] = { 0, 0, 0, 8 }, some[] = { 1, 2, 5 }, none[] = { 0, 0 };

	ok(near(profile_gini(even, 4), 0), "gini: all the same is 0");
	ok(near(profile_gini(one, 4), 0.75), "gini: one has all is (n-1)/n");
	/* (-2*1 + 0*2 + 2*5) / 8 / 3 */
	ok(near(profile_gini(some, 3), 8.0 / 24), "gini: 1 2 5 is a third");
	ok(near(profile_gini(none, 2), 0), "gini: of nothing is 0");
}

static void test_profile(void)
{
	/* user 0: 4 events, two at one time; user 1: 1; user 2: 2 at one time */
	static const struct event e[] = {
		{ 0, 0, 100, 5, 0 }, { 0, 1, 100, 3, 0 }, { 0, 2, 150, 3, 0 }, { 0, 3, 219, 1, 0 },
		{ 1, 0, 160, 3, 0 }, { 2, 0, 101, 5, 0 }, { 2, 2, 101, 4.5f, 0 },
	};
	struct dataset *d = dataset_of(e, 7, 3, 4, WITH_TIME | WITH_VALUE);
	const struct profile *p = &d->profile;
	uint64_t users = 0, items = 0, times = 0;

	ok(near(p->density, 7.0 / 12), "density");
	ok(p->user_events.least == 1 && p->user_events.median == 2 && p->user_events.most == 4 &&
	   near(p->user_events.mean, 7.0 / 3), "events a user");
	ok(p->item_events.least == 1 && p->item_events.median == 1 && p->item_events.most == 3, "events an item");
	for (uint32_t b = 0; b < p->user_events.n_bins; b++)
		users += p->user_events.count[b];
	for (uint32_t b = 0; b < p->item_events.n_bins; b++)
		items += p->item_events.count[b];
	ok(users == 3 && items == 4, "histograms hold everybody");
	ok(p->user_events.n_bins == 4 && p->user_events.count[0] == 1 && p->user_events.count[1] == 1 &&
	   p->user_events.count[2] == 0 && p->user_events.count[3] == 1, "small counts have a bin each");
	ok(p->n_values == 4 && !p->values_binned && near(p->value[0], 1) && p->value_count[0] == 1 &&
	   near(p->value[1], 3) && p->value_count[1] == 3 && near(p->value[2], 4.5) && near(p->value[3], 5) &&
	   p->value_count[3] == 2, "values and their counts, ascending");
	ok(near(p->value_mean, 24.5 / 7), "mean value");
	ok(p->first_time == 100 && p->last_time == 219, "time span");
	/* 120 seconds in 60 slices of 2: 100 and 101 in the first, 150 in slice 25, 219 in the last */
	for (int t = 0; t < 60; t++)
		times += p->time_count[t];
	ok(times == 7 && p->time_count[0] == 4 && p->time_count[25] == 1 && p->time_count[30] == 1 &&
	   p->time_count[59] == 1, "events over time");
	ok(near(p->tied_share, 4.0 / 7), "share of tied times");
	ok(p->tail[0] == 3 && p->tail[59] == 1, "the tail runs from the most popular item to the least");
	dataset_unref(d);
}

static void test_counts_on_a_log_scale(void)
{
	enum { N = 3000 };
	struct event *e = mem_must(mem_zeroed(N, sizeof(*e), &(struct err){ 0 }));
	const struct profile_histogram *h;
	struct dataset *d;
	size_t n = 0;
	bool rising = true;

	for (uint32_t u = 0; u < 4 && n < N; u++) /* 2, 20, 200 and 2000 events */
		for (uint32_t i = 0; i < (uint32_t)(2 * pow(10, u)) && n < N; i++)
			e[n++] = (struct event){ .user = u, .item = i, .value = (float)(i + 1) };
	d = dataset_of(e, n, 4, 2000, WITH_VALUE);
	h = &d->profile.user_events;
	for (uint32_t b = 0; b < h->n_bins; b++)
		rising &= h->edge[b] < h->edge[b + 1];
	ok(rising && near(h->edge[0], 2) && near(h->edge[h->n_bins], 2001), "edges rise from the least to the most");
	ok(h->count[0] == 1 && h->count[h->n_bins - 1] == 1, "2 in the first bin, 2,000 in the last");
	ok(d->profile.values_binned && d->profile.n_values == PROFILE_VALUES && near(d->profile.value[0], 1),
	   "many values are binned");
	n = 0;
	for (int b = 0; b < PROFILE_VALUES; b++)
		n += d->profile.value_count[b];
	ok(n == d->n_events, "bins of values hold every event");
	ok(d->profile.first_time == NO_TIME, "no times, no span");
	dataset_unref(d);
	mem_free(e);
}

int main(void)
{
	test_gini();
	test_profile();
	test_counts_on_a_log_scale();
	return done_testing();
}
