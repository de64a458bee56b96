/* SPDX-License-Identifier: GPL-3.0-or-later */
/* overlap.c - overlap and rank-biased overlap against figures worked out by hand, and against sums as the paper
 * writes them; two runs beside each other against the lists they make. */
#include "explain/overlap.h"

#include "base/rng.h"
#include "model/registry.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 60, I = 50, PER_USER = 20, K = 10 };

static double rbo_of(const uint32_t *a, uint32_t n_a, const uint32_t *b, uint32_t n_b, double p, double *overlap)
{
	struct err err;
	double rbo;

	fixture_must(list_overlap(a, n_a, b, n_b, p, overlap, &rbo, &err), &err);
	return rbo;
}

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-12;
}

static void test_by_hand(void)
{
	static const uint32_t a[] = { 1, 2, 3, 4 }, b[] = { 2, 1, 5, 3 }, c[] = { 6, 7, 8, 9 };
	double overlap, rbo;

	/* X = 0 2 2 3: 0.1/0.9 (0 + 1·0.81 + 2/3·0.729 + 3/4·0.6561) + 3/4·0.6561 = 0.69075 */
	rbo = rbo_of(a, 4, b, 4, 0.9, &overlap);
	ok(near(rbo, 0.69075) && near(overlap, 0.75), "by hand: rbo %.9g, overlap %g", rbo, overlap);
	ok(near(rbo_of(b, 4, a, 4, 0.9, &overlap), rbo), "either way round");
	/* s = 2, l = 3, X = 0 2 2: (1·1/4 + 2/3·1/8 + 2·1/(2·3)·1/8) + (0 + 2/2)·1/8 = 1/2 */
	rbo = rbo_of(a, 2, (const uint32_t[]){ 2, 1, 3 }, 3, 0.5, &overlap);
	ok(near(rbo, 0.5) && near(overlap, 2.0 / 3), "of two lengths: rbo %.9g, overlap %g", rbo, overlap);
	ok(near(rbo_of(a, 4, a, 4, 0.9, &overlap), 1) && overlap == 1, "the same list: 1");
	ok(near(rbo_of(a, 2, a, 4, 0.9, &overlap), 1) && overlap == 0.5, "the beginning of a list goes on like it");
	ok(rbo_of(a, 4, c, 4, 0.9, &overlap) == 0 && overlap == 0, "nothing in common: 0");
	ok(rbo_of(a, 4, NULL, 0, 0.9, &overlap) == 0 && overlap == 0, "nothing beside something: 0");
	ok(isnan(rbo_of(NULL, 0, NULL, 0, 0.9, &overlap)) && isnan(overlap), "nothing at all: not a number");
}

static double shared_to(const uint32_t *a, uint32_t n_a, const uint32_t *b, uint32_t n_b)
{
	double x = 0;

	for (uint32_t i = 0; i < n_a; i++)
		for (uint32_t j = 0; j < n_b; j++)
			x += a[i] == b[j];
	return x;
}

/* Equation (32) as it is printed; a is the shorter list. */
static double as_printed(const uint32_t *a, uint32_t s, const uint32_t *b, uint32_t l, double p)
{
	const double x_s = shared_to(a, s, b, s), x_l = shared_to(a, s, b, l);
	double first = 0, second = 0;

	for (uint32_t d = 1; d <= l; d++)
		first += shared_to(a, d < s ? d : s, b, d) / d * pow(p, d);
	for (uint32_t d = s + 1; d <= l; d++)
		second += x_s * (d - s) / ((double)s * d) * pow(p, d);
	return (1 - p) / p * (first + second) + ((x_l - x_s) / l + x_s / s) * pow(p, l);
}

static void shuffled(struct rng *rng, uint32_t *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		list[i] = i;
	for (uint32_t i = n; i-- > 1;) {
		uint32_t j = rng_below(rng, i + 1), t = list[i];

		list[i] = list[j];
		list[j] = t;
	}
}

static void test_printed(void)
{
	struct rng rng = rng_stream(5, "overlap", 0, 0);
	uint32_t a[40], b[40];
	double overlap, worst = 0;

	for (int round = 0; round < 300; round++) {
		uint32_t s = 1 + rng_below(&rng, 30), l = s + rng_below(&rng, 10);
		double p = 0.5 + 0.0016 * round;

		shuffled(&rng, a, 40);
		shuffled(&rng, b, 40);
		worst = fmax(worst, fabs(rbo_of(a, s, b, l, p, &overlap) - as_printed(a, s, b, l, p)));
	}
	ok(worst < 1e-12, "300 pairs of lists as the equation is printed, at most %.2g off", worst);
}

static const struct snapshot *fit(const struct fixture *f, const struct model_ops *ops)
{
	struct params p;
	struct err err;
	struct model *m;
	struct snapshot *s;

	params_init(&p, ops->params);
	m = fixture_fit(f, ops, &p, 1, &task_null, &err);
	s = m ? snapshot_new(m, ops->name, 1, f->split, false, false, &err) : NULL;
	fixture_must(s != NULL, &err);
	return s;
}

static bool one_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	(void)i, (void)slot, (void)err;
	*out = *(const struct query *)ctx;
	return true;
}

static void test_runs(void)
{
	struct fixture f;
	struct rank_options o[2] = { { .k = K }, { .k = K } }, all = { .k = I };
	struct ranked_lists l[2];
	const struct snapshot *s[2];
	struct query q[2];
	struct beside *b;
	struct err err;
	double overlap, rbo;
	bool right = true;

	fixture_make(&f, U, I, PER_USER, false);
	s[0] = fit(&f, &popularity_ops);
	s[1] = fit(&f, &ease_ops);
	for (int i = 0; i < 2; i++) {
		q[i] = fixture_query(&f, 7);
		fixture_must(rank_lists(s[i]->model, I, one_query, &q[i], 1, &all, &task_null, &l[i], &err), &err);
	}
	b = beside_rank(s, I, q, o, 0.9, &task_null, &err);
	fixture_must(b != NULL, &err);
	rbo = rbo_of(l[0].item, K, l[1].item, K, 0.9, &overlap);
	ok(b->n[0] == K && b->n[1] == K && b->overlap == overlap && b->rbo == rbo, "the figures of the two lists (%g, %g)",
	   overlap, rbo);
	ok(b->n_rows == 2 * K - (size_t)lround(overlap * K) && b->n_rows > K, "each item once: %zu rows", b->n_rows);
	for (size_t i = 0; i < b->n_rows; i++)
		for (int w = 0; w < 2; w++) {
			uint32_t r = b->row[i].rank[w];

			right = right && r > 0 && l[w].item[r - 1] == b->row[i].item && l[w].score[r - 1] == b->row[i].score[w];
		}
	ok(right, "with its rank and score in either list, however far down");
	beside_free(b);
	for (int i = 0; i < 2; i++) {
		ranked_lists_done(&l[i]);
		snapshot_unref(s[i]);
	}
	fixture_done(&f);
}

int main(void)
{
	linalg_init();
	test_by_hand();
	test_printed();
	test_runs();
	return done_testing();
}
