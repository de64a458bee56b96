/* SPDX-License-Identifier: GPL-3.0-or-later */
/* similar.c - nearest items by behaviour against cosines counted one by one, and by each model. */
#include "explain/similar.h"

#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 90, I = 60, PER_USER = 25, K = 7 };

static double cosine(const struct fixture *f, uint32_t i, uint32_t j)
{
	double both = 0, a = 0, b = 0;

	for (uint32_t u = 0; u < U; u++) {
		bool has_i = csr_has(&f->split->train, u, i), has_j = csr_has(&f->split->train, u, j);

		a += has_i;
		b += has_j;
		both += has_i && has_j;
	}
	return both > 0 ? both / sqrt(a * b) : 0;
}

/* In order, without the item, and nothing left out is nearer. */
static bool is_nearest(const struct similar_list *l, uint32_t item, const double likeness[I], uint32_t k)
{
	bool in_list[I] = { false }, right = true;
	uint32_t others = 0;

	for (uint32_t r = 0; r < l->n; r++) {
		right = right && l->item[r] != item && fabs((double)l->score[r] - likeness[l->item[r]]) < 1e-6 &&
			(!r || l->score[r] < l->score[r - 1] ||
			 (l->score[r] == l->score[r - 1] && l->item[r] > l->item[r - 1]));
		in_list[l->item[r]] = true;
	}
	for (uint32_t i = 0; i < I; i++) {
		if (i == item || in_list[i] || likeness[i] == 0)
			continue;
		others++;
		right = right && l->n == k && likeness[i] <= (double)l->score[l->n - 1] + 1e-6;
	}
	return right && (l->n == k || !others);
}

static void test_behaviour(const struct fixture *f, uint32_t k)
{
	struct similar_list l;
	struct err err;
	bool right = true;

	for (uint32_t item = 0; item < I; item++) {
		double likeness[I];

		for (uint32_t i = 0; i < I; i++)
			likeness[i] = cosine(f, item, i);
		fixture_must(similar_by_behaviour(f->split, item, k, &task_null, &l, &err), &err);
		right = right && is_nearest(&l, item, likeness, k);
		similar_list_done(&l);
	}
	ok(right, "by behaviour, %u nearest: cosines of the train columns", (unsigned)k);
}

static void test_model(const struct fixture *f, const struct model_ops *ops)
{
	struct params p;
	struct err err = { 0 };
	struct similar_list l = { 0 };
	struct snapshot *s;
	struct model *m;
	float row[I];
	double likeness[I];

	params_init(&p, ops->params);
	m = fixture_fit(f, ops, &p, 1, &task_null, &err);
	s = m ? snapshot_new(m, "x#1", 1, f->split, false, false, &err) : NULL;
	fixture_must(s != NULL, &err);
	if (!ops->similar) {
		ok(!similar_by_model(s, I, 5, K, &l, &err) && err.code == ERR_UNSUPPORTED, "%s: %s", ops->name, err.msg);
	} else {
		fixture_must(ops->similar(m, 5, row, &err), &err);
		for (uint32_t i = 0; i < I; i++)
			likeness[i] = (double)row[i];
		ok(similar_by_model(s, I, 5, K, &l, &err) && is_nearest(&l, 5, likeness, K),
		   "%s: the nearest in the model's own terms", ops->name);
	}
	similar_list_done(&l);
	snapshot_unref(s);
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

int main(void)
{
	struct fixture f;
	struct similar_list l;
	struct err err;
	const struct task cancelled = { .keep_going = never };

	linalg_init();
	fixture_make(&f, U, I, PER_USER, false);
	test_behaviour(&f, K);
	test_behaviour(&f, 1000);
	ok(!similar_by_behaviour(f.split, 5, K, &cancelled, &l, &err) && err.code == ERR_CANCELLED && !l.item,
	   "it can be cancelled");
	for (size_t k = 0; model_registry[k]; k++)
		test_model(&f, model_registry[k]);
	fixture_done(&f);
	return done_testing();
}
