/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The best k of many, against sorting them all. */
#include "num/rank.h"

#include "num_case.h"

static const float *by;

static int better(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (by[x] != by[y])
		return by[x] < by[y] ? 1 : -1;
	return (x > y) - (x < y);
}

/* Scores in steps of 1/8, so that ties are many. */
static void check(uint32_t n, uint32_t k, bool offer, bool with_skip)
{
	float *s = case_floats(n), *score = case_floats(k);
	uint32_t *all = case_zeroed(n, sizeof(*all)), *item = case_zeroed(k, sizeof(*item)),
		 left = 0;
	uint64_t *skip = case_zeroed(n / 64 + 1, sizeof(*skip));
	struct topk t;
	bool right;

	for (uint32_t i = 0; i < n; i++) {
		s[i] = roundf(s[i] * 8) / 8;
		if (case_below(20) == 0)
			s[i] = NAN;
		if (with_skip && case_below(3) == 0)
			skip[i / 64] |= (uint64_t)1 << i % 64;
		else if (!isnan(s[i]))
			all[left++] = i;
	}
	by = s;
	qsort(all, left, sizeof(*all), better);
	topk_begin(&t, k, score, item);
	if (offer) {
		topk_offer(&t, s, 0, n / 2, with_skip ? skip : NULL);
		topk_offer(&t, s + n / 2, n / 2, n - n / 2, with_skip ? skip : NULL);
	} else {
		for (uint32_t i = n; i--; ) /* backwards: higher numbers first */
			if (!(skip[i / 64] >> i % 64 & 1))
				topk_push(&t, i, s[i]);
	}
	topk_finish(&t);
	right = t.n == (left < k ? left : k);
	for (uint32_t i = 0; right && i < t.n; i++)
		right = item[i] == all[i] && score[i] == s[all[i]];
	ok(right, "%u of %u%s%s", k, n, offer ? ", offered" : ", pushed",
	   with_skip ? ", some left out" : "");
	mem_free(s);
	mem_free(score);
	mem_free(all);
	mem_free(item);
	mem_free(skip);
}

int main(void)
{
	CASE_EACH_TABLE(name) {
		printf("# %s\n", name);
		check(1000, 10, false, false);
		check(1000, 10, true, false);
		check(1000, 100, true, true);
		check(7, 10, true, false);
		check(129, 1, true, true);
		check(65, 65, true, false);
		check(500, 0, true, false);
	}
	return done_testing();
}
