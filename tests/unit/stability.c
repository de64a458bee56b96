/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stability.c - rank correlation by hand; lists and parts of other seeds against trainings done and compared here. */
#include "train/stability.h"

#include "base/pool.h"
#include "explain/explain.h"
#include "model/registry.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 90, I = 60, PER_USER = 25, K = 6, PARTS = 3, MODELS = 3, USER = 40, LONGEST = 64 };

static struct fixture f;
static struct err err;

static double correlation(const float *a, const float *b, uint32_t n)
{
	double out = 0;

	fixture_must(rank_correlation(a, b, n, &out, &err), &err);
	return out;
}

static void test_correlation(void)
{
	const float up[] = { 1, 2, 3, 4 }, down[] = { 9, 7, 5, 3 }, pairs[] = { 2, 1, 4, 3 }, tied[] = { 1, 1, 2 },
		    flat[] = { 5, 5, 5, 5 };

	ok(fabs(correlation(up, up, 4) - 1) < 1e-12 && fabs(correlation(up, down, 4) + 1) < 1e-12,
	   "the same order is 1, the other way round -1");
	ok(fabs(correlation(up, pairs, 4) - 0.6) < 1e-12, "1 - 6 x 4 / (4 x 15) = 0.6");
	ok(fabs(correlation(tied, up, 3) - 1.5 / sqrt(3)) < 1e-12, "ties have their mean rank");
	ok(isnan(correlation(up, flat, 4)) && isnan(correlation(up, up, 1)), "and what does not vary has none");
}

static void request(struct fit_request *r, const char *model)
{
	fit_request_init(r, model_find(model, &err));
	r->data = f.data;
	r->split = f.split;
	r->seed = 7;
	if (r->ops->caps & MODEL_ITERATIVE) {
		fixture_set(&r->params, "dim", "4");
		fixture_set(&r->params, "epochs", "3");
	}
	fit_request_follow(r);
}

static const struct snapshot *fit(const struct fit_request *r, unsigned more, struct fit_result *out)
{
	struct fit_request again = *r;

	again.seed += more;
	fixture_must(fit_run(&again, &task_null, out, &err), &err);
	return out->best;
}

/* --- by hand ------------------------------------------------------------------------------------------------ */

struct by_hand {
	uint32_t list[MODELS][K], top[MODELS][PARTS], rank[MODELS];
};

static void answer(const struct snapshot *s, uint32_t item, struct by_hand *h, unsigned at)
{
	struct history_buf buf = { 0 };
	struct scratch scratch = { 0 };
	struct query q;
	float score[I], part[LONGEST], base;
	bool out[I] = { false };

	fixture_must(history_query(s, f.split, USER, false, &buf, &q, &err) &&
		     s->ops->contributions(s->model, &q, item, &scratch, part, &base, &err) &&
		     model_score_all(s->model, &q, &scratch, score, I, &err), &err);
	for (uint32_t i = 0; i < I; i++)
		out[i] = !f.split->item_train[i];
	for (uint32_t k = 0; k < q.n; k++)
		out[q.items[k]] = true;
	h->rank[at] = 1;
	for (uint32_t i = 0; i < I; i++)
		h->rank[at] += !out[i] && i != item && (score[i] > score[item] || (score[i] == score[item] && i < item));
	for (uint32_t r = 0; r < K; r++) {
		uint32_t best = NO_ITEM;

		for (uint32_t i = 0; i < I; i++)
			if (!out[i] && (best == NO_ITEM || score[i] > score[best]))
				best = i;
		h->list[at][r] = best;
		out[best] = true;
	}
	for (uint32_t r = 0; r < PARTS; r++) {
		uint32_t best = 0;

		for (uint32_t k = 1; k < q.n; k++)
			best = fabsf(part[k]) > fabsf(part[best]) ? k : best;
		h->top[at][r] = best;
		part[best] = 0;
	}
	history_buf_done(&buf);
	scratch_done(&scratch);
}

static double shared(const uint32_t *a, const uint32_t *b, uint32_t n)
{
	uint32_t both = 0;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < n; j++)
			both += a[i] == b[j];
	return (double)both / n;
}

static bool is_spread(const struct spread *s, const double *x)
{
	return fabs(s->mean - (x[0] + x[1] + x[2]) / 3) < 1e-9 && fabs(s->least - fmin(x[0], fmin(x[1], x[2]))) < 1e-9 &&
	       fabs(s->most - fmax(x[0], fmax(x[1], x[2]))) < 1e-9;
}

static bool rows_are_right(const struct stability *s, const struct by_hand *h)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < s->n_rows; i++) {
		const struct stability_row *r = &s->row[i];
		uint32_t lists = 0, best = K + 1, worst = 0;

		for (unsigned m = 0; m < MODELS; m++)
			for (uint32_t k = 0; k < K; k++)
				if (h->list[m][k] == r->item) {
					lists++;
					best = k + 1 < best ? k + 1 : best;
					worst = k + 1 > worst ? k + 1 : worst;
				}
		if (lists != r->lists || best != r->best || worst != r->worst || (i && lists > s->row[i - 1].lists))
			return false;
		seen += lists;
	}
	return seen == MODELS * K;
}

static void test_seeds(void)
{
	struct fit_request r;
	struct fit_result run, other;
	struct stability_ask ask = { .fit = &r, .user = USER, .k = K, .parts = PARTS, .p = 0.9, .seeds = MODELS - 1 };
	struct stability s, again;
	struct by_hand h;
	struct pool *pool = pool_new(2, &err);
	struct task two = { .pool = pool };
	double lists[3], tops[3];

	request(&r, "ials");
	ask.run = fit(&r, 0, &run);
	answer(ask.run, 0, &h, 0);
	ask.item = h.list[0][1];
	answer(ask.run, ask.item, &h, 0);
	for (unsigned m = 1; m < MODELS; m++) {
		answer(fit(&r, m, &other), ask.item, &h, m);
		fit_result_done(&other);
	}
	fixture_must(stability_measure(&ask, &task_null, &s, &err), &err);
	ok(s.n == MODELS && !s.same, "as many models as seeds, and the run");
	for (int p = 0; p < 3; p++) {
		int i = p == 2, j = p == 0 ? 1 : 2;

		lists[p] = shared(h.list[i], h.list[j], K);
		tops[p] = shared(h.top[i], h.top[j], PARTS);
	}
	ok(is_spread(&s.overlap, lists), "overlap of the lists, of each pair (%.3f)", s.overlap.mean);
	ok(is_spread(&s.parts, tops), "overlap of the strongest parts (%.3f)", s.parts.mean);
	ok(s.overlap.least < 1, "the seeds do differ");
	ok(rows_are_right(&s, &h), "items with their lists and ranks");
	ok(s.rank[0] == h.rank[0] && s.rank[1] == h.rank[1] && s.rank[2] == h.rank[2], "and the ranks of the item");
	fixture_must(stability_measure(&ask, &two, &again, &err), &err);
	ok(!memcmp(&s.correlation, &again.correlation, sizeof(s.correlation)) && !memcmp(&s.rbo, &again.rbo, sizeof(s.rbo)),
	   "the same at two threads");
	stability_done(&s);
	stability_done(&again);
	fit_result_done(&run);
	pool_free(pool);
}

static void test_same(void)
{
	struct fit_request r;
	struct fit_result run;
	struct stability_ask ask = { .fit = &r, .user = USER, .k = K, .parts = PARTS, .p = 0.9, .seeds = 5, .item = NO_ITEM };
	struct stability s;

	request(&r, "ease");
	ask.run = fit(&r, 0, &run);
	fixture_must(stability_measure(&ask, &task_null, &s, &err), &err);
	ok(s.same && s.n == 2 && s.overlap.least == 1 && s.rbo.least == 1, "ease is the same for every seed: one is tried");
	ok(isnan(s.parts.mean) && isnan(s.correlation.mean), "no item is explained when none is asked for");
	stability_done(&s);
	fit_result_done(&run);
}

/* --- made of other runs ------------------------------------------------------------------------------------- */

static const struct snapshot *part_of[2];

static const struct snapshot *resolve(void *ctx, const char *name, struct err *why)
{
	(void)ctx, (void)why;
	return snapshot_ref(part_of[!strcmp(name, "ials#1")]);
}

/* ease and ials with a seed more each, and their mixture, by hand. */
static void mix(struct fit_request part[2], const struct fit_request *blend, unsigned more, struct fit_result out[3])
{
	struct fit_request r = *blend;

	for (int i = 0; i < 2; i++)
		part_of[i] = fit(&part[i], more, &out[i]);
	r.resolve_run = resolve;
	fit(&r, more, &out[2]);
}

static uint32_t shared_lists(const struct snapshot *a, const struct snapshot *b)
{
	const struct snapshot *of[2] = { a, b };
	uint32_t list[2][K], both = 0;

	for (int s = 0; s < 2; s++) {
		struct history_buf buf = { 0 };
		struct scratch scratch = { 0 };
		struct query q;
		float score[I];

		fixture_must(history_query(of[s], f.split, USER, false, &buf, &q, &err) &&
			     model_score_all(of[s]->model, &q, &scratch, score, I, &err), &err);
		for (uint32_t i = 0; i < I; i++)
			score[i] = f.split->item_train[i] ? score[i] : -INFINITY;
		for (uint32_t k = 0; k < q.n; k++)
			score[q.items[k]] = -INFINITY;
		for (uint32_t r = 0; r < K; r++) {
			uint32_t best = 0;

			for (uint32_t i = 1; i < I; i++)
				best = score[i] > score[best] ? i : best;
			list[s][r] = best;
			score[best] = -INFINITY;
		}
		history_buf_done(&buf);
		scratch_done(&scratch);
	}
	for (uint32_t i = 0; i < K; i++)
		for (uint32_t j = 0; j < K; j++)
			both += list[0][i] == list[1][j];
	return both;
}

static void test_blend(void)
{
	struct fit_request part[2], blend;
	struct fit_result first[3], second[3];
	struct stability_ask ask = { .fit = &blend, .part = part, .n_parts = 2, .user = USER, .k = K, .parts = PARTS, .p = 0.9,
				     .seeds = 1, .item = NO_ITEM };
	struct stability s;

	request(&part[0], "ease");
	request(&part[1], "ials");
	snprintf(part[0].run, sizeof(part[0].run), "ease#1");
	snprintf(part[1].run, sizeof(part[1].run), "ials#1");
	part[1].seed = 20; /* each has its own */
	request(&blend, "blend");
	fixture_set(&blend.params, "runs", "ease#1,ials#1");
	fixture_set(&blend.params, "weights", "0.2,0.8");
	mix(part, &blend, 0, first);
	mix(part, &blend, 1, second);
	ask.run = first[2].best;
	fixture_must(stability_measure(&ask, &task_null, &s, &err), &err);
	ok(!s.same && s.n == 2, "a blend of ease and ials differs with the seeds");
	ok(fabs(s.overlap.mean - (double)shared_lists(first[2].best, second[2].best) / K) < 1e-9,
	   "by as much as one of runs trained with other seeds here: %.3f", s.overlap.mean);
	stability_done(&s);
	for (int i = 0; i < 3; i++) {
		fit_result_done(&first[i]);
		fit_result_done(&second[i]);
	}
	request(&part[1], "ease");
	snprintf(part[1].run, sizeof(part[1].run), "ials#1");
	mix(part, &blend, 0, first);
	ask.run = first[2].best;
	ask.seeds = 4;
	fixture_must(stability_measure(&ask, &task_null, &s, &err), &err);
	ok(s.same && s.n == 2, "one of models without chance does not");
	stability_done(&s);
	for (int i = 0; i < 3; i++)
		fit_result_done(&first[i]);
}

int main(void)
{
	size_t held;

	linalg_init();
	fixture_make(&f, U, I, PER_USER, false);
	held = mem_bytes_now();
	test_correlation();
	test_seeds();
	test_same();
	test_blend();
	ok(mem_bytes_now() == held, "nothing leaks");
	fixture_done(&f);
	return done_testing();
}
