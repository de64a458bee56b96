/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evaluation of a model whose scores are a table, against values worked out by hand; lists against a
 * sort of all scores; and the same bits at one thread and two. */
#include "eval/eval.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "eval/metrics.h"
#include "eval/rank_lists.h"
#include "event_fixture.h"
#include "model_fixture.h"
#include "num/linalg.h"

static struct err err;

/* --- A model that is a table --------------------------------------------------- */

struct table {
	struct model_base base;
	uint32_t n_users, n_items;
	float *score;   /* [U][I] */
	float *columns; /* [I][U], read by the panels */
	struct rank_panels *panels; /* of its columns, for the dot form */
};

static bool table_begin(const struct model *m, const struct query *q, size_t B, struct scratch *s, struct err *e)
{
	const struct table *t = (const void *)m;
	float *one_hot = scratch_need(s, (B + 1) * t->n_users * sizeof(float), e);

	if (!one_hot)
		return false;
	memset(one_hot, 0, B * t->n_users * sizeof(float));
	for (size_t b = 0; b < B; b++)
		one_hot[b * t->n_users + q[b].user] = 1;
	return true;
}

static void table_scores(const struct model *m, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			 struct scratch *s, float *out, size_t stride)
{
	const struct table *t = (const void *)m;

	(void)s;
	for (size_t b = 0; b < B; b++)
		memcpy(out + b * stride, t->score + (size_t)q[b].user * t->n_items + lo,
		       (hi - lo) * sizeof(float));
}

static bool table_dots(const struct model *m, size_t B, struct scratch *s, struct dot_form *out)
{
	const struct table *t = (const void *)m;

	(void)B;
	*out = (struct dot_form){ .panels = t->panels, .queries = s->p, .stride = t->n_users };
	return true;
}

static void table_destroy(struct model *m)
{
	struct table *t = (void *)m;

	rank_panels_free(t->panels);
	mem_free(t->columns);
	mem_free(t->score);
	mem_free(t);
}

static const struct model_ops table_ops = { .name = "table", .query_begin = table_begin,
					    .score_block = table_scores, .destroy = table_destroy };
static const struct model_ops dots_ops = { .name = "dots", .query_begin = table_begin,
					   .score_block = table_scores, .dot_form = table_dots,
					   .destroy = table_destroy };

static struct model *table_new(const float *score, uint32_t n_users, uint32_t n_items, bool dots)
{
	struct table *t = mem_must(mem_zeroed(1, sizeof(*t), &err));

	t->base.ops = dots ? &dots_ops : &table_ops;
	t->n_users = n_users;
	t->n_items = n_items;
	t->score = mem_must(mem_alloc((size_t)n_users * n_items, sizeof(*t->score), &err));
	t->columns = mem_must(mem_alloc((size_t)n_users * n_items, sizeof(*t->columns), &err));
	memcpy(t->score, score, (size_t)n_users * n_items * sizeof(*score));
	for (uint32_t u = 0; u < n_users; u++)
		for (uint32_t i = 0; i < n_items; i++)
			t->columns[(size_t)i * n_users + u] = score[(size_t)u * n_items + i];
	if (dots)
		t->panels = mem_must(rank_panels_new(t->columns, n_users, n_items, n_users, NULL, &err));
	return (struct model *)(void *)t;
}

/* --- By hand --------------------------------------------------------------------- */

/* Candidates are 0..4: 5 has no train event.  User 3 has no history.  User 1 repeats item 1. */
static const struct event hand_events[] = {
	{ 0, 0, 1, 1, GIVEN_TRAIN }, { 0, 1, 2, 1, GIVEN_TRAIN }, { 0, 2, 3, 1, GIVEN_TEST },
	{ 0, 3, 4, 1, GIVEN_TEST },  { 1, 1, 1, 1, GIVEN_TRAIN }, { 1, 2, 2, 1, GIVEN_TRAIN },
	{ 1, 0, 2, 1, GIVEN_TEST },  { 1, 1, 4, 1, GIVEN_TEST },  { 2, 0, 1, 1, GIVEN_TRAIN },
	{ 2, 3, 2, 1, GIVEN_TRAIN }, { 2, 4, 3, 1, GIVEN_TRAIN }, { 2, 5, 4, 1, GIVEN_TEST },
	{ 2, 1, 5, 1, GIVEN_TEST },  { 3, 0, 1, 1, GIVEN_TEST },
};
static const float hand_scores[4][6] = {
	{ 9, 9, 5, 1, 3, 8 }, /* list 2 4 3: hit, miss, hit of 2 */
	{ 1, 9, 9, 1, 2, 9 }, /* list 4 0 3 (0 and 3 tie): miss, hit, miss of 1 */
	{ 9, 2, 2, 9, 9, 7 }, /* list 1 2 (tie): hit, miss of 2; item 5 can not be found */
	{ 1, 1, 1, 1, 1, 1 },
};

struct hand {
	struct dataset *data;
	struct split *split;
	const struct snapshot *snapshot;
	struct eval_options o;
};

static void hand_make(struct hand *h, bool dots)
{
	struct params p;

	h->data = dataset_of(hand_events, 14, 4, 6, WITH_TIME | WITH_GIVEN);
	params_init(&p, split_params("given"));
	fixture_set(&p, "valid", "0");
	h->split = split_make(h->data, "given", &p, 42, &task_null, &err);
	fixture_must(h->split != NULL, &err);
	h->snapshot = snapshot_new(table_new(hand_scores[0], 4, 6, dots), "table#1", 1, h->split, false, false,
				   &err);
	fixture_must(h->snapshot != NULL, &err);
	eval_options_init(&h->o);
	h->o.n_k = 3;
	h->o.k[0] = 1;
	h->o.k[1] = 2;
	h->o.k[2] = 3;
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

static void is_value(const struct eval_result *r, int metric, unsigned k, double want)
{
	double got = r->value[metric][k];

	if (!ok(fabs(got - want) < 1e-9 || (isnan(got) && isnan(want)), "%s@%u is %.6f",
		metric_table[metric].name, r->options.k[k], want))
		printf("#  got: %.9f\n", got);
}

static void is_chance(const struct eval_result *r, int metric, unsigned k, double want)
{
	double got = r->by_chance[metric][k];

	if (!ok(fabs(got - want) < 1e-9, "%s@%u by chance is %.6f", metric_table[metric].name, r->options.k[k], want))
		printf("#  got: %.9f\n", got);
}

/* u0: of 3 candidates 2 are to be found; u1: 1 of 3; u2: 1 of 2, and one that is no candidate. */
static void check_hand_chance(const struct eval_result *r)
{
	is_chance(r, METRIC_RECALL, 0, (1.0 / 3 + 1.0 / 3 + 1.0 / 4) / 3);
	is_chance(r, METRIC_NDCG, 0, (2.0 / 3 + 1.0 / 3 + 1.0 / 2) / 3);
	is_chance(r, METRIC_NDCG, 1, (2.0 / 3 + (1 + 1 / log2(3.0)) / 3 + 0.5) / 3);
	is_chance(r, METRIC_MAP, 1, (7.0 / 12 + (1 + 0.5) / 3 + (1 + 0.5) / 2 / 2) / 3);
	is_chance(r, METRIC_MRR, 2, (5.0 / 6 + 11.0 / 18 + 3.0 / 4) / 3);
	ok(isnan(r->by_chance[METRIC_NOVELTY][0]), "by chance is told of accuracy alone");
}

static void check_hand_values(const struct eval_result *r)
{
	const double d2 = 1 / log2(3.0), half = 1 - 1 / sqrt(2.0);

	is_value(r, METRIC_RECALL, 0, (0.5 + 0 + 0.5) / 3);
	is_value(r, METRIC_RECALL, 1, (0.5 + 1 + 0.5) / 3);
	is_value(r, METRIC_RECALL, 2, (1 + 1 + 0.5) / 3);
	is_value(r, METRIC_PRECISION, 2, (2.0 / 3 + 1.0 / 3 + 1.0 / 3) / 3); /* K, not the list's 2 */
	is_value(r, METRIC_HIT, 0, 2.0 / 3);
	is_value(r, METRIC_HIT, 1, 1);
	is_value(r, METRIC_NDCG, 0, 2.0 / 3); /* ideal of one at the top */
	is_value(r, METRIC_NDCG, 1, (1 / (1 + d2) + d2 + 1 / (1 + d2)) / 3);
	is_value(r, METRIC_NDCG, 2, (1.5 / (1 + d2) + d2 + 1 / (1 + d2)) / 3);
	is_value(r, METRIC_MAP, 1, (0.5 + 0.5 + 0.5) / 3);
	is_value(r, METRIC_MAP, 2, ((1 + 2.0 / 3) / 2 + 0.5 + 0.5) / 3);
	is_value(r, METRIC_MRR, 0, 2.0 / 3);
	is_value(r, METRIC_MRR, 2, 2.5 / 3);
	is_value(r, METRIC_COVERAGE, 0, 3.0 / 5); /* 2, 4 and 1 of five candidates */
	is_value(r, METRIC_COVERAGE, 2, 5.0 / 5);
	is_value(r, METRIC_GINI, 0, 2.0 / 5);     /* counts 0 0 1 1 1: (0+2+4)/3/5 */
	/* train events: 2 2 1 1 1, seven in all */
	is_value(r, METRIC_NOVELTY, 0, (log2(7) + log2(7) + log2(3.5)) / 3);
	is_value(r, METRIC_NOVELTY, 1, (log2(7) + (log2(7) + log2(3.5)) / 2 + (log2(3.5) + log2(7)) / 2) / 3);
	is_value(r, METRIC_DIVERSITY, 0, NAN);
	is_value(r, METRIC_DIVERSITY, 1, (1 + half + half) / 3); /* no user, one user, one user in common */
	/* u0: 2-4 none, 2-3 none, 4-3 the same user; u1: 4-0, 4-3 as before, 0-3 half; u2 has 2 items */
	is_value(r, METRIC_DIVERSITY, 2, (2.0 / 3 + (half + 0 + half) / 3 + half) / 3);
}

static void test_by_hand(void)
{
	struct eval_result *tiles, *dots;
	struct hand h;
	bool same = true;

	hand_make(&h, false);
	tiles = hand_run(&h);
	ok(tiles->n_users == 3 && tiles->user[0] == 0 && tiles->user[2] == 2, "users with a history and a test item");
	ok(tiles->hazards.repeats_removed == 1 && tiles->hazards.users_dropped == 1 &&
	   tiles->hazards.cold_test_items == 1 && tiles->hazards.tied == 1, "hazards are counted");
	ok(h.split->test_users == 3, "the split told the same number of users");
	check_hand_values(tiles);
	check_hand_chance(tiles);
	ok(tiles->per_user[METRIC_RECALL][2][0] == 1.0f && tiles->per_user[METRIC_RECALL][2][2] == 0.5f,
	   "values of each user are kept");
	ok(!tiles->per_user[METRIC_GINI][0], "gini is of no single user");
	is_str(tiles->note, "", "nothing to note");
	hand_done(&h);

	hand_make(&h, true);
	dots = hand_run(&h);
	for (int m = 0; m < N_METRICS; m++)
		same = same && !memcmp(dots->value[m], tiles->value[m], 3 * sizeof(double));
	ok(same, "the dot form gives the same");
	ok(!memcmp(dots->by_chance[METRIC_NDCG], tiles->by_chance[METRIC_NDCG], 3 * sizeof(double)), "and the same by chance");
	eval_result_free(dots);
	eval_result_free(tiles);
	hand_done(&h);
}

static void test_options(void)
{
	struct eval_result *r;
	struct hand h;
	double one = 0;

	hand_make(&h, false);
	h.o.keep_seen = true;
	r = hand_run(&h);
	/* u0: 0 1 2: miss miss hit of 2; u1: 1 2 4: hit of {0, 1}; u2: 0 3 4: none of {1, 5} */
	is_value(r, METRIC_RECALL, 2, (0.5 + 0.5 + 0) / 3);
	is_value(r, METRIC_MRR, 2, (1.0 / 3 + 1 + 0) / 3);
	ok(r->hazards.repeats_removed == 0, "seen=keep keeps the repeat in test");
	is_chance(r, METRIC_NDCG, 0, (2.0 / 5 + 2.0 / 5 + 1.0 / 5) / 3);
	eval_result_free(r);

	h.o.keep_seen = false;
	h.o.all_candidates = true;
	r = hand_run(&h);
	/* u0: 5 2 4: miss hit miss; u1: 5 4 0; u2: 5 1 2: hit hit */
	is_value(r, METRIC_MRR, 2, (0.5 + 1.0 / 3 + 1) / 3);
	is_chance(r, METRIC_NDCG, 0, (2.0 / 4 + 1.0 / 4 + 2.0 / 3) / 3);
	is_value(r, METRIC_COVERAGE, 0, 1.0 / 6);
	is_value(r, METRIC_NOVELTY, 0, NAN); /* item 5 has no share of the events */
	is_value(r, METRIC_NOVELTY, 1, (log2(7) + log2(7) + log2(3.5)) / 3);
	eval_result_free(r);

	h.o.all_candidates = false;
	h.o.dialect = "vae";
	r = hand_run(&h);
	is_value(r, METRIC_RECALL, 0, 2.0 / 3); /* over min(1, 2) */
	is_value(r, METRIC_NDCG, 1, (2 / (1 + 1 / log2(3.0)) + 1 / log2(3.0)) / 3);
	ok(strstr(r->note, "recall over min(K, test items)") != NULL, "the dialect says where it differs: %s", r->note);
	eval_result_free(r);
	h.o.dialect = "lenskit";
	r = hand_run(&h);
	is_value(r, METRIC_RECALL, 0, 2.0 / 3);
	is_value(r, METRIC_NDCG, 1, (0.5 + 1 + 0.5) / 3); /* ranks 1 and 2 both weigh 1 */
	eval_result_free(r);
	h.o.dialect = "klingon";
	ok(!eval_run(h.snapshot, h.split, &h.o, &task_null, &err) && err.code == ERR_NOTFOUND,
	   "an unknown dialect is refused");
	h.o.dialect = NULL;

	ok(eval_one(h.snapshot, h.split, false, METRIC_MAP, 3, &task_null, &one, &err) &&
	   fabs(one - ((1 + 2.0 / 3) / 2 + 1) / 3) < 1e-12, "one metric alone");
	ok(eval_one(h.snapshot, h.split, true, METRIC_MAP, 3, &task_null, &one, &err) && isnan(one),
	   "one metric without valid events is not a number");
	h.o.on_valid = true;
	ok(!eval_run(h.snapshot, h.split, &h.o, &task_null, &err) && err.code == ERR_UNSUPPORTED,
	   "nothing to evaluate on is said: %s", err.msg);
	hand_done(&h);
}

static void test_few(void)
{
	static const char given[] = "(u0,i2)\ti4\ti5\tnobody\n(u0,i3)\ti4\r\n\n(stranger,i1)\ti2\nu1 i3,i4 i2\n";
	char path[] = "/tmp/whyrec-negatives-XXXXXX";
	struct eval_result *r;
	struct hand h;
	int fd = mkstemp(path);

	hand_make(&h, false);
	h.o.sampled = 100; /* more than there are: all of them */
	r = hand_run(&h);
	/* u0: 2 beats 4, 3 does not; u1: 0 loses to 4, ties with 3; u2: 1 ties with 2, 5 is no candidate */
	is_value(r, METRIC_HIT, 0, (0.5 + 0 + 0.5) / 3);
	is_value(r, METRIC_MRR, 2, ((1 + 0.5) / 2 + 0.5 + (1 + 0) / 2.0) / 3);
	is_value(r, METRIC_COVERAGE, 0, NAN);
	is_str(r->note, "sampled: not comparable", "sampled= says so");
	ok(isnan(r->by_chance[METRIC_NDCG][0]), "and tells nothing by chance");
	eval_result_free(r);

	ok(fd >= 0 && write(fd, given, sizeof(given) - 1) == sizeof(given) - 1, "wrote negatives");
	h.o.sampled = 0;
	h.o.negatives = path;
	r = hand_run(&h);
	/* u0: 2 (5) loses to 5 (8), 3 (1) loses to 4; u1: 0 (1) ties 3, loses to 4 (2) and 2 (9); u2: none */
	is_value(r, METRIC_MRR, 2, ((0.5 + 0.5) / 2 + 1.0 / 3) / 2);
	is_str(r->note, "sampled: not comparable; 2 test items without negatives left out; 1 negatives unknown to "
	       "the data left out", "negatives= says what it left out");
	eval_result_free(r);
	ok(ftruncate(fd, 0) == 0 && pwrite(fd, "(u0 i2\ti4\n", 10, 0) == 10, "wrote a broken line");
	ok(!eval_run(h.snapshot, h.split, &h.o, &task_null, &err) && err.code == ERR_SYNTAX && err.line == 1,
	   "a broken line is named");
	ok(pwrite(fd, "u0\0i2\ti4\n", 10, 0) == 10 && !eval_run(h.snapshot, h.split, &h.o, &task_null, &err) &&
	   err.code == ERR_SYNTAX, "a file with NUL bytes is refused: %s", err.msg);
	h.o.sampled = 5;
	ok(!eval_run(h.snapshot, h.split, &h.o, &task_null, &err) && err.code == ERR_USAGE,
	   "sampled= and negatives= together are refused");
	close(fd);
	unlink(path);
	hand_done(&h);
}

/* --- Lists against a sort --------------------------------------------------------- */

enum { QUERIES = 70, ITEMS = 2500, MOST = 25 };

struct listing {
	float *score;
	uint32_t *history[QUERIES], n[QUERIES];
	uint64_t barred[ITEMS / 64 + 1];
};

static bool listing_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *e)
{
	const struct listing *l = ctx;

	(void)slot;
	(void)e;
	*out = (struct query){ .items = l->history[i], .n = l->n[i], .user = (uint32_t)i };
	return true;
}

static const float *sort_by;
static int by_score(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (sort_by[x] != sort_by[y])
		return sort_by[x] > sort_by[y] ? -1 : 1;
	return (x > y) - (x < y);
}

/* All items that may be listed for a query, best first. */
static uint32_t sorted_items(const struct listing *l, size_t q, bool keep_seen, uint32_t *out)
{
	uint32_t n = 0;

	sort_by = l->score + q * ITEMS;
	for (uint32_t i = 0; i < ITEMS; i++) {
		bool seen = false;

		for (uint32_t j = 0; j < l->n[q]; j++)
			seen |= l->history[q][j] == i;
		if (!(l->barred[i / 64] >> i % 64 & 1) && (keep_seen || !seen) && !isnan(sort_by[i]))
			out[n++] = i;
	}
	qsort(out, n, sizeof(*out), by_score);
	return n;
}

/* nans: some scores are no number (not for dots: there a NaN spoils its whole column). */
static void listing_make(struct listing *l, bool nans)
{
	struct rng rng = rng_stream(5, "test", nans, 0);

	memset(l, 0, sizeof(*l));
	l->score = mem_must(mem_alloc(QUERIES * ITEMS, sizeof(float), &err));
	for (size_t k = 0; k < QUERIES * ITEMS; k++)
		l->score[k] = (float)rng_below(&rng, 400) / 8 - 20; /* many ties */
	for (size_t k = 0; nans && k < QUERIES * ITEMS; k += 97)
		l->score[k] = NAN;
	for (uint32_t i = 0; i < ITEMS; i++)
		if (rng_below(&rng, 10) == 0)
			l->barred[i / 64] |= (uint64_t)1 << i % 64;
	for (size_t q = 0; q < QUERIES; q++) {
		l->n[q] = q == 3 ? ITEMS - 5 : rng_below(&rng, 300);
		l->history[q] = mem_must(mem_alloc(ITEMS, sizeof(uint32_t), &err));
		for (uint32_t i = 0; i < ITEMS; i++)
			l->history[q][i] = i;
		rng_shuffle_u32(&rng, l->history[q], ITEMS);
	}
}

static void listing_done(struct listing *l)
{
	for (size_t q = 0; q < QUERIES; q++)
		mem_free(l->history[q]);
	mem_free(l->score);
}

static void test_lists(bool dots, bool keep_seen, bool nans)
{
	struct listing l;
	struct ranked_lists lists;
	struct rank_options o = { .k = MOST, .keep_seen = keep_seen, .barred = l.barred };
	uint32_t want[ITEMS], rank = 0;
	struct scratch s = { 0 };
	struct model *m;
	size_t wrong = 0, wrong_rank = 0;
	float score = 0;

	listing_make(&l, nans);
	m = table_new(l.score, QUERIES, ITEMS, dots);
	fixture_must(rank_lists(m, ITEMS, listing_query, &l, QUERIES, &o, &task_null, &lists, &err), &err);
	for (size_t q = 0; q < QUERIES; q++) {
		uint32_t n = sorted_items(&l, q, keep_seen, want), listed = n < MOST ? n : MOST;
		struct query query;

		wrong += lists.count[q] != listed;
		for (uint32_t r = 0; r < listed && r < lists.count[q]; r++)
			wrong += lists.item[q * MOST + r] != want[r] ||
				 lists.score[q * MOST + r] != l.score[q * ITEMS + want[r]];
		listing_query(&l, q, 0, &query, &err);
		if (n == 0)
			continue;
		fixture_must(rank_of_item(m, ITEMS, &query, &o, want[n / 2], &s, &rank, &score, &err), &err);
		wrong_rank += rank != n / 2 + 1 || score != l.score[q * ITEMS + want[n / 2]];
	}
	ok(wrong == 0, "lists as by sorting%s%s%s", dots ? ", dots" : "", keep_seen ? ", seen kept" : "",
	   nans ? ", with NaN" : "");
	ok(wrong_rank == 0, "and the rank of one item");
	ranked_lists_done(&lists);
	scratch_done(&s);
	table_destroy(m);
	listing_done(&l);
}

/* --- Any model ---------------------------------------------------------------------- */

static const struct snapshot *fitted(const struct fixture *f, const char *name)
{
	const struct model_ops *ops = model_find(name, &err);
	struct params p;
	struct model *m;

	params_init(&p, ops->params);
	m = fixture_fit(f, ops, &p, ops->caps & MODEL_ITERATIVE ? 2 : 1, &task_null, &err);
	fixture_must(m != NULL, &err);
	return snapshot_new(m, name, 1, f->split, false, false, &err);
}

static bool same_results(const struct eval_result *a, const struct eval_result *b)
{
	bool same = a->n_users == b->n_users;

	for (int m = 0; m < N_METRICS; m++)
		for (unsigned k = 0; k < a->options.n_k; k++) {
			same = same && !memcmp(&a->value[m][k], &b->value[m][k], sizeof(double));
			if (a->per_user[m][k])
				same = same && !memcmp(a->per_user[m][k], b->per_user[m][k],
						       a->n_users * sizeof(float));
		}
	return same;
}

static void test_threads(void)
{
	struct pool *pool = pool_new(2, &err);
	struct task two = { .pool = pool };
	struct eval_options o;
	struct fixture f;

	fixture_make(&f, 700, 120, 25, false);
	eval_options_init(&o);
	for (int i = 0; model_registry[i]; i++) {
		const struct snapshot *s = fitted(&f, model_registry[i]->name);
		struct eval_result *a, *b;

		for (o.sampled = 0; o.sampled <= 20; o.sampled += 20) {
			a = eval_run(s, f.split, &o, &task_null, &err);
			b = eval_run(s, f.split, &o, &two, &err);
			ok(a && b && same_results(a, b) && a->value[METRIC_HIT][2] > 0,
			   "%s%s: the same bits at one thread and two", s->run, o.sampled ? ", sampled" : "");
			eval_result_free(a);
			eval_result_free(b);
		}
		snapshot_unref(s);
	}
	fixture_done(&f);
	pool_free(pool);
}

/* Uniform draws keep the share of items ranked before the test item, on average over users. */
static void test_draw(void)
{
	double all = 0, drawn = 0;
	struct eval_result *r;
	struct eval_options o;
	const struct snapshot *s;
	struct fixture f;

	fixture_make(&f, 2000, 120, 25, false);
	s = fitted(&f, "popularity");
	eval_options_init(&o);
	o.n_k = 1;
	o.k[0] = 1;
	o.sampled = 1; /* hit@1: the test item beats the one drawn */
	r = eval_run(s, f.split, &o, &task_null, &err);
	fixture_must(r != NULL, &err);
	for (size_t i = 0; i < r->n_users; i++) {
		uint32_t u = r->user[i], test = f.split->test.idx[f.split->test.ptr[u]], beaten = 0, n = 0;
		const uint32_t *events = f.split->item_train;

		for (uint32_t j = 0; j < f.data->n_items; j++) {
			bool known = events[j] == 0 || j == test || csr_has(&f.split->train_valid, u, j);

			n += !known;
			beaten += !known && (events[j] < events[test] || (events[j] == events[test] && j > test));
		}
		all += events[test] ? (double)beaten / n : 0;
		drawn += (double)r->per_user[METRIC_HIT][0][i];
	}
	/* Binomial: the deviation of the mean over about 1,850 users is at most 0.012. */
	ok(fabs(all - drawn) / (double)r->n_users < 0.036, "one drawn item is beaten as often as any (%.3f, %.3f)",
	   drawn / (double)r->n_users, all / (double)r->n_users);
	ok(all / (double)r->n_users > 0.55, "popularity beats chance on planted tastes");
	eval_result_free(r);
	snapshot_unref(s);
	fixture_done(&f);
}

static void test_memory_and_cancel(void)
{
	struct hand h;
	struct eval_result *r = NULL;
	uint64_t failed = 0;
	size_t held;

	hand_make(&h, false);
	held = mem_bytes_now();
	for (uint64_t n = 2; n < 100; n++) {
		mem_fail_at(n);
		r = eval_run(h.snapshot, h.split, &h.o, &task_null, &err);
		mem_fail_at(0);
		if (r)
			break;
		failed += err.code == ERR_NOMEM && mem_bytes_now() == held;
	}
	ok(r && failed > 20, "out of memory at each of %llu allocations: an error, nothing lost",
	   (unsigned long long)failed);
	eval_result_free(r);
	ok(mem_bytes_now() == held, "nothing is lost when a result ends");
	hand_done(&h);
}

static void test_parse(void)
{
	uint32_t k = 0;
	int m = 0;

	ok(metric_parse("ndcg@20", &m, &k, &err) && m == METRIC_NDCG && k == 20, "ndcg@20");
	ok(metric_parse("mrr", &m, &k, &err) && m == METRIC_MRR && k == 10, "mrr is mrr@10");
	ok(!metric_parse("ndcgs@20", &m, &k, &err) && strstr(err.msg, "did you mean ndcg"), "%s", err.msg);
	ok(!metric_parse("ndcg@0", &m, &k, &err) && !metric_parse("ndcg@x", &m, &k, &err) &&
	   !metric_parse("ndcg@", &m, &k, &err), "a list has at least one item");
}

int main(void)
{
	linalg_init();
	test_by_hand();
	test_options();
	test_few();
	test_lists(false, false, false);
	test_lists(false, true, false);
	test_lists(false, false, true);
	test_lists(true, false, false);
	test_lists(true, true, false);
	test_threads();
	test_draw();
	test_memory_and_cancel();
	test_parse();
	return done_testing();
}
