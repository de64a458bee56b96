/* SPDX-License-Identifier: GPL-3.0-or-later */
/* valid_loss.c - the loss on valid events against one summed up from the scores of the model alone; that it
 * is the same bits on two threads; what models share for it and for hiding events. */
#include "base/pool.h"
#include "model/event_mean.h"
#include "model/history_drop.h"
#include "model/registry.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 400, I = 60, PER_USER = 24 };

static struct fixture f;

static struct params set(const struct model_ops *ops, const char *name, const char *value)
{
	struct params p;

	params_init(&p, ops->params);
	fixture_set(&p, "dim", "8");
	if (name)
		fixture_set(&p, name, value);
	return p;
}

/* A model under training after three epochs, and what the last of them told. */
static struct model *trained(const struct model_ops *ops, const struct params *p, struct fit_ctx *ctx)
{
	struct err err;
	struct model *m = ops->create(&f.env, p, &err);

	fixture_must(m != NULL, &err);
	for (uint32_t e = 1; e <= 3; e++) {
		*ctx = (struct fit_ctx){ .task = &task_null, .epoch = e, .seed = 42 };
		fixture_must(ops->fit_epoch(m, &f.env, ctx, &err), &err);
	}
	return m;
}

static double asked(struct model *m, const struct build_env *env, const struct fit_ctx *ctx)
{
	struct err err;
	double loss;

	fixture_must(model_ops_of(m)->valid_loss(m, env, ctx, &loss, &err), &err);
	return loss;
}

/* --- Against the scores ------------------------------------------------------------------- */

enum kind { OVER_ALL, PAIRS, FIVE_PAIRS /* the mean of an event's and four negatives' */, ORDERED };

static double softplus(double x)
{
	return log1p(exp(x));
}

/* The loss of one event, its negatives being all items that the user has no event with. */
static double naive(enum kind kind, const float *score, uint32_t user, uint32_t item)
{
	double s = (double)score[item], all = 0, others = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < I; i++) {
		all += exp((double)score[i] - s);
		if (csr_has(&f.x, user, i) || csr_has(&f.split->valid, user, i))
			continue;
		others += softplus((double)score[i] - (kind == ORDERED ? s : 0));
		n++;
	}
	if (kind == FIVE_PAIRS)
		return (softplus(-s) + 4 * others / n) / 5;
	return kind == OVER_ALL ? log(all) : others / n + (kind == PAIRS ? softplus(-s) : 0);
}

static double naive_mean(const struct model *m, enum kind kind)
{
	struct scratch scratch = { 0 };
	struct err err;
	uint32_t items[PER_USER];
	float score[I];
	double sum = 0;
	size_t n = 0;

	for (uint32_t u = 0; u < U; u++) {
		struct query q = { .items = items, .user = u };

		q.n = split_history(f.split, u, true, items, NULL, NULL);
		if (!q.n || !csr_row_n(&f.split->valid, u))
			continue;
		fixture_must(model_score_all(m, &q, &scratch, score, I, &err), &err);
		for (size_t k = f.split->valid.ptr[u]; k < f.split->valid.ptr[u + 1]; k++, n++)
			sum += naive(kind, score, u, f.split->valid.idx[k]);
	}
	scratch_done(&scratch);
	return sum / (double)n;
}

static void test_scores(const struct model_ops *ops, const char *loss, enum kind kind, double within)
{
	struct params p = set(ops, loss ? "loss" : NULL, loss);
	struct fit_ctx ctx;
	struct model *m = trained(ops, &p, &ctx), *frozen;
	struct err err;
	double got = asked(m, &f.env, &ctx), want;

	frozen = ops->freeze(m, false, &err);
	fixture_must(frozen != NULL, &err);
	want = naive_mean(frozen, kind);
	ok(fabs(got - want) < within * want, "%s %s: %.6f, from the scores %.6f", ops->name, loss ? loss : "", got, want);
	ops->destroy(frozen);
	ops->destroy(m);
}

/* Events of valid that are those of train cost what train costs; with values about that, as each weighs the
 * same. */
static void test_of_train(bool values)
{
	struct params p = set(&ials_ops, NULL, NULL);
	struct split same = *f.split;
	struct build_env env = f.env;
	struct fit_ctx ctx;
	struct model *m = trained(&ials_ops, &p, &ctx);
	double other = asked(m, &f.env, &ctx), got;

	same.valid = f.x;
	same.valid.val = NULL;
	env.split = &same;
	got = asked(m, &env, &ctx);
	ok(fabs(got - ctx.loss[0]) < (values ? 0.15 : 1e-9) * got && other > got * 1.05,
	   "ials%s: %.6f on train's own events, %.6f told; %.6f on valid", values ? ", values" : "", got, ctx.loss[0],
	   other);
	ials_ops.destroy(m);
}

/* --- Of every model ------------------------------------------------------------------------- */

static void test_model(const struct model_ops *ops, struct pool *two)
{
	struct params p = set(ops, NULL, NULL);
	struct task on_two = { .pool = two };
	struct split none = *f.split;
	struct csr empty = { .rows = U, .cols = I, .ptr = mem_must(calloc(U + 1, sizeof(size_t))) };
	struct build_env env = f.env;
	struct fit_ctx ctx;
	struct model *m = trained(ops, &p, &ctx);
	double one = asked(m, &env, &ctx), again = asked(m, &env, &ctx);

	ok(isfinite(one) && one == again, "%s: the same when asked again (%.6f)", ops->name, one);
	ctx.task = &on_two;
	ok(asked(m, &env, &ctx) == one, "%s: the same bits on two threads", ops->name);
	none.valid = empty;
	env.split = &none;
	ok(isnan(asked(m, &env, &ctx)), "%s: none without valid events", ops->name);
	ops->destroy(m);
	free(empty.ptr);
}

/* --- What models share ---------------------------------------------------------------------- */

static double weights_of(const void *ctx, uint32_t user, const uint32_t *items, const float *x, size_t n)
{
	double sum = 0;

	(void)ctx, (void)items;
	for (size_t k = 0; k < n; k++)
		sum += (x ? (double)x[k] : 1) * user;
	return sum;
}

static void test_event_mean(void)
{
	size_t ptr[] = { 0, 2, 2, 5 }, known_ptr[] = { 0, 1, 2, 2 };
	uint32_t idx[] = { 0, 1, 0, 1, 2 };
	float val[] = { 1, 2, 3, 4, 5 };
	struct csr events = { .rows = 3, .cols = 3, .ptr = ptr, .idx = idx, .val = val };
	struct csr known = { .rows = 3, .cols = 3, .ptr = known_ptr, .idx = idx }, all = events;
	struct err err;
	double got;

	fixture_must(event_mean(&events, &all, weights_of, NULL, &task_null, &got, &err), &err);
	ok(fabs(got - 24.0 / 5) < 1e-12, "a mean over events (%g)", got);
	fixture_must(event_mean(&events, &known, weights_of, NULL, &task_null, &got, &err), &err);
	ok(got == 0, "without the users that nothing is known of (%g)", got);
	mem_fail_at(1);
	ok(!event_mean(&events, &all, weights_of, NULL, &task_null, &got, &err) && err.code == ERR_NOMEM, "%s", err.msg);
	mem_fail_at(0);
}

static void test_history_drop(void)
{
	enum { N = 1000 };
	uint32_t kept[N], n;
	struct rng r = rng_stream(1, "test", 0, 0), was = r;
	bool ascending = true, whole = true, least = true;

	n = history_drop(kept, N, 2, 0.2f, &r);
	for (uint32_t k = 1; k < n; k++)
		ascending = ascending && kept[k] > kept[k - 1];
	ok(ascending && kept[n - 1] < N && n > 760 && n < 840, "drop=0.2 keeps %u of 1,000, in order", (unsigned)n);
	r = was;
	n = history_drop(kept, N, 2, 0, &r);
	for (uint32_t k = 0; k < N; k++)
		whole = whole && kept[k] == k;
	ok(n == N && whole && !memcmp(&r, &was, sizeof(r)), "drop=0 keeps all and draws nothing");
	for (int t = 0; t < 200; t++) {
		n = history_drop(kept, 3, 2, 0.9f, &r);
		least = least && (n == 2 || n == 3);
	}
	ok(least && history_drop(kept, 0, 0, 0.5f, &r) == 0, "where too few would stay, all do");
}

int main(void)
{
	struct err err;
	struct pool *two;

	linalg_init();
	two = pool_new(2, &err);
	fixture_must(two != NULL, &err);
	test_event_mean();
	test_history_drop();
	for (int values = 0; values < 2; values++) {
		fixture_make(&f, U, I, PER_USER, values);
		test_of_train(values);
		fixture_done(&f);
	}
	fixture_make(&f, U, I, PER_USER, false);
	test_scores(&sasrec_ops, "ce", OVER_ALL, 1e-5);
	test_scores(&sasrec_ops, "sampled-ce", OVER_ALL, 0.02);
	test_scores(&sasrec_ops, "bce", PAIRS, 0.05);
	test_scores(&bpr_ops, NULL, ORDERED, 0.05);
	test_scores(&neumf_ops, NULL, FIVE_PAIRS, 0.05);
	for (size_t k = 0; model_registry[k]; k++)
		if (model_registry[k]->valid_loss)
			test_model(model_registry[k], two);
	fixture_done(&f);
	pool_free(two);
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
