/* SPDX-License-Identifier: GPL-3.0-or-later */
/* counterfactual.c - the smallest removal against every subset there is; what is found does what it says. */
#include "explain/counterfactual.h"

#include "base/pool.h"
#include "model/registry.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 90, I = 60, PER_USER = 25, K = 5, LONGEST = 12 };

static struct fixture f;
static uint64_t *barred;

static const struct snapshot *fit(const struct model_ops *ops)
{
	return fixture_snapshot(&f, ops, 3);
}

static bool has(const uint32_t *set, uint32_t n, uint32_t x)
{
	for (uint32_t k = 0; k < n; k++)
		if (set[k] == x)
			return true;
	return false;
}

/* The rank when the scores of `q` are sorted by hand; what is in out[] is no candidate. */
static uint32_t rank_without(const struct snapshot *s, const struct query *q, const uint32_t *out, uint32_t n_out,
			     uint32_t item)
{
	struct scratch scratch = { 0 };
	struct err err;
	float all[I];
	uint32_t rank = 1;

	fixture_must(model_score_all(s->model, q, &scratch, all, I, &err), &err);
	scratch_done(&scratch);
	for (uint32_t i = 0; i < I; i++)
		if (i != item && !has(out, n_out, i) && f.split->item_train[i] &&
		    (all[i] > all[item] || (all[i] == all[item] && i < item)))
			rank++;
	return rank;
}

static uint32_t rank_of_mask(const struct snapshot *s, const struct query *q, unsigned removed, uint32_t item)
{
	uint32_t items[LONGEST], n = 0;
	struct query less = *q;

	for (uint32_t k = 0; k < q->n; k++)
		if (!(removed >> k & 1))
			items[n++] = q->items[k];
	less.items = items;
	less.n = n;
	return rank_without(s, &less, q->items, q->n, item);
}

/* 0: no subset does. */
static unsigned least_by_hand(const struct snapshot *s, const struct query *q, uint32_t item)
{
	unsigned least = 0;

	for (unsigned mask = 1; mask < 1u << q->n; mask++) {
		unsigned size = (unsigned)__builtin_popcount(mask);

		if ((!least || size < least) && rank_of_mask(s, q, mask, item) > K)
			least = size;
	}
	return least;
}

static bool does_what_it_says(const struct snapshot *s, const struct query *q, const struct counterfactual *c,
			      uint32_t item)
{
	unsigned mask = 0;

	for (uint32_t k = 0; k < q->n; k++)
		if (has(c->items, c->n, q->items[k]))
			mask |= 1u << k;
	return (unsigned)__builtin_popcount(mask) == c->n && c->rank > K && rank_of_mask(s, q, mask, item) == c->rank;
}

static uint32_t item_at(const struct snapshot *s, const struct query *q, uint32_t rank)
{
	for (uint32_t i = 0; i < I; i++)
		if (!has(q->items, q->n, i) && f.split->item_train[i] && rank_without(s, q, q->items, q->n, i) == rank)
			return i;
	return NO_ITEM;
}

static void test_removal(const struct model_ops *ops, const struct task *two)
{
	const struct snapshot *s = fit(ops);
	const struct rank_options o = { .k = K, .barred = barred };
	bool right = true, greedy_right = true, same = true;
	unsigned found = 0, larger = 0;

	for (uint32_t u = U / 4; u < U && found < 8; u += 3) {
		struct query q = fixture_query(&f, u);
		struct counterfactual all, greedy, again;
		uint32_t item;
		unsigned least;
		struct err err;

		q.n = q.n < 9 ? q.n : 9;
		q.fold_in = true;
		item = item_at(s, &q, 1 + u % K);
		if (item == NO_ITEM)
			continue;
		least = least_by_hand(s, &q, item);
		fixture_must(smallest_removal(s, I, &q, item, &o, COUNTERFACTUAL_BUDGET, &task_null, &all, &err), &err);
		fixture_must(smallest_removal(s, I, &q, item, &o, 1, &task_null, &greedy, &err), &err);
		fixture_must(smallest_removal(s, I, &q, item, &o, 1, two, &again, &err), &err);
		right &= all.found == (least > 0) && all.n == least && (!least || (all.smallest && does_what_it_says(s, &q, &all, item)));
		greedy_right &= !greedy.found || (does_what_it_says(s, &q, &greedy, item) && greedy.n >= least &&
						  (!greedy.smallest || greedy.n == least));
		same &= again.found == greedy.found && again.n == greedy.n && again.rank == greedy.rank &&
			(!again.n || !memcmp(again.items, greedy.items, again.n * sizeof(*again.items)));
		found += least > 0;
		larger += least > 1;
		counterfactual_done(&all);
		counterfactual_done(&greedy);
		counterfactual_done(&again);
	}
	ok(right && found, "%s: %u smallest sets (%u of several events) are as small as every subset allows", ops->name,
	   found, larger);
	ok(greedy_right, "%s: a greedy set does what it says, and is called smallest only if it is", ops->name);
	ok(same, "%s: the same on two threads", ops->name);
	snapshot_unref(s);
}

static void test_addition(const struct model_ops *ops)
{
	const struct snapshot *s = fit(ops);
	const struct rank_options o = { .k = K, .barred = barred };
	struct query q = fixture_query(&f, U - 5), more;
	uint32_t tried[I], n = 0, with[LONGEST + ADDITIONS_MOST], item;
	struct counterfactual c;
	struct err err;
	bool single = false;

	q.n = 4;
	q.fold_in = true;
	item = item_at(s, &q, K + 3);
	for (uint32_t i = 0; i < I; i++)
		if (i != item && !has(q.items, q.n, i) && f.split->item_train[i])
			tried[n++] = i;
	fixture_must(smallest_addition(s, I, &q, item, &o, tried, n, &task_null, &c, &err), &err);
	memcpy(with, q.items, q.n * sizeof(*with));
	more = q;
	more.items = with;
	more.n = q.n + 1;
	for (uint32_t k = 0; k < n; k++) {
		with[q.n] = tried[k];
		single |= rank_without(s, &more, with, more.n, item) <= K;
	}
	memcpy(with + q.n, c.items, c.n * sizeof(*with));
	more.n = q.n + c.n;
	ok(c.found && rank_without(s, &more, with, more.n, item) == c.rank && c.rank <= K,
	   "%s: %u added event%s lift the item in", ops->name, c.n, c.n == 1 ? "" : "s");
	ok(c.smallest == (c.n == 1) && (c.n == 1) == single, "%s: one event where one does", ops->name);
	counterfactual_done(&c);
	fixture_must(smallest_addition(s, I, &q, item, &o, tried, 0, &task_null, &c, &err), &err);
	ok(!c.found, "%s: nothing to try, nothing found", ops->name);
	snapshot_unref(s);
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

int main(void)
{
	struct err err;
	struct pool *pool = pool_new(2, &err);
	struct task two = task_null, stopped = task_null;
	const struct snapshot *s;
	struct counterfactual c;
	struct query q;
	uint32_t n;

	two.pool = pool;
	stopped.keep_going = never;
	linalg_init(); /* OpenBLAS on one thread, as everywhere */
	fixture_make(&f, U, I, PER_USER, false);
	fixture_must(rank_barred(f.split, false, &barred, &n, &err), &err);
	test_removal(&item_knn_ops, &two);
	test_removal(&ease_ops, &two);
	test_removal(&ials_ops, &two);
	test_removal(&bpr_ops, &two);
	test_removal(&sasrec_ops, &two);
	test_addition(&ease_ops);
	test_addition(&ials_ops);
	s = fit(&ease_ops);
	q = fixture_query(&f, U - 1);
	ok(!smallest_removal(s, I, &q, item_at(s, &q, 1), &(struct rank_options){ .k = K, .barred = barred },
			     COUNTERFACTUAL_BUDGET, &stopped, &c, &err) && err.code == ERR_CANCELLED, "it can be cancelled");
	snapshot_unref(s);
	mem_free(barred);
	fixture_done(&f);
	pool_free(pool);
	return done_testing();
}
