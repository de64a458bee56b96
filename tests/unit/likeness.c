/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cosines of columns, short and long, against a count of every cell. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "eval/metrics.h"
#include "cosine_case.h"
#include "tap.h"

enum { I = 60, U = 700 };

static bool has[I][U];

/* Columns of 0, 1, 2 … events up to nearly all users: bits begin above 2 * 11 words. */
static void make_columns(struct csr *xt, struct err *err)
{
	struct rng rng = rng_stream(1, "test", 0, 0);
	size_t n = 0;

	*xt = (struct csr){ .rows = I, .cols = U, .ptr = mem_must(mem_alloc(I + 1, sizeof(size_t), err)),
			    .idx = mem_must(mem_alloc(I * U, sizeof(uint32_t), err)) };
	for (uint32_t i = 0; i < I; i++) {
		double share = i < 20 ? i / (double)U : pow((i - 19) / 42.0, 2);

		xt->ptr[i] = n;
		for (uint32_t u = 0; u < U; u++) {
			has[i][u] = rng_uniform(&rng) < share;
			if (has[i][u])
				xt->idx[n++] = u;
		}
	}
	xt->ptr[I] = n;
}

static double cosine(uint32_t i, uint32_t j)
{
	return naive_cosine(has[i], has[j], U);
}

int main(void)
{
	struct err err;
	struct csr xt;
	struct likeness *l;
	struct likeness_memo *memo = mem_must(likeness_memo_new(&err));
	uint32_t list[] = { 59, 3, 40, 21, 0 };
	double sums[5], want = 0;
	int wrong = 0, met = 0;

	make_columns(&xt, &err);
	l = mem_must(likeness_new(&xt, &err));
	for (int round = 0; round < 2; round++) /* made, then remembered */
		for (uint32_t i = 0; i < I; i++)
			for (uint32_t j = 0; j < I; j++) {
				wrong += fabs(likeness_cosine(l, memo, i, j) - cosine(i, j)) > 1e-12;
				met += cosine(i, j) > 0 && i != j;
			}
	ok(wrong == 0 && met > 2000, "cosines of short, long and mixed pairs");
	likeness_pair_sums(l, memo, list, 5, sums);
	wrong = sums[0] != 0;
	for (int b = 1; b < 5; b++) {
		for (int a = 0; a < b; a++)
			want += 1 - cosine(list[a], list[b]);
		wrong += fabs(sums[b] - want) > 1e-12;
	}
	ok(wrong == 0, "sums over the pairs of every prefix");
	likeness_free(l);
	likeness_memo_free(memo);
	csr_done(&xt);
	return done_testing();
}
