/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf.c - that it learns tastes and finds those of strangers; which rows answer; who teaches nothing; how it
 * fails. */
#include "model/neumf_fit.h"
#include "model/registry.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 200, I = 150, PER_USER = 30 };

static struct fixture f;

static struct params small(void)
{
	struct params p;

	params_init(&p, neumf_ops.params);
	fixture_set(&p, "dim", "8");
	fixture_set(&p, "layers", "16,8");
	fixture_set(&p, "batch", "64");
	fixture_set(&p, "lr", "0.005");
	return p;
}

/* The share of the pairs (an item of the taste, one of another) that are in this order; 0.5 by chance.  The
 * planted taste of user u is u % TASTES, of item i it is i % TASTES. */
static double share_in_order(const struct model *m, const struct query *q, uint32_t taste)
{
	struct scratch s = { 0 };
	struct err err;
	float score[I];
	uint32_t right = 0, pairs = 0;

	fixture_must(model_score_all(m, q, &s, score, I, &err), &err);
	scratch_done(&s);
	for (uint32_t i = 0; i < I; i++)
		for (uint32_t j = i / TASTES * TASTES; i % TASTES == taste && j < I && j < (i / TASTES + 1) * TASTES; j++)
			if (j != i) { /* of the same place in its taste: as popular */
				right += score[i] > score[j];
				pairs++;
			}
	return (double)right / pairs;
}

static void test_learns(const char *adam, const char *dropout)
{
	struct params p = small();
	struct err err;
	struct model *m;
	double known = 0, strange = 0;
	uint32_t n = 0;

	fixture_set(&p, "adam", adam);
	fixture_set(&p, "dropout", dropout);
	m = fixture_fit(&f, &neumf_ops, &p, 15, &task_null, &err);
	fixture_must(m != NULL, &err);
	for (uint32_t u = U / 2; u < U; u += 7, n++) { /* those with some history */
		struct query q = fixture_query(&f, u);

		strange += share_in_order(m, &q, u % TASTES);
		q.user = u;
		known += share_in_order(m, &q, u % TASTES);
	}
	ok(known / n > 0.8, "adam=%s dropout=%s: users see their taste first (%.3f)", adam, dropout, known / n);
	ok(strange / n > 0.8, "so do strangers with such histories (%.3f)", strange / n);
	neumf_ops.destroy(m);
}

static void test_rows(void)
{
	struct params p = small();
	struct err err;
	struct model *m = fixture_fit(&f, &neumf_ops, &p, 2, &task_null, &err);
	struct scratch s = { 0 };
	struct query q = fixture_query(&f, 150);
	float stranger[I], known[I], folded[I];

	fixture_must(m != NULL, &err);
	fixture_must(model_score_all(m, &q, &s, stranger, I, &err), &err);
	q.user = 150;
	fixture_must(model_score_all(m, &q, &s, known, I, &err), &err);
	q.fold_in = true;
	fixture_must(model_score_all(m, &q, &s, folded, I, &err), &err);
	ok(memcmp(known, stranger, sizeof(known)), "a known user has a trained row");
	ok(!memcmp(folded, stranger, sizeof(known)), "unless folding in is asked for");
	scratch_done(&s);
	neumf_ops.destroy(m);
}

/* --- By hand ------------------------------------------------------------------------ */

static struct neumf_net hand_net(void)
{
	struct neumf_net n = { .U = 3, .I = 4, .G = 2, .M = 3, .D = 5, .L = { 4 }, .n = 1 };
	struct err err;

	fixture_must(neumf_net_make(&n, &err) && neumf_net_fill(&n, 1, &task_null, &err), &err);
	return n;
}

static size_t ptr[4] = { 0, 4, 6, 6 };
static uint32_t idx[6] = { 0, 1, 2, 3, 1, 3 };
static const struct csr by_hand = { .rows = 3, .cols = 4, .ptr = ptr, .idx = idx };

static struct neumf_rule hand_rule(void)
{
	struct neumf_rule r = { .batch = 16, .negatives = 2, .lazy = true, .lr = 0.1 };

	optim_rule_init(&r.optim, OPTIM_ADAM);
	return r;
}

static void test_who_teaches(void)
{
	struct neumf_net n = hand_net();
	struct neumf_rule rule = hand_rule();
	struct err err;
	struct neumf_fit *fit = neumf_fit_new(&n, &rule, &by_hand, &err);
	struct fit_ctx ctx = { .task = &task_null, .epoch = 1, .seed = 1 };
	float before[3 * 5];

	fixture_must(fit != NULL, &err);
	memcpy(before, n.P, sizeof(before));
	fixture_must(neumf_fit_epoch(fit, &n, &ctx, &err), &err);
	ok(ctx.examples == 2 * 3, "who has all items makes no pairs (%u)", (unsigned)ctx.examples);
	ok(!memcmp(n.P, before, 5 * sizeof(float)) && !memcmp(n.P + 10, before + 10, 5 * sizeof(float)) &&
	   memcmp(n.P + 5, before + 5, 5 * sizeof(float)), "lazy adam moves who has pairs alone");
	neumf_fit_free(fit);
	neumf_net_done(&n);
}

static void diverges(float *number, struct neumf_net *n, const char *tensor)
{
	struct neumf_rule rule = hand_rule();
	struct err err = { 0 };
	struct neumf_fit *fit = neumf_fit_new(n, &rule, &by_hand, &err);
	struct fit_ctx ctx = { .task = &task_null, .epoch = 7, .seed = 1 };

	fixture_must(fit != NULL, &err);
	*number = NAN;
	ok(!neumf_fit_epoch(fit, n, &ctx, &err) && err.code == ERR_NUMERIC && strstr(err.msg, "epoch 7, batch 1") &&
	   strstr(err.msg, tensor), "told: %s", err.msg);
	neumf_fit_free(fit);
	neumf_net_done(n);
}

static void test_divergence(void)
{
	struct neumf_net n = hand_net();

	diverges(n.P + 5, &n, "users");
	n = hand_net();
	diverges(n.Q, &n, "items"); /* of an item that is drawn or never: found at the end */
	n = hand_net();
	diverges(n.t.w + n.Wi, &n, "layers.1.items");
}

static void refused(const char *layers)
{
	struct params p = small();
	struct err err = { 0 };

	fixture_set(&p, "layers", layers);
	ok(!neumf_ops.create(&f.env, &p, &err) && err.code == ERR_RANGE, "%s", err.msg);
}

int main(void)
{
	size_t held = mem_bytes_now();

	linalg_init();
	fixture_make(&f, U, I, PER_USER, false);
	test_learns("lazy", "0");
	test_learns("dense", "0.2");
	test_rows();
	test_who_teaches();
	test_divergence();
	refused("63,32");
	refused("64");
	refused("16,8,8,8,8,8,8,8,8,8");
	fixture_done(&f);
	ok(mem_bytes_now() == held, "nothing is held at the end");
	return done_testing();
}
