/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf.c - that it learns tastes and finds those of strangers; which rows answer; who teaches nothing; how it
 * fails. */
#include <unistd.h>

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

static bool same_scores(const struct model *a, const struct model *b, const struct query *q)
{
	struct scratch s = { 0 }, t = { 0 };
	struct err err;
	float of_a[I], of_b[I];

	fixture_must(model_score_all(a, q, &s, of_a, I, &err) && model_score_all(b, q, &t, of_b, I, &err), &err);
	scratch_done(&s);
	scratch_done(&t);
	return !memcmp(of_a, of_b, sizeof(of_a));
}

static void test_learns(const char *adam, const char *dropout, const char *pretrain)
{
	struct params p = small();
	struct err err;
	struct model *m;
	double known = 0, strange = 0;
	uint32_t n = 0;

	fixture_set(&p, "adam", adam);
	fixture_set(&p, "dropout", dropout);
	fixture_set(&p, "pretrain", pretrain);
	m = fixture_fit(&f, &neumf_ops, &p, 15, &task_null, &err);
	fixture_must(m != NULL, &err);
	for (uint32_t u = U / 2; u < U; u += 7, n++) { /* those with some history */
		struct query q = fixture_query(&f, u);

		strange += share_in_order(m, &q, u % TASTES);
		q.user = u;
		known += share_in_order(m, &q, u % TASTES);
	}
	ok(known / n > 0.8, "adam=%s dropout=%s pretrain=%s: users see their taste first (%.3f)", adam, dropout, pretrain,
	   known / n);
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
	struct neumf_rule r = { .batch = 16, .negatives = 2, .adam = NEUMF_LAZY, .lr = 0.1 };

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

/* A training of 4 epochs, the first two apart, stopped and gone on from after `stop` of them. */
static void test_join(uint32_t stop)
{
	struct params p = small();
	struct query q = fixture_query(&f, 50);
	struct err err;
	struct model *straight, *m;
	char path[64];

	fixture_set(&p, "pretrain", "2");
	straight = fixture_fit(&f, &neumf_ops, &p, 4, &task_null, &err);
	m = neumf_ops.create(&f.env, &p, &err);
	fixture_must(straight && m, &err);
	snprintf(path, sizeof(path), "neumf-%d.safetensors", (int)getpid());
	for (uint32_t e = 1; e <= 4; e++) {
		struct fit_ctx ctx = { .task = &task_null, .epoch = e, .seed = f.env.seed };

		fixture_must(neumf_ops.fit_epoch(m, &f.env, &ctx, &err), &err);
		if (e == stop) {
			struct weights_writer *w = weights_writer_new(&err);
			struct weights *file;

			fixture_must(w && neumf_ops.save(m, WEIGHTS_STATE, w, &err) && weights_commit(w, path, &err), &err);
			weights_writer_free(w);
			neumf_ops.destroy(m);
			file = weights_open(path, &err);
			m = file ? neumf_ops.load(&f.env, &p, file, WEIGHTS_STATE, &err) : NULL;
			fixture_must(m != NULL, &err);
			weights_close(file);
		}
	}
	m = neumf_ops.freeze(m, true, &err);
	fixture_must(m != NULL, &err);
	ok(same_scores(m, straight, &q),
	   "gone on from after epoch %u, joined after 2: the same bits", (unsigned)stop);
	unlink(path);
	neumf_ops.destroy(straight);
	neumf_ops.destroy(m);
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
	test_learns("lazy", "0", "0");
	test_learns("lazy", "0.2", "8");
	test_learns("lazy", "0", "100");
	test_learns("dense", "0.2", "0");
	test_learns("deferred", "0.2", "0");
	test_rows();
	test_who_teaches();
	test_divergence();
	test_join(2);
	test_join(3);
	refused("63,32");
	refused("64");
	refused("16,8,8,8,8,8,8,8,8,8");
	fixture_done(&f);
	ok(mem_bytes_now() == held, "nothing is held at the end");
	return done_testing();
}
