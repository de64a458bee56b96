/* SPDX-License-Identifier: GPL-3.0-or-later */
/* faithfulness.c - cases counted by hand on a model whose score is a sum of weights; real models; n/a. */
#include "explain/faithfulness.h"

#include "base/pool.h"
#include "model/registry.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 90, I = 60, PER_USER = 25 };

static struct fixture f;
static uint64_t *barred;

/* --- a model to count on: every item of the history adds its weight; items 8 and 9 count as one ---------------- */

static float weight[I];
static struct model_ops sum_ops;
struct sum_model { struct model_base base; };
static struct sum_model sum_model = { { &sum_ops } };

static bool sum_begin(const struct model *m, const struct query *q, size_t B, struct scratch *s, struct err *err)
{
	(void)m, (void)q, (void)B, (void)s, (void)err;
	return true;
}

static void sum_block(const struct model *m, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
		      struct scratch *s, float *out, size_t stride)
{
	(void)m, (void)s;
	for (size_t b = 0; b < B; b++) {
		float sum = 0;
		bool either = false;

		for (uint32_t k = 0; k < q[b].n; k++) {
			if (q[b].items[k] == 8 || q[b].items[k] == 9)
				either = true;
			else
				sum += weight[q[b].items[k]];
		}
		for (uint32_t i = lo; i < hi; i++)
			out[b * stride + (i - lo)] = sum + (either ? 3 : 0);
	}
}

/* The score, and parts as a test claims them; item 50 is explained. */
static struct faithfulness measure(const uint32_t *items, const float *part, uint32_t n, const struct task *task)
{
	const struct snapshot s = { .model = (struct model *)&sum_model, .ops = &sum_ops };
	const struct query q = { .items = items, .n = n, .user = 5 };
	struct explain_part parts[I];
	struct explanation e = { .item = 50, .n_parts = n, .parts = parts };
	struct scratch scratch = { 0 };
	struct faithfulness out;
	struct err err;
	float score;

	fixture_must(model_score_one(s.model, &q, 50, &scratch, &score, &err), &err);
	scratch_done(&scratch);
	e.score = (double)score;
	for (uint32_t k = 0; k < n; k++)
		parts[n - 1 - k] = (struct explain_part){ .item = items[k], .place = k, .value = part[k] };
	fixture_must(faithfulness_measure(&s, &q, &e, 42, task, &out, &err), &err);
	return out;
}

static bool near(double a, double b) { return fabs(a - b) < 1e-6; }

static void test_by_hand(void)
{
	const uint32_t three[] = { 0, 1, 2 }, four[] = { 0, 1, 2, 3 }, masked[] = { 8, 9, 0 };
	struct faithfulness m;
	uint32_t twelve[12];
	float part[12];
	double by_hand = 0;

	sum_ops = popularity_ops;
	sum_ops.caps = MODEL_FROM_HISTORY;
	sum_ops.query_begin = sum_begin;
	sum_ops.score_block = sum_block;
	sum_ops.dot_form = NULL;

	memcpy(weight, (float[]){ 1, 4, 2, -2 }, 4 * sizeof(float));
	m = measure(three, (float[]){ 1, 4, 2 }, 3, &task_null);
	ok(!m.why_not && m.steps == 3 && near(m.value, (4 + 6 + 7) / 3.0 / 7) && faithfulness_holds(&m),
	   "the greatest first: drops 4, 6, 7 of 7");
	ok(near(m.random * 20 * 3 * 7, round(m.random * 20 * 3 * 7)) && fabs(m.random - 2 / 3.0) < 0.1,
	   "20 whole orders, about 2/3: %.3f", m.random);
	m = measure(three, (float[]){ 9, -1, 3 }, 3, &task_null);
	ok(near(m.value, (1 + 3 + 7) / 3.0 / 7) && !faithfulness_holds(&m), "a wrong explanation: drops 1, 3, 7; told as such");
	m = measure(four, (float[]){ 1, 4, 2, -2 }, 4, &task_null);
	ok(near(m.value, (4 + 6 + 7 + 5) / 4.0 / 7), "signed: what lowers the score goes last, and drops 4, 6, 7, 5 of 7");
	m = measure(four, (float[]){ 1, 4, 2, 5 }, 4, &task_null);
	ok(near(m.value, (-2 + 2 + 4 + 5) / 4.0 / 7), "of absolute size it would go first: drops -2, 2, 4, 5");
	memcpy(weight, (float[]){ 1, -9, -7 }, 3 * sizeof(float));
	m = measure(three, (float[]){ 1, -9, -7 }, 3, &task_null);
	ok(near(m.value, (1 - 6 - 15) / 3.0 / 16) && m.random >= -1 && faithfulness_holds(&m),
	   "deletions that mostly raise the score: drops 1, -6, -15, and -16 at most: %.3f, at random %.3f", m.value, m.random);
	memcpy(weight, (float[]){ 1, 4, 2 }, 3 * sizeof(float));
	m = measure(masked, (float[]){ 0, 0, 1 }, 3, &task_null);
	ok(near(m.value, (1 + 1 + 4) / 3.0 / 4), "one of two that count as one drops nothing; ties as they lie: 1, 1, 4 of 4");

	for (uint32_t k = 0; k < 12; k++) {
		twelve[k] = 20 + k;
		weight[20 + k] = part[k] = (float)(k + 1);
	}
	for (int step = 1, drop = 0; step <= 10; step++)
		by_hand += drop += 13 - step;
	m = measure(twelve, part, 12, &task_null);
	ok(m.steps == 10 && near(m.value, by_hand / 10 / 75), "twelve events: ten steps, the greatest drop is 12 + 11 … + 3");
	for (uint32_t k = 0; k < 12; k++)
		weight[20 + k] = part[k] = 1;
	m = measure(twelve, part, 12, &task_null);
	ok(near(m.value, 0.55) && near(m.random, 0.55) && !faithfulness_holds(&m), "all alike: no order is better than another");
}

static void test_not_told(void)
{
	const uint32_t items[] = { 0, 1, 2 };
	struct faithfulness m;

	memcpy(weight, (float[]){ -1, -1, 0 }, 3 * sizeof(float));
	m = measure(items, (float[]){ -1, -1, 0 }, 3, &task_null);
	ok(m.why_not && isnan(m.value) && isnan(m.random) && !faithfulness_holds(&m), "no deletion lowers the score: n/a");
	weight[1] = 2;
	m = measure(items, (float[]){ -1, 2 }, 2, &task_null);
	ok(m.why_not && strstr(m.why_not, "under 3"), "two events: n/a");
	m = measure(items, (float[]){ -1, 2, 0 }, 3, &task_null);
	ok(!m.why_not, "three: told");
}

/* --- models that are fitted ------------------------------------------------------------------------------------- */

static void test_model(const struct model_ops *ops, const struct task *two)
{
	const struct rank_options o = { .k = 10, .barred = barred };
	double value = 0, random = 0;
	struct err err;
	struct snapshot *s = fixture_snapshot(&f, ops, 5);
	bool same = true, bounded = true;
	unsigned n = 0;

	for (uint32_t u = 10; u < U; u += 5) {
		const struct query q = fixture_query(&f, u);
		struct explanation *e = explain_item(s, f.split, &q, (u * 7) % I, SIZE_MAX, &o, &task_null, &err);
		struct faithfulness one, again;

		fixture_must(e != NULL, &err);
		fixture_must(faithfulness_measure(s, &q, e, 42, &task_null, &one, &err), &err);
		fixture_must(faithfulness_measure(s, &q, e, 42, two, &again, &err), &err);
		same &= one.why_not == again.why_not &&
			(one.why_not || (one.value == again.value && one.random == again.random));
		if (!one.why_not) {
			bounded &= one.value <= 1 && one.random <= 1;
			value += one.value;
			random += one.random;
			n++;
		}
		explanation_free(e);
	}
	ok(n > 8 && bounded && value > random, "%s: %.3f, at random %.3f over %u histories", ops->name, value / n, random / n, n);
	ok(same, "%s: the same on two threads", ops->name);
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
	const struct snapshot s = { .model = (struct model *)&sum_model, .ops = &sum_ops };
	struct explain_part part[3] = { { .item = 0 }, { .item = 1, .place = 1 }, { .item = 2, .place = 2 } };
	const struct explanation e = { .item = 50, .n_parts = 3, .parts = part };
	const struct query q = { .items = (uint32_t[]){ 0, 1, 2 }, .n = 3 };
	struct faithfulness out;
	uint32_t n;

	two.pool = pool;
	stopped.keep_going = never;
	linalg_init();
	fixture_make(&f, U, I, PER_USER, false);
	fixture_must(rank_barred(f.split, false, &barred, &n, &err), &err);
	test_by_hand();
	test_not_told();
	test_model(&item_knn_ops, &two);
	test_model(&ease_ops, &two);
	test_model(&ials_ops, &two);
	test_model(&bpr_ops, &two);
	test_model(&sasrec_ops, &two);
	ok(!faithfulness_measure(&s, &q, &e, 1, &stopped, &out, &err) && err.code == ERR_CANCELLED, "it can be cancelled");
	mem_free(barred);
	fixture_done(&f);
	pool_free(pool);
	return done_testing();
}
