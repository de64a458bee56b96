/* SPDX-License-Identifier: GPL-3.0-or-later */
/* whynot.c - rank, gap, what holds an item down and what lifts it in, against lists that are sorted by hand. */
#include "explain/whynot.h"

#include "base/bits.h"
#include "base/pool.h"
#include "model/registry.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 90, I = 60, PER_USER = 25, K = 5 };

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

/* Rank and gap when the scores of `q` are sorted by hand; what is in out[] is no candidate. */
static uint32_t place(const struct snapshot *s, const struct query *q, const uint32_t *out, uint32_t n_out, uint32_t item,
		      double *gap)
{
	struct scratch scratch = { 0 };
	struct err err;
	float all[I], best[I];
	uint32_t rank = 1, n = 0;

	fixture_must(model_score_all(s->model, q, &scratch, all, I, &err), &err);
	scratch_done(&scratch);
	for (uint32_t i = 0; i < I; i++) {
		uint32_t at = n;

		if (has(out, n_out, i) || !f.split->item_train[i])
			continue;
		rank += i != item && (all[i] > all[item] || (all[i] == all[item] && i < item));
		for (n++; at > 0 && best[at - 1] < all[i]; at--)
			best[at] = best[at - 1];
		best[at] = all[i];
	}
	*gap = (double)best[K - 1] - (double)all[item];
	return rank;
}

static bool held_is_right(const struct snapshot *s, const struct query *q, const struct whynot *w, uint32_t item)
{
	uint32_t items[PER_USER];
	bool right = true;
	size_t narrower = 0;

	for (uint32_t gone = 0; gone < q->n; gone++) {
		struct query less = *q;
		double gap;
		uint32_t rank, n = 0;
		float value;

		for (uint32_t k = 0; k < q->n; k++)
			if (k != gone)
				items[n++] = q->items[k];
		less.items = items;
		less.n = n;
		rank = place(s, &less, q->items, q->n, item, &gap);
		value = (float)(w->gap - gap);
		narrower += value > 0;
		for (size_t k = 0; k < w->n_held; k++)
			if (w->held[k].item == q->items[gone])
				right &= w->held[k].rank == rank && w->held[k].value == value && value > 0;
	}
	for (size_t k = 1; k < w->n_held; k++)
		right &= w->held[k].value <= w->held[k - 1].value;
	return right && w->n_held == (narrower < WHYNOT_HELD ? narrower : WHYNOT_HELD);
}

static bool lifts_in(const struct snapshot *s, const struct query *q, const struct whynot *w, uint32_t item)
{
	uint32_t items[PER_USER + ADDITIONS_MOST];
	struct query more = *q;
	double gap;

	memcpy(items, q->items, q->n * sizeof(*items));
	memcpy(items + q->n, w->add.items, w->add.n * sizeof(*items));
	more.items = items;
	more.n = q->n + w->add.n;
	return w->add.rank <= K && place(s, &more, items, more.n, item, &gap) == w->add.rank;
}

static void test_model(const struct model_ops *ops, const struct task *two)
{
	const struct snapshot *s = fit(ops);
	const struct whynot_options o = { .list = { .k = K, .barred = barred } };
	bool placed = true, held = true, lifted = true, same = true;
	unsigned n_held = 0, n_lifted = 0, asked = 0;

	for (uint32_t u = U / 3; u < U; u += 5) {
		struct query q = fixture_query(&f, u);
		struct whynot w, again;
		struct err err;
		double gap;
		uint32_t item = (u * 11) % I, rank;

		q.fold_in = true;
		if (has(q.items, q.n, item) || !f.split->item_train[item])
			continue;
		rank = place(s, &q, q.items, q.n, item, &gap);
		fixture_must(whynot_item(s, f.split, &q, item, &o, &task_null, &w, &err), &err);
		fixture_must(whynot_item(s, f.split, &q, item, &o, two, &again, &err), &err);
		placed &= w.rank == rank && fabs(w.gap - gap) < 1e-6 && !w.causes.n;
		same &= w.n_held == again.n_held && w.add.n == again.add.n && w.add.rank == again.add.rank &&
			(!w.n_held || !memcmp(w.held, again.held, w.n_held * sizeof(*w.held)));
		if (rank > K) {
			held &= held_is_right(s, &q, &w, item);
			lifted &= !w.add.found || lifts_in(s, &q, &w, item);
			n_held += w.n_held > 0;
			n_lifted += w.add.found;
			asked++;
		} else {
			held &= !w.n_held && !w.add.found;
		}
		whynot_done(&w);
		whynot_done(&again);
	}
	ok(placed && asked, "%s: ranks and gaps are the list's", ops->name);
	ok(held && n_held, "%s: what is told to hold down narrows the gap when it goes (%u of %u items)", ops->name, n_held, asked);
	ok(lifted && n_lifted, "%s: what is added lifts in (%u of %u items)", ops->name, n_lifted, asked);
	ok(same, "%s: the same on two threads", ops->name);
	snapshot_unref(s);
}

static void test_causes(void)
{
	const struct snapshot *s = fit(&ease_ops);
	struct query q = fixture_query(&f, U - 2);
	uint64_t filter[(I + 63) / 64] = { 0 };
	struct whynot_options o = { .list = { .k = K, .barred = barred }, .left_out = filter };
	struct whynot w;
	struct err err;
	uint32_t other = 0;

	fixture_must(whynot_item(s, f.split, &q, q.items[0], &o, &task_null, &w, &err), &err);
	ok(w.causes.n == 1 && !strcmp(w.causes.cause[0].code, "in-history") && !w.rank && !w.n_held && !w.add.found,
	   "an item of the history has no rank");
	whynot_done(&w);
	while (has(q.items, q.n, other) || !f.split->item_train[other])
		other++;
	bits_add(filter, other);
	fixture_must(whynot_item(s, f.split, &q, other, &o, &task_null, &w, &err), &err);
	ok(w.causes.n == 1 && !strcmp(w.causes.cause[0].code, "not-a-candidate") && !w.rank, "nor one that a filter leaves out");
	whynot_done(&w);
	whynot_absent(f.data, "nothing", &w.causes);
	ok(w.causes.n == 1 && !strcmp(w.causes.cause[0].code, "unknown"), "of other ids nothing is known");
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
	struct query q;
	struct whynot w;
	uint32_t n, last = 0;
	double gap;

	two.pool = pool;
	stopped.keep_going = never;
	linalg_init();
	fixture_make(&f, U, I, PER_USER, false);
	fixture_must(rank_barred(f.split, false, &barred, &n, &err), &err);
	test_model(&item_knn_ops, &two);
	test_model(&ease_ops, &two);
	test_model(&ials_ops, &two);
	test_model(&bpr_ops, &two);
	test_model(&sasrec_ops, &two);
	test_causes();
	s = fit(&ease_ops);
	q = fixture_query(&f, U - 1);
	while (has(q.items, q.n, last) || !f.split->item_train[last] || place(s, &q, q.items, q.n, last, &gap) <= K)
		last++;
	ok(!whynot_item(s, f.split, &q, last, &(struct whynot_options){ .list = { .k = K, .barred = barred } }, &stopped, &w, &err) &&
	   err.code == ERR_CANCELLED, "it can be cancelled");
	snapshot_unref(s);
	mem_free(barred);
	fixture_done(&f);
	pool_free(pool);
	return done_testing();
}
