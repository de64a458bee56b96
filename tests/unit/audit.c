/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit.c - the figures of a sample against the same counted one by one; an explainer that lies is told. */
#include "explain/audit.h"

#include "base/pool.h"
#include "explain/counterfactual.h"
#include "model/registry.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 60, I = 40, PER_USER = 16, K = 5 };

static struct fixture f;
static struct model_ops liar_ops;

static bool lie(const struct model *m, const struct query *q, uint32_t item, struct scratch *s, float *parts, float *base,
		struct err *err)
{
	bool fine = ease_ops.contributions(m, q, item, s, parts, base, err);

	for (uint32_t k = 0; k < q->n; k++)
		parts[k] = -parts[k];
	return fine;
}

static struct snapshot *fit(const struct model_ops *ops)
{
	struct params p;
	struct err err;
	struct model *m;
	struct snapshot *s;

	params_init(&p, ops->params);
	m = fixture_fit(&f, ops, &p, 1, &task_null, &err);
	s = m ? snapshot_new(m, "test#1", 1, f.split, false, false, &err) : NULL;
	fixture_must(s != NULL, &err);
	return s;
}

static struct audit audit(const struct snapshot *s, uint32_t users, uint64_t seed, const struct task *t)
{
	const struct audit_options o = { .users = users, .k = K, .seed = seed };
	struct audit a;
	struct err err;

	fixture_must(audit_run(s, f.split, &o, t, &a, &err), &err);
	return a;
}

/* The item that the audit draws of each list, searched for on its own. */
static void test_removals(const struct snapshot *s, const struct audit *a)
{
	const uint64_t seed = 42;
	uint64_t *barred;
	double sum = 0;
	uint32_t found = 0, smallest = 0, n;
	struct history_buf buf = { 0 };
	struct scratch scratch = { 0 };
	struct err err;

	fixture_must(rank_barred(f.split, false, &barred, &n, &err), &err);
	for (uint32_t u = 0; u < U; u++) {
		const struct rank_options o = { .k = K, .barred = barred };
		struct rng r = rng_stream(seed, "explain.audit.item", u, 0);
		const uint32_t place = rng_below(&r, K);
		struct query q;

		fixture_must(history_query(s, f.split, u, false, &buf, &q, &err), &err);
		for (uint32_t i = 0; i < I; i++) {
			struct counterfactual c;
			bool out = !f.split->item_train[i];
			uint32_t rank;
			float score;

			for (uint32_t k = 0; k < q.n; k++)
				out |= q.items[k] == i;
			fixture_must(rank_of_item(s->model, I, &q, &o, i, &scratch, &rank, &score, &err), &err);
			if (out || rank != place + 1)
				continue;
			fixture_must(smallest_removal(s, I, &q, i, &o, COUNTERFACTUAL_BUDGET, &task_null, &c, &err), &err);
			sum += c.n;
			found += c.found;
			smallest += c.smallest;
			counterfactual_done(&c);
		}
	}
	ok(a->users == U && found > U / 2 && a->removals == found && a->smallest == smallest && a->removal.mean == sum / found &&
	   a->removal.low <= a->removal.mean && a->removal.mean <= a->removal.high, "removals: %u of %u users, mean %.2f",
	   found, U, a->removal.mean);
	scratch_done(&scratch);
	history_buf_done(&buf);
	mem_free(barred);
}

static bool same(const struct audit *a, const struct audit *b)
{
	return !memcmp(&a->faithfulness, &b->faithfulness, sizeof(a->faithfulness)) && !memcmp(&a->above, &b->above, sizeof(a->above)) &&
	       !memcmp(&a->removal, &b->removal, sizeof(a->removal)) && a->told == b->told && a->smallest == b->smallest;
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

int main(void)
{
	const struct audit_options o = { .users = 5, .k = K };
	struct err err;
	struct pool *pool = pool_new(2, &err);
	struct task two = task_null, stopped = task_null;
	struct snapshot *s;
	struct audit a, b;

	two.pool = pool;
	stopped.keep_going = never;
	linalg_init();
	fixture_make(&f, U, I, PER_USER, false);
	s = fit(&ease_ops);
	a = audit(s, U * 2, 42, &task_null);
	ok(!strcmp(a.method, "exact") && a.told > U / 2 && a.faithful && fabs(a.faithfulness.mean - a.random.mean - a.above.mean) < 1e-5 &&
	   a.above.low > 0 && a.explain_ms > 0 && a.removal_ms > 0, "ease is faithful: %.3f, at random %.3f, %u users", a.faithfulness.mean,
	   a.random.mean, a.told);
	test_removals(s, &a);
	b = audit(s, 20, 42, &task_null);
	a = audit(s, 20, 42, &two);
	ok(same(&a, &b), "the same on two threads");
	b = audit(s, 20, 43, &task_null);
	ok(!same(&a, &b), "another seed draws other users");
	liar_ops = ease_ops;
	liar_ops.contributions = lie;
	s->ops = &liar_ops;
	a = audit(s, U, 42, &two);
	ok(a.told > U / 2 && !a.faithful && a.above.high < 0, "parts turned round are unfaithful: %.3f, at random %.3f",
	   a.faithfulness.mean, a.random.mean);
	ok(!audit_run(s, f.split, &o, &stopped, &a, &err) && err.code == ERR_CANCELLED, "it can be cancelled");
	snapshot_unref(s);
	s = fit(&popularity_ops);
	a = audit(s, 10, 42, &two);
	ok(a.users == 10 && !a.told && !a.faithful && isnan(a.faithfulness.mean) && isnan(a.removal.mean) && !a.removals,
	   "popularity: nothing is told of what has no parts");
	snapshot_unref(s);
	fixture_done(&f);
	pool_free(pool);
	return done_testing();
}
