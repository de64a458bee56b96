/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slices of an evaluation against values worked out by hand; lists that leave out what the model is not told;
 * and items held out whole. */
#include "eval/eval.h"

#include <math.h>
#include <stdlib.h>

#include "eval/rank_lists.h"
#include "event_fixture.h"
#include "model/registry.h"
#include "model_fixture.h"

static struct err err;

/* --- A model that adds up: score(i) = sum of W[h][i] over the history ------------- */

enum { ITEMS = 6 };

static const float W[ITEMS][ITEMS] = {
	{ 0, 0, 0, 0, 5, 0 }, { 0, 0, 0, 1, 3, 0 }, { 0, 9, 0, 2, 0, 0 },
	{ 0, 1, 2, 0, 0, 0 }, { 0, 2, 1, 0, 0, 0 }, { 0, 0, 0, 0, 0, 0 },
};

static bool sum_begin(const struct model *m, const struct query *q, size_t B, struct scratch *s, struct err *e)
{
	(void)m, (void)q, (void)B, (void)s, (void)e;
	return true;
}

static void sum_scores(const struct model *m, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
		       struct scratch *s, float *out, size_t stride)
{
	(void)m, (void)s;
	for (size_t b = 0; b < B; b++)
		for (uint32_t i = lo; i < hi; i++) {
			out[b * stride + i - lo] = 0;
			for (uint32_t j = 0; j < q[b].n; j++)
				out[b * stride + i - lo] += W[q[b].items[j]][i];
		}
}

static void sum_destroy(struct model *m)
{
	mem_free(m);
}

static const struct model_ops sum_ops = { .name = "sum", .caps = MODEL_FROM_HISTORY, .query_begin = sum_begin,
					  .score_block = sum_scores, .destroy = sum_destroy };
static const struct model_ops cold_ops = { .name = "cold", .caps = MODEL_FROM_HISTORY | MODEL_RANKS_COLD,
					   .query_begin = sum_begin, .score_block = sum_scores, .destroy = sum_destroy };

static const struct snapshot *snapshot_of(const struct model_ops *ops, const struct split *split)
{
	struct model_base *m = mem_must(mem_zeroed(1, sizeof(*m), &err));
	const struct snapshot *s;

	m->ops = ops;
	s = snapshot_new((struct model *)(void *)m, "sum#1", 1, split, false, false, &err);
	fixture_must(s != NULL, &err);
	return s;
}

/* --- By hand --------------------------------------------------------------------- */

/* Train events of the items: 5 4 3 2 2 0; item 5 is no candidate.
 *
 *      history     to find   not in it   whole: list (scores)     newest 2         newest 1
 * u0   0 1 2       3         3 4         4 (8), 3 (3)             3 (3), 4 (3)     3 (2), 4 (0)
 * u1   0 1         4         2 3 4       4 (8), 3 (1)             the same         4 (3), 3 (1)
 * u2   0 3         2 5       1 2 4       4 (5), 2 (2), 1 (1)      the same         2 (2), 1 (1), 4
 * u3   0 4         1         1 2 3       1 (2), 2 (1)             the same         1 (2), 2 (1)
 * u4   1 2         0         0 3 4       3 (3), 4 (3), 0          the same         3 (2), 0, 4
 * u5   0 1 2 3 4   5         none        -                        -                - */
static const struct event hand_events[] = {
	{ 0, 0, 1, 1, GIVEN_TRAIN }, { 0, 1, 2, 1, GIVEN_TRAIN }, { 0, 2, 3, 1, GIVEN_TRAIN }, { 0, 3, 4, 1, GIVEN_TEST },
	{ 1, 0, 1, 1, GIVEN_TRAIN }, { 1, 1, 2, 1, GIVEN_TRAIN }, { 1, 4, 3, 1, GIVEN_TEST },
	{ 2, 0, 1, 1, GIVEN_TRAIN }, { 2, 3, 2, 1, GIVEN_TRAIN }, { 2, 2, 3, 1, GIVEN_TEST },  { 2, 5, 4, 1, GIVEN_TEST },
	{ 3, 0, 1, 1, GIVEN_TRAIN }, { 3, 4, 2, 1, GIVEN_TRAIN }, { 3, 1, 3, 1, GIVEN_TEST },
	{ 4, 1, 1, 1, GIVEN_TRAIN }, { 4, 2, 2, 1, GIVEN_TRAIN }, { 4, 0, 3, 1, GIVEN_TEST },
	{ 5, 0, 1, 1, GIVEN_TRAIN }, { 5, 1, 2, 1, GIVEN_TRAIN }, { 5, 2, 3, 1, GIVEN_TRAIN }, { 5, 3, 4, 1, GIVEN_TRAIN },
	{ 5, 4, 5, 1, GIVEN_TRAIN }, { 5, 5, 6, 1, GIVEN_TEST },
};

struct hand {
	struct dataset *data;
	struct split *split;
	const struct snapshot *snapshot;
	struct eval_options o;
};

static void hand_make(struct hand *h, enum slice slice)
{
	struct params p;

	h->data = dataset_of(hand_events, sizeof(hand_events) / sizeof(*hand_events), 6, ITEMS, WITH_TIME | WITH_GIVEN);
	params_init(&p, split_params("given"));
	fixture_set(&p, "valid", "0");
	h->split = split_make(h->data, "given", &p, 42, &task_null, &err);
	fixture_must(h->split != NULL, &err);
	h->snapshot = snapshot_of(&sum_ops, h->split);
	eval_options_for(&h->o, h->split);
	h->o.n_k = 2;
	h->o.k[0] = 1;
	h->o.k[1] = 2;
	h->o.slice = slice;
}

static void hand_done(struct hand *h)
{
	snapshot_unref(h->snapshot);
	split_unref(h->split);
	dataset_unref(h->data);
}

static struct eval_result *hand_run(const struct hand *h)
{
	struct eval_result *r = eval_run(h->snapshot, h->split, &h->o, &task_null, &err);

	fixture_must(r != NULL, &err);
	return r;
}

static void is_slice(const struct eval_result *r, size_t s, const char *name, size_t users, double recall1,
		     double recall2, double mrr2)
{
	const struct eval_slice *v = s < r->n_slices ? &r->slice[s] : NULL;

	if (!ok(v && !strcmp(v->name, name) && v->n_users == users && fabs(v->value[METRIC_RECALL][0] - recall1) < 1e-6 &&
		fabs(v->value[METRIC_RECALL][1] - recall2) < 1e-6 && fabs(v->value[METRIC_MRR][1] - mrr2) < 1e-6,
		"%s: %zu users, recall@1 %.4f, recall@2 %.4f, mrr@2 %.4f", name, users, recall1, recall2, mrr2) && v)
		printf("#  got: %s, %zu users, %.4f, %.4f, %.4f\n", v->name, v->n_users, v->value[METRIC_RECALL][0],
		       v->value[METRIC_RECALL][1], v->value[METRIC_MRR][1]);
}

static void test_cold_users(void)
{
	struct hand h;
	struct eval_result *r;

	hand_make(&h, SLICE_COLD_USERS);
	r = hand_run(&h);
	ok(r->n_slices == 4 && r->n_users == 6, "the same users in every slice");
	is_slice(r, 0, "1 event", 6, (1 + 1 + 0.5 + 1 + 0 + 0) / 6, (1 + 1 + 0.5 + 1 + 1 + 0) / 6,
		 (1 + 1 + 1 + 1 + 0.5 + 0) / 6);
	is_slice(r, 1, "2 events", 6, (1 + 1 + 0 + 1 + 0 + 0.0) / 6, (1 + 1 + 0.5 + 1 + 0 + 0) / 6,
		 (1 + 1 + 0.5 + 1 + 0 + 0) / 6);
	is_slice(r, 2, "5 events", 6, 2.0 / 6, 3.5 / 6, 3.0 / 6);
	is_slice(r, 3, "whole history", 6, 2.0 / 6, 3.5 / 6, 3.0 / 6);
	ok(fabs(r->value[METRIC_RECALL][1] - 3.5 / 6) < 1e-9, "the figures of the whole stay");
	ok(isnan(r->slice[0].value[METRIC_COVERAGE][0]) && isnan(r->slice[0].value[METRIC_NOVELTY][0]),
	   "what is no accuracy is not told apart");
	eval_result_free(r);
	hand_done(&h);
}

/* A model with trained user vectors answers from what is told, not from what it learned of the user. */
static void test_folded_in(void)
{
	const struct model_ops *ops = model_find("bpr", &err);
	struct fixture f;
	struct params p;
	const struct snapshot *s;
	struct eval_options o;
	struct eval_result *trained, *sliced;

	fixture_make(&f, 60, 60, 20, false);
	params_init(&p, ops->params);
	s = snapshot_new(fixture_fit(&f, ops, &p, 20, &task_null, &err), "bpr#1", 20, f.split, false, false, &err);
	fixture_must(s != NULL, &err);
	eval_options_for(&o, f.split);
	trained = eval_run(s, f.split, &o, &task_null, &err);
	o.slice = SLICE_COLD_USERS;
	sliced = eval_run(s, f.split, &o, &task_null, &err);
	fixture_must(trained && sliced, &err);
	ok(sliced->value[METRIC_MRR][2] == trained->value[METRIC_MRR][2], "the whole is by the trained vectors");
	eval_result_free(trained);
	o.slice = SLICE_NONE;
	o.fold_in = true;
	trained = eval_run(s, f.split, &o, &task_null, &err);
	ok(sliced->slice[3].value[METRIC_MRR][2] == trained->value[METRIC_MRR][2] &&
	   sliced->slice[3].value[METRIC_MRR][2] != sliced->value[METRIC_MRR][2], "the slices are by the fold-in");
	eval_result_free(trained);
	eval_result_free(sliced);
	snapshot_unref(s);
	fixture_done(&f);
}

/* The users' values of recall@1, with which chance is told: of whom, and their mean. */
static void has_values(const struct eval_result *r, size_t s)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; r->slice[s].per_user && i < r->n_users; i++)
		if (!isnan(r->slice[s].per_user[i])) {
			sum += (double)r->slice[s].per_user[i];
			n++;
		}
	ok(n == r->slice[s].n_users && fabs(sum / (double)n - r->slice[s].value[METRIC_RECALL][0]) < 1e-6,
	   "%s: %zu users' values, whose mean it is", r->slice[s].name, n);
}

static void test_values(void)
{
	static const enum slice kinds[] = { SLICE_HISTORY, SLICE_POPULARITY };

	for (int k = 0; k < 2; k++) {
		struct hand h;
		struct eval_result *r;

		hand_make(&h, kinds[k]);
		r = hand_run(&h);
		ok(!r->slice[0].per_user, "they are not kept unasked");
		eval_result_free(r);
		h.o.slice_values = 1 + METRIC_RECALL;
		r = hand_run(&h);
		for (size_t s = 0; s < r->n_slices; s++)
			has_values(r, s);
		eval_result_free(r);
		hand_done(&h);
	}
}

static void test_history(void)
{
	struct hand h;
	struct eval_result *r;

	hand_make(&h, SLICE_HISTORY);
	r = hand_run(&h);
	ok(r->n_slices == 2, "slices without users are left out");
	is_slice(r, 0, "1-4 events", 5, 2.0 / 5, 3.5 / 5, 3.0 / 5);
	is_slice(r, 1, "5-9 events", 1, 0, 0, 0);
	ok(isnan(r->slice[0].value[METRIC_GINI][0]) && !isnan(r->slice[0].value[METRIC_NOVELTY][0]),
	   "means over users are told, coverage and gini not");
	eval_result_free(r);
	hand_done(&h);
}

static void test_popularity(void)
{
	struct hand h;
	struct eval_result *r;

	hand_make(&h, SLICE_POPULARITY);
	r = hand_run(&h);
	ok(r->n_slices == 3, "head, tail and what is never in train");
	is_slice(r, 0, "head", 1, 0, 0, 0); /* item 0 alone, of user 4, third */
	/* items 1 to 4: u0 second, u1 first, u2 second of its one in the slice, u3 first */
	is_slice(r, 1, "tail", 4, 2.0 / 4, 4.0 / 4, (0.5 + 1 + 0.5 + 1) / 4);
	is_slice(r, 2, "never in train", 2, 0, 0, 0);
	ok(fabs(r->slice[1].value[METRIC_NDCG][1] - (2 + 2 / log2(3.0)) / 4) < 1e-6, "ndcg over the slice's own ideal");
	eval_result_free(r);

	h.o.k[1] = 3;
	r = hand_run(&h);
	ok(fabs(r->slice[0].value[METRIC_RECALL][1] - 1) < 1e-6, "and third it is found");
	eval_result_free(r);

	h.o.sampled = 2;
	ok(!eval_run(h.snapshot, h.split, &h.o, &task_null, &err) && err.code == ERR_USAGE, "not against a draw");
	hand_done(&h);
}

/* --- What is hidden ---------------------------------------------------------------- */

struct cut {
	const struct fixture *f;
	uint32_t keep; /* UINT32_MAX: all */
};

static bool cut_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *e)
{
	const struct cut *c = ctx;

	(void)slot, (void)e;
	*out = fixture_query(c->f, (uint32_t)i);
	out->fold_in = true;
	if (out->n > c->keep) {
		out->hidden = out->items;
		out->n_hidden = out->n - c->keep;
		out->items += out->n_hidden;
		out->x = out->x ? out->x + out->n_hidden : NULL;
		out->n = c->keep;
	}
	return true;
}

/* By dots (ials) and by tiles (item-knn): all items but those of the whole history, by what is told alone. */
static void test_hidden(const char *name)
{
	struct fixture f;
	struct params p;
	struct ranked_lists l;
	struct scratch s = { 0 };
	const struct model_ops *ops = model_find(name, &err);
	const struct rank_options o = { .k = 60 };
	struct model *m;
	bool left_out = true, whole = true, ranks = true;

	fixture_make(&f, 50, 60, 30, false);
	params_init(&p, ops->params);
	m = fixture_fit(&f, ops, &p, 1, &task_null, &err);
	fixture_must(m != NULL, &err);
	fixture_must(rank_lists(m, 60, cut_query, &(struct cut){ &f, 2 }, 50, &o, &task_null, &l, &err), &err);
	for (uint32_t u = 0; u < 50; u++) {
		struct query q;
		float score[60], first;
		uint32_t rank;

		cut_query(&(struct cut){ &f, 2 }, u, 0, &q, &err);
		whole &= l.count[u] == 60 - csr_row_n(&f.x, u);
		fixture_must(model_score_all(m, &q, &s, score, 60, &err), &err);
		for (uint32_t k = 0; k < l.count[u]; k++) {
			const uint32_t i = l.item[u * 60 + k];

			left_out &= !csr_has(&f.x, u, i);
			whole &= fabs((double)(score[i] - l.score[u * 60 + k])) < 1e-4;
		}
		fixture_must(rank_of_item(m, 60, &q, &o, l.item[u * 60], &s, &rank, &first, &err), &err);
		ranks &= rank == 1;
	}
	ok(left_out, "%s: no list has an item of the history, told or hidden", name);
	ok(whole, "%s: all others are there, scored by what is told", name);
	ok(ranks, "%s: the rank of one item leaves out the same", name);
	ranked_lists_done(&l);
	scratch_done(&s);
	ops->destroy(m);
	fixture_done(&f);
}

/* --- Items held out whole ------------------------------------------------------------ */

static void test_cold_items(void)
{
	struct fixture f;
	struct split *cold;
	const struct snapshot *blind, *seeing;
	struct eval_options o;
	struct eval_result *r;
	uint64_t *barred = NULL;
	uint32_t n = 0;
	double first = 0;

	fixture_make(&f, 40, 6, 4, false);
	cold = split_make(f.data, "cold-items", NULL, 3, &task_null, &err);
	fixture_must(cold != NULL, &err);
	blind = snapshot_of(&sum_ops, cold);
	seeing = snapshot_of(&cold_ops, cold);
	eval_options_for(&o, cold);
	ok(o.all_candidates, "every item is a candidate");
	r = eval_run(blind, cold, &o, &task_null, &err);
	ok(r && r->blind_to_cold && r->hazards.cold_test_items == 1, "a model that knows items by their events is told of");
	eval_result_free(r);
	r = eval_run(seeing, cold, &o, &task_null, &err);
	ok(r && !r->blind_to_cold, "one that does not is fine");
	eval_result_free(r);
	ok(!rank_all_items(cold, blind->model) && rank_all_items(cold, seeing->model) &&
	   !rank_all_items(f.split, seeing->model), "lists have all items where the model can and the split means it");
	for (uint32_t i = 0; i < 6; i++)
		if (!cold->item_train[i])
			first += 1.0 / ++n;
	o.cold_candidates = o.on_valid = true; /* histories of train alone, and one item to be found */
	r = eval_run(seeing, cold, &o, &task_null, &err);
	ok(r && n > 1 && n < 6 && fabs(r->by_chance[METRIC_MRR][2] - first / n) < 1e-9 && r->value[METRIC_RECALL][2] == 1,
	   "candidates=cold: the %u items without a train event are ranked", (unsigned)n);
	eval_result_free(r);
	ok(!eval_run(blind, cold, &o, &task_null, &err) && err.code == ERR_UNSUPPORTED, "%s", err.msg);
	ok(!eval_run(seeing, f.split, &o, &task_null, &err) && err.code == ERR_UNSUPPORTED, "%s", err.msg);
	o.cold_candidates = o.on_valid = false;
	ok(rank_barred(cold, rank_all_items(cold, seeing->model), &barred, &n, &err) && !barred && n == 6, "all six");
	o.all_candidates = false;
	r = eval_run(blind, cold, &o, &task_null, &err);
	ok(r && !r->blind_to_cold && r->value[METRIC_RECALL][2] == 0, "candidates=train: always missed, by any model");
	eval_result_free(r);
	snapshot_unref(blind);
	snapshot_unref(seeing);
	split_unref(cold);
	fixture_done(&f);
}

int main(void)
{
	test_cold_users();
	test_folded_in();
	test_history();
	test_popularity();
	test_values();
	test_hidden("ials");
	test_hidden("item-knn");
	test_cold_items();
	return done_testing();
}
