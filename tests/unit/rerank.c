/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rerank.c - lists chosen anew: a case by hand, a naive choice from every cell, and what must not change. */
#include "eval/rerank.h"

#include <math.h>

#include "eval/eval.h"
#include "cosine_case.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 150, I = 200, PER_USER = 40, K = 5, POOL = 100 };

static struct fixture f;
static bool has[I][U];

static double cosine(uint32_t i, uint32_t j)
{
	return naive_cosine(has[i], has[j], U);
}

static bool give(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	const struct csr *x = ctx;

	(void)slot, (void)err;
	*out = (struct query){ .items = csr_row(x, (uint32_t)i), .n = (uint32_t)csr_row_n(x, (uint32_t)i), .user = NO_USER,
			       .fold_in = true };
	return true;
}

static struct ranked_lists lists(const struct snapshot *s, struct rerank r, uint32_t k, const struct task *t)
{
	struct rank_options o = { .k = k };
	struct ranked_lists out;
	struct err err;

	fixture_must(rerank_lists(&r, f.split, s->model, give, &f.x, U, &o, t, &out, &err), &err);
	return out;
}

/* The textbook, with every cosine counted from the cells. */
static uint32_t naive(const struct rerank *r, const uint32_t *item, const float *score, uint32_t n,
		      const uint32_t *chosen, uint32_t n_chosen)
{
	double most = 0, worth = -INFINITY;
	uint32_t best = 0;

	for (uint32_t i = 0; i < I; i++)
		most = fmax(most, f.split->item_train[i]);
	for (uint32_t a = 0; a < n; a++) {
		double s = ((double)score[a] - (double)score[n - 1]) / ((double)score[0] - (double)score[n - 1]), like = 0, here;
		bool taken = false;

		for (uint32_t b = 0; b < n_chosen; b++) {
			taken |= chosen[b] == item[a];
			like = fmax(like, cosine(item[a], chosen[b]));
		}
		here = r->by == RERANK_MMR ? (1 - r->weight) * s - r->weight * like
					   : s - r->weight * log(1.0 + f.split->item_train[item[a]]) / log(1 + most);
		if (!taken && here > worth + 1e-12) {
			worth = here;
			best = a;
		}
	}
	return item[best];
}

static void against_naive(const struct snapshot *s, struct rerank r, const struct task *t)
{
	struct ranked_lists wide = lists(s, (struct rerank){ 0 }, POOL, t), got = lists(s, r, K, t);
	int wrong = 0, moved = 0;

	for (size_t u = 0; u < U; u++)
		for (uint32_t k = 0; k < got.count[u]; k++) {
			const uint32_t *item = wide.item + u * POOL, *list = got.item + u * K;

			moved += list[k] != item[k];
			wrong += list[k] != naive(&r, item, wide.score + u * POOL, wide.count[u], list, k);
		}
	ok(!wrong && moved > U, "by %d, weight %g: as the naive choice (%d wrong, %d moved)", (int)r.by, r.weight, wrong, moved);
	ranked_lists_done(&wide);
	ranked_lists_done(&got);
}

static bool same(const struct ranked_lists *a, const struct ranked_lists *b)
{
	return !memcmp(a->item, b->item, a->n * a->k * sizeof(*a->item)) &&
	       !memcmp(a->score, b->score, a->n * a->k * sizeof(*a->score)) &&
	       !memcmp(a->count, b->count, a->n * sizeof(*a->count)) && !memcmp(a->left, b->left, a->n * sizeof(*a->left));
}

static void nothing_changes(const struct snapshot *s, struct pool *pool)
{
	struct task two = { .pool = pool };
	struct ranked_lists plain = lists(s, (struct rerank){ 0 }, K, &task_null);
	struct ranked_lists none = lists(s, (struct rerank){ RERANK_MMR, 0 }, K, &task_null);
	struct ranked_lists one = lists(s, (struct rerank){ RERANK_MMR, 0.5 }, K, &task_null);
	struct ranked_lists both = lists(s, (struct rerank){ RERANK_MMR, 0.5 }, K, &two);

	ok(same(&plain, &none), "weight 0 leaves the lists as they are");
	ok(same(&one, &both), "one thread and two: the same lists");
	ranked_lists_done(&plain);
	ranked_lists_done(&none);
	ranked_lists_done(&one);
	ranked_lists_done(&both);
}

/* What it is for: the more weight, the more diverse, and the more novel, are the lists. */
static void buys(const struct snapshot *s)
{
	static const double weight[] = { 0, 0.3, 0.7 };
	double diversity[3], novelty[3], coverage[3];
	struct eval_options o;
	struct err err;

	for (int w = 0; w < 3; w++)
		for (enum rerank_by by = RERANK_MMR; by <= RERANK_POPULARITY; by++) {
			struct eval_result *r;

			eval_options_init(&o);
			o.rerank = (struct rerank){ by, weight[w] };
			r = eval_run(s, f.split, &o, &task_null, &err);
			fixture_must(r != NULL, &err);
			if (by == RERANK_MMR) {
				diversity[w] = r->value[METRIC_DIVERSITY][1];
				coverage[w] = r->value[METRIC_COVERAGE][1];
			} else {
				novelty[w] = r->value[METRIC_NOVELTY][1];
			}
			eval_result_free(r);
		}
	ok(diversity[0] < diversity[1] && diversity[1] < diversity[2], "mmr: diversity %.3f, %.3f, %.3f", diversity[0],
	   diversity[1], diversity[2]);
	ok(coverage[2] > 0 && novelty[0] < novelty[1] && novelty[1] < novelty[2], "popularity: novelty %.2f, %.2f, %.2f",
	   novelty[0], novelty[1], novelty[2]);
	eval_options_init(&o);
	o.rerank.by = RERANK_MMR;
	o.sampled = 10;
	ok(!eval_run(s, f.split, &o, &task_null, &err), "not with sampled=: %s", err.msg);
}

static void words(void)
{
	static const char *const bad[] = { "", "mmr", "mmr:", "mmr:2", "mmr:-0.1", "best:0.3", "mmr:nan", "popularity:0.2x" };
	struct rerank r;
	struct err err;
	char text[32];
	int taken = 0;

	ok(rerank_parse("popularity:0.25", &r, &err) && r.by == RERANK_POPULARITY && r.weight == 0.25, "parsed");
	rerank_text(&r, text);
	is_str(text, "popularity:0.25", "and told");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		taken += rerank_parse(bad[i], &r, &err);
	ok(taken == 0, "what is wrong is refused");
	ok(rerank_pool(10, 5000) == 100, "at least 100");
	ok(rerank_pool(50, 5000) == 500, "ten times the list");
	ok(rerank_pool(50, 40) == 40, "at most all");
}

/* Scores 1, 0.8, 0 of items A, B, C; A and B have cosine 0.6 and more, A and C none.  With w = 0.6: A (0.4), then C
 * (0 - 0) before B (0.32 - 0.36 and more). */
static bool three_scores(const struct model *m, const struct query *q, size_t B, struct scratch *s, struct err *err)
{
	(void)m, (void)q, (void)B, (void)s, (void)err;
	return true;
}

static uint32_t three[3];

static void three_block(const struct model *m, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	static const float score[] = { 1, 0.8f, 0 };

	(void)m, (void)q, (void)s;
	for (size_t b = 0; b < B; b++)
		for (uint32_t i = lo; i < hi; i++) {
			out[b * stride + i - lo] = -1;
			for (int k = 0; k < 3; k++)
				if (i == three[k])
					out[b * stride + i - lo] = score[k];
		}
}

static void by_hand(void)
{
	static const struct model_ops ops = { .name = "three", .query_begin = three_scores, .score_block = three_block };
	struct model_base m = { &ops };
	struct rerank r = { RERANK_MMR, 0.6 };
	struct query none = { .user = NO_USER };
	struct ranked_lists l;
	uint64_t barred[(I + 63) / 64];
	struct rank_options o = { .k = 3, .barred = barred };
	struct csr empty = { .rows = 1, .cols = I, .ptr = (size_t[]){ 0, 0 }, .idx = &none.user };
	struct err err;

	/* The two most alike, and one that has nothing with the first. */
	three[0] = three[1] = 0;
	for (uint32_t a = 0; a < I; a++)
		for (uint32_t b = 0; b < a; b++)
			if (cosine(a, b) > cosine(three[0], three[1]) || three[0] == three[1]) {
				three[0] = a;
				three[1] = b;
			}
	for (three[2] = 0; cosine(three[0], three[2]) > 0; three[2]++)
		;
	memset(barred, 0xff, sizeof(barred));
	for (int k = 0; k < 3; k++)
		barred[three[k] / 64] &= ~((uint64_t)1 << three[k] % 64);
	ok(rerank_lists(&r, f.split, (struct model *)(void *)&m, give, &empty, 1, &o, &task_null, &l, &err) && l.count[0] == 3,
	   "three items");
	ok(cosine(three[0], three[1]) > 0.6 && l.item[0] == three[0] && l.item[1] == three[2] && l.item[2] == three[1],
	   "the one that is unlike comes before the one that is alike (cosine %.2f)", cosine(three[0], three[1]));
	ok((double)l.score[1] == 0 && (double)l.score[0] == 1, "each keeps its score");
	ranked_lists_done(&l);
}

int main(void)
{
	const struct snapshot *s;
	struct pool *pool;
	struct err err;

	linalg_init();
	fixture_make(&f, U, I, PER_USER, false);
	for (uint32_t u = 0; u < U; u++)
		for (size_t e = f.x.ptr[u]; e < f.x.ptr[u + 1]; e++)
			has[f.x.idx[e]][u] = true;
	pool = mem_must(pool_new(2, &err));
	s = fixture_run(&f, "ease#1", &err);
	fixture_must(s != NULL, &err);
	words();
	against_naive(s, (struct rerank){ RERANK_MMR, 0.3 }, &task_null);
	against_naive(s, (struct rerank){ RERANK_MMR, 0.9 }, &(struct task){ .pool = pool });
	against_naive(s, (struct rerank){ RERANK_POPULARITY, 0.5 }, &task_null);
	nothing_changes(s, pool);
	buys(s);
	by_hand();
	snapshot_unref(s);
	pool_free(pool);
	fixture_done(&f);
	return done_testing();
}
