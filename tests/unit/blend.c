/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blend.c - a mixture against its formula, its weights against every point of the grid measured apart; what it
 * may be made of, and what it can do then.
 */
#include "base/pool.h"
#include "eval/mix_weights.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 150, I = 80, PER_USER = 24 };

static struct fixture f;
static const struct model_ops *ops;

static struct params blend_of(const char *runs, const char *weights)
{
	struct params p;

	params_init(&p, ops->params);
	fixture_set(&p, "runs", runs);
	if (weights)
		fixture_set(&p, "weights", weights);
	return p;
}

/* Over all users (there are fewer than are drawn) and items with a train event outside their history. */
static void moments(const struct snapshot *run, double *mean, double *deviation)
{
	struct history_buf buf = { 0 };
	struct scratch s = { 0 };
	struct err err;
	double n = 0, sum = 0, far = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t u = 0; u < U; u++) {
			struct query q;
			float out[I];

			if (!csr_row_n(&f.x, u))
				continue;
			fixture_must(history_query(run, f.split, u, true, &buf, &q, &err) &&
				     model_score_all(run->model, &q, &s, out, I, &err), &err);
			for (uint32_t i = 0; i < I; i++) {
				if (!f.split->item_train[i] || csr_has(&f.x, u, i))
					continue;
				if (pass) {
					far += ((double)out[i] - *mean) * ((double)out[i] - *mean);
				} else {
					sum += (double)out[i];
					n++;
				}
			}
		}
		*mean = sum / n;
	}
	*deviation = sqrt(far / n);
	history_buf_done(&buf);
	scratch_done(&s);
}

static void test_formula(const char *runs, const char *weights, bool exact)
{
	struct params p = blend_of(runs, weights);
	char name[4][PARAM_RUN_SIZE];
	size_t n = params_runs(&p, "runs", name, 4);
	double mean[4], deviation[4], w[4], worst = 0, shares = 0;
	const struct snapshot *run[4];
	struct scratch s = { 0 };
	struct err err;
	struct model *m = fixture_fit(&f, ops, &p, 1, &task_null, &err);
	char *at = (char *)(uintptr_t)weights;

	fixture_must(m != NULL, &err);
	for (size_t r = 0; r < n; r++) {
		run[r] = fixture_run(&f, name[r], &err);
		fixture_must(run[r] != NULL, &err);
		moments(run[r], &mean[r], &deviation[r]);
		w[r] = strtod(at, &at);
		at++;
	}
	for (uint32_t u = 0; u < U; u += 3) {
		struct query q = fixture_query(&f, u);
		float got[I], part[I];
		double want[I] = { 0 };
		struct run_share share[4];

		fixture_must(model_score_all(m, &q, &s, got, I, &err), &err);
		for (size_t r = 0; r < n; r++) {
			struct scratch of = { 0 };

			fixture_must(model_score_all(run[r]->model, &q, &of, part, I, &err), &err);
			for (uint32_t i = 0; i < I; i++)
				want[i] += w[r] * ((double)part[i] - mean[r]) / deviation[r];
			scratch_done(&of);
		}
		worst = fmax(worst, relative_difference(got, want, I));
		ok(ops->by_run(m, &q, 7, &s, share, 4, &err) == n, "user %u: by %zu runs", (unsigned)u, n);
		for (size_t r = 0; r < n; r++) {
			shares += (double)share[r].value;
			if (strcmp(share[r].run, name[r]) || fabs((double)share[r].weight - w[r]) > 1e-6)
				worst = INFINITY;
		}
		shares -= (double)got[7];
	}
	ok(worst < 1e-5 && fabs(shares) < 1e-3, "%s at %s: scores agree with the formula (%.1e)", runs, weights, worst);
	ok(!(model_caps(m) & MODEL_EXACT) == !exact && !(model_caps(m) & MODEL_FROM_HISTORY) == !exact,
	   "  %s exact and from history", exact ? "is" : "is not");
	for (size_t r = 0; r < n; r++)
		snapshot_unref(run[r]);
	scratch_done(&s);
	ops->destroy(m);
}

/* The metric of a blend with these weights, by the road that evaluate takes. */
static double measured(const char *runs, double a)
{
	char weights[64];
	struct params p;
	struct err err;
	struct model *m;
	struct snapshot *s;
	double out;

	snprintf(weights, sizeof(weights), "%.17g,%.17g", a, 1 - a);
	p = blend_of(runs, weights);
	m = fixture_fit(&f, ops, &p, 1, &task_null, &err);
	s = m ? snapshot_new(m, "blend#1", 1, f.split, false, false, &err) : NULL;
	fixture_must(s && eval_one(s, f.split, true, METRIC_NDCG, 10, &task_null, &out, &err), &err);
	snapshot_unref(s);
	return out;
}

static void test_weights(void)
{
	static const char runs[] = "ease#1,popularity#1";
	static const char *const name[] = { "ease#1", "popularity#1" };
	struct mixture_part part[2];
	struct pool *pool;
	struct err err;
	double w[2], w2[2], found, best = 0;
	const struct task two = { .pool = pool = pool_new(2, &err) };
	size_t held;
	unsigned n;
	bool fine = true, done = false;

	for (int r = 0; r < 2; r++) {
		part[r].run = fixture_run(&f, name[r], &err);
		fixture_must(part[r].run != NULL, &err);
		moments(part[r].run, &part[r].mean, &part[r].deviation);
	}
	fixture_must(mix_weights(part, 2, f.split, METRIC_NDCG, 10, &task_null, w, &err), &err);
	fixture_must(mix_weights(part, 2, f.split, METRIC_NDCG, 10, &two, w2, &err), &err);
	for (int step = 0; step <= 20; step++)
		best = fmax(best, measured(runs, step / 20.0));
	found = measured(runs, w[0]);
	ok(fabs(w[0] + w[1] - 1) < 1e-9 && w[0] >= 0 && w[1] >= 0, "weights are shares: %.3f %.3f", w[0], w[1]);
	ok(found >= best - 1e-6, "no point of the grid is better: %.4f, %.4f", found, best);
	ok(!memcmp(w, w2, sizeof(w)), "the same on two threads");
	ok(!mix_weights(part, 2, f.split, METRIC_COVERAGE, 10, &task_null, w, &err) && strstr(err.msg, "weights="),
	   "not by coverage: %s", err.msg);
	held = mem_bytes_now();
	for (n = 1; n < 2000 && !done; n += 1 + n / 20) {
		err = (struct err){ 0 };
		mem_fail_at(n);
		done = mix_weights(part, 2, f.split, METRIC_NDCG, 10, &task_null, w, &err);
		mem_fail_at(0);
		fine = fine && mem_bytes_now() == held && (done || err.code == ERR_NOMEM);
	}
	ok(fine && done, "out of memory is told, nothing leaks");
	for (int r = 0; r < 2; r++)
		snapshot_unref(part[r].run);
	pool_free(pool);
}

static void refused(struct build_env env, struct params p, const char *word)
{
	struct err err = { 0 };
	size_t held = mem_bytes_now();
	struct model *m = ops->create(&env, &p, &err);

	ok(!m && strstr(err.msg, word) && mem_bytes_now() == held, "refused: %s", err.msg);
}

/* What resolves to a run of another kind than was asked for. */
struct odd { const char *run; bool values, refit, other_split; };

static const struct snapshot *odd_run(void *ctx, const char *run, struct err *err)
{
	const struct odd *odd = ctx;
	struct snapshot *s = (struct snapshot *)(uintptr_t)fixture_run(&f, odd->run, err);

	(void)run;
	fixture_must(s != NULL, err);
	s->values = odd->values;
	s->refit = odd->refit;
	s->split_fingerprint += odd->other_split;
	return s;
}

static void test_refusals(void)
{
	struct build_env env = f.env;
	struct odd odd = { "ease#1", true, false, false };
	struct params none;

	params_init(&none, ops->params);
	refused(env, none, "runs=");
	refused(env, blend_of("nosuch#1", NULL), "nosuch");
	refused(env, blend_of("ease#1,item-knn#1", "1"), "1 numbers for 2 runs");
	refused(env, blend_of("ease#1,item-knn#1", "1,x"), "no number");
	refused(env, blend_of("ease#1,item-knn#1", "0,0"), "all of them are 0");
	refused(env, blend_of("blend#1", NULL), "blend itself");
	env.choose_weights = NULL;
	refused(env, blend_of("ease#1,item-knn#1", NULL), "weights=");
	env.choose_weights = fixture_weights;
	env.refit = true;
	refused(env, blend_of("ease#1", NULL), "refit=yes");
	env.refit = false;
	env.resolve_run = odd_run;
	env.resolve_ctx = &odd;
	refused(env, blend_of("a#1,b#1", NULL), "values=yes");
	odd = (struct odd){ "ease#1", false, true, false };
	refused(env, blend_of("a#1,b#1", NULL), "learned the valid events");
	odd = (struct odd){ "ease#1", false, false, true };
	refused(env, blend_of("a#1,b#1", NULL), "another split");
	env.resolve_run = NULL;
	refused(env, blend_of("ease#1", NULL), "none can be had");
}

int main(void)
{
	struct err err;

	linalg_init();
	ops = model_find("blend", &err);
	fixture_make(&f, U, I, PER_USER, false);
	test_formula("ease#1", "1", true);
	test_formula("ease#1,popularity#1", "0.8,0.2", true);
	test_formula("ease#1,item-knn#1,popularity#1", "2,-0.5,0.25", true);
	test_formula("ease#1,bpr#1", "0.5,0.5", false);
	test_weights();
	test_refusals();
	fixture_done(&f);
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
