/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The K most similar, against sorting them all. */
#include "num/knn_best.h"

#include "num_case.h"

static float *by;

static int better(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (by[x] != by[y])
		return by[x] < by[y] ? 1 : -1;
	return (x > y) - (x < y);
}

/* steps: how many different similarities there are; few of them make many ties. */
static void check(uint32_t n, uint32_t K, uint32_t steps)
{
	size_t room = knn_best_room(K);
	struct knn_best b = { .key = case_zeroed(room, 8), .brink = case_zeroed(room, 8), .K = K,
			      .room = room, .least = 1e-37f };
	uint32_t *order = case_zeroed(n, sizeof(*order)), *at = case_zeroed(n, sizeof(*at));
	bool right, bar = true;

	by = case_zeroed(n, sizeof(*by));
	for (uint32_t i = 0; i < n; i++) {
		by[i] = (float)(1 + case_below(steps)) / (float)steps * 0.9f;
		order[i] = at[i] = i;
	}
	for (uint32_t i = n; i > 1; i--) { /* candidates come in any order */
		uint32_t j = case_below(i), swap = at[j];

		at[j] = at[i - 1];
		at[i - 1] = swap;
	}
	for (uint32_t i = 0; i < n; i++)
		if (by[at[i]] >= b.least)
			knn_best_add(&b, by[at[i]], at[i]);
	knn_best_cut(&b);
	qsort(order, n, sizeof(*order), better);
	if (n > K)
		bar = b.least == by[order[K - 1]];
	knn_best_by_number(&b);
	right = b.n == (n < K ? n : K);
	for (size_t t = 0; right && t < b.n; t++) {
		uint32_t number = (uint32_t)(b.key[t] >> 32), rank = 0;

		while (order[rank] != number)
			rank++;
		right = rank < K && knn_best_sim((uint32_t)b.key[t]) == by[number] &&
			(!t || b.key[t - 1] < b.key[t]);
	}
	ok(right && bar, "%u of %u with %u similarities", K, n, steps);
	mem_free(b.key);
	mem_free(b.brink);
	mem_free(order);
	mem_free(at);
	mem_free(by);
}

int main(void)
{
	check(0, 5, 10);
	check(3, 5, 10);
	check(300, 1, 100000);
	check(5000, 20, 1000000);
	check(5000, 100, 7);
	check(5000, 100, 1);
	check(400, 400, 50);
	check(2000, 300, 1000);
	return done_testing();
}
